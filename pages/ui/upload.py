"""The Data page's parts: what an upload would bring, keeping it, the history, what may be uploaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd
import streamlit as st

from cs_metrics.book import Problem
from cs_metrics.read.files import SUFFIXES, File
from cs_metrics.read.problems import Trouble
from cs_metrics.read.reading import Reading
from cs_metrics.read.recipe import written
from cs_metrics.store.batches import history as batches
from cs_metrics.store.batches import undo
from cs_metrics.tables import REVENUE, TABLES, columns, question
from pages.ui.company import import_files, keep, source, who
from pages.ui.lists import downloads, table
from pages.ui.mapping import mappings
from pages.ui.words import escaped, plural

MOST_SHOWN = 500
READABLE = [suffix.removeprefix(".") for suffix in SUFFIXES]


def read_uploaded(files: list[Any]) -> Reading:
    """Read the files in the uploader; once per set of files and what was confirmed of them."""
    said = mappings()
    seal = (written(said), *((file.file_id, file.name, file.size) for file in files))
    if st.session_state.get("reading_of") != seal:
        given = [File(file.name, file.getvalue()) for file in files]
        with telling(f"Reading {plural(len(files), 'file')}…") as tell:
            st.session_state["reading"] = import_files(given, said, tell)
        st.session_state["reading_of"] = seal
    return st.session_state["reading"]


@contextmanager
def telling(what: str) -> Iterator[Callable[[str], None]]:
    """Say what is being done as long as it takes, and how far it is; nothing is left of it afterwards."""
    place = st.empty()
    with place.container():
        status = st.status(what)
        try:
            yield lambda told: status.update(label=escaped(told))
        finally:
            place.empty()


def preview(reading: Reading) -> None:
    """What was read, what was assumed, what is wrong."""
    kept = pd.DataFrame(
        [
            (
                c.file + (f" · {c.sheet}" if c.sheet else ""),
                c.table or "no known table",
                c.read,
                c.kept,
                c.read - c.kept,
            )
            for c in reading.counts
        ],
        columns=["file", "table", "read", "kept", "left_out"],
    )
    if reading.refused:
        st.error(f"{plural(len(reading.refused), 'problem')} to put right first. Nothing was changed.")
    if len(kept):
        table(kept, "preview_counts")
    totals = " · ".join(f"{_called(name)} {total / 3600:,.2f}" for name, total in reading.totals().items() if total)
    if totals:
        st.caption(f"Money read: {escaped(totals)}")
    if reading.troubles:
        found = pd.DataFrame(reading.troubles, columns=Trouble._fields)
        order = {"refused": 0, "row left out": 1, "note": 2}
        found = found.sort_values("severity", key=lambda s: s.map(order), kind="stable")
        st.markdown("##### What was found")
        table(found.head(MOST_SHOWN), "preview_troubles", height=min(360, 38 + 35 * len(found)))
        downloads(found, "troubles", "Problems")
    if reading.assumed:
        with st.expander(f"What was assumed: {len(reading.assumed)}", expanded=not reading.refused):
            st.markdown("\n".join(f"- {escaped(text)}" for text in reading.assumed))
    for name, rows in reading.tables.items() if not reading.refused else ():
        with st.expander(f"{name}: the first rows as they were read"):
            st.dataframe(_readable(name, rows.slice(0, 50).to_pandas()), hide_index=True)


def _called(total: str) -> str:
    """A column of money as people say it: "MRR of subscriptions"."""
    name, column = total.split(".")
    said = column.upper() if column in ("mrr", "arr") else column.replace("_", " ")
    return said if name == column else f"{said} of {name}"


def _readable(name: str, rows: pd.DataFrame) -> pd.DataFrame:
    money = [c for c, spec in columns(TABLES[name]).items() if spec.kind == "money" and c in rows]
    return rows.assign(**{c: rows[c].astype("float64") / 3600 for c in money})


def import_button(reading: Reading, said: dict[str, pd.DataFrame] | None = None) -> bool:
    """Keep what was read as one batch, with what was said of it; True if it was kept."""
    if not st.button(
        f"Import {plural(sum(len(rows) for rows in reading.tables.values()), 'row')}",
        key="import",
    ):
        return False
    try:
        with telling("Importing…") as tell:
            done = keep(reading, said=said, progress=tell)
    except Problem as problem:
        st.error(escaped(str(problem)))
        return False
    st.session_state["show_own"] = True
    st.toast(f"Imported as batch {done.batch}.")
    return True


def history() -> None:
    """The batches, with what each did, and taking one back."""
    found = batches(source().address)
    if found.empty:
        st.info("Nothing was imported yet.")
        return
    found["at"] = found["at"].str.slice(0, 16).str.replace("T", " ")
    found["money"] = (found["money"].astype("float64") / 3600).round(2)
    shown = [
        "batch",
        "at",
        "who",
        "kind",
        "files",
        "table",
        "read",
        "new",
        "changed",
        "same",
        "taken_back",
        "money",
        "undone",
        "note",
    ]
    table(found[shown], "history", height=min(420, 38 + 35 * len(found)))
    downloads(found[shown], "history", "History")
    open_batches = found.loc[~found["undone"] & (found["kind"] != "undo"), "batch"].drop_duplicates().tolist()
    if not source().own:
        st.caption("This is the sample company's history.")
    left, right = st.columns([1, 3], vertical_alignment="bottom")
    chosen = left.selectbox(
        "Take back a batch", open_batches, index=None, key="undo_which", placeholder="Choose a batch"
    )
    if right.button("Undo", key="undo", disabled=chosen is None):
        try:
            done = undo(source().address, int(chosen), who())
        except Problem as problem:
            st.error(escaped(str(problem)))
            return
        st.toast(f"Batch {chosen} is undone, as batch {done.batch}.")
        st.rerun()


def table_guide() -> None:
    """Every table there is, with its columns and the other headers they go by."""
    st.markdown(
        f"One table of revenue is enough to start: **{'**, **'.join(REVENUE)}**. "
        "Every other table lights up more pages."
    )
    for row in TABLES.values():
        with st.expander(f"{row.table}: {question(row)}"):
            guide = pd.DataFrame(
                [
                    (c.name, c.help, "needed" if c.required else "", ", ".join(c.also[:6]))
                    for c in columns(row).values()
                ],
                columns=["column", "what it holds", "needed", "also called"],
            )
            st.dataframe(guide, hide_index=True, height="content")
