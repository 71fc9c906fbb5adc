"""The back-test against loops, against all orders of ties, and against looking ahead."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_metrics.analysis.backtest import (
    FEWEST_LOSSES,
    Snapshot,
    at_budget,
    auc,
    auc_gain,
    backtest,
    score_named,
    snapshots,
    worked_hits,
)
from cs_metrics.book import Book, Misuse
from cs_metrics.facts import KNOWN, Facts, known_on
from cs_metrics.months import last_day

drawn = st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=2, max_size=14)


def arrays(pairs: list[tuple[int, bool]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([risk for risk, _ in pairs], dtype=float), np.array([lost for _, lost in pairs])


@given(drawn)
def test_auc_is_the_share_of_pairs_in_the_right_order(pairs: list[tuple[int, bool]]) -> None:
    risk, lost = arrays(pairs)
    wins = [1.0 if a > b else 0.5 if a == b else 0.0 for a in risk[lost] for b in risk[~lost]]
    found = auc(risk, lost)
    assert found.value == pytest.approx(np.mean(wins)) if wins else math.isnan(found.value)
    if not math.isnan(found.low):
        assert 0 <= found.low <= found.value <= found.high <= 1


@given(drawn)
def test_the_interval_is_delongs(pairs: list[tuple[int, bool]]) -> None:
    risk, lost = arrays(pairs)
    losses, stays = risk[lost], risk[~lost]
    found = auc(risk, lost)
    if math.isnan(found.low):
        return

    def psi(a: float, b: float) -> float:
        return 1.0 if a > b else 0.5 if a == b else 0.0

    v10 = [np.mean([psi(a, b) for b in stays]) for a in losses]
    v01 = [np.mean([psi(a, b) for a in losses]) for b in stays]
    error = math.sqrt(np.var(v10, ddof=1) / len(losses) + np.var(v01, ddof=1) / len(stays))
    spread = 1.959963984540054 * error / (found.value * (1 - found.value))
    low = math.log(found.value / (1 - found.value)) - spread
    assert found.low == pytest.approx(1 / (1 + math.exp(-low)), abs=1e-12)


FORTY = [(1, 1), (1, 1), (1, 0), (2, 1), (1, 1), (1, 0), (1, 1), (1, 0), (2, 1), (1, 0), (2, 1), (6, 0), (2, 1), (12, 0), (2, 1), (4, 0)]  # fmt: skip


def forty_accounts() -> tuple[np.ndarray, np.ndarray]:
    """The fixture of forty accounts, nine lost, as ranks: how many share a risk and how many of them were lost.

    Of its published figures only these ranks give all (up to the order of the first two): they were found by trying
    every order of ties against the area, its error, the average precision and the four budgets.
    """
    risk = np.concatenate([[float(len(FORTY) - place)] * size for place, (size, _) in enumerate(FORTY)])
    lost = np.concatenate([np.arange(size) < gone for size, gone in FORTY])
    return risk, lost


def test_the_known_answers_of_forty_accounts() -> None:
    risk, lost = forty_accounts()
    assert (len(lost), lost.sum(), lost.mean()) == (40, 9, 0.225)
    assert auc(risk, lost) == pytest.approx((0.793907, 0.540404, 0.926580), abs=5e-7)
    budgets = {4: (0.625, 0.277778, 2.777778), 5: (0.6, 0.333333, 2.666667), 8: (0.625, 0.555556, 2.777778),
               10: (0.55, 0.611111, 2.444444)}  # fmt: skip
    for worked, answer in budgets.items():
        assert at_budget(risk, lost, worked) == pytest.approx(answer, abs=5e-7)


@given(drawn, drawn)
def test_the_gain_is_delongs_comparison_of_paired_curves(
    one: list[tuple[int, bool]], other: list[tuple[int, bool]]
) -> None:
    count = min(len(one), len(other))
    (first, lost), (second, _) = arrays(one[:count]), arrays(other[:count])
    found = auc_gain(first, second, lost)
    if math.isnan(found.low):
        return

    def psi(a: float, b: float) -> float:
        return 1.0 if a > b else 0.5 if a == b else 0.0

    def parts(risk: np.ndarray) -> tuple[list[float], list[float]]:
        losses, stays = risk[lost], risk[~lost]
        return ([float(np.mean([psi(a, b) for b in stays])) for a in losses],
                [float(np.mean([psi(a, b) for a in losses])) for b in stays])  # fmt: skip

    (v10, v01), (w10, w01) = parts(first), parts(second)
    spread = np.cov(v10, w10), np.cov(v01, w01)
    variance = sum(
        (s[0, 0] + s[1, 1] - 2 * s[0, 1]) / size for s, size in zip(spread, (len(v10), len(v01)), strict=True)
    )
    reach = 1.959963984540054 * math.sqrt(max(variance, 0))
    assert found.value == pytest.approx(np.mean(w10) - np.mean(v10), abs=1e-12)
    assert found.high - found.value == pytest.approx(reach, abs=1e-7)


def test_each_day_works_its_own_riskiest() -> None:
    """Two days with budgets of 1 and 2: the first meets its loss, the second one of two: 2 of 3 worked, 2 of 3 lost."""
    days = [
        Snapshot("2025-03-31", np.arange(3), np.array([9.0, 1, 0]), np.array([True, False, False])),
        Snapshot("2025-06-30", np.arange(3), np.array([5.0, 4, 3]), np.array([False, True, True])),
    ]
    assert worked_hits(days, [1, 2]) == pytest.approx((2 / 3, 2 / 3, (2 / 3) / (3 / 6)))


def test_the_interval_of_the_worked_example() -> None:
    """An AUC of 0.793907 with DeLong's error 0.099064 spans 0.540404 to 0.926580 on the logit scale."""
    value, error = 0.793907, 0.099064
    spread = 1.959963984540054 * error / (value * (1 - value))
    middle = math.log(value / (1 - value))
    ends = [1 / (1 + math.exp(-(middle + sign * spread))) for sign in (-1, 1)]
    assert ends == pytest.approx([0.540404, 0.926580], abs=2e-6)


