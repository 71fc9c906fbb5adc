"""What was brought: the batches with what each did, the files in the book, and what was taken back since."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

import pandas as pd

from cs_metrics.store.database import transaction


class Brought(NamedTuple):
    """A file a batch brings."""

    name: str
    sha256: str
    bytes: int


def undone(cursor: Any) -> set[int]:
    """The batches that were taken back, and not put back since."""
    cursor.execute("SELECT undoes, id FROM batches WHERE undoes IS NOT NULL ORDER BY id DESC")
    taken: set[int] = set()
    for undo_of, number in cursor.fetchall():
        if number not in taken:
            taken.add(undo_of)
    return taken


def known_files(database: str, files: Iterable[Brought]) -> list[str]:
    """Which of these files, whatever their names, are in the book already? A sentence for each."""
    with transaction(database) as cursor:
        return known_among(cursor, list(files))


def known_among(cursor: Any, files: list[Brought]) -> list[str]:
    """The same, within a transaction."""
    names = {file.sha256: file.name for file in files}
    if not names:
        return []
    hashes = ", ".join(f"'{seal}'" for seal in names)
    cursor.execute(f"SELECT sha256, name, batch_id FROM batch_files WHERE sha256 IN ({hashes}) ORDER BY id")
    known, gone = cursor.fetchall(), undone(cursor)
    return [
        f"{names[seal]} was imported already, as batch {batch}" + (f", named {name}." if name != names[seal] else ".")
        for seal, name, batch in known
        if batch not in gone
    ]


HISTORY = ("batch", "at", "who", "kind", "files", "table", "read", "new", "changed", "same", "taken_back", "money",
           "undone", "undoes", "note")  # fmt: skip


def history(database: str) -> pd.DataFrame:
    """The batches, latest first, one row per batch and table it touched. Money is in 1/3600 of a unit."""
    with transaction(database) as cursor:
        gone = undone(cursor)
        cursor.execute("SELECT batch_id, name FROM batch_files ORDER BY id")
        files: dict[int, list[str]] = {}
        for batch, name in cursor.fetchall():
            files.setdefault(batch, []).append(name)
        cursor.execute(
            'SELECT b.id AS batch, b.at, b.who, b.kind, c.name AS "table", c.read, c.new, c.changed, c.same, '
            "c.taken_back, c.money, b.undoes, b.note FROM batches b LEFT JOIN batch_counts c ON c.batch_id = b.id "
            "ORDER BY b.id DESC, c.id"
        )
        rows = pd.DataFrame(cursor.fetchall(), columns=[column[0] for column in cursor.description])
    counted = dict.fromkeys(("read", "new", "changed", "same", "taken_back"), "int64")
    rows = rows.assign(
        files=[", ".join(files.get(batch, [])) for batch in rows["batch"]], undone=rows["batch"].isin(gone)
    )
    whole = {"money": "Int64", "undoes": "Int64"}
    return rows.fillna(dict.fromkeys(counted, 0)).astype(counted | whole)[list(HISTORY)]


def last_brought(database: str, name: str) -> date | None:
    """The day, in UTC, on which a file or table of this name was last imported and not undone since."""
    with transaction(database) as cursor:
        gone = undone(cursor)
        cursor.execute(
            "SELECT f.name, b.id, b.at FROM batch_files f JOIN batches b ON b.id = f.batch_id ORDER BY b.id DESC"
        )
        days = (at for named, batch, at in cursor.fetchall() if named == name and batch not in gone)
        return next((date.fromisoformat(at[:10]) for at in days), None)
