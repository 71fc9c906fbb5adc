"""How onboarding goes: milestones open and late, how long customers wait to be live, what they say of training."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from cs_metrics.analysis.likely import FEWEST_FOR_A_RATE
from cs_metrics.analysis.survival import kaplan_meier, median
from cs_metrics.book import NEVER, Book
from cs_metrics.dials import dial
from cs_metrics.happened import facts_of, started
from cs_metrics.lately import days_before, is_one_of, speaks_of
from cs_metrics.metrics.onboarding import TRAINED, went_live

STUCK = dial("onboarding.stuck.days", "Milestones: days past due from which one is stuck", 14, "days", most=365)
STATES = ("stuck", "late", "on track", "no date")
YEAR, AFTER = 365, 14


def milestones(book: Book) -> pd.DataFrame:
    """The milestones not reached yet, the longest overdue first: ``milestone, due_on, days_late, state`` per account.

    Late is past its due date, stuck so by more days than set; on track is still to come. Of accounts that left none.
    """
    facts_of(book, "onboarding")
    rows = book.facts.planned("onboarding")
    here = (book.balance(0, 0)[-1] > 0) | (book.first_paid >= book.closes)
    rows = rows[rows["done_on"].isna() & here[rows["row"].to_numpy(dtype=np.intp)]]
    late = days_before(book, rows["due_on"]).to_numpy(dtype=float)
    stuck = STUCK.of(book)
    state = np.select([np.isnan(late), late > stuck, late > 0], ["no date", "stuck", "late"], "on track")
    place = rows["row"].to_numpy(dtype=np.intp)
    found = pd.DataFrame(
        {
            "account_id": book.accounts.index[place],
            "name": book.accounts["name"].to_numpy()[place],
            "csm": book.csm_now[place],
            "mrr": book.balance(0, 0)[-1][place] / book.scale,
            "milestone": rows["milestone"].astype(str).to_numpy(),
            "due_on": rows["due_on"].to_numpy(),
            "days_late": np.where(late > 0, late, np.nan),
            "state": state.astype(object),
        }
    )
    return found.iloc[np.lexsort((found["account_id"], -np.nan_to_num(late, nan=-np.inf)))].reset_index(drop=True)


class Waits(NamedTuple):
    """Accounts that started in the last year and have an onboarding: days until live, or until today if not live."""

    row: np.ndarray
    days: np.ndarray
    live: np.ndarray


def waits(book: Book) -> Waits:
    """How long each account that started in the year before the book's day waited, or has waited so far, to be live."""
    rows = went_live(book)
    today = np.datetime64(book.known_on, "D").astype(np.int64)
    row = rows["row"].to_numpy(dtype=np.intp)
    start = started(book)[row]
    day = rows["live"].to_numpy().astype("datetime64[D]")
    live = ~np.isnat(day)
    days = np.where(live, day.astype(np.int64), today) - start
    recent = (today - start >= 0) & (today - start < YEAR) & (start < NEVER)
    return Waits(row[recent], np.maximum(days[recent], 0), live[recent])


def time_to_live(book: Book, by: str | None = None) -> pd.DataFrame:
    """How many days until half of the accounts are live, by group: ``group, accounts, live, days, low, high, rows``?

    Accounts that started in the last year; those not live yet count for as long as they have waited, so that a
    group does not look fast because its slow ones are still waiting (Kaplan–Meier). ``low`` to ``high`` is the
    likely range, 80 in 100. Below five accounts, and where fewer than half are live, there is no figure.
    """
    found = waits(book)
    if by is None:
        labels, codes = pd.Index(["all"]), np.zeros(len(book), dtype=np.intp)
    elif by == "csm":
        labels, codes = book.owners.names, book.owners.held[-1]
    else:
        labels, codes = book.groups(by)
    told = []
    for place, name in enumerate(labels):
        mine = codes[found.row] == place
        if mine.any():
            days, low, high = middle(found.days[mine], found.live[mine])
            counted = {"accounts": int(mine.sum()), "live": int(found.live[mine].sum())}
            told.append(
                {"group": str(name), **counted, "days": days, "low": low, "high": high, "rows": found.row[mine]}
            )
    columns = ["group", "accounts", "live", "days", "low", "high", "rows"]
    return pd.DataFrame(told, columns=columns)


def middle(days: np.ndarray, live: np.ndarray, level: float = 0.8) -> tuple[float, float, float]:
    """The day by which half are live, and its likely range (Brookmeyer and Crowley); not numbers where unknown.

    >>> middle(np.array([10, 20, 30, 40, 50]), np.array([True, True, True, False, False]))[0]
    30.0
    """
    if len(days) < FEWEST_FOR_A_RATE:
        return np.nan, np.nan, np.nan
    curve = kaplan_meier(np.zeros(len(days), dtype=np.int64), days.astype(np.int64), live, level=level)
    half = median(curve)
    if half is None:
        return np.nan, np.nan, np.nan
    ends = [curve[end].where(curve["low"].notna(), curve["survival"]) for end in ("low", "high")]
    crossed = [curve.loc[end <= 0.5, "age_months"] for end in ends]
    low, high = (float(ages.iloc[0]) if len(ages) else np.nan for ages in crossed)
    return float(half), low, high


def training_feedback(book: Book) -> pd.DataFrame:
    """What customers answered about training in the last year, latest first: ``kind, score, day, comment`` per answer.

    An answer is about training if its occasion says so; one without an occasion, if it came in the two weeks
    after a training.
    """
    rows = facts_of(book, "surveys", "score")
    day = rows["responded_at"].fillna(rows["sent_at"])
    rows = rows.assign(day=day)[(rows["score"].notna() & days_before(book, day).between(0, YEAR)).to_numpy()]
    about = speaks_of(rows["occasion"], TRAINED)
    unsaid = rows["occasion"].isna().to_numpy() | is_one_of(rows["occasion"], ("",))
    rows = rows[about | (unsaid & _after_training(book, rows))].sort_values("day", ascending=False, kind="stable")
    place = rows["row"].to_numpy(dtype=np.intp)
    return pd.DataFrame(
        {
            "account_id": book.accounts.index[place],
            "name": book.accounts["name"].to_numpy()[place],
            "csm": book.csm_now[place],
            "kind": rows["kind"].to_numpy(),
            "answer": rows["score"].to_numpy(dtype=float),
            "day": rows["day"].dt.normalize().to_numpy(),
            "comment": rows["comment"].to_numpy(),
        }
    )


def _after_training(book: Book, rows: pd.DataFrame) -> np.ndarray:
    """Which answers came within two weeks of a training of their account."""
    if not book.knows("touchpoints.done_on") or rows.empty:
        return np.zeros(len(rows), dtype=bool)
    held = book.facts["touchpoints"]
    held = held[held["done_on"].notna().to_numpy() & speaks_of(held["kind"], TRAINED)][["row", "done_on"]]
    asked = pd.DataFrame({"row": rows["row"].to_numpy(), "day": rows["day"].to_numpy(), "at": np.arange(len(rows))})
    both = asked.merge(held, on="row")
    near = (both["day"].dt.normalize() - both["done_on"]).dt.days.between(0, AFTER)
    return np.isin(np.arange(len(rows)), both.loc[near, "at"])


def satisfied(feedback: pd.DataFrame) -> pd.DataFrame:
    """The answers by kind: ``kind, answers, mean``."""
    parts = feedback.groupby(feedback["kind"].astype(str), sort=True)["answer"]
    return parts.agg(answers="size", mean="mean").rename_axis("kind").reset_index()
