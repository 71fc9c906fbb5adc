"""Recipes that were confirmed, kept for the next file of their layout. None is overwritten: the last one holds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

import pyarrow as pa

from cs_metrics.store.database import transaction


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
    with transaction(database) as cursor:
        cursor.execute("SELECT layout, name, at, who, text FROM recipes ORDER BY id DESC")
        rows = [Kept(*row) for row in cursor.fetchall()]
    last = {row.layout: row for row in reversed(rows)}
    return [row for row in rows if last[row.layout] is row and row.text]
