"""Health: over time, from band to band, which part moved whom, and what other weights would do."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_signals import known, pulse, use

from cs_metrics.analysis.dial_effect import changed, health_effect, signal_effect
from cs_metrics.analysis.health_history import (
    accounts_of,
    bands_over_time,
    by_band,
    by_group,
    flows,
    history,
    level,
    scores,
    scores_at,
    trend,
)
from cs_metrics.analysis.health_moved import WEIGHTS, by_part, contributions, moved
from cs_metrics.analysis.registry import accounts_firing, registry
from cs_metrics.book import Book, Problem
from cs_metrics.dials import DIALS, tried
from cs_metrics.health import BANDS, PARTS, health
from cs_metrics.signal import SIGNALS

VALUES = st.one_of(st.just(np.nan), st.floats(0, 100))
ROWS = st.lists(st.tuples(VALUES, VALUES, VALUES), min_size=4, max_size=4)
WEIGHT = st.lists(st.sampled_from([0.0, 1.0, 5.0, 20.0]), min_size=3, max_size=3)


def mean_of(values: list[float], weight: list[float]) -> float:
    """The weighted mean of what is known, in a plain loop; not a number where nothing of weight is."""
    top = bottom = 0.0
    for value, each in zip(values, weight, strict=True):
        if value == value:
            top, bottom = top + value * each, bottom + each
    return top / bottom if bottom else float("nan")


@given(before=ROWS, now=ROWS, old=WEIGHT, new=WEIGHT)
def test_contributions_add_up_to_the_change_whatever_appears_or_goes(
    before: list[tuple[float, ...]], now: list[tuple[float, ...]], old: list[float], new: list[float]
) -> None:
    gave = contributions(np.array(before), np.array(old), np.array(now), np.array(new)).sum(axis=1)
    for row, (a, b) in enumerate(zip(before, now, strict=True)):
        change = mean_of(list(b), new) - mean_of(list(a), old)
        if change == change:
            assert gave[row] == pytest.approx(change, abs=1e-9)


def test_an_unchanged_part_has_no_part_in_the_change_when_another_appears() -> None:
    gave = contributions(
        np.array([[80, np.nan, 60]]), np.array([2, 1, 2]), np.array([[80, 30, 50]]), np.array([2, 1, 2])
    )
    # core: (80 + 60) / 2 = 70, then (80 + 50) / 2 = 65: the third part −5; the second 1/5 × (30 − 65) = −7
    assert gave[0] == pytest.approx([0, -7, -5, 0])


def test_changed_weights_are_named_as_such() -> None:
    gave = contributions(np.array([[80.0, 40.0]]), np.array([1, 1]), np.array([[80.0, 40.0]]), np.array([1, 3]))
    assert gave[0] == pytest.approx([0, 0, -10])  # 60 → (80 + 120) / 4 = 50


def test_the_parts_add_up_for_each_account_of_the_sample_and_for_the_book(sample: Book) -> None:
    now = sample.as_of(date(2025, 12, 31))
    found = moved(now.as_of(date(2025, 9, 30)), now)
    assert len(found) > 200
    assert found[[*PARTS, WEIGHTS]].sum(axis=1).to_numpy() == pytest.approx(found["change"].to_numpy(), abs=1e-9)
    whole = (found["change"] * found["mrr"]).sum() / found["mrr"].sum()
    assert by_part(found)["points"].sum() == pytest.approx(whole, abs=1e-9)


def four() -> Book:
    """Two accounts that stay, one that leaves, one that comes; pulses and use make the score."""
    return known(
        {"Up": [100] * 6, "Down": [50] * 6, "Gone": [30] * 4 + [0] * 2, "New": [0] * 4 + [20] * 2},
        usage=use([80] * 6, [80] * 6) and [
            {"account_id": a, "month": 202501 + n, "logins": 10, "active_users": 80, "licensed_seats": 100}
            for a in ("Up", "Down", "Gone") for n in range(6)
        ],
        pulses=[
            pulse("Up", "2025-03-20", 1), pulse("Up", "2025-06-10", 5), pulse("Down", "2025-03-20", 5),
            pulse("Down", "2025-06-10", 1), pulse("Gone", "2025-03-20", 1),
        ],
    )  # fmt: skip


def test_bands_and_flows_add_up_to_the_book() -> None:
    book = four()
    then, now = scores_at(book, 2), scores_at(book, 5)
    # trend 70, users 100, weights 15 and 15; pulse 1 → 0, 5 → 100, weight 20: (1050 + 1500 + 2000) / 50 = 91, 51
    assert now.health[:2] == pytest.approx([91, 51])
    found = flows(then, now, book.scale)
    assert found.accounts.loc["unknown", "healthy"] == 1  # in March three months of use: no trend yet, no score
    for frame, which in ((found.mrr_then.sum(axis=1), then), (found.mrr_now.sum(axis=0), now)):
        assert frame[list(BANDS)].tolist() == by_band(which, book.scale)["mrr"].tolist()
    assert found.mrr_then.to_numpy().sum() == 180
    assert found.mrr_now.to_numpy().sum() == 170
    assert found.accounts.loc["not a customer then", "unknown"] == 1
    assert by_band(now, book.scale)["share"].sum() == pytest.approx(1)
    assert level(now).by_mrr == pytest.approx((91 * 100 + 51 * 50) / 150)
    assert level(now).by_account == pytest.approx(71)


def test_the_past_is_told_as_it_was_known_then(sample: Book) -> None:
    now = sample.as_of(date(2025, 12, 31))
    past = history(now, 3)
    assert [each.month for each in past] == ["2025-09", "2025-10", "2025-11", "2025-12"]
    assert past[0].health == pytest.approx(health(sample.as_of(date(2025, 9, 30)))["health"].to_numpy(), nan_ok=True)
    bands = bands_over_time(now, 3)
    paid = now.balance(0, 0)[-4:].sum(axis=1) / now.scale
    assert bands.sum(axis=1).to_numpy() == pytest.approx(paid)
    by = trend(now, "segment", 3)
    rows = past[0].customers & ~np.isnan(past[0].health) & (now.accounts["segment"] == "Enterprise").to_numpy()
    expected = (past[0].health[rows] * past[0].mrr[rows]).sum() / past[0].mrr[rows].sum()
    assert by.loc["2025-09", "Enterprise"] == pytest.approx(expected)


def test_groups_have_all_customers_and_each_its_health(sample: Book) -> None:
    now = sample.as_of(date(2025, 12, 31))
    found = by_group(now, "csm")
    assert found["accounts"].sum() == (now.balance(0, 0)[-1] > 0).sum()
    assert found["mrr"].sum() == pytest.approx(now.balance(0, 0)[-1].sum() / now.scale)
    assert (found["change"] - (found["by_mrr"] - found["before"])).abs().max() < 1e-9


def test_an_effect_is_shown_before_anything_is_kept() -> None:
    book = four()
    values = {"health.pulse.weight": 0.0, "health.usage_trend.weight": 15}
    assert changed(book, values) == {"health.pulse.weight": 0.0}
    effect = health_effect(book, {"health.pulse.weight": 0.0})
    # without the pulse 30 of 80 is known: below half, no score any more
    assert np.isnan(effect.after.health).all()
    assert effect.movers["name"].tolist() == ["Up", "Down"]
    assert effect.mrr_moving == 150
    assert effect.matrix.loc["healthy", "unknown"] == 1
    assert health(book)["health"].notna().sum() == 2
    effect = health_effect(book, {"health.band.healthy": 95.0})
    assert effect.movers[["name", "band_before", "band"]].to_numpy().tolist() == [["Up", "healthy", "middling"]]
    with pytest.raises(Problem, match="not between"):
        changed(book, {"health.pulse.weight": -1.0})


def test_a_threshold_tried_names_who_comes_and_who_goes() -> None:
    book = four()
    effect = signal_effect(book, SIGNALS["pulse_is_low"], {"pulse_is_low.pulse": 5})
    assert (effect.before, effect.after, effect.come["name"].tolist(), len(effect.gone)) == (1, 2, ["Up"], 0)
    assert effect.come["reasons"].tolist() == ["pulse 5 of 5"]
    assert (effect.at_risk_before, effect.at_risk_after) == (1, 2)


def test_the_registry_lists_every_signal_and_what_would_light_it() -> None:
    found = registry(four()).set_index("signal")
    assert set(found.index) == set(SIGNALS)
    assert found.loc["pulse_is_low", "accounts"] == 1
    assert found.loc["pulse_is_low", "mrr"] == 50
    assert "tickets" in found.loc["urgent_ticket_is_open", "dark"]
    assert np.isnan(found.loc["urgent_ticket_is_open", "accounts"])
    assert accounts_firing(four(), SIGNALS["pulse_is_low"])["name"].tolist() == ["Down"]


def test_what_is_tried_equals_what_is_kept() -> None:
    book, values = four(), {"health.pulse.weight": 40.0, "health.active_users.full": 0.5, "cadence.later": 10.0}
    rows = [{"setting": name, "from_date": "2025-06-30", "value": value} for name, value in values.items()]
    settings = pd.DataFrame(rows).assign(from_date=pd.Timestamp("2025-06-30"), about=None, author=None)
    kept = Book(
        **{f: getattr(book, f) for f in book.__dataclass_fields__}
        | {"facts": type(book.facts)({**book.facts.tables, "settings": settings}, None, book.facts.day), "memory": {}}
    )
    health(book)
    pd.testing.assert_frame_equal(health(tried(book, values)), health(kept), check_exact=True)
    assert not health(kept).equals(health(book))


def test_every_dial_of_the_score_is_read(sample: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    read = set()
    of = type(DIALS["health.pulse.weight"]).of
    monkeypatch.setattr(type(DIALS["health.pulse.weight"]), "of", lambda d, b, a="": (read.add(d.name), of(d, b, a))[1])
    scores(sample.as_of(date(2025, 11, 30)))
    assert {name for name in DIALS if name.startswith(("health.", "cadence."))} <= read


def test_a_book_of_nobody_and_one_without_scores_stand() -> None:
    bare = Book.of_mrr({"A": [1, 2], "B": [0, 0]})
    assert level(scores(bare)).accounts == 0
    assert trend(bare).isna().all().all()
    assert moved(bare, bare).empty
    assert by_part(moved(bare, bare))["points"].sum() == 0
    assert by_band(scores(bare), bare.scale).set_index("band").loc["unknown", "accounts"] == 1
    assert accounts_of(bare, np.array([True, True])).shape[0] == 2
    assert health_effect(bare, {"health.pulse.weight": 3}).movers.empty
    empty = bare.take(slice(0, 0))
    assert level(scores(empty)).accounts == 0
    assert np.isnan(by_band(scores(empty), empty.scale)["share"]).all()
    assert registry(empty)["accounts"].fillna(0).sum() == 0
