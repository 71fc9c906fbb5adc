"""A metric's figures by month, made once for a book however many parts of a page show them."""

from __future__ import annotations

import pandas as pd

from cs_metrics.book import Book
from cs_metrics.metric import Metric


def series_of(metric: Metric, book: Book, months: int) -> pd.Series:
    """The metric of each month over the period before it."""
    return book.answered(("series", metric.name, months), lambda: metric.of(book, months))
