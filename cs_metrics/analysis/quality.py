"""Data quality in points of NRR: for each defect of the data, how far it could move the figure.

A defect (``defects``) says of suspicious accounts what each would be like if it was corrected, in every plausible
way. Left as it is, an account is plausible too. The figure is computed again for every choice, by the metric itself,
so currencies, owner rules and caps are as everywhere; the range is from the least to the most that any combination of
choices gives.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pandas as pd

from cs_metrics.analysis.defects import DEFECTS, Defect, Suspects
from cs_metrics.book import Book, Dark
from cs_metrics.metric import METRICS, Metric
from cs_metrics.metrics import retention
from cs_metrics.tally import grouping, of_rows, rows_for

MEASURED: tuple[Metric, ...] = (retention.net_revenue_retention, retention.gross_revenue_retention)
COLUMNS = ("defect", "accounts", "metric", "value", "low", "high", "points", "advice")
ROW_COLUMNS = (
    "defect",
    "account_id",
    "name",
    "csm",
    "opening",
    "closing",
    "problem",
    "metric",
    "low",
    "high",
    "points",
)

# --- the range ------------------------------------------------------------------------------------------------------


class Range(NamedTuple):
    """A figure, and the least and the most it could be. Not a number where it is undefined."""

    value: float
    low: float
    high: float

    @property
    def points(self) -> float:
        """The width of the range in percentage points."""
        return 100 * (self.high - self.low)


class Found(NamedTuple):
    """A defect that was found, and per metric the range of all its cases and low and high of each case alone."""

    defect: Defect
    suspects: Suspects
    together: dict[str, Range]
    alone: dict[str, tuple[np.ndarray, np.ndarray]]

    @property
    def points(self) -> float:
        """The widest of its ranges."""
        return max((r.points for r in self.together.values() if r.points == r.points), default=0.0)


def examined(book: Book, months: int = 3) -> list[Found]:
    """The defects of a book and what they could do to the retention of its last period, largest first."""
    return book.answered(("quality", months), lambda: _examined(book, months))


def _examined(book: Book, months: int) -> list[Found]:
    if book.closes <= months or not len(book):
        return []
    found = [_measured(book, months, each, suspects) for each in DEFECTS.values()
             if (suspects := each.finder(book, months)) is not None and len(suspects.rows)]  # fmt: skip
    return sorted(filter(None, found), key=lambda each: -each.points)


def _measured(book: Book, months: int, each: Defect, suspects: Suspects) -> Found | None:
    """The ranges a defect leaves open; None where some CSMs are asked for and none of its accounts counts for them."""
    part = book.take(suspects.rows)
    cases = int(suspects.case.max()) + 1
    amounts = {}
    for metric in MEASURED:
        ways = [_by_account(metric, way, months) for way in (part, *suspects.corrected)]
        amounts[metric.name] = tuple(
            np.array([np.bincount(suspects.case, way[side], cases).astype(np.int64) for way in ways]) for side in (0, 1)
        )
    counted = np.full(cases, book.whose is None)
    for tops, bottoms in amounts.values():
        counted |= (tops != 0).any(axis=0) | (bottoms != 0).any(axis=0)
    if not counted.any():
        return None
    keep = counted[suspects.case]
    kept = Suspects(
        suspects.rows[keep],
        (np.cumsum(counted) - 1)[suspects.case[keep]],
        [problem for problem, wanted in zip(suspects.problems, keep, strict=True) if wanted],
        (),
    )
    together, alone = {}, {}
    for metric in MEASURED:
        tops, bottoms = (side[:, counted] for side in amounts[metric.name])
        total = _total(metric, book, months)
        together[metric.name] = range_of(*total, tops, bottoms)
        alone[metric.name] = range_of_each(*total, tops, bottoms)
    return Found(each, kept, together, alone)


def _total(metric: Metric, book: Book, months: int) -> tuple[int, int]:
    """The figure's exact top and bottom; a bottom of 0, so no figure, where a currency has no rate."""

    def make() -> tuple[int, int]:
        if book.unpriced is not None:
            return 0, 0
        tops, bottoms = _by_account(metric, book, months)
        return int(tops.sum()), int(bottoms.sum())

    return book.answered(("quality of", metric.name, months), make)


def _by_account(metric: Metric, book: Book, months: int) -> tuple[np.ndarray, np.ndarray]:
    """The exact top and bottom of each account in the last period, whatever rows the metric asks for."""
    asked = rows_for(metric, book, None)
    last = asked.window(asked.closes - 1 - months, asked.closes - 1)
    try:
        tops, bottoms = of_rows(metric, last, months, grouping(last, None))
    except Dark:
        return np.zeros(len(book), np.int64), np.zeros(len(book), np.int64)
    if asked is book:
        return tops, bottoms
    account = book.accounts.index.get_indexer(asked.accounts.index)
    both = np.zeros((2, len(book)), dtype=np.int64)
    for side, amounts in zip(both, (tops, bottoms), strict=True):
        np.add.at(side, account, amounts)
    return both[0], both[1]


