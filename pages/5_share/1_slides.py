"""Which slides do I take away, and what do they say?"""

import streamlit as st

from pages import ui

book = ui.book()
wanted = ui.choose_deck(book)
template = ui.template()
slides = ui.edited(ui.slides_of(book, wanted))
ui.download_deck(book, slides, template, wanted)
ui.download_each(book, wanted, template)
st.caption("Charts and tables are PowerPoint's own: click one in the file to edit its numbers.")
