"""Of the customers with such a score, how many were lost? And how many were to be expected by what was known before?

A score is no chance. What it stands for is learned on the earlier quarter-ends, by a logistic regression on the score
alone, and held against what happened after the later ones.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import special

from cs_metrics.analysis.backtest import FEWEST_LOSSES, Snapshot
from cs_metrics.analysis.likely import range_of_hits
from cs_metrics.analysis.logistic import brier, logistic
from cs_metrics.analysis.quarter_ends import HORIZON

FIFTHS = 5
COLUMNS = ("from_score", "to_score", "n", "accounts", "lost", "share", "low", "high", "expected")


class Calibration(NamedTuple):
    """Fifths of the customers by score, lowest first, with COLUMNS; and how the expectation did on the later days.

    ``skill`` is how much smaller the Brier score is than that of the mere share lost; ``slope`` is 1 where the score
    is as sure as it should be, below where it is too sure. Not numbers where nothing could be learned before.
    """

    bands: pd.DataFrame
    days: tuple[str, ...]
    expected: float
    lost: int
    brier: float
    skill: float
    slope: float


def calibration(days: list[Snapshot], horizon: int = HORIZON) -> Calibration | None:
    """How often customers with such scores were lost; None below ten losses."""
    if sum(int(day.lost.sum()) for day in days) < FEWEST_LOSSES:
        return None
    later = _later(days, horizon)
    asked = later or days
    account, score, lost = (np.concatenate([day[place] for day in asked]) for place in (1, 2, 3))
    chance = np.full(len(lost), np.nan)
    if later:
        early = _ended_before(days, asked[0].day, horizon)
        told = logistic(np.concatenate([-day.risk for day in early])[:, None] / 100, _all_lost(early))
        chance = told.chances(-score[:, None] / 100)
    bands = _bands(account, -score, lost, chance)
    names = tuple(day.day for day in asked)
    if not later:
        return Calibration(bands, names, np.nan, int(lost.sum()), np.nan, np.nan, np.nan)
    off, usual = brier(chance, lost), brier(np.full(len(lost), lost.mean()), lost)
    slope = float(logistic(special.logit(chance)[:, None], lost).slopes[0])
    return Calibration(bands, names, float(chance.sum()), int(lost.sum()), off, 1 - off / usual, slope)


def _all_lost(days: list[Snapshot]) -> np.ndarray:
    return np.concatenate([day.lost for day in days])


def _ended_before(days: list[Snapshot], first: str, horizon: int) -> list[Snapshot]:
    """The days whose whole horizon was over on another."""
    return [day for day in days if np.datetime64(day.day) + np.timedelta64(horizon, "D") <= np.datetime64(first)]


def _later(days: list[Snapshot], horizon: int) -> list[Snapshot]:
    """The later half of the days, where both they and the days learned from had losses enough; else none."""
    for start in range(len(days) // 2, len(days)):
        early, late = _ended_before(days, days[start].day, horizon), days[start:]
        if early and _all_lost(late).sum() >= FEWEST_LOSSES and _all_lost(early).sum() >= FEWEST_LOSSES:
            return late if not (_all_lost(early).all() or _all_lost(late).all()) else []
    return []


def _bands(account: np.ndarray, score: np.ndarray, lost: np.ndarray, chance: np.ndarray) -> pd.DataFrame:
    """Fifths by score; customers of one score stay together."""
    edges = np.unique(np.quantile(score, np.arange(1, FIFTHS) / FIFTHS))
    place = np.searchsorted(edges, score, "right")
    rows = []
    for band in np.unique(place):
        here = place == band
        hit = lost[here]
        rows.append(
            (
                score[here].min(),
                score[here].max(),
                int(here.sum()),
                len(np.unique(account[here])),
                int(hit.sum()),
                hit.mean(),
                *range_of_hits(account[here], hit),
                chance[here].mean(),
            )
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))
