"""How do CSMs compare, once luck, mix and what they took over are allowed for?"""

import streamlit as st

from cs_metrics.metrics.retention import gross_revenue_retention, logo_retention, net_revenue_retention
from pages import ui

book, months = ui.book(), ui.months()
tabs = st.tabs(["Side by side", "Capacity", "Paired measures"], key="team", bind="query-params")
side, carried, paired = tabs
if side.open:
    with side:
        figures = {m.label: m for m in (net_revenue_retention, gross_revenue_retention, logo_retention)}
        metric = figures[ui.choose("Figure", list(figures), key="team_figure")]
        ui.say("##### Side by side, in the order of their names")
        ui.people(metric, book, months)
        ui.say("##### What changed hands")
        ui.changed_hands(book, months)
        ui.say("##### What was inherited, and what became of it")
        ui.inherited(book)
        ui.say(f"##### {metric.label} under the other owner rules")
        ui.under_other_rules(metric, book, months)
if carried.open:
    with carried:
        ui.team_capacity(book)
if paired.open:
    with paired:
        ui.paired_measures(book, months)
