"""Would the score have told us? Scores as known on past quarter-ends against what happened in the months after.

A loss is an account that left, or lost half of its MRR, in the horizon. Each account may appear at several days, so
the interval of all days together counts accounts, not rows, as independent.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from cs_metrics.analysis.quarter_ends import Progress, quarter_ends
from cs_metrics.book import Book, Misuse
from cs_metrics.facts import KNOWN
from cs_metrics.health import health
from cs_metrics.lately import last_of, per_account, pulses

COLUMNS = ("as_of", "n", "events", "auc", "low", "high", "lift", "precision", "recall")
FEWEST_LOSSES = 10
WORKABLE = 0.10
Z95 = 1.959963984540054
Score = Callable[[Book], np.ndarray]
Budgets = Sequence[int | None]


class Range(NamedTuple):
    """A figure and its 95 % interval; not numbers where undefined."""

    value: float
    low: float
    high: float


UNDEFINED = Range(math.nan, math.nan, math.nan)


class Placed(NamedTuple):
    """An AUC taken apart: what each account's rows add to it, as losses and as accounts that stayed."""

    value: float
    losses: np.ndarray
    stays: np.ndarray
    lost: int
    stayed: int
    with_loss: int
    with_stay: int


def placed(risk: np.ndarray, lost: np.ndarray, account: np.ndarray | None = None) -> Placed | None:
    """The AUC of a risk and its parts by account; None without a loss or without an account that stayed."""
    if not lost.any() or lost.all():
        return None
    above = _share_below(risk[~lost], risk[lost])
    below = 1 - _share_below(risk[lost], risk[~lost])
    value = float(above.mean())
    names = np.arange(len(risk)) if account is None else account
    _, cluster = np.unique(names, return_inverse=True)
    clusters = cluster.max() + 1
    return Placed(
        value,
        np.bincount(cluster[lost], above - value, clusters),
        np.bincount(cluster[~lost], below - value, clusters),
        len(above),
        len(below),
        len(np.unique(cluster[lost])),
        len(np.unique(cluster[~lost])),
    )


def _variance(losses: np.ndarray, stays: np.ndarray, of: Placed) -> float:
    """The variance of a figure made of such parts, an account's rows taken as one (Obuchowski; DeLong for one row)."""
    clusters = len(losses)
    return max(
        of.with_loss / (of.with_loss - 1) * (losses**2).sum() / of.lost**2
        + of.with_stay / (of.with_stay - 1) * (stays**2).sum() / of.stayed**2
        + 2 * clusters / (clusters - 1) * (losses * stays).sum() / (of.lost * of.stayed),
        0.0,
    )


def auc(risk: np.ndarray, lost: np.ndarray, account: np.ndarray | None = None) -> Range:
    """How often a loss had a higher risk than an account that stayed; ties count half. 0.5 is chance.

    The interval is DeLong's on the logit scale; where ``account`` repeats, Obuchowski's, which takes an account's
    rows as one. Undefined without a loss or without an account that stayed.

    >>> found = auc(np.array([3.0, 2.0, 2.0, 1.0]), np.array([True, True, False, False]))
    >>> found.value
    0.875
    """
    of = placed(risk, lost, account)
    if of is None:
        return UNDEFINED
    if min(of.with_loss, of.with_stay) < 2 or not 0 < of.value < 1:
        return Range(of.value, math.nan, math.nan)
    reach = Z95 * math.sqrt(_variance(of.losses, of.stays, of)) / (of.value * (1 - of.value))
    middle = math.log(of.value / (1 - of.value))
    return Range(of.value, 1 / (1 + math.exp(reach - middle)), 1 / (1 + math.exp(-reach - middle)))


def auc_gain(before: np.ndarray, after: np.ndarray, lost: np.ndarray, account: np.ndarray | None = None) -> Range:
    """How much higher the AUC of one risk is than that of another on the same rows, with its 95 % interval.

    DeLong's comparison of paired curves, an account's rows taken as one.

    >>> worse, better = np.array([3.0, 1.0, 2.0, 1.0]), np.array([3.0, 2.0, 1.0, 1.0])
    >>> round(auc_gain(worse, better, np.array([True, True, False, False])).value, 3)
    0.375
    """
    one, other = placed(before, lost, account), placed(after, lost, account)
    if one is None or other is None:
        return UNDEFINED
    value = other.value - one.value
    if min(one.with_loss, one.with_stay) < 2:
        return Range(value, math.nan, math.nan)
    reach = Z95 * math.sqrt(_variance(other.losses - one.losses, other.stays - one.stays, one))
    return Range(value, value - reach, value + reach)


def _share_below(others: np.ndarray, values: np.ndarray) -> np.ndarray:
    """For each value the share of the others below it, ties half."""
    ordered = np.sort(others)
    left, right = np.searchsorted(ordered, values, "left"), np.searchsorted(ordered, values, "right")
    return (left + right) / 2 / len(others)


class Hits(NamedTuple):
    """Of the accounts worked: the share that was lost, the share of all losses among them, and against chance."""

    precision: float
    recall: float
    lift: float


