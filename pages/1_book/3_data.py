"""What is loaded, where did it come from, and how do I add my own?"""

import streamlit as st

from pages import ui

ui.say("Drop the files you have: CSV, Excel or ZIP, several at once. Nothing is kept before you saw what was read.")
files = st.file_uploader("Files", type=ui.READABLE, accept_multiple_files=True, key="files")
if files:
    reading = ui.read_uploaded(files)
    ui.preview(reading)
    if not reading.refused and ui.import_button(reading):
        st.rerun()

history, tables = st.tabs(["History", "Tables and columns"])
with history:
    ui.history()
with tables:
    ui.table_guide()
