"""How did one CSM do in this period, and what do we say about it?"""

import streamlit as st

from pages import ui

book, months = ui.everybody(), ui.months()
csm = ui.choose_csm(book)
found = ui.review_of(book, csm, months)
ui.review_answer(found)

tabs = st.tabs(["Outcomes", "Book", "Work", "Voice", "Stories", "Notes"], key="review", bind="query-params")
outcomes, held, work, voice, stories, notes = tabs
if outcomes.open:
    with outcomes:
        ui.review_figures(found.outcomes, book, csm, months, "outcomes")
if held.open:
    with held:
        ui.review_book(found, book)
if work.open:
    with work:
        ui.review_figures(found.work, book, csm, months, "work")
if voice.open:
    with voice:
        ui.review_voice(found, book, csm, months)
if stories.open:
    with stories:
        ui.review_stories(found)
if notes.open:
    with notes:
        ui.review_notes(found, book)
ui.review_download(found, book)
