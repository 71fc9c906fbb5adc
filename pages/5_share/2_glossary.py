"""What does each figure and signal mean, and where does it come from?"""

import streamlit as st

from pages import ui

search = st.text_input("Search", key="word", placeholder="Retention, pulse, renewal…", bind="query-params")
figures, signals, health, targets = st.tabs(["Figures", "Signals", "Health score", "Targets"])
with figures:
    ui.glossary_of_metrics(search)
with signals:
    ui.glossary_of_signals(search)
with health:
    ui.glossary_of_health(search)
with targets:
    ui.glossary_of_targets(search)
