"""The book of business: accounts × months, and what is known of them.

Shapes, told once. A *row* of a book is an account (after ``per_product`` an account's product, after
``by_parent`` a parent). A *close* is the end of a month's last day. Arrays are closes × rows, so that the rows of
one close lie side by side in memory. Money is int64 in 1/3600 of a unit of currency: the price of 1, 2, 3, 4, 6,
9, 12, 18 or 36 months divides without a remainder, and sums are exact in any order.

The first close may lie before the first month (``lead`` = 1): where the data tell what was in force before they
begin, the first month has an opening too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from cs_metrics.changes import Changes, changes_in
from cs_metrics.facts import Facts
from cs_metrics.lines import NEVER as NEVER
from cs_metrics.lines import NO_HANDOVERS as NO_HANDOVERS
from cs_metrics.lines import NO_RENEWALS as NO_RENEWALS
from cs_metrics.lines import Lines as Lines
from cs_metrics.lines import Owners as Owners
from cs_metrics.lines import moved_to as moved_to
from cs_metrics.months import last_day, month
from cs_metrics.problems import Dark as Dark
from cs_metrics.problems import Misuse as Misuse
from cs_metrics.problems import Problem as Problem
from cs_metrics.settings import OwnerRule as OwnerRule
from cs_metrics.settings import Settings as Settings
from cs_metrics.settings import listed
from cs_metrics.settings import setting_choices as setting_choices
from cs_metrics.units import Unit

SCALE = 3600
UNASSIGNED = "unassigned"
UNKNOWN = "unknown"
BLOCK = 16_384

Kept = TypeVar("Kept")


@dataclass(frozen=True, eq=False)
class Book:
    """Accounts × months of revenue, with owners, attributes and the facts of each account.

    ``accounts`` has one row per account, indexed by account_id, every attribute a column. ``rates`` is closes ×
    currencies: what a unit was worth in the book's ``currency``; not a number where no rate is known. ``renewals``
    has one row per renewal date of an account, ``row, day``; None where none is known.
    ``clock`` is the day from which ages are counted, where one was asked for. ``around`` is the company these accounts
    are a part of, over the same closes; None where they are the company.
    A book is never changed: ``until``, ``where``, ``held_by``… give another one that shares its arrays. What is
    costly to make from the arrays is kept in ``memory``, which books of the same arrays share.

    >>> book = Book.of_mrr({"Acme": [100, 100, 80], "Birch": [50, 0, 0], "Cedar": [0, 30, 30]}, first="2025-01")
    >>> book.mrr
    month    2025-01  2025-02  2025-03
    account_id
    Acme       100.0    100.0     80.0
    Birch       50.0      0.0      0.0
    Cedar        0.0     30.0     30.0
    """

    accounts: pd.DataFrame
    first_close: pd.Period
    lines: Lines
    rates: np.ndarray
    owners: Owners
    facts: Facts = field(default_factory=lambda: Facts({}))
    renewals: pd.DataFrame | None = None
    currency: str = ""
    settings: Settings = field(default_factory=Settings)
    lead: int = 0
    whose: frozenset[int] | None = None
    clock: date | None = None
    around: Book | None = field(default=None, repr=False)
    notes: tuple[str, ...] = ()
    scale: int = SCALE
    memory: dict[Any, Any] = field(default_factory=dict, repr=False)

    # --- made from ------------------------------------------------------------------------------------------

    @classmethod
    def of_mrr(cls, mrr: dict[str, Sequence[float]] | pd.DataFrame, first: str = "2025-01", **attributes: Any) -> Book:
        """A book from MRR alone: a list of closes per account, or a frame accounts × months.

        ``attributes`` are columns of the accounts, as lists in the order of the accounts; ``csm`` gives the owners.
        """
        frame = mrr if isinstance(mrr, pd.DataFrame) else pd.DataFrame.from_dict(mrr, orient="index", dtype=float)
        amounts = np.ascontiguousarray(np.rint(frame.to_numpy(dtype=float).T * SCALE).astype(np.int64))
        closes, n = amounts.shape
        accounts = pd.DataFrame({"name": frame.index.astype(str), **attributes}, index=frame.index.rename("account_id"))
        csm = accounts["csm"] if "csm" in accounts else pd.Series([None] * n)
        codes, names = pd.factorize(csm, sort=True)
        held = np.broadcast_to(np.where(codes < 0, len(names), codes), (closes, n))
        one = np.zeros(n, dtype=np.intp)
        return cls(
            accounts=accounts,
            first_close=month(first),
            lines=Lines.starting(month(first), amounts, np.arange(n), one, one, pd.Index([""]), pd.Index([""])),
            rates=np.ones((closes, 1)),
            owners=Owners(pd.Index([*names, UNASSIGNED]), held, NO_HANDOVERS),
        )

    # --- what it holds --------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.accounts)

    def __repr__(self) -> str:
        span = f"{self.months[0]} to {self.months[-1]}" if len(self.months) else "no month"
        return f"Book of {len(self):,} accounts, {span}"

    @property
    def closes(self) -> int:
        """How many closes the arrays hold: the months, and the close before them where it is known."""
        return len(self.lines.amounts)

    @cached_property
    def months(self) -> pd.PeriodIndex:
        """The months the book speaks of."""
        return self.months_with_lead[self.lead :]

    @cached_property
    def months_with_lead(self) -> pd.PeriodIndex:
        """The months of all closes, the one before the book's first month included where it is known."""
        return pd.period_range(self.first_close, periods=self.closes, freq="M", name="month")

    @property
    def last(self) -> pd.Period:
        """The last month of the book. Raises Dark where it has none."""
        if not len(self.months):
            raise Dark("The book has no month: nothing is known of its revenue yet.")
        return self.months[-1]

    @property
    def day(self) -> date:
        """The day the book speaks of: the last day of its last month."""
        return last_day(self.last)

    @property
    def known_on(self) -> date:
        """The day from which ages are counted: the day asked for, or the last day of the last month."""
        return self.clock or self.facts.day or self.day

    @property
    def mrr(self) -> pd.DataFrame:
        """MRR in the book's currency at each month's own rate: accounts × months."""
        values = self.balance(0, 0)[self.lead :].T / self.scale
        return pd.DataFrame(values, index=self.accounts.index, columns=self.months, copy=False)

    def scale_of(self, unit: Unit) -> int:
        """What an exact amount in this unit is divided by to be read."""
        return self.scale if unit.money else unit.parts

    def close_of(self, when: str | pd.Period) -> int | None:
        """The position of a month's close, None where the book does not have it."""
        place = month(when).ordinal - self.first_close.ordinal
        return place if 0 <= place < self.closes else None

    def closes_of(self, days: pd.Series) -> np.ndarray:
        """The positions of the closes of these days' months, before the first negative."""
        return days.to_numpy().astype("datetime64[M]").astype(np.int64) - self.first_close.ordinal

    @cached_property
    def one_currency(self) -> bool:
        """Is every amount already in the book's currency?"""
        return bool((self.rates == 1).all())

    @cached_property
    def unpriced(self) -> np.ndarray | None:
        """Which rows have revenue in a currency without a rate; None where every currency has one."""
        lost = ~np.isfinite(self.rates).all(axis=0)
        if not lost.any():
            return None
        rows = np.zeros(len(self), dtype=bool)
        rows[self.lines.row[lost[self.lines.currency]]] = True
        return rows

    def balance(self, months: int, upto: int) -> np.ndarray:
        """MRR at the close ``upto`` months into each period of ``months`` months: periods × rows.

        Period p opens at close p, so ``balance(k, 0)`` is the opening and ``balance(k, k)`` the closing MRR of
        every period of k months. In constant currency all closes of a period are at its opening's rate; with
        floating rates each is at its own.
        """
        periods = self.closes - months
        if self.one_currency or upto == 0 or self.settings.fx == "floating":
            return self._own[upto : upto + periods]
        return self._converted(self.lines.amounts[upto : upto + periods], self.rates[:periods])

    def at_rate_of(self, close: int) -> np.ndarray:
        """MRR of all closes at the exchange rates of one close: closes × rows."""
        if self.one_currency:
            return self._own
        return self._converted(self.lines.amounts, np.broadcast_to(self.rates[close], self.rates.shape))

    def at_rates_of(self, closes: np.ndarray) -> np.ndarray:
        """MRR of all closes, each row at the exchange rates of a close of its own: closes × rows."""
        if self.one_currency:
            return self._own
        rates = self.rates[closes[self.lines.row], self.lines.currency]
        priced = self.lines.amounts * np.where(np.isfinite(rates), rates, 0)
        return self._summed(np.rint(priced).astype(np.int64))

    def at_next_rate(self) -> np.ndarray:
        """MRR of each close but the last at the exchange rates of the next: closes − 1 × rows."""
        if self.one_currency:
            return self._own[:-1]
        return self._converted(self.lines.amounts[:-1], self.rates[1:])

    @property
    def _own(self) -> np.ndarray:
        return self.kept("own", lambda: self._converted(self.lines.amounts, self.rates))

    def _converted(self, amounts: np.ndarray, rates: np.ndarray) -> np.ndarray:
        """Native amounts, closes × lines, in the book's currency: closes × rows."""
        if not (rates == 1).all():
            priced = np.where(np.isfinite(rates), rates, 0)[:, self.lines.currency]
            amounts = np.rint(amounts * priced).astype(np.int64)
        return self._summed(amounts)

    def _summed(self, amounts: np.ndarray) -> np.ndarray:
        row = self.lines.row
        if len(row) == len(self) and (row == np.arange(len(row))).all():
            return amounts
        total = np.zeros((len(amounts), len(self)), dtype=np.int64)
        if len(row):
            first = np.flatnonzero(np.r_[True, row[1:] != row[:-1]])
            total[:, row[first]] = np.add.reduceat(amounts, first, axis=1)
        return total

    @property
    def first_paid(self) -> np.ndarray:
        """The close at which each row first had MRR, negative before the first; far off where it never had."""
        return self.kept("first paid", self._first_paid)

    def _first_paid(self) -> np.ndarray:
        first = np.full(len(self), NEVER)
        np.minimum.at(first, self.lines.row, self.lines.first_paid)
        return first - self.first_close.ordinal

    @property
    def handed(self) -> tuple[np.ndarray, np.ndarray]:
        """The cells, as closes and rows, at which a row has another holder than at the close before."""
        return self.kept("handed", self._handed)

    def _handed(self) -> tuple[np.ndarray, np.ndarray]:
        moved, held = self.owners.handovers, self.owners.held
        close = self.closes_of(moved["day"])
        inside = (close > 0) & (close < self.closes)
        cells = np.unique(close[inside] * len(self) + moved["row"].to_numpy()[inside])
        at, row = np.divmod(cells, max(len(self), 1))
        changed = held[at, row] != held[at - 1, row]
        return at[changed], row[changed]

    @property
    def changes(self) -> Changes:
        """Every cell of the balances, each close at its own rate, that differs from the close before."""
        return self.kept("changes", lambda: changes_in(self._own))

    def kept(self, key: Any, make: Callable[[], Kept]) -> Kept:
        """What was made once for these arrays: made now, or as it was kept."""
        if key not in self.memory:
            self.memory[key] = make()
        return self.memory[key]

    def answered(self, key: Any, make: Callable[[], Kept]) -> Kept:
        """An answer of this book, made once: as ``kept``, and apart for other owners and other settings."""
        return self.kept((key, self.whose, self.settings), make)

    def balance_and_changes(self) -> tuple[np.ndarray, Changes]:
        """MRR of all closes on one footing, closes × rows, and what changed in it from close to close.

        In constant currency the footing is the rate of the first close; a change of rate then changes nothing.
        With floating rates each close is at its own rate, and what a rate did between two closes is left out.
        """
        if self.one_currency:
            return self._own, self.changes
        if self.settings.fx == "constant":
            balance = self.at_rate_of(0)
            return balance, changes_in(balance)
        before, after = self.at_next_rate(), self._own[1:]
        close, row = np.nonzero(before != after)
        return self._own, Changes(close + 1, row, before[close, row], after[close, row], self._own.size)

    def knows(self, what: str) -> bool:
        """Is there a table of this name (``tickets``), a column in one with anything in it (``tickets.csat``), or a
        column of the accounts (``renewal_date``)? Some accounts of a book know what the whole book knows.
        """
        table, dot, column = what.partition(".")
        if not dot:
            return table in self.facts or table in self.accounts
        return self.facts.knows(table, column)

    # --- slices ---------------------------------------------------------------------------------------------

    def until(self, when: str | pd.Period) -> Book:
        """The book up to and with a month. A month beyond the book's own changes nothing."""
        months = min(max(month(when).ordinal - self.first_close.ordinal + 1 - self.lead, 0), len(self.months))
        return self._closes(slice(0, months + self.lead if months else 0), self.lead)

    def since(self, when: str | pd.Period) -> Book:
        """The book from a month on; the close before it is kept as its opening, where there is one."""
        first = month(when).ordinal - self.first_close.ordinal
        return self if first <= self.lead else self._closes(slice(min(first, self.closes) - 1, self.closes), lead=1)

    def window(self, opening: int, closing: int) -> Book:
        """The closes from ``opening`` to ``closing``, both positions included."""
        return self._closes(slice(opening, closing + 1), lead=1)

    def _closes(self, at: slice, lead: int) -> Book:
        return replace(
            self,
            first_close=self.first_close + at.start,
            lines=self.lines.closes(at),
            rates=self.rates[at],
            owners=self.owners.closes(at),
            lead=lead,
            around=None if self.around is None else self.around._closes(at, lead),
            memory={},
        )

    def as_of(self, day: date) -> Book:
        """The book as it stood on a day: the months closed by then, and only what was known."""
        closed = month(day) if last_day(month(day)) <= day else month(day) - 1
        return replace(self.until(closed), facts=self.facts.on(day), clock=day)

    def now(self, today: date | None = None) -> Book:
        """The book as it stands: all that is known today, ages counted from the last day the data speak of.

        What people typed in since (pulses, risks, notes) is known, and does not move that day: a book whose last
        upload is old is read as of that upload, not as if every customer had fallen silent.
        """
        today = today or date.today()
        known = self.facts.on(today)
        return replace(self, facts=known, clock=max(self.day, known.latest() or self.day), memory={})

    def take(self, rows: np.ndarray | slice) -> Book:
        """The book of some rows, given as positions or as a mask."""
        if isinstance(rows, np.ndarray) and rows.dtype == bool:
            rows = np.flatnonzero(rows)
        return replace(
            self,
            accounts=self.accounts.iloc[rows],
            lines=self.lines.take(rows, len(self)),
            owners=self.owners.take(rows),
            facts=self.facts.take(np.arange(len(self))[rows]),
            renewals=moved_to(self.renewals, np.arange(len(self))[rows]),
            around=self.company,
            memory={},
        )

    def blocks(self, size: int = BLOCK) -> Iterator[tuple[slice, Book]]:
        """The book in pieces of so many rows, small enough for the processor's cache, and where each stands.

        The pieces are made once: what one figure lays out of a piece's facts, the next one finds.
        """
        if len(self) <= size:
            yield slice(None), self
        else:
            parts = [slice(start, start + size) for start in range(0, len(self), size)]
            yield from zip(
                parts, self.answered(("blocks", size), lambda: [self.take(part) for part in parts]), strict=True
            )

    def where(self, **wanted: str | Sequence[str]) -> Book:
        """The accounts whose attributes have one of the values wanted; ``csm`` asks who held them when.

        >>> book = Book.of_mrr({"A": [1], "B": [2], "C": [3]}, segment=["SMB", "Mid", "SMB"])
        >>> book.where(segment="SMB").mrr.index.tolist()
        ['A', 'C']
        """
        book, keep = self, np.ones(len(self), dtype=bool)
        for name, values in wanted.items():
            chosen = [values] if isinstance(values, str) else list(values)
            if name == "csm":
                book = book.held_by(*chosen)
            elif name == "product":
                book = book.of_products(*chosen)
            else:
                labels, codes = self.groups(name)
                keep &= np.isin(codes, np.flatnonzero(labels.isin(chosen)))
        return book if keep.all() else book.take(keep)

    def where_id(self, account_id: str) -> Book:
        """The book of one account. Raises Misuse where there is none of this id."""
        place = self.accounts.index.get_indexer(pd.Index([account_id]))[0]
        if place < 0:
            raise Misuse(f'there is no account "{account_id}"')
        return self.take(slice(place, place + 1))

    def of_products(self, *products: str) -> Book:
        """The same accounts with the revenue of these products only."""
        keep = np.flatnonzero(np.isin(self.lines.product, np.flatnonzero(self.lines.products.isin(products))))
        lines = self.lines.chosen(keep, self.lines.row[keep])
        return replace(self, lines=lines, around=self.company, memory={})

    def held_by(self, *csms: str) -> Book:
        """What these CSMs answer for: every figure counts an account while the owner rule says it is theirs."""
        wanted = frozenset(np.flatnonzero(self.owners.names.isin(csms)).tolist())
        return replace(self, whose=wanted if self.whose is None else wanted & self.whose)

    def held_now(self) -> Book:
        """The accounts whose holder at the last close is wanted; all of them where nobody in particular is."""
        if self.whose is None or not self.closes:
            return self
        return replace(self.take(np.isin(self.owners.held[-1], list(self.whose))), whose=None)

    @property
    def company(self) -> Book:
        """The whole company these accounts are a part of, over the same closes: for what only all of them can tell."""
        return self if self.around is None else self.around

    @property
    def csm_now(self) -> np.ndarray:
        """Who holds each account at the last close."""
        return self.owners.names.to_numpy(dtype=object)[self.owners.held[-1]]

    def under(self, **settings: Any) -> Book:
        """The same book under other definitions."""
        memory: dict[Any, Any] = {} if "fx" in settings else self.memory
        return replace(self, settings=replace(self.settings, **settings), memory=memory)

    def split(self, by: str) -> dict[str, Book]:
        """One book per group of an attribute, in the order of their names."""
        labels, codes = self.groups(by)
        return {str(label): self.take(codes == code) for code, label in enumerate(labels)}

    # --- other rows -----------------------------------------------------------------------------------------

    def per_product(self) -> Book:
        """The book with a row for each product of each account."""
        pair = self.lines.row * len(self.lines.products) + self.lines.product
        kept, row = np.unique(pair, return_inverse=True)
        account, product = np.divmod(kept, len(self.lines.products))
        accounts = self.accounts.iloc[account].assign(product=self.lines.products.to_numpy()[product])
        return replace(
            self,
            accounts=accounts,
            lines=self.lines.grouped(row.astype(np.intp)),
            owners=self.owners.take(account),
            facts=Facts({}),
            renewals=moved_to(self.renewals, account),
            around=None,
            memory={},
        )

    def by_parent(self) -> Book:
        """The book with a row for each parent: accounts that name the same ``parent_id``, or themselves.

        A parent keeps its own attributes and owner where it is an account, else those of its first account.
        """
        if "parent_id" not in self.accounts:
            return self
        own = pd.Series(self.accounts.index, index=self.accounts.index)
        parent = self.accounts["parent_id"].where(self.accounts["parent_id"].notna(), own).astype(str)
        codes, ids = pd.factorize(parent)
        itself = self.accounts.index.get_indexer(ids)
        first = np.full(len(ids), len(self))
        np.minimum.at(first, codes, np.arange(len(self)))
        source = np.where(itself >= 0, itself, first)
        accounts = self.accounts.iloc[source].set_axis(pd.Index(ids, name="account_id"))
        tables = {
            name: rows.assign(row=codes[rows["row"]]) if "row" in rows else rows for name, rows in self.facts.items()
        }
        return replace(
            self,
            accounts=accounts,
            lines=self.lines.grouped(codes[self.lines.row]),
            owners=self.owners.take(source),
            facts=Facts(tables, None, self.facts.day),
            renewals=None if self.renewals is None else self.renewals.assign(row=codes[self.renewals["row"]]),
            around=None,
            memory={},
        )

    # --- groups ---------------------------------------------------------------------------------------------

    @property
    def holders(self) -> list[str]:
        """Who holds or held an account in this book, "unassigned" included where nobody did."""
        return self.kept("holders", lambda: self.owners.names[np.unique(self.owners.held)].tolist())

    @property
    def groupings(self) -> list[str]:
        """The attributes worth grouping by: few enough groups to read, more than one, and no days."""
        return self.kept("groupings", self._groupings)

    def _groupings(self) -> list[str]:
        skip = {"name", "start_date", "renewal_date", "parent_id", "domain", "licensed_seats", "csm"}
        few = [c for c in self.accounts.columns if c not in skip and 1 < self.accounts[c].nunique(dropna=False) <= 40]
        few = [c for c in few if not _are_days(self.accounts[c])]
        products = ["product"] if len(self.lines.products) > 1 and "product" not in few else []
        return ["csm", *few, *products] if len(self.holders) > 1 else [*few, *products]

    def groups(self, by: str) -> tuple[pd.Index, np.ndarray]:
        """The groups of an attribute in the order of their names, and each row's place among them."""
        return self.kept(("groups", by), lambda: self._grouped(by))

    def _grouped(self, by: str) -> tuple[pd.Index, np.ndarray]:
        if by == "account_id":
            return self.accounts.index.astype(str), np.arange(len(self))
        if by not in self.accounts:
            known = listed(["csm", "account_id", *self.accounts.columns.drop("csm", errors="ignore")], "and")
            raise Misuse(f'"{by}" is not an attribute of the accounts; there are {known}')
        values = self.accounts[by]
        if isinstance(values.dtype, pd.CategoricalDtype):
            values = values.astype(object)
        codes, labels = pd.factorize(values.astype(object).where(values.notna(), UNKNOWN).astype(str), sort=True)
        return pd.Index(labels, name=by), codes.astype(np.intp)


def _are_days(values: pd.Series) -> bool:
    """Are all of these days or moments, such as the ``updated_at`` of a database?

    >>> _are_days(pd.Series(["2025-01-05", "2025-02-05 10:00:00", None])), _are_days(pd.Series(["2025", "North"]))
    (True, False)
    """
    return bool(values.dropna().drop_duplicates().astype(str).str.match(r"\d{4}-\d\d-\d\d([ T]|$)").all())
