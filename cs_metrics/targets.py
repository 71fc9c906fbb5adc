"""The targets of a team: what to reach, set for everyone, a segment, a team or a CSM, each from a day on.

What ships is what common practice sets itself, given without a sample: targets, not benchmarks. A target of a rate that
grows with the length of the period is set for a year; for a shorter one it is the pace that leads there, unless a
quarter has a target of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np

from cs_metrics.book import Book
from cs_metrics.dials import Dial, dial, row_in_force

YEAR, QUARTER = 12, 3
PRACTICE = "common CS practice, given without a sample: a target, not a benchmark"
OWN = "our own default"
GROUPS = ("team", "segment")


def kept_pace(year: float, months: int) -> float:
    """What to keep in so many months to have kept ``year`` after twelve.

    >>> round(kept_pace(0.9, 3), 4), kept_pace(0.9, 12)    # 0.974 ** 4 = 0.9
    (0.974, 0.9)
    """
    return year if months == YEAR else float(year ** (months / YEAR))


def added_pace(year: float, months: int) -> float:
    """What to add in so many months to have added ``year`` after twelve.

    >>> round(added_pace(0.21, 6), 4)    # 1.1 * 1.1 = 1.21
    0.1
    """
    return year if months == YEAR else kept_pace(1 + year, months) - 1


class Goal(NamedTuple):
    """A target in force: at least ``least``, at most ``most`` (not a number where there is no upper end).

    ``about`` says for whom it was set, "" for everyone; ``since`` and ``author`` when and by whom, none for what ships.
    ``year`` is the target of the year whose pace it is, not a number where it is set for just this period.
    """

    least: float
    most: float
    about: str = ""
    since: date | None = None
    author: str = ""
    year: float = np.nan

    def standing(self, value: float) -> str:
        """How a figure stands against it, in a word: reached, below, above; nothing where there is no figure.

        >>> Goal(0.7, 0.8).standing(0.75), Goal(0.7, 0.8).standing(0.9), Goal(50, np.nan).standing(31)
        ('reached', 'above', 'below')
        """
        if value != value:
            return ""
        return "below" if value < self.least else "above" if value > self.most else "reached"

    def written(self, write: Callable[[float], str]) -> str:
        """The target as a sentence says it.

        >>> Goal(0.7, 0.8).written("{:.0%}".format), Goal(0.974, np.nan, year=0.9).written("{:.1%}".format)
        ('70% to 80%', '97.4% (90.0% a year)')
        """
        said = write(self.least) + (f" to {write(self.most)}" if self.most == self.most else "")
        return said + (f" ({write(self.year)} a year)" if self.year == self.year else "")


@dataclass(frozen=True)
class Target:
    """The target of a metric: its dials and where the value that ships comes from.

    ``pace`` makes of a year's target that of another period; a target without one is the same for any.
    """

    metric: str
    least: Dial
    most: Dial | None
    quarter: Dial | None
    pace: Callable[[float, int], float] | None
    source: str

    @property
    def dials(self) -> list[Dial]:
        """Its dials: the least, the most, that of a quarter."""
        return [each for each in (self.least, self.most, self.quarter) if each is not None]

    @property
    def value(self) -> float:
        """The least that ships."""
        return self.least.ships

    def of(self, book: Book, months: int = YEAR, about: tuple[str, ...] | None = None) -> Goal:
        """The target in force on the book's day, over so many months, for whom the book is about."""
        for name in (*(whom(book) if about is None else about), ""):
            if (found := self._set_for(book, months, name)) is not None:
                return found
        return self._goal(book, months, self.least.ships, "", None, "")

    def _set_for(self, book: Book, months: int, about: str) -> Goal | None:
        """What was set for these people alone; none where nothing was, or only beyond the dial's limits."""
        if months == QUARTER and self.quarter is not None:
            row = row_in_force(book, self.quarter, about)
            if row is not None:
                return Goal(row.value, np.nan, about, row.since, row.author)
        row = row_in_force(book, self.least, about)
        most = None if self.most is None else row_in_force(book, self.most, about)
        if row is None and most is None:
            return None
        told = row or most
        assert told is not None
        return self._goal(book, months, self.least.of(book, about), about, told.since, told.author)

    def _goal(self, book: Book, months: int, year: float, about: str, since: date | None, author: str) -> Goal:
        most = np.nan if self.most is None else self.most.of(book, about)
        if self.pace is None or months == YEAR:
            return Goal(year, most, about, since, author)
        return Goal(self.pace(year, months), self.pace(most, months), about, since, author, year)


TARGETS: dict[str, Target] = {}


def target(
    metric: str,
    label: str,
    ships: float,
    source: str,
    most: float | None = None,
    pace: Callable[[float, int], float] | None = None,
    kind: str = "share",
    limit: float = 1.0,
) -> Target:
    """Declare the target of a metric and enter it in the list."""
    name = f"target.{metric}"
    made = Target(
        metric,
        dial(name, f"{label}: at least", ships, kind, least=0.0 if kind == "share" else -limit, most=limit),  # type: ignore[arg-type]
        None if most is None else dial(f"{name}.most", f"{label}: at most", most, kind, most=limit),  # type: ignore[arg-type]
        None if pace is None else dial(f"{name}.quarter", f"{label}: at least, in a quarter", np.nan, kind, most=limit),  # type: ignore[arg-type]
        pace,
        source,
    )
    TARGETS[metric] = made
    return made


target(
    "net_revenue_retention", "Net revenue retention", 1.0, f"the book does not shrink: {OWN}", pace=kept_pace, limit=3.0
)
target("gross_revenue_retention", "Gross revenue retention", 0.9, PRACTICE, pace=kept_pace)
target("logo_retention", "Logo retention", 0.9, PRACTICE, pace=kept_pace)
target("expansion_share", "Expansion", 0.2, PRACTICE, most=0.3, pace=added_pace, limit=3.0)
target("nps", "NPS", 50, PRACTICE, kind="points", limit=100)
target("active_user_share", "Active users", 0.7, PRACTICE, most=0.8)
target("on_time_onboarding", "On-time onboarding", 0.9, PRACTICE)
target("cadence_kept", "Cadence kept", 0.9, OWN)
target("qbr_on_schedule", "QBR on schedule", 0.9, f"a QBR each quarter, with room for one in ten: {OWN}")


def whom(book: Book) -> tuple[str, ...]:
    """About whom a book is, closest first: its CSM where it is of one, its team and segment where all are of one."""
    names = [str(book.owners.names[next(iter(book.whose))])] if book.whose is not None and len(book.whose) == 1 else []
    groups = [book.groups(name)[0] for name in GROUPS if len(book) and name in book.accounts]
    return (*names, *(str(labels[0]) for labels in groups if len(labels) == 1))


def target_of(book: Book, metric: str, months: int = YEAR, about: tuple[str, ...] | None = None) -> Goal | None:
    """The target of a metric in force on the book's day; None where the metric has none.

    What was set for the CSM comes before that for the team or segment, that before everyone's, and before what ships.
    ``about`` names others than those the book is about.

    >>> book = Book.of_mrr({"Acme": [100]})
    >>> target_of(book, "gross_revenue_retention", 12).least, target_of(book, "mrr") is None
    (0.9, True)
    """
    return TARGETS[metric].of(book, months, about) if metric in TARGETS else None
