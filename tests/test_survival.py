"""Survival: the published figures to six digits, a second computation by plain loops, and what must always hold."""

from __future__ import annotations

from fractions import Fraction
from math import exp, log, sqrt

import numpy as np
import pandas as pd
import pytest
from drawn import FIRST, Drawn, Plain, drawn_books, yyyymm
from hypothesis import assume, given
from hypothesis import strategies as st
from test_cohorts import dated_books

from cs_metrics.analysis.survival import at, kaplan_meier, lives, mean_within, median, said, survival
from cs_metrics.book import Book

# Twenty lives with the risk sets behind the published figures: age at entry, age at the end, lost or still here.
TWENTY = [
    (0, 1, 1), (0, 3, 1), (0, 4, 1), (0, 6, 1), (0, 3, 0), (0, 7, 0), (0, 25, 0), (0, 26, 0), (2, 13, 0), (3, 11, 1),
    (3, 12, 1), (3, 16, 0), (3, 20, 0), (5, 9, 1), (10, 14, 1), (12, 18, 1), (12, 22, 1), (12, 27, 0), (20, 24, 0), (20, 30, 0),
]  # fmt: skip
ENTRY, END, LOST = (np.array(column) for column in zip(*TWENTY, strict=True))
LOST = LOST.astype(bool)


def shares(curve: pd.DataFrame, *ages: int) -> list[float]:
    """The survival at these ages: that of the last age with anybody at risk."""
    return [float(curve.loc[curve["age_months"] <= age, "survival"].iloc[-1]) for age in ages]


def test_as_if_all_were_seen_from_their_start() -> None:
    curve = kaplan_meier(np.zeros(20, dtype=int), END, LOST)
    assert shares(curve, 6, 12, 18, 24) == pytest.approx([0.794118, 0.623950, 0.491360, 0.409467], abs=1e-6)
    year = at(curve, 12)
    assert year is not None
    assert (year["low"], year["high"]) == pytest.approx((0.367140, 0.800883), abs=1e-6)
    assert median(curve) == 18
    assert mean_within(curve, 24) == pytest.approx(16.310425, abs=1e-6)
    se = abs(log(year["survival"])) * abs(log(log(year["low"]) / log(year["survival"]))) / 1.959963984540054
    assert year["survival"] * se == pytest.approx(0.113138, abs=1e-6)


def test_with_delayed_entry() -> None:
    curve = kaplan_meier(ENTRY, END, LOST)
    assert shares(curve, 6, 12, 18, 24) == pytest.approx([0.620156, 0.406978, 0.296754, 0.247295], abs=1e-6)


def test_two_ways_of_seeing_the_same_lives_differ_only_by_who_is_at_risk() -> None:
    early, late = kaplan_meier(np.zeros(20, dtype=int), END, LOST), kaplan_meier(ENTRY, END, LOST)
    both = early.merge(late, on="age_months")
    assert (both["lost_x"] == both["lost_y"]).all()
    assert (both["at_risk_x"] >= both["at_risk_y"]).all()


def plain_curve(found: list[tuple[int, int, bool, int]], z: float = 1.959963984540054) -> dict[int, tuple[float, ...]]:
    """Kaplan–Meier by loops: age → at risk, lost, survival, low, high, of lives (entry, end, lost, weight)."""
    curve: dict[int, tuple[float, ...]] = {}
    share, variance = Fraction(1), 0.0
    first = min(entry for entry, *_ in found)
    for age in range(first, max(end for _, end, *_ in found) + 1):
        risk = [life for life in found if (life[0] == age if age == first else life[0] < age <= life[1])]
        gone = [life for life in risk if age > first and life[2] and life[1] == age]
        n, d = sum(life[3] for life in risk), sum(life[3] for life in gone)
        if not n:
            continue
        hazard = Fraction(d, n)
        share *= 1 - hazard
        low = high = float("nan")
        if d and share:
            for life in risk:
                own = (1 if life in gone else 0) - float(hazard)
                variance += (life[3] * own) ** 2 / (n * float(1 - hazard)) ** 2
        if 0 < share < 1:
            reach = z * sqrt(variance) / -log(share)
            low, high = float(share) ** exp(reach), float(share) ** exp(-reach)
        curve[age] = (n, d, float(share), low, high)
    return curve


def plain_lives(drawn: Drawn) -> dict[str, tuple[int, int, bool, int]]:
    """The lives of a drawn book by loops over its tables: account → entry, end, lost, MRR at entry."""
    plain = Plain(drawn)
    starts = drawn.accounts.set_index("account_id").get("start_date", pd.Series(dtype="datetime64[s]"))
    found = {}
    for account in plain.accounts:
        paid = [
            any(rows.get(yyyymm(c), 0) for key, rows in plain.native.items() if key[0] == account)
            for c in range(drawn.months)
        ]
        if True not in paid:
            continue
        entered = start = paid.index(True)
        day = starts.get(account)
        if day is not None and day == day and pd.Period(day, "M") < FIRST:
            start = (pd.Period(day, "M") - FIRST).n
        gone = next((c for c in range(entered, drawn.months) if not paid[c]), None)
        end = drawn.months - 1 if gone is None else gone
        found[account] = (entered - start, end - start, gone is not None, plain.mrr(account, entered, entered))
    return found


@given(drawn=dated_books(), measure=st.sampled_from(["accounts", "mrr"]))
def test_every_age_against_plain_loops(drawn: Drawn, measure: str) -> None:
    expected = list(plain_lives(drawn).values())
    curve = survival(drawn.book(), measure=measure)
    if not expected:
        assert curve.empty
        return
    plain = plain_curve([(*life[:3], life[3] if measure == "mrr" else 1) for life in expected])
    assert curve["age_months"].tolist() == list(plain)
    scale = 3600 if measure == "mrr" else 1
    for row in curve.itertuples():
        n, d, share, low, high = plain[row.age_months]
        assert (row.at_risk * scale, row.lost * scale) == (pytest.approx(n), pytest.approx(d))
        assert (row.survival, row.low, row.high) == pytest.approx((share, low, high), nan_ok=True, abs=1e-9)


