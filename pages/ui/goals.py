"""A CSM's bonus as a what-if: the payout under each owner rule and definition, and between what it lies."""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd
import streamlit as st

from cs_metrics.analysis.goals import FIGURES, Bonus, payouts, spread
from cs_metrics.analysis.handovers import under_rules
from cs_metrics.book import UNASSIGNED, Book, Problem
from cs_metrics.metric import METRICS
from cs_metrics.targets import target_of
from cs_metrics.units import MONEY
from pages.ui.lists import downloads, table
from pages.ui.pickers import RULES
from pages.ui.plots import say
from pages.ui.today import now
from pages.ui.words import escaped, percent, plural

BASELINES = ("A figure of its own", "The period before", "The team's figure")
NEED = "A bonus needs CSMs: add who looks after each account (csm) on the Data page."


def goals_of_a_csm(book: Book, months: int) -> None:
    """The choices, the payout under the rule chosen, the spread over all of them, and the table."""
    everybody = book.kept("of everyone", lambda: replace(book, whose=None, memory={}))
    names = [name for name in everybody.holders if name != UNASSIGNED]
    if not names:
        st.info(NEED)
        return
    left, right = st.columns([5, 2], gap="medium")
    with right, st.container(border=True, key="goal_form"):
        csm = st.selectbox("CSM", names, key="goal_csm", bind="query-params")
        labels = {METRICS[name].label: name for name in FIGURES}
        figure = labels[
            st.selectbox("Figure", list(labels), key="goal_figure", bind="query-params") or next(iter(labels))
        ]
        rule = st.selectbox(
            "Owner rule", list(RULES["owner"][1]), format_func=RULES["owner"][1].__getitem__,
            index=list(RULES["owner"][1]).index(book.settings.owner), key="goal_rule",
        )  # fmt: skip
        ruled = everybody.under(owner=rule)
        baseline = _baseline(ruled, csm, figure, months)
        goal = target_of(now(ruled).held_by(csm), figure, months)
        reached = 100 * (goal.least if goal else 1.0)
        whole_key = f"goal_target_{figure}_{csm}"
        whole = st.number_input("Whole from, %", 0.0, 300.0, round(reached, 1), 0.5, key=whole_key)
        amount = st.number_input("Bonus", 0.0, 1e9, 5000.0, 500.0, key="goal_amount")
        cap = st.number_input("At most, in % of the bonus", 0.0, 1000.0, 150.0, 10.0, key="goal_cap")
    with left:
        if baseline is None:
            st.info("That period has no figure to begin from. Choose another baseline or a shorter period.")
            return
        try:
            bonus = Bonus(figure, round(baseline / 100, 6), round(whole / 100, 6), amount, round(cap / 100, 6))
        except Problem:
            st.info(
                f"The bonus begins at {baseline:g} % and is whole from {whole:g} %: the first must not be the larger."
            )
            return
        key = ("payouts", csm, bonus, months)
        _outcome(ruled.answered(key, lambda: payouts(ruled, csm, bonus, months)), ruled, csm, bonus, months)


def _baseline(book: Book, csm: str, figure: str, months: int) -> float | None:
    """From which figure the bonus begins, in percent; None where the period asked for has none."""
    kind = st.selectbox("Nothing up to", BASELINES, key="goal_baseline", bind="query-params")
    if kind == BASELINES[0]:
        return st.number_input("That is, %", 0.0, 300.0, 80.0, 0.5, key=f"goal_from_{figure}")
    asked = book.held_by(csm) if kind == BASELINES[1] else book
    values = METRICS[figure].of(asked, months)
    back = months if kind == BASELINES[1] else 0
    value = float(values.iloc[-1 - back]) if len(values) > back else math.nan
    st.caption(f"That is {percent(value)}." if value == value else "That period has no figure.")
    return round(100 * value, 4) if value == value else None


def _outcome(found: pd.DataFrame, book: Book, csm: str, bonus: Bonus, months: int) -> None:
    lies = spread(found)
    own = found[found["own"]].iloc[0]
    if lies is None:
        st.info(f"{escaped(csm)} has no figure for this period: {own['missing']}")
        return
    paid, low, high = (_cents(value, book) for value in (own["payout"], lies.least, lies.most))
    value = f"With {percent(own['value'])} of {METRICS[bonus.figure].label.lower()}: **{paid}**."
    between = (
        f"Over {lies.ways} ways of counting it lies between **{low} and {high}**, depending on who answers for an "
        "account and how it is counted."
        if low != high
        else f"It is {low} however it is counted."
    )
    say(
        f"{value if own['value'] == own['value'] else 'No figure by the rule chosen.'} {between}",
        f"{escaped(csm)}, {plural(months, 'month')} to {book.last}: nothing up to {percent(bonus.baseline)}, "
        f"{_cents(bonus.amount, book)} at {percent(bonus.target)}, in proportion between and beyond, at most "
        f"{_cents(bonus.amount * bonus.cap, book)}. To the cent.",
    )
    words = RULES["owner"][1]
    shown = pd.DataFrame(
        {
            "owner": [words[each] for each in found["owner"]],
            "definition": [f"{each[:1].upper()}{each[1:]}" for each in found["definition"]],
            "value": [percent(each) for each in found["value"]],
            "payout": [_cents(each, book) for each in found["payout"]],
            "why": [missing or why for missing, why in zip(found["missing"], found["why"], strict=True)],
        }
    )  # fmt: skip
    text = st.column_config.TextColumn
    config = {
        "owner": text("Who answers for an account", width=215),
        "value": text("Figure", width=70),
        "payout": text("Payout", width=95, alignment="right"),
        "definition": text("Counted as", width=260),
        "why": text("In what it differs", width=420),
    }
    shown.loc[found["own"], "owner"] += " (chosen)"
    order = ["owner", "payout", "value", "definition", "why"]
    table(shown[order], "payouts", height=38 + 35 * len(shown), config=config)
    downloads(found, "payouts", f"Payouts of {csm}")
    rules = under_rules(METRICS[bonus.figure], book.held_by(csm), months)
    if not len(book.owners.handovers) or rules.empty:
        st.caption("No account changed hands: the owner rule makes no difference.")


def _cents(value: float, book: Book) -> str:
    """A payout in full, to the cent."""
    sign = MONEY.write(0, book.currency).replace("0", "").strip()
    if value != value:
        return "–"
    return f"{sign}{value:,.2f}" if len(sign) == 1 else f"{value:,.2f} {sign}"
