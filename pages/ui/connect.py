"""Reading from a database or a service: its tables, what was read, and keeping it. Passwords stay in the session."""

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
from pages.ui.upload import import_button, preview, telling
from pages.ui.words import escaped

if TYPE_CHECKING:  # the database library is loaded when somebody connects
    from cs_metrics.connect.database import Place, Source
    from cs_metrics.connect.service import Service

NAMED = "CS_METRICS_SOURCE_"
RULES = {f"{NAMED}HOSTS", f"{NAMED}FOLDER"}
OTHER = "A database, by its address"


class Seen(NamedTuple):
    """What a database showed: its address as it may be shown, its tables with their columns, what to know of it."""

    shown: str
    name: str
    tables: dict[Place, list[str]]
    called: dict[Place, str]
    warnings: list[str]


def connect() -> None:
    """Connect to a database, choose tables, or read a service; see what was read, keep it."""
    if st.session_state.get("files"):
        st.info("Import the files above first, or take them away.")
        return
    st.markdown(
        "Tables of a database, and what a service such as a CRM holds, are read as files are, and never changed. "
        "Use a role that may only read."
    )
    service, given = _chosen()
    if service is not None:
        _of_service(service)
    else:
        _of_database(given)
    reading = st.session_state.get("source_reading")
    if reading is not None and st.session_state.get("source_of") == given:
        preview(reading)
        if not reading.refused and import_button(reading):
            st.session_state.pop("source_reading")
            st.rerun()


def _of_database(given: str) -> None:
    """Connect to a database and choose among its tables."""
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


def _of_service(service: Service) -> None:
    """Read a service whole; where nothing opens it, say what to set."""
    if service.lacking:
        st.info(escaped(f"{service.what_to_set} where this program is started. {service.advice}"), width=720)
        return
    if st.button(f"Read {service.label}", key="source_read_service"):
        _forget()
        try:
            with telling(f"Reading {service.label}…") as tell:
                found = service.contents(tell)
                files = [File.of_rows(service.called(name), rows) for name, rows in found.tables.items()]
                if files:
                    st.session_state["source_reading"] = import_files(files, progress=tell)
        except Problem as problem:
            st.error(escaped(str(problem)))
            return
        st.session_state["source_of"], st.session_state["source_notes"] = service.address, found.notes
    if st.session_state.get("source_of") != service.address:
        return
    for note in st.session_state.get("source_notes", ()):
        st.caption(escaped(note))
    if "source_reading" not in st.session_state:
        st.info(f"There is nothing to read in {service.label} yet.")


def _chosen() -> tuple[Service | None, str]:
    """What to read from: a service, or the address of a database, one of the server's or one typed in."""
    from cs_metrics.connect.address import KINDS
    from cs_metrics.connect.services import SERVICES

    kept = {
        name.removeprefix(NAMED).replace("_", " ").capitalize(): value
        for name, value in os.environ.items()
        if name.startswith(NAMED) and name not in RULES and value
    }
    services = {service.label: service for service in SERVICES.values()}
    chosen = st.selectbox("Read from", [*kept, OTHER, *services], key="source_named", width=320)
    if chosen in services:
        return services[chosen], services[chosen].address
    if chosen in kept:
        return None, kept[chosen]
    typed = st.text_input(
        "Address",
        key="source_address",
        type="password",
        autocomplete="off",
        placeholder="postgresql://user:password@host/database",
        help=f"One of {', '.join(kind for kind in KINDS if kind != 'sqlite')}. It is kept for this visit only.",
    )
    return None, (typed or "").strip()


def _forget() -> None:
    for name in ("source_seen", "source_of", "source_reading", "source_notes"):
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
            with telling("Reading…") as tell, connected(given, Rules.of_environment()) as source:
                files = []
                for place in picked:
                    tell(f"Reading {place}…")
                    files.append(_file(source, place, since))
                st.session_state["source_reading"] = import_files(files, progress=tell)
        except Problem as problem:
            st.error(escaped(str(problem)))


def _file(source: Source, place: Place, since: str | None) -> File:
    """A table as a file: whole, or from the day before its last import on."""
    name = source.called(place)
    last = last_brought(store_of_own(), name) if since in source.tables[place] else None
    newer: tuple[str, date] | None = (since, last - timedelta(days=1)) if since and last else None
    return File.of_rows(name, source.rows(place, newer))
