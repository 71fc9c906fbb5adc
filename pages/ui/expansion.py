"""What the Expansion page says of growth so far: its share of the book, its kinds, net retention split into them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from cs_metrics import charts
from cs_metrics.analysis.expansion import COLUMNS, KINDS, accounts_by_kind, by_kind, last_window, what_is_not_told
from cs_metrics.book import Book
from cs_metrics.export import Figure
from cs_metrics.metric import METRICS
from cs_metrics.metrics.expansion import expansion_share
from cs_metrics.units import MONEY
from pages.ui.cards import card
from pages.ui.drill import Drill, table_of_figures
from pages.ui.lists import LABELS
from pages.ui.pickers import choose
from pages.ui.plots import chart, say
from pages.ui.tiles import figures
from pages.ui.words import escaped, money, percent, plural

PARTS = {"contraction": "contraction_rate", "churn": "revenue_churn_rate"}


def expansion_answer(book: Book, months: int, year: int) -> None:
    """The year's expansion against its target, the period's by kind, and net retention split into them."""
    left, right = st.columns([1, 2.4], gap="medium")
    with left:
        card(expansion_share, last_years(book, year), year)
    rows = kinds_of(book, months)
    if rows.empty or not rows["opening"].iloc[0] > 0:
        right.info(f"The book has no whole period of {plural(months, 'month')} with revenue to start from.")
        return
    whole = rows.iloc[0]
    with left:
        figures({LABELS[kind]: money(whole[kind], book) for kind in KINDS}, book)
    with right:
        say("##### Net retention, and what it is made of")
        chart(
            charts.split(whole),
            key="split",
            alt="Net revenue retention from 100 % by upsell, cross-sell, price, contraction and churn",
            sentence=_sentence(whole, book),
            footer=f"{_basis(book, months)} The share beside it adds up every monthly rise of a year, those of newer "
            "accounts too; its target is 20 to 30 % of the book a year. Click a bar for its accounts.",
            behind=lambda point: part_drill(book, months, point),
        )
    for reason in book.answered("expansion not told", lambda: what_is_not_told(book)):
        st.caption(escaped(reason))


def last_years(book: Book, year: int) -> Book:
    """The book with no more of the past than the year's figure and its line need."""
    return book.answered(("last years", year), lambda: book.window(max(book.closes - 14 - year, 0), book.closes - 1))


def kinds_of(book: Book, months: int, by: str | None = None) -> pd.DataFrame:
    """Expansion by kind in the last period, made once."""
    return book.answered(("by kind", months, by), lambda: by_kind(book, months, by))


def _sentence(whole: pd.Series, book: Book) -> str:
    if not whole["expansion"] > 0:
        return "No account that paid at the opening pays more now."
    parts = [f"{LABELS[kind].lower()} {money(whole[kind], book)}" for kind in KINDS if whole[kind] > 0]
    return (
        f"Customers came to pay **{money(whole['expansion'], book)}** more, **{percent(whole['expansion_rate'])}** of "
        f"the opening MRR: {', '.join(parts)}. Without it net retention would be "
        f"{percent(whole['net_revenue_retention'] - whole['expansion_rate'])} instead of "
        f"**{percent(whole['net_revenue_retention'])}**."
    )


def _basis(book: Book, months: int) -> str:
    return (
        f"Opening accounts, between the two ends of the {plural(months, 'month')}. "
        f"{METRICS['expansion_rate'].basis(book, months)}."
    )


def part_drill(book: Book, months: int, point: dict[str, Any]) -> Drill | None:
    """The accounts behind a bar."""
    part = point.get("customdata")
    part = part[0] if isinstance(part, list) else part
    if part in PARTS:
        return Drill.of(METRICS[PARTS[part]], last_window(book, months), months)
    if part not in KINDS:
        return None
    title = f"{LABELS[part]}, {plural(months, 'month')} to {book.last}"
    figure = Figure(title, [_basis(book, months)], part, None, value_format=MONEY.sheet, top_format=MONEY.sheet)

    def rows() -> pd.DataFrame:
        each = accounts_by_kind(book, months)
        return each[each[part] > 0].sort_values(part, ascending=False, kind="stable", ignore_index=True)

    amount = money(kinds_of(book, months)[part].iloc[0], book)
    question = METRICS[KINDS[part]].question
    return Drill(title, f"**{amount}**  \n{question} {_basis(book, months)}", rows, book, figure)


def kinds_by_group(book: Book, months: int) -> None:
    """Expansion by kind for each group, in the order of their names."""
    by = choose("By", [name for name in book.groupings if name != "product"], key="expansion_by")
    if not by:
        st.info("There is nothing to group by. Add csm or a segment to the accounts.")
        return
    rows = kinds_of(book, months, by)
    rows = rows[rows["opening"] > 0].reset_index(drop=True)
    if rows.empty:
        st.info("No group had revenue at the opening of the period.")
        return
    amounts = ["opening", *KINDS, "expansion", *PARTS]
    shown = rows[list(COLUMNS)].drop(columns="closing")
    shown[amounts] = rows[amounts].map(lambda value: money(value, book))
    for rate in ("expansion_rate", "net_revenue_retention"):
        shown[rate] = [percent(value) for value in rows[rate]]
    shown = shown.rename(columns={name: METRICS[name].label for name in ("expansion_rate", "net_revenue_retention")})
    groups = [str(group) for group in rows["group"]]

    def opens(name: str) -> Any:
        return lambda row: Drill.of(METRICS[name], last_window(book, months), months, by, groups[row])

    behind = {**KINDS, "expansion": "expansion_rate", **PARTS}
    table_of_figures(
        shown.assign(group=groups),
        "expansion_groups",
        {column: opens(name) for column, name in behind.items()},
        {"group": st.column_config.TextColumn("CSM" if by == "csm" else by.capitalize(), pinned=True, width=150)},
    )
    say("", f"In the order of their names. {_basis(book, months)} A click on a figure opens its accounts.")