def at_budget(risk: np.ndarray, lost: np.ndarray, worked: int) -> Hits:
    """What working the ``worked`` riskiest accounts would have met; among equal risks, the expected number.

    >>> at_budget(np.array([9.0, 5.0, 5.0, 1.0]), np.array([True, True, False, False]), 2)
    Hits(precision=0.75, recall=0.75, lift=1.5)
    """
    worked = min(worked, len(risk))
    if not worked or not lost.any():
        return Hits(math.nan, math.nan, math.nan)
    edge = np.sort(risk)[::-1][worked - 1]
    sure, tied = risk > edge, risk == edge
    met = lost[sure].sum() + (worked - sure.sum()) * lost[tied].mean()
    precision = float(met / worked)
    return Hits(precision, float(met / lost.sum()), precision / float(lost.mean()))


def score_named(name: str) -> Score:
    """The score of this name, higher = safer: ``health``, ``pulse``, or the latest value of ``table.column``."""
    if name == "health":
        return lambda book: health(book)["health"].to_numpy()
    if name == "pulse":
        return lambda book: (
            per_account(book, pulses(book)["pulse"]) if "pulses" in book.facts else np.full(len(book), np.nan)
        )
    table, dot, column = name.partition(".")
    if not dot or table not in KNOWN:
        raise Misuse(f'there is no score "{name}"; choose health, pulse, or a column as surveys.score')

    def latest(book: Book) -> np.ndarray:
        rows = book.facts.get(table)
        if rows is None:
            return np.full(len(book), np.nan)
        if column not in rows or not pd.api.types.is_numeric_dtype(rows[column]):
            raise Misuse(f'the table {table} has no column of numbers "{column}"')
        dated = next(when for when in KNOWN[table].since if when in rows)
        return per_account(book, last_of(rows[rows[column].notna()], dated)[column])

    return latest


class Snapshot(NamedTuple):
    """A past day: accounts that paid and had a score, their risk, and which of them were lost within the horizon."""

    day: str
    account: np.ndarray
    risk: np.ndarray
    lost: np.ndarray


def snapshots(book: Book, score: Score, horizon: int = 180, progress: Progress | None = None) -> list[Snapshot]:
    """Every quarter-end of the book that lies a whole horizon before its end, as known on that day."""
    found = []
    ends = quarter_ends(book, horizon)
    for place, end in enumerate(ends):
        if progress is not None:
            progress(place / len(ends), f"{end.day}")
        value = score(book.as_of(end.day))[end.rows]
        told = ~np.isnan(value)
        found.append(Snapshot(f"{end.day}", end.rows[told], -value[told], end.lost[told]))
    return [snapshot for snapshot in found if len(snapshot.account)]


def backtest(book: Book, score: Score, horizon: int = 180, worked: int | None = None) -> pd.DataFrame:
    """The score's record: one row per quarter-end and one, ``as_of`` "all", for all of them together.

    ``lift``, ``precision`` and ``recall`` are those of working the ``worked`` riskiest accounts, a tenth of them
    unless said. ``auc`` and what follows are blank where fewer than 10 accounts were lost: too few to tell a score
    from luck.
    """
    return record(snapshots(book, score, horizon), worked)


def record(days: list[Snapshot], worked: int | list[int] | None = None) -> pd.DataFrame:
    """The record of a score at these days: see ``backtest``. ``worked`` may be a number for each day.

    Over all days together each day's own riskiest accounts are worked.
    """
    budgets: Budgets = worked if isinstance(worked, list) else [worked] * len(days)
    rows = [(day.day, *_record(day, budget)) for day, budget in zip(days, budgets, strict=True)]
    if days:
        rows.append(("all", *_of_all(days, budgets)))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _budget(day: Snapshot, worked: int | None) -> int:
    return math.ceil(WORKABLE * len(day.account)) if worked is None else worked


def _record(day: Snapshot, worked: int | None) -> tuple[float, ...]:
    accounts, losses = len(day.account), int(day.lost.sum())
    if losses < FEWEST_LOSSES:
        return accounts, losses, *[math.nan] * 6
    hits, found = at_budget(day.risk, day.lost, _budget(day, worked)), auc(day.risk, day.lost)
    return accounts, losses, found.value, found.low, found.high, hits.lift, hits.precision, hits.recall


def _of_all(days: list[Snapshot], budgets: Budgets) -> tuple[float, ...]:
    account, risk, lost = (np.concatenate([day[place] for day in days]) for place in (1, 2, 3))
    losses = int(lost.sum())
    if losses < FEWEST_LOSSES:
        return len(account), losses, *[math.nan] * 6
    found, hits = auc(risk, lost, account), worked_hits(days, budgets)
    return len(account), losses, found.value, found.low, found.high, hits.lift, hits.precision, hits.recall


def worked_hits(days: list[Snapshot], budgets: Budgets) -> Hits:
    """What working each day's riskiest accounts would have met, over all days together."""
    met = worked = lost = accounts = 0.0
    for day, budget in zip(days, budgets, strict=True):
        count = min(_budget(day, budget), len(day.account))
        precision = at_budget(day.risk, day.lost, count).precision
        met += 0 if math.isnan(precision) else precision * count
        worked, lost, accounts = worked + count, lost + int(day.lost.sum()), accounts + len(day.account)
    if not worked or not lost:
        return Hits(math.nan, math.nan, math.nan)
    return Hits(met / worked, met / lost, met / worked / (lost / accounts))
