"""Hand-overs: what changed hands and what became of it, whose figure it is under each rule, to the cent."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from drawn import FIRST, Drawn, Plain, drawn_books
from hypothesis import given
from hypothesis import strategies as st

from cs_metrics.analysis.handovers import COLUMNS, RULES, handovers, inherited, transfers, under_rules
from cs_metrics.analysis.movements import last_period
from cs_metrics.assemble import book_of
from cs_metrics.book import Book, Settings
from cs_metrics.metric import METRICS

NET, GROSS, LOGO = (METRICS[name] for name in ("net_revenue_retention", "gross_revenue_retention", "logo_retention"))


def quarter() -> Book:
    """The published quarter of 90 days, a month of the book standing for 15 days, so that days are whole months.

    Ann opens with 25,000: 8,000 grows by 2,000; 5,000 goes to Bob on day 45 and grows by 1,500 with him; 12,000
    goes to Bob on day 60 and leaves within 30 days. Bob opens with 15,000: 4,000 goes to Ann on day 30, 3,000 leaves.
    """
    prices = {
        "stays": [8000, 8000, 10000, 10000, 10000, 10000, 10000],
        "grows": [5000, 5000, 5000, 5000, 5000, 6500, 6500],
        "leaves": [12000, 12000, 12000, 12000, 12000, 12000, 0],
        "back": [4000] * 7,
        "bobs": [8000] * 7,
        "lost": [3000, 3000, 3000, 0, 0, 0, 0],
    }
    months = [202412, 202501, 202502, 202503, 202504, 202505, 202506]
    mrr = [(a, m, p * 3600) for a, row in prices.items() for m, p in zip(months, row, strict=True)]
    start = {"stays": "Ann", "grows": "Ann", "leaves": "Ann", "back": "Bob", "bobs": "Bob", "lost": "Bob"}
    owners = [(a, csm, "2024-01-01") for a, csm in start.items()]
    owners += [("grows", "Bob", "2025-04-01"), ("leaves", "Bob", "2025-05-01"), ("back", "Ann", "2025-03-01")]
    history = pd.DataFrame(owners, columns=["account_id", "csm", "from_date"])
    history["from_date"] = pd.to_datetime(history["from_date"]).astype("datetime64[s]")
    return book_of(
        {"mrr": pd.DataFrame(mrr, columns=["account_id", "month", "mrr"]), "owners": history},
        Settings(),
        today=date(2025, 8, 1),
    )


def test_the_published_quarter_under_all_five_rules() -> None:
    table = under_rules(NET, quarter(), 6)
    assert NET.of(quarter(), 6).iloc[-1] == pytest.approx(0.7125)
    assert GROSS.of(quarter(), 6).iloc[-1] == pytest.approx(0.625)
    published = {
        "opening": (0.660000, 0.800000),
        "closing": (1.166667, 0.517857),
        "event": (1.094488, 0.283186),
        "time-share": (0.751969, 0.668142),
        "grace": (0.527559, 0.920354),
    }
    assert set(published) == set(RULES)
    for rule, expected in published.items():
        assert table.loc[["Ann", "Bob"], rule].tolist() == pytest.approx(expected, abs=1e-6), rule


def test_the_published_waterfall_closes() -> None:
    table = transfers(quarter(), 6)
    assert table.loc["Ann"].tolist() == [25000, 4000, -17000, 2000, 14000]
    assert table.loc["Bob"].tolist() == [15000, 17000, -4000, 1500 - 15000, 14500]


def test_the_published_quarters_list() -> None:
    table = handovers(quarter(), 6).set_index("account_id")
    assert table.index.tolist() == ["leaves", "grows", "back"]
    assert table["became"].tolist() == ["left in 2025-06", "grew", "unchanged"]
    assert table["mrr_then"].tolist() == [12000, 5000, 4000]
    assert table["change"].tolist() == [-12000, 1500, 0]
    assert table.loc["leaves", ["from", "to"]].tolist() == ["Ann", "Bob"]


def test_what_was_inherited_in_the_published_quarter() -> None:
    table = inherited(quarter())
    assert table.loc["Ann", ["inherited", "since", "own", "now"]].tolist() == [4000, 0, 10000, 14000]
    assert table.loc["Bob", ["inherited", "since", "own", "now"]].tolist() == [17000, 1500 - 12000, 8000, 14500]
    assert table.loc["Bob", ["inherited_accounts", "inherited_left", "own_accounts"]].tolist() == [2, 1, 1]
    assert inherited(quarter(), 2).loc["Bob", "inherited"] == 12000


@given(
    drawn=drawn_books(), k=st.integers(1, 4), rule=st.sampled_from(RULES), fx=st.sampled_from(["constant", "floating"])
)
def test_every_rule_adds_up_to_the_company_to_the_unit(drawn: Drawn, k: int, rule: str, fx: str) -> None:
    book = drawn.book(owner=rule, fx=fx)
    for metric in (NET, GROSS, LOGO):
        whole, parts = metric.tally(book, k), metric.tally(book, k, "csm")
        share = parts.top_scale // whole.top_scale
        assert parts.tops.sum(axis=1).tolist() == (whole.tops[:, 0] * share).tolist()
        assert parts.bottoms.sum(axis=1).tolist() == (whole.bottoms[:, 0] * share).tolist()


@given(drawn=drawn_books(), k=st.integers(1, 3), metric=st.sampled_from([NET, GROSS, LOGO]))
def test_figures_under_other_rules_against_plain_loops(drawn: Drawn, k: int, metric) -> None:
    table = under_rules(metric, drawn.book(), k)
    for rule in RULES:
        plain = Plain(drawn, rule).shares(metric.name, k, drawn.months - 1) if drawn.months > k else {}
        for csm, (top, bottom) in plain.items():
            if bottom:
                assert table.loc[csm, rule] == pytest.approx(float(top / bottom), rel=1e-12)
            elif csm in table.index:
                assert np.isnan(table.loc[csm, rule])


@given(drawn=drawn_books(), k=st.integers(1, 4), fx=st.sampled_from(["constant", "floating"]))
def test_the_list_adds_up_to_the_transfers(drawn: Drawn, k: int, fx: str) -> None:
    book = drawn.book(fx=fx)
    listed, table = handovers(book, k), last_period(book, k, "csm")
    came, went = listed.groupby("to")["mrr_then"].sum(), listed.groupby("from")["mrr_then"].sum()
    for csm in table.index:
        assert table.loc[csm, "transfer_in"] == pytest.approx(came.get(csm, 0), abs=1e-9)
        assert -table.loc[csm, "transfer_out"] == pytest.approx(went.get(csm, 0), abs=1e-9)


@given(drawn=drawn_books(), k=st.integers(1, 4))
def test_transfers_close_and_create_nothing(drawn: Drawn, k: int) -> None:
    table = transfers(drawn.book(), k)
    np.testing.assert_allclose(
        table[["opening", "transfer_in", "transfer_out", "movements"]].sum(axis=1), table["closing"], atol=1e-9
    )
    assert table[["transfer_in", "transfer_out"]].to_numpy().sum() == pytest.approx(0, abs=1e-9)


@given(drawn=drawn_books(currencies=False), k=st.integers(1, 4))
def test_the_list_against_plain_loops(drawn: Drawn, k: int) -> None:
    k = min(k, drawn.months - 1)
    plain, expected = Plain(drawn), set()
    for account in plain.accounts:
        for close in range(drawn.months - k, drawn.months):
            before, after = plain.holder(account, close - 1), plain.holder(account, close)
            then = plain.mrr(account, close - 1, close - 1)
            if before != after and then:
                last = plain.mrr(account, drawn.months - 1, drawn.months - 1)
                gone = [at for at in range(close, drawn.months) if not plain.mrr(account, at, at)]
                became = (
                    f"left in {FIRST + gone[0]}"
                    if gone
                    else "grew"
                    if last > then
                    else "shrank"
                    if last < then
                    else "unchanged"
                )
                expected.add((account, before, after, then, last, became + (" and came back" if gone and last else "")))
    found = handovers(drawn.book(), k)
    assert {
        (row.account_id, row[4], row.to, round(row.mrr_then * 3600), round(row.mrr_now * 3600), row.became)
        for row in found.itertuples()
    } == expected


@given(drawn=drawn_books())
def test_inherited_and_own_make_what_is_held(drawn: Drawn) -> None:
    book = drawn.book()
    for months in (None, 2):
        table = inherited(book, months)
        np.testing.assert_allclose(table[["inherited", "since", "own"]].sum(axis=1), table["now"], atol=1e-9)
        assert table["now"].sum() == pytest.approx(book.mrr.iloc[:, -1].sum(), abs=1e-9)


def test_nothing_to_hand_over() -> None:
    for book in (
        Book.of_mrr({"A": [1]}),
        Book.of_mrr({"A": [1, 1]}, csm=["Ann"]),
        Book.of_mrr({"A": [0, 0]}).take(slice(0, 0)),
    ):
        assert handovers(book, 3).columns.tolist() == list(COLUMNS)
        assert handovers(book, 3).empty
        assert under_rules(NET, book, 3).empty
        assert (transfers(book, 3)[["transfer_in", "transfer_out"]] == 0).all(axis=None)
        assert (inherited(book)["inherited"] == 0).all()


TRUTHS = {truth["name"]: truth for truth in json.loads((ROOT / "sample_data" / "truths.json").read_text("utf-8"))}


def test_the_account_passed_on_just_before_it_left_is_found(sample: Book) -> None:
    truth = TRUTHS["handed_over_just_before_loss"]
    listed = handovers(sample, truth["months"]).set_index("account_id")
    [account] = truth["accounts"]
    found = listed.loc[account]
    assert found[["from", "to", "became"]].tolist() == [truth["from"], truth["to"], f"left in {truth['lost_in'][0]}"]
    assert str(found["day"])[:10] == truth["handed_over"]
    assert found["change"] == listed["change"].min()
    rules = under_rules(NET, sample, truth["months"])
    for csm, figures in truth["net_revenue_retention"].items():
        for rule, value in figures.items():
            assert rules.loc[csm, rule] == pytest.approx(value, abs=1e-6)
    assert rules.loc[truth["from"], "grace"] < 1 < rules.loc[truth["from"], "event"]


def test_the_weak_book_handed_over_is_listed(sample: Book) -> None:
    truth = TRUTHS["inherited_trouble"]
    listed = handovers(sample, 12)
    mine = listed[(listed["from"] == truth["from"]) & (listed["to"] == truth["csm"])]
    assert set(mine["account_id"]) <= set(truth["accounts"])
    assert {str(day)[:10] for day in mine["day"]} == {truth["handed_over"]}
    assert len(mine) > 10
