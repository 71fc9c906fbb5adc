"""Where did growth come from, where is room for more, and whom to speak to now?"""

import streamlit as st

from pages import ui

TABS = ("Whom to speak to", "Whitespace", "Signs of growth", "Pipeline", "Won and lost", "By group")

book, months = ui.book(), ui.months()
ui.expansion_answer(book, months, ui.year_or_less(book))

tabs = st.tabs(list(TABS), key="growth", on_change="rerun", bind="query-params")
whom, space, signs, offered, closed, groups = tabs
if whom.open:
    with whom:
        ui.whom_to_offer(ui.growing_book(book))
if space.open:
    with space:
        ui.whitespace_of(ui.growing_book(book))
if signs.open:
    with signs:
        ui.signs_of_growth(ui.growing_book(book))
if offered.open:
    with offered:
        ui.pipeline(ui.growing_book(book))
if closed.open:
    with closed:
        ui.won_lost(book, months)
if groups.open:
    with groups:
        ui.kinds_by_group(book, months)
