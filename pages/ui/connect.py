"""Reading from a database or a service: its tables, then the way every file goes. Passwords stay in the session."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd
import streamlit as st

from cs_metrics.book import Problem
from cs_metrics.connect.choice import Choice
from cs_metrics.read.files import File
from cs_metrics.read.match import likely_table
from cs_metrics.store.batches import last_brought
from cs_metrics.store.recipes import keep_source, source_kept
from pages.ui.bringing import bring, read_once, telling
from pages.ui.company import store_of_own, who
from pages.ui.lists import table
from pages.ui.words import escaped

if TYPE_CHECKING:  # the database library is loaded when somebody connects
    from cs_metrics.connect.database import Place, Source
    from cs_metrics.connect.service import Service

NAMED = "CS_METRICS_SOURCE_"
RULES = {f"{NAMED}HOSTS", f"{NAMED}FOLDER"}
OTHER = "A database, by its address"
GOOD_FOR = timedelta(hours=12)


class Seen(NamedTuple):
    """What a database showed: its address as it may be shown, its tables with their columns, what to know of it.

    ``days`` are the columns of each table by which only what changed can be read.
    """

    shown: str
    tables: dict[Place, list[str]]
    days: dict[Place, list[str]]
    called: dict[Place, str]
    warnings: list[str]


class Fetched(NamedTuple):
    """What was read from an address, when, what was to be known of it, and which tables were chosen."""

    address: str
    at: datetime
    files: list[File]
    notes: list[str]
    choice: Choice | None = None


def connect() -> None:
    """Connect to a database and choose tables, or read a service; then as every file goes, until it is kept."""
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
    fetched: Fetched | None = st.session_state.get("source_fetched")
    if fetched is not None and fetched.address == given:
        _bring(fetched)


def _bring(fetched: Fetched) -> None:
    """From the rows that were read to the book: mapping, dry run, import."""
    for note in fetched.notes:
        st.caption(escaped(note))
    if datetime.now(UTC) - fetched.at > GOOD_FOR:
        st.info("This was read more than half a day ago. Read it again.")
        return
    if not fetched.files:
        st.info("There is nothing new to read.")
        return
    if bring(read_once((fetched.at,), lambda: fetched.files, "Reading…")):
        if fetched.choice is not None:
            _keep_choice(fetched.address, fetched.choice)
        st.session_state.pop("source_fetched")
        st.rerun()


def _keep_choice(given: str, choice: Choice) -> None:
    from cs_metrics.connect.address import known_as

    keep_source(store_of_own(), known_as(given), choice.written, who())


def _of_database(given: str) -> None:
    """Connect to a database and choose among its tables; or refresh what was read of it the last time."""
    from cs_metrics.connect.address import known_as

    kept = source_kept(store_of_own(), known_as(given)) if given else None
    choice = Choice.of(kept.text) if kept else None
    with st.container(horizontal=True):
        if st.button("Connect", key="source_connect", disabled=not given):
            _forget()
            _look(given)
        if choice and st.button("Refresh", key="source_refresh", icon=":material/refresh:"):
            _forget()
            _fetch(given, choice)
    if kept:
        st.caption(f"Refresh reads what was read on {kept.at[:10]}: {escaped(str(choice))}.")
    seen = st.session_state.get("source_seen")
    if seen is not None and seen[0] == given:
        _choose(given, seen[1], choice or Choice())


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
        except Problem as problem:
            st.error(escaped(str(problem)))
            return
        files = [File.of_rows(service.called(name), rows) for name, rows in found.tables.items()]
        st.session_state["source_fetched"] = Fetched(service.address, datetime.now(UTC), files, found.notes)


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
    for name in ("source_seen", "source_fetched", "reading", "reading_of"):
        st.session_state.pop(name, None)


def _look(given: str) -> None:
    """Connect and see which tables there are."""
    from cs_metrics.connect.address import Rules
    from cs_metrics.connect.database import connected

    try:
        with st.spinner("Connecting…"), connected(given, Rules.of_environment()) as source:
            called = {place: source.called(place) for place in source.tables}
            days = {place: source.days(place) for place in source.tables}
            shown = source.address.name if source.address.backend == "sqlite" else str(source.address)
            seen = Seen(shown, source.tables, days, called, source.warnings)
    except Problem as problem:
        st.error(escaped(str(problem)))
        return
    st.session_state["source_seen"] = given, seen


def _choose(given: str, seen: Seen, before: Choice) -> None:
    """Which tables to read, and from which day on; read when the button is pressed."""
    st.caption(f"Connected to {escaped(seen.shown)}")
    for warning in seen.warnings:
        st.warning(escaped(warning))
    if not seen.tables:
        st.info("There is no table or view this role may see.")
        return
    likely = {place: likely_table(seen.called[place], columns) for place, columns in seen.tables.items()}
    with st.expander(f"Tables and views: {len(seen.tables):,}"):
        rows = [(str(place), likely[place] or "", ", ".join(columns)) for place, columns in seen.tables.items()]
        table(pd.DataFrame(rows, columns=["table", "looks_like", "columns"]), "source_tables")
    usual = [place for place in likely if str(place) in before.tables or (not before.tables and likely[place])]
    picked = st.multiselect("Read", list(seen.tables), usual, format_func=str, key="source_picked")
    days = sorted({column for place in picked for column in seen.days[place]})
    since = st.selectbox(
        "Only what changed since the last import, by the column",
        days,
        index=days.index(before.since) if before.since in days else None,
        placeholder="Read everything",
        key="source_since",
        help="A column of days, such as updated_at. A table without it is read whole.",
        width=420,
    )
    if st.button("Read", key="source_read", disabled=not picked):
        _fetch(given, Choice(tuple(map(str, picked)), since))


def _fetch(given: str, choice: Choice) -> None:
    """Read the tables chosen."""
    from cs_metrics.connect.address import Rules
    from cs_metrics.connect.database import connected

    st.session_state.pop("source_fetched", None)
    now, files = datetime.now(UTC), []
    try:
        with telling("Reading…") as tell, connected(given, Rules.of_environment()) as source:
            for place in map(source.named, choice.tables):
                tell(f"Reading {place}…")
                files.append(_file(source, place, choice.since))
    except Problem as problem:
        st.error(escaped(str(problem)))
        return
    files = [file for file in files if not file.in_part or len(file.rows or ())]
    st.session_state["source_fetched"] = Fetched(given, now, files, [], choice)


def _file(source: Source, place: Place, since: str | None) -> File:
    """A table as a file: whole, or from the day before its last import on."""
    name = source.called(place)
    last = last_brought(store_of_own(), name) if since in source.tables[place] else None
    newer: tuple[str, date] | None = (since, last - timedelta(days=1)) if since and last else None
    return File.of_rows(name, source.rows(place, newer), in_part=newer is not None)
