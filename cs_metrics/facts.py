"""What is known of accounts besides revenue: tickets, surveys, pulses…, each row dated, so a day can be asked for.

A row is known from its first date on. What a later date brings (the answer to a survey, the solving of a ticket)
is unknown before that date, whatever the file says. That is the whole protection against looking ahead: every
signal and score reads its tables from here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import pandas as pd


class Known(NamedTuple):
    """When a row of a table is known, and which of its columns a later date brings."""

    since: tuple[str, ...]
    later: Mapping[str, tuple[str, ...]] = {}


HAPPENED = {
    "usage": "day",
    "tickets": "opened_at",
    "surveys": "responded_at",
    "touchpoints": "done_on",
    "invoices": "issued_on",
    "onboarding": "done_on",
}
KNOWN: dict[str, Known] = {
    "usage": Known(("day",)),
    "tickets": Known(("opened_at",), {"solved_at": ("replies", "reopens", "csat")}),
    "surveys": Known(("sent_at", "responded_at"), {"responded_at": ("score", "comment")}),
    "touchpoints": Known(("planned_for", "done_on"), {"done_on": (), "prepared_on": ()}),
    "pulses": Known(("given_on",)),
    "scores": Known(("given_on",)),
    "risks": Known(
        ("opened_on",), {"closed_on": ("outcome",), "planned_on": ("plan", "root_cause", "sponsor", "status")}
    ),
    "actions": Known(("written_on", "due_on", "done_on"), {"done_on": (), "dropped_on": ()}),
    "notes": Known(("written_on",)),
    "onboarding": Known(("due_on", "done_on"), {"done_on": ()}),
    "invoices": Known(("issued_on", "due_on"), {"paid_on": ()}),
    "contacts": Known(("since",), {"left_on": ()}),
    "opportunities": Known(("opened_on",), {"closes_on": ("won",)}),
    "advocacy": Known(("asked_on", "done_on"), {"answered_on": ("answer",), "done_on": ("validated_by",)}),
    "outcomes": Known(("achieved_on",)),
    "churns": Known(("churned_on",)),
    "reviews": Known(("written_on",)),
    "renewal_calls": Known(("called_on",)),
    "scenarios": Known(("made_on",)),
    "settings": Known(("from_date",)),
}


def known_on(day: date, rows: pd.DataFrame, known: Known) -> pd.DataFrame:
    """The rows as they were known at the end of a day: later rows gone, later knowledge blank.

    A row without any date is taken as known all along.
    """
    return known_before(np.datetime64(day) + np.timedelta64(1, "D"), rows, known)


def known_before(end: np.datetime64 | np.ndarray, rows: pd.DataFrame, known: Known) -> pd.DataFrame:
    """The rows as they were known before a moment, one for all or one for each."""
    dates = [rows[column] for column in known.since if column in rows]
    if dates:
        first = dates[0] if len(dates) == 1 else pd.concat(dates, axis=1).min(axis=1)
        later = (first >= end).to_numpy()
        if later.any():
            rows, end = rows.take(np.flatnonzero(~later)), end[~later] if isinstance(end, np.ndarray) else end
    for column, brought in known.later.items():
        if column in rows and (unknown := rows[column] >= end).any():
            rows = rows.assign(**{c: rows[c].mask(unknown) for c in (column, *brought) if c in rows})
    return rows


class Places(NamedTuple):
    """Where the rows of each account stand in a table: positions in the table, and the accounts in their order."""

    position: np.ndarray
    account: np.ndarray

    def between(self, first: int, past: int) -> np.ndarray:
        """The positions of the rows of accounts from ``first`` to before ``past``, in the table's order."""
        start, stop = np.searchsorted(self.account, (first, past))
        return np.sort(self.position[start:stop])


def places_of(rows: pd.DataFrame) -> Places:
    """The rows of a table sorted by account once, so that a block of accounts finds its own without a search of all."""
    account = rows["row"].to_numpy()
    position = np.argsort(account, kind="stable")
    return Places(position, account[position])


def _side_by_side(positions: np.ndarray) -> bool:
    """Are these accounts one block of the whole, in its order?"""
    return len(positions) > 1 and bool((np.diff(positions) == 1).all())


ALWAYS = np.datetime64("0001-01-01", "D")


