"""A few dials set where they matter: their values, what others would do, kept with a date, taken back."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from cs_metrics.analysis.dial_effect import changed
from cs_metrics.book import Book, Problem
from cs_metrics.dials import Dial, tried
from pages.ui.dial_editor import dial_history, editable, edited, keep_button, take_back
from pages.ui.words import escaped


def set_dials(dials: list[Dial], book: Book, key: str, effect: Callable[[Book, Book], None]) -> None:
    """The editor; ``effect`` says what the book would be with other values, given it as it is and as it would be."""
    allowed = editable(book)
    values = edited(dials, book, key, allowed)
    try:
        new = changed(book, values)
    except Problem as problem:
        st.error(escaped(str(problem)))
        return
    if new:
        effect(book, tried(book, new))
        keep_button(new, key)
    elif allowed:
        st.caption("Type another value: what it would do is shown here before you keep it.")
    if allowed:
        take_back(dials, book, key, bool(new))
    dial_history(book, [each.name for each in dials], key)
