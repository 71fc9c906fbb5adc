"""Do customers go live in time, use what they bought, and does a fast start pay?"""

import streamlit as st

from cs_metrics.metrics.adoption import active_user_share, feature_breadth, logins_per_user
from cs_metrics.metrics.onboarding import mrr_trained_30, mrr_trained_90, on_time_onboarding
from pages import ui

book, months = ui.book(), ui.months()
starting = (on_time_onboarding, mrr_trained_30, mrr_trained_90)
using = (active_user_share, feature_breadth, logins_per_user)
known = ui.now(book.held_now())
ui.onboarding_answer(known)
ui.kpis(*starting, of=book, months=months)
ui.kpis(*using, of=book, months=months)

names = ["Milestones", "Time to live", "Training", "Adoption", "Does it pay?"]
milestones, waiting, training, adoption, pays = st.tabs(names, key="practice", bind="query-params")
if milestones.open:
    with milestones:
        ui.open_milestones(known)
if waiting.open:
    with waiting:
        ui.time_to_live(known)
if training.open:
    with training:
        ui.training(book, known, (mrr_trained_30, mrr_trained_90), months)
if adoption.open:
    with adoption:
        ui.adoption_by_group(book, months)
        ui.seat_use(book)
if pays.open:
    with pays:
        ui.fast_onboarding(known)
