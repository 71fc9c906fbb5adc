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
from cs_metrics.dials import DIALS, Dial, dial, dials_of, said
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

HEALTHY = dial("health.band.healthy", "Healthy from", 70, "points", least=1, most=100)
POOR = dial("health.band.poor", "Poor below", 40, "points", most=100)
LEAST_KNOWN = dial("health.least_known", "Least share of the weight known", 0.5, "share", least=0.01)
BANDS = ("healthy", "middling", "poor", "unknown")
MOST_WEIGHT = 1000


@dataclass(frozen=True)
class Part:
    """A part of the score: the weight that ships, the table it needs, and how it is computed."""

    name: str
    label: str
    weight: float
    needs: str
    function: Callable[[Book], np.ndarray]

    @property
    def question(self) -> str:
        """How it is computed: the first line of its docstring, with the thresholds that ship."""
        return self.how()

    def how(self, book: Book | None = None) -> str:
        """How it is computed, with the thresholds in force; without a book with those that ship."""
        return said(inspect.cleandoc(self.function.__doc__ or "").splitlines()[0], self.dials, book)

    @property
    def dials(self) -> list[Dial]:
        """What a team may set of it: its weight and its thresholds."""
        return dials_of(f"health.{self.name}")

    def weight_of(self, book: Book) -> float:
        """Its weight as in force on the book's day."""
        return DIALS[f"health.{self.name}.weight"].of(book)

    def of(self, book: Book) -> np.ndarray:
        """0 to 100 for each account, not a number where unknown."""
        if not book.knows(self.needs):
            return np.full(len(book), np.nan)
        return np.clip(self.function(book), 0, 100)


PARTS: dict[str, Part] = {}


def part(label: str, weight: float, needs: str) -> Callable[[Callable[[Book], np.ndarray]], Part]:
    """Make a part of the health score of a function. Its weight becomes a dial, as its thresholds above it are."""

    def register(function: Callable[[Book], np.ndarray]) -> Part:
        dial(f"health.{function.__name__}.weight", f"Weight of {label.lower()}", weight, "points", most=MOST_WEIGHT)
        PARTS[function.__name__] = Part(function.__name__, label, weight, needs, function)
        return PARTS[function.__name__]

    return register


STEADY = dial("health.usage_trend.steady", "Usage trend: points for steady use", 70, "points", most=100)


@part("Usage trend", 15, "usage")
def usage_trend(book: Book) -> np.ndarray:
    """{steady} for steady use on the three months before, 1 more or less for each percent of rise or fall."""
    now, before, _ = use_now_and_before(book)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(before > 0, STEADY.of(book) + 100 * (now / before - 1), np.nan)


ALL_SEATS = dial("health.active_users.full", "Active users: share of seats earning 100", 0.8, "share", least=0.01)


@part("Active users", 15, "usage")
def active_users(book: Book) -> np.ndarray:
    """Active users of the seats paid for, last month; 100 from {full}."""
    use = use_by_month(book)
    with np.errstate(divide="ignore", invalid="ignore"):
        return 100 * use.active_users[:, -1] / use.licensed_seats[:, -1] / ALL_SEATS.of(book)


ALL_FEATURES = dial("health.feature_breadth.full", "Features: share used earning 100", 0.7, "share", least=0.01)


@part("Feature breadth", 10, "usage")
def feature_breadth(book: Book) -> np.ndarray:
    """Features used of those available, last month; 100 from {full}."""
    use = use_by_month(book)
    with np.errstate(divide="ignore", invalid="ignore"):
        return 100 * use.features_used[:, -1] / use.features_available[:, -1] / ALL_FEATURES.of(book)


PER_TICKET = dial("health.support.open", "Support: points less per open ticket", 15, "points", most=100)
PER_URGENT = dial("health.support.urgent", "Support: points more where urgent", 25, "points", most=100)


@part("Support", 10, "tickets.solved_at")
def support(book: Book) -> np.ndarray:
    """100 without open tickets; {open} less for each open one, {urgent} more for each that is urgent."""
    rows = book.facts["tickets"]
    still = rows[rows["solved_at"].isna()]
    urgent = still["priority"].str.casefold().isin(URGENT)
    return (
        100
        - PER_TICKET.of(book) * per_account(book, still.groupby("row").size(), 0)
        - PER_URGENT.of(book) * per_account(book, urgent.groupby(still["row"]).sum(), 0)
    )