def test_an_account_that_appears_again_and_again_is_one() -> None:
    rng = np.random.default_rng(5)
    risk = rng.normal(size=60)
    lost = risk + rng.normal(size=60) > 0.8
    once = auc(risk, lost)
    names = np.tile(np.arange(60), 4)
    again = auc(np.tile(risk, 4), np.tile(lost, 4), names)
    naive = auc(np.tile(risk, 4), np.tile(lost, 4))
    assert again.value == pytest.approx(once.value)
    assert again.high - again.low == pytest.approx(once.high - once.low, rel=0.03)
    assert naive.high - naive.low < 0.6 * (once.high - once.low)


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans()), min_size=1, max_size=6), st.integers(1, 6))
def test_ties_count_with_what_all_their_orders_give(pairs: list[tuple[int, bool]], worked: int) -> None:
    risk, lost = arrays(pairs)
    found = at_budget(risk, lost, worked)
    if not lost.any():
        assert math.isnan(found.precision)
        return
    worked = min(worked, len(risk))
    orders = [o for o in itertools.permutations(range(len(risk))) if all(np.diff(risk[list(o)]) <= 0)]
    met = np.mean([lost[list(order)][:worked].sum() for order in orders])
    assert found.precision == pytest.approx(met / worked)
    assert found.recall == pytest.approx(met / lost.sum())


def test_a_loss_is_leaving_or_losing_half_within_the_horizon() -> None:
    mrr = {
        "left": [10, 10, 10, 10, 0, 0, 0, 0, 0, 0],
        "came back": [10, 10, 10, 0, 10, 10, 10, 10, 10, 10],
        "halved": [10, 10, 10, 5, 5, 5, 5, 5, 5, 5],
        "shrank": [10, 10, 10, 6, 6, 6, 6, 6, 6, 6],
        "left later": [10, 10, 10, 10, 10, 10, 10, 10, 10, 0],
        "came later": [0, 0, 0, 10, 0, 0, 0, 0, 0, 0],
    }
    book = Book.of_mrr(mrr, first="2025-01")
    [march] = snapshots(book, lambda asked: np.zeros(len(asked)))
    lost = {list(mrr)[row]: bool(out) for row, out in zip(march.account, march.lost, strict=True)}
    assert march.day == "2025-03-31"
    assert lost == {"left": True, "came back": True, "halved": True, "shrank": False, "left later": False}


def test_scores_are_made_of_what_was_known(sample: Book) -> None:
    """With every later row deleted, each day's score is the same to the last bit."""
    score = score_named("health")
    for snapshot in snapshots(sample, score)[::4]:
        day = pd.Timestamp(snapshot.day).date()
        kept = {
            name: known_on(day, rows, KNOWN[name]) if name in KNOWN else rows
            for name, rows in sample.facts.tables.items()
        }
        blind = replace(sample, facts=Facts(kept), memory={}).as_of(day)
        assert np.array_equal(-score(blind)[snapshot.account], snapshot.risk)


def test_a_later_truth_would_look_far_better(sample: Book) -> None:
    """What leaks in from after the day is what the protection is for: a score that looks ahead beats any."""
    honest = backtest(sample, score_named("health")).iloc[-1]
    known = {f"{last_day(month)}": close for close, month in enumerate(sample.months_with_lead)}

    def ahead(book: Book) -> np.ndarray:
        close = known[f"{book.known_on}"]
        return sample.balance(0, 0)[min(close + 6, sample.closes - 1)].astype(float)

    assert backtest(sample, ahead).iloc[-1]["auc"] > honest["auc"]
    assert 0.5 < honest["low"] < honest["auc"] < honest["high"] < 1


def test_too_few_losses_say_nothing() -> None:
    mrr = {f"A{n}": [10.0] * 6 + [0.0 if n < 3 else 10.0] * 8 for n in range(40)}
    found = backtest(Book.of_mrr(mrr, first="2024-10"), lambda book: np.arange(len(book), dtype=float))
    assert found["events"].max() < FEWEST_LOSSES
    assert found[["auc", "low", "high", "lift", "precision", "recall"]].isna().all(axis=None)


def test_no_score_no_rows_and_strange_scores_are_refused() -> None:
    book = Book.of_mrr({"A": [1.0] * 20}, first="2024-01")
    assert backtest(book, score_named("pulse")).empty
    assert backtest(book, score_named("surveys.score")).empty
    assert backtest(Book.of_mrr({}, first="2024-01"), score_named("health")).empty
    with pytest.raises(Misuse, match="health, pulse"):
        score_named("mood")
