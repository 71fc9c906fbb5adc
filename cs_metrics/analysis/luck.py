"""What luck alone gives a book of this size: bands, limits and chances, for comparing people without ranking them.

Two ways to the same question. For shares of revenue: keep a person's own accounts and their sizes, and draw what
became of each from the other people's accounts, 2,000 times with a fixed seed. For shares of accounts: the exact
limits of the binomial, as on a funnel plot. Methods: Spiegelhalter, Statistics in Medicine 2005;24:1185 and
Qual Saf Health Care 2005;14:347; Benjamini and Hochberg 1995.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy import special

DRAWS = 2_000
SEED = 1185
COLUMNS = 512
FEWEST_IN_A_STRATUM = 50
LEVELS = (0.001, 0.025, 0.975, 0.999)
FALSE_ALARMS = 0.10
FEWEST_FOR_OVERDISPERSION = 10
ROUNDING = 1e-9


class Held(NamedTuple):
    """Who holds how much of which account: one entry per person and account, in the order of the accounts."""

    person: np.ndarray
    row: np.ndarray
    size: np.ndarray

    def some(self, which: np.ndarray) -> Held:
        """Some of the entries."""
        return Held(self.person[which], self.row[which], self.size[which])


class Band(NamedTuple):
    """What luck gives each person: 95 % between ``low`` and ``high``, 99.8 % between ``lowest`` and ``highest``.

    ``p`` is the chance, both sides together, that luck moves as far as the person's figure; not numbers where a
    person is not compared.
    """

    lowest: np.ndarray
    low: np.ndarray
    high: np.ndarray
    highest: np.ndarray
    p: np.ndarray


# --- shares of revenue: draws from the others' accounts -----------------------------------------------------------


def drawn_figures(held: Held, told: np.ndarray, outcome: np.ndarray, stratum: np.ndarray) -> np.ndarray:
    """What each person's book would have shown with average luck, again and again: people × draws.

    ``told`` says for whom; each of them needs others who hold accounts. Blank for everybody else.
    ``outcome`` and ``stratum`` belong to the accounts: what became of a unit of an account's size, and a group in
    which accounts are alike (a segment). An account's outcome is drawn with replacement from the other people's
    accounts of its stratum where they hold 50 of it, else from all of theirs. The others' accounts are a sample
    too: draws stand wider apart by √(1 + accounts' weight in the book / accounts drawn from).

    All people share the random numbers: each band is right by itself, and does not hang on names or their order.
    """
    people, place = len(told), np.full(len(outcome), -1)
    place[held.row] = 0
    rows = np.flatnonzero(place == 0)
    total, uncertain = np.zeros((people, DRAWS)), np.zeros(people)
    for code, pool, entries in _strata(held, told, rows, stratum):
        place[:] = -1
        place[pool] = np.arange(len(pool))
        own = held.some(place[held.row] >= 0)
        holds = np.bincount(own.person, minlength=people)
        size = np.bincount(entries.person, entries.size, people)
        uncertain += np.divide(size**2, len(pool) - holds, out=np.zeros(people), where=size > 0)
        owned = own.person, place[own.row]
        _add_draws(total, entries, owned, outcome[pool], np.random.default_rng([SEED, code + 1]))
    size, squares = (np.bincount(held.person, held.size**power, people) for power in (1, 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        figures = total / size[:, None]
        wider = np.sqrt(1 + uncertain / squares)[:, None]
        centre = figures.mean(axis=1, keepdims=True)
        figures = np.clip(centre + wider * (figures - centre), outcome[rows].min(), outcome[rows].max())
    return np.where(told[:, None], figures, np.nan)


def _strata(
    held: Held, told: np.ndarray, rows: np.ndarray, stratum: np.ndarray
) -> Iterator[tuple[int, np.ndarray, Held]]:
    """The pools drawn from: a number, the accounts in it, and the entries whose outcomes are drawn from it."""
    people, strata = len(told), int(stratum.max(initial=0)) + 1
    all_of_it = np.bincount(stratum[rows], minlength=strata)
    own = np.bincount(held.person * strata + stratum[held.row], minlength=people * strata).reshape(people, strata)
    alike = (all_of_it - own >= FEWEST_IN_A_STRATUM)[held.person, stratum[held.row]]
    asked = told[held.person]
    for code in range(strata):
        entries = held.some(asked & alike & (stratum[held.row] == code))
        if len(entries.row):
            yield code, rows[stratum[rows] == code], entries
    if (asked & ~alike).any():
        yield strata, rows, held.some(asked & ~alike)


def _add_draws(
    total: np.ndarray,
    entries: Held,
    owned: tuple[np.ndarray, np.ndarray],
    outcome: np.ndarray,
    rng: np.random.Generator,
) -> None:
    """Add to each person's total the sizes of her entries times outcomes drawn from the others of a pool.

    Outcomes are drawn once for everybody, from the whole pool, so that one product of matrices serves all; where a
    draw fell on a person's own account it is drawn again, for her, from the others'.
    """
    people, pool = len(total), len(outcome)
    skips = _Others(*owned, people, pool)
    rank = _rank(entries.person)
    for start in range(0, int(rank.max()) + 1, COLUMNS):
        inside = (rank >= start) & (rank < start + COLUMNS)
        person, column, size = entries.person[inside], rank[inside] - start, entries.size[inside]
        width = int(column.max()) + 1
        picked, again = rng.integers(0, pool, (DRAWS, width)), rng.random((DRAWS, width))
        weight = np.zeros((width, people + 1))
        weight[column, person] = size
        total += (outcome[picked] @ weight[:, :people]).T
        for holder in skips.holders:
            who = holder[picked]
            at = np.flatnonzero(weight[np.arange(width), who])
            mine, now = who.reshape(-1)[at], picked.reshape(-1)[at]
            other = skips.other(mine, again.reshape(-1)[at])
            change = weight[at % width, mine] * (outcome[other] - outcome[now])
            total += np.bincount(mine * DRAWS + at // width, change, people * DRAWS).reshape(people, DRAWS)


def _rank(person: np.ndarray) -> np.ndarray:
    """Which of her person's entries each entry is, counted from 0.

    >>> _rank(np.array([1, 0, 1, 1, 0])).tolist()
    [0, 0, 1, 2, 1]
    """
    order = by_number(person)
    count = np.bincount(person)
    rank = np.empty(len(person), dtype=np.int64)
    rank[order] = np.arange(len(person)) - np.repeat(np.cumsum(count) - count, count)
    return rank


def by_number(number: np.ndarray) -> np.ndarray:
    """The order of small whole numbers, equal ones as they come; in linear time where they fit 16 bits."""
    small = number.astype(np.uint16) if number.max(initial=0) < 2**16 else number
    return np.argsort(small, kind="stable")


class _Others:
    """Who holds each account of a pool, and which accounts each person does not hold."""

    def __init__(self, person: np.ndarray, place: np.ndarray, people: int, pool: int) -> None:
        order = by_number(person)  # within a person by place already, as entries come in the order of the accounts
        person, place = person[order], place[order]
        self.pool, self.first = pool, np.searchsorted(person, np.arange(people + 1))
        self.reach = pool + 1
        self.keys = person * self.reach + place - (np.arange(len(person)) - self.first[person])
        layer = _rank(place)
        self.holders = []
        for number in range(int(layer.max(initial=-1)) + 1):
            holder = np.full(pool, people)
            holder[place[layer == number]] = person[layer == number]
            self.holders.append(holder)

    def other(self, person: np.ndarray, chance: np.ndarray) -> np.ndarray:
        """An account of the pool that the person does not hold, each as likely, for a chance from 0 to 1.

        Most chances point at one directly; where one points at her own, what is left of it chooses another.
        """
        pointed = chance * self.pool
        found = pointed.astype(np.int64)
        own = np.zeros(len(found), dtype=bool)
        for holder in self.holders:
            own |= holder[found] == person
        mine, rest = person[own], pointed[own] - found[own]
        others = self.pool - (self.first[mine + 1] - self.first[mine])
        k = np.minimum((rest * others).astype(np.int64), others - 1)
        found[own] = k + np.searchsorted(self.keys, mine * self.reach + k, side="right") - self.first[mine]
        return found


def band_of(draws: np.ndarray, figure: np.ndarray) -> Band:
    """The band of each person's draws, and the chance of a figure as far out as hers."""
    ends = np.quantile(draws, LEVELS, axis=1)
    off = draws - figure[:, None]
    below, level = (off < -ROUNDING).sum(axis=1), (np.abs(off) <= ROUNDING).sum(axis=1)
    share = (below + (level + 1) / 2) / (draws.shape[1] + 1)
    p = np.where(np.isfinite(figure) & np.isfinite(ends[0]), 2 * np.minimum(share, 1 - share), np.nan)
    return Band(ends[0], ends[1], ends[2], ends[3], p)


# --- shares of accounts: the exact limits of the binomial ---------------------------------------------------------


def binomial_cdf(kept: np.ndarray, of: np.ndarray, rate: float) -> np.ndarray:
    """The chance that at most so many of so many are kept at this rate."""
    inside = special.bdtr(np.clip(kept, 0, of), of, rate)
    return np.where(kept < 0, 0.0, np.where(kept >= of, 1.0, inside))


def exact_limit(of: np.ndarray, q: float, rate: float) -> np.ndarray:
    """Below which share does luck stay with chance q? Interpolated between whole accounts.

    >>> np.round(exact_limit(np.array([50]), 0.025, 0.9), 6).tolist()
    [0.800277]
    """
    of = np.asarray(of)
    every = np.arange(int(of.max(initial=0)) + 1)
    reached = binomial_cdf(every[:, None], of[None, :], rate) >= q
    r = reached.argmax(axis=0)
    here, before = binomial_cdf(r, of, rate), binomial_cdf(r - 1, of, rate)
    return (r - (here - q) / (here - before)) / of


def mid_p(kept: np.ndarray, of: np.ndarray, rate: float) -> np.ndarray:
    """The chance, both sides together, that luck moves a share as far: the observed count counted half."""
    up_to, below = binomial_cdf(kept, of, rate), binomial_cdf(kept - 1, of, rate)
    share = (up_to + below) / 2
    return np.minimum(2 * np.minimum(share, 1 - share), 1.0)


def spread_between(kept: np.ndarray, of: np.ndarray, rate: float) -> tuple[float, float]:
    """Do people differ by more than luck? φ (1 = as luck gives), tenths at both ends drawn in, and τ².

    τ² is the variance between people that luck does not explain, 0 where φ is 1 or less.
    """
    z = (kept / of - rate) / np.sqrt(rate * (1 - rate) / of)
    phi = float((np.clip(z, *np.quantile(z, [0.1, 0.9])) ** 2).mean())
    people, weight = len(of), of / (rate * (1 - rate))
    excess = (people * phi - (people - 1)) / (weight.sum() - (weight**2).sum() / weight.sum())
    return phi, max(0.0, float(excess)) if phi > 1 else 0.0


def funnel(kept: np.ndarray, of: np.ndarray, rate: float) -> Band:
    """The limits of a funnel plot for shares of accounts, and each person's chance.

    Exact; from ten people on, and where they differ by more than luck gives, widened by τ².
    """
    if not 0 < rate < 1:
        level = np.full(len(of), rate)
        return Band(level, level, level, level, np.ones(len(of)))
    _, extra = spread_between(kept, of, rate) if len(of) >= FEWEST_FOR_OVERDISPERSION else (1.0, 0.0)
    if not extra:
        ends = [exact_limit(of, q, rate) for q in LEVELS]
        return Band(ends[0], ends[1], ends[2], ends[3], mid_p(kept, of, rate))
    error = np.sqrt(rate * (1 - rate) / of + extra)
    ends = [np.clip(rate + special.ndtri(q) * error, 0, 1) for q in LEVELS]
    return Band(ends[0], ends[1], ends[2], ends[3], 2 * special.ndtr(-np.abs(kept / of - rate) / error))


# --- many people at once ------------------------------------------------------------------------------------------


def adjusted(p: np.ndarray) -> np.ndarray:
    """Chances adjusted for having looked at many people: Benjamini and Hochberg's q; blanks stay blank.

    >>> np.round(adjusted(np.array([0.01, 0.04, np.nan, 0.03])), 6).tolist()
    [0.03, 0.04, nan, 0.04]
    """
    q, known = np.full(len(p), np.nan), np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known], kind="stable")]
    raised = p[order] * len(order) / np.arange(1, len(order) + 1)
    q[order] = np.minimum(np.minimum.accumulate(raised[::-1])[::-1], 1.0)
    return q


def worth_a_look(figure: np.ndarray, band: Band) -> np.ndarray:
    """Outside 99.8 % of what luck gives, or outside 95 % and q below 0.10."""
    beyond = (figure < band.lowest - ROUNDING) | (figure > band.highest + ROUNDING)
    return (beyond & (band.p < 0.002)) | (outside(figure, band) & (adjusted(band.p) < FALSE_ALARMS))


def outside(figure: np.ndarray, band: Band) -> np.ndarray:
    """Outside 95 % of what luck gives.

    Beyond a limit, and unlikely: the limits of a funnel lie between whole accounts, so that somebody who kept all
    of 40 stands beyond the highest of them, which at a rate of 92 % luck alone gives one in 28.
    """
    beyond = (figure < band.low - ROUNDING) | (figure > band.high + ROUNDING)
    return beyond & (band.p < 0.05)


def by_luck(people: int, level: float = 0.95) -> tuple[float, float]:
    """How many of so many people fall outside by luck alone, and the chance that at least one does.

    >>> [round(each, 6) for each in by_luck(12)]
    [0.6, 0.45964]
    """
    return people * (1 - level), 1 - level**people
