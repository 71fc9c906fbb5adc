"""What moved the MRR: new, expansion, contraction, churn, reactivation, and what currencies and hand-overs did.

Between two closes an account makes at most one movement. Contraction and churn are negative, so opening + all
movements = closing, for every account, every group and the whole, exactly.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from cs_metrics.book import Book
from cs_metrics.months import Every, Stretch, stretches
from cs_metrics.tally import Grouping, grouping

KINDS = ("new", "expansion", "contraction", "churn", "reactivation")
FLOWS = (*KINDS, "fx", "transfer_in", "transfer_out")
COLUMNS = ("period", "group", "opening", *FLOWS, "closing")
FX, IN, OUT = len(KINDS), len(KINDS) + 1, len(KINDS) + 2


class Flows(NamedTuple):
    """Exact amounts: ``opening`` is periods × groups, ``moved`` periods × groups × FLOWS."""

    opening: np.ndarray
    moved: np.ndarray


def movements(book: Book, every: Every = "month", by: str | None = None) -> pd.DataFrame:
    """What moved the MRR in each month, quarter or year, in all or per group?

    One row per period and group; amounts in the book's currency. Only whole periods whose opening is known. By
    CSM, each month's movements belong to that month's holder, and accounts that change hands show as transfers.
    In constant currency everything is at the rate of the book's first close. A quarter or year is the sum of
    its months, or, with the setting ``waterfall=ends``, what lies between its two ends.

    >>> book = Book.of_mrr({"Acme": [100, 120], "Birch": [50, 0], "Cedar": [0, 30]}, first="2025-01")
    >>> movements(book)[["opening", "new", "expansion", "churn", "closing"]]
       opening   new  expansion  churn  closing
    0    150.0  30.0       20.0  -50.0    150.0
    """
    if by == "product" and "product" not in book.accounts:
        book = book.per_product()
    groups = grouping(book, by)
    ends = stretches(book.months_with_lead, every, book.settings.fiscal_start)
    if not ends:
        return pd.DataFrame({c: pd.Series(dtype=object if c in ("period", "group") else float) for c in COLUMNS})
    if book.settings.waterfall == "ends" and every != "month":
        flows = _between_ends(book, groups, ends)
    else:
        flows = _summed(_by_month(book, groups), ends)
    return _table(book, groups, ends, flows)


def last_period(book: Book, months: int, by: str | None = None) -> pd.DataFrame:
    """What moved the MRR in the months up to the book's last: amounts per group, one row for the whole.

    Fewer months where the book does not reach back so far.
    """
    asked, groups, whole, flows = _last(book, months, by)
    return _table(asked, groups, whole, flows).drop(columns="period").set_index("group")


def flows_by_account(book: Book, months: int) -> Flows:
    """The exact flows of each account over the months up to the book's last, month by month: accounts, × FLOWS."""
    _, _, _, flows = _last(book.under(waterfall="months"), months, "account_id")
    return Flows(flows.opening[0], flows.moved[0])


def _last(book: Book, months: int, by: str | None) -> tuple[Book, Grouping, list[Stretch], Flows]:
    """The last period as a book of its own, its groups, and its flows."""
    if by == "product" and "product" not in book.accounts:
        book = book.per_product()
    reach = max(min(months, book.closes - 1), 0)
    asked = book.window(book.closes - 1 - reach, book.closes - 1)
    groups, whole = grouping(asked, by), [Stretch(str(book.last), 0, reach)]
    if reach == 0:
        flows = Flows(
            np.zeros((1, len(groups.labels)), np.int64), np.zeros((1, len(groups.labels), len(FLOWS)), np.int64)
        )
    elif book.settings.waterfall == "ends":
        flows = _between_ends(asked, groups, whole)
    else:
        flows = _summed(_by_month(asked, groups), whole)
    return asked, groups, whole, flows


def _table(book: Book, groups: Grouping, ends: list[Stretch], flows: Flows) -> pd.DataFrame:
    closing = flows.opening + flows.moved.sum(axis=2)
    amounts = dict(zip(COLUMNS[2:], (flows.opening, *np.moveaxis(flows.moved, 2, 0), closing), strict=True))
    period, group = np.divmod(np.arange(closing.size), len(groups.labels))
    whole = np.asarray(groups.labels.isna())
    labels = {
        "period": pd.Categorical.from_codes(period, pd.Index([end.label for end in ends]), ordered=True),
        "group": pd.Categorical.from_codes(np.where(whole[group], -1, group), groups.labels[~whole]),
    }
    return pd.DataFrame({**labels, **{name: exact.reshape(-1) / book.scale for name, exact in amounts.items()}})


def _summed(monthly: Flows, ends: list[Stretch]) -> Flows:
    starts = np.array([end.opening for end in ends])
    length = ends[0].closing - ends[0].opening
    moved = sum(monthly.moved[starts + month] for month in range(length))
    return Flows(monthly.opening[starts], np.asarray(moved))


