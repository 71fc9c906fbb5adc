"""How healthy is the book, who moved and why, and what should count?"""

import streamlit as st

from pages import ui

whole = ui.book()
book = ui.healthy_book(whole)
ui.health_answer(book)

now, trend, predicted, weights = st.tabs(
    ["Now", "Trend and flows", "Did it foretell?", "Weights"], key="health", on_change="rerun", bind="query-params"
)
if now.open:
    with now:
        ui.health_now(book)
if trend.open:
    with trend:
        ui.say("##### Trend")
        ui.health_trend(book)
        ui.say("##### From band to band")
        ui.band_flows(book)
        ui.say("##### Which part moved whom")
        ui.parts_moved(book)
if predicted.open:
    with predicted:
        ui.backtest(whole)
if weights.open:
    with weights:
        ui.health_weights(book)
