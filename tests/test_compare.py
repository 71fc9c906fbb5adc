"""Every definition on the same data: the known answers, a second computation by plain loops, and why they differ."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from conftest import CASES
from drawn import Drawn, Plain, drawn_books
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from cs_metrics.analysis.compare import (
    DEFINITIONS,
    accounts_of,
    annual,
    compare,
    definitions,
    differing,
    find,
    own_definition,
)
from cs_metrics.analysis.parts import chained, compounded_mean, mean, of_metric, pooled
from cs_metrics.assemble import book_of
from cs_metrics.book import Book, Dark, Misuse
from cs_metrics.cli import app
from cs_metrics.metric import METRICS
from cs_metrics.read.files import File
from cs_metrics.read.reading import read
from cs_metrics.tables import frames

EXPECTED = pd.read_csv(CASES / "golden_quarter" / "expected.csv")
NRR, GRR = METRICS["net_revenue_retention"], METRICS["gross_revenue_retention"]
RULES = st.sampled_from(["opening", "event", "closing", "time-share", "grace"])


def table(book: Book, months: int = 3) -> pd.DataFrame:
    return compare(book, months).set_index(["metric", "definition"])


@pytest.mark.parametrize("row", list(EXPECTED.itertuples()), ids=[f"{r.metric}: {r.definition}" for r in EXPECTED.itertuples()])  # fmt: skip
def test_the_golden_quarter_under_every_definition(row: object, golden: Book) -> None:
    found = table(golden).loc[(row.metric, row.definition)]
    assert (found["top"], found["bottom"]) == (row.top, row.bottom)
    assert found["value"] == row.top / row.bottom


def test_one_quarter_gives_72_to_106_percent(golden: Book) -> None:
    stated = table(golden).loc[[(r.metric, r.definition) for r in EXPECTED.itertuples()], "value"]
    assert (stated.min(), stated.max()) == (0.72, 1.06)


def test_the_books_own_definition_follows_its_settings(golden: Book) -> None:
    def own(book: Book) -> set[str]:
        found = compare(book)
        return set(found.loc[found["own"], "definition"])

    assert own(golden) == {
        "point to point, opening accounts, opening FX", "point to point, capped per account", "opening accounts",
    }  # fmt: skip
    assert "point to point, closing FX" in own(golden.under(fx="floating"))
    assert "point to point, capped per product line" in own(golden.under(gross_cap="product"))
    for metric in (NRR, GRR, METRICS["logo_retention"], METRICS["logo_churn_rate"]):
        for settings in ({}, {"fx": "floating"}, {"gross_cap": "product"}):
            book = golden.under(**settings)
            mine = own_definition(book, metric)
            assert mine.parts(book, 3).total[0] == metric.of(book, 3).iloc[-1]


def test_the_worked_book_and_its_traps() -> None:
    """Ten accounts from 40,000: A +2,000, C and H lost, D −1,000, F +600, I new with 5,000."""
    start = [10000, 8000, 6000, 5000, 4000, 3000, 2000, 1000, 0, 1000]
    end = [12000, 8000, 0, 4000, 4000, 3600, 2000, 0, 5000, 1000]
    book = Book.of_mrr({name: pair for name, *pair in zip("ABCDEFGHIJ", start, end, strict=True)}, first="2025-01")
    found = table(book, 1)["value"].round(6)
    assert found["net_revenue_retention", "point to point, opening accounts, opening FX"] == 0.865
    assert found["gross_revenue_retention", "point to point, capped per account"] == 0.8
    assert found["logo_retention", "opening accounts"] == 0.777778
    assert found["closing_over_opening"].iloc[0] == 0.99


def test_a_fall_of_a_currency_moves_only_the_closing_rates_figure() -> None:
    """EUR 10,000 flat, 1.10 → 1.05, and USD 5,000 → 5,500."""
    from dataclasses import replace

    book = Book.of_mrr({"eur": [10000, 10000], "usd": [5000, 5500]}, first="2025-01")
    lines = replace(book.lines, currency=np.array([0, 1]), currencies=pd.Index(["EUR", "USD"]))
    found = table(replace(book, lines=lines, rates=np.array([[1.10, 1], [1.05, 1]])), 1)["value"].round(6)
    assert found["net_revenue_retention", "point to point, opening accounts, opening FX"] == 1.03125
    assert found["net_revenue_retention", "point to point, closing FX"] == 1.0
    assert found["gross_revenue_retention", "point to point, capped per account"] == 1.0


def test_the_accounts_of_a_definition_add_up_to_it(golden: Book) -> None:
    for each in definitions(3):
        rows = accounts_of(each, golden, 3)
        _, top, bottom = each.parts(golden, 3).total
        assert (rows["top"].sum(), rows["bottom"].sum()) == (pytest.approx(top), pytest.approx(bottom))


def test_why_the_definitions_differ_account_by_account(golden: Book) -> None:
    def moved(metric: str, words: str) -> dict[str, float]:
        other = find(metric, words, 3)
        rows = differing(golden, 3, own_definition(golden, other.beside), other)
        return dict(zip(rows["account_id"], rows["difference"].round(12), strict=True))

    assert moved("net_revenue_retention", "point to point, closing FX") == {"H": -0.003}
    assert moved("closing_over_opening", "the whole book, new included (a common mistake)") == {"L": 0.07, "J": 0.05}
    assert moved("gross_revenue_retention", "point to point, capped per product line") == {"I": -0.06}
    assert moved("gross_revenue_retention", "capped on the total only") == {"B": 0.045, "E": 0.03, "F": 0.005}
    assert moved("gross_revenue_retention", "sum of monthly movements") == {"G": -0.08, "K": -0.04, "F": -0.02}
    assert moved("net_revenue_retention", "sum of monthly movements, reactivation counted") == {"J": 0.05, "K": -0.04}
    assert moved("gross_revenue_retention", "lowest close of the period") == {"G": -0.08, "F": -0.02}
    assert set(moved("gross_renewal_rate", "of the MRR due in the quarter")) == set("EIFGH")  # not due


def test_a_definition_that_does_not_exist_is_a_misuse() -> None:
    with pytest.raises(Misuse, match="no definition"):
        find("net_revenue_retention", "by feeling", 3)


def test_every_definition_says_why_it_differs() -> None:
    assert all(each.why.endswith(".") for each in DEFINITIONS)
    assert len({(each.metric.name, each.words) for each in DEFINITIONS}) == len(DEFINITIONS)


def parts_or_none(book: Book, months: int, each: object) -> object:
    try:
        return each.parts(book, months)
    except Dark:
        return None


@given(drawn=drawn_books(), k=st.integers(1, 4), fx=st.sampled_from(["constant", "floating"]), rule=RULES)
def test_the_differences_add_up(drawn: Drawn, k: int, fx: str, rule: str) -> None:
    book = drawn.book(fx=fx, owner=rule)
    for each in definitions(k):
        mine = own_definition(book, each.beside)
        one, other = parts_or_none(book, k, mine), parts_or_none(book, k, each)
        if one is None or other is None or np.isnan(one.total[0] - other.total[0]):
            continue
        rows = differing(book, k, mine, each)
        assert rows["difference"].sum() == pytest.approx(
            other.total[0] - one.total[0], abs=1e-12 * max(1, one.total[0], other.total[0])
        )
        assert len(rows) <= len(book)


@given(drawn=drawn_books(), k=st.integers(1, 4), rule=RULES)
def test_the_csms_parts_add_up_to_the_company(drawn: Drawn, k: int, rule: str) -> None:
    book = drawn.book(owner=rule)
    if book.closes <= k:
        return
    whole, parts = of_metric(NRR, book, k), [of_metric(NRR, book.held_by(csm), k) for csm in book.holders]
    share = {each.top_scale for each in parts}.pop() // whole.top_scale
    assert (sum(each.top for each in parts) == whole.top * share).all()


@given(drawn=drawn_books(), k=st.integers(1, 4), fx=st.sampled_from(["constant", "floating"]))
def test_every_definition_against_plain_loops(drawn: Drawn, k: int, fx: str) -> None:
    book = drawn.book(fx=fx)
    last = drawn.months - 1
    if last < k:
        return
    found, plain = table(book, k), {name: Plain(drawn, fx=name) for name in ("constant", "floating")}
    own, start = plain[fx], last - k

    def total(pairs: object) -> tuple[int, int]:
        tops, bottoms = zip(*pairs, strict=True)
        return sum(tops), sum(bottoms)

    def ends(loops: Plain) -> list[tuple[int, int]]:
        return [loops.pair(account, last, k) for account in own.accounts]

    def moves(account: str) -> dict[str, int]:
        """Sums of an account's monthly movements."""
        sums = dict.fromkeys(("opening", "up", "down", "gone", "back"), 0)
        sums["opening"] = own.mrr(account, start, start)
        paid = any(own.mrr(account, close, close) for close in range(start + 1))
        for close in range(start + 1, last + 1):
            rate, rate_of_before = (start, start) if fx == "constant" else (close, close)
            before, after = own.mrr(account, close - 1, rate_of_before), own.mrr(account, close, rate)
            if before and not after:
                sums["gone"] += before
            elif before:
                sums["up" if after > before else "down"] += abs(after - before)
            elif after and paid:
                sums["back"] += after
            paid = paid or after > 0
        return sums

    moved = [moves(account) for account in own.accounts]
    opening = sum(each["opening"] for each in moved)
    net = total((c if o else 0, o) for o, c in ends(own))
    kept = total((min(o, c), o) for o, c in ends(own))
    lowest = 0
    for account in own.accounts:
        rates = [start if fx == "constant" else close for close in range(start, last + 1)]
        lowest += min(own.mrr(account, close, rate) for close, rate in zip(range(start, last + 1), rates, strict=True))
    arrived = [
        not any(own.mrr(account, close, close) for close in range(start + 1))
        and any(own.mrr(account, close, close) for close in range(start + 1, last + 1))
        for account in own.accounts
    ]
    lost = [o > 0 and c == 0 for o, c in ends(own)]
    gone = [(o > 0 or new) and c == 0 for (o, c), new in zip(ends(own), arrived, strict=True)]
    base = sum(o > 0 for o, _ in ends(own)) + sum(arrived)
    answers = {
        ("net_revenue_retention", "point to point, opening accounts, opening FX"): total((c if o else 0, o) for o, c in ends(plain["constant"])),
        ("net_revenue_retention", "point to point, closing FX"): total((c if o else 0, o) for o, c in ends(plain["floating"])),
        ("closing_over_opening", "the whole book, new included (a common mistake)"): total((c, o) for o, c in ends(own)),
        ("gross_revenue_retention", "point to point, capped per account"): kept,
        ("gross_revenue_retention", "capped on the total only"): (min(net), net[1]),
        ("gross_revenue_retention", "lowest close of the period"): (lowest, opening),
        ("gross_revenue_retention", "sum of monthly movements"): (opening - sum(m["down"] + m["gone"] for m in moved), opening),
        ("net_revenue_retention", "sum of monthly movements, reactivation counted"): (opening + sum(m["up"] + m["back"] - m["down"] - m["gone"] for m in moved), opening),
        ("net_revenue_retention", "sum of monthly movements, reactivation not counted"): (opening + sum(m["up"] - m["down"] - m["gone"] for m in moved), opening),
        ("logo_churn_rate", "opening accounts lost, over opening and new accounts"): (3600 * sum(lost), 3600 * base),
        ("logo_churn_rate", "all accounts lost, over opening and new accounts"): (3600 * sum(gone), 3600 * base),
    }  # fmt: skip
    for key, (top, bottom) in answers.items():
        row = found.loc[key]
        assert row["top"] * 3600 == pytest.approx(top, rel=1e-12, abs=1e-6), key
        assert row["bottom"] * 3600 == pytest.approx(bottom, rel=1e-12), key
        assert np.isnan(row["value"]) if not bottom else row["value"] == pytest.approx(float(Fraction(top, bottom)))

    monthly = [total((c if o else 0, o) for o, c in (own.pair(a, last - back, 1) for a in own.accounts)) for back in range(k)]  # fmt: skip
    average = found.loc[("net_revenue_retention", "average of the monthly rates"), "value"]
    if all(bottom for _, bottom in monthly):
        assert average == pytest.approx(float(sum(Fraction(*each) for each in monthly) / k), rel=1e-12)
    else:
        assert np.isnan(average)


