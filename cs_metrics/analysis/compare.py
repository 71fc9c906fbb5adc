"""The same period under every definition in use: which figures come out, which is the book's own, and why they differ.

A definition is one function ``(book, months) → Parts``: what each account adds to the figure. Its docstring says
in what it departs from the book's own way. From the parts come the value, and the accounts that make the
difference between any two definitions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cs_metrics.analysis.movements import FLOWS, flows_by_account
from cs_metrics.analysis.parts import (
    Parts,
    chained,
    compounded_mean,
    difference,
    mean,
    of_metric,
    pooled,
)
from cs_metrics.book import Book, Dark, Misuse, Settings
from cs_metrics.metric import Amounts, Metric
from cs_metrics.metrics.renewals import gross_renewal_rate, net_renewal_rate
from cs_metrics.metrics.retention import (
    closing_over_opening,
    gross_revenue_retention,
    logo_churn_rate,
    logo_retention,
    net_revenue_retention,
)

COLUMNS = ("metric", "definition", "value", "top", "bottom")
LENGTHS = {1: "month", 3: "quarter", 6: "half-year", 12: "year"}
YEAR = 12


@dataclass(frozen=True)
class Definition:
    """One way to define a figure.

    ``beside`` is the metric whose own definition it is held against; ``own`` says under which settings it is the
    book's own; ``only`` the length of period it is for, None for any; ``annual`` that it is a route to a year's figure.
    """

    metric: Metric
    words: str
    parts: Callable[[Book, int], Parts]
    beside: Metric
    own: Callable[[Settings], bool]
    only: int | None
    annual: bool = False

    def named(self, months: int) -> str:
        """Its name, for a period of so many months."""
        return self.words.format(period=LENGTHS.get(months, f"{months} months"))

    @property
    def why(self) -> str:
        """In what it departs from the others: the first line of its docstring."""
        return (self.parts.__doc__ or "").strip().partition("\n")[0]


DEFINITIONS: list[Definition] = []
Made = Callable[[Book, int], Parts]


def definition(
    metric: Metric,
    words: str,
    beside: Metric | None = None,
    own: Callable[[Settings], bool] = lambda settings: False,
    only: int | None = None,
    annual: bool = False,
) -> Callable[[Made], Made]:
    """Enter a function ``(book, months) → Parts`` in the list of definitions, in its order."""

    def register(parts: Made) -> Made:
        DEFINITIONS.append(Definition(metric, words, parts, beside or metric, own, only, annual))
        return parts

    return register


def definitions(months: int) -> list[Definition]:
    """The definitions there are for a period of so many months."""
    return [each for each in DEFINITIONS if each.only in (None, months)]


def compare(book: Book, months: int = 3) -> pd.DataFrame:
    """What does each definition give on this book, over the months up to its last?

    One row per definition: ``metric, definition, value, top, bottom``, whether it is the book's ``own``, ``why`` it
    differs, and what is ``missing`` where there is no figure: then the value is blank.

    >>> book = Book.of_mrr({"stays": [100, 120], "gone": [100, 0], "new": [0, 50]}, first="2025-01")
    >>> found = compare(book, months=1).set_index(["metric", "definition"])["value"]
    >>> found["closing_over_opening"].iloc[0], found["gross_revenue_retention", "sum of monthly movements"]
    (np.float64(0.85), np.float64(0.5))
    """
    return _answers(definitions(months), book, months)


def annual(book: Book) -> pd.DataFrame:
    """What is the year to the book's last month, by each of the usual routes? Rows as in ``compare``."""
    routes = [each for each in DEFINITIONS if each.only == YEAR or each.annual]
    return _answers(routes, book, YEAR)


def _answers(asked: list[Definition], book: Book, months: int) -> pd.DataFrame:
    rows = []
    for each in asked:
        value = top = bottom = np.nan
        missing = ""
        try:
            value, top, bottom = each.parts(book, months).total
        except Dark as reason:
            missing = str(reason)
        if not missing and value != value:
            missing = "Nobody paid at the opening."
        own = each.own(book.settings)
        rows.append((each.metric.name, each.named(months), value, top, bottom, own, each.why, missing))
    return pd.DataFrame(rows, columns=[*COLUMNS, "own", "why", "missing"])


