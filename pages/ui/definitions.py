"""The definition panel: one period under every definition, the book's own marked, and the accounts between two."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from cs_metrics.analysis.compare import (
    YEAR,
    Definition,
    accounts_of,
    annual,
    compare,
    definitions,
    differing,
    find,
    own_definition,
)
from cs_metrics.book import Book, Dark
from cs_metrics.metric import METRICS
from pages.ui.drill import Drill, figure_of, table_of_figures
from pages.ui.lists import accounts
from pages.ui.plots import say
from pages.ui.words import escaped, percent, plural


def definition_panel(book: Book, months: int) -> None:
    """Every definition in use on this book, side by side; and why another one gives another figure."""
    found: pd.DataFrame = book.answered(("compare", months), lambda: compare(book, months))
    known = found[found["value"].notna()]
    if known.empty:
        st.info(found["missing"].iloc[0])
        return
    retention = known.loc[~known["metric"].str.contains("churn"), "value"]
    say(
        f"Retention over {plural(months, 'month')} to {book.last} is anything from **{percent(retention.min())}** to "
        f"**{percent(retention.max())}**, depending on the definition. The book's own are marked; the settings on the "
        "left switch them. Click a value for its accounts."
    )
    _table(found, book, months, "definitions")
    if months != YEAR:
        _annual(book)
    _why(book, months, found)


def _annual(book: Book) -> None:
    """The year to the last month by the usual routes."""
    found: pd.DataFrame = book.answered("annual", lambda: annual(book))
    say("##### The year, by the usual routes")
    if found["value"].isna().all():
        st.caption(found["missing"].iloc[0])
        return
    _table(found, book, YEAR, "annual")


def _table(found: pd.DataFrame, book: Book, months: int, key: str) -> None:
    """Definitions with their values, those of a figure together; a click on a value opens its accounts."""
    order = {name: place for place, name in enumerate(dict.fromkeys(found["metric"]))}
    rows = found.sort_values("metric", key=lambda names: names.map(order), kind="stable").reset_index(drop=True)
    metrics = [METRICS[name] for name in rows["metric"]]
    shown = pd.DataFrame(
        {
            "figure": [metric.label for metric in metrics],
            "value": [percent(value) for value in rows["value"]],
            "own": ["●" if own else "" for own in rows["own"]],
            "definition": rows["definition"],
            "Amount": [m.top.write(top, book.currency) for m, top in zip(metrics, rows["top"], strict=True)],
            "Out of": [m.bottom.write(base, book.currency) for m, base in zip(metrics, rows["bottom"], strict=True)],
            "why": rows["why"],
        }
    )

    def behind(row: int) -> Drill | None:
        return _drill(find(rows.at[row, "metric"], rows.at[row, "definition"], months), book, months)

    text = st.column_config.TextColumn
    config = {
        "figure": text("Figure", width=160),
        "definition": text("Definition", width=310),
        "own": text("Own", help="The definition this book uses.", width=45, alignment="center"),
        "Amount": text(width=75, alignment="right"),
        "Out of": text(width=75, alignment="right"),
        "why": text("What is different", width=620),
    }
    table_of_figures(shown, key, {"value": behind}, config, "content")
    for reason in rows.loc[rows["value"].isna(), "missing"].drop_duplicates():
        st.caption(escaped(reason))


def _drill(each: Definition, book: Book, months: int) -> Drill | None:
    """The accounts behind a definition's value."""
    try:
        value, top, bottom = each.parts(book, months).total
    except Dark:
        return None
    metric = each.metric
    title = f"{_short(metric.name, each.named(months))}, {plural(months, 'month')} to {book.last}"
    amounts = f"{metric.top.write(top, book.currency)} ÷ {metric.bottom.write(bottom, book.currency)}"
    return Drill(
        title,
        f"**{percent(value)}** = {amounts}  \n{each.why}",
        lambda: accounts_of(each, book, months),
        book,
        figure_of(metric, title, [each.why]),
    )


def _short(metric: str, words: str) -> str:
    return f"{METRICS[metric].label}: {words.partition(' (')[0]}"


def _why(book: Book, months: int, found: pd.DataFrame) -> None:
    """Another definition, and the accounts that make it differ from the book's own."""
    values = {(row.metric, row.definition): row.value for row in found.itertuples()}
    others: dict[str, Definition] = {}
    for each in definitions(months):
        own = own_definition(book, each.beside)
        if (
            each is not own
            and values[each.metric.name, each.named(months)] == values[each.metric.name, each.named(months)]
        ):
            others[_short(each.metric.name, each.named(months))] = each
    say("##### Why another definition gives another figure")
    picked = st.selectbox("Definition", list(others), key="definition", bind="query-params", width=520)
    if picked not in others:
        return
    other = others[picked]
    own = own_definition(book, other.beside)
    mine, theirs = values[own.metric.name, own.named(months)], values[other.metric.name, other.named(months)]
    rows = book.answered(("differing", months, picked), lambda: differing(book, months, own, other))
    digits = 1 if percent(theirs) != percent(mine) or theirs == mine else 3
    there, here, gap = (f"{100 * value:.{digits}f} %" for value in (theirs, mine, abs(theirs - mine)))
    direction = "more" if theirs > mine else "less"
    what = (
        f"{gap.removesuffix(' %')} points {direction}, by {plural(len(rows), 'account')}" if len(rows) else "the same"
    )
    say(
        f"**{there}** against {here} by the book's own ({own.metric.label.lower()}, {own.named(months)}): {what}. "
        f"{other.why}"
    )
    if len(rows):
        accounts(rows, "differing", f"Why {picked}", height=min(360, 38 + 35 * len(rows)), cents=True)
