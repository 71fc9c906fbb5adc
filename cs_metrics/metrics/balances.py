"""The measures of balance that most metrics are made of: MRR at a close, and at the two ends of a period."""

from __future__ import annotations

import numpy as np

from cs_metrics.book import Book
from cs_metrics.metric import measure


@measure(period=False)
def mrr(book: Book, months: int, upto: int) -> np.ndarray:
    """MRR at each close, at that month's own exchange rate."""
    return book.balance(0, 0)


@measure(period=True)
def opening(book: Book, months: int, upto: int) -> np.ndarray:
    """MRR at the opening of each period."""
    return book.balance(months, 0)


@measure(period=True)
def closing(book: Book, months: int, upto: int) -> np.ndarray:
    """MRR at the close of each period, or of its first ``upto`` months."""
    return book.balance(months, upto)
