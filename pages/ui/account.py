"""The sheet of one account: what it is worth, how it stands, what to do next, and all that is known of it."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

import pandas as pd
import streamlit as st

from cs_metrics import charts
from cs_metrics.analysis.account import (
    LANES,
    alone,
    described_by,
    facts_of,
    history_of,
    pulses_of,
    reasons_of,
    risk_spans,
    timeline,
)
from cs_metrics.analysis.account_tables import TABLES_OF
from cs_metrics.analysis.next_step import Step, next_step
from cs_metrics.analysis.replay import health_over, month_ends
from cs_metrics.analysis.risk import fired
from cs_metrics.book import Book, Settings
from cs_metrics.health import health as health_of
from cs_metrics.signal import signals
from pages.ui.company import scope, source
from pages.ui.lists import table
from pages.ui.pickers import fixed_settings
from pages.ui.plots import chart
from pages.ui.tiles import attributes, figures
from pages.ui.today import TO_READ, known_now
from pages.ui.words import escaped, percent

EMPTY = {
    "contacts": "Upload contacts to see its people, its champion, and who left.",
    "surveys": "Upload surveys to see what it answers.",
    "tickets": "Upload tickets to see what it asks of support.",
    "invoices": "Upload invoices to see what is unpaid.",
    "outcomes": "No outcome is kept. Write down the first beside this list.",
    "advocacy": "Nothing was asked of it. Write down the first ask beside this list.",
    "notes": "No note is kept. Write the first beside this list.",
}
HAPPENED = "What happened"


class Sheet(NamedTuple):
    """All that is known of an account on a day."""

    book: Book
    facts: dict[str, Any]
    about: dict[str, str]
    reasons: list[str]
    step: Step | None
    events: pd.DataFrame
    figure: Any


@st.cache_resource(max_entries=64, show_spinner=False)
def sheet_of(address: str, batch: int, scope: str, settings: Settings, account_id: str, today: date) -> Sheet:
    """The sheet of an account, made once for a book and day. In a large book the other accounts are not looked at.

    To look at every account of a small book costs what one of them costs, and is kept for the next sheet.
    """
    known = known_now(address, batch, scope, settings, today)
    if len(known) <= TO_READ:
        health_of(known), fired(known, signals("risk"))
    one = alone(known, account_id)
    ends, events = month_ends(one), timeline(one)
    health = pd.Series(health_over(one, ends), index=pd.DatetimeIndex(ends))
    drawn = charts.lifeline(history_of(one), health, pulses_of(one), events, risk_spans(one), LANES, one.currency)
    return Sheet(one, facts_of(one), described_by(one), reasons_of(one), next_step(one), events, drawn)


def sheet(account_id: str) -> Sheet:
    """The sheet of an account as it stands."""
    address, batch, _ = source()
    return sheet_of(address, batch, scope(), fixed_settings(), account_id, date.today())


def standing_of(found: Sheet) -> None:
    """The answer first: what it pays, when it renews, how it stands, what to do next, and why."""
    facts = dict(found.facts)
    risk = facts.pop("likelihood")
    figures(facts | {"Risk of loss": percent(risk) if risk == risk else "–"}, found.book)
    if found.step is not None:
        st.info(f"**Next: {escaped(found.step.step)}.** {escaped(found.step.why)}", icon=":material/arrow_forward:")
    elif found.facts["mrr"] > 0:
        st.success("Nothing is due here.")
    if found.reasons:
        st.markdown(" ".join(f":orange-badge[{escaped(reason)}]" for reason in found.reasons))
    attributes(found.about)


def lifeline(found: Sheet, account_id: str) -> None:
    """Revenue, health, pulse and all that happened, on one axis of time."""
    chart(
        found.figure,
        key="account_life",
        alt=f"MRR, health, pulse and events of {account_id} over time",
        footer="MRR in steps, by product; health (line) as known at each month's end, 100 = healthy; pulses (dots), 1 "
        "at the bottom to 5 at the top. Below: what happened; orange is bad news, blue good; a bar is an open risk.",
    )


def tables_of(found: Sheet) -> None:
    """What the tables hold of the account, one at a time."""
    names = [HAPPENED, *TABLES_OF]
    for name, tab in zip(names, st.tabs(names, key="account_tab", on_change="rerun"), strict=True):
        if not tab.open:
            continue
        with tab:
            if name == HAPPENED:
                _events(found)
            else:
                _table(found, name)


def _events(found: Sheet) -> None:
    if len(found.events):
        table(found.events[["date", "what", "detail"]], "account_timeline", height=320)
        return
    st.info(
        "Nothing is known of this account besides its revenue. "
        "Upload touchpoints, tickets, surveys or pulses on the Data page."
    )


def _table(found: Sheet, name: str) -> None:
    needs, rows_of = TABLES_OF[name]
    if needs and needs not in found.book.facts:
        st.info(EMPTY[needs])
        return
    rows = rows_of(found.book)
    rows = rows[[column for column in rows if rows[column].notna().any()]] if len(rows) else rows
    if not len(rows):
        st.info(f"{name}: nothing is known of this account.")
        return
    digits = {column: 2 for column in ("amount", "mrr", "mrr_year_ago", "list_mrr") if column in rows}
    table(rows.round(digits), f"account_{name.split()[0].casefold()}", height=320)
