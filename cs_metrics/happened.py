"""Facts as metrics need them: what happened in a period, and what stood at a close, for each row of a book.

Arrays are closes × rows or periods × rows of whole numbers, so that they add up like money does.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_metrics.book import NEVER, Book, Dark


def facts_of(book: Book, table: str, *columns: str) -> pd.DataFrame:
    """The rows of a table that has something in these columns; else Dark, with what to add."""
    if book.accounts.index.has_duplicates:
        raise Dark(f"The table {table} speaks of accounts, not of their products.")
    if table not in book.facts:
        raise Dark(f"Add the table {table}.")
    missing = [column for column in columns if not book.knows(f"{table}.{column}")]
    if missing:
        raise Dark(f"Add {' and '.join(missing)} to the table {table}.")
    return book.facts[table]


def by_close(
    book: Book, rows: pd.DataFrame, days: pd.Series, weight: np.ndarray | pd.Series | None = None
) -> np.ndarray:
    """How often, or how much, in the month of each close: closes × rows. Rows without a day do not count."""
    close = book.closes_of(days)
    inside = (close >= 0) & (close < book.closes)
    values = np.ones(len(rows), dtype=np.int64) if weight is None else np.asarray(weight).astype(np.int64)
    at = close[inside] * len(book) + rows["row"].to_numpy(dtype=np.int64)[inside]
    total = np.zeros(book.closes * len(book), dtype=np.int64)
    np.add.at(total, at, values[inside])
    return total.reshape(book.closes, len(book))


def in_period(counts: np.ndarray, months: int, upto: int) -> np.ndarray:
    """What happened in the first ``upto`` months of each period: closes × rows → periods × rows.

    >>> in_period(np.array([[9], [1], [2], [4]]), months=2, upto=2).ravel()
    array([3, 6])
    """
    running = counts.copy()
    for close in range(1, len(running)):
        running[close] += running[close - 1]
    periods = max(len(counts) - months, 0)
    return running[upto : upto + periods] - running[:periods]


def happened(
    book: Book,
    months: int,
    upto: int,
    rows: pd.DataFrame,
    days: pd.Series,
    weight: np.ndarray | pd.Series | None = None,
) -> np.ndarray:
    """How often, or how much, in the first ``upto`` months of each period: periods × rows."""
    return in_period(by_close(book, rows, days, weight), months, upto)


def state_at_close(book: Book, rows: pd.DataFrame, days: pd.Series, column: str) -> np.ndarray:
    """The highest value in the month of each close, subscriptions added up: closes × rows, not a number if unknown."""
    values = rows[column].to_numpy(dtype=float)
    close = book.closes_of(days)
    known = (close >= 0) & (close < book.closes) & ~np.isnan(values)
    cell = (close * len(book) + rows["row"].to_numpy(dtype=np.int64))[known]
    parts = pd.DataFrame({"cell": cell, "value": values[known]})
    if "subscription_id" in rows and rows["subscription_id"].notna().any():
        each = parts.assign(subscription=rows["subscription_id"].to_numpy()[known])
        parts = each.groupby(["cell", "subscription"], observed=True, dropna=False)["value"].max().reset_index()
        parts = parts.groupby("cell")["value"].sum().reset_index()
    out = np.full(book.closes * len(book), -np.inf)
    np.maximum.at(out, parts["cell"].to_numpy(), parts["value"].to_numpy())
    out[np.isneginf(out)] = np.nan
    return out.reshape(book.closes, len(book))


def latest_by_close(book: Book, rows: pd.DataFrame, days: pd.Series) -> np.ndarray:
    """The last of these days up to each close, as days since 1970; far in the past where none came: closes × rows."""
    close = book.closes_of(days)
    known = days.notna().to_numpy() & (close < book.closes)
    out = np.full((book.closes, len(book)), -NEVER, dtype=np.int64)
    number = days.to_numpy().astype("datetime64[D]").astype(np.int64)
    np.maximum.at(out, (np.maximum(close[known], 0), rows["row"].to_numpy(dtype=np.int64)[known]), number[known])
    return np.maximum.accumulate(out, axis=0)


def end_of_closes(book: Book) -> np.ndarray:
    """The last day of each close's month, as days since 1970: one per close."""
    months = np.arange(book.closes) + book.first_close.ordinal + 1
    return months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) - 1


def started(book: Book) -> np.ndarray:
    """The day each row became a customer, as days since 1970: its start date, else its first paid month's first day.

    Far in the future for a row that never was one.
    """
    first = book.first_close.ordinal + book.first_paid
    never = first >= NEVER
    paid = np.where(never, 0, first).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    paid = np.where(never, NEVER, paid)
    if "start_date" not in book.accounts:
        return paid
    said = book.accounts["start_date"]
    days = said.to_numpy().astype("datetime64[D]").astype(np.int64)
    return np.where(said.notna().to_numpy() & ~never, days, paid)
