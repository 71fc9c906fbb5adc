"""Expansion: what customers came to pay more, for what, and how much of what fits them they hold.

A rise is split between the two ends of a period, product by product: **cross-sell** is a product taken on, **upsell**
more of a product already held, **price** what the quantity at the opening pays more. Where no quantity is known
(subscriptions with quantities, or seats in the table usage) the whole rise of a product already held is upsell. An
account that gives up a product while it takes on another has changed plans: that is upsell. What the account gave up
or reduced is set against upsell first, then price, then cross-sell, so that the three add up to its expansion.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_metrics.analysis.products_held import cells, fit_at, holding, in_cells
from cs_metrics.book import Book
from cs_metrics.happened import facts_of, in_period, state_at_close
from cs_metrics.metric import Amounts, measure, metric
from cs_metrics.units import COUNT, PERCENT

SOURCE = "Standard of the field; the usual target is 20–30 % of the book a year"


def kinds(book: Book, months: int, upto: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The rise of each opening account by kind, upsell, cross-sell and price: periods × rows each."""
    periods, lines, floating = max(book.closes - months, 0), book.lines, book.settings.fx == "floating"
    later = slice(upto, upto + periods)
    before = in_cells(book, lines.amounts[:periods], book.rates[:periods])
    after = in_cells(book, lines.amounts[later], book.rates[later if floating else slice(periods)])
    had, step = before > 0, after - before
    taken = _per_row(book, np.where(had, 0, step))
    fell = _per_row(book, np.maximum(-step, 0))
    swapped = _per_row(book, (had & (after == 0)).astype(np.int64)) > 0
    volume = np.where(had, np.maximum(step, 0), 0)
    price = volume - np.minimum(volume, _of_quantity(book, months, upto, before, volume))
    repriced = _per_row(book, price)
    more = _per_row(book, volume - price) + np.where(swapped, taken, 0)
    taken = np.where(swapped, 0, taken)
    upsell, fell = np.maximum(more - fell, 0), np.maximum(fell - more, 0)
    repriced, fell = np.maximum(repriced - fell, 0), np.maximum(fell - repriced, 0)
    opening = _per_row(book, before) > 0
    return upsell * opening, np.maximum(taken - fell, 0) * opening, repriced * opening


def _per_row(book: Book, values: np.ndarray) -> np.ndarray:
    """Values of cells, added up by row: periods × rows."""
    row = cells(book).row
    if len(row) == len(book) and (row == np.arange(len(row))).all():
        return values
    total = np.zeros((len(values), len(book)), dtype=np.int64)
    if len(row):
        first = np.flatnonzero(np.r_[True, row[1:] != row[:-1]])
        total[:, row[first]] = np.add.reduceat(values, first, axis=1)
    return total


def _of_quantity(book: Book, months: int, upto: int, before: np.ndarray, rise: np.ndarray) -> np.ndarray:
    """What of each rise the growth in quantity makes at the opening's price: periods × cells; all where unknown."""
    quantity = quantities(book)
    if quantity is None:
        return rise
    periods = len(before)
    start, end = quantity[:periods], quantity[upto : upto + periods]
    with np.errstate(divide="ignore", invalid="ignore"):
        grown = np.rint(before * np.maximum(end / start - 1, 0))
    return np.where((start > 0) & (end > 0), np.nan_to_num(grown, posinf=0), rise).astype(np.int64)


def quantities(book: Book) -> np.ndarray | None:
    """How much of each cell was paid for at each close, not a number where unknown: closes × cells, None if never.

    Quantities of subscriptions, else the seats in the table usage, which count for every product of an account.
    """
    if book.accounts.index.has_duplicates:
        return None
    return book.kept("quantities", lambda: _quantities(book))


def _quantities(book: Book) -> np.ndarray | None:
    if book.knows("subscriptions.quantity") and book.knows("subscriptions.product"):
        return _subscribed(book)
    if not book.knows("usage.licensed_seats"):
        return None
    company = book.company
    seats = company.kept("seats by close", lambda: _seats(company))
    here = cells(book).row
    if company is not book:
        here = _among(book, company)[here]
    return seats[:, here]


def _seats(company: Book) -> np.ndarray:
    rows = facts_of(company, "usage", "licensed_seats")
    inside = rows["day"].to_numpy() >= np.datetime64(company.first_close.start_time, "s")
    rows = rows if inside.all() else rows[["row", "day", "licensed_seats", "subscription_id"]].take(
        np.flatnonzero(inside)
    )  # fmt: skip
    return state_at_close(company, rows, rows["day"], "licensed_seats")


def _among(book: Book, company: Book) -> np.ndarray:
    """Where each row of a book stands in its company."""
    mine, theirs = book.facts.positions, company.facts.positions
    assert mine is not None
    if theirs is None:
        return mine
    place = np.full(int(theirs.max(initial=-1)) + 1, -1)
    place[theirs] = np.arange(len(theirs))
    return place[mine]


