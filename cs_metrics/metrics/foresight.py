"""Foresight: of what was lost, how much had somebody seen coming, and how often was the alarm false?

Seen means flagged by a person: a risk that was opened, or a pulse of 1 or 2 (``cs_metrics/flags.py``).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_metrics.book import Book, Dark
from cs_metrics.flags import IN_TIME, WATCHED_DAYS, flags, losses
from cs_metrics.metric import Amounts, measure, metric
from cs_metrics.units import COUNT, DAYS, PERCENT

PRACTICE = "Surprise churn and early warning, as CS teams count them; our own definition of in time"
ESCALATIONS = "Escalation tracking, as in support and CS platforms"
LONGEST_WATCH = 7


def _lost(book: Book, months: int, upto: int, least: float = -np.inf, most: float = np.inf) -> np.ndarray:
    """Opening MRR of the accounts lost in a period that were flagged ``least`` to below ``most`` days before.

    An account that nobody had flagged was flagged 0 days before.
    """
    opening, closing = book.balance(months, 0), book.balance(months, upto)
    total, known = np.zeros(opening.shape, dtype=np.int64), losses(book)
    period, row = np.nonzero((opening > 0) & (closing == 0))
    if not len(known) or not len(row):
        return total
    key = known["row"].to_numpy() * (book.closes + 1) + known["close"].to_numpy()
    place = np.searchsorted(key, row * (book.closes + 1) + period + upto, "right") - 1
    ours = (place >= 0) & (known["row"].to_numpy()[place] == row) & known["counted"].to_numpy()[place]
    lead = known["lead"].fillna(0).to_numpy()[place]
    kept = ours & (lead >= least) & (lead < most)
    total[period[kept], row[kept]] = opening[period[kept], row[kept]]
    return total


@measure(period=True)
def churned(book: Book, months: int, upto: int) -> np.ndarray:
    """Opening MRR of accounts lost in the period, once there was somebody to flag them."""
    return _lost(book, months, upto)


@measure(period=True)
def unforeseen(book: Book, months: int, upto: int) -> np.ndarray:
    """The part of it that nobody had flagged in time."""
    return _lost(book, months, upto, most=IN_TIME.of(book))


@measure(period=True)
def foreseen_30_days(book: Book, months: int, upto: int) -> np.ndarray:
    """The part of it that was flagged 30 days before or earlier."""
    return _lost(book, months, upto, least=30)


@measure(period=True)
def foreseen_60_days(book: Book, months: int, upto: int) -> np.ndarray:
    """The part of it that was flagged 60 days before or earlier."""
    return _lost(book, months, upto, least=60)


@measure(period=True)
def foreseen_90_days(book: Book, months: int, upto: int) -> np.ndarray:
    """The part of it that was flagged 90 days before or earlier."""
    return _lost(book, months, upto, least=90)


@metric(
    label="Surprise churn",
    unit=PERCENT,
    good="down",
    formula="MRR lost in {months} that nobody had flagged in time, over the MRR lost",
    source=PRACTICE,
)
def surprise_churn(unforeseen: np.ndarray, churned: np.ndarray) -> Amounts:
    """How much of the lost revenue left without anybody having flagged it in time?

    A surprise had neither a risk flag nor a pulse of 1 or 2 at least 60 days before the loss (a dial). A flag counts
    that was given by then and stood at some time in the year before the loss. Lost are opening accounts that pay
    nothing at the close, with their opening MRR; a loss is dated on the first of the month without revenue.
    Losses before the team's first flags and pulses, and in the first 60 days after, are left out.
    """
    return unforeseen, churned


@metric(
    label="Churn flagged 30 days before",
    unit=PERCENT,
    formula="MRR lost in {months} that was flagged 30 days before or earlier, over the MRR lost",
    source=PRACTICE,
)
def churn_foreseen_30(foreseen_30_days: np.ndarray, churned: np.ndarray) -> Amounts:
    """How much of the lost revenue had a person flagged at least 30 days before?"""
    return foreseen_30_days, churned


@metric(
    label="Churn flagged 60 days before",
    unit=PERCENT,
    formula="MRR lost in {months} that was flagged 60 days before or earlier, over the MRR lost",
    source=PRACTICE,
)
def churn_foreseen_60(foreseen_60_days: np.ndarray, churned: np.ndarray) -> Amounts:
    """How much of the lost revenue had a person flagged at least 60 days before?"""
    return foreseen_60_days, churned


@metric(
    label="Churn flagged 90 days before",
    unit=PERCENT,
    formula="MRR lost in {months} that was flagged 90 days before or earlier, over the MRR lost",
    source=PRACTICE,
)
def churn_foreseen_90(foreseen_90_days: np.ndarray, churned: np.ndarray) -> Amounts:
    """How much of the lost revenue had a person flagged at least 90 days before?"""
    return foreseen_90_days, churned


# --- flags that came to nothing ---------------------------------------------------------------------------------


def alarms(book: Book) -> pd.DataFrame:
    """Flags whose 180 days are up in the book: ``row, given, up, opening, before, after``, by the days' closes.

    ``opening`` is the last close before the flag, ``up`` the close of the month in which its 180 days are up; before
    and after the account's MRR at the two, both at the exchange rate of the opening.
    """
    return book.kept(("alarms", book.facts.day), lambda: _alarms(book))


def _alarms(book: Book) -> pd.DataFrame:
    given = flags(book)
    found = given.assign(
        opening=book.closes_of(given["given"]) - 1,
        up=book.closes_of(given["given"] + pd.Timedelta(days=WATCHED_DAYS)),
        before=0,
        after=0,
    )
    found = found[(found["opening"] >= 0) & (found["up"] < book.closes)].copy()
    for apart in np.unique(found["up"] - found["opening"]):
        here = (found["up"] - found["opening"] == apart).to_numpy()
        at, row = found.loc[here, "opening"].to_numpy(), found.loc[here, "row"].to_numpy()
        found.loc[here, "before"] = book.balance(int(apart), 0)[at, row]
        found.loc[here, "after"] = book.balance(int(apart), int(apart))[at, row]
    return found[found["before"] > 0].reset_index(drop=True)


def _up(book: Book, months: int, upto: int, still_here: bool) -> np.ndarray:
    """MRR of flags whose 180 days are up in the first ``upto`` months of a period, or what is still here of it."""
    found, periods = alarms(book), max(book.closes - months, 0)
    total = np.zeros((periods, len(book)), dtype=np.int64)
    before = found["before"].to_numpy()
    amount = np.minimum(before, found["after"].to_numpy()) if still_here else before
    for month in range(1, upto + 1):
        period = found["up"].to_numpy() - month
        inside = (period >= 0) & (period < periods)
        np.add.at(total, (period[inside], found["row"].to_numpy()[inside]), amount[inside])
    return total


@measure(period=True, back=LONGEST_WATCH)
def flagged(book: Book, months: int, upto: int) -> np.ndarray:
    """MRR that was flagged and whose 180 days are up in the period."""
    return _up(book, months, upto, still_here=False)


@measure(period=True, back=LONGEST_WATCH)
def flagged_still_here(book: Book, months: int, upto: int) -> np.ndarray:
    """The part of it that is still paid 180 days after the flag."""
    return _up(book, months, upto, still_here=True)


@metric(
    label="False alarms",
    unit=PERCENT,
    good="neither",
    formula="flagged MRR still here 180 days later, over the flagged MRR whose 180 days were up in {months}",
    source=PRACTICE,
)
def false_alarms(flagged_still_here: np.ndarray, flagged: np.ndarray) -> Amounts:
    """How much of what was flagged was still here 180 days later, whatever was done about it?

    Each flag counts with the account's MRR at the close before it, whether it was taken down since or not. An account
    that was saved counts as well: beside surprise churn the figure tells a team that flags everything from one that
    sees. Flags of one account that stand at the same time are one flag.
    """
    return flagged_still_here, flagged


# --- escalations ------------------------------------------------------------------------------------------------


def escalations(book: Book) -> pd.DataFrame:
    """Risks that were escalated: ``row, opened, closed, days, kept``; closes by position, beyond the book where open.

    ``kept`` says whether the account was a customer at the close of the month in which it was closed.
    """
    if not book.knows("risks.escalated_to"):
        raise Dark("No escalations: add the column escalated_to to the table risks.")
    return book.kept(("escalations", book.facts.day), lambda: _escalations(book))


def _escalations(book: Book) -> pd.DataFrame:
    rows = book.facts["risks"]
    rows = rows[rows["escalated_to"].notna() & rows["opened_on"].notna()]
    ended = rows["closed_on"].notna().to_numpy()
    closed = np.full(len(rows), book.closes)
    closed[ended] = np.minimum(book.closes_of(rows.loc[ended, "closed_on"]), book.closes)
    inside = (closed >= 0) & (closed < book.closes)
    kept = np.zeros(len(rows), dtype=bool)
    kept[inside] = book.balance(0, 0)[closed[inside], rows["row"].to_numpy()[inside]] > 0
    return pd.DataFrame(
        {
            "row": rows["row"].to_numpy(dtype=np.intp),
            "opened": book.closes_of(rows["opened_on"]),
            "closed": closed,
            "days": (rows["closed_on"] - rows["opened_on"]).dt.days.fillna(0).clip(lower=0).astype(np.int64).to_numpy(),
            "kept": kept,
        }
    )


def _escalated(book: Book, months: int, upto: int, what: str) -> np.ndarray:
    """Escalations on the table, those resolved, or the days these took, in the first ``upto`` months of a period."""
    found, periods = escalations(book), max(book.closes - months, 0)
    total = np.zeros((periods, len(book)), dtype=np.int64)
    for row, opened, closed, days, kept in found.itertuples(index=False):
        first = max(opened - upto, 0)
        if what == "open":
            total[first : max(min(closed, periods), 0), row] += 1
        elif kept:
            total[max(first, closed - upto, 0) : max(min(closed, periods), 0), row] += days if what == "days" else 1
    return total


@measure(period=True)
def on_the_table(book: Book, months: int, upto: int) -> np.ndarray:
    """Escalations that were open at some time in the period."""
    return _escalated(book, months, upto, "open")


@measure(period=True)
def resolved(book: Book, months: int, upto: int) -> np.ndarray:
    """Escalations closed in the period with the account still a customer."""
    return _escalated(book, months, upto, "resolved")


@measure(period=True)
def days_taken(book: Book, months: int, upto: int) -> np.ndarray:
    """Days from opening to closing of the escalations resolved in the period."""
    return _escalated(book, months, upto, "days")


@metric(
    label="Escalations resolved",
    unit=PERCENT,
    top=COUNT,
    bottom=COUNT,
    formula="escalations closed in {months} with the account still a customer, over those open at some time in them",
    source=ESCALATIONS,
)
def escalations_resolved(resolved: np.ndarray, on_the_table: np.ndarray) -> Amounts:
    """How many of the escalations on the table were resolved with the customer kept?

    An escalation is a risk that was escalated to somebody. One that was closed since the account left is not resolved.
    """
    return resolved, on_the_table


@metric(
    label="Days to resolve an escalation",
    unit=DAYS,
    good="down",
    top=DAYS,
    bottom=COUNT,
    formula="days from the opening to the closing of the escalations resolved in {months}, over their number",
    source=ESCALATIONS,
)
def days_to_resolve(days_taken: np.ndarray, resolved: np.ndarray) -> Amounts:
    """How long did it take to resolve an escalation, on average?"""
    return days_taken, resolved
