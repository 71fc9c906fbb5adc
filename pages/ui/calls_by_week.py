"""Calls week by week: what stood at the end of each, frozen, who said it, how it ended, how well it was said."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from cs_metrics.analysis.calls import week_by_week, weeks
from cs_metrics.book import Book, Dark
from cs_metrics.units import MONEY
from pages.ui.drill import Drill, table_of_figures
from pages.ui.lists import accounts
from pages.ui.words import percent, plural

ENDED = {1.0: "came true", 0.0: "did not"}
LISTED = ("name", "csm", "renewal_date", "call", "called", "ended", "due", "actual", "chance", "note")


def calls_by_week(book: Book) -> None:
    """The weeks with their scores, and the calls of one of them."""
    try:
        held = week_by_week(book)
    except Dark:
        return
    if held.empty:
        return
    st.markdown("##### Week by week, as they stood")
    found = weeks(held)
    names = [f"{week:%Y-%m-%d}" for week in found["week"]]

    def behind(row: int) -> Drill:
        return _drill(held, found["week"].iloc[row], book)

    shown = pd.DataFrame(
        {
            "week": names,
            "calls": [f"{count:,}" for count in found["calls"]],
            "csms": found["csms"].astype(str),
            "over": found["over"].astype(str),
            "Came true": [_share(hits, over) for hits, over in zip(found["hits"], found["over"], strict=True)],
            "Missed by": [percent(value) for value in found["error"]],
            "Too high by": [percent(value) for value in found["bias"]],
        }
    )
    config = {
        "week": st.column_config.TextColumn("Week of", help="Its Monday."),
        "csms": st.column_config.TextColumn("By CSMs", alignment="right"),
        "over": st.column_config.TextColumn("Decided", alignment="right", help="Renewals whose month is over."),
    }
    table_of_figures(shown, "call_weeks", {"calls": behind, "Came true": behind}, config, 320)
    week = st.selectbox("Calls of the week of", names, key="call_week", bind="query-params", width=220)
    chosen = found["week"].iloc[names.index(week) if week in names else 0]
    st.markdown(_sentence(held[held["week"] == chosen], book))
    listed = _listed(held, chosen)
    accounts(listed, "week_calls", f"Calls of the week of {week}", LISTED, height=min(38 + 35 * len(listed), 320))
    st.caption(
        "A call is frozen at the end of its week: the last one made of a renewal in it. It is decided when the renewal "
        "month is over; called is what the account was said to pay then, actual what it paid."
    )


def _drill(held: pd.DataFrame, week: pd.Timestamp, book: Book) -> Drill:
    rows = held[held["week"] == week]
    return Drill(f"Calls of the week of {week:%Y-%m-%d}", _sentence(rows, book), lambda: _listed(held, week), book)


def _listed(held: pd.DataFrame, week: pd.Timestamp) -> pd.DataFrame:
    """The calls of a week as people read them."""
    rows = held[held["week"] == week]
    ended = rows["hit"].map(ENDED).fillna("open")
    return rows.assign(ended=ended).round({"called": 0, "due": 0, "actual": 0})[["account_id", *LISTED]]


def _sentence(rows: pd.DataFrame, book: Book) -> str:
    over = rows[rows["hit"].notna()]
    said = f"{plural(len(rows), 'call')} by {plural(rows['csm'].nunique(), 'CSM')}"
    if over.empty:
        return f"{said}; none of the renewals is decided yet."
    paid, due = MONEY.write(over["actual"].sum(), book.currency), MONEY.write(over["due"].sum(), book.currency)
    return f"{said}; {_share(over['hit'].sum(), len(over))} came true: {paid} was paid of {due} due.".replace(
        "$", r"\$"
    )


def _share(hits: float, over: int) -> str:
    return f"{hits:.0f} of {over}" if over else "–"
