"""Movements add up: opening + all movements = closing, for every group, every period, to the unit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from drawn import Drawn, Plain, drawn_books
from hypothesis import given
from hypothesis import strategies as st

from cs_metrics.analysis.movements import FLOWS, KINDS, last_period, movements
from cs_metrics.book import Book
from cs_metrics.metric import METRICS

every = st.sampled_from(["month", "quarter", "year"])
fx = st.sampled_from(["constant", "floating"])
by = st.sampled_from([None, "csm", "segment", "product", "account_id"])


@given(drawn=drawn_books(), every=every, fx=fx, by=by, how=st.sampled_from(["months", "ends"]))
def test_opening_and_movements_make_the_closing(drawn: Drawn, every: str, fx: str, by: str | None, how: str) -> None:
    table = movements(drawn.book(fx=fx, waterfall=how), every, by)
    np.testing.assert_allclose(table["opening"] + table[list(FLOWS)].sum(axis=1), table["closing"], atol=1e-9)


@given(drawn=drawn_books(), fx=fx, by=by)
def test_each_closing_is_the_next_opening(drawn: Drawn, fx: str, by: str | None) -> None:
    table = movements(drawn.book(fx=fx), "month", by)
    wide = table.assign(group=table["group"].astype(object).fillna("")).pivot(
        index="period", columns="group", values=["opening", "closing"]
    )
    np.testing.assert_allclose(wide["closing"].to_numpy()[:-1], wide["opening"].to_numpy()[1:], atol=1e-9)


@given(
    drawn=drawn_books(),
    fx=fx,
    by=st.sampled_from(["csm", "segment", "account_id"]),
    how=st.sampled_from(["months", "ends"]),
    every=every,
)
def test_groups_add_up_to_the_company(drawn: Drawn, fx: str, by: str, how: str, every: str) -> None:
    book = drawn.book(fx=fx, waterfall=how)
    whole, parts = movements(book, every), movements(book, every, by)
    columns = ["opening", *KINDS, "fx", "closing"]
    summed = parts.groupby("period", observed=True, sort=False)[columns].sum()
    np.testing.assert_allclose(summed.to_numpy(), whole[columns].to_numpy(), atol=1e-9)


@given(drawn=drawn_books(), fx=fx, how=st.sampled_from(["months", "ends"]), every=every)
def test_a_handover_creates_no_revenue(drawn: Drawn, fx: str, how: str, every: str) -> None:
    parts = movements(drawn.book(fx=fx, waterfall=how), every, "csm")
    np.testing.assert_allclose(
        parts.groupby("period", observed=True)[["transfer_in", "transfer_out"]].sum().sum(axis=1),
        0,
        atol=1e-9,
    )
    assert (parts["transfer_in"] >= 0).all()
    assert (parts["transfer_out"] <= 0).all()


@given(drawn=drawn_books(), fx=fx)
def test_monthly_movements_by_csm_against_plain_loops(drawn: Drawn, fx: str) -> None:
    table = movements(drawn.book(fx=fx), "month", "csm").set_index(["period", "group"])
    plain = Plain(drawn, fx=fx)
    expected: dict[tuple[str, str], dict[str, float]] = {}
    for account in plain.accounts:
        seen = plain.mrr(account, 0, 0) > 0
        for close in range(1, drawn.months):
            rate_before, rate = (0, 0) if fx == "constant" else (close - 1, close)
            before, level, after = (
                plain.mrr(account, close - 1, rate_before),
                plain.mrr(account, close - 1, rate),
                plain.mrr(account, close, rate),
            )
            old, new = plain.holder(account, close - 1), plain.holder(account, close)
            period = str(pd.Period("2024-11", "M") + close)
            cell = expected.setdefault((period, new), dict.fromkeys(FLOWS, 0))
            if old != new:
                cell["transfer_in"] += before
                expected.setdefault((period, old), dict.fromkeys(FLOWS, 0))["transfer_out"] -= before
            cell["fx"] += level - before
            if level == 0 and after > 0:
                cell["reactivation" if seen else "new"] += after
            elif after == 0:
                cell["churn"] -= level
            elif after > level:
                cell["expansion"] += after - level
            else:
                cell["contraction"] += after - level
            seen = seen or after > 0
    for (period, csm), cell in expected.items():
        found = table.loc[(period, csm)]
        for name, amount in cell.items():
            assert found[name] * 3600 == pytest.approx(amount, abs=1e-6), (period, csm, name)


@given(drawn=drawn_books(), k=st.integers(1, 3), rule=st.sampled_from(["months", "ends"]))
def test_between_the_ends_movements_and_retention_agree(drawn: Drawn, k: int, rule: str) -> None:
    book = drawn.book(waterfall="ends")
    if book.closes <= k:
        return
    moved = last_period(book.under(waterfall=rule) if k == 1 else book, k).iloc[0]
    tally = METRICS["net_revenue_retention"].tally(book, k)
    expected = moved[["opening", "expansion", "contraction", "churn"]].sum()
    assert tally.top.iloc[-1, 0] == pytest.approx(expected, abs=1e-9)


def test_a_period_without_a_known_opening_has_no_movements() -> None:
    assert movements(Book.of_mrr({"A": [100]})).empty
    assert movements(Book.of_mrr({"A": [100, 120]}, first="2025-01"), "quarter").empty


def test_a_customer_who_returns_is_no_new_one_even_when_the_past_is_cut_off() -> None:
    book = Book.of_mrr({"A": [100, 0, 100]}, first="2025-01")
    assert movements(book.since("2025-03")).iloc[0][["new", "reactivation"]].tolist() == [0, 100]
