"""Summing a metric's amounts over accounts, exactly and fast: the engine behind every figure.

Two roads lead to the same integers. The short one folds the change log: a balance metric changes only where a
closing or an opening changes, so the sum of those differences, added up over time, is the series. The long one
goes through the matrix in blocks; it serves every metric, owner rule and currency.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from cs_metrics.book import Book, Dark
from cs_metrics.owners import blamed

if TYPE_CHECKING:
    from cs_metrics.metric import Metric


Sums = tuple[np.ndarray, np.ndarray | None]


@dataclass(frozen=True)
class Tally:
    """Σ top and Σ bottom of a metric: months × groups (one group, named None, for the whole).

    ``tops`` and ``bottoms`` are exact whole numbers; divided by ``top_scale`` and ``bottom_scale`` they are what
    people read. ``known`` says where there is a figure at all.
    """

    metric: Metric
    months: pd.PeriodIndex
    groups: pd.Index
    tops: np.ndarray
    bottoms: np.ndarray | None
    known: np.ndarray
    top_scale: int
    bottom_scale: int

    @property
    def top(self) -> pd.DataFrame:
        """Σ top as people read it; not a number where there is no figure."""
        return self._frame(np.where(self.known, self.tops / self.top_scale, np.nan))

    @property
    def bottom(self) -> pd.DataFrame:
        """Σ bottom as people read it; not a number where there is none."""
        if self.bottoms is None:
            return self._frame(np.full(self.tops.shape, np.nan))
        return self._frame(np.where(self.known, self.bottoms / self.bottom_scale, np.nan))

    @property
    def values(self) -> pd.DataFrame:
        """Σ top / Σ bottom, or Σ top for an amount; not a number where undefined, never 0 for nothing."""
        if self.bottoms is None:
            return self.top
        bottom = np.where(self.known & (self.bottoms != 0), self.bottoms / self.bottom_scale, np.nan)
        return self._frame(self.metric.factor * (self.tops / self.top_scale) / bottom)

    def rows(self) -> pd.DataFrame:
        """One row per month and group: ``month, group, value, top, bottom``."""
        months, groups = self.tops.shape
        return pd.DataFrame(
            {
                "month": np.repeat(self.months.astype(str).to_numpy(dtype=object), groups),
                "group": np.tile(self.groups.to_numpy(dtype=object), months),
                "value": self.values.to_numpy().reshape(-1),
                "top": self.top.to_numpy().reshape(-1),
                "bottom": self.bottom.to_numpy().reshape(-1),
            }
        )

    def _frame(self, values: np.ndarray) -> pd.DataFrame:
        return pd.DataFrame(values, index=self.months, columns=self.groups)


class Grouping(NamedTuple):
    """Which cells go to which group: by row, or, where accounts changed hands, by holder.

    ``rows`` is the group of each row, ``by_holder`` the group of each position in ``owners.names``. With both, a
    cell whose holder is wanted (0) goes to the group of its row. A group equal to ``len(labels)`` is not counted.
    """

    labels: pd.Index
    rows: np.ndarray | None
    by_holder: np.ndarray | None = None

    def of(self, row: np.ndarray | slice, held: np.ndarray | None) -> np.ndarray:
        """The group of each cell, given where its row stands and, where hand-overs matter, who holds it."""
        if self.by_holder is None or held is None:
            assert self.rows is not None
            return self.rows[row]
        group = self.by_holder[held]
        return group if self.rows is None else np.where(group == 0, self.rows[row], len(self.labels))


def grouping(book: Book, by: str | None) -> Grouping:
    """Which cells of the book go to which group."""
    owners = book.owners
    if by == "csm":
        counted = np.arange(len(owners.names)) if book.whose is None else np.array(sorted(book.whose), dtype=np.intp)
        by_holder = np.full(len(owners.names), len(counted))
        by_holder[counted] = np.arange(len(counted))
        groups = Grouping(pd.Index(owners.names[counted], name="csm"), None, by_holder)
    else:
        labels, rows = (pd.Index([None]), np.zeros(len(book), dtype=np.intp)) if by is None else book.groups(by)
        if book.whose is None:
            return Grouping(labels, rows)
        wanted = np.isin(np.arange(len(owners.names)), list(book.whose))
        groups = Grouping(labels, rows, np.where(wanted, 0, 1))
    if len(owners.handovers) or not book.closes:
        return groups
    return Grouping(groups.labels, groups.of(slice(None), owners.held[0]))


def tally(metric: Metric, book: Book, months: int = 3, by: str | None = None) -> Tally:
    """Σ top and Σ bottom per month and group."""
    book = rows_for(metric, book, by)
    k = months if metric.period else 0
    groups = grouping(book, by)
    sums: Sums | None = None
    with suppress(Dark):
        if book.closes > k:
            sums = (fold_changes if short_road(metric, book, groups) else sum_blocks)(metric, book, k, groups)
    return _laid_out(metric, book, k, groups, sums)


def rows_for(metric: Metric, book: Book, by: str | None) -> Book:
    """The book with the rows this question is about: products where it asks for them, else as it is."""
    split = by == "product" or (metric.capped and book.settings.gross_cap == "product")
    return book.per_product() if split and "product" not in book.accounts else book


def divisor(metric: Metric, book: Book, k: int, groups: Grouping) -> int:
    """What the exact sums are still to be divided by: the months a time share is measured in."""
    shared = groups.by_holder is not None and k and book.settings.owner not in ("opening", "closing")
    return k if shared else 1


def unpriced_groups(book: Book, groups: Grouping) -> np.ndarray:
    """Which groups have no figure, since some of their revenue is in a currency without a rate."""
    lost = np.zeros(len(groups.labels) + 1, dtype=bool)
    if book.unpriced is not None:
        lost[groups.rows[book.unpriced] if groups.rows is not None else slice(None)] = True
    return lost[:-1]


def _laid_out(metric: Metric, book: Book, k: int, groups: Grouping, sums: Sums | None) -> Tally:
    """The sums of the periods, laid on the book's months: blank before the first whole period."""
    first, months = k - book.lead, len(book.months)
    known = np.zeros((months, len(groups.labels)), dtype=bool)
    known[max(first, 0) :] = sums is not None
    known[:, unpriced_groups(book, groups)] = False
    share = divisor(metric, book, k, groups)

    def placed(sums: np.ndarray | None) -> np.ndarray:
        out = np.zeros((months, len(groups.labels)), dtype=np.int64)
        if sums is not None:
            out[max(first, 0) :] = sums[max(-first, 0) :]
        return out

    tops, bottoms = sums or (None, None)
    return Tally(
        metric,
        book.months,
        groups.labels,
        placed(tops),
        placed(bottoms) if metric.ratio else None,
        known,
        book.scale_of(metric.top) * share,
        book.scale_of(metric.bottom) * share,
    )


