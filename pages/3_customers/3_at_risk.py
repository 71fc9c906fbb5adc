"""Who is at risk, why, and with what plan?"""

import streamlit as st

from cs_metrics.analysis.risk import by_reason
from pages import ui

SHOWN = ("name", "csm", "mrr", "renewal_date", "health", "pulse", "likelihood", "reasons", "plan", "plan_age_days")

book = ui.book()
standing = ui.today(book)
risky = standing.at_risk
if risky.empty:
    ui.nothing_at_risk(standing.book)
    st.stop()

ui.figures(
    {
        "Accounts at risk": f"{len(risky):,}",
        "MRR at risk": ui.money(risky["mrr"].sum(), book),
        "Expected loss": ui.money(risky["stake"].sum(), book),
        "Without a plan": ui.money(risky.loc[risky["plan"].isna(), "mrr"].sum(), book),
    },
    book,
)
reasons = by_reason(risky)
chosen = st.pills(
    "Reasons",
    list(reasons.index),
    selection_mode="multi",
    key="reason",
    format_func=lambda r: f"{r} ({reasons[r]})",
)
shown = risky if not chosen else risky[risky["signals"].map(lambda fired: bool(set(ui.labels(fired)) & set(chosen)))]
ui.accounts(
    shown,
    "at_risk_all",
    "At risk",
    SHOWN,
    height=520,
)
ui.risk_rule(standing.book)
