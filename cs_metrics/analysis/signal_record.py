"""How often did each signal come before what it warns of, and how often did nothing follow?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_metrics.analysis.likely import range_of_hits
from cs_metrics.analysis.quarter_ends import HORIZON, Progress, QuarterEnd, fired_then, quarter_ends
from cs_metrics.book import Book
from cs_metrics.facts import KNOWN
from cs_metrics.signal import SIGNALS, Purpose, Signal, signals

COLUMNS = (
    "signal", "label", "purpose", "times", "accounts", "followed", "not_followed", "precision", "low", "high",
    "preceded", "lift", "quarter_ends", "dark",
)  # fmt: skip


def signal_record(
    book: Book,
    horizon: int = HORIZON,
    purpose: Purpose = "risk",
    only: np.ndarray | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Each signal's record at the past quarter-ends, as known then, against what followed within the horizon.

    A risk is followed where the account was lost (left, or paid half or less), a signal of growth where it paid more
    at the end. One row per signal: ``times`` it fired for a customer, for how many ``accounts``, ``followed`` or not;
    ``precision`` the share followed, with its 80 % range, ``preceded`` the share of all such ends it came before,
    ``lift`` the precision over the share of all customers. ``quarter_ends`` counts the days it could be told;
    ``dark`` says why it never could.
    """
    ends = quarter_ends(book, horizon, only)
    fired = []
    for place, end in enumerate(ends):
        if progress is not None:
            progress(place / len(ends), f"{end.day}")
        fired.append(fired_then(book, end.day, purpose))
    rows = [_of(each, book, ends, fired, purpose) for each in signals(purpose)]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"dark": object})


def _of(
    signal: Signal, book: Book, ends: list[QuarterEnd], fired: list[pd.DataFrame], purpose: Purpose
) -> dict[str, object]:
    account, hit, base, happened, told = [], [], 0, 0, 0
    for end, found in zip(ends, fired, strict=True):
        if undated(signal) or signal.name in found.attrs["dark"]:
            continue
        told += 1
        came = end.lost if purpose == "risk" else end.grown
        which = np.isin(end.rows, found.loc[found["signal"] == signal.name, "row"])
        account.append(end.rows[which])
        hit.append(came[which])
        base, happened = base + len(came), happened + int(came.sum())
    who = np.concatenate([*account, np.empty(0, np.intp)])
    followed = np.concatenate([*hit, np.empty(0, bool)]).astype(bool)
    times, hits = len(who), int(followed.sum())
    precision = hits / times if times else np.nan
    low, high = range_of_hits(who, followed)
    return {
        "signal": signal.name,
        "label": signal.label,
        "purpose": purpose,
        "times": times,
        "accounts": len(np.unique(who)),
        "followed": hits,
        "not_followed": times - hits,
        "precision": precision,
        "low": low,
        "high": high,
        "preceded": hits / happened if happened else np.nan,
        "lift": precision / (happened / base) if happened else np.nan,
        "quarter_ends": told,
        "dark": "" if told else why_dark(book, signal),
    }


def undated(signal: Signal) -> list[str]:
    """What it reads that is known only as it is today, not as it was: columns of the accounts."""
    every = [need for group in signal.needs for need in ((group,) if isinstance(group, str) else group)]
    return [need for need in every if need.partition(".")[0] not in KNOWN]


def why_dark(book: Book, signal: Signal) -> str:
    """Why a signal has no record."""
    if reason := signal.dark(book):
        return reason
    if columns := undated(signal):
        return f"{signal.label}: {' and '.join(columns)} of the accounts are known as of today, not as they were"
    return f"{signal.label}: no quarter-end has a whole horizon after it"


def fired_for(book: Book, signal: str, horizon: int = HORIZON, only: np.ndarray | None = None) -> pd.DataFrame:
    """Behind a signal's record: every customer it fired for at a past quarter-end, latest first, and what became."""
    found, purpose = [], SIGNALS[signal].purpose
    grown = purpose == "growth"
    for end in quarter_ends(book, horizon, only):
        rows = fired_then(book, end.day, purpose)
        which = np.isin(end.rows, rows.loc[rows["signal"] == signal, "row"])
        close = book.close_of(pd.Period(end.day, "M"))
        came = (end.grown if grown else end.lost)[which]
        found.append(
            pd.DataFrame(
                {
                    "account_id": book.accounts.index[end.rows[which]],
                    "name": book.accounts["name"].to_numpy()[end.rows[which]],
                    "day": pd.Timestamp(end.day),
                    "mrr": book.balance(0, 0)[close][end.rows[which]] / book.scale,
                    "became": np.where(came, "paid more" if grown else "was lost", "did not" if grown else "stayed"),
                }
            )
        )
    return pd.concat(found[::-1], ignore_index=True) if found else pd.DataFrame()
