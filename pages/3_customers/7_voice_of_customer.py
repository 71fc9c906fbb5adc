"""What do customers say, how many of them say anything, and who is silent?"""

import streamlit as st

from cs_metrics.metrics.voice import (
    ces,
    csat,
    first_contact_resolution,
    nps,
    response_rate,
    survey_coverage,
)
from pages import ui

book, months = ui.book(), ui.months()
ui.kpis(nps, csat, ces, response_rate, survey_coverage, first_contact_resolution, of=book, months=months)
ui.scores_bend(book)

tabs = st.tabs(["Trend and groups", "Silent", "Words and deeds", "Comments"], key="voice", bind="query-params")
trend, silent, deeds, comments = tabs
if trend.open:
    with trend:
        ui.voice_over_time((nps, csat, ces, response_rate, survey_coverage, first_contact_resolution), book, months)
if silent.open:
    with silent:
        ui.silent_accounts(ui.now(book))
if deeds.open:
    with deeds:
        ui.contradictions(ui.now(book))
if comments.open:
    with comments:
        ui.comments(book, months)
