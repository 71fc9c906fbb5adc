"""What is done about each account at risk: its plan, how the plan stands, and which of its actions are late."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cs_metrics.book import Book
from cs_metrics.dials import dial
from cs_metrics.lately import days_before, open_risks, per_account

STATES = ("none", "open", "overdue", "stale", "closed")
STATUSES = ("on track", "slipping", "stuck")
ENDS = ("recovered", "false alarm", "lost")
RECENTLY_CLOSED = 180
PLAN_STALE = dial("plan.stale", "Days after which a plan that nobody touched is stale", 14, "days", least=1, most=365)
ACTION = ("action_id", "risk_id", "action", "owner", "written_on", "due_on", "done_on", "dropped_on")
DAYS = ("written_on", "due_on", "done_on", "dropped_on")
PLANNED = ("risk_id", "reason", "root_cause", "plan", "sponsor", "escalated_to", "owner", "status")


def actions(book: Book) -> pd.DataFrame:
    """Every action, of which account, and how it stands on the book's day: open, overdue, done or dropped.

    Overdue is an action whose date has passed; ``days_late`` says by how much. ``of_plan`` are those of the account's
    open risk, and those that name no risk.
    """
    return book.kept(("actions", book.known_on), lambda: _actions(book))


def _actions(book: Book) -> pd.DataFrame:
    if "actions" not in book.facts:
        days = {name: pd.Series([], dtype="datetime64[s]") for name in DAYS}
        rows = pd.DataFrame({"row": np.empty(0, dtype=np.intp), **{name: [] for name in ACTION}}).assign(**days)
    else:
        rows = book.facts["actions"][["row", *ACTION]]
    late = days_before(book, rows["due_on"])
    state = np.select(
        [rows["dropped_on"].notna(), rows["done_on"].notna(), late > 0], ["dropped", "done", "overdue"], "open"
    )
    return rows.assign(
        state=state.astype(object),
        days_late=np.where(state == "overdue", late, np.nan),
        of_plan=_of_plan(book, rows),
    )


def _of_plan(book: Book, rows: pd.DataFrame) -> np.ndarray:
    """Which actions answer the account's open risk, or name no risk there is."""
    named = rows["risk_id"].astype(object)
    if "risks" not in book.facts:
        return np.ones(len(rows), dtype=bool)
    still = open_risks(book)["risk_id"].astype(object).reindex(rows["row"]).to_numpy()
    known = named.isin(book.facts["risks"]["risk_id"].astype(object).dropna())
    return np.asarray(~known | (named.to_numpy() == still))


def plans(book: Book) -> pd.DataFrame:
    """How the plan of each account stands on the book's day: one row per account, by position.

    ``plan`` is what the open risk says will be done, else its next action; ``state`` is *overdue* where an action of it
    is late, *stale* where nobody touched it for more than 14 days, else *open*; without one *closed* where a planned
    risk ended within half a year, else *none*. ``age`` is the days since the plan or one of its actions was touched.
    """
    return book.kept(("plans", book.known_on), lambda: _plans(book))


def _plans(book: Book) -> pd.DataFrame:
    todo = actions(book)
    todo = todo[todo["of_plan"] & (todo["state"] != "dropped")]
    still = todo[todo["state"].isin(["open", "overdue"])].sort_values("due_on", kind="stable")
    following = _column(book, still.groupby("row")["action"].first())
    text, touched, closed = following, _touched(book, todo), np.zeros(len(book), dtype=bool)
    if "risks" in book.facts:
        flagged = open_risks(book)
        written = _column(book, flagged["plan"])
        text = np.where(pd.isna(written), following, written)
        planned = flagged["planned_on"].fillna(flagged["opened_on"])
        touched = np.fmin(touched, per_account(book, days_before(book, planned)))
        closed = _closed_lately(book)
    late = per_account(book, still[still["state"] == "overdue"].groupby("row").size(), 0)
    done = per_account(book, (todo["state"] == "done").groupby(todo["row"]).sum(), 0)
    there = ~pd.isna(text) | (done > 0)
    age = np.where(there, np.maximum(touched, 0), np.nan)
    state = np.select(
        [there & (late > 0), there & (age > PLAN_STALE.of(book)), there, closed],
        ["overdue", "stale", "open", "closed"],
        "none",
    )
    return pd.DataFrame(
        {
            "plan": text,
            "state": state.astype(object),
            "age": age,
            "overdue": late.astype(int),
            "open": per_account(book, still.groupby("row").size(), 0).astype(int),
            "done": done.astype(int),
        }
    )


