"""Who would speak for us, why, and who is fit to be asked."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from cs_metrics.analysis.asks import asked
from cs_metrics.analysis.risk import described, fired, said_together
from cs_metrics.book import Book
from cs_metrics.lately import per_account, pulses, use_in_segment
from cs_metrics.signal import SIGNALS, signals

COLUMNS = ("rank", "account_id", "name", "csm", "mrr", "met", "missed", "reference_ready")
ADVOCATE = ("is_a_power_user", "has_no_open_risk")
REFERENCE = (
    "is_a_customer_for_a_year",
    "outcome_is_confirmed",
    "is_healthy",
    "has_no_open_escalation",
    "is_rested",
)


class Criteria(NamedTuple):
    """Which criteria of advocacy each account meets, accounts × criteria, and what follows from them.

    ``known`` names the criteria that can be told, ``warm`` are customers that are a promoter or have pulse 5,
    ``advocate`` the warm ones that use much and have no open risk, ``ready`` those fit to be a reference.
    """

    met: pd.DataFrame
    found: pd.DataFrame
    known: list[str]
    warm: np.ndarray
    advocate: np.ndarray
    ready: np.ndarray


def criteria(book: Book) -> Criteria:
    """What each account meets on the book's day.

    A criterion nothing is known about (a missing table) is not asked of an advocate; with neither surveys nor pulses
    nobody qualifies. A reference must meet every criterion, known and met; without a table it is no.
    """
    return book.kept(("criteria", book.known_on), lambda: _criteria(book))


def _criteria(book: Book) -> Criteria:
    every = signals("advocacy")
    found = fired(book, every)
    met = pd.DataFrame(False, index=np.arange(len(book)), columns=[each.name for each in every])
    for name, those in found.groupby("signal")["row"]:
        met.loc[those.to_numpy(), name] = True
    known = [each.name for each in every if each.dark(book) is None]
    best = per_account(book, pulses(book)["pulse"]) == 5 if "pulses" in book.facts else np.zeros(len(book), dtype=bool)
    warm = (met["is_a_promoter"].to_numpy() | best) & (book.balance(0, 0)[-1] > 0)
    advocate, ready = warm.copy(), (met["is_a_promoter"] | met["pulse_is_high"]).to_numpy()
    for name in ADVOCATE:
        advocate &= met[name].to_numpy() | (name not in known)
    for name in REFERENCE:
        ready = ready & met[name].to_numpy()
    return Criteria(met, found, known, warm, advocate, ready)


def advocates(book: Book) -> pd.DataFrame:
    """The advocates on the book's day, those who meet most criteria first.

    An advocate is a customer that is a promoter or has pulse 5, is a power user, and has no open risk.
    Beside the columns the command line gives stand ``reasons`` (what each criterion met says) and when the account
    was last asked (``last_asked``, ``asks``, ``tired``).
    """
    on = criteria(book)
    rows: np.ndarray = np.flatnonzero(on.advocate)
    mrr = book.balance(0, 0)[-1]
    count = on.met[on.known].sum(axis=1).to_numpy()
    rows = rows[np.lexsort((-mrr[rows], -count[rows]))]
    return with_criteria(book, rows)


def promoters(book: Book) -> pd.DataFrame:
    """The customers whose last answer to NPS, at most a year old, is 9 or 10; most MRR first."""
    on = criteria(book)
    mrr = book.balance(0, 0)[-1]
    rows = np.flatnonzero(on.met["is_a_promoter"].to_numpy() & (mrr > 0))
    return with_criteria(book, rows[np.argsort(-mrr[rows], kind="stable")])


def power_users(book: Book) -> pd.DataFrame:
    """The customers in the top tenth of their segment by use, most use first: ``segment, use`` beside the rest."""
    on = criteria(book)
    level = use_in_segment(book)[0] if "usage" in book.facts else np.zeros(len(book))
    segment = np.full(len(book), "", dtype=object)
    if "segment" in book.accounts:
        labels, codes = book.groups("segment")
        segment = labels.to_numpy(dtype=object)[codes]
    rows = np.flatnonzero(on.met["is_a_power_user"].to_numpy())
    rows = rows[np.lexsort((-level[rows], segment[rows].astype(str)))]
    return with_criteria(book, rows).assign(segment=segment[rows], use=level[rows])


def with_criteria(book: Book, rows: np.ndarray) -> pd.DataFrame:
    """What lists say of accounts, with the criteria each meets and misses, and whether it can be asked."""
    on = criteria(book)
    labels = np.array([SIGNALS[name].label for name in on.known], dtype=object)
    table = on.met[on.known].to_numpy()[rows]
    reasons = said_together(on.found[np.isin(on.found["row"], rows)]).reindex(rows)
    lately = asked(book).iloc[rows]
    return described(book, rows).assign(
        met=["; ".join(labels[row]) for row in table],
        missed=["; ".join(labels[~row]) for row in table],
        reasons=reasons.to_numpy(),
        reference_ready=on.ready[rows],
        last_asked=lately["last_asked"].to_numpy(),
        asks=lately["asks"].to_numpy(),
        tired=lately["tired"].to_numpy(),
    )
