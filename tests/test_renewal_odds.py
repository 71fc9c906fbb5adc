"""What will be renewed: the worked numbers, every outcome enumerated, and what must always hold."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_metrics.analysis.renewal_odds import POINTS, renewal_odds, said
from cs_metrics.analysis.renewal_past import BANDS, Past, past, pooled, worked_renewals
from cs_metrics.analysis.renewals_due import BUCKETS, BY, coming, due_by, renewals_due, undated
from cs_metrics.book import Book, Dark
from cs_metrics.facts import Facts

DUE = np.array([30, 24, 18, 12, 10, 8, 6, 4]) * 1000
CHANCES = np.array([0.95, 0.90, 0.60, 0.92, 0.85, 0.97, 0.40, 0.90])


def test_the_worked_numbers_without_a_shock() -> None:
    odds = renewal_odds(DUE, CHANCES, shock=0)
    assert odds.expected == pytest.approx(94_200, abs=1e-6)
    assert odds.deviation == pytest.approx(14_409.747, abs=5e-4)
    assert [odds.quantile(q) for q in (0.1, 0.5, 0.9)] == [76_000, 94_000, 112_000]
    assert odds.everything == pytest.approx(0.140087, abs=1e-6)
    assert odds.at_least(90_000) == pytest.approx(0.610818, abs=1e-6)


def test_the_worked_numbers_with_a_common_shock() -> None:
    odds = renewal_odds(DUE, CHANCES)
    assert odds.expected == pytest.approx(93_492.066, abs=5e-4)
    assert odds.deviation == pytest.approx(15_780.844, abs=5e-4)
    assert odds.quantile(0.1) == 72_000


def enumerated(due: list[int], chances: list[float], shock: float) -> dict[int, float]:
    """Every outcome, one by one, under every shock: the chance of each sum. Plain loops."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(POINTS if shock else 1)
    found: dict[int, float] = {}
    for node, weight in zip(nodes, weights / weights.sum(), strict=True):
        moved = [p if p in (0.0, 1.0) else 1 / (1 + math.exp(-(math.log(p / (1 - p)) + shock * node))) for p in chances]
        for outcome in itertools.product((0, 1), repeat=len(due)):
            chance = weight
            for renews, p in zip(outcome, moved, strict=True):
                chance *= p if renews else 1 - p
            total = sum(amount for renews, amount in zip(outcome, due, strict=True) if renews)
            found[total] = found.get(total, 0.0) + chance
    return found


@st.composite
def books_due(draw: st.DrawFn) -> tuple[list[int], list[float]]:
    count = draw(st.integers(0, 7))
    amounts = draw(st.lists(st.one_of(st.integers(1, 40), st.integers(1, 10**12)), min_size=count, max_size=count))
    chances = st.one_of(st.floats(0.01, 0.99), st.sampled_from([0.0, 1.0]))
    return amounts, draw(st.lists(chances, min_size=count, max_size=count))


@given(books_due(), st.sampled_from([0.0, 0.5, 1.5]))
def test_every_outcome_enumerated_gives_the_same_distribution(
    drawn: tuple[list[int], list[float]], shock: float
) -> None:
    due, chances = drawn
    odds, second = renewal_odds(np.array(due), np.array(chances), shock), enumerated(due, chances, shock)
    mine = {int(a): c for a, c in zip(odds.amounts, odds.chances, strict=True) if c > 1e-11}
    theirs = {a: c for a, c in second.items() if c > 1e-11}
    assert mine.keys() == theirs.keys()
    assert all(mine[amount] == pytest.approx(theirs[amount], abs=1e-10) for amount in theirs)
    mean = sum(amount * chance for amount, chance in second.items())
    spread = math.sqrt(max(sum((amount - mean) ** 2 * chance for amount, chance in second.items()), 0))
    assert odds.expected == pytest.approx(mean, rel=1e-9)
    assert odds.deviation == pytest.approx(spread, rel=1e-6, abs=1e-3)


def test_twelve_accounts_enumerated() -> None:
    rng = np.random.default_rng(5)
    due, chances = (rng.lognormal(7, 1, 12) * 3600).astype(np.int64), rng.uniform(0.3, 0.98, 12)
    odds = renewal_odds(due, chances, shock=0)
    second = enumerated(due.tolist(), chances.tolist(), 0)
    ordered = sorted(second)
    reached = np.cumsum([second[amount] for amount in ordered])
    for q in (0.1, 0.25, 0.5, 0.9):
        assert odds.quantile(q) == ordered[int(np.argmax(reached >= q - 1e-12))]


