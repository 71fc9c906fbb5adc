"""The signals as a registry: each with its words, whom it fires for, what it lacks, its record, its thresholds."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from cs_metrics.analysis.dial_effect import SignalEffect, changed, signal_effect
from cs_metrics.analysis.registry import accounts_firing, registry
from cs_metrics.book import Book, Problem
from cs_metrics.signal import SIGNALS, Purpose, Signal
from pages.ui.dial_editor import dial_history, editable, edited, keep_button, take_back
from pages.ui.drill import Drill, table_of_figures
from pages.ui.health import movers
from pages.ui.plots import say
from pages.ui.signal_records import record_of
from pages.ui.tiles import figures
from pages.ui.words import escaped, money, percent, plural

PURPOSES: dict[str, Purpose] = {"Risk": "risk", "Growth": "growth", "Advocacy": "advocacy"}
FOLLOWED = {"Risk": "lost", "Growth": "paid more"}
QUICK = 2_000


def signals_answer(book: Book) -> None:
    """How many signals there are, how many can be told, and how many fire."""
    rows = registry(book)
    told = rows[rows["dark"] == ""]
    figures(
        {
            "Signals": f"{len(rows)}",
            "That can be told": f"{len(told)}",
            "Firing for somebody": f"{int((told['accounts'] > 0).sum())}",
            "In the dark": f"{len(rows) - len(told)}",
        },
        book,
    )


def signal_list(book: Book) -> str | None:
    """The signals of a purpose, a row each with its record; returns the one whose thresholds are shown."""
    label = st.segmented_control(
        "For", list(PURPOSES), default="Risk", required=True, key="purpose", bind="query-params"
    )
    record = _asked_record(book, PURPOSES[label or "Risk"])
    rows = registry(book)
    rows = rows[rows["purpose"] == PURPOSES[label or "Risk"]].reset_index(drop=True)
    dark = rows["dark"] != ""
    shown = pd.DataFrame(
        {
            "signal": rows["label"],
            "accounts": ["–" if off else f"{count:,.0f}" for off, count in zip(dark, rows["accounts"], strict=True)],
            "mrr": ["–" if off else money(amount, book) for off, amount in zip(dark, rows["mrr"], strict=True)],
        }
    )
    if label == "Risk":
        shown["weight"] = [percent(weight).replace(".0", "") for weight in rows["weight"]]
    if record is not None:
        shown["record"] = [_record(record, name, label or "Risk") for name in rows["signal"]]
    shown["when"] = [f"in the dark: {why.partition(': ')[2]}" if why else when
                     for why, when in zip(rows["dark"], rows["when"], strict=True)]  # fmt: skip

    def behind(row: int) -> Drill | None:
        return None if dark[row] else signal_drill(book, SIGNALS[rows["signal"].iloc[row]])

    column = st.column_config
    config = {
        "signal": column.TextColumn("Signal", pinned=True, width=170),
        "when": column.TextColumn("Fires when", width=560),
        "weight": column.TextColumn(
            "Weight", alignment="right", help="The chance of a loss within 180 days that it alone stands for."
        ),
        "record": column.TextColumn(
            "Its record", width=210, help="At past quarter-ends, as known then: how often it came true in 180 days."
        ),
    }
    table_of_figures(shown, f"signals_{label}", {"accounts": behind, "mrr": behind}, config, height=_height(len(shown)))
    say("", "A click on a figure opens its accounts. Counted are all customers of the company, whatever is filtered.")
    _dark(rows[dark])
    return _chosen(rows)


def _height(rows: int) -> int | str:
    return "auto" if rows <= 10 else 35 + 33 * rows


def _asked_record(book: Book, purpose: Purpose) -> pd.DataFrame | None:
    """The record of each signal; asked for at once where it is quick. Advocacy foretells nothing, and has none."""
    if purpose == "advocacy":
        return None
    asked = st.toggle("What followed in the past", value=len(book) <= QUICK, key="with_record")
    return record_of(book, purpose) if asked else None


def _record(record: pd.DataFrame, name: str, label: str) -> str:
    """How often what it warns of, or promises, followed."""
    found = record[record["signal"] == name]
    if found.empty or not found["quarter_ends"].iloc[0]:
        return "no past to ask"
    if not found["times"].iloc[0]:
        return "never fired"
    followed, times = int(found["followed"].iloc[0]), int(found["times"].iloc[0])
    return f"{followed:,} of {times:,} {FOLLOWED[label]} ({percent(followed / times)})"


def _dark(rows: pd.DataFrame) -> None:
    if len(rows):
        with st.expander(f"{plural(len(rows), 'signal')} in the dark: what to upload"):
            st.markdown("\n".join(f"- {escaped(why)}" for why in rows["dark"]))
            st.page_link("1_book/3_data.py", label="Go to Data")


def _chosen(rows: pd.DataFrame) -> str | None:
    """The signal whose thresholds are shown."""
    names = dict(zip(rows["label"], rows["signal"], strict=True))
    label = st.selectbox("Set the thresholds of", list(names), key="signal", bind="query-params", width=320)
    return names.get(label or "")


def signal_drill(book: Book, signal: Signal) -> Drill:
    """The customers a signal fires for, each with its sentence."""
    rows = accounts_firing(book, signal)
    mrr = money(rows["mrr"].sum(), book)
    sentence = f"**{plural(len(rows), 'customer')}** with **{mrr}** MRR. {escaped(signal.when(book))}"
    return Drill(signal.label, sentence, lambda: rows, book)


def signal_dials(book: Book, name: str) -> None:
    """A signal's weight and thresholds: edited, with the effect shown before they are kept, and their history."""
    signal, key = SIGNALS[name], f"signal_{name}"
    say(escaped(signal.when(book)), f"Reads {_reads(signal)}.")
    if not signal.dials:
        st.caption("This signal has nothing to set.")
        return
    allowed = editable(book)
    left, right = st.columns(2, gap="medium")
    with left:
        values = edited(signal.dials, book, key, allowed)
    with right:
        try:
            new = changed(book, values)
        except Problem as problem:
            st.error(escaped(str(problem)))
            return
        if new:
            effect = signal_effect(book, signal, new)
            _say_effect(effect)
            keep_button(new, key)
        elif allowed:
            st.info("Type another value: what it would do is shown here before you keep it.")
        if allowed:
            take_back(signal.dials, book, key, bool(new))
    if new:
        for rows, words in ((effect.come, "It would newly fire for"), (effect.gone, "It would no longer fire for")):
            if len(rows):
                say(f"**{words}**")
                movers(
                    rows,
                    f"{key}_{'come' if rows is effect.come else 'gone'}",
                    words,
                    ("name", "mrr", "reasons", "csm"),
                    280,
                )
    if others := [each.label for each in signal.dials if not each.name.startswith(f"{name}.")]:
        say("", f"Shared with other signals or the score: {'; '.join(others)}.")
    dial_history(book, [each.name for each in signal.dials], key)


def _reads(signal: Signal) -> str:
    return escaped(", ".join(n if isinstance(n, str) else " or ".join(n) for n in signal.needs) or "revenue")


def _say_effect(effect: SignalEffect) -> None:
    """What the values typed would do, in a sentence."""
    said = f"It would fire for **{plural(effect.after, 'customer')}** instead of {effect.before:,}"
    said += f": {len(effect.come):,} more, {len(effect.gone):,} no longer."
    if effect.at_risk_before or effect.at_risk_after:
        said += f" At risk: **{effect.at_risk_after:,}** instead of {effect.at_risk_before:,}."
    say(said)
