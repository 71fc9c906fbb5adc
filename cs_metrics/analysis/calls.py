"""CSMs' calls of renewals: what they said beforehand, frozen week by week, held against what happened.

A call is never changed: whoever changes their mind makes another one. The call that stands at the end of a week is
that week's; a score asks for the call that stood so many days before the renewal, and never for a later one.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_metrics.analysis.what_if import CHOICES
from cs_metrics.book import UNASSIGNED, Book, Dark

NO_CALLS = "No calls yet: say on this page what you expect of each renewal."
EACH = ["row", "renewal_date"]
AHEAD = (1, 30, 60, 90)
WEEKS = ("week", "csms", "calls", "over", "hits", "hit_rate", "due", "error", "bias", "brier", "model_brier")
SCORED = ("csm", "calls", "hits", "hit_rate", "due", "error", "bias", "brier", "model_brier")


def calls(book: Book) -> pd.DataFrame:
    """Every call known on the book's day, by account, renewal and day: ``row, renewal_date, called_on, csm, call…``.

    Words that are no call (other than renew, shrink, grow, lose) and calls on or after the day of the renewal are
    left out. Raises Dark where there is none.
    """
    if "renewal_calls" not in book.facts:
        raise Dark(NO_CALLS)
    rows = book.facts["renewal_calls"]
    rows = rows.assign(call=rows["call"].str.casefold().str.strip(), csm=rows["csm"].astype(object).fillna(UNASSIGNED))
    usable = rows["call"].isin(CHOICES) & (rows["called_on"] < rows["renewal_date"])
    return rows[usable].sort_values([*EACH, "called_on"], kind="stable").reset_index(drop=True)


def frozen(book: Book) -> pd.DataFrame:
    """The calls as they stood at the end of each week in which one was made, with that week's Monday as ``week``."""
    found = calls(book)
    day = found["called_on"].dt.normalize()
    found = found.assign(week=day - pd.to_timedelta(day.dt.day_of_week, unit="D"))
    return found.drop_duplicates([*EACH, "week"], keep="last").reset_index(drop=True)


def standing_calls(book: Book, ahead: int = 1) -> pd.DataFrame:
    """The last call of each renewal made at least so many days before it: one row per account and renewal."""
    found = calls(book)
    early = found[(found["renewal_date"] - found["called_on"]).dt.days >= max(ahead, 1)]
    return early.drop_duplicates(EACH, keep="last").reset_index(drop=True)


def held_against(book: Book, ahead: int = 1) -> pd.DataFrame:
    """The standing call of each renewal against what happened, latest renewal first.

    ``due`` is the MRR at the close before the renewal month, ``actual`` at its close, in the book's currency at the
    rate of the former; both blank, and ``hit`` too, while the renewal month is not over or where nothing was due. A
    call of renew is a hit where at least what was due is paid, grow where more is, shrink where less but something
    is, lose where nothing is. ``called`` is the MRR called, or what the call means where no amount was given.
    """
    return book.answered(("calls", ahead, book.known_on), lambda: _held_against(book, ahead))


def _held_against(book: Book, ahead: int) -> pd.DataFrame:
    held = _judged(book, standing_calls(book, ahead))
    held = held.sort_values(["renewal_date", "account_id"], ascending=[False, True], kind="stable")
    return held.reset_index(drop=True)


def week_by_week(book: Book) -> pd.DataFrame:
    """Every frozen call, the one that stood at the end of its week, against what happened: the latest week first.

    Columns as in ``held_against``, with the Monday of the ``week`` and the ``note``.
    """
    return book.answered(("calls by week", book.known_on), lambda: _week_by_week(book))


def _week_by_week(book: Book) -> pd.DataFrame:
    found = frozen(book)
    held = _judged(book, found).assign(week=found["week"].to_numpy(), note=found["note"].to_numpy(dtype=object))
    order = ["week", "csm", "renewal_date", "account_id"]
    return held.sort_values(order, ascending=[False, True, True, True], kind="stable").reset_index(drop=True)


