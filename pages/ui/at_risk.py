"""The accounts at risk: narrowed down by reason, renewal and plan; why, with the rows that made each signal fire."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from cs_metrics.analysis.plans import STATES, in_state
from cs_metrics.analysis.risk import by_reason
from cs_metrics.book import Book
from cs_metrics.signal import SIGNALS
from cs_metrics.signals.evidence import evidence
from pages.ui.drill import Window, drill
from pages.ui.lists import accounts, table
from pages.ui.menu import leave, open_account
from pages.ui.today import labels
from pages.ui.words import escaped, plural

SHOWN = ("name", "why", "mrr", "stake", "likelihood", "renewal_date", "plan_state", "plan_age_days", "health", "pulse",
         "plan", "csm")  # fmt: skip
WINDOWS = {"Any time": None, "Passed": (-10_000, -1), "In 30 days": (0, 30), "In 60 days": (0, 60),
           "In 90 days": (0, 90), "In 180 days": (0, 180), "Not known": ()}  # fmt: skip
PLANS = {
    "none": "No plan",
    "open": "Open",
    "overdue": "Action overdue",
    "stale": "Not touched lately",
    "closed": "Closed lately",
}


def narrowed(risky: pd.DataFrame, book: Book) -> pd.DataFrame:
    """The accounts at risk with one of the reasons, the renewal window and one of the plan states chosen."""
    left, middle, right = st.columns([2, 1, 1])
    wanted = left.multiselect(
        "Reasons",
        list(by_reason(risky).index),
        key="reason",
        bind="query-params",
        placeholder="Any",
    )
    when = middle.selectbox("Renewal", list(WINDOWS), key="renews", bind="query-params")
    plan = right.multiselect(
        "Plan",
        [state for state in STATES if in_state(risky, state, book).any()],
        key="plan_is",
        bind="query-params",
        placeholder="Any",
        format_func=PLANS.__getitem__,
    )
    keep = pd.Series(True, risky.index)
    if wanted:
        keep &= risky["signals"].map(lambda fired: bool(set(labels(fired)) & set(wanted)))
    keep &= _renews(risky, when or "Any time", book)
    if plan:
        keep &= pd.concat([in_state(risky, state, book) for state in plan], axis=1).any(axis=1)
    return risky[keep]


def _renews(risky: pd.DataFrame, when: str, book: Book) -> pd.Series:
    window = WINDOWS[when]
    if window is None:
        return pd.Series(True, risky.index)
    dates = pd.to_datetime(risky["renewal_date"])
    if not window:
        return dates.isna()
    days = (dates - pd.Timestamp(book.known_on)).dt.days
    return days.between(*window)


def at_risk_list(
    risky: pd.DataFrame, key: str, known: Book, columns: tuple[str, ...] = SHOWN, height: int = 520
) -> None:
    """Accounts at risk. A click on the name opens the account, on the reason what made the signals fire."""
    found = {row["account_id"]: row for row in risky.to_dict("records")}

    def why(account_id: str) -> None:
        row = found[account_id]
        drill(Window(f"{row['name']}: why it is at risk", lambda: _why(known, row)))

    shown = risky.assign(plan_state=risky["plan_state"].map(PLANS))
    accounts(shown, key, "At risk", columns, height=height, opens={"why": why})


def _why(known: Book, row: dict) -> None:
    """Every signal that fired for an account, its sentence, and the rows that made it fire."""
    place = int(known.accounts.index.get_loc(row["account_id"]))
    plan = f"Plan: {row['plan']}" if isinstance(row["plan"], str) else "No plan is written."
    st.markdown(
        f"A loss is **{row['likelihood']:.0%}** likely by {plural(len(row['signals']), 'signal')}. {escaped(plan)}"
    )
    if st.button("Open the account and its plan", icon=":material/arrow_forward:", key="why_open"):
        open_account(row["account_id"])
        leave()
    for number, (name, sentence) in enumerate(zip(row["signals"], row["sentences"], strict=True)):
        st.markdown(f"**{escaped(SIGNALS[name].label)}** · {escaped(sentence)}")
        for part, (what, rows) in enumerate(evidence(known, name, place)):
            if len(rows):
                st.caption(escaped(what))
                table(rows, f"why_{number}_{part}")
            else:
                st.caption(f"{escaped(what)}: none is recorded.")
