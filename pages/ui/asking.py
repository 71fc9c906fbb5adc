"""Asks and stories, kept in seconds: whom we asked for what, what came of it, and what a customer achieved."""

from __future__ import annotations

from datetime import date

import streamlit as st
from pydantic import ValidationError

from cs_metrics.analysis.next_asks import ASKS
from cs_metrics.tables import Advocacy, Outcome, Row
from pages.ui.company import record, who

ANSWERS = ["No answer yet", "Yes", "No", "Done"]


def keep_ask(
    account_id: str, kind: str, asked_on: date | None = None, answer: str = ANSWERS[0], **more: str | None
) -> str:
    """Keep an ask of today, or what came of one; what is wrong with it, if anything."""
    today = date.today()
    values: dict[str, object] = {
        "account_id": account_id,
        "kind": kind,
        "asked_on": asked_on or today,
        "asked_by": who(),
    }
    if answer != ANSWERS[0]:
        values |= {"answered_on": today, "answer": "no" if answer == "No" else "yes"}
    if answer == "Done":
        values |= {"done_on": today, "validated_by": more.pop("validated_by", None)}
    more.pop("validated_by", None)
    return _keep(Advocacy, values | {name: value for name, value in more.items() if value})


def _keep(kind: type[Row], values: dict[str, object]) -> str:
    try:
        record(kind(**values))
    except ValidationError as wrong:
        return "; ".join(f"{error['loc'][0]}: {error['msg']}" for error in wrong.errors())
    return ""


def _said(trouble: str) -> None:
    if trouble:
        st.error(trouble)
        return
    st.toast("Kept.")
    st.rerun()


def ask_form(account_id: str, names: dict[str, str] | None = None) -> None:
    """What we asked of an account, and what came of it. With ``names`` the account is chosen in the form."""
    with st.form(f"ask_form_{'any' if names else 'one'}", clear_on_submit=True):
        st.markdown("##### An ask, or what came of it")
        chosen = _account(names, "ask_account") if names else account_id
        kind = st.selectbox("For what", list(ASKS), format_func=ASKS.__getitem__, key="ask_kind")
        asked_on = st.date_input("Asked on", value=date.today(), key="ask_on", format="YYYY-MM-DD")
        answer = st.segmented_control("Answer", ANSWERS, default=ANSWERS[0], required=True, key="ask_answer")
        validated = st.text_input(
            "Validated by", key="ask_validated", placeholder="Where it is done: who vouches for it"
        )
        case = st.text_input("Use case", key="ask_case", placeholder="Optional: what it speaks of")
        if st.form_submit_button("Keep ask"):
            if chosen is None:
                st.error("Choose an account.")
            else:
                _said(
                    keep_ask(
                        chosen, kind, asked_on, answer or ANSWERS[0], validated_by=validated or None, use_case=case
                    )
                )


def outcome_form(account_id: str, names: dict[str, str] | None = None) -> None:
    """What a customer achieved, and who confirmed it."""
    with st.form(f"outcome_form_{'any' if names else 'one'}", clear_on_submit=True):
        st.markdown("##### An outcome and its story")
        chosen = _account(names, "outcome_account") if names else account_id
        story = st.text_area("What was achieved?", key="outcome_story", height=80)
        by = st.text_input("Confirmed by", key="outcome_by", placeholder="The champion's name; empty if nobody yet")
        on = st.date_input("Achieved on", value=date.today(), key="outcome_on", format="YYYY-MM-DD")
        if st.form_submit_button("Keep outcome"):
            if chosen is None or not story.strip():
                st.error("Choose an account." if chosen is None else "Say what was achieved.")
            else:
                values = {"account_id": chosen, "achieved_on": on, "story": story, "confirmed_by": by.strip() or None}
                _said(_keep(Outcome, values))


def _account(names: dict[str, str], key: str) -> str | None:
    return st.selectbox(
        "Account", list(names), index=None, format_func=lambda i: f"{names[i]} ({i})", key=key, placeholder="Choose"
    )
