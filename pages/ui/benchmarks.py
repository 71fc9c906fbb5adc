"""Published figures beside the book's own, each with its segment, year, sample, window and source."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import streamlit as st

from cs_metrics.benchmarks import GRADES, Benchmark, add, benchmarks, checked
from cs_metrics.book import Book, Problem
from cs_metrics.metric import METRICS
from pages.ui.lists import table
from pages.ui.plots import say
from pages.ui.sample import ROOT
from pages.ui.words import escaped, plural

LENGTHS = {1: "a month", 3: "a quarter", 6: "half a year", 12: "a year"}


def own_file() -> Path:
    """Where the team's own benchmarks are kept."""
    return Path(os.environ.get("CS_METRICS_BENCHMARKS", ROOT / "data" / "benchmarks.toml"))


def benchmarks_beside(book: Book) -> None:
    """Every benchmark with all that makes it one, and the book's own figure over the same window."""
    try:
        listed = benchmarks(own_file())
    except Problem as problem:
        st.error(escaped(str(problem)))
        listed = benchmarks()
    say(
        "What others published: context, not a verdict. Each holds for its own segment, year and window.",
        "The book's own figure stands over the same window. No benchmark is drawn on a chart.",
    )
    table(pd.DataFrame([_row(each, book) for each in listed]), "benchmarks", config=_columns())
    with st.expander("Add one of your own"):
        _form()


def _row(each: Benchmark, book: Book) -> dict[str, str]:
    metric = METRICS.get(each.metric)
    ends = [end for end in (each.value, each.high) if end is not None]
    write = (lambda v: f"{100 * v:.6g} %") if each.unit == "share" else (lambda v: f"{v:.6g}")
    values = (
        metric.of(book, each.window) if metric is not None and metric.dark(book) is None else pd.Series(dtype=float)
    )
    return {
        "figure": metric.label if metric is not None else each.metric,
        "published": " to ".join(write(end) for end in ends),
        "ours": metric.unit.write(values.iloc[-1]) if metric is not None and len(values) else "–",
        "window": LENGTHS.get(each.window, plural(each.window, "month")),
        "segment": each.segment,
        "year": str(each.year),
        "sample": each.sample,
        "source": each.source,
        "grade": GRADES[each.grade],
    }


def _columns() -> dict[str, object]:
    text = st.column_config.TextColumn
    return {
        "figure": text("Figure", width=170),
        "published": text("Published", width=80),
        "ours": text("The book", width=70),
        "window": text("Over", width=65),
        "segment": text("Of whom", width=210),
        "year": text("Year", width=50),
        "sample": text("Sample", width=150),
        "source": text("Source", width=220),
        "grade": text("How known", width=140),
    }


def _form() -> None:
    """A benchmark of one's own; without its year, sample and source it is not taken."""
    figures = {m.label: m for m in METRICS.values() if m.unit.name in ("percent", "points")}
    with st.form("own_benchmark", border=False):
        one, two, three, four = st.columns(4)
        metric = figures[one.selectbox("Figure", list(figures), key="bench_metric")]
        percent = metric.unit.name == "percent"
        value = two.number_input("Published figure, in % or points", -100.0, 1000.0, None, key="bench_value")
        year = three.number_input("Year", 1990, 2100, None, key="bench_year")
        window = four.selectbox("Over", list(LENGTHS), index=3, format_func=LENGTHS.__getitem__, key="bench_window")
        left, middle, right = st.columns(3)
        segment = left.text_input("Of whom", key="bench_segment", placeholder="B2B SaaS, median")
        sample = middle.text_input("Sample", key="bench_sample", placeholder="300 companies")
        source = right.text_input("Source", key="bench_source")
        if st.form_submit_button("Add", key="bench_add"):
            given = {
                "metric": metric.name, "value": "" if value is None else value / 100 if percent else value,
                "unit": "share" if percent else "points", "segment": segment, "year": year or "", "sample": sample,
                "window": window, "source": source, "grade": "own",
            }  # fmt: skip
            try:
                add(own_file(), checked(given, "Your benchmark"))
            except Problem as problem:
                st.error(escaped(str(problem)))
            else:
                st.rerun()
