"""Health now: how healthy the book is, by band, by group, and what cannot be told."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from cs_metrics import charts
from cs_metrics.analysis.health_history import Level, Scores, accounts_of, by_band, by_group, level, scores_at
from cs_metrics.book import Book
from cs_metrics.dials import in_force
from cs_metrics.health import BANDS, HEALTHY, LEAST_KNOWN, PARTS, POOR
from cs_metrics.months import last_day
from cs_metrics.units import SCORE
from pages.ui.drill import Drill, table_of_figures
from pages.ui.lists import accounts
from pages.ui.plots import chart, say
from pages.ui.tiles import figures
from pages.ui.today import now
from pages.ui.words import escaped, money, percent, plural

BACK = {"A month ago": 1, "A quarter ago": 3, "A year ago": 12}


def healthy_book(book: Book) -> Book:
    """The accounts whose health is shown, as they stand: those of this book that are in these hands now.

    Where no account has a score, says what to upload, and the page ends.
    """
    found = book.answered(("as it stands", date.today()), lambda: now(book).held_now())
    if not len(found):
        st.info("Nobody chosen holds an account at the end of this month.")
        st.stop()
    return found


def health_answer(book: Book) -> None:
    """How healthy the book is, in a sentence and a row of figures."""
    here = scores_at(book, book.closes - 1)
    found = level(here)
    if not found.accounts:
        _no_score(book)
        return
    bands = by_band(here, book.scale).set_index("band")
    say(
        f"The book's health is **{SCORE.write(found.by_mrr)}** of 100 by MRR (100 = healthy). {_movement(book, found)} "
        f"**{percent(bands.loc['healthy', 'share'])}** of MRR is healthy, **{percent(bands.loc['poor', 'share'])}** "
        f"poor{_unknown(bands)}."
    )
    figures(
        {
            "Health by MRR": SCORE.write(found.by_mrr),
            "Health by account": SCORE.write(found.by_account),
            "Healthy MRR": money(bands.loc["healthy", "mrr"], book),
            "Middling MRR": money(bands.loc["middling", "mrr"], book),
            "Poor MRR": money(bands.loc["poor", "mrr"], book),
        },
        book,
    )


def _unknown(bands: pd.DataFrame) -> str:
    none = bands.loc["unknown"]
    if not none["accounts"]:
        return ""
    return f"; {plural(int(none['accounts']), 'account')} with {percent(none['share'])} of MRR have no score"


def _movement(book: Book, found: Level) -> str:
    """How it moved since a month and a quarter ago."""
    told = []
    for words, back in (("a month", 1), ("a quarter", 3)):
        close = book.closes - 1 - back
        before = level(scores_at(book, close)).by_mrr if close >= book.lead else math.nan
        if math.isfinite(before):
            told.append(f"{SCORE.write_difference(found.by_mrr - before)} on {words} ago")
    return f"{'; '.join(told).capitalize()}.{_reset(book)}" if told else ""


def _reset(book: Book) -> str:
    """Were weights or thresholds changed within the quarter? Then the movement is theirs as well."""
    then = last_day(book.months_with_lead[max(book.closes - 4, book.lead)])
    was, is_now = in_force(book.as_of(then)), in_force(book)
    mine = tuple(f"{owner}." for owner in ("health", "cadence"))
    if not any(was.get(key) != value for key, value in is_now.items() if key[0].startswith(mine)):
        return ""
    return " Weights were changed since: the tab Trend and flows tells what they did."


def _no_score(book: Book) -> None:
    """Nobody has a score: what to add, part by part."""
    least = LEAST_KNOWN.written(LEAST_KNOWN.of(book))
    st.info(
        f"No account has a health score yet: at least {least} of the weight of its parts must be known. Upload usage, "
        "tickets, surveys, touchpoints or invoices on the Data page, or give pulses on an account's page."
    )
    st.page_link("1_book/3_data.py", label="Go to Data")


def health_now(book: Book) -> None:
    """By band with the accounts behind each, the distribution, by group, and the parts that are dark."""
    here = scores_at(book, book.closes - 1)
    left, right = st.columns([2, 3], gap="medium")
    with left:
        say("##### By band")
        _by_band(book, here)
    with right:
        say("##### How the scores are spread")
        chart(
            charts.distribution(here.health[here.customers], here.band[here.customers], BANDS),
            key="health_distribution",
            alt="How many accounts have which score",
            footer="Customers with a score, in steps of five points. A click on a bar opens its accounts.",
            behind=lambda point: _bar(book, here, point),
        )
    _by_group(book)
    _dark_parts(book)


def _by_band(book: Book, here: Scores) -> None:
    rows = by_band(here, book.scale)
    shown = pd.DataFrame(
        {
            "band": [_band_words(book, name) for name in BANDS],
            "accounts": [f"{count:,}" for count in rows["accounts"]],
            "mrr": [money(amount, book) for amount in rows["mrr"]],
            "of MRR": [percent(share) for share in rows["share"]],
        }
    )

    def behind(row: int) -> Drill:
        return band_drill(book, here, row)

    config = {"band": st.column_config.TextColumn("Band", width=150)}
    table_of_figures(shown, "health_bands", {"accounts": behind, "mrr": behind}, config)
    say("", "A click on a figure opens its accounts. Bands are set in the tab Weights.")


def _band_words(book: Book, name: str) -> str:
    healthy, poor = HEALTHY.of(book), POOR.of(book)
    return {
        "healthy": f"Healthy, {healthy:g} and more",
        "middling": f"Middling, {poor:g} to {healthy:g}",
        "poor": f"Poor, under {poor:g}",
        "unknown": "No score",
    }[name]


def band_drill(book: Book, here: Scores, band: int) -> Drill:
    """The accounts of a band."""
    which = here.customers & (here.band == band)
    mrr = money(int(here.mrr[which].sum()) / book.scale, book)
    sentence = f"**{plural(int(which.sum()), 'account')}** with **{mrr}** MRR. Health is 0 to 100, 100 = healthy."
    return Drill(_band_words(book, BANDS[band]), sentence, lambda: accounts_of(book, which), book)


def _bar(book: Book, here: Scores, point: dict[str, Any]) -> Drill | None:
    if not (data := point.get("customdata")):
        return None
    name, low, high = data
    which = here.customers & (here.health >= low) & (here.health < high) & (here.band == BANDS.index(name))
    count = plural(int(which.sum()), "account")
    return Drill(f"Health {low} to {min(high, 100)}", f"**{count}**, {name}.", lambda: accounts_of(book, which), book)


def _by_group(book: Book) -> None:
    """Each group's health, its change, and the accounts behind."""
    if not (options := [name for name in book.groupings if name != "product"]):
        return
    left, right = st.columns([1, 1])
    by = (
        left.selectbox("By", options, key="health_by", bind="query-params", format_func=_named, width=260) or options[0]
    )
    against = right.selectbox("Against", list(BACK), index=1, key="health_back", bind="query-params", width=260)
    rows = book.answered(("health by", by, against), lambda: by_group(book, by, BACK[against or "A quarter ago"]))
    shown = pd.DataFrame(
        {
            "group": rows["group"],
            "accounts": [f"{count:,}" for count in rows["accounts"]],
            "mrr": [money(amount, book) for amount in rows["mrr"]],
            "health": [SCORE.write(value) for value in rows["by_mrr"]],
            "by account": [SCORE.write(value) for value in rows["by_account"]],
            "before": [SCORE.write(value) for value in rows["before"]],
            "change": [SCORE.write_difference(value) for value in rows["change"]],
        }
    )
    here = scores_at(book, book.closes - 1)

    def behind(row: int) -> Drill:
        name = rows["group"].iloc[row]
        names, code = (book.owners.names, here.held) if by == "csm" else book.groups(by)
        which = here.customers & (code == list(map(str, names)).index(name))
        sentence = (
            f"**{plural(int(which.sum()), 'customer')}**, health **{SCORE.write(rows['by_mrr'].iloc[row])}** by MRR."
        )
        return Drill(f"Health, {name}", sentence, lambda: accounts_of(book, which), book)

    config = {
        "group": st.column_config.TextColumn(_named(by), pinned=True, width=150),
        "health": st.column_config.TextColumn("Health by MRR", alignment="right"),
        "by account": st.column_config.TextColumn("By account", alignment="right"),
        "before": st.column_config.TextColumn(against or "Before", alignment="right"),
    }
    table_of_figures(shown, "health_groups", {"accounts": behind}, config, height=rows_high(len(shown), 420))


