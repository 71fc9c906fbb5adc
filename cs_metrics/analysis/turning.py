"""Which advocates are turning: they would have spoken for us some months ago, and now would not, or soon may not?"""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd

from cs_metrics.analysis.advocates import ADVOCATE, Criteria, criteria, with_criteria
from cs_metrics.analysis.risk import fired, said_together
from cs_metrics.book import Book, Problem
from cs_metrics.dials import dial
from cs_metrics.signal import SIGNALS

BACK = dial("advocates.back", "Days back at which advocates are compared with today", 180, "days", least=30, most=730)
FALLING = (
    "usage_is_falling",
    "pulse_is_falling",
    "pulse_is_low",
    "is_a_detractor",
    "champion_has_left",
    "competitor_is_mentioned",
    "risk_is_flagged",
    "revenue_has_contracted",
)
COOLED = {
    "is_a_promoter": "no longer a promoter",
    "is_a_power_user": "no longer a power user",
    "has_no_open_risk": "a risk is open",
}


def turning(book: Book) -> pd.DataFrame:
    """Customers that were advocates half a year ago and are not now, and friends of today with a falling signal.

    Friends of today are advocates, and promoters or accounts with pulse 5. ``was`` says what they were, ``because``
    what changed; most MRR first. What was known then is read as it was known then.
    """
    now = criteria(book)
    then = _then(book)
    paying = book.balance(0, 0)[-1] > 0
    was = then.advocate if then is not None else np.zeros(len(book), dtype=bool)
    said = falling(book)
    falls = np.isin(np.arange(len(book)), said.index)
    cooled = was & ~now.advocate & paying
    rows = np.flatnonzero(cooled | ((was | now.warm) & falls & paying))
    rows = rows[np.argsort(-book.balance(0, 0)[-1][rows], kind="stable")]
    lost = {int(row): _lost(then, now, int(row)) for row in rows if cooled[row]} if then is not None else {}
    because = [
        "; ".join(dict.fromkeys([*lost.get(int(row), []), *([said[row]] if falls[row] else [])])) or "pulse no longer 5"
        for row in rows
    ]
    names = np.select([was[rows], now.met["is_a_promoter"].to_numpy()[rows]], ["advocate", "promoter"], "pulse 5")
    return with_criteria(book, rows).assign(was=names, because=because)


def falling(book: Book) -> pd.Series:
    """The accounts with a falling signal, and what it says."""
    return book.kept(("falling", book.known_on), lambda: _falling(book))


def _falling(book: Book) -> pd.Series:
    return said_together(fired(book, [SIGNALS[name] for name in FALLING if name in SIGNALS]))


def _then(book: Book) -> Criteria | None:
    """What the accounts met some months ago; None where the book does not reach back so far."""
    day = book.known_on - timedelta(days=round(BACK.of(book)))
    try:
        before = book.as_of(day)
    except Problem:
        return None
    return criteria(before) if before.closes else None


def _lost(then: Criteria, now: Criteria, row: int) -> list[str]:
    """Which of an advocate's criteria the account met then and misses now."""
    gone = [
        name
        for name in ("is_a_promoter", *ADVOCATE)
        if name in now.known and then.met.loc[row, name] and not now.met.loc[row, name]
    ]
    return [COOLED[name] for name in gone]
