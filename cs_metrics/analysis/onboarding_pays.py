"""Does fast onboarding pay: do accounts that were live in time stay longer than those that were not?

Who was in time is known on the day an account was to be live, so its life is watched from the end of that month on.
Accounts lost before are in no group: counted as late, they would make the late ones look worse than they were.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from cs_metrics.analysis.likely import FEWEST_FOR_A_RATE
from cs_metrics.analysis.survival import COLUMNS, at, kaplan_meier, lives
from cs_metrics.book import NEVER, Book
from cs_metrics.happened import end_of_closes, started
from cs_metrics.metrics.onboarding import IN_TIME, went_live

SPEEDS = ("in time", "late", "unknown")
RENEWAL = 12


class Speeds(NamedTuple):
    """Lives from the close after their deadline on: whose (``row``), ``speed`` (a place in SPEEDS), ages in months."""

    row: np.ndarray
    speed: np.ndarray
    entry: np.ndarray
    end: np.ndarray
    lost: np.ndarray


def speeds(book: Book) -> Speeds:
    """How fast each account seen from its start was live, and what became of it.

    The deadline is the date given for going live, else 30 days after the start; unknown is an account without an
    onboarding on record. Accounts already there when the data begin, and those whose deadline is to come, are left out.
    """
    found = lives(book)
    speed, deadline = np.full(len(book), SPEEDS.index("unknown")), started(book) + IN_TIME
    rows = went_live(book)
    row, due, live = (rows[name].to_numpy() for name in ("row", "deadline", "live"))
    dated = ~np.isnat(due)
    deadline[row[dated]] = due[dated].astype("datetime64[D]").astype(np.int64)
    speed[row] = np.where(live <= due, 0, 1)
    watched = np.searchsorted(end_of_closes(book), deadline[found.row])
    start = found.close - found.entry
    entry = np.maximum(watched - start, 0)
    last = found.end - found.lost
    kept = (found.entry == 0) & ~found.unknown & (started(book)[found.row] < NEVER) & (watched < book.closes)
    kept &= entry <= last
    return Speeds(found.row[kept], speed[found.row][kept], entry[kept], found.end[kept], found.lost[kept])


def by_speed(book: Book) -> pd.DataFrame:
    """Survival by speed of onboarding: ``group, age_months, at_risk, lost, survival, low, high``."""
    every = book.answered(("speeds", book.known_on), lambda: speeds(book))
    curves = []
    for place, name in enumerate(SPEEDS):
        mine = every.speed == place
        if mine.sum() >= FEWEST_FOR_A_RATE:
            curves.append(kaplan_meier(every.entry[mine], every.end[mine], every.lost[mine]).assign(group=name))
    if not curves:
        return pd.DataFrame({name: pd.Series(dtype=float) for name in ("group", *COLUMNS)})
    return pd.concat(curves, ignore_index=True)[["group", *COLUMNS]]


class Gap(NamedTuple):
    """By how much more of those in time are left after the first renewal, with its 95 % range, in fractions."""

    difference: float
    low: float
    high: float

    @property
    def beyond_chance(self) -> bool:
        """Does the whole range lie on one side of nothing?"""
        return self.low > 0 or self.high < 0


def gap(curves: pd.DataFrame, age: int = RENEWAL) -> Gap | None:
    """In time less late at an age; the range joins those of both curves (MOVER). None where either is not seen so far.

    >>> ends = {"age_months": 12, "at_risk": 9, "lost": 0}
    >>> fast = {"group": "in time", "survival": 0.9, "low": 0.8, "high": 0.95, **ends}
    >>> slow = {"group": "late", "survival": 0.6, "low": 0.5, "high": 0.7, **ends}
    >>> [round(value, 3) for value in gap(pd.DataFrame([fast, slow]))]
    [0.3, 0.159, 0.412]
    """
    here = [at(curves[curves["group"] == name], age) for name in SPEEDS[:2]]
    if here[0] is None or here[1] is None:
        return None
    fast, slow = ([float(row[name]) for name in ("survival", "low", "high")] for row in here if row is not None)
    apart = fast[0] - slow[0]
    return Gap(
        apart,
        apart - float(np.hypot(fast[0] - fast[1], slow[2] - slow[0])),
        apart + float(np.hypot(fast[2] - fast[0], slow[0] - slow[1])),
    )
