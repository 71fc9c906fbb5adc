"""Defects of the data in points of NRR: what is planted is found, and moves the figure by what it is worth."""

from __future__ import annotations

import itertools
import json
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from drawn import drawn_books
from hypothesis import assume, given
from hypothesis import strategies as st
from typer.testing import CliRunner

from cs_metrics.analysis.defects import DEFECTS, Defect, Suspects
from cs_metrics.analysis.quality import (
    COLUMNS,
    ROW_COLUMNS,
    _measured,
    quality,
    quality_rows,
    range_of,
    sentence,
)
from cs_metrics.assemble import book_of
from cs_metrics.book import Book
from cs_metrics.cli import app
from cs_metrics.metric import METRICS
from cs_metrics.months import month
from cs_metrics.read.files import File
from cs_metrics.read.reading import read
from cs_metrics.tables import frames

NRR, GRR = "net_revenue_retention", "gross_revenue_retention"
CLEAN = {"A": [100, 100, 110, 110], "B": [200, 200, 200, 150], "C": [300, 300, 300, 0], "D": [400, 400, 400, 420]}


def of(book: Book, metric: str, months: int = 3) -> float:
    return float(METRICS[metric].of(book, months).iloc[-1])


def found(book: Book, defect: str, metric: str = NRR, months: int = 3) -> tuple[float, float, float]:
    """Value, low and high that a defect leaves open."""
    rows = quality(book, months)
    [row] = rows[(rows["defect"] == DEFECTS[defect].label) & (rows["metric"] == metric)].to_dict("records")
    return row["value"], row["low"], row["high"]


def read_book(until: str | None = None, **files: str) -> Book:
    """A book from the texts of files."""
    tables = read([File(f"{name}.csv", text.encode()) for name, text in files.items()]).usable().tables
    return book_of(frames(tables), until=month(until) if until else None)


# --- what is planted is found ---------------------------------------------------------------------------------------


def test_the_planted_entry_error_comes_out_on_top_with_its_points(sample: Book) -> None:
    truths = {truth["name"]: truth for truth in json.loads((ROOT / "sample_data" / "truths.json").read_text())}
    planted = truths["data_entry_error"]
    first = quality(sample, planted["months"]).iloc[0]
    assert (first["defect"], first["metric"], first["accounts"]) == ("MRR jumps by 10×", NRR, 1)
    assert first["value"] == first["high"] == pytest.approx(planted[NRR], abs=5e-7)
    assert first["low"] == pytest.approx(planted["net_revenue_retention_without"], abs=5e-7)
    assert first["points"] == pytest.approx(planted["points"], abs=0.05)
    row = quality_rows(sample, planted["months"]).iloc[0]
    assert [row["account_id"]] == planted["accounts"]
    assert row["closing"] == pytest.approx(planted["typed"])
    assert "30,413.00 in 2025-12, 3,041.30 the month before" in row["problem"]


def test_a_clean_book_has_nothing_to_say() -> None:
    book = Book.of_mrr(CLEAN)
    assert quality(book, 3).empty
    assert list(quality(book, 3).columns) == list(COLUMNS)
    assert list(quality_rows(book, 3).columns) == list(ROW_COLUMNS)
    assert sentence(book, 3) == "No defect was found that could move net or gross retention."


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ({"A": [100, 100, 100, 1000]}, {"A": [100, 100, 100, 100]}),
        ({"D": [400, 400, 400, 42]}, {"D": [400, 400, 400, 420]}),
        ({"D": [40000, 400, 400, 420]}, {"D": [400, 400, 400, 420]}),
        ({"D": [400, 40000, 400, 420]}, {"D": [400, 400, 400, 420]}),
        ({"C": [300, 300, 300, 4050]}, {"C": [300, 300, 300, 337.5]}),
        ({"B": [2000, 200, 200, 150]}, {"B": [200, 200, 200, 150]}),
    ],
    ids=["ten times", "a tenth", "in the first month", "in between", "per year", "from then on"],
)
def test_a_jump_is_worth_the_difference_to_the_right_amount(
    wrong: dict[str, list[float]], right: dict[str, list[float]]
) -> None:
    book = Book.of_mrr(CLEAN | wrong)
    for metric in (NRR, GRR):
        now, fixed = of(book, metric), of(Book.of_mrr(CLEAN | right), metric)
        assert found(book, "tenfold", metric) == pytest.approx((now, min(now, fixed), max(now, fixed)))


