"""A metric: two amounts for each account, *top* and *bottom*; its value for any accounts is Σ top / Σ bottom.

A metric is a function whose parameters name the measures it wants (``closing``, ``opening``, ``mrr``…), arrays of
one shape, and which gives back two arrays of that shape, or one and None for an amount. The decorator holds its
words. Everything else is done here, once for all metrics: the value of a book, of its groups, and the accounts
behind a figure.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from cs_metrics.book import Book, Dark, Misuse
from cs_metrics.tally import Tally, tally
from cs_metrics.units import MONEY, Unit

OWNER_WORDS = {
    "opening": "who held the account at the opening",
    "closing": "who holds the account at the close",
    "event": "who held the account at each change",
    "time-share": "shared by months held",
    "grace": "at each change; a loss within 90 days of a hand-over stays with the owner before",
}
Amounts = tuple[np.ndarray, np.ndarray | None]

METRICS: dict[str, Metric] = {}
MEASURES: dict[str, Measure] = {}


@dataclass(frozen=True)
class Measure:
    """An array metrics may ask for by name: periods × rows, up to some month of each period.

    ``of(book, months, upto)`` gives the amounts of the first ``upto`` months of every period of ``months``
    months. ``period`` says that it speaks of periods; a measure that does not is the state at each close. ``back``
    is how many closes before a period's opening it looks at.
    """

    name: str
    of: Callable[[Book, int, int], np.ndarray]
    period: bool
    back: int = 0


Measuring = Callable[[Book, int, int], np.ndarray]


def measure(*, period: bool, back: int = 0) -> Callable[[Measuring], Measuring]:
    """Offer a function ``(book, months, upto) → periods × rows`` to metrics, under its own name."""

    def register(function: Measuring) -> Measuring:
        MEASURES[function.__name__] = Measure(function.__name__, function, period, back)
        return function

    return register


@dataclass(frozen=True)
class Metric:
    """A metric with its words. ``top`` and ``bottom`` are the units of the two amounts."""

    name: str
    function: Callable[..., Amounts]
    label: str
    unit: Unit
    top: Unit
    bottom: Unit
    good: Literal["up", "down", "neither"]
    formula: str
    source: str
    capped: bool = False
    factor: int = 1

    @cached_property
    def needs(self) -> tuple[str, ...]:
        """The measures it asks for."""
        return tuple(inspect.signature(self.function).parameters)

    @property
    def question(self) -> str:
        """What it answers: the first line of its docstring."""
        return (self.function.__doc__ or "").strip().splitlines()[0]

    @property
    def details(self) -> str:
        """What counts and what does not: the docstring after its first line."""
        return inspect.cleandoc(self.function.__doc__ or "").partition("\n")[2].strip()

    @cached_property
    def ratio(self) -> bool:
        """Has it a bottom? An amount has none."""
        nothing = np.zeros(0, dtype=np.int64)
        return self.function(*(nothing for _ in self.needs))[1] is not None

    @property
    def period(self) -> bool:
        """Does it speak of a period, and not of one close?"""
        return any(MEASURES[name].period for name in self.needs)

    def asked(self, book: Book, opening: int, closing: int) -> Book:
        """The closes one period needs, both ends included: its own, and those before that a measure looks back to."""
        back = max((MEASURES[name].back for name in self.needs), default=0)
        return replace(book.window(max(opening - back, 0), closing), clock=book.known_on)

    def explained(self, months: int) -> str:
        """The formula, with the length of the period put in."""
        length = "a month" if months == 1 else f"{months} months"
        return self.formula.format(months=length)

    def sentence(self, months: int) -> str:
        """The formula as a sentence of its own."""
        formula = self.explained(months)
        return f"{formula[:1].upper()}{formula[1:]}."

    def basis(self, book: Book, months: int) -> str:
        """On what a figure of this book stands: period, currency rule, owner rule, day, in one line."""
        owner = (
            f"owner: {OWNER_WORDS[book.settings.owner]}" if book.whose is not None or len(book.owners.names) > 1 else ""
        )
        rates = (
            ""
            if book.one_currency
            else "exchange rates of the period's opening"
            if book.settings.fx == "constant"
            else "each month's own exchange rate"
        )
        cap = "capped per product" if self.capped and book.settings.gross_cap == "product" else ""
        period = f"{months} month{'s' if months > 1 else ''} to {book.last}" if self.period else f"close of {book.last}"
        parent = "parent accounts" if book.settings.level == "parent" else ""
        return " · ".join(
            part for part in (period, book.currency, rates, owner if self.period else "", cap, parent) if part
        )

    def amounts(self, book: Book, months: int, upto: int) -> Amounts:
        """Top and bottom of every row and period, up to a month of the period: periods × rows."""
        return self.function(*(MEASURES[name].of(book, months, upto) for name in self.needs))

    def tally(self, book: Book, months: int = 3, by: str | None = None) -> Tally:
        """Σ top and Σ bottom of every month, in all or per group, exactly."""
        return tally(self, book, months, by)

    def of(self, book: Book, months: int = 3) -> pd.Series:
        """The value in each month, over the ``months`` that end with it; not a number where undefined."""
        return self.tally(book, months).values.iloc[:, 0].rename(self.name)

    def by(self, book: Book, by: str, months: int = 3) -> pd.DataFrame:
        """The value in each month and group: months × groups."""
        return self.tally(book, months, by).values

    def explain(
        self, book: Book, when: str | pd.Period | None = None, months: int = 3, by: str | None = None
    ) -> pd.DataFrame:
        """The accounts behind the value of a month, the last one unless said: see ``analysis.explain``."""
        from cs_metrics.analysis.explain import explain

        return explain(self, book, when, months, by)

    def dark(self, book: Book) -> str | None:
        """Why the book cannot answer, None if it can."""
        try:
            for name in self.needs:
                MEASURES[name].of(book, book.closes, 0)
        except Dark as reason:
            return str(reason)
        return None


def metric(
    *,
    label: str,
    unit: Unit,
    good: Literal["up", "down", "neither"] = "up",
    formula: str,
    source: str = "",
    top: Unit = MONEY,
    bottom: Unit = MONEY,
    capped: bool = False,
    factor: int = 1,
) -> Callable[[Callable[..., Amounts]], Metric]:
    """Make a metric of a function and enter it in the list. Words here, numbers in the function."""

    def register(function: Callable[..., Amounts]) -> Metric:
        name = function.__name__
        made = Metric(name, function, label, unit, top, bottom, good, formula, source, capped, factor)
        METRICS[name] = made
        return made

    return register


def named(names: Iterable[str]) -> list[Metric]:
    """The metrics of these names; a name that is none says what was meant."""
    found = []
    for name in names:
        if name not in METRICS:
            near = get_close_matches(name, METRICS, 3, 0.4) or list(METRICS)
            raise Misuse(f'there is no metric "{name}"; did you mean {", ".join(near)}?')
        found.append(METRICS[name])
    return found
