"""What would an import do? Accounts new, changed and missing; who takes over; which figures move by how much."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from cs_metrics.analysis.near_duplicates import near_duplicates
from cs_metrics.analysis.risk import how_many_at_risk
from cs_metrics.assemble import book_of, revenue_of
from cs_metrics.book import UNASSIGNED, Book, Problem, Settings
from cs_metrics.metric import METRICS

FIGURES = ("mrr", "customers", "net_revenue_retention", "gross_revenue_retention", "logo_retention")
AT_RISK = "accounts_at_risk"
FIGURE_COLUMNS = ("figure", "before", "after", "difference", "month_before", "month_after")
ACCOUNT_COLUMNS = ("account_id", "name", "csm", "what", "mrr_before", "mrr_after", "note")
MOVE_COLUMNS = ("account_id", "name", "before", "after", "from_date", "dated", "mrr")
ROW_COLUMNS = ("what", "name", "before", "after", "difference", "note")
SNAPSHOTS = ("accounts", "mrr", "subscriptions")
NO_ATTRIBUTE = ("csm", "mrr", "arr", "month", "currency")

Tables = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class DryRun:
    """What an import would do.

    ``figures`` one row per figure, before and after, each of the last month known; ``accounts`` those new, changed
    or missing (customers of before that these files, though they list customers, do not name); ``moves`` accounts
    that change hands (``dated`` tells whether the files give the day: without one the new holder has always held
    the account); ``near`` accounts that may be one and the same. ``why`` says why there is no book, where there is
    none; ``instead`` that revenue would come from another table than before, where it would.
    """

    figures: pd.DataFrame
    accounts: pd.DataFrame
    moves: pd.DataFrame
    near: pd.DataFrame
    before: Book | None
    after: Book | None
    why: str
    instead: str = ""

    def of(self, what: str) -> pd.DataFrame:
        """The accounts that are new, changed or missing."""
        return self.accounts[self.accounts["what"] == what]

    def rows(self) -> pd.DataFrame:
        """All of it as one list: ``what, name, before, after, difference, note``."""
        figures = self.figures
        span = figures["month_before"].fillna("nothing") + " → " + figures["month_after"].fillna("nothing")
        found = [figures.rename(columns={"figure": "name"}).assign(what="figure", note=span)]
        each = self.accounts
        told = [" · ".join(filter(None, both)) for both in zip(each["name"].fillna(""), each["note"], strict=True)]
        found.append(
            pd.DataFrame(
                {
                    "what": each["what"] + " account",
                    "name": each["account_id"],
                    "before": each["mrr_before"],
                    "after": each["mrr_after"],
                    "difference": each["mrr_after"].fillna(0) - each["mrr_before"].fillna(0),
                    "note": told,
                }
            )
        )
        since = self.moves["from_date"].dt.strftime("from %Y-%m-%d").fillna("for all time: no day is given")
        hands = self.moves["before"] + " → " + self.moves["after"] + ", " + since
        found.append(pd.DataFrame({"what": "hand-over", "name": self.moves["account_id"], "note": hands}))
        alike = (
            self.near["because"] + " in group " + self.near["group"].astype(str) + ": " + self.near["name"].fillna("")
        )
        found.append(pd.DataFrame({"what": "near duplicate", "name": self.near["account_id"], "note": alike}))
        return pd.concat([rows for rows in found if len(rows)], ignore_index=True).reindex(columns=list(ROW_COLUMNS))


def dry_run(
    before: Tables,
    after: Tables,
    brought: Tables,
    settings: Settings | None = None,
    months: int = 3,
    today: date | None = None,
    old: Book | None = None,
    in_part: Collection[str] = (),
) -> DryRun:
    """What is known before and after an import, compared; ``brought`` are the tables of the files themselves.

    ``old`` is the book of what is known before, where it was made already; ``in_part`` the tables of which only what
    changed was read.
    """
    settings = settings or Settings()
    new, why = None, ""
    with suppress(Problem):
        old = old or book_of(before, settings, today=today)
    try:
        new = book_of(after, settings, today=today)
    except Problem as problem:
        why = str(problem)
    return DryRun(
        _figures(old, new, months, today),
        _accounts(old, new, _lists(old, brought, in_part)),
        _moves(old, new, before, after),
        near_duplicates(new.accounts) if new is not None else near_duplicates(pd.DataFrame({"name": []})),
        old,
        new,
        why,
        _instead(before, after, settings) if old is not None and new is not None else "",
    )


# --- figures --------------------------------------------------------------------------------------------------------


def _instead(before: Tables, after: Tables, settings: Settings) -> str:
    """That the import makes revenue come from another table, so that what only the one before tells is lost."""
    was, now = (revenue_of(tables, settings)[0] for tables in (before, after))
    if was == now:
        return ""
    return (
        f"Revenue comes from the table {was} so far. This import brings the table {now}, which takes its place: "
        f"customers that {now} does not name have no revenue any more. Bring {now} of all customers, or leave it out."
    )


def _figures(old: Book | None, new: Book | None, months: int, today: date | None) -> pd.DataFrame:
    """The figures that matter before and after; blank where there is none."""
    rows = []
    for name in (*FIGURES, AT_RISK):
        before, after = (_figure(name, book, months, today) for book in (old, new))
        rows.append((name, before, after, after - before, _month(old), _month(new)))
    return pd.DataFrame(rows, columns=list(FIGURE_COLUMNS))


def _figure(name: str, book: Book | None, months: int, today: date | None) -> float:
    if book is None or not len(book.months):
        return np.nan
    if name == AT_RISK:
        return book.answered((AT_RISK, today), lambda: float(how_many_at_risk(book.now(today))))
    return book.answered(("dry run", name, months), lambda: float(METRICS[name].of(book, months).iloc[-1]))


def _month(book: Book | None) -> str | None:
    return str(book.last) if book is not None and len(book.months) else None


# --- accounts -------------------------------------------------------------------------------------------------------


def _lists(old: Book | None, brought: Tables, in_part: Collection[str]) -> Tables:
    """The tables that list customers. Of those read in part only revenue of a new month does: it names them all."""
    whole = {name: rows for name, rows in brought.items() if name not in in_part}
    rows = brought.get("mrr")
    if rows is None or old is None or not len(rows) or not len(old.months):
        return whole
    newer = int(rows["month"].max()) > old.last.year * 100 + old.last.month
    return whole | {"mrr": rows} if newer else whole


def _accounts(old: Book | None, new: Book | None, brought: Tables) -> pd.DataFrame:
    if new is None:
        return pd.DataFrame(columns=list(ACCOUNT_COLUMNS))
    if old is None or not len(old):
        return _listed(old, new, pd.Series("", new.accounts.index), "new")
    fresh = new.accounts.index.difference(old.accounts.index, sort=False)
    found = [_listed(old, new, pd.Series("", fresh), "new"), _listed(old, new, _changed(old, new), "changed")]
    gone = missing(old, brought)
    found.append(_listed(old, new, pd.Series("", gone), "missing"))
    return pd.concat(found, ignore_index=True)


def missing(old: Book, brought: Tables) -> pd.Index:
    """The customers of the last month known that the new files do not name; none where they list no customers."""
    lists = [brought[name]["account_id"].astype(str) for name in SNAPSHOTS if name in brought]
    if not lists or not len(old.months):
        return old.accounts.index[:0]
    named = set().union(*(set(ids.unique()) for ids in lists))
    customers = old.accounts.index[old.balance(0, 0)[-1] > 0]
    return customers[~customers.astype(str).isin(named)]


def _listed(old: Book | None, new: Book, notes: pd.Series, what: str) -> pd.DataFrame:
    ids = notes.index
    frame = new.accounts if what != "missing" or old is None else old.accounts
    holders = pd.Series(new.csm_now if len(new.months) else UNASSIGNED, new.accounts.index)
    return pd.DataFrame(
        {
            "account_id": ids.astype(str),
            "name": frame["name"].reindex(ids).to_numpy(),
            "csm": holders.reindex(ids).to_numpy(),
            "what": what,
            "mrr_before": _last_mrr(old, ids),
            "mrr_after": _last_mrr(new, ids),
            "note": notes.to_numpy(),
        },
        columns=list(ACCOUNT_COLUMNS),
    )


def _last_mrr(book: Book | None, ids: pd.Index) -> np.ndarray:
    if book is None or not len(book.months):
        return np.full(len(ids), np.nan)
    return pd.Series(book.balance(0, 0)[-1] / book.scale, book.accounts.index).reindex(ids).to_numpy()


def _changed(old: Book, new: Book) -> pd.Series:
    """What is said otherwise of accounts known before: attributes, and revenue of months known before."""
    both = new.accounts.index.intersection(old.accounts.index, sort=False)
    notes: list[list[str]] = [[] for _ in both]
    for name in [c for c in new.accounts if c in old.accounts and c not in NO_ATTRIBUTE]:
        was, now = (book.accounts[name].astype(object).reindex(both).to_numpy() for book in (old, new))
        for row in np.flatnonzero((was != now) & ~(pd.isna(was) & pd.isna(now))):
            notes[row].append(f"{name}: {_written(was[row])} → {_written(now[row])}")
    months = old.months_with_lead.intersection(new.months_with_lead)
    was, now = (_mrr(book, both, months) for book in (old, new))
    differs = was != now
    for row in np.flatnonzero(differs.any(axis=0)):
        at = np.flatnonzero(differs[:, row])
        more = f" and {len(at) - 1} months more" if len(at) > 1 else ""
        notes[row].append(f"MRR of {months[at[-1]]}: {was[at[-1], row]:,.2f} → {now[at[-1], row]:,.2f}{more}")
    return pd.Series(["; ".join(found) for found in notes], both, dtype=object).loc[lambda said: said != ""]


def _mrr(book: Book, ids: pd.Index, months: pd.PeriodIndex) -> np.ndarray:
    """MRR of these accounts at these closes: closes × accounts."""
    closes = [month.ordinal - book.first_close.ordinal for month in months]
    return book.balance(0, 0)[closes][:, book.accounts.index.get_indexer(ids)] / book.scale


def _written(value: object) -> str:
    if pd.isna(value):  # type: ignore[call-overload]
        return "blank"
    return f"{value:%Y-%m-%d}" if isinstance(value, date) else str(value)


# --- hand-overs -----------------------------------------------------------------------------------------------------


def _moves(old: Book | None, new: Book | None, before: Tables, after: Tables) -> pd.DataFrame:
    """Hand-overs the files bring, and accounts whose CSM they name otherwise than before."""
    if old is None or new is None:
        return pd.DataFrame(columns=list(MOVE_COLUMNS)).astype({"from_date": "datetime64[s]"})
    found = pd.concat([_dated_moves(old, new, before, after), _undated_moves(old, new, after)], ignore_index=True)
    return found.assign(
        from_date=pd.to_datetime(found["from_date"]).astype("datetime64[s]"),
        name=found["account_id"].map(new.accounts["name"].rename(index=str)),
        mrr=_last_mrr(new, pd.Index(found["account_id"])),
    )[list(MOVE_COLUMNS)]


def _dated_moves(old: Book, new: Book, before: Tables, after: Tables) -> pd.DataFrame:
    rows = _owners(after).sort_values(["account_id", "from_date"], kind="stable").reset_index(drop=True)
    first = rows["account_id"] != rows["account_id"].shift()
    held = rows["account_id"].map(_csm(old).rename(index=str)).astype(object).fillna(UNASSIGNED)
    was = _owners(before)
    held = held.mask(rows["account_id"].isin(was["account_id"]), UNASSIGNED)
    rows = rows.assign(before=rows["csm"].shift().mask(first, held))
    fresh = ~pd.MultiIndex.from_frame(rows[list(was)]).isin(pd.MultiIndex.from_frame(was))
    there = rows["account_id"].isin(new.accounts.index.astype(str))
    return rows[fresh & there & (rows["csm"] != rows["before"])].rename(columns={"csm": "after"}).assign(dated=True)


def _csm(book: Book) -> pd.Series:
    """The CSM each account names, "unassigned" where it names none."""
    if "csm" not in book.accounts:
        return pd.Series(UNASSIGNED, book.accounts.index, dtype=object)
    return book.accounts["csm"].astype(object).fillna(UNASSIGNED)


def _owners(tables: Tables) -> pd.DataFrame:
    """The hand-over history, its ids and names as plain texts."""
    if "owners" not in tables:
        return pd.DataFrame({"account_id": [], "csm": [], "from_date": pd.to_datetime([])})
    rows = tables["owners"]
    csm = rows["csm"].astype(object) if "csm" in rows else pd.Series(None, rows.index, dtype=object)
    named = {"account_id": rows["account_id"].astype(str).astype(object), "csm": csm.fillna(UNASSIGNED)}
    return pd.DataFrame({**named, "from_date": pd.to_datetime(rows["from_date"])})


def _undated_moves(old: Book, new: Book, after: Tables) -> pd.DataFrame:
    dated = new.accounts.index.astype(str).isin(_owners(after)["account_id"])
    both = new.accounts.index[~dated].intersection(old.accounts.index, sort=False)
    was, now = (_csm(book).reindex(both).to_numpy() for book in (old, new))
    moved = was != now
    table = {"account_id": both[moved].astype(str), "before": was[moved], "after": now[moved], "from_date": None}
    return pd.DataFrame(table).assign(dated=False)
