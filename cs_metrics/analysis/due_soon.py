"""What is due in the next two weeks, and with whom: meetings, renewals, milestones, actions, touchpoints by cadence."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_metrics.analysis.touch import touch
from cs_metrics.book import Book

WITHIN = 14
COLUMNS = ("due_on", "name", "what", "csm", "mrr", "account_id")
MEETING, RENEWAL, MILESTONE, ACTION, TOUCH = "Meeting", "Renewal", "Milestone", "Action", "Touchpoint due"


def due_soon(book: Book, days: int = WITHIN) -> pd.DataFrame:
    """What is due from the book's day on, so many days ahead, by day and then name: ``kind, what`` per account.

    Meetings that are planned and not held; renewals; milestones of onboarding and actions of plans that are open; and
    the touchpoint the cadence asks for where no meeting is planned before. One overdue stands on the book's day
    and says since when. Only customers, and those who are to become one.
    """
    parts = [_meetings(book, days), _renewals(book, days)]
    for table, text, kind in (("onboarding", "milestone", MILESTONE), ("actions", "action", ACTION)):
        if table in book.facts:
            parts.append(_open(book, table, text, kind, days))
    if book.knows("touchpoints.done_on"):
        parts.append(_by_cadence(book, days, parts[0]))
    found = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    row = found["row"].to_numpy(dtype=np.intp)
    mrr = book.balance(0, 0)[-1][row]
    found = found.assign(
        account_id=book.accounts.index[row],
        name=book.accounts["name"].to_numpy()[row],
        csm=book.csm_now[row],
        mrr=mrr / book.scale,
    )[(mrr > 0) | (book.first_paid[row] >= book.closes)]
    return found.sort_values(["due_on", "name", "kind"], kind="stable").drop(columns="row").reset_index(drop=True)


def _ahead(book: Book, day: pd.Series, days: int) -> np.ndarray:
    """Which days lie between the book's day and so many days later."""
    return ((day - pd.Timestamp(book.known_on)).dt.days.between(0, days)).to_numpy()


def _entries(rows: pd.DataFrame, day: str, what: pd.Series | np.ndarray | str, kind: str) -> pd.DataFrame:
    return pd.DataFrame(
        {"row": rows["row"].to_numpy(), "due_on": rows[day].to_numpy(dtype="datetime64[s]"), "kind": kind, "what": what}
    )


def _meetings(book: Book, days: int) -> pd.DataFrame:
    if "touchpoints" not in book.facts:
        return _entries(pd.DataFrame({"row": [], "day": []}), "day", "", MEETING)
    rows = book.facts.planned("touchpoints")
    rows = rows[rows["done_on"].isna().to_numpy() & _ahead(book, rows["planned_for"], days)]
    named = rows["kind"].astype(object).where(rows["kind"].notna(), MEETING).astype(str)
    return _entries(rows, "planned_for", (named.str[:1].str.upper() + named.str[1:]).to_numpy(), MEETING)


def _renewals(book: Book, days: int) -> pd.DataFrame:
    rows = pd.DataFrame({"row": [], "day": pd.Series([], dtype="datetime64[s]")})
    if book.renewals is not None:
        rows = book.renewals[_ahead(book, book.renewals["day"], days)]
    return _entries(rows, "day", RENEWAL, RENEWAL)


def _open(book: Book, table: str, text: str, kind: str, days: int) -> pd.DataFrame:
    rows = book.facts.planned(table)
    ended = rows["done_on"].notna()
    if "dropped_on" in rows:
        ended |= rows["dropped_on"].notna()
    rows = rows[~ended.to_numpy() & _ahead(book, rows["due_on"], days)]
    return _entries(rows, "due_on", (f"{kind}: " + rows[text].astype(str)).to_numpy(), kind)


def _by_cadence(book: Book, days: int, meetings: pd.DataFrame) -> pd.DataFrame:
    """The touchpoint each customer's stage asks for, unless a meeting is planned by then."""
    rows = touch(book)
    rows["row"] = book.accounts.index.get_indexer(pd.Index(rows["account_id"]))
    rows["day"] = np.maximum(rows["due_on"].to_numpy(), np.datetime64(book.known_on))
    planned = meetings.groupby("row")["due_on"].min().reindex(rows["row"]).to_numpy()
    rows = rows[_ahead(book, rows["day"], days) & ~(planned <= rows["day"].to_numpy())]
    late = [f"{TOUCH}, overdue by {n:.0f} {'day' if n == 1 else 'days'}" if n == n else TOUCH for n in rows["overdue"]]
    return _entries(rows, "day", np.array(late, dtype=object), TOUCH)
