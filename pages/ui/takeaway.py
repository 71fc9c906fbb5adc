"""Decks to take away: one as PowerPoint, PDF or a page that opens offline; one for each CSM or customer, as a ZIP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from cs_metrics.book import Book, Problem
from cs_metrics.export import file_name
from pages.ui.templates import Given
from pages.ui.words import plural

if TYPE_CHECKING:
    from cs_metrics.slides.all_decks import Wanted
    from cs_metrics.slides.batch import Batch
    from cs_metrics.slides.deck import Slide

POWERPOINT = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
EACH = {"csm": "CSM", "account": "customer"}


def download_deck(slides: list[Slide], deck: bytes, count: int, wanted: Wanted) -> None:
    """The deck that is shown, as a file of three kinds."""
    from cs_metrics.slides.all_decks import plain
    from cs_metrics.slides.office import libreoffice, pdf
    from cs_metrics.slides.report import report

    stem = plain(wanted.csm or wanted.account or wanted.kind)
    kinds = [
        ("PowerPoint", deck, "pptx", POWERPOINT, ":material/slideshow:"),
        ("Page that opens offline", lambda: report(slides), "html", "text/html", ":material/html:"),
    ]
    if libreoffice() is not None:
        kinds.append(("PDF", lambda: pdf(deck), "pdf", "application/pdf", ":material/picture_as_pdf:"))
    with st.container(horizontal=True, key="deck_files"):
        for label, data, suffix, mime, icon in kinds:
            st.download_button(
                f"{label}, {plural(count, 'slide')}" if suffix == "pptx" else label,
                data, file_name(stem, deck, suffix), mime, icon=icon, key=f"deck_{suffix}", on_click="ignore",
            )  # fmt: skip
    no_pdf = "" if libreoffice() is not None else " A PDF needs LibreOffice where this program runs."
    st.caption(f"Charts and tables are PowerPoint's own: click one in the file to edit its numbers.{no_pdf}")


def download_each(book: Book, wanted: Wanted, template: Given) -> None:
    """A deck for every CSM or every customer, made in processes of their own: a progress bar, a way to stop."""
    running: Batch | None = st.session_state.get("batch")
    if running is not None:
        _progress()
        return
    about = "account" if wanted.account else "csm"
    one = EACH[about]
    with st.container(horizontal=True, vertical_alignment="center", key="deck_each"):
        if st.button(f"Make one deck for each {one}", key="each_deck", icon=":material/folder_zip:"):
            _start(book, wanted, template, about)
        made = st.session_state.get("batch_made")
        if made is not None:
            name, data, count, kind = made
            st.download_button(
                f"Download {plural(count, 'deck')}, by {EACH[kind]}", data, name, "application/zip",
                key="each_zip", on_click="ignore", icon=":material/download:",
            )  # fmt: skip
    if problem := st.session_state.pop("batch_problem", ""):
        st.error(problem)


def _start(book: Book, wanted: Wanted, template: Given, about: str) -> None:
    from cs_metrics.slides.batch import Batch
    from cs_metrics.slides.decks import DECKS

    same = DECKS[wanted.kind].about == about
    asked = wanted._replace(each=about, csm=None, account=None)
    asked = asked if same else asked._replace(deck=None, slides=())
    st.session_state.pop("batch_made", None)
    try:
        st.session_state["batch"] = Batch(book, asked, template.data, template.mapping)
        st.session_state["batch_about"] = about
    except Problem as problem:
        st.session_state["batch_problem"] = str(problem)
    st.rerun()


@st.fragment(run_every=0.7)
def _progress() -> None:
    """How far the decks are. Looks again and again, alone; the rest of the page stays as it is."""
    batch: Batch | None = st.session_state.get("batch")
    if batch is None:
        return
    try:
        going = batch.running
    except Problem as problem:
        st.session_state["batch_problem"] = str(problem)
        del st.session_state["batch"]
        st.rerun()
    if not going:
        _finish(batch)
    st.progress(batch.done / batch.total, f"{batch.done} of {plural(batch.total, 'deck')} made")
    if st.button("Stop", key="each_stop", icon=":material/stop:"):
        batch.close()
        del st.session_state["batch"]
        st.rerun()


def _finish(batch: Batch) -> None:
    """Pack the decks, and offer them."""
    path = batch.path / "decks.zip"
    try:
        batch.zip_to(path)
        data, about = path.read_bytes(), st.session_state.get("batch_about", "csm")
        st.session_state["batch_made"] = (file_name(f"decks by {about}", data, "zip"), data, batch.total, about)
    except OSError as why:
        st.session_state["batch_problem"] = f"The archive could not be written: {why.strerror}."
    finally:
        batch.close()
        del st.session_state["batch"]
    st.rerun()
