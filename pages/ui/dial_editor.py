"""Dials edited in a table: their values, what they would do, kept with their date and author, their history, reset."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pandas as pd
import streamlit as st

from cs_metrics.book import Book
from cs_metrics.dials import DIALS, Dial
from cs_metrics.tables import Setting
from pages.ui.company import record_all, source, who
from pages.ui.lists import table
from pages.ui.pickers import whole
from pages.ui.words import escaped

UNITS = {"share": "%", "days": "days", "points": "points", "count": "", "times": "times", "money": ""}


def editable(book: Book) -> bool:
    """May dials be set from here? Only where the book is shown as it stands; for an earlier month, says why not."""
    if book.last == whole().last:
        return True
    st.info(f"These are the values in force at the end of {book.last}. To set others, choose the latest month.")
    return False


def edited(dials: list[Dial], book: Book, key: str, allowed: bool) -> dict[str, float]:
    """The values as they stand in the editor, by the dials' names."""
    reset = st.session_state.get(f"{key}_reset", 0)
    shipped = st.session_state.get(f"{key}_shipped", False)
    base = pd.DataFrame(
        {
            "what": [each.label for each in dials],
            "value": [_shown(each, each.ships if shipped else each.of(book)) for each in dials],
            "unit": [UNITS[each.kind] for each in dials],
            "ships": [_shown(each, each.ships) for each in dials],
        }
    )
    column = st.column_config
    found = st.data_editor(
        base,
        key=f"{key}_{dials[0].name}_{source().batch}_{reset}",
        hide_index=True,
        disabled=True if not allowed else ["what", "unit", "ships"],
        height="auto" if len(base) <= 10 else 460,
        column_config={
            "what": column.TextColumn("What", width=255),
            "value": column.NumberColumn("Value", width=70, format="%.6g", required=True),
            "unit": column.TextColumn("", width=50),
            "ships": column.NumberColumn("Ships as", width=60, format="%.6g"),
        },
    )
    return {each.name: _kept(each, value) for each, value in zip(dials, found["value"], strict=True) if value == value}


def _shown(each: Dial, value: float) -> float:
    return round(100 * value, 8) if each.kind == "share" else float(value)


def _kept(each: Dial, value: float) -> float:
    return round(float(value) / 100, 10) if each.kind == "share" else float(value)


def keep_button(values: Mapping[str, float], key: str) -> None:
    """Keep these values from today on, under one's name."""
    if st.button(f"Keep {'this value' if len(values) == 1 else f'these {len(values)} values'}", key=f"{key}_keep"):
        rows = [
            Setting(setting=name, from_date=date.today(), value=value, author=who()) for name, value in values.items()
        ]
        record_all(list(rows))
        forget(key)
        st.toast("Kept, from today on.")
        st.rerun()


def take_back(dials: list[Dial], book: Book, key: str, typed: bool) -> None:
    """Ways back: what was typed, and the values that ship. The effect is shown before anything is kept."""
    with st.container(horizontal=True, gap="small"):
        if typed and st.button("Forget what I typed", key=f"{key}_forget", type="tertiary"):
            forget(key)
            st.rerun()
        if any(each.of(book) != each.ships for each in dials) and st.button(
            "Try the values that ship", key=f"{key}_to_shipped", type="tertiary"
        ):
            forget(key)
            st.session_state[f"{key}_shipped"] = True
            st.rerun()


def forget(key: str) -> None:
    """Begin the editor anew."""
    st.session_state[f"{key}_reset"] = st.session_state.get(f"{key}_reset", 0) + 1
    st.session_state.pop(f"{key}_shipped", None)


def dial_history(book: Book, names: list[str], key: str) -> None:
    """Every change of these dials: from when on, what, from what to what, by whom."""
    rows = book.facts.get("settings")
    mine = None if rows is None else rows[rows["setting"].isin(names)]
    if mine is None or mine.empty:
        st.caption("Nothing was ever changed: these are the values that ship.")
        return
    st.markdown("##### What was changed")
    ordered = mine.sort_values("from_date", kind="stable")
    before = ordered.groupby("setting")["value"].shift()
    told = pd.DataFrame(
        {
            "from_date": ordered["from_date"].to_numpy(),
            "what": [DIALS[name].label for name in ordered["setting"]],
            "was": [
                DIALS[name].written(DIALS[name].ships if value != value else value)
                for name, value in zip(ordered["setting"], before, strict=True)
            ],
            "became": [
                DIALS[name].written(value) for name, value in zip(ordered["setting"], ordered["value"], strict=True)
            ],
            "author": [escaped(name) if isinstance(name, str) else "" for name in ordered["author"]],
        }
    ).iloc[::-1]
    column = st.column_config
    config = {"was": column.TextColumn("Was"), "became": column.TextColumn("Became"), "author": column.TextColumn("By")}
    table(told, f"{key}_history", config=config | {"what": column.TextColumn("What", width="medium")})