def _column(book: Book, values: pd.Series) -> np.ndarray:
    """A text per account, None where there is none."""
    out = np.full(len(book), None, dtype=object)
    known = values.dropna()
    out[known.index.to_numpy(dtype=np.intp)] = known.to_numpy(dtype=object)
    return out


def _touched(book: Book, todo: pd.DataFrame) -> np.ndarray:
    """Days since an action of the account was agreed or done."""
    last = todo[["written_on", "done_on"]].max(axis=1)
    return per_account(book, days_before(book, last).groupby(todo["row"]).min())


def _closed_lately(book: Book) -> np.ndarray:
    """Which accounts had a planned risk that ended within half a year."""
    rows = book.facts["risks"]
    ended = rows[rows["plan"].notna() & (days_before(book, rows["closed_on"]) <= RECENTLY_CLOSED)]
    found = np.zeros(len(book), dtype=bool)
    found[ended["row"].to_numpy(dtype=np.intp)] = True
    return found


def late_actions(book: Book) -> pd.DataFrame:
    """Which actions of customers' open plans are overdue, latest first: the account, what, by whom, since when."""
    rows = actions(book)
    rows = rows[rows["of_plan"] & (rows["state"] == "overdue") & _paying(book)[rows["row"]]]
    rows = rows.sort_values("days_late", ascending=False, kind="stable")
    return pd.DataFrame(
        {
            **_who(book, rows["row"].to_numpy(dtype=np.intp)),
            "action": rows["action"].to_numpy(dtype=object),
            "owner": rows["owner"].to_numpy(dtype=object),
            "due_on": rows["due_on"].to_numpy(),
            "days_late": rows["days_late"].to_numpy(dtype=float),
        }
    )


def stale_plans(book: Book) -> pd.DataFrame:
    """Which customers' open plans nobody has touched for more than 14 days, most MRR first.

    A plan with a late action may be stale as well; it is then in both lists.
    """
    found = plans(book)
    old = (found["age"] > PLAN_STALE.of(book)) & _paying(book)
    rows = np.flatnonzero(old)
    table = pd.DataFrame({**_who(book, rows), "plan": found["plan"][rows], "plan_age_days": found["age"][rows]})
    return table.sort_values("mrr", ascending=False, kind="stable", ignore_index=True)


def _paying(book: Book) -> np.ndarray:
    return book.balance(0, 0)[-1] > 0 if book.closes else np.zeros(len(book), dtype=bool)


def _who(book: Book, rows: np.ndarray) -> dict[str, Any]:
    accounts = book.accounts.iloc[rows]
    mrr = book.balance(0, 0)[-1][rows] / book.scale if book.closes else np.zeros(len(rows))
    return {
        "account_id": accounts.index,
        "name": accounts["name"].to_numpy(),
        "csm": book.csm_now[rows] if book.closes else None,
        "mrr": mrr,
    }


def in_state(table: pd.DataFrame, state: str, book: Book) -> pd.Series:
    """Which rows of a list with ``plan_state`` and ``plan_age_days`` have a plan in this state.

    A plan with a late action that nobody touched is both overdue and stale; one that is neither is open.
    """
    if state == "stale":
        return table["plan_age_days"].astype(float) > PLAN_STALE.of(book)
    return table["plan_state"] == state


@dataclass(frozen=True)
class Plan:
    """The plan of one account as it stands: its open risk's fields, none for those that are blank, and its actions."""

    risk: dict[str, Any]
    actions: pd.DataFrame
    state: str
    age: float

    @property
    def opened_on(self) -> pd.Timestamp | None:
        """When the risk was flagged, None where none is open."""
        return self.risk.get("opened_on")

    def says(self, name: str) -> str:
        """A field of the risk as text, empty where nothing is said."""
        return str(self.risk.get(name) or "")


def plan_of(book: Book) -> Plan:
    """The plan of an account, for a book of one."""
    still = open_risks(book) if "risks" in book.facts else pd.DataFrame()
    risk = still.iloc[0].to_dict() if len(still) else {}
    rows = actions(book)
    rows = rows[rows["of_plan"]].sort_values(["due_on", "action"], kind="stable").reset_index(drop=True)
    stands = plans(book).iloc[0]
    said = {str(name): value for name, value in risk.items() if value is not None and value == value}
    return Plan(said, rows, str(stands["state"]), float(stands["age"]))
