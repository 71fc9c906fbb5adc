"""Weights proposed by the past: offered where they are better, not where they are not, refused where little is known."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from cs_metrics.analysis.backtest import auc
from cs_metrics.analysis.calibration import calibration
from cs_metrics.analysis.logistic import brier, log_loss, logistic
from cs_metrics.analysis.quarter_ends import Then, quarter_ends, then
from cs_metrics.analysis.score_and_pulse import BOTH, DATA, GUT, budgets, contest, snapshots_of
from cs_metrics.analysis.weights import as_values, features, proposal
from cs_metrics.book import Book
from cs_metrics.dials import tried
from cs_metrics.health import PARTS, health, joined, weights

DAYS = [date(2023, 3, 31), date(2023, 6, 30), date(2023, 9, 30), date(2023, 12, 31),
        date(2024, 3, 31), date(2024, 6, 30), date(2024, 9, 30), date(2024, 12, 31)]  # fmt: skip
BOOK = Book.of_mrr({"A": [1] * 3})
NOW = weights(BOOK)


def drawn_past(pull: dict[str, float], accounts: int = 400, seed: int = 1, losses: float = -4.0) -> list[Then]:
    """Quarter-ends whose losses follow some parts of the score by known coefficients, and no others."""
    rng = np.random.default_rng(seed)
    slopes = np.array([pull.get(name, 0.0) for name in PARTS])
    found = []
    for day in DAYS:
        parts = rng.uniform(20, 100, (accounts, len(PARTS)))
        parts[rng.random(parts.shape) < 0.1] = np.nan
        chance = 1 / (1 + np.exp(-(losses + features(parts, NOW) @ slopes)))
        lost = rng.random(accounts) < chance
        score = joined(parts, NOW, 0.5)
        found.append(Then(day, np.arange(accounts), lost, parts, NOW, score, parts[:, 5] / 25 + 1))
    return found


def test_weights_are_offered_where_the_parts_that_matter_are_others() -> None:
    found = proposal(BOOK, drawn_past({"support": 7.0, "payment": 5.0}))
    assert found.offered
    assert found.gain.low > 0
    assert found.proposed.value > found.now.value + 0.02
    by_part = found.weights.set_index("part")["proposed"]
    assert by_part["support"] > by_part["payment"] > by_part.drop(["support", "payment"]).max()
    assert by_part.sum() == NOW.sum()
    assert (by_part == by_part.round()).all()
    assert found.learned is not None
    assert found.tested is not None
    assert (date.fromisoformat(found.tested.first) - date.fromisoformat(found.learned.last)).days >= 180


def test_taking_them_changes_the_score_from_that_day_on_as_it_was_shown() -> None:
    found = proposal(BOOK, drawn_past({"support": 7.0, "payment": 5.0}))
    values = as_values(found.weights)
    assert set(values) <= {f"health.{name}.weight" for name in PARTS}
    assert weights(tried(BOOK, values)).tolist() == found.weights["proposed"].tolist()


def test_none_are_offered_where_those_in_force_are_right_or_nothing_helps() -> None:
    right = {name: 9.0 * weight / NOW.sum() for name, weight in zip(PARTS, NOW, strict=True)}
    for pull, losses in ((right, -6.0), ({}, -2.5)):
        found = proposal(BOOK, drawn_past(pull, losses=losses, seed=7))
        assert not found.offered
        assert found.reason


def test_chance_is_rarely_taken_for_better_weights() -> None:
    offered = [proposal(BOOK, drawn_past({}, 150, seed, -2.0)).offered for seed in range(12)]
    assert sum(offered) <= 1


def test_too_little_past_is_refused_in_plain_words() -> None:
    past = drawn_past({"support": 7.0})
    assert "3 quarter-ends" in proposal(BOOK, past[:3]).reason
    assert "4 are needed" in proposal(BOOK, []).reason
    calm = [each._replace(lost=np.zeros(len(each.lost), dtype=bool)) for each in past]
    assert "0 customers with a score were lost" in proposal(BOOK, calm).reason
    blank = [each._replace(parts=np.full_like(each.parts, np.nan)) for each in past]
    assert not proposal(BOOK, blank).offered
    alone = [each._replace(parts=np.where(np.arange(len(PARTS)) == 5, each.parts, np.nan)) for each in past]
    assert "Fewer than two parts" in proposal(tried(BOOK, {"health.least_known": 0.05}), alone).reason


def test_a_part_that_is_never_known_keeps_its_weight() -> None:
    past = [
        each._replace(parts=np.where(np.arange(len(PARTS)) == 4, np.nan, each.parts))
        for each in drawn_past({"support": 7.0, "payment": 5.0})
    ]
    found = proposal(BOOK, past).weights.set_index("part")
    assert found.loc["survey", "proposed"] == found.loc["survey", "now"]


def test_at_the_weights_in_force_the_features_are_the_score() -> None:
    rng = np.random.default_rng(3)
    parts = rng.uniform(0, 100, (50, len(PARTS)))
    parts[rng.random(parts.shape) < 0.3] = np.nan
    told = joined(parts, NOW, 0.0)
    np.testing.assert_allclose(100 - 100 * features(parts, NOW) @ (NOW / NOW.sum()), told, rtol=1e-12)


def test_the_same_past_gives_the_same_weights_in_any_order_of_accounts() -> None:
    past = drawn_past({"support": 5.0, "usage_trend": 3.0})
    turned = [
        each._replace(rows=each.rows[::-1], lost=each.lost[::-1], parts=each.parts[::-1], health=each.health[::-1])
        for each in past
    ]
    first, again = proposal(BOOK, past), proposal(BOOK, turned)
    assert first.weights.equals(again.weights)
    assert first.gain == pytest.approx(again.gain, abs=1e-12)


# --- logistic regression and calibration --------------------------------------------------------------------------


def test_a_free_fit_meets_the_score_equations() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(300, 3))
    y = rng.random(300) < 1 / (1 + np.exp(-(x @ [1.0, -0.5, 0.0] - 1)))
    chance = logistic(x, y).chances(x)
    assert chance.sum() == pytest.approx(y.sum(), abs=1e-4)
    assert x.T @ chance == pytest.approx(x.T @ y, abs=1e-4)


def test_a_strong_pull_holds_and_a_floor_is_kept() -> None:
    rng = np.random.default_rng(4)
    x, aim = rng.normal(size=(200, 2)), np.array([2.0, 1.0])
    y = rng.random(200) < 1 / (1 + np.exp(x[:, 0]))
    assert logistic(x, y, aim, 1e9).slopes == pytest.approx(aim, abs=1e-5)
    assert logistic(x, y).slopes[0] < 0
    assert logistic(x, y, aim, 0.0, least=0.0).slopes.min() >= 0


def test_how_far_off_chances_are() -> None:
    """Of (0.8, 0.4) with the first happened: Brier ((0.2)² + (0.4)²)/2 = 0.1; log loss −(ln 0.8 + ln 0.6)/2."""
    chance, happened = np.array([0.8, 0.4]), np.array([True, False])
    assert brier(chance, happened) == pytest.approx(0.1)
    assert log_loss(chance, happened) == pytest.approx(0.366985, abs=1e-6)


def test_calibration_counts_what_was_lost_and_expects_what_was_learned_before() -> None:
    past = drawn_past({"support": 6.0, "usage_trend": 4.0}, losses=-4.5)
    days = snapshots_of(past)
    found = calibration(days)
    assert found is not None
    later = [day for day in days if day.day in found.days]
    assert found.days[0] == "2024-03-31"
    assert found.bands["n"].sum() == sum(len(day.lost) for day in later)
    assert found.bands["lost"].sum() == found.lost == sum(day.lost.sum() for day in later)
    assert (found.bands["n"] * found.bands["expected"]).sum() == pytest.approx(found.expected)
    assert found.expected == pytest.approx(found.lost, rel=0.2)
    assert found.slope == pytest.approx(1, abs=0.4)
    assert found.bands["share"].iloc[0] > found.bands["share"].iloc[-1]
    assert found.skill > 0
    assert (found.bands["low"] <= found.bands["share"]).all()
    assert (found.bands["share"] <= found.bands["high"]).all()


def test_calibration_is_silent_on_few_losses_and_expects_nothing_without_a_before() -> None:
    past = drawn_past({"support": 6.0}, losses=-3.0)
    assert calibration(snapshots_of([each._replace(lost=np.zeros(400, dtype=bool)) for each in past])) is None
    alone = calibration(snapshots_of(past[:1]))
    assert alone is not None
    assert alone.bands["expected"].isna().all()
    assert np.isnan(alone.skill)


# --- data, gut, both ----------------------------------------------------------------------------------------------


def test_all_three_are_asked_about_the_same_customers(sample: Book) -> None:
    past = then(sample)
    found = contest(past, budgets(sample, past, 5), 0.5)
    assert found.table["n"].nunique() == found.table["events"].nunique() == 1
    by_score = found.table.set_index("score")["auc"]
    assert by_score[BOTH] - by_score[DATA] == pytest.approx(found.adds[DATA].value)
    assert by_score[BOTH] - by_score[GUT] == pytest.approx(found.adds[GUT].value)
    assert found.adds[GUT].low > 0  # the data add to the pulse: as the sample company was made
    without = [each._replace(pulse=np.full(len(each.rows), np.nan)) for each in past]
    assert "0 customers" in contest(without, budgets(sample, past, 5), 0.5).reason


def test_scores_then_are_those_of_the_book_as_it_was_known(sample: Book) -> None:
    end, told = quarter_ends(sample)[-1], then(sample)[-1]
    known = sample.as_of(end.day)
    np.testing.assert_array_equal(told.health, health(known)["health"].to_numpy()[end.rows])
    risk = -told.health[~np.isnan(told.health)]
    assert 0.5 < auc(risk, told.lost[~np.isnan(told.health)]).value < 1


def test_the_sample_company_keeps_its_weights(sample: Book) -> None:
    found = proposal(sample, then(sample))
    assert not found.offered
    assert found.learned is not None
    assert found.learned.losses >= 10


def test_only_a_csms_own_customers_of_the_day_count_where_she_is_asked_for(sample: Book) -> None:
    hers = quarter_ends(sample.held_by("Maya Okafor"))[-1]
    close = sample.close_of("2025-06")
    assert close is not None
    held = sample.owners.names.to_numpy()[sample.owners.held[close][hers.rows]]
    assert set(held) == {"Maya Okafor"}