# --- the long road: block by block through the matrix -----------------------------------------------------------


class Piece(NamedTuple):
    """Amounts of some cells and who holds them: periods × rows each."""

    held: np.ndarray
    top: np.ndarray
    bottom: np.ndarray | None


def pieces(metric: Metric, book: Book, k: int) -> Iterator[Piece]:
    """A metric's amounts, dealt out to the CSMs by the book's owner rule.

    The pieces add up to the amounts times ``divisor``. Opening and closing owners take a period whole. Time
    shares give each month's holder one part in k. With the owner at the event the opening balance is shared by
    time, and each month's change goes to its holder; with grace, a loss within 90 days of a hand-over goes to
    the holder before.
    """
    rule, held, periods = book.settings.owner, book.owners.held, book.closes - k
    whole = metric.amounts(book, k, k)
    if k == 0 or rule == "opening":
        yield Piece(held[:periods], *whole)
    elif rule == "closing":
        yield Piece(held[k:], *whole)
    elif rule == "time-share":
        for month in range(1, k + 1):
            yield Piece(held[month : month + periods], *whole)
    else:
        start = before = metric.amounts(book, k, 0)
        to_blame = blamed(book) if rule == "grace" else held
        balance = book.balance(k, 0)
        for month in range(1, k + 1):
            now = metric.amounts(book, k, month)
            holder = held[month : month + periods]
            yield Piece(holder, *start)
            if rule == "grace":
                later = book.balance(k, month)
                holder, balance = np.where(later < balance, to_blame[month : month + periods], holder), later
            yield Piece(holder, k * (now[0] - before[0]), None if now[1] is None else k * (now[1] - before[1]))
            before = now


def sum_blocks(metric: Metric, book: Book, k: int, groups: Grouping) -> Sums:
    """Σ top and Σ bottom of periods × groups, from the matrix."""
    shape = (book.closes - k, len(groups.labels) + 1)
    tops, bottoms = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    for rows, block in book.blocks():
        for codes, top, bottom in dealt(metric, block, k, groups, rows):
            add_up(tops, codes, top)
            if bottom is not None:
                add_up(bottoms, codes, bottom)
    return tops[:, :-1], bottoms[:, :-1]


def dealt(
    metric: Metric, book: Book, k: int, groups: Grouping, rows: slice = slice(None)
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray | None]]:
    """A metric's amounts and the group each row or cell goes to; ``rows`` is where the book stands in the whole."""
    if groups.by_holder is None:
        yield groups.of(rows, None), *metric.amounts(book, k, k)
    else:
        for piece in pieces(metric, book, k):
            yield groups.of(rows, piece.held), piece.top, piece.bottom


