"""Economics, reviews and capacity: worked examples, known answers, and the sample company a second time by loops."""

from __future__ import annotations

import csv
from collections import defaultdict
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_metrics.analysis.capacity import capacity, complexity
from cs_metrics.analysis.lifetime_value import discounted_months, lifetime_value
from cs_metrics.analysis.maturity import sentence, steps
from cs_metrics.analysis.profitability import profitability, tiered, why_dark
from cs_metrics.analysis.review import notes_of, review
from cs_metrics.analysis.shifted_beta import fit
from cs_metrics.analysis.survival import kaplan_meier
from cs_metrics.assemble import book_of
from cs_metrics.book import Book
from cs_metrics.dials import tried
from cs_metrics.metric import METRICS
from cs_metrics.printed import review_html
from cs_metrics.spending import by_purpose, dealt_out

SAMPLE = Path(__file__).parents[1] / "sample_data"
MONTHS = [f"2025-{month:02}" for month in range(1, 13)]


def small(costs: list[tuple[object, ...]], **settings: float) -> Book:
    """Acme at 300 with Ann, Birch at 100 with Ben, January to June 2025, and what was spent."""
    mrr = [(a, 202500 + m, 3600 * p) for a, p in (("A", 300), ("B", 100)) for m in range(1, 7)]
    accounts = pd.DataFrame(
        {"account_id": ["A", "B"], "name": ["Acme", "Birch"], "csm": ["Ann", "Ben"], "segment": ["Big", "Small"]}
    )
    spent = pd.DataFrame(costs, columns=["month", "kind", "amount", "csm", "segment"])
    tables = {"mrr": pd.DataFrame(mrr, columns=["account_id", "month", "mrr"]), "accounts": accounts, "costs": spent}
    book = book_of(tables, until=pd.Period("2025-06", "M"))
    return tried(book, settings) if settings else book


def cost(month: int, kind: str, amount: float, csm: str | None = None, segment: str | None = None) -> tuple:
    return (202500 + month, kind, round(3600 * amount), csm, segment)


def test_costs_by_hand() -> None:
    book = small([cost(6, "CSM", 100), cost(6, "acquisition", 240), cost(6, "Coffee", 0.01)])
    row = profitability(book, 1).iloc[0]
    assert row["renew"] == 70.01
    assert row["expand"] == 30
    assert row["acquire"] == 10
    assert row["left"] == pytest.approx(400 - 110.01)
    assert METRICS["customer_retention_cost"].of(book, 1).iloc[-1] == pytest.approx(70.01 / 2)
    assert METRICS["retention_cost_per_mrr"].of(book, 1).iloc[-1] == pytest.approx(70.01 / 400)
    assert METRICS["net_profitability"].of(book, 1).iloc[-1] == pytest.approx(289.99 / 400)


def test_the_margin_and_the_sheet_can_be_set() -> None:
    book = small([cost(6, "CSM", 100)], **{"economics.gross_margin": 0.75})
    book = tried(book, {"costs.renew": 1.0, "costs.expand": 0.0, "costs.by_account": 0.0}, "csm")
    rows = profitability(book, 1, "segment").set_index("group")
    assert rows["renew"].tolist() == [75, 25]
    assert rows["margin"].tolist() == [225, 75]


def test_a_cost_goes_to_the_one_it_names_and_to_all_where_that_one_has_nobody() -> None:
    costs = [cost(6, "training", 10, csm="Ann"), cost(6, "training", 4, segment="Small"), cost(6, "training", 6, "Zoe")]
    rows = profitability(small(costs), 1, "csm").set_index("group")
    assert rows["renew"].to_dict() == {"Ann": 13, "Ben": 7}


def test_some_accounts_carry_their_part_alone() -> None:
    book = small([cost(6, "training", 10)])
    assert profitability(book.where(segment="Small"), 1).iloc[0]["renew"] == 5
    assert METRICS["customer_retention_cost"].dark(book.of_products("none")) is not None


def test_months_without_costs_are_blank_and_never_nothing() -> None:
    book = small([cost(5, "CSM", 100), cost(6, "CSM", 100)])
    values = METRICS["net_profitability"].of(book, 3)
    assert np.isnan(values.iloc[-1])
    assert "2025-04" in (why_dark(book, 3) or "")
    assert profitability(book, 3).empty
    assert METRICS["net_profitability"].dark(Book.of_mrr({"A": [1, 1]})) == "Add the table costs."


@given(
    total=st.integers(-(10**9), 10**12),
    weights=st.lists(st.integers(0, 10**12), min_size=1, max_size=30).filter(any),
)
def test_shares_add_up_and_are_within_a_cent(total: int, weights: list[int]) -> None:
    share = dealt_out(total, np.array(weights), np.arange(len(weights)))
    assert int(share.sum()) == total
    for part, weight in zip(share.tolist(), weights, strict=True):
        assert abs(part - Fraction(total * weight, sum(weights))) < 2 * 36 + 1


@given(amounts=st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=9))
def test_purposes_add_up(amounts: list[int]) -> None:
    weights = np.tile([7000, 2500, 500], (len(amounts), 1))
    assert by_purpose(np.array(amounts), weights).sum(axis=1).tolist() == amounts


