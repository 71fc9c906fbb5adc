"""How healthy the book is, was at past month-ends as known then, and who moved from band to band."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd

from cs_metrics.analysis.quarter_ends import Progress, known_then
from cs_metrics.book import Book
from cs_metrics.health import BANDS, PARTS, band_of, health
from cs_metrics.months import last_day

NOT_YET, LEFT = "not a customer then", "no customer now"
COLUMNS = ("account_id", "name", "csm", "mrr", "health", "band", *PARTS)


class Scores(NamedTuple):
    """Every account on a day: its score, its band (a position in BANDS), its exact MRR, and who held it."""

    month: str
    health: np.ndarray
    band: np.ndarray
    mrr: np.ndarray
    held: np.ndarray

    @property
    def customers(self) -> np.ndarray:
        """Which accounts paid on that day."""
        return self.mrr > 0


def scores(book: Book) -> Scores:
    """The scores on the book's day, with the weights and bands in force on it."""
    found = health(book)["health"].to_numpy()
    return Scores(str(book.last), found, band_of(book, found), book.balance(0, 0)[-1], book.owners.held[-1])


def scores_at(book: Book, close: int) -> Scores:
    """The scores at the end of a past month, as they were known then; the last close is the book as it stands."""
    if close == book.closes - 1:
        return book.kept(("scores", book.known_on), lambda: scores(book))
    day = last_day(book.months_with_lead[close])
    return book.kept(("scores at", day), lambda: _scores_then(book, day))


def _scores_then(book: Book, day: date) -> Scores:
    """The scores on a past day, read with what the back-test and the proposal of weights read of the same day."""
    known, found = book.as_of(day), known_then(book, day)[2]
    return Scores(str(known.last), found, band_of(known, found), known.balance(0, 0)[-1], known.owners.held[-1])


def history(book: Book, months: int = 12, progress: Progress | None = None) -> list[Scores]:
    """The scores at the last month-ends, so many months back, the latest last; ``progress`` is told how far this is."""
    closes, found = range(max(book.closes - 1 - months, book.lead), book.closes), []
    for place, close in enumerate(closes):
        if progress is not None:
            progress(place / len(closes), f"{last_day(book.months_with_lead[close])}")
        found.append(scores_at(book, close))
    return found


class Level(NamedTuple):
    """How healthy accounts are: by MRR, by account, and how many have a score and how much MRR is theirs."""

    by_mrr: float
    by_account: float
    accounts: int
    mrr: int


def level(found: Scores, which: np.ndarray | None = None) -> Level:
    """Mean score of the customers that have one, weighted by MRR and each account alike; blank where none has.

    >>> two = Scores("2025-03", np.array([90.0, 30.0]), np.array([0, 2]), np.array([300, 100]), np.array([0, 0]))
    >>> level(two)
    Level(by_mrr=75.0, by_account=60.0, accounts=2, mrr=400)
    """
    rows = found.customers & ~np.isnan(found.health) & (True if which is None else which)
    score, mrr = found.health[rows], found.mrr[rows]
    if not len(score):
        return Level(np.nan, np.nan, 0, 0)
    return Level(float((score * mrr).sum() / mrr.sum()), float(score.mean()), len(score), int(mrr.sum()))


def by_band(found: Scores, scale: int) -> pd.DataFrame:
    """Customers and their MRR in each band: ``band, accounts, mrr, share``; the share is of all MRR."""
    paying = found.customers
    accounts = np.bincount(found.band[paying], minlength=len(BANDS))
    mrr = [int(found.mrr[paying & (found.band == band)].sum()) for band in range(len(BANDS))]
    total = sum(mrr)
    return pd.DataFrame(
        {
            "band": BANDS,
            "accounts": accounts,
            "mrr": [amount / scale for amount in mrr],
            "share": [amount / total if total else np.nan for amount in mrr],
        }
    )


def bands_over_time(book: Book, months: int = 12) -> pd.DataFrame:
    """MRR in each band at the last month-ends: months × BANDS, in units of currency."""
    past = history(book, months)
    return pd.DataFrame(
        [by_band(found, book.scale)["mrr"].tolist() for found in past],
        index=pd.Index([found.month for found in past], name="month"),
        columns=list(BANDS),
    )