def own_definition(book: Book, metric: Metric) -> Definition:
    """The definition the book itself uses for a metric."""
    return next(each for each in DEFINITIONS if each.metric is metric and each.own(book.settings))


def find(metric: str, words: str, months: int) -> Definition:
    """The definition of a metric with this name. Raises Misuse where there is none."""
    for each in definitions(months):
        if (each.metric.name, each.named(months)) == (metric, words):
            return each
    raise Misuse(f'there is no definition "{words}" of {metric}')


def accounts_of(each: Definition, book: Book, months: int) -> pd.DataFrame:
    """The accounts behind the figure of a definition: their tops and bottoms add up to it.

    ``account_id, name, opening, closing, top, bottom``; empty where there is no figure.
    """
    try:
        parts = each.parts(book, months)
    except Dark:
        return pd.DataFrame({name: [] for name in ("account_id", "name", "opening", "closing", "top", "bottom")})
    row = np.flatnonzero((parts.top != 0) | (parts.bottoms != 0))
    table = _described(book, months, row).assign(top=parts.tops[row], bottom=parts.bottoms[row])
    return table.sort_values(["bottom", "top"], ascending=False, kind="stable").reset_index(drop=True)


def differing(book: Book, months: int, one: Definition, other: Definition) -> pd.DataFrame:
    """Which accounts make the difference between two definitions?

    One row per account that adds something else to the one figure than to the other, largest difference first:
    ``account_id, name, opening, closing, top, bottom, other_top, other_bottom, difference``. The differences add up
    to the other value minus the one. Empty where either has no figure.
    """
    try:
        first, second = one.parts(book, months), other.parts(book, months)
    except Dark:
        return accounts_of(one, book.take(slice(0, 0)), months).assign(other_top=0.0, other_bottom=0.0, difference=0.0)
    row = np.flatnonzero((first.tops != second.tops) | (first.bottoms != second.bottoms))
    table = _described(book, months, row).assign(
        top=first.tops[row],
        bottom=first.bottoms[row],
        other_top=second.tops[row],
        other_bottom=second.bottoms[row],
        difference=difference(first, second)[row],
    )
    return table.sort_values("difference", key=abs, ascending=False, kind="stable").reset_index(drop=True)


def _described(book: Book, months: int, row: np.ndarray) -> pd.DataFrame:
    """Some accounts with their MRR at the two ends of the period."""
    asked = book.window(book.closes - 1 - months, book.closes - 1)
    return pd.DataFrame(
        {
            "account_id": book.accounts.index.to_numpy()[row],
            "name": book.accounts["name"].to_numpy()[row],
            "opening": asked.balance(months, 0)[-1][row] / book.scale,
            "closing": asked.balance(months, months)[-1][row] / book.scale,
        }
    )


# --- net revenue retention ------------------------------------------------------------------------------------------


def _under(book: Book, fx: str) -> Book:
    return book if book.settings.fx == fx else book.under(fx=fx)


@definition(
    net_revenue_retention,
    "point to point, opening accounts, opening FX",
    own=lambda settings: settings.fx == "constant",
    annual=True,
)
def _net_opening_fx(book: Book, months: int) -> Parts:
    """Opening accounts between the two ends, both ends at the opening's exchange rates."""
    return of_metric(net_revenue_retention, _under(book, "constant"), months)


@definition(net_revenue_retention, "point to point, closing FX", own=lambda settings: settings.fx == "floating")
def _net_closing_fx(book: Book, months: int) -> Parts:
    """Each end at its own exchange rate: a fall of a currency looks like a contraction."""
    return of_metric(net_revenue_retention, _under(book, "floating"), months)


@definition(closing_over_opening, "the whole book, new included (a common mistake)", beside=net_revenue_retention)
def _whole_book(book: Book, months: int) -> Parts:
    """What new and returning accounts bring counts as if opening accounts had paid it."""
    return of_metric(closing_over_opening, book, months)


