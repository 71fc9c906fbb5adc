"""Forms: what a person knows and types in. Each entry is kept as a dated fact; older ones stay in the history."""

from __future__ import annotations

from datetime import date
from typing import Any

import streamlit as st
from pydantic import ValidationError

from cs_metrics.analysis.pulse_table import reasons_offered
from cs_metrics.book import Book
from cs_metrics.tables import Note, Pulse, Row
from pages.ui.company import record, who
from pages.ui.pickers import whole

PULSES = {1: "1 · leaving", 2: "2 · at risk", 3: "3 · neutral", 4: "4 · good", 5: "5 · thriving"}


def choose_account(book: Book) -> str:
    """The account on show; kept in the address."""
    names = book.accounts["name"]
    wanted = st.query_params.get("account_id")
    ids = names.sort_values(key=lambda n: n.str.casefold()).index.tolist()

    def chosen() -> None:
        st.query_params["account_id"] = st.session_state["account"]

    at = ids.index(wanted) if wanted in ids else 0
    if wanted and wanted not in ids:
        st.warning("There is no account of this id in your book. Choose one.")
    if st.session_state.get("account") != wanted and wanted in ids:
        st.session_state["account"] = wanted
    return (
        st.selectbox(
            "Account",
            ids,
            index=None if "account" in st.session_state else at,
            format_func=lambda i: f"{names[i]} ({i})",
            key="account",
            on_change=chosen,
        )
        or ids[at]
    )


def _kept(kind: type[Row], values: dict[str, Any]) -> None:
    """Keep an entry, or say what is wrong with it."""
    try:
        record(kind(**values))
    except ValidationError as wrong:
        for error in wrong.errors():
            st.error(f"{error['loc'][0]}: {error['msg']}.")
        return
    st.toast("Kept.")
    st.rerun()


def pulse_form(account_id: str) -> None:
    """The CSM's own judgement of the account."""
    with st.form("pulse_form", clear_on_submit=True):
        st.markdown("##### Your pulse")
        pulse = st.segmented_control(
            "How does it stand?", list(PULSES), format_func=PULSES.__getitem__, key="pulse_given"
        )
        reason = st.selectbox(
            "Main reason", reasons_offered(whole()), index=None, key="pulse_reason", placeholder="Optional"
        )
        note = st.text_input("In your words", key="pulse_note", placeholder="Optional")
        if st.form_submit_button("Give pulse"):
            if pulse is None:
                st.error("Choose a pulse from 1 to 5.")
            else:
                _kept(
                    Pulse,
                    {
                        "account_id": account_id,
                        "given_on": date.today(),
                        "csm": who(),
                        "pulse": pulse,
                        "reason": reason,
                        "note": note or None,
                    },
                )


def note_form(account_id: str) -> None:
    """Something worth remembering."""
    with st.form("note_form", clear_on_submit=True):
        st.markdown("##### Note")
        note = st.text_area(
            "Note",
            key="note_text",
            height=70,
            label_visibility="collapsed",
            placeholder="Something worth remembering",
        )
        if st.form_submit_button("Keep note"):
            if not note.strip():
                st.error("The note is empty.")
            else:
                _kept(
                    Note,
                    {"account_id": account_id, "written_on": date.today(), "author": who(), "note": note},
                )
