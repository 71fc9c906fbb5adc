"""Who is at risk, why, and with what plan; ranked by the MRR at stake times the likelihood of losing it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_metrics.analysis.plans import plans
from cs_metrics.book import Book
from cs_metrics.health import health
from cs_metrics.lately import per_account, pulses
from cs_metrics.signal import SIGNALS, Signal, signals

AT_RISK = 0.2
PLAN_STALE_DAYS = 14
COLUMNS = (
    "rank",
    "account_id",
    "name",
    "csm",
    "mrr",
    "renewal_date",
    "health",
    "pulse",
    "reasons",
    "plan",
    "plan_age_days",
)


def fired(book: Book, of: list[Signal]) -> pd.DataFrame:
    """Every signal that fires, one row per account and signal: ``row, signal, reason, weight``."""
    found = [each.fired(book).assign(signal=each.name, weight=each.weight_of(book)) for each in of]
    return pd.concat(found, ignore_index=True)


def likelihood(weights: pd.Series, rows: pd.Series, accounts: int) -> np.ndarray:
    """The chance of a loss, were each signal alone a reason: 1 − Π (1 − weight).

    >>> likelihood(pd.Series([0.3, 0.5]), pd.Series([1, 1]), 2).round(3)
    array([0.  , 0.65])
    """
    return 1 - np.exp(np.bincount(rows.to_numpy(dtype=np.intp), np.log1p(-weights.to_numpy()), accounts))


def at_risk(book: Book) -> pd.DataFrame:
    """The customers at risk on the book's day, most MRR times likelihood first.

    One row per account whose signals together make a loss at least 20 % likely, with every reason. Beside the
    columns the command line gives stand ``why`` (the heaviest reason and how many more), ``signals`` and
    ``sentences`` (what fired and what it says, heaviest first), ``likelihood``, ``stake`` (MRR × likelihood) and
    ``plan_state``.
    """
    found = fired(book, signals("risk"))
    chance = likelihood(found["weight"], found["row"], len(book))
    mrr = book.balance(0, 0)[-1] / book.scale
    rows = np.flatnonzero((chance >= AT_RISK) & (mrr > 0))
    rows = rows[np.argsort(-(chance * mrr)[rows], kind="stable")]
    said, names = heaviest_first(found, rows, "reason"), heaviest_first(found, rows, "signal")
    table = described(book, rows).assign(
        reasons=["; ".join(each) for each in said],
        why=[each[0] if len(each) == 1 else f"{each[0]} +{len(each) - 1}" for each in said],
        signals=pd.Series(names, dtype=object),
        sentences=pd.Series(said, dtype=object),
        likelihood=chance[rows],
        stake=(chance * mrr)[rows],
    )
    return with_plans(book, rows, table)


def heaviest_first(found: pd.DataFrame, rows: np.ndarray, what: str) -> list[list[str]]:
    """For each of these rows what its signals say, the heaviest signal first."""
    order = np.lexsort((-found["weight"].to_numpy(), found["row"].to_numpy()))
    ordered, told = found["row"].to_numpy()[order], found[what].to_numpy(dtype=object)[order]
    first, last = np.searchsorted(ordered, rows, "left"), np.searchsorted(ordered, rows, "right")
    return [told[a:b].tolist() for a, b in zip(first.tolist(), last.tolist(), strict=True)]


def said_together(found: pd.DataFrame) -> pd.Series:
    """All that is said of each account in one sentence, in the order of the signals: by row.

    >>> said_together(pd.DataFrame({"row": [4, 2, 4], "reason": ["late", "calm", "loud"]})).to_dict()
    {2: 'calm', 4: 'late; loud'}
    """
    order = np.argsort(found["row"].to_numpy(), kind="stable")
    row, told = found["row"].to_numpy()[order], found["reason"].to_numpy(dtype=object)[order].tolist()
    rows, first = np.unique(row, return_index=True)
    ends = [*first[1:].tolist(), len(told)] if len(rows) else []
    said = ["; ".join(told[a:b]) for a, b in zip(first.tolist(), ends, strict=True)]
    return pd.Series(said, pd.Index(rows, name="row"), dtype=object)


def how_many_at_risk(book: Book) -> int:
    """How many customers ``at_risk`` lists, without what it says of them."""
    found = fired(book, signals("risk"))
    chance = likelihood(found["weight"], found["row"], len(book))
    return int(np.count_nonzero((chance >= AT_RISK) & (book.balance(0, 0)[-1] > 0)))


def of_accounts(table: pd.DataFrame, book: Book) -> pd.DataFrame:
    """The rows of a ranked list that are about a book's accounts, ranked anew."""
    kept = table[table["account_id"].isin(book.accounts.index)]
    return kept.assign(rank=np.arange(1, len(kept) + 1)).reset_index(drop=True)


def by_reason(risky: pd.DataFrame) -> pd.Series:
    """How many accounts at risk each signal has fired for, by the signal's label, most first."""
    fired_by = risky["signals"].explode().map(lambda name: SIGNALS[name].label)
    return fired_by.value_counts()


def described(book: Book, rows: np.ndarray) -> pd.DataFrame:
    """What every list of accounts says of an account: rank, id, name, CSM, MRR, renewal, health, pulse."""
    accounts = book.accounts.iloc[rows]
    score = health(book)["health"].to_numpy()
    given = pulses(book) if "pulses" in book.facts else pd.DataFrame({"pulse": [], "age": []}, dtype=float)
    return pd.DataFrame(
        {
            "rank": np.arange(1, len(rows) + 1),
            "account_id": accounts.index,
            "name": accounts["name"].to_numpy(),
            "csm": book.csm_now[rows],
            "mrr": book.balance(0, 0)[-1][rows] / book.scale,
            "renewal_date": accounts["renewal_date"].to_numpy() if "renewal_date" in accounts else pd.NaT,
            "health": score[rows],
            "pulse": per_account(book, given["pulse"])[rows],
            "pulse_age_days": np.maximum(per_account(book, given["age"])[rows], 0),
        }
    )


def with_plans(book: Book, rows: np.ndarray, table: pd.DataFrame) -> pd.DataFrame:
    """The table with each account's plan, how it stands, and the days since it was last worked on."""
    found = plans(book).iloc[rows]
    return table.assign(
        plan=found["plan"].to_numpy(dtype=object),
        plan_state=found["state"].to_numpy(dtype=object),
        plan_age_days=found["age"].to_numpy(dtype=float),
    )