# --- bad input ------------------------------------------------------------------------------------------------------

EMPTY = {
    "a period before the data": (Book.of_mrr({"A": [100, 100]}), 3),
    "no opening revenue": (Book.of_mrr({"A": [0, 0, 0, 50]}), 3),
    "one account, one month": (Book.of_mrr({"A": [5]}), 1),
    "no accounts": (Book.of_mrr({"A": [5, 5]}).take(slice(0, 0)), 1),
    "no month": (Book.of_mrr({"A": [5, 5]}).until("1999-01"), 1),
}


@pytest.mark.parametrize("case", EMPTY)
def test_without_a_figure_there_is_a_blank_and_its_reason(case: str) -> None:
    book, months = EMPTY[case]
    found = compare(book, months)
    rates = found[~found["definition"].str.contains("new accounts")]  # a new account is a base of its own
    assert rates["value"].isna().all()
    assert (found["value"].isna() == (found["missing"] != "")).all()
    for each in definitions(months):
        assert len(differing(book, months, own_definition(book, each.beside), each)) <= len(book)


def unpriced() -> Book:
    """Two accounts, one of which bills in a currency nobody gave a rate for."""
    from dataclasses import replace

    book = Book.of_mrr({"A": [5, 5], "B": [5, 6]}, csm=["Ann", "Ben"])
    lines = replace(book.lines, currency=np.array([0, 1]), currencies=pd.Index(["USD", "GBP"]))
    return replace(book, lines=lines, rates=np.array([[1, np.nan], [1, np.nan]]))


