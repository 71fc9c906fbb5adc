"""One account: what is known of it on a day, what happened to it, and when."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from cs_metrics.analysis.advocates import Criteria
from cs_metrics.analysis.next_step import next_step
from cs_metrics.analysis.risk import described, fired, likelihood
from cs_metrics.book import Book
from cs_metrics.lately import URGENT, use_in_segment
from cs_metrics.signal import signals

PLANS, TICKETS, VOICE, CONTACT, PEOPLE, WINS, NOTES = (
    "Risks, plans",
    "Tickets",
    "Surveys",
    "Contact",
    "People",
    "Wins",
    "Notes",
)
LANES = (PLANS, TICKETS, VOICE, CONTACT, PEOPLE, WINS, NOTES)
EVENTS: tuple[tuple[str, str, str, str, str], ...] = (
    ("touchpoints", "done_on", "Touchpoint", "{kind}", CONTACT),
    ("tickets", "opened_at", "Ticket opened", "{priority}", TICKETS),
    ("tickets", "solved_at", "Ticket solved", "{priority}", TICKETS),
    ("surveys", "responded_at", "Survey", "{kind} {score:g} {comment}", VOICE),
    ("pulses", "given_on", "Pulse", "{pulse:g} of 5 {reason} {note}", ""),
    ("risks", "opened_on", "Risk flagged", "{reason}: {plan}", PLANS),
    ("risks", "closed_on", "Risk closed", "{outcome}", PLANS),
    ("actions", "written_on", "Action agreed", "{action}", PLANS),
    ("actions", "done_on", "Action done", "{action}", PLANS),
    ("notes", "written_on", "Note", "{note}", NOTES),
    ("onboarding", "done_on", "Milestone", "{milestone}", WINS),
    ("contacts", "left_on", "Contact left", "{name}, {role}", PEOPLE),
    ("opportunities", "opened_on", "Opportunity", "{kind} {product} {stage}", WINS),
    ("advocacy", "asked_on", "Asked", "{kind}", WINS),
    ("advocacy", "done_on", "Advocacy", "{kind}", WINS),
    ("outcomes", "achieved_on", "Outcome", "{story}", WINS),
    ("churns", "churned_on", "Churn stated", "{reason} {comment}", PLANS),
)
BAD = {"Risk flagged", "Contact left", "Churn stated"}
GOOD = {"Risk closed", "Action done", "Outcome", "Advocacy", "Milestone"}


class _Blank(dict):
    """Column values for a sentence; what is not there is nothing."""

    def __missing__(self, key: str) -> str:
        return ""


def alone(book: Book, account_id: str) -> Book:
    """The book of one account. What compares it with the others of its segment is taken over from the whole.

    Nothing of the other accounts is computed but their use last month; what is kept of all accounts (their signals,
    scores, criteria of advocacy) is taken over and not computed again.
    """
    one = book.where_id(account_id)
    at = int(book.accounts.index.get_indexer(pd.Index([account_id]))[0])
    if "usage" in book.facts:
        use_in_segment(book)
    for key, kept in book.memory.items():
        if (its := _of_one(key, kept, at)) is not None:
            one.memory[key] = its
    return one


def _of_one(key: object, kept: Any, at: int) -> Any:
    """What is kept of all accounts, for the one at this position; None where it is not of a kind to be taken over."""
    match key:
        case ("fired", _, _):
            return _rows_of(kept, at)
        case ("health", _) | ("asked", _):
            return kept.iloc[[at]].set_axis([0]) if key[0] == "asked" else kept.iloc[[at]]
        case ("lately", "use in segment", _):
            return kept[0][at : at + 1], kept[1][at : at + 1], kept[2]
        case ("criteria", _):
            its = slice(at, at + 1)
            met = kept.met.iloc[its].set_axis([0])
            return Criteria(met, _rows_of(kept.found, at), kept.known, *(each[its] for each in kept[3:]))
    return None


def _rows_of(rows: pd.DataFrame, at: int) -> pd.DataFrame:
    """The rows of the account at this position, as those of a book of one."""
    return rows.iloc[np.flatnonzero(rows["row"].to_numpy() == at)].reset_index(drop=True).assign(row=0)


def facts_of(book: Book) -> dict[str, object]:
    """What a page says first, for a book of one: MRR, ARR, renewal, health, pulse, likelihood of a loss."""
    row = described(book, np.array([0])).iloc[0]
    found = risks_of(book)
    return {
        "mrr": row["mrr"],
        "arr": 12 * row["mrr"],
        "renewal_date": row["renewal_date"],
        "health": row["health"],
        "pulse": row["pulse"],
        "likelihood": likelihood(found["weight"], found["row"], 1)[0] if row["mrr"] > 0 else np.nan,
    }


def risks_of(book: Book) -> pd.DataFrame:
    """The risk signals that fire, looked at once."""
    return book.kept(("risks of", book.known_on), lambda: fired(book, signals("risk")))


def described_by(book: Book) -> dict[str, str]:
    """Who holds an account and what describes it, for a book of one: its CSM, its segment and other attributes."""
    account = book.accounts.drop(columns=["name", "csm", "renewal_date"], errors="ignore").iloc[0]
    known: dict[str, object] = {"csm": book.owners.names[book.owners.held[-1, 0]]}
    known |= {str(name): value for name, value in account.items()}
    return {name: _plain(value) for name, value in known.items() if value is not None and value == value}


def _plain(value: object) -> str:
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def reasons_of(book: Book) -> list[str]:
    """Why the account is at risk: the sentences of the signals that fire, heaviest first."""
    return risks_of(book).sort_values("weight", ascending=False, kind="stable")["reason"].tolist()


def history_of(book: Book) -> pd.DataFrame:
    """MRR by month, a column per product: months × products."""
    split = book.per_product()
    frame = split.mrr.T
    frame.columns = [str(product) or "MRR" for product in split.accounts["product"]]
    return frame


def timeline(book: Book) -> pd.DataFrame:
    """Everything that happened, latest first: ``date, what, detail``, its ``lane`` in a picture and its ``tone``.

    The tone is good, bad or plain: a promoter's answer is good, a detractor's and an urgent ticket are bad.
    """
    found = []
    for table, when, what, says, lane in EVENTS:
        rows = book.facts.get(table)
        if rows is None or when not in rows:
            continue
        for entry in rows[rows[when].notna()].to_dict("records"):
            known = _Blank({str(k): v for k, v in entry.items() if v is not None and v == v})
            found.append((entry[when], what, _said(says, known), lane, _tone(what, known)))
    found += [(day, "Hand-over", f"{old} → {new}", PEOPLE, "plain") for day, old, new in _handovers(book)]
    table_of = pd.DataFrame(found, columns=["date", "what", "detail", "lane", "tone"])
    return table_of.sort_values("date", ascending=False, kind="stable").reset_index(drop=True)


def told(book: Book) -> pd.DataFrame:
    """A book of one in rows: how it stands on its day, its next step, then what happened: ``date, what, detail``."""
    facts, step, day = facts_of(book), next_step(book), pd.Timestamp(book.known_on)
    said = [("Account", str(book.accounts["name"].iloc[0]))]
    said += [("MRR", f"{facts['mrr']:.2f}"), ("ARR", f"{facts['arr']:.2f}")]
    for name, value in (("Renewal", facts["renewal_date"]), ("Health", facts["health"]), ("Pulse", facts["pulse"])):
        said += [(name, _plain(value))] if value == value and value is not None else []
    if facts["likelihood"] == facts["likelihood"]:
        said.append(("Risk of loss", f"{facts['likelihood']:.4f}"))
    said += [("At risk because", reason) for reason in reasons_of(book)]
    said += [("Next step", f"{step.step}: {step.why}")] if step else []
    standing = pd.DataFrame(said, columns=["what", "detail"]).assign(date=day)[["date", "what", "detail"]]
    return pd.concat([standing, timeline(book)[["date", "what", "detail"]]], ignore_index=True)


def _tone(what: str, known: _Blank) -> str:
    """Is this good news, bad news, or neither?"""
    if what == "Survey" and "score" in known:
        most = {"NPS": 10, "CES": 7}.get(str(known["kind"]).upper(), 5)
        share = known["score"] / most
        return "good" if share >= 0.9 else "bad" if share <= 0.6 else "plain"
    if what == "Ticket opened":
        return "bad" if str(known["priority"]).casefold() in URGENT or known.get("escalated") is True else "plain"
    return "bad" if what in BAD else "good" if what in GOOD else "plain"


def risk_spans(book: Book) -> pd.DataFrame:
    """Each flagged risk from the day it was opened to the day it was closed, or to today: ``start, end, detail``."""
    if "risks" not in book.facts:
        return pd.DataFrame(columns=["start", "end", "detail"])
    rows = book.facts["risks"]
    end = rows["closed_on"].fillna(pd.Timestamp(book.known_on))
    return pd.DataFrame(
        {
            "start": rows["opened_on"],
            "end": end.where(end >= rows["opened_on"], rows["opened_on"]),
            "detail": rows["reason"],
        }
    ).reset_index(drop=True)


def pulses_of(book: Book) -> pd.DataFrame:
    """Every pulse, oldest first: ``date, pulse, detail``."""
    if "pulses" not in book.facts:
        return pd.DataFrame(columns=["date", "pulse", "detail"])
    rows = book.facts["pulses"].sort_values("given_on", kind="stable")
    said = [_text(reason, note) for reason, note in zip(rows["reason"], rows["note"], strict=True)]
    return pd.DataFrame({"date": rows["given_on"].to_numpy(), "pulse": rows["pulse"].to_numpy(), "detail": said})


def _text(*parts: object) -> str:
    return ", ".join(str(part) for part in parts if isinstance(part, str) and part)


def _said(says: str, known: _Blank) -> str:
    try:
        text = says.format_map(known)
    except ValueError:
        text = " ".join(str(known[name]) for name in known if f"{{{name}" in says)
    return " ".join(text.split()).strip(": ")


def _handovers(book: Book) -> list[tuple[pd.Timestamp, str, str]]:
    names = book.owners.names
    moved = book.owners.handovers
    moved = moved[moved["day"] <= pd.Timestamp(book.known_on)]
    days, before, after = moved["day"], names.take(moved["before"].to_numpy()), names.take(moved["after"].to_numpy())
    return list(zip(days, before, after, strict=True))
