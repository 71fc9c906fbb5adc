"""What do we know of this account, and what is the plan?"""

import streamlit as st

from cs_metrics import charts
from cs_metrics.analysis.account import described_by, facts_of, history_of, reasons_of, timeline
from cs_metrics.units import MONEY
from pages import ui

book = ui.everyone()
account_id = ui.choose_account(book)
account = book.where_id(account_id)
today = ui.now(account)

ui.figures(facts_of(today), book)
ui.attributes(described_by(account))
for reason in reasons_of(today):
    st.markdown(f":orange-badge[{ui.escaped(reason)}]")

left, right = st.columns(2, gap="medium")
with left:
    ui.chart(
        charts.stacked(history_of(account), MONEY, currency=book.currency),
        key="account_mrr",
        alt=f"MRR of {account_id} by month",
        footer=f"MRR by month, in {book.currency or 'units of currency'}, at each month's own rate.",
    )
    events = timeline(today)
    if len(events):
        ui.table(events, "account_timeline", height=320)
    else:
        st.info(
            "Nothing is known of this account besides its revenue. "
            "Upload touchpoints, tickets, surveys or pulses on the Data page."
        )
with right:
    ui.plan(today, account_id)
    ui.pulse_form(account_id)
    ui.note_form(account_id)
