"""The plan of an account: what lies behind the risk, what will be done by whom and when, shared on one page.

Two people may have the same plan open. Who saves second is shown what the other changed beside her own, and chooses.
"""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple
from uuid import uuid4

import pandas as pd
import streamlit as st
from pydantic import ValidationError

from cs_metrics.analysis.plan_draft import (
    FIELDS,
    TODO,
    Difference,
    Draft,
    blank,
    differences,
    draft_of,
    new_or_changed,
    settled,
)
from cs_metrics.analysis.plan_draft import news as added_meanwhile
from cs_metrics.analysis.plans import ENDS, PLAN_STALE, STATUSES, Plan, plan_of
from cs_metrics.analysis.pulse_table import reasons_offered
from cs_metrics.book import Book
from cs_metrics.export import file_name
from cs_metrics.one_page import plan_html, plan_text
from cs_metrics.store.entries import Changed, Overtaken, Seen
from cs_metrics.tables import Action, Risk, Row
from pages.ui.company import record_all, source, who
from pages.ui.words import escaped, plural

NOT_OVER = "No, still open"
THEIRS, MINE = "Theirs", "Mine"


class Open(NamedTuple):
    """A plan opened for editing: whose, from which database, as of which batch, and how it was."""

    account_id: str
    address: str
    batch: int
    draft: Draft

    @property
    def key(self) -> str:
        """The beginning of its widgets' names: another one each time it is opened anew."""
        return f"plan_{self.account_id}_{self.batch}"

    @property
    def seen(self) -> Seen:
        """What was on show."""
        mine = ("account_id", self.account_id)
        return Seen(self.batch, {"risks": mine, "actions": mine})


class Clash(NamedTuple):
    """A plan that could not be kept, as somebody else had changed it: what mine was, and what they changed."""

    opened: Open
    mine: Draft
    changes: tuple[Changed, ...]


def plan(book: Book, account_id: str) -> None:
    """The plan of an account, for a book of one: how it stands, to work on, and to share."""
    with st.container(key="plan"):
        _heading(book)
        clash: Clash | None = st.session_state.get("plan_clash")
        if clash is not None and clash.opened.account_id == account_id and clash.opened.address == source().address:
            _settle(clash, book)
        else:
            _form(_opened(book, account_id), book)


def _heading(book: Book) -> None:
    """How the plan stands, and the way to share it."""
    stands = plan_of(book)
    since = f" since {stands.opened_on:%Y-%m-%d}" if stands.opened_on is not None else ""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"##### Risk and plan{since}", width="content")
        if stands.opened_on is not None or len(stands.actions):
            _share(book)
    if said := _standing(stands, book):
        st.markdown(" ".join(f":orange-badge[{each}]" for each in said))


def _standing(stands: Plan, book: Book) -> list[str]:
    """What is not well with a plan, in few words."""
    late = int((stands.actions["state"] == "overdue").sum())
    said = [f"{plural(late, 'action')} overdue"] if late else []
    return said + ([f"not touched for {stands.age:.0f} days"] if stands.age > PLAN_STALE.of(book) else [])


def _share(book: Book) -> None:
    """The plan on one page: text to paste, a page to print or send."""
    menu = st.popover("Share", icon=":material/ios_share:", type="tertiary", key="plan_share", on_change="rerun")
    if not menu.open:
        return
    with menu:
        page = plan_html(book)
        st.download_button(
            "Download the page, to print or send",
            page,
            file_name(f"plan {book.accounts.index[0]}", page, "html"),
            "text/html",
            icon=":material/download:",
            key="plan_page",
            on_click="ignore",
        )
        st.caption("Or copy the text, to paste into a mail:")
        st.code(plan_text(book), language=None, wrap_lines=True, height=360)


def _opened(book: Book, account_id: str) -> Open:
    """The plan as it was when this form was opened: anew where it is not on the screen."""
    address, batch, _ = source()
    kept: Open | None = st.session_state.get("plan_open")
    if (
        kept is None
        or (kept.account_id, kept.address) != (account_id, address)
        or f"{kept.key}_plan" not in st.session_state
    ):
        kept = st.session_state["plan_open"] = Open(account_id, address, batch, draft_of(book))
    return kept


