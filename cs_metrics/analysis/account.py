"""One account: what is known of it on a day, what happened to it, and when."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_metrics.analysis.risk import described, fired
from cs_metrics.book import Book
from cs_metrics.signal import signals

EVENTS: tuple[tuple[str, str, str, str], ...] = (
    ("touchpoints", "done_on", "Touchpoint", "{kind}"),
    ("tickets", "opened_at", "Ticket opened", "{priority}"),
    ("tickets", "solved_at", "Ticket solved", "{priority}"),
    ("surveys", "responded_at", "Survey", "{kind} {score:g} {comment}"),
    ("pulses", "given_on", "Pulse", "{pulse:g} of 5 {reason} {note}"),
    ("risks", "opened_on", "Risk flagged", "{reason}: {plan}"),
    ("risks", "closed_on", "Risk closed", "{outcome}"),
    ("actions", "done_on", "Action done", "{action}"),
    ("notes", "written_on", "Note", "{note}"),
    ("onboarding", "done_on", "Milestone", "{milestone}"),
    ("contacts", "left_on", "Contact left", "{name}, {role}"),
    ("opportunities", "opened_on", "Opportunity", "{kind} {product} {stage}"),
    ("advocacy", "done_on", "Advocacy", "{kind}"),
    ("outcomes", "achieved_on", "Outcome", "{story}"),
    ("churns", "churned_on", "Churn stated", "{reason} {comment}"),
)


class _Blank(dict):
    """Column values for a sentence; what is not there is nothing."""

    def __missing__(self, key: str) -> str:
        return ""


def facts_of(book: Book) -> dict[str, object]:
    """What a list says of an account, for a book of one: MRR, ARR, renewal, health, pulse."""
    row = described(book, np.array([0])).iloc[0]
    return {
        "mrr": row["mrr"],
        "arr": 12 * row["mrr"],
        "renewal_date": row["renewal_date"],
        "health": row["health"],
        "pulse": row["pulse"],
    }


def described_by(book: Book) -> dict[str, str]:
    """Who holds an account and what describes it, for a book of one: its CSM, its segment and other attributes."""
    account = book.accounts.drop(columns=["name", "csm", "renewal_date"], errors="ignore").iloc[0]
    known: dict[str, object] = {"csm": book.owners.names[book.owners.held[-1, 0]]}
    known |= {str(name): value for name, value in account.items()}
    return {name: _plain(value) for name, value in known.items() if value is not None and value == value}


def _plain(value: object) -> str:
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def reasons_of(book: Book) -> list[str]:
    """Why the account is at risk: the sentences of the signals that fire, heaviest first."""
    return fired(book, signals("risk")).sort_values("weight", ascending=False, kind="stable")["reason"].tolist()


def history_of(book: Book) -> pd.DataFrame:
    """MRR by month, a column per product: months × products."""
    split = book.per_product()
    frame = split.mrr.T
    frame.columns = [str(product) or "MRR" for product in split.accounts["product"]]
    return frame


def timeline(book: Book) -> pd.DataFrame:
    """Everything that happened, latest first: ``date, what, detail``."""
    found = []
    for table, when, what, says in EVENTS:
        rows = book.facts.get(table)
        if rows is None or when not in rows:
            continue
        for entry in rows[rows[when].notna()].to_dict("records"):
            known = _Blank({str(k): v for k, v in entry.items() if v is not None and v == v})
            found.append((entry[when], what, _said(says, known)))
    found += [(day, "Hand-over", f"{before} → {after}") for day, before, after in _handovers(book)]
    table_of = pd.DataFrame(found, columns=["date", "what", "detail"])
    return table_of.sort_values("date", ascending=False, kind="stable").reset_index(drop=True)


def _said(says: str, known: _Blank) -> str:
    try:
        text = says.format_map(known)
    except ValueError:
        text = " ".join(str(known[name]) for name in known if f"{{{name}" in says)
    return " ".join(text.split()).strip(": ")


def _handovers(book: Book) -> list[tuple[pd.Timestamp, str, str]]:
    names = book.owners.names
    moved = book.owners.handovers
    moved = moved[moved["day"] <= pd.Timestamp(book.known_on)]
    days, before, after = moved["day"], names.take(moved["before"].to_numpy()), names.take(moved["after"].to_numpy())
    return list(zip(days, before, after, strict=True))
