"""Which part of the score moved whom: the change of a score, split over its parts without a rest.

An account's change has four sources, which add up to it exactly. Over the parts known on both days the score is a
weighted mean with shares s: a part gives its mean share × the change of its value, and changed weights give the change
of each share × the mean value. A part that came to be known gives share × (its value − the mean of the parts known on
both days); one that is known no more takes away the same. So an unchanged part never gets the blame for a part that
appears, although its share of the score has changed.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_metrics.book import Book
from cs_metrics.health import PARTS, health, weights

WEIGHTS = "weights"


def contributions(before: np.ndarray, weight_before: np.ndarray, now: np.ndarray, weight_now: np.ndarray) -> np.ndarray:
    """What each part, and last the weights, gave to the change of each score: accounts × (parts + 1).

    ``before`` and ``now`` are accounts × parts, not a number where unknown. Steady at 80 while a survey of 40 appears:

    >>> contributions(np.array([[80.0, np.nan]]), np.ones(2), np.array([[80.0, 40.0]]), np.ones(2))
    array([[  0., -20.,   0.]])
    """
    had, has = ~np.isnan(before), ~np.isnan(now)
    both = had & has
    old, new = np.nan_to_num(before), np.nan_to_num(now)
    share_old, share_new = _shares(both, weight_before), _shares(both, weight_now)
    core_old, core_new = (share_old * old).sum(axis=1), (share_new * new).sum(axis=1)
    none: np.ndarray = np.minimum(share_old.sum(axis=1), share_new.sum(axis=1)) == 0
    whole_old, whole_new = _shares(had, weight_before), _shares(has, weight_now)
    middle = ((whole_old * old).sum(axis=1) + (whole_new * new).sum(axis=1)) / 2
    core_old, core_new = np.where(none, middle, core_old), np.where(none, middle, core_new)
    share_old, share_new = share_old * ~none[:, None], share_new * ~none[:, None]
    given = (share_old + share_new) / 2 * (new - old)
    came = (has & (~both | none[:, None])) * whole_new * (new - core_new[:, None])
    went = (had & (~both | none[:, None])) * whole_old * (old - core_old[:, None])
    by_weights = ((share_new - share_old) * (old + new) / 2).sum(axis=1)
    return np.column_stack([given + came - went, by_weights])


def _shares(known: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Each part's share of the weight known; 0 where nothing of weight is known."""
    weighed = known * weight
    total = weighed.sum(axis=1, keepdims=True)
    return np.divide(weighed, total, out=np.zeros(weighed.shape), where=total > 0)


def moved(before: Book, now: Book) -> pd.DataFrame:
    """Each customer with a score on both days: ``health_before, health, change`` and what each part gave to it.

    Most MRR × change first. The columns named after the parts, and ``weights``, add up to ``change``.
    """
    old, new = health(before), health(now)
    mrr = now.balance(0, 0)[-1]
    rows = np.flatnonzero((mrr > 0) & old["health"].notna().to_numpy() & new["health"].notna().to_numpy())
    names = list(PARTS)
    gave = contributions(old[names].to_numpy()[rows], weights(before), new[names].to_numpy()[rows], weights(now))
    change = (new["health"].to_numpy() - old["health"].to_numpy())[rows]
    table = pd.DataFrame(
        {
            "account_id": now.accounts.index[rows],
            "name": now.accounts["name"].to_numpy()[rows],
            "csm": now.csm_now[rows],
            "mrr": mrr[rows] / now.scale,
            "health_before": old["health"].to_numpy()[rows],
            "health": new["health"].to_numpy()[rows],
            "change": change,
            **dict(zip((*names, WEIGHTS), gave.T, strict=True)),
        }
    )
    return table.iloc[np.argsort(-np.abs(change * mrr[rows]), kind="stable")].reset_index(drop=True)


def by_part(found: pd.DataFrame) -> pd.DataFrame:
    """What each part did to the health of these accounts together: ``part, points, better, worse``.

    ``points`` is weighted by MRR and adds up to the change of their mean; ``better`` and ``worse`` count the accounts
    that the part raised or lowered by a point or more.
    """
    weight = found["mrr"].to_numpy() / found["mrr"].sum() if len(found) else np.empty(0)
    names = [*PARTS, WEIGHTS]
    return pd.DataFrame(
        {
            "part": names,
            "points": [float((found[name].to_numpy() * weight).sum()) for name in names],
            "better": [int((found[name] >= 1).sum()) for name in names],
            "worse": [int((found[name] <= -1).sum()) for name in names],
        }
    )
