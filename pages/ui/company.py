"""Whose book is shown: the team's own, once something was imported, or the sample company.

What is cached is keyed by the database, the number of its last batch, and who may see what. A new batch is a new
key, so nobody is shown what was.
"""

from __future__ import annotations

import getpass
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

import streamlit as st

from cs_metrics.assemble import book_of
from cs_metrics.book import Book, Settings
from cs_metrics.read.files import File
from cs_metrics.read.reading import Reading, read, read_paths
from cs_metrics.store.batches import Brought, Happened, import_batch, latest_batch
from cs_metrics.store.entries import record_row
from cs_metrics.store.known import accounts_known, tables_known
from cs_metrics.tables import Row, frames

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "sample_data"
EVERYONE = "everyone"


def store_of_own() -> str:
    """The address of the team's own database."""
    return os.environ.get("CS_METRICS_DATABASE", f"sqlite:///{ROOT / 'data' / 'book.db'}")


def scope() -> str:
    """Who may see what: part of the key of everything cached. On one's own machine: everything."""
    return EVERYONE


def who() -> str:
    """The name under which changes are kept."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


@st.cache_resource(show_spinner="Preparing the sample company…")
def sample_store(scope: str) -> str:
    """The database of the sample company; made anew where its files have changed."""
    files = sorted(SAMPLE.glob("*.csv"))
    seal = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:10]
    folder = Path(os.environ.get("CS_METRICS_SAMPLE", ROOT / "data"))
    address = f"sqlite:///{folder / f'sample-{seal}.db'}"
    if latest_batch(address) == 0:
        keep(read_paths(list(files)).usable(), address, "sample company")
    return address


def company() -> str:
    """ "own" once something was imported, unless the sample was asked for; else "sample"."""
    if version(store_of_own()) == 0 or st.session_state.get("company") == "Sample":
        return "sample"
    return "own"


def database() -> str:
    """The database on show."""
    return store_of_own() if company() == "own" else sample_store(scope())


def version(address: str | None = None) -> int:
    """The number of the last batch: another number, another book."""
    return latest_batch(address or database())


@st.cache_resource(max_entries=6, show_spinner="Loading the book…")
def whole_book(address: str, batch: int, scope: str, settings: Settings) -> Book:
    """The book of a database as of a batch. Raises Problem where it has no revenue."""
    return book_of(frames(tables_known(address, batch)), settings)


@st.cache_resource(max_entries=48, show_spinner=False)
def sliced_book(
    address: str,
    batch: int,
    scope: str,
    settings: Settings,
    where: tuple[tuple[str, tuple[str, ...]], ...],
    until: str,
) -> Book:
    """The part of the book that the pickers ask for."""
    fixed = Settings(currency=settings.currency, level=settings.level, fiscal_start=settings.fiscal_start)
    book = whole_book(address, batch, scope, fixed).under(
        owner=settings.owner, gross_cap=settings.gross_cap, waterfall=settings.waterfall
    )
    book = book.under(fx=settings.fx) if settings.fx != book.settings.fx else book
    return book.until(until).where(**dict(where))


def import_files(files: Iterable[File]) -> Reading:
    """Read uploaded files against the accounts there are, without keeping anything yet."""
    return read(files, known=accounts_known(store_of_own()))


def keep(reading: Reading, address: str | None = None, note: str = "") -> Happened:
    """Keep what was read, as one batch."""
    files = [Brought(file.name, file.sha256, len(file.data)) for file in reading.files]
    return import_batch(address or store_of_own(), reading.tables, files, who(), note)


def record(row: Row) -> None:
    """Keep one fact typed in: a pulse, a risk and its plan, a note."""
    record_row(database(), row, who())
