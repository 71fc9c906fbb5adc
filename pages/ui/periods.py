"""Figures beside the period before and the same period a year before."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import pandas as pd
import streamlit as st

from cs_metrics.book import Book
from cs_metrics.metric import Metric
from pages.ui.drill import Drill, table_of_figures
from pages.ui.plots import say
from pages.ui.series import series_of
from pages.ui.words import plural

YEAR = 12


def periods_compared(metrics: Sequence[Metric], chosen: Metric, book: Book, months: int, by: str | None) -> None:
    """Each figure now, in the period before and a year before, and the chosen one by group; a click explains."""

    values = {metric.label: series_of(metric, book, months) for metric in metrics}
    _table(values, list(metrics), book, months, "periods", lambda row, then: Drill.of(metrics[row], then, months))
    if by:
        grouped = book.answered(("by group", chosen.name, months, by), lambda: chosen.by(book, by, months))
        groups = {str(name): grouped[name] for name in grouped.columns}
        labels = list(groups)
        say(f"##### {chosen.label} by {'CSM' if by == 'csm' else by.replace('_', ' ')}")
        _table(
            groups,
            [chosen] * len(groups),
            book,
            months,
            "periods_by",
            lambda row, then: Drill.of(chosen, then, months, by, labels[row]),
        )
    say(
        "",
        f"Over {plural(months, 'month')} to {book.last}, in the period before, and a year before. "
        f"Blank where the book does not reach back so far. {chosen.basis(book, months)}.",
    )


def _table(
    values: dict[str, pd.Series],
    metrics: list[Metric],
    book: Book,
    months: int,
    key: str,
    behind: Callable[[int, Book], Drill],
) -> None:
    """A row per series of figures: its last value, the ones before, and the changes."""
    backs = {"now": 0, "before": months, "year_before": YEAR} if months != YEAR else {"now": 0, "year_before": YEAR}
    changes = {"before": "on_before", "year_before": "on_year"}
    rows = []
    for (label, series), metric in zip(values.items(), metrics, strict=True):
        row = {"figure": label}
        for name, back in backs.items():
            value = series.iloc[-1 - back] if len(series) > back else math.nan
            row[name] = metric.unit.write(value, book.currency)
            if back:
                row[changes[name]] = metric.unit.write_difference(series.iloc[-1] - value, book.currency)
        rows.append(row)

    def opened(back: int) -> Callable[[int], Drill | None]:
        return lambda row: behind(row, book.until(book.last - back)) if len(book.months) > back else None

    text = st.column_config.TextColumn
    config = {
        "figure": text("", width=200),
        "on_before": text("Change", alignment="right"),
        "on_year": text("Change on the year", alignment="right"),
    }
    table_of_figures(pd.DataFrame(rows), key, {name: opened(back) for name, back in backs.items()}, config)
