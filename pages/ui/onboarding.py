"""Onboarding on a page: milestones that wait, time to live, training, and whether a fast start pays."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import streamlit as st

from cs_metrics import charts
from cs_metrics.analysis import onboarding, onboarding_pays
from cs_metrics.analysis.likely import FEWEST_FOR_A_RATE
from cs_metrics.analysis.onboarding import STATES, STUCK
from cs_metrics.analysis.survival import at
from cs_metrics.book import Book, Dark
from cs_metrics.metric import Metric
from cs_metrics.units import DAYS
from pages.ui.drill import Drill, table_of_figures
from pages.ui.lists import accounts
from pages.ui.pickers import choose
from pages.ui.plots import chart, say
from pages.ui.set_dials import set_dials
from pages.ui.words import escaped, money, percent, plural

DRAWN_FROM = 3
MEANING = {
    "stuck": "Stuck: past due by more than {stuck}",
    "late": "Late: past due",
    "on track": "On track: still to come",
    "no date": "Without a due date",
}


def milestones_of(book: Book) -> pd.DataFrame:
    """The open milestones, made once."""
    key = ("milestones", book.known_on, STUCK.of(book))
    return book.answered(key, lambda: onboarding.milestones(book))


def waits_by(book: Book, by: str | None) -> pd.DataFrame:
    """Time to live by group, made once."""
    return book.answered(("time to live", by, book.known_on), lambda: onboarding.time_to_live(book, by))


def onboarding_answer(book: Book) -> None:
    """What to see first: who is stuck, and how long it takes to be live."""
    try:
        rows, whole = milestones_of(book), waits_by(book, None)
    except Dark as reason:
        st.info(f"Nothing is known of onboarding. {reason}")
        return
    behind = rows[rows["state"].isin(["stuck", "late"])].drop_duplicates("account_id")
    told = "No milestone is late."
    if len(behind):
        several = "is" if len(behind) == 1 else "are"
        told = f"**{plural(len(behind), 'account')}** with **{money(behind['mrr'].sum(), book)}** MRR {several} behind."
    say(f"{told} {_wait(whole)}")


def _wait(whole: pd.DataFrame) -> str:
    if whole.empty or pd.isna(whole["days"].iloc[0]):
        return ""
    row = whole.iloc[0]
    return (
        f"Half of the {row['accounts']:,} accounts that started in the last year were live after "
        f"**{DAYS.write(row['days'])}**{_likely(row)}."
    )


def _likely(row: pd.Series) -> str:
    return "" if pd.isna(row["low"]) or pd.isna(row["high"]) else f" (likely {row['low']:.0f} to {row['high']:.0f})"


def open_milestones(book: Book) -> None:
    """How many milestones wait, by state, and each of them."""
    try:
        rows = milestones_of(book)
    except Dark as reason:
        st.info(str(reason))
        return
    if rows.empty:
        st.success("Every milestone on record is reached.")
    else:
        _by_state(book, rows)
        columns = ("name", "milestone", "state", "days_late", "due_on", "csm", "mrr")
        accounts(rows, "milestones", "Open milestones", columns, height="auto" if len(rows) <= 10 else 360)
    with st.expander("Set when a milestone is stuck"):
        set_dials([STUCK], book, "stuck", lambda before, after: _stuck_effect(before, after))


def _by_state(book: Book, rows: pd.DataFrame) -> None:
    stuck = STUCK.written(STUCK.of(book))
    states = [state for state in STATES if (rows["state"] == state).any()]
    parts = {state: rows[rows["state"] == state] for state in states}
    shown = pd.DataFrame(
        {
            "state": [MEANING[state].format(stuck=stuck) for state in states],
            "milestones": [f"{len(parts[state]):,}" for state in states],
            "accounts": [f"{parts[state]['account_id'].nunique():,}" for state in states],
            "mrr": [money(_mrr(parts[state]), book) for state in states],
        }
    )

    def behind(place: int) -> Drill:
        mine = parts[states[place]]
        return Drill(shown["state"][place], f"**{plural(len(mine), 'milestone')}**.", lambda: mine, book)

    config = {"state": st.column_config.TextColumn("State", width=270)}
    table_of_figures(shown, "milestone_states", {"milestones": behind, "accounts": behind, "mrr": behind}, config)


def _mrr(rows: pd.DataFrame) -> float:
    return float(rows.drop_duplicates("account_id")["mrr"].sum())


def _stuck_effect(before: Book, after: Book) -> None:
    was, would = ((milestones_of(book)["state"] == "stuck").sum() for book in (before, after))
    say(f"**{plural(int(would), 'milestone')}** would be stuck instead of {was:,}.")


def time_to_live(book: Book) -> None:
    """Days until half are live, by group."""
    try:
        by = choose("By", [name for name in book.groupings if name != "product"] or ["all"], key="live_by")
        rows = waits_by(book, None if by == "all" else by)
    except Dark as reason:
        st.info(str(reason))
        return
    if rows.empty:
        st.info("No account with an onboarding on record started in the last year.")
        return
    known = rows[rows["low"].notna() & rows["high"].notna()]
    if len(known):
        drawn = known.set_index("group")[["days", "low", "high"]].rename(columns={"days": "expected"})
        chart(charts.ranges(drawn, DAYS), key="time_to_live", alt="Days until half are live, by group")
    shown = pd.DataFrame(
        {
            "group": rows["group"],
            "accounts": [f"{count:,}" for count in rows["accounts"]],
            "live": [f"{count:,}" for count in rows["live"]],
            "half live after": [DAYS.write(days) for days in rows["days"]],
            "Likely": [_likely(row).strip(" ()").removeprefix("likely ") or "–" for _, row in rows.iterrows()],
        }
    )

    def behind(place: int) -> Drill:
        row = rows.iloc[place]
        told = f"**{row['live']:,} of {plural(int(row['accounts']), 'account')}** live."
        return Drill(f"Time to live, {row['group']}", told, lambda: _waiting(book, row["rows"]), book)

    table_of_figures(shown, "time_to_live_table", {"accounts": behind, "half live after": behind})
    say(
        "",
        "From the start date to the milestone for going live, else the last one. Accounts that started in the last "
        "year; those not live yet count for as long as they have waited. Likely: 80 in 100. "
        f"No figure below {FEWEST_FOR_A_RATE} accounts.",
    )


def _waiting(book: Book, rows: Sequence[int]) -> pd.DataFrame:
    """The accounts behind a figure of time to live, the longest first."""
    found = onboarding.waits(book)
    place = {row: at for at, row in enumerate(found.row.tolist())}
    at_rows = [place[row] for row in rows]
    told = pd.DataFrame(
        {
            "account_id": book.accounts.index[list(rows)],
            "name": book.accounts["name"].to_numpy()[list(rows)],
            "csm": book.csm_now[list(rows)],
            "mrr": book.balance(0, 0)[-1][list(rows)] / book.scale,
            "days": found.days[at_rows],
            "live": found.live[at_rows],
        }
    )
    return told.sort_values("days", ascending=False, kind="stable")


def training(book: Book, known: Book, metrics: Sequence[Metric], months: int) -> None:
    """How much new MRR each CSM had trained in time; what customers said of it, in the book as it stands."""
    lit = [metric for metric in metrics if metric.dark(book) is None]
    if lit:
        say("##### New MRR trained, by CSM")
        _trained_by_csm(book, lit, months)
    else:
        st.info(metrics[0].dark(book) or "")
    say("##### What they said of the training")
    try:
        said = onboarding.training_feedback(known)
    except Dark as reason:
        st.info(str(reason))
        return
    if said.empty:
        st.info(
            "Nobody was asked about a training in the last year. Name the occasion of such surveys: a column occasion "
            "with the word training."
        )
        return
    told = [
        f"{escaped(row['kind'])}: **{row['mean']:.1f}** on average, {plural(int(row['answers']), 'answer')}"
        for _, row in onboarding.satisfied(said).iterrows()
    ]
    say(" · ".join(told))
    accounts(said, "training_feedback", "Training feedback", height="auto" if len(said) <= 8 else 320)


def _trained_by_csm(book: Book, metrics: Sequence[Metric], months: int) -> None:
    tallies = {metric: metric.tally(book, months, "csm") for metric in metrics}
    first = tallies[metrics[0]].bottom.iloc[-1]
    names = [name for name in first.index if any(tally.bottom.iloc[-1][name] > 0 for tally in tallies.values())]
    if not names:
        st.info("No account started early enough to be counted in this period. Choose a longer one.")
        return
    shown = pd.DataFrame({"csm": [str(name) for name in names]})
    for metric, tally in tallies.items():
        value, bottom = tally.values.iloc[-1], tally.bottom.iloc[-1]
        shown[metric.label] = [
            f"{metric.unit.write(value[name])} of {money(bottom[name], book)}" if bottom[name] > 0 else "–"
            for name in names
        ]

    def behind(metric: Metric) -> Callable[[int], Drill]:
        return lambda place: Drill.of(metric, book, months, "csm", names[place])

    table_of_figures(shown, "trained_by_csm", {metric.label: behind(metric) for metric in metrics})
    say("", f"{metrics[0].sentence(months)} Names in their order; small books differ by luck.")


def fast_onboarding(book: Book) -> None:
    """How many accounts are left after the first renewal, by how fast they were live."""
    try:
        curves = onboarding_pays.by_speed(book)
    except Dark as reason:
        st.info(str(reason))
        return
    if curves.empty or curves["age_months"].max() < onboarding_pays.RENEWAL:
        st.info(f"This needs {FEWEST_FOR_A_RATE} accounts with an onboarding that were seen for a year after it.")
        return
    drawn = curves.assign(name=curves["group"])
    few = (drawn["at_risk"] < FEWEST_FOR_A_RATE).groupby(drawn["name"]).cummax()
    chart(
        charts.survival(drawn[~few & (drawn["age_months"] >= DRAWN_FROM)]),
        key="fast_onboarding",
        alt="Share of accounts left by months since the start, by speed of onboarding, with the number at risk",
        sentence=_payoff(curves),
        footer="From the first paid close; who was live in time is known at the end of the month of its due date, and "
        "accounts are watched from then on (Kaplan–Meier). Unknown: without an onboarding on record. Band: 95 %. "
        "A difference is no proof: easy customers may be live sooner and stay longer.",
    )
    _speeds(book, curves)


def _payoff(curves: pd.DataFrame) -> str:
    found = onboarding_pays.gap(curves)
    if found is None:
        return "One of the two groups was not seen up to the first renewal, so they cannot be compared."
    apart = f"{100 * abs(found.difference):.0f} points"
    which = "more" if found.difference >= 0 else "fewer"
    likely = f"likely {100 * found.low:.0f} to {100 * found.high:.0f}"
    chance = "more than chance would make of it" if found.beyond_chance else "which chance alone could make of it"
    return f"After the first year **{apart} {which}** of those live in time are left ({likely}): {chance}."


def _speeds(book: Book, curves: pd.DataFrame) -> None:
    """What is left of each speed after the first renewal, and the accounts behind it."""
    found = onboarding_pays.speeds(book)
    names = [name for place, name in enumerate(onboarding_pays.SPEEDS) if (found.speed == place).any()]
    mine = [found.speed == onboarding_pays.SPEEDS.index(name) for name in names]
    rows = [at(curves[curves["group"] == name], onboarding_pays.RENEWAL) for name in names]
    shown = pd.DataFrame(
        {
            "Live": [name.capitalize() for name in names],
            "accounts": [f"{each.sum():,}" for each in mine],
            "lost": [f"{(each & found.lost).sum():,}" for each in mine],
            "Left after 12 months": ["–" if row is None else percent(row["survival"]) for row in rows],
            "Likely, 95 in 100": [
                "–" if row is None or row["low"] != row["low"] else f"{percent(row['low'])} – {percent(row['high'])}"
                for row in rows
            ],
            "Seen at 12 months": ["–" if row is None else f"{row['at_risk']:,.0f}" for row in rows],
        }
    )

    def behind(only_lost: bool) -> Callable[[int], Drill]:
        return lambda place: Drill(
            f"Live {names[place]}" + (", lost" if only_lost else ""),
            "Watched from the month of the due date on.",
            lambda: _lives(book, found, mine[place] & (found.lost if only_lost else True)),
            book,
        )

    table_of_figures(shown, "speeds", {"accounts": behind(False), "lost": behind(True)})


def _lives(book: Book, found: onboarding_pays.Speeds, which: np.ndarray) -> pd.DataFrame:
    row = found.row[which]
    return pd.DataFrame(
        {
            "account_id": book.accounts.index[row],
            "name": book.accounts["name"].to_numpy()[row],
            "csm": book.csm_now[row],
            "mrr": book.balance(0, 0)[-1][row] / book.scale,
            "months_seen": found.end[which],
            "lost": found.lost[which],
        }
    )