ANSWER_DAYS = dial("health.survey.days", "Survey: days an answer counts", 365, "days", least=1, most=1095)


@part("Survey", 10, "surveys.score")
def survey(book: Book) -> np.ndarray:
    """The last answers of the last {days}, NPS 0–10 and CSAT 1–5, each stretched to 0–100, on average."""
    days = ANSWER_DAYS.of(book)
    nps = per_account(book, latest_answers(book, "NPS", days) * 10)
    csat = per_account(book, (latest_answers(book, "CSAT", days) - 1) * 25)
    both = np.stack([nps, csat])
    known = (~np.isnan(both)).sum(axis=0)
    return np.where(known, np.nansum(both, axis=0) / np.maximum(known, 1), np.nan)


PULSE_DAYS = dial("health.pulse.days", "Pulse: days it counts", 90, "days", least=1, most=730)


@part("Pulse", 20, "pulses")
def pulse(book: Book) -> np.ndarray:
    """The CSM's last pulse of at most {days}, 1 to 5 stretched to 0–100."""
    last = pulses(book)
    return per_account(book, (last.loc[last["age"] <= PULSE_DAYS.of(book), "pulse"] - 1) * 25)


LATEST_CONTACT = dial(
    "health.engagement.times", "Engagement: times the cadence earning 0", 3, "times", least=1.1, most=20
)


@part("Engagement", 10, "touchpoints.done_on")
def engagement(book: Book) -> np.ndarray:
    """100 with a touchpoint within the cadence, falling to 0 at {times} times the cadence."""
    late = days_since_contact(book) / cadence_days(book)
    times = LATEST_CONTACT.of(book)
    return 100 * (times - late) / (times - 1)


LATEST_PAYMENT = dial("health.payment.days", "Payment: days overdue earning 0", 60, "days", least=1, most=365)


@part("Payment", 10, "invoices.due_on")
def payment(book: Book) -> np.ndarray:
    """100 with all bills paid in time, 0 from {days} overdue."""
    rows = book.facts["invoices"]
    owing = rows[rows["paid_on"].isna()]
    overdue = per_account(book, days_before(book, owing["due_on"]).groupby(owing["row"]).max(), 0)
    billed = per_account(book, rows.groupby("row").size(), 0) > 0
    return np.where(billed, 100 - np.maximum(overdue, 0) * 100 / LATEST_PAYMENT.of(book), np.nan)


def health(book: Book) -> pd.DataFrame:
    """The score and its parts for each account, as known on the book's day: accounts × (health, parts…)."""
    return book.kept(("health", book.known_on), lambda: _health(book))


def _health(book: Book) -> pd.DataFrame:
    parts = pd.DataFrame({name: each.of(book) for name, each in PARTS.items()}, index=book.accounts.index)
    parts.insert(0, "health", joined(parts.to_numpy(), weights(book), LEAST_KNOWN.of(book)))
    return parts


def weights(book: Book) -> np.ndarray:
    """The weight of each part, in their order, as in force on the book's day."""
    return np.array([each.weight_of(book) for each in PARTS.values()])


def joined(values: np.ndarray, weight: np.ndarray, least_known: float) -> np.ndarray:
    """The weighted mean of the parts known of each account; blank where too little of the weight is known.

    >>> joined(np.array([[80.0, 40.0, np.nan], [80.0, np.nan, np.nan]]), np.array([1, 1, 1]), 0.5)
    array([60., nan])
    """
    known = (~np.isnan(values)) @ weight
    total = np.nan_to_num(values) @ weight
    enough = (known >= least_known * weight.sum()) & (known > 0)
    return np.where(enough, total / np.maximum(known, 1e-9), np.nan)


def band_of(book: Book, score: np.ndarray) -> np.ndarray:
    """The health band of each score as in force on the book's day: a position in BANDS.

    >>> [BANDS[place] for place in band_of(Book.of_mrr({"A": [1]}), np.array([70, 40, 39.9, np.nan]))]
    ['healthy', 'middling', 'poor', 'unknown']
    """
    poor = POOR.of(book)
    return np.select([score >= max(HEALTHY.of(book), poor), score >= poor, score < poor], [0, 1, 2], 3)


def bands(book: Book) -> np.ndarray:
    """The health band of each account on the book's day: a position in BANDS."""
    return band_of(book, health(book)["health"].to_numpy())
