"""What is known of a large company: usage by month, tickets, surveys, touchpoints, pulses… to measure signals on."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from benchmarks.books import frames_of
from cs_metrics.assemble import book_of
from cs_metrics.book import Book
from cs_metrics.tables import completed

MONTHS = 36
TICKETS_EACH = 5
FIRST = np.datetime64("2020-01", "M")


def _days(rng: np.random.Generator, count: int, months: int) -> np.ndarray:
    start = FIRST.astype("datetime64[D]").astype("datetime64[s]")
    return start + rng.integers(0, months * 30 * 86_400, count).astype("timedelta64[s]")


def _each(ids: np.ndarray, rng: np.random.Generator, count: int) -> pd.Categorical:
    return pd.Categorical.from_codes(np.sort(rng.integers(0, len(ids), count)), ids)


def tables(accounts: int, months: int = MONTHS, seed: int = 3) -> dict[str, pd.DataFrame]:
    """Frames as they come from files: three years of monthly usage, five tickets an account, and the rest."""
    rng = np.random.default_rng(seed)
    made = frames_of(accounts, months, handovers=False)
    ids = made["accounts"]["account_id"].to_numpy()
    codes = np.repeat(np.arange(accounts), months)
    seats = np.repeat(rng.integers(5, 200, accounts), months)
    size = accounts * months
    level = np.repeat(rng.uniform(0.3, 1, accounts), months)
    month = pd.Series(np.tile(np.arange(months), accounts) + FIRST.astype(int))
    made["usage"] = pd.DataFrame(
        {
            "account_id": pd.Categorical.from_codes(codes, ids),
            "month": ((month // 12 + 1970) * 100 + month % 12 + 1).to_numpy(),
            "active_users": np.rint(seats * level * rng.uniform(0.95, 1.05, size)),
            "licensed_seats": seats.astype(float),
            "logins": np.rint(seats * 20 * level * rng.uniform(0.7, 1.3, size)),
            "features_used": np.rint(12 * level),
            "features_available": 12.0,
        }
    )
    count = accounts * TICKETS_EACH
    opened = _days(rng, count, months)
    solved = pd.Series(opened + rng.integers(3_600, 20 * 86_400, count).astype("timedelta64[s]"))
    made["tickets"] = pd.DataFrame(
        {
            "ticket_id": np.arange(count).astype(str),
            "account_id": _each(ids, rng, count),
            "opened_at": opened,
            "solved_at": solved.where(rng.random(count) < 0.97).to_numpy(),
            "priority": rng.choice(["low", "normal", "high", "urgent"], count, p=[0.4, 0.4, 0.15, 0.05]),
            "csat": np.where(rng.random(count) < 0.3, rng.integers(1, 6, count), np.nan),
        }
    )
    sent = _days(rng, accounts * 2, months)
    answered = rng.random(accounts * 2) < 0.4
    made["surveys"] = pd.DataFrame(
        {
            "account_id": _each(ids, rng, accounts * 2),
            "kind": rng.choice(["NPS", "CSAT"], accounts * 2),
            "sent_at": sent,
            "responded_at": pd.Series(sent + np.timedelta64(86_400, "s")).where(answered).to_numpy(),
            "score": np.where(answered, rng.choice([3, 4, 5, 8, 9, 10], accounts * 2), np.nan),
            "comment": rng.choice(["fine", "they mention a competitor", ""], accounts * 2, p=[0.5, 0.02, 0.48]),
        }
    )
    made["touchpoints"] = pd.DataFrame(
        {
            "account_id": _each(ids, rng, accounts * 6),
            "kind": rng.choice(["check-in", "QBR"], accounts * 6),
            "done_on": _days(rng, accounts * 6, 4) + np.timedelta64((months - 4) * 30 * 86_400, "s"),
        }
    )
    made["pulses"] = pd.DataFrame(
        {
            "account_id": _each(ids, rng, accounts * 4),
            "given_on": _days(rng, accounts * 4, months).astype("datetime64[D]").astype("datetime64[s]"),
            "pulse": rng.choice([1.0, 2.0, 3.0, 4.0, 5.0], accounts * 4, p=[0.02, 0.04, 0.24, 0.4, 0.3]),
            "note": rng.choice(["all well", "looks at a competitor", "quiet"], accounts * 4, p=[0.6, 0.05, 0.35]),
        }
    )
    due = _days(rng, accounts * 3, months).astype("datetime64[D]").astype("datetime64[s]")
    made["invoices"] = pd.DataFrame(
        {
            "account_id": _each(ids, rng, accounts * 3),
            "issued_on": due - np.timedelta64(30 * 86_400, "s"),
            "due_on": due,
            "paid_on": pd.Series(due).where(rng.random(accounts * 3) < 0.97).to_numpy(),
            "amount": 3600,
        }
    )
    return {name: completed(name, rows) for name, rows in made.items()}


def book(accounts: int, months: int = MONTHS) -> Book:
    """Such a company, loaded."""
    return book_of(tables(accounts, months), until=pd.Period("2020-01", "M") + months - 1, today=date(2026, 1, 1))
