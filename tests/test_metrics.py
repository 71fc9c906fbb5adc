"""Every metric, with nothing written for it: the properties a ratio of sums must have; and second computations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from drawn import CSMS, RATES, Drawn, Plain, drawn_books
from hypothesis import given
from hypothesis import strategies as st

from cs_metrics import tally as engine
from cs_metrics.book import UNASSIGNED, Book
from cs_metrics.metric import METRICS, Metric

SPLIT = ("upsell_rate", "price_rate")  # rounded to the unit where a rise is split between quantity and price
RULES = ("opening", "event", "closing", "time-share", "grace")
every_metric = pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)


def same(left: pd.DataFrame, right: pd.DataFrame) -> None:
    np.testing.assert_array_equal(left.to_numpy(), right.to_numpy())


@every_metric
def test_words_are_complete(metric: Metric) -> None:
    assert metric.question.endswith("?")
    assert len(metric.question) <= 90
    assert metric.label
    assert metric.formula
    assert metric.source
    assert not metric.period or "{months}" in metric.formula


@given(drawn=drawn_books(facts=True), k=st.integers(1, 3))
def test_the_order_of_accounts_is_irrelevant(drawn: Drawn, k: int) -> None:
    mirrored = replace(drawn, mrr=drawn.mrr.iloc[::-1], accounts=drawn.accounts.iloc[::-1]).book()
    book = drawn.book()
    for metric in METRICS.values():
        same(metric.tally(book, k, "csm").values, metric.tally(mirrored, k, "csm").values)


@given(drawn=drawn_books(currencies=False, facts=True), k=st.integers(1, 3))
def test_doubling_all_money_leaves_rates_alone(drawn: Drawn, k: int) -> None:
    drawn = replace(drawn, facts={n: rows for n, rows in drawn.facts.items() if n != "costs"})  # they are whole cents
    doubled = replace(drawn, mrr=drawn.mrr.assign(mrr=drawn.mrr["mrr"] * 2)).book()
    book = drawn.book()
    for metric in METRICS.values():
        before, after = metric.of(book, k), metric.of(doubled, k)
        factor = 2 if metric.unit.money else 1
        rounded = metric.tally(book, k).bottoms if metric.name in SPLIT else None
        unit = 0 if rounded is None else len(book) * 4 / max(rounded[rounded > 0].min(initial=3600), 1)
        np.testing.assert_allclose(after, factor * before, rtol=1e-12, atol=unit)


@given(drawn=drawn_books(facts=True), k=st.integers(1, 3))
def test_an_account_that_never_paid_changes_nothing(drawn: Drawn, k: int) -> None:
    idle = drawn.accounts.iloc[:1].assign(account_id="idle", name="Idle")
    more = replace(drawn, accounts=pd.concat([drawn.accounts, idle])).book()
    book = drawn.book()
    for metric in METRICS.values():
        same(metric.tally(book, k).values, metric.tally(more, k).values)


@given(drawn=drawn_books(facts=True), k=st.integers(1, 3), rule=st.sampled_from(RULES))
def test_the_accounts_behind_a_figure_add_up_to_it(drawn: Drawn, k: int, rule: str) -> None:
    book = drawn.book(owner=rule)
    for metric in METRICS.values():
        for by in (None, "csm", "segment"):
            tally, rows = metric.tally(book, k, by), metric.explain(book, None, k, by)
            for group in tally.groups:
                mine = rows if group is None else rows[rows["group"] == group]
                if tally.known[-1].any():
                    assert mine["top"].sum() == pytest.approx(tally.top.iloc[-1][group], abs=1e-9)
                    if metric.ratio:
                        assert mine["bottom"].sum() == pytest.approx(tally.bottom.iloc[-1][group], abs=1e-9)


@given(
    drawn=drawn_books(facts=True),
    k=st.integers(1, 3),
    rule=st.sampled_from(RULES),
    fx=st.sampled_from(["constant", "floating"]),
)
def test_groups_add_up_to_the_whole(drawn: Drawn, k: int, rule: str, fx: str) -> None:
    book = drawn.book(owner=rule, fx=fx)
    for metric in METRICS.values():
        whole = metric.tally(book, k)
        for by in ("csm", "segment"):
            parts = metric.tally(book, k, by)
            share = parts.top_scale // whole.top_scale
            assert (parts.tops.sum(axis=1) == whole.tops[:, 0] * share).all()
            if metric.ratio:
                assert (parts.bottoms.sum(axis=1) == whole.bottoms[:, 0] * share).all()


@given(drawn=drawn_books(facts=True), k=st.integers(1, 3), rule=st.sampled_from(RULES))
def test_what_a_csm_answers_for_is_her_group(drawn: Drawn, k: int, rule: str) -> None:
    book = drawn.book(owner=rule)
    for metric in METRICS.values():
        grouped = metric.tally(book, k, "csm").values
        for csm in set(CSMS) & set(grouped.columns):
            np.testing.assert_allclose(metric.of(book.held_by(csm), k), grouped[csm], rtol=1e-12)


@given(drawn=drawn_books(facts=True), k=st.integers(1, 3))
def test_blocks_add_up_to_the_whole(drawn: Drawn, k: int) -> None:
    book = drawn.book()
    for metric in METRICS.values():
        parts = [metric.tally(block, k) for _, block in book.blocks(size=2)]
        whole = metric.tally(book, k)
        assert (sum(part.tops for part in parts) == whole.tops).all()


@given(
    drawn=drawn_books(currencies=False, facts=True), k=st.integers(1, 3), rule=st.sampled_from(("opening", "closing"))
)
def test_both_roads_lead_to_the_same_integers(drawn: Drawn, k: int, rule: str) -> None:
    book = drawn.book(owner=rule)
    for metric in METRICS.values():
        if not set(metric.needs) <= {"closing", "opening", "mrr"}:
            continue
        months = k if metric.period else 0
        for by in (None, "csm", "segment"):
            groups = engine.grouping(book, by)
            if book.closes > months and len(book):
                short, long = (
                    engine.fold_changes(metric, book, months, groups),
                    engine.sum_blocks(metric, book, months, groups),
                )
                assert (short[0] == long[0]).all()
                assert short[1] is None or (short[1] == long[1]).all()


@given(drawn=drawn_books(facts=True), k=st.integers(1, 3))
def test_the_book_is_not_changed(drawn: Drawn, k: int) -> None:
    book = drawn.book()
    for metric in METRICS.values():
        before = book.lines.amounts.copy()
        metric.tally(book, k, "csm")
        metric.explain(book, None, k)
        np.testing.assert_array_equal(book.lines.amounts, before)


@every_metric
def test_undefined_is_blank_and_never_zero(metric: Metric) -> None:
    empty = Book.of_mrr({"nobody": [0, 0, 0]})
    assert np.isnan(metric.of(empty, 1)).all() or not metric.ratio
    assert np.isnan(metric.of(Book.of_mrr({"A": [1]}), 3)).all() or not metric.period
    none = empty.take(slice(0, 0))
    assert metric.of(none, 1).isna().all() or not metric.ratio


@pytest.mark.parametrize("name", RATES)
@given(
    drawn=drawn_books(),
    k=st.integers(1, 4),
    rule=st.sampled_from(RULES),
    fx=st.sampled_from(["constant", "floating"]),
)
def test_rates_by_csm_against_plain_loops(name: str, drawn: Drawn, k: int, rule: str, fx: str) -> None:
    tally = METRICS[name].tally(drawn.book(owner=rule, fx=fx), k, "csm")
    plain = Plain(drawn, rule, fx)
    for close in range(k, drawn.months):
        expected = plain.shares(name, k, close)
        for place, csm in enumerate(tally.groups):
            top, bottom = expected.get(csm, (0, 0))
            scale = tally.top_scale // (3600 if METRICS[name].top.money else 1)
            assert tally.tops[close, place] == top * scale, (csm, close)
            assert tally.bottoms[close, place] == bottom * scale, (csm, close)
        assert set(expected) <= {*tally.groups, UNASSIGNED}


@given(drawn=drawn_books(), k=st.integers(1, 4))
def test_gross_never_exceeds_net_nor_one(drawn: Drawn, k: int) -> None:
    book = drawn.book()
    gross, net = METRICS["gross_revenue_retention"].of(book, k), METRICS["net_revenue_retention"].of(book, k)
    assert (gross.dropna() <= 1).all()
    assert (gross.dropna() <= net.dropna()).all()


@given(drawn=drawn_books(), k=st.integers(1, 4))
def test_net_retention_is_one_plus_its_parts(drawn: Drawn, k: int) -> None:
    book = drawn.book()
    up, down, gone = (
        METRICS[name].of(book, k) for name in ("expansion_rate", "contraction_rate", "revenue_churn_rate")
    )
    np.testing.assert_allclose(METRICS["net_revenue_retention"].of(book, k), 1 + up - down - gone, rtol=1e-12)


@given(drawn=drawn_books(), k=st.integers(1, 3))
def test_renewal_rates_against_plain_loops(drawn: Drawn, k: int) -> None:
    book = drawn.book()
    if "renewal_date" not in book.accounts:
        return
    net, gross = METRICS["net_renewal_rate"].tally(book, k), METRICS["gross_renewal_rate"].tally(book, k)
    plain = Plain(drawn)
    dates = drawn.accounts.set_index("account_id")["renewal_date"].dropna()
    for close in range(k, drawn.months):
        due = kept = capped = 0
        for account, day in dates.items():
            month = pd.Period(day, "M").ordinal - pd.Period("2024-11", "M").ordinal
            if close - k < month <= close:
                before, after = (plain.mrr(account, at, close - k) for at in (month - 1, month))
                due, kept, capped = due + before, kept + (after if before else 0), capped + min(before, after)
        assert (net.tops[close, 0], net.bottoms[close, 0], gross.tops[close, 0]) == (kept, due, capped)
