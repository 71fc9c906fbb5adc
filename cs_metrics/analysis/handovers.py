"""Hand-overs: what changed hands, what became of it, and whose figure it is under each owner rule.

An account handed over is worth what it paid at the close before the month in which it changed hands; what happens
from then on happens in the new hands. In constant currency everything is at the rate of the period's opening.
"""

from __future__ import annotations

from typing import get_args

import numpy as np
import pandas as pd

from cs_metrics.analysis.movements import last_period
from cs_metrics.book import Book, OwnerRule
from cs_metrics.metric import Metric

RULES: tuple[OwnerRule, ...] = get_args(OwnerRule)
COLUMNS = ("account_id", "name", "day", "from", "to", "mrr_then", "mrr_now", "change", "became")
AMOUNTS = ("mrr_then", "mrr_now", "change")
TRANSFERS = ("opening", "transfer_in", "transfer_out", "movements", "closing")


def handovers(book: Book, months: int = 3) -> pd.DataFrame:
    """Which accounts changed hands in the last months, with what MRR, and what became of it?

    One row per paying account and month in which its holder changed, what moved most first; of several changes in a
    month the last day and the two ends. The amounts add up to the transfers of the CSMs' waterfalls. A book of some
    CSMs shows what came to them and what they passed on.

    >>> book = Book.of_mrr({"Acme": [100, 100]}, first="2025-01", csm=["Ann"])
    >>> handovers(book, 1).empty
    True
    """
    reach = max(min(months, book.closes - 1), 0)
    if not reach:
        return pd.DataFrame({c: pd.Series(dtype=float if c in AMOUNTS else object) for c in COLUMNS})
    asked = book.window(book.closes - 1 - reach, book.closes - 1)
    close, row = asked.handed
    balance, held = asked.balance_and_changes()[0], asked.owners.held
    then = balance[close - 1, row]
    shown = then > 0
    if book.whose is not None:
        shown &= np.isin(held[close, row], list(book.whose)) | np.isin(held[close - 1, row], list(book.whose))
    close, row, then = close[shown], row[shown], then[shown]
    first_lost = _first_without(balance, close, row)
    return _listed(asked, close, row, first_lost, np.stack([then, balance[-1, row]]) / book.scale)


def _first_without(balance: np.ndarray, close: np.ndarray, row: np.ndarray) -> np.ndarray:
    """The first close from each hand-over on at which its account paid nothing, -1 where it paid throughout."""
    gone = (balance[:, row] == 0) & (np.arange(len(balance))[:, None] >= close)
    return np.where(gone.any(axis=0), gone.argmax(axis=0), -1)


def _listed(book: Book, close: np.ndarray, row: np.ndarray, lost: np.ndarray, amounts: np.ndarray) -> pd.DataFrame:
    names, held = book.owners.names.to_numpy(dtype=object), book.owners.held
    then, now = amounts
    return (
        pd.DataFrame(
            {
                "account_id": book.accounts.index.to_numpy()[row],
                "name": book.accounts["name"].to_numpy()[row],
                "day": _days(book, close, row),
                "from": names[held[close - 1, row]],
                "to": names[held[close, row]],
                "mrr_then": then,
                "mrr_now": now,
                "change": now - then,
                "became": _became(book, lost, then, now),
            },
            columns=list(COLUMNS),
        )
        .sort_values("day", ascending=False, kind="stable")
        .sort_values("change", key=abs, ascending=False, kind="stable")
        .reset_index(drop=True)
    )


def _days(book: Book, close: np.ndarray, row: np.ndarray) -> np.ndarray:
    """The last day in each close's month on which the account changed hands."""
    moved = book.owners.handovers
    cell = book.closes_of(moved["day"]) * len(book) + moved["row"].to_numpy()
    last = pd.Series(moved["day"].to_numpy()).groupby(cell).max()
    return last.reindex(close * len(book) + row).to_numpy()


def _became(book: Book, lost: np.ndarray, then: np.ndarray, now: np.ndarray) -> np.ndarray:
    """What became of each account since it changed hands, in words."""
    months = np.array([str(month) for month in book.months_with_lead], dtype=object)
    return np.select(
        [(now == 0) & (lost >= 0), lost >= 0, now > then, now < then],
        ["left in " + months[lost], "left in " + months[lost] + " and came back", "grew", "shrank"],
        "unchanged",
    )


def transfers(book: Book, months: int = 3, by: str = "csm") -> pd.DataFrame:
    """What did each CSM take over and hand on in the last months? Rows that close, one per CSM.

    opening + transfer_in + transfer_out + movements = closing; what is handed on is negative. People with nothing
    to show are left out. By ``account_id``, of a book held by one CSM, a row per account. Over all CSMs and
    "unassigned" the transfers are nothing, to the cent.
    """
    table = last_period(book, months, by=by)
    flows = table.columns.difference([*TRANSFERS], sort=False)
    table = table.assign(movements=table[flows].sum(axis=1))[[*TRANSFERS]]
    table.index = table.index.astype(object).rename(by)
    return table[(table != 0).any(axis=1)]


