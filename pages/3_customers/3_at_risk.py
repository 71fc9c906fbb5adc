"""Who is at risk, why, and with what plan?"""

import streamlit as st

from pages import ui

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
shown = ui.narrowed(risky, standing.book)
if shown.empty:
    st.info("No account at risk fits these filters. Take one of them away.")
else:
    ui.at_risk_list(shown, "at_risk_all", standing.book)
    ui.say("", "A name opens the account and its plan; a reason opens every signal with the rows that made it fire.")
ui.risk_rule(standing.book)
