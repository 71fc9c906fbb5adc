"""The frame around every page: the menu, the shared pickers, and the window behind figures."""

import streamlit as st

from pages import ui

st.set_page_config(page_title="CS Metrics", page_icon="📗", layout="wide", initial_sidebar_state="auto")
page = st.navigation(ui.pages(), position="sidebar")
with st.sidebar:
    ui.pickers()
ui.follow()
ui.begin()
ui.heading(page)
with ui.faults_said():
    page.run()
ui.page_workbook(page)
ui.show_drill()
