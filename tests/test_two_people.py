"""Two people and one plan: who saves second is shown what the other changed, chooses, and nothing is lost."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_store import FIRST, book, csv, keep

from cs_metrics.analysis.plan_draft import FIELDS, Draft, differences, draft_of, new_or_changed, news, settled
from cs_metrics.store.batches import latest_batch, undo
from cs_metrics.store.entries import Overtaken, Seen, record_row, record_rows
from cs_metrics.store.known import tables_known
from cs_metrics.tables import Action, Risk

DAY = date(2025, 2, 3)


def risk(plan: str, **more: object) -> Risk:
    return Risk(risk_id="R", account_id="A", opened_on=DAY, plan=plan, planned_on=DAY, **more)


def action(what: str, key: str = "X", **more: object) -> Action:
    return Action(
        action_id=key, account_id="A", risk_id="R", action=what, written_on=DAY, due_on=date(2025, 3, 1), **more
    )


def seen(batch: int) -> Seen:
    return Seen(batch, {"risks": ("account_id", "A"), "actions": ("account_id", "A")})


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest) -> str:
    """An empty database of one kind, then of the other."""
    return request.getfixturevalue(f"{request.param}_database")


@pytest.fixture
def opened(database: str) -> int:
    """A plan with an action; the batch as of which two people open it."""
    return open_plan(database)


def open_plan(database: str) -> int:
    """Keep a plan with an action; the batch."""
    keep(database, csv("mrr.csv", FIRST))
    return record_rows(database, [risk("Call"), action("Train")], "Ann").batch


def test_rows_of_two_tables_are_one_entry(database: str, opened: int) -> None:
    tables = tables_known(database)
    assert tables["risks"]["plan"].to_pylist() == ["Call"]
    assert tables["actions"]["action"].to_pylist() == ["Train"]
    assert opened == 2 == latest_batch(database)
    undo(database, opened)
    assert not {"risks", "actions"} & set(tables_known(database))


def test_the_second_is_told_what_the_first_changed(either: str) -> None:
    database = either
    opened = open_plan(database)
    record_rows(database, [risk("Call Kim", sponsor="Eve"), action("Train all")], "Ben", seen=seen(opened))
    before = latest_batch(database)
    with pytest.raises(Overtaken, match="Ben changed this") as told:
        record_row(database, risk("Offer a year"), "Ann", seen=seen(opened))
    assert latest_batch(database) == before  # nothing was kept
    assert {(c.table, c.column, c.before, c.now, c.who) for c in told.value.changes} == {
        ("risks", "plan", "Call", "Call Kim", "Ben"),
        ("risks", "sponsor", None, "Eve", "Ben"),
        ("actions", "action", "Train", "Train all", "Ben"),
    }
    assert all(c.at.startswith("20") for c in told.value.changes)
    record_row(database, risk("Offer a year"), "Ann", seen=seen(before))
    assert tables_known(database)["risks"]["plan"].to_pylist() == ["Offer a year"]
    assert tables_known(database)["risks"]["sponsor"].to_pylist() == ["Eve"]  # hers said nothing of it
    assert tables_known(database, before)["risks"]["plan"].to_pylist() == ["Call Kim"]  # theirs is in the history


def test_an_action_added_or_undone_meanwhile_is_told_too(database: str, opened: int) -> None:
    added = record_row(database, action("Ask", "Y"), "Ben").batch
    with pytest.raises(Overtaken) as told:
        record_row(database, risk("Mine"), "Ann", seen=seen(opened))
    assert ("actions", "action", None, "Ask") in {(c.table, c.column, c.before, c.now) for c in told.value.changes}
    undo(database, added, "Ben")
    record_row(database, risk("Mine"), "Ann", seen=seen(opened))  # as it was: nothing stands in the way
    undo(database, opened, "Cleo")
    with pytest.raises(Overtaken):
        record_row(database, risk("Mine again"), "Ann", seen=seen(opened))


def test_other_accounts_and_other_tables_are_in_nobodys_way(database: str, opened: int) -> None:
    record_row(database, Risk(risk_id="S", account_id="B", opened_on=DAY, plan="Other"), "Ben")
    keep(database, csv("mrr.csv", "account_id,month,mrr\nA,2025-02,130\n"))
    record_row(database, risk("Mine"), "Ann", seen=seen(opened))
    assert sorted(tables_known(database)["risks"]["plan"].to_pylist()) == ["Mine", "Other"]


def test_the_first_to_flag_an_account_is_told_to_the_second(database: str) -> None:
    batch = keep(database, csv("mrr.csv", FIRST))
    record_row(database, risk("Theirs"), "Ben", seen=seen(batch))
    with pytest.raises(Overtaken):
        record_row(database, Risk(risk_id="R2", account_id="A", opened_on=DAY, plan="Mine"), "Ann", seen=seen(batch))


def test_only_one_of_many_at_the_same_time_is_kept(database: str, opened: int) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def write(number: int) -> bool:
        try:
            record_row(database, risk(f"Plan {number}"), f"P{number}", seen=seen(opened))
        except Overtaken:
            return False
        return True

    with ThreadPoolExecutor(4) as people:
        assert sum(people.map(write, range(6))) == 1


# --- the difference, and what becomes of it -------------------------------------------------------------------------


def test_the_draft_is_what_the_tables_say(database: str, opened: int) -> None:
    found = draft_of(book(database).where_id("A"))
    assert (found.risk_id, found.opened_on, found.says("plan"), found.says("over")) == ("R", DAY, "Call", None)
    assert found.actions["X"]["due_on"] == date(2025, 3, 1)
    record_row(database, risk("Call", closed_on=date(2025, 2, 9), outcome="recovered"))
    assert draft_of(book(database).where_id("A")).empty
    assert draft_of(book(database).where_id("A"), "R").says("over") == "recovered"
    assert draft_of(book(database).where_id("B")) == Draft(None, None, dict.fromkeys(FIELDS), {})


WAS = Draft("R", DAY, {"plan": "Call", "sponsor": None}, {"X": {"action": "Train", "owner": "Ann", "due_on": DAY}})
THEIRS = Draft("R", DAY, {"plan": "Call Kim", "sponsor": "Eve"}, {
    "X": {"action": "Train", "owner": "Ben", "due_on": DAY}, "Y": {"action": "Ask"}})  # fmt: skip
MINE = Draft("R", DAY, {"plan": "Offer", "sponsor": None}, {
    "X": {"action": "Train", "owner": "Ann", "due_on": date(2025, 4, 1)}, "Z": {"action": "Meet"}})  # fmt: skip


def test_the_difference_says_whose_is_whose() -> None:
    found = {each.label: each for each in differences(WAS, THEIRS, MINE)}
    assert list(found) == ["Plan", "Executive sponsor", "Action “Train”: by whom", "Action “Train”: by when"]
    assert found["Plan"].both_changed_it
    assert not found["Executive sponsor"].i_changed_it
    assert found["Action “Train”: by when"].i_changed_it
    assert [each["action"] for each in news(WAS, THEIRS)] == ["Ask"]


def test_what_is_chosen_holds_and_what_was_added_stays() -> None:
    chosen = {each.key for each in differences(WAS, THEIRS, MINE) if each.i_changed_it}
    final = settled(WAS, THEIRS, MINE, chosen)
    assert (final.says("plan"), final.says("sponsor")) == ("Offer", "Eve")
    assert {name: value for name, value in final.actions["X"].items() if value} == {
        "action": "Train", "owner": "Ben", "due_on": date(2025, 4, 1),
    }  # fmt: skip
    assert set(final.actions) == {"X", "Y", "Z"}
    assert set(new_or_changed(THEIRS, final)) == {"X", "Z"}
    assert settled(WAS, THEIRS, MINE, set()).says("plan") == "Call Kim"


TEXT = st.sampled_from([None, "a", "b", "c"])
DRAFTS = st.builds(
    lambda values: Draft("R", DAY, dict(zip(FIELDS, values, strict=True)), {}), st.tuples(*[TEXT] * len(FIELDS))
)


@given(DRAFTS, DRAFTS, DRAFTS)
def test_choosing_all_of_mine_gives_mine_and_none_gives_theirs(was: Draft, theirs: Draft, mine: Draft) -> None:
    every = {each.key for each in differences(was, theirs, mine)}
    assert settled(was, theirs, mine, every).fields == mine.fields
    assert settled(was, theirs, mine, set()).fields == theirs.fields
    assert len(every) == sum(theirs.says(name) != mine.says(name) for name in FIELDS)
