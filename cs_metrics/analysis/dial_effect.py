"""What other weights and thresholds would do, before they are kept: to the scores, to a signal, to the list at risk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from cs_metrics.analysis.health_history import Scores, flows, scores, scores_at
from cs_metrics.analysis.registry import firing, listed
from cs_metrics.analysis.risk import AT_RISK, fired, likelihood
from cs_metrics.book import Book
from cs_metrics.dials import DIALS, tried
from cs_metrics.health import BANDS
from cs_metrics.signal import Signal, signals


def changed(book: Book, values: Mapping[str, float]) -> dict[str, float]:
    """Of these values those that differ from what is in force; a Problem where one is beyond its limits."""
    checked = {name: DIALS[name].checked(value) for name, value in values.items()}
    return {name: value for name, value in checked.items() if value != DIALS[name].of(book)}


class Effect(NamedTuple):
    """What a trial does to the scores: before, after, the accounts whose band changes, most MRR first."""

    before: Scores
    after: Scores
    movers: pd.DataFrame
    matrix: pd.DataFrame

    @property
    def mrr_moving(self) -> float:
        """MRR of the accounts that change their band."""
        return float(self.movers["mrr"].sum())


def health_effect(book: Book, values: Mapping[str, float]) -> Effect:
    """How the scores and bands would be with these values, against those in force."""
    before, after = scores_at(book, book.closes - 1), scores(tried(book, values))
    rows = np.flatnonzero(before.customers & (before.band != after.band))
    rows = rows[np.argsort(-before.mrr[rows], kind="stable")]
    names = np.array(BANDS, dtype=object)
    movers = pd.DataFrame(
        {
            "account_id": book.accounts.index[rows],
            "name": book.accounts["name"].to_numpy()[rows],
            "csm": book.csm_now[rows],
            "mrr": before.mrr[rows] / book.scale,
            "health_before": before.health[rows],
            "health": after.health[rows],
            "band_before": names[before.band[rows]],
            "band": names[after.band[rows]],
        }
    )
    return Effect(before, after, movers, flows(before, after, book.scale).accounts)


class SignalEffect(NamedTuple):
    """For how many customers a signal fires, before and after, who comes and who goes; and the list at risk."""

    before: int
    after: int
    come: pd.DataFrame
    gone: pd.DataFrame
    at_risk_before: int
    at_risk_after: int


def signal_effect(book: Book, signal: Signal, values: Mapping[str, float]) -> SignalEffect:
    """Whom a signal would fire for with these values, and what that does to the number of accounts at risk."""
    other = tried(book, values)
    paying = book.balance(0, 0)[-1] > 0
    was, would = (firing(each, signal) & paying for each in (book, other))
    risky = np.array([0, 0]) if signal.purpose != "risk" else np.array([_at_risk(book), _at_risk(other)])
    return SignalEffect(
        int(was.sum()),
        int(would.sum()),
        listed(book, would & ~was, signal, other),
        listed(book, was & ~would, signal, book),
        int(risky[0]),
        int(risky[1]),
    )


def _at_risk(book: Book) -> int:
    found = fired(book, signals("risk"))
    chance = likelihood(found["weight"], found["row"], len(book))
    return int(((chance >= AT_RISK) & (book.balance(0, 0)[-1] > 0)).sum())
