"""How long the past takes: a back-test over ten quarter-ends of a large company, from nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date

import numpy as np
import pandas as pd

from benchmarks import books
from cs_metrics.analysis.calibration import calibration
from cs_metrics.analysis.foresight import tool_warnings
from cs_metrics.analysis.quarter_ends import then
from cs_metrics.analysis.score_and_pulse import budgets, contest, snapshots_of
from cs_metrics.analysis.signal_record import signal_record
from cs_metrics.analysis.weights import proposal
from cs_metrics.assemble import book_of
from cs_metrics.book import Book

ACCOUNTS, MONTHS, TICKETS = 100_000, 36, 500_000


def busy_book(accounts: int = ACCOUNTS, months: int = MONTHS, tickets: int = TICKETS, seed: int = 3) -> Book:
    """A company with use in every month, tickets, pulses and risks."""
    rng = np.random.default_rng(seed)
    tables = books.frames_of(accounts, months, handovers=False, seed=seed)
    ids = tables["accounts"]["account_id"].to_numpy()
    first = np.datetime64("2020-01", "M")

    def days(count: int) -> np.ndarray:
        start = first.astype("M8[D]")
        return (start + rng.integers(0, months * 30, count)).astype("datetime64[s]")

    def whose(count: int) -> pd.Categorical:
        return pd.Categorical.from_codes(rng.integers(0, accounts, count), ids)

    each = np.tile(np.arange(months), accounts)
    trend = np.repeat(rng.normal(0, 0.03, accounts), months) * each
    seats = np.repeat(rng.integers(5, 200, accounts), months)
    active = np.clip(seats * np.clip(0.6 + trend, 0, 1), 0, seats).astype(int)
    tables["usage"] = pd.DataFrame(
        {
            "account_id": pd.Categorical.from_codes(np.repeat(np.arange(accounts), months), ids),
            "day": (first + each).astype("datetime64[s]"),
            "logins": (active * 9).astype(float),
            "active_users": active.astype(float),
            "licensed_seats": seats.astype(float),
            "features_used": np.minimum(active // 8 + 1, 12).astype(float),
            "features_available": 12.0,
            "uses": np.nan,
            "feature": pd.Series([pd.NA] * (accounts * months), dtype="string"),
            "subscription_id": pd.Series([pd.NA] * (accounts * months), dtype="string"),
        }
    )
    opened = days(tickets)
    solved = pd.Series(opened + rng.integers(1, 40, tickets).astype("m8[D]")).where(rng.random(tickets) < 0.97)
    tables["tickets"] = pd.DataFrame(
        {
            "account_id": whose(tickets),
            "ticket_id": np.arange(tickets).astype(str),
            "opened_at": opened,
            "solved_at": solved.astype("datetime64[s]"),
            "priority": rng.choice(["low", "high", "urgent"], tickets),
            "replies": 2.0,
            "reopens": 0.0,
            "csat": rng.integers(1, 6, tickets).astype(float),
        }
    )
    given = 4 * accounts
    tables["pulses"] = pd.DataFrame(
        {
            "account_id": whose(given),
            "given_on": days(given),
            "pulse": rng.choice([1, 2, 3, 4, 5], given, p=[0.03, 0.07, 0.3, 0.4, 0.2]).astype(float),
            "reason": None,
            "note": None,
        }
    )
    raised = accounts // 10
    tables["risks"] = pd.DataFrame(
        {
            "account_id": whose(raised),
            "opened_on": days(raised),
            "closed_on": pd.Series(days(raised)),
            "reason": "price",
            "plan": None,
            "planned_on": pd.Series([pd.NaT] * raised).astype("datetime64[s]"),
            "escalated_to": None,
            "outcome": None,
        }
    ).query("closed_on > opened_on")
    return book_of(tables, until=pd.Period(first, "M") + months - 1, today=date(2026, 1, 1))


def past_costs(accounts: int = ACCOUNTS) -> Iterator[str]:
    """The table: seconds from a loaded book to each answer, one after the other, nothing kept from before."""
    book = busy_book(accounts, tickets=5 * accounts)
    yield f"{accounts:,} accounts, {MONTHS} months of use, {5 * accounts:,} tickets\n"
    yield "| what | s | asked |\n| --- | ---: | ---: |"
    start = time.perf_counter()
    past = then(book)
    read = time.perf_counter() - start
    told = snapshots_of(past)
    contest(past, budgets(book, past, 5), 0.5)
    calibration(told)
    tested = time.perf_counter() - start
    yield f"| score and pulse as of {len(past)} quarter-ends | {read:.1f} | |"
    yield f"| the whole back-test over them | {tested:.1f} | ≤ 20 for eight |"
    for name, work in (
        ("weights proposed by them, once these are known", lambda: proposal(book, past)),
        ("the record of every signal of risk", lambda: signal_record(book)),
        ("what the tool had listed, once that is known", lambda: tool_warnings(book)),
    ):
        start = time.perf_counter()
        work()
        yield f"| {name} | {time.perf_counter() - start:.1f} | |"