def trend(book: Book, by: str | None = None, months: int = 12) -> pd.DataFrame:
    """Health by MRR at the last month-ends: months × groups. A CSM's accounts are those held at each month-end."""
    past = history(book, months)
    index = pd.Index([found.month for found in past], name="month")
    if by is None:
        return pd.DataFrame({"Health": [level(found).by_mrr for found in past]}, index=index)
    if by == "csm":
        names, codes = book.owners.names, [found.held for found in past]
    else:
        names, place = book.groups(by)
        codes = [place] * len(past)
    values = {
        str(name): [level(found, code == at).by_mrr for found, code in zip(past, codes, strict=True)]
        for at, name in enumerate(names)
    }
    return pd.DataFrame(values, index=index).dropna(axis=1, how="all")


def by_group(book: Book, by: str, back: int = 3) -> pd.DataFrame:
    """Each group's health now and so many months back: ``group, accounts, mrr, by_mrr, by_account, before, change``.

    ``accounts`` and ``mrr`` are of all its customers, with a score or without. A CSM's accounts are those held now.
    """
    now, then = scores_at(book, book.closes - 1), scores_at(book, max(book.closes - 1 - back, 0))
    names, code = (book.owners.names, now.held) if by == "csm" else book.groups(by)
    rows = []
    for at, name in enumerate(names):
        which = code == at
        if not (paying := which & now.customers).any():
            continue
        is_now, was = level(now, which), level(then, which)
        rows.append((str(name), int(paying.sum()), int(now.mrr[paying].sum()) / book.scale, is_now.by_mrr,
                     is_now.by_account, was.by_mrr, is_now.by_mrr - was.by_mrr))  # fmt: skip
    return pd.DataFrame(rows, columns=["group", "accounts", "mrr", "by_mrr", "by_account", "before", "change"])


class Flows(NamedTuple):
    """From band to band: from (BANDS, not a customer then) × to (BANDS, no customer now), three ways to count.

    ``accounts``; ``mrr_then`` and ``mrr_now`` in units of currency. Each row of ``mrr_then`` adds up to its band's MRR
    then, each column of ``mrr_now`` to its band's MRR now.
    """

    accounts: pd.DataFrame
    mrr_then: pd.DataFrame
    mrr_now: pd.DataFrame


def places(then: Scores, now: Scores) -> tuple[np.ndarray, np.ndarray]:
    """Where each account stood and stands: a position in BANDS, one more where it was no customer."""
    return np.where(then.customers, then.band, len(BANDS)), np.where(now.customers, now.band, len(BANDS))


def flows(then: Scores, now: Scores, scale: int) -> Flows:
    """How accounts and MRR went from band to band between two days."""
    size = len(BANDS) + 1
    before, after = places(then, now)
    cell = before * size + after

    def laid_out(amounts: np.ndarray) -> pd.DataFrame:
        total = np.zeros(size * size, dtype=np.int64)
        np.add.at(total, cell, amounts)
        total[-1] = 0
        grid = total.reshape(size, size)
        return pd.DataFrame(grid, index=[*BANDS, NOT_YET], columns=[*BANDS, LEFT])

    return Flows(laid_out(np.ones(len(cell), dtype=np.int64)), laid_out(then.mrr) / scale, laid_out(now.mrr) / scale)


def accounts_of(book: Book, which: np.ndarray, then: Scores | None = None) -> pd.DataFrame:
    """The accounts behind a figure, largest MRR first; with a day before, their score and MRR then."""
    now = scores_at(book, book.closes - 1)
    rows = np.flatnonzero(which)
    rows = rows[np.argsort(-(now.mrr[rows] + (0 if then is None else then.mrr[rows])), kind="stable")]
    table = pd.DataFrame(
        {
            "account_id": book.accounts.index[rows],
            "name": book.accounts["name"].to_numpy()[rows],
            "csm": book.csm_now[rows],
            "mrr": now.mrr[rows] / book.scale,
            "health": now.health[rows],
        }
    )
    if then is None:
        return table
    return table.assign(health_before=then.health[rows], mrr_before=then.mrr[rows] / book.scale)


def health_table(book: Book) -> pd.DataFrame:
    """Every customer with its score, band and parts on the book's day, the lowest score first, unknown ones last."""
    here = scores(book)
    rows = np.flatnonzero(here.customers)
    rows = rows[np.lexsort((-here.mrr[rows], here.health[rows]))]
    parts = health(book)[list(PARTS)].iloc[rows].reset_index(drop=True)
    told = pd.DataFrame(
        {
            "account_id": book.accounts.index[rows],
            "name": book.accounts["name"].to_numpy()[rows],
            "csm": book.csm_now[rows],
            "mrr": here.mrr[rows] / book.scale,
            "health": here.health[rows],
            "band": np.array(BANDS, dtype=object)[here.band[rows]],
        }
    )
    return pd.concat([told, parts], axis=1)
