"""From what was read to what is kept: mapping, what was found, dry run, import. One way, for files and rows alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pandas as pd
import streamlit as st

from cs_metrics.book import Problem
from cs_metrics.read.files import File
from cs_metrics.read.problems import Trouble
from cs_metrics.read.reading import Reading
from cs_metrics.read.recipe import written
from cs_metrics.store.batches import known_files
from cs_metrics.tables import TABLES, columns
from pages.ui.company import brought, import_files, keep, store_of_own
from pages.ui.dry_run import dry_run
from pages.ui.lists import downloads, table
from pages.ui.mapping import keep_mappings, mapping, mappings
from pages.ui.words import escaped, plural

MOST_SHOWN = 500


def read_once(known_by: tuple[object, ...], files: Callable[[], list[File]], what: str) -> Reading:
    """Read what is ``known_by`` this; once, and again where more of its mapping was confirmed."""
    said = mappings()
    seal = (written(said), *known_by)
    if st.session_state.get("reading_of") != seal:
        with telling(what) as tell:
            st.session_state["reading"] = import_files(files(), said, tell)
        st.session_state["reading_of"] = seal
    return st.session_state["reading"]


def bring(reading: Reading) -> bool:
    """Show what was read, ask what is open, try it, and keep it as one batch when told to; True if it was kept."""
    if known := known_files(store_of_own(), brought(reading)):
        _told_known(reading, known)
        return False
    confirmed = mapping(reading)
    preview(reading)
    if reading.refused:
        return False
    said = dry_run(reading)
    if not confirmed or not import_button(reading, said):
        return False
    keep_mappings(reading)
    return True


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


def _told_known(reading: Reading, known: list[str]) -> None:
    """That these files are in the book: just now, or from before."""
    if st.session_state.get("imported") is reading:
        st.success("Imported. Take the files away to add others; the history below says what they brought.")
    else:
        again = "Nothing is imported twice: take it away above, or undo that batch first."
        st.warning("  \n".join([*map(escaped, known), again]))


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
        table(_with_something_in(found.head(MOST_SHOWN)), "preview_troubles", height=min(360, 38 + 35 * len(found)))
        downloads(found, "troubles", "Problems")
    if reading.assumed:
        with st.expander(f"What was assumed: {len(reading.assumed)}", expanded=not reading.refused):
            st.markdown("\n".join(f"- {escaped(text)}" for text in reading.assumed))
    for name, rows in reading.tables.items() if not reading.refused else ():
        with st.expander(f"{name}: the first rows as they were read"):
            st.dataframe(_readable(name, rows.slice(0, 50).to_pandas()), hide_index=True)


def _with_something_in(found: pd.DataFrame) -> pd.DataFrame:
    """What was found without the columns that say nothing: of a database there is no sheet, of a whole file no row."""
    blank = found.assign(row=found["row"].astype("Int64").mask(found["row"] == 0)).replace("", None)
    return blank.dropna(axis=1, how="all")


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
    st.session_state["show_own"], st.session_state["imported"] = True, reading
    st.toast(f"Imported as batch {done.batch}.")
    return True
