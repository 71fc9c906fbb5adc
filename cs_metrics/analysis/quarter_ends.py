"""Past quarter-ends: who was a customer, what was known of them on that day, and what happened in the months after.

What was known is computed once for a book and day and kept, so that the back-test, the proposal of weights and the
record of the signals look at the same past and pay for it once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd

from cs_metrics.book import Book
from cs_metrics.health import PARTS, health, weights
from cs_metrics.lately import per_account, pulses
from cs_metrics.months import last_day
from cs_metrics.signal import Purpose, Signal, signals

HORIZON = 180
Progress = Callable[[float, str], object]


class QuarterEnd(NamedTuple):
    """A past day: its customers by row, which of them were lost within the horizon, and which paid more at its end."""

    day: date
    rows: np.ndarray
    lost: np.ndarray
    grown: np.ndarray


class Then(NamedTuple):
    """A past quarter-end and what was known of its customers: parts of health (rows × parts), weights, score, pulse."""

    day: date
    rows: np.ndarray
    lost: np.ndarray
    parts: np.ndarray
    weights: np.ndarray
    health: np.ndarray
    pulse: np.ndarray


def months_in(horizon: int) -> int:
    """How many closes a horizon in days spans."""
    return max(round(horizon / 30), 1)


def quarter_ends(book: Book, horizon: int = HORIZON, only: np.ndarray | None = None) -> list[QuarterEnd]:
    """Every quarter-end of the book that lies a whole horizon before its end, and what became of its customers.

    A loss left, or paid half or less at some close of the horizon. ``only`` says which accounts count; where a CSM
    is asked for, those she held on the day.
    """
    months, found = months_in(horizon), []
    for close in closes_of_quarters(book):
        if close + months >= book.closes:
            break
        window = book.window(close, close + months)
        before = window.balance(months, 0)[0]
        after = [window.balance(months, later)[0] for later in range(1, months + 1)]
        counted = before > 0
        if only is not None:
            counted &= only
        if book.whose is not None:
            counted &= np.isin(book.owners.held[close], list(book.whose))
        rows = np.flatnonzero(counted)
        lost = 2 * np.minimum.reduce(after)[rows] <= before[rows]
        day = last_day(book.months_with_lead[close])
        found.append(QuarterEnd(day, rows, lost, after[-1][rows] > before[rows]))
    return found


def closes_of_quarters(book: Book) -> list[int]:
    """The positions of the closes that end a quarter of the book's fiscal year."""
    ends = range(book.lead, book.closes)
    months = book.months_with_lead
    return [close for close in ends if (months[close].month - book.settings.fiscal_start + 1) % 3 == 0]


def then(
    book: Book, horizon: int = HORIZON, only: np.ndarray | None = None, progress: Progress | None = None
) -> list[Then]:
    """The past quarter-ends with what was known on each. ``progress`` is told how far this is."""
    ends = quarter_ends(book, horizon, only)
    found = []
    for place, end in enumerate(ends):
        if progress is not None:
            progress(place / len(ends), f"{end.day}")
        parts, weighed, score, pulse = known_then(book, end.day)
        rows = end.rows
        found.append(Then(end.day, rows, end.lost, parts[rows], weighed, score[rows], pulse[rows]))
    return found


def known_then(book: Book, day: date) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Parts of health, weights, health and last pulse of every account, as known on a day. Kept."""
    return book.kept(("known then", day), lambda: _known_then(book.as_of(day)))


def _known_then(known: Book) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    found = health(known)
    parts = found[list(PARTS)].to_numpy()
    pulse = per_account(known, pulses(known)["pulse"]) if "pulses" in known.facts else np.full(len(known), np.nan)
    return parts, weights(known), found["health"].to_numpy(), pulse


def fired_then(book: Book, day: date, purpose: Purpose = "risk") -> pd.DataFrame:
    """The signals that fired on a day, as known then: ``row, signal``, and ``attrs["dark"]`` of those untold. Kept."""
    return book.kept(("fired then", day, purpose), lambda: _fired_then(book.as_of(day), signals(purpose)))


def _fired_then(known: Book, asked: list[Signal]) -> pd.DataFrame:
    dark = {each.name: reason for each in asked if (reason := each.dark(known))}
    rows = {each.name: each.function(known)["row"].to_numpy(np.intp) for each in asked if each.name not in dark}
    made = pd.DataFrame(
        {
            "row": np.concatenate([*rows.values(), np.empty(0, np.intp)]),
            "signal": np.repeat(np.array(list(rows), dtype=object), [len(each) for each in rows.values()]),
        }
    ).drop_duplicates()
    made.attrs["dark"] = dark
    return made
