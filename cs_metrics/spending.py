"""What was spent on customers, what for, and which accounts carry it: every amount dealt out, nothing lost.

The costs of a month are split by their kind into what they were spent for (to renew, to expand, to acquire), by an
allocation sheet that a team may set. What was spent to acquire is written off over some months. Each part is then
carried by the customers at that month's close: those of its CSM, or its segment, where the cost names one, else all;
shared by MRR or evenly by account, as the sheet says. Where the one named has no customer in that month, all carry it.
Shares are whole cents by the largest remainder, so that accounts, segments and CSMs add up to the costs.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd

from cs_metrics.book import Book, Dark
from cs_metrics.dials import Dial, dial, in_force
from cs_metrics.happened import facts_of

PURPOSES = ("renew", "expand", "acquire")
RENEW, EXPAND, ACQUIRE = (
    dial(f"costs.{purpose}", f"Of a kind of cost, the share spent to {purpose}", ships, "share")
    for purpose, ships in zip(PURPOSES, (1.0, 0.0, 0.0), strict=True)
)
BY_ACCOUNT = dial("costs.by_account", "A kind of cost is shared evenly by account (1) or by MRR (0)", 0, most=1)
WRITE_OFF = dial(
    "costs.write_off_months", "Months over which what was spent to acquire is written off", 24, least=1, most=120
)
MARGIN = dial("economics.gross_margin", "Gross margin on recurring revenue", 1.0, "share")
SHEET = (RENEW, EXPAND, ACQUIRE, BY_ACCOUNT)
SHIPPED: dict[str, tuple[float, float, float, float]] = {
    "csm": (0.7, 0.3, 0.0, 1.0),
    "tools": (0.7, 0.3, 0.0, 1.0),
    "training": (1.0, 0.0, 0.0, 1.0),
    "support": (1.0, 0.0, 0.0, 1.0),
    "marketing": (0.0, 0.3, 0.7, 0.0),
    "sales": (0.0, 0.2, 0.8, 0.0),
    "acquisition": (0.0, 0.0, 1.0, 0.0),
}
OTHER = "other"
PARTS = 10_000
MOST = 2**62


class Line(NamedTuple):
    """A kind of cost in the allocation sheet: its shares by purpose, and whether accounts share it evenly."""

    kind: str
    renew: float
    expand: float
    acquire: float
    by_account: bool

    @property
    def weights(self) -> np.ndarray:
        """The shares as whole parts of 10,000; wholly to renew where none is given."""
        found = np.rint(PARTS * np.array([self.renew, self.expand, self.acquire])).astype(np.int64)
        return found if found.sum() > 0 else np.array([PARTS, 0, 0])


def kinds(rows: pd.DataFrame) -> pd.Series:
    """The kind of each cost, small letters; "other" where none is given."""
    if "kind" not in rows:
        return pd.Series(OTHER, rows.index)
    given = rows["kind"].astype(object)
    return given.where(given.notna(), OTHER).astype(str).str.strip().str.casefold().replace("", OTHER)


def ships(each: Dial, kind: str) -> float:
    """What ships for a kind of cost: a start, not a finding."""
    known = SHIPPED.get(kind)
    return each.ships if known is None else known[SHEET.index(each)]


def sheet(book: Book) -> tuple[Line, ...]:
    """The allocation sheet in force: a line per kind of cost there is, in the order of their names."""
    rows, chosen = dated(book), in_force(book)
    if "kinds of cost" not in book.facts.made:
        book.facts.made["kinds of cost"] = sorted(kinds(rows).unique())

    def value(each: Dial, kind: str) -> float:
        found = chosen.get((each.name, kind), chosen.get((each.name, "")))
        return ships(each, kind) if found is None or not each.least <= found <= each.most else found

    lines = ((kind, *(value(each, kind) for each in SHEET)) for kind in book.facts.made["kinds of cost"])
    return tuple(
        Line(kind, renew, expand, acquire, by_account >= 0.5) for kind, renew, expand, acquire, by_account in lines
    )


def dealt_out(total: int, weight: np.ndarray, rank: np.ndarray, cent: int = 36) -> np.ndarray:
    """A whole amount in shares by weight: whole cents by the largest remainder, of equals to the first by rank.

    What is less than a cent goes with the largest weight. The shares add up to the amount.

    >>> dealt_out(36 * 100, np.array([1, 1, 1]), np.arange(3)).tolist()
    [1224, 1188, 1188]
    """
    every = int(weight.sum())
    if every <= 0:
        raise ValueError("nobody to share it out to")
    cents, rest = divmod(total, cent)
    shift = max(int(abs(cents)) * int(weight.max()) // MOST, 0).bit_length()
    if shift:
        weight = np.maximum(weight >> shift, weight > 0)
        every = int(weight.sum())
    share, remainder = np.divmod(cents * weight, every)
    missing = cents - int(share.sum())
    if missing:
        edge = np.partition(remainder, len(remainder) - missing)[len(remainder) - missing]
        share += remainder > edge
        level = np.flatnonzero(remainder == edge)
        left = cents - int(share.sum())
        share[level if left == len(level) else level[np.argsort(rank[level], kind="stable")[:left]]] += 1
    share *= cent
    if rest:
        heaviest = np.flatnonzero(weight == weight.max())
        share[heaviest[np.argmin(rank[heaviest])]] += rest
    return share


def by_purpose(amount: np.ndarray, weights: np.ndarray, cent: int = 36) -> np.ndarray:
    """Amounts split by purpose, a row each: whole cents by the largest remainder, of equals to the first purpose."""
    cents, rest = np.divmod(amount, cent)
    share, remainder = np.divmod(cents[:, None] * weights, weights.sum(axis=1)[:, None])
    missing = cents - share.sum(axis=1)
    order = np.argsort(np.argsort(-remainder, axis=1, kind="stable"), axis=1, kind="stable")
    share = (share + (order < missing[:, None])) * cent
    share[np.arange(len(amount)), weights.argmax(axis=1)] += rest
    return share


class Pools(NamedTuple):
    """What is carried in each month (counted from 1970) by whom: one entry per month, purpose, driver and whose."""

    month: np.ndarray
    purpose: np.ndarray
    by_account: np.ndarray
    csm: np.ndarray
    segment: np.ndarray
    amount: np.ndarray


def month_numbers(rows: pd.DataFrame) -> np.ndarray:
    """The months of costs, counted from 1970; rows without one have been left out before."""
    number = rows["month"].to_numpy(dtype=np.int64)
    return (number // 100 - 1970) * 12 + number % 100 - 1


def dated(book: Book) -> pd.DataFrame:
    """The costs that have a month and an amount; Dark where there is none."""
    rows = facts_of(book, "costs", "amount")
    if "dated costs" not in book.facts.made:
        dated = rows["month"].notna() & rows["amount"].notna() if "month" in rows else np.zeros(len(rows), dtype=bool)
        book.facts.made["dated costs"] = rows[dated]
    found: pd.DataFrame = book.facts.made["dated costs"]
    if found.empty:
        raise Dark("Add months to the table costs.")
    return found


def pools(book: Book) -> Pools:
    """The costs by purpose and month in which they are carried, by the sheet in force."""
    key = ("spending", sheet(book), WRITE_OFF.of(book))
    if key not in book.facts.made:
        book.facts.made[key] = _pools(book)
    found: Pools = book.facts.made[key]
    return found


def _pools(book: Book) -> Pools:
    rows, lines = dated(book), {line.kind: line for line in sheet(book)}
    cent, kind = book.scale // 100, kinds(rows)
    whose = {
        name: pd.Series("", rows.index) if name not in rows else rows[name].astype(object).where(rows[name].notna(), "")
        for name in ("csm", "segment")
    }
    grouped = pd.DataFrame({"month": month_numbers(rows), "kind": kind, **whose, "amount": rows["amount"].astype("i8")})
    found = grouped.groupby(["month", "kind", "csm", "segment"], sort=True)["amount"].sum().reset_index()
    amount = by_purpose(
        found["amount"].to_numpy(dtype=np.int64), np.array([lines[name].weights for name in found["kind"]]), cent
    )
    even = np.array([lines[name].by_account for name in found["kind"]])
    parts = [found.assign(purpose=place, even=even, amount=amount[:, place]) for place in range(2)]
    parts += _written_off(found.assign(purpose=2, even=even, amount=amount[:, 2]), int(WRITE_OFF.of(book)), cent)
    every = pd.concat(parts)
    summed = (
        every[every["amount"] != 0]
        .groupby(["month", "even", "csm", "segment", "purpose"])["amount"]
        .sum()
        .reset_index()
    )
    month, purpose, even, csm, segment = (
        summed[name].to_numpy() for name in ("month", "purpose", "even", "csm", "segment")
    )
    return Pools(month, purpose, even, csm, segment, summed["amount"].to_numpy(dtype=np.int64))


def _written_off(spent: pd.DataFrame, months: int, cent: int) -> list[pd.DataFrame]:
    """What was spent to acquire, in equal parts from its own month on; the cents left over go to the first ones."""
    cents, rest = np.divmod(spent["amount"].to_numpy(), cent)
    each, more = np.divmod(cents, months)
    return [
        spent.assign(month=spent["month"] + later, amount=(each + (later < more)) * cent + (rest if later == 0 else 0))
        for later in range(months)
    ]


def covered(book: Book) -> np.ndarray:
    """At which closes the costs of the month are known: those of a month in which the table has a row."""
    known = month_numbers(dated(book))
    return np.isin(np.arange(book.closes) + book.first_close.ordinal, known)


def carried(book: Book) -> np.ndarray:
    """What each row carries in each month, by purpose: 3 × closes × rows."""
    return book.kept(("carried", sheet(book), WRITE_OFF.of(book)), lambda: _carried(book))


def _carried(book: Book) -> np.ndarray:
    company, known = book.company, covered(book)
    at = place_in_company(book)
    out = np.zeros((len(PURPOSES), book.closes, len(book)), dtype=np.int64)
    every, key = pools(book), ("carried in", sheet(book), WRITE_OFF.of(book))
    for close in np.flatnonzero(known):
        month = int(close) + book.first_close.ordinal
        whole = company.kept((*key, month), partial(_in_month, company, every, month))
        out[:, close] = whole[:, at]
    return out


def place_in_company(book: Book) -> np.ndarray | slice:
    """Where the accounts of a book stand in the company they were taken from."""
    places = book.facts.positions
    return slice(None) if book.around is None or places is None else places


def of_whole_accounts(book: Book) -> None:
    """Dark where only some products of the accounts are in view: costs are carried by whole accounts."""
    if book.around is None:
        return
    company = book.company
    lines = company.kept("lines by row", lambda: np.bincount(company.lines.row, minlength=len(company)))
    if int(lines[place_in_company(book)].sum()) != len(book.lines.row):
        raise Dark("Costs are carried by whole accounts: take the filter of products away.")


def _in_month(company: Book, every: Pools, month: int) -> np.ndarray:
    """What each account of the company carries in a month, by purpose."""
    close = month - company.first_close.ordinal
    mrr, held = company.balance(0, 0)[close], company.owners.held[close]
    out = np.zeros((len(PURPOSES), len(company)), dtype=np.int64)
    customers = np.flatnonzero(mrr > 0)
    if not len(customers):
        return out
    rank = company.kept("rank of ids", lambda: np.argsort(np.argsort(company.accounts.index.astype(str))))
    first, last = np.searchsorted(every.month, (month, month + 1))
    chosen: dict[tuple[str, str], np.ndarray] = {}
    for place in range(first, last):
        whose = (str(every.csm[place]), str(every.segment[place]))
        if whose not in chosen:
            chosen[whose] = _carriers(company, customers, held, *whose)
        rows = chosen[whose]
        weight = np.ones(len(rows), dtype=np.int64) if every.by_account[place] else mrr[rows]
        out[every.purpose[place], rows] += dealt_out(int(every.amount[place]), weight, rank[rows], company.scale // 100)
    return out


def _carriers(company: Book, customers: np.ndarray, held: np.ndarray, csm: str, segment: str) -> np.ndarray:
    """The customers that carry a cost: those of its CSM and segment, of one of them, or all."""
    theirs = held[customers] == company.owners.names.get_indexer(pd.Index([csm], dtype=object))[0] if csm else None
    inside = None
    if segment and "segment" in company.accounts:
        labels, code = company.groups("segment")
        inside = code[customers] == labels.get_indexer(pd.Index([segment], dtype=object))[0]
    both = theirs & inside if theirs is not None and inside is not None else None
    for wanted in (both, theirs, inside):
        if wanted is not None and wanted.any():
            return customers[wanted]
    return customers
