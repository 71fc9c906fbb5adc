"""The Retention page without drawing: every figure it shows, and how much memory a book of it takes."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks import books
from cs_metrics.analysis.likely import likely_range
from cs_metrics.analysis.movements import last_period
from cs_metrics.book import Book
from cs_metrics.metric import METRICS
from pages.ui.series import series_of

CARDS = ("net_revenue_retention", "gross_revenue_retention", "logo_retention", "gross_renewal_rate")
LINES = ("net_revenue_retention", "gross_revenue_retention")
SHOWN = "net_revenue_retention"


def retention_page(book: Book, months: int = 12) -> None:
    """What the page computes: cards with their ranges, the waterfall, two lines, a figure by CSM and the whole."""
    for name in CARDS:
        series_of(METRICS[name], book, months)
        likely_range(METRICS[name], book, months)
    last_period(book, months)
    for name in LINES:
        series_of(METRICS[name], book, months)
    METRICS[SHOWN].tally(book, months, "csm")
    series_of(METRICS[SHOWN], book, months)


def first_and_again(book: Book) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """The page's computation on a book just loaded, and once the change log and its steps are kept."""
    warm = replace(book, memory={})
    METRICS[SHOWN].tally(warm, 12, "csm")
    kept = dict(warm.memory)
    return lambda: retention_page(replace(book, memory={})), lambda: retention_page(replace(book, memory=dict(kept)))


def memory(accounts: int, months: int) -> Iterator[str]:
    """The table of memory: a book as loaded, and with what the Retention page keeps, against its MRR array."""
    yield "| memory | MB | × the MRR array | asked |\n| --- | ---: | ---: | --- |"
    for handovers in (False, True):
        gc.collect()
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()
        book = books.book(accounts, months, handovers)
        array = accounts * book.closes * np.dtype(np.int64).itemsize
        gc.collect()
        loaded = tracemalloc.get_traced_memory()[0] - before
        retention_page(book)
        gc.collect()
        used = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        what = "with hand-overs" if handovers else "no hand-overs"
        yield f"| Book as loaded, {what} | {loaded / 1e6:.0f} | {loaded / array:.1f} | ≤ 3 |"
        yield f"| the same after the Retention page | {used / 1e6:.0f} | {used / array:.1f} | ≤ 3 |"
        del book
