"""What was lost and who had seen it coming; what was flagged and stayed; by CSM and segment."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from cs_metrics import charts
from cs_metrics.analysis import foresight as past
from cs_metrics.analysis.foresight import IN_GOOD_TIME, LATE, NOBODY, STEPS, Foresight, foresight
from cs_metrics.book import Book, Dark
from cs_metrics.flags import IN_TIME, REMEMBERED, WATCHED_DAYS
from cs_metrics.metric import METRICS, Metric
from pages.ui.cards import kpis
from pages.ui.drill import Drill, table_of_figures
from pages.ui.lists import accounts
from pages.ui.past import shown, whole_until
from pages.ui.pickers import choose
from pages.ui.plots import chart, say
from pages.ui.words import escaped, money, plural

CARDS = ("surprise_churn", "churn_foreseen_90", "false_alarms", "escalations_resolved")
FIGURES = (
    "surprise_churn", "churn_foreseen_30", "churn_foreseen_60", "churn_foreseen_90", "false_alarms",
    "escalations_resolved", "days_to_resolve",
)  # fmt: skip
SHORT = {
    "surprise_churn": "Surprise", "churn_foreseen_30": "Flagged 30 days before", "churn_foreseen_60": "60 days before",
    "churn_foreseen_90": "90 days before", "false_alarms": "False alarms",
    "escalations_resolved": "Escalations resolved", "days_to_resolve": "Days to resolve",
}  # fmt: skip
LOST = ("name", "mrr", "lost_in", "seen", "person_days", "why", "tool_days", "csm")
STAYED = ("name", "mrr_then", "mrr_later", "became", "flagged_on", "why", "taken_down", "csm")
ALL = "All"


def seen_coming(book: Book, months: int) -> None:
    """The answer, how early, the accounts, the false alarms beside them, and the figures by group."""
    try:
        found = book.answered(("foresight", months), lambda: foresight(book, months, _tool(book)))
    except Dark as reason:
        st.info(escaped(str(reason)))
        st.page_link("1_book/3_data.py", label="Go to Data")
        return
    say(_answer(found, book, months), past.stated(book, months))
    kpis(*(METRICS[name] for name in CARDS), of=book, months=months, key="seen_")
    if len(found.lost):
        left, right = st.columns([2, 3], gap="medium")
        with left:
            _lead(found, book)
        with right:
            _lost(found)
    _stayed(book, months)
    _by_group(book, months)
    _rule(book)


def _tool(book: Book) -> pd.DataFrame:
    """What the tool had listed, of the whole company, as far as it is about this part of it."""
    whole = whole_until(book)
    with shown("Asking the signals") as progress:
        return past.told_of(past.tool_warnings(whole, progress), whole, book)


def _answer(found: Foresight, book: Book, months: int) -> str:
    """How much left, how much of it by surprise, in a sentence or two."""
    lost = found.lost
    left_out = f" {money(found.left_out, book)} left before anybody gave flags or pulses: not counted."
    more = left_out if found.left_out >= 1 else ""
    if lost.empty:
        return f"No account that could have been flagged left in the {plural(months, 'month')} to {book.last}.{more}"
    none = lost[lost["seen"] != IN_GOOD_TIME]
    late = lost[lost["seen"] == LATE]
    days = int(IN_TIME.of(book))
    told = (
        f"**{money(lost['mrr'].sum(), book)}** MRR left with {plural(len(lost), 'account')} in the "
        f"{plural(months, 'month')} to {book.last}. "
    )
    if none.empty:
        return f"{told}Every one had been flagged at least {days} days before.{more}"
    worst = none.iloc[0]
    told += (
        f"**{money(none['mrr'].sum(), book)}** of it with {plural(len(none), 'account')} nobody had flagged "
        f"{days} days before"
    )
    told += f" ({plural(len(late), 'account')} later than that)" if len(late) else ""
    return f"{told}; the largest is {escaped(worst['name'])} with {money(worst['mrr'], book)}.{more}"


def _lead(found: Foresight, book: Book) -> None:
    say("##### How long before")
    leads = found.lead()
    chart(
        charts.lead(leads, STEPS),
        key="lead",
        alt="Share of the lost MRR that a person, the tool, or either had flagged 30, 60 and 90 days before",
        sentence=_sentence(leads),
        footer="Of the lost MRR. A person: a risk flag or a pulse of 1 or 2. The tool: on its list at a quarter-end, "
        "by signals that do not merely repeat a person. Days to the first of the month without revenue. "
        "Click for the accounts.",
        behind=lambda point: _behind(found, book, point),
    )


def _sentence(leads: pd.DataFrame) -> str:
    said = [
        f"{row['who']} saw {plural(int(row['accounts']), 'account')}"
        + (f", half of them {row['median_days']:.0f} days before or earlier" if row["accounts"] else "")
        for _, row in leads.iloc[:2].iterrows()
    ]
    return "; ".join(said).replace("; The", "; the") + "."


def _behind(found: Foresight, book: Book, point: dict[str, Any]) -> Drill | None:
    """The lost accounts that a watcher had seen so many days before."""
    who, step = point.get("customdata"), str(point.get("x", "")).partition(" ")[0]
    who = who[0] if isinstance(who, list) else who
    if not who or not step.isdigit():
        return None
    days = found.lost[["person_days", "tool_days"]]
    ahead = {past.PERSON: days["person_days"], past.TOOL: days["tool_days"]}.get(str(who), days.max(axis=1))
    rows = found.lost[ahead >= int(step)].round({"mrr": 2})
    sentence = f"**{money(rows['mrr'].sum(), book)}** of {money(found.lost['mrr'].sum(), book)} lost MRR."
    return Drill(f"{who}, {step} days before", sentence, lambda: rows, book)


def _lost(found: Foresight) -> None:
    """The accounts lost, all or those seen in one way."""
    say("##### What was lost")
    counts = found.lost["seen"].value_counts()
    kinds = [ALL, *(kind for kind in (NOBODY, LATE, IN_GOOD_TIME) if kind in counts)]
    chosen = st.segmented_control(
        "Seen", kinds, default=ALL, required=True, key="seen_how", bind="query-params", label_visibility="collapsed",
        format_func=str.capitalize,
    )  # fmt: skip
    rows = found.lost if chosen in (ALL, None) else found.lost[found.lost["seen"] == chosen]
    accounts(rows, "seen_lost", "Lost accounts", LOST, height=330)


def _stayed(book: Book, months: int) -> None:
    """What was flagged and was still here 180 days later, beside what left."""
    found = book.answered(("flagged and stayed", months), lambda: past.flagged_and_stayed(book, months))
    say("##### What was flagged, and what became of it")
    if found.empty:
        st.info(f"No flag's {WATCHED_DAYS} days were up in the {plural(months, 'month')} to {book.last}.")
        return
    left = found[found["became"] == "left"]
    kept = found["mrr_later"].clip(upper=found["mrr_then"]).sum()
    say(
        f"{plural(len(found), 'flag')} on {money(found['mrr_then'].sum(), book)} MRR: {money(kept, book)} of it was "
        f"still here {WATCHED_DAYS} days later, {plural(len(left), 'account')} left.",
        "What stayed may have been a false alarm or a rescue: look at both. Of the flags whose "
        f"{WATCHED_DAYS} days were up in the period, taken down since or not.",
    )
    accounts(found, "seen_stayed", "Flagged accounts", STAYED, height=min(38 + 35 * len(found), 330))


def _by_group(book: Book, months: int) -> None:
    """The figures per group; each opens its accounts."""
    groups = [name for name in book.groupings if name != "product"]
    if not groups:
        return
    say("##### By group")
    by = choose("By", groups, key="seen_by")
    metrics = [METRICS[name] for name in FIGURES if METRICS[name].dark(book) is None]
    values = book.answered(("seen by", by, months), lambda: {m.name: m.by(book, by, months).iloc[-1] for m in metrics})
    rows = pd.DataFrame(values)
    rows = rows[rows.notna().any(axis=1)]
    if rows.empty:
        st.info("Nothing was lost or flagged in the period.")
        return
    names = [str(name) for name in rows.index]
    written = pd.DataFrame(
        {by: names, **{SHORT[m.name]: [m.unit.write(value) for value in rows[m.name]] for m in metrics}}
    )

    def opens(metric: Metric) -> Any:
        return lambda place: Drill.of(metric, book, months, by, names[place])

    table_of_figures(written, "seen_groups", {SHORT[m.name]: opens(m) for m in metrics})
    say("", "Sums of MRR over sums of MRR in the period, by who held the account. With few losses, luck decides.")


def _rule(book: Book) -> None:
    with st.expander("What counts as seen"):
        st.markdown(
            f"A person flags an account by a row in risks or a pulse of 1 or 2. A flag is **in time** when it was "
            f"given {IN_TIME.of(book):.0f} days before the loss or earlier and stood at some time in the "
            f"{REMEMBERED.of(book):.0f} days before it. A loss is dated on the first of the month without revenue, the "
            "earliest day it can have been. Only revenue says what was lost: flags of churn and logs of churn of other "
            "systems do not count here."
        )
        figures = [METRICS[name] for name in FIGURES]
        st.table({metric.label: metric.sentence(12) for metric in figures})