def test_many_accounts_are_rounded_to_a_hair() -> None:
    rng = np.random.default_rng(7)
    due, chances = (rng.lognormal(7, 1.2, 300) * 3600).astype(np.int64), rng.uniform(0.5, 0.99, 300)
    odds = renewal_odds(due, chances)
    assert int(odds.amounts[-1]) == int(due.sum())
    assert (odds.amounts * odds.chances).sum() == pytest.approx(odds.expected, rel=1e-5)
    spread = math.sqrt((odds.amounts.astype(float) ** 2 * odds.chances).sum() - odds.expected**2)
    assert spread == pytest.approx(odds.deviation, rel=1e-2)
    drawn = rng.random((4000, 300))
    moved = 1 / (1 + np.exp(-(np.log(chances / (1 - chances)) + 0.5 * rng.standard_normal(4000)[:, None])))
    sums = (drawn < moved) @ due
    for share in (0.1, 0.5, 0.9):
        assert odds.quantile(share) / due.sum() == pytest.approx(np.quantile(sums, share) / due.sum(), abs=0.008)


@given(books_due())
def test_the_shock_widens_and_nothing_exceeds_what_is_due(drawn: tuple[list[int], list[float]]) -> None:
    due, chances = np.array(drawn[0], dtype=np.int64), np.array(drawn[1])
    alone, together = renewal_odds(due, chances, 0), renewal_odds(due, chances)
    assert together.chances.sum() == pytest.approx(1)
    assert 0 <= together.likely[0] <= together.likely[1] <= due.sum()
    certain = np.where(chances == 0.5, chances, 0.5)
    assert renewal_odds(due, certain).deviation >= renewal_odds(due, certain, 0).deviation - 1e-6
    assert alone.expected == pytest.approx(float(due @ chances))


def test_the_sentence_says_what_is_due_expected_and_likely() -> None:
    assert said(renewal_odds(DUE, CHANCES, 0), 1, "USD") == (
        "$94.2 k of the $112.0 k due is expected to be renewed; eight times in ten it will be between $76.0 k and "
        "$112.0 k. All of it renews with a chance of 14 %."
    )
    assert said(renewal_odds(np.array([]), np.array([]))) == "Nothing is due."


# --- what the past says ---------------------------------------------------------------------------------------------


def test_small_groups_lean_on_the_rate_of_all() -> None:
    rate, each = pooled(np.array([9, 30]), np.array([12, 30]))
    assert rate == pytest.approx(39 / 42)
    assert each.tolist() == pytest.approx([(20 * 39 / 42 + 9) / 32, (20 * 39 / 42 + 30) / 50])
    assert pooled(np.array([10]), np.array([10]))[0] == pytest.approx(10.5 / 11)
    assert pooled(np.array([0]), np.array([10]))[0] == pytest.approx(0.5 / 11)


def dated_book(days: dict[str, str | None], mrr: dict[str, list[float]], deals: list[tuple] = (), **more: list) -> Book:
    book = Book.of_mrr(mrr, first="2024-01", **more)
    dates = pd.to_datetime(pd.Series([days.get(name) for name in mrr]))
    accounts = book.accounts.assign(renewal_date=dates.to_numpy())
    place = {name: row for row, name in enumerate(mrr)}
    rows = [(place[name], pd.Timestamp(day)) for name, day in days.items() if day]
    rows += [(place[name], pd.Timestamp(day)) for name, day, _ in deals if days.get(name) != day]
    renewals = pd.DataFrame(rows, columns=["row", "day"]).astype({"row": "int64", "day": "datetime64[s]"})
    worked = pd.DataFrame(
        {
            "row": [place[name] for name, _, _ in deals],
            "kind": "renewal",
            "opened_on": [pd.Timestamp(day) - pd.Timedelta(days=60) for _, day, _ in deals],
            "closes_on": [pd.Timestamp(day) for _, day, _ in deals],
            "won": [won for _, _, won in deals],
        }
    )
    return replace(
        book,
        accounts=accounts,
        renewals=renewals.sort_values(["row", "day"]).reset_index(drop=True),
        facts=Facts({"opportunities": worked} if len(worked) else {}),
    )


def test_chances_are_those_of_past_renewals_pooled() -> None:
    mrr = {"A": [10.0] * 12, "B": [10.0] * 8 + [0.0] * 4, "C": [10.0] * 12, "D": [10.0] * 12}
    deals = [("A", "2024-05-10", True), ("B", "2024-09-10", False), ("C", "2024-11-10", True)]
    book = dated_book(dict.fromkeys("ACD", "2025-02-01"), mrr, deals, segment=["S", "S", "M", "M"])
    learned = past(book.now(date(2025, 1, 1)))
    assert (learned.worked, learned.renewals, learned.rate) == (True, 3, pytest.approx(2 / 3))
    assert learned.chances["A"] == pytest.approx((20 * 2 / 3 + 1) / 22)  # S: two renewals, one kept
    assert learned.chances["D"] == pytest.approx((20 * 2 / 3 + 1) / 21)  # M: one renewal, kept
    assert worked_renewals(book.now(date(2025, 1, 1)))["close"].tolist() == [4, 8, 10]


