"""A large import, in turn with what a driver needs to parse the same file and insert its rows."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pyarrow.csv

from cs_metrics.read.reading import read_paths
from cs_metrics.store.batches import Brought, import_batch
from cs_metrics.store.database import close_idle, ready

ROUNDS = 3
Ratio = Callable[[Callable[[], Any], Callable[[], Any], int], tuple[float, float, float]]
BARE = "account_id text, month text, mrr numeric"
SAME = (
    "row_id serial PRIMARY KEY, batch_id integer NOT NULL DEFAULT 1 REFERENCES batches, "
    "superseded_by integer REFERENCES batches, account_id text NOT NULL, month text NOT NULL, mrr numeric, "
    "product text NOT NULL DEFAULT '', currency text NOT NULL DEFAULT '', "
    "UNIQUE (account_id, month, product, currency)"
)


def keep(path: Path, database: str) -> None:
    """Read a file, check it, keep it as the first batch of a new book."""
    reading = read_paths([path]).usable()
    import_batch(database, reading.tables, [Brought(f.name, f.sha256, len(f.data)) for f in reading.files])


def _keeping(path: Path, new: Callable[[], str]) -> Callable[[], None]:
    """An import into one after the other of new databases, whose tables are made beforehand."""
    made = [new() for _ in range(ROUNDS + 1)]
    for database in made:
        ready(database)

    def ours() -> None:
        keep(path, made.pop())
        close_idle()

    return ours


def sqlite(path: Path, ratio: Ratio) -> tuple[float, float, float]:
    """Against sqlite3's executemany into a bare table of three columns."""
    with tempfile.TemporaryDirectory() as folder:

        def floor() -> None:
            columns = [column.to_pylist() for column in pyarrow.csv.read_csv(path).columns]
            connection = sqlite3.connect(Path(folder) / f"{uuid4().hex}.db")
            connection.execute("CREATE TABLE mrr (account_id TEXT, month TEXT, mrr REAL)")
            connection.executemany("INSERT INTO mrr VALUES (?, ?, ?)", zip(*columns, strict=True))
            connection.commit()
            connection.close()

        return ratio(_keeping(path, lambda: f"sqlite:///{folder}/{uuid4().hex}.db"), floor, ROUNDS)


def postgresql(path: Path, ratio: Ratio, table: str) -> tuple[float, float, float]:
    """Against psycopg's COPY of the file into a table: a bare one, or one with keys and references as ours."""
    from tests.postgresql import running

    with running() as server:

        def new() -> str:
            name = f"b{uuid4().hex}"
            with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name}")  # type: ignore[call-overload]
            return f"{server}/{name}"

        def floor() -> None:
            pyarrow.csv.read_csv(path)
            with psycopg.connect(new()) as connection:
                connection.execute("CREATE TABLE batches (id integer PRIMARY KEY); INSERT INTO batches VALUES (1)")
                connection.execute(f"CREATE TABLE mrr ({table})")  # type: ignore[call-overload]
                command = "COPY mrr (account_id, month, mrr) FROM STDIN WITH (FORMAT csv, HEADER)"
                with connection.cursor().copy(command) as copy, path.open("rb") as file:
                    while piece := file.read(1 << 20):
                        copy.write(piece)

        return ratio(_keeping(path, new), floor, ROUNDS)


def peak_megabytes(path: Path) -> float:
    """The most memory a process of its own needs for such an import into SQLite."""
    code = (
        "import resource, sys, pathlib, tempfile; from benchmarks.imports import keep\n"
        "with tempfile.TemporaryDirectory() as folder: keep(pathlib.Path(sys.argv[1]), f'sqlite:///{folder}/b.db')\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    return int(done.stdout) / 1024
