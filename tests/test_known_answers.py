"""Numbers known from elsewhere: published survival data, and the traps of retention worked by hand."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from cs_metrics.analysis.survival import kaplan_meier, median
from cs_metrics.assemble import book_of
from cs_metrics.book import Book
from cs_metrics.metric import METRICS
from cs_metrics.read.files import File
from cs_metrics.read.reading import read
from cs_metrics.tables import frames

NET, GROSS, LOGO = (METRICS[name] for name in ("net_revenue_retention", "gross_revenue_retention", "logo_retention"))

# Freireich et al. 1963, Blood 21: weeks of remission under 6-MP, + still in remission; Kaplan–Meier in many textbooks.
SIX_MP = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
PLACEBO = "1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23"
# Klein and Moeschberger, table 1.7: age at admission to a hospital, years followed, died or not: seen from admission on.
PATIENTS = [
    (51, 1, 1), (58, 1, 1), (55, 2, 1), (28, 22, 1), (21, 30, 0), (19, 28, 1), (25, 32, 1), (48, 11, 1), (47, 14, 1),
    (25, 36, 0), (31, 31, 0), (24, 33, 0), (25, 33, 0), (30, 37, 0), (33, 35, 0), (36, 25, 1), (30, 31, 0), (41, 22, 1),
    (43, 26, 1), (45, 24, 1), (35, 35, 0), (29, 34, 0), (35, 30, 0), (32, 35, 1), (36, 40, 1), (32, 39, 0),
]  # fmt: skip


def lives_of(text: str) -> tuple[np.ndarray, np.ndarray]:
    """Ages at the end and who was lost, of a list in which + means not."""
    words = text.split()
    return np.array([int(word.rstrip("+")) for word in words]), np.array([not word.endswith("+") for word in words])


def test_the_remissions_under_6_mp() -> None:
    end, lost = lives_of(SIX_MP)
    curve = kaplan_meier(np.zeros(21, dtype=int), end, lost).set_index("age_months")
    published = {6: 0.857143, 7: 0.806723, 10: 0.752941, 13: 0.690196, 16: 0.627451, 22: 0.537815, 23: 0.448179}
    assert curve.loc[list(published), "survival"].to_dict() == pytest.approx(published, abs=1e-6)
    at_risk = {6: 21, 7: 17, 10: 15, 13: 12, 16: 11, 22: 7, 23: 6}
    assert curve.loc[list(at_risk), "at_risk"].to_dict() == at_risk
    assert median(curve.reset_index()) == 23


def test_the_remissions_under_placebo() -> None:
    end, lost = lives_of(PLACEBO)
    curve = kaplan_meier(np.zeros(21, dtype=int), end, lost)
    shares = curve.set_index("age_months")["survival"]
    assert shares.loc[[1, 2, 8, 12, 23]].tolist() == pytest.approx([19 / 21, 17 / 21, 8 / 21, 4 / 21, 0], abs=1e-12)
    assert median(curve) == 8


def test_patients_seen_from_their_admission_on() -> None:
    """Delayed entry: at risk at an age are those admitted before it and followed to it. Fractions, by loops."""
    entry = np.array([age for age, _, _ in PATIENTS])
    end = entry + np.array([years for _, years, _ in PATIENTS])
    lost = np.array([died == 1 for _, _, died in PATIENTS])
    curve = kaplan_meier(entry, end, lost).set_index("age_months")
    share = Fraction(1)
    for age in range(int(entry.min()), int(end.max()) + 1):
        at_risk = sum(1 for a, b in zip(entry, end, strict=True) if a < age <= b)
        died = sum(1 for b, gone in zip(end, lost, strict=True) if gone and b == age)
        if died:
            share *= 1 - Fraction(died, at_risk)
        if at_risk:
            assert curve.loc[age, ["at_risk", "lost"]].tolist() == [at_risk, died], age
            assert curve.loc[age, "survival"] == pytest.approx(float(share), abs=1e-12), age
    assert curve.loc[47, "at_risk"] == 21  # 26 less the five admitted at 47 or later; nobody is gone before


def value(metric: str, book: Book, months: int = 1) -> float:
    return float(METRICS[metric].of(book, months).iloc[-1])


def test_children_leave_where_their_parent_stays() -> None:
    book = Book.of_mrr({"North": [100, 150], "South": [50, 0], "East": [0, 0]}, parent_id=["Acme"] * 3)
    each, rolled = (value("gross_revenue_retention", one) for one in (book, book.by_parent()))
    assert (each, rolled) == pytest.approx((0.666667, 1), abs=1e-6)
    assert value("net_revenue_retention", book) == value("net_revenue_retention", book.by_parent()) == 1
    assert (value("logo_retention", book), value("logo_retention", book.by_parent())) == (0.5, 1)


def test_exchange_rates_move_no_retention_at_the_opening_rate() -> None:
    """10,000 EUR flat while the euro falls from 1.10 to 1.05, and 5,000 USD that become 5,500."""
    files = {
        "mrr.csv": "account_id,month,mrr,currency\nEU,2025-01,10000,EUR\nEU,2025-02,10000,EUR\nUS,2025-01,5000,USD\n"
        "US,2025-02,5500,USD\n",
        "fx.csv": "month,currency,rate\n2025-01,EUR,1.10\n2025-02,EUR,1.05\n2025-01,USD,1\n2025-02,USD,1\n",
    }
    made = book_of(frames(read([File(name, text.encode()) for name, text in files.items()]).usable().tables))
    constant, floating = made.under(fx="constant"), made.under(fx="floating")
    assert value("net_revenue_retention", floating) == pytest.approx(1.000000, abs=1e-6)
    assert value("net_revenue_retention", constant) == pytest.approx(1.031250, abs=1e-6)
    assert value("gross_revenue_retention", floating) == pytest.approx(0.968750, abs=1e-6)
    assert value("gross_revenue_retention", constant) == pytest.approx(1.000000, abs=1e-6)


def test_a_renewal_rate_is_of_what_is_due_and_retention_of_the_book() -> None:
    """20,000 of a book of 40,000 is due, 6,000 of it is lost: 70 % renewed, 85 % kept."""
    pays = {"Due": [14000.0, 14000.0], "Lost": [6000.0, 0.0], "Bound": [20000.0, 20000.0]}
    months = pd.period_range("2025-01", periods=2, freq="M")
    rows = "".join(f"{a},{m},{v}\n" for a, values in pays.items() for m, v in zip(months, values, strict=True))
    dates = "account_id,renewal_date\nDue,2025-02-10\nLost,2025-02-20\nBound,2026-05-01\n"
    given = [File("mrr.csv", f"account_id,month,mrr\n{rows}".encode()), File("accounts.csv", dates.encode())]
    book = book_of(frames(read(given).usable().tables))
    assert value("gross_renewal_rate", book) == pytest.approx(0.700000, abs=1e-6)
    assert value("gross_revenue_retention", book) == pytest.approx(0.850000, abs=1e-6)
