"""Targets that are days or counts: how early, how often, how many; what another would do is shown before it is kept."""

from __future__ import annotations

import streamlit as st

from cs_metrics.analysis.advocate_targets import REFERENCES, STORIES, progress
from cs_metrics.analysis.dial_effect import changed
from cs_metrics.book import Book, Dark, Problem
from cs_metrics.dials import DIALS, dials_of, tried
from cs_metrics.flags import IN_TIME
from cs_metrics.metric import METRICS
from cs_metrics.signals.risk import NEAR
from pages.ui.dial_editor import dial_history, editable, edited, keep_button, take_back
from pages.ui.plots import say
from pages.ui.today import now
from pages.ui.words import escaped, plural

KEY = "target_days"
BEARS_ON = {"foresight": "surprise_churn", "cadence": "cadence_kept"}


def days_and_counts(book: Book, months: int) -> None:
    """The editor, the effect, the history. They hold for everyone."""
    allowed, standing = editable(book), now(book)
    dials = [NEAR, IN_TIME, *dials_of("cadence"), REFERENCES, STORIES]
    values = edited(dials, standing, KEY, allowed)
    try:
        new = changed(standing, values)
    except Problem as problem:
        st.error(escaped(str(problem)))
        return
    if new:
        say("##### What this would do")
        for name, value in new.items():
            was = DIALS[name].written(DIALS[name].of(standing))
            say(f"{DIALS[name].label}: {was} → {DIALS[name].written(value)}. {_effect(standing, name, value, months)}")
        keep_button(new, KEY)
    elif allowed:
        say("", "They hold for everyone. Type another value: what it would do is shown here before you keep it.")
    if allowed:
        take_back(dials, standing, KEY, bool(new))
    dial_history(standing, [each.name for each in dials], KEY)


def _effect(book: Book, name: str, value: float, months: int) -> str:
    """What moves with a dial, in a sentence."""
    then = tried(book, {name: value})
    if name in (REFERENCES.name, STORIES.name):
        before, after = (int((progress(each)["missing"] != "nothing").sum()) for each in (book, then))
        return f"{plural(after, 'CSM')} would miss references or stories, {before} now."
    metric = METRICS.get(BEARS_ON.get(name.partition(".")[0], ""))
    if metric is None:
        return "The list of renewals without a plan reaches so far ahead."
    try:
        before_value, after_value = (metric.of(each, months).iloc[-1] for each in (book, then))
    except (Dark, IndexError):
        return ""
    write = metric.unit.write
    return f"{metric.label} would be **{write(after_value)}** instead of {write(before_value)}."
