"""The health score: 0 to 100, 100 = healthy. A weighted mean of parts, each 0 to 100.

A part that is not known drops out and its weight is shared among the others; with less than half of the weight
known there is no score.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cs_metrics.book import Book
from cs_metrics.lately import (
    URGENT,
    cadence_days,
    days_before,
    days_since_contact,
    latest_answers,
    per_account,
    pulses,
    use_by_month,
    use_now_and_before,
)

HEALTHY = 70
LEAST_KNOWN = 0.5
PULSE_STALE = 90


@dataclass(frozen=True)
class Part:
    """A part of the score: its weight, the table it needs, and how it is computed."""

    name: str
    label: str
    weight: float
    needs: str
    function: Callable[[Book], np.ndarray]

    @property
    def question(self) -> str:
        """How it is computed: the first line of its docstring."""
        return inspect.cleandoc(self.function.__doc__ or "").splitlines()[0]

    def of(self, book: Book) -> np.ndarray:
        """0 to 100 for each account, not a number where unknown."""
        if not book.knows(self.needs):
            return np.full(len(book), np.nan)
        return np.clip(self.function(book), 0, 100)


PARTS: dict[str, Part] = {}


def part(label: str, weight: float, needs: str) -> Callable[[Callable[[Book], np.ndarray]], Part]:
    """Make a part of the health score of a function."""

    def register(function: Callable[[Book], np.ndarray]) -> Part:
        PARTS[function.__name__] = Part(function.__name__, label, weight, needs, function)
        return PARTS[function.__name__]

    return register


@part("Usage trend", 15, "usage")
def usage_trend(book: Book) -> np.ndarray:
    """70 for steady use on the three months before, 100 from a rise of 30 %, 0 from a fall of 70 %."""
    now, before, _ = use_now_and_before(book)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(before > 0, 70 + 100 * (now / before - 1), np.nan)


@part("Active users", 15, "usage")
def active_users(book: Book) -> np.ndarray:
    """Active users of the seats paid for, last month; 100 from 80 %."""
    use = use_by_month(book)
    with np.errstate(divide="ignore", invalid="ignore"):
        return 100 * use.active_users[:, -1] / use.licensed_seats[:, -1] / 0.8


@part("Feature breadth", 10, "usage")
def feature_breadth(book: Book) -> np.ndarray:
    """Features used of those available, last month; 100 from 70 %."""
    use = use_by_month(book)
    with np.errstate(divide="ignore", invalid="ignore"):
        return 100 * use.features_used[:, -1] / use.features_available[:, -1] / 0.7


@part("Support", 10, "tickets.solved_at")
def support(book: Book) -> np.ndarray:
    """100 without open tickets; 15 less for each open one, 25 more for each that is urgent."""
    rows = book.facts["tickets"]
    still = rows[rows["solved_at"].isna()]
    urgent = still["priority"].str.casefold().isin(URGENT)
    return (
        100
        - 15 * per_account(book, still.groupby("row").size(), 0)
        - 25 * per_account(book, urgent.groupby(still["row"]).sum(), 0)
    )


@part("Survey", 10, "surveys.score")
def survey(book: Book) -> np.ndarray:
    """The last answers of the last year, NPS 0–10 and CSAT 1–5, each stretched to 0–100, on average."""
    nps = per_account(book, latest_answers(book, "NPS") * 10)
    csat = per_account(book, (latest_answers(book, "CSAT") - 1) * 25)
    both = np.stack([nps, csat])
    known = (~np.isnan(both)).sum(axis=0)
    return np.where(known, np.nansum(both, axis=0) / np.maximum(known, 1), np.nan)


@part("Pulse", 20, "pulses")
def pulse(book: Book) -> np.ndarray:
    """The CSM's last pulse of at most 90 days, 1 to 5 stretched to 0–100."""
    last = pulses(book)
    return per_account(book, (last.loc[last["age"] <= PULSE_STALE, "pulse"] - 1) * 25)


@part("Engagement", 10, "touchpoints.done_on")
def engagement(book: Book) -> np.ndarray:
    """100 with a touchpoint within the cadence, falling to 0 at three times the cadence."""
    late = days_since_contact(book) / cadence_days(book)
    return 100 * (3 - late) / 2


@part("Payment", 10, "invoices.due_on")
def payment(book: Book) -> np.ndarray:
    """100 with all bills paid in time, 0 from 60 days overdue."""
    rows = book.facts["invoices"]
    owing = rows[rows["paid_on"].isna()]
    overdue = per_account(book, days_before(book, owing["due_on"]).groupby(owing["row"]).max(), 0)
    billed = per_account(book, rows.groupby("row").size(), 0) > 0
    return np.where(billed, 100 - np.maximum(overdue, 0) * 100 / 60, np.nan)


def health(book: Book) -> pd.DataFrame:
    """The score and its parts for each account, as known on the book's day: accounts × (health, parts…)."""
    return book.kept(("health", book.known_on), lambda: _health(book))


def _health(book: Book) -> pd.DataFrame:
    parts = pd.DataFrame({name: each.of(book) for name, each in PARTS.items()}, index=book.accounts.index)
    weights = np.array([each.weight for each in PARTS.values()])
    values = parts.to_numpy()
    known = (~np.isnan(values)) @ weights
    total = np.nan_to_num(values) @ weights
    score = np.where(known >= LEAST_KNOWN * weights.sum(), total / np.maximum(known, 1e-9), np.nan)
    parts.insert(0, "health", score)
    return parts
