"""How much of what is due will be renewed: the whole distribution, not a guess and a margin.

Each account renews what it pays or leaves, with a chance of its own. Accounts do not decide apart from each other: a
bad quarter is bad for many at once. So all chances move together with one common shock, drawn from a normal
distribution on the logit scale, and the answer is the mean over that shock, by Gauss–Hermite quadrature. Without the
shock every range is too narrow; a normal band would promise more than there is to renew.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from scipy import fft, special

from cs_metrics.units import MONEY, PERCENT

SHOCK = 0.5
POINTS = 21
CELLS = 8192
FEW = 13
LIKELY = (0.1, 0.9)
SLACK = 1e-12


@dataclass(frozen=True, eq=False)
class Odds:
    """The distribution of a sum: every amount it can come to, rising, and its chance.

    ``amounts`` are in the unit of what was given (for money whole 1/3600); ``expected`` and ``deviation`` are exact
    even where ``amounts`` had to be rounded.
    """

    amounts: np.ndarray
    chances: np.ndarray
    expected: float
    deviation: float

    def quantile(self, share: float) -> int:
        """The least amount that is not exceeded with at least this chance."""
        reached = np.cumsum(self.chances) >= share - SLACK
        return int(self.amounts[np.argmax(reached) if reached.any() else -1])

    def at_least(self, amount: float) -> float:
        """The chance of this much or more."""
        return float(self.chances[self.amounts >= amount].sum())

    @property
    def likely(self) -> tuple[int, int]:
        """The range that holds eight times in ten: a tenth of the chances lies below it, a tenth above."""
        return self.quantile(LIKELY[0]), self.quantile(LIKELY[1])

    @property
    def everything(self) -> float:
        """The chance that all that can be renewed is renewed."""
        return float(self.chances[-1])


def with_shock(chances: np.ndarray, shock: float = SHOCK) -> np.ndarray:
    """Each chance on average over the common shock: a little nearer to one half than without it.

    >>> with_shock(np.array([0.5, 0.95])).round(4).tolist()
    [0.5, 0.9445]
    """
    nodes, weights = _normal(POINTS if shock > 0 else 1)
    return weights @ special.expit(special.logit(np.asarray(chances, dtype=float)) + shock * nodes[:, None])


def renewal_odds(due: np.ndarray, chances: np.ndarray, shock: float = SHOCK) -> Odds:
    """What will be renewed of these amounts, given each one's chance and how far all chances move together?

    ``due`` are whole numbers, ``chances`` the chances without a shock, one per account. Exact for up to 13 accounts,
    and for any number where the amounts have a common measure of at most 8,192 steps; otherwise to 1/8,192 of the
    sum. A ``shock`` of 0 lets every account decide alone.

    >>> odds = renewal_odds(np.array([3, 2, 1]), np.array([0.9, 0.8, 0.5]), shock=0)
    >>> round(odds.expected, 6), odds.quantile(0.5), round(odds.everything, 6)
    (4.8, 5, 0.36)
    """
    due, chances = np.asarray(due, dtype=np.int64), np.asarray(chances, dtype=float)
    due, chances = due[due > 0], chances[due > 0]
    nodes, weights = _normal(POINTS if shock > 0 else 1)
    moved = special.expit(special.logit(chances) + shock * nodes[:, None])
    means = moved @ due
    expected = float(weights @ means)
    variance = weights @ ((moved * (1 - moved)) @ (due.astype(float) ** 2) + (means - expected) ** 2)
    amounts, probable = _sums(due, moved, chances)
    found = np.maximum(weights @ probable, 0)
    return Odds(amounts, found / found.sum(), expected, math.sqrt(max(float(variance), 0.0)))


@cache
def _normal(points: int) -> tuple[np.ndarray, np.ndarray]:
    """Points of a standard normal distribution and their weights."""
    nodes, weights = hermegauss(points)
    return nodes, weights / weights.sum()


def _sums(due: np.ndarray, moved: np.ndarray, chances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every sum, rising, and under each shock its chance: shocks × sums."""
    total, measure = int(due.sum()), int(np.gcd.reduce(due)) if len(due) else 1
    if len(due) <= FEW and total // measure > 2 ** len(due):
        return _listed(due, moved)
    if total // measure <= CELLS:
        return measure * np.arange(total // measure + 1), _folded(due // measure, moved)
    order = np.argsort(chances, kind="stable")
    steps = np.diff(np.rint(np.cumsum(due[order]) * (CELLS / total)).astype(np.int64), prepend=0)
    amounts = np.rint(np.arange(CELLS + 1) * (total / CELLS)).astype(np.int64)
    return amounts, _folded(steps, moved[:, order])


def _listed(due: np.ndarray, moved: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All outcomes one by one; outcomes of the same sum together."""
    sums, probable = np.zeros(1, dtype=np.int64), np.ones((len(moved), 1))
    for amount, chance in zip(due, moved.T[:, :, None], strict=True):
        sums = np.concatenate([sums, sums + amount])
        probable = np.concatenate([probable * (1 - chance), probable * chance], axis=1)
    order = np.argsort(sums, kind="stable")
    sums, probable = sums[order], probable[:, order]
    first = np.flatnonzero(np.r_[True, sums[1:] != sums[:-1]])
    return sums[first], np.add.reduceat(probable, first, axis=1)


def _folded(steps: np.ndarray, moved: np.ndarray) -> np.ndarray:
    """The chances of 0, 1, 2… steps, folding the accounts two by two, the small ones first: shocks × sums."""
    order = np.argsort(steps, kind="stable")
    parts = []
    for place in order[steps[order] > 0]:
        part = np.zeros((len(moved), steps[place] + 1))
        part[:, 0], part[:, -1] = 1 - moved[:, place], moved[:, place]
        parts.append(part)
    while len(parts) > 1:
        pairs = [_convolved(*parts[place : place + 2]) for place in range(0, len(parts) - 1, 2)]
        parts = pairs + parts[2 * len(pairs) :]
    return parts[0] if parts else np.ones((len(moved), 1))


def _convolved(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    size = one.shape[1] + other.shape[1] - 1
    fast = fft.next_fast_len(size, real=True)
    product = fft.rfft(one, fast, axis=1) * fft.rfft(other, fast, axis=1)
    return np.asarray(fft.irfft(product, fast, axis=1)[:, :size])


def said(odds: Odds, scale: int = 1, currency: str = "") -> str:
    """The distribution as a sentence.

    >>> said(renewal_odds(np.array([300, 240]), np.array([0.9, 0.9]), shock=0), currency="EUR")
    '€486 of the €540 due is expected to be renewed; eight times in ten it will be between €240 and €540. All of it
    renews with a chance of 81 %.'
    """
    due = int(odds.amounts[-1])
    if due == 0:
        return "Nothing is due."
    low, high = odds.likely
    amounts = [MONEY.write(amount / scale, currency) for amount in (odds.expected, due, low, high)]
    return (
        f"{amounts[0]} of the {amounts[1]} due is expected to be renewed; eight times in ten it will be between "
        f"{amounts[2]} and {amounts[3]}. All of it renews with a chance of {_about(odds.everything)}."
    )


def _about(chance: float) -> str:
    if chance < 0.01:
        return "less than 1 %"
    return "more than 99 %" if 0.99 < chance < 1 else PERCENT.write(round(chance, 2)).replace(".0 %", " %")
