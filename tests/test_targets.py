"""Targets: what is in force for whom and over which period; benchmarks: only with all that makes them one."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_metrics.analysis.target_standing import reaching, shown_targets, standing
from cs_metrics.assemble import book_of
from cs_metrics.benchmarks import Benchmark, add, benchmarks, checked, fitting
from cs_metrics.book import Book, Problem
from cs_metrics.dials import DIALS, tried
from cs_metrics.metric import METRICS
from cs_metrics.targets import TARGETS, added_pace, kept_pace, target_of, whom

GRR, NRR = "gross_revenue_retention", "net_revenue_retention"


def book(*settings: tuple[str, str, str, float]) -> Book:
    months = [202400 + m for m in range(1, 13)] + [202501]
    mrr = pd.DataFrame([(a, m, 3600 * 100) for a in "ABC" for m in months], columns=["account_id", "month", "mrr"])
    accounts = pd.DataFrame({"account_id": list("ABC"), "csm": ["Ann", "Ann", "Ben"], "segment": ["Mid", "Mid", "SMB"]})
    rows = pd.DataFrame(settings, columns=["setting", "about", "from_date", "value"])
    rows = rows.assign(from_date=pd.to_datetime(rows["from_date"]).astype("datetime64[s]"), author="Eve")
    return book_of({"mrr": mrr, "accounts": accounts, "settings": rows})


def test_without_a_choice_it_is_what_ships() -> None:
    goal = target_of(book(), GRR)
    assert (goal.least, goal.about, goal.since, goal.standing(0.9)) == (0.9, "", None, "reached")
    assert target_of(book(), "active_user_share")[:2] == (0.7, 0.8)
    assert target_of(book(), "mrr") is None
    assert target_of(Book.of_mrr({"A": [1]}), "nps").least == 50


def test_the_closest_holds_csm_before_segment_before_everyone() -> None:
    chosen = book(
        (f"target.{NRR}", "", "2024-01-01", 1.02), (f"target.{NRR}", "Mid", "2024-06-01", 1.05),
        (f"target.{NRR}", "Ann", "2024-07-01", 1.1),
    )  # fmt: skip
    assert target_of(chosen, NRR).least == 1.02
    assert target_of(chosen.where(segment="Mid"), NRR)[:4:2] == (1.05, "Mid")
    assert target_of(chosen.where(csm="Ann"), NRR).least == 1.1
    assert target_of(chosen.where(csm="Ben"), NRR).least == 1.02
    assert whom(chosen.where(csm="Ben", segment="SMB")) == ("Ben", "SMB")
    goal = target_of(chosen.where(csm="Ann"), NRR)
    assert (goal.since, goal.author) == (date(2024, 7, 1), "Eve")
    assert target_of(chosen.as_of(date(2024, 6, 30)).where(csm="Ann"), NRR).least == 1.02


def test_a_quarter_shows_the_pace_of_the_year_unless_it_has_its_own() -> None:
    goal = target_of(book(), GRR, 3)
    assert goal.least == pytest.approx(0.974004, abs=1e-6)  # 0.974004 ** 4 = 0.9
    assert goal.year == 0.9
    own = target_of(book((f"target.{GRR}.quarter", "", "2024-01-01", 0.97)), GRR, 3)
    assert (own.least, own.year == own.year) == (0.97, False)
    assert target_of(book((f"target.{GRR}.quarter", "", "2024-01-01", 0.97)), GRR, 12).least == 0.9
    corridor = TARGETS["expansion_share"].of(book(), 3)
    assert corridor.least == pytest.approx(1.2**0.25 - 1)
    assert corridor.most == pytest.approx(1.3**0.25 - 1)
    assert target_of(book(), "nps", 3).least == 50


def test_a_value_beyond_the_limits_does_not_hold() -> None:
    assert target_of(book((f"target.{GRR}", "", "2024-01-01", 90.0)), GRR).least == 0.9


@given(st.floats(0.3, 1.5), st.integers(1, 24))
def test_the_pace_kept_for_a_year_is_the_year(year: float, months: int) -> None:
    assert kept_pace(kept_pace(year, months), 12) ** (12 / months) == pytest.approx(year)
    assert (1 + added_pace(year, months)) ** (12 / months) - 1 == pytest.approx(year)


def test_standing_against_each_target_by_plain_arithmetic(sample: Book) -> None:
    found = standing(sample).set_index("metric")
    assert list(found.index) == [each.metric for each in shown_targets()]
    for name, row in found.iterrows():
        value = METRICS[name].of(sample, 12).iloc[-1]
        assert row["value"] == value
        wanted = "below" if value < row["least"] else "above" if value > row["most"] else "reached"
        assert row["standing"] == wanted
    assert (found.loc[NRR, "least"], found.loc[NRR, "author"]) == (1.02, "Elena Marsh")
    assert standing(sample.where(segment="Enterprise")).set_index("metric").loc[NRR, "least"] == 1.05


def test_what_is_not_known_is_dark_and_no_zero() -> None:
    found = standing(book()).set_index("metric")
    assert found.loc[GRR, "standing"] == "reached"
    assert found.loc["nps", "value"] != found.loc["nps", "value"]
    assert found.loc["nps", "missing"]
    assert (standing(Book.of_mrr({"A": [1]}))["standing"] == "").all()


def test_who_would_reach_another_target(sample: Book) -> None:
    metric = METRICS[NRR]
    rows = reaching(sample, metric, 12, {f"target.{NRR}": 1.1}).set_index("csm")
    values = metric.by(sample, "csm", 12).iloc[-1]
    for csm, row in rows.iterrows():
        assert row["value"] == values[csm]
        assert row["standing"] == ("below" if values[csm] < 1.02 else "reached")
        assert row["would"] == ("below" if values[csm] < 1.1 else "reached")
    assert list(rows.index) == sorted(rows.index)
    alone = reaching(sample, metric, 12, {f"target.{NRR}": 9 / 4}, rows.index[0]).set_index("csm")
    assert (alone["would"] == alone["standing"]).iloc[1:].all()
    assert alone["would"].iloc[0] == "below"


def test_a_target_can_be_tried() -> None:
    assert target_of(tried(book(), {f"target.{GRR}": 0.95}, "Ann").where(csm="Ann"), GRR).least == 0.95
    assert DIALS[f"target.{GRR}.quarter"].written(float("nan")) == "not set"


def test_every_benchmark_that_ships_says_of_what_whom_when_how_many_and_by_whom() -> None:
    listed = benchmarks()
    assert listed
    for each in listed:
        assert each.metric in METRICS
        assert 2000 < each.year < 2100
        assert all((each.sample, each.source, each.segment, each.window, each.grade))
    assert fitting(listed, GRR, 12)
    assert fitting(listed, GRR, 3) == []


def test_ones_own_benchmarks_are_added_and_a_bad_one_is_named(tmp_path: Path) -> None:
    mine = tmp_path / "own" / "benchmarks.toml"
    each = Benchmark("nps", 36.0, "points", 'B2B "SaaS"', 2025, "120 firms", 12, "Our association\nreport", "own")
    add(mine, each)
    add(mine, each)
    assert benchmarks(mine)[-2:] == [each, each]
    mine.write_text('[[benchmark]]\nmetric = "nps"\nvalue = 36\n')
    with pytest.raises(Problem, match=r"benchmarks\.toml, benchmark 1 lacks unit, segment, year, sample"):
        benchmarks(mine)
    mine.write_text("not toml")
    with pytest.raises(Problem, match="cannot be read"):
        benchmarks(mine)
    with pytest.raises(Problem, match="of how many"):
        checked(each._asdict() | {"sample": "many"}, "Mine")
