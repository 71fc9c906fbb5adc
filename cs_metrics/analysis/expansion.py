"""What customers came to pay more, by kind, in a period: in all, by group, and account by account."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_metrics.analysis.products_held import cells
from cs_metrics.book import Book
from cs_metrics.metric import METRICS
from cs_metrics.metrics.expansion import quantities
from cs_metrics.tally import divisor, grouping, of_rows

KINDS = {"upsell": "upsell_rate", "cross_sell": "cross_sell_rate", "price": "price_rate"}
LOSSES = {"contraction": "contraction_rate", "churn": "revenue_churn_rate"}
PARTS = {**KINDS, **LOSSES}
SIGNS = dict.fromkeys(KINDS, 1) | dict.fromkeys(LOSSES, -1)
COLUMNS = ("group", "opening", "upsell", "cross_sell", "price", "expansion", "contraction", "churn", "closing",
           "expansion_rate", "net_revenue_retention")  # fmt: skip


def last_window(book: Book, months: int) -> Book:
    """The closes of the last period only."""
    return METRICS["expansion_rate"].asked(book, book.closes - 1 - months, book.closes - 1)


def by_kind(book: Book, months: int, by: str | None = None) -> pd.DataFrame:
    """The opening MRR of the last period, what came on top by kind, what went, what is left: one row per group.

    Of opening accounts only, between the two ends of the period: opening + upsell + cross_sell + price + contraction
    + churn = closing, exactly; contraction and churn are negative. Rates are blank where nobody paid at the opening.
    No row where the book has no whole period of this length.
    """
    if months >= book.closes:
        return pd.DataFrame(columns=list(COLUMNS))
    asked = last_window(book, months)
    found = {part: METRICS[name].tally(asked, months, by) for part, name in PARTS.items()}
    first = found["upsell"]
    known = first.known[-1]
    exact = {part: SIGNS[part] * tally.tops[-1] for part, tally in found.items()}
    opening = first.bottoms[-1] if first.bottoms is not None else np.zeros(len(first.groups), np.int64)
    rise = exact["upsell"] + exact["cross_sell"] + exact["price"]
    closing = opening + rise + exact["contraction"] + exact["churn"]
    base = np.where(opening > 0, opening, np.nan)
    sums = {"opening": opening, **{name: exact[name] for name in KINDS}, "expansion": rise,
            **{name: exact[name] for name in LOSSES}, "closing": closing}  # fmt: skip
    amounts = {name: np.where(known, value / first.top_scale, np.nan) for name, value in sums.items()}
    rates = {"expansion_rate": rise / base, "net_revenue_retention": closing / base}
    return pd.DataFrame(
        {"group": first.groups, **amounts, **{name: np.where(known, rate, np.nan) for name, rate in rates.items()}}
    )


def accounts_by_kind(book: Book, months: int) -> pd.DataFrame:
    """The accounts that pay more than at the opening, most first: ``account_id, name, csm, opening, upsell,
    cross_sell, price, expansion, closing, took_on``. Each kind adds up to its figure.
    """
    columns = ["account_id", "name", "csm", "opening", *KINDS, "expansion", "closing", "took_on"]
    if months >= book.closes:
        return pd.DataFrame(columns=columns)
    asked = last_window(book, months)
    groups = grouping(asked, None)
    parts = {kind: of_rows(METRICS[name], asked, months, groups)[0] for kind, name in KINDS.items()}
    scale = asked.scale * divisor(METRICS["upsell_rate"], asked, months, groups)
    total = np.sum(list(parts.values()), axis=0)
    rows = np.flatnonzero(total > 0)
    rows = rows[np.argsort(-total[rows], kind="stable")]
    opening, closing = asked.balance(months, 0)[-1], asked.balance(months, months)[-1]
    taken = taken_on(asked, months)
    return pd.DataFrame(
        {
            "account_id": asked.accounts.index[rows],
            "name": asked.accounts["name"].to_numpy()[rows],
            "csm": asked.csm_now[rows],
            "opening": opening[rows] / asked.scale,
            **{kind: part[rows] / scale for kind, part in parts.items()},
            "expansion": total[rows] / scale,
            "closing": closing[rows] / asked.scale,
            "took_on": [", ".join(taken.get(row, ())) or None for row in rows.tolist()],
        },
        columns=columns,
    )


def taken_on(book: Book, months: int) -> dict[int, list[str]]:
    """The products each row holds at the last close and did not hold at the opening of the last period."""
    lines, found = book.lines, cells(book)
    order = slice(None) if found.order is None else found.order
    first, last = book.closes - 1 - months, book.closes - 1
    had, has = (np.add.reduceat(lines.amounts[at][order], found.begin) if len(found.begin) else np.zeros(0)
                for at in (first, last))  # fmt: skip
    out: dict[int, list[str]] = {}
    for cell in np.flatnonzero((had == 0) & (has > 0)).tolist():
        if name := str(lines.products[found.product[cell]]):
            out.setdefault(int(found.row[cell]), []).append(name)
    return out


def what_is_not_told(book: Book) -> list[str]:
    """Which kinds of expansion cannot be told apart with these data, and what to add: a sentence each."""
    said = []
    if len([name for name in book.lines.products if name]) < 2:
        said.append("No products are named in the revenue, so that cross-sell cannot be told: it counts as upsell.")
    if quantities(book.window(max(book.closes - 2, 0), book.closes - 1)) is None:
        said.append(
            "No quantities are known, so that price cannot be told from more of the same: it counts as upsell. Add "
            "quantity to subscriptions, or licensed_seats to usage."
        )
    return said


def typical_rise(book: Book, months: int = 12) -> float:
    """The middle one of the rises by upsell in the last months, as a share of the opening MRR; blank where none."""
    reach = min(months, book.closes - 1)
    if reach < 1:
        return float("nan")
    asked = last_window(book, reach)
    more = METRICS["upsell_rate"].amounts(asked, reach, reach)[0][-1]
    opening = asked.balance(reach, 0)[-1]
    rose = more > 0
    return float(np.median(more[rose] / opening[rose])) if rose.any() else float("nan")
