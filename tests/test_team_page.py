"""The Team page: people side by side by name, what changed hands, and what it says where nobody can be compared."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from test_pages import keep, own_folder, page, visit, words  # noqa: F401

from cs_metrics import charts
from cs_metrics.analysis.people import compare_people
from cs_metrics.book import Book
from cs_metrics.metric import METRICS
from cs_metrics.units import PERCENT
from pages.ui.team import _behind


def people(count: int) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "accounts": 40,
            "size": np.linspace(10, 30, count).round(1),
            "value": 0.9,
            "lowest": 0.6,
            "low": 0.7,
            "high": 0.99,
            "highest": 1.0,
            "outside": "",
            "worth_a_look": False,
            "expected": 0.91,
        },
        index=[f"P{number}" for number in range(count)],
    )
    table.iloc[0, table.columns.get_loc("value")] = 0.5
    table.iloc[0, table.columns.get_loc("outside")] = "below"
    table.iloc[0, table.columns.get_loc("worth_a_look")] = True
    table.iloc[1, table.columns.get_loc("outside")] = "below"
    return table


def test_the_funnel_marks_who_is_outside_by_shape_as_well_as_colour() -> None:
    marks = charts.funnel(people(9), PERCENT, 0.9).data
    points = {mark.name: mark for mark in marks if mark.customdata is not None}
    assert len(points) == 3
    assert len({mark.marker.symbol for mark in points.values()}) == 3
    assert points["worth a look"].customdata == (["P0"],)
    assert sum(len(mark.x) for mark in points.values()) == 9


def test_the_funnel_names_everybody_of_a_few_and_of_many_only_those_outside() -> None:
    few, many = (charts.funnel(people(count), PERCENT, 0.9) for count in (9, 60))
    assert few.layout.xaxis.ticktext[0] == "P0 · 10"
    assert many.layout.xaxis.ticktext is None
    named = [name for mark in many.data if mark.mode == "markers+text" for name in mark.text]
    assert named == ["P1", "P0"]


def test_the_bands_of_the_funnel_are_each_persons_own() -> None:
    table = people(5)
    thin, thick, dash = charts.funnel(table, PERCENT, 0.9).data[:3]
    assert list(thin.y[:2]) == [0.6, 1.0]
    assert list(thick.y[3:5]) == [0.7, 0.99]
    assert list(dash.y) == [0.91] * 5


def test_people_of_one_size_stand_side_by_side() -> None:
    table = people(9).assign(size=30.0)
    places = sorted(x for mark in charts.funnel(table, PERCENT, 0.9).data[3:] for x in mark.x)
    assert (np.diff(places) > 0.05).all()
    assert np.mean(places) == pytest.approx(30)


def test_csms_stand_in_the_order_of_their_names_with_a_sentence() -> None:
    at = visit(page("team"), period="Year")
    side_by_side = at.dataframe[0].value
    names = [name for name in side_by_side["csm"] if name != "unassigned"]
    assert names == sorted(names)
    assert len(names) == 9
    said = side_by_side.set_index("csm")["sentence"]
    assert said["Maya Okafor"].startswith("Inside what luck gives a book of this size")
    assert "none stands outside the band" in words(at)


def test_the_rules_and_the_hand_overs_are_on_the_page() -> None:
    at = visit(page("team"))
    listed = next(d.value for d in at.dataframe if "became" in d.value)
    assert "left in 2025-12" in listed["became"].tolist()
    rules = next(d.value for d in at.dataframe if "Owner at the close" in d.value).set_index("csm")
    assert rules.loc["Luca Moretti", ["Owner at the opening (chosen)", "Owner at the close"]].tolist() == [
        "98.8 %",
        "104.9 %",
    ]
    assert "2 of 9 figures move by 2 points or more" in words(at)


def test_another_figure_and_another_rule() -> None:
    at = visit(page("team"), team_figure="Logo retention", owner="Owner at the close", period="Year")
    assert at.selectbox(key="team_figure").value == "Logo retention"
    assert "exact limits" in words(at)
    assert "Owner at the close (chosen)" in next(d.value for d in at.dataframe if "Owner at each change" in d.value)


def test_one_csm_alone_is_shown_and_compared_with_all() -> None:
    at = visit(page("team"), csm="Priya Raman", period="Year")
    assert at.dataframe[0].value["csm"].tolist() == ["Priya Raman"]
    assert at.dataframe[0].value["luck"][0] != "–"


@pytest.mark.parametrize(
    ("csm", "said"),
    [("", "nobody has as many"), ("Ann", "one CSM has as many")],
)
def test_too_few_csms_say_why_there_is_no_comparison(own_folder: str, csm: str, said: str) -> None:  # noqa: F811
    rows = "".join(f"A{a},{csm},2025-0{m},{100 + a}\n" for a in range(8) for m in range(1, 7))
    keep(own_folder, ("mrr.csv", f"account_id,csm,month,mrr\n{rows}"))
    at = visit(page("team"))
    assert said in words(at)
    assert "No paying account changed hands" in words(at)
    assert not at.get("plotly_chart")


def test_behind_a_point_are_the_accounts_of_the_figure(sample: Book) -> None:
    found = compare_people(METRICS["net_revenue_retention"], sample, 12)
    asked = _behind(found, sample, {"customdata": ["Maya Okafor"]})
    assert asked is not None
    rows = asked.rows()
    assert rows["top"].sum() / rows["bottom"].sum() == pytest.approx(
        found.people.loc["Maya Okafor", "value"], rel=1e-12
    )
    assert (rows["bottom"] > 0).sum() == found.people.loc["Maya Okafor", "accounts"]
    assert _behind(found, sample, {}) is None
