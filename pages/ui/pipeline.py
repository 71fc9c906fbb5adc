"""The pipeline on a page: what is on offer by stage, weighted or not, and what was won and lost by CSM."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from cs_metrics import charts
from cs_metrics.analysis.pipeline import by_csm, by_stage, open_offers, win_rate, won_and_lost
from cs_metrics.book import Book, Dark
from cs_metrics.units import MONEY
from pages.ui.drill import Drill, table_of_figures
from pages.ui.growth import Growing
from pages.ui.lists import accounts
from pages.ui.plots import chart, say
from pages.ui.tiles import figures
from pages.ui.words import escaped, money, percent, plural

WAYS = {"In full": "amount", "Weighted": "weighted"}


def _nothing(reason: Dark) -> None:
    st.info(escaped(f"{reason} Then this shows what is on offer, and what was won and lost."))
    st.page_link("1_book/3_data.py", label="Go to Data")


def pipeline(of: Growing) -> None:
    """What is on offer, by stage."""
    try:
        share, closed = win_rate(of.book.company)
        rows, stages = open_offers(of.book), by_stage(of.book, share)
    except Dark as reason:
        _nothing(reason)
        return
    if rows.empty:
        st.info("Nothing is on offer to a customer: no open opportunity besides renewals.")
        return
    total = stages[["amount", "weighted"]].sum(min_count=1)
    figures(
        {
            "Open offers": f"{len(rows):,}",
            "MRR on offer": money(total["amount"], of.book),
            "Weighted": money(total["weighted"], of.book),
            "Won of those closed in a year": percent(share),
        },
        of.book,
    )
    way = st.segmented_control(
        "Show", list(WAYS), default="In full", required=True, key="pipeline_way", bind="query-params",
        label_visibility="collapsed",
    )  # fmt: skip
    values = stages.set_index("stage")[WAYS[way or "In full"]]
    why = (
        f"Weighted by the {percent(share)} won of {closed:,} offers closed in the last year, the same for every stage: "
        "what became of each stage is not known."
        if share == share
        else f"Only {plural(closed, 'offer')} closed in the last year: too few to weigh by."
    )
    if values.notna().any():
        chart(
            charts.by_group(values, MONEY, currency=of.book.currency, height=240),
            key="pipeline",
            alt="MRR on offer by stage",
            footer=f"Without renewals. {why} Click a bar for its offers.",
            behind=lambda point: _stage_drill(of.book, rows, str(point["x"])),
        )
    else:
        st.caption(why)
    columns = ("name", "product", "kind", "stage", "amount", "open_days", "mrr", "csm")
    accounts(rows, "offers", "Pipeline", columns, height=330)


def _stage_drill(book: Book, rows: pd.DataFrame, stage: str) -> Drill:
    shown = rows[rows["stage"] == stage]
    sentence = f"**{money(shown['amount'].sum(min_count=1), book)}** in {plural(len(shown), 'offer')}."
    return Drill(stage.capitalize(), sentence, lambda: shown, book)


def won_lost(book: Book, months: int) -> None:
    """What was won and lost in the period, by who held the account then, in the order of their names."""
    try:
        closed = won_and_lost(book, months)
    except Dark as reason:
        _nothing(reason)
        return
    if closed.empty:
        st.info(f"No offer was closed in the {plural(months, 'month')} to {book.last}. Choose a longer period.")
        return
    won, lost = closed[closed["won"]], closed[~closed["won"]]
    say(
        f"**{len(won):,}** won with {money(won['amount'].sum(min_count=1), book)} of MRR, **{len(lost):,}** "
        f"lost with {money(lost['amount'].sum(min_count=1), book)}, in the "
        f"{plural(months, 'month')} to {book.last}, renewals not counted."
    )
    rows = by_csm(closed)
    shown = rows.assign(
        won=[f"{count:,}" for count in rows["won"]],
        won_mrr=[money(value, book) for value in rows["won_mrr"]],
        lost=[f"{count:,}" for count in rows["lost"]],
        lost_mrr=[money(value, book) for value in rows["lost_mrr"]],
    )
    named = {"won": "Won", "won_mrr": "Won MRR", "lost": "Lost", "lost_mrr": "Lost MRR"}

    def opens(was_won: bool) -> Any:
        return lambda row: _closed_drill(book, closed, str(rows["csm"].iloc[row]), was_won)

    table_of_figures(
        shown.rename(columns=named),
        "won_lost",
        {label: opens(name.startswith("won")) for name, label in named.items()},
        {"csm": st.column_config.TextColumn("CSM", pinned=True, width=170)},
    )
    say("", "In the order of their names: who held the account when the offer was closed. Not a ranking: books differ.")
    listed = closed.assign(outcome=closed["won"].map({True: "won", False: "lost"}))
    accounts(
        listed, "closed_offers", "Won and lost", ("name", "outcome", "product", "kind", "amount", "closed_on", "csm"),
        height=330,
    )  # fmt: skip


def _closed_drill(book: Book, closed: pd.DataFrame, csm: str, won: bool) -> Drill:
    rows = closed[(closed["csm"] == csm) & (closed["won"] == won)].drop(columns="won")
    title = f"{'Won' if won else 'Lost'}, {csm}"
    sentence = f"**{money(rows['amount'].sum(min_count=1), book)}** in {plural(len(rows), 'offer')}."
    return Drill(title, sentence, lambda: rows, book)
