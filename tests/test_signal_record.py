"""The signals' own record, against plain loops and against looking ahead."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cs_metrics.analysis.quarter_ends import fired_then, quarter_ends
from cs_metrics.analysis.signal_record import fired_for, signal_record
from cs_metrics.book import Book
from cs_metrics.facts import KNOWN, Facts, known_on
from cs_metrics.signal import SIGNALS


def test_a_record_is_counted_as_by_hand() -> None:
    """Twelve accounts shrink in the third month; three of them leave in the sixth, and one that never shrank."""
    mrr = {f"S{n}": [10.0] * 2 + [8.0] * 3 + [0.0 if n < 3 else 8.0] * 6 for n in range(12)}
    mrr |= {f"K{n}": [10.0] * 5 + [0.0 if n < 1 else 10.0] * 6 for n in range(28)}
    found = signal_record(Book.of_mrr(mrr, first="2025-01")).set_index("signal").loc["revenue_has_contracted"]
    assert (found["times"], found["accounts"], found["followed"], found["not_followed"]) == (12, 12, 3, 9)
    assert found["precision"] == 3 / 12
    assert found["preceded"] == 3 / 4
    assert found["lift"] == pytest.approx((3 / 12) / (4 / 40))
    assert found["low"] < 3 / 12 < found["high"]


def test_a_second_computation_in_plain_loops(sample: Book) -> None:
    found = signal_record(sample).set_index("signal")
    for name in ("usage_is_falling", "is_a_detractor"):
        times = hits = losses = 0
        for end in quarter_ends(sample):
            known = sample.as_of(end.day)
            fired = set(SIGNALS[name].fired(known)["row"])
            for row, lost in zip(end.rows, end.lost, strict=True):
                times, hits, losses = times + (row in fired), hits + (row in fired and lost), losses + bool(lost)
        assert (found.loc[name, "times"], found.loc[name, "followed"]) == (times, hits)
        assert found.loc[name, "preceded"] == pytest.approx(hits / losses)
        behind = fired_for(sample, name)
        assert (len(behind), (behind["became"] == "was lost").sum()) == (times, hits)


def test_what_fired_then_is_the_same_without_everything_later(sample: Book) -> None:
    end = quarter_ends(sample)[5]
    kept = {
        name: known_on(end.day, rows, KNOWN[name]) if name in KNOWN else rows
        for name, rows in sample.facts.tables.items()
    }
    blind = replace(sample.until(pd.Period(end.day, "M")), facts=Facts(kept), memory={})
    pd.testing.assert_frame_equal(fired_then(blind, end.day), fired_then(sample, end.day))


def test_dark_signals_say_why_and_what_is_not_dated_has_no_record(sample: Book) -> None:
    bare = signal_record(Book.of_mrr({"A": [1.0] * 12}, first="2024-01")).set_index("signal")
    assert bare.loc["usage_is_falling", "dark"] == "Usage is falling: add usage"
    assert "as they were" in signal_record(sample).set_index("signal").loc["renewal_is_near_without_a_plan", "dark"]
    short = signal_record(Book.of_mrr({"A": [1.0] * 3}, first="2024-01")).set_index("signal")
    assert "whole horizon" in short.loc["revenue_has_contracted", "dark"]
    assert short["times"].sum() == 0
    assert signal_record(Book.of_mrr({}, first="2024-01"))["times"].sum() == 0


def test_signals_of_growth_are_held_against_rises(sample: Book) -> None:
    found = signal_record(sample, purpose="growth").set_index("signal")
    rises = sum(int(end.grown.sum()) for end in quarter_ends(sample))
    promoters = found.loc["is_a_promoter" if "is_a_promoter" in found.index else found["times"].idxmax()]
    assert promoters["followed"] == pytest.approx(promoters["preceded"] * rises)
    assert not np.isnan(promoters["precision"])
