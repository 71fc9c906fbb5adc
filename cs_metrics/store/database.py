"""Opening a database: SQLite in a file, or PostgreSQL; its schema brought up to date first."""

from __future__ import annotations

import atexit
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from queue import Empty, Full, LifoQueue
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from cs_metrics.book import Problem
from cs_metrics.tables import TABLES

if TYPE_CHECKING:
    from sqlalchemy import Engine

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_SECONDS = 15
IDLE = 4
PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}",
    "PRAGMA foreign_keys=ON",
    "PRAGMA secure_delete=ON",
)
WRITING = {"sqlite": "PRAGMA cache_size=-65536", "postgresql": "LOCK TABLE batches IN EXCLUSIVE MODE"}
RESTING = "PRAGMA cache_size=-2000"


class Address(NamedTuple):
    """Where a database is: the file of an SQLite database, or all of a PostgreSQL address."""

    backend: str
    place: str


def address(text: str) -> Address:
    """A database address; a bare path is a SQLite file.

    >>> address("book.db"), address("postgresql+psycopg://cs@host/books")
    (Address(backend='sqlite', place='book.db'), Address(backend='postgresql', place='postgresql://cs@host/books'))
    """
    scheme, _, rest = text.partition("://") if "://" in text else ("sqlite", "", f"/{text}")
    backend = {"postgres": "postgresql"}.get(scheme, scheme.partition("+")[0])
    if backend == "sqlite" and len(rest) > 1 and rest.startswith("/"):
        return Address(backend, rest[1:])
    if backend == "postgresql" and rest:
        return Address(backend, f"postgresql://{rest}")
    if backend.isalnum() and backend not in ("sqlite", "postgresql"):
        raise Problem(f"{backend} cannot keep a book; use sqlite:///… or postgresql://…")
    raise Problem(f'"{text}" is not a database address; use sqlite:///path/to/file.db or postgresql://…')


@lru_cache(maxsize=64)
def ready(text: str) -> Address:
    """A database's address, once its schema is up to date. Once per address and process, before anything else opens it.

    Raises Problem where the database is newer than this program.
    """
    found = address(text)
    if _version(found) != _versions()[-1]:
        engine = migration_engine(found)
        try:
            bring_up_to_date(engine, found)
        finally:
            engine.dispose()
    return found


OURS = ("alembic_version", "batches", "batch_files", "batch_counts")


def holds_book(text: str) -> bool:
    """Is there a book of this program in a database? Only looked at: nothing is made or brought up to date.

    Raises Problem where it cannot be opened.
    """
    try:
        found = address(text)
    except Problem:
        return False
    return set(OURS) <= _tables(found)


def _tables(of: Address) -> set[str]:
    """The tables there are; none where there is no database yet."""
    if of.backend == "sqlite" and not Path(of.place).exists():
        return set()
    names = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
        "postgresql": "SELECT tablename::text FROM pg_tables WHERE schemaname = ANY(current_schemas(false))",
    }[of.backend]
    with closing(_connect(of, looking=True)) as connection, connection.cursor() as cursor:
        try:
            cursor.execute(names)
            return {row[0] for row in cursor.fetchall()}
        except Exception as why:
            if "not a database" not in str(why):
                raise
            raise Problem(f"{Path(of.place).name} is not a database.") from None


