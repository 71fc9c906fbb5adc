"""What is due in the next two weeks, for a CSM or everybody: a list, and a file for one's own calendar."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import streamlit as st

from cs_metrics.analysis.due_soon import WITHIN, due_soon
from cs_metrics.book import Book
from cs_metrics.dials import dials_of
from cs_metrics.export import file_name
from cs_metrics.ics import calendar, events_of
from pages.ui.lists import accounts
from pages.ui.plots import say
from pages.ui.words import plural

EVERYBODY = "Everybody"


def due_of(book: Book) -> pd.DataFrame:
    """What is due, made once."""
    key = ("due soon", book.known_on, *(each.of(book) for each in dials_of("cadence")))
    return book.answered(key, lambda: due_soon(book))


def next_two_weeks(book: Book) -> None:
    """What is due, by day, and the calendar file."""
    rows = due_of(book)
    until = book.known_on + timedelta(days=WITHIN)
    span = f"{book.known_on:%Y-%m-%d} to {until:%Y-%m-%d}"
    if rows.empty:
        st.info(
            f"Nothing is due from {span}. Planned meetings, renewal dates and milestones come with the tables "
            "touchpoints, accounts and onboarding."
        )
        return
    names = sorted(rows["csm"].unique(), key=str.casefold)
    who = st.selectbox("Whose", [EVERYBODY, *names], key="due_of", bind="query-params", width=260) or EVERYBODY
    mine = rows if who == EVERYBODY else rows[rows["csm"] == who]
    counted = mine["kind"].value_counts()
    told = " · ".join(f"{name}: **{counted[name]:,}**" for name in counted.index)
    say(f"**{plural(len(mine), 'entry').replace('entrys', 'entries')}** from {span}. {told}")
    columns = ("name", "due_on", "what", "csm", "mrr")
    accounts(mine, "due", f"Due from {span}", columns, height="auto" if len(mine) <= 10 else 420)
    _file(book, mine, who)
    say(
        "",
        "Meetings planned, renewals, open milestones and actions, and the touchpoint the cadence asks for where no "
        "meeting is planned before. One overdue stands on the first day. Import the file again next week: entries it "
        "brought before are replaced.",
    )


def _file(book: Book, rows: pd.DataFrame, who: str) -> None:
    title = "Customer Success" + ("" if who == EVERYBODY else f", {who}")

    def made() -> bytes:
        return calendar(events_of(rows, book.currency), title)

    st.download_button(
        f"Calendar file, {plural(len(rows), 'day-long entry').replace('entrys', 'entries')}",
        made,
        file_name(f"Due {who}", f"{book.known_on}{len(rows)}".encode(), "ics"),
        "text/calendar",
        key="due_ics",
        icon=":material/event:",
        type="tertiary",
        on_click="ignore",
    )
