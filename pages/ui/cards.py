"""Cards of key figures: the value, how it moved, what luck could have made of it, the target, the way behind it."""

from __future__ import annotations

import math

import pandas as pd
import streamlit as st

from cs_metrics.analysis.likely import ANSWERED, FEWEST_FOR_A_RATE, RANGED, Range, answer_range, likely_range
from cs_metrics.book import Book
from cs_metrics.export import Figure
from cs_metrics.metric import Metric
from pages.ui.drill import Drill
from pages.ui.series import series_of
from pages.ui.target_lines import target_words
from pages.ui.tiles import explain
from pages.ui.words import plural
from pages.ui.workbook import note

YEAR = 13
ANSWERS = {
    "nps": "answers",
    "csat": "answers",
    "response_rate": "people asked",
    "survey_coverage": "accounts asked",
    "first_contact_resolution": "tickets",
}


def range_behind(metric: Metric, book: Book, months: int) -> Range:
    """How far chance could have moved the last figure, where that can be said."""
    return (answer_range if metric.name in ANSWERED else likely_range)(metric, book, months)


def kpis(*metrics: Metric, of: Book, months: int, key: str = "") -> None:
    """A card per metric, side by side."""
    with st.grid(len(metrics), min_column_width=210, gap="small"):
        for metric in metrics:
            card(metric, of, months, key)


def card(metric: Metric, book: Book, months: int, key: str = "") -> None:
    """One figure: value, change on the period before, the year's line, range and target, and the accounts behind it."""
    values, found = book.answered(
        ("card", metric.name, months), lambda: (series_of(metric, book, months), range_behind(metric, book, months))
    )
    few = metric.name in RANGED and 0 < found.accounts < FEWEST_FOR_A_RATE
    now = math.nan if few else values.iloc[-1]
    before = values.iloc[-1 - months] if len(values) > months else math.nan
    recent = values.iloc[-YEAR:].dropna()
    name = f"{key}{metric.name}_{months}"
    note(metric.label, lambda: _rows_behind(metric, book, months))
    with st.container(border=True, key=f"kpi_{name}", gap="xxsmall", height="stretch"):
        st.metric(
            metric.label,
            metric.unit.write(now, book.currency),
            delta=_delta(metric, now, before, book),
            delta_description=f"in {plural(months, 'month')}" if math.isfinite(now - before) else None,
            delta_color={"up": "normal", "down": "inverse", "neither": "off"}[metric.good],
            help=f"{metric.question} {metric.sentence(months)} {metric.basis(book, months)}.",
            chart_data=[round(v, 6) for v in recent] if len(recent) > 2 else None,
            chart_type="area",
        )
        st.caption(below(metric, book, found, now, months))
        explain(lambda: Drill.of(metric, book, months), name)


def _rows_behind(metric: Metric, book: Book, months: int) -> tuple[pd.DataFrame, Figure | None]:
    """The accounts behind a figure, and how a workbook computes it from them."""
    asked = Drill.of(metric, book, months)
    return asked.rows(), asked.figure


def _delta(metric: Metric, now: float, before: float, book: Book) -> str | float | None:
    if not math.isfinite(now - before):
        return None
    if abs(now - before) < 1e-9:
        return 0
    return metric.unit.write_difference(now - before, book.currency).replace("\u2212", "-")


def below(metric: Metric, book: Book, found: Range, now: float, months: int) -> str:
    """The line under a figure: its likely range, the accounts it rests on, its target; or what it lacks."""
    if reason := metric.dark(book):
        return reason
    said = [] if metric.period else [f"close of {book.last}"]
    if metric.name in ANSWERED and found.accounts:
        ends = " to ".join(metric.unit.write(end) for end in (found.low, found.high))
        said.append(f"{ends} by chance · {found.accounts:,} {ANSWERS[metric.name]}")
    elif math.isfinite(found.low):
        said.append(f"likely {100 * found.low:.1f}–{100 * found.high:.1f} %")
    elif 0 < found.accounts < FEWEST_FOR_A_RATE:
        said.append(f"{plural(found.accounts, 'account')}: too few for a rate")
    elif found.accounts and metric.name in RANGED:
        said.append(f"{plural(found.accounts, 'account')}: too few for a range")
    elif metric.period and math.isnan(now):
        said.append("no revenue to start from" if metric.bottom.money else "nothing to count in this period")
    if told := target_words(metric, book, months):
        said.append(told)
    return " · ".join(said)
