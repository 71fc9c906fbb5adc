"""Likely ranges against published tables and a second implementation's figures, to six digits."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from conftest import CASES

from cs_metrics.analysis.likely import gross_range, likely_range, net_range, wilson
from cs_metrics.book import Book
from cs_metrics.metric import METRICS

F2 = pd.read_csv(CASES / "f2_book40.csv")
START, END = F2["start_arr"].to_numpy(float), F2["end_arr"].to_numpy(float)
F1_START = np.array([10000, 8000, 6000, 5000, 4000, 3000, 2000, 1000, 1000], float)
F1_END = np.array([12000, 8000, 0, 4000, 4000, 3600, 2000, 0, 1000], float)


@pytest.mark.parametrize(
    ("kept", "of", "low", "high"),
    [
        (36, 40, 0.769482, 0.960420),
        (20, 20, 0.838875, 1),
        (18, 20, 0.698966, 0.972134),
        (45, 50, 0.786398, 0.956524),
        (93, 100, 0.862505, 0.965681),
        (7, 9, 0.452589, 0.936775),
    ],
)
def test_logo_ranges_are_wilsons(kept: int, of: int, low: float, high: float) -> None:
    assert wilson(kept, of, 0.95) == pytest.approx((low, high), abs=1e-6)


@pytest.mark.parametrize(
    ("start", "end", "level", "low", "high"),
    [
        (START, END, 0.95, 0.603656, 0.935630),
        (START, END, 0.80, 0.679373, 0.900560),
        (START, START, 0.95, 0.892479, 1),
        (START, START * 0, 0.95, 0, 0.107521),
        (F1_START, F1_END, 0.95, 0.414941, 0.971497),
        (np.full(30, 100.0), np.r_[np.zeros(3), np.full(27, 100.0)], 0.95, 0.753603, 0.971682),
    ],
)
def test_gross_ranges_are_beta_on_the_effective_number(
    start: np.ndarray, end: np.ndarray, level: float, low: float, high: float
) -> None:
    assert gross_range(start, end, level) == pytest.approx((low, high), abs=1e-6)


@pytest.mark.parametrize(
    ("start", "end", "level", "low", "high"),
    [
        (START, END, 0.95, 0.643892, 0.981792),
        (START, END, 0.80, 0.720381, 0.945172),
        (F1_START, F1_END, 0.95, 0.474494, 1.062892),
    ],
)
def test_net_ranges_are_movers(start: np.ndarray, end: np.ndarray, level: float, low: float, high: float) -> None:
    assert net_range(start, end, level) == pytest.approx((low, high), abs=1e-6)


def test_a_book_gives_the_range_of_its_accounts() -> None:
    book = Book.of_mrr({a: [s / 12, e / 12] for a, s, e in F2.itertuples(index=False)})
    found = likely_range(METRICS["net_revenue_retention"], book, 1)
    assert (found.low, found.high, found.accounts) == pytest.approx((0.720381, 0.945172, 40), abs=1e-6)


def test_below_fifteen_accounts_there_is_no_range() -> None:
    book = Book.of_mrr({f"A{n}": [100, 90] for n in range(14)})
    found = likely_range(METRICS["gross_revenue_retention"], book, 1)
    assert np.isnan(found.low)
    assert found.accounts == 14
