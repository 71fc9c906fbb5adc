"""Has each CSM the references and stories that the team wants her to have?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_metrics.analysis.advocate_coverage import standings
from cs_metrics.book import UNASSIGNED, Book
from cs_metrics.dials import dial

REFERENCES = dial("target.references", "Validated references a CSM should have", 2, "count", least=0, most=1000)
STORIES = dial("target.stories", "Confirmed stories a CSM should have", 3, "count", least=0, most=1000)


def progress(book: Book, of: np.ndarray | None = None) -> pd.DataFrame:
    """Each CSM's customers that are a validated reference or have a confirmed story, against the target.

    In the order of their names, not of their figures: ``csm, customers, references, references_target, stories,
    stories_target, missing``. ``missing`` says in words what is still to be won. ``of`` says which
    accounts are asked about; all, where not.
    """
    every = standings(book)
    every = every.assign(csm=book.csm_now)[every["customer"].to_numpy() & (True if of is None else of)]
    table = every.groupby("csm").agg(
        customers=("customer", "sum"), references=("reference", "sum"), stories=("story", "sum")
    )
    table = table.drop(index=UNASSIGNED, errors="ignore").sort_index().reset_index()
    wanted = [REFERENCES.of(book, name) for name in table["csm"]]
    told = [STORIES.of(book, name) for name in table["csm"]]
    table = table.assign(references_target=np.array(wanted, dtype=float), stories_target=np.array(told, dtype=float))
    table["missing"] = [_missing(row) for row in table.itertuples()]
    return table[["csm", "customers", "references", "references_target", "stories", "stories_target", "missing"]]


def _missing(row: tuple) -> str:
    lacks = []
    for name, singular in (("references", "reference"), ("stories", "story")):
        lack = int(np.ceil(getattr(row, f"{name}_target") - getattr(row, name)))
        if lack > 0:
            lacks.append(f"{lack} {singular if lack == 1 else name}")
    return " and ".join(lacks) or "nothing"
