"""Who would speak for us, why, and who is fit to be asked."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_metrics.analysis.risk import described, fired
from cs_metrics.book import Book
from cs_metrics.lately import per_account, pulses
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


def advocates(book: Book) -> pd.DataFrame:
    """The advocates on the book's day, those who meet most criteria first.

    An advocate is a customer that is a promoter or has pulse 5, is a power user, and has no open risk. A criterion
    nothing is known about (a missing table) is not asked for; with neither surveys nor pulses nobody qualifies.
    ``reference_ready`` asks for every criterion of a reference, known and met; without a table it is no.
    """
    criteria = signals("advocacy")
    found = fired(book, criteria)
    met = pd.DataFrame(False, index=np.arange(len(book)), columns=[each.name for each in criteria])
    for name, those in found.groupby("signal")["row"]:
        met.loc[those.to_numpy(), name] = True
    known = [each.name for each in criteria if each.dark(book) is None]
    best = per_account(book, pulses(book)["pulse"]) == 5 if "pulses" in book.facts else np.zeros(len(book), dtype=bool)
    warm = met["is_a_promoter"] | best
    chosen = warm & (book.balance(0, 0)[-1] > 0)
    for name in ADVOCATE:
        chosen &= met[name] | (name not in known)
    ready = met["is_a_promoter"] | met["pulse_is_high"]
    for name in REFERENCE:
        ready &= met[name]
    rows: np.ndarray = np.flatnonzero(chosen)
    mrr = book.balance(0, 0)[-1]
    count = met[known].sum(axis=1).to_numpy()
    rows = rows[np.lexsort((-mrr[rows], -count[rows]))]
    labels = np.array([SIGNALS[name].label for name in known], dtype=object)
    table = met[known].to_numpy()[rows]
    reasons = found.groupby("row")["reason"].agg("; ".join).reindex(rows)
    return described(book, rows).assign(
        met=["; ".join(labels[row]) for row in table],
        missed=["; ".join(labels[~row]) for row in table],
        reasons=reasons.to_numpy(),
        reference_ready=ready.to_numpy()[rows],
    )
