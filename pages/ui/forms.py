"""Forms: what a person knows and types in. Each entry is kept as a dated fact; older ones stay in the history."""

from __future__ import annotations

from datetime import date
from typing import Any

import streamlit as st
from pydantic import ValidationError

from cs_metrics.book import Book
from cs_metrics.lately import open_risks
from cs_metrics.tables import Note, Pulse, Risk, Row
from pages.ui.company import record, who

REASONS = [
    "Usage",
    "Value not shown",
    "Support",
    "Price",
    "Competitor",
    "Champion left",
    "Budget",
    "Company change",
    "Product gap",
    "Other",
]
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
        reason = st.selectbox("Main reason", REASONS, index=None, key="pulse_reason", placeholder="Optional")
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


def risk_form(account_id: str, book: Book) -> None:
    """Flag a risk, or work on the plan of the one that is open."""
    flagged = open_risks(book) if "risks" in book.facts else None
    still = flagged.iloc[0].to_dict() if flagged is not None and len(flagged) else {}
    with st.form("risk_form"):
        st.markdown("##### Risk and plan" + (f", flagged on {still['opened_on']:%Y-%m-%d}" if still else ""))
        old = {name: value for name, value in still.items() if value == value and value is not None}
        reason = st.selectbox(
            "Why is it at risk?",
            REASONS,
            index=None,
            key=f"risk_reason_{account_id}",
            placeholder=str(old.get("reason", "Choose")),
        )
        plan = st.text_area("What is the plan?", value=old.get("plan", ""), key=f"risk_plan_{account_id}", height=80)
        escalated = st.text_input("Escalated to", value=old.get("escalated_to", ""), key=f"risk_escalated_{account_id}")
        close = st.checkbox("The risk is over", key=f"risk_close_{account_id}") if still else False
        if st.form_submit_button("Keep"):
            values = {
                "risk_id": str(old.get("risk_id") or f"{account_id}|{date.today()}"),
                "account_id": account_id,
                "opened_on": old["opened_on"].date() if old else date.today(),
                "reason": reason or old.get("reason"),
                "plan": plan or None,
                "planned_on": date.today(),
                "owner": old.get("owner") or who(),
                "escalated_to": escalated or None,
            } | ({"closed_on": date.today()} if close else {})
            if values["reason"] is None and values["plan"] is None:
                st.error("Say why the account is at risk, or what the plan is.")
            else:
                _kept(Risk, values)


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
