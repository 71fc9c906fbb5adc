"""Do customers hear from us as often as they should, what is due next, and what came of it?"""

import streamlit as st

from cs_metrics.metrics.activity import cadence_kept, confirmed_outcomes, qbr_on_schedule, reviews_prepared
from pages import ui

book, months = ui.book(), ui.months()
known = ui.now(book.held_now())
ui.activity_answer(known)
ui.kpis(cadence_kept, qbr_on_schedule, reviews_prepared, confirmed_outcomes, of=book, months=months)

names = ["Cadence", "Next two weeks", "By CSM", "What came of it", "Set the cadence"]
cadence, calendar, people, results, dials = st.tabs(names, key="activity", bind="query-params")
if cadence.open:
    with cadence:
        ui.cadence_by_stage(known)
if calendar.open:
    with calendar:
        ui.next_two_weeks(known)
if people.open:
    with people:
        ui.coverage_beside_volume(known, months)
if results.open:
    with results:
        ui.results_of_work(known, months)
if dials.open:
    with dials:
        ui.cadence_dials(known)
