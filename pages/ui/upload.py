"""The Data page's parts: what may be uploaded, the history of what was, and every table there is."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from cs_metrics.book import Problem
from cs_metrics.read.files import SUFFIXES, File
from cs_metrics.read.reading import Reading
from cs_metrics.store.batches import history as batches
from cs_metrics.store.batches import undo
from cs_metrics.tables import REVENUE, TABLES, columns, question
from pages.ui.bringing import read_once
from pages.ui.company import source, who
from pages.ui.lists import downloads, table
from pages.ui.words import escaped, plural

READABLE = [suffix.removeprefix(".") for suffix in SUFFIXES]


def read_uploaded(files: list[Any]) -> Reading:
    """Read the files in the uploader."""
    return read_once(
        tuple((file.file_id, file.name, file.size) for file in files),
        lambda: [File(file.name, file.getvalue()) for file in files],
        f"Reading {plural(len(files), 'file')}…",
    )


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
