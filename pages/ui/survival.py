"""How long accounts stay: the survival curve, what it says, and the accounts behind a point."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from cs_metrics import charts
from cs_metrics.analysis import survival
from cs_metrics.analysis.likely import FEWEST_FOR_A_RATE
from cs_metrics.book import Book
from pages.ui.cohort_curves import largest_groups
from pages.ui.cohorts import Asked, Drawn
from pages.ui.drill import Drill
from pages.ui.plots import chart
from pages.ui.words import percent, plural


def survival_curves(book: Book, asked: Asked) -> None:
    """How long accounts stay, or the MRR they came with: survival with its range and the number at risk."""
    drawn = book.answered(("survival", asked.measure == "logo", asked.by), lambda: _survival(book, asked))
    if drawn.cells.empty:
        st.info(drawn.sentence)
        return
    chart(
        charts.survival(drawn.cells),
        key="survival",
        alt="Share still here by months since the start, with the number of accounts at risk",
        sentence=drawn.sentence,
        footer=drawn.footer,
        behind=lambda point: _age_drill(book, asked, drawn.cells, point),
    )


def _age_drill(book: Book, asked: Asked, told: pd.DataFrame, point: dict[str, Any]) -> Drill | None:
    """The accounts at risk at an age, those lost at it first."""
    name, age = (point.get("customdata") or [None, 0])[:2]
    row = told[(told["name"] == name) & (told["age_months"] == int(age))]
    if row.empty:
        return None
    share, group = row["survival"].iloc[0], str(name) if asked.by else None

    def rows() -> pd.DataFrame:
        return survival.behind(book, int(age), asked.by if group else None, group)

    of = "" if group is None else f"{name}, "
    return Drill(
        f"Survival, {of}{plural(int(age), 'month')} after the start",
        f"**{percent(share)}** are left at this age. Listed are the accounts at risk at it: seen before, and neither "
        "lost nor last seen before; those lost at it come first. The curve is the product of what is left at each age.",
        rows,
        book,
    )


def _survival(book: Book, asked: Asked) -> Drawn:
    """The curve of each group, at risk always counted in accounts, to the age at which too few are left."""
    measure: survival.Measure = "accounts" if asked.measure == "logo" else "mrr"
    accounts = survival.survival(book, asked.by)
    table = accounts if measure == "accounts" else survival.survival(book, asked.by, measure)
    table = table.assign(at_risk=accounts["at_risk"], name=table["group"].fillna("all").astype(str))
    few = (table["at_risk"] < FEWEST_FOR_A_RATE).groupby(table["name"]).cummax()
    told, left_out = largest_groups(table[~few], "at_risk")
    if told.empty or told["age_months"].max() < 1:
        needed = f"Survival needs {FEWEST_FOR_A_RATE} accounts seen at the same age."
        return Drawn(told.iloc[:0], " ".join((needed, *survival.said(book))), "", told)
    return Drawn(told, _survival_sentence(told, measure, asked), _survival_footer(book, measure) + left_out, table)


def _survival_sentence(told: pd.DataFrame, measure: str, asked: Asked) -> str:
    what = "of the accounts" if measure == "accounts" else "of the MRR they came with"
    curves = [curve for _, curve in told.groupby("name", sort=False)]
    if asked.by is not None and len(curves) > 1:
        shares = [float(row["survival"]) for curve in curves if (row := survival.at(curve, 12)) is not None]
        if len(shares) < 2:
            return ""
        return f"After 12 months from {percent(min(shares))} to {percent(max(shares))} {what} are left, by group."
    curve = curves[0]
    age = min(12, int(curve["age_months"].max()))
    row = survival.at(curve, age)
    if row is None:
        return ""
    ends = f" (likely {100 * row['low']:.0f}–{100 * row['high']:.0f} %)" if row["low"] == row["low"] else ""
    half = survival.median(curve)
    rest = f"Half are lost after {plural(half, 'month')}." if half else "More than half are left at the last age seen."
    return f"After {plural(age, 'month')} {percent(row['survival'])}{ends} {what} are left. {rest}"


def _survival_footer(book: Book, measure: str) -> str:
    weighed = " Each account weighs the MRR it came with; the band is one of accounts." if measure == "mrr" else ""
    return (
        "From the first paid close to the first one without revenue, which a return does not undo; accounts still here "
        f"count for as long as they were seen (Kaplan–Meier). Band: 95 %. Ends where fewer than {FEWEST_FOR_A_RATE} "
        f"accounts are at risk.{weighed} " + " ".join(survival.said(book))
    )
