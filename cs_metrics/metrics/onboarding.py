"""Onboarding: who went live in time, and how much new revenue was trained.

An account's clock starts on its start date, else with its first paid month. It is live with its milestone ``live``
(or a name like it), else with the last of its milestones.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_metrics.book import NEVER, Book
from cs_metrics.happened import facts_of, happened, started
from cs_metrics.lately import speaks_of
from cs_metrics.metric import Amounts, measure, metric
from cs_metrics.units import COUNT, MONEY, PERCENT

LIVE = r"\b(?:go[- ]?live|live|launch(?:ed)?|onboarded|onboarding complete[d]?|in production)\b"
TRAINED = r"\btrain"
IN_TIME = 30
TARGET_SOURCE = "Common CS practice; the usual target is 90 % in 30 days"


def went_live(book: Book) -> pd.DataFrame:
    """Of each row with an onboarding: when it was to be live and when it was, ``row, deadline, live`` (days, or none).

    The deadline is the date given, else 30 days after the start.
    """
    facts_of(book, "onboarding")
    return book.kept("went live", lambda: _went_live(book, book.facts.planned("onboarding")))


def _went_live(book: Book, rows: pd.DataFrame) -> pd.DataFrame:
    named = speaks_of(rows["milestone"], LIVE)
    with_live = np.isin(rows["row"], rows.loc[named, "row"].unique())
    steps = rows[named | ~with_live]
    open_still = steps["done_on"].isna().groupby(steps["row"]).any()
    ends = steps.groupby("row")[["due_on", "done_on"]].max()
    start = pd.Series(started(book)[ends.index.to_numpy(dtype=np.intp)], index=ends.index)
    own = pd.to_datetime((start + IN_TIME).where(start.abs() < 200_000), unit="D").astype("datetime64[s]")
    return pd.DataFrame(
        {
            "row": ends.index.to_numpy(dtype=np.intp),
            "deadline": ends["due_on"].astype("datetime64[s]").fillna(own).to_numpy(),
            "live": ends["done_on"].astype("datetime64[s]").where(~open_still).to_numpy(),
        }
    )


def trained(book: Book) -> np.ndarray:
    """The day each row was first trained, as days since 1970; not a number where it was not: one per row."""
    return book.kept("trained", lambda: _trained(book))


def _trained(book: Book) -> np.ndarray:
    days = []
    if book.knows("touchpoints.done_on"):
        rows = book.facts["touchpoints"]
        days.append(rows.loc[speaks_of(rows["kind"], TRAINED), ["row", "done_on"]])
    if not days or book.knows("onboarding.milestone"):
        rows = facts_of(book, "onboarding", "done_on")
        days.append(rows.loc[speaks_of(rows["milestone"], TRAINED), ["row", "done_on"]])
    first = pd.concat(days).dropna().groupby("row")["done_on"].min()
    out = np.full(len(book), np.nan)
    out[first.index.to_numpy(dtype=np.intp)] = first.to_numpy().astype("datetime64[D]").astype(np.int64)
    return out


def _new_mrr(book: Book, months: int, upto: int, days: int, only_trained: bool) -> np.ndarray:
    """MRR of the rows whose first ``days`` days end in the period, at the close of that month: periods × rows."""
    start, when = started(book), trained(book)
    counts = start < NEVER
    if only_trained:
        counts &= when <= start + days
    up = pd.Series(pd.to_datetime(np.where(counts, start + days, 0), unit="D").astype("datetime64[s]"))
    close, row = book.closes_of(up), np.arange(len(book))
    counts &= (close >= 0) & (close < book.closes)
    paid = book.balance(0, 0)[np.where(counts, close, 0), row] if book.closes else np.zeros(len(book), dtype=np.int64)
    rows = pd.DataFrame({"row": row})
    return happened(book, months, upto, rows[counts], up[counts], paid[counts])


@measure(period=True)
def due_to_be_live(book: Book, months: int, upto: int) -> np.ndarray:
    """Rows that were to be live in the period."""
    rows = went_live(book)
    return happened(book, months, upto, rows, rows["deadline"])


@measure(period=True)
def live_in_time(book: Book, months: int, upto: int) -> np.ndarray:
    """Rows that were to be live in the period, and were."""
    rows = went_live(book)
    return happened(book, months, upto, rows, rows["deadline"], rows["live"] <= rows["deadline"])


@measure(period=True)
def new_mrr_30(book: Book, months: int, upto: int) -> np.ndarray:
    """MRR of the new rows whose first 30 days end in the period."""
    return _new_mrr(book, months, upto, 30, only_trained=False)


@measure(period=True)
def new_mrr_trained_30(book: Book, months: int, upto: int) -> np.ndarray:
    """MRR of the new rows whose first 30 days end in the period and that were trained within them."""
    return _new_mrr(book, months, upto, 30, only_trained=True)


@measure(period=True)
def new_mrr_90(book: Book, months: int, upto: int) -> np.ndarray:
    """MRR of the new rows whose first 90 days end in the period."""
    return _new_mrr(book, months, upto, 90, only_trained=False)


@measure(period=True)
def new_mrr_trained_90(book: Book, months: int, upto: int) -> np.ndarray:
    """MRR of the new rows whose first 90 days end in the period and that were trained within them."""
    return _new_mrr(book, months, upto, 90, only_trained=True)


@metric(
    label="Onboarding in time",
    unit=PERCENT,
    top=COUNT,
    bottom=COUNT,
    formula="accounts live by their due date, else within 30 days, over those for which that day fell in {months}",
    source=TARGET_SOURCE,
)
def on_time_onboarding(live_in_time: np.ndarray, due_to_be_live: np.ndarray) -> Amounts:
    """How many new accounts go live in time?

    Counts accounts with an onboarding on record. Without a milestone for going live the last milestone is it.
    """
    return live_in_time, due_to_be_live


@metric(
    label="MRR trained in 30 days",
    unit=PERCENT,
    top=MONEY,
    bottom=MONEY,
    formula="MRR of the new accounts trained within 30 days, over that of all whose 30 days ended in {months}",
    source="Common CS practice",
)
def mrr_trained_30(new_mrr_trained_30: np.ndarray, new_mrr_30: np.ndarray) -> Amounts:
    """How much of the new revenue is trained within 30 days?

    An account counts with its MRR at the close of the month in which its 30 days end.
    """
    return new_mrr_trained_30, new_mrr_30


@metric(
    label="MRR trained in 90 days",
    unit=PERCENT,
    top=MONEY,
    bottom=MONEY,
    formula="MRR of the new accounts trained within 90 days, over that of all whose 90 days ended in {months}",
    source="Common CS practice",
)
def mrr_trained_90(new_mrr_trained_90: np.ndarray, new_mrr_90: np.ndarray) -> Amounts:
    """How much of the new revenue is trained within 90 days?

    An account counts with its MRR at the close of the month in which its 90 days end.
    """
    return new_mrr_trained_90, new_mrr_90
