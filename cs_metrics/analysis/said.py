"""What a person says of an import that the files do not: who has left, who is still here, when somebody took over.

Each answer becomes rows of tables, kept in the same batch as the files, so that an undo takes them back as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import numpy as np
import pandas as pd

from cs_metrics.assemble import revenue_of
from cs_metrics.book import UNASSIGNED, Book
from cs_metrics.months import last_day, ordinals

Tables = Mapping[str, pd.DataFrame]
NEVER = 999912


def said_of_missing(
    before: Tables, old: Book, brought: Tables, left: Mapping[str, date], still: Sequence[str], note: str = ""
) -> dict[str, pd.DataFrame]:
    """What is to be kept of customers the files do not name: of those who left, and of those who are still here.

    Still here: where revenue comes month by month, the months the files bring repeat the account's last one; other
    kinds of revenue go on by themselves. Left: no revenue from that day on, and the loss is kept with its day.
    """
    source, rows = revenue_of(before, old.settings)
    said: dict[str, pd.DataFrame] = {}
    if source == "mrr":
        said["mrr"] = _months_said(rows, old, brought, left, still)
    elif source == "subscriptions" and left:
        said["subscriptions"] = _ended(rows, left)
    elif source == "ledger" and left:
        said["ledger"] = _taken_off(old, left)
    if left:
        lost = {"account_id": list(left), "churned_on": pd.to_datetime(list(left.values())), "comment": note or None}
        said["churns"] = pd.DataFrame(lost)
    return {name: table for name, table in said.items() if len(table)}


def _months_said(
    rows: pd.DataFrame, old: Book, brought: Tables, left: Mapping[str, date], still: Sequence[str]
) -> pd.DataFrame:
    """Rows by month: the last known month again while an account is here, 0 for months stated after it left."""
    names = [name for name in ("account_id", "month", "mrr", "product", "currency") if name in rows]
    ids = rows["account_id"].astype(str)
    stated = rows.loc[ids.isin({*left, *still}), names].astype({n: object for n in names if n not in ("month", "mrr")})
    at = pd.Series(ordinals(stated["month"].to_numpy().astype(np.int64)), stated.index)
    last = stated[at == old.last.ordinal]
    new = {int(month) for month in brought["mrr"]["month"].dropna().unique()} if "mrr" in brought else set()
    months = sorted(month for month in new if month > old.last.year * 100 + old.last.month)
    gone = {account: day.year * 100 + day.month for account, day in left.items()}
    since = stated["account_id"].astype(str).map(gone).fillna(NEVER).astype(int)
    carried = [last[since[last.index] > month].assign(month=month) for month in months]
    ended = stated[(stated["month"].astype(int) >= since) & (stated["mrr"] != 0)].assign(mrr=0)
    return pd.concat([*carried, ended], ignore_index=True)


def _ended(rows: pd.DataFrame, left: Mapping[str, date]) -> pd.DataFrame:
    """The subscriptions in force, whole, with the first day without service."""
    day = pd.to_datetime(rows["account_id"].astype(str).map(dict(left))).astype("datetime64[s]")
    end = rows["end_date"] if "end_date" in rows else pd.Series(pd.NaT, rows.index)
    running = day.notna() & (end.isna() | (end > day))
    start = rows["start_date"][running]
    return rows[running].assign(end_date=day[running].where(day[running] > start, start))


def _taken_off(old: Book, left: Mapping[str, date]) -> pd.DataFrame:
    """A change for each line of revenue that takes its last balance off."""
    lines, ids = old.lines, old.accounts.index.astype(str)
    mine = np.flatnonzero(ids.isin(list(left))[lines.row] & (lines.amounts[-1] != 0))
    account = ids.to_numpy(dtype=object)[lines.row[mine]]
    table = {
        "account_id": account,
        "date": pd.to_datetime([left[each] for each in account]),
        "mrr_change": -lines.amounts[-1][mine],
        "product": [lines.products[place] or None for place in lines.product[mine]],
        "currency": [lines.currencies[place] or None for place in lines.currency[mine]],
    }
    return pd.DataFrame(table)


def said_of_moves(moves: pd.DataFrame, old: Book, day: date) -> dict[str, pd.DataFrame]:
    """Accounts whose CSM the files name otherwise, handed over on a day: until then the one before held them."""
    undated = moves[~moves["dated"].astype(bool)]
    if undated.empty:
        return {}
    first = min(old.first_close.start_time, pd.Timestamp(day) - pd.Timedelta(days=1))
    rows = [
        pd.DataFrame({"account_id": undated["account_id"], "csm": undated["before"], "from_date": first}),
        pd.DataFrame({"account_id": undated["account_id"], "csm": undated["after"], "from_date": pd.Timestamp(day)}),
    ]
    both = pd.concat(rows, ignore_index=True)
    held = both["csm"] != UNASSIGNED
    return {"owners": both[held | (both["from_date"] != first)]}


def usual_day(old: Book) -> date:
    """The day a change is taken to have happened unless said: the day after the last month known before."""
    return last_day(old.last) + timedelta(days=1)
