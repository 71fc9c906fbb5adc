"""Adoption on a page: depth of use by group and over time, and how many seats accounts use."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from cs_metrics import charts
from cs_metrics.analysis import adoption
from cs_metrics.book import Book, Dark
from cs_metrics.metric import Metric
from pages.ui.drill import Drill, table_of_figures
from pages.ui.pickers import choose
from pages.ui.plots import chart, say
from pages.ui.revenue import month_drill, rates_over_time
from pages.ui.words import escaped, money, percent, plural


def adoption_by_group(book: Book, months: int) -> None:
    """How use developed, and how deep it is by segment, CSM and the year customers came."""
    named = {each.label: each for each in adoption.DEPTH if each.dark(book) is None}
    if not named:
        st.info("Nothing is known of how the product is used. Upload usage on the Data page.")
        return
    cohorts: Book = book.answered("with cohorts", lambda: adoption.with_cohorts(book))
    left, right = st.columns([2, 3], gap="medium")
    with left:
        metric = named[choose("Figure", list(named), key="adoption_figure")]
        chart(
            charts.series(rates_over_time((metric,), book, months), metric.unit),
            key="adoption_series",
            alt=f"{metric.label} by month",
            footer=f"{metric.sentence(months)} The usual target for active users is 70 to 80 %.",
            behind=lambda point: month_drill((metric,), book, months, point),
        )
    with right:
        groupings = [name for name in ("segment", adoption.COHORT, "csm") if name in cohorts.groupings]
        others = [name for name in cohorts.groupings if name not in (*groupings, "product")]
        if not groupings + others:
            st.caption("Accounts cannot be parted: add a segment to them.")
            return
        by = choose("By", [*groupings, *others], key="adoption_by")
        _depth(cohorts, by, list(named.values()))


def _depth(book: Book, by: str, metrics: list[Metric]) -> None:
    rows = book.answered(("depth", by), lambda: adoption.depth(book, by))
    names = [str(name) for name in rows.index]
    shown = pd.DataFrame({"group": names})
    for metric in metrics:
        shown[metric.label] = [metric.unit.write(value) for value in rows[metric.name]]
    shown["Seats"] = [f"{seats:,.0f}" if seats == seats else "–" for seats in rows["seats"]]

    def behind(metric: Metric) -> Callable[[int], Drill]:
        return lambda place: Drill.of(metric, book, 1, by, names[place])

    table_of_figures(shown, "adoption_depth", {metric.label: behind(metric) for metric in metrics})
    say("", f"Month of {book.last}. Groups in the order of their names; a click on a figure opens its accounts.")


def seat_use(book: Book) -> None:
    """How many customers use how many of their seats."""
    say("##### Seats in use")
    try:
        rows = book.answered("seat use", lambda: adoption.seat_use(book.held_now()))
    except Dark as reason:
        st.info(str(reason))
        return
    if rows.empty:
        st.info(f"No customer's seats and active users are both known in {book.last}.")
        return
    parts = adoption.by_band(rows)
    low, full = (parts.iloc[place] for place in (0, -1))
    say(
        f"**{plural(int(low['accounts']), 'customer')}** with {money(low['mrr'], book)} use {escaped(low['band'])} of "
        f"their seats; {plural(int(full['accounts']), 'customer')} with {money(full['mrr'], book)} use "
        f"{escaped(full['band'])} and may need more."
    )
    shown = pd.DataFrame(
        {
            "seats in use": [f"{name[:1].upper()}{name[1:]}" for name in parts["band"]],
            "accounts": [f"{count:,}" for count in parts["accounts"]],
            "mrr": [money(amount, book) for amount in parts["mrr"]],
            "Of MRR": [percent(share) for share in parts["share"]],
        }
    )

    def behind(place: int) -> Drill:
        band = adoption.BANDS[place]
        mine = rows[rows["band"] == band]
        return Drill(f"Seats in use: {band}", f"**{plural(len(mine), 'customer')}**.", lambda: mine, book)

    config = {"seats in use": st.column_config.TextColumn("Seats in use")}
    table_of_figures(shown, "seat_bands", {"accounts": behind, "mrr": behind}, config)
