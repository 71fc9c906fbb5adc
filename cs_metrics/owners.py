"""Who held an account when, and who answers for a loss soon after a hand-over."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_metrics.book import NO_HANDOVERS, UNASSIGNED, Book, Owners
from cs_metrics.months import last_day

GRACE_DAYS = 90


def owners_of(csm: pd.Series, history: pd.DataFrame | None, first_close: pd.Period, closes: int) -> Owners:
    """Who held each account at each close.

    ``csm`` names today's owner of each account, for all time where there is no history; ``history`` has columns
    ``row, csm, from_date``, and rules for the accounts it names: nobody holds them before their first row.
    """
    if history is None or history.empty:
        codes, names = pd.factorize(csm.astype(object), sort=True)
        held = np.broadcast_to(np.where(codes < 0, len(names), codes).astype(np.int32), (closes, len(csm)))
        return Owners(pd.Index([*names, UNASSIGNED]), held, NO_HANDOVERS)
    history = history.sort_values(["row", "from_date"], kind="stable")
    both = pd.concat([csm.astype(object), history["csm"].astype(object)], ignore_index=True)
    codes, names = pd.factorize(both.where(both != UNASSIGNED), sort=True)
    nobody = len(names)
    codes = np.where(codes < 0, nobody, codes)
    today, given = codes[: len(csm)], codes[len(csm) :]
    row = history["row"].to_numpy()
    base = today.copy()
    base[row] = nobody
    held = np.tile(base.astype(np.int32), (closes, 1))
    months = history["from_date"].to_numpy().astype("datetime64[M]").astype(np.int64)
    start = np.clip(months - first_close.ordinal, 0, closes)
    for at, r, code in zip(start, row, given, strict=True):
        held[at:, r] = code
    before = np.r_[nobody, given[:-1]]
    before[np.r_[True, row[1:] != row[:-1]]] = nobody
    changed = before != given
    handovers = pd.DataFrame(
        {
            "row": row,
            "day": history["from_date"].to_numpy().astype("datetime64[s]"),
            "before": before,
            "after": given,
        }
    )[changed]
    return Owners(pd.Index([*names, UNASSIGNED]), held, handovers.reset_index(drop=True))


def blamed(book: Book) -> np.ndarray:
    """Who answers for a loss that shows at each close under the grace rule: closes × rows.

    The holder, unless somebody else handed the account over 90 days or less before that close: then the one who
    did, at the latest hand-over. The first holder of an account took it from nobody.
    """
    answer = book.owners.held.copy()
    moved = book.owners.handovers.sort_values("day", kind="stable")
    moved = moved[moved["before"] != len(book.owners.names) - 1]
    ends = np.array([last_day(month) for month in book.months_with_lead], dtype="datetime64[D]")
    days = moved["day"].to_numpy().astype("datetime64[D]")
    start = book.closes_of(moved["day"])
    for later in range(GRACE_DAYS // 28, -1, -1):
        close = start + later
        inside = (close >= 0) & (close < book.closes)
        within = inside.copy()
        within[inside] = (ends[close[inside]] - days[inside]).astype(int) <= GRACE_DAYS
        chosen = moved[within]
        answer[close[within], chosen["row"].to_numpy()] = chosen["before"].to_numpy()
    return answer
