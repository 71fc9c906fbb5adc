"""Of those who started together, who is still here, and with how much?"""

import streamlit as st

from pages import ui

book = ui.book()
asked = ui.cohort_pickers(book)
if ui.no_cohorts(book, asked):
    st.stop()

ui.cohort_triangle(book, asked)

left, right = st.columns(2, gap="medium")
with left:
    ui.say("##### As cohorts age")
    ui.cohort_curves(book, asked)
with right:
    ui.say("##### How long they stay")
    ui.survival_curves(book, asked)
