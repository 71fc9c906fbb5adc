"""What the past says of the coming renewals: how likely each is, and what else a period loses and gains.

The past is asked the question of today: at the opening of each of the last eight periods, which accounts were due
in the months that followed, how healthy did they look on that day, and did they stay? An account's own renewal date
is its next one and says nothing of the past (who renewed has a later date, who left still has the old one), so only
renewals that were worked on, as opportunities, count. Where none were, the accounts of a year ago take their place:
a year's contract is renewed about as often as a year's customer stays.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from cs_metrics.book import Book, Dark
from cs_metrics.health import BANDS, bands

POOLED = 20
PERIODS = 8
ELSEWHERE_PERIODS = 4
YEAR = 12
SAME_RENEWAL_DAYS = 90


class Past(NamedTuple):
    """What was learned. ``chances`` is one per account, indexed by account_id.

    ``cells`` has one row per segment and health band: ``segment, band, renewals, kept, chance``. Of the opening MRR,
    a period loses the share ``shrunk`` to reductions and gains ``grown``; of what is not due in it, ``left`` leaves.
    ``worked`` tells whether past renewals could be asked, ``rate`` how many of the ``renewals`` asked stayed.
    """

    chances: pd.Series
    cells: pd.DataFrame
    rate: float
    renewals: int
    worked: bool
    shrunk: float
    grown: float
    left: float

    @property
    def source(self) -> str:
        """Where the chances come from, in two sentences."""
        what = (
            f"{self.renewals:,} renewals of the last {PERIODS} periods"
            if self.worked
            else f"the {self.renewals:,} customers of a year ago, as no past renewals are known"
        )
        return (
            f"Chances by segment and health, from {what}: {100 * self.rate:.1f} % stayed. "
            f"Small groups lean on that rate as if {POOLED} more had renewed at it."
        )


def past(book: Book, months: int = 3) -> Past:
    """What the past says of the ``months`` after the book's last close, for each account as it stands.

    Raises Dark where there is neither a past renewal nor a year of revenue to learn from.
    """
    return book.answered(("renewal past", months, book.known_on), lambda: _past(book, months))


def pooled(kept: np.ndarray, count: np.ndarray) -> tuple[float, np.ndarray]:
    """The rate of all, and each group's rate drawn towards it as if twenty more had been seen at that rate.

    The rate of all is never quite 0 or 1: what never happened so far may happen.

    >>> rate, each = pooled(np.array([9, 30]), np.array([12, 30]))
    >>> round(rate, 6), each.round(6).tolist()      # (20 × 39/42 + 9) / 32, (20 × 39/42 + 30) / 50
    (0.928571, [0.861607, 0.971429])
    """
    total = count.sum()
    rate = float(np.clip(kept.sum() / total, 0.5 / (total + 1), (total + 0.5) / (total + 1)))
    return rate, (POOLED * rate + kept) / (POOLED + count)


def _past(book: Book, months: int) -> Past:
    if not len(book) or not len(book.months):
        raise Dark("The book has no account with revenue.")
    due = worked_renewals(book)
    seen = _renewed(book, due, months)
    worked = len(seen) > 0
    seen = seen if worked else _stayed(book)
    segments, segment = book.groups("segment") if "segment" in book.accounts else _one_segment(book)
    size = len(segments) * len(BANDS)
    cell = segment[seen["row"]] * len(BANDS) + seen["band"].to_numpy()
    count = np.bincount(cell, minlength=size)
    kept = np.bincount(cell, seen["kept"], minlength=size)
    rate, chance = pooled(kept, count)
    place, band = np.divmod(np.arange(size), len(BANDS))
    cells = pd.DataFrame(
        {
            "segment": segments.to_numpy(dtype=object)[place],
            "band": np.array(BANDS, dtype=object)[band],
            "renewals": count,
            "kept": kept.astype(int),
            "chance": chance,
        }
    )
    now = segment * len(BANDS) + bands(book)
    return Past(
        pd.Series(chance[now], index=book.accounts.index, name="chance"),
        cells[count > 0].reset_index(drop=True),
        rate,
        int(count.sum()),
        worked,
        *_elsewhere(book, due if worked else None, months),
    )


def _one_segment(book: Book) -> tuple[pd.Index, np.ndarray]:
    return pd.Index(["all"]), np.zeros(len(book), dtype=np.intp)


def worked_renewals(book: Book) -> pd.DataFrame:
    """The past renewals that somebody worked on, as ``row, close``: the close of the renewal month."""
    none = pd.DataFrame({"row": np.empty(0, np.intp), "close": np.empty(0, np.intp)})
    deals = book.facts.get("opportunities")
    if book.renewals is None or deals is None or not {"kind", "closes_on"} <= set(deals.columns):
        return none
    deals = deals[(deals["kind"].str.casefold().str.strip() == "renewal") & deals["closes_on"].notna()]
    both = book.renewals.assign(close=book.closes_of(book.renewals["day"])).merge(deals[["row", "closes_on"]], on="row")
    near = (both["day"] - both["closes_on"]).abs() <= pd.Timedelta(days=SAME_RENEWAL_DAYS)
    inside = (both["close"] > 0) & (both["close"] < book.closes)
    return both.loc[near & inside, ["row", "close"]].drop_duplicates().reset_index(drop=True)


def _renewed(book: Book, due: pd.DataFrame, months: int) -> pd.DataFrame:
    """Past renewals as they looked at the opening of their period: ``row, band, kept``."""
    balance = book.balance(0, 0)
    found = [pd.DataFrame({"row": np.empty(0, np.intp), "band": np.empty(0, np.intp), "kept": np.empty(0)})]
    for back in range(1, PERIODS + 1):
        opening = book.closes - 1 - back * months
        if opening < book.lead:
            break
        here = due[(due["close"] > opening) & (due["close"] <= opening + months)]
        row, close = here["row"].to_numpy(), here["close"].to_numpy()
        paid = balance[close - 1, row] > 0
        row, close = row[paid], close[paid]
        if len(row):
            rows, place = np.unique(row, return_inverse=True)
            band = bands(_as_of(book.take(rows), opening))[place]
            found.append(pd.DataFrame({"row": row, "band": band, "kept": balance[close, row] > 0}))
    return pd.concat(found, ignore_index=True).astype({"row": np.intp, "band": np.intp, "kept": float})


def _stayed(book: Book) -> pd.DataFrame:
    """The customers of a year ago, as they looked then: ``row, band, kept``."""
    opening = book.closes - 1 - YEAR
    if opening < book.lead:
        raise Dark(
            "Nothing tells how likely a renewal is: there are no past renewals (opportunities of kind renewal), and "
            "less than a year of revenue."
        )
    balance = book.balance(0, 0)
    row = np.flatnonzero(balance[opening] > 0)
    if not len(row):
        raise Dark("Nothing tells how likely a renewal is: nobody was a customer a year ago.")
    band = bands(_as_of(book.take(row), opening))
    return pd.DataFrame({"row": row, "band": band, "kept": (balance[-1, row] > 0).astype(float)})


def _as_of(book: Book, close: int) -> Book:
    return book.as_of(book.months_with_lead[close].end_time.date())


def _elsewhere(book: Book, due: pd.DataFrame | None, months: int) -> tuple[float, float, float]:
    """What a period loses to reductions and gains by rises, of its opening MRR, and what leaves of what is not due.

    Over the last four periods together. Where past renewals are not known, ``left`` is of all MRR.
    """
    opened = shrunk = grown = apart = left = 0
    for back in range(1, ELSEWHERE_PERIODS + 1):
        opening = book.closes - 1 - back * months
        if opening < 0:
            break
        asked = book.window(opening, opening + months)
        before, after = asked.balance(months, 0)[0], asked.balance(months, months)[0]
        not_due = np.ones(len(book), dtype=bool)
        if due is not None:
            not_due[due.loc[(due["close"] > opening) & (due["close"] <= opening + months), "row"]] = False
        opened += int(before.sum())
        shrunk += int(np.where(after > 0, np.maximum(before - after, 0), 0).sum())
        grown += int(np.where(before > 0, np.maximum(after - before, 0), 0).sum())
        apart += int(before[not_due].sum())
        left += int(before[not_due & (after == 0)].sum())
    return shrunk / max(opened, 1), grown / max(opened, 1), left / max(apart, 1)
