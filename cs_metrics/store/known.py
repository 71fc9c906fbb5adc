"""What was known: the tables as of any batch or day, read through Arrow."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cs_metrics.book import Problem
from cs_metrics.store.database import transaction
from cs_metrics.tables import TABLES, Row, columns

ARROW = {
    "key": pa.string(),
    "text": pa.string(),
    "code": pa.string(),
    "money": pa.int64(),
    "number": pa.float64(),
    "day": pa.date32(),
    "instant": pa.timestamp("s"),
    "month": pa.int32(),
    "flag": pa.bool_(),
}


def stored_columns(row: type[Row]) -> list[str]:
    """The columns a table is kept in, without those of its history."""
    return [*columns(row), *(["attributes"] if row.table == "accounts" else [])]


def typed(row: type[Row], rows: pa.Table) -> pa.Table:
    """Rows of a database or a file with every column of the table, in one order and of its own type."""
    spec = columns(row)
    made = {}
    for name in stored_columns(row):
        kind = ARROW[spec[name].kind] if name in spec else pa.string()
        if name not in rows.column_names or rows[name].null_count == len(rows):
            made[name] = pa.chunked_array([pa.nulls(len(rows), kind)])
        else:
            column = rows[name]
            if kind == pa.bool_() and pa.types.is_integer(column.type):
                column = pc.not_equal(column, 0)
            made[name] = column.cast(kind)
    return pa.table(made)


def live(cursor: Any, table: str) -> pa.Table:
    """The rows of a table that nothing has superseded."""
    return _select(cursor, table, "superseded_by IS NULL")


def _select(cursor: Any, table: str, where: str) -> pa.Table:
    names = ", ".join(f'"{name}"' for name in stored_columns(TABLES[table]))
    cursor.execute(f'SELECT {names} FROM "{table}" WHERE {where}')
    return cursor.fetch_arrow_table()


def tables_known(database: str, batch: int | None = None, names: Iterable[str] = tuple(TABLES)) -> dict[str, pa.Table]:
    """These tables as they were known right after a batch; now, without one. Empty tables are left out."""
    where = "superseded_by IS NULL"
    if batch is not None:
        where = f"batch_id <= {batch:d} AND (superseded_by IS NULL OR superseded_by > {batch:d})"
    with transaction(database) as cursor:
        return selected(cursor, where, names)


def selected(cursor: Any, where: str, names: Iterable[str] = tuple(TABLES)) -> dict[str, pa.Table]:
    """The rows of these tables that meet a condition, as the reader of files gives them. Empty ones are left out."""
    found = {name: _select(cursor, name, where) for name in names}
    return {name: _as_read(TABLES[name], rows) for name, rows in found.items() if len(rows)}


def _as_read(row: type[Row], rows: pa.Table) -> pa.Table:
    """Rows as the reader of files gives them: typed, ids as dictionaries, empty columns gone, attributes spread."""
    table = typed(row, rows).combine_chunks()
    for place, (name, column) in enumerate(columns(row).items()):
        if column.kind in ("key", "code"):
            values = table[name]
            if name in row.key:
                values = pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)
            table = table.set_column(place, name, values.combine_chunks().dictionary_encode())
    if "attributes" in table.column_names:
        spread = pd.DataFrame([json.loads(text) if text else {} for text in table["attributes"].to_pylist()])
        table = table.drop_columns("attributes")
        for name in spread.columns:
            table = table.append_column(str(name), pa.array(spread[name], pa.string(), from_pandas=True))
    return table.select([name for name in table.column_names if table[name].null_count < len(table)])


def batch_known_at(database: str, when: str) -> int:
    """The batch a moment is known by: a batch's number, or the last batch of a day (2025-03-31) or before it.

    Raises Problem for anything else, for a batch there is not, and for a day before the first batch.
    """
    if when.isdigit():
        with transaction(database) as cursor:
            cursor.execute(f"SELECT count(*) FROM batches WHERE id = {int(when)}")
            if not cursor.fetchone()[0]:
                raise Problem(f"There is no batch {when}. See the history for their numbers.")
        return int(when)
    try:
        day = date.fromisoformat(when)
    except ValueError:
        raise Problem(f'"{when}" is neither the number of a batch nor a day like 2025-03-31.') from None
    with transaction(database) as cursor:
        cursor.execute(f"SELECT max(id) FROM batches WHERE at < '{day.isoformat()}T24'")
        found = cursor.fetchone()[0]
    if found is None:
        raise Problem(f"Nothing was known on {day}: the first import came later.")
    return found


def accounts_known(database: str) -> frozenset[str]:
    """The ids of all accounts there are: those listed and those with revenue."""
    with transaction(database) as cursor:
        tables = ("accounts", "mrr", "subscriptions", "ledger")
        found = []
        for table in tables:
            cursor.execute(f'SELECT DISTINCT account_id FROM "{table}" WHERE superseded_by IS NULL')
            found += cursor.fetch_arrow_table().column(0).to_pylist()
    return frozenset(found)


def accounts_called(database: str) -> list[dict[str, str | None]]:
    """What the listed accounts are called: ``account_id, name, domain`` of each."""
    with transaction(database) as cursor:
        cursor.execute('SELECT account_id, name, domain FROM "accounts" WHERE superseded_by IS NULL')
        return [dict(zip(("account_id", "name", "domain"), row, strict=True)) for row in cursor.fetchall()]
