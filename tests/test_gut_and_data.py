"""Gut against data: the data are judged without the pulse, disagreements are listed, and pulses are held to account."""

from __future__ import annotations

import json
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st
from test_signals import known, pulse, use

from cs_metrics import charts
from cs_metrics.analysis.gut_and_data import (
    AGREE,
    EVERYONE,
    GLOOMY,
    ROSY,
    blind,
    calibration,
    disagreements,
    gut_and_data,
    judged,
)
from cs_metrics.analysis.likely import wilson
from cs_metrics.book import Book
from cs_metrics.health import PARTS, health


@pytest.fixture(scope="module")
def now(sample: Book) -> Book:
    return sample.as_of(sample.day)


def test_the_planted_accounts_are_the_ones_listed(now: Book) -> None:
    truth = next(t for t in json.loads((ROOT / "sample_data" / "truths.json").read_text("utf-8")) if t["name"] == "gut_against_data")  # fmt: skip
    found = disagreements(gut_and_data(now)).set_index("account_id")
    assert found.loc[truth["accounts"], "side"].tolist() == [ROSY, GLOOMY]
    assert found.loc[truth["accounts"], "pulse"].tolist() == truth["pulses"]
    assert found["mrr"].is_monotonic_decreasing
    assert len(found) < 0.1 * len(gut_and_data(now))
    assert (found["sentence"] != "").all()


def test_health_without_the_pulse_is_the_mean_of_the_other_parts(now: Book) -> None:
    parts = health(now).reset_index(drop=True)
    rows = now.accounts.index.get_indexer(pd.Index(gut_and_data(now)["account_id"]))
    for row, told in zip(rows, gut_and_data(now)["data_health"], strict=True):
        total = weight = 0.0
        for name, part in PARTS.items():
            if name != "pulse" and not np.isnan(parts.loc[row, name]):
                total, weight = total + part.weight * parts.loc[row, name], weight + part.weight
        assert told == pytest.approx(total / weight)


def test_a_pulse_changes_nothing_of_what_the_data_say() -> None:
    tables = {"usage": use([10, 10, 10, 6, 6, 6], [10] * 6), "risks": [
        {"account_id": "Calm", "opened_on": "2025-06-01", "closed_on": None, "reason": "Price", "plan": None}]}  # fmt: skip
    low, high = (
        gut_and_data(known(**tables, pulses=[pulse("Hit", "2025-06-20", value), pulse("Calm", "2025-06-20", value)]))
        for value in (1, 5)
    )
    for column in ("data_health", "data_likelihood", "reasons"):
        pd.testing.assert_series_equal(low[column], high[column])
    assert dict(zip(high["account_id"], high["side"], strict=True)) == {"Hit": ROSY, "Calm": AGREE}
    assert dict(zip(low["account_id"], low["side"], strict=True))["Calm"] == GLOOMY
    assert high.set_index("account_id").loc["Hit", "sentence"] == (
        "Pulse 5, but logins down 40% on the three months before and 1 more: a loss is 36% likely."
    )


def test_an_old_pulse_is_no_judgement_and_a_lost_account_none_to_judge() -> None:
    old = known(pulses=[pulse("Hit", "2025-03-01", 5), pulse("Calm", "2025-06-01", 5)])
    assert gut_and_data(old)["account_id"].tolist() == ["Calm"]
    gone = known({"Gone": [5, 5, 0, 0, 0, 0]}, pulses=[pulse("Gone", "2025-06-01", 5)])
    assert gut_and_data(gone).empty


def test_without_pulses_there_is_nothing_and_no_error() -> None:
    assert gut_and_data(known()).empty
    assert judged(known()).table.empty
    assert calibration(judged(known()).table)["green_n"].tolist() == [0]


def test_blind_leaves_the_book_as_it_was(now: Book) -> None:
    before = set(now.facts)
    assert "pulses" not in blind(now).facts
    assert set(now.facts) == before
    assert blind(now).known_on == now.known_on
    assert len(blind(now).facts["risks"]) == len(now.facts["risks"])


# --- how pulses came true -------------------------------------------------------------------------------------------


def by_hand(book: Book) -> dict[tuple[str, str], tuple[int, int]]:
    """Counts of green and red pulses and how they came true, told once more by plain loops."""
    mrr, pulses = book.mrr, book.facts["pulses"].to_dict("records")
    months, found = list(mrr.columns), {}
    for close in range(len(months) - 7, -1, -6):
        day = months[close].end_time.date()
        last: dict[int, dict] = {}
        for given_pulse in pulses:
            on = given_pulse["given_on"].date()
            here = last.get(given_pulse["row"])
            if day - timedelta(days=90) <= on <= day and (here is None or on >= here["given_on"].date()):
                last[given_pulse["row"]] = given_pulse
        for row, given_pulse in last.items():
            values = mrr.iloc[row].tolist()
            if values[close] <= 0 or given_pulse["pulse"] == 3:
                continue
            stayed = all(value > 0 for value in values[close + 1 : close + 7])
            side = "green" if given_pulse["pulse"] >= 4 else "red"
            for csm in (given_pulse["csm"], EVERYONE):
                n, true = found.get((csm, side), (0, 0))
                found[csm, side] = (n + 1, true + (stayed if side == "green" else not stayed))
    return found