@given(drawn=drawn_books())
def test_with_equal_weights_the_range_is_greenwoods(drawn: Drawn) -> None:
    drawn.mrr["mrr"] = np.where(drawn.mrr["mrr"] > 0, 7200, 0)
    drawn.mrr["currency"] = "USD"
    drawn.mrr = drawn.mrr[drawn.mrr["product"] == "Core"]
    assume(len(drawn.mrr) > 0)
    book = drawn.book(fx="floating")
    if not len(book.months):
        return
    one, many = survival(book), survival(book, measure="mrr")
    np.testing.assert_allclose(one[["survival", "low", "high"]], many[["survival", "low", "high"]], atol=1e-12)
    for row in one.itertuples():
        before = one[(one["age_months"] <= row.age_months) & (one["lost"] > 0)]
        if 0 < row.survival < 1:
            greenwood = (before["lost"] / (before["at_risk"] * (before["at_risk"] - before["lost"]))).sum()
            reach = 1.959963984540054 * sqrt(greenwood) / log(row.survival)
            assert row.low == pytest.approx(row.survival ** exp(-reach))


@given(drawn=dated_books(), by=st.sampled_from(["csm", "segment"]))
def test_groups_add_up_to_everyone(drawn: Drawn, by: str) -> None:
    book = drawn.book()
    whole, parts = lives(book), survival(book, by)
    assert parts["lost"].sum() == whole.lost.sum()
    for group, curve in parts.groupby("group"):
        assert curve["survival"].is_monotonic_decreasing, group
        assert (
            curve["low"].isna() | ((curve["low"] <= curve["survival"]) & (curve["survival"] <= curve["high"]))
        ).all()


@given(drawn=drawn_books())
def test_a_later_month_moves_nobody_already_lost(drawn: Drawn) -> None:
    book = drawn.book()
    assume(len(book.months) > 1)
    early, late = lives(book.until(book.last - 1)), lives(book)
    ended = {row: end for row, end, lost in zip(late.row, late.end, late.lost, strict=True) if lost}
    for row, end, lost in zip(early.row, early.end, early.lost, strict=True):
        assert not lost or ended[row] == end


def test_a_return_does_not_undo_a_loss() -> None:
    curve = survival(Book.of_mrr({"A": [0, 5, 0, 5, 5], "B": [0, 5, 5, 5, 5]}))
    assert curve[["at_risk", "lost", "survival"]].values.tolist() == [[2, 0, 1], [2, 1, 0.5], [1, 0, 0.5], [1, 0, 0.5]]


def test_accounts_older_than_the_data_enter_late() -> None:
    book = Book.of_mrr(
        {"Old": [5, 5, 0], "Other": [5, 5, 5], "New": [5, 5, 5]},
        first="2025-01",
        start_date=["2024-09-04", "2024-09-30", "2025-01-02"],
    )
    curve = survival(book)
    assert curve["age_months"].tolist() == [0, 1, 2, 5, 6]
    assert curve["at_risk"].tolist() == [1, 1, 1, 2, 2]
    assert curve["survival"].tolist() == [1, 1, 1, 1, 0.5]
    assert "2 accounts are older than the data" in said(book)[0]
    blind = Book.of_mrr({"Old": [5, 5, 0], "New": [0, 5, 5]}, first="2025-01")
    assert "without a start_date" in said(blind)[0]
    assert survival(blind)["at_risk"].tolist() == [2, 2, 1]


def test_a_book_cut_off_at_its_beginning_keeps_the_ages() -> None:
    book = Book.of_mrr({"A": [0, 5, 5, 5, 0], "Gone": [0, 5, 0, 0, 0]}, first="2025-01").since("2025-04")
    found = lives(book)
    assert (found.entry.tolist(), found.end.tolist(), found.lost.tolist()) == ([1], [3], [True])


def test_by_start_date_age_counts_from_it() -> None:
    book = Book.of_mrr({"A": [0, 0, 5, 0], "B": [0, 0, 5, 5]}, first="2025-01", start_date=["2025-01-05", "2025-02-05"])
    found = lives(book.under(cohort_start="start_date"))
    assert (found.entry.tolist(), found.end.tolist()) == ([2, 1], [3, 2])
    assert lives(book).entry.tolist() == [0, 0]


def test_weighing_by_mrr_says_what_happened_to_the_money() -> None:
    book = Book.of_mrr({"Big": [0, 90, 90, 0], "Small": [0, 10, 0, 0]})
    assert survival(book, measure="mrr")["survival"].tolist() == pytest.approx([1, 0.9, 0])
    assert survival(book)["survival"].tolist() == [1, 0.5, 0]


def test_books_of_nothing_have_no_curve() -> None:
    for book in (
        Book.of_mrr({"A": [0, 0]}),
        Book.of_mrr({"A": [5]}).until("2020-01"),
        Book.of_mrr({"A": [5]}).take(slice(0, 0)),
    ):
        assert survival(book).empty
        assert survival(book, "csm").empty
        assert said(book) == []
    alone = survival(Book.of_mrr({"A": [5]}))
    assert alone[["age_months", "at_risk", "survival"]].values.tolist() == [[0, 1, 1]]
    assert median(alone) is None
    assert at(alone, 3) is None
    assert np.isnan(mean_within(alone, 12))