def _form(opened: Open, book: Book) -> None:
    """The fields of a plan and its actions; kept together, or not at all."""
    was, key = opened.draft, opened.key
    with st.form(f"{key}_form"):
        left, right = st.columns([3, 2])
        given = {
            "reason": left.selectbox(
                FIELDS["reason"],
                _with(reasons_offered(book), was.says("reason")),
                index=_place(_with(reasons_offered(book), was.says("reason")), was.says("reason")),
                placeholder="Choose",
                accept_new_options=True,
                key=f"{key}_reason",
            ),
            "status": right.selectbox(
                FIELDS["status"],
                _with(list(STATUSES), was.says("status")),
                index=_place(_with(list(STATUSES), was.says("status")), was.says("status")),
                placeholder="Not said",
                key=f"{key}_status",
            ),
            "root_cause": st.text_input(FIELDS["root_cause"], was.says("root_cause") or "", key=f"{key}_root_cause"),
            "plan": st.text_area(
                FIELDS["plan"],
                was.says("plan") or "",
                height=80,
                key=f"{key}_plan",
                placeholder="What we will do about it, in a sentence",
            ),
        }
        edited = _actions(was, key)
        for names in (("sponsor", "escalated_to"), ("owner",)):
            columns = st.columns(2)
            for column, name in zip(columns, names, strict=False):
                given[name] = column.text_input(FIELDS[name], was.says(name) or "", key=f"{key}_{name}")
        over = None
        if was.risk_id:
            over = columns[1].selectbox(
                FIELDS["over"],
                _with([NOT_OVER, *ENDS], was.says("over")),
                index=_place(_with([NOT_OVER, *ENDS], was.says("over")), was.says("over")) or 0,
                key=f"{key}_over",
            )
        if st.form_submit_button("Keep the plan"):
            fields = {name: blank(value) for name, value in given.items()}
            mine = Draft(
                was.risk_id,
                was.opened_on,
                fields | {"over": None if over == NOT_OVER else over},
                _after(was, edited),
            )
            _keep(opened, mine)


def _with(options: list[str], present: str | None) -> list[str]:
    return [*options, present] if present and present not in options else options


def _place(options: list[str], present: str | None) -> int | None:
    return options.index(present) if present in options else None


def _actions(was: Draft, key: str) -> pd.DataFrame:
    """The actions as a table to type in: a row each, the last one free for the next."""
    rows = [
        {"action_id": action, "action": each["action"], "owner": each["owner"], "due_on": each["due_on"],
         "done": each["done_on"] is not None}
        for action, each in was.standing.items()
    ]  # fmt: skip
    base = pd.DataFrame(rows, columns=["action_id", "action", "owner", "due_on", "done"]).astype(
        {"action_id": object, "action": object, "owner": object, "due_on": object, "done": object}
    )
    config = st.column_config
    st.caption("Actions: what, by whom, by when. A row taken out is given up; it stays in the history.")
    return st.data_editor(
        base,
        key=f"{key}_actions",
        num_rows="dynamic",
        hide_index=True,
        placeholder="",
        column_order=["action", "owner", "due_on", "done"],
        column_config={
            "action": config.TextColumn("Action", max_chars=200, width=230, required=True),
            "owner": config.TextColumn("Who", max_chars=80, width=110),
            "due_on": config.DateColumn("By", format="YYYY-MM-DD", width=95),
            "done": config.CheckboxColumn("Done", default=False, width=60),
        },
    )


