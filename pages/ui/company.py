"""Whose book is shown: the team's own, once something was imported, or the sample company.

What is cached is keyed by the database, the number of its last batch, and who may see what. A new batch is a new
key, so nobody is shown what was.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Iterable
from typing import NamedTuple

import pandas as pd
import streamlit as st

from cs_metrics.assemble import book_of
from cs_metrics.book import Book, Settings
from cs_metrics.read.files import File
from cs_metrics.read.identify import aliases_of
from cs_metrics.read.reading import Reading, read
from cs_metrics.read.recipe import Recipe
from cs_metrics.store.batches import Brought, Happened, import_batch, latest_batch
from cs_metrics.store.entries import Seen, record_row, record_rows
from cs_metrics.store.known import accounts_called, accounts_known, tables_known
from cs_metrics.tables import Row, frames
from pages.ui.sample import ROOT, sample_store

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


class Source(NamedTuple):
    """What is on show in this run: a database, and the number of its last batch. Another number, another book."""

    address: str
    batch: int
    own: bool


def look() -> None:
    """See, at the start of a run, whose book is shown: one's own once something was imported, else the sample."""
    if st.session_state.pop("show_own", False):
        st.session_state["company"] = "Mine"
    own, asked = store_of_own(), st.session_state.get("company")
    kept = latest_batch(own)
    sample = not kept or asked == "Sample"
    address = sample_store(scope()) if sample else own
    st.session_state["source"] = Source(address, latest_batch(address) if sample else kept, not sample)
    st.session_state["has_own"] = kept > 0


def source() -> Source:
    """What is on show in this run."""
    return st.session_state["source"]


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
        owner=settings.owner,
        gross_cap=settings.gross_cap,
        waterfall=settings.waterfall,
        cohort_start=settings.cohort_start,
    )
    book = book.under(fx=settings.fx) if settings.fx != book.settings.fx else book
    return book.until(until).where(**dict(where))


def import_files(
    files: Iterable[File], recipe: Recipe | None = None, progress: Callable[[str], None] | None = None
) -> Reading:
    """Read uploaded files against the accounts there are, without keeping anything yet."""
    own = store_of_own()
    return read(files, recipe, accounts_known(own), aliases_of(accounts_called(own)), progress)


def keep(
    reading: Reading,
    address: str | None = None,
    note: str = "",
    said: dict[str, pd.DataFrame] | None = None,
    progress: Callable[[str], None] | None = None,
) -> Happened:
    """Keep what was read, and what was said of it, as one batch; ``progress`` is told how far it is."""
    into = address or store_of_own()
    return import_batch(into, reading.tables, brought(reading), who(), note, said=said, progress=progress)


def brought(reading: Reading) -> list[Brought]:
    """The files of a reading, as the history names them."""
    return [Brought(file.name, file.sha256, len(file.data)) for file in reading.files]


def record(row: Row) -> None:
    """Keep one fact typed in: a pulse, a risk and its plan, a note."""
    record_row(source().address, row, who())


def record_all(rows: list[Row], seen: Seen | None = None) -> None:
    """Keep rows typed in together, as one entry: a week's calls, a scenario, a plan and its actions.

    Raises Overtaken where somebody else changed what was ``seen``.
    """
    record_rows(source().address, rows, who(), seen=seen)
