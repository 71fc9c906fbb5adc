"""The accounts behind a figure: the rows whose tops and bottoms add up to it, to the cent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from cs_metrics.analysis.parts import change
from cs_metrics.book import Book, Dark
from cs_metrics.metric import Metric
from cs_metrics.months import month
from cs_metrics.tally import Grouping, dealt, divisor, grouping, rows_for

COLUMNS = ("account_id", "name", "group", "opening", "closing", "top", "bottom", "note")
BEFORE = ("top_before", "bottom_before", "contribution")


def explain(
    metric: Metric, book: Book, when: str | pd.Period | None = None, months: int = 3, by: str | None = None
) -> pd.DataFrame:
    """Which accounts make up this figure, and with what?

    One row per account (and group, where an owner rule shares an account among CSMs) whose top or bottom is not
    zero. ``top`` and ``bottom`` add up to the tally's; ``opening`` and ``closing`` are the account's MRR at the
    two ends of the period. Empty where there is no figure.

    >>> from cs_metrics.metrics.retention import net_revenue_retention
    >>> book = Book.of_mrr({"Acme": [100, 120], "Birch": [50, 0], "New": [0, 9]}, first="2025-01")
    >>> explain(net_revenue_retention, book, "2025-02", months=1)[["account_id", "opening", "closing", "note"]]
      account_id  opening  closing           note
    0       Acme    100.0    120.0      expansion
    1      Birch     50.0      0.0          churn
    """
    asked = _asked(metric, book, when, months, by)
    return _empty(COLUMNS) if asked is None else _written(metric, asked)


def explain_change(
    metric: Metric,
    book: Book,
    when: str | pd.Period | None = None,
    months: int = 3,
    by: str | None = None,
    group: str | None = None,
) -> pd.DataFrame:
    """As ``explain``, of one group or of all, and what each account did to the figure since the period before.

    ``top_before`` and ``bottom_before`` are the account's part in the period before, ``contribution`` what it adds
    to the change of the figure; the contributions add up to the change. Accounts with a part in the earlier figure
    only are listed too, with nothing in the later. The three columns are blank where there is no earlier figure.

    >>> from cs_metrics.metrics.revenue import mrr
    >>> book = Book.of_mrr({"Acme": [100, 120], "Birch": [50, 0]}, first="2025-01")
    >>> explain_change(mrr, book, months=1)[["account_id", "top", "top_before", "contribution"]]
      account_id    top  top_before  contribution
    0       Acme  120.0       100.0          20.0
    1      Birch    0.0        50.0         -50.0
    """
    asked = _asked(metric, book, when, months, by)
    if asked is None:
        return _empty((*COLUMNS, *BEFORE))
    before = _asked(metric, book, (month(when) if when else book.last) - months, months, by)
    earlier = np.nan if before is None else 0
    cells = asked.cells.assign(top_before=earlier, bottom_before=earlier)
    if before is not None:
        both = asked.cells.merge(before.cells, "outer", ["row", "code"], suffixes=("", "_before"))
        cells = both.fillna(0).astype({"top": np.int64, "bottom": np.int64})
    table = _written(metric, asked._replace(cells=cells))
    table = table if group is None else table[table["group"] == group].reset_index(drop=True)
    if metric.ratio:
        then, base_then, now, base = (table[n].to_numpy() for n in ("top_before", "bottom_before", "top", "bottom"))
        return table.assign(contribution=change(then, base_then, now, base, metric.factor))
    return table.assign(contribution=table["top"] - table["top_before"])


class Asked(NamedTuple):
    """A figure taken apart: the window it is about, its groups, the cells behind it, and what to divide them by.

    ``opening`` is each row's MRR at the opening of the period, None where that is before the book.
    """

    book: Book
    k: int
    groups: Grouping
    cells: pd.DataFrame
    share: int
    opening: np.ndarray | None


def _asked(metric: Metric, book: Book, when: str | pd.Period | None, months: int, by: str | None) -> Asked | None:
    """What is behind the figure of a month; None where there is none."""
    k = months if metric.period else 0
    closing = book.close_of(book.last if when is None else when) if len(book.months) else None
    if closing is None or closing < k:
        return None
    whole = rows_for(metric, book, by)
    asked, groups = whole.window(closing - k, closing), grouping(whole, by)
    try:
        cells = amounts_behind(metric, metric.asked(whole, closing - k, closing), k, groups)
    except Dark:
        return None
    ends = whole.window(closing - months, closing).balance(months, 0)[-1] if closing >= months else None
    return Asked(asked, k, groups, cells, divisor(metric, asked, k, groups), ends)


def amounts_behind(metric: Metric, asked: Book, k: int, groups: Grouping) -> pd.DataFrame:
    """The exact amounts of each row and group in the last period of ``asked``: ``row, code, top, bottom``."""
    found = pd.concat([_rows(*piece) for piece in dealt(metric, asked, k, groups)])
    cells = found.groupby(["row", "code"], sort=False)[["top", "bottom"]].sum().reset_index()
    return cells[(cells["code"] < len(groups.labels)) & ((cells["top"] != 0) | (cells["bottom"] != 0))]


def _rows(codes: np.ndarray, top: np.ndarray, bottom: np.ndarray | None) -> pd.DataFrame:
    code = codes[-1] if codes.ndim == 2 else codes
    return pd.DataFrame(
        {
            "row": np.arange(len(code)),
            "code": code,
            "top": top[-1],
            "bottom": 0 if bottom is None else bottom[-1],
        }
    )


def _written(metric: Metric, asked: Asked) -> pd.DataFrame:
    book, k, labels, cells = asked.book, asked.k, asked.groups.labels, asked.cells
    row = cells["row"].to_numpy()
    opening = np.full(len(row), np.nan) if asked.opening is None else asked.opening[row]
    closing = book.balance(k, k)[-1][row]
    scales = {
        "top": book.scale_of(metric.top) * asked.share,
        "bottom": book.scale_of(metric.bottom) * asked.share,
    }
    parts = {
        name: cells[name].to_numpy() / scales[name.removesuffix("_before")] if metric.ratio or "top" in name else np.nan
        for name in ("top", "bottom", "top_before", "bottom_before")
        if name in cells
    }
    table = pd.DataFrame(
        {
            "account_id": book.accounts.index.to_numpy()[row],
            "name": book.accounts["name"].to_numpy()[row],
            "group": labels.to_numpy(dtype=object)[cells["code"]],
            "opening": opening / book.scale,
            "closing": closing / book.scale,
            "top": parts.pop("top"),
            "bottom": parts.pop("bottom"),
            "note": _notes(book, row, opening, closing) if k else "",
            **parts,
        }
    )
    return table.sort_values(["bottom", "top"], ascending=False, kind="stable").reset_index(drop=True)


def _notes(book: Book, row: np.ndarray, opening: np.ndarray, closing: np.ndarray) -> np.ndarray:
    """What happened to each row between the two ends, and whether it changed hands."""
    words = np.select(
        [(opening == 0) & (closing == 0), opening == 0, closing == 0, closing > opening, closing < opening],
        ["", "came in the period", "churn", "expansion", "contraction"],
        "unchanged",
    ).astype(object)
    held, names = book.owners.held, book.owners.names
    moved = held[0][row] != held[-1][row]
    for at in np.flatnonzero(moved):
        words[at] += f"; handed over from {names[held[0][row[at]]]} to {names[held[-1][row[at]]]}"
    return words


def _empty(columns: Sequence[str]) -> pd.DataFrame:
    words = ("account_id", "name", "group", "note")
    return pd.DataFrame({c: pd.Series(dtype=object if c in words else float) for c in columns})