def test_a_jump_between_two_numbers_or_two_stretches_leaves_every_choice_open() -> None:
    eleven = Book.of_mrr({"A": [100, 100, 1100], "B": [900, 900, 900]})
    assert found(eleven, "tenfold", NRR, 2) == pytest.approx((2.0, (900 + 1100 / 12) / 1000, 2.0))
    equal = Book.of_mrr({"A": [100, 1000], "B": [900, 450]})
    assert found(equal, "tenfold", NRR, 1) == pytest.approx((1.45, 550 / 1000, 1.45))
    assert found(equal, "tenfold", GRR, 1) == pytest.approx((0.55, 0.55, (1000 + 450) / 1900))


def test_a_jump_that_lasts_a_year_is_growth() -> None:
    before = [100] * 13
    assert quality(Book.of_mrr({"A": [*before, *[1000] * 12], "B": [50] * 25}), 12).empty
    assert not quality(Book.of_mrr({"A": [*before, *[1000] * 11], "B": [50] * 24}), 12).empty


def test_a_gap_is_filled_with_what_was_paid_before() -> None:
    months = {"A": [100, 0, 0, 90, 90], "B": [200, 200, 200, 200, 150]}
    filled = months | {"A": [100, 100, 100, 90, 90]}
    for metric in (NRR, GRR):
        now, fixed = of(Book.of_mrr(months), metric, 2), of(Book.of_mrr(filled), metric, 2)
        assert found(Book.of_mrr(months), "gap", metric, 2) == pytest.approx((now, min(now, fixed), max(now, fixed)))
    assert quality(Book.of_mrr({"A": [100, 0, 0, 0, 0, 90], "B": [1] * 6}), 2).empty
    assert quality(Book.of_mrr({"A": [100, 100, 0], "B": [1] * 3}), 2).empty


def test_duplicates_are_merged_or_counted_once() -> None:
    months = {"A1": [100, 0], "A2": [0, 120], "B1": [50, 60], "B2": [50, 60], "C": [300, 300]}
    book = Book.of_mrr(months, name=["Acme Inc.", "ACME", "Birch", "Birch GmbH", "Cedar"])
    merged = [(100, 120), (50, 60), (50, 60), (300, 300)]
    ways = []
    for acme in ([(100, 0)], [(100, 120)]):
        for birch in ([(50, 60), (50, 60)], [(100, 120)], [(50, 60)]):
            pairs = [*acme, *birch, (300, 300)]
            ways.append(Fraction(sum(c for _, c in pairs), sum(o for o, _ in pairs)))
    assert len(merged) == 4
    assert found(book, "duplicate", NRR, 1) == pytest.approx((of(book, NRR, 1), float(min(ways)), float(max(ways))))
    rows = quality_rows(book, 1)
    assert set(rows["problem"]) == {"like A2", "like A1", "like B2, with the same MRR", "like B1, with the same MRR"}


def test_accounts_of_one_parent_are_no_duplicates() -> None:
    months = {"A1": [100, 90], "A2": [100, 120], "B": [5, 5]}
    told = {"name": ["Acme UK", "Acme US", "Birch"], "domain": ["acme.example", "www.acme.example/", "birch.example"]}
    assert set(quality_rows(Book.of_mrr(months, **told), 1)["account_id"]) == {"A1", "A2"}
    assert quality(Book.of_mrr(months, parent_id=["P", "P", None], **told), 1).empty
    assert quality(Book.of_mrr(months, parent_id=["A2", None, None], **told), 1).empty


def test_overlapping_subscriptions_are_counted_with_one_price_or_the_other() -> None:
    header = "subscription_id,account_id,product,start_date,end_date,mrr\n"
    old, new = "S1,A,Core,2024-01-01,2025-04-01,100\n", "S2,A,Core,2025-03-01,,120\n"
    rest = "S3,B,Core,2024-01-01,,200\nS4,B,Plus,2025-02-01,,10\nS5,C,Core,2025-03-01,,1\n"
    book = read_book(subscriptions=header + old + new + rest)
    assert str(book.last) == "2025-03"
    without = [of(read_book("2025-03", subscriptions=header + text + rest), NRR, 1) for text in
               (old.replace("2025-04-01", "2025-03-01") + new, old + new.replace("2025-03-01", "2025-04-01"))]  # fmt: skip
    now = of(book, NRR, 1)
    assert found(book, "overlap", NRR, 1) == pytest.approx((now, min(without), max(now, *without)))
    assert now == pytest.approx((220 + 210) / 310)
    assert quality_rows(book, 1)["problem"].unique().tolist() == [
        "two subscriptions to Core from 2025-03-01 to 2025-04-01"
    ]
    assert quality(read_book(subscriptions=header + old.replace("04-01", "03-01") + new + rest), 1).empty


