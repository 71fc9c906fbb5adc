"""Facts typed in: a pulse, a flagged risk and its plan, a note, a week's calls. Each entry is a batch of its own.

Two people may have the same form open. Who says what she had ``seen`` is told, before anything is kept, what somebody
else changed since; both what was and what is stay in the history in any case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa

from cs_metrics.book import SCALE, Problem
from cs_metrics.store.batches import Happened, import_batch
from cs_metrics.store.known import ARROW, typed
from cs_metrics.tables import TABLES, Row, columns


class Seen(NamedTuple):
    """What was on show when a form was opened: the last batch then, and which rows: table → (column, its value)."""

    batch: int
    rows: Mapping[str, tuple[str, str]]


class Changed(NamedTuple):
    """A value somebody else changed since: of a row of a table, what it was and what it is, by whom and when (UTC).

    A row that came or went altogether has a change for each of its values.
    """

    table: str
    key: str
    column: str
    before: Any
    now: Any
    who: str
    at: str


class Overtaken(Problem):
    """Somebody else changed the same rows since they were seen. Nothing was kept; ``changes`` says what differs."""

    def __init__(self, changes: Sequence[Changed]) -> None:
        self.changes = tuple(changes)
        people = sorted({change.who for change in changes} - {""}) or ["Somebody else"]
        super().__init__(f"{' and '.join(people)} changed this since you opened it. Nothing was kept yet.")


def record_row(database: str, row: Row, who: str = "", note: str = "", seen: Seen | None = None) -> Happened:
    """Keep one row. A row with the id of an older one replaces it; the older one stays in the history.

    Raises Overtaken where what was ``seen`` is no longer what is.
    """
    return record_rows(database, [row], who, note, seen)


def record_rows(
    database: str, rows: Sequence[Row], who: str = "", note: str = "", seen: Seen | None = None
) -> Happened:
    """Keep rows that belong together, of one table or of several, as one batch: all or none.

    Columns that no row of a table gives stay as they were where a row replaces an older one. Raises Overtaken where
    what was ``seen`` is no longer what is: looked at within the same transaction, so that nobody comes between.
    """
    kinds = dict.fromkeys(type(row) for row in rows)
    tables = {kind.table: _as_table(kind, [row for row in rows if type(row) is kind]) for kind in kinds}

    def unchanged(cursor: Any) -> None:
        if seen is not None and (found := changed_since(cursor, seen)):
            raise Overtaken(found)

    return import_batch(database, tables, who=who, note=note, kind="entry", guard=unchanged)


def changed_since(cursor: Any, seen: Seen) -> list[Changed]:
    """What of the rows seen was changed by later batches, value by value."""
    found: list[Changed] = []
    for table, (column, value) in seen.rows.items():
        before = _rows(cursor, table, f"batch_id <= {seen.batch:d} AND superseded_by > {seen.batch:d}")
        now = _rows(cursor, table, f"batch_id > {seen.batch:d} AND superseded_by IS NULL")
        mine = [{key: row for key, row in each.items() if row[column] == value} for each in (before, now)]
        found += _differences(table, *mine)
    people = _people(cursor, {int(change.at) for change in found})
    return [change._replace(who=people[int(change.at)][0], at=people[int(change.at)][1]) for change in found]


def _rows(cursor: Any, table: str, where: str) -> dict[str, dict[str, Any]]:
    """Rows of a table by their key, with the batch that brought or took them."""
    row = TABLES[table]
    names = ", ".join(f'"{name}"' for name in columns(row))
    cursor.execute(f'SELECT {names}, batch_id, superseded_by FROM "{table}" WHERE {where}')
    read = cursor.fetch_arrow_table()
    batches = zip(read["batch_id"].to_pylist(), read["superseded_by"].to_pylist(), strict=True)
    found = [
        {**values, "batch_id": brought, "superseded_by": taken}
        for values, (brought, taken) in zip(typed(row, read).to_pylist(), batches, strict=True)
    ]
    return {" ".join(str(each[name]) for name in row.key or columns(row)): each for each in found}


def _differences(table: str, before: Mapping[str, dict[str, Any]], now: Mapping[str, dict[str, Any]]) -> list[Changed]:
    """Value by value; ``at`` is still the number of the batch."""
    found = []
    for key in dict.fromkeys([*before, *now]):
        was, became = before.get(key, {}), now.get(key, {})
        batch = became["batch_id"] if became else was["superseded_by"]
        for name in columns(TABLES[table]):
            old, new = _plain(was.get(name)), _plain(became.get(name))
            if old != new:
                found.append(Changed(table, key, name, old, new, "", str(batch)))
    return found


def _plain(value: Any) -> Any:
    """A value as forms compare it: none for nothing, days as dates."""
    if value is None or value == "" or value is pd.NaT or value != value:
        return None
    return value


def _people(cursor: Any, batches: set[int]) -> dict[int, tuple[str, str]]:
    """Who made each of these batches, and when."""
    if not batches:
        return {}
    cursor.execute(f"SELECT id, who, at FROM batches WHERE id IN ({', '.join(map(str, sorted(batches)))})")
    return {number: (who or "", at) for number, who, at in cursor.fetchall()}


def _as_table(kind: type[Row], rows: Sequence[Row]) -> pa.Table:
    """Rows of one table as Arrow keeps them."""
    spec = columns(kind)
    given = [{name: _stored(value) for name, value in row.model_dump(exclude_unset=True).items()} for row in rows]
    names = [name for name in spec if any(name in values for values in given)]
    return pa.table({name: pa.array([values.get(name) for values in given], ARROW[spec[name].kind]) for name in names})


def _stored(value: Any) -> Any:
    return int((value * SCALE).to_integral_value()) if isinstance(value, Decimal) else value
