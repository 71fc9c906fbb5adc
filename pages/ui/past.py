"""The company's past as the pages ask for it: worked out once for everybody, with a bar that shows how far it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import streamlit as st

from cs_metrics.analysis.quarter_ends import Progress
from cs_metrics.book import Book, Settings
from pages.ui.company import scope, source, whole_book
from pages.ui.pickers import fixed_settings


@st.cache_resource(max_entries=6, show_spinner=False)
def book_until(address: str, batch: int, scope: str, settings: Settings, until: str) -> Book:
    """The whole book up to a month. What is worked out of its past is kept with it."""
    book = whole_book(address, batch, scope, settings)
    return book if until == str(book.last) else book.until(until)


def whole_until(book: Book) -> Book:
    """The whole company up to the last month of this part of it, asked about the same CSMs."""
    address, batch, _ = source()
    whole = book_until(address, batch, scope(), fixed_settings(), str(book.last))
    return whole if book.whose is None else whole.held_by(*book.owners.names[sorted(book.whose)])


def counted(whole: Book, book: Book) -> np.ndarray | None:
    """Which accounts of the whole company are in this part of it; None where all are."""
    return None if len(book) == len(whole) else whole.accounts.index.isin(book.accounts.index)


@contextmanager
def shown(what: str) -> Iterator[Progress]:
    """A bar that appears with the first step and goes at the end."""
    place = st.empty()

    def step(share: float, day: str) -> None:
        if share:
            place.progress(min(share, 1.0), f"{what}: as known on {day}")

    yield step
    place.empty()
