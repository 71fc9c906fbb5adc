"""What do we want to reach, since when, and how do we stand against it?"""

import streamlit as st

from pages import ui

book = ui.book()
names = ["Targets", "Days and counts", "Goals of a CSM", "Benchmarks", "What was changed"]
tabs = st.tabs(names, key="targets", bind="query-params")
shown, days, goals, published, history = tabs
if shown.open:
    with shown:
        about, months = ui.whom_and_over(book)
        ui.targets_in_force(book, about, months)
        ui.own_targets(book)
if days.open:
    with days:
        ui.days_and_counts(book, ui.months())
if goals.open:
    with goals:
        ui.goals_of_a_csm(book, ui.year_or_less(book))
if published.open:
    with published:
        ui.benchmarks_beside(book)
if history.open:
    with history:
        ui.target_history(ui.now(book))
