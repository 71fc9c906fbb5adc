"""Cohorts: worked examples, every cell a second time by plain loops, and what must hold of any book."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from drawn import FIRST, Drawn, Plain, drawn_books, yyyymm
from hypothesis import given
from hypothesis import strategies as st

from cs_metrics.analysis import cohort_sums, cohorts
from cs_metrics.analysis.cohorts import ADDS, behind, said, triangles
from cs_metrics.assemble import book_of
from cs_metrics.book import Book, Settings
from cs_metrics.months import MONTHS_IN

measures = st.sampled_from(list(ADDS))
grains = st.sampled_from(list(MONTHS_IN))
rates = st.sampled_from(["constant", "floating"])


def dated(drawn: Drawn, places: list[int | None]) -> Drawn:
    """The same book with start dates, as months counted from the first drawn."""
    days = [None if p is None else (FIRST + p).to_timestamp() + pd.Timedelta(days=9) for p in places]
    drawn.accounts = drawn.accounts.assign(start_date=pd.to_datetime(pd.Series(days[: len(drawn.accounts)])))
    return drawn


@st.composite
def dated_books(draw: st.DrawFn) -> Drawn:
    places = draw(st.lists(st.one_of(st.none(), st.integers(-15, 8)), min_size=7, max_size=7))
    return dated(draw(drawn_books()), places)


def period(ordinal: int, every: str, fiscal: int) -> tuple[int, int]:
    """The period a month lies in, as a year and a number in it."""
    month = pd.Period(ordinal=ordinal, freq="M")
    into = (month.month - fiscal) % 12
    year = month.year + (1 if fiscal > 1 and month.month >= fiscal else 0)
    return year, into // MONTHS_IN[every]


def name_of(found: tuple[int, int], every: str, fiscal: int, ordinal: int) -> str:
    year = f"{found[0]}" if fiscal == 1 else f"FY{found[0]}"
    return {"month": str(pd.Period(ordinal=ordinal, freq="M")), "quarter": f"{year}-Q{found[1] + 1}", "year": year}[
        every
    ]


def plain_triangle(
    drawn: Drawn,
    measure: str,
    every: str,
    fx: str,
    by: str | None = None,
    fiscal: int = 1,
    start: str = "first_mrr",
    cap: str = "account",
) -> dict[tuple[str | None, str, int], tuple[Fraction, Fraction]]:
    """Every observed cell by plain loops: (group, cohort, age) → top and bottom."""
    plain = Plain(drawn, fx=fx)
    table = drawn.accounts.set_index("account_id")
    by_product = [Plain(replace(drawn, mrr=rows)) for _, rows in drawn.mrr.groupby("product")]
    cells: dict[tuple[str | None, str, int], list[Fraction]] = defaultdict(lambda: [Fraction(0), Fraction(0)])
    for account in plain.accounts:
        series = {key: rows for key, rows in plain.native.items() if key[0] == account}
        paid = [c for c in range(drawn.months) if any(r.get(yyyymm(c), 0) > 0 for r in series.values())]
        if start == "first_mrr":
            if not paid:
                continue
            begun = FIRST.ordinal + paid[0]
        else:
            day = table.at[account, "start_date"]
            if day is pd.NaT or day != day:
                continue
            begun = pd.Period(day, "M").ordinal
        mine = period(begun, every, fiscal)
        zero = begun
        while period(zero + 1, every, fiscal) == mine:
            zero += 1
        zero -= FIRST.ordinal
        if zero >= drawn.months:
            continue
        label = name_of(mine, every, fiscal, zero + FIRST.ordinal)
        group = None if by is None else plain.holder(account, max(zero, 0)) if by == "csm" else table.at[account, by]
        group = "unknown" if by == "segment" and not isinstance(group, str) else group
        for age, close in enumerate(range(zero, drawn.months, MONTHS_IN[every])):
            if close >= 0 and (zero >= 0 or measure == "logo"):
                at = close if fx == "floating" else max(zero, 0)
                now, then = plain.mrr(account, close, at), plain.mrr(account, zero, zero) if zero >= 0 else 0
                if measure == "logo":
                    top, bottom = int(now > 0), 1
                elif measure == "net":
                    top, bottom = now, then
                elif cap == "account":
                    top, bottom = min(now, then), then
                else:
                    top = sum(min(one.mrr(account, close, at), one.mrr(account, zero, zero)) for one in by_product)
                    bottom = then
                cell = cells[group, label, age]
                cell[0] += top
                cell[1] += bottom
    return {key: (top, bottom) for key, (top, bottom) in cells.items()}


def same(book: Book, expected: dict[Any, tuple[Fraction, Fraction]], measure: str, every: str, by: str | None) -> None:
    found = triangles(book, every, by).rows(measure)
    keys = list(zip(found["group"], found["cohort"], found["age"], strict=True))
    assert len(set(keys)) == len(keys)
    assert set(keys) == set(expected)
    for key, size, value in zip(keys, found["size"], found["value"], strict=True):
        top, bottom = expected[key]
        assert size == pytest.approx(float(bottom if measure == "logo" else bottom / 3600))
        assert value == pytest.approx(float(top / bottom)) if bottom else value != value


@given(
    drawn=dated_books(),
    measure=measures,
    every=grains,
    fx=rates,
    by=st.sampled_from([None, "csm", "segment"]),
    fiscal=st.sampled_from([1, 2, 12]),
)
def test_every_cell_against_plain_loops(
    drawn: Drawn, measure: str, every: str, fx: str, by: str | None, fiscal: int
) -> None:
    same(
        drawn.book(fx=fx, fiscal_start=fiscal),
        plain_triangle(drawn, measure, every, fx, by, fiscal),
        measure,
        every,
        by,
    )


@given(drawn=dated_books(), measure=measures, every=grains, fx=rates)
def test_cohorts_by_start_date_against_plain_loops(drawn: Drawn, measure: str, every: str, fx: str) -> None:
    expected = plain_triangle(drawn, measure, every, fx, start="start_date")
    same(drawn.book(fx=fx, cohort_start="start_date"), expected, measure, every, None)


@given(drawn=drawn_books(), every=grains)
def test_gross_capped_per_product_against_plain_loops(drawn: Drawn, every: str) -> None:
    expected = plain_triangle(drawn, "gross", every, "constant", cap="product")
    same(drawn.book(gross_cap="product"), expected, "gross", every, None)


@given(
    drawn=dated_books(),
    every=grains,
    by=st.sampled_from([None, "csm", "segment", "product"]),
    cap=st.sampled_from(["account", "product"]),
    start=st.sampled_from(["first_mrr", "start_date"]),
)
def test_both_roads_lead_to_the_same_integers(drawn: Drawn, every: str, by: str | None, cap: str, start: str) -> None:
    book = drawn.book(fx="floating", gross_cap=cap, cohort_start=start)
    book = book.per_product() if by == "product" else book
    begun = cohorts.starts_of(book, every)
    _, ends = cohorts.closes_of(book, every)
    labels, group = cohorts.grouped(book, by, begun.close)
    inside = begun.counted & (begun.close < book.closes)
    found, _, place = cohorts._rows(begun.cohort, group, inside, len(labels))
    part = cohorts.Part(book, begun.close, place, len(found), ends)
    if not len(ends):
        return
    for one in (part, part.per_product()) if by != "product" else (part,):
        log, matrix = cohort_sums.fold_changes(one, tuple(ADDS)), cohort_sums.sum_matrix(one, tuple(ADDS))
        for measure in ADDS:
            np.testing.assert_array_equal(log[measure], matrix[measure])


@given(
    drawn=dated_books(),
    every=grains,
    fx=rates,
    by=st.sampled_from(["csm", "segment"]),
    owner=st.sampled_from(["opening", "closing"]),
)
def test_groups_add_up_to_the_company(drawn: Drawn, every: str, fx: str, by: str, owner: str) -> None:
    book = drawn.book(fx=fx, owner=owner)
    whole, parts = triangles(book, every), triangles(book, every, by)
    assert parts.accounts.sum() == whole.accounts.sum()
    for measure in ADDS:
        for at, cohort in enumerate(whole.cohort):
            np.testing.assert_array_equal(
                parts.sums[measure][parts.cohort == cohort].sum(axis=0), whole.sums[measure][at]
            )


@given(drawn=drawn_books(), every=grains, fx=rates)
def test_gross_never_exceeds_net_nor_one(drawn: Drawn, every: str, fx: str) -> None:
    found = triangles(drawn.book(fx=fx), every)
    gross, net = found.values("gross"), found.values("net")
    assert not (gross > np.minimum(net, 1) + 1e-12).any()
    assert (np.isnan(gross) == np.isnan(net)).all()


@given(drawn=drawn_books(), every=grains, measure=measures, by=st.sampled_from([None, "csm", "segment"]))
def test_the_accounts_behind_a_cell_add_up_to_it(drawn: Drawn, every: str, measure: str, by: str | None) -> None:
    book = drawn.book(gross_cap="product")
    found = triangles(book, every, by)
    for group, cohort, size, age, value in found.rows(measure)[["group", "cohort", "size", "age", "value"]].itertuples(
        index=False
    ):
        rows = behind(book, measure, every, cohort, age, by, group)
        assert rows["bottom"].sum() == pytest.approx(size, abs=1e-9)
        assert rows["top"].sum() == pytest.approx((value if value == value else 0) * size, abs=1e-9) or not size


@given(drawn=drawn_books(currencies=False), every=grains, measure=measures)
def test_doubling_all_money_leaves_the_rates_alone(drawn: Drawn, every: str, measure: str) -> None:
    before = triangles(drawn.book(), every).values(measure)
    drawn.mrr["mrr"] *= 2
    np.testing.assert_array_equal(before, triangles(drawn.book(), every).values(measure))


@given(drawn=drawn_books(), every=grains, measure=measures, fx=rates)
def test_cutting_off_later_months_changes_no_earlier_cell(drawn: Drawn, every: str, measure: str, fx: str) -> None:
    book = drawn.book(fx=fx)
    if len(book.months) < 2:
        return
    whole = triangles(book, every).rows(measure).set_index(["cohort", "age"])
    part = triangles(book.until(book.last - 1), every).rows(measure).set_index(["cohort", "age"])
    assert set(part.index) <= set(whole.index)
    pd.testing.assert_frame_equal(part[["size", "value"]], whole.loc[part.index, ["size", "value"]])


FIVE = {
    "Acme": [100, 100, 150, 150, 150, 150, 150],
    "Birch": [100, 80, 80, 0, 0, 0, 90],
    "Cedar": [0, 0, 50, 50, 50, 0, 0],
    "Dune": [0, 0, 0, 0, 40, 60, 60],
    "Elm": [0, 0, 0, 0, 0, 0, 0],
}


def test_a_triangle_worked_by_hand() -> None:
    book = Book.of_mrr(FIVE, first="2025-01")
    quarters = triangles(book, "quarter")
    net = quarters.rows("net")[["cohort", "size", "age", "value"]].values.tolist()
    # close of March: Acme 150, Birch 80, Cedar 50; close of June: 150, 0, 0; Dune began in April, so June is its age 0
    assert net == [["2025-Q1", 280, 0, 1], ["2025-Q1", 280, 1, 150 / 280], ["2025-Q2", 60, 0, 1]]
    logo = quarters.rows("logo")[["size", "value"]].values.tolist()
    assert logo == [[3, 1], [3, 1 / 3], [1, 1]]
    months = triangles(book, "month")
    by_age = months.rows("gross").set_index(["cohort", "age"])["value"]
    # January: 200; at age 2 Acme counts 100 of its 150, Birch 80; at age 6 Birch is back with 90
    assert [by_age["2025-01", age] for age in range(7)] == [1, 0.9, 0.9, 0.5, 0.5, 0.5, 0.95]


def test_an_account_lost_before_the_first_close_counts_in_the_base() -> None:
    book = Book.of_mrr({"A": [0, 5, 0, 0, 0, 0], "B": [0, 5, 5, 5, 5, 5]}, first="2024-12")
    rows = triangles(book, "quarter").rows("logo").query("cohort == '2025-Q1'")
    assert rows[["size", "age", "value"]].values.tolist() == [[2, 0, 0.5]]
    rows = triangles(Book.of_mrr({"A": [0, 5, 0, 0]}, first="2024-12"), "quarter").rows("net")
    assert rows["size"].tolist() == [0]
    assert rows["value"].isna().all()


def test_a_period_that_is_not_over_has_no_cell() -> None:
    book = Book.of_mrr({"A": [0, 5, 5, 5, 5], "B": [0, 0, 0, 0, 5]}, first="2024-12")
    rows = triangles(book, "quarter").rows("logo")
    assert rows["cohort"].tolist() == ["2025-Q1"]
    assert triangles(book, "year").rows("logo").empty


def test_never_payers_are_in_the_base_by_start_date() -> None:
    book = Book.of_mrr(
        {"A": [5, 5, 5], "B": [0, 0, 0], "C": [0, 0, 5]}, first="2025-01", start_date=["2025-01-03", "2025-01-20", None]
    )
    book = book.under(cohort_start="start_date")
    rows = triangles(book).rows("logo")
    assert rows[["cohort", "size", "value"]].values.tolist() == [["2025-01", 2, 0.5]] * 3
    assert said(book) == ["1 account is in no cohort, without a start_date."]


def test_a_start_before_the_data_has_accounts_but_no_revenue_to_start_from() -> None:
    book = Book.of_mrr({"A": [5, 5], "B": [9, 0]}, first="2025-01", start_date=["2024-11-30", "2024-11-01"])
    found = triangles(book.under(cohort_start="start_date"))
    assert found.rows("logo")[["cohort", "size", "age", "value"]].values.tolist() == [
        ["2024-11", 2, 2, 1],
        ["2024-11", 2, 3, 0.5],
    ]
    assert found.rows("net").empty
    assert found.table("net")["size"].isna().all()


def test_without_start_dates_there_are_no_cohorts_by_start_date() -> None:
    book = Book.of_mrr({"A": [5, 5]}).under(cohort_start="start_date")
    assert triangles(book).rows("logo").empty
    assert "no start_date" in said(book)[0]


def test_averages_weigh_by_size_and_leave_out_those_older_than_the_data() -> None:
    book = Book.of_mrr({"Old": [9, 9, 9, 9], "A": [0, 30, 30, 15], "B": [0, 0, 10, 10]}, first="2025-01")
    curve = triangles(book).curves("net").set_index("age")
    assert curve["value"].tolist() == [1, 1, 0.5]
    assert curve["cohorts"].tolist() == [2, 2, 1]
    assert curve["accounts"].tolist() == [2, 2, 1]
    assert "1 account is older than the data" in said(book)[0]
    only = triangles(Book.of_mrr({"Old": [9, 9, 0]})).curves("logo")
    assert only["value"].tolist() == [1, 1, 0]


def test_an_account_whose_start_date_is_the_first_month_is_not_older_than_the_data() -> None:
    book = Book.of_mrr({"A": [9, 9], "B": [9, 0]}, first="2025-01", start_date=["2025-01-05", "2025-01-09"])
    assert said(book) == []
    assert not triangles(book).stock.any()


def test_exchange_rates_move_no_cohort_in_constant_currency() -> None:
    months = [202501, 202502, 202503]
    mrr = pd.DataFrame({"account_id": [*"AAABB"], "month": months + months[1:], "mrr": 36000, "currency": "EUR"})
    fx = pd.DataFrame({"month": months, "currency": "EUR", "rate": [1.0, 1.5, 2.0]})
    book = book_of({"mrr": mrr, "fx": fx}, Settings(currency="USD"))
    constant, floating = triangles(book).rows("net"), triangles(book.under(fx="floating")).rows("net")
    assert constant["value"].tolist() == [1, 1, 1, 1, 1]
    assert constant["size"].tolist() == [10, 10, 10, 15, 15]
    assert floating["value"].tolist() == [1, 1.5, 2, 1, 2 / 1.5]


def test_a_currency_without_a_rate_leaves_its_cohort_blank() -> None:
    mrr = pd.DataFrame(
        {
            "account_id": ["A", "A", "B"],
            "month": [202501, 202502, 202502],
            "mrr": 3600,
            "currency": ["USD", "USD", "GBP"],
        }
    )
    fx = pd.DataFrame({"month": [202501], "currency": ["EUR"], "rate": [1.1]})
    book = book_of({"mrr": mrr, "fx": fx}, Settings(currency="USD"))
    rows = triangles(book).rows("net").set_index("cohort")
    assert rows.loc["2025-01", "value"].tolist() == [1, 1]
    assert np.isnan(rows.loc["2025-02", "value"])
    assert any("GBP has no rate" in note for note in book.notes)


def test_parents_are_one_account() -> None:
    book = Book.of_mrr({"P": [0, 5, 0], "Child": [7, 0, 7], "Alone": [0, 3, 3]}, parent_id=[None, "P", None])
    rows = triangles(book.by_parent()).rows("logo")
    assert rows.groupby("cohort")["size"].first().tolist() == [1, 1]
    assert rows["value"].tolist() == [1, 1, 1, 1, 1]


def test_a_handed_over_account_stands_with_who_had_it_at_its_start() -> None:
    book = Book.of_mrr({"A": [5, 5, 0]}, csm=["Ann"])
    held = np.array([[0], [0], [1]])
    moved = pd.DataFrame({"row": [0], "day": [pd.Timestamp("2025-03-02")], "before": [0], "after": [1]})
    book = replace(
        book, owners=replace(book.owners, names=pd.Index(["Ann", "Ben", "unassigned"]), held=held, handovers=moved)
    )
    assert set(triangles(book, "month", "csm").rows("logo")["group"]) == {"Ann"}
    assert set(triangles(book.under(owner="closing"), "month", "csm").rows("logo")["group"]) == {"Ben"}
    assert triangles(book.held_by("Ben")).rows("logo").empty
    assert len(triangles(book.held_by("Ann")).rows("logo")) == 3


@pytest.mark.parametrize("every", MONTHS_IN)
def test_books_of_nothing_have_no_cells_and_no_errors(every: str) -> None:
    for book in (
        Book.of_mrr({"A": [0, 0, 0]}),
        Book.of_mrr({"A": [5]}).take(slice(0, 0)),
        Book.of_mrr({"A": [5]}).until("2020-01"),
        Book.of_mrr({"A": [5, 5]}).since("2031-01"),
    ):
        for by in (None, "csm"):
            found = triangles(book, every, by)
            for measure in ADDS:
                assert found.rows(measure).empty
                assert found.curves(measure).empty
                assert found.table(measure).empty
        assert behind(book, "net", every, "2025-01", 0).empty


def test_the_golden_quarter(golden: Book) -> None:
    rows = triangles(golden, "quarter").rows("net").set_index(["cohort", "age"])
    # the nine customers of December are the opening accounts of the quarter: their net is its NRR, 94 %
    assert rows.loc[("2024-Q4", 1)].tolist()[1:] == [1000, 0.94]
    assert triangles(golden, "quarter").rows("gross").set_index(["cohort", "age"]).loc[("2024-Q4", 1), "value"] == 0.86
    assert (
        triangles(golden.under(gross_cap="product"), "quarter")
        .rows("gross")
        .set_index(["cohort", "age"])
        .loc[("2024-Q4", 1), "value"]
        == 0.80
    )
    assert triangles(golden, "quarter").rows("logo").set_index(["cohort", "age"]).loc[
        ("2024-Q4", 1), "value"
    ] == pytest.approx(8 / 9)


@pytest.mark.parametrize(("measure", "top"), [("net", "mrr"), ("gross", "least")])
def test_the_sample_company_against_pandas(sample: Book, measure: str, top: str) -> None:
    """A third way: the table of MRR made long, joined with itself and grouped, as an analyst would."""
    book = sample.under(fx="floating")
    paid = book.mrr.gt(0)
    first = paid.idxmax(axis=1)[paid.any(axis=1)]
    long = book.mrr.loc[first.index].reset_index().melt("account_id", var_name="month", value_name="mrr")
    month = pd.PeriodIndex(long["month"], freq="M")
    long = long.assign(
        quarter=month.asfreq("Q"), cohort=pd.PeriodIndex(long["account_id"].map(first), freq="M").asfreq("Q")
    )
    long = long[(month.month % 3 == 0) & (long["quarter"] >= long["cohort"])]
    then = long[long["quarter"] == long["cohort"]].set_index("account_id")["mrr"]
    long["then"] = long["account_id"].map(then)
    long["least"] = long[["mrr", "then"]].min(axis=1)
    summed = long.groupby(["cohort", "quarter"])[["mrr", "least", "then"]].sum()
    rows = triangles(book, "quarter").rows(measure)
    cohort = pd.PeriodIndex(rows["cohort"].str.replace("-", ""), freq="Q")
    expected = summed.loc[list(zip(cohort, cohort + rows["age"].to_numpy(), strict=True))]
    assert len(rows) == len(summed)
    np.testing.assert_allclose(rows["value"], expected[top] / expected["then"], rtol=1e-9)