def _versions() -> list[str]:
    """The versions of the schema, oldest first: the migrations, numbered by their files' names."""
    return sorted(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def _version(of: Address) -> str | None:
    """The version a database's schema has; None where there is none yet."""
    tables = _tables(of)
    if not set(OURS) <= tables:
        if taken := sorted(tables & {*TABLES, *OURS}):
            raise Problem(
                f"This database has other tables of these names: {', '.join(taken)}. "
                "Keep the book in a database of its own."
            )
        return None
    with closing(_connect(of, looking=True)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT version_num FROM alembic_version")
        row = cursor.fetchone()
        return row and row[0]


def migration_engine(of: Address) -> Engine:
    """The engine that migrates a schema: it keeps no connection, and its errors never print rows of customers."""
    from sqlalchemy import URL, create_engine, event
    from sqlalchemy.pool import NullPool

    if of.backend == "postgresql":
        driver = of.place.replace("postgresql:", "postgresql+psycopg:", 1)
        return create_engine(driver, hide_parameters=True, poolclass=NullPool)
    Path(of.place).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(URL.create("sqlite", database=of.place), hide_parameters=True, poolclass=NullPool)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def _prepare_sqlite(connection: Any, _: Any) -> None:
    """Write-ahead log, durable commits, waiting for a busy writer, and transactions that hold schema changes too."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def bring_up_to_date(engine: Engine, of: Address) -> None:
    """Bring the schema to this program's version; a copy of an older SQLite file is kept beside it."""
    from alembic import command
    from alembic.config import Config

    now = _version(of)
    if now is not None and now not in _versions():
        raise Problem("The database was made by a newer version of this program. Update the program.")
    if now is not None and of.backend == "sqlite":
        copy = f"{of.place}.before-{datetime.now():%Y%m%d-%H%M%S}"
        with closing(sqlite3.connect(of.place)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = engine
    command.upgrade(config, "head")


def without_password(said: str, text: str) -> str:
    """A message about an address, without the password the address holds.

    >>> without_password('bad token: "s3cret"', "postgresql://cs:s3cret@host/books")
    'bad token: "***"'
    """
    secret = re.match(r"[^/]*//[^/@]*?:(.*)@", text)
    return said.replace(secret.group(1), "***") if secret and secret.group(1) else said


# --- connections ----------------------------------------------------------------------------------------------------


@contextmanager
def transaction(text: str, writing: bool = False) -> Iterator[Any]:
    """A cursor that speaks Arrow, in one transaction: committed at the end, or nothing happened.

    All it reads is of one moment. One that is ``writing`` waits for the one that writes before it: SQLite has them
    take turns by itself, at their first write.

    ``cursor.adbc_ingest`` writes tables, ``cursor.execute(…)`` and ``fetch_arrow_table()`` read them. Everything
    goes through these connections: Python's own sqlite3 is another copy of SQLite, and two copies in one process
    undo each other's locks.
    """
    opened = ready(text)
    idle = _idle.setdefault(text, LifoQueue(maxsize=IDLE))
    try:
        connection = idle.get_nowait()
    except Empty:
        connection = _connect(opened)
    raw = connection.adbc_connection
    try:
        raw.set_autocommit(False)
        with connection.cursor() as cursor:
            if writing:
                cursor.execute(WRITING[opened.backend])
            yield cursor
        raw.commit()
        raw.set_autocommit(True)
        if writing and opened.backend == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute(RESTING)
        idle.put_nowait(connection)
    except Full:
        connection.close()
    except BaseException:
        raw.rollback()
        connection.close()
        raise


@contextmanager
def rehearsal(text: str, keys: Mapping[str, Sequence[str]]) -> Iterator[Any]:
    """A cursor to try writing with: these tables (name → what makes a row unique) stand in as copies of their own.

    What is written goes to the copies, which vanish at the end. The database is neither changed nor locked.
    """
    with closing(_connect(ready(text))) as connection:
        connection.adbc_connection.set_autocommit(False)
        with connection.cursor() as cursor:
            for name, key in keys.items():
                cursor.execute(f'CREATE TEMP TABLE "{name}" AS SELECT * FROM "{name}" WHERE superseded_by IS NULL')
                if key:
                    columns = ", ".join(f'"{column}"' for column in key)
                    cursor.execute(f'CREATE INDEX "rehearsed_{name}" ON "{name}" ({columns})')
            yield cursor
        connection.adbc_connection.rollback()


_idle: dict[str, LifoQueue[Any]] = {}


@atexit.register
def close_idle() -> None:
    """Close the connections that nobody uses just now."""
    for text in list(_idle):
        waiting = _idle.pop(text)
        while not waiting.empty():
            waiting.get_nowait().close()


def _connect(to: Address, looking: bool = False) -> Any:
    if to.backend == "sqlite":
        import adbc_driver_sqlite.dbapi as sqlite

        if looking:
            return sqlite.connect(f"file:{quote(to.place)}?mode=ro", autocommit=True)
        connection = sqlite.connect(f"file:{quote(to.place)}", autocommit=True)
        with connection.cursor() as cursor:
            for pragma in PRAGMAS:
                cursor.execute(pragma)
        return connection
    try:
        import adbc_driver_postgresql.dbapi as postgresql
    except ImportError:
        raise Problem("PostgreSQL needs its drivers: pip install cs-metrics[postgresql]") from None
    try:
        connection = postgresql.connect(to.place, autocommit=True)
    except postgresql.Error as why:
        said = str(why).partition("Failed to connect: ")[2].strip() or "it does not answer"
        raise Problem(f"The database cannot be opened: {without_password(said, to.place)}") from None
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    return connection