def of_rows(metric: Metric, book: Book, k: int, groups: Grouping) -> tuple[np.ndarray, np.ndarray]:
    """The exact amounts of each row in the book's last period, all its counted groups together."""
    tops, bottoms = np.zeros(len(book), dtype=np.int64), np.zeros(len(book), dtype=np.int64)
    for codes, top, bottom in dealt(metric, book, k, groups):
        counted = (codes[-1] if codes.ndim == 2 else codes) < len(groups.labels)
        tops += np.where(counted, top[-1], 0)
        bottoms += 0 if bottom is None else np.where(counted, bottom[-1], 0)
    return tops, bottoms


def add_up(total: np.ndarray, codes: np.ndarray, values: np.ndarray) -> None:
    """Add values, periods × rows, to ``total``, periods × groups, by the group of each row or cell."""
    periods, width = total.shape
    if width == 2 and codes.ndim == 1:
        total[:, 0] += (values[:, codes == 0] if codes.any() else values).sum(axis=1, dtype=np.int64)
        return
    at = np.arange(periods)[:, None] * width + codes
    np.add.at(total.reshape(-1), at.reshape(-1), values.reshape(-1).astype(np.int64, copy=False))


# --- the short road: folding the changes ------------------------------------------------------------------------


class Steps(NamedTuple):
    """The cells, period × row, in which a period's opening, closing or holder differs from the period before.

    ``holder`` is who answers for the cell by the owner rule, None where nothing was ever handed over.
    """

    period: np.ndarray
    row: np.ndarray
    closing: np.ndarray
    opening: np.ndarray
    closing_before: np.ndarray
    opening_before: np.ndarray
    holder: np.ndarray | None
    holder_before: np.ndarray | None


def short_road(metric: Metric, book: Book, groups: Grouping) -> bool:
    """Can this be folded from the change log, and is that shorter?"""
    plain = set(metric.needs) <= {"closing", "opening", "mrr"}
    simple = groups.by_holder is None or not metric.period or book.settings.owner in ("opening", "closing")
    one_rate = book.one_currency or book.settings.fx == "floating"
    return plain and simple and one_rate and len(book) > 0 and book.changes.worth_it


def steps(book: Book, k: int) -> Steps:
    """The steps of all periods of k months, made once and kept."""
    return book.kept(("steps", k, book.settings.owner), lambda: _steps(book, k))


def _steps(book: Book, k: int) -> Steps:
    balance, log, n = book.balance(0, 0), book.changes, len(book)
    periods = book.closes - k
    cells = np.zeros(periods * n, dtype=bool)
    cells[:n] = (balance[0] != 0) | (balance[k] != 0)
    for close, row in ((log.close, log.row), book.handed):
        for shift in {0, k}:
            period = close - shift
            inside = (period > 0) & (period < periods)
            cells[period[inside] * n + row[inside]] = True
    here = np.flatnonzero(cells)
    period = here // n
    first = np.count_nonzero(cells[:n])

    def before(flat: np.ndarray) -> np.ndarray:
        return np.concatenate([np.zeros(first, flat.dtype), flat[here[first:] - n]])

    opening, closing = balance.reshape(-1), balance[k:].reshape(-1)
    holder = holder_before = None
    if len(book.owners.handovers):
        held = book.owners.held[k if book.settings.owner == "closing" else 0 :].reshape(-1)
        holder, holder_before = held[here], before(held)
    return Steps(
        period,
        here - period * n,
        closing[here],
        opening[here],
        before(closing),
        before(opening),
        holder,
        holder_before,
    )


def fold_changes(metric: Metric, book: Book, k: int, groups: Grouping) -> Sums:
    """Σ top and Σ bottom of periods × groups, from the change log."""
    step = steps(book, k)
    width, periods = len(groups.labels) + 1, book.closes - k
    now = metric.function(*_arguments(metric, step.closing, step.opening))
    before = metric.function(*_arguments(metric, step.closing_before, step.opening_before))
    code = groups.of(step.row, step.holder)
    code_before = code if groups.by_holder is None else groups.of(step.row, step.holder_before)
    at, at_before = step.period * width + code, step.period * width + code_before

    def folded(now: np.ndarray, before: np.ndarray) -> np.ndarray:
        total = np.zeros(periods * width, dtype=np.int64)
        if code is code_before:
            np.add.at(total, at, now.astype(np.int64) - before)
        else:
            np.add.at(total, at, now.astype(np.int64, copy=False))
            np.subtract.at(total, at_before, before.astype(np.int64, copy=False))
        return np.cumsum(total.reshape(periods, width), axis=0)[:, :-1]

    if now[1] is None or before[1] is None:
        return folded(now[0], before[0]), None
    return folded(now[0], before[0]), folded(now[1], before[1])


def _arguments(metric: Metric, closing: np.ndarray, opening: np.ndarray) -> list[np.ndarray]:
    known = {"closing": closing, "opening": opening, "mrr": closing}
    return [known[name] for name in metric.needs]
