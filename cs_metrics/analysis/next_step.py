"""What is the next best step with this account, and why? The first rule of a list that applies."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from cs_metrics.analysis.advocates import criteria
from cs_metrics.analysis.asks import asked
from cs_metrics.analysis.pulse_table import PULSE_STALE
from cs_metrics.analysis.risk import fired
from cs_metrics.book import Book
from cs_metrics.lately import days_before, per_account, pulses
from cs_metrics.signal import SIGNALS, signals

NEAR = 90
RULES: dict[str, Callable[[Book], pd.DataFrame]] = {}
COLUMNS = ["row", "step", "why", "rule"]


class Step(NamedTuple):
    """What to do, why in a sentence, and the rule that says so."""

    step: str
    why: str
    rule: str


def rule(function: Callable[[Book], pd.DataFrame]) -> Callable[[Book], pd.DataFrame]:
    """Enter a rule at the end of the list: a book in, ``row, step, why`` of the accounts it applies to out."""
    RULES[function.__name__] = function
    return function


def next_steps(book: Book) -> pd.DataFrame:
    """The next best step of every account that has one: ``row, step, why, rule``, in the order of the accounts.

    The rules are asked in their order; the first that applies to an account is its step. Rules whose tables are
    missing do not apply.
    """
    found, taken = [], np.zeros(len(book), dtype=bool)
    for name, applies in RULES.items():
        rows = applies(book)
        rows = rows[~taken[rows["row"].to_numpy(dtype=np.intp)]].drop_duplicates("row")
        taken[rows["row"].to_numpy(dtype=np.intp)] = True
        found.append(rows.assign(rule=name)[COLUMNS])
    kept = [rows for rows in found if len(rows)]
    return pd.concat(kept).sort_values("row", kind="stable").reset_index(drop=True) if kept else NOTHING.copy()


def to_do(book: Book) -> pd.DataFrame:
    """The next steps of these accounts, the most pressing rule first, then most MRR, with their reasons."""
    steps = next_steps(book)
    rows = steps["row"].to_numpy(dtype=np.intp)
    mrr = book.balance(0, 0)[-1][rows] / book.scale
    accounts = book.accounts.iloc[rows]
    table = pd.DataFrame(
        {
            "account_id": accounts.index,
            "name": accounts["name"].to_numpy(),
            "step": steps["step"].to_numpy(),
            "why": steps["why"].to_numpy(),
            "mrr": mrr,
            "csm": book.csm_now[rows],
            "rule": steps["rule"].to_numpy(),
        }
    )
    place = {name: at for at, name in enumerate(RULES)}
    order = table.assign(place=table["rule"].map(place), least=-mrr).sort_values(["place", "least"], kind="stable")
    return order.drop(columns=["place", "least", "rule"]).reset_index(drop=True)


NOTHING = pd.DataFrame(columns=COLUMNS).astype({"row": np.intp})


def next_step(book: Book) -> Step | None:
    """The next best step of a book of one account; None where all is done."""
    for name, applies in RULES.items():
        rows = applies(book)
        if len(rows):
            return Step(rows["step"].iloc[0], rows["why"].iloc[0], name)
    return None


@rule
def it_left(book: Book) -> pd.DataFrame:
    """The account pays nothing any more, and no reason is kept: ask for it while somebody remembers."""
    paid = book.first_paid < book.closes
    gone = paid & ~_paying(book)
    if "churns" in book.facts:
        gone[book.facts["churns"]["row"].to_numpy(dtype=np.intp)] = False
    left = _last_paid(book)
    rows = np.flatnonzero(gone)
    why = [f"It last paid in {book.months_with_lead[left[row]]}, and no reason is kept." for row in rows]
    return _said(rows, "Write down why it left", why)


@rule
def an_action_is_overdue(book: Book) -> pd.DataFrame:
    """An action of its plan is past its date and not done; the oldest of them."""
    if not book.knows("actions.due_on"):
        return NOTHING
    rows = book.facts["actions"]
    still = rows["done_on"].isna() & (rows["dropped_on"].isna() if "dropped_on" in rows else True)
    late = rows[still & (days_before(book, rows["due_on"]) > 0)].sort_values("due_on", kind="stable")
    late = late[_paying(book)[late["row"].to_numpy(dtype=np.intp)]].drop_duplicates("row")
    days = days_before(book, late["due_on"])
    whose = late["owner"].astype(object).where(late["owner"].notna(), None)
    why = [
        f"It was due {_days(n)} ago" + (f", by {owner}." if owner else ".")
        for n, owner in zip(days, whose, strict=True)
    ]
    return pd.DataFrame({"row": late["row"].to_numpy(), "step": [f"Do: {text}" for text in late["action"]], "why": why})


@rule
def renewal_is_near(book: Book) -> pd.DataFrame:
    """The renewal is 90 days away or nearer, and no plan is written."""
    return _signal(book, "renewal_is_near_without_a_plan", "Write a renewal plan", "It {reason}.")


@rule
def urgent_ticket(book: Book) -> pd.DataFrame:
    """An urgent ticket has not been solved."""
    return _signal(book, "urgent_ticket_is_open", "Get the urgent ticket solved", "{Reason}.")


@rule
def champion_left(book: Book) -> pd.DataFrame:
    """The champion or the sponsor left in the last half year."""
    return _signal(book, "champion_has_left", "Find a new champion", "{Reason}.")


@rule
def risk_without_a_plan(book: Book) -> pd.DataFrame:
    """A risk is flagged, and nothing is planned against it."""
    if "risks" not in book.facts:
        return NOTHING
    rows = book.facts["risks"]
    bare = rows[rows["closed_on"].isna() & rows["plan"].isna()].sort_values("opened_on").drop_duplicates("row")
    bare = bare[_paying(book)[bare["row"].to_numpy(dtype=np.intp)]]
    reason = bare["reason"].astype(object).where(bare["reason"].notna(), "no reason given")
    why = [
        f"A risk has been flagged since {day:%Y-%m-%d} ({text})."
        for day, text in zip(bare["opened_on"], reason, strict=True)
    ]
    return pd.DataFrame({"row": bare["row"].to_numpy(), "step": "Write a plan against the risk", "why": why})


@rule
def bill_is_overdue(book: Book) -> pd.DataFrame:
    """A bill is unpaid two weeks or more after it was due."""
    return _signal(book, "invoice_is_overdue", "Ask about the unpaid bill", "{Reason}.")


@rule
def contact_is_due(book: Book) -> pd.DataFrame:
    """No touchpoint within the cadence of its stage."""
    return _signal(book, "contact_is_overdue", "Get in touch", "{Reason} for its stage.")


@rule
def use_is_falling(book: Book) -> pd.DataFrame:
    """Use in the last three months is well below the three before."""
    return _signal(book, "usage_is_falling", "Find out why use is falling", "{Reason}.")


@rule
def pulse_is_stale(book: Book) -> pd.DataFrame:
    """The last pulse is older than 30 days, or none was ever given; where pulses are kept at all."""
    if "pulses" not in book.facts:
        return NOTHING
    age = per_account(book, pulses(book)["age"])
    rows = np.flatnonzero((np.isnan(age) | (age > PULSE_STALE.of(book))) & _paying(book))
    why = [
        "No pulse was ever given." if np.isnan(age[row]) else f"The last one is {_days(age[row])} old." for row in rows
    ]
    return _said(rows, "Give your pulse", why)


@rule
def it_could_grow(book: Book) -> pd.DataFrame:
    """A signal of growth fires."""
    every = signals("growth") if any(each.purpose == "growth" for each in SIGNALS.values()) else []
    if not every:
        return NOTHING
    found = fired(book, every).drop_duplicates("row")
    found = found[_paying(book)[found["row"].to_numpy(dtype=np.intp)]]
    return _said(found["row"].to_numpy(), "Talk about growing", [f"{_first_up(reason)}." for reason in found["reason"]])


@rule
def ask_for_a_reference(book: Book) -> pd.DataFrame:
    """It is ready to be a reference, and nothing was asked of it lately."""
    ready = criteria(book).ready & asked(book)["tired"].isna().to_numpy() & _paying(book)
    return _said(
        np.flatnonzero(ready), "Ask for a reference", "It meets every criterion of a reference, and is rested."
    )


def _paying(book: Book) -> np.ndarray:
    return book.balance(0, 0)[-1] > 0


def _last_paid(book: Book) -> np.ndarray:
    """The last close at which each account paid."""
    return len(book.months_with_lead) - 1 - np.argmax(book.balance(0, 0)[::-1] > 0, axis=0)


def _signal(book: Book, name: str, step: str, says: str) -> pd.DataFrame:
    """A step where a signal fires for a customer, with its sentence."""
    found = SIGNALS[name].fired(book)
    found = found[_paying(book)[found["row"].to_numpy(dtype=np.intp)]]
    why = [says.replace("{Reason}", _first_up(reason)).replace("{reason}", reason) for reason in found["reason"]]
    return _said(found["row"].to_numpy(), step, why)


def _said(rows: np.ndarray, step: str, why: list[str] | str) -> pd.DataFrame:
    return pd.DataFrame({"row": rows, "step": step, "why": why}) if len(rows) else NOTHING


def _first_up(text: str) -> str:
    return text[:1].upper() + text[1:]


def _days(count: float) -> str:
    return "a day" if count == 1 else f"{count:.0f} days"
