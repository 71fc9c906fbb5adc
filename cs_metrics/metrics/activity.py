"""Activity: are customers touched as often as their stage asks, are reviews held and prepared, what is confirmed?"""

from __future__ import annotations

import numpy as np

from cs_metrics.book import Book
from cs_metrics.dials import dial
from cs_metrics.happened import by_close, end_of_closes, facts_of, happened, latest_by_close, started
from cs_metrics.lately import CONFIRMED_WITHIN, FIRST_MONTH, LATER, TO_DAY_90, is_one_of
from cs_metrics.metric import Amounts, measure, metric
from cs_metrics.units import COUNT, PERCENT

QUARTER = 3
REVIEWS = ("qbr", "ebr")
AHEAD = dial("review.prepared.days", "Business reviews: days before by which one is prepared", 2, "days", most=60)


def cadence(book: Book, age: np.ndarray) -> np.ndarray:
    """How many days may pass between touchpoints at this age in days."""
    return np.select([age <= 30, age <= 90], [FIRST_MONTH.of(book), TO_DAY_90.of(book)], LATER.of(book))


@measure(period=False)
def touched(book: Book, months: int, upto: int) -> np.ndarray:
    """1 for each customer touched within the cadence of its stage before the close."""
    rows = facts_of(book, "touchpoints", "done_on")
    end = end_of_closes(book)[:, None]
    age = end - started(book)
    last = book.kept("last touched", lambda: latest_by_close(book, rows, rows["done_on"]))
    last = np.maximum(last, started(book))
    return ((end - last <= cadence(book, age)) & (book.balance(0, 0) > 0)).astype(np.int64)


@measure(period=False)
def to_touch(book: Book, months: int, upto: int) -> np.ndarray:
    """1 for each customer at the close."""
    return (book.balance(0, 0) > 0).astype(np.int64)


def _held(book: Book) -> np.ndarray:
    """Was a QBR or EBR held in the month of each close? Closes × rows."""

    def made() -> np.ndarray:
        rows = facts_of(book, "touchpoints", "done_on", "kind")
        rows = rows[is_one_of(rows["kind"], REVIEWS)]
        return by_close(book, rows, rows["done_on"]) > 0

    return book.kept("reviews held", made)


def _reviews(book: Book, months: int, upto: int, only_held: bool) -> np.ndarray:
    """Quarters of a period for which a review was due, or held: periods × rows.

    A period of k months has k/3 quarters, the last ending with it; a shorter one counts as one quarter. A review is
    due where the row was a customer at both ends.
    """
    held = _held(book)
    customer = book.balance(0, 0) > 0
    periods = max(book.closes - months, 0)
    total = np.zeros((periods, len(book)), dtype=np.int64)
    length = min(months, QUARTER)
    for end in range(months, 0, -QUARTER):
        opening = max(end - length, 0)
        if end > upto:
            continue
        due = customer[opening : opening + periods] & customer[end : end + periods]
        if only_held:
            due &= np.logical_or.reduce([held[month : month + periods] for month in range(opening + 1, end + 1)])
        total += due
    return total


@measure(period=True)
def reviews_due(book: Book, months: int, upto: int) -> np.ndarray:
    """Quarters in which each customer was due a QBR or EBR."""
    return _reviews(book, months, upto, only_held=False)


@measure(period=True)
def reviews_held(book: Book, months: int, upto: int) -> np.ndarray:
    """Quarters in which a customer was due a QBR or EBR and had one."""
    return _reviews(book, months, upto, only_held=True)


def _prepared(book: Book, months: int, upto: int, only_prepared: bool) -> np.ndarray:
    """Business reviews held in the period, or those of them that were prepared in time: periods × rows."""
    rows = facts_of(book, "touchpoints", "done_on", "kind", "prepared_on")
    rows = rows[is_one_of(rows["kind"], REVIEWS)]
    ahead = (rows["done_on"] - rows["prepared_on"]).dt.days >= AHEAD.of(book)
    return happened(book, months, upto, rows, rows["done_on"], ahead if only_prepared else None)


@measure(period=True)
def reviews(book: Book, months: int, upto: int) -> np.ndarray:
    """QBRs and EBRs held in the period."""
    return _prepared(book, months, upto, only_prepared=False)


@measure(period=True)
def reviews_ready(book: Book, months: int, upto: int) -> np.ndarray:
    """QBRs and EBRs held in the period whose material was ready in time."""
    return _prepared(book, months, upto, only_prepared=True)


@measure(period=False)
def with_outcome(book: Book, months: int, upto: int) -> np.ndarray:
    """1 for each customer at the close with an outcome that somebody there confirmed in the last 12 months."""
    rows = facts_of(book, "outcomes", "confirmed_by")
    rows = rows[rows["confirmed_by"].notna()]
    age = end_of_closes(book)[:, None] - latest_by_close(book, rows, rows["achieved_on"])
    return ((age <= CONFIRMED_WITHIN.of(book)) & (book.balance(0, 0) > 0)).astype(np.int64)


@metric(
    label="Cadence kept",
    unit=PERCENT,
    top=COUNT,
    bottom=COUNT,
    formula="customers touched within the days their stage allows, over the customers at the close",
    source="Common CS practice: weekly in month 1, every two weeks to day 90, monthly after",
)
def cadence_kept(touched: np.ndarray, to_touch: np.ndarray) -> Amounts:
    """How many customers hear from us as often as they should?

    A new customer's clock starts with its start. It is coverage, so that many calls to one account do not count twice.
    """
    return touched, to_touch


@metric(
    label="QBR on schedule",
    unit=PERCENT,
    top=COUNT,
    bottom=COUNT,
    formula="quarters of {months} in which a customer had a QBR or EBR, over those in which one was due",
    source="Common CS practice: one each quarter",
)
def qbr_on_schedule(reviews_held: np.ndarray, reviews_due: np.ndarray) -> Amounts:
    """Is there a business review every quarter?

    Due for each account that was a customer at both ends of the quarter.
    """
    return reviews_held, reviews_due


@metric(
    label="QBRs prepared",
    unit=PERCENT,
    top=COUNT,
    bottom=COUNT,
    formula="QBRs and EBRs of {months} whose material was ready some days before, over all that were held",
    source="Common CS practice; the days are set on the page Activity, two unless chosen",
)
def reviews_prepared(reviews_ready: np.ndarray, reviews: np.ndarray) -> Amounts:
    """Do we come to business reviews prepared?

    A review without a day on which its material was ready counts as not prepared.
    """
    return reviews_ready, reviews


@metric(
    label="Confirmed outcomes",
    unit=PERCENT,
    top=COUNT,
    bottom=COUNT,
    formula="customers with an outcome that their champion confirmed in the last 12 months, over the customers",
    source="Common CS practice",
)
def confirmed_outcomes(with_outcome: np.ndarray, to_touch: np.ndarray) -> Amounts:
    """How many customers have told us, by name, what they achieved?"""
    return with_outcome, to_touch
