"""What do we know of this account, what should we do next, and what is the plan?"""

import streamlit as st

from pages import ui

book = ui.everyone()
account_id = ui.choose_account(book)
sheet = ui.sheet(account_id)

ui.standing_of(sheet)
ui.lifeline(sheet, account_id)
left, right = st.columns(2, gap="medium")
with left:
    ui.tables_of(sheet)
with right:
    plan, pulse, note, ask, outcome = st.tabs(["Plan", "Pulse", "Note", "Ask", "Outcome"], key="account_forms")
    with pulse:
        ui.pulse_form(account_id)
    with plan:
        ui.plan(sheet.book, account_id)
    with note:
        ui.note_form(account_id)
    with ask:
        ui.ask_form(account_id)
    with outcome:
        ui.outcome_form(account_id)
