"""A database of somebody else: its tables and views, and their rows as text. It is read, and never changed.

The wall is a role that may only select; whoever connects with more is told. Behind it, a session the server holds
read-only where the server knows such a thing, a limit of time for each statement, of rows and bytes for each table,
and no statement but the ones written here, names quoted by the dialect.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import quote

import pyarrow as pa
from sqlalchemy import (
    Connection,
    Date,
    DateTime,
    Engine,
    Select,
    String,
    column,
    create_engine,
    event,
    inspect,
    select,
    table,
    text,
)
from sqlalchemy.engine.interfaces import ReflectedColumn
from sqlalchemy.engine.reflection import ObjectKind
from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from cs_metrics.book import Problem
from cs_metrics.connect.address import Address, Rules, address
from cs_metrics.connect.cells import as_text

SECONDS = 30
MOST_ROWS = 500_000
MOST_BYTES = 1 << 30
CHUNK = 10_000
DAY_NAMES = r"date|time|modified|updated|created|changed|(_at|_on|At|On)$"
SYSTEM = {"information_schema", "pg_catalog", "pg_toast", "pg_internal", "sys", "mysql", "performance_schema", "guest"}


class Guard(NamedTuple):
    """What is said to a server first. Of each of the two, the first statement the server knows.

    ``may_write`` asks whether the role could change anything.
    """

    read_only: tuple[str, ...] = ()
    time_limit: tuple[str, ...] = ()
    may_write: str = ""
    connect: Mapping[str, Any] = MappingProxyType({})


POSTGRESQL_MAY_WRITE = """
    SELECT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) OR EXISTS (
        SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'f') AND n.nspname NOT IN ('information_schema', 'pg_catalog')
        AND n.nspname NOT LIKE 'pg_%' AND has_schema_privilege(n.oid, 'USAGE')
        AND (has_table_privilege(c.oid, 'INSERT') OR has_table_privilege(c.oid, 'UPDATE')
             OR has_table_privilege(c.oid, 'DELETE') OR has_table_privilege(c.oid, 'TRUNCATE')))"""
MYSQL_MAY_WRITE = """
    SELECT count(*) > 0 FROM (
        SELECT privilege_type FROM information_schema.user_privileges
        UNION ALL SELECT privilege_type FROM information_schema.schema_privileges
        UNION ALL SELECT privilege_type FROM information_schema.table_privileges) held
    WHERE privilege_type IN ('INSERT', 'UPDATE', 'DELETE', 'DROP', 'ALTER', 'CREATE')"""
MYSQL = Guard(
    ("SET SESSION TRANSACTION READ ONLY",),
    (f"SET SESSION max_execution_time = {SECONDS * 1000}", f"SET SESSION max_statement_time = {SECONDS}"),
    MYSQL_MAY_WRITE,
    {"connect_timeout": 10, "read_timeout": 2 * SECONDS},
)
GUARDS = {
    "postgresql": Guard(
        ("SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY",),
        (f"SET statement_timeout = {SECONDS * 1000}; SET idle_in_transaction_session_timeout = {2 * SECONDS * 1000}",),
        POSTGRESQL_MAY_WRITE,
        {"connect_timeout": 10},
    ),
    "mysql": MYSQL,
    "mariadb": MYSQL,
    "mssql": Guard(
        (),
        (f"SET LOCK_TIMEOUT {SECONDS * 1000}",),
        "SELECT HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'INSERT')",
        {"login_timeout": 10, "timeout": SECONDS},
    ),
    "redshift": Guard(
        ("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",), (f"SET statement_timeout TO {SECONDS * 1000}",)
    ),
    "snowflake": Guard((), (f"ALTER SESSION SET STATEMENT_TIMEOUT_IN_SECONDS = {SECONDS}",)),
    "databricks": Guard((), (f"SET STATEMENT_TIMEOUT = {SECONDS}",)),
    "bigquery": Guard(),
    "sqlite": Guard(),
}


class Place(NamedTuple):
    """A table or view of a database. The schema is empty where it is the one the database looks in by itself."""

    schema: str
    name: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name


@dataclass
class Source:
    """An open database. ``warnings`` says what whoever connected should know."""

    address: Address
    connection: Connection
    warnings: list[str] = field(default_factory=list)

    @cached_property
    def tables(self) -> dict[Place, list[str]]:
        """The tables and views, and their columns. Raises Problem where they are a book of this program."""
        if {"alembic_version", "batches", "batch_files"} <= {place.name for place in self._columns}:
            raise Problem(f"{self.address.name} holds a book of this program already; it needs no import.")
        return {place: [str(each["name"]) for each in columns] for place, columns in self._columns.items()}

    def named(self, name: str) -> Place:
        """The table of this name. Raises Problem where there is none, or one in several schemas."""
        found = [place for place in self.tables if name.casefold() in (str(place).casefold(), place.name.casefold())]
        exact = [place for place in found if name == str(place)] or found
        if len(exact) == 1:
            return exact[0]
        if exact:
            raise Problem(f'"{name}" could be {" or ".join(map(str, exact))}. Name one of them.')
        there = ", ".join(map(str, list(self.tables)[:30])) or "none"
        raise Problem(f'There is no table or view "{name}" in {self.address.name}. There are: {there}.')

    def called(self, place: Place) -> str:
        """What a table is called once it was read: like a file in a folder, ``crm/sales/customers``."""
        return "/".join(part.replace("/", "_") for part in (self.address.name, place.schema, place.name) if part)

    def rows(self, place: Place, newer: tuple[str, date] | None = None, most: int = MOST_ROWS) -> pa.Table:
        """The rows of a table, every column as text; with ``newer`` those whose column says this day or a later one.

        Raises Problem where there are too many: a table is read whole, or not at all.
        """
        names = self.tables[place]
        wanted = rows_wanted(place, names, most)
        if newer is not None:
            wanted = wanted.where(column(newer[0]) >= self._comparable(place, *newer))
        chunks, size, count = [], 0, 0
        streamed = wanted.execution_options(stream_results=True, max_row_buffer=CHUNK)
        with self._kindly(), self.connection.execute(streamed) as found:
            for rows in found.partitions(CHUNK):
                count += len(rows)
                columns = [as_text(list(values)) for values in zip(*rows, strict=True)]
                size += sum(values.nbytes for values in columns)
                if count > most:
                    raise Problem(f"{place} has more than {most:,} rows. Read a view with fewer, or only what is new.")
                if size > MOST_BYTES:
                    raise Problem(f"{place} is larger than {MOST_BYTES >> 30} GB. Read a view with fewer columns.")
                chunks.append(columns)
        whole = [
            pa.chunked_array([chunk[at] for chunk in chunks], pa.string()).combine_chunks() for at in range(len(names))
        ]
        return pa.table(whole, names=names)

    def days(self, place: Place) -> list[str]:
        """The columns of a table that hold days or moments: by their type, and columns of text by their name."""
        return [
            str(each["name"])
            for each in self._columns[place]
            if isinstance(each["type"], (Date, DateTime))
            or (isinstance(each["type"], String) and re.search(DAY_NAMES, str(each["name"]), re.IGNORECASE))
        ]

    def _comparable(self, place: Place, name: str, day: date) -> date | str:
        """A day, as a column of this type is compared with it."""
        kind = next(each["type"] for each in self._columns[place] if each["name"] == name)
        return day.isoformat() if isinstance(kind, String) or self.address.backend == "sqlite" else day

    @cached_property
    def _columns(self) -> dict[Place, list[ReflectedColumn]]:
        with self._kindly():
            looked = inspect(self.connection)
            own = looked.default_schema_name
            found: dict[Place, list[ReflectedColumn]] = {}
            for schema in self._schemas(looked, own):
                columns = looked.get_multi_columns(schema=schema, kind=ObjectKind.ANY)
                for (_, name), of_table in sorted(columns.items(), key=lambda item: item[0][1]):
                    if of_table:
                        found[Place("" if schema in (None, own) else str(schema), name)] = of_table
            return found

    def _schemas(self, looked: Any, own: str | None) -> list[str | None]:
        if self.address.backend == "sqlite":
            return [None]
        others = [s for s in looked.get_schema_names() if s != own and not _system(s)]
        return [own, *others] if own else list(others)

    @contextmanager
    def _kindly(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as why:
            raise _problem(self.address, why) from None


def rows_wanted(place: Place, names: list[str], most: int = MOST_ROWS) -> Select[Any]:
    """What is asked of a table: these columns, and one row more than may come, so that too many are noticed."""
    return select(table(place.name, *map(column, names), schema=place.schema or None)).limit(most + 1)


def _system(schema: str) -> bool:
    name = schema.casefold()
    return name in SYSTEM or name.startswith(("pg_", "db_"))


@contextmanager
def connected(text_of_address: str, rules: Rules) -> Iterator[Source]:
    """A database, open for reading as long as this lasts. Raises Problem, which never holds the password."""
    found = address(text_of_address, rules)
    guard = GUARDS[found.backend]
    try:
        engine = _engine(found, guard)
        connection = engine.connect()
    except (ImportError, NoSuchModuleError):
        raise Problem(f"{found.backend} needs its driver: pip install cs-metrics[{found.kind.extra}]") from None
    except SQLAlchemyError as why:
        raise _problem(found, why) from None
    try:
        yield Source(found, connection, _warnings(found, guard, connection))
    finally:
        connection.close()
        engine.dispose()


def _engine(found: Address, guard: Guard) -> Engine:
    """An engine that keeps no connection and prints no values; each connection is told to read only."""
    options: dict[str, Any] = {"hide_parameters": True, "poolclass": NullPool}
    if found.backend == "sqlite":
        engine = create_engine("sqlite://", creator=lambda: _sqlite(Path(str(found.url.database))), **options)
        event.listen(engine, "before_cursor_execute", _start_the_clock)
        return engine
    engine = create_engine(found.url, connect_args=dict(guard.connect), **options)
    event.listen(engine, "connect", lambda connection, _: _guarded(connection, guard))
    return engine


def _guarded(connection: Any, guard: Guard) -> None:
    """Say to the server what it should hold us to."""
    for alternatives in (guard.read_only, guard.time_limit):
        _first_known(connection, alternatives)


def _first_known(connection: Any, alternatives: tuple[str, ...]) -> None:
    for last, statement in enumerate(alternatives, 1):
        cursor = connection.cursor()
        try:
            cursor.execute(statement)
            connection.commit()
            return
        except Exception:
            connection.rollback()
            if last == len(alternatives):
                raise
        finally:
            cursor.close()


def _warnings(found: Address, guard: Guard, connection: Connection) -> list[str]:
    """What whoever connected should know of the role and the session."""
    said = []
    if not guard.read_only and found.backend != "sqlite":
        said.append(f"{found.backend} has no read-only session: connect with a role that may only select.")
    if guard.may_write:
        try:
            may_write = bool(connection.execute(text(guard.may_write)).scalar())
        except SQLAlchemyError:
            may_write = False
            said.append("It cannot be told whether this role may write. Connect with one that may only select.")
        connection.rollback()
        if may_write:
            said.append(
                f"{found.url.username or 'This role'} may change data in {found.name}. "
                "Nothing is changed from here, but connect with a role that may only select."
            )
    return said


def _problem(found: Address, why: SQLAlchemyError) -> Problem:
    """A database's error as a sentence about the address, without its password."""
    error = getattr(why, "orig", None) or why
    if isinstance(error, sqlite3.OperationalError) and "interrupted" in str(error):
        return Problem(f"{found.name} took more than {SECONDS} seconds to answer. Read a smaller view.")
    said = found.said(error)
    if "statement timeout" in said or "maximum statement execution time" in said:
        return Problem(f"{found.name} took more than {SECONDS} seconds to answer. Read a smaller view.")
    return Problem(f"{found}: {said}")


# --- SQLite ---------------------------------------------------------------------------------------------------------

READING = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE, sqlite3.SQLITE_TRANSACTION}
ASKING = {"table_info", "table_xinfo", "table_list", "database_list", "read_uncommitted"}


class _Clock:
    """When the statement that runs has to be over."""

    until = 0.0


class _ReadOnly(sqlite3.Connection):
    """A connection that reads, and stops a statement that takes too long."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.clock = _Clock()
        self.set_authorizer(_allowed)
        self.set_progress_handler(lambda: int(self.clock.until < time.monotonic()), 10_000)


def _sqlite(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, factory=_ReadOnly, check_same_thread=False)


def _allowed(action: int, first: str | None, second: str | None, *_: Any) -> int:
    allowed = (
        action in READING
        or (action == sqlite3.SQLITE_FUNCTION and second != "load_extension")
        or (action == sqlite3.SQLITE_PRAGMA and first in ASKING)
    )
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def _start_the_clock(connection: Connection, *_: Any) -> None:
    driver = connection.connection.driver_connection
    if isinstance(driver, _ReadOnly):
        driver.clock.until = time.monotonic() + SECONDS