def under_rules(metric: Metric, book: Book, months: int = 3) -> pd.DataFrame:
    """How does each CSM's figure move under the other owner rules? One row per CSM, a column per rule.

    Under every rule the tops and bottoms of all CSMs and "unassigned" add up to the company's. Blank where a rule
    gives a CSM nothing to start from.
    """
    reach = min(months, book.closes - 1)
    if reach < months:
        return pd.DataFrame(columns=list(RULES), dtype=float)
    asked = book.window(book.closes - 1 - months, book.closes - 1)
    found = {rule: metric.tally(asked.under(owner=rule), months, "csm").values.iloc[-1] for rule in RULES}
    table = pd.DataFrame(found).rename_axis("csm")
    return table[table.notna().any(axis=1)]


def inherited(book: Book, months: int | None = None) -> pd.DataFrame:
    """What in each CSM's hands was inherited, what became of it, and what was theirs from the start?

    One row per CSM who holds accounts at the last close: ``now`` = ``inherited`` (MRR of the accounts taken over, at
    the hand-over) + ``since`` (what they grew, less what they lost) + ``own`` (accounts held since their first
    revenue, or since the data begin). ``inherited_accounts``, ``inherited_left`` and ``own_accounts`` count them.
    With ``months`` only what was taken over in the last so many months is inherited. At the last close's rates.

    >>> book = Book.of_mrr({"Acme": [100, 120]}, first="2025-01", csm=["Ann"])
    >>> inherited(book)[["inherited", "since", "own", "now"]].loc["Ann"].tolist()
    [0.0, 0.0, 120.0, 120.0]
    """
    names = book.owners.names
    if not book.closes:
        return pd.DataFrame(columns=["inherited", "since", "own", "now"], dtype=float)
    took, then, now, held = _taken_over(book, months)

    def summed(of: np.ndarray) -> np.ndarray:
        total = np.zeros(len(names), dtype=np.int64)
        np.add.at(total, held, of)
        return total

    table = pd.DataFrame(
        {
            "inherited_accounts": summed(took),
            "inherited_left": summed(took & (now == 0)),
            "own_accounts": summed(~took & (now > 0)),
            "inherited": summed(then) / book.scale,
            "since": summed(np.where(took, now - then, 0)) / book.scale,
            "own": summed(np.where(took, 0, now)) / book.scale,
            "now": summed(now) / book.scale,
        },
        index=names.rename("csm"),
    )
    if book.whose is not None:
        table = table.iloc[sorted(book.whose)]
    return table[(table != 0).any(axis=1)]


def inherited_accounts(book: Book, csm: str, months: int | None = None) -> pd.DataFrame:
    """The accounts in a CSM's hands behind ``inherited``: what each was worth then, and is now; they add up to it.

    Accounts that were not taken over and pay nothing now are left out.
    """
    took, then, now, held = _taken_over(book, months)
    row = np.flatnonzero((held == book.owners.names.get_loc(csm)) & (took | (now > 0)))
    own = np.where(took, 0, now)[row] / book.scale
    then, now, took = then[row] / book.scale, now[row] / book.scale, took[row]
    told = np.select([~took, now == 0, now > then, now < then], ["own", "inherited, left", "inherited, grew",
                     "inherited, shrank"], "inherited, unchanged")  # fmt: skip
    table = pd.DataFrame(
        {
            "account_id": book.accounts.index.to_numpy()[row],
            "name": book.accounts["name"].to_numpy()[row],
            "inherited": then,
            "since": np.where(took, now - then, 0),
            "own": own,
            "now": now,
            "note": told,
        }
    )
    return table.sort_values(["inherited", "own"], ascending=False, kind="stable", ignore_index=True)


def _taken_over(book: Book, months: int | None) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Which accounts were taken over by who holds them now, their MRR then, all MRR now, and who holds each."""
    balance, held = book.at_rate_of(book.closes - 1), book.owners.held[-1]
    close, row = book.handed
    last = np.full(len(book), -1)
    np.maximum.at(last, row, close)
    since_when = 0 if months is None else book.closes - months
    at = np.flatnonzero(last >= max(since_when, 1))
    at = at[balance[last[at] - 1, at] > 0]
    took, then = np.zeros(len(book), dtype=bool), np.zeros(len(book), dtype=np.int64)
    took[at], then[at] = True, balance[last[at] - 1, at]
    return took, then, balance[-1], held
