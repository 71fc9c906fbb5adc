"""Whose pulse is due: every customer with the last judgement, how old it is, and what the data say beside it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_metrics.analysis.risk import described
from cs_metrics.book import Book
from cs_metrics.dials import dial, in_force

REASONS = (
    "Usage",
    "Value not shown",
    "Support",
    "Price",
    "Competitor",
    "Champion left",
    "Budget",
    "Company change",
    "Product gap",
    "Other",
)
REASON = dial("pulse.reason", "Reasons offered with a pulse: 1 offered, 0 not", 1, "count", most=1)
PULSE_STALE = dial("pulse.stale", "Days after which a pulse is stale", 30, "days", least=1, most=365)


def reasons_offered(book: Book) -> list[str]:
    """The reasons a pulse or a risk may be given: those that ship and those the team added, but for those taken off.

    >>> reasons_offered(Book.of_mrr({"Acme": [100]}))[:3]
    ['Usage', 'Value not shown', 'Support']
    """
    return [reason for reason, offered in reasons(book).items() if offered]


def reasons(book: Book) -> dict[str, bool]:
    """Every reason there is, and whether it is offered."""
    added = [about for name, about in in_force(book) if name == REASON.name and about]
    return {reason: REASON.of(book, reason) > 0 for reason in dict.fromkeys([*REASONS, *sorted(added)])}


def pulse_table(book: Book, risky: pd.DataFrame | None = None) -> pd.DataFrame:
    """Every customer with its last pulse and its age in days; those never judged or stale first, then by MRR.

    Stale is a pulse of more than 30 days. ``why`` is what the signals say, where ``risky`` lists the accounts at risk.
    """
    rows = np.flatnonzero(book.balance(0, 0)[-1] > 0) if book.closes else np.empty(0, dtype=np.intp)
    table = described(book, rows).drop(columns="rank")
    age = table["pulse_age_days"].to_numpy(dtype=float)
    said = {} if risky is None else dict(zip(risky["account_id"], risky["why"], strict=True))
    table = table.assign(stale=~(age <= PULSE_STALE.of(book)), why=table["account_id"].astype(object).map(said))
    return table.sort_values(["stale", "mrr"], ascending=[False, False], kind="stable", ignore_index=True)
