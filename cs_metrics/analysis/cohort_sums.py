"""The sums of the triangles, by two roads to the same integers.

The short one folds the change log, an entry for each change since age 0; the long one sums the matrix, one close per
period. The shorter one is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np

from cs_metrics.book import Book

Measure = Literal["logo", "gross", "net"]


def _kept(now: np.ndarray, start: np.ndarray) -> np.ndarray:
    return (now > 0).astype(np.int64)


def _all(now: np.ndarray, start: np.ndarray) -> np.ndarray:
    return now


# What an account adds to a cell, given its MRR now and at age 0.
ADDS: dict[Measure, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "logo": _kept,
    "gross": np.minimum,
    "net": _all,
}


class Part(NamedTuple):
    """What is to be summed: the book, the close of each row's age 0, the row of the triangle each row belongs to
    (beyond the last: none), how many of these there are, and the closes on which periods end.
    """

    book: Book
    close: np.ndarray
    place: np.ndarray
    total: int
    ends: np.ndarray

    @property
    def entered(self) -> np.ndarray:
        """The close of each row's first cell: its age 0, or the end of the book's first period."""
        return np.clip(self.close, self.ends[0], self.book.closes - 1)

    @property
    def period_of(self) -> np.ndarray:
        """The period at whose end each close first shows, by position; one beyond the last for what comes later."""
        return np.searchsorted(self.ends, np.arange(self.book.closes))

    def per_product(self) -> Part:
        """The same with a row for each product of each account, in its account's place."""
        split = self.book.per_product()
        account = self.book.accounts.index.get_indexer(split.accounts.index)
        return self._replace(book=split, close=self.close[account], place=self.place[account])


def summed(part: Part, measures: tuple[Measure, ...]) -> dict[Measure, np.ndarray]:
    """Σ top of each measure: rows of the triangle × periods."""
    if not len(part.ends) or not len(part.book):
        return {measure: np.zeros((part.total, len(part.ends)), dtype=np.int64) for measure in measures}
    return (fold_changes if short_road(part) else sum_matrix)(part, measures)


def short_road(part: Part) -> bool:
    """Can this be folded from the change log, and is that shorter than going through the matrix?"""
    one_rate = part.book.one_currency or part.book.settings.fx == "floating"
    return one_rate and part.book.changes.worth_it


def fold_changes(part: Part, measures: tuple[Measure, ...]) -> dict[Measure, np.ndarray]:
    """The sums from the change log: what each row adds at its first cell, then every change since, added up."""
    log, periods, width = part.book.changes, len(part.ends), len(part.ends) + 1
    entered, period_of, row_of_cells = part.entered, part.period_of, part.place * width
    start = part.book.balance(0, 0)[entered, np.arange(len(part.book))]
    first_cell = row_of_cells + period_of[entered]
    since = np.flatnonzero(log.close > entered[log.row])
    row = log.row[since]
    cell = row_of_cells[row] + period_of[log.close[since]]
    before, after, start_of = log.before[since], log.after[since], start[row]
    found: dict[Measure, np.ndarray] = {}
    for measure in measures:
        adds = ADDS[measure]
        total = np.zeros((part.total + 1) * width, dtype=np.int64)
        np.add.at(total, first_cell, adds(start, start))
        np.add.at(total, cell, adds(after, start_of) - adds(before, start_of))
        found[measure] = np.cumsum(total.reshape(-1, width)[:-1, :periods], axis=1)
    return found


def sum_matrix(part: Part, measures: tuple[Measure, ...]) -> dict[Measure, np.ndarray]:
    """The sums from the matrix, block by block: rows of one place side by side, one close per period."""
    periods, entered = len(part.ends), part.entered
    totals = {measure: np.zeros((periods, part.total + 1), dtype=np.int64) for measure in measures}
    floating = part.book.settings.fx == "floating"
    for rows, block in part.book.blocks():
        order = np.argsort(part.place[rows], kind="stable")
        place, first = part.place[rows][order], entered[rows]
        balance = block.balance(0, 0) if floating else block.at_rates_of(first)
        start, now = balance[first, np.arange(len(block))][order], balance[part.ends].take(order, axis=1)
        edges = np.flatnonzero(np.r_[True, place[1:] != place[:-1]])
        for measure, total in totals.items():
            total[:, place[edges]] += np.add.reduceat(ADDS[measure](now, start), edges, axis=1)
    first_period = np.full(part.total + 1, periods)
    first_period[part.place] = part.period_of[entered]
    early = np.arange(periods)[:, None] < first_period
    return {measure: np.where(early, 0, total).T[:-1] for measure, total in totals.items()}
