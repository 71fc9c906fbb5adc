"""Imports, entries and undos: each a batch, all or nothing, nothing overwritten.

A row of a table with a key replaces the row of the same key where its contents differ: the old row stays, marked
with the batch that superseded it. Of tables without a key only what is not there yet is added, so that an export
that repeats last month's events brings the new ones only. An undo is a batch of its own: it supersedes what the
batch brought, and brings back what it had superseded.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import uuid4

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cs_metrics.book import Problem
from cs_metrics.store.bulk import append_all
from cs_metrics.store.database import rehearsal, transaction
from cs_metrics.store.history import Brought as Brought
from cs_metrics.store.history import history as history
from cs_metrics.store.history import known_among, undone
from cs_metrics.store.history import known_files as known_files
from cs_metrics.store.history import last_brought as last_brought
from cs_metrics.store.known import ARROW, live, selected, stored_columns, typed
from cs_metrics.tables import TABLES, Row, columns

LIVE = "superseded_by IS NULL"
LONG = ("bytes", "money")


class Happened(NamedTuple):
    """What a batch did: its number and, per table, ``batch, table, read, new, changed, same, taken_back``."""

    batch: int
    counts: pd.DataFrame

    @classmethod
    def by(cls, batch: int, counts: list[dict[str, Any]]) -> Happened:
        """What a batch did, from the rows kept of it."""
        table = pd.DataFrame(
            counts, columns=["batch_id", "name", "read", "new", "changed", "same", "taken_back", "money"]
        )
        return cls(batch, table.rename(columns={"batch_id": "batch", "name": "table"}))


def import_batch(
    database: str,
    tables: Mapping[str, pa.Table],
    files: Iterable[Brought] = (),
    who: str = "",
    note: str = "",
    kind: str = "import",
    said: Mapping[str, pd.DataFrame] | None = None,
    progress: Callable[[str], None] | None = None,
    guard: Callable[[Any], None] | None = None,
) -> Happened:
    """Keep these tables as one batch, with what a person ``said`` about them: rows of tables as frames.

    ``progress`` is told of each table as its turn comes. ``guard`` looks at what is there once nobody else can write
    any more, and raises where this batch must not be kept. Raises Problem where a file was imported before and not
    undone since.
    """
    files = list(files)
    with transaction(database, writing=True) as cursor:
        batch = _new_batch(cursor, kind, who, note)
        if guard:
            guard(cursor)
        _refuse_known_files(cursor, files)
        _append(cursor, "batch_files", [{"batch_id": batch, **file._asdict()} for file in files])
        counts = _keep_all(cursor, batch, tables, said or {}, progress)
        _append(cursor, "batch_counts", counts)
    return Happened.by(batch, counts)


class Rehearsal(NamedTuple):
    """What an import would do: its counts, the tables as they are known now, and as they would be known after."""

    counts: pd.DataFrame
    before: dict[str, pa.Table]
    after: dict[str, pa.Table]


def rehearse(
    database: str,
    tables: Mapping[str, pa.Table],
    said: Mapping[str, pd.DataFrame] | None = None,
    progress: Callable[[str], None] | None = None,
) -> Rehearsal:
    """What would importing these tables do? By the import's own rules, without writing anything."""
    with transaction(database) as cursor:
        before = selected(cursor, LIVE)
        last = _count(cursor, "SELECT coalesce(max(id), 0) FROM batches")
    touched = [name for name in TABLES if name in tables or name in (said or {}) or name == "mrr"]
    with rehearsal(database, {name: TABLES[name].key for name in touched}) as cursor:
        counts = _keep_all(cursor, last + 1, tables, said or {}, progress, straight=False)
        after = selected(cursor, LIVE, touched)
    rest = {name: rows for name, rows in before.items() if name not in touched}
    return Rehearsal(Happened.by(last + 1, counts).counts, before, rest | after)


