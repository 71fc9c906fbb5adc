"""Behind a figure: the accounts it is the sum of, in a window over the page."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from cs_metrics.analysis.explain import explain_change
from cs_metrics.book import Book
from cs_metrics.export import Figure, figure_xlsx
from cs_metrics.metric import Metric
from pages.ui.lists import LABELS, accounts, table
from pages.ui.words import escaped


@dataclass(frozen=True)
class Drill:
    """What was asked for: a title, a sentence, and the rows, made when they are shown.

    ``figure`` says how a workbook computes the figure from the rows, where they are its sum.
    """

    title: str
    sentence: str
    rows: Callable[[], Any]
    book: Book
    figure: Figure | None = None

    @classmethod
    def of(cls, metric: Metric, book: Book, months: int, by: str | None = None, group: str | None = None) -> Drill:
        """The accounts behind a metric's last figure, of one group or of all, and what each did to it."""
        tally = metric.tally(book, months, by)
        values, top, bottom = (
            frame[group] if group is not None else frame.iloc[:, 0] for frame in (tally.values, tally.top, tally.bottom)
        )
        now, then = values.iloc[-1], values.iloc[-1 - months] if len(values) > months else math.nan
        sentence = f"**{metric.unit.write(now, book.currency)}** = {metric.top.write(top.iloc[-1], book.currency)}"
        sentence += f" ÷ {metric.bottom.write(bottom.iloc[-1], book.currency)}" if metric.ratio else ""
        if math.isfinite(now - then):
            sentence += (
                f" · {metric.unit.write_difference(now - then, book.currency) or 'no change'} on the "
                f"{'month' if months == 1 else f'{months} months'} before"
            )
        title = metric.label + (f", {group}" if group is not None else "") + f", {book.last}"
        basis = f"{metric.sentence(months)} {metric.basis(book, months)}."
        return cls(
            title,
            f"{sentence}  \n{basis}",
            lambda: explain_change(metric, book, None, months, by, group),
            book,
            figure_of(metric, title, [basis]),
        )


def figure_of(metric: Metric, title: str, notes: list[str]) -> Figure:
    """How a workbook computes and writes a metric."""
    return Figure(
        title,
        notes,
        bottom="bottom" if metric.ratio else None,
        factor=metric.factor,
        value_format=metric.unit.sheet,
        top_format=metric.top.sheet,
        bottom_format=metric.bottom.sheet,
    )


@dataclass(frozen=True)
class Window:
    """Something else to show over the page: a title, and what draws it."""

    title: str
    show: Callable[[], None]


def drill(asked: Drill | Window) -> None:
    """Ask for the rows; they are shown at the end of the run. For callbacks."""
    st.session_state["drill"] = asked


def show_drill() -> None:
    """Show what was asked for in this run. Called once, by the frame."""
    asked: Drill | Window | None = st.session_state.pop("drill", None)
    if isinstance(asked, Window):
        st.dialog(escaped(asked.title), width="large")(asked.show)()
    elif asked is not None:
        st.dialog(escaped(asked.title), width="large")(_window)(asked)


def _window(asked: Drill) -> None:
    rows = asked.rows()
    st.markdown(asked.sentence)
    if not len(rows):
        st.info("No account has a part in this figure.")
        return
    hidden = ("top_before", "bottom_before")
    figure = asked.figure
    rate = figure is None or "%" in figure.value_format
    shown = rows if rate else rows.rename(columns={"contribution": "change"})
    accounts(
        shown,
        key="drill",
        name=asked.title,
        columns=tuple(c for c in shown.columns if c not in hidden),
        height=420,
        cents=True,
        workbook=None if figure is None else lambda: figure_xlsx(rows, figure),
    )


def table_of_figures(
    rows: pd.DataFrame,
    key: str,
    behind: Mapping[str, Callable[[int], Drill | None]],
    config: dict[str, Any] | None = None,
    height: int | str = "auto",
) -> None:
    """Rows of written figures, named in the first column; a click on one opens its accounts.

    ``behind`` says, for a column, what lies behind the figure in a row.
    """

    def button(name: str) -> Any:
        def clicked() -> None:
            if (asked := behind[name](st.session_state[f"{key}_{name}"]["row"])) is not None:
                drill(asked)

        return st.column_config.ButtonColumn(
            LABELS.get(name, name.capitalize() if name.islower() else name),
            type="tertiary",
            alignment="right",
            key=f"{key}_{name}",
            on_click=clicked,
        )

    text = st.column_config.TextColumn
    plain = {name: text(LABELS.get(name, name), alignment="right") for name in rows.columns[1:]}
    table(rows, key, height, plain | {name: button(name) for name in behind} | (config or {}))