# --- gross revenue retention ----------------------------------------------------------------------------------------


@definition(
    gross_revenue_retention,
    "point to point, capped per account",
    own=lambda settings: settings.gross_cap == "account",
    annual=True,
)
def _gross_per_account(book: Book, months: int) -> Parts:
    """Each account counts at most with its opening MRR: a rise in one product may make up for a fall in another."""
    return of_metric(gross_revenue_retention, book.under(gross_cap="account"), months)


@definition(
    gross_revenue_retention,
    "point to point, capped per product line",
    own=lambda settings: settings.gross_cap == "product",
)
def _gross_per_product(book: Book, months: int) -> Parts:
    """Each product of an account counts at most with its opening MRR: a swap of products counts as a loss."""
    return of_metric(gross_revenue_retention, book.under(gross_cap="product"), months)


@definition(gross_revenue_retention, "capped on the total only")
def _gross_of_total(book: Book, months: int) -> Parts:
    """One account's rise makes up for another's loss; only the whole may not exceed its opening.

    Where rises exceed losses, each rise counts in the same part: as much as makes up for the losses.
    """
    kept = of_metric(gross_revenue_retention, book.under(gross_cap="account"), months)
    net = of_metric(net_revenue_retention, book, months)
    rises = net.top - kept.top
    room = int((_known(kept.bottom) - kept.top).sum())
    counted = min(1.0, room / rises.sum()) if rises.any() else 1.0
    return kept._replace(top=kept.top + (rises if counted == 1 else counted * rises))


# --- sums of monthly movements --------------------------------------------------------------------------------------


def _of_movements(book: Book, months: int, *kinds: str) -> Parts:
    """Opening MRR and these movements of each month over opening MRR."""
    opened = of_metric(net_revenue_retention, book, months)
    flows = book.answered(("flows by account", months), lambda: flows_by_account(book, months))
    top = flows.opening + sum(flows.moved[:, FLOWS.index(kind)] for kind in kinds)
    return Parts(np.asarray(top), flows.opening, opened.bottom_scale, opened.bottom_scale)


@definition(net_revenue_retention, "sum of monthly movements, reactivation counted")
def _net_of_movements(book: Book, months: int) -> Parts:
    """Each month's movements, summed: accounts won in the period count with what they lose, returns count as kept."""
    return _of_movements(book, months, "expansion", "contraction", "churn", "reactivation")


@definition(gross_revenue_retention, "sum of monthly movements")
def _gross_of_movements(book: Book, months: int) -> Parts:
    """Each month's losses, summed: an account that falls and recovers, or leaves and returns, counts as a loss."""
    return _of_movements(book, months, "contraction", "churn")


@definition(net_revenue_retention, "sum of monthly movements, reactivation not counted")
def _net_of_movements_without_returns(book: Book, months: int) -> Parts:
    """Each month's movements, summed; an account that leaves and returns stays lost."""
    return _of_movements(book, months, "expansion", "contraction", "churn")


# --- what was due ---------------------------------------------------------------------------------------------------


@definition(gross_renewal_rate, "of the MRR due in the {period}", beside=gross_revenue_retention)
def _gross_renewal(book: Book, months: int) -> Parts:
    """Only accounts whose renewal date falls in the period: what others did in mid-term does not enter."""
    return of_metric(gross_renewal_rate, book, months)


@definition(net_renewal_rate, "of the MRR due in the {period}", beside=net_revenue_retention)
def _net_renewal(book: Book, months: int) -> Parts:
    """Only accounts whose renewal date falls in the period, rises at the renewal counted."""
    return of_metric(net_renewal_rate, book, months)


# --- accounts counted -----------------------------------------------------------------------------------------------


def _always(settings: Settings) -> bool:
    return True


@definition(logo_retention, "opening accounts", own=_always)
def _logos(book: Book, months: int) -> Parts:
    """Accounts counted, not revenue: the smallest weighs as much as the largest."""
    return of_metric(logo_retention, book, months)


