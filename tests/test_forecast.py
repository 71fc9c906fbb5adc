"""The forecast: its scores by the worked numbers, its back-test by plain loops, and no look ahead."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_metrics.analysis.forecast import (
    HORIZONS,
    LEARN,
    METHODS,
    forecast,
    interval_score,
    quarters,
    reach,
    track_record,
    try_out,
    weighted_interval_score,
)
from cs_metrics.book import Book, Dark
from cs_metrics.metric import METRICS

NET, GROSS = METRICS["net_revenue_retention"], METRICS["gross_revenue_retention"]
SEASONAL = np.array([0.98, 1.01, 0.99, 0.95])


def company(rates: list[float], months_before: int = 0) -> Book:
    """A book whose net retention is, quarter after quarter, these rates: one account that moves, one that is new."""
    level, closes = 1000.0, [1000.0]
    for rate in rates:
        closes += [level, level, level * rate]
        level *= rate
    flat = [closes[0]] * months_before + closes
    return Book.of_mrr({"A": flat, "New": [0.0] * (len(flat) - 1) + [500.0]}, first="2021-12")


def test_the_worked_scores() -> None:
    assert interval_score(0.98, 0.97, 1.01) == pytest.approx(0.040)
    assert interval_score(0.95, 0.97, 1.01) == pytest.approx(0.240)
    assert weighted_interval_score(0.995, 0.99, 0.97, 1.01) == pytest.approx(0.004333, abs=1e-6)
    errors = np.array([0.001, -0.003, 0.005, 0.0182500, -0.002, 0.011, 0.004, -0.009])
    assert reach(errors) == 0.018250  # the 8th of 8
    assert math.isnan(reach(errors[:3]))
    assert 0.9945 - reach(errors) == pytest.approx(0.976250)
    assert 0.9945 + reach(errors) == pytest.approx(1.012750)


def test_a_year_is_four_quarters_compounded() -> None:
    found = forecast(NET, company([0.9945] * 4))
    assert found.year == pytest.approx(0.978181, abs=1e-6)
    assert found.ahead["quarter"].tolist() == ["2023-Q1", "2023-Q2", "2023-Q3", "2023-Q4"]


def test_sixteen_quarters_have_eight_origins_one_ahead_and_five_four_ahead() -> None:
    values = np.linspace(0.9, 1.0, 16)
    record = track_record(values, try_out(values))
    assert record["origins"].tolist() == [8, 7, 6, 5]
    assert record["reach"].notna().tolist() == [True, False, False, False]


def test_a_worked_back_test() -> None:
    """Nine quarters, one origin: the mean says 0.9825, the last quarter 0.95, a year before 0.98; it was 0.98."""
    values = np.array([*SEASONAL, *SEASONAL, 0.98])
    [row] = track_record(values, try_out(values), 1).to_dict("records")
    assert (row["mae_mean"], row["mae_naive"], row["mae_seasonal"]) == pytest.approx((0.0025, 0.03, 0.0))
    assert row["skill_naive"] == pytest.approx(1 - 0.0025 / 0.03)
    assert math.isnan(row["skill_seasonal"])  # the other made no error at all
    steps = [0.03, 0.02, 0.04, 0.03, 0.03, 0.02, 0.04]
    assert row["mase"] == pytest.approx(0.0025 / (sum(steps) / 7))
    assert row["shown"] == "seasonal"


def plain_record(values: list[float], ahead: int) -> dict[str, object]:
    """The same by plain loops."""
    off: dict[str, list[float]] = {"mean": [], "naive": [], "seasonal": []}
    for known in range(8, len(values)):
        target = known + ahead - 1
        if target >= len(values):
            continue
        past = values[:known]
        said = {"mean": sum(past[-4:]) / 4, "naive": past[-1], "seasonal": values[target - 4 * math.ceil(ahead / 4)]}
        for name, value in said.items():
            off[name].append(abs(values[target] - value))
    mae = {name: sum(errors) / len(errors) if errors else None for name, errors in off.items()}
    if not off["mean"]:
        return {"origins": 0, "shown": "naive", "mae": mae, "reach": None}
    if mae["mean"] < mae["naive"] and mae["mean"] < mae["seasonal"]:
        shown = "mean"
    else:
        shown = "seasonal" if mae["seasonal"] <= mae["naive"] else "naive"
    count = len(off[shown])
    half = sorted(off[shown])[math.ceil((count + 1) * 0.8 - 1e-9) - 1] if count >= 8 else None
    return {"origins": count, "shown": shown, "mae": mae, "reach": half}


rates = st.lists(st.integers(850, 1100).map(lambda n: n / 1000), min_size=1, max_size=22)


@given(rates)
def test_the_record_against_plain_loops(values: list[float]) -> None:
    record = track_record(np.array(values), try_out(np.array(values)))
    for row in record.to_dict("records"):
        second = plain_record(values, row["ahead"])
        assert row["origins"] == second["origins"]
        if row["origins"]:
            for name, error in second["mae"].items():  # type: ignore[union-attr]
                assert row[f"mae_{name}"] == pytest.approx(error)
            ties = [row[f"mae_{n}"] for n in METHODS]
            if min(abs(a - b) for i, a in enumerate(ties) for b in ties[i + 1 :]) > 1e-12:
                assert row["shown"] == second["shown"]
                assert (row["reach"] == row["reach"]) == (second["reach"] is not None)
                if second["reach"] is not None:
                    assert row["reach"] == pytest.approx(second["reach"])


@given(rates, st.integers(1, 6))
def test_a_forecast_of_the_past_knows_nothing_later(values: list[float], more: int) -> None:
    whole = np.array(values + [0.5] * more)
    before, after = try_out(np.array(values)), try_out(whole)
    same = after[after["origin"] + after["ahead"] <= len(values)].reset_index(drop=True)
    pd.testing.assert_frame_equal(before, same, check_dtype=False)


def test_a_steady_season_has_no_skill_and_shows_last_year() -> None:
    values = np.tile(SEASONAL, 5)
    record = track_record(values, try_out(values))
    assert (record["shown"] == "seasonal").all()
    found = forecast(NET, company(values.tolist()))
    assert found.ahead["value"].tolist() == pytest.approx(SEASONAL.tolist())
    assert "No skill: the same quarter of the year before is shown." in found.ahead["sentence"].iloc[0]


def test_noise_around_a_level_has_skill_and_its_range_covers() -> None:
    rng = np.random.default_rng(11)
    covered = judged = skilled = 0
    for _ in range(60):
        values = 0.97 + 0.02 * rng.standard_normal(25)
        record = track_record(values[:24], try_out(values[:24])).iloc[0]
        skilled += record["shown"] == "mean"
        judged += 1
        said = METHODS[record["shown"]](values[:24], 1)
        covered += abs(values[24] - said) <= record["reach"]
    assert skilled > 45
    assert 0.65 <= covered / judged <= 0.95


def test_the_ranges_of_the_past_are_judged_by_earlier_errors_only() -> None:
    rng = np.random.default_rng(3)
    values = 0.97 + 0.02 * rng.standard_normal(20)
    tried = try_out(values)
    row = track_record(values, tried).iloc[0]
    here = tried[tried["ahead"] == 1]
    errors = (here["actual"] - here[row["shown"]]).abs().tolist()
    inside, widths = [], []
    for place in range(4, len(errors)):
        earlier = sorted(errors[:place])
        half = earlier[min(math.ceil((place + 1) * 0.8 - 1e-9), place) - 1]
        inside.append(errors[place] <= half)
        widths.append(2 * half + 10 * max(errors[place] - half, 0))
    assert row["judged"] == len(inside)
    assert row["covered"] == pytest.approx(sum(inside) / len(inside))
    assert row["interval_score"] == pytest.approx(sum(widths) / len(widths))


def test_quarters_are_those_that_end_with_the_last_month() -> None:
    book = company([0.9, 1.1, 0.95], months_before=1)
    assert quarters(NET, book).index.tolist() == ["to 2022-04", "to 2022-07", "to 2022-10"]
    assert quarters(NET, book).tolist() == pytest.approx([0.9, 1.1, 0.95])
    assert quarters(GROSS, book).tolist() == pytest.approx([0.9, 1.0, 0.95])


def test_gross_never_exceeds_the_whole(sample: Book) -> None:
    for metric in (NET, GROSS):
        found = forecast(metric, sample)
        assert len(found.history) == 11
        assert found.record["origins"].tolist() == [3, 2, 1, 0]
        assert found.ahead["low"].isna().all()
        assert "Not yet validated" in found.ahead["sentence"].iloc[0]
        assert "no track record" in found.ahead["sentence"].iloc[-1]
    steady = forecast(GROSS, company([1.0, 0.99] * 9))
    assert (steady.ahead["high"].dropna() <= 1).all()
    assert steady.ahead["high"].notna().any()


def test_short_and_empty_books_say_why() -> None:
    one = forecast(NET, company([0.9]))
    assert one.ahead["value"].tolist() == pytest.approx([0.9] * HORIZONS)
    assert (one.record["origins"] == 0).all()
    for book in (Book.of_mrr({"A": [1.0, 2.0]}), Book.of_mrr({"A": [0.0] * 12}), company([0.9]).take(slice(0, 0))):
        with pytest.raises(Dark, match="No whole quarter"):
            forecast(NET, book)
    with pytest.raises(Dark):
        forecast(NET, company([0.9]).until("2000-01"))
    assert LEARN == 8
