"""Signals of growth: what says that an account could use, and pay for, more. Told of paying accounts only."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_metrics.book import Book
from cs_metrics.dials import dial
from cs_metrics.lately import days_since_said, latest_answers, now_and_before, use_by_month, use_now_and_before
from cs_metrics.signal import accounts_where, signal
from cs_metrics.signals.advocacy import PROMOTER, PROMOTER_DAYS
from cs_metrics.signals.risk import paying

RAISED = (
    r"(?i)\bbudgets? (?:was |were |is |has been |have been )?(?:raised|increased|doubled|approved|extended|grown)\b"
    r"|\b(?:raised|increased|doubled|approved|extended|bigger|larger|additional|extra) (?:\w+ )?budget"
    r"|\b(?:raised|closed) (?:\w+ ){0,3}(?:funding|round)\b|\bseries [a-f]\b"
)

NEARLY_FULL = dial("seats_are_nearly_full.share", "Nearly full is a share of seats from", 0.9, "share")


@signal(
    "growth",
    label="Seats nearly full",
    says="{share:.0%} of {seats:,.0f} seats used",
    needs=("usage.active_users", ("usage.licensed_seats", "licensed_seats")),
)
def seats_are_nearly_full(book: Book) -> pd.DataFrame:
    """{share} or more of the seats paid for were used last month."""
    share, seats = _seats_used(book)
    return accounts_where((share >= NEARLY_FULL.of(book)) & paying(book), share=share, seats=seats)


@signal(
    "growth",
    label="Product limit reached",
    says="{active:,.0f} people use {seats:,.0f} seats",
    needs=("usage.active_users", ("usage.licensed_seats", "licensed_seats")),
)
def product_limit_is_reached(book: Book) -> pd.DataFrame:
    """As many people as there are seats paid for, or more, used it last month."""
    share, seats = _seats_used(book)
    return accounts_where((share >= 1) & paying(book), active=use_by_month(book).active_users[:, -1], seats=seats)


def _seats_used(book: Book) -> tuple[np.ndarray, np.ndarray]:
    use = use_by_month(book)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = use.active_users[:, -1] / use.licensed_seats[:, -1]
    return np.where(np.isfinite(share), share, np.nan), use.licensed_seats[:, -1]


RISE = dial("usage_is_rising.rise", "Rising is a gain of at least", 0.25, "share", least=0.01, most=10)


@signal("growth", label="Usage is rising", says="{word} up {gain:.0%} on the three months before", needs=("usage",))
def usage_is_rising(book: Book) -> pd.DataFrame:
    """Use in the last three months is {rise} or more above the three months before."""
    now, before, word = use_now_and_before(book)
    gain = _gain(now, before)
    return accounts_where((gain >= RISE.of(book)) & paying(book), gain=gain).assign(word=word)


TEAM_GAIN = dial("team_is_growing.gain", "Growing is a gain of at least", 0.15, "share", least=0.01, most=10)
TEAM_PEOPLE = dial("team_is_growing.people", "And of so many people at least", 3, least=1)


@signal(
    "growth",
    label="Team is growing",
    says="{now:,.0f} people use it, {before:,.0f} in the three months before",
    needs=("usage.active_users",),
)
def team_is_growing(book: Book) -> pd.DataFrame:
    """Active users are up {gain} or more, and by {people} or more, on the three months before."""
    now, before = now_and_before(use_by_month(book, 6).active_users)
    grown = (_gain(now, before) >= TEAM_GAIN.of(book)) & (now - before >= TEAM_PEOPLE.of(book))
    return accounts_where(grown & paying(book), now=now, before=before)


MORE_FEATURES = dial("use_case_is_new.features", "Fewest features newly in use", 2, least=1)


@signal(
    "growth",
    label="New use case",
    says="{now:.0f} features in use, {before:.0f} at most in the three months before",
    needs=(("usage.features_used", "usage.feature"),),
)
def use_case_is_new(book: Book) -> pd.DataFrame:
    """Last month {features} or more features more were in use than in any of the three months before."""
    used = use_by_month(book, 6).features_used
    before = np.nan_to_num(used[:, -4:-1]).max(axis=1)
    known = ~np.isnan(used[:, -4]) & ~np.isnan(used[:, -1])
    more = known & (used[:, -1] - before >= MORE_FEATURES.of(book))
    return accounts_where(more & paying(book), now=used[:, -1], before=before)


@signal(
    "growth",
    label="Promoter",
    says="promoter, {score:.0f} of 10",
    needs=("surveys.score",),
    shares=("is_a_promoter",),
)
def promoter_may_want_more(book: Book) -> pd.DataFrame:
    """The last answer to NPS, at most {days} old, is {score} or more."""
    score = latest_answers(book, "NPS", PROMOTER_DAYS.of(book))
    high = score[(score >= PROMOTER.of(book)) & paying(book)[score.index]]
    return pd.DataFrame({"row": high.index, "score": high.to_numpy()})


RAISED_WITHIN = dial("budget_is_raised.days", "Days a mention counts", 180, "days", least=1, most=730)


@signal(
    "growth",
    label="Budget raised",
    says="a raised budget or funding was mentioned {days:.0f} days ago",
    needs=(("notes", "surveys.comment", "pulses", "risks"),),
)
def budget_is_raised(book: Book) -> pd.DataFrame:
    """In the last {days} a pulse, a risk, a survey or a note speaks of a raised budget or of funding."""
    since = days_since_said(book, RAISED, RAISED_WITHIN.of(book))
    since = since[paying(book)[since.index.to_numpy(dtype=np.intp)]]
    return pd.DataFrame({"row": since.index, "days": since.to_numpy()})


def _gain(now: np.ndarray, before: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = now / before - 1
    return np.where(np.isfinite(gain), gain, np.nan)
