"""What is left of the revenue after what was spent: by segment, CSM or tier, in parts that add up to the cent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from cs_metrics.book import Book, Dark
from cs_metrics.metric import Amounts, Metric
from cs_metrics.metrics.economics import (
    customer_retention_cost,
    net_profitability,
    retention_cost_per_mrr,
)
from cs_metrics.spending import (
    WRITE_OFF,
    carried,
    covered,
    dated,
    month_numbers,
    of_whole_accounts,
    place_in_company,
    pools,
)
from cs_metrics.units import COUNT, MONEY, Unit

TIERS = ("A, largest tenth", "B, next four tenths", "C, smaller half")
AMOUNTS = ("revenue", "margin", "renew", "expand", "acquire", "left")
COLUMNS = ("group", "customers_kept", *AMOUNTS, "net_profitability", "cost_per_customer", "cost_per_mrr")


def _amount(name: str, function: Callable[..., Amounts], unit: Unit = MONEY) -> Metric:
    return replace(net_profitability, name=name, function=function, unit=unit, top=unit)


def _revenue(earned: np.ndarray) -> Amounts:
    return earned, None


def _margin(margin_earned: np.ndarray) -> Amounts:
    return margin_earned, None


def _renew(cost_to_renew: np.ndarray) -> Amounts:
    return cost_to_renew, None


def _expand(cost_to_expand: np.ndarray) -> Amounts:
    return cost_to_expand, None


def _acquire(acquisition_written_off: np.ndarray) -> Amounts:
    return acquisition_written_off, None


def _kept(customers_kept: np.ndarray) -> Amounts:
    return customers_kept, None


PARTS: dict[str, Metric] = {
    "customers_kept": _amount("customers_kept", _kept, COUNT),
    "revenue": _amount("revenue", _revenue),
    "margin": _amount("margin", _margin),
    "renew": _amount("renew", _renew),
    "expand": _amount("expand", _expand),
    "acquire": _amount("acquire", _acquire),
}
RATES = {
    "net_profitability": net_profitability,
    "cost_per_customer": customer_retention_cost,
    "cost_per_mrr": retention_cost_per_mrr,
}


def profitability(book: Book, months: int = 12, by: str | None = None) -> pd.DataFrame:
    """Revenue, margin, costs by purpose and what is left of it, for each group in the last period.

    One row per group, in the order of their names; with no ``by`` one row for all. ``margin`` − ``renew`` −
    ``expand`` − ``acquire`` = ``left``; the rows add up to the whole to the cent. Empty where the costs of a month of
    the period are not known: ``why_dark`` says why.
    """
    if why_dark(book, months):
        return pd.DataFrame(columns=list(COLUMNS), dtype=float)
    asked = net_profitability.asked(book, book.closes - 1 - months, book.closes - 1)
    table = pd.DataFrame({name: _last(metric, asked, months, by) for name, metric in PARTS.items()})
    table["left"] = _last(_amount("left", _left), asked, months, by)
    for name, metric in RATES.items():
        table[name] = metric.tally(asked, months, by).values.iloc[-1]
    table = table[(table[list(AMOUNTS)].fillna(0) != 0).any(axis=1)].rename_axis("group").reset_index()
    return table[list(COLUMNS)]


def _left(
    margin_earned: np.ndarray,
    cost_to_renew: np.ndarray,
    cost_to_expand: np.ndarray,
    acquisition_written_off: np.ndarray,
) -> Amounts:
    return margin_earned - cost_to_renew - cost_to_expand - acquisition_written_off, None


def _last(metric: Metric, asked: Book, months: int, by: str | None) -> pd.Series:
    return metric.tally(asked, months, by).top.iloc[-1]


def why_dark(book: Book, months: int) -> str | None:
    """Why nothing can be said of this period, None where it can."""
    try:
        dated(book)
    except Dark as reason:
        return str(reason)
    if book.closes <= months:
        return f"The book does not reach back {months} months and the close before them."
    lacking = book.months_with_lead[-months:][~covered(book)[-months:]]
    if len(lacking):
        more = f" and {len(lacking) - 1} other months" if len(lacking) > 1 else ""
        return f"The table costs has no row for {lacking[0]}{more}. Add them, or choose another period."
    try:
        of_whole_accounts(book)
    except Dark as reason:
        return str(reason)
    return None


def tiered(book: Book, months: int) -> Book:
    """The book with a tier for each account: its own where the accounts have one, else by the MRR of the period.

    By the most each account paid at a close of the period, among all accounts of the company that paid.
    """
    if "tier" in book.accounts:
        return book
    company = book.company
    at = place_in_company(book)
    first = max(book.first_close.ordinal + book.closes - 1 - months - company.first_close.ordinal, 0)
    most = company.balance(0, 0)[first : first + months + 1].max(axis=0, initial=0)
    paying = np.sort(most[most > 0])[::-1]
    edges = [
        paying[min(int(np.ceil(len(paying) * share)), len(paying)) - 1] if len(paying) else 1 for share in (0.1, 0.5)
    ]
    tier = np.array(TIERS, dtype=object)[np.select([most >= edges[0], most >= edges[1]], [0, 1], 2)]
    return replace(book, accounts=book.accounts.assign(tier=tier[at]), memory={})


def acquisition(book: Book) -> dict[str, float]:
    """What was spent to acquire up to the last month: in all, written off by then, and still to write off."""
    every, last = pools(book), book.last.ordinal
    chosen = every.purpose == 2
    started = month_numbers(dated(book)).min()
    done = every.amount[chosen & (every.month <= last)].sum()
    later = every.amount[chosen & (every.month > last)].sum()
    return {
        "written_off": done / book.scale,
        "still": later / book.scale,
        "short": float(max(started + WRITE_OFF.of(book) - 1 - last, 0)),
    }


def not_carried(book: Book, months: int) -> float:
    """What was spent in the period that no account carries, for nobody was a customer in a month of it."""
    every, last = pools(book), book.last.ordinal
    chosen = (every.month > last - months) & (every.month <= last)
    whole = book.company
    return (int(every.amount[chosen].sum()) - int(carried(whole)[:, -months:].sum())) / book.scale
