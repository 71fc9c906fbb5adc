"""Renewals: of the revenue that came up for renewal, how much stayed.

A transaction view, unlike retention: only accounts whose renewal date falls in the period count. What was due is
the MRR at the close of the month before the renewal month, what was renewed the MRR at the close of the renewal
month, both at the exchange rate of the period's opening.
"""

from __future__ import annotations

import numpy as np

from cs_metrics.book import Book, Dark
from cs_metrics.metric import Amounts, measure, metric
from cs_metrics.units import PERCENT

RENEWAL_CENTER = "Renewal rate of what was due, as in Gainsight's Renewal Center"


def _in_renewal_month(book: Book, months: int, upto: int, close: int) -> np.ndarray:
    """Each row's MRR at the closes of its renewal months (``close`` = 0) or the ones before (−1): periods × rows.

    Only renewal months among the first ``upto`` months of each period count.
    """
    if book.renewals is None:
        raise Dark("No renewal dates: add the column renewal_date to the accounts.")
    row, renewal = book.renewals["row"].to_numpy(), book.closes_of(book.renewals["day"])
    periods = max(book.closes - months, 0)
    total = np.zeros((periods, len(book)), dtype=np.int64)
    for month in range(1, upto + 1):
        period = renewal - month
        inside = (period >= 0) & (period < periods)
        balance = book.balance(months, month + close)
        np.add.at(total, (period[inside], row[inside]), balance[period[inside], row[inside]])
    return total


@measure(period=True)
def due(book: Book, months: int, upto: int) -> np.ndarray:
    """MRR that came up for renewal in the period."""
    return _in_renewal_month(book, months, upto, close=-1)


@measure(period=True)
def renewed(book: Book, months: int, upto: int) -> np.ndarray:
    """MRR that accounts due in the period pay at the close of their renewal month."""
    return _in_renewal_month(book, months, upto, close=0)


@metric(
    label="Gross renewal rate",
    unit=PERCENT,
    formula="MRR renewed in {months}, rises not counted, over the MRR that was due",
    source=RENEWAL_CENTER,
)
def gross_renewal_rate(renewed: np.ndarray, due: np.ndarray) -> Amounts:
    """Of the revenue that came up for renewal, how much was kept, before any rise?"""
    return np.minimum(renewed, due), due


@metric(
    label="Net renewal rate",
    unit=PERCENT,
    formula="MRR renewed in {months}, rises counted, over the MRR that was due",
    source=RENEWAL_CENTER,
)
def net_renewal_rate(renewed: np.ndarray, due: np.ndarray) -> Amounts:
    """Of the revenue that came up for renewal, how much was kept, rises counted?"""
    return np.where(due > 0, renewed, 0), due
