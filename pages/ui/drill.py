"""Behind a figure: the accounts it is the sum of, in a window over the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from cs_metrics.analysis.explain import explain
from cs_metrics.book import Book
from cs_metrics.metric import Metric
from pages.ui.lists import accounts
from pages.ui.words import escaped


@dataclass(frozen=True)
class Drill:
    """What was asked for: a title, a sentence, and the rows, made when they are shown."""

    title: str
    sentence: str
    rows: Callable[[], Any]
    book: Book

    @classmethod
    def of(cls, metric: Metric, book: Book, months: int, by: str | None = None, group: str | None = None) -> Drill:
        """The accounts behind a metric's last figure, of one group or of all."""

        def rows() -> Any:
            found = explain(metric, book, None, months, by)
            return found if group is None else found[found["group"] == group]

        tally = metric.tally(book, months, by)
        value, top, bottom = (
            frame.iloc[-1][group] if group is not None else frame.iloc[-1, 0]
            for frame in (tally.values, tally.top, tally.bottom)
        )
        sentence = f"**{metric.unit.write(value, book.currency)}** = {metric.top.write(top, book.currency)}"
        sentence += f" ÷ {metric.bottom.write(bottom, book.currency)}" if metric.ratio else ""
        title = metric.label + (f", {group}" if group is not None else "") + f", {book.last}"
        return cls(title, f"{sentence}  \n{metric.sentence(months)} {metric.basis(book, months)}.", rows, book)


def drill(asked: Drill) -> None:
    """Ask for the rows; they are shown at the end of the run. For callbacks."""
    st.session_state["drill"] = asked


def show_drill() -> None:
    """Show what was asked for in this run. Called once, by the frame."""
    asked: Drill | None = st.session_state.pop("drill", None)
    if asked is not None:
        st.dialog(escaped(asked.title), width="large")(_window)(asked)


def _window(asked: Drill) -> None:
    rows = asked.rows()
    st.markdown(asked.sentence)
    if len(rows):
        accounts(rows, key="drill", name=asked.title, height=420, cents=True)
    else:
        st.info("No account has a part in this figure.")
