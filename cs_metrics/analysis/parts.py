"""What each account adds to a figure, so that figures can be laid side by side, account by account.

A figure over one period is the parts of a metric. Figures made of several periods (a mean of monthly rates, four
quarters chained) are dealt out to the accounts too: their parts add up to the figure like any other's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cs_metrics.book import Book, Dark
from cs_metrics.metric import Metric
from cs_metrics.tally import divisor, grouping, of_rows, rows_for, unpriced_groups


class NoPeriod(Dark):
    """The book does not reach back far enough for the period asked for."""


class Parts(NamedTuple):
    """Top and bottom of each account of a book, in its order.

    Of one period they are exact whole numbers, to be divided by the scales; an amount has no bottom.
    """

    top: np.ndarray
    bottom: np.ndarray | None
    top_scale: int = 1
    bottom_scale: int = 1
    factor: int = 1

    @property
    def tops(self) -> np.ndarray:
        """The tops as people read them."""
        return self.top / self.top_scale

    @property
    def bottoms(self) -> np.ndarray:
        """The bottoms as people read them; zeros where there is none."""
        return np.zeros(len(self.top)) if self.bottom is None else self.bottom / self.bottom_scale

    @property
    def total(self) -> tuple[float, float, float]:
        """Value, Σ top and Σ bottom; the value not a number where Σ bottom is 0."""
        top = float(self.top.sum() / self.top_scale)
        if self.bottom is None:
            return top, top, np.nan
        bottom = float(self.bottom.sum() / self.bottom_scale)
        return (self.factor * top / bottom if bottom else np.nan), top, bottom


def of_metric(metric: Metric, book: Book, months: int = 3, back: int = 0) -> Parts:
    """The parts of a metric over ``months`` months to the book's last, or to so many months ``back``.

    They add up to what ``metric.tally`` gives for that month. Raises Dark, with the reason, where there is no figure.
    """
    k = months if metric.period else 0
    closing = book.closes - 1 - back
    if closing < max(k, book.lead) or not len(book.months):
        length = f"{months + back if metric.period else back} months"
        raise NoPeriod(f"The book does not reach back {length} and the close before them.")
    whole = rows_for(metric, book, None)
    asked, groups = metric.asked(whole, closing - k, closing), grouping(whole, None)
    if unpriced_groups(whole, groups).any():
        raise NoPeriod("Some revenue is in a currency without an exchange rate: add it to the table fx.")
    top, bottom = of_rows(metric, asked, k, groups)
    if whole is not book:
        account = book.accounts.index.get_indexer(whole.accounts.index)
        top, bottom = (_gathered(amounts, account, len(book)) for amounts in (top, bottom))
    share = divisor(metric, asked, k, groups)
    return Parts(
        top,
        bottom if metric.ratio else None,
        book.scale_of(metric.top) * share,
        book.scale_of(metric.bottom) * share,
        metric.factor,
    )


def _gathered(amounts: np.ndarray, account: np.ndarray, accounts: int) -> np.ndarray:
    total = np.zeros(accounts, dtype=np.int64)
    np.add.at(total, account, amounts)
    return total


# --- figures made of several periods, the latest first ----------------------------------------------------------


def pooled(periods: Sequence[Parts]) -> Parts:
    """All periods' tops over all periods' bottoms: their mean, weighted by what each opened with."""
    first = periods[0]
    return first._replace(
        top=np.sum([each.top for each in periods], axis=0), bottom=np.sum([_bottom(each) for each in periods], axis=0)
    )


def mean(periods: Sequence[Parts]) -> Parts:
    """The plain mean of the periods' rates, laid on the opening of the earliest."""
    base = _opening(periods)
    return Parts(
        base * np.mean([each.tops / each.bottoms.sum() for each in periods], axis=0),
        base * np.mean([each.bottoms / each.bottoms.sum() for each in periods], axis=0),
    )


def chained(periods: Sequence[Parts]) -> Parts:
    """The product of the periods' rates: what each account did in a period counts on what was left until then."""
    base, left = _opening(periods), 1.0
    top = periods[-1].bottoms.copy()
    for each in reversed(periods):
        top += base * left * (each.tops - each.bottoms) / each.bottoms.sum()
        left *= each.tops.sum() / each.bottoms.sum()
    return Parts(top, periods[-1].bottoms)


def compounded_mean(periods: Sequence[Parts]) -> Parts:
    """The mean of the periods' rates to the power of their number: what it makes of a year if it goes on like that."""
    base = _opening(periods)
    change = np.mean([(each.tops - each.bottoms) / each.bottoms.sum() for each in periods], axis=0)
    rate = 1 + change.sum()
    grown = sum(rate**power for power in range(len(periods)))
    return Parts(periods[-1].bottoms + base * grown * change, periods[-1].bottoms)


def _bottom(each: Parts) -> np.ndarray:
    assert each.bottom is not None, "rates only"
    return each.bottom


def _opening(periods: Sequence[Parts]) -> float:
    """What the earliest period opened with; each must have opened with something."""
    if not all(each.bottoms.sum() for each in periods):
        raise NoPeriod("One of the periods had no opening revenue.")
    return float(periods[-1].bottoms.sum())


# --- two figures, account by account ----------------------------------------------------------------------------


def difference(one: Parts, other: Parts) -> np.ndarray:
    """What each account adds to the other figure minus this one, of the same accounts in the same period.

    Exact: (Δtop − m·Δbottom) / mean Σ bottom, m the mean of the two values, adds up to the difference. An account
    that adds the same to both makes none.
    """
    tops, bottoms = other.tops - one.tops, other.bottoms - one.bottoms
    if one.bottom is None or other.bottom is None:
        return tops
    middle, base = (one.total[0] + other.total[0]) / 2, (one.total[2] + other.total[2]) / 2
    return (max(one.factor, other.factor) * tops - middle * bottoms) / base


def change(
    tops_before: np.ndarray, bottoms_before: np.ndarray, tops: np.ndarray, bottoms: np.ndarray, factor: int = 1
) -> np.ndarray:
    """What each account (or group) adds to the change of a rate from one period to another.

    Exact: Δ(top / Σ bottom) − m·Δ(bottom / Σ bottom), m the mean of the two rates, adds up to the change: for an
    account, for its group, and in all. Not numbers where either rate is undefined.
    """
    base_before, base = bottoms_before.sum(), bottoms.sum()
    if not base_before or not base:
        return np.full(len(tops), np.nan)
    middle = (tops_before.sum() / base_before + tops.sum() / base) / 2
    return factor * (
        (tops / base - tops_before / base_before) - middle * (bottoms / base - bottoms_before / base_before)
    )
