"""Plans: how each stands on a day, which actions are late, and nobody looks ahead."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_signals import DAY, known

from cs_metrics.analysis.plans import actions, in_state, late_actions, plan_of, plans, stale_plans
from cs_metrics.analysis.risk import at_risk
from cs_metrics.book import Book
from cs_metrics.dials import tried

SIX = {name: [100] * 6 for name in ("None", "Open", "Late", "Stale", "Over", "Todo")}


def risk(account: str, opened: str, planned: str | None, plan: str | None = "Call", **more: Any) -> dict[str, Any]:
    return {"risk_id": f"R-{account}", "account_id": account, "opened_on": opened, "planned_on": planned,
            "reason": "Price", "plan": plan, "closed_on": None, **more}  # fmt: skip


def action(account: str, what: str, due: str | None, done: str | None = None, **more: Any) -> dict[str, Any]:
    return {"action_id": f"{account} {what}", "account_id": account, "risk_id": f"R-{account}", "action": what,
            "owner": "Ann", "written_on": "2025-06-01", "due_on": due, "done_on": done, "dropped_on": None, **more}  # fmt: skip


@pytest.fixture(scope="module")
def book() -> Book:
    """Six accounts, each with a plan in another state on 2025-06-30."""
    return known(
        SIX,
        risks=[
            risk("Open", "2025-05-01", "2025-06-20"),
            risk("Late", "2025-05-01", "2025-06-25"),
            risk("Stale", "2025-05-01", "2025-06-15"),
            risk("Over", "2025-02-01", "2025-03-01", closed_on="2025-05-01", outcome="recovered"),
        ],
        actions=[
            action("Open", "Review", "2025-06-30"),
            action("Late", "Call", "2025-06-20"),
            action("Late", "Write", "2025-06-28", "2025-06-28"),
            action("Late", "Dropped", "2025-06-01", dropped_on="2025-06-10"),
            action("Stale", "Meet", "2025-07-10", written_on="2025-06-15"),
            action("Todo", "Train", "2025-07-05", risk_id=None),
            action("Over", "Left over", "2025-04-01"),
        ],
    )


def test_each_plan_stands_as_its_dates_say(book: Book) -> None:
    found = plans(book).set_axis(book.accounts.index)
    assert found["state"].to_dict() == {
        "None": "none", "Open": "open", "Late": "overdue", "Stale": "stale", "Over": "closed", "Todo": "stale",
    }  # fmt: skip
    assert found.loc["Open", "age"] == 10
    assert found.loc["Late", "age"] == 2  # an action was done two days ago, later than the plan was written
    assert found.loc["Stale", "age"] == 15
    assert found.loc["Todo", "plan"] == "Train"
    assert found.loc["Late", ["overdue", "open", "done"]].tolist() == [1, 1, 1]


def test_late_is_an_action_whose_day_has_passed(book: Book) -> None:
    assert late_actions(book)[["account_id", "action", "days_late"]].values.tolist() == [["Late", "Call", 10.0]]
    assert "Review" not in set(late_actions(book)["action"])  # due today is not late
    assert dict(zip(actions(book)["action"], actions(book)["state"], strict=True))["Dropped"] == "dropped"


def test_a_stale_plan_is_one_of_more_than_fourteen_days(book: Book) -> None:
    assert set(stale_plans(book)["account_id"]) == {"Stale", "Todo"}
    assert set(stale_plans(tried(book, {"plan.stale": 9}))["account_id"]) == {"Open", "Stale", "Todo"}


def test_a_plan_may_be_late_and_stale() -> None:
    both = known({"A": [1] * 6}, risks=[risk("A", "2025-05-01", "2025-05-01")], actions=[action("A", "Call", "2025-05-20", written_on="2025-05-01")])  # fmt: skip
    table = pd.DataFrame({"plan_state": plans(both)["state"], "plan_age_days": plans(both)["age"]})
    assert {state for state in ("none", "open", "overdue", "stale") if in_state(table, state, both).all()} == {
        "overdue",
        "stale",
    }


def test_an_earlier_day_knows_nothing_of_later_plans(book: Book) -> None:
    before = book.as_of(date(2025, 6, 10))
    assert plans(before).set_axis(before.accounts.index)["state"].to_dict() == {
        "None": "none", "Open": "open", "Late": "open", "Stale": "none", "Over": "closed", "Todo": "open",
    }  # fmt: skip
    assert late_actions(before).empty


@pytest.mark.parametrize("without", [("risks",), ("actions",), ("risks", "actions")])
def test_plans_stand_without_a_table(without: tuple[str, ...]) -> None:
    tables = {"risks": [risk("Open", "2025-05-01", "2025-06-20")], "actions": [action("Open", "Review", "2025-06-30")]}
    book = known(SIX, **{name: rows for name, rows in tables.items() if name not in without})
    state = plans(book).set_axis(book.accounts.index).loc["Open", "state"]
    assert state == ("none" if len(without) == 2 else "open" if "actions" in without else "stale")
    assert len(late_actions(book)) == 0
    assert plan_of(book.where_id("Open")).state == state
    assert list(at_risk(book)["plan_state"]) in ([], [state])


def by_hand(book: Book, account: int) -> str:
    """The state of a plan, told once more by plain loops."""
    today = pd.Timestamp(book.known_on)
    risks = book.facts["risks"]
    mine = [r for r in risks.to_dict("records") if r["row"] == account]
    still = sorted((r for r in mine if pd.isna(r["closed_on"])), key=lambda r: r["opened_on"])
    risk_id = still[-1]["risk_id"] if still else None
    todo = [
        a for a in book.facts["actions"].to_dict("records")
        if a["row"] == account and a["risk_id"] == risk_id and pd.isna(a["dropped_on"])
    ]  # fmt: skip
    if (still and isinstance(still[-1]["plan"], str)) or todo:
        if any(pd.isna(a["done_on"]) and a["due_on"] < today for a in todo):
            return "overdue"
        touched = [r["planned_on"] if pd.notna(r["planned_on"]) else r["opened_on"] for r in still[-1:]]
        touched += [d for a in todo for d in (a["written_on"], a["done_on"]) if pd.notna(d)]
        return "stale" if (today - max(touched)).days > 14 else "open"
    ended = [r for r in mine if isinstance(r["plan"], str) and (today - r["closed_on"]).days <= 180]
    return "closed" if ended else "none"


def test_the_sample_company_by_plain_loops(sample: Book) -> None:
    now = sample.as_of(sample.day)
    found = plans(now)["state"].tolist()
    assert found == [by_hand(now, account) for account in range(len(now))]
    assert {"open", "overdue", "closed", "none"} <= set(found)
    assert len(late_actions(now)) >= 10


@settings(max_examples=8)
@given(st.permutations(range(7)))
def test_the_order_of_rows_changes_nothing(order: list[int]) -> None:
    rows = [
        action("Late", "Call", "2025-06-20"), action("Late", "Write", "2025-06-28", "2025-06-28"),
        action("Late", "Ask", "2025-06-22"), action("Open", "Review", "2025-06-30"),
        action("Todo", "Train", "2025-07-05", risk_id=None), action("Todo", "Meet", "2025-06-05", risk_id=None),
        action("Stale", "Meet", "2025-07-10"),
    ]  # fmt: skip
    flagged = [
        risk("Late", "2025-05-01", "2025-06-25"),
        risk("Open", "2025-05-01", None),
        risk("Stale", "2025-05-01", None),
    ]
    one, other = (known(SIX, risks=flagged, actions=each) for each in (rows, [rows[place] for place in order]))
    pd.testing.assert_frame_equal(plans(one), plans(other))
    assert sorted(late_actions(one)["action"]) == sorted(late_actions(other)["action"])


def test_at_risk_says_how_each_plan_stands(sample: Book) -> None:
    now = sample.as_of(sample.day)
    risky = at_risk(now)
    stands = plans(now)
    rows = now.accounts.index.get_indexer(pd.Index(risky["account_id"]))
    assert risky["plan_state"].tolist() == stands["state"].iloc[rows].tolist()
    np.testing.assert_array_equal(risky["plan_age_days"].to_numpy(), stands["age"].iloc[rows].to_numpy())
    assert now.known_on == date(2025, 12, 31) != DAY
