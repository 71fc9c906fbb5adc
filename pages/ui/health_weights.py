"""Weights and thresholds of the score, set in the page: what other values would do is shown before they are kept."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from cs_metrics import charts
from cs_metrics.analysis.dial_effect import Effect, changed, health_effect
from cs_metrics.analysis.health_history import by_band, level
from cs_metrics.book import Book, Problem
from cs_metrics.dials import DIALS, dials_of
from cs_metrics.health import BANDS, PARTS
from cs_metrics.units import SCORE
from pages.ui.dial_editor import dial_history, editable, edited, keep_button, take_back
from pages.ui.health import movers
from pages.ui.lists import table
from pages.ui.plots import chart, say
from pages.ui.words import escaped, money, percent, plural

KEY = "health_dials"


def health_weights(book: Book) -> None:
    """The editors, the effect of what was typed, the button that keeps it, and what was changed before."""
    allowed = editable(book)
    weight = [DIALS[f"health.{name}.weight"] for name in PARTS]
    rest = [each for each in (*dials_of("health"), *dials_of("cadence")) if each not in weight]
    left, right = st.columns(2, gap="medium")
    with left:
        say("##### Weights of the parts")
        values = edited(weight, book, KEY, allowed)
        _shares(values)
    with right:
        say("##### Thresholds")
        values |= edited(rest, book, KEY, allowed)
        say("", "Bands, when a part earns 100 or 0, and how often an account should be touched.")
    try:
        new = changed(book, values)
    except Problem as problem:
        st.error(escaped(str(problem)))
        return
    if new:
        _effect(book, new)
    elif allowed:
        st.info("Type another weight or threshold: what it would do is shown here before you keep it.")
    if allowed:
        take_back([*weight, *rest], book, KEY, bool(new))
    dial_history(book, [each.name for each in (*weight, *rest)], KEY)


def _shares(values: dict[str, float]) -> None:
    total = sum(values.values())
    say("", f"Together {total:g}. A part counts for its weight's share; one that is not known of an account drops out.")


def _effect(book: Book, new: dict[str, float]) -> None:
    """What these values would do: bands, MRR moving, the distribution, the accounts that change their band."""
    effect = health_effect(book, new)
    told = "; ".join(
        f"{DIALS[name].label}: {_was(book, name)} → {DIALS[name].written(value)}" for name, value in new.items()
    )
    say("##### What this would do", "")
    before, after = level(effect.before), level(effect.after)
    say(
        f"**{plural(len(effect.movers), 'account')}** with **{money(effect.mrr_moving, book)}** MRR would change their "
        f"band; the book's health would be **{SCORE.write(after.by_mrr)}** instead of {SCORE.write(before.by_mrr)}.",
        escaped(told),
    )
    left, right = st.columns([2, 3], gap="medium")
    with left:
        table(_bands(book, effect), "health_effect_bands", config={"of MRR": st.column_config.TextColumn("Of MRR")})
        keep_button(new, KEY)
    with right:
        paying = effect.after.customers
        chart(
            charts.distribution(
                effect.after.health[paying], effect.after.band[paying], BANDS, effect.before.health[paying]
            ),
            key="health_effect",
            alt="How many accounts would have which score, and have now",
            footer="Bars: with these values. Dotted: as in force.",
        )
    if len(effect.movers):
        columns = ("name", "band_before", "band", "health_before", "health", "mrr", "csm")
        rows = effect.movers.round({"health_before": 0, "health": 0})
        movers(rows, "health_effect_movers", "Accounts that would change their band", columns, height=300)


def _was(book: Book, name: str) -> str:
    return DIALS[name].written(DIALS[name].of(book))


def _bands(book: Book, effect: Effect) -> pd.DataFrame:
    """The bands before and after, in accounts and in shares of MRR."""
    was, would = (by_band(each, book.scale) for each in (effect.before, effect.after))
    return pd.DataFrame(
        {
            "band": [name.capitalize() for name in BANDS],
            "accounts": [_arrow(f"{a:,}", f"{b:,}") for a, b in zip(was["accounts"], would["accounts"], strict=True)],
            "of MRR": [_arrow(percent(a), percent(b)) for a, b in zip(was["share"], would["share"], strict=True)],
        }
    )


def _arrow(was: str, would: str) -> str:
    return was if was == would else f"{was} → {would}"