def test_the_parts_of_the_sample_add_up_to_the_cent_and_to_the_table(sample: Book) -> None:
    whole = profitability(sample, 12).iloc[0]
    tiers = tiered(sample, 12)
    for book, by in ((sample, "segment"), (sample, "csm"), (tiers, "tier")):
        rows = profitability(book, 12, by)
        for name in ("revenue", "margin", "renew", "expand", "acquire", "left"):
            assert round(rows[name].sum(), 2) == round(whole[name], 2), (by, name)
    shares = {"CSM": (70, 30), "tools": (70, 30), "training": (100, 0), "marketing": (0, 30), "acquisition": (0, 0)}
    spent: dict[str, Fraction] = defaultdict(Fraction)
    with (SAMPLE / "costs.csv").open() as file:
        for row in csv.DictReader(file):
            if row["month"] in MONTHS:
                renew, expand = shares[row["kind"]]
                spent["renew"] += Fraction(row["amount"]) * renew / 100
                spent["expand"] += Fraction(row["amount"]) * expand / 100
    assert whole["renew"] == pytest.approx(float(spent["renew"]), abs=2.0)
    assert whole["renew"] + whole["expand"] == pytest.approx(float(spent["renew"] + spent["expand"]), abs=0.6)
    revenue = sum(sample.mrr[month].sum() for month in MONTHS)
    assert whole["revenue"] == pytest.approx(revenue)


def test_known_answers_of_projected_lives() -> None:
    regular = np.array([1000, 631, 468, 382, 326, 289, 262, 241])
    found = fit(regular[:-1], regular[:-1] - regular[1:])
    assert found is not None
    assert (found.a, found.b) == (pytest.approx(0.704077, abs=1e-6), pytest.approx(1.182043, abs=1e-6))
    assert found.loglik == pytest.approx(-1680.265188, abs=1e-6)
    assert found.survival(np.array([12]))[0] == pytest.approx(0.170037, abs=5e-7)
    assert found.lifetime(0.1) == pytest.approx(3.694908, abs=5e-7)
    assert 10_000 * found.lifetime(0.1) == pytest.approx(36949.08, abs=0.01)
    residual = [found.lifetime(0.1, renewed) for renewed in (1, 2, 5)]
    assert residual == pytest.approx([2.964399, 4.103140, 5.894095], abs=1e-6)
    high = np.array([1000, 869, 743, 653, 593, 551, 517, 491])
    other = fit(high[:-1], high[:-1] - high[1:])
    assert other is not None
    assert (other.a, other.b) == (pytest.approx(0.668088, abs=1e-6), pytest.approx(3.806095, abs=1e-6))
    four = fit(regular[:4], regular[:4] - regular[1:5])
    assert four is not None
    assert four.survival(np.arange(1, 5)) == pytest.approx([0.629198, 0.472147, 0.383328, 0.325469], abs=1e-6)
    assert fit(np.array([5, 5]), np.array([0, 0])) is None


def test_the_area_under_a_curve_and_its_error() -> None:
    curve = kaplan_meier(np.zeros(4, int), np.array([1, 2, 2, 3]), np.array([True, True, False, False]))
    value, error, seen = discounted_months(curve, 60, 0.0)
    assert (value, seen) == (1 + 0.75 + 0.5 + 0.5, 4)
    assert error == pytest.approx(np.sqrt(1.75**2 / (4 * 3) + 1.0**2 / (3 * 2)))
    assert discounted_months(curve, 2, 0.21)[0] == pytest.approx(1 + 0.75 * 1.21 ** (-1 / 12))


def test_the_simple_value_is_capped_where_nobody_left() -> None:
    row = lifetime_value(Book.of_mrr({"A": [100] * 4, "B": [300] * 4})).iloc[0]
    assert (row["simple"], row["at_least"]) == (200 * 60, True)


def test_maturity_says_what_comes_next(sample: Book) -> None:
    assert sentence(steps(sample)).endswith("Next: find out why customers leave.")
    kept = tried(sample, {"target.logo_retention": 0.5})
    assert "The team does keep customers" in sentence(steps(kept))
    assert "is not known" in sentence(steps(Book.of_mrr({"A": [1, 1]})))


def test_a_review_of_the_sample(sample: Book) -> None:
    found = review(sample, "Maya Okafor", 3)
    nrr = found.outcomes.set_index("metric").loc["net_revenue_retention"]
    assert nrr["value"] == pytest.approx(METRICS["net_revenue_retention"].by(sample, "csm", 3)["Maya Okafor"].iloc[-1])
    assert nrr["before"] == pytest.approx(METRICS["net_revenue_retention"].by(sample, "csm", 3)["Maya Okafor"].iloc[-4])
    assert nrr["target"] == pytest.approx(1.02 ** (3 / 12))
    with (SAMPLE / "contributions.csv").open() as file:
        rows = [r for r in csv.DictReader(file) if r["csm"] == "Maya Okafor" and r["done_on"] >= "2025-10"]
    assert len(found.documentation) == sum(r["done_on"] <= "2025-12-31" for r in rows)
    page = review_html(found, sample).decode()
    assert "Maya Okafor" in page
    assert "http" not in page
    assert "nan" not in page


def test_a_review_of_a_book_that_knows_little() -> None:
    book = Book.of_mrr({"A": [9, 9], "B": [9, 0]}, csm=["Ann", "<b>Ben"])
    found = review(book, "<b>Ben", 12)
    assert "add the table outcomes" in " ".join(found.dark)
    assert found.outcomes["value"].isna().all()
    assert b"<b>Ben" not in review_html(found, book)
    assert notes_of(book, "Ann").empty


def test_capacity_adds_up_to_the_company(sample: Book) -> None:
    rows, each = capacity(sample), complexity(sample)
    assert rows["accounts"].sum() == (sample.mrr["2025-12"] > 0).sum()
    assert rows["mrr"].sum() == pytest.approx(sample.mrr["2025-12"].sum())
    assert rows["share"].sum() == pytest.approx(1)
    assert (each["complexity"] >= 1).all()
    assert rows["csm"].tolist()[-1] == "unassigned"
    assert capacity(Book.of_mrr({"A": [0]})).empty
