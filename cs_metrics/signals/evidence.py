"""The evidence behind a signal: the rows of the tables that made it fire for an account.

A signal without a function of its own here shows the latest rows of the tables it reads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from cs_metrics.book import Book
from cs_metrics.facts import HAPPENED, KNOWN
from cs_metrics.lately import URGENT, days_before, use_by_month
from cs_metrics.signal import SIGNALS

LATEST = 6
QUARTER, HALF_A_YEAR, YEAR = 90, 180, 365
TICKET = ("opened_at", "priority", "solved_at", "replies", "csat")
CONTACT = ("kind", "planned_for", "done_on", "csm")
SHOWN: dict[str, tuple[str, ...]] = {
    "tickets": TICKET,
    "touchpoints": CONTACT,
    "pulses": ("given_on", "pulse", "reason", "note", "csm"),
    "risks": ("opened_on", "reason", "root_cause", "plan", "planned_on", "owner", "escalated_to"),
    "surveys": ("kind", "sent_at", "responded_at", "score", "comment", "respondent"),
    "invoices": ("issued_on", "due_on", "paid_on", "amount", "currency"),
    "contacts": ("name", "role", "since", "left_on"),
    "onboarding": ("milestone", "due_on", "done_on"),
    "notes": ("written_on", "note", "author"),
    "usage": ("day", "active_users", "licensed_seats", "logins", "features_used", "features_available"),
}
Evidence = Callable[[Book, int], pd.DataFrame]
OF: dict[str, Evidence] = {}


class Behind(NamedTuple):
    """What lies behind a signal: a title, and rows; no row where nothing of the kind happened."""

    what: str
    rows: pd.DataFrame


def evidence(book: Book, name: str, row: int) -> list[Behind]:
    """The rows behind a signal that fired for an account, given by its position. Blank columns are left out."""
    if name in OF:
        found = [Behind(OF[name].__doc__ or "", OF[name](book, row))]
    else:
        tables = dict.fromkeys(need.partition(".")[0] for needs in SIGNALS[name].needs for need in _each(needs))
        found = [Behind(f"The latest {table}", latest(book, table, row)) for table in tables if table in book.facts]
    return [Behind(what, rows.dropna(axis=1, how="all").reset_index(drop=True)) for what, rows in found]


def _each(needs: str | tuple[str, ...]) -> tuple[str, ...]:
    return (needs,) if isinstance(needs, str) else needs


def behind(*names: str) -> Callable[[Evidence], Evidence]:
    """Make a function the evidence of signals; its docstring is the title of the rows."""

    def register(function: Evidence) -> Evidence:
        OF.update(dict.fromkeys(names, function))
        return function

    return register


def rows_of(book: Book, table: str, row: int) -> pd.DataFrame:
    """What a table says of an account, by its position."""
    rows = book.facts[table]
    return rows[rows["row"] == row]


def shown(table: str, rows: pd.DataFrame, by: str) -> pd.DataFrame:
    """The columns of a table that matter, the latest rows first."""
    columns = [c for c in SHOWN.get(table, tuple(rows.columns)) if c in rows and c not in ("row", "account_id")]
    return rows.sort_values(by, ascending=False, kind="stable")[columns].rename(columns={"note": "in_words"})


def latest(book: Book, table: str, row: int, count: int = LATEST) -> pd.DataFrame:
    """The latest rows of a table about an account."""
    rows = rows_of(book, table, row)
    by = HAPPENED.get(table) or next((c for c in KNOWN[table].since if c in rows), rows.columns[0])
    return shown(table, rows, by).head(count)


@behind("risk_is_flagged")
def open_risk(book: Book, row: int) -> pd.DataFrame:
    """The open risk"""
    rows = rows_of(book, "risks", row)
    return shown("risks", rows[rows["closed_on"].isna()], "opened_on")


@behind("pulse_is_low", "pulse_is_falling", "pulse_is_high")
def last_pulses(book: Book, row: int) -> pd.DataFrame:
    """The last pulses"""
    return latest(book, "pulses", row, 3)


@behind("usage_is_falling", "seat_use_is_low", "is_a_power_user")
def use(book: Book, row: int) -> pd.DataFrame:
    """Use in the last six complete months"""
    found = use_by_month(book, 6)
    running = pd.Period(book.known_on, "M")
    last = running if running.end_time.date() == book.known_on else running - 1
    table = pd.DataFrame(
        {
            "month": [str(last - back) for back in range(5, -1, -1)],
            found.word.replace(" ", "_") or "use": found.volume[row],
            "active_users": found.active_users[row],
            "licensed_seats": found.licensed_seats[row],
        }
    )
    return table.iloc[::-1]


@behind("tickets_are_more_than_usual")
def tickets_of_a_year(book: Book, row: int) -> pd.DataFrame:
    """The tickets of the last twelve months"""
    rows = rows_of(book, "tickets", row)
    return shown("tickets", rows[days_before(book, rows["opened_at"]) <= YEAR], "opened_at")


@behind("urgent_ticket_is_open")
def urgent_tickets(book: Book, row: int) -> pd.DataFrame:
    """Urgent tickets not solved"""
    rows = rows_of(book, "tickets", row)
    still = rows["solved_at"].isna() & rows["priority"].str.casefold().isin(URGENT)
    return shown("tickets", rows[still], "opened_at")


@behind("support_is_rated_low")
def rated_tickets(book: Book, row: int) -> pd.DataFrame:
    """The last tickets that were rated"""
    rows = rows_of(book, "tickets", row)
    return shown("tickets", rows[rows["csat"].notna()], "opened_at").head(3)


@behind("is_a_detractor", "is_a_promoter")
def answers(book: Book, row: int) -> pd.DataFrame:
    """The last answers to NPS"""
    rows = rows_of(book, "surveys", row)
    nps = rows["score"].notna() & (rows["kind"].str.upper() == "NPS")
    return shown("surveys", rows[nps].assign(at=rows["responded_at"].fillna(rows["sent_at"])), "at").head(3)


@behind("surveys_go_unanswered")
def surveys_asked(book: Book, row: int) -> pd.DataFrame:
    """The surveys of the last twelve months"""
    rows = rows_of(book, "surveys", row)
    return shown("surveys", rows[days_before(book, rows["sent_at"]) <= YEAR], "sent_at")


@behind("champion_has_left")
def contacts_gone(book: Book, row: int) -> pd.DataFrame:
    """Who left"""
    rows = rows_of(book, "contacts", row)
    return shown("contacts", rows[days_before(book, rows["left_on"]) <= HALF_A_YEAR], "left_on")


@behind("competitor_is_mentioned")
def mentions(book: Book, row: int) -> pd.DataFrame:
    """Where it was said"""
    found = []
    for table, when, texts in (
        ("pulses", "given_on", ("reason", "note")),
        ("risks", "opened_on", ("reason", "plan")),
        ("surveys", "responded_at", ("comment",)),
        ("notes", "written_on", ("note",)),
    ):
        if table not in book.facts:
            continue
        rows = rows_of(book, table, row)
        for text in texts:
            said = rows[rows[text].str.contains(r"(?i)\bcompetit|\bswitch(?:ed|ing)? to\b", na=False)]
            found.append(pd.DataFrame({"date": said[when], "where": table, "text": said[text]}))
    every = pd.concat(found, ignore_index=True)
    return every.sort_values("date", ascending=False, kind="stable")


@behind("invoice_is_overdue")
def bills_unpaid(book: Book, row: int) -> pd.DataFrame:
    """Bills not paid"""
    rows = rows_of(book, "invoices", row)
    late = rows["paid_on"].isna() & (days_before(book, rows["due_on"]) > 0)
    table = shown("invoices", rows[late], "due_on")
    return table.assign(amount=table["amount"].astype(float) / book.scale)


@behind("contact_is_overdue")
def last_contacts(book: Book, row: int) -> pd.DataFrame:
    """The last touchpoints, and what is planned"""
    return _touchpoints(book, row, ())


@behind("business_review_is_missed")
def last_reviews(book: Book, row: int) -> pd.DataFrame:
    """The last business reviews, and what is planned"""
    return _touchpoints(book, row, ("qbr", "ebr"))


def _touchpoints(book: Book, row: int, kinds: Sequence[str]) -> pd.DataFrame:
    rows = rows_of(book, "touchpoints", row)
    rows = rows[rows["kind"].str.casefold().isin(kinds)] if kinds else rows
    return shown("touchpoints", rows.assign(at=rows["done_on"].fillna(rows["planned_for"])), "at").head(LATEST)


@behind("onboarding_is_late")
def milestones_late(book: Book, row: int) -> pd.DataFrame:
    """Milestones not reached"""
    rows = rows_of(book, "onboarding", row)
    return shown("onboarding", rows[rows["done_on"].isna()], "due_on")


@behind("renewal_is_near_without_a_plan")
def renewal(book: Book, row: int) -> pd.DataFrame:
    """The renewal"""
    mrr = book.balance(0, 0)[-1][row] / book.scale if book.closes else np.nan
    return pd.DataFrame({"renewal_date": [book.accounts["renewal_date"].iloc[row]], "mrr": [mrr]})


@behind("revenue_has_contracted")
def revenue(book: Book, row: int) -> pd.DataFrame:
    """MRR at the last closes"""
    months = book.months_with_lead[-7:]
    mrr = book.balance(0, 0)[-7:, row] / book.scale
    return pd.DataFrame({"month": months.astype(str), "mrr": mrr}).iloc[::-1]
