"""How cohorts fare on average as they age: the lines, what they say, and the accounts behind a point."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from cs_metrics import charts
from cs_metrics.analysis.cohorts import Triangles
from cs_metrics.analysis.likely import FEWEST_FOR_A_RATE
from cs_metrics.book import Book
from cs_metrics.charts.triangle import plain
from cs_metrics.months import MONTHS_IN
from pages.ui.cohorts import MEASURES, Asked, Drawn, aged, cell_drill, cohort_basis, counted, triangles_of
from pages.ui.drill import Drill
from pages.ui.plots import chart
from pages.ui.words import escaped, percent, plural

SHOWN_GROUPS = 6


def cohort_curves(book: Book, asked: Asked) -> None:
    """How cohorts fare on average as they age: everyone with each cohort behind, or a line per group."""
    drawn = book.answered(("cohort curves", *asked), lambda: _curves(book, asked))
    if drawn.cells.empty:
        st.info(drawn.sentence)
        return
    chart(
        charts.curves(drawn.cells, f"{asked.ages} since the start", drawn.table),
        key="cohort_curves",
        alt=f"{MEASURES[asked.measure]} left by age",
        sentence=drawn.sentence,
        footer=drawn.footer,
        behind=lambda point: _point_drill(book, asked, point),
    )


def _point_drill(book: Book, asked: Asked, point: dict[str, Any]) -> Drill | None:
    """The accounts behind a point of a line: of a group, of everyone, or of one cohort."""
    what, name, age = (point.get("customdata") or ["", "", 0])[:3]
    if what == "cohort":
        return cell_drill(book, asked, str(name), int(age))
    return cell_drill(book, asked, None, int(age), str(name) if asked.by else None) if what else None


def _curves(book: Book, asked: Asked) -> Drawn:
    """The lines of the groups, or of everyone, and of each cohort behind it."""
    found = triangles_of(book, asked.every, asked.by)
    curve = found.curves(asked.measure)
    told, left_out = largest_groups(curve[curve["accounts"] >= FEWEST_FOR_A_RATE])
    if told.empty or told["age"].max() < 1:
        needed = f"A curve needs {FEWEST_FOR_A_RATE} accounts that were here for a whole {asked.every}."
        return Drawn(told.iloc[:0], needed, "", told)
    names = told["group"].fillna("average").astype(str)
    hover = [
        f"{plain(name)}, {aged(int(line.age), asked)}: {percent(line.value)}<br>{counted(line)}"
        for name, line in zip(names, told.itertuples(), strict=True)
    ]
    footer = (
        f"Each age joins the cohorts seen at it, by size; ages with fewer than {FEWEST_FOR_A_RATE} accounts are "
        f"left out.{left_out} {cohort_basis(book, asked)}."
    )
    each = _each_cohort(found, asked) if asked.by is None else told.iloc[:0]
    return Drawn(told.assign(name=names, hover=hover), _curve_sentence(told, asked), footer, each)


def _each_cohort(found: Triangles, asked: Asked) -> pd.DataFrame:
    """A line per cohort of enough accounts."""
    values, labels = found.values(asked.measure), found.labels
    row, age = np.nonzero(~np.isnan(values) & (found.accounts >= FEWEST_FOR_A_RATE)[:, None])
    hover = [f"{labels[r]}, {aged(int(a), asked)}: {percent(values[r, a])}" for r, a in zip(row, age, strict=True)]
    return pd.DataFrame({"name": labels[row], "age": age, "value": values[row, age], "hover": hover})


def _curve_sentence(told: pd.DataFrame, asked: Asked) -> str:
    """Where the average, or the groups, stand after a year or as long as was seen."""
    age = min(12 // MONTHS_IN[asked.every], int(told["age"].max()))
    here = told[told["age"] == age]
    after = "after a year" if age * MONTHS_IN[asked.every] == 12 else f"after {plural(age, asked.every)}"
    what = "of the accounts" if asked.measure == "logo" else "of the first MRR"
    if asked.by is None:
        return f"On average {percent(here['value'].iloc[0])} {what} {after}."
    low, high = here["value"].min(), here["value"].max()
    if len(here) < 2:
        return f"{escaped(here['group'].iloc[0])}: {percent(low)} {what} {after}."
    return f"From {percent(low)} to {percent(high)} {what} {after}, in {plural(len(here), 'group')}."


def largest_groups(rows: pd.DataFrame, weight: str = "accounts") -> tuple[pd.DataFrame, str]:
    """The rows of the largest groups, in the order of their names, and what was left out."""
    if rows.empty or rows["group"].isna().all():
        return rows, ""
    sizes = rows.groupby("group")[weight].max().sort_values(ascending=False, kind="stable")
    kept = rows[rows["group"].isin(sizes.index[:SHOWN_GROUPS])]
    few = f" The {SHOWN_GROUPS} largest of {len(sizes)} groups are shown." if len(sizes) > SHOWN_GROUPS else ""
    return kept, few