def _named(name: str) -> str:
    return "CSM" if name == "csm" else name.replace("_", " ").capitalize()


def _dark_parts(book: Book) -> None:
    """Which parts the score is made of here, for how many customers each is known, and what would add the others."""
    paying = book.balance(0, 0)[-1] > 0
    dark = [each for each in PARTS.values() if not book.knows(each.needs)]
    if dark:
        say(
            "**Not in the score for want of data:** "
            + escaped("; ".join(f"{each.label} (add {each.needs})" for each in dark))
            + ". Their weight is shared among the others."
        )
    with st.expander("What the score is made of"):
        known = {each.label: int((paying & ~np.isnan(each.of(book))).sum()) for each in PARTS.values()}
        st.table(
            {
                each.label: f"{each.how(book)} Weight {each.weight_of(book):g}. Known of {known[each.label]:,} of "
                f"{int(paying.sum()):,} customers."
                for each in PARTS.values()
            }
        )
        say("", f"Below {LEAST_KNOWN.written(LEAST_KNOWN.of(book))} of the weight known there is no score.")


def rows_high(rows: int, most: int) -> int | str:
    """As high as so many rows need, up to a limit."""
    return "auto" if rows <= 10 else min(38 + 35 * rows, most)


def movers(rows: pd.DataFrame, key: str, name: str, columns: tuple[str, ...], height: int = 360) -> None:
    """Accounts that moved, in the house's list."""
    accounts(rows, key, name, columns, height=rows_high(len(rows), height))
