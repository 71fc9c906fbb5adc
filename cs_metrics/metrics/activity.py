"""Activity: are customers touched as often as their stage asks, and is a QBR held every quarter?"""

from __future__ import annotations

import numpy as np

from cs_metrics.book import Book
from cs_metrics.happened import by_close, end_of_closes, facts_of, in_period, latest_by_close, started
from cs_metrics.lately import FIRST_MONTH, LATER, TO_DAY_90
from cs_metrics.metric import Amounts, measure, metric
from cs_metrics.units import COUNT, PERCENT

QUARTER = 3
REVIEWS = ("qbr", "ebr")


def cadence(book: Book, age: np.ndarray) -> np.ndarray:
    """How many days may pass between touchpoints at this age in days."""
    return np.select([age <= 30, age <= 90], [FIRST_MONTH.of(book), TO_DAY_90.of(book)], LATER.of(book))


@measure(period=False)
def touched(book: Book, months: int, upto: int) -> np.ndarray:
    """1 for each customer touched within the cadence of its stage before the close."""
    rows = facts_of(book, "touchpoints", "done_on")
    end = end_of_closes(book)[:, None]
    age = end - started(book)
    last = np.maximum(latest_by_close(book, rows, rows["done_on"]), started(book))
    return ((end - last <= cadence(book, age)) & (book.balance(0, 0) > 0)).astype(np.int64)


@measure(period=False)
def to_touch(book: Book, months: int, upto: int) -> np.ndarray:
    """1 for each customer at the close."""
    return (book.balance(0, 0) > 0).astype(np.int64)


def _reviews(book: Book, months: int, upto: int, only_held: bool) -> np.ndarray:
    """Quarters of a period for which a review was due, or held: periods × rows.

    A period of k months has k/3 quarters, the last ending with it; a shorter one counts as one quarter. A review is
    due where the row was a customer at both ends.
    """
    rows = facts_of(book, "touchpoints", "done_on", "kind")
    rows = rows[rows["kind"].str.casefold().isin(REVIEWS)]
    held = by_close(book, rows, rows["done_on"])
    customer = book.balance(0, 0) > 0
    periods = max(book.closes - months, 0)
    total = np.zeros((periods, len(book)), dtype=np.int64)
    length = min(months, QUARTER)
    for end in range(months, 0, -QUARTER):
        opening = max(end - length, 0)
        if end > upto:
            continue
        due = customer[opening : opening + periods] & customer[end : end + periods]
        here = in_period(held, end - opening, end - opening)[opening : opening + periods] > 0
        total += due & (here | (not only_held))
    return total


@measure(period=True)
def reviews_due(book: Book, months: int, upto: int) -> np.ndarray:
    """Quarters in which each customer was due a QBR or EBR."""
    return _reviews(book, months, upto, only_held=False)


@measure(period=True)
def reviews_held(book: Book, months: int, upto: int) -> np.ndarray:
    """Quarters in which a customer was due a QBR or EBR and had one."""
    return _reviews(book, months, upto, only_held=True)


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
