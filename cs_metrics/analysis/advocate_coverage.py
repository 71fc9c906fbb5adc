"""Where have we a reference or a story to show, by segment and use case, and where none?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_metrics.analysis.advocates import criteria
from cs_metrics.analysis.asks import validated
from cs_metrics.analysis.stories import confirmed
from cs_metrics.book import Book

ACROSS = ("use_case", "industry", "vertical", "region", "product")
EVERYONE = "All customers"


def axes(book: Book) -> tuple[str | None, list[str]]:
    """What the rows and the columns of the matrix may be: the segment, and the attributes that part customers."""
    known = [name for name in book.groupings if name not in ("csm", "product")]
    down = "segment" if "segment" in known else None
    across = [name for name in known if name != down]
    return down, sorted(across, key=lambda name: ACROSS.index(name) if name in ACROSS else len(ACROSS))


def standings(book: Book) -> pd.DataFrame:
    """Yes or no for each account: is it a customer, a validated reference, has it a story, is it an advocate."""
    reference = np.zeros(len(book), dtype=bool)
    reference[validated(book).index.to_numpy(dtype=np.intp)] = True
    mrr = book.balance(0, 0)[-1]
    return pd.DataFrame(
        {
            "customer": mrr > 0,
            "reference": reference,
            "story": confirmed(book),
            "advocate": criteria(book).advocate,
            "mrr": mrr / book.scale,
        }
    )


def coverage(book: Book, down: str | None, across: str | None, of: np.ndarray | None = None) -> pd.DataFrame:
    """How many customers, references, stories and advocates each part of the book has, and its MRR.

    One row for each pair of groups with a customer: ``down, across, customers, mrr, references, stories,
    advocates, rows``. The parts add up to the whole. ``of`` says which accounts are asked about; all, where not.
    """
    every = standings(book).assign(down=_labels(book, down), across=_labels(book, across), row=np.arange(len(book)))
    every = every[every["customer"] & (True if of is None else of)]
    parts = every.groupby(["down", "across"], sort=True)
    return parts.agg(
        customers=("customer", "sum"),
        mrr=("mrr", "sum"),
        references=("reference", "sum"),
        stories=("story", "sum"),
        advocates=("advocate", "sum"),
        rows=("row", list),
    ).reset_index()


def _labels(book: Book, by: str | None) -> np.ndarray:
    if by is None:
        return np.full(len(book), EVERYONE, dtype=object)
    labels, codes = book.groups(by)
    return labels.to_numpy(dtype=object)[codes]


def gaps(parts: pd.DataFrame, what: str = "references") -> pd.DataFrame:
    """The parts without any, most MRR first."""
    return parts[parts[what] == 0].sort_values("mrr", ascending=False, kind="stable").reset_index(drop=True)
