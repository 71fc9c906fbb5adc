"""What a book's revenue is made of, line by line, and who held each account at each close."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import pandas as pd

NEVER = 10**6

T = TypeVar("T", pd.DataFrame, pd.DataFrame | None)


@dataclass(frozen=True, eq=False)
class Lines:
    """What MRR is made of: one line per account, product and currency, ordered by row.

    ``amounts`` is closes × lines in each line's own currency; ``row``, ``product`` and ``currency`` say, line by
    line, whose it is (positions in the book, in ``products`` and in ``currencies``); ``first_paid`` is the month of
    the line's first revenue, counted from 1970, kept when earlier closes are cut off.
    """

    amounts: np.ndarray
    row: np.ndarray
    product: np.ndarray
    currency: np.ndarray
    first_paid: np.ndarray
    products: pd.Index
    currencies: pd.Index

    @classmethod
    def starting(
        cls,
        first_close: pd.Period,
        amounts: np.ndarray,
        row: np.ndarray,
        product: np.ndarray,
        currency: np.ndarray,
        products: pd.Index,
        currencies: pd.Index,
    ) -> Lines:
        """Lines whose whole history is in ``amounts``."""
        first = np.full(amounts.shape[1], NEVER)
        for close in range(len(amounts) - 1, -1, -1):
            first[amounts[close] > 0] = first_close.ordinal + close
        return cls(amounts, row, product, currency, first, products, currencies)

    def chosen(self, keep: np.ndarray | slice, row: np.ndarray) -> Lines:
        """Some of the lines, with the rows they now belong to."""
        return replace(
            self,
            amounts=self.amounts[:, keep],
            row=row,
            product=self.product[keep],
            currency=self.currency[keep],
            first_paid=self.first_paid[keep],
        )

    def closes(self, at: slice) -> Lines:
        """The lines over some closes only."""
        return replace(self, amounts=self.amounts[at])

    def take(self, rows: np.ndarray | slice, total: int) -> Lines:
        """The lines of some rows of the book, in their new order. A slice copies no amount."""
        if isinstance(rows, slice):
            start, stop, _ = rows.indices(total)
            first, last = np.searchsorted(self.row, (start, stop))
            keep: np.ndarray | slice = slice(first, last)
            place = self.row[keep] - start
        else:
            new = np.full(total, -1)
            new[rows] = np.arange(len(rows))
            keep = np.flatnonzero(new[self.row] >= 0)
            keep = keep[np.argsort(new[self.row[keep]], kind="stable")]
            place = new[self.row[keep]]
        return self.chosen(keep, place)

    def grouped(self, to: np.ndarray) -> Lines:
        """The same lines under other rows: ``to`` gives each line its new row."""
        order = np.argsort(to, kind="stable")
        return self.chosen(order, to[order])


@dataclass(frozen=True, eq=False)
class Owners:
    """Who held each account at each close.

    ``held`` is closes × rows, positions in ``names``, whose last entry is "unassigned". ``handovers`` has one row
    per change: ``row, day, before, after``.
    """

    names: pd.Index
    held: np.ndarray
    handovers: pd.DataFrame

    def closes(self, at: slice) -> Owners:
        """The owners over some closes only."""
        return replace(self, held=self.held[at])

    def take(self, rows: np.ndarray | slice) -> Owners:
        """The owners of some rows of the book, in their new order; a row may be taken more than once."""
        chosen = np.arange(self.held.shape[1])[rows]
        return replace(self, held=self.held[:, rows], handovers=moved_to(self.handovers, chosen))


NO_RENEWALS = pd.DataFrame({"row": [], "day": []}).astype({"row": "int64", "day": "datetime64[s]"})
NO_HANDOVERS = pd.DataFrame({"row": [], "day": [], "before": [], "after": []}).astype(
    {"row": "int64", "day": "datetime64[s]", "before": "int64", "after": "int64"}
)


def moved_to(dated: T, rows: np.ndarray) -> T:
    """Dated entries of rows, as entries of some of these rows in their new order; a row may be taken more than once."""
    if dated is None or len(dated) == 0:
        return dated
    places = pd.DataFrame({"old": rows, "row": np.arange(len(rows))})
    moved = places.merge(dated.rename(columns={"row": "old"}), on="old")
    return moved.drop(columns="old")
