"""Fixtures: the golden quarter, the sample company, and a database of one's own for each test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import postgresql
import psycopg
import pytest
from hypothesis import HealthCheck, settings

from cs_metrics.assemble import book_of
from cs_metrics.book import Book
from cs_metrics.read.reading import read_paths
from cs_metrics.store.database import close_idle
from cs_metrics.tables import frames

os.environ["STREAMLIT_CLIENT_SHOW_ERROR_DETAILS"] = "full"

CASES = Path(__file__).parent / "cases"
ROOT = Path(__file__).parents[1]

settings.register_profile(
    "house",
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.register_profile("same", settings.get_profile("house"), derandomize=True, database=None)
settings.load_profile(os.environ.get("PROPERTIES", "same"))  # PROPERTIES=house draws anew at every run


@pytest.fixture(scope="session")
def golden() -> Book:
    """The golden quarter, read from its files: 2025-01 to 2025-03, every answer known."""
    return book_of(frames(read_paths([CASES / "golden_quarter"]).usable().tables))


@pytest.fixture(scope="session")
def sample() -> Book:
    """The sample company, read from its files."""
    return book_of(frames(read_paths(sorted((ROOT / "sample_data").glob("*.csv"))).usable().tables))


@pytest.fixture(autouse=True)
def connections_closed() -> Iterator[None]:
    """Nothing stays open from one test to the next."""
    yield
    close_idle()


@pytest.fixture
def database(tmp_path: Path) -> str:
    """The address of an empty database."""
    return f"sqlite:///{tmp_path / 'book.db'}"


@pytest.fixture
def sqlite_database(database: str) -> str:
    """The address of an empty SQLite database."""
    return database


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The address of a PostgreSQL server of the tests' own."""
    with postgresql.running() as address:
        yield address


@pytest.fixture
def postgresql_database(postgresql_server: str) -> str:
    """The address of an empty PostgreSQL database."""
    name = f"t{uuid4().hex}"
    with psycopg.connect(f"{postgresql_server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")  # type: ignore[call-overload]
    return f"{postgresql_server}/{name}"
