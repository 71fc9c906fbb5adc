"""Recipes that were confirmed, kept for the next file of their layout. None is overwritten: the last one holds.

What was chosen for a template of slides is kept beside them, known by its layouts; and of a database, which of its
tables are read.
"""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import NamedTuple

import pyarrow as pa

from cs_metrics.store.database import transaction

TEMPLATE = "template:"  # what the layout of a template's mapping begins with
SOURCE = "source:"  # and that of the tables read from a database


class Kept(NamedTuple):
    """A recipe that holds: the layout it is for, the file it was confirmed on, when and by whom, and its TOML text."""

    layout: str
    name: str
    at: str
    who: str
    text: str


def keep_recipe(database: str, layout: str, name: str, text: str, who: str = "") -> None:
    """Keep a recipe for a layout, in place of an earlier one; with an empty text the layout is forgotten."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    row = Kept(layout, name, now, who, text)._asdict()
    with transaction(database) as cursor:
        cursor.adbc_ingest("recipes", pa.Table.from_pylist([row]), mode="append")


def recipes_kept(database: str) -> list[Kept]:
    """The recipes that hold, the latest first."""
    return [row for row in _holding(database) if not row.layout.startswith((TEMPLATE, SOURCE))]


def keep_template(database: str, digest: str, name: str, text: str, who: str = "") -> None:
    """Keep which layouts of a template are used, as TOML."""
    keep_recipe(database, TEMPLATE + digest, name, text, who)


def template_kept(database: str, digest: str) -> str:
    """Which layouts of a template are used; "" where nothing was chosen."""
    return next((row.text for row in _holding(database) if row.layout == TEMPLATE + digest), "")


def keep_source(database: str, shown: str, text: str, who: str = "") -> None:
    """Keep which tables of a database are read, as TOML; the database is known by its address without the password."""
    keep_recipe(database, SOURCE + _digest(shown), "", text, who)


def source_kept(database: str, shown: str) -> Kept | None:
    """Which tables of a database were read the last time; None where it was never read."""
    return next((row for row in _holding(database) if row.layout == SOURCE + _digest(shown)), None)


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]


def _holding(database: str) -> list[Kept]:
    with transaction(database) as cursor:
        cursor.execute("SELECT layout, name, at, who, text FROM recipes ORDER BY id DESC")
        rows = [Kept(*row) for row in cursor.fetchall()]
    last = {row.layout: row for row in reversed(rows)}
    return [row for row in rows if last[row.layout] is row and row.text]
