"""Which customers were touched as often as their stage asks, and which not for how long?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_metrics.book import Book
from cs_metrics.happened import facts_of
from cs_metrics.lately import age_days, cadence_days, days_since_contact

STAGES = ("first month", "to day 90", "after day 90")
UNTOUCHED = (30, 60, 90)


def touch(book: Book) -> pd.DataFrame:
    """Each customer's stage, the days it may go untouched and the days it has, the longest overdue first.

    ``stage, allowed, days_since, overdue, due_on`` beside what lists say of an account; ``overdue`` is blank within
    the cadence. A customer nobody has touched counts from its start.
    """
    facts_of(book, "touchpoints", "done_on")
    mrr, age = book.balance(0, 0)[-1], age_days(book)
    since, allowed = days_since_contact(book), cadence_days(book)
    here = np.flatnonzero((mrr > 0) & ~np.isnan(since))
    here = here[np.lexsort((-mrr[here], -(since - allowed)[here]))]
    today = np.datetime64(book.known_on, "D")
    left = allowed[here] - np.maximum(since[here], 0)
    return pd.DataFrame(
        {
            "account_id": book.accounts.index[here],
            "name": book.accounts["name"].to_numpy()[here],
            "csm": book.csm_now[here],
            "mrr": mrr[here] / book.scale,
            "stage": np.array(STAGES, dtype=object)[np.select([age[here] <= 30, age[here] <= 90], [0, 1], 2)],
            "days_since": np.maximum(since[here], 0),
            "allowed": allowed[here],
            "overdue": np.where(left < 0, -left, np.nan),
            "due_on": (today + left.astype("timedelta64[D]")).astype("datetime64[s]"),
        }
    )


def by_stage(rows: pd.DataFrame) -> pd.DataFrame:
    """Each stage: ``stage, allowed, accounts, kept, share, mrr, mrr_share``; one without customers is blank."""
    told = []
    for stage in STAGES:
        mine = rows[rows["stage"] == stage]
        kept = mine["overdue"].isna()
        mrr, covered = mine["mrr"].sum(), mine.loc[kept, "mrr"].sum()
        told.append(
            {
                "stage": stage,
                "allowed": mine["allowed"].iloc[0] if len(mine) else np.nan,
                "accounts": len(mine),
                "kept": int(kept.sum()),
                "share": kept.mean() if len(mine) else np.nan,
                "mrr": mrr,
                "mrr_share": covered / mrr if mrr else np.nan,
            }
        )
    return pd.DataFrame(told)


def untouched(rows: pd.DataFrame) -> pd.DataFrame:
    """Customers untouched for 30, 60, 90 days and more: ``days, accounts, mrr, share`` of all MRR."""
    total = rows["mrr"].sum()
    told = []
    for days in UNTOUCHED:
        mine = rows[rows["days_since"] >= days]
        mrr = mine["mrr"].sum()
        told.append({"days": days, "accounts": len(mine), "mrr": mrr, "share": mrr / total if total else np.nan})
    return pd.DataFrame(told)
