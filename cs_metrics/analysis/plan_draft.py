"""A plan being edited: what it was when opened, what one person made of it, what another made of it meanwhile."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

import pandas as pd

from cs_metrics.book import Book
from cs_metrics.lately import open_risks

FIELDS = {
    "reason": "Why it is at risk",
    "root_cause": "Root cause",
    "plan": "Plan",
    "status": "How it goes",
    "owner": "Owner",
    "sponsor": "Executive sponsor",
    "escalated_to": "Escalated to",
    "over": "Is it over?",
}
TODO = {"action": "what", "owner": "by whom", "due_on": "by when", "done_on": "done on", "dropped_on": "given up on"}


@dataclass(frozen=True)
class Draft:
    """A plan as a form holds it: the fields of its risk, and its actions by their ids; None for what is blank.

    ``risk_id`` is None where no risk is flagged yet. ``over`` says how the risk ended, None while it is open.
    """

    risk_id: str | None = None
    opened_on: date | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    actions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def says(self, name: str) -> Any:
        """A field, None where it is blank."""
        return self.fields.get(name)

    @property
    def standing(self) -> dict[str, Mapping[str, Any]]:
        """The actions that were not given up."""
        return {key: each for key, each in self.actions.items() if not each.get("dropped_on")}

    @property
    def empty(self) -> bool:
        """Is nothing said in it?"""
        return not any(self.fields.values()) and not self.standing


class Difference(NamedTuple):
    """A value in which two drafts differ: where, in words, what it was, what another made of it, what is mine."""

    key: tuple[str, str]
    label: str
    was: Any
    theirs: Any
    mine: Any

    @property
    def i_changed_it(self) -> bool:
        """Did I touch it?"""
        return self.mine != self.was

    @property
    def both_changed_it(self) -> bool:
        """Did both of us touch it, to different ends?"""
        return self.i_changed_it and self.theirs != self.was


def draft_of(book: Book, risk_id: str | None = None) -> Draft:
    """The plan of an account, for a book of one: of its open risk, or of the risk of this id, open or over."""
    risk = _risk(book, risk_id)
    found = blank(risk.get("risk_id"))
    fields = {name: blank(risk.get(name)) for name in FIELDS if name != "over"}
    over = (blank(risk.get("outcome")) or "recovered") if blank(risk.get("closed_on")) else None
    return Draft(found, blank(risk.get("opened_on")), {**fields, "over": over}, _actions(book, found))


def _risk(book: Book, risk_id: str | None) -> dict[str, Any]:
    if "risks" not in book.facts:
        return {}
    rows = book.facts["risks"]
    mine = rows[rows["risk_id"].astype(object) == risk_id] if risk_id else rows.head(0)
    if not len(mine):
        mine = open_risks(book)
    return {str(name): value for name, value in mine.iloc[0].items()} if len(mine) else {}


def _actions(book: Book, risk_id: str | None) -> dict[str, dict[str, Any]]:
    """The actions that answer this risk, and those that name no risk, first due first."""
    if "actions" not in book.facts:
        return {}
    rows = book.facts["actions"].sort_values("due_on", kind="stable")
    named = rows["risk_id"].astype(object)
    rows = rows[named.isna() | (named == risk_id)]
    return {
        str(row["action_id"]): {name: blank(row[name]) for name in (*TODO, "written_on")}
        for row in rows.to_dict("records")
    }


def blank(value: Any) -> Any:
    """A value as forms hold it: None for nothing, days as dates, text without blanks around it.

    >>> blank("  "), blank(float("nan")), blank(pd.Timestamp("2025-03-01"))
    (None, None, datetime.date(2025, 3, 1))
    """
    if value is None or value is pd.NaT or value != value:
        return None
    if isinstance(value, pd.Timestamp):
        return value.date()
    return (value.strip() or None) if isinstance(value, str) else value


def differences(was: Draft, theirs: Draft, mine: Draft) -> list[Difference]:
    """Where two people's versions of a plan differ, value by value. New actions are in nobody's way."""
    found = [
        Difference(("", name), label, was.says(name), theirs.says(name), mine.says(name))
        for name, label in FIELDS.items()
        if theirs.says(name) != mine.says(name)
    ]
    for key, before in was.actions.items():
        now, own, action = theirs.actions.get(key, {}), mine.actions.get(key, {}), f"Action “{before.get('action')}”"
        found += [
            Difference((key, name), f"{action}: {label}", before.get(name), now.get(name), own.get(name))
            for name, label in TODO.items()
            if now.get(name) != own.get(name)
        ]  # fmt: skip
    return found


def news(was: Draft, theirs: Draft) -> list[Mapping[str, Any]]:
    """The actions another person added meanwhile."""
    return [each for key, each in theirs.standing.items() if key not in was.actions]


def settled(was: Draft, theirs: Draft, mine: Draft, keep_mine: Collection[tuple[str, str]]) -> Draft:
    """Their version, with my values where I chose them, and what either of us added."""
    fields = {name: (mine if ("", name) in keep_mine else theirs).says(name) for name in FIELDS}
    actions = {key: dict(each) for key, each in theirs.actions.items()}
    for key, own in mine.actions.items():
        if key not in was.actions:
            actions[key] = dict(own)
        elif key in actions:
            actions[key] |= {name: own.get(name) for name in TODO if (key, name) in keep_mine}
    risk_id, opened = (theirs.risk_id, theirs.opened_on) if theirs.risk_id else (mine.risk_id, mine.opened_on)
    return Draft(risk_id, opened, fields, actions)


def new_or_changed(before: Draft, after: Draft) -> dict[str, Mapping[str, Any]]:
    """The actions of a draft that are not as they were before."""
    return {key: each for key, each in after.actions.items() if dict(each) != dict(before.actions.get(key, {}))}
