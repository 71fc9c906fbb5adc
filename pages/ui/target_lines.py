"""The target in force for a figure, as cards and charts show it."""

from __future__ import annotations

from datetime import date

from cs_metrics.book import Book
from cs_metrics.metric import Metric
from cs_metrics.targets import Goal, target_of
from pages.ui.pickers import whole


def goal(metric: Metric, book: Book, months: int) -> Goal | None:
    """The target in force for those the book is about; what was set today holds for the book as it stands."""

    def found() -> Goal | None:
        standing = book.now() if book.last == whole().last else book.as_of(book.day)
        return target_of(standing, metric.name, months)

    return book.kept(("goal", metric.name, months, date.today()), found)


def target(metric: Metric, book: Book, months: int) -> float | None:
    """The least to reach, as a chart draws it; None where there is no target."""
    found = goal(metric, book, months)
    return None if found is None else found.least


def target_words(metric: Metric, book: Book, months: int) -> str:
    """The target as the line under a figure says it; nothing where there is none."""
    found = goal(metric, book, months)
    return "" if found is None else f"target {found.written(metric.unit.write)}".replace(".0 %", " %")
