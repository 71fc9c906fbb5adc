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


@measure(period=True)
def lowest(book: Book, months: int, upto: int) -> np.ndarray:
    """The lowest MRR of each row at any close of a period, its opening included, or of its first ``upto`` months."""
    low = book.balance(months, 0)
    for month in range(1, upto + 1):
        low = np.minimum(low, book.balance(months, month))
    return low


@measure(period=True)
def arrived(book: Book, months: int, upto: int) -> np.ndarray:
    """1 for each row that became a customer for the first time in the first ``upto`` months of a period, else 0."""
    opening = np.arange(max(book.closes - months, 0))[:, None]
    return ((book.first_paid > opening) & (book.first_paid <= opening + upto)).astype(np.int64)