def kind_of(before: np.ndarray, after: np.ndarray, was_customer: np.ndarray) -> np.ndarray:
    """Which movement takes each amount from ``before`` to ``after``: a position in KINDS.

    >>> before, after = np.array([0, 5, 5, 5, 0]), np.array([3, 9, 2, 0, 3])
    >>> [KINDS[k] for k in kind_of(before, after, np.array([False, True, True, True, True]))]
    ['new', 'expansion', 'contraction', 'churn', 'reactivation']
    """
    return np.select(
        [(before == 0) & ~was_customer, before == 0, after == 0, after > before],
        [KINDS.index("new"), KINDS.index("reactivation"), KINDS.index("churn"), KINDS.index("expansion")],
        KINDS.index("contraction"),
    )


class Entries(NamedTuple):
    """The change log as movements: which close, which row, whose, which kind (position in KINDS), how much."""

    balance: np.ndarray
    close: np.ndarray
    row: np.ndarray
    holder: np.ndarray
    kind: np.ndarray
    amount: np.ndarray


def entries(book: Book) -> Entries:
    """Every movement of every row of the book, one entry each, made once and kept."""
    return book.kept("movements", lambda: _entries(book))


def _entries(book: Book) -> Entries:
    balance, log = book.balance_and_changes()
    kind = kind_of(log.before, log.after, book.first_paid[log.row] < log.close)
    holder = book.owners.held[log.close, log.row]
    return Entries(balance, log.close, log.row, holder, kind, log.after - log.before)


def _by_month(book: Book, groups: Grouping) -> Flows:
    """The flows of every month that has an opening: months × groups."""
    log = entries(book)
    months, width = book.closes - 1, len(groups.labels) + 1
    moved = np.zeros((months * width, len(FLOWS)), dtype=np.int64)
    code = groups.of(log.row, log.holder)
    np.add.at(moved.reshape(-1), ((log.close - 1) * width + code) * len(FLOWS) + log.kind, log.amount)
    if book.settings.fx == "floating" and not book.one_currency:
        _add_fx(book, groups, moved, width)
    if groups.by_holder is not None:
        _add_transfers(book, groups, log.balance, moved, width)
    flows = moved.reshape(months, width, len(FLOWS))
    opening = np.zeros((months + 1, width), dtype=np.int64)
    np.add.at(opening[0], _codes(book, groups, 0, np.arange(len(book))), log.balance[0])
    opening[1:] = opening[0] + np.cumsum(flows.sum(axis=2), axis=0)
    return Flows(opening[:-1, :-1], flows[:, :-1])


def _codes(book: Book, groups: Grouping, close: np.ndarray | int, row: np.ndarray) -> np.ndarray:
    """The group of some cells: of the row, or of who holds it at that close."""
    return groups.of(row, None if groups.by_holder is None else book.owners.held[close, row])


def _add_fx(book: Book, groups: Grouping, moved: np.ndarray, width: int) -> None:
    """What a change of rate alone did to each opening balance, in the group of that month's holder."""
    effect = book.at_next_rate() - book.balance(0, 0)[:-1]
    close, row = np.nonzero(effect)
    np.add.at(moved[:, FX], close * width + _codes(book, groups, close + 1, row), effect[close, row])


def _add_transfers(book: Book, groups: Grouping, balance: np.ndarray, moved: np.ndarray, width: int) -> None:
    """An account that changes groups takes its opening balance along, before the month's movement."""
    close, row = book.handed
    source, target = _codes(book, groups, close - 1, row), _codes(book, groups, close, row)
    amount = np.where(source == target, 0, balance[close - 1, row])
    np.add.at(moved[:, IN], (close - 1) * width + target, amount)
    np.subtract.at(moved[:, OUT], (close - 1) * width + source, amount)


def _between_ends(book: Book, groups: Grouping, ends: list[Stretch]) -> Flows:
    """The flows between the two ends of each period, nothing in between looked at."""
    balance, _ = book.balance_and_changes()
    floating = book.settings.fx == "floating" and not book.one_currency
    rows, width = np.arange(len(book)), len(groups.labels) + 1
    opening = np.zeros((len(ends), width), dtype=np.int64)
    moved = np.zeros((len(ends), width, len(FLOWS)), dtype=np.int64)
    for period, end in enumerate(ends):
        source, target = (_codes(book, groups, close, rows) for close in (end.opening, end.closing))
        start, after = balance[end.opening], balance[end.closing]
        before = book.at_rate_of(end.closing)[end.opening] if floating else start
        kind = kind_of(before, after, book.first_paid <= end.opening)
        changed = before != after
        np.add.at(opening[period], source, start)
        np.add.at(moved[period], (target[changed], kind[changed]), (after - before)[changed])
        np.add.at(moved[period, :, FX], target, before - start)
        moves = source != target
        np.add.at(moved[period, :, IN], target[moves], start[moves])
        np.subtract.at(moved[period, :, OUT], source[moves], start[moves])
    return Flows(opening[:, :-1], moved[:, :-1])
