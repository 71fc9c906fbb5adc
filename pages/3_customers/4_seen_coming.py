"""Did we see it coming?"""

import streamlit as st

from pages import ui

book, months = ui.book(), ui.months()

losses, signals = st.tabs(["Losses", "Signals"], key="seen", on_change="rerun", bind="query-params")
if losses.open:
    with losses:
        ui.seen_coming(book, months)
if signals.open:
    with signals:
        ui.signal_records(book)
