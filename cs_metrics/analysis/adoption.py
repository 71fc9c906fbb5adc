"""How deep is the product in use: by group, by the year customers came, and which accounts use how many seats?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from cs_metrics.book import UNKNOWN, Book
from cs_metrics.metrics.adoption import active, active_user_share, feature_breadth, logins_per_user, seats

DEPTH = (active_user_share, feature_breadth, logins_per_user)
COHORT = "customer_since"
EDGES = (0.5, 0.7, 0.8, 0.95)
BANDS = ("under 50 %", "50 to 70 %", "70 to 80 %", "80 to 95 %", "95 % and more")


def with_cohorts(book: Book) -> Book:
    """The book with the year each account came as an attribute: that of its start date, else of its first MRR."""
    first = book.first_close.ordinal + book.first_paid
    since = np.where(book.first_paid < book.closes, (1970 + first // 12).astype(str).astype(object), UNKNOWN)
    if "start_date" in book.accounts:
        said = book.accounts["start_date"].dt.year
        since = np.where(said.notna(), said.fillna(0).astype(int).astype(str), since)
    return replace(book, accounts=book.accounts.assign(**{COHORT: since}), memory={})


def depth(book: Book, by: str) -> pd.DataFrame:
    """Each group's figures of use in the last month: groups × the metrics' names, and the seats they rest on.

    Groups for which nothing is known are left out.
    """
    last = {each.name: each.tally(book, 1, by).values.iloc[-1] for each in DEPTH}
    known = active_user_share.tally(book, 1, by).bottom.iloc[-1]
    return pd.DataFrame(last | {"seats": known}).dropna(how="all", subset=list(last))


def seat_use(book: Book) -> pd.DataFrame:
    """The customers whose use is known and how many of their seats are used, most MRR first: ``seat_use, band``."""
    used, bought = (measure(book, 0, 0)[-1] for measure in (active, seats))
    mrr = book.balance(0, 0)[-1]
    here = np.flatnonzero((bought > 0) & (mrr > 0))
    here = here[np.argsort(-mrr[here], kind="stable")]
    share = used[here] / bought[here]
    return pd.DataFrame(
        {
            "account_id": book.accounts.index[here],
            "name": book.accounts["name"].to_numpy()[here],
            "csm": book.csm_now[here],
            "mrr": mrr[here] / book.scale,
            "active_users": used[here],
            "licensed_seats": bought[here],
            "seat_use": share,
            "band": np.array(BANDS, dtype=object)[np.searchsorted(EDGES, share, side="right")],
        }
    )


def by_band(rows: pd.DataFrame) -> pd.DataFrame:
    """Accounts and MRR by how many of their seats are used: ``band, accounts, mrr, share`` of all their MRR."""
    parts = rows.groupby("band")["mrr"].agg(accounts="size", mrr="sum").reindex(BANDS, fill_value=0)
    total = parts["mrr"].sum()
    return parts.assign(share=parts["mrr"] / total if total else np.nan).rename_axis("band").reset_index()
