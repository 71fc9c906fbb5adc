"""Weights the team's own past proposes: side by side with those in force, how both did, and the way to take them."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from cs_metrics.analysis.dial_effect import changed, health_effect
from cs_metrics.analysis.quarter_ends import HORIZON, Then
from cs_metrics.analysis.weights import Proposal, Span, as_values, proposal
from cs_metrics.book import Book
from pages.ui.dial_editor import keep_button
from pages.ui.lists import table
from pages.ui.pickers import whole
from pages.ui.plots import say
from pages.ui.today import now
from pages.ui.words import money, plural


def proposed_weights(company: Book, past: list[Then], book: Book) -> None:
    """What the past proposes, or why it proposes nothing. Nothing is taken without being asked for."""
    say("##### Weights from your own past")
    key = ("proposal", company.whose, tuple(len(each.rows) for each in past))
    found = company.kept(key, lambda: proposal(company, past))
    if found.offered:
        st.success(found.reason)
    else:
        st.info(f"No other weights are proposed. {found.reason}")
    if found.tested is None or not as_values(found.weights):
        return
    with st.container() if found.offered else st.expander("The weights that were tried"):
        _weights(found)
    if found.offered and company.last == whole().last and len(company) == len(book) and company.whose is None:
        _offer(found, company)
    elif found.offered:
        say("", "To take them, choose the latest month and everybody's accounts.")


def _weights(found: Proposal) -> None:
    """The weights side by side, and what they were learned and tested on."""
    rows = found.weights
    total = rows["now"].sum(), rows["proposed"].sum()
    table(
        pd.DataFrame(
            {
                "part": rows["label"],
                "in force": rows["now"],
                "by the past": rows["proposed"],
                "share in force": [f"{100 * value / total[0]:.0f} %" for value in rows["now"]],
                "share by the past": [f"{100 * value / total[1]:.0f} %" for value in rows["proposed"]],
            }
        ),
        "proposed_weights",
    )
    assert found.learned is not None
    assert found.tested is not None
    say(
        "",
        f"Learned on {_span(found.learned)}, tested on {_span(found.tested)}, with {HORIZON} days between. A logistic "
        "regression on the parts of the score, drawn towards the weights in force; AUC compared on the same customers, "
        "an account's quarter-ends counted as one.",
    )


def _span(span: Span) -> str:
    days = span.first if span.first == span.last else f"{span.first} to {span.last}"
    return f"{days} ({span.rows:,} scores, {plural(span.losses, 'loss').replace('losss', 'losses')})"


def _offer(found: Proposal, company: Book) -> None:
    """What taking them would do to today's scores, and the button that takes them."""
    standing = now(company)
    values = changed(standing, as_values(found.weights))
    if not values:
        return
    effect = health_effect(standing, values)
    say(
        f"With them **{plural(len(effect.movers), 'account')}** with **{money(effect.mrr_moving, company)}** MRR would "
        "change their health band today. Past scores stay as they were known.",
    )
    keep_button(values, "proposed")
