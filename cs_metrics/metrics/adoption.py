"""Adoption: how much of what was sold is used, in the month of each close."""

from __future__ import annotations

import numpy as np

from cs_metrics.book import Book, Dark
from cs_metrics.happened import by_close, facts_of, state_at_close
from cs_metrics.metric import Amounts, measure, metric
from cs_metrics.units import COUNT, PERCENT, RATIO


def _both(book: Book, used: str, available: str) -> tuple[np.ndarray, np.ndarray]:
    """What was used and what could have been, closes × rows; 0 and 0 where either is unknown or nothing could be."""
    return book.kept(("used and available", used, available), lambda: _used_and_available(book, used, available))


def _used_and_available(book: Book, used: str, available: str) -> tuple[np.ndarray, np.ndarray]:
    rows = facts_of(book, "usage", used)
    use = state_at_close(book, rows, rows["day"], used)
    limit = state_at_close(book, rows, rows["day"], available)
    if available in book.accounts:
        limit = np.where(np.isnan(limit), book.accounts[available].to_numpy(dtype=float), limit)
    if np.isnan(limit).all():
        raise Dark(f"Add {available} to the table usage.")
    known = ~np.isnan(use) & (limit > 0)
    return np.where(known, np.rint(use), 0).astype(np.int64), np.where(known, np.rint(limit), 0).astype(np.int64)


def _sign_ins(book: Book) -> tuple[np.ndarray, np.ndarray]:
    """All sign-ins of the month and its highest number of active users, closes × rows; 0 and 0 where unknown."""
    rows = facts_of(book, "usage", "logins", "active_users")
    people = state_at_close(book, rows, rows["day"], "active_users")
    rows = rows[rows["logins"].notna()]
    known = (by_close(book, rows, rows["day"]) > 0) & (people > 0)
    times = by_close(book, rows, rows["day"], np.rint(rows["logins"]))
    return np.where(known, times, 0), np.where(known, np.rint(people), 0).astype(np.int64)


@measure(period=False)
def active(book: Book, months: int, upto: int) -> np.ndarray:
    """Active users in the month of each close, where the seats are known too."""
    return _both(book, "active_users", "licensed_seats")[0]


@measure(period=False)
def seats(book: Book, months: int, upto: int) -> np.ndarray:
    """Seats paid for in the month of each close, where active users are known too."""
    return _both(book, "active_users", "licensed_seats")[1]


@measure(period=False)
def sign_ins(book: Book, months: int, upto: int) -> np.ndarray:
    """Sign-ins in the month of each close, where the active users are known too."""
    return book.kept("sign-ins", lambda: _sign_ins(book))[0]


@measure(period=False)
def signing_in(book: Book, months: int, upto: int) -> np.ndarray:
    """Active users in the month of each close, where the sign-ins are known too."""
    return book.kept("sign-ins", lambda: _sign_ins(book))[1]


@measure(period=False)
def features_in_use(book: Book, months: int, upto: int) -> np.ndarray:
    """Features used in the month of each close, where those available are known too."""
    return _both(book, "features_used", "features_available")[0]


@measure(period=False)
def features_on_offer(book: Book, months: int, upto: int) -> np.ndarray:
    """Features available in the month of each close, where those used are known too."""
    return _both(book, "features_used", "features_available")[1]


@metric(
    label="Active users",
    unit=PERCENT,
    top=COUNT,
    bottom=COUNT,
    formula="active users in the month over the seats paid for",
    source="Standard of the field; the usual target is 70–80 %",
)
def active_user_share(active: np.ndarray, seats: np.ndarray) -> Amounts:
    """How many of the seats paid for are used?

    An account's highest number of active users in the month; accounts whose use or seats are unknown do not count.
    """
    return active, seats


@metric(
    label="Feature breadth",
    unit=PERCENT,
    top=COUNT,
    bottom=COUNT,
    formula="features used in the month over the features available",
    source="Standard of the field",
)
def feature_breadth(features_in_use: np.ndarray, features_on_offer: np.ndarray) -> Amounts:
    """How much of the product do they use?"""
    return features_in_use, features_on_offer


@metric(
    label="Logins per active user",
    unit=RATIO,
    top=COUNT,
    bottom=COUNT,
    formula="sign-ins in the month over the active users",
    source="Common CS practice",
)
def logins_per_user(sign_ins: np.ndarray, signing_in: np.ndarray) -> Amounts:
    """How often does somebody who uses the product come back to it in a month?

    Accounts whose sign-ins or active users are unknown do not count.
    """
    return sign_ins, signing_in
