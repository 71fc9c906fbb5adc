"""Cohorts: what became of the accounts that started in the same month, quarter or year.

An account's cohort is the period of its first MRR (switch: of its start date). Age 0 is that period's close, age 1
the close of the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import numpy as np
import pandas as pd

from cs_metrics.analysis.cohort_starts import are as are
from cs_metrics.analysis.cohort_starts import closes_of, grouped, named, number_of, starts_of
from cs_metrics.analysis.cohort_starts import said as said
from cs_metrics.analysis.cohort_starts import start_months as start_months
from cs_metrics.analysis.cohort_sums import ADDS, Measure, Part, summed
from cs_metrics.book import NEVER, Book, Misuse
from cs_metrics.months import Every

COLUMNS = ("cohort", "size", "age", "value")
BEHIND = ("account_id", "name", "opening", "closing", "top", "bottom", "note")


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
        names = {number: named(number, self.every, self.fiscal_start) for number in set(self.cohort.tolist())}
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

    @property
    def averaged(self) -> np.ndarray:
        """Which rows count in averages: not those whose start lies before the book, unless there are no others."""
        return self.known & (~self.stock if (~self.stock).any() else True)

    def curves(self, measure: Measure) -> pd.DataFrame:
        """How cohorts fare on average: one row per group and age, ``group, age, value, bottom, accounts, cohorts``.

        Each age joins the cohorts observed at that age, weighted by their size: Σ top / Σ bottom. Cohorts whose
        start lies before the book are left out, unless there are no others.
        """
        tops, observed = self.tops(measure)
        row, age = np.nonzero(observed & self.averaged[:, None])
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
                "bottom": found["bottom"],
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
    first, ends = closes_of(book, every)
    labels, group = grouped(book, by, starts.close)
    inside = starts.counted & (group < len(labels)) & (starts.close < (ends[-1] + 1 if len(ends) else -NEVER))
    cohort, group_of, place = _rows(starts.cohort, group, inside, max(len(labels), 1))
    part = Part(book, starts.close, place, len(cohort), ends)
    sums = summed(part, tuple(ADDS))
    if book.settings.gross_cap == "product" and "product" not in book.accounts and len(book.lines.products) > 1:
        sums["gross"] = summed(part.per_product(), ("gross",))["gross"]
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
    first, ends = closes_of(book, every)
    labels, code = grouped(book, by, starts.close)
    inside = starts.counted & (code < len(labels))
    if group is not None:
        inside &= code == labels.get_loc(group)
    period = number_of(cohort, starts.cohort[inside], every, book.settings.fiscal_start)
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


def behind_average(
    book: Book, measure: Measure, every: Every, age: int, by: str | None = None, group: str | None = None
) -> pd.DataFrame:
    """Which accounts make up the average at an age, of one group or of all, and with what? Rows as ``behind``.

    Those of the cohorts that ``curves`` joins: tops and bottoms add up to its value. ``cohort`` says of which.
    """
    found = triangles(book, every, by)
    _, observed = found.tops(measure)
    if not 0 <= age < found.ages:
        return pd.DataFrame({c: pd.Series(dtype=float) for c in (*BEHIND, "cohort")})
    asked = found.averaged & observed[:, age]
    if group is not None:
        asked &= found.groups.to_numpy(dtype=object)[found.group] == group
    cohorts = list(dict.fromkeys(found.labels[asked]))
    pieces = [behind(book, measure, every, name, age, by, group).assign(cohort=name) for name in cohorts]
    if not pieces:
        return pd.DataFrame({c: pd.Series(dtype=float) for c in (*BEHIND, "cohort")})
    return pd.concat(pieces).sort_values(["opening", "closing"], ascending=False, kind="stable", ignore_index=True)


def largest(book: Book, every: Every, count: int = 3) -> dict[str, list[tuple[str, np.ndarray]]]:
    """The largest accounts of each cohort by their MRR at age 0: their names, and their MRR by age."""
    starts = starts_of(book, every)
    first, ends = closes_of(book, every)
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
        name = named(number, every, book.settings.fiscal_start)
        unseen = np.full(max(first - number, 0), np.nan)
        chosen = order[begin : min(begin + count, end)]
        closes = ends[max(number - first, 0) :]
        found[name] = [
            (str(book.accounts["name"].iloc[row]), np.r_[unseen, balance[closes, row] / book.scale]) for row in chosen
        ]
    return found


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
