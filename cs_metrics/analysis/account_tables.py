"""What do the tables say of one account: its people, products, answers, tickets, bills?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from cs_metrics.analysis.asks import asks
from cs_metrics.book import Book
from cs_metrics.lately import days_before

CLOSE = "champion|sponsor"


def people(book: Book) -> pd.DataFrame:
    """The people at the customer, champions and sponsors first, those who left last: ``name, role, since, left_on``."""
    rows = book.facts["contacts"]
    near = rows["role"].str.contains(CLOSE, case=False, na=False)
    order = rows.assign(gone=rows["left_on"].notna(), far=~near)
    shown = order.sort_values(["gone", "far", "since"], kind="stable")
    return shown[["name", "role", "since", "left_on"]].reset_index(drop=True)


def products(book: Book) -> pd.DataFrame:
    """What it pays for and what else there is: ``product, mrr, mrr_year_ago, list_mrr``."""
    split = book.per_product()
    own, months = split.balance(0, 0) / book.scale, len(split.months)
    before = own[-13] if months > 12 else np.full(len(split), np.nan)
    names = [str(name) for name in split.accounts["product"]]
    table = pd.DataFrame({"product": names, "mrr": own[-1], "mrr_year_ago": before})
    table = table[(table["mrr"] > 0) | (table["mrr_year_ago"] > 0)]
    listed = book.facts.get("products")
    if listed is None:
        return table.sort_values("mrr", ascending=False, kind="stable").reset_index(drop=True)
    prices = (
        listed[["product", "list_mrr"]].astype({"product": object}).assign(list_mrr=listed["list_mrr"] / book.scale)
    )
    both = table.merge(prices, on="product", how="outer").sort_values("mrr", ascending=False, kind="stable")
    return both.reset_index(drop=True)


def answers(book: Book) -> pd.DataFrame:
    """What it answered to surveys, latest first: ``date, kind, score, respondent, comment``."""
    rows = book.facts["surveys"]
    rows = rows[rows["score"].notna()].assign(date=rows["responded_at"].fillna(rows["sent_at"]))
    shown = rows.sort_values("date", ascending=False, kind="stable")
    return shown[["date", "kind", "score", "respondent", "comment"]].reset_index(drop=True)


def open_tickets(book: Book) -> pd.DataFrame:
    """Its tickets, open ones first and then the latest: ``opened_at, priority, open_days, solved_at, csat``."""
    rows = book.facts["tickets"]
    still = rows["solved_at"].isna()
    rows = rows.assign(open_days=days_before(book, rows["opened_at"]).where(still), closed=~still)
    shown = rows.sort_values(["closed", "opened_at"], ascending=[True, False], kind="stable")
    return shown[["opened_at", "priority", "open_days", "solved_at", "csat"]].reset_index(drop=True)


def bills(book: Book) -> pd.DataFrame:
    """Its bills, overdue ones first, then the latest: ``due_on, amount, currency, paid_on, overdue_days``."""
    rows = book.facts["invoices"]
    late = days_before(book, rows["due_on"])
    overdue = late.where(rows["paid_on"].isna() & (late > 0))
    rows = rows.assign(overdue_days=overdue, amount=rows["amount"] / book.scale)
    shown = rows.sort_values(["overdue_days", "due_on"], ascending=False, na_position="last", kind="stable")
    return shown[["due_on", "amount", "currency", "paid_on", "overdue_days"]].reset_index(drop=True)


def notes(book: Book) -> pd.DataFrame:
    """What was noted, latest first: ``written_on, author, note``."""
    rows = book.facts["notes"].sort_values("written_on", ascending=False, kind="stable")
    return rows[["written_on", "author", "note"]].reset_index(drop=True)


def asked_of(book: Book) -> pd.DataFrame:
    """What it was asked for and did for us, latest first: ``kind, asked_on, state, done_on, validated_by``."""
    rows = asks(book).iloc[::-1].rename(columns={"asked": "when"})
    return rows[["kind", "when", "state", "done_on", "validated_by"]].reset_index(drop=True)


def outcomes_of(book: Book) -> pd.DataFrame:
    """What it achieved, latest first: ``achieved_on, story, confirmed_by``."""
    rows = book.facts["outcomes"].sort_values("achieved_on", ascending=False, kind="stable")
    return rows[["achieved_on", "story", "confirmed_by"]].reset_index(drop=True)


TABLES_OF: dict[str, tuple[str, Callable[[Book], pd.DataFrame]]] = {
    "People": ("contacts", people),
    "Products": ("", products),
    "Surveys": ("surveys", answers),
    "Tickets": ("tickets", open_tickets),
    "Bills": ("invoices", bills),
    "Outcomes": ("outcomes", outcomes_of),
    "Asked of it": ("advocacy", asked_of),
    "Notes": ("notes", notes),
}