def range_of(top: int, bottom: int, tops: np.ndarray, bottoms: np.ndarray) -> Range:
    """The least and the most of Σ top / Σ bottom when each case may be any of its choices.

    ``tops`` and ``bottoms`` are choices × cases; the first choice is how things are, and part of the totals.
    Which choices make the ratio largest depends on the ratio itself: start with the present one and improve until
    nothing improves (Dinkelbach), which ends at the optimum.

    >>> range_of(90, 100, np.array([[30], [3]]), np.array([[10], [10]]))    # 30 may be a 3 typed ten times too high
    Range(value=0.9, low=0.63, high=0.9)
    """
    rest_top, rest_bottom = top - int(tops[0].sum()), bottom - int(bottoms[0].sum())
    cases = np.arange(tops.shape[1])

    def ratio(choice: np.ndarray) -> Fraction | None:
        below = rest_bottom + int(bottoms[choice, cases].sum())
        return Fraction(rest_top + int(tops[choice, cases].sum()), below) if below > 0 else None

    now = ratio(np.zeros(len(cases), dtype=np.intp))
    if now is None or bottom <= 0:
        return Range(np.nan, np.nan, np.nan)
    ends = []
    for best_of in (np.argmin, np.argmax):
        best = now
        while True:
            reached = ratio(best_of(tops - float(best) * bottoms, axis=0))
            if reached is None or reached == best or (reached > best) != (best_of is np.argmax):
                break
            best = reached
        ends.append(best)
    return Range(float(now), float(ends[0]), float(ends[1]))


def range_of_each(top: int, bottom: int, tops: np.ndarray, bottoms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The least and the most of the ratio when only one case may be any of its choices: for each case, low and high."""
    below = bottom - bottoms[0] + bottoms
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.where((below > 0) & (bottom > 0), (top - tops[0] + tops) / below, np.nan)
    ratios = np.where(np.isnan(ratios), ratios[0], ratios)
    return ratios.min(axis=0), ratios.max(axis=0)


# --- the answers ----------------------------------------------------------------------------------------------------


def quality(book: Book, months: int = 3) -> pd.DataFrame:
    """Which defects do the data have, and how far could each move the retention of the last period?

    One row per defect and metric, the widest range first: ``value`` as it is reported, ``low`` and ``high`` the least
    and most it could be, ``points`` what lies between them in percentage points.

    >>> book = Book.of_mrr({"Acme": [100, 1000], "Birch": [900, 900]})
    >>> quality(book, months=1)[["defect", "metric", "value", "low", "high", "points"]].round(3)
               defect                   metric  value  low  high  points
    0  MRR jumps by 10×    net_revenue_retention    1.9  1.0   1.9    90.0
    1  MRR jumps by 10×  gross_revenue_retention    1.0  1.0   1.0     0.0
    """
    rows = [
        (each.defect.label, len(each.suspects.rows), metric, *found, found.points, each.defect.advice)
        for each in examined(book, months)
        for metric, found in each.together.items()
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.sort_values("points", ascending=False, kind="stable", ignore_index=True)


def quality_rows(book: Book, months: int = 3) -> pd.DataFrame:
    """Which accounts have which defect, and how far could each, alone, move the figure? Widest range first.

    ``opening`` and ``closing`` are the account's MRR at the two ends of the period as the data have it. Accounts that
    belong together, duplicates, share one range.
    """
    tables = [_rows(book, months, each) for each in examined(book, months)]
    table = pd.concat(tables) if tables else pd.DataFrame(columns=list(ROW_COLUMNS))
    return table.sort_values("points", ascending=False, kind="stable", ignore_index=True)


def _rows(book: Book, months: int, found: Found) -> pd.DataFrame:
    rows, case = found.suspects.rows, found.suspects.case
    ends = book.window(book.closes - 1 - months, book.closes - 1)
    told = pd.DataFrame(
        {
            "defect": found.defect.label,
            "account_id": book.accounts.index.to_numpy()[rows],
            "name": book.accounts["name"].to_numpy()[rows],
            "csm": book.csm_now[rows],
            "opening": ends.balance(months, 0)[-1][rows] / book.scale,
            "closing": ends.balance(months, months)[-1][rows] / book.scale,
            "problem": found.suspects.problems,
        }
    )
    both = pd.concat(
        [told.assign(metric=metric, low=low[case], high=high[case]) for metric, (low, high) in found.alone.items()]
    )
    return both.assign(points=100 * (both["high"] - both["low"]))[list(ROW_COLUMNS)]


def sentence(book: Book, months: int = 3) -> str:
    """What the defects could do, in one line: the widest first."""
    if book.closes <= months or not len(book):
        return f"There is no figure: the data do not reach back {months} month{'s' if months > 1 else ''}."
    worst = next((each for each in examined(book, months) if each.points > 0), None)
    if worst is None:
        return "No defect was found that could move net or gross retention."
    name, found = max(worst.together.items(), key=lambda item: np.nan_to_num(item[1].points))
    below, above = 100 * (found.low - found.value), 100 * (found.high - found.value)
    count = len(worst.suspects.rows)
    accounts = "1 account" if count == 1 else f"{count:,} accounts"
    moves = f"{below:+.1f} to {above:+.1f}".replace("-", "−").replace("+0.0", "0").replace("−0.0", "0")
    return f"{accounts} could move {METRICS[name].label.lower()} by {moves} points: {worst.defect.label}."
