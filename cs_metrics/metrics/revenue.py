"""Revenue in force: MRR, ARR, customers, ARPA."""

from __future__ import annotations

import numpy as np

from cs_metrics.metric import Amounts, metric
from cs_metrics.units import COUNT, MONEY

STANDARD = "Standard of the field"


@metric(
    label="MRR",
    unit=MONEY,
    formula="recurring revenue in force at the close of the month, per month",
    source=STANDARD,
)
def mrr(mrr: np.ndarray) -> Amounts:
    """How much recurring revenue is in force per month?

    Recurring revenue in force at the close of the month's last day: no one-off charges, tax or usage overage.
    Trials and accounts at price zero have none.
    """
    return mrr, None


@metric(label="ARR", unit=MONEY, formula="12 × MRR", source=STANDARD)
def arr(mrr: np.ndarray) -> Amounts:
    """How much recurring revenue is in force per year?"""
    return 12 * mrr, None


@metric(
    label="Customers",
    unit=COUNT,
    top=COUNT,
    formula="accounts with MRR above zero at the close of the month",
    source=STANDARD,
)
def customers(mrr: np.ndarray) -> Amounts:
    """How many accounts pay?"""
    return (mrr > 0).astype(np.int64), None


@metric(label="ARPA", unit=MONEY, bottom=COUNT, formula="MRR over customers", source=STANDARD)
def arpa(mrr: np.ndarray) -> Amounts:
    """What does an account pay per month, on average?"""
    return mrr, (mrr > 0).astype(np.int64)
