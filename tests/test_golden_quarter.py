"""The golden quarter: twelve definitions, twelve answers, each with its top and bottom."""

from __future__ import annotations

import pandas as pd
import pytest
from conftest import CASES

from cs_metrics.analysis.movements import last_period, movements
from cs_metrics.book import Book
from cs_metrics.metric import METRICS

EXPECTED = pd.read_csv(CASES / "golden_quarter" / "expected.csv")
NRR, GRR = METRICS["net_revenue_retention"], METRICS["gross_revenue_retention"]


def tally_of(name: str, book: Book) -> tuple[float, float]:
    found = METRICS[name].tally(book, 3)
    return found.top.iloc[-1, 0], found.bottom.iloc[-1, 0]


def flows(book: Book) -> pd.Series:
    return last_period(book, 3).iloc[0]


ANSWERS = {
    "point to point, opening accounts, opening FX": lambda b: tally_of("net_revenue_retention", b),
    "point to point, closing FX": lambda b: tally_of("net_revenue_retention", b.under(fx="floating")),
    "the whole book, new included (a common mistake)": lambda b: tally_of("closing_over_opening", b),
    "point to point, capped per account": lambda b: tally_of("gross_revenue_retention", b),
    "point to point, capped per product line": lambda b: tally_of(
        "gross_revenue_retention", b.under(gross_cap="product")
    ),
    "capped on the total only": lambda b: (
        min(tally_of("net_revenue_retention", b)),
        tally_of("net_revenue_retention", b)[1],
    ),
    "sum of monthly movements, reactivation counted": lambda b: (
        flows(b)[["opening", "expansion", "contraction", "churn", "reactivation"]].sum(),
        flows(b)["opening"],
    ),
    "sum of monthly movements": lambda b: (
        flows(b)[["opening", "contraction", "churn"]].sum(),
        flows(b)["opening"],
    ),
    "sum of monthly movements, reactivation not counted": lambda b: (
        flows(b)[["opening", "expansion", "contraction", "churn"]].sum(),
        flows(b)["opening"],
    ),
    "opening accounts": lambda b: tally_of("logo_retention", b),
}


@pytest.mark.parametrize(
    "row", list(EXPECTED.itertuples()), ids=[f"{r.metric}: {r.definition}" for r in EXPECTED.itertuples()]
)
def test_the_golden_quarter_holds(row: object, golden: Book) -> None:
    answer = ANSWERS.get(row.definition) or (lambda book: tally_of(row.metric, book))
    assert answer(golden) == (row.top, row.bottom)


def test_the_movements_of_the_quarter_reconcile(golden: Book) -> None:
    quarter = movements(golden.since("2025-01"), "quarter").iloc[0]
    assert quarter[["opening", "new", "expansion", "contraction", "churn", "reactivation", "closing"]].tolist() == [
        1000, 110, 100, -40, -240, 130, 1060,
    ]  # fmt: skip


def test_floating_rates_show_as_their_own_movement(golden: Book) -> None:
    quarter = movements(golden.since("2025-01").under(fx="floating"), "quarter").iloc[0]
    assert (quarter["fx"], quarter["closing"]) == (-3, 1057)
    assert quarter[["new", "expansion", "contraction", "churn", "reactivation"]].tolist() == [
        110,
        100,
        -40,
        -240,
        130,
    ]


def test_a_product_swap_nets_out_unless_asked_per_product(golden: Book) -> None:
    by = movements(golden.since("2025-01"), "quarter", "product").set_index("group")
    assert by.at["Core", "churn"] == -300
    assert by.at["Plus", "expansion"] == 60
    assert by["closing"].sum() == 1060
