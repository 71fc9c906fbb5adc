"""Gut against data: where the CSM's pulse and what the data say disagree, and how pulses came true.

The data are judged as if nobody had given a pulse or flagged a risk: a pulse that is part of the health score, or that
fires a signal, would agree with itself.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd

from cs_metrics.analysis.likely import FEWEST_FOR_A_RANGE, FEWEST_FOR_A_RATE, wilson
from cs_metrics.analysis.risk import AT_RISK, described, fired, likelihood
from cs_metrics.book import Book
from cs_metrics.facts import Facts
from cs_metrics.health import HEALTHY, POOR, health
from cs_metrics.lately import last_of, pulses
from cs_metrics.months import last_day
from cs_metrics.signal import signals

GREEN, RED = 4, 2
LATEST = 90
WINDOW = 6
ROSY, GLOOMY, AGREE = "pulse good, data warn", "pulse bad, data fine", "no disagreement"
JUDGED = ("pulses", "risks")


def blind(book: Book) -> Book:
    """The book as if nobody had given a pulse or said why an account is at risk, on the same day. Plans are known."""
    kept = {name: rows for name, rows in book.facts.tables.items() if name != "pulses"}
    if "risks" in kept:
        kept["risks"] = kept["risks"].assign(reason=pd.Series(None, kept["risks"].index, dtype=object))
    shared = {key: made for key, made in book.memory.items() if key == "own" or (key and key[0] == "use")}
    return replace(
        book,
        facts=Facts(kept, book.facts.positions, book.facts.day),
        clock=book.known_on,
        memory=shared,
    )


def gut_and_data(book: Book) -> pd.DataFrame:
    """Every customer with a pulse of at most 90 days, beside what the data alone say of it; most MRR first.

    ``data_health`` is the health score without the pulse, ``data_likelihood`` the chance of a loss by the signals that
    neither a pulse nor a flag fires. ``side``: *pulse good, data warn* where a pulse of 4 or 5 stands against a chance
    of 20 % or more, or a poor health; *pulse bad, data fine* where a pulse of 1 or 2 stands against less than that
    and, where it is known, a good health. ``sentence`` says it in words.
    """
    return book.answered(("gut and data", book.known_on), lambda: _gut_and_data(book))


def _gut_and_data(book: Book) -> pd.DataFrame:
    given = pulses(book) if "pulses" in book.facts else pd.DataFrame({"pulse": [], "age": []}, dtype=float)
    given = given[given["age"] <= LATEST]
    mrr = book.balance(0, 0)[-1] if book.closes else np.zeros(len(book), dtype=np.int64)
    rows = given.index.to_numpy(dtype=np.intp)
    rows = rows[mrr[rows] > 0]
    rows = rows[np.argsort(-mrr[rows], kind="stable")]
    unseen = blind(book)
    found = fired(unseen, [each for each in signals("risk") if not _judged(each.needs)])
    order = found.sort_values("weight", ascending=False, kind="stable")
    reasons = order.groupby("row")["reason"].agg("; ".join).reindex(rows)
    table = described(book, rows).assign(
        data_health=health(unseen)["health"].to_numpy()[rows],
        data_likelihood=likelihood(found["weight"], found["row"], len(book))[rows],
        reasons=reasons.to_numpy(dtype=object),
    )
    calm = (table["data_likelihood"] < AT_RISK) & ~(table["data_health"] < HEALTHY.of(book))
    warned = (table["data_likelihood"] >= AT_RISK) | (table["data_health"] < POOR.of(book))
    side = np.select([(table["pulse"] >= GREEN) & warned, (table["pulse"] <= RED) & calm], [ROSY, GLOOMY], AGREE)
    table = table.assign(side=side.astype(object))
    return table.assign(sentence=[_sentence(row) for row in table.to_dict("records")])


def _judged(needs: tuple[str | tuple[str, ...], ...]) -> bool:
    """Does a signal rest on a pulse or a flag alone?"""
    return any(isinstance(need, str) and need.partition(".")[0] in JUDGED for need in needs)


def _sentence(row: dict) -> str:
    if row["side"] == ROSY and row["data_likelihood"] < AT_RISK:
        return f"Pulse {row['pulse']:.0f}, but health without the pulse is {row['data_health']:.0f} of 100."
    if row["side"] == ROSY:
        first, *more = str(row["reasons"]).split("; ")
        besides = f" and {len(more)} more" if more else ""
        return f"Pulse {row['pulse']:.0f}, but {first}{besides}: a loss is {row['data_likelihood']:.0%} likely."
    if row["side"] == GLOOMY:
        said = "no signal fires" if row["data_likelihood"] == 0 else f"the data say only: {row['reasons']}"
        return f"Pulse {row['pulse']:.0f}, but {said}. What does the CSM know?"
    return ""


def disagreements(table: pd.DataFrame) -> pd.DataFrame:
    """The accounts where pulse and data disagree, most MRR first."""
    return table[table["side"] != AGREE].reset_index(drop=True)


class Judged(NamedTuple):
    """Pulses given and what became of the accounts in the half-year after: one row per account and half-year."""

    table: pd.DataFrame
    days: tuple[str, ...]


def judged(book: Book) -> Judged:
    """Each pulse that stood at the start of a half-year now over, who gave it, and whether the account stayed.

    The half-years are counted back from the last close, so that no month counts twice: a pulse repeated every month is
    one judgement, not six. A pulse stands for 90 days. Stayed is an account that paid at every close of the half-year;
    renewed, one whose renewal was due in it as well. ``csm`` is who gave the pulse, else who held the account.
    """
    return book.answered(("judged",), lambda: _judged_before(book))


def _judged_before(book: Book) -> Judged:
    columns = ["account_id", "name", "csm", "as_of", "pulse", "mrr", "stayed", "due"]
    found, days = [], []
    for close in range(book.closes - 1 - WINDOW, -1, -WINDOW) if "pulses" in book.facts else ():
        day = last_day(book.months_with_lead[close])
        rows = book.facts.on(day)["pulses"]
        age = (pd.Timestamp(day) - rows["given_on"]).dt.days
        last = last_of(rows[(age >= 0) & (age <= LATEST)], "given_on")
        own = book.window(close, close + WINDOW).balance(0, 0)
        at = last.index.to_numpy(dtype=np.intp)
        last, at = last[own[0][at] > 0], at[own[0][at] > 0]
        if not len(at):
            continue
        days.append(str(day))
        held = book.owners.names.to_numpy(dtype=object)[book.owners.held[close, at]]
        giver = last["csm"].to_numpy(dtype=object)
        found.append(
            pd.DataFrame(
                {
                    "account_id": book.accounts.index[at],
                    "name": book.accounts["name"].to_numpy()[at],
                    "csm": np.where(pd.isna(giver), held, giver),
                    "as_of": str(day),
                    "pulse": last["pulse"].to_numpy(dtype=float),
                    "mrr": own[0][at] / book.scale,
                    "stayed": (own[1:, at] > 0).all(axis=0),
                    "due": _due(book, at, day, last_day(book.months_with_lead[close + WINDOW])),
                }
            )
        )
    table = pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=columns)
    return Judged(table.astype({"stayed": bool, "due": bool}), tuple(days))


def _due(book: Book, rows: np.ndarray, after: date, upto: date) -> np.ndarray:
    """Which accounts had a renewal date in these days, first excluded."""
    if book.renewals is None:
        return np.zeros(len(rows), dtype=bool)
    inside = book.renewals[(book.renewals["day"] > pd.Timestamp(after)) & (book.renewals["day"] <= pd.Timestamp(upto))]
    return np.isin(rows, inside["row"].to_numpy())


SIDES = ("green", "red")
CALIBRATION = (
    "csm",
    *(f"{side}_{what}" for side in SIDES for what in ("n", "came_true", "share", "low", "high")),
    "due",
    "renewed",
)
EVERYONE = "everyone"


def calibration(table: pd.DataFrame, level: float = 0.8) -> pd.DataFrame:
    """How did each CSM's pulses come true? Of the green (4–5) how many stayed, of the red (1–2) how many left.

    One row per CSM in the order of their names and one for everyone, with counts, the share and its likely range
    (Wilson, 80 %). No share below 5 pulses and no range below 15. ``due`` counts the green whose renewal fell in the
    half-year, ``renewed`` those of them who stayed. Not a ranking: books differ.
    """
    people = sorted(table["csm"].astype(str).unique(), key=str.casefold)
    rows = [_record(name, table[table["csm"].astype(str) == name], level) for name in people]
    return pd.DataFrame([*rows, _record(EVERYONE, table, level)], columns=list(CALIBRATION))


def _record(name: str, mine: pd.DataFrame, level: float) -> tuple:
    green, red = mine[mine["pulse"] >= GREEN], mine[mine["pulse"] <= RED]
    due = green[green["due"]]
    return (
        name,
        *_share(int(green["stayed"].sum()), len(green), level),
        *_share(int((~red["stayed"]).sum()), len(red), level),
        len(due),
        int(due["stayed"].sum()),
    )


def _share(true: int, of: int, level: float) -> tuple[int, int, float, float, float]:
    """Counts, share, and range; not numbers where too few.

    >>> _share(3, 4, 0.8)
    (4, 3, nan, nan, nan)
    """
    share = true / of if of >= FEWEST_FOR_A_RATE else np.nan
    low, high = wilson(true, of, level) if of >= FEWEST_FOR_A_RANGE else (np.nan, np.nan)
    return of, true, share, low, high
