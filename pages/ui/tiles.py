"""Small figures in a row, without a card's machinery."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import streamlit as st

from cs_metrics.book import Book
from pages.ui.lists import HELP, LABELS, MONEY_COLUMNS
from pages.ui.words import escaped, money


def figures(said: dict[str, Any], book: Book) -> None:
    """Labels with their figures, side by side."""
    with st.grid(min(len(said), 6), min_column_width=140, gap="small"):
        for name, value in said.items():
            st.metric(
                LABELS.get(name, name.upper() if len(name) == 3 else name),
                _written(name, value, book),
                help=HELP.get(name),
                border=True,
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