def _subscribed(book: Book) -> np.ndarray:
    """The quantity in force of each cell at each close; not a number where a subscription in force gives none."""
    rows, found, products = facts_of(book, "subscriptions", "quantity"), cells(book), len(book.lines.products)
    product = book.lines.products.get_indexer(pd.Index(rows["product"].astype(object).fillna("").astype(str)))
    key = rows["row"].to_numpy(dtype=np.int64) * products + product
    own = found.row * products + found.product
    place = np.minimum(np.searchsorted(own, key), max(len(own) - 1, 0))
    known = (product >= 0) & (own[place] == key if len(own) else False)
    start = np.clip(book.closes_of(rows["start_date"]), 0, book.closes)
    end = np.full(len(rows), book.closes)
    if "end_date" in rows:
        given = rows["end_date"]
        end = np.where(given.isna(), book.closes, np.clip(book.closes_of(given), 0, book.closes))
    amount, known = rows["quantity"].to_numpy(dtype=float), known & (start < end)
    total, blank = np.zeros((2, book.closes + 1, len(own)))
    for into, values in ((total, np.nan_to_num(amount)), (blank, np.isnan(amount).astype(float))):
        np.add.at(into, (start[known], place[known]), values[known])
        np.subtract.at(into, (end[known], place[known]), values[known])
        np.cumsum(into, axis=0, out=into)
    return np.where(blank > 0.5, np.nan, total)[:-1]


@measure(period=True)
def upsold(book: Book, months: int, upto: int) -> np.ndarray:
    """What opening accounts pay more for more of what they held, at the opening's price."""
    return kinds(book, months, upto)[0]


@measure(period=True)
def cross_sold(book: Book, months: int, upto: int) -> np.ndarray:
    """What opening accounts pay for products they did not hold."""
    return kinds(book, months, upto)[1]


@measure(period=True)
def repriced(book: Book, months: int, upto: int) -> np.ndarray:
    """What opening accounts pay more for the quantity they had."""
    return kinds(book, months, upto)[2]


@measure(period=True)
def expanded(book: Book, months: int, upto: int) -> np.ndarray:
    """The rises of each row from month to month, added up; a first or returning revenue is none."""
    if book.one_currency or book.settings.fx == "floating":
        before, after = book.at_next_rate(), book.balance(0, 0)
        return in_period(np.concatenate([np.zeros_like(after[:1]), _rise(before, after[1:])]), months, upto)
    total = np.zeros((max(book.closes - months, 0), len(book)), dtype=np.int64)
    for month in range(1, upto + 1):
        total += _rise(book.balance(months, month - 1), book.balance(months, month))
    return total


def _rise(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    return np.where(before > 0, np.maximum(after - before, 0), 0)


@measure(period=False)
def products_held(book: Book, months: int, upto: int) -> np.ndarray:
    """How many products each customer holds at each close."""
    held = holding(book)
    return _per_row(book, held.astype(np.int64)) * (book.balance(0, 0) > 0)


@measure(period=False)
def products_that_fit(book: Book, months: int, upto: int) -> np.ndarray:
    """How many products each customer holds, or half its look-alikes hold, at each close."""
    holding(book)
    return np.array([fit_at(book, close).fits.sum(axis=1) for close in range(book.closes)], dtype=np.int64).reshape(
        book.closes, len(book)
    )


@metric(
    label="Expansion share",
    unit=PERCENT,
    formula="what customers came to pay more, month by month over {months}, over the MRR at the opening",
    source=SOURCE,
)
def expansion_share(expanded: np.ndarray, opening: np.ndarray) -> Amounts:
    """How much of the book was added by customers who already paid?

    The expansion of the waterfall of movements: every monthly rise counts, those of accounts that came within the
    period too, and a later fall takes nothing back. The expansion rate compares the two ends of the period instead.
    """
    return expanded, opening


@metric(
    label="Upsell rate",
    unit=PERCENT,
    formula="what opening accounts pay more than {months} ago for more of what they held, over all MRR then",
    source=SOURCE,
)
def upsell_rate(upsold: np.ndarray, opening: np.ndarray) -> Amounts:
    """How much did customers add by buying more of the same?

    Upsell, cross-sell and price add up to the expansion rate. A rise on a product already held is upsell as far as
    the quantity grew, at the opening's price; where no quantity is known, all of it. A change of plan is upsell.
    """
    return upsold, opening


@metric(
    label="Cross-sell rate",
    unit=PERCENT,
    formula="what opening accounts pay for products they did not hold {months} ago, over all MRR then",
    source=SOURCE,
)
def cross_sell_rate(cross_sold: np.ndarray, opening: np.ndarray) -> Amounts:
    """How much did customers add by taking on other products?

    Without names of products there is none, and all is upsell. Where a product was given up for another, the plan
    was changed: that counts as upsell.
    """
    return cross_sold, opening


@metric(
    label="Price rate",
    unit=PERCENT,
    good="neither",
    formula="what opening accounts pay more than {months} ago for the quantity they had then, over all MRR then",
    source=SOURCE,
)
def price_rate(repriced: np.ndarray, opening: np.ndarray) -> Amounts:
    """How much did higher prices add?

    Told by the quantities of subscriptions, else by the seats in the table usage; where neither is known a rise
    counts as upsell.
    """
    return repriced, opening


@metric(
    label="Whitespace taken",
    unit=PERCENT,
    top=COUNT,
    bottom=COUNT,
    formula="products held over the products that fit: held, or held by most look-alikes",
    source="Our own rule: what accounts alike hold",
)
def whitespace_taken(products_held: np.ndarray, products_that_fit: np.ndarray) -> Amounts:
    """How much of what would fit the customers do they hold?

    Look-alikes are the other customers of the same segment and industry, where these are too few of the segment; a
    product fits where a set share of them holds it (half, of ten or more, unless the team sets otherwise).
    """
    return products_held, products_that_fit
