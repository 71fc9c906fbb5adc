"""The glossary: every definition, signal and target, rendered from where it is defined."""

from __future__ import annotations

import streamlit as st

from cs_metrics.health import LEAST_KNOWN, PARTS
from cs_metrics.metric import METRICS
from cs_metrics.signal import SIGNALS
from cs_metrics.targets import TARGETS
from pages.ui.pickers import months


def _fits(search: str, *texts: str) -> bool:
    return all(word in " ".join(texts).casefold() for word in search.casefold().split())


def _none(found: bool) -> None:
    if not found:
        st.info("Nothing here speaks of that. Try another word.")


def glossary_of_metrics(search: str) -> None:
    """Every metric: question, formula, what counts, source."""
    found = [m for m in METRICS.values() if _fits(search, m.name, m.label, m.question, m.formula)]
    for metric in found:
        with st.container(border=True):
            st.markdown(f"**{metric.label}**  \n{metric.question}")
            st.markdown(f"*{metric.sentence(months())}*")
            if prose := metric.details.partition(">>>")[0].strip():
                st.markdown(prose)
            st.caption(f"{metric.name} · {metric.source}")
    _none(bool(found))


def glossary_of_signals(search: str) -> None:
    """Every signal: when it fires, its sentence, the tables it reads."""
    found = [s for s in SIGNALS.values() if _fits(search, s.name, s.label, s.question, s.purpose)]
    for signal in found:
        with st.container(border=True):
            weight = f" · weight {signal.weight:.0%}" if signal.weight else ""
            st.markdown(f"**{signal.label}**  \n{signal.question}")
            needs = ", ".join(need if isinstance(need, str) else " or ".join(need) for need in signal.needs)
            st.caption(f"{signal.purpose.capitalize()}{weight} · reads {needs or 'revenue'}")
    _none(bool(found))


def glossary_of_health(search: str) -> None:
    """The parts of the health score."""
    st.markdown(
        "Health is 0 to 100, 100 = healthy: the weighted mean of its parts. A part that is not known drops out "
        f"and its weight is shared; below {LEAST_KNOWN.written(LEAST_KNOWN.ships)} of the weight there is no score."
    )
    found = [part for part in PARTS.values() if _fits(search, part.name, part.label, part.question)]
    for part in found:
        with st.container(border=True):
            st.markdown(f"**{part.label}**, weight {part.weight:g}  \n{part.question}")
            st.caption(f"Reads {part.needs}")
    _none(bool(found))


def glossary_of_targets(search: str) -> None:
    """The targets that ship."""
    found = [target for target in TARGETS.values() if _fits(search, target.metric, target.least.label)]
    for target in found:
        with st.container(border=True):
            ships = " to ".join(each.written(each.ships) for each in target.dials if each is not target.quarter)
            over = " in a year" if target.pace else ""
            st.markdown(f"**{target.least.label.partition(':')[0]}**: {ships}{over}")
            st.caption(f"Ships so: {target.source}")
    _none(bool(found))
    st.page_link("6_settings/1_targets.py", label="What your team set instead")
