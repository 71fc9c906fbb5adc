"""What should we ask of whom next, and why of them?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_metrics.analysis.advocate_coverage import EVERYONE, axes, coverage
from cs_metrics.analysis.advocates import Criteria, criteria, with_criteria
from cs_metrics.analysis.asks import asked, asks, validated
from cs_metrics.analysis.turning import falling
from cs_metrics.book import Book
from cs_metrics.lately import days_before

YEAR = 365
ASKS = {
    "reference": "Reference call",
    "case study": "Case study",
    "speaker": "Speaking",
    "referral": "Referral",
    "review": "Review",
}
FITS = {
    "reference": "ready to be a reference",
    "case study": "has a confirmed outcome to tell",
    "speaker": "a power user of a year and more",
    "referral": "a promoter of a year and more",
    "review": "a promoter",
}


def next_asks(book: Book) -> pd.DataFrame:
    """One ask for each account that can be asked today, those that fill a gap first, then most MRR.

    Fit is a customer that is a promoter or has pulse 4 and more, has no open risk, no open escalation and no falling
    signal, and is not tired of asks. For each the first ask that suits: a reference call (ready to be a reference,
    and no reference where it belongs in segment and use case), a case study (a confirmed outcome, healthy), speaking
    (a power user of a year and more), a reference call also where there is one, a referral (a promoter of a year), a
    review (a promoter). What it did or declined within a year is not asked again. ``ask`` names it, ``kind`` is what is
    recorded, ``whom`` the champion to speak to, ``why`` the sentence, ``fills`` whether it fills a gap.
    """
    on, lately = criteria(book), asked(book)
    met = on.met
    warm = (met["is_a_promoter"] | met["pulse_is_high"]).to_numpy() & (book.balance(0, 0)[-1] > 0)
    fit = warm & lately["tired"].isna().to_numpy()
    fit[falling(book).index.to_numpy(dtype=np.intp)] = False
    for name in ("has_no_open_risk", "has_no_open_escalation"):
        fit &= met[name].to_numpy() | (name not in on.known)
    where, bare = _bare(book)
    old = met["is_a_customer_for_a_year"].to_numpy()
    suits = {
        "reference": on.ready | (_ready_but_table(on) if "advocacy" not in book.facts else False),
        "case study": met["outcome_is_confirmed"].to_numpy() & met["is_healthy"].to_numpy(),
        "speaker": met["is_a_power_user"].to_numpy() & old,
        "referral": met["is_a_promoter"].to_numpy() & old,
        "review": met["is_a_promoter"].to_numpy(),
    }
    may = {kind: fit & suits[kind] & ~_did(book, kind) for kind in ASKS}
    gap = may["reference"] & bare
    order = [gap, may["case study"], may["speaker"], may["reference"], may["referral"], may["review"]]
    kinds = ["reference", "case study", "speaker", "reference", "referral", "review"]
    chosen = np.select(order, kinds, "")
    rows = np.flatnonzero(chosen != "")
    rows = rows[np.lexsort((-book.balance(0, 0)[-1][rows], ~gap[rows]))]
    last, parts = lately["last_asked"].iloc[rows], np.where(gap, where, "")[rows]
    why = [_why(*each, book) for each in zip(chosen[rows], parts, last, strict=True)]
    return with_criteria(book, rows).assign(
        ask=[ASKS[kind] for kind in chosen[rows]],
        kind=chosen[rows],
        whom=champions(book)[rows],
        why=why,
        fills=gap[rows],
    )


def champions(book: Book) -> np.ndarray:
    """Who speaks for us inside each account: its champion, else its sponsor, of those who have not left."""
    whom = np.full(len(book), None, dtype=object)
    if not book.knows("contacts.role"):
        return whom
    people = book.facts["contacts"]
    people = people[people["left_on"].isna()]
    for role in ("sponsor", "champion"):
        those = people[people["role"].str.casefold().str.contains(role, na=False)]
        whom[those["row"].to_numpy(dtype=np.intp)] = those["name"].to_numpy(dtype=object)
    return whom


def _ready_but_table(on: Criteria) -> np.ndarray:
    """Ready to be a reference in all that can be told, where nobody has ever kept what was asked."""
    met = on.met
    names = ("is_a_customer_for_a_year", "outcome_is_confirmed", "is_healthy", "has_no_open_escalation")
    ready = (met["is_a_promoter"] | met["pulse_is_high"]).to_numpy()
    for name in names:
        ready = ready & met[name].to_numpy()
    return ready


def _bare(book: Book) -> tuple[np.ndarray, np.ndarray]:
    """What each account's part of the book is called, and whether that part has no validated reference."""
    down, across = axes(book)
    parts = coverage(book, down, across[0] if across else None)
    where, bare = np.full(len(book), "", dtype=object), np.zeros(len(book), dtype=bool)
    have = np.zeros(len(book), dtype=bool)
    have[validated(book).index.to_numpy(dtype=np.intp)] = True
    for part in parts.itertuples():
        rows = np.array(part.rows, dtype=np.intp)
        where[rows] = " in ".join(str(name) for name in (part.down, part.across) if name != EVERYONE) or "the book"
        bare[rows] = not have[rows].any()
    return where, bare


def _did(book: Book, kind: str) -> np.ndarray:
    """Which accounts did this, declined it or were asked for it within a year; a reference call may come again."""
    every = asks(book)
    recent = every[(every["kind"] == kind) & (days_before(book, every["asked"]) <= YEAR)]
    if kind == "reference":
        recent = recent[recent["state"] == "declined"]
    did = np.zeros(len(book), dtype=bool)
    did[recent["row"].to_numpy(dtype=np.intp)] = True
    return did


def _why(kind: str, gap: str, last: pd.Timestamp, book: Book) -> str:
    """The reason in a sentence: what makes it fit, what gap it fills, how rested it is."""
    said = FITS[kind].capitalize()
    said += f"; no reference yet for {gap}" if gap else ""
    if pd.isna(last):
        return f"{said}; never asked before."
    days = (pd.Timestamp(book.known_on) - last).days
    return f"{said}; last asked {plural_days(days)} ago."


def plural_days(count: int) -> str:
    """Days as a sentence says them."""
    return "a day" if count == 1 else f"{count:,} days"
