"""How did one account stand on each of many days, as it was known then? A book whose rows are days.

To ask a score of thirty-six months one by one costs thirty-six times what one costs. Here the account stands once for
each day, knows on each only what was known then, and all its dates are moved so that each day falls on the last one:
whatever can be asked of accounts can be asked of the days, all at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd

from cs_metrics.book import NO_HANDOVERS, Book, Lines, Owners
from cs_metrics.facts import ALWAYS, KNOWN, Facts, known_before, known_on
from cs_metrics.health import LEAST_KNOWN, PARTS, health, joined, weights
from cs_metrics.lately import first_day
from cs_metrics.months import last_day, month

DAY = np.timedelta64(1, "D")
NEVER = np.datetime64("NaT", "D")
MONTHLY = ("usage",)
DIALS_READ = ("health.", "cadence.")


def month_ends(book: Book, months: int = 36) -> list[date]:
    """The last days of the book's last months."""
    return [last_day(each) for each in book.months[-months:]]


def health_over(book: Book, days: Sequence[date]) -> np.ndarray:
    """The health score of a book of one account on each of these month ends, as known then; blank where unknown.

    Equal to ``health(book.as_of(day))`` of each day, with the weights in force on that day.
    """
    scores = np.full(len(days), np.nan)
    for group in _alike(book, days):
        known = over_days(book, [days[at] for at in group])
        parts = health(known)[list(PARTS)].to_numpy()
        told = _told_on(book, [days[at] for at in group])
        scores[group] = joined(np.where(told, parts, np.nan), weights(known), LEAST_KNOWN.of(known))
    return scores


def _alike(book: Book, days: Sequence[date]) -> list[list[int]]:
    """The days in groups on which the same settings of the score held."""
    if "settings" not in book.facts:
        return [list(range(len(days)))] if len(days) else []
    rows = book.facts["settings"]
    since = np.sort(rows["from_date"].to_numpy()[rows["setting"].str.startswith(DIALS_READ)].astype("datetime64[D]"))
    held = np.searchsorted(since, _days(days), side="right")
    return [np.flatnonzero(held == each).tolist() for each in np.unique(held)]


def _told_on(book: Book, days: Sequence[date]) -> np.ndarray:
    """Could a part of the score be told on a day, by what anybody knew of the tables it reads: days × parts."""
    told = np.zeros((len(days), len(PARTS)), dtype=bool)
    for place, part in enumerate(PARTS.values()):
        table, dot, column = part.needs.partition(".")
        book.knows(part.needs)
        told[:, place] = book.facts.begins.get((table, column), NEVER) <= _days(days) if dot else book.knows(table)
    return told


def _days(days: Sequence[date]) -> np.ndarray:
    return np.array(days, dtype="datetime64[D]")


def over_days(book: Book, days: Sequence[date]) -> Book:
    """A book of one account as a book of days: row i is the account as it was known on ``days[i]``, a month end.

    The clock stands at the last of the days; on the other rows every date is moved by as much as their day is before
    it, so that ages come out as they were. Use, which counts by months, is moved by whole months. Only the tables
    that the score reads are taken along.
    """
    last = max(days)
    ends = _days(days)
    back = np.datetime64(last) - ends
    months = np.array([month(last).ordinal - month(day).ordinal for day in days])
    known = book.as_of(last)
    accounts = known.accounts.iloc[np.zeros(len(days), dtype=np.intp)].set_axis(
        pd.Index([str(day) for day in days], name="account_id")
    )
    accounts = accounts.assign(start_date=first_day(known).to_numpy()[0].astype("datetime64[s]") + back)
    place = np.arange(known.closes)[:, None] - months[None, :]
    own = np.where(place >= 0, known.balance(0, 0)[np.maximum(place, 0), 0], 0)
    held = known.owners.held[np.maximum(place, 0), 0]
    one = np.zeros(len(days), dtype=np.intp)
    nothing = pd.Index([""])
    asked = {part.needs.partition(".")[0] for part in PARTS.values()} | {"settings"}
    tables = {name: _moved(name, known.facts[name], ends, back, months, last) for name in known.facts if name in asked}
    return replace(
        known,
        accounts=accounts,
        lines=Lines.starting(known.first_close, own, np.arange(len(days)), one, one, nothing, nothing),
        rates=np.ones((known.closes, 1)),
        owners=Owners(known.owners.names, held, NO_HANDOVERS),
        facts=Facts(tables, begins={name: _told(begin, last) for name, begin in known.facts.begins.items()}),
        renewals=None,
        clock=last,
        memory={},
    )


def _told(begin: np.datetime64, last: date) -> np.datetime64:
    """When a column begins, as the moved days see it: always, or never."""
    return ALWAYS if begin <= np.datetime64(last) else NEVER


def _moved(
    name: str, rows: pd.DataFrame, ends: np.ndarray, back: np.ndarray, months: np.ndarray, last: date
) -> pd.DataFrame:
    """A table of one account as a table of days: what was known on each, its dates moved to the last."""
    if "row" not in rows or name not in KNOWN:
        return known_on(last, rows, KNOWN[name]) if name in KNOWN else rows
    day = np.repeat(np.arange(len(ends)), len(rows))
    every = rows.iloc[np.tile(np.arange(len(rows)), len(ends))].assign(row=day)
    every = every.reset_index(drop=True).assign(at=np.arange(len(day)))
    every = known_before((ends + DAY)[day], every, KNOWN[name])
    at = day[every["at"].to_numpy()]
    for column in every.columns[[kind.kind == "M" for kind in every.dtypes]]:
        values = every[column].to_numpy()
        if name in MONTHLY:
            every[column] = (values.astype("datetime64[M]") + months[at]).astype(values.dtype)
        else:
            every[column] = values + back[at].astype("timedelta64[s]").astype(_span(values))
    return every.drop(columns="at")


def _span(values: np.ndarray) -> str:
    """The kind of a difference of such dates."""
    return values.dtype.str.replace("M8", "m8")
