"""A signal: yes or no for an account on a day, with the sentence that says why.

A signal is a function from a book, as it was known on a day, to the accounts for which it fires: a frame with
their positions in ``row`` and what its sentence needs. The decorator holds its words, the tables it reads, and
for a risk how likely it makes a loss.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from cs_metrics.book import Book
from cs_metrics.dials import DIALS, Dial, dial, dials_of, said, values_written

MOST_LIKELY = 0.95
Purpose = Literal["risk", "growth", "advocacy"]

SIGNALS: dict[str, Signal] = {}


@dataclass(frozen=True)
class Signal:
    """A signal with its words.

    ``needs`` are the tables (``tickets``), their columns (``tickets.csat``) or the columns of accounts it reads; of
    several in brackets, one. ``weight`` is the chance
    of a loss within 180 days that a risk alone stands for, as it ships. Its dials are those whose names begin with its
    own or with one of ``shares``; its sentences name their values.
    """

    name: str
    function: Callable[[Book], pd.DataFrame]
    purpose: Purpose
    label: str
    says: str
    needs: tuple[str | tuple[str, ...], ...]
    weight: float = 0.0
    shares: tuple[str, ...] = ()

    @property
    def dials(self) -> list[Dial]:
        """What a team may set of it: its thresholds, and for a risk its weight."""
        return dials_of(self.name, *self.shares)

    @property
    def question(self) -> str:
        """When it fires: the first line of its docstring, with the thresholds that ship."""
        return self.when()

    def when(self, book: Book | None = None) -> str:
        """When it fires, with the thresholds in force; without a book with those that ship."""
        return said(inspect.cleandoc(self.function.__doc__ or "").splitlines()[0], self.dials, book)

    def weight_of(self, book: Book) -> float:
        """The chance of a loss that it alone stands for, as in force on the book's day; 0 for what is no risk."""
        return DIALS[f"{self.name}.weight"].of(book) if self.purpose == "risk" else self.weight

    def dark(self, book: Book) -> str | None:
        """Why it cannot be told, None if it can: the tables it reads that the book does not have."""
        groups = [(need,) if isinstance(need, str) else need for need in self.needs]
        missing = [" or ".join(group) for group in groups if not any(map(book.knows, group))]
        return f"{self.label}: add {' and '.join(missing)}" if missing else None

    def fired(self, book: Book) -> pd.DataFrame:
        """The accounts for which it fires, ``row`` and ``reason``; none where it cannot be told; kept."""
        return book.kept(("fired", self.name, book.known_on), lambda: self._fired(book))

    def _fired(self, book: Book) -> pd.DataFrame:
        if self.dark(book):
            return pd.DataFrame({"row": np.empty(0, dtype=np.intp), "reason": np.empty(0, dtype=object)})
        found = self.function(book)
        reasons = self._sentences(found.drop(columns="row"), values_written(self.dials, book))
        return pd.DataFrame({"row": found["row"].to_numpy(dtype=np.intp), "reason": reasons})

    def _sentences(self, details: pd.DataFrame, told: dict[str, str]) -> np.ndarray:
        """A sentence per row; rows of the same details share one."""
        if details.columns.empty:
            return np.full(len(details), self.says.format(**told), dtype=object)
        code = np.zeros(len(details), dtype=np.int64)
        for name in details:
            codes, distinct = pd.factorize(details[name])
            code = pd.factorize(code * (len(distinct) + 1) + codes + 1)[0]
        first, which = np.unique(code, return_index=True, return_inverse=True)[1:]
        names = list(details.columns)
        said = [
            self.says.format(**told | dict(zip(names, values, strict=True)))
            for values in zip(*(details[name].take(first).tolist() for name in names), strict=True)
        ]
        return np.array([*said, ""], dtype=object)[:-1][which]


def signal(
    purpose: Purpose,
    *,
    label: str,
    says: str,
    needs: tuple[str | tuple[str, ...], ...] = (),
    weight: float = 0.0,
    shares: tuple[str, ...] = (),
) -> Callable[[Callable[[Book], pd.DataFrame]], Signal]:
    """Make a signal of a function and enter it in the list. ``says`` is filled from the function's columns and dials.

    A threshold is a dial declared above the function, named ``function.threshold``; a risk's weight becomes one here.
    """

    def register(function: Callable[[Book], pd.DataFrame]) -> Signal:
        name = function.__name__
        SIGNALS[name] = Signal(name, function, purpose, label, says, needs, weight, shares)
        if purpose == "risk":
            dial(f"{name}.weight", f"{label}: chance of a loss it stands for", weight, "share", most=MOST_LIKELY)
        return SIGNALS[name]

    return register


def signals(purpose: Purpose) -> list[Signal]:
    """The signals for a purpose, in the order of their definition."""
    return [found for found in SIGNALS.values() if found.purpose == purpose]


def accounts_where(which: np.ndarray | pd.Series, **details: Any) -> pd.DataFrame:
    """The accounts of a yes-or-no per account, with details given per account.

    >>> accounts_where(np.array([False, True]), days=np.array([3, 40]))
       row  days
    0    1    40
    """
    row = np.flatnonzero(np.asarray(which, dtype=bool))
    return pd.DataFrame({"row": row, **{name: np.asarray(values)[row] for name, values in details.items()}})
