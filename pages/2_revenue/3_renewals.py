"""What comes up for renewal, what will it bring, and what if some renew, shrink, grow or leave?"""

import streamlit as st

from cs_metrics.metrics.renewals import gross_renewal_rate, net_renewal_rate
from cs_metrics.metrics.retention import gross_revenue_retention, net_revenue_retention
from pages import ui

book, months = ui.book(), ui.months()
renewing = ui.renewing(book)

due, what_if, calls, forecast = st.tabs(
    ["Due", "What if", "Calls", "Forecast"], key="renewals", on_change="rerun", bind="query-params"
)
if due.open:
    with due:
        ui.due_tiles(renewing)
        left, right = st.columns(2, gap="medium")
        with left:
            ui.say("##### What is due, and overdue")
            ui.due_chart(renewing)
        with right:
            ui.say(f"##### What the next quarter will bring, {renewing.quarter}")
            ui.odds_chart(renewing)
        ui.due_list(renewing)
        ui.say(f"##### Of what was due in the {ui.plural(months, 'month')} to {book.last}")
        ui.kpis(gross_renewal_rate, net_renewal_rate, of=book, months=months)
if what_if.open:
    with what_if:
        ui.what_if(renewing)
if calls.open:
    with calls:
        ui.calls(renewing)
if forecast.open:
    with forecast:
        ui.forecast(renewing, (net_revenue_retention, gross_revenue_retention))