def test_the_record_by_plain_loops(sample: Book) -> None:
    record = calibration(judged(sample).table).set_index("csm")
    told = {
        (csm, side): (row[f"{side}_n"], row[f"{side}_came_true"])
        for csm, row in record.iterrows()
        for side in ("green", "red")
        if row[f"{side}_n"]
    }
    assert told == by_hand(sample)


def test_ranges_are_wilsons_and_few_give_none(sample: Book) -> None:
    for row in calibration(judged(sample).table).to_dict("records"):
        for side in ("green", "red"):
            n, true = row[f"{side}_n"], row[f"{side}_came_true"]
            assert np.isnan(row[f"{side}_share"]) == (n < 5)
            assert np.isnan(row[f"{side}_low"]) == (n < 15)
            if n >= 15:
                assert (row[f"{side}_low"], row[f"{side}_high"]) == pytest.approx(wilson(true, n, 0.8))


def test_the_people_stand_in_the_order_of_their_names(sample: Book) -> None:
    names = calibration(judged(sample).table)["csm"].tolist()
    assert names[-1] == EVERYONE
    assert names[:-1] == sorted(names[:-1], key=str.casefold)


def test_a_worked_example() -> None:
    prices = {
        "Stays": [5] * 13,
        "Leaves": [5] * 10 + [0] * 3,
        "Returns": [5] * 8 + [0] + [5] * 4,
        "Young": [0] * 9 + [5] * 4,
    }
    mrr = pd.DataFrame.from_dict(prices, orient="index").rename_axis("account_id")
    mrr.columns = [f"2025-{m:02}" for m in range(1, 13)] + ["2026-01"]
    rows = [(row, f"2025-07-{day}", 4 if row != 1 else 2) for row in range(3) for day in (10, 20)]
    given_on = pd.to_datetime([day for _, day, _ in rows]).astype("datetime64[s]")
    facts = pd.DataFrame({"row": [row for row, *_ in rows], "given_on": given_on, "pulse": [float(p) for *_, p in rows],
                          "csm": "Ann", "reason": None, "note": None})  # fmt: skip
    from dataclasses import replace

    from cs_metrics.facts import Facts

    book = replace(Book.of_mrr(mrr), facts=Facts({"pulses": facts}))
    found = judged(book).table.set_index("account_id")
    assert found["stayed"].to_dict() == {"Stays": True, "Leaves": False, "Returns": False}
    assert found["as_of"].unique().tolist() == ["2025-07-31"]
    record = calibration(found.reset_index()).set_index("csm").loc["Ann"]
    assert record[["green_n", "green_came_true", "red_n", "red_came_true"]].tolist() == [2, 1, 1, 1]


@given(st.lists(st.tuples(st.sampled_from("AB"), st.integers(1, 5), st.booleans()), max_size=60))
def test_people_add_up_to_everyone(rows: list[tuple[str, int, bool]]) -> None:
    table = pd.DataFrame(rows, columns=["csm", "pulse", "stayed"]).assign(due=False)
    table = table.astype({"stayed": bool, "due": bool})
    record = calibration(table)
    for column in ("green_n", "green_came_true", "red_n", "red_came_true"):
        assert record[column].iloc[:-1].sum() == record[column].iloc[-1]
    assert record["green_n"].iloc[-1] == sum(p >= 4 for _, p, _ in rows)


def test_later_rows_change_no_earlier_judgement(sample: Book) -> None:
    cut = judged(sample.as_of(date(2025, 6, 30))).table
    whole = judged(sample).table
    both = cut.merge(whole, on=["account_id", "as_of"], suffixes=("", "_later"))
    assert len(both) == len(cut)
    assert (both["pulse"] == both["pulse_later"]).all()
    assert (both["stayed"] == both["stayed_later"]).all()


def test_the_quadrant_shows_each_account_once(now: Book) -> None:
    table = gut_and_data(now)
    marks = charts.quadrant(table, 70).data
    ids = [point[0] for mark in marks for point in mark.customdata]
    assert sorted(ids) == sorted(table.loc[table["data_health"].notna(), "account_id"])
    assert len({mark.marker.symbol for mark in marks}) == 3
    for mark in marks:
        known_pulse = table.set_index("account_id")["pulse"]
        assert all(abs(x - known_pulse[point[0]]) < 0.4 for x, point in zip(mark.x, mark.customdata, strict=True))
    assert len(charts.quadrant(table.head(0), 70).data) == 0
