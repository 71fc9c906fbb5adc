"""Small figures in a row, without a card's machinery."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import streamlit as st

from cs_metrics.book import Book
from pages.ui.drill import Drill, drill
from pages.ui.lists import HELP, LABELS, MONEY_COLUMNS
from pages.ui.words import escaped, money


def figures(said: dict[str, Any], book: Book, behind: Mapping[str, Callable[[], Drill]] | None = None) -> None:
    """Labels with their figures, side by side; ``behind`` holds what lies behind those that can be explained."""
    with st.grid(min(len(said), 6), min_column_width=140, gap="small"):
        for name, value in said.items():
            asked = (behind or {}).get(name)
            label, written = LABELS.get(name, name.upper() if len(name) == 3 else name), _written(name, value, book)
            if asked is None:
                st.metric(label, written, help=HELP.get(name), border=True)
                continue
            with st.container(border=True, gap="xxsmall"):
                st.metric(label, written, help=HELP.get(name))
                explain(asked, f"tile_{name}")


def explain(asked: Callable[[], Drill], key: str) -> None:
    """The way to the accounts behind a figure."""
    st.button(
        "Explain", icon=":material/table_rows:", key=f"explain_{key}", type="tertiary", on_click=lambda: drill(asked())
    )


def attributes(said: dict[str, str]) -> None:
    """What describes something, in one line."""
    named = {LABELS.get(name, name.replace("_", " ").capitalize()): value for name, value in said.items()}
    st.caption(" · ".join(f"{escaped(label)}: **{escaped(value)}**" for label, value in named.items()))


def _written(name: str, value: Any, book: Book) -> str:
    if name in (*MONEY_COLUMNS, "arr"):
        return money(value, book)
    if value is None or value != value:
        return "–"
    if isinstance(value, date):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:.0f}"
    return escaped(value)
