"""Cohorts: what became of the accounts that started in the same month, quarter or year.

An account's cohort is the period of its first MRR (switch: of its start date). Age 0 is that period's close, age 1
the close of the next. Two roads lead to the same integers: folding the change log, an entry for each change since
age 0, or summing the matrix, one close per period; the shorter one is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np
import pandas as pd

from cs_metrics.book import NEVER, Book, Misuse
from cs_metrics.months import Every, label, last_months, numbered
from cs_metrics.tally import grouping

Measure = Literal["logo", "gross", "net"]
COLUMNS = ("cohort", "size", "age", "value")
BEHIND = ("account_id", "name", "opening", "closing", "top", "bottom", "note")


def _kept(now: np.ndarray, start: np.ndarray) -> np.ndarray:
    return (now > 0).astype(np.int64)


def _all(now: np.ndarray, start: np.ndarray) -> np.ndarray:
    return now


# What an account adds to a cell, given its MRR now and at age 0.
ADDS: dict[Measure, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "logo": _kept,
    "gross": np.minimum,
    "net": _all,
}


# --- where each life begins -----------------------------------------------------------------------------------------


class Starts(NamedTuple):
    """Where the life of each row begins.

    ``cohort`` is the number of its period; ``close`` the position of age 0, that period's close, negative where it
    lies before the book, beyond the closes where it is not reached yet. ``stock`` marks rows that started before the
    book, by their start date, or may have because they were customers at its first close and have none. ``counted``
    is false for rows that never started.
    """

    cohort: np.ndarray
    close: np.ndarray
    stock: np.ndarray
    counted: np.ndarray


def start_months(book: Book) -> np.ndarray | None:
    """The month of each row's start date, as an ordinal, NEVER where it has none; None without such a column."""
    if "start_date" not in book.accounts:
        return None
    days = pd.to_datetime(book.accounts["start_date"], errors="coerce")
    months = days.to_numpy().astype("datetime64[M]").astype(np.int64)
    return np.where(days.isna(), NEVER, months)


