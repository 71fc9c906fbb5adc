"""Months, and the quarters and years they make.

A month is a ``pandas.Period`` of frequency "M"; a run of months is a ``PeriodIndex``. Both print as ``2025-03``.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

Every = Literal["month", "quarter", "year"]
MONTHS_IN = {"month": 1, "quarter": 3, "year": 12}


def month(value: str | date | pd.Period) -> pd.Period:
    """Which month is this?

    >>> month("2025-03"), month("2025-03-31")
    (Period('2025-03', 'M'), Period('2025-03', 'M'))
    """
    return pd.Period(value, freq="M")


def months_between(first: str | pd.Period, last: str | pd.Period) -> pd.PeriodIndex:
    """The months from the first to the last, both included; none if they are the wrong way round."""
    return pd.period_range(month(first), month(last), freq="M", name="month")


def ordinals(yyyymm: np.ndarray) -> np.ndarray:
    """Months written as the numbers 202503 → months since 1970-01, the ordinals of pandas.

    >>> ordinals(np.array([197001, 202503])).tolist()
    [0, 662]
    """
    return (yyyymm // 100 - 1970) * 12 + yyyymm % 100 - 1


def last_day(of: pd.Period) -> date:
    """The last day of a month, at whose close its MRR is measured."""
    return of.end_time.date()


def label(last: pd.Period, every: Every, fiscal_start: int = 1) -> str:
    """The name of the month, quarter or year that ends with this month.

    A fiscal year is named for the calendar year in which it ends.

    >>> label(month("2025-03"), "month"), label(month("2025-03"), "quarter"), label(month("2025-12"), "year")
    ('2025-03', '2025-Q1', '2025')
    >>> label(month("2025-04"), "quarter", fiscal_start=2), label(month("2026-01"), "year", fiscal_start=2)
    ('FY2026-Q1', 'FY2026')
    """
    if every == "month":
        return str(last)
    into_year = (last.month - fiscal_start) % 12
    year = last.year if fiscal_start == 1 or last.month < fiscal_start else last.year + 1
    name = f"{year}" if fiscal_start == 1 else f"FY{year}"
    return name if every == "year" else f"{name}-Q{into_year // 3 + 1}"


def numbered(months: np.ndarray, every: Every, fiscal_start: int = 1) -> np.ndarray:
    """Which month, quarter or year each month lies in, counted from that of 1970-01. Months are ordinals.

    >>> [month(ordinal).ordinal for ordinal in ("2025-03", "2025-04")], numbered(np.array([662, 663]), "quarter")
    ([662, 663], array([220, 221]))
    """
    return (months - (fiscal_start - 1)) // MONTHS_IN[every]


def last_months(numbers: np.ndarray, every: Every, fiscal_start: int = 1) -> np.ndarray:
    """The last months of periods numbered by ``numbered``, as ordinals.

    >>> [str(pd.Period(ordinal=last, freq="M")) for last in last_months(np.array([220, 221]), "quarter")]
    ['2025-03', '2025-06']
    """
    return (numbers + 1) * MONTHS_IN[every] - 1 + (fiscal_start - 1)


class Stretch(NamedTuple):
    """A period as positions on a run of months: the closes ``opening`` and ``closing``, and its label."""

    label: str
    opening: int
    closing: int


def stretches(months: pd.PeriodIndex, every: Every, fiscal_start: int = 1) -> list[Stretch]:
    """The whole months, quarters or years whose opening close and every month lie in the run.

    >>> stretches(months_between("2024-12", "2025-06"), "quarter")
    [Stretch(label='2025-Q1', opening=0, closing=3), Stretch(label='2025-Q2', opening=3, closing=6)]
    """
    return list(_stretches(months[0].ordinal, len(months), every, fiscal_start)) if len(months) else []


@cache
def _stretches(first: int, count: int, every: Every, fiscal_start: int) -> tuple[Stretch, ...]:
    length = MONTHS_IN[every]
    ends = ((at, pd.Period(ordinal=first + at, freq="M")) for at in range(length, count))
    return tuple(
        Stretch(label(end, every, fiscal_start), at - length, at)
        for at, end in ends
        if (end.month - fiscal_start + 1) % length == 0
    )