def test_a_currency_without_a_rate_blanks_only_the_figures_it_is_in() -> None:
    book = unpriced()
    assert compare(book, 1)["value"].isna().all()
    assert "without an exchange rate" in compare(book, 1)["missing"].iloc[0]
    assert compare(book.held_by("Ann"), 1)["value"].iloc[0] == NRR.of(book.held_by("Ann"), 1).iloc[-1] == 1
    assert compare(book.held_by("Ben"), 1)["value"].isna().all()
    assert NRR.of(book.held_by("Ben"), 1).isna().all()


def test_a_currency_beside_the_one_quoted_at_one_has_no_rate() -> None:
    revenue = b"account_id,month,mrr,currency\nA,2025-01,5,USD\nA,2025-02,5,USD\nB,2025-01,5,GBP\nB,2025-02,6,GBP\n"
    files = [File("mrr.csv", revenue), File("fx.csv", b"month,currency,rate\n2025-01,USD,1\n")]
    book = book_of(frames(read(files).usable().tables))
    assert book.currency == "USD"
    assert any("GBP has no rate" in note for note in book.notes)
    assert compare(book, 1)["value"].isna().all()


# --- annual figures ---------------------------------------------------------------------------------------------------

ROUTES = {
    "four quarters chained": lambda quarters, years: float(np.prod([float(q) for q in quarters])),
    "average of four trailing years": lambda quarters, years: float(sum(years) / 4),
    "mean quarter, annualised": lambda quarters, years: float(sum(quarters) / 4) ** 4,
}