def _keep_all(
    cursor: Any,
    batch: int,
    tables: Mapping[str, pa.Table],
    said: Mapping[str, pd.DataFrame],
    progress: Callable[[str], None] | None,
    straight: bool = True,
) -> list[dict[str, Any]]:
    """Keep all rows a batch brings; what became of them, per table.

    Where nothing is to be compared, rows may go ``straight`` into their table; a table that stands in for it has no
    such way.
    """
    counts: dict[str, dict[str, Any]] = {}
    told = [(name, _of_frame(TABLES[name], rows)) for name, rows in said.items()]
    for name, rows in [*tables.items(), *_snapshot_months(cursor, tables), *told]:
        if len(rows):
            if progress:
                progress(f"{name}: keeping {len(rows):,} rows")
            new = {"read": len(rows), **_keep(cursor, batch, TABLES[name], rows, progress, straight)}
            old = counts.get(name)
            counts[name] = new if old is None else {k: _plus(old[k], new[k]) for k in new}
    return [{"batch_id": batch, "name": name, **count} for name, count in counts.items()]


def _plus(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else one + other


def _snapshot_months(cursor: Any, tables: Mapping[str, pa.Table]) -> list[tuple[str, pa.Table]]:
    """The revenue of a list of accounts that is a snapshot of a month, as rows by month, so that months add up.

    Not where revenue is told in another way, or by product.
    """
    rows = tables.get("accounts")
    told = {"subscriptions", "ledger", "mrr"}
    if rows is None or told & set(tables) or not {"month", "mrr"} <= set(rows.column_names):
        return []
    elsewhere = [
        f'SELECT 1 FROM "{name}" WHERE {LIVE}' + (" AND product <> ''" if name == "mrr" else "") for name in told
    ]
    if any(_count(cursor, f"SELECT count(*) FROM ({sql} LIMIT 1) AS told") for sql in elsewhere):
        return []
    names = [name for name in ("account_id", "month", "mrr", "currency") if name in rows.column_names]
    given = pc.and_(rows["mrr"].is_valid(), rows["month"].is_valid())
    return [("mrr", rows.select(names).filter(given))]


def _of_frame(row: type[Row], rows: pd.DataFrame) -> pa.Table:
    """A frame with some columns of a table, as Arrow keeps them."""
    spec = columns(row)
    made = {
        name: pa.array(rows[name].astype(object).where(rows[name].notna(), None).tolist()).cast(ARROW[spec[name].kind])
        if rows[name].notna().any()
        else pa.nulls(len(rows), ARROW[spec[name].kind])
        for name in rows.columns
        if name in spec
    }
    return pa.table(made)


def undo(database: str, batch: int, who: str = "", note: str = "") -> Happened:
    """Take a batch back: a new batch that supersedes its rows and brings back the rows it had superseded.

    What later batches changed stays as they left it. Raises Problem where there is nothing to undo.
    """
    counts = []
    with transaction(database, writing=True) as cursor:
        batch = _in_force(cursor, batch)
        new = _new_batch(cursor, "undo", who, note, undoes=batch)
        for name, row in TABLES.items():
            taken = _count(cursor, f'SELECT count(*) FROM "{name}" WHERE batch_id = {batch} AND {LIVE}')
            cursor.execute(f'UPDATE "{name}" SET superseded_by = {new} WHERE batch_id = {batch} AND {LIVE}')
            before = _count(cursor, f'SELECT count(*) FROM "{name}" WHERE batch_id = {new}')
            _bring_back(cursor, row, batch, new)
            back = _count(cursor, f'SELECT count(*) FROM "{name}" WHERE batch_id = {new}') - before
            if taken or back:
                counts.append(
                    {
                        "batch_id": new,
                        "name": name,
                        "read": 0,
                        "new": back,
                        "changed": 0,
                        "same": 0,
                        "taken_back": taken,
                        "money": None,
                    }
                )
        _append(cursor, "batch_counts", counts)
    return Happened.by(new, counts)


def _bring_back(cursor: Any, row: type[Row], batch: int, new: int) -> None:
    """Rows the batch had superseded live again, as new rows, where no later row has taken their key."""
    names = ", ".join(f'"{name}"' for name in stored_columns(row))
    same = " AND ".join(f'later."{name}" = old."{name}"' for name in row.key)
    free = (
        f'AND NOT EXISTS (SELECT 1 FROM "{row.table}" later WHERE later.superseded_by IS NULL AND {same})'
        if same
        else ""
    )
    olds = ", ".join(f'old."{name}"' for name in stored_columns(row))
    cursor.execute(
        f'INSERT INTO "{row.table}" (batch_id, {names}) SELECT {new}, {olds} FROM "{row.table}" old '
        f"WHERE old.superseded_by = {batch} {free}"
    )


def _in_force(cursor: Any, batch: int) -> int:
    """The batch whose rows stand for this one: itself, or the undo of its undo. Raises Problem where none does."""
    if not _count(cursor, f"SELECT count(*) FROM batches WHERE id = {batch:d}"):
        raise Problem(f"There is no batch {batch}. See the history for their numbers.")
    if batch in undone(cursor):
        raise Problem(f"Batch {batch} is undone already.")
    cursor.execute("SELECT id, undoes FROM batches WHERE undoes IS NOT NULL")
    undo_of = dict(cursor.fetchall())
    for number, undoes in undo_of.items():
        if undo_of.get(undoes) == batch:
            batch = number
    return batch


def _refuse_known_files(cursor: Any, files: list[Brought]) -> None:
    """Raise Problem where one of these files, whatever its name, is in the book already."""
    for told in known_among(cursor, files):
        raise Problem(f"{told} Nothing was changed. Undo that batch first if you want to import it again.")


def latest_batch(database: str) -> int:
    """The number of the last batch; 0 for a new database. Grows with every change: the version of what is kept."""
    with transaction(database) as cursor:
        return _count(cursor, "SELECT coalesce(max(id), 0) FROM batches")


# --- one batch ----------------------------------------------------------------------------------------------------


def _new_batch(cursor: Any, kind: str, who: str, note: str, undoes: int | None = None) -> int:
    """A new batch's number. The first write of the transaction: from here on no other writer comes between."""
    token = uuid4().hex
    now = datetime.now(UTC).isoformat(timespec="seconds")
    batch = {"token": token, "at": now, "kind": kind, "who": who, "note": note, "undoes": undoes}
    _append(cursor, "batches", [batch])
    return _count(cursor, f"SELECT id FROM batches WHERE token = '{token}'")


def _append(cursor: Any, table: str, rows: list[dict[str, Any]]) -> None:
    if rows:
        found = pa.Table.from_pylist(rows)
        plain = [
            f.with_type(pa.int64() if f.name in LONG else pa.int32())
            if pa.types.is_null(f.type) or pa.types.is_integer(f.type)
            else f
            for f in found.schema
        ]
        cursor.adbc_ingest(table, found.cast(pa.schema(plain)), mode="append")


def _count(cursor: Any, sql: str) -> int:
    cursor.execute(sql)
    return int(cursor.fetchone()[0])


def _keep(
    cursor: Any,
    batch: int,
    row: type[Row],
    rows: pa.Table,
    progress: Callable[[str], None] | None,
    straight: bool,
) -> dict[str, int | None]:
    """Keep the rows of one table; what became of them."""
    ready = _ready(cursor, row, rows)
    counts: dict[str, int]
    if not row.key:
        counts = _surplus(cursor, batch, row, ready)
    elif straight and not _count(cursor, f'SELECT count(*) FROM "{row.table}" WHERE {LIVE}'):
        append_all(cursor, row.table, batch, ready, progress)
        counts = {"new": len(ready), "changed": 0, "same": 0}
    else:
        counts = _by_key(cursor, batch, row, ready)
    amount = next(
        (name for name, column in columns(row).items() if column.kind == "money" and name in rows.column_names),
        None,
    )
    return {**counts, "taken_back": 0, "money": pc.sum(rows[amount]).as_py() if amount else None}


def _ready(cursor: Any, row: type[Row], rows: pa.Table) -> pa.Table:
    """The rows as the database keeps them: keys never null, attributes of accounts as one text."""
    kept = {}
    for name in columns(row):
        if name in rows.column_names:
            column = rows[name].cast(pa.string()) if pa.types.is_dictionary(rows[name].type) else rows[name]
            kept[name] = pc.fill_null(column, "") if name in row.key and pa.types.is_string(column.type) else column
        elif name in row.key:
            kept[name] = pa.array([""] * len(rows), pa.string())
    if row.table == "accounts":
        kept["attributes"] = _attributes(cursor, rows)
    return pa.table(kept)


def _attributes(cursor: Any, rows: pa.Table) -> pa.Array:
    """The columns of accounts that are none of the standard ones, as JSON; what the file lacks stays as it was."""
    extra = [name for name in rows.column_names if name not in TABLES["accounts"].model_fields]
    ids = rows["account_id"].cast(pa.string()).to_pylist()
    cursor.execute(f"SELECT account_id, attributes FROM accounts WHERE {LIVE} AND attributes IS NOT NULL")
    old = dict(cursor.fetchall())
    values = (
        zip(*(rows[name].cast(pa.string()).to_pylist() for name in extra), strict=True) if extra else [()] * len(ids)
    )
    texts = []
    for account, row in zip(ids, values, strict=True):
        said = json.loads(old[account]) if account in old else {}
        said |= {name: value for name, value in zip(extra, row, strict=True) if value is not None}
        texts.append(
            json.dumps(
                {k: v for k, v in said.items() if k not in extra or v is not None},
                sort_keys=True,
                ensure_ascii=False,
            )
            if said
            else None
        )
    return pa.array(texts, pa.string())


def _by_key(cursor: Any, batch: int, row: type[Row], rows: pa.Table) -> dict[str, int]:
    """Replace what differs, add what is new, leave what is the same. Columns the rows lack stay as they were."""
    stage, old, table = f"stage_{row.table}", f"old_{row.table}", f'"{row.table}"'
    for name in (stage, old):
        cursor.execute(f"DROP TABLE IF EXISTS {name}")
    cursor.adbc_ingest(stage, rows, mode="create", temporary=True)
    given = rows.column_names
    lacking = [name for name in stored_columns(row) if name not in given]
    key = ", ".join(f'"{name}"' for name in row.key)
    same_key = " AND ".join(f's."{name}" = l."{name}"' for name in row.key)
    differs = " OR ".join(f's."{name}" IS DISTINCT FROM l."{name}"' for name in given if name not in row.key) or "1 = 0"
    cursor.execute(f"CREATE INDEX {stage}_key ON {stage} ({key})")
    kept = ", ".join(f'l."{name}"' for name in (*row.key, *lacking))
    cursor.execute(
        f"CREATE TEMP TABLE {old} AS SELECT {kept} FROM {table} l JOIN {stage} s ON {same_key} "
        f"WHERE l.{LIVE} AND ({differs})"
    )
    cursor.execute(f"CREATE INDEX {old}_key ON {old} ({key})")
    changed = _count(cursor, f"SELECT count(*) FROM {old}")
    cursor.execute(
        f"UPDATE {table} AS l SET superseded_by = {batch} WHERE l.{LIVE} "
        f"AND EXISTS (SELECT 1 FROM {old} s WHERE {same_key})"
    )
    brought = f"SELECT count(*) FROM {table} WHERE batch_id = {batch}"
    before = _count(cursor, brought)
    into = ", ".join(f'"{name}"' for name in [*given, *lacking])
    source = ", ".join([*(f's."{name}"' for name in given), *(f'l."{name}"' for name in lacking)])
    cursor.execute(
        f"INSERT INTO {table} (batch_id, {into}) SELECT {batch}, {source} FROM {stage} s "
        f"LEFT JOIN {old} l ON {same_key} "
        f"WHERE NOT EXISTS (SELECT 1 FROM {table} l WHERE l.{LIVE} AND {same_key})"
    )
    added = _count(cursor, brought) - before
    for name in (stage, old):
        cursor.execute(f"DROP TABLE {name}")
    return {"new": added - changed, "changed": changed, "same": len(rows) - added}


def _surplus(cursor: Any, batch: int, row: type[Row], rows: pa.Table) -> dict[str, int]:
    """Add what is not there yet, counting rows that are exactly alike."""
    old = live(cursor, row.table)
    both = pd.concat([typed(row, table).to_pandas(date_as_object=False) for table in (old, rows)], ignore_index=True)
    code = (
        both.groupby(list(both.columns), dropna=False, sort=False, observed=True).ngroup()
        if len(both.columns)
        else pd.Series(0, both.index)
    )
    there = code[: len(old)].value_counts()
    nth = code[len(old) :].groupby(code[len(old) :]).cumcount().to_numpy()
    extra = nth >= code[len(old) :].map(there).fillna(0).to_numpy()
    add = rows.filter(pa.array(np.asarray(extra)))
    if len(add):
        stage, names = f"stage_{row.table}", ", ".join(f'"{name}"' for name in add.column_names)
        cursor.execute(f"DROP TABLE IF EXISTS {stage}")
        cursor.adbc_ingest(stage, add, mode="create", temporary=True)
        cursor.execute(f'INSERT INTO "{row.table}" (batch_id, {names}) SELECT {batch}, {names} FROM {stage}')
        cursor.execute(f"DROP TABLE {stage}")
    return {"new": len(add), "changed": 0, "same": len(rows) - len(add)}