@definition(logo_churn_rate, "opening accounts", own=_always)
def _logos_lost(book: Book, months: int) -> Parts:
    """Opening accounts lost over opening accounts."""
    return of_metric(logo_churn_rate, book, months)


def _lost_over_opening_and_new(closing: np.ndarray, opening: np.ndarray, arrived: np.ndarray) -> Amounts:
    return ((opening > 0) & (closing == 0)).astype(np.int64), (opening > 0) + arrived


def _any_lost_over_opening_and_new(closing: np.ndarray, opening: np.ndarray, arrived: np.ndarray) -> Amounts:
    bottom = (opening > 0) + arrived
    return ((bottom > 0) & (closing == 0)).astype(np.int64), bottom


@definition(logo_churn_rate, "opening accounts lost, over opening and new accounts")
def _logos_lost_of_more(book: Book, months: int) -> Parts:
    """New accounts make the base larger: the faster the growth, the smaller the churn looks."""
    return of_metric(replace(logo_churn_rate, function=_lost_over_opening_and_new), book, months)


@definition(logo_churn_rate, "all accounts lost, over opening and new accounts")
def _any_lost_of_more(book: Book, months: int) -> Parts:
    """New accounts are in the base, and those already gone again are counted as lost."""
    return of_metric(replace(logo_churn_rate, function=_any_lost_over_opening_and_new), book, months)


# --- rates of several periods ---------------------------------------------------------------------------------------


def _periods(metric: Metric, book: Book, months: int, step: int, count: int) -> list[Parts]:
    """The parts of the last so many periods, the latest first."""
    return [of_metric(metric, book, months, back=step * place) for place in range(count)]


@definition(net_revenue_retention, "average of the monthly rates")
def _net_monthly(book: Book, months: int) -> Parts:
    """A rate for one month, not for the whole period: it looks higher because a month is short."""
    return mean(_periods(net_revenue_retention, book, 1, 1, months))


@definition(gross_revenue_retention, "average of the monthly rates")
def _gross_monthly(book: Book, months: int) -> Parts:
    """A rate for one month, not for the whole period: it looks higher because a month is short."""
    return mean(_periods(gross_revenue_retention, book, 1, 1, months))


def _lowest_close(lowest: np.ndarray, opening: np.ndarray) -> Amounts:
    return lowest, opening


@definition(gross_revenue_retention, "lowest close of the period", annual=True)
def _gross_at_lowest(book: Book, months: int) -> Parts:
    """Each account counts with its lowest MRR on the way: a recovery inside the period does not count."""
    return of_metric(replace(gross_revenue_retention, function=_lowest_close, capped=False), book, months)


def _yearly(metric: Metric) -> None:
    """The usual routes to an annual figure, for a metric."""

    @definition(metric, "four quarters chained", only=YEAR)
    def quarters_chained(book: Book, months: int) -> Parts:
        """The four quarters' rates multiplied: each quarter's new accounts are in the next quarter's base."""
        return chained(_periods(metric, book, 3, 3, 4))

    @definition(metric, "average of four trailing years", only=YEAR)
    def average(book: Book, months: int) -> Parts:
        """The last four quarter ends' trailing years, averaged: what happened up to 21 months ago still counts."""
        return mean(_periods(metric, book, YEAR, 3, 4))

    @definition(metric, "average of four trailing years, weighted", only=YEAR)
    def weighted(book: Book, months: int) -> Parts:
        """The same average, each trailing year weighted by its opening MRR."""
        return pooled(_periods(metric, book, YEAR, 3, 4))

    @definition(metric, "mean quarter, annualised", only=YEAR)
    def annualised(book: Book, months: int) -> Parts:
        """The mean of the four quarters' rates to the fourth power: as if every quarter were the mean one."""
        return compounded_mean(_periods(metric, book, 3, 3, 4))


for _metric in (net_revenue_retention, gross_revenue_retention):
    _yearly(_metric)


def _known(amounts: np.ndarray | None) -> np.ndarray:
    assert amounts is not None
    return amounts
