"""What is loaded, where did it come from, and how do I add my own?"""

import streamlit as st

from pages import ui

ui.say("Drop the files you have: CSV, Excel or ZIP, several at once. Nothing is kept before you saw what was read.")
files = st.file_uploader("Files", type=ui.READABLE, accept_multiple_files=True, key="files")
if files and ui.bring(ui.read_uploaded(files)):
    st.rerun()

names = ["History", "Quality", "Connect", "Tables and columns", "Mappings"]
history, quality, connect, tables, mappings = st.tabs(names, key="data_tab", on_change="rerun")
with history:
    ui.history()
with tables:
    ui.table_guide()
with mappings:
    ui.kept_mappings()
if connect.open:
    with connect:
        ui.connect()
if quality.open:
    with quality:
        ui.quality()