def test_a_missing_currency_may_be_any_there_is() -> None:
    rows = "account_id,month,mrr,currency\nA,2025-01,100,USD\nA,2025-02,100,USD\nB,2025-01,100,EUR\nB,2025-02,50,EUR\n"
    blank = "X,2025-01,100,\nX,2025-02,80,\n"
    fx = "month,currency,rate\n2025-01,EUR,2\n2025-02,EUR,2\n"
    book = read_book(mrr=rows + blank, fx=fx)
    as_euro = of(read_book(mrr=rows + blank.replace(",\n", ",EUR\n"), fx=fx), NRR, 1)
    assert of(book, NRR, 1) == pytest.approx((100 + 100 + 80) / (100 + 200 + 100))
    assert found(book, "currency_missing", NRR, 1) == pytest.approx((0.7, min(0.7, as_euro), max(0.7, as_euro)))
    assert as_euro == pytest.approx((100 + 100 + 160) / 500)


def test_negative_balances_are_nothing_or_the_other_sign() -> None:
    ledger = "account_id,date,mrr_change\nA,2025-01-01,100\nB,2025-01-01,50\nB,2025-02-01,-80\nA,2025-02-02,1\n"
    book = read_book(ledger=ledger)
    assert of(book, NRR, 1) == pytest.approx((101 - 30) / 150)
    assert found(book, "negative", NRR, 1) == pytest.approx((71 / 150, 71 / 150, (101 + 30) / 150))


def test_a_missing_renewal_date_may_hide_an_end() -> None:
    days = pd.to_datetime(["2024-02-10", "2024-02-10", "2024-07-01", None])
    due = pd.to_datetime(["2026-02-10", None, None, None])
    months = {"kept": [100, 100, 100], "due": [60, 60, 60], "later": [30, 30, 30], "unknown": [10, 10, 10]}
    book = Book.of_mrr(months, start_date=days, renewal_date=due)
    assert found(book, "renewal_missing", NRR, 2) == pytest.approx((1, 130 / 200, 1))
    rows = quality_rows(book, 2)
    alone = rows[rows["metric"] == NRR].set_index("account_id")["points"].to_dict()
    assert alone == pytest.approx({"due": 30, "later": 0, "unknown": 5})
    assert quality(Book.of_mrr(months, start_date=days), 2).empty


def test_an_account_without_owner_could_be_hers() -> None:
    book = Book.of_mrr({"A": [100, 80], "B": [100, 100], "X": [100, 150]}, csm=["Ann", "Ben", None])
    assert found(book, "owner_missing", NRR, 1) == pytest.approx((330 / 300,) * 3)
    assert found(book.held_by("Ann"), "owner_missing", NRR, 1) == pytest.approx((0.8, 0.8, 230 / 200))
    assert quality(book.where(csm="Ben").take(np.array([0, 1])), 1).empty


# --- the range ------------------------------------------------------------------------------------------------------


@given(
    st.integers(0, 500),
    st.integers(1, 500),
    st.lists(st.lists(st.tuples(st.integers(0, 90), st.integers(0, 90)), min_size=3, max_size=3), max_size=5),
)
def test_the_range_is_that_of_every_combination(top: int, bottom: int, cases: list[list[tuple[int, int]]]) -> None:
    """By plain loops: every choice for every case, the least and the most of all the ratios."""
    tops = np.array([[case[way][0] for case in cases] for way in range(3)], dtype=np.int64).reshape(3, len(cases))
    bottoms = np.array([[case[way][1] for case in cases] for way in range(3)], dtype=np.int64).reshape(3, len(cases))
    whole = top + int(tops[0].sum()), bottom + int(bottoms[0].sum())
    ratios = [
        Fraction(top + sum(t for t, _ in chosen), bottom + sum(b for _, b in chosen))
        for chosen in itertools.product(*cases)
    ]
    found = range_of(*whole, tops, bottoms)
    assert found == pytest.approx((whole[0] / whole[1], float(min(ratios)), float(max(ratios))))


def settings() -> st.SearchStrategy[dict[str, str]]:
    return st.fixed_dictionaries(
        {
            "owner": st.sampled_from(["opening", "closing", "event", "time-share", "grace"]),
            "fx": st.sampled_from(["constant", "floating"]),
            "gross_cap": st.sampled_from(["account", "product"]),
        }
    )


@given(drawn_books(), settings(), st.integers(1, 3), st.sampled_from([None, "Ada", "Ben"]))
def test_ranges_hold_the_reported_figure(drawn: object, chosen: dict[str, str], months: int, csm: str | None) -> None:
    book = drawn.book(**chosen)  # type: ignore[attr-defined]
    book = book.held_by(csm) if csm else book
    for row in quality(book, months).itertuples():
        reported = of(book, row.metric, months)
        assert row.value == pytest.approx(reported, nan_ok=True)
        assert not row.low > row.value + 1e-12
        assert not row.high < row.value - 1e-12
        assert row.points == pytest.approx(100 * (row.high - row.low), nan_ok=True)
    told = quality_rows(book, months)
    assert not (told["low"] > told["high"]).any()


