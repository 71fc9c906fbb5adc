"""The Account page's figures: one account on many days, the same answers as the lists, what happened, the next step."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from test_signals import known, pulse, use

from cs_metrics.analysis.account import LANES, alone, facts_of, history_of, pulses_of, reasons_of, risk_spans, timeline
from cs_metrics.analysis.account_tables import TABLES_OF
from cs_metrics.analysis.advocates import criteria
from cs_metrics.analysis.next_step import RULES, next_step, next_steps
from cs_metrics.analysis.replay import DIALS_READ, health_over, month_ends
from cs_metrics.analysis.risk import at_risk
from cs_metrics.book import Book
from cs_metrics.charts import lifeline
from cs_metrics.dials import Dial, tried
from cs_metrics.health import health

SOME = ("ACC-0001", "ACC-0128", "ACC-0165", "ACC-0199", "ACC-0386")


@pytest.fixture(scope="module")
def now(sample: Book) -> Book:
    return sample.now(date(2026, 1, 1))


@pytest.mark.parametrize("account", SOME)
def test_health_over_time_is_the_health_of_the_whole_book_as_known_then(sample: Book, account: str) -> None:
    one = sample.where_id(account)
    days = [*month_ends(one)[::7], month_ends(one)[-1]]
    row = sample.accounts.index.get_loc(account)
    wanted = [health(one.as_of(day))["health"].iloc[0] for day in days]
    assert health_over(one, days) == pytest.approx(wanted, abs=1e-9, nan_ok=True)
    if account == SOME[0]:
        assert wanted[1] == pytest.approx(health(sample.as_of(days[1]))["health"].iloc[row], abs=1e-9)


def test_health_over_time_sees_nothing_of_later_days() -> None:
    facts: dict[str, Any] = {
        "pulses": [pulse("Hit", "2025-03-10", 1), pulse("Hit", "2025-05-10", 5)],
        "tickets": [
            {"account_id": "Hit", "opened_at": "2025-02-10", "solved_at": "2025-04-10", "priority": "urgent"},
            {"account_id": "Calm", "opened_at": "2024-12-10", "solved_at": "2024-12-20"},
        ],
        "usage": use([50] * 6, [50] * 6),
        "touchpoints": [{"account_id": "Hit", "kind": "check-in", "done_on": "2024-12-20"}],
    }
    book = known(**facts).where_id("Hit")
    days = month_ends(book)
    whole = health_over(book, days)
    for place, day in enumerate(days):
        assert whole[place] == pytest.approx(health(book.as_of(day))["health"].iloc[0], nan_ok=True)
    assert whole[2] < whole[4]


def test_health_over_time_is_by_the_weights_in_force_then() -> None:
    book = known(pulses=[pulse("Hit", "2025-01-10", 2)], usage=use([80] * 6, [50] * 6)).where_id("Hit")
    chosen = tried(book, {"some.weight": 1.0})
    assert health_over(chosen, month_ends(chosen)) == pytest.approx(health_over(book, month_ends(book)), nan_ok=True)


def test_the_score_reads_no_settings_but_those_its_history_looks_at(now: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    read: set[str] = set()
    value_of = Dial.of

    def noted(dial: Dial, book: Book, about: str = "") -> float:
        read.add(dial.name)
        return value_of(dial, book, about)

    monkeypatch.setattr(Dial, "of", noted)
    health(replace(now, memory={}))
    assert read
    assert all(name.startswith(DIALS_READ) for name in read)


def test_an_account_taken_from_a_book_already_looked_at_says_the_same(sample: Book) -> None:
    looked, fresh = sample.now(date(2026, 1, 1)), sample.now(date(2026, 1, 1))
    at_risk(looked), criteria(looked)
    for account in SOME:
        one, alike = alone(looked, account), alone(fresh, account)
        assert ("health", looked.known_on) in one.memory
        told, wanted = facts_of(one), facts_of(alike)
        assert str(told.pop("renewal_date")) == str(wanted.pop("renewal_date"))
        assert told == pytest.approx(wanted, nan_ok=True)
        assert reasons_of(one) == reasons_of(alike)
        assert next_step(one) == next_step(alike)


def test_the_page_says_of_an_account_what_the_lists_say(now: Book) -> None:
    listed, on, scores = at_risk(now), criteria(now), health(now)["health"]
    for row in listed.iloc[::12].to_dict("records"):
        one = alone(now, row["account_id"])
        place = now.accounts.index.get_loc(row["account_id"])
        facts = facts_of(one)
        assert "; ".join(reasons_of(one)) == row["reasons"]
        assert facts["likelihood"] == pytest.approx(row["likelihood"])
        assert facts["health"] == pytest.approx(scores.iloc[place], nan_ok=True)
        assert criteria(one).met.iloc[0].tolist() == on.met.iloc[place].tolist()
        assert criteria(one).ready[0] == on.ready[place]


def test_the_next_step_of_one_is_the_next_step_among_all(now: Book) -> None:
    every = next_steps(now).set_index("row")
    assert every.index.is_unique
    for place in range(0, len(now), 23):
        found = next_step(alone(now, now.accounts.index[place]))
        if place in every.index:
            assert found is not None
            assert (found.step, found.why, found.rule) == tuple(every.loc[place, ["step", "why", "rule"]])
        else:
            assert found is None


def test_what_is_planted_gives_its_step(now: Book) -> None:
    found = next_step(alone(now, "ACC-0165"))
    assert found == ("Write a renewal plan", "It renews in 74 days, no plan.", "renewal_is_near")


YEAR_OLD = {"start_date": ["2024-01-01", "2024-01-01"]}
CALL = {"touchpoints": [{"account_id": a, "kind": "check-in", "done_on": "2025-06-20"} for a in ("Hit", "Calm")]}
FRESH = {"pulses": [pulse("Hit", "2025-06-20", 4), pulse("Calm", "2025-06-20", 4)]}
LEFT = {"contacts": [{"account_id": "Hit", "name": "Kim", "role": "champion", "left_on": "2025-05-01"}]}
URGENT = {"tickets": [{"account_id": "Hit", "opened_at": "2025-06-20", "solved_at": None, "priority": "urgent"}]}
BARE = {"risks": [{"account_id": "Hit", "opened_on": "2025-06-01", "reason": "Price"}]}
UNPAID = {"invoices": [{"account_id": "Hit", "issued_on": "2025-05-01", "due_on": "2025-05-31", "amount": 5}]}
STEPS: dict[str, tuple[dict[str, Any], str, str]] = {
    "renewal_is_near": (
        {"accounts": {**YEAR_OLD, "renewal_date": ["2025-07-30", None]}, **LEFT},
        "Write a renewal plan",
        "It renews in 30 days, no plan.",
    ),
    "urgent_ticket": (URGENT | LEFT, "Get the urgent ticket solved", "An urgent ticket is open for 10 days."),
    "champion_left": (LEFT | BARE, "Find a new champion", "Champion Kim left."),
    "risk_without_a_plan": (
        BARE | UNPAID,
        "Write a plan against the risk",
        "A risk has been flagged since 2025-06-01 (Price).",
    ),
    "bill_is_overdue": (UNPAID, "Ask about the unpaid bill", "An invoice is overdue for 30 days."),
    "contact_is_due": (
        {"touchpoints": [{"account_id": "Hit", "kind": "check-in", "done_on": "2025-05-20"}]},
        "Get in touch",
        "No contact for 41 days, 31 is the cadence for its stage.",
    ),
    "use_is_falling": (
        {"usage": use([90, 90, 90, 50, 50, 50], [9] * 6)},
        "Find out why use is falling",
        "Logins down 44% on the three months before.",
    ),
    "pulse_is_stale": ({"pulses": [pulse("Hit", "2025-05-01", 4)]}, "Give your pulse", "The last one is 60 days old."),
}


@pytest.mark.parametrize("name", STEPS)
def test_the_first_rule_that_applies_gives_the_step(name: str) -> None:
    facts, step, why = STEPS[name]
    found = next_step(known(**({"accounts": YEAR_OLD} | facts)).where_id("Hit"))
    assert found is not None
    assert (found.rule, found.step) == (name, step)
    assert found.why.replace("44 %", "44%") == why


def test_a_lost_account_asks_for_its_reason_and_a_calm_one_for_nothing() -> None:
    lost = known({"Hit": [100, 100, 0, 0, 0, 0], "Calm": [100] * 6})
    found = next_step(lost.where_id("Hit"))
    assert found is not None
    assert found.why == "It last paid in 2025-02, and no reason is kept."
    assert next_step(known().where_id("Calm")) is None
    told = known(
        {"Hit": [100, 0, 0, 0, 0, 0], "Calm": [1] * 6}, churns=[{"account_id": "Hit", "churned_on": "2025-02-01"}]
    )
    assert next_step(told.where_id("Hit")) is None


def test_rules_are_asked_in_their_order() -> None:
    assert list(RULES)[:5] == [
        "it_left", "an_action_is_overdue", "renewal_is_near", "urgent_ticket", "champion_left",
    ]  # fmt: skip
    assert list(RULES)[-1] == "ask_for_a_reference"


HOSTILE = "<b>عربي 🦊 " + "x" * 200


def test_the_picture_holds_what_happened_on_one_axis() -> None:
    facts: dict[str, Any] = {
        **URGENT,
        **BARE,
        "pulses": [pulse("Hit", "2025-06-20", 4, note=HOSTILE)],
        "notes": [{"account_id": "Hit", "written_on": "2025-06-01", "note": HOSTILE}],
        "surveys": [{"account_id": "Hit", "kind": "NPS", "responded_at": "2025-05-02", "score": 3}],
    }
    one = known(**facts).where_id("Hit")
    events = timeline(one)
    assert events.set_index("what")["tone"].to_dict() == {
        "Pulse": "plain", "Ticket opened": "bad", "Risk flagged": "bad", "Note": "plain", "Survey": "bad",
    }  # fmt: skip
    days = month_ends(one)
    score = pd.Series(health_over(one, days), index=pd.DatetimeIndex(days))
    figure = lifeline(history_of(one), score, pulses_of(one), events, risk_spans(one), LANES, "EUR")
    marks = {mark["name"]: mark for mark in figure.to_dict()["data"]}
    assert list(marks["MRR"]["y"]) == [100] * 7
    assert set(marks["Events"]["y"]) == {0, 1, 2, 3}
    assert figure.layout.yaxis3.ticktext == ("Risks, plans", "Tickets", "Surveys", "Notes")
    assert "<b>" not in "".join(marks["Events"]["text"]) + "".join(marks["Pulse"]["text"])
    assert {mark.get("xaxis", "x") for mark in figure.to_dict()["data"]} == {"x"}


@pytest.mark.parametrize("prices", [[0, 0, 0, 0, 0, 5], [5, 0, 0, 0, 0, 0], [0] * 6])
def test_an_account_of_one_month_a_lost_one_and_one_that_never_paid_stand(prices: list[int]) -> None:
    one = known({"Hit": prices, "Calm": [1] * 6}).where_id("Hit")
    facts = facts_of(one)
    assert np.isnan(facts["likelihood"]) == (prices[-1] == 0)
    days = month_ends(one)
    score = pd.Series(health_over(one, days), index=pd.DatetimeIndex(days))
    assert score.isna().all()
    assert lifeline(history_of(one), score, pulses_of(one), timeline(one), risk_spans(one), LANES).data is not None
    assert reasons_of(one) == []


def test_each_table_says_what_is_known(now: Book) -> None:
    one = alone(now, "ACC-0165")
    for needs, rows_of in TABLES_OF.values():
        assert not needs or needs in one.facts
        assert isinstance(rows_of(one), pd.DataFrame)
    people = TABLES_OF["People"][1](one)
    assert people["left_on"].isna().iloc[0]
    assert people.set_index("name").loc["Olga Schmidt", "left_on"] == pd.Timestamp("2025-11-14")
    products = TABLES_OF["Products"][1](one)
    assert products["mrr"].sum() == pytest.approx(facts_of(one)["mrr"])
    bills = TABLES_OF["Bills"][1](one)
    late = [now.known_on - day.date() > timedelta(0) for day in bills["due_on"]]
    assert all(o != o or late[at] for at, o in enumerate(bills["overdue_days"]))
