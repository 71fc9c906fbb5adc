"""How do your accounts stand by your own judgement, and where do the data say otherwise?"""

import streamlit as st

from pages import ui

book = ui.book()
give, gut = st.tabs(["Give pulses", "Gut against data"], key="pulse_tab", on_change="rerun", bind="query-params")
if give.open:
    with give:
        ui.give_pulses(book)
        ui.edit_reasons(book)
if gut.open:
    with gut:
        ui.gut_and_data(book)
