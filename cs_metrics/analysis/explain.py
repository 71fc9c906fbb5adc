"""The accounts behind a figure: the rows whose tops and bottoms add up to it, to the cent."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_metrics.book import Book, Dark
from cs_metrics.metric import Metric
from cs_metrics.tally import Grouping, dealt, divisor, grouping, rows_for

COLUMNS = ("account_id", "name", "group", "opening", "closing", "top", "bottom", "note")


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
    k = months if metric.period else 0
    closing = book.close_of(book.last if when is None else when) if len(book.months) else None
    if closing is None or closing < k:
        return _empty()
    whole = rows_for(metric, book, by)
    asked, groups = whole.window(closing - k, closing), grouping(whole, by)
    try:
        cells = amounts_behind(metric, asked, k, groups)
    except Dark:
        return _empty()
    ends = whole.window(closing - months, closing).balance(months, 0)[-1] if closing >= months else None
    return _written(metric, asked, k, groups.labels, cells, divisor(metric, asked, k, groups), ends)


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


def _written(
    metric: Metric,
    book: Book,
    k: int,
    labels: pd.Index,
    cells: pd.DataFrame,
    share: int,
    opening: np.ndarray | None,
) -> pd.DataFrame:
    row = cells["row"].to_numpy()
    opening = np.full(len(row), np.nan) if opening is None else opening[row]
    closing = book.balance(k, k)[-1][row]
    table = pd.DataFrame(
        {
            "account_id": book.accounts.index.to_numpy()[row],
            "name": book.accounts["name"].to_numpy()[row],
            "group": labels.to_numpy(dtype=object)[cells["code"]],
            "opening": opening / book.scale,
            "closing": closing / book.scale,
            "top": cells["top"].to_numpy() / (book.scale_of(metric.top) * share),
            "bottom": cells["bottom"].to_numpy() / (book.scale_of(metric.bottom) * share) if metric.ratio else np.nan,
            "note": _notes(book, row, opening, closing) if k else "",
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


def _empty() -> pd.DataFrame:
    return pd.DataFrame(
        {c: pd.Series(dtype=object if c in ("account_id", "name", "group", "note") else float) for c in COLUMNS}
    )