@given(drawn_books(), settings(), st.integers(1, 3))
def test_correcting_nothing_moves_nothing(drawn: object, chosen: dict[str, str], months: int) -> None:
    book = drawn.book(**chosen)  # type: ignore[attr-defined]
    assume(book.closes > months)
    rows = np.arange(len(book))
    same = Suspects(rows, rows, ["nothing"] * len(rows), (book, book.take(rows)))
    found = _measured(book, months, Defect("none", lambda book, months: None, "", ""), same)
    for each in found.together.values() if found else ():
        assert each.low == pytest.approx(each.value, nan_ok=True)
        assert each.high == pytest.approx(each.value, nan_ok=True)


@given(drawn_books(currencies=False, handovers=False), st.integers(1, 3), st.data())
def test_a_zero_too_many_is_found_and_worth_its_difference(drawn: object, months: int, data: st.DataObject) -> None:
    rows = drawn.mrr  # type: ignore[attr-defined]
    last = rows["month"].max()
    before = rows[rows["month"] < last].groupby(["account_id", "product"])["mrr"].last()
    at = rows[(rows["month"] == last) & (rows["mrr"] > 0)]
    steady = at[[before.get((r.account_id, r.product), 0) == r.mrr for r in at.itertuples()]]
    assume(len(steady) > 0)
    place = data.draw(st.sampled_from(steady.index.tolist()))
    clean = drawn.book()  # type: ignore[attr-defined]
    already = quality_rows(clean, months)
    own = already[already["account_id"] == rows.at[place, "account_id"]]
    if DEFECTS["tenfold"].label in set(own["defect"]):
        return
    drawn.mrr = rows.assign(mrr=rows["mrr"].where(rows.index != place, rows["mrr"] * 10))  # type: ignore[attr-defined]
    wrong = drawn.book()  # type: ignore[attr-defined]
    if of(wrong, NRR, months) != of(wrong, NRR, months):
        return
    told = quality_rows(wrong, months)
    of_account = told[(told["account_id"] == rows.at[place, "account_id"]) & (told["metric"] == NRR)
                      & (told["defect"] == DEFECTS["tenfold"].label)]  # fmt: skip
    assert len(of_account) == 1
    if len(told[told["defect"] == DEFECTS["tenfold"].label]) == 2:
        ends = of(clean, NRR, months), of(wrong, NRR, months)
        assert of_account["low"].iloc[0] <= min(ends) + 1e-12
        assert of_account["high"].iloc[0] >= max(ends) - 1e-12


def test_books_with_nothing_to_measure_are_blank_not_wrong() -> None:
    assert quality(Book.of_mrr({"A": [100, 1000]}), 3).empty
    assert "do not reach back 3 months" in sentence(Book.of_mrr({"A": [100, 1000]}), 3)
    nothing = quality(Book.of_mrr({"A": [0, 100, 1000]}), 2)
    assert nothing["value"].isna().all()
    assert nothing["points"].isna().all()
    rows = "account_id,month,mrr,currency\nA,2025-01,100,USD\nA,2025-02,1000,USD\nB,2025-01,100,CHF\nB,2025-02,5,CHF\n"
    fx = "month,currency,rate\n2025-01,EUR,2\n"
    unpriced = book_of(frames(read([File("mrr.csv", rows.encode()), File("fx.csv", fx.encode())]).tables), _usd())
    assert of(unpriced, NRR, 1) != of(unpriced, NRR, 1)
    assert quality(unpriced, 1)["value"].isna().all()


def _usd() -> object:
    from cs_metrics.book import Settings

    return Settings(currency="USD")


def test_every_defect_has_its_words() -> None:
    for each in DEFECTS.values():
        assert each.question.endswith("?"), each.name
        assert each.advice.endswith((".", "!")), each.name
    assert len({each.label for each in DEFECTS.values()}) == len(DEFECTS) == 8


def test_the_command_line_says_the_same(sample: Book) -> None:
    files = [str(path) for path in sorted((ROOT / "sample_data").glob("*.csv"))]
    out = CliRunner().invoke(app, ["quality", *files, "--format", "json"])
    assert list(json.loads(out.stdout)[0]) == list(COLUMNS)
    assert json.loads(out.stdout)[0]["points"] == pytest.approx(quality(sample, 3)["points"].iloc[0])
    assert "1 account could move net revenue retention by −1.9 to 0 points: MRR jumps by 10×." in out.stderr
    rows = CliRunner().invoke(app, ["quality", *files, "--rows", "--format", "json"])
    assert json.loads(rows.stdout)[0]["account_id"] == "ACC-0292"
