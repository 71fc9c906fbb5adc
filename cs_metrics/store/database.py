"""Opening a database: SQLite in a file, or PostgreSQL; its schema brought up to date first."""

from __future__ import annotations

import atexit
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from queue import Empty, Full, LifoQueue
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, inspect, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from cs_metrics.book import Problem

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


def address(text: str) -> URL:
    """A database address; a bare path is a SQLite file.

    >>> address("book.db").render_as_string()
    'sqlite:///book.db'
    """
    try:
        url = make_url(text if "://" in text else f"sqlite:///{text}")
    except ArgumentError:
        raise Problem(f'"{text}" is not a database address; use sqlite:///path/to/file.db or postgresql://…') from None
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise Problem(f"{url.get_backend_name()} cannot keep a book; use sqlite:///… or postgresql://…")
    return url


@lru_cache(maxsize=64)
def ready(text: str) -> URL:
    """A database's address, once its schema is up to date. Once per address and process, before anything else opens it.

    Raises Problem where the database is newer than this program.
    """
    url = address(text)
    engine = migration_engine(url)
    try:
        bring_up_to_date(engine)
    finally:
        engine.dispose()
    return url


def migration_engine(url: URL) -> Engine:
    """The engine that migrates a schema: it keeps no connection, and its errors never print rows of customers."""
    if url.get_backend_name() != "sqlite":
        return create_engine(url.set(drivername="postgresql+psycopg"), hide_parameters=True, poolclass=NullPool)
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, hide_parameters=True, poolclass=NullPool)
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


def bring_up_to_date(engine: Engine) -> None:
    """Bring the schema to this program's version; a copy of an older SQLite file is kept beside it.

    The migrations are numbered by their files' names; they are only loaded where one is due.
    """
    numbers = sorted(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
    with engine.connect() as connection:
        there = inspect(connection).has_table("alembic_version")
        now = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() if there else None
    if now is not None and now not in numbers:
        raise Problem("The database was made by a newer version of this program. Update the program.")
    if now == numbers[-1]:
        return
    if now is not None:
        _keep_copy(engine.url)
    _upgrade(engine)


def _upgrade(engine: Engine) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = engine
    command.upgrade(config, "head")


def _keep_copy(url: URL) -> None:
    if url.get_backend_name() != "sqlite" or not url.database:
        return
    copy = f"{url.database}.before-{datetime.now():%Y%m%d-%H%M%S}"
    with closing(sqlite3.connect(url.database)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)


# --- connections ----------------------------------------------------------------------------------------------------


@contextmanager
def transaction(text: str) -> Iterator[Any]:
    """A cursor that speaks Arrow, in one transaction: committed at the end, or nothing happened.

    ``cursor.adbc_ingest`` writes tables, ``cursor.execute(…)`` and ``fetch_arrow_table()`` read them. Everything
    goes through these connections: Python's own sqlite3 is another copy of SQLite, and two copies in one process
    undo each other's locks.
    """
    url = ready(text)
    idle = _idle.setdefault(text, LifoQueue(maxsize=IDLE))
    try:
        connection = idle.get_nowait()
    except Empty:
        connection = _connect(url)
    raw = connection.adbc_connection
    try:
        raw.set_autocommit(False)
        with connection.cursor() as cursor:
            yield cursor
        raw.commit()
        raw.set_autocommit(True)
        idle.put_nowait(connection)
    except Full:
        connection.close()
    except BaseException:
        raw.rollback()
        connection.close()
        raise


_idle: dict[str, LifoQueue[Any]] = {}


@atexit.register
def close_idle() -> None:
    """Close the connections that nobody uses just now."""
    for text in list(_idle):
        waiting = _idle.pop(text)
        while not waiting.empty():
            waiting.get_nowait().close()


def _connect(url: URL) -> Any:
    if url.get_backend_name() == "sqlite":
        import adbc_driver_sqlite.dbapi as sqlite

        connection = sqlite.connect(f"file:{url.database}", autocommit=True)
        with connection.cursor() as cursor:
            for pragma in PRAGMAS:
                cursor.execute(pragma)
        return connection
    try:
        import adbc_driver_postgresql.dbapi as postgresql
    except ImportError:
        raise Problem("PostgreSQL needs its drivers: pip install cs-metrics[postgresql]") from None
    return postgresql.connect(url.set(drivername="postgresql").render_as_string(hide_password=False), autocommit=True)
