"""Did we see it coming? What was lost, who had flagged it and how long before; what was flagged and stayed.

Two watchers, told apart: a person, by a risk flag or a pulse of 1 or 2; and the tool, whose signals, those that only
repeat what a person said left out, made a loss at least as likely as the list at risk asks for, at a quarter-end.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from cs_metrics.analysis.quarter_ends import Progress, closes_of_quarters, fired_then
from cs_metrics.analysis.risk import AT_RISK, likelihood
from cs_metrics.book import Book, Dark
from cs_metrics.flags import IN_TIME, NOT_YET, REMEMBERED, first_warning, losses
from cs_metrics.metric import METRICS
from cs_metrics.metrics.foresight import alarms
from cs_metrics.months import last_day
from cs_metrics.signal import SIGNALS, Signal, signals

PERSON, TOOL, EITHER = "A person", "The tool", "Either"
STEPS = (30, 60, 90)
IN_GOOD_TIME, LATE, NOBODY = "in time", "too late", "by nobody"
SAID = ("risks", "pulses")
LOST = ("account_id", "name", "csm", "lost_in", "mrr", "seen", "person_days", "why", "tool_days")
LEADS = ("who", "accounts", "median_days", *(f"{what}_{step}" for what in ("mrr", "accounts") for step in STEPS))
FLAGGED = (
    "account_id", "name", "csm", "flagged_on", "why", "taken_down", "mrr_then", "mrr_later", "became",
)  # fmt: skip


class Foresight(NamedTuple):
    """Lost accounts of a period, one row each, and how early each watcher saw them.

    ``lost`` has ``account_id, name, csm, lost_in, mrr, seen, person_days, why, tool_days``; ``seen`` is what a
    person's flags come to. ``left_out`` is the MRR lost before anybody could flag.
    """

    lost: pd.DataFrame
    left_out: float

    def lead(self) -> pd.DataFrame:
        """Per watcher the share of the lost MRR, and of the accounts, seen so many days before, and the median lead."""
        days = {PERSON: self.lost["person_days"], TOOL: self.lost["tool_days"]}
        days[EITHER] = pd.concat(days.values(), axis=1).max(axis=1)
        mrr, rows = self.lost["mrr"].to_numpy(), []
        for who, ahead in days.items():
            seen = ahead.dropna()
            row: dict[str, object] = {"who": who, "median_days": seen.median(), "accounts": len(seen)}
            for step in STEPS:
                early = (ahead >= step).to_numpy()
                row[f"mrr_{step}"] = mrr[early].sum() / mrr.sum() if mrr.sum() else np.nan
                row[f"accounts_{step}"] = early.mean() if len(early) else np.nan
            rows.append(row)
        return pd.DataFrame(rows)


def foresight(book: Book, months: int = 12, tool: pd.DataFrame | None = None) -> Foresight:
    """The accounts lost in the last ``months`` months and who had seen it coming, most MRR first.

    ``tool`` is what the tool had listed, as ``tool_warnings`` says, where that is known already.
    Raises Dark where nobody could flag anything, or the book is too short for the period.
    """
    behind = METRICS["surprise_churn"].explain(book, None, months)
    every = METRICS["revenue_churn_rate"].explain(book, None, months)
    known = losses(book)
    if book.closes <= months:
        raise Dark(f"The book has no whole period of {months} months yet.")
    gone = behind[behind["bottom"] > 0]
    row = book.accounts.index.get_indexer(pd.Index(gone["account_id"]))
    last = known.drop_duplicates("row", keep="last").set_index("row").loc[row]
    listed = tool_warnings(book) if tool is None else tool
    by_tool = first_warning(row, last["day"].to_numpy().astype("M8[s]"), listed, int(REMEMBERED.of(book)))
    opening = book.closes - 1 - months
    lost = pd.DataFrame(
        {
            "account_id": gone["account_id"].to_numpy(),
            "name": gone["name"].to_numpy(),
            "csm": book.owners.names.to_numpy(dtype=object)[book.owners.held[opening][row]],
            "lost_in": last["day"].dt.to_period("M").astype(str).to_numpy(),
            "mrr": gone["bottom"].to_numpy(),
            "seen": _said(last["lead"].to_numpy(), IN_TIME.of(book)),
            "person_days": last["lead"].to_numpy(),
            "why": last["why"].to_numpy(),
            "tool_days": by_tool["lead"].to_numpy(),
        }
    )
    return Foresight(lost, max(round(float(every["top"].sum() - lost["mrr"].sum()), 2), 0.0))


def _said(lead: np.ndarray, in_time: float) -> np.ndarray:
    """How a loss was seen, of the days between the first flag and it.

    >>> _said(np.array([90.0, 10.0, np.nan]), 60).tolist()
    ['in time', 'too late', 'by nobody']
    """
    return np.select([lead >= in_time, lead > 0], [IN_GOOD_TIME, LATE], NOBODY).astype(object)


def flagged_and_stayed(book: Book, months: int = 12) -> pd.DataFrame:
    """Flags whose 180 days were up in the period: who, when, why, MRR then and 180 days later; what stayed first."""
    found = alarms(book)
    inside = found[found["up"] > book.closes - 1 - months]
    if book.whose is not None:
        inside = inside[np.isin(book.owners.held[inside["opening"], inside["row"]], list(book.whose))]
    row = inside["row"].to_numpy()
    before, after = (inside[name].to_numpy() / book.scale for name in ("before", "after"))
    made = pd.DataFrame(
        {
            "account_id": book.accounts.index[row],
            "name": book.accounts["name"].to_numpy()[row],
            "csm": book.csm_now[row],
            "flagged_on": inside["given"].to_numpy(),
            "why": inside["why"].to_numpy(),
            "taken_down": inside["until"].where(inside["until"] < NOT_YET).to_numpy(),
            "mrr_then": before,
            "mrr_later": after,
            "became": np.select([after == 0, after < before], ["left", "shrank"], "stayed").astype(object),
        }
    )
    return made.sort_values(["mrr_later", "mrr_then"], ascending=False, kind="stable").reset_index(drop=True)


def stated(book: Book, months: int = 12) -> str:
    """What the table of churns states beside what the revenue says, in a sentence; empty where there is none.

    Only revenue says what was lost here: logs and flags of churn of other systems are shown, and never counted.
    """
    if "churns" not in book.facts or book.closes <= months:
        return ""
    rows = book.facts["churns"]
    close = book.closes_of(rows["churned_on"])
    told = np.unique(rows["row"].to_numpy()[(close > book.closes - 1 - months) & (close < book.closes)])
    asked = book.window(book.closes - 1 - months, book.closes - 1)
    gone = np.flatnonzero((asked.balance(months, 0)[0] > 0) & (asked.balance(months, months)[0] == 0))
    both = len(np.intersect1d(told, gone))
    return (
        f"The table churns names {len(told):,} accounts in these months, the revenue {len(gone):,}, both {both:,}: "
        "only revenue counts here."
    )


# --- what the tool saw ------------------------------------------------------------------------------------------


def of_the_tool() -> list[Signal]:
    """The signals of risk that do not only repeat what a person said."""
    return [each for each in signals("risk") if not any(need in SAID for need in each.needs)]


def tool_warnings(book: Book, progress: Progress | None = None) -> pd.DataFrame:
    """When the tool had an account on its list at quarter-ends, as known then: ``row, given, until, why``.

    A warning stands from the first quarter-end on which the account is listed to the first on which it is not.
    """
    return book.kept(("tool warnings", book.facts.day), lambda: _tool_warnings(book, progress))


def told_of(warnings: pd.DataFrame, whole: Book, book: Book) -> pd.DataFrame:
    """Warnings about accounts of the whole company, as warnings about those of a part of it."""
    place = book.accounts.index.get_indexer(whole.accounts.index)[warnings["row"]]
    return warnings.assign(row=place)[place >= 0].reset_index(drop=True)


def _tool_warnings(book: Book, progress: Progress | None) -> pd.DataFrame:
    closes = closes_of_quarters(book)
    names = [each.name for each in of_the_tool()]
    listed = np.zeros((len(closes), len(book)), dtype=bool)
    for place, close in enumerate(closes):
        day = last_day(book.months_with_lead[close])
        if progress is not None:
            progress(place / len(closes), f"{day}")
        found = fired_then(book, day)
        found = found[found["signal"].isin(names)]
        weight = found["signal"].map(_weights(book.as_of(day), names)).astype(float)
        listed[place] = likelihood(weight, found["row"], len(book)) >= AT_RISK
    days = np.array([last_day(book.months_with_lead[close]) for close in closes], dtype="M8[s]")
    row, begun, ended = _runs(listed)
    until = np.append(days, NOT_YET)[ended]
    return pd.DataFrame({"row": row, "given": days[begun], "until": until, "why": TOOL})


def _runs(listed: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Runs of being listed, of places × rows: the row, the first place, and the place after the last.

    >>> [each.tolist() for each in _runs(np.array([[True, False], [True, True], [False, True]]))]
    [[0, 1], [0, 1], [2, 3]]
    """
    nowhere = np.zeros((1, listed.shape[1]), dtype=bool)
    edge = np.diff(np.vstack([nowhere, listed, nowhere]).astype(np.int8), axis=0).T
    row, begun = np.nonzero(edge == 1)
    return row, begun, np.nonzero(edge == -1)[1]


def _weights(known: Book, names: list[str]) -> dict[str, float]:
    return {name: SIGNALS[name].weight_of(known) for name in names}
