"""Many new rows at once: straight into their table, in pieces, so that it can be said how far it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

PIECE = 200_000
LARGE = 20_000
PATIENCE_MS = 300


def append_all(
    cursor: Any, table: str, batch: int, rows: pa.Table, progress: Callable[[str], None] | None = None
) -> None:
    """Add rows of a batch to a table in which none of their keys is live."""
    whole = rows.append_column("batch_id", pa.array([batch], pa.int32()).take(pa.array([0] * len(rows), pa.int8())))
    with _indexed_after(cursor, table) if len(rows) >= LARGE else _nothing():
        for start in range(0, len(whole), PIECE):
            if progress and start:
                progress(f"{table}: {start:,} of {len(whole):,} rows kept")
            cursor.adbc_ingest(table, whole.slice(start, PIECE), mode="append")


@contextmanager
def _nothing() -> Iterator[None]:
    yield


@contextmanager
def _indexed_after(cursor: Any, table: str) -> Iterator[None]:
    """Make a table's indexes and check its references once its rows are there, instead of row by row.

    All of it is in the transaction, and undone with it. In SQLite whoever reads meanwhile sees the table as it was.
    In PostgreSQL readers wait; where that cannot be had at once, because somebody reads just now, or because the role
    does not own the table, everything stays in place and takes longer.
    """
    away, back = (_of_sqlite if is_sqlite(cursor) else _of_postgresql)(cursor, table)
    if is_sqlite(cursor):
        for statement in away:
            cursor.execute(statement)
    elif not _taken_away(cursor, table, away):
        back = []
    yield
    for statement in back:
        cursor.execute(statement)


def _of_sqlite(cursor: Any, table: str) -> tuple[list[str], list[str]]:
    """How a table's indexes are taken away, and how they are put back."""
    cursor.execute(f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = '{table}' AND sql <> ''")
    indexes = cursor.fetchall()
    return [f'DROP INDEX "{name}"' for name, _ in indexes], [sql for _, sql in indexes]


def _of_postgresql(cursor: Any, table: str) -> tuple[list[str], list[str]]:
    """How a table's keys, references and indexes are taken away, and how they are put back."""
    cursor.execute(
        "SELECT conname::text, pg_get_constraintdef(oid), contype::text FROM pg_constraint "
        f"WHERE conrelid = '\"{table}\"'::regclass AND contype IN ('p', 'f') ORDER BY contype DESC"
    )
    constraints = cursor.fetchall()
    cursor.execute(
        f"SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index "
        f"WHERE indrelid = '\"{table}\"'::regclass AND NOT indisprimary"
    )
    indexes = cursor.fetchall()
    away = [f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"' for name, _, _ in constraints]
    back = [f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" {what}' for name, what, _ in constraints]
    return [*away, *(f"DROP INDEX {name}" for name, _ in indexes)], [*back, *(sql for _, sql in indexes)]


def _taken_away(cursor: Any, table: str, statements: list[str]) -> bool:
    """Take all of it away, or nothing where somebody reads just now; whether it could be.

    The driver gives up a transaction at its first error, so the server is asked to catch it.
    """
    body = "; ".join(statements)
    cursor.execute(
        f"DO $do$ BEGIN SET LOCAL lock_timeout = {PATIENCE_MS}; {body}; SET LOCAL lock_timeout = 0; "
        "EXCEPTION WHEN lock_not_available OR insufficient_privilege THEN NULL; END $do$"
    )
    return not _of_postgresql(cursor, table)[0]


def is_sqlite(cursor: Any) -> bool:
    """Does this cursor speak to SQLite?"""
    return "SQLite" in str(cursor.connection.adbc_get_info()["vendor_name"])
