"""Retention: what became of the revenue and the accounts a period opened with.

All of them look at opening accounts only, the customers at the opening of the period: what new and returning
accounts bring does not enter. Between the two ends of the period nothing is looked at; an opening account that
left and came back counts with what it pays at the close.
"""

from __future__ import annotations

import numpy as np

from cs_metrics.metric import Amounts, metric
from cs_metrics.units import COUNT, PERCENT

POINT_TO_POINT = "Cohort method, the commonest in use: SaaS Capital's survey, GitLab, Confluent; Vitally"


def _counted(true: np.ndarray) -> np.ndarray:
    return true.astype(np.int64)


@metric(
    label="Net revenue retention",
    unit=PERCENT,
    formula="the MRR now of the accounts that paid {months} ago, over their MRR then",
    source=POINT_TO_POINT,
)
def net_revenue_retention(closing: np.ndarray, opening: np.ndarray) -> Amounts:
    """How much do the opening accounts pay now, rises counted?

    Undefined where nobody paid at the opening.

    >>> from cs_metrics.book import Book
    >>> book = Book.of_mrr({"up": [100, 120], "gone": [100, 0], "new": [0, 50]})
    >>> net_revenue_retention.of(book, months=1).iloc[-1]    # (120 + 0) / (100 + 100)
    np.float64(0.6)
    """
    return np.where(opening > 0, closing, 0), opening


@metric(
    label="Gross revenue retention",
    unit=PERCENT,
    formula="what is left of the MRR of {months} ago, rises not counted, over that MRR",
    source=POINT_TO_POINT,
    capped=True,
)
def gross_revenue_retention(closing: np.ndarray, opening: np.ndarray) -> Amounts:
    """How much of the opening revenue is still here, before any expansion?

    Each account counts at most with its opening MRR (switch: each product of each account). Never above 100 %,
    never above net revenue retention. Undefined where nobody paid at the opening.

    >>> from cs_metrics.book import Book
    >>> book = Book.of_mrr({"up": [100, 120], "down": [100, 40]})
    >>> gross_revenue_retention.of(book, months=1).iloc[-1]    # (100 + 40) / 200
    np.float64(0.7)
    """
    return np.minimum(closing, opening), opening


@metric(
    label="Logo retention",
    unit=PERCENT,
    top=COUNT,
    bottom=COUNT,
    formula="customers of {months} ago that are customers now, over the customers then",
    source="Standard of the field",
)
def logo_retention(closing: np.ndarray, opening: np.ndarray) -> Amounts:
    """How many of the opening accounts are still customers?"""
    return _counted((opening > 0) & (closing > 0)), _counted(opening > 0)


@metric(
    label="Logo churn rate",
    unit=PERCENT,
    top=COUNT,
    bottom=COUNT,
    good="down",
    formula="customers of {months} ago that are gone, over the customers then",
    source="Standard of the field",
)
def logo_churn_rate(closing: np.ndarray, opening: np.ndarray) -> Amounts:
    """How many of the opening accounts have left?"""
    return _counted((opening > 0) & (closing == 0)), _counted(opening > 0)


@metric(
    label="Revenue churn rate",
    unit=PERCENT,
    good="down",
    formula="the MRR {months} ago of the accounts that are gone, over all MRR then",
    source=POINT_TO_POINT,
)
def revenue_churn_rate(closing: np.ndarray, opening: np.ndarray) -> Amounts:
    """How much of the opening revenue left with accounts that are gone?"""
    return np.where(closing == 0, opening, 0), opening


@metric(
    label="Contraction rate",
    unit=PERCENT,
    good="down",
    formula="what accounts still here pay less than {months} ago, over all MRR then",
    source=POINT_TO_POINT,
)
def contraction_rate(closing: np.ndarray, opening: np.ndarray) -> Amounts:
    """How much of the opening revenue was lost to reductions by accounts that stayed?"""
    return np.where(closing > 0, np.maximum(opening - closing, 0), 0), opening


@metric(
    label="Expansion rate",
    unit=PERCENT,
    formula="what opening accounts pay more than {months} ago, over all MRR then",
    source=POINT_TO_POINT,
)
def expansion_rate(closing: np.ndarray, opening: np.ndarray) -> Amounts:
    """How much did the opening accounts add to the opening revenue?"""
    return np.where(opening > 0, np.maximum(closing - opening, 0), 0), opening


@metric(
    label="Closing over opening",
    unit=PERCENT,
    good="neither",
    formula="all MRR now over all MRR {months} ago, new accounts included",
    source="A common mistake for net revenue retention; shown to explain it",
)
def closing_over_opening(closing: np.ndarray, opening: np.ndarray) -> Amounts:
    """By how much has the whole book grown, new accounts included?

    Not a retention rate: new business hides what was lost.
    """
    return closing, opening
