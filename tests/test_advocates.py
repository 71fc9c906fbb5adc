"""Advocates: who qualifies and by which criteria, asks and fatigue, stories, coverage, targets, whom to ask next."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_signals import known, pulse, use

from cs_metrics.analysis.advocate_coverage import axes, coverage, gaps, standings
from cs_metrics.analysis.advocate_targets import progress
from cs_metrics.analysis.advocates import advocates, criteria, power_users, promoters
from cs_metrics.analysis.asks import asked, asks, references, validated, waiting
from cs_metrics.analysis.next_asks import next_asks
from cs_metrics.analysis.stories import confirmed, stories
from cs_metrics.analysis.turning import turning
from cs_metrics.book import Book
from cs_metrics.dials import tried
from cs_metrics.health import health

TRUTHS = {t["name"]: t for t in json.loads((Path(__file__).parents[1] / "sample_data" / "truths.json").read_text())}


@pytest.fixture(scope="module")
def now(sample: Book) -> Book:
    return sample.now(date(2026, 1, 1))


def ask(account: str, asked_on: str | None = None, kind: str = "reference", **more: Any) -> dict[str, Any]:
    return {"account_id": account, "kind": kind, "asked_on": asked_on, **more}


# --- asks and fatigue ---------------------------------------------------------------------------------------------


def test_rows_of_one_ask_are_one_ask_and_the_latest_tells() -> None:
    book = known(
        advocacy=[
            ask("Hit", "2025-05-01"),
            ask("Hit", "2025-05-01", answered_on="2025-05-03", answer="yes"),
            ask("Hit", "2025-05-01", "Reference ", done_on="2025-05-20", validated_by="Kim"),
            ask("Hit", "2025-06-01", "review"),
            ask("Calm", "2025-06-02", "review", answered_on="2025-06-03", answer="No"),
            ask("Calm", None, "referral", done_on="2025-01-10"),
        ]
    )
    found = asks(book)
    assert list(zip(found["row"], found["kind"], found["state"], strict=True)) == [
        (1, "referral", "done"), (0, "reference", "done"), (0, "review", "waiting"), (1, "review", "declined"),
    ]  # fmt: skip
    assert validated(book)["validated_by"].to_dict() == {0: "Kim"}
    assert waiting(book)[["name", "kind"]].to_numpy().tolist() == [["Hit", "review"]]


def test_an_ask_is_seen_only_as_it_was_known() -> None:
    rows = [ask("Hit", "2025-03-01", done_on="2025-05-20", validated_by="Kim", answered_on="2025-03-09", answer="yes")]
    book = known(advocacy=rows)
    states = [
        asks(book.as_of(day))["state"].tolist() for day in (date(2025, 2, 28), date(2025, 3, 5), date(2025, 4, 30))
    ]
    assert states == [[], ["waiting"], ["agreed"]]
    assert validated(book.as_of(date(2025, 4, 30))).empty


def test_an_account_is_tired_for_90_days_or_after_four_asks_in_a_year_or_while_it_is_to_answer() -> None:
    often = [ask("Calm", f"2025-0{m}-15", "review", answered_on="2025-03-20", answer="no") for m in (1, 2, 3)]
    often += [ask("Calm", "2024-11-01", "referral", done_on="2024-11-20")]
    book = known(advocacy=[ask("Hit", "2025-04-01", done_on="2025-04-02"), *often])  # 90 days before 30 June: 1 April
    found = asked(book)
    assert found["tired"].tolist() == ["asked 89 days ago", "4 asks in a year"]
    assert found["asks"].tolist() == [1, 4]
    assert asked(tried(book, {"is_rested.days": 30, "advocates.asks": 5}))["tired"].tolist() == [None, None]
    awaited = asked(known(advocacy=[ask("Hit", "2025-01-15")]))
    assert awaited["tired"].tolist() == ["an answer is awaited", None]


def test_what_people_type_in_today_does_not_move_the_day_of_the_book() -> None:
    rows = [ask("Hit", "2025-07-20"), ask("Hit", None, "review", done_on="2025-07-25")]
    told = [{"account_id": "Hit", "achieved_on": "2025-07-22", "story": "Faster", "confirmed_by": "Kim"}]
    book = known(advocacy=rows, outcomes=told)
    today = replace(book, facts=replace(book.facts, day=None, _ready={}), clock=None).now(date(2025, 8, 1))
    assert today.known_on == date(2025, 6, 30)
    assert asked(today)["tired"].tolist() == ["asked today", None]
    assert confirmed(today).tolist() == [True, False]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Hit", "Calm"]),
            st.sampled_from(["reference", "review"]),
            st.one_of(st.none(), st.integers(0, 500)),
            st.one_of(st.none(), st.integers(0, 500)),
            st.sampled_from([None, "yes", "no"]),
        ),
        max_size=8,
    )
)
def test_asks_against_plain_loops(drawn: list[tuple[str, str, int | None, int | None, str | None]]) -> None:
    day = date(2025, 6, 30)
    rows = [
        (account, kind, None if a is None else day - timedelta(a), None if d is None else day - timedelta(d), said)
        for account, kind, a, d, said in drawn
        if a is not None or d is not None
    ]
    if not rows:
        return
    table = [
        ask(a, None if on is None else str(on), k, done_on=None if d is None else str(d), answer=s)
        for a, k, on, d, s in rows
    ]
    found = asked(known(advocacy=table))
    for place, account in enumerate(("Hit", "Calm")):
        own = {(k, on or d): [] for a, k, on, d, _ in rows if a == account}
        for a, k, on, d, said in rows:
            if a == account:
                own[k, on or d].append((d, said))
        count = sum((day - when).days <= 365 for _, when in own)
        assert found["asks"].iloc[place] == count
        touched = [max([when, *(d for d, _ in told if d)]) for (_, when), told in own.items()]
        open_ = any(
            not any(d for d, _ in told) and all(said is None for _, said in told) and (day - when).days <= 365
            for (_, when), told in own.items()
        )
        tired = open_ or count >= 4 or any((day - when).days <= 90 for when in touched)
        assert (found["tired"].iloc[place] is not None) == tired


# --- who qualifies ------------------------------------------------------------------------------------------------


def test_criteria_of_the_sample_against_plain_loops(now: Book) -> None:
    found, scores = criteria(now), health(now)["health"].to_numpy()
    day, mrr = pd.Timestamp(now.known_on), now.balance(0, 0)[-1]
    tables = {name: list(rows.to_dict("records")) for name, rows in now.facts.items() if "row" in rows}

    def last(table: str, when: str, row: int, good: Any = lambda r: True) -> Any:
        own = [r for r in tables[table] if r["row"] == row and r[when] == r[when] and good(r)]
        return max(own, key=lambda r: r[when]) if own else None

    rng = np.random.default_rng(5)
    for row in {*rng.choice(len(now), 40, replace=False).tolist(), *np.flatnonzero(found.advocate).tolist()}:
        nps = last("surveys", "responded_at", row, lambda r: r["kind"] == "NPS" and r["score"] == r["score"])
        promoter = nps is not None and (day - nps["responded_at"]).days <= 365 and nps["score"] >= 9
        gut = last("pulses", "given_on", row)
        risk = any(r["row"] == row and pd.isna(r["closed_on"]) for r in tables["risks"])
        told = any(
            r["row"] == row and isinstance(r["confirmed_by"], str) and (day - r["achieved_on"]).days <= 365
            for r in tables["outcomes"]
        )
        rested = not any(
            r["row"] == row and any((day - r[c]).days <= 90 for c in ("asked_on", "done_on") if r[c] == r[c])
            for r in tables["advocacy"]
        )
        old = (day - now.accounts["start_date"].iloc[row]).days >= 365 and mrr[row] > 0
        upset = any(
            r["row"] == row and ((r["escalated"] is True) and pd.isna(r["solved_at"])) for r in tables["tickets"]
        ) or any(
            r["row"] == row and pd.isna(r["closed_on"]) and isinstance(r["escalated_to"], str) for r in tables["risks"]
        )
        power = bool(found.met["is_a_power_user"].iloc[row])
        warm = (promoter or (gut is not None and gut["pulse"] == 5)) and mrr[row] > 0
        assert found.advocate[row] == (warm and power and not risk)
        warm_or_good = promoter or (gut is not None and gut["pulse"] >= 4)
        assert found.ready[row] == (warm_or_good and old and told and scores[row] >= 70 and not upset and rested)


def test_power_users_of_the_sample_against_plain_loops(now: Book) -> None:
    usage, mrr = now.facts["usage"], now.balance(0, 0)[-1]
    month = usage[usage["day"].dt.strftime("%Y-%m") == "2025-12"]
    share = {
        int(r["row"]): r["active_users"] / r["licensed_seats"]
        for r in month.to_dict("records")
        if mrr[r["row"]] > 0 and r["active_users"] == r["active_users"]
    }
    segments: dict[str, list[int]] = {}
    for row in share:
        segments.setdefault(now.accounts["segment"].iloc[row], []).append(row)
    power = set()
    for rows in segments.values():
        for row in rows:
            below = sum(share[other] < share[row] for other in rows)
            if (below + 1) / len(rows) > 0.9:
                power.add(now.accounts.index[row])
    assert set(power_users(now)["account_id"]) == power


def test_nobody_is_a_power_user_without_any_use() -> None:
    book = known(usage=use([0] * 6, [0] * 6))
    assert power_users(book).empty


def test_what_is_planted_in_the_sample_is_found(now: Book) -> None:
    [tired] = TRUTHS["fatigued_reference"]["accounts"]
    friends = advocates(now).set_index("account_id")
    assert friends.loc[tired, "missed"] == "Not asked lately"
    assert friends.loc[tired, "tired"] == "asked 22 days ago"
    assert not friends.loc[tired, "reference_ready"]
    assert tired not in next_asks(now)["account_id"].tolist()
    [red] = TRUTHS["promoter_turning_red"]["accounts"]
    turns = turning(now).set_index("account_id")
    assert turns.loc[red, "was"] == "advocate"
    assert "pulse fell" in turns.loc[red, "because"]
    [left] = TRUTHS["champion_left"]["accounts"]
    assert TRUTHS["champion_left"]["champion"] in turns.loc[left, "because"]
    assert set(promoters(now)["account_id"]) >= {red}


# --- stories, coverage, targets, what to ask ----------------------------------------------------------------------


def test_a_story_counts_where_a_champion_of_a_customer_confirmed_it_within_a_year() -> None:
    told = [
        {"account_id": "Hit", "achieved_on": "2025-02-01", "story": "Faster", "confirmed_by": "Kim"},
        {"account_id": "Hit", "achieved_on": "2024-06-01", "story": "Old", "confirmed_by": "Kim"},
        {"account_id": "Calm", "achieved_on": "2025-02-01", "story": "Alone", "confirmed_by": None},
    ]
    people = [{"account_id": "Hit", "name": "Kim", "role": "champion", "left_on": "2025-05-01"}]
    found = stories(known(outcomes=told, contacts=people)).set_index("story")
    assert found["counts"].to_dict() == {"Faster": True, "Alone": False, "Old": False}
    assert found["gone"].loc["Faster"] == pd.Timestamp("2025-05-01")
    lost = known({"Hit": [100] * 5 + [0], "Calm": [100] * 6}, outcomes=told)
    assert not stories(lost)["counts"].any()


def test_the_parts_of_the_coverage_add_up_to_the_whole(now: Book) -> None:
    every = standings(now)
    for by in (("segment", "industry"), ("segment", "region"), (None, "team"), ("segment", None), (None, None)):
        parts = coverage(now, *by)
        assert parts["customers"].sum() == every["customer"].sum()
        assert parts["mrr"].sum() == pytest.approx(every["mrr"].sum())
        assert parts["references"].sum() == len(validated(now))
        assert parts["stories"].sum() == confirmed(now).sum()
        assert parts["advocates"].sum() == len(advocates(now))
    assert axes(now)[0] == "segment"
    assert axes(now)[1][0] == "industry"


def test_coverage_of_one_cell_against_plain_loops(now: Book) -> None:
    parts = coverage(now, "segment", "industry").set_index(["down", "across"])
    part = parts.loc[("Enterprise", "Retail")]
    rows = [
        row
        for row, (segment, industry) in enumerate(zip(now.accounts["segment"], now.accounts["industry"], strict=True))
        if segment == "Enterprise" and industry == "Retail" and now.balance(0, 0)[-1][row] > 0
    ]
    assert part["rows"] == rows
    assert part["customers"] == len(rows)
    bare = gaps(parts.reset_index())
    assert bare["mrr"].is_monotonic_decreasing
    assert (bare["references"] == 0).all()


def test_targets_hold_for_everyone_and_for_one_and_nobody_is_ranked(now: Book) -> None:
    found = progress(now)
    assert found["csm"].tolist() == sorted(found["csm"])
    assert found["references"].sum() <= len(validated(now))
    daniel = found.set_index("csm").loc["Daniel Reyes"]
    assert (daniel["references"], daniel["references_target"]) == (1, 2)
    assert daniel["missing"] == "1 reference"
    own = progress(tried(now, {"target.references": 1, "target.stories": 0}, "Daniel Reyes")).set_index("csm")
    assert own.loc["Daniel Reyes", "missing"] == "nothing"
    assert own.loc["Maya Okafor", "references_target"] == 2


def test_the_first_ask_that_suits_with_its_reason() -> None:
    friends = [
        {"account_id": "Hit", "kind": "NPS", "sent_at": "2025-05-01", "responded_at": "2025-05-02", "score": 10},
        {"account_id": "Calm", "kind": "NPS", "sent_at": "2025-05-01", "responded_at": "2025-05-02", "score": 9},
    ]
    told = [{"account_id": "Hit", "achieved_on": "2025-03-01", "story": "Faster", "confirmed_by": "Kim"}]
    people = [
        {"account_id": "Hit", "name": "Kim", "role": "Champion"},
        {"account_id": "Hit", "name": "Lee", "role": "Executive sponsor"},
    ]
    facts: dict[str, Any] = {
        "surveys": friends,
        "outcomes": told,
        "contacts": people,
        "usage": use([60] * 6, [0] * 6, features_used=7, features_available=10),
        "tickets": [{"account_id": "Hit", "opened_at": "2025-01-10", "solved_at": "2025-01-11"}],
        "pulses": [pulse("Hit", "2025-06-20", 4), pulse("Calm", "2025-06-20", 4)],
    }
    old = [ask("Calm", "2025-01-05", "referral", done_on="2025-01-20")]
    found = next_asks(known(accounts={"segment": ["Mid", "SMB"]}, advocacy=old, **facts)).set_index("name")
    assert found["ask"].to_dict() == {"Hit": "Reference call", "Calm": "Review"}
    assert found.loc["Hit", "why"] == "Ready to be a reference; no reference yet for Mid; never asked before."
    assert found.loc["Hit", "whom"] == "Kim"
    assert found.loc["Calm", "why"] == "A promoter; last asked 161 days ago."
    vouched = [*old, ask("Hit", "2024-11-01", done_on="2024-11-20", validated_by="Kim")]
    again = next_asks(known(accounts={"segment": ["Mid", "SMB"]}, advocacy=vouched, **facts)).set_index("name")
    assert again.loc["Hit", "ask"] == "Case study"
    risky = known(risks=[{"account_id": "Hit", "opened_on": "2025-06-01", "reason": "Price"}], advocacy=old, **facts)
    assert next_asks(risky)["name"].tolist() == ["Calm"]


@pytest.mark.parametrize(
    "lacking", ["advocacy", "outcomes", "surveys", "pulses", "usage", "risks", "tickets", "contacts"]
)
def test_every_list_stands_without_a_table(now: Book, lacking: str) -> None:
    tables = {name: rows for name, rows in now.facts.tables.items() if name != lacking}
    book = replace(now, facts=replace(now.facts, tables=tables, _ready={}, begins={}), memory={})
    for of in (advocates, promoters, power_users, references, waiting, stories, turning, next_asks, progress):
        table = of(book)
        assert isinstance(table, pd.DataFrame)
    assert len(next_asks(book)) > 0


def test_every_list_stands_on_revenue_alone() -> None:
    book = Book.of_mrr({"A": [1.0, 2.0], "B": [0.0, 0.0]})
    for of in (advocates, promoters, power_users, references, waiting, stories, turning, next_asks, progress):
        assert of(book).empty
    assert coverage(book, *axes(book) and (None, None))["customers"].tolist() == [1]
