"""What is known of accounts besides revenue: tickets, surveys, pulses…, each row dated, so a day can be asked for.

A row is known from its first date on. What a later date brings (the answer to a survey, the solving of a ticket)
is unknown before that date, whatever the file says. That is the whole protection against looking ahead: every
signal and score reads its tables from here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

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
    "advocacy": "done_on",
    "outcomes": "achieved_on",
    "onboarding": "done_on",
}
KNOWN: dict[str, Known] = {
    "usage": Known(("day",)),
    "tickets": Known(("opened_at",), {"solved_at": ("replies", "reopens", "csat")}),
    "surveys": Known(("sent_at", "responded_at"), {"responded_at": ("score", "comment")}),
    "touchpoints": Known(("planned_for", "done_on"), {"done_on": ()}),
    "pulses": Known(("given_on",)),
    "risks": Known(
        ("opened_on",), {"closed_on": ("outcome",), "planned_on": ("plan", "root_cause", "sponsor", "status")}
    ),
    "actions": Known(("written_on", "due_on", "done_on"), {"done_on": (), "dropped_on": ()}),
    "notes": Known(("written_on",)),
    "onboarding": Known(("due_on", "done_on"), {"done_on": ()}),
    "invoices": Known(("issued_on", "due_on"), {"paid_on": ()}),
    "contacts": Known(("since",), {"left_on": ()}),
    "opportunities": Known(("opened_on",), {"closes_on": ("won",)}),
    "advocacy": Known(("done_on",)),
    "outcomes": Known(("achieved_on",)),
    "churns": Known(("churned_on",)),
    "renewal_calls": Known(("called_on",)),
    "scenarios": Known(("made_on",)),
    "settings": Known(("from_date",)),
}


def known_on(day: date, rows: pd.DataFrame, known: Known) -> pd.DataFrame:
    """The rows as they were known at the end of a day: later rows gone, later knowledge blank.

    A row without any date is taken as known all along.
    """
    end = np.datetime64(day) + np.timedelta64(1, "D")
    dates = [rows[column] for column in known.since if column in rows]
    if dates:
        first = pd.concat(dates, axis=1).min(axis=1)
        rows = rows[~(first >= end)]
    for column, brought in known.later.items():
        if column in rows and (unknown := rows[column] >= end).any():
            rows = rows.assign(**{c: rows[c].mask(unknown) for c in (column, *brought) if c in rows})
    return rows


@dataclass(frozen=True, eq=False)
class Facts(Mapping[str, pd.DataFrame]):
    """The tables by name. Each has a column ``row``: the position of its account in the book asking.

    ``tables`` count accounts as the whole book does; ``positions`` says where the accounts of the asking book
    stand in the whole; ``day`` is the last day known, None for all.
    """

    tables: Mapping[str, pd.DataFrame]
    positions: np.ndarray | None = None
    day: date | None = None
    _ready: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False)

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._ready:
            self._ready[name] = self._cut(name, self.tables[name])
        return self._ready[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.tables)

    def __len__(self) -> int:
        return len(self.tables)

    def latest(self) -> date | None:
        """The last day on which something happened, by what was uploaded; what people typed in does not count."""
        known = [self[name][when].max() for name, when in HAPPENED.items() if name in self and when in self[name]]
        days = [found.date() for found in known if found is not pd.NaT and found == found]
        return max(days, default=None)

    def on(self, day: date) -> Facts:
        """What was known at the end of this day."""
        return Facts(self.tables, self.positions, min(day, self.day) if self.day else day)

    def take(self, rows: np.ndarray) -> Facts:
        """The facts of some accounts, given as positions in the asking book, in their new order."""
        return Facts(self.tables, rows if self.positions is None else self.positions[rows], self.day)

    def _cut(self, name: str, rows: pd.DataFrame) -> pd.DataFrame:
        if self.positions is not None and "row" in rows:
            place = np.full(max(self.positions.max(initial=-1), rows["row"].max() if len(rows) else -1) + 1, -1)
            place[self.positions] = np.arange(len(self.positions))
            here = place[rows["row"].to_numpy()]
            rows = rows[here >= 0].assign(row=here[here >= 0])
        return known_on(self.day, rows, KNOWN[name]) if self.day and name in KNOWN else rows