def weeks(held: pd.DataFrame) -> pd.DataFrame:
    """Each week's calls and their score, the latest week first: of ``week_by_week``.

    ``csms`` called, ``calls`` stood at its end, ``over`` of them are decided; the score is that of ``score``, of these.
    """
    rows = []
    for week, calls in held.groupby("week", sort=True):
        over = calls[calls["hit"].notna()]
        _, decided, hits, *rest = _scored("", over)
        rows.append((week, calls["csm"].nunique(), len(calls), decided, hits, *rest))
    return pd.DataFrame(rows[::-1], columns=list(WEEKS))


def _judged(book: Book, found: pd.DataFrame) -> pd.DataFrame:
    """Each call with what was due, what was paid, and whether it came true."""
    row, close = found["row"].to_numpy(dtype=np.intp), book.closes_of(found["renewal_date"])
    due, actual = _paid(book, row, close)
    with np.errstate(invalid="ignore"):
        happened = np.select([actual == 0, actual < due, actual > due], ["lose", "shrink", "grow"], "renew")
    happened = pd.Series(happened, dtype=object).where(~np.isnan(actual)).to_numpy(dtype=object)
    call = found["call"].to_numpy(dtype=object)
    meant = np.select([call == "renew", call == "lose"], [due, np.where(np.isnan(due), np.nan, 0.0)], np.nan)
    given = found["mrr"].to_numpy(dtype=float) / book.scale
    hit = (call == happened) | ((call == "renew") & (happened == "grow"))
    return pd.DataFrame(
        {
            "account_id": book.accounts.index.to_numpy()[row],
            "name": book.accounts["name"].to_numpy()[row],
            "csm": found["csm"].to_numpy(dtype=object),
            "renewal_date": found["renewal_date"].to_numpy(),
            "called_on": found["called_on"].to_numpy(),
            "call": call,
            "called": np.where(np.isnan(given), meant, given),
            "due": due,
            "actual": actual,
            "happened": happened,
            "hit": np.where(np.isnan(actual), np.nan, hit.astype(float)),
            "chance": found["chance"].to_numpy(dtype=float),
        }
    )


def _paid(book: Book, row: np.ndarray, close: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """MRR at the closes before, and at, the renewal months; not numbers where unknown or where nothing was due."""
    due, actual = np.full(len(row), np.nan), np.full(len(row), np.nan)
    if book.closes < 2:
        return due, actual
    over = (close > 0) & (close < book.closes)
    before, after = book.balance(1, 0), book.balance(1, 1)
    due[over] = before[close[over] - 1, row[over]] / book.scale
    actual[over] = after[close[over] - 1, row[over]] / book.scale
    nothing = due == 0
    due[nothing] = actual[nothing] = np.nan
    return due, actual


def score(held: pd.DataFrame) -> pd.DataFrame:
    """How well each CSM called, and all together in the last row: calls whose renewal is over only.

    ``hit_rate`` is hits over calls; ``error`` Σ |called − actual| over Σ due and ``bias`` Σ (called − actual) over Σ
    due, of the calls with an amount; ``brier`` the mean squared miss of the call taken as certain to stay or leave,
    ``model_brier`` that of the model's chances given at the time, both on the calls that have such a chance.
    """
    over = held[held["hit"].notna()]
    groups = [(str(csm), rows) for csm, rows in over.groupby("csm", sort=True)]
    return pd.DataFrame([_scored(name, rows) for name, rows in [*groups, ("all", over)]], columns=list(SCORED))


def _scored(name: str, rows: pd.DataFrame) -> tuple[object, ...]:
    amount = rows[rows["called"].notna()]
    due, missed = amount["due"].sum(), amount["called"] - amount["actual"]
    asked = rows[rows["chance"].notna()]
    stayed = (asked["actual"] > 0).astype(float)
    return (
        name,
        len(rows),
        int(rows["hit"].sum()),
        rows["hit"].mean() if len(rows) else np.nan,
        rows["due"].sum(),
        missed.abs().sum() / due if due else np.nan,
        missed.sum() / due if due else np.nan,
        ((asked["call"] != "lose") - stayed).pow(2).mean() if len(asked) else np.nan,
        (asked["chance"] - stayed).pow(2).mean() if len(asked) else np.nan,
    )
