"""Which outcomes did customers achieve, what is the story, and who confirmed it?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_metrics.analysis.risk import described
from cs_metrics.book import Book
from cs_metrics.lately import CONFIRMED_WITHIN, days_before


def stories(book: Book) -> pd.DataFrame:
    """Every outcome, latest first, with its story, who confirmed it, and whether that person has left since.

    ``counts`` are those that a champion confirmed in the last 12 months of a customer of today.
    """
    if "outcomes" not in book.facts:
        return described(book, np.empty(0, dtype=np.intp)).assign(
            achieved_on=np.empty(0, dtype="datetime64[s]"), story=None, confirmed_by=None, gone=None, counts=False
        )
    rows = book.facts["outcomes"].sort_values("achieved_on", ascending=False, kind="stable")
    row = rows["row"].to_numpy(dtype=np.intp)
    named = rows["confirmed_by"].notna().to_numpy()
    fresh = (days_before(book, rows["achieved_on"]) <= CONFIRMED_WITHIN.of(book)).to_numpy()
    return described(book, row).assign(
        achieved_on=rows["achieved_on"].to_numpy(),
        story=rows["story"].to_numpy(),
        confirmed_by=rows["confirmed_by"].to_numpy(),
        gone=_gone(book, rows),
        counts=named & fresh & (book.balance(0, 0)[-1][row] > 0),
    )


def _gone(book: Book, rows: pd.DataFrame) -> np.ndarray:
    """The day on which the person who confirmed left the customer, where they did."""
    if not book.knows("contacts.left_on"):
        return np.full(len(rows), np.datetime64("NaT"), dtype="datetime64[s]")
    people = book.facts["contacts"].dropna(subset=["left_on"])
    people = people.sort_values("left_on").drop_duplicates(["row", "name"], keep="last")
    left = people.set_index(["row", "name"])["left_on"]
    asked = pd.MultiIndex.from_arrays([rows["row"], rows["confirmed_by"].astype(object)])
    return left.reindex(asked).to_numpy()


def confirmed(book: Book) -> np.ndarray:
    """Which customers have an outcome that a champion confirmed in the last 12 months."""
    told = np.zeros(len(book), dtype=bool)
    if "outcomes" in book.facts:
        rows = book.facts["outcomes"]
        good = rows["confirmed_by"].notna() & (days_before(book, rows["achieved_on"]) <= CONFIRMED_WITHIN.of(book))
        told[rows.loc[good, "row"]] = True
    return told & (book.balance(0, 0)[-1] > 0)
