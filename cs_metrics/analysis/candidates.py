"""Who to speak to about more, and why now: what would fit, what it would bring, and what says that now is the time."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_metrics.analysis.expansion import typical_rise
from cs_metrics.analysis.pipeline import offers
from cs_metrics.analysis.products_held import without_products
from cs_metrics.analysis.risk import fired
from cs_metrics.analysis.whitespace import risky, room
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
    signs = np.bincount(found["row"].to_numpy(dtype=np.intp), minlength=len(book))
    row = np.flatnonzero(signs)
    reasons = joined(found["row"].to_numpy(), found["reason"].to_numpy(dtype=object), "; ")
    order = np.lexsort((-mrr[row], -signs[row]))
    row = row[order]
    return pd.DataFrame(
        {
            "row": row,
            "account_id": book.accounts.index[row],
            "name": book.accounts["name"].to_numpy()[row],
            "csm": book.csm_now[row],
            "mrr": mrr[row],
            "signs": signs[row],
            "reasons": reasons[order],
        }
    )


def joined(rows: np.ndarray, texts: np.ndarray, by: str) -> np.ndarray:
    """The texts of each row joined, in the order they come, for the rows that have any, lowest row first."""
    order = np.argsort(rows, kind="stable")
    listed, ordered = texts[order].tolist(), rows[order]
    first = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(rows) else np.zeros(0, dtype=np.intp)
    last = np.r_[first[1:], len(listed)]
    said = [by.join(listed[a:b]) for a, b in zip(first.tolist(), last.tolist(), strict=False)]
    return np.array([*said, ""], dtype=object)[:-1]


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
    row = now["row"].to_numpy(dtype=np.intp)
    bring, products = _room(book)
    more = np.nan_to_num(_more_of_the_same(book, now, typical_rise(book.company) if rise is None else rise))
    named = [
        ", ".join(part for part in (held, MORE if extra > 0 else "") if part)
        for held, extra in zip(products[row].tolist(), more.tolist(), strict=True)
    ]
    table = now.assign(potential=bring[row] + more, products=named, why_now=now["reasons"], offered=_offered(book, row))
    table = table[table["potential"] > 0]
    order = np.argsort(-(table["potential"] * table["signs"]).to_numpy(), kind="stable")
    table = table.iloc[order].reset_index(drop=True)
    return table.assign(rank=np.arange(1, len(table) + 1))[list(COLUMNS)]


def _room(book: Book) -> tuple[np.ndarray, np.ndarray]:
    """What the products that fit and are not held would bring each row, and their names."""
    names = np.full(len(book), "", dtype=object)
    if without_products(book) is not None:
        return np.zeros(len(book)), names
    row, product, potential = room(book)
    listed = joined(row, book.lines.products.to_numpy(dtype=object)[product], ", ")
    names[np.unique(row)] = listed
    return np.bincount(row, np.nan_to_num(potential), len(book)), names


def _more_of_the_same(book: Book, now: pd.DataFrame, rise: float) -> np.ndarray:
    """What an account whose seats fill up or whose use rises would add, if it rose as others did; else blank."""
    fuller = fired(book, [each for each in signals("growth") if each.name in FULLER])["row"].unique()
    return np.where(np.isin(now["row"], fuller), now["mrr"] * rise, np.nan)


def _offered(book: Book, row: np.ndarray) -> np.ndarray:
    """What is on offer to each of these rows: the products or kinds of its open offers, with their stage."""
    said = np.full(len(book), None, dtype=object)
    if "opportunities" in book.facts:
        rows = offers(book)
        rows = rows[rows["open"]]
        what = rows["product"].where(rows["product"].notna(), rows["kind"]).astype(str) + ", " + rows["stage"]
        said[np.unique(rows["row"])] = joined(rows["row"].to_numpy(), what.to_numpy(dtype=object), "; ")
    return said[row]
