"""One CSM's performance review for a period: what came of the work, what it started from, what was done, what was said.

Every figure stands beside the period before and its target; outcomes also beside what luck gives a book of that size.
What the manager wrote is kept with its day, and shown with it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cs_metrics.analysis.handovers import handovers, inherited
from cs_metrics.analysis.likely import answer_range
from cs_metrics.analysis.people import compare_people
from cs_metrics.analysis.stories import stories
from cs_metrics.analysis.voice import comments
from cs_metrics.book import Book
from cs_metrics.metric import METRICS
from cs_metrics.targets import target_of

OUTCOMES = ("net_revenue_retention", "gross_revenue_retention", "logo_retention")
RESULTS = ("expansion_rate", "gross_renewal_rate", "net_profitability")
WORK = (
    "cadence_kept", "qbr_on_schedule", "on_time_onboarding", "first_contact_resolution", "surprise_churn",
    "false_alarms", "escalations_resolved", "survey_coverage",
)  # fmt: skip
VOICE = ("nps", "response_rate", "csat", "ces")
FIGURES = ("metric", "label", "value", "before", "change", "target", "reached", "what_it_says", "dark")
KINDS = ("strength", "coaching")


@dataclass(frozen=True)
class Review:
    """A review: its sentence, and its sections as tables.

    ``outcomes``, ``work`` and ``voice`` have a row per figure: ``metric, label, value, before, change, target, reached,
    what_it_says, dark``. ``book`` is what was inherited, ``taken_over`` and ``handed_on`` account by account;
    ``stories``, ``references``, ``documentation`` and ``comments`` a row each; ``notes`` the manager's words, latest
    first.
    """

    csm: str
    period: str
    sentence: str
    outcomes: pd.DataFrame
    work: pd.DataFrame
    voice: pd.DataFrame
    book: pd.DataFrame
    taken_over: pd.DataFrame
    handed_on: pd.DataFrame
    stories: pd.DataFrame
    references: pd.DataFrame
    documentation: pd.DataFrame
    comments: pd.DataFrame
    notes: pd.DataFrame
    dark: tuple[str, ...]


def review(book: Book, csm: str, months: int = 12) -> Review:
    """How did this CSM do in the last months, against targets, luck and the months before?

    ``book`` is everybody's: what luck gives is told from the others. A figure that cannot be given says what to add.
    """
    mine = book.held_by(csm)
    outcomes = _figures(book, mine, (*OUTCOMES, *RESULTS), months)
    outcomes["what_it_says"] = _luck(book, csm, months, outcomes["metric"])
    moved = handovers(mine, months)
    held = book.take(book.csm_now == csm)
    dark: list[str] = []
    return Review(
        csm,
        period_of(book, months),
        _sentence(csm, outcomes),
        outcomes,
        _figures(book, mine, WORK, months),
        _voice(book, mine, months),
        inherited(mine).rename_axis("csm").reset_index(),
        moved[moved["to"] == csm].reset_index(drop=True),
        moved[moved["from"] == csm].reset_index(drop=True),
        _stories(held, months, dark),
        _references(held, months, dark),
        _documentation(book, csm, months, dark),
        _comments(held, months, dark),
        notes_of(book, csm),
        tuple(dark),
    )


def period_of(book: Book, months: int) -> str:
    """The period in words: 2025-10 to 2025-12."""
    return str(book.last) if months == 1 else f"{book.last - (months - 1)} to {book.last}"


def notes_of(book: Book, csm: str) -> pd.DataFrame:
    """What was written of a CSM, latest first: ``written_on, period, kind, note, author``."""
    columns = ["written_on", "period", "kind", "note", "author"]
    rows = book.facts.get("reviews")
    if rows is None:
        return pd.DataFrame(columns=columns)
    mine = rows[rows["csm"].astype(str) == csm].reindex(columns=columns)
    return mine.iloc[::-1].sort_values("written_on", ascending=False, kind="stable").reset_index(drop=True)


def _figures(book: Book, mine: Book, names: tuple[str, ...], months: int) -> pd.DataFrame:
    """Figures of the last period beside the one before and their targets."""
    rows = []
    for name in names:
        metric = METRICS[name]
        now, before = (_value(mine, name, months, back) for back in (0, months))
        goal = target_of(mine, name, months)
        target = np.nan if goal is None else goal.least
        ahead = (now >= target) if metric.good == "up" else (now <= target)
        told = "" if now != now or target != target else "reached" if ahead else "not reached"
        rows.append(
            {
                "metric": name,
                "label": metric.label,
                "value": now,
                "before": before,
                "change": now - before,
                "target": target,
                "reached": told,
                "what_it_says": "",
                "dark": metric.dark(mine) or "",
            }
        )
    return pd.DataFrame(rows, columns=list(FIGURES))


def _value(mine: Book, name: str, months: int, back: int) -> float:
    """The figure of the period that ends so many months before the last; not a number where there is none."""
    metric, closing = METRICS[name], mine.closes - 1 - back
    opening = closing - (months if metric.period else 0)
    if opening < 0 or metric.dark(mine):
        return np.nan
    asked = metric.asked(mine, opening if metric.period else max(opening - 1, 0), closing)
    values = metric.of(asked, months)
    return float(values.iloc[-1]) if len(values) else np.nan


def _luck(book: Book, csm: str, months: int, names: pd.Series) -> list[str]:
    """What luck gives a book of this size, in a sentence, for the figures that have one."""
    told = []
    for name in names:
        if name not in OUTCOMES:
            told.append("")
            continue
        people = compare_people(METRICS[name], book, months).people
        told.append(str(people.loc[csm, "sentence"]) if csm in people.index else "")
    return told


def _voice(book: Book, mine: Book, months: int) -> pd.DataFrame:
    """What customers said, in figures, each with how many said it."""
    rows = _figures(book, mine, VOICE, months)
    said = []
    for name in rows["metric"]:
        metric = METRICS[name]
        found = answer_range(metric, mine, months) if name in ("nps", "response_rate", "csat") else None
        if found is None or not found.accounts or found.low != found.low:
            said.append("")
            continue
        ends = " to ".join(metric.unit.write(end) for end in (found.low, found.high))
        who = "asked" if name == "response_rate" else "answers"
        said.append(f"{found.accounts:,} {who}; {ends} by chance")
    return rows.assign(what_it_says=said)


def _sentence(csm: str, outcomes: pd.DataFrame) -> str:
    """What the review comes to: how many targets are reached, and whether luck explains the figures."""
    judged = outcomes[outcomes["reached"] != ""]
    reached = int((judged["reached"] == "reached").sum())
    said = (
        f"{reached} of {len(judged)} targets of outcome reached."
        if len(judged)
        else "No outcome can be held against a target in this period."
    )
    look = outcomes["what_it_says"].str.contains("worth a look")
    known = outcomes["what_it_says"].str.startswith(("Inside", "Above", "Below"))
    if look.any():
        return f"{said} {' and '.join(outcomes.loc[look, 'label'])}: outside what luck gives, worth a look."
    return f"{said} Outcomes are within what luck gives a book of this size." if known.any() else said


def _within(book: Book, days: pd.Series, months: int) -> np.ndarray:
    close = book.closes_of(days)
    return days.notna().to_numpy() & (close > book.closes - 1 - months) & (close < book.closes)


def _stories(held: Book, months: int, dark: list[str]) -> pd.DataFrame:
    """Outcomes achieved in the period by customers the CSM holds."""
    if "outcomes" not in held.company.facts:
        dark.append("Stories: add the table outcomes.")
    rows = stories(held)
    rows = rows[_within(held, rows["achieved_on"], months)]
    return rows[["account_id", "name", "achieved_on", "story", "confirmed_by"]].reset_index(drop=True)


def _references(held: Book, months: int, dark: list[str]) -> pd.DataFrame:
    """What customers did for us in the period."""
    columns = ["account_id", "name", "kind", "done_on", "validated_by"]
    if "advocacy" not in held.company.facts:
        dark.append("References: add the table advocacy.")
        return pd.DataFrame(columns=columns)
    rows = held.facts["advocacy"]
    rows = rows[_within(held, rows["done_on"], months)].sort_values("done_on", ascending=False, kind="stable")
    return _named(held, rows, columns)


def _documentation(book: Book, csm: str, months: int, dark: list[str]) -> pd.DataFrame:
    """What the CSM wrote down for the others in the period."""
    columns = ["done_on", "kind", "title"]
    if "contributions" not in book.facts:
        dark.append("Documentation: add the table contributions.")
        return pd.DataFrame(columns=columns)
    rows = book.facts["contributions"]
    rows = rows[(rows["csm"].astype(str) == csm).to_numpy() & _within(book, rows["done_on"], months)]
    return rows.sort_values("done_on", ascending=False, kind="stable").reindex(columns=columns).reset_index(drop=True)


def _comments(held: Book, months: int, dark: list[str]) -> pd.DataFrame:
    """What customers the CSM holds wrote in the period."""
    if not held.knows("surveys.comment"):
        dark.append("What customers wrote: add comments to the table surveys.")
        return pd.DataFrame(columns=["account_id", "name", "day", "kind", "score", "comment"])
    return comments(held, months)[["account_id", "name", "day", "kind", "score", "comment"]]


def _named(book: Book, rows: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    row = rows["row"].to_numpy(dtype=np.intp)
    named = rows.assign(account_id=book.accounts.index.to_numpy()[row], name=book.accounts["name"].to_numpy()[row])
    return named.reindex(columns=columns).reset_index(drop=True)
