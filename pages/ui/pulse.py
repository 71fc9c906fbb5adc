"""Pulses for a whole book, from the keyboard: a digit, the next account, a digit; and the reasons to choose from."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import pandas as pd
import streamlit as st
from pydantic import ValidationError

from cs_metrics.analysis.pulse_table import PULSE_STALE, REASON, pulse_table, reasons, reasons_offered
from cs_metrics.book import UNASSIGNED, Book
from cs_metrics.tables import Pulse, Row, Setting
from pages.ui.company import record_all, source, who
from pages.ui.lists import LABELS
from pages.ui.pickers import whole
from pages.ui.tiles import figures
from pages.ui.today import today
from pages.ui.words import escaped, money, plural

MOST = 500
SHOWN = ["name", "given", "pulse", "pulse_age_days", "reason", "note", "why", "health", "mrr", "renewal_date", "csm"]
READ_ONLY = ["name", "pulse", "pulse_age_days", "why", "health", "mrr", "renewal_date", "csm"]


class Base(NamedTuple):
    """The table as it was opened: which book, and its rows. What is typed in belongs to these rows."""

    about: tuple[str, frozenset[str]]
    number: int
    rows: pd.DataFrame

    @property
    def key(self) -> str:
        """The name of its editor."""
        return f"pulse_table_{self.number}"


def give_pulses(book: Book) -> None:
    """Every customer of the book with its last pulse, stale ones first; what is typed in is kept in one go."""
    standing = today(book)
    every = standing.book.kept("pulse table", lambda: pulse_table(standing.book, standing.at_risk))
    mine = every[every["account_id"].isin(book.held_now().accounts.index)]
    if mine.empty:
        st.info("No account of this book pays at its last close: there is nobody to judge.")
        return
    stale = mine[mine["stale"]]
    never = int(mine["pulse"].isna().sum())
    figures(
        {
            "Waiting for a pulse": f"{len(stale):,} of {len(mine):,}",
            "Their MRR": money(stale["mrr"].sum(), book),
            "Never judged": f"{never:,}",
            "Pulse 1 or 2": f"{int((mine['pulse'] <= 2).sum()):,}",
        },
        book,
    )
    if book.last != whole().last:
        st.info(f"You look at {book.last}. A pulse is given today: choose the last month to give one.")
        return
    _editor(_base(mine), book, standing.book)


def _base(mine: pd.DataFrame) -> Base:
    """The table as it was opened; anew where it is not on the screen, or is about other accounts."""
    about = (source().address, frozenset(mine["account_id"]))
    kept: Base | None = st.session_state.get("pulse_base")
    if kept is None or kept.about != about or kept.key not in st.session_state:
        number = kept.number + 1 if kept else 0
        rows = mine.head(MOST).assign(given=float("nan"), reason=None, note=None).round({"mrr": 0, "health": 0})
        rows = rows.astype({"reason": object, "note": object}).reset_index(drop=True)
        kept = st.session_state["pulse_base"] = Base(about, number, rows)
    return kept


def _editor(base: Base, book: Book, known: Book) -> None:
    config = st.column_config
    days = PULSE_STALE.of(known)
    with st.form("pulse_round", border=False, enter_to_submit=False):
        edited = st.data_editor(
            base.rows,
            key=base.key,
            hide_index=True,
            placeholder="",
            height=min(560, 38 + 35 * len(base.rows)),
            column_order=SHOWN,
            disabled=READ_ONLY,
            column_config={
                "name": config.TextColumn(LABELS["name"], width=170, pinned=True),
                "given": config.NumberColumn(
                    "Pulse 1–5", min_value=1, max_value=5, step=1, width=105,
                    help="1 leaving · 2 at risk · 3 neutral · 4 good · 5 thriving",
                ),
                "reason": config.SelectboxColumn("Reason", options=reasons_offered(known), width=130),
                "note": config.TextColumn("In your words", max_chars=300, width=180),
                "pulse": config.NumberColumn("Was", format="%.0f", width=55, help="The last pulse given."),
                "pulse_age_days": config.NumberColumn("Days ago", format="%.0f", width=80),
                "why": config.TextColumn("Signals say", width=220),
                "health": config.ProgressColumn("Health", format="%.0f", min_value=0, max_value=100, width=90),
                "mrr": config.NumberColumn("MRR", format="localized", width=90),
                "renewal_date": config.DateColumn("Renewal", format="YYYY-MM-DD", width=100),
                "csm": config.TextColumn("CSM", width=120),
            },
        )  # fmt: skip
        left = (
            f" The {MOST} that wait longest are listed; choose a CSM for the rest." if len(base.about[1]) > MOST else ""
        )
        st.caption(
            "Type a digit and press Enter: the next account. Only accounts you give a digit are kept, all in one entry "
            f"under today's date; a pulse is stale after {days:.0f} days, counted to {known.known_on}.{left}"
        )
        if st.form_submit_button("Keep these pulses"):
            _keep(base.rows, edited)


def _keep(base: pd.DataFrame, edited: pd.DataFrame) -> None:
    """Keep the pulses that were given, all or none; what is wrong is said, and nothing typed is lost."""
    rows: list[Row] = []
    wrong: list[str] = []
    for row in edited.to_dict("records"):
        told, given = any(isinstance(row[name], str) and row[name].strip() for name in ("reason", "note")), row["given"]
        if given != given or given is None:
            if told:
                wrong.append(f"{row['name']}: say 1 to 5 as well")
            continue
        if given != int(given):
            wrong.append(f"{row['name']}: {given:g} is not a whole number from 1 to 5")
            continue
        csm = row["csm"] if row["csm"] not in (None, UNASSIGNED) else who()
        try:
            rows.append(
                Pulse(
                    account_id=str(row["account_id"]),
                    given_on=date.today(),
                    csm=csm or None,
                    pulse=float(given),
                    reason=row["reason"] or None,
                    note=row["note"] or None,
                )
            )
        except ValidationError as error:
            wrong += [f"{row['name']}: {each['loc'][0]}: {each['msg']}" for each in error.errors()]
    if wrong:
        st.error("Nothing is kept yet. " + escaped("; ".join(wrong[:5])) + ("…" if wrong[5:] else "."))
    elif not rows:
        st.info("No pulse is given yet. Type a digit from 1 to 5 beside an account.")
    else:
        record_all(rows)
        kept: Base = st.session_state["pulse_base"]
        st.session_state["pulse_base"] = kept._replace(about=("", frozenset()))
        st.toast(f"{plural(len(rows), 'pulse')} kept.")
        st.rerun()


def edit_reasons(book: Book) -> None:
    """The reasons a pulse or a risk may be given: tick those to offer, add your own."""
    known = today(book).book
    with st.expander("Reasons to choose from"):
        offered = reasons(known)
        base = pd.DataFrame({"reason": list(offered), "offered": list(offered.values())})
        config = st.column_config
        with st.form("pulse_reasons", border=False):
            edited = st.data_editor(
                base,
                key=f"pulse_reasons_{source().batch}",
                num_rows="dynamic",
                hide_index=True,
                width=420,
                column_config={
                    "reason": config.TextColumn("Reason", max_chars=60, required=True),
                    "offered": config.CheckboxColumn("Offered", default=True),
                },
            )
            st.caption("Pulses given with a reason keep it, whether it is offered any more or not.")
            if st.form_submit_button("Keep this list"):
                _keep_reasons(offered, edited, known)


def _keep_reasons(offered: dict[str, bool], edited: pd.DataFrame, known: Book) -> None:
    """Keep what changed in the list, from the book's day on."""
    now = {
        str(row["reason"]).strip(): row["offered"] is not False for row in edited.to_dict("records") if row["reason"]
    }
    now = {reason: on for reason, on in now.items() if reason}
    changed = {
        reason: now.get(reason, False) for reason in [*offered, *now] if now.get(reason, False) != offered.get(reason)
    }
    if not any(now.values()):
        st.error("Offer at least one reason.")
    elif not changed:
        st.info("The list is as it was.")
    else:
        day = min(known.known_on, date.today())
        record_all(
            [
                Setting(setting=REASON.name, about=reason, from_date=day, value=float(on), author=who() or None)
                for reason, on in changed.items()
            ]
        )
        st.toast("The list is kept.")
        st.rerun()
