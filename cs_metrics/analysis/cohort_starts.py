"""Where the life of each account begins: its cohort, its age 0, and whose start lies before the data."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from cs_metrics.book import NEVER, Book
from cs_metrics.months import Every, label, last_months, numbered
from cs_metrics.tally import grouping


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


def closes_of(book: Book, every: Every) -> tuple[int, np.ndarray]:
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


def named(number: int, every: Every, fiscal_start: int) -> str:
    """The name of the period of this number."""
    end = int(last_months(np.array(number), every, fiscal_start))
    return label(pd.Period(ordinal=end, freq="M"), every, fiscal_start)


def number_of(cohort: str, numbers: np.ndarray, every: Every, fiscal_start: int) -> int | None:
    """The number of the period of this name, among these; None where it is not there."""
    return next((int(n) for n in np.unique(numbers) if named(n, every, fiscal_start) == cohort), None)
