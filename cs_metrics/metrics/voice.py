"""The voice of the customer: what people answered, and how many of those asked did.

An answer counts in the month in which it was given, a question in the month in which it was sent. An answer without a
day of its own has that of its question, and an answer nobody is known to have asked for counts as asked that day.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_metrics.book import Book
from cs_metrics.happened import facts_of, happened
from cs_metrics.metric import Amounts, measure, metric
from cs_metrics.units import COUNT, EFFORT, PERCENT, POINTS

RELATIONSHIP = ("", "relationship", "relational", "nrps", "rnps")
PROMOTER, DETRACTOR, SATISFIED = 9, 6, 4
SCALES = {"NPS": (0, 10), "CSAT": (1, 5), "CES": (1, 7)}


def answers(book: Book, kind: str) -> pd.DataFrame:
    """The answers to one kind of survey, within its scale, with the day they were given: ``row, score, day``.

    NPS is asked of the relationship; after a transaction it is another question, and left out. CSAT also counts the
    ratings of tickets, on the day the ticket was solved.
    """
    return book.kept(("answers", kind), lambda: _answers(book, kind))


def _answers(book: Book, kind: str) -> pd.DataFrame:
    low, high = SCALES[kind]
    parts = []
    if kind == "CSAT" and book.knows("tickets.csat"):
        rated = facts_of(book, "tickets", "csat")
        parts.append(pd.DataFrame({"row": rated["row"], "score": rated["csat"], "day": rated["solved_at"]}))
    if not parts or book.knows("surveys.score"):
        rows = facts_of(book, "surveys", "score")
        rows = rows[rows["kind"].str.upper() == kind]
        if kind == "NPS" and book.knows("surveys.occasion"):
            rows = rows[rows["occasion"].fillna("").str.casefold().isin(RELATIONSHIP)]
        day = rows["responded_at"].fillna(rows["sent_at"])
        parts.append(pd.DataFrame({"row": rows["row"], "score": rows["score"], "day": day}))
    every = pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]
    return every[every["score"].between(low, high) & every["day"].notna()]


def asked(book: Book) -> pd.DataFrame:
    """Every question put to somebody: ``row, day, answered``."""
    return book.kept("asked", lambda: _asked(book))


def _asked(book: Book) -> pd.DataFrame:
    rows = facts_of(book, "surveys", "sent_at")
    answered = rows["responded_at"].notna() | rows["score"].notna()
    day = rows["sent_at"].fillna(rows["responded_at"])
    return pd.DataFrame({"row": rows["row"], "day": day, "answered": answered})[day.notna()]


@measure(period=True)
def nps_balance(book: Book, months: int, upto: int) -> np.ndarray:
    """Promoters less detractors among those who answered."""
    rows = answers(book, "NPS")
    score = rows["score"].to_numpy()
    return happened(book, months, upto, rows, rows["day"], (score >= PROMOTER).astype(np.int64) - (score <= DETRACTOR))


@measure(period=True)
def nps_answers(book: Book, months: int, upto: int) -> np.ndarray:
    """People who answered to NPS."""
    rows = answers(book, "NPS")
    return happened(book, months, upto, rows, rows["day"])


@measure(period=True)
def nps_promoters(book: Book, months: int, upto: int) -> np.ndarray:
    """Promoters among those who answered."""
    rows = answers(book, "NPS")
    return happened(book, months, upto, rows, rows["day"], rows["score"] >= PROMOTER)


def promoters_heard(nps_promoters: np.ndarray, nps_answers: np.ndarray) -> Amounts:
    """Promoters and all who answered: what the margin of NPS needs beside NPS."""
    return nps_promoters, nps_answers


@measure(period=True)
def satisfied(book: Book, months: int, upto: int) -> np.ndarray:
    """Answers of 4 or 5 to CSAT."""
    rows = answers(book, "CSAT")
    return happened(book, months, upto, rows, rows["day"], rows["score"] >= SATISFIED)


@measure(period=True)
def csat_answers(book: Book, months: int, upto: int) -> np.ndarray:
    """Answers to CSAT."""
    rows = answers(book, "CSAT")
    return happened(book, months, upto, rows, rows["day"])


@measure(period=True)
def effort_scores(book: Book, months: int, upto: int) -> np.ndarray:
    """The sum of the answers to CES, in hundredths."""
    rows = answers(book, "CES")
    return happened(book, months, upto, rows, rows["day"], np.rint(rows["score"] * EFFORT.parts))


@measure(period=True)
def effort_answers(book: Book, months: int, upto: int) -> np.ndarray:
    """Answers to CES."""
    rows = answers(book, "CES")
    return happened(book, months, upto, rows, rows["day"])


@measure(period=True)
def people_asked(book: Book, months: int, upto: int) -> np.ndarray:
    """People asked, once for each survey sent."""
    rows = asked(book)
    return happened(book, months, upto, rows, rows["day"])


@measure(period=True)
def people_heard(book: Book, months: int, upto: int) -> np.ndarray:
    """People asked in the period who have answered since."""
    rows = asked(book)
    return happened(book, months, upto, rows, rows["day"], rows["answered"])


@measure(period=True)
def accounts_asked(book: Book, months: int, upto: int) -> np.ndarray:
    """1 for each row in which somebody was asked."""
    rows = asked(book)
    return np.minimum(happened(book, months, upto, rows, rows["day"]), 1)


@measure(period=True)
def accounts_heard(book: Book, months: int, upto: int) -> np.ndarray:
    """1 for each row in which somebody asked in the period has answered since."""
    rows = asked(book)
    return np.minimum(happened(book, months, upto, rows, rows["day"], rows["answered"]), 1)


@measure(period=True)
def tickets_solved(book: Book, months: int, upto: int) -> np.ndarray:
    """Tickets solved whose number of replies is known."""
    rows = facts_of(book, "tickets", "solved_at", "replies")
    return happened(book, months, upto, rows, rows["solved_at"], rows["replies"].notna())


@measure(period=True)
def tickets_solved_at_once(book: Book, months: int, upto: int) -> np.ndarray:
    """Tickets solved with at most one reply and not opened again."""
    rows = facts_of(book, "tickets", "solved_at", "replies")
    at_once = (rows["replies"] <= 1) & ~(rows["reopens"] > 0)
    return happened(book, months, upto, rows, rows["solved_at"], at_once)


@metric(
    label="NPS",
    unit=POINTS,
    top=COUNT,
    bottom=COUNT,
    factor=100,
    formula="promoters (9 and 10) less detractors (0 to 6), over the people who answered in {months}, × 100",
    source="Reichheld's Net Promoter Score; its margin as in STATISTICS B2",
)
def nps(nps_balance: np.ndarray, nps_answers: np.ndarray) -> Amounts:
    """Would they recommend us?

    From −100 to 100. Never to be read without the number of answers and the response rate. Every answer counts; those
    asked after a transaction are another question, and do not.

    >>> 100 * (3 - 1) / 5    # 9, 10, 10, 7, 4: three promoters, one detractor, five answers
    40.0
    """
    return nps_balance, nps_answers


@metric(
    label="CSAT",
    unit=PERCENT,
    top=COUNT,
    bottom=COUNT,
    formula="answers of 4 and 5 out of 5, over all answers given in {months}",
    source="Standard of the field: top two boxes",
)
def csat(satisfied: np.ndarray, csat_answers: np.ndarray) -> Amounts:
    """How many of those who rated us were satisfied?

    Counts the answers to CSAT surveys and the ratings of tickets.
    """
    return satisfied, csat_answers


@metric(
    label="CES",
    unit=EFFORT,
    top=EFFORT,
    bottom=COUNT,
    formula="the sum of the scores from 1 to 7 over the answers given in {months}",
    source="Customer Effort Score, 2.0: 7 = it was easy",
)
def ces(effort_scores: np.ndarray, effort_answers: np.ndarray) -> Amounts:
    """How easy do we make it, from 1 to 7, 7 being easy?"""
    return effort_scores, effort_answers


@metric(
    label="Response rate",
    unit=PERCENT,
    top=COUNT,
    bottom=COUNT,
    formula="the people asked in {months} who have answered, over the people asked",
    source="Standard of the field",
)
def response_rate(people_heard: np.ndarray, people_asked: np.ndarray) -> Amounts:
    """How many of the people we ask answer?

    Sturdier than a score: it is hard to bend.
    """
    return people_heard, people_asked


@metric(
    label="Survey coverage",
    unit=PERCENT,
    top=COUNT,
    bottom=COUNT,
    formula="the accounts asked in {months} from which somebody answered, over the accounts asked",
    source="Standard of the field",
)
def survey_coverage(accounts_heard: np.ndarray, accounts_asked: np.ndarray) -> Amounts:
    """From how many of the accounts we ask do we hear anything?"""
    return accounts_heard, accounts_asked


@metric(
    label="First contact resolution",
    unit=PERCENT,
    top=COUNT,
    bottom=COUNT,
    formula="tickets solved in {months} with at most one reply and not opened again, over the tickets solved",
    source="Zendesk's one-touch resolution",
)
def first_contact_resolution(tickets_solved_at_once: np.ndarray, tickets_solved: np.ndarray) -> Amounts:
    """How many tickets are solved the first time?"""
    return tickets_solved_at_once, tickets_solved