def test_dates_of_accounts_alone_say_nothing_of_past_renewals() -> None:
    """Only those who left still have a date in the past: counted as the past, they would say nobody renews."""
    mrr = {f"K{n}": [10.0] * 14 for n in range(8)} | {"Gone": [10.0] * 5 + [0.0] * 9}
    days = {f"K{n}": "2025-04-01" for n in range(8)} | {"Gone": "2024-06-01"}
    learned = past(dated_book(days, mrr).now(date(2025, 3, 1)))
    assert not learned.worked
    assert learned.rate == pytest.approx(8 / 9)
    assert "no past renewals are known" in learned.source


def test_a_short_book_without_past_renewals_says_why() -> None:
    book = dated_book({"A": "2024-05-01"}, {"A": [10.0, 10.0, 10.0]})
    with pytest.raises(Dark, match="less than a year"):
        past(book)
    with pytest.raises(Dark, match="no account"):
        past(book.take(slice(0, 0)))


def test_what_else_a_period_loses_and_gains() -> None:
    mrr = {"Up": [100.0] * 13 + [110.0], "Down": [100.0] * 13 + [80.0], "Gone": [100.0] * 13 + [0.0]}
    mrr |= {"Same": [100.0] * 14}
    learned = past(dated_book({"Same": "2025-04-01"}, mrr).now(date(2025, 3, 1)))
    opened = 4 * 400  # four periods of 400 each, all changes in the last
    assert (learned.grown, learned.shrunk, learned.left) == pytest.approx((10 / opened, 20 / opened, 100 / opened))


def test_the_past_is_asked_as_it_was_known(sample: Book) -> None:
    learned = past(sample.now(date(2026, 1, 5)))
    assert learned.worked
    assert learned.renewals > 300
    assert set(learned.cells["band"]) <= set(BANDS)
    healthy, poor = (learned.cells[learned.cells["band"] == band] for band in ("healthy", "middling"))
    assert healthy["kept"].sum() / healthy["renewals"].sum() > poor["kept"].sum() / poor["renewals"].sum()
    assert isinstance(learned, Past)


# --- what is due ------------------------------------------------------------------------------------------------------


def test_due_overdue_and_undated() -> None:
    mrr = {name: [100.0, 100.0] for name in ("Late", "Won", "Soon", "Edge", "Later", "None")} | {"Gone": [100.0, 0.0]}
    days = {
        "Late": "2024-02-10",
        "Won": "2024-02-10",
        "Soon": "2024-03-30",
        "Edge": "2024-05-29",
        "Later": "2024-05-30",
    }
    book = dated_book(days | {"Gone": "2024-02-15"}, mrr, [("Won", "2024-02-12", True)]).now(date(2024, 3, 1))
    assert book.known_on == date(2024, 2, 29)
    due = renewals_due(book).set_index("account_id")
    assert due["bucket"].to_dict() == {"Late": BUCKETS[0], "Soon": BUCKETS[1], "Edge": BUCKETS[3]}
    assert due["days"].to_dict() == {"Late": -19, "Soon": 30, "Edge": 90}
    assert set(undated(book)["account_id"]) == {"Won", "None"}
    assert due["plan_state"].unique().tolist() == ["no plan"]
    assert due["band"].unique().tolist() == ["unknown"]
    assert coming(book)["row"].tolist() == [2, 3, 4]  # March to May: Soon, Edge, Later


def test_groups_add_up_to_what_is_due(sample: Book) -> None:
    book = sample.now(date(2026, 1, 5))
    due = renewals_due(book)
    assert due["days"].max() <= 90
    for by in BY:
        table = due_by(due, by)
        assert table.to_numpy().sum() == pytest.approx(due["mrr"].sum())
        for bucket in BUCKETS:
            assert table.loc[bucket].sum() == pytest.approx(due.loc[due["bucket"] == bucket, "mrr"].sum())
    large = due[due["value"] == "large"]
    assert large["mrr"].min() >= due.loc[due["value"] != "large", "mrr"].max()


def test_each_customer_due_is_listed_once_by_plain_loops(sample: Book) -> None:
    book = sample.now(date(2026, 1, 5))
    today, mrr = pd.Timestamp(book.known_on), book.mrr.iloc[:, -1].to_numpy()
    expected = {}
    for row in range(len(book)):
        days = sorted(book.renewals.loc[book.renewals["row"] == row, "day"])
        ahead = [day for day in days if day >= today]
        if mrr[row] > 0 and ahead and (ahead[0] - today).days <= 90:
            expected[book.accounts.index[row]] = ahead[0]
    due = renewals_due(book)
    found = due[due["bucket"] != "overdue"].set_index("account_id")["due_on"]
    assert found.to_dict() == expected


def test_without_renewal_dates_it_says_what_to_add() -> None:
    book = Book.of_mrr({"A": [1, 2]})
    with pytest.raises(Dark, match="renewal_date"):
        renewals_due(book)
    with pytest.raises(Dark, match="renewal_date"):
        coming(book)