def begin_of(rows: pd.DataFrame, column: str, known: Known) -> np.datetime64:
    """The first day on which anything is known in a column of a table; not a time where there is nothing in it."""
    rows = rows[rows[column].notna()]
    if rows.empty:
        return np.datetime64("NaT", "D")
    dates = [rows[since] for since in known.since if since in rows]
    if not dates:
        return ALWAYS
    first = pd.concat(dates, axis=1).min(axis=1)
    for when, brought in known.later.items():
        if column in (when, *brought) and when in rows:
            first = first.where(rows[when].isna() | (rows[when] <= first), rows[when])
    return ALWAYS if first.isna().any() else first.min().to_datetime64().astype("datetime64[D]")


@dataclass(frozen=True, eq=False)
class Facts(Mapping[str, pd.DataFrame]):
    """The tables by name. Each has a column ``row``: the position of its account in the book asking.

    ``tables`` count accounts as the whole book does; ``positions`` says where the accounts of the asking book
    stand in the whole; ``day`` is the last day known, None for all. ``begins`` says since when each column of the
    whole tables has anything in it, ``places`` where the rows of each account stand; both are filled as they are asked
    for, and the facts of some accounts share them with the whole. ``made`` is what was made of tables that no day and
    no choice of accounts cuts; all parts share it.
    """

    tables: Mapping[str, pd.DataFrame]
    positions: np.ndarray | None = None
    day: date | None = None
    _ready: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False)
    begins: dict[tuple[str, str], np.datetime64] = field(default_factory=dict, repr=False)
    made: dict[Any, Any] = field(default_factory=dict, repr=False)
    places: dict[str, Places] = field(default_factory=dict, repr=False)

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._ready:
            self._ready[name] = self._cut(name, self.tables[name])
        return self._ready[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.tables)

    def __len__(self) -> int:
        return len(self.tables)

    def __contains__(self, name: object) -> bool:
        return name in self.tables

    def planned(self, name: str) -> pd.DataFrame:
        """A table with what is planned ahead: a meeting or a milestone of a later day, open as it then was.

        A row counts as known from its first date on, and so a plan only once its day has come. That is right for
        what happened; whoever asks what is to come asks here. What a later day brings stays blank.
        """
        rows = replace(self, day=None, _ready={})[name]
        if self.day is None:
            return rows
        end = np.datetime64(self.day) + np.timedelta64(1, "D")
        for column in KNOWN[name].later:
            rows = rows.assign(**{column: rows[column].mask(rows[column] >= end)})
        return rows

    def latest(self) -> date | None:
        """The last day on which something happened, by what was uploaded; what people typed in does not count."""
        known = [self[name][when].max() for name, when in HAPPENED.items() if name in self and when in self[name]]
        days = [found.date() for found in known if found is not pd.NaT and found == found]
        return max(days, default=None)

    def on(self, day: date) -> Facts:
        """What was known at the end of this day."""
        return replace(self, day=min(day, self.day) if self.day else day, _ready={})

    def take(self, rows: np.ndarray) -> Facts:
        """The facts of some accounts, given as positions in the asking book, in their new order."""
        return replace(self, positions=rows if self.positions is None else self.positions[rows], _ready={})

    def knows(self, name: str, column: str) -> bool:
        """Has this column anything in it by this day, for any account of the whole?"""
        if name not in self.tables or column not in self.tables[name]:
            return False
        if (name, column) not in self.begins:
            self.begins[name, column] = begin_of(self.tables[name], column, KNOWN.get(name, Known(())))
        begin = self.begins[name, column]
        return bool(begin <= np.datetime64(self.day)) if self.day else not np.isnat(begin)

    def _cut(self, name: str, rows: pd.DataFrame) -> pd.DataFrame:
        if self.positions is not None and len(self.positions) == 1 and "row" in rows:
            rows = rows.iloc[np.flatnonzero(rows["row"].to_numpy() == self.positions[0])].assign(row=0)
        elif self.positions is not None and "row" in rows and _side_by_side(self.positions):
            if name not in self.places:
                self.places[name] = places_of(rows)
            first, past = int(self.positions[0]), int(self.positions[-1]) + 1
            rows = rows.take(self.places[name].between(first, past))
            rows = rows.assign(row=rows["row"].to_numpy() - first)
        elif self.positions is not None and "row" in rows:
            place = np.full(max(self.positions.max(initial=-1), rows["row"].max() if len(rows) else -1) + 1, -1)
            place[self.positions] = np.arange(len(self.positions))
            here = place[rows["row"].to_numpy()]
            rows = rows[here >= 0].assign(row=here[here >= 0])
        return known_on(self.day, rows, KNOWN[name]) if self.day and name in KNOWN else rows
