"""Signals of advocacy: what makes an account speak for us, and fit to be asked."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_metrics.book import Book
from cs_metrics.dials import dial
from cs_metrics.health import HEALTHY, health
from cs_metrics.lately import (
    CONFIRMED_WITHIN,
    age_days,
    days_before,
    last_of,
    latest_answers,
    open_risks,
    pulses,
    use_in_segment,
)
from cs_metrics.signal import accounts_where, signal

PROMOTER = dial("is_a_promoter.score", "A promoter answers at least", 9, "points", most=10)
PROMOTER_DAYS = dial("is_a_promoter.days", "Days an answer counts", 365, "days", least=1, most=1095)
HIGH_PULSE = dial("pulse_is_high.pulse", "High is a pulse from", 4, least=1, most=5)
TOP = dial("is_a_power_user.top", "Power users are the top", 0.1, "share", least=0.01, most=0.5)
LONG = dial("is_a_customer_for_a_year.days", "Days as a customer", 365, "days", most=3650)
RESTS = dial("is_rested.days", "Days without asking", 90, "days", most=730)


@signal("advocacy", label="Promoter", says="promoter, {score:.0f} of 10", needs=("surveys.score",))
def is_a_promoter(book: Book) -> pd.DataFrame:
    """The last answer to NPS, at most {days} old, is {score} or more."""
    score = latest_answers(book, "NPS", PROMOTER_DAYS.of(book))
    high = score[score >= PROMOTER.of(book)]
    return pd.DataFrame({"row": high.index, "score": high.to_numpy()})


@signal("advocacy", label="Pulse 4 or 5", says="pulse {pulse:.0f} of 5", needs=("pulses",))
def pulse_is_high(book: Book) -> pd.DataFrame:
    """The CSM's last pulse is {pulse} or higher."""
    last = pulses(book)
    high = last[last["pulse"] >= HIGH_PULSE.of(book)]
    return pd.DataFrame({"row": high.index, "pulse": high["pulse"].to_numpy()})


@signal("advocacy", label="Power user", says="in the top {top} of its segment by use", needs=("usage",))
def is_a_power_user(book: Book) -> pd.DataFrame:
    """In the top {top} of its segment by active users of seats, or by use where seats are unknown."""
    level, place, _ = use_in_segment(book)
    return accounts_where((place > 1 - TOP.of(book)) & (level > 0))


@signal("advocacy", label="A year or more", says="customer for {years:.1f} years")
def is_a_customer_for_a_year(book: Book) -> pd.DataFrame:
    """A paying customer for at least {days}."""
    age = age_days(book)
    return accounts_where((age >= LONG.of(book)) & (book.balance(0, 0)[-1] > 0), years=age / 365.25)


@signal("advocacy", label="Confirmed outcome", says="outcome confirmed by {by}", needs=("outcomes.confirmed_by",))
def outcome_is_confirmed(book: Book) -> pd.DataFrame:
    """A champion confirmed an outcome in the last {days}."""
    rows = book.facts["outcomes"]
    recent = days_before(book, rows["achieved_on"]) <= CONFIRMED_WITHIN.of(book)
    last = last_of(rows[rows["confirmed_by"].notna() & recent], "achieved_on")
    return pd.DataFrame({"row": last.index, "by": last["confirmed_by"].to_numpy()})


@signal("advocacy", label="No open risk", says="no open risk", needs=("risks",))
def has_no_open_risk(book: Book) -> pd.DataFrame:
    """No risk of it is flagged."""
    calm = np.ones(len(book), dtype=bool)
    calm[open_risks(book).index] = False
    return accounts_where(calm)


@signal("advocacy", label="No open escalation", says="no open escalation", needs=(("risks", "tickets"),))
def has_no_open_escalation(book: Book) -> pd.DataFrame:
    """No open risk is escalated, and no open ticket."""
    calm = np.ones(len(book), dtype=bool)
    if "risks" in book.facts:
        calm[open_risks(book)["escalated_to"].dropna().index] = False
    if "tickets" in book.facts:
        rows = book.facts["tickets"]
        calm[rows.loc[rows["escalated"].fillna(False).astype(bool) & rows["solved_at"].isna(), "row"]] = False
    return accounts_where(calm)


@signal("advocacy", label="Healthy", says="health {health:.0f} of 100", shares=("health.band.healthy",))
def is_healthy(book: Book) -> pd.DataFrame:
    """The health score is {healthy} or more."""
    score = health(book)["health"].to_numpy()
    return accounts_where(score >= HEALTHY.of(book), health=score)


@signal("advocacy", label="Has been a reference", says="was a reference", needs=("advocacy",))
def has_been_a_reference(book: Book) -> pd.DataFrame:
    """It has spoken for us before."""
    rows = book.facts["advocacy"]
    return pd.DataFrame({"row": np.unique(rows.loc[rows["done_on"].notna(), "row"])})


@signal("advocacy", label="Not asked lately", says="not asked in {days}", needs=("advocacy",))
def is_rested(book: Book) -> pd.DataFrame:
    """It was not asked for anything, and did nothing, in the last {days}."""
    rested, rest = np.ones(len(book), dtype=bool), RESTS.of(book)
    rows = book.facts["advocacy"]
    for when in ("asked_on", "done_on"):
        rested[rows.loc[days_before(book, rows[when]) <= rest, "row"]] = False
    return accounts_where(rested)
