"""Pulses for a whole book, gut against data, the at-risk page with its evidence, and the plan: the pages themselves."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from test_pages import FRAME, ONE_TABLE, figure, keep, own_folder, page, visit, words  # noqa: F401

from cs_metrics.store.batches import history, latest_batch
from cs_metrics.store.entries import record_rows
from cs_metrics.store.known import tables_known
from cs_metrics.tables import Action, Risk

TODAY = date.today()
PULSES = ("pulses.csv", "account_id,given_on,csm,pulse\nA,2025-06-20,Ann,4\nB,2025-05-02,Ann,2\n")


def press(at: AppTest, label: str) -> AppTest:
    next(b for b in at.button if b.label == label).click().run()
    assert not at.exception, [e.message for e in at.exception]
    return at


def typed(at: AppTest, rows: dict[int, dict[str, Any]], key: str = "pulse_table_0", **more: Any) -> None:
    at.session_state[key] = {"edited_rows": rows, "added_rows": [], "deleted_rows": [], **more}


def test_stale_pulses_come_first_and_only_those_given_are_kept(own_folder: str) -> None:  # noqa: F811
    keep(own_folder, ONE_TABLE, PULSES)
    at = visit(page("pulse"))
    table = at.dataframe[0].value
    assert table["account_id"].tolist() == ["B", "C", "A"] or table["account_id"].tolist() == ["C", "B", "A"]
    assert figure(at, "Waiting for a pulse") == "2 of 3"
    assert figure(at, "Never judged") == "1"
    place = {account: n for n, account in enumerate(table["account_id"])}
    typed(at, {place["C"]: {"given": 5}, place["A"]: {"given": 1, "reason": "Price", "note": "They told me"}})
    before = latest_batch(own_folder)
    press(at, "Keep these pulses")
    assert latest_batch(own_folder) == before + 1
    kept = tables_known(own_folder)["pulses"].to_pylist()[2:]
    assert sorted((r["account_id"], r["pulse"], r["reason"], r["note"], r["given_on"]) for r in kept) == [
        ("A", 1, "Price", "They told me", TODAY),
        ("C", 5, None, None, TODAY),
    ]
    assert figure(at, "Waiting for a pulse") == "1 of 3"
    assert at.dataframe[0].value["account_id"][0] == "B"


def test_nothing_typed_is_lost_where_something_is_wrong(own_folder: str) -> None:  # noqa: F811
    keep(own_folder, ONE_TABLE, PULSES)
    at = visit(page("pulse"))
    typed(at, {0: {"given": 4}, 1: {"note": "but how much?"}, 2: {"given": 2.5}})
    before = latest_batch(own_folder)
    press(at, "Keep these pulses")
    assert "say 1 to 5 as well" in words(at)
    assert "2\\.5 is not a whole number" in words(at)
    assert latest_batch(own_folder) == before
    assert at.session_state["pulse_table_0"]["edited_rows"][1] == {"note": "but how much?"}
    typed(at, {0: {"given": 4}, 1: {"given": 3, "note": "but how much?"}})
    press(at, "Keep these pulses")
    assert latest_batch(own_folder) == before + 1


def test_another_persons_entry_does_not_move_the_rows_under_ones_hands(own_folder: str) -> None:  # noqa: F811
    keep(own_folder, ONE_TABLE, PULSES)
    at = visit(page("pulse"))
    order = at.dataframe[0].value["account_id"].tolist()
    keep(own_folder, ("pulses 2.csv", f"account_id,given_on,csm,pulse\n{order[0]},2025-06-30,Ben,5\n"))
    typed(at, {0: {"given": 1}})
    at.run()
    assert at.dataframe[0].value["account_id"].tolist() == order
    press(at, "Keep these pulses")
    assert tables_known(own_folder)["pulses"].to_pylist()[-1]["account_id"] == order[0]


def test_the_list_of_reasons_is_the_teams_own(own_folder: str) -> None:  # noqa: F811
    keep(own_folder, ONE_TABLE, PULSES)
    at = visit(page("pulse"))
    reasons = at.dataframe[1].value
    place = reasons["reason"].tolist().index("Price")
    key = f"pulse_reasons_{latest_batch(own_folder)}"
    typed(at, {place: {"offered": False}}, key, added_rows=[{"reason": "Merger", "offered": True}])
    press(at, "Keep this list")
    kept = tables_known(own_folder)["settings"].to_pylist()
    assert {(r["setting"], r["about"], r["value"]) for r in kept} == {
        ("pulse.reason", "Price", 0.0), ("pulse.reason", "Merger", 1.0),
    }  # fmt: skip
    offered = next(w for w in visit(page("account"), account_id="A").selectbox if w.label == "Main reason").options
    assert "Merger" in offered
    assert "Price" not in offered
    press(at, "Keep this list")
    assert "as it was" in words(at)


def test_gut_against_data_lists_where_they_disagree() -> None:
    at = visit(page("pulse"), pulse_tab="Gut against data")
    assert figure(at, "Pulse good, data warn") == "13"
    listed = next(d.value for d in at.dataframe if "sentence" in d.value)
    assert listed["name"].tolist()[:2] == ["Fenbourne Grocers", "Lumirune Works"]
    record = next(d.value for d in at.dataframe if "green_share" in d.value)
    assert record["csm"].tolist()[-1] == "All of them"
    assert "no ranking" in words(at)
    alone = visit(page("pulse"), pulse_tab="Gut against data", csm="Aiko Tanaka")
    record = next(d.value for d in alone.dataframe if "green_share" in d.value)
    assert record["green"].tolist() == ["138 of 139 stayed"] * 2


@pytest.mark.parametrize(("tables", "said"), [((), "No pulse is known yet"), ((PULSES,), "came true")])
def test_gut_against_data_without_much(own_folder: str, tables: tuple, said: str) -> None:  # noqa: F811
    keep(own_folder, ONE_TABLE, *tables)
    assert said in words(visit(page("pulse"), pulse_tab="Gut against data"))


def test_an_earlier_month_is_looked_at_and_not_judged() -> None:
    at = visit(page("pulse"), month="2025-06")
    assert "choose the last month" in words(at)
    assert not any(b.label == "Keep these pulses" for b in at.button)


# --- at risk --------------------------------------------------------------------------------------------------------


def risky(at: AppTest) -> list[str]:
    return next((d.value["name"].tolist() for d in at.dataframe if "likelihood" in d.value), [])


def test_at_risk_narrows_by_reason_renewal_and_plan() -> None:
    whole = risky(visit(page("at_risk")))
    assert len(whole) == 40
    assert len(risky(visit(page("at_risk"), reason="Champion has left"))) < 40
    near = visit(page("at_risk"), renews="In 90 days")
    assert 0 < len(risky(near)) < 40
    late, none = visit(page("at_risk"), plan_is="Action overdue"), visit(page("at_risk"), plan_is="No plan")
    table = next(d.value for d in late.dataframe if "likelihood" in d.value)
    assert set(table["plan_state"]) == {"Action overdue"}
    assert not set(risky(late)) & set(risky(none))
    stale = visit(page("at_risk"), plan_is="Not touched lately")
    assert all(next(d.value for d in stale.dataframe if "likelihood" in d.value)["plan_age_days"] > 14)
    assert "fits these filters" in words(visit(page("at_risk"), renews="Not known"))


def test_the_work_that_waits_is_on_my_book() -> None:
    at = visit()
    button = next(b for b in at.button if b.key == "work_waiting")
    assert button.label == "16 actions overdue, 9 plans not touched lately"
    button.click().run()
    assert not at.exception
    assert any("days_late" in d.value for d in at.dataframe)
    assert any("plan_age_days" in d.value and "plan" in d.value and len(d.value) == 9 for d in at.dataframe)


def test_a_calm_book_says_nothing_of_work(own_folder: str) -> None:  # noqa: F811
    keep(own_folder, ONE_TABLE)
    assert not any(b.key == "work_waiting" for b in visit().button)


# --- the plan -------------------------------------------------------------------------------------------------------


def field(at: AppTest, label: str) -> Any:
    return next(w for kind in (at.text_input, at.text_area, at.selectbox) for w in kind if w.label == label)


def actions_key(at: AppTest, account: str) -> str:
    return f"{at.session_state['plan_open'].key}_actions"


def write_plan(at: AppTest) -> AppTest:
    field(at, "Why it is at risk").set_value("Price")
    field(at, "Root cause").set_value("Nobody owns it")
    field(at, "Plan").set_value("Executive call")
    field(at, "Executive sponsor").set_value("Eve <b>Moss</b>")
    field(at, "How it goes").set_value("slipping")
    rows = [
        {"action": "Call Kim", "owner": "Ann", "due_on": "2025-06-15", "done": False},
        {"action": "Write", "owner": "Ben", "done": False},
    ]
    typed(at, {}, actions_key(at, "A"), added_rows=rows)
    return press(at, "Keep the plan")


def test_a_plan_with_actions_is_kept_changed_and_closed(own_folder: str) -> None:  # noqa: F811
    keep(own_folder, ONE_TABLE)
    at = write_plan(visit(page("account"), account_id="A"))
    tables = tables_known(own_folder)
    [risk] = tables["risks"].to_pylist()
    assert (risk["root_cause"], risk["status"], risk["planned_on"]) == ("Nobody owns it", "slipping", TODAY)
    assert sorted((a["action"], a["risk_id"]) for a in tables["actions"].to_pylist()) == [
        ("Call Kim", risk["risk_id"]), ("Write", risk["risk_id"]),
    ]  # fmt: skip
    assert len(history(own_folder).query("kind == 'entry'")["batch"].unique()) == 1
    assert "1 action overdue" in words(at)
    press(at, "Keep the plan")
    assert "Nothing is new" in words(at)
    typed(at, {0: {"done": True}}, actions_key(at, "A"), deleted_rows=[1])
    press(at, "Keep the plan")
    after = {a["action"]: a for a in tables_known(own_folder)["actions"].to_pylist()}
    assert after["Call Kim"]["done_on"] == TODAY
    assert after["Write"]["dropped_on"] == TODAY
    field(at, "Is it over?").set_value("recovered")
    press(at, "Keep the plan")
    [risk] = tables_known(own_folder)["risks"].to_pylist()
    assert (risk["closed_on"], risk["outcome"]) == (TODAY, "recovered")
    assert field(at, "Plan").value == ""


def test_the_overdue_action_of_a_plan_shows_on_my_book(own_folder: str) -> None:  # noqa: F811
    keep(own_folder, ONE_TABLE)
    write_plan(visit(page("account"), account_id="A"))
    assert next(b for b in visit().button if b.key == "work_waiting").label == "1 action overdue"


def test_the_second_to_save_sees_the_difference_and_chooses(own_folder: str) -> None:  # noqa: F811
    keep(own_folder, ONE_TABLE)
    write_plan(visit(page("account"), account_id="A"))
    first, second = visit(page("account"), account_id="A"), visit(page("account"), account_id="A")
    field(first, "Plan").set_value("Ben's plan")
    field(first, "Escalated to").set_value("Victor")
    press(first, "Keep the plan")
    field(second, "Plan").set_value("Ann's plan")
    field(second, "Root cause").set_value("Price rise")
    press(second, "Keep the plan")
    assert "changed this plan while you had it open" in words(second)
    said = words(second)
    assert "both of you changed it" in said
    assert "Theirs: Ben's plan" in said
    assert "Mine: Ann's plan" in said
    assert "Theirs: Victor" in said
    press(second, "Keep this plan")
    [risk] = tables_known(own_folder)["risks"].to_pylist()
    assert (risk["plan"], risk["escalated_to"], risk["root_cause"]) == ("Ann's plan", "Victor", "Price rise")
    plans = [tables_known(own_folder, batch)["risks"]["plan"].to_pylist()[0] for batch in (2, 3, 4)]
    assert plans == ["Executive call", "Ben's plan", "Ann's plan"]
    assert field(second, "Plan").value == "Ann's plan"


def test_the_second_may_leave_theirs(own_folder: str) -> None:  # noqa: F811
    keep(own_folder, ONE_TABLE)
    write_plan(visit(page("account"), account_id="A"))
    at = visit(page("account"), account_id="A")
    [risk] = tables_known(own_folder)["risks"].to_pylist()
    closed = Risk(**{**risk, "closed_on": TODAY, "outcome": "recovered"})
    added = Action(
        action_id="N", account_id="A", risk_id=risk["risk_id"], action="Send [x](http://z.invalid)", due_on=TODAY
    )
    record_rows(own_folder, [closed, added], "Ben")
    field(at, "Plan").set_value("Mine")
    press(at, "Keep the plan")
    assert "**Ben changed this plan" in words(at)
    assert "Theirs: recovered" in words(at)
    assert "They added: Send \\[x\\]" in words(at)
    before = latest_batch(own_folder)
    press(at, "Leave theirs as it is")
    assert latest_batch(own_folder) == before
    assert field(at, "Plan").value == ""  # theirs is over: the form is free for another risk


def test_a_plan_opened_again_is_the_latest(own_folder: str) -> None:  # noqa: F811
    keep(own_folder, ONE_TABLE)
    at = write_plan(visit(page("account"), account_id="A"))
    [risk] = tables_known(own_folder)["risks"].to_pylist()
    record_rows(own_folder, [Risk(**{**risk, "plan": "Newer"})], "Ben")
    at.switch_page(str(page("data"))).run()
    at.switch_page(str(page("account"))).run()
    assert field(at, "Plan").value == "Newer"


def test_a_plan_alone_stands_without_pulses_or_surveys(own_folder: str) -> None:  # noqa: F811
    keep(own_folder, ONE_TABLE, ("actions.csv", "account_id,action,due_on\nA,Call,2025-05-02\n"))
    at = visit(page("account"), account_id="A")
    assert "1 action overdue" in words(at)
    visit(page("at_risk"))
    visit(page("pulse"))
