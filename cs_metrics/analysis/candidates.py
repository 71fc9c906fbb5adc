"""Who to speak to about more, and why now: what would fit, what it would bring, and what says that now is the time."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_metrics.analysis.expansion import typical_rise
from cs_metrics.analysis.pipeline import offers
from cs_metrics.analysis.products_held import without_products
from cs_metrics.analysis.risk import fired
from cs_metrics.analysis.whitespace import risky, whitespace
from cs_metrics.book import Book
from cs_metrics.signal import signals

FULLER = ("product_limit_is_reached", "seats_are_nearly_full", "team_is_growing", "usage_is_rising")
MORE = "more of the same"
COLUMNS = ("rank", "account_id", "name", "csm", "mrr", "potential", "products", "why_now", "signs", "offered")


def growing(book: Book) -> pd.DataFrame:
    """The customers for whom a sign of growth is seen, most signs first, then most MRR.

    One row per account: ``row, account_id, name, csm, mrr, signs`` (how many), ``reasons`` (their sentences).
    """
    found = fired(book, signals("growth"))
    mrr = book.balance(0, 0)[-1] / book.scale
    found = found[mrr[found["row"].to_numpy(dtype=np.intp)] > 0]
    each = found.groupby("row")["reason"].agg(list)
    row = each.index.to_numpy(dtype=np.intp)
    signs = each.map(len).to_numpy(dtype=np.int64)
    order = np.lexsort((-mrr[row], -signs))
    row = row[order]
    return pd.DataFrame(
        {
            "row": row,
            "account_id": book.accounts.index[row],
            "name": book.accounts["name"].to_numpy()[row],
            "csm": book.csm_now[row],
            "mrr": mrr[row],
            "signs": signs[order],
            "reasons": each.map("; ".join).to_numpy()[order],
        }
    )


def candidates(book: Book, at_risk: np.ndarray | None = None, rise: float | None = None) -> pd.DataFrame:
    """Whom to speak to about more, ranked by potential × signs of growth; accounts at risk are left out.

    One row per account, ``COLUMNS``. ``potential`` is the MRR of all products that fit and are not held, and, where
    seats or use say so, of more of the same: the rise that customers who bought more typically made. ``signs`` counts
    the signals of growth; ``why_now`` says them. An account without a sign, or without a potential, is none.
    ``offered`` names what is already being offered to it.
    """
    threatened = risky(book) if at_risk is None else at_risk
    now = growing(book)
    now = now[~threatened[now["row"].to_numpy(dtype=np.intp)]]
    room = _room(book, threatened)
    more = _more_of_the_same(book, now, typical_rise(book.company) if rise is None else rise)
    products = now["account_id"].map(room["products"]) if len(room) else pd.Series(None, now.index, dtype=object)
    bring = now["account_id"].map(room["potential"]).astype(float) if len(room) else pd.Series(np.nan, now.index)
    potential = bring.fillna(0).to_numpy() + np.nan_to_num(more)
    named = [
        ", ".join(([*each] if isinstance(each, list) else []) + ([MORE] if extra > 0 else []))
        for each, extra in zip(products, np.nan_to_num(more), strict=True)
    ]
    table = now.assign(potential=potential, products=named, why_now=now["reasons"], offered=_offered(book, now))
    table = table[table["potential"] > 0]
    order = np.argsort(-(table["potential"] * table["signs"]).to_numpy(), kind="stable")
    table = table.iloc[order].reset_index(drop=True)
    return table.assign(rank=np.arange(1, len(table) + 1))[list(COLUMNS)]


def _room(book: Book, threatened: np.ndarray) -> pd.DataFrame:
    """Of each account what fits and is not held: ``products, potential``."""
    if without_products(book) is not None:
        return pd.DataFrame({"products": [], "potential": []})
    each = whitespace(book, threatened).groupby("account_id", observed=True)
    return pd.DataFrame({"products": each["product"].agg(list), "potential": each["potential"].sum(min_count=1)})


def _more_of_the_same(book: Book, now: pd.DataFrame, rise: float) -> np.ndarray:
    """What an account whose seats fill up or whose use rises would add, if it rose as others did; else blank."""
    fuller = fired(book, [each for each in signals("growth") if each.name in FULLER])["row"].unique()
    return np.where(np.isin(now["row"], fuller), now["mrr"] * rise, np.nan)


def _offered(book: Book, now: pd.DataFrame) -> pd.Series:
    """What is on offer to each account: the products or kinds of its open offers, with their stage."""
    if "opportunities" not in book.facts:
        return pd.Series(None, now.index, dtype=object)
    rows = offers(book)
    rows = rows[rows["open"]]
    what = rows["product"].where(rows["product"].notna(), rows["kind"]).astype(str) + ", " + rows["stage"]
    return now["row"].map(what.groupby(rows["row"]).agg("; ".join))