def _after(was: Draft, edited: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """The actions as they are after the edit: done today where ticked, given up today where taken out."""
    today, after = date.today(), {key: dict(each) for key, each in was.actions.items()}
    here = set()
    for row in edited.to_dict("records"):
        key = blank(row["action_id"])
        if blank(row["action"]) is None and key is None:
            continue
        here.add(key)
        old = was.actions.get(str(key), {}) if key else {}
        due = blank(row["due_on"])
        after[str(key) if key else uuid4().hex[:12]] = {
            "action": blank(row["action"]),
            "owner": blank(row["owner"]),
            "due_on": due,
            "done_on": (old.get("done_on") or today) if row["done"] is True else None,
            "dropped_on": None,
            "written_on": old.get("written_on") or today,
        }
    for key in was.standing:
        if key not in here:
            after[key]["dropped_on"] = today
    return after


def _keep(opened: Open, mine: Draft) -> None:
    """Keep a plan as it was typed in; where somebody else was faster, show what they changed instead."""
    if mine.empty:
        st.error("Say why the account is at risk, what the plan is, or what will be done.")
        return
    if unnamed := sum(each.get("action") is None for each in mine.standing.values()):
        st.error(f"Say what will be done: {plural(unnamed, 'action')} without a word.")
        return
    try:
        rows = _rows(opened.account_id, opened.draft, mine)
        if not rows:
            st.info("Nothing is new.")
            return
        record_all(rows, opened.seen)
    except ValidationError as wrong:
        for error in wrong.errors():
            st.error(escaped(f"{error['loc'][0]}: {error['msg']}."))
        return
    except Overtaken as other:
        st.session_state["plan_clash"] = Clash(opened, mine, other.changes)
        st.rerun()
    _done("The plan is kept.")


def _done(said: str) -> None:
    st.session_state.pop("plan_open", None)
    st.session_state.pop("plan_clash", None)
    st.toast(said)
    st.rerun()


def _rows(account_id: str, before: Draft, after: Draft) -> list[Row]:
    """What is new: the risk with today as the day it was worked on, and the actions that changed."""
    todo = new_or_changed(before, after)
    if not todo and dict(before.fields) == dict(after.fields):
        return []
    today = date.today()
    risk_id = after.risk_id or f"{account_id}-{uuid4().hex[:8]}"
    fields = {name: after.says(name) for name in FIELDS if name != "over"}
    fields["owner"] = fields["owner"] or who() or None
    over = after.says("over")
    same_end, kept = before.says("over") == over, (*TODO, "written_on")
    risk = Risk(
        risk_id=risk_id,
        account_id=account_id,
        opened_on=after.opened_on or today,
        planned_on=today,
        **fields,
        **({} if same_end else {"closed_on": today if over else None, "outcome": over}),
    )
    return [
        risk,
        *(
            Action(action_id=key, account_id=account_id, risk_id=risk_id, **{n: each.get(n) for n in kept})
            for key, each in todo.items()
        ),
    ]  # fmt: skip


# --- two people, one plan -------------------------------------------------------------------------------------------


def _settle(clash: Clash, book: Book) -> None:
    """What another changed while I had the plan open, beside mine; I choose, line by line, and keep."""
    opened, mine = clash.opened, clash.mine
    theirs = draft_of(book, opened.draft.risk_id)
    found, batch = differences(opened.draft, theirs, mine), source().batch
    people = " and ".join(sorted({change.who for change in clash.changes} - {""})) or "Somebody else"
    when = max(change.at for change in clash.changes)[:16].replace("T", " ")
    st.warning(
        f"**{escaped(people)} changed this plan while you had it open**, last at {escaped(when)} UTC. "
        "Nothing of yours is lost and nothing of theirs: choose what holds, then keep it.",
        icon=":material/group:",
    )
    for each in added_meanwhile(opened.draft, theirs):
        by = f", {each['owner']}" if each.get("owner") else ""
        due = f", by {each['due_on']}" if each.get("due_on") else ""
        st.markdown(f"- They added: {escaped(each['action'])}{escaped(by)}{escaped(due)}")
    for each in added_meanwhile(opened.draft, mine):
        st.markdown(f"- You added: {escaped(each['action'])}")
    with st.form(f"{opened.key}_settle_{batch}"):
        keep_mine = {each.key for place, each in enumerate(found) if _choice(each, f"settle_{batch}_{place}") == MINE}
        if not found:
            st.caption("In everything else your version and theirs agree.")
        kept = st.form_submit_button("Keep this plan")
    back = st.button("Leave theirs as it is", type="tertiary", key=f"{opened.key}_leave")
    if back:
        _done("Theirs stands.")
    if kept:
        final = settled(opened.draft, theirs, mine, keep_mine)
        rows = _rows(opened.account_id, theirs, final)
        if not rows:
            _done("Theirs stands.")
        try:
            record_all(rows, Open(opened.account_id, opened.address, batch, theirs).seen)
        except Overtaken as other:
            again = Open(opened.account_id, opened.address, opened.batch, opened.draft)
            st.session_state["plan_clash"] = Clash(again, mine, other.changes)
            st.rerun()
        _done("The plan is kept.")


def _choice(each: Difference, key: str) -> str:
    """One line of the difference, and whose value holds: mine where I touched it, else theirs."""
    st.markdown(f"**{escaped(each.label)}**" + (" · both of you changed it" if each.both_changed_it else ""))
    was, theirs, mine = (_said(value) for value in (each.was, each.theirs, each.mine))
    st.markdown(f"Was: {was}  \nTheirs: {theirs}" + ("" if each.theirs != each.was else " (as it was)")
                + f"  \nMine: {mine}" + ("" if each.i_changed_it else " (as it was)"))  # fmt: skip
    default = MINE if each.i_changed_it else THEIRS
    return (
        st.segmented_control(
            f"Whose holds for {escaped(each.label)}?",
            [THEIRS, MINE],
            default=default,
            required=True,
            key=key,
            label_visibility="collapsed",
        )
        or default
    )


def _said(value: Any) -> str:
    return "–" if value is None else escaped(value)
