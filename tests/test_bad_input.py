"""Books with next to nothing in them, and questions beyond the data: blank with the reason, never 0 %, never an error."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from test_pages import keep, own_folder, page, visit, words

from cs_metrics.analysis.calls import week_by_week
from cs_metrics.analysis.cohorts import behind, behind_average, triangles
from cs_metrics.analysis.compare import annual, compare
from cs_metrics.analysis.explain import explain, explain_change
from cs_metrics.analysis.forecast import forecast
from cs_metrics.analysis.handovers import handovers, inherited, transfers, under_rules
from cs_metrics.analysis.likely import likely_range
from cs_metrics.analysis.moved import by_account, by_group, concentration
from cs_metrics.analysis.movements import last_period, movements
from cs_metrics.analysis.people import compare_people
from cs_metrics.analysis.renewal_past import past
from cs_metrics.analysis.renewals_due import renewals_due
from cs_metrics.analysis.survival import survival
from cs_metrics.analysis.what_if import outlook
from cs_metrics.book import Book, Dark, Problem
from cs_metrics.metric import METRICS

__all__ = ["own_folder"]  # the fixture every test here has, too

NRR = METRICS["net_revenue_retention"]
RATES = [m for m in METRICS.values() if m.ratio and m.needs and set(m.needs) <= {"closing", "opening", "mrr"}]


def of(pays: dict[str, list[float]], **attributes: list[str]) -> Book:
    return Book.of_mrr(pays, first="2025-01", **attributes)


def without_a_rate() -> Book:
    book = of({"A": [5, 5, 5, 5], "B": [7, 7, 7, 7]}, segment=["x", "y"], csm=["Ann", "Ben"])
    lines = replace(book.lines, currency=np.array([0, 1]), currencies=pd.Index(["USD", "GBP"]))
    return replace(book, lines=lines, rates=np.column_stack([np.ones(4), np.full(4, np.nan)]))


BOOKS: dict[str, Callable[[], Book]] = {
    "no account": lambda: of({"A": [5.0] * 4}, segment=["x"], csm=["Ann"]).take(np.zeros(1, dtype=bool)),
    "no month": lambda: of({"A": [5.0] * 4}, segment=["x"], csm=["Ann"]).until("2024-01"),
    "one month": lambda: of({"A": [5.0]}, segment=["x"], csm=["Ann"]),
    "one account": lambda: of({"A": [5, 6, 7, 8]}, segment=["x"], csm=["Ann"]),
    "nobody pays": lambda: of({"A": [0] * 4, "B": [0] * 4}, segment=["x", "y"], csm=["Ann", "Ben"]),
    "a group without opening": lambda: of({"A": [5] * 4, "B": [0, 0, 0, 9]}, segment=["x", "y"], csm=["Ann", "Ben"]),
    "a currency without a rate": without_a_rate,
}
ASKED: dict[str, Callable[[Book], Any]] = {
    "movements": lambda b: [
        movements(b, e, by) for e in ("month", "quarter", "year") for by in (None, "csm", "segment")
    ],
    "last period": lambda b: [last_period(b, k, by) for k in (1, 3, 12) for by in (None, "csm", "account_id")],
    "explain": lambda b: [
        explain(NRR, b, "2031-01"),
        explain(NRR, b, "2019-01"),
        explain(NRR, b) if len(b.months) else 0,
    ],
    "explain change": lambda b: [explain_change(NRR, b, w, 3, "segment") for w in ("2019-01", "2025-02", "2031-01")],
    "definitions": lambda b: [compare(b, 3), annual(b)],
    "moved": lambda b: [by_account(NRR, b, 3), by_group(NRR, b, "segment", 3), concentration(b)],
    "cohorts": lambda b: [triangles(b, e, "segment").rows("net") for e in ("month", "quarter", "year")],
    "behind a cell": lambda b: [behind(b, "net", "month", "2031-01", 3), behind_average(b, "logo", "quarter", 40)],
    "survival": lambda b: [survival(b), survival(b, "segment", "mrr")],
    "hand-overs": lambda b: [handovers(b), transfers(b), under_rules(NRR, b), inherited(b)],
    "people": lambda b: compare_people(NRR, b, 3),
    "likely": lambda b: likely_range(NRR, b, 12),
    "due": renewals_due,
    "past": past,
    "outlook": outlook,
    "calls": week_by_week,
    "forecast": lambda b: forecast(NRR, b),
}


@pytest.mark.parametrize("question", ASKED)
@pytest.mark.parametrize("book", BOOKS)
def test_every_analysis_answers_or_says_why_not(book: str, question: str) -> None:
    with suppress(Dark, Problem):
        ASKED[question](BOOKS[book]())


@pytest.mark.parametrize("metric", RATES, ids=lambda m: m.name)
@pytest.mark.parametrize("book", BOOKS)
def test_a_rate_of_nothing_is_blank(book: str, metric: Any) -> None:
    made = BOOKS[book]()
    for by in (None, "csm", "segment"):
        tally = metric.tally(made, 3, by)
        nothing = ~(tally.bottom.to_numpy() > 0)
        assert np.isnan(tally.values.to_numpy()[nothing]).all()
        assert made.unpriced is None or by is not None or np.isnan(tally.values.to_numpy()).all()


def test_a_group_without_opening_is_named_and_blank(own_folder: str) -> None:
    rows = "".join(
        f"{a},{g},2025-0{m},{0 if a == 'B' and m < 6 else 9}\n" for a, g in ("Ax", "By") for m in range(1, 7)
    )
    keep(own_folder, ("mrr.csv", f"account_id,segment,month,mrr\n{rows}"))
    at = visit(page("retention"), by="Segment")
    assert "1 group had no opening revenue" in words(at)
    groups = next(d.value for d in at.dataframe if "group" in d.value).set_index("group")
    assert groups.loc["y"].tolist() == [
        "–",
        "$0" if "$0" in groups.loc["y"].tolist() else "0",
        groups.loc["y"].iloc[-1],
    ]


@pytest.mark.parametrize("view", ["By group", "Periods compared", "What moved it", "Definitions"])
@pytest.mark.parametrize("month", ["2025-01", "2031-12"], ids=["before the data", "in the future"])
def test_a_period_beyond_the_data_is_blank_with_the_reason(own_folder: str, view: str, month: str) -> None:
    rows = "".join(f"{a},{s},2025-0{m},9\n" for a in "ABCDEF" for s in ("xy"[a < "D"],) for m in range(1, 7))
    keep(own_folder, ("mrr.csv", f"account_id,segment,month,mrr\n{rows}"))
    at = visit(page("retention"), view=view, month=month, period="Quarter")
    shown = {m.label: m.value for m in at.metric}
    if month == "2025-01":
        assert shown["Net revenue retention"] == "–"
        assert "no revenue to start from" in words(at)
    else:
        assert at.selectbox(key="month").value == "2025-06"
        assert shown["Net revenue retention"] == "100.0 %"
    assert "nan" not in words(at).casefold().replace("finan", "")


PARTIAL = {
    "one account": "A,x,Ann,2025-01,5\nA,x,Ann,2025-02,5\n",
    "nobody pays": "A,x,Ann,2025-01,0\nA,x,Ann,2025-02,0\nB,y,Ben,2025-02,0\n",
}


@pytest.mark.parametrize("view", ["Periods compared", "What moved it", "Definitions"])
@pytest.mark.parametrize("book", PARTIAL)
def test_retentions_tabs_stand_on_next_to_nothing(own_folder: str, book: str, view: str) -> None:
    keep(own_folder, ("mrr.csv", f"account_id,segment,csm,month,mrr\n{PARTIAL[book]}"))
    at = visit(page("retention"), view=view, period="Month")
    assert not at.error
    assert "0.0 %" not in [m.value for m in at.metric]
