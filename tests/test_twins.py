"""Every chart of the pages has a twin on slides, called with the same table."""

from __future__ import annotations

import inspect

import pandas as pd
import pytest

from cs_metrics import charts
from cs_metrics.analysis.movements import last_period
from cs_metrics.book import Book
from cs_metrics.metric import METRICS
from cs_metrics.slides.deck import Slide, write
from cs_metrics.slides.lines_and_bars import Bars, Lines, Stacked
from cs_metrics.slides.scatter import Curves, Quadrant
from cs_metrics.slides.twins import TWINS, from_marks
from cs_metrics.units import COUNT, PERCENT


@pytest.mark.parametrize("name", sorted(TWINS))
def test_a_twin_takes_what_its_chart_takes(name: str) -> None:
    chart = list(inspect.signature(getattr(charts, name)).parameters)
    twin = list(inspect.signature(TWINS[name]).parameters)
    assert twin == chart[: len(twin)]


def test_a_chart_without_a_twin_is_drawn_from_its_marks(golden: Book) -> None:
    months = METRICS["mrr"].of(golden, 1).to_frame("MRR")
    drawn = from_marks(charts.series(months, COUNT).to_dict())
    assert isinstance(drawn, Lines)
    assert drawn.table["MRR"].tolist() == months["MRR"].tolist()
    amounts = last_period(golden, 1).iloc[0]
    assert isinstance(from_marks(charts.waterfall(amounts).to_dict()), Bars)
    parts = pd.DataFrame({"a": [1.0, 2.0], "b": [0.5, 0.5]}, ["2025-01", "2025-02"])
    assert isinstance(from_marks(charts.stacked(parts, COUNT).to_dict()), Stacked)
    lines = pd.DataFrame({"name": "x", "age": [0, 1], "value": [1.0, 0.9], "hover": ""})
    assert isinstance(from_marks(charts.curves(lines, "months").to_dict()), Lines | Curves | Quadrant)
    assert from_marks({"data": []}) is None
    write([Slide("x", "y", [drawn])])


def test_shares_stay_shares(golden: Book) -> None:
    rates = METRICS["net_revenue_retention"].of(golden, 1).to_frame("NRR")
    drawn = from_marks(charts.series(rates, PERCENT).to_dict())
    assert isinstance(drawn, Lines)
    assert drawn.unit is PERCENT
