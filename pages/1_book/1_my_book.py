"""What is in my hands, what did we keep of it, who is at risk, and who would speak for us?"""

import streamlit as st

from cs_metrics.metrics.retention import gross_revenue_retention, net_revenue_retention
from cs_metrics.metrics.revenue import arr, mrr
from pages import ui

book = ui.book()
ui.kpis(mrr, arr, net_revenue_retention, gross_revenue_retention, of=book, months=ui.year_or_less(book))

standing = ui.today(book)
left, right = st.columns([5, 3], gap="medium")
with left:
    risky = standing.at_risk
    with st.container(horizontal=True, vertical_alignment="center"):
        title = f"##### At risk: {ui.plural(len(risky), 'account')}, {ui.money(risky['mrr'].sum(), book)} MRR"
        st.markdown(title, width="content")
        ui.work_waiting(book)
    if len(risky):
        ui.at_risk_list(risky, "at_risk", standing.book, ("name", "mrr", "renewal_date", "why", "plan"), height=300)
    else:
        ui.nothing_at_risk(standing.book)
with right:
    friends = standing.advocates
    ui.say(f"##### Top advocates: {len(friends)}, {friends['reference_ready'].sum():.0f} reference-ready")
    if len(friends):
        ui.accounts(friends, "advocates", "Advocates", ("name", "mrr", "reference_ready"), height=300)
    else:
        ui.no_advocates(standing.book)
ui.what_to_do(book)
