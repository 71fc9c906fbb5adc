"""Reading from a database: an address, its tables, what was read, and keeping it. Passwords stay in the session."""

from __future__ import annotations

import os
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd
import streamlit as st

from cs_metrics.book import Problem
from cs_metrics.read.files import File
from cs_metrics.read.match import likely_table
from cs_metrics.store.batches import last_brought
from pages.ui.company import import_files, store_of_own
from pages.ui.lists import table
from pages.ui.upload import import_button, preview
from pages.ui.words import escaped

if TYPE_CHECKING:  # the database library is loaded when somebody connects
    from cs_metrics.connect.database import Place, Source

NAMED = "CS_METRICS_SOURCE_"
RULES = {f"{NAMED}HOSTS", f"{NAMED}FOLDER"}
OTHER = "Another address"


class Seen(NamedTuple):
    """What a database showed: its address as it may be shown, its tables with their columns, what to know of it."""

    shown: str
    name: str
    tables: dict[Place, list[str]]
    called: dict[Place, str]
    warnings: list[str]


def connect() -> None:
    """Connect to a database, choose tables, see what was read of them, keep it."""
    if st.session_state.get("files"):
        st.info("Import the files above first, or take them away.")
        return
    st.markdown(
        "Tables and views of a database are read as files are, and never changed. Use a role that may only read."
    )
    given = _address()
    if st.button("Connect", key="source_connect", disabled=not given):
        _forget()
        _look(given)
    seen = st.session_state.get("source_seen")
    if seen is None or st.session_state.get("source_of") != given:
        return
    st.caption(f"Connected to {escaped(seen.shown)}")
    for warning in seen.warnings:
        st.warning(escaped(warning))
    _choose(given, seen)
    reading = st.session_state.get("source_reading")
    if reading is not None:
        preview(reading)
        if not reading.refused and import_button(reading):
            st.session_state.pop("source_reading")
            st.rerun()


def _address() -> str:
    """The address to connect to: one the server was started with, by its name, or one typed in."""
    from cs_metrics.connect.address import KINDS

    kept = {
        name.removeprefix(NAMED).replace("_", " ").capitalize(): value
        for name, value in os.environ.items()
        if name.startswith(NAMED) and name not in RULES and value
    }
    chosen = st.selectbox("Database", [*kept, OTHER], key="source_named", width=320) if kept else OTHER
    if chosen in kept:
        return kept[chosen]
    typed = st.text_input(
        "Address",
        key="source_address",
        type="password",
        autocomplete="off",
        placeholder="postgresql://user:password@host/database",
        help=f"One of {', '.join(kind for kind in KINDS if kind != 'sqlite')}. It is kept for this visit only.",
    )
    return (typed or "").strip()


def _forget() -> None:
    for name in ("source_seen", "source_of", "source_reading"):
        st.session_state.pop(name, None)


def _look(given: str) -> None:
    """Connect and see which tables there are."""
    from cs_metrics.connect.address import Rules
    from cs_metrics.connect.database import connected

    try:
        with st.spinner("Connecting…"), connected(given, Rules.of_environment()) as source:
            called = {place: source.called(place) for place in source.tables}
            seen = Seen(str(source.address), source.address.name, source.tables, called, source.warnings)
    except Problem as problem:
        st.error(escaped(str(problem)))
        return
    st.session_state["source_seen"], st.session_state["source_of"] = seen, given


def _choose(given: str, seen: Seen) -> None:
    """Which tables to read, and from which day on; read when the button is pressed."""
    from cs_metrics.connect.address import Rules
    from cs_metrics.connect.database import connected

    if not seen.tables:
        st.info("There is no table or view this role may see.")
        return
    likely = {place: likely_table(seen.called[place], columns) for place, columns in seen.tables.items()}
    with st.expander(f"Tables and views: {len(seen.tables):,}"):
        rows = [(str(place), likely[place] or "", ", ".join(columns)) for place, columns in seen.tables.items()]
        table(pd.DataFrame(rows, columns=["table", "looks_like", "columns"]), "source_tables")
    picked = st.multiselect(
        "Read", list(seen.tables), [place for place in likely if likely[place]], format_func=str, key="source_picked"
    )
    shared = sorted({column for place in picked for column in seen.tables[place]})
    since = st.selectbox(
        "Only what changed since the last import, by the column",
        shared,
        index=None,
        placeholder="Read everything",
        key="source_since",
        help="A date column, such as updated_at. A table without it is read whole.",
        width=420,
    )
    if st.button("Read", key="source_read", disabled=not picked):
        st.session_state.pop("source_reading", None)
        try:
            with st.spinner("Reading…"), connected(given, Rules.of_environment()) as source:
                files = [_file(source, place, since) for place in picked]
            st.session_state["source_reading"] = import_files(files)
        except Problem as problem:
            st.error(escaped(str(problem)))


def _file(source: Source, place: Place, since: str | None) -> File:
    """A table as a file: whole, or from the day before its last import on."""
    name = source.called(place)
    last = last_brought(store_of_own(), name) if since in source.tables[place] else None
    newer: tuple[str, date] | None = (since, last - timedelta(days=1)) if since and last else None
    return File.of_rows(name, source.rows(place, newer))
