"""How much does each CSM carry? Accounts, MRR, and how much work they are: a count of plain facts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_metrics.analysis.risk import at_risk
from cs_metrics.book import UNASSIGNED, Book
from cs_metrics.dials import Dial, dial
from cs_metrics.happened import end_of_closes, started

YEAR = 365
ONE = dial("complexity.account", "Complexity of any account", 1, "points", most=100)
PRODUCTS = dial("complexity.products", "More for an account with several products", 0.5, "points", most=100)
ONBOARDING = dial("complexity.onboarding", "More for an account in its first 90 days", 1, "points", most=100)
RENEWAL = dial("complexity.renewal", "More for an account that renews within 90 days", 0.5, "points", most=100)
RISK = dial("complexity.risk", "More for an account at risk", 1, "points", most=100)
LARGE = dial("complexity.large", "More for an account among the largest tenth by MRR", 0.5, "points", most=100)
EXTRAS: dict[str, tuple[Dial, str]] = {
    "products": (PRODUCTS, "several products"),
    "onboarding": (ONBOARDING, "in the first 90 days"),
    "renewal": (RENEWAL, "renews within 90 days"),
    "risk": (RISK, "at risk"),
    "large": (LARGE, "among the largest tenth"),
}
COLUMNS = ("csm", "accounts", "mrr", "complexity", "per_account", *EXTRAS, "share")


def complexity(book: Book) -> pd.DataFrame:
    """How much work each customer is, and why: ``account_id, name, csm, mrr, complexity, why`` and a column per reason.

    Every account counts one; more for several products, for its first 90 days, for a renewal within 90 days, for being
    at risk, for being among the largest tenth by MRR of the whole company. The points are settings.
    """
    mrr = book.balance(0, 0)[-1]
    here = np.flatnonzero(mrr > 0)
    flags = {name: which[here] for name, which in _reasons(book, mrr).items()}
    points = np.full(len(here), ONE.of(book), dtype=float)
    for name, (extra, _) in EXTRAS.items():
        points += np.where(flags[name], extra.of(book), 0)
    why = ["; ".join(words for name, (_, words) in EXTRAS.items() if flags[name][place]) for place in range(len(here))]
    return pd.DataFrame(
        {
            "account_id": book.accounts.index.to_numpy()[here],
            "name": book.accounts["name"].to_numpy()[here],
            "csm": book.csm_now[here],
            "mrr": mrr[here] / book.scale,
            "complexity": points,
            "why": why,
            **flags,
        }
    )


def _reasons(book: Book, mrr: np.ndarray) -> dict[str, np.ndarray]:
    end = end_of_closes(book)[-1]
    lines = book.lines
    products = np.bincount(lines.row[lines.amounts[-1] > 0], minlength=len(book))
    renews = np.zeros(len(book), dtype=bool)
    if book.renewals is not None:
        ahead = book.renewals["day"].to_numpy().astype("datetime64[D]").astype(np.int64) - end
        renews[book.renewals["row"].to_numpy(dtype=np.intp)[(ahead >= 0) & (ahead <= 90)]] = True
    company = book.company
    close = book.first_close.ordinal + book.closes - 1 - company.first_close.ordinal
    paying = np.sort(company.balance(0, 0)[close])
    paying = paying[paying > 0]
    large = paying[-int(np.ceil(len(paying) / 10))] if len(paying) else 1
    return {
        "products": products > 1,
        "onboarding": end - started(book) <= 90,
        "renewal": renews,
        "risk": np.isin(book.accounts.index, at_risk(book)["account_id"]),
        "large": mrr >= large,
    }


def capacity(book: Book) -> pd.DataFrame:
    """Accounts, MRR and complexity in each CSM's hands at the last close, in the order of their names.

    ``per_account`` is the mean complexity of an account, ``share`` a CSM's part of all complexity; the reasons are
    counted. What nobody holds stands last. The rows add up to the company.
    """
    each = complexity(book)
    if each.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    counted = {name: (name, "sum") for name in EXTRAS}
    found = each.groupby("csm").agg(
        accounts=("name", "size"), mrr=("mrr", "sum"), complexity=("complexity", "sum"), **counted
    )
    found = found.assign(
        per_account=found["complexity"] / found["accounts"], share=found["complexity"] / found["complexity"].sum()
    )
    nobody = found.index == UNASSIGNED
    found = pd.concat([found[~nobody].sort_index(), found[nobody]]).reset_index()
    return found[list(COLUMNS)]


PAIRS = (
    ("nps", "response_rate", "A score rises by itself when only friends are asked."),
    ("surprise_churn", "false_alarms", "Who flags everyone is never surprised."),
    ("net_revenue_retention", "logo_retention", "One large account that grows hides many that leave."),
    ("cadence_kept", "first_contact_resolution", "Many calls may be the same trouble, told again."),
)


def opposite(name: str) -> str | None:
    """The measure a figure is shown beside, so that neither can be chased alone; None where it has none.

    >>> opposite("nps")
    'response_rate'
    """
    return next((pair[1 - pair.index(name)] for pair in PAIRS if name in pair[:2]), None)
