"""What moved a figure: contributions add up to the change, mix apart from rate, and how much hangs on few."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from drawn import RATES, Drawn, Plain, drawn_books
from hypothesis import given
from hypothesis import strategies as st

from cs_metrics.analysis.explain import explain, explain_change
from cs_metrics.analysis.moved import by_account, by_group, concentration
from cs_metrics.book import Book
from cs_metrics.metric import METRICS

NRR = METRICS["net_revenue_retention"]
RULES = st.sampled_from(["opening", "event", "closing", "time-share", "grace"])
NAMES = st.sampled_from([*RATES, "mrr", "arpa", "customers"])


def change_of(book: Book, metric: object, months: int, back: int) -> float:
    values = metric.of(book, months)
    return values.iloc[-1] - values.iloc[-1 - back] if len(values) > back else math.nan


def size_of(book: Book, metric: object, months: int, back: int) -> float:
    """The size of the figures a change lies between: what 1e-12 is measured by."""
    values = metric.of(book, months)
    return max(1.0, abs(values.iloc[-1]), abs(values.iloc[-1 - back]))


def near(expected: float, size: float) -> object:
    return pytest.approx(expected, abs=1e-12 * size)


def test_without_acme_91_percent_and_not_104() -> None:
    book = Book.of_mrr({"Acme": [100, 100, 250], "Birch": [500, 500, 480], "Cedar": [500, 500, 430]}, first="2025-01")
    rows = by_account(NRR, book, months=1)
    acme = rows.iloc[0]
    assert acme["account_id"] == "Acme"
    assert acme["without"] == pytest.approx(0.91)  # (480 + 430) / 1000
    assert NRR.of(book, 1).iloc[-1] - acme["weighs"] == pytest.approx(0.91)
    assert NRR.of(book, 1).iloc[-1] == pytest.approx(1160 / 1100)


def test_mix_apart_from_rate_by_hand() -> None:
    """Both segments keep their rates (90 % and 100 %); the book shifts from 50:50 to 60:40 towards the weaker."""
    book = Book.of_mrr(
        {"S1": [100, 90, 90], "S2": [0, 60, 45], "E1": [100, 100, 100]}, first="2025-01", segment=["SMB", "SMB", "Ent"]
    )
    rows = by_group(NRR, book, "segment", months=1).set_index("group")
    assert rows.loc["SMB", ["before", "now"]].tolist() == [0.9, 0.9]
    assert rows["rate_effect"].tolist() == [0, 0]
    assert rows.loc["SMB", ["share_before", "share"]].tolist() == [0.5, 0.6]
    assert rows["mix_effect"].sum() == pytest.approx(0.94 - 0.95)
    assert rows.loc["SMB", "mix_effect"] == pytest.approx((0.9 - 0.945) * 0.1)
    assert rows.loc["Ent", "mix_effect"] == pytest.approx((1.0 - 0.945) * -0.1)


def test_rate_apart_from_mix_by_hand() -> None:
    """The shares stay; SMB falls from 100 % to 80 %."""
    book = Book.of_mrr(
        {"S1": [50, 50, 40], "S2": [50, 50, 40], "E": [100, 100, 100]}, first="2025-01", segment=["SMB", "SMB", "Ent"]
    )
    rows = by_group(NRR, book, "segment", months=1).set_index("group")
    assert rows.loc["SMB", "rate_effect"] == pytest.approx(-0.1)
    assert rows["mix_effect"].abs().max() == pytest.approx(0, abs=1e-15)
    assert rows["contribution"].sum() == pytest.approx(-0.1)


@given(drawn=drawn_books(), name=NAMES, k=st.integers(1, 3), back=st.integers(1, 4), rule=RULES)
def test_contributions_add_up_to_the_change(drawn: Drawn, name: str, k: int, back: int, rule: str) -> None:
    book, metric = drawn.book(owner=rule), METRICS[name]
    expected = change_of(book, metric, k, back)
    accounts = by_account(metric, book, k, back)
    if math.isnan(expected):
        assert accounts["contribution"].isna().all()
        return
    scale = size_of(book, metric, k, back)
    assert accounts["contribution"].sum() == near(expected, scale)
    for by in ("segment", "csm"):
        groups = by_group(metric, book, by, k, back)
        if not metric.ratio:
            assert groups.empty
            continue
        assert groups["contribution"].sum() == near(expected, scale)
        np.testing.assert_allclose(
            groups["rate_effect"] + groups["mix_effect"], groups["contribution"], atol=1e-12 * scale
        )
    if metric.ratio:
        segment = book.accounts["segment"].fillna("unknown")
        mine = accounts.groupby(accounts["account_id"].map(segment))["contribution"].sum()
        for row in by_group(metric, book, "segment", k, back).itertuples():
            assert mine[row.group] == near(row.contribution, scale)


@given(drawn=drawn_books(), name=st.sampled_from(list(RATES)), k=st.integers(1, 3))
def test_against_plain_loops(drawn: Drawn, name: str, k: int) -> None:
    book, plain, last = drawn.book(), Plain(drawn), drawn.months - 1
    if last - k < k:
        return
    then, now = ({a: RATES[name](*plain.pair(a, close, k)) for a in plain.accounts} for close in (last - k, last))
    base_then, base_now = (sum(b for _, b in each.values()) for each in (then, now))
    rows = by_account(METRICS[name], book, k).set_index("account_id")
    if not base_then or not base_now:
        assert rows["contribution"].isna().all()
        return
    middle = (
        Fraction(sum(t for t, _ in then.values()), base_then) + Fraction(sum(t for t, _ in now.values()), base_now)
    ) / 2
    for account in plain.accounts:
        (t0, b0), (t1, b1) = then[account], now[account]
        part = Fraction(t1, base_now) - Fraction(t0, base_then) - middle * (Fraction(b1, base_now) - Fraction(b0, base_then))  # fmt: skip
        if account not in rows.index:
            assert part == 0
            continue
        assert rows.at[account, "contribution"] == pytest.approx(float(part), rel=1e-11, abs=1e-12)
        others_top, others = sum(t for a, (t, _) in now.items() if a != account), base_now - b1
        if others:
            assert rows.at[account, "without"] == pytest.approx(others_top / others, rel=1e-12)
        else:
            assert math.isnan(rows.at[account, "without"])


@given(drawn=drawn_books(), name=NAMES, k=st.integers(1, 3), rule=RULES, by=st.sampled_from([None, "csm", "segment"]))
def test_the_change_behind_a_figure_adds_up(drawn: Drawn, name: str, k: int, rule: str, by: str | None) -> None:
    book, metric = drawn.book(owner=rule), METRICS[name]
    tally, values = metric.tally(book, k, by), metric.tally(book, k, by).values
    for group in tally.groups:
        rows = explain_change(metric, book, None, k, by, group)
        plain = explain(metric, book, None, k, by)
        plain = plain if group is None else plain[plain["group"] == group]
        assert rows["top"].sum() == pytest.approx(plain["top"].sum(), abs=1e-9)
        assert set(plain["account_id"]) <= set(rows["account_id"])
        before = values[group].iloc[-1 - k] if len(values) > k else math.nan
        expected = values[group].iloc[-1] - before
        if math.isfinite(expected) and len(rows):
            size = max(1.0, abs(before), abs(values[group].iloc[-1]))
            assert rows["contribution"].sum() == near(expected, size)
        elif metric.ratio:
            assert rows["contribution"].isna().all()


def test_an_account_lost_before_is_listed_with_its_part_then() -> None:
    book = Book.of_mrr({"gone": [100, 0, 0], "here": [100, 100, 100]}, first="2025-01")
    rows = explain_change(NRR, book, months=1).set_index("account_id")
    assert rows.loc["gone", ["top", "bottom", "top_before", "bottom_before"]].tolist() == [0, 0, 0, 100]
    assert rows["contribution"].sum() == pytest.approx(1.0 - 0.5)
    assert rows.at["gone", "contribution"] == pytest.approx(0.75 * 0.5)  # its loss does not come again


# --- concentration ------------------------------------------------------------------------------------------------


def test_concentration_by_hand() -> None:
    found = concentration(Book.of_mrr({f"A{n}": [10] for n in range(20)}))
    assert found == (20, 0.05, 0.5, pytest.approx(20))
    one = concentration(Book.of_mrr({"big": [90], "small": [10], "gone": [0]}))
    assert (one.accounts, one.largest, one.top) == (2, 0.9, 1.0)
    assert one.equal_accounts == pytest.approx(1 / (0.81 + 0.01))


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=30))
def test_equal_accounts_lie_between_one_and_all(amounts: list[int]) -> None:
    found = concentration(Book.of_mrr({f"A{n}": [amount] for n, amount in enumerate(amounts)}))
    assert 1 - 1e-12 <= found.equal_accounts <= len(amounts) + 1e-9
    squares = sum(Fraction(amount, sum(amounts)) ** 2 for amount in amounts)
    assert found.equal_accounts == pytest.approx(float(1 / squares), rel=1e-12)
    assert found.top == pytest.approx(sum(sorted(amounts)[-10:]) / sum(amounts), rel=1e-12)


BOOKS = {
    "no account": Book.of_mrr({"A": [5, 5, 5]}).take(slice(0, 0)),
    "one month": Book.of_mrr({"A": [5]}, segment=["SMB"]),
    "nobody pays": Book.of_mrr({"A": [0, 0, 0]}, segment=["SMB"]),
    "no month": Book.of_mrr({"A": [5, 5]}, segment=["SMB"]).until("1999-01"),
}


@pytest.mark.parametrize("case", BOOKS)
def test_where_there_is_no_figure_nothing_moved_it(case: str) -> None:
    book = BOOKS[case]
    assert by_account(NRR, book, 1).empty
    if "segment" in book.accounts:
        assert by_group(NRR, book, "segment", 1).empty
    if case != "no account":
        assert math.isnan(concentration(book).top) or case == "one month"
    assert explain_change(NRR, book, None, 1).empty