def starts_of(book: Book, every: Every) -> Starts:
    """The cohort of each row, by its first MRR or, with the setting ``cohort_start=start_date``, its start date."""
    began, first = start_months(book), book.first_paid
    fiscal = book.settings.fiscal_start
    by_date = book.settings.cohort_start == "start_date"
    if by_date:
        month = np.full(len(book), NEVER) if began is None else began
    else:
        month = np.where((first >= 0) & (first < NEVER // 2), first + book.first_close.ordinal, NEVER)
    counted = month < NEVER
    cohort = numbered(np.where(counted, month, 0), every, fiscal)
    close = last_months(cohort, every, fiscal) - book.first_close.ordinal
    stock = np.zeros(len(book), dtype=bool)
    if not by_date and book.closes:
        stock = first == 0
        if began is not None:
            older = (began < book.first_close.ordinal) & (numbered(began, every, fiscal) < cohort)
            stock = np.where(began < NEVER, older, stock) & counted
    return Starts(cohort, close, stock, counted)


def said(book: Book) -> list[str]:
    """What a reader of the cohorts must know: whose start is unknown, who is in no cohort."""
    if book.settings.cohort_start == "start_date":
        began = start_months(book)
        if began is None:
            return ["The accounts have no start_date: there are no cohorts by start date."]
        without = int((began == NEVER).sum())
        return [f"{are(without)} in no cohort, without a start_date."] if without else []
    stock = int(starts_of(book, "month").stock.sum())
    if not stock:
        return []
    return [
        f"{are(stock)} older than the data, which begin with the close of {book.first_close}, or may be: they are in "
        "the cohort in which the data first show them, and left out of averages where there are others."
    ]


def are(count: int) -> str:
    """So many accounts are: the beginning of a sentence."""
    return "1 account is" if count == 1 else f"{count:,} accounts are"


# --- the triangles --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Triangles:
    """The logo, gross and net triangles of a book, by cohort and group.

    A row is a cohort of a group; ``cohort`` is the number of its period, ``group`` its place in ``groups``. The
    exact sums are rows × periods, the periods being those the book has a close of, numbered from ``first``; age is
    period − cohort. ``known`` is false where a currency without a rate hides the row's revenue, ``seen`` where its
    age 0 lies before the book, ``stock`` true where it holds accounts whose start lies before the book.
    """

    every: Every
    fiscal_start: int
    groups: pd.Index
    cohort: np.ndarray
    group: np.ndarray
    accounts: np.ndarray
    opening: np.ndarray
    sums: dict[Measure, np.ndarray]
    known: np.ndarray
    seen: np.ndarray
    stock: np.ndarray
    first: int
    scale: int

    @property
    def periods(self) -> int:
        """How many periods the book has a close of."""
        return next(iter(self.sums.values())).shape[1]

    @property
    def ages(self) -> int:
        """How many ages were observed of some cohort."""
        return self.first + self.periods - int(self.cohort.min()) if len(self.cohort) and self.periods else 0

    @property
    def labels(self) -> np.ndarray:
        """The name of each row's cohort."""
        names = {number: _named(number, self.every, self.fiscal_start) for number in set(self.cohort.tolist())}
        return np.array([names[number] for number in self.cohort.tolist()], dtype=object)

    def bottom(self, measure: Measure) -> np.ndarray:
        """Σ bottom of each row: its accounts, or its MRR at age 0; exact."""
        return self.accounts if measure == "logo" else self.opening

    def tops(self, measure: Measure) -> tuple[np.ndarray, np.ndarray]:
        """Σ top of each row by age, rows × ages, and where it was observed; exact."""
        tops = np.zeros((len(self.cohort), self.ages), dtype=np.int64)
        observed = np.zeros(tops.shape, dtype=bool)
        row, period = np.nonzero(self.first + np.arange(self.periods) >= self.cohort[:, None])
        age = self.first + period - self.cohort[row]
        tops[row, age] = self.sums[measure][row, period]
        observed[row, age] = True if measure == "logo" else self.seen[row]
        return tops, observed

    def values(self, measure: Measure) -> np.ndarray:
        """Σ top / Σ bottom by age: rows × ages; not a number where unobserved or undefined."""
        tops, observed = self.tops(measure)
        bottom = self.bottom(measure)[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(observed & self.known[:, None] & (bottom > 0), tops / bottom, np.nan)

    def size(self, measure: Measure) -> np.ndarray:
        """What each row's rates are out of: accounts, or MRR at age 0; not a number where unknown."""
        if measure == "logo":
            return self.accounts
        return np.where(self.known & self.seen, self.opening / self.scale, np.nan)

    def rows(self, measure: Measure) -> pd.DataFrame:
        """One row per observed cell: ``group, cohort, size, age, value``, unobserved cells absent."""
        _, observed = self.tops(measure)
        row, age = np.nonzero(observed)
        return pd.DataFrame(
            {
                "group": self.groups.to_numpy(dtype=object)[self.group[row]],
                "cohort": self.labels[row],
                "size": self.size(measure)[row],
                "age": age,
                "value": self.values(measure)[row, age],
            }
        )

    def table(self, measure: Measure) -> pd.DataFrame:
        """The triangle as people draw it: a row per cohort, ``cohort, accounts, size``, then a column per age."""
        told = pd.DataFrame({"cohort": self.labels, "accounts": self.accounts, "size": self.size(measure)})
        if len(self.groups) > 1 or not self.groups.isna().all():
            told.insert(0, "group", self.groups.to_numpy(dtype=object)[self.group])
        return pd.concat([told, pd.DataFrame(self.values(measure))], axis=1)

    def curves(self, measure: Measure) -> pd.DataFrame:
        """How cohorts fare on average: one row per group and age, ``group, age, value, accounts, cohorts``.

        Each age joins the cohorts observed at that age, weighted by their size: Σ top / Σ bottom. Cohorts whose
        start lies before the book are left out, unless there are no others.
        """
        tops, observed = self.tops(measure)
        use = self.known & (~self.stock if (~self.stock).any() else True)
        row, age = np.nonzero(observed & use[:, None])
        shape = (len(self.groups), self.ages)
        sums = {name: np.zeros(shape, dtype=np.int64) for name in ("top", "bottom", "accounts", "cohorts")}
        at = self.group[row], age
        np.add.at(sums["top"], at, tops[row, age])
        np.add.at(sums["bottom"], at, self.bottom(measure)[row])
        np.add.at(sums["accounts"], at, self.accounts[row])
        np.add.at(sums["cohorts"], at, 1)
        group, age = np.nonzero(sums["bottom"])
        found = {name: amounts[group, age] for name, amounts in sums.items()}
        return pd.DataFrame(
            {
                "group": self.groups.to_numpy(dtype=object)[group],
                "age": age,
                "value": found["top"] / found["bottom"],
                "accounts": found["accounts"],
                "cohorts": found["cohorts"],
            }
        )


def triangles(book: Book, every: Every = "month", by: str | None = None) -> Triangles:
    """What is left of each cohort, by age: accounts, MRR with rises not counted, MRR.

    By CSM, an account stands with who held it at age 0, with the setting ``owner=closing`` with who holds it now.
    In constant currency a row's amounts are at the rates of its age 0; with floating rates each close is at its
    own. Gross retention is capped per account (switch: per product).

    >>> book = Book.of_mrr({"Acme": [100, 120, 120], "Birch": [50, 50, 0], "Cedar": [0, 30, 30]}, first="2025-01")
    >>> triangles(book).rows("gross")[["cohort", "size", "age", "value"]]
        cohort   size  age     value
    0  2025-01  150.0    0  1.000000
    1  2025-01  150.0    1  1.000000
    2  2025-01  150.0    2  0.666667
    3  2025-02   30.0    0  1.000000
    4  2025-02   30.0    1  1.000000
    """
    book = book.per_product() if by == "product" and "product" not in book.accounts else book
    starts = starts_of(book, every)
    first, ends = _closes_of(book, every)
    labels, group = grouped(book, by, starts.close)
    inside = starts.counted & (group < len(labels)) & (starts.close < (ends[-1] + 1 if len(ends) else -NEVER))
    cohort, group_of, place = _rows(starts.cohort, group, inside, max(len(labels), 1))
    part = Part(book, starts.close, place, len(cohort), ends)
    sums = _summed(part, tuple(ADDS))
    if book.settings.gross_cap == "product" and "product" not in book.accounts and len(book.lines.products) > 1:
        sums["gross"] = _summed(part.per_product(), ("gross",))["gross"]
    period = cohort - first
    opening = np.zeros(len(cohort), dtype=np.int64)
    here = period >= 0
    opening[here] = sums["net"][here, period[here]]
    hidden = np.zeros(len(cohort) + 1, dtype=bool)
    if book.unpriced is not None:
        hidden[place[book.unpriced]] = True
    stock = np.zeros(len(cohort) + 1, dtype=bool)
    stock[place[starts.stock]] = True
    return Triangles(
        every,
        book.settings.fiscal_start,
        labels,
        cohort,
        group_of,
        np.bincount(place, minlength=len(cohort) + 1)[:-1],
        opening,
        sums,
        ~hidden[:-1],
        here,
        stock[:-1],
        first,
        book.scale,
    )


def _closes_of(book: Book, every: Every) -> tuple[int, np.ndarray]:
    """The number of the first period that ends in the book, and the positions of the closes its periods end on."""
    if not book.closes:
        return 0, np.empty(0, dtype=np.intp)
    fiscal, start = book.settings.fiscal_start, book.first_close.ordinal
    numbers = np.unique(numbered(start + np.arange(book.closes), every, fiscal))
    ends = last_months(numbers, every, fiscal) - start
    return int(numbers[0]), ends[ends < book.closes].astype(np.intp)


def grouped(book: Book, by: str | None, age_0: np.ndarray) -> tuple[pd.Index, np.ndarray]:
    """The groups and each row's place among them; a row nobody asks about has a place beyond.

    ``age_0`` is the close of each row's age 0: who holds the account then has it, by CSM.
    """
    groups, rows = grouping(book, by), np.arange(len(book))
    if not book.closes:
        return groups.labels, np.zeros(len(book), dtype=np.intp)
    if groups.by_holder is None:
        return groups.labels, groups.of(rows, None)
    last = book.closes - 1
    at = np.full(len(book), last) if book.settings.owner == "closing" else np.clip(age_0, 0, last)
    return groups.labels, groups.of(rows, book.owners.held[at, rows])


def _rows(
    cohort: np.ndarray, group: np.ndarray, inside: np.ndarray, groups: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The cohorts of groups that have a row: their cohort, their group, and which of them each row belongs to.

    A row that is in none has the place after the last.
    """
    least = int(cohort[inside].min()) if inside.any() else 0
    span = int(cohort[inside].max()) - least + 1 if inside.any() else 0
    code = np.where(inside, group * span + (cohort - least), groups * span)
    used = np.zeros(groups * span + 1, dtype=bool)
    used[code] = True
    used[-1] = False
    found = np.flatnonzero(used)
    place = np.cumsum(used) - 1
    place[-1] = len(found)
    return found % max(span, 1) + least, found // max(span, 1), place[code]


# --- the sums -------------------------------------------------------------------------------------------------------


class Part(NamedTuple):
    """What is to be summed: the book, the close of each row's age 0, the row of the triangle each row belongs to
    (beyond the last: none), how many of these there are, and the closes on which periods end.
    """

    book: Book
    close: np.ndarray
    place: np.ndarray
    total: int
    ends: np.ndarray

    @property
    def entered(self) -> np.ndarray:
        """The close of each row's first cell: its age 0, or the end of the book's first period."""
        return np.clip(self.close, self.ends[0], self.book.closes - 1)

    @property
    def period_of(self) -> np.ndarray:
        """The period at whose end each close first shows, by position; one beyond the last for what comes later."""
        return np.searchsorted(self.ends, np.arange(self.book.closes))

    def per_product(self) -> Part:
        """The same with a row for each product of each account, in its account's place."""
        split = self.book.per_product()
        account = self.book.accounts.index.get_indexer(split.accounts.index)
        return self._replace(book=split, close=self.close[account], place=self.place[account])


def _summed(part: Part, measures: tuple[Measure, ...]) -> dict[Measure, np.ndarray]:
    """Σ top of each measure: rows of the triangle × periods."""
    if not len(part.ends) or not len(part.book):
        return {measure: np.zeros((part.total, len(part.ends)), dtype=np.int64) for measure in measures}
    return (fold_changes if short_road(part) else sum_matrix)(part, measures)


def short_road(part: Part) -> bool:
    """Can this be folded from the change log, and is that shorter than going through the matrix?"""
    one_rate = part.book.one_currency or part.book.settings.fx == "floating"
    return one_rate and part.book.changes.worth_it


def fold_changes(part: Part, measures: tuple[Measure, ...]) -> dict[Measure, np.ndarray]:
    """The sums from the change log: what each row adds at its first cell, then every change since, added up."""
    log, periods, width = part.book.changes, len(part.ends), len(part.ends) + 1
    entered, period_of, row_of_cells = part.entered, part.period_of, part.place * width
    start = part.book.balance(0, 0)[entered, np.arange(len(part.book))]
    first_cell = row_of_cells + period_of[entered]
    since = np.flatnonzero(log.close > entered[log.row])
    row = log.row[since]
    cell = row_of_cells[row] + period_of[log.close[since]]
    before, after, start_of = log.before[since], log.after[since], start[row]
    found: dict[Measure, np.ndarray] = {}
    for measure in measures:
        adds = ADDS[measure]
        total = np.zeros((part.total + 1) * width, dtype=np.int64)
        np.add.at(total, first_cell, adds(start, start))
        np.add.at(total, cell, adds(after, start_of) - adds(before, start_of))
        found[measure] = np.cumsum(total.reshape(-1, width)[:-1, :periods], axis=1)
    return found


def sum_matrix(part: Part, measures: tuple[Measure, ...]) -> dict[Measure, np.ndarray]:
    """The sums from the matrix, block by block: rows of one place side by side, one close per period."""
    periods, entered = len(part.ends), part.entered
    totals = {measure: np.zeros((periods, part.total + 1), dtype=np.int64) for measure in measures}
    floating = part.book.settings.fx == "floating"
    for rows, block in part.book.blocks():
        order = np.argsort(part.place[rows], kind="stable")
        place, first = part.place[rows][order], entered[rows]
        balance = block.balance(0, 0) if floating else block.at_rates_of(first)
        start, now = balance[first, np.arange(len(block))][order], balance[part.ends].take(order, axis=1)
        edges = np.flatnonzero(np.r_[True, place[1:] != place[:-1]])
        for measure, total in totals.items():
            total[:, place[edges]] += np.add.reduceat(ADDS[measure](now, start), edges, axis=1)
    first_period = np.full(part.total + 1, periods)
    first_period[part.place] = part.period_of[entered]
    early = np.arange(periods)[:, None] < first_period
    return {measure: np.where(early, 0, total).T[:-1] for measure, total in totals.items()}


# --- the accounts behind a cell ---------------------------------------------------------------------------------------


def behind(
    book: Book,
    measure: Measure,
    every: Every,
    cohort: str,
    age: int,
    by: str | None = None,
    group: str | None = None,
) -> pd.DataFrame:
    """Which accounts make up a cell, and with what? One row per account of the cohort, largest first.

    ``opening`` and ``closing`` are its MRR at age 0 and at this age, ``top`` and ``bottom`` what it adds to the
    cell: they add up to it. Empty where there is no such cell. Raises Misuse for a measure that does not exist.
    """
    if measure not in ADDS:
        raise Misuse(f'"{measure}" is not a measure; choose {", ".join(get_args(Measure))}')
    book = book.per_product() if by == "product" and "product" not in book.accounts else book
    starts = starts_of(book, every)
    first, ends = _closes_of(book, every)
    labels, code = grouped(book, by, starts.close)
    inside = starts.counted & (code < len(labels))
    if group is not None:
        inside &= code == labels.get_loc(group)
    period = _number_of(cohort, starts.cohort[inside], every, book.settings.fiscal_start)
    if period is None or not 0 <= period + age - first < len(ends):
        return pd.DataFrame({c: pd.Series(dtype=float) for c in BEHIND})
    row = np.flatnonzero(inside & (starts.cohort == period))
    at = int(ends[period + age - first])
    asked = book.take(row)
    start, now, top = _cell(asked, measure, starts.close[row], at)
    found = pd.DataFrame(
        {
            "account_id": asked.accounts.index.to_numpy(),
            "name": asked.accounts["name"].to_numpy(),
            "opening": start / book.scale,
            "closing": now / book.scale,
            "top": top if measure == "logo" else top / book.scale,
            "bottom": np.ones(len(row)) if measure == "logo" else start / book.scale,
            "note": what_became(start, now),
        }
    )
    return found.sort_values(["opening", "closing"], ascending=False, kind="stable").reset_index(drop=True)


def largest(book: Book, every: Every, count: int = 3) -> dict[str, list[tuple[str, np.ndarray]]]:
    """The largest accounts of each cohort by their MRR at age 0: their names, and their MRR by age."""
    starts = starts_of(book, every)
    first, ends = _closes_of(book, every)
    labels, code = grouped(book, None, starts.close)
    inside = np.flatnonzero(starts.counted & (code < len(labels)) & (starts.close < book.closes))
    if not len(ends) or not len(inside):
        return {}
    entered = np.clip(starts.close, ends[0], book.closes - 1)
    balance = book.balance(0, 0) if book.settings.fx == "floating" else book.at_rates_of(entered)
    start = balance[entered[inside], inside]
    order = inside[np.lexsort((-start, starts.cohort[inside]))]
    begins = np.flatnonzero(np.r_[True, np.diff(starts.cohort[order]) != 0])
    found = {}
    for begin, end in zip(begins, np.r_[begins[1:], len(order)], strict=True):
        number = int(starts.cohort[order[begin]])
        name = _named(number, every, book.settings.fiscal_start)
        unseen = np.full(max(first - number, 0), np.nan)
        chosen = order[begin : min(begin + count, end)]
        closes = ends[max(number - first, 0) :]
        found[name] = [
            (str(book.accounts["name"].iloc[row]), np.r_[unseen, balance[closes, row] / book.scale]) for row in chosen
        ]
    return found


def _named(number: int, every: Every, fiscal_start: int) -> str:
    end = int(last_months(np.array(number), every, fiscal_start))
    return label(pd.Period(ordinal=end, freq="M"), every, fiscal_start)


def _number_of(cohort: str, numbers: np.ndarray, every: Every, fiscal_start: int) -> int | None:
    """The number of the period of this name, among these; None where it is not there."""
    return next((int(n) for n in np.unique(numbers) if _named(n, every, fiscal_start) == cohort), None)


def _cell(asked: Book, measure: Measure, close: np.ndarray, at: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """MRR at age 0, MRR at the close ``at``, and what each row adds to the cell; exact."""

    def ends_of(book: Book, close: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        floating = book.settings.fx == "floating"
        place = np.clip(close, 0, book.closes - 1)
        balance = book.balance(0, 0) if floating else book.at_rates_of(place)
        return np.where(close >= 0, balance[place, np.arange(len(book))], 0), balance[at]

    start, now = ends_of(asked, close)
    if measure == "gross" and asked.settings.gross_cap == "product" and "product" not in asked.accounts:
        split = asked.per_product()
        account = asked.accounts.index.get_indexer(split.accounts.index)
        top = np.zeros(len(asked), dtype=np.int64)
        np.add.at(top, account, np.minimum(*ends_of(split, close[account])))
        return start, now, top
    return start, now, ADDS[measure](now, start)


def what_became(start: np.ndarray, now: np.ndarray) -> np.ndarray:
    """What became of each row since age 0, in a word."""
    return np.select(
        [(start <= 0) & (now <= 0), start <= 0, now <= 0, now > start, now < start],
        ["never seen paying at a close", "pays again", "left", "grew", "shrank"],
        "unchanged",
    ).astype(object)
