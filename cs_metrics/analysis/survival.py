"""Survival: how long accounts stay, by the estimate of Kaplan and Meier with delayed entry.

A book uploaded today holds only the accounts that were still there when its data begin. Counting these from their
start as if they had been watched all along would overstate retention: they enter at the age at which the data first
show them, and are at risk from then on.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from scipy import special

from cs_metrics.analysis.cohort_starts import are, grouped, start_months
from cs_metrics.book import NEVER, Book

Measure = Literal["accounts", "mrr"]
COLUMNS = ("age_months", "at_risk", "lost", "survival", "low", "high")


class Lives(NamedTuple):
    """The lives of the rows that were ever seen paying, ages in months.

    ``row`` says whose; ``entry`` is the age at which the data first show it, 0 for those seen from their start;
    ``end`` the age at which it was lost (``lost``) or last seen; ``close`` the close of its entry and ``mrr`` its
    exact MRR there, at that close's rates; ``unknown`` marks those already there when the data begin whose start
    date nobody gave: their age counts from then.
    """

    row: np.ndarray
    entry: np.ndarray
    end: np.ndarray
    lost: np.ndarray
    close: np.ndarray
    mrr: np.ndarray
    unknown: np.ndarray


def lives(book: Book) -> Lives:
    """When each account came, and when it was lost or last seen.

    Age 0 is the first paid close; with the setting ``cohort_start=start_date``, and for accounts whose start date
    lies before the data, the close of the start date's month. Lost is the first close at 0 after the entry; a return
    does not undo it.
    """
    first = book.first_paid
    row = np.flatnonzero(first < book.closes)
    entered = np.maximum(first[row], 0)
    row, entered = (kept[book.balance(0, 0)[entered, row] > 0] for kept in (row, entered))
    began = start_months(book)
    began = np.full(len(row), NEVER) if began is None else began[row]
    dated = began < NEVER
    start = first[row]
    older = began < book.first_close.ordinal
    use = dated & (older | (book.settings.cohort_start == "start_date"))
    start = np.where(use, np.minimum(began - book.first_close.ordinal, start), start)
    gone = _first_at_zero(book, row, entered)
    lost = gone < book.closes
    return Lives(
        row,
        entered - start,
        np.where(lost, gone, book.closes - 1) - start,
        lost,
        entered,
        book.balance(0, 0)[entered, row],
        (first[row] == 0) & ~dated,
    )


def said(book: Book) -> list[str]:
    """What a reader of the curve must know: who entered late, and whose start is unknown."""
    found = lives(book)
    late, unknown = int((found.entry > 0).sum()), int(found.unknown.sum())
    told = []
    if late:
        told.append(
            f"{are(late)} older than the data: counted only from the age at which the data first show them, since "
            "those lost before cannot be seen."
        )
    if unknown:
        told.append(
            f"{are(unknown)} there when the data begin and without a start_date: their age counts from then. "
            "Give their start_date for a true curve."
        )
    return told


def _first_at_zero(book: Book, row: np.ndarray, entered: np.ndarray) -> np.ndarray:
    """The first close after its entry at which each of these rows pays nothing; far off where there is none."""
    log = book.changes
    entry = np.full(len(book), NEVER)
    entry[row] = entered
    churned = np.flatnonzero((log.after <= 0) & (log.close > entry[log.row]))
    gone = np.full(len(book), NEVER)
    np.minimum.at(gone, log.row[churned], log.close[churned])
    return gone[row]


def survival(book: Book, by: str | None = None, measure: Measure = "accounts", level: float = 0.95) -> pd.DataFrame:
    """How many accounts, or how much of the MRR they came with, are still here at each age?

    One row per group and month of age: ``group, age_months, at_risk, lost, survival, low, high``. At risk are the
    accounts seen before an age and not lost or last seen before it. With ``mrr`` each account weighs what it paid
    when it came, and the range still is one of accounts. The range is log-log with Greenwood's variance, blank
    where nobody or everybody was lost. Ages at which nobody was at risk are absent. A group with a currency without
    a rate has no rows.

    >>> book = Book.of_mrr({"A": [0, 9, 9, 9], "B": [0, 9, 0, 0], "C": [0, 0, 9, 9], "D": [0, 9, 9, 0]})
    >>> survival(book)[["age_months", "at_risk", "lost", "survival"]]
       age_months  at_risk  lost  survival
    0           0        4     0     1.000
    1           1        4     1     0.750
    2           2        2     1     0.375
    """
    book = book.per_product() if by == "product" and "product" not in book.accounts else book
    found = lives(book)
    held = np.zeros(len(book), dtype=np.intp)
    held[found.row] = found.close
    labels, code = grouped(book, by, held)
    code = code[found.row]
    hidden = set() if book.unpriced is None else set(grouped(book, by, held)[1][book.unpriced].tolist())
    curves = []
    for place, name in enumerate(labels):
        here = code == place
        if place in hidden or not here.any():
            continue
        weight = found.mrr[here] if measure == "mrr" else None
        curve = kaplan_meier(found.entry[here], found.end[here], found.lost[here], weight, level)
        if measure == "mrr":
            curve[["at_risk", "lost"]] /= book.scale
        curves.append(curve.assign(group=name))
    if not curves:
        return pd.DataFrame({name: pd.Series(dtype=float) for name in ("group", *COLUMNS)})
    return pd.concat(curves, ignore_index=True)[["group", *COLUMNS]]


def behind(book: Book, age: int, by: str | None = None, group: str | None = None) -> pd.DataFrame:
    """Which accounts were at risk at an age, and what became of them? Those lost at it first, then by size.

    One row per account: ``age_seen`` and ``age_last`` are the ages in months at which the data first and last show
    it, ``opening`` what it paid when it came; ``top`` is 1 where it outlived the age, ``bottom`` 1: their sums are
    the survivors and the accounts at risk.
    """
    book = book.per_product() if by == "product" and "product" not in book.accounts else book
    found, held = lives(book), np.zeros(len(book), dtype=np.intp)
    held[found.row] = found.close
    labels, code = grouped(book, by, held)
    here = ((found.entry < age) | (found.entry == 0)) & (found.end >= age) & (code[found.row] < len(labels))
    if group is not None:
        here &= code[found.row] == labels.get_loc(group)
    lost = found.lost & (found.end == age)
    later = np.where(found.lost, [f"lost at {end} months" for end in found.end], "still here")
    table = pd.DataFrame(
        {
            "account_id": book.accounts.index.to_numpy()[found.row],
            "name": book.accounts["name"].to_numpy()[found.row],
            "opening": found.mrr / book.scale,
            "age_seen": found.entry,
            "age_last": found.end,
            "top": np.where(lost, 0, 1),
            "bottom": 1,
            "note": np.where(lost, "lost at this age", later),
        }
    )[here]
    return table.sort_values(["top", "opening"], ascending=[True, False], kind="stable", ignore_index=True)


def kaplan_meier(
    entry: np.ndarray, end: np.ndarray, lost: np.ndarray, weight: np.ndarray | None = None, level: float = 0.95
) -> pd.DataFrame:
    """The share that survives each age, with delayed entry: one row per month of age from the first seen.

    ``entry`` and ``end`` are ages in whole months, ``lost`` whether the life ended there. At risk at an age are
    those with entry < age ≤ end; at the first age, those who entered at it. ``weight``, whole numbers, lets a life
    count for more than one: the shares are weighted, the variance sums over lives and equals Greenwood's where all
    weigh the same.

    >>> kaplan_meier(np.zeros(4, int), np.array([1, 2, 2, 3]), np.array([True, True, False, False]))[
    ...     ["at_risk", "lost", "survival"]].round(4).values.tolist()
    [[4.0, 0.0, 1.0], [4.0, 1.0, 0.75], [3.0, 1.0, 0.5], [1.0, 0.0, 0.5]]
    """
    first, ages = int(entry.min()), int(end.max()) + 1
    weight = np.ones(len(entry), dtype=np.int64) if weight is None else weight
    squares = weight.astype(float) ** 2
    at_risk, gone = _at_risk(entry, end, weight, ages), _counted(end[lost], weight[lost], ages)
    at_risk[first] = weight[entry == first].sum()
    squared, squared_gone = _at_risk(entry, end, squares, ages), _counted(end[lost], squares[lost], ages)
    with np.errstate(divide="ignore", invalid="ignore"):
        hazard = np.where(gone > 0, gone / at_risk, 0.0)
        share = np.cumprod(1 - hazard)
        spread = squared_gone * (1 - hazard) ** 2 + (squared - squared_gone) * hazard**2
        variance = np.cumsum(np.where(gone > 0, spread / (at_risk * (1 - hazard)) ** 2, 0.0))
        reach = special.ndtri(0.5 + level / 2) * np.sqrt(variance) / np.log(share)
        told = (share > 0) & (share < 1)
        low, high = (np.where(told, share ** np.exp(sign * reach), np.nan) for sign in (-1, 1))
    curve = {
        "age_months": np.arange(ages),
        "at_risk": at_risk,
        "lost": gone,
        "survival": share,
        "low": low,
        "high": high,
    }
    return pd.DataFrame(curve)[at_risk > 0].reset_index(drop=True)


def _counted(ages: np.ndarray, weight: np.ndarray, length: int) -> np.ndarray:
    """The weight at each age."""
    total = np.zeros(length, dtype=weight.dtype)
    np.add.at(total, ages, weight)
    return total


def _at_risk(entry: np.ndarray, end: np.ndarray, weight: np.ndarray, length: int) -> np.ndarray:
    """The weight of those who entered before each age and did not end before it."""
    step = _counted(entry, weight, length) - _counted(end, weight, length)
    return np.r_[step[:1] * 0, np.cumsum(step)[:-1]]


def median(curve: pd.DataFrame) -> int | None:
    """The first age at which half or fewer are left; None where more are left at the last age seen."""
    half = curve.loc[curve["survival"] <= 0.5, "age_months"]
    return int(half.iloc[0]) if len(half) else None


def at(curve: pd.DataFrame, age: int) -> pd.Series | None:
    """The row of an age; None where nobody was at risk at it."""
    found = curve[curve["age_months"] == age]
    return found.iloc[0] if len(found) else None


def mean_within(curve: pd.DataFrame, months: int) -> float:
    """The months a life lasts on average within its first so many: the area under the curve from age 0.

    Not a number where the curve does not begin at age 0 or ends before.
    """
    share = curve.set_index("age_months")["survival"].reindex(range(months))
    return float(share.sum()) if share.notna().all() else float("nan")