@given(data=st.data())
def test_annual_routes_against_plain_loops(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 4))
    mrr = {f"A{n}": data.draw(st.lists(st.sampled_from([0, 10, 20, 35, 50]), min_size=22, max_size=22)) for n in range(count)}  # fmt: skip
    found = table(Book.of_mrr(mrr), 12)

    def rate(closing: int, months: int, gross: bool) -> tuple[int, int]:
        pairs = [(path[closing - months], path[closing]) for path in mrr.values()]
        return sum(min(o, c) if gross else (c if o else 0) for o, c in pairs), sum(o for o, _ in pairs)

    for gross, name in ((False, "net_revenue_retention"), (True, "gross_revenue_retention")):
        quarters = [rate(21 - 3 * q, 3, gross) for q in range(4)]
        years = [rate(21 - 3 * q, 12, gross) for q in range(4)]
        for words, answer in ROUTES.items():
            needed = years if "years" in words else quarters
            value = found.loc[(name, words), "value"]
            if all(bottom for _, bottom in needed):
                expected = answer([Fraction(*q) for q in quarters if q[1]], [Fraction(*y) for y in years if y[1]])
                assert value == pytest.approx(expected, rel=1e-12)
            else:
                assert np.isnan(value)
        top, bottom = (sum(year[place] for year in years) for place in (0, 1))
        value = found.loc[(name, "average of four trailing years, weighted"), "value"]
        assert np.isnan(value) if not bottom else value == pytest.approx(top / bottom, rel=1e-12)


