"""Why do the figures read otherwise than they did at an earlier import?"""

import streamlit as st

from cs_metrics.metrics.retention import gross_revenue_retention, logo_retention, net_revenue_retention
from cs_metrics.metrics.revenue import mrr
from pages import ui

FIGURES = (mrr, net_revenue_retention, gross_revenue_retention, logo_retention)

book = ui.everyone()
since = ui.since_when()
found = ui.changes(since, *FIGURES)

left, right = st.columns(2, gap="medium")
with left:
    ui.causes(mrr, found, book)
with right:
    ui.causes(net_revenue_retention, found, book)

chosen = ui.choose_metric("Accounts behind", FIGURES, key="changed_figure")
if chosen not in (mrr, net_revenue_retention):
    ui.causes(chosen, found, book)
ui.changed_accounts(chosen, found)