# A panel of eight accounts at nine quarter ends, made to give the worked numbers of the methods' page by every route.
PANEL = {
    "R": [150, 150, 100, 100, 100, 100, 0, 0, 100],
    "U": [240, 250, 200, 220, 200, 203, 227, 231, 280],
    "F": [200, 200, 150, 160, 150, 147, 123, 119, 110],
    "G": [250, 250, 200, 205, 200, 200, 200, 0, 0],
    "S": [150, 150, 100, 100, 100, 100, 100, 100, 100],
    "T": [0, 0, 0, 0, 120, 120, 120, 120, 120],
    "V": [0, 0, 0, 0, 50, 50, 50, 50, 50],
    "Z": [100, 100, 40, 50, 0, 0, 0, 0, 0],
}
WORKED = {
    ("net_revenue_retention", "point to point, opening accounts, opening FX"): 0.826087,
    ("net_revenue_retention", "four quarters chained"): 0.717391,
    ("net_revenue_retention", "average of four trailing years"): 0.717403,
    ("net_revenue_retention", "average of four trailing years, weighted"): 0.716049,
    ("net_revenue_retention", "mean quarter, annualised"): 0.741572,
    ("gross_revenue_retention", "point to point, capped per account"): 0.739130,
    ("gross_revenue_retention", "lowest close of the period"): 0.630435,
    ("gross_revenue_retention", "four quarters chained"): 0.638444,
}


def test_annual_figures_by_every_route_to_six_digits() -> None:
    by_month = {name: [value for value in path for _ in range(3)][2:] for name, path in PANEL.items()}
    found = annual(Book.of_mrr(by_month, first="2023-03")).set_index(["metric", "definition"])
    assert {key: round(found.at[key, "value"], 6) for key in WORKED} == WORKED
    assert set(found.loc[found["own"], "value"].round(6)) == {0.826087, 0.739130}
    assert found["missing"].eq("").all()


def test_the_routes_by_hand() -> None:
    """Two periods: 100 → 90 (90 %), then 90 + 60 new = 150 → 120 (80 %)."""
    book = Book.of_mrr({"A": [100, 90, 60], "B": [0, 60, 60]}, first="2025-01")
    periods = [of_metric(NRR, book, 1), of_metric(NRR, book, 1, back=1)]
    assert chained(periods).total[0] == pytest.approx(0.9 * 0.8)
    assert mean(periods).total[0] == pytest.approx(0.85)
    assert pooled(periods).total[0] == pytest.approx((90 + 120) / (100 + 150))
    assert compounded_mean(periods).total[0] == pytest.approx(0.85**2)
    assert chained(periods).tops.tolist() == pytest.approx([100 - 10 - 90 * 30 / 150, 0])


# --- the command line -------------------------------------------------------------------------------------------------


def rows_of(*arguments: str) -> list[dict[str, object]]:
    result = CliRunner().invoke(app, [*arguments, "--format", "json"])
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_compare_on_the_command_line() -> None:
    found = rows_of("compare", str(CASES / "golden_quarter"))
    assert list(found[0]) == ["metric", "definition", "value", "top", "bottom"]
    stated = {(row["metric"], row["definition"]): (row["top"], row["bottom"]) for row in found}
    assert all(stated[r.metric, r.definition] == (r.top, r.bottom) for r in EXPECTED.itertuples())


def test_compare_leaves_out_what_the_data_cannot_answer(tmp_path: object) -> None:
    path = tmp_path / "mrr.csv"
    path.write_text("account_id,month,mrr\nA,2025-01,5\nA,2025-02,5\nB,2025-01,5\nB,2025-02,0\n")
    found = rows_of("compare", str(path), "--months", "1")
    assert {row["metric"] for row in found} == {
        "net_revenue_retention", "closing_over_opening", "gross_revenue_retention", "logo_retention", "logo_churn_rate",
    }  # fmt: skip
    early = rows_of("compare", str(path), "--until", "2020-01")
    assert early
    assert all(row["value"] is None for row in early)
