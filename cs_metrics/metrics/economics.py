"""Economics: what keeping customers costs, and what is left of their revenue after what was spent on them."""

from __future__ import annotations

import numpy as np

from cs_metrics.book import Book
from cs_metrics.happened import in_period
from cs_metrics.metric import Amounts, measure, metric
from cs_metrics.spending import MARGIN, PARTS, PURPOSES, carried, covered, dated, of_whole_accounts
from cs_metrics.units import COUNT, MONEY, PERCENT, RATIO

SOURCE = "Management accounting: costs dealt out by the allocation sheet, which is the team's own"


def in_known_periods(book: Book, months: int, values: np.ndarray) -> np.ndarray:
    """Values of periods, nothing where the costs of one of the period's months are not known."""
    known = in_period(covered(book).astype(np.int64)[:, None], months, months) == months
    return np.where(known, values, 0)


def _spent(book: Book, months: int, upto: int, purpose: str) -> np.ndarray:
    dated(book)
    of_whole_accounts(book)
    if book.closes <= months:
        return np.zeros((0, len(book)), dtype=np.int64)
    return in_known_periods(book, months, in_period(carried(book)[PURPOSES.index(purpose)], months, upto))


@measure(period=True)
def cost_to_renew(book: Book, months: int, upto: int) -> np.ndarray:
    """What was spent to keep each account."""
    return _spent(book, months, upto, "renew")


@measure(period=True)
def cost_to_expand(book: Book, months: int, upto: int) -> np.ndarray:
    """What was spent to grow each account."""
    return _spent(book, months, upto, "expand")


@measure(period=True)
def acquisition_written_off(book: Book, months: int, upto: int) -> np.ndarray:
    """What was written off, in the period, of the cost to acquire."""
    return _spent(book, months, upto, "acquire")


@measure(period=True)
def earned(book: Book, months: int, upto: int) -> np.ndarray:
    """The MRR of every month of the period, each at its own exchange rate."""
    dated(book)
    return in_known_periods(book, months, in_period(book.balance(0, 0), months, upto))


@measure(period=True)
def margin_earned(book: Book, months: int, upto: int) -> np.ndarray:
    """The gross margin on what was earned."""
    dated(book)
    if book.closes <= months:
        return np.zeros((0, len(book)), dtype=np.int64)
    each = in_period(book.balance(0, 0), months, upto) * round(PARTS * MARGIN.of(book))
    return in_known_periods(book, months, (each + PARTS // 2) // PARTS)


@measure(period=True)
def customers_kept(book: Book, months: int, upto: int) -> np.ndarray:
    """1 for each customer at a period's opening that still is one."""
    dated(book)
    kept = (book.balance(months, 0) > 0) & (book.balance(months, upto) > 0)
    return in_known_periods(book, months, kept.astype(np.int64))


@measure(period=True)
def mrr_kept(book: Book, months: int, upto: int) -> np.ndarray:
    """Of the MRR at a period's opening, what is still there; rises not counted."""
    dated(book)
    return in_known_periods(book, months, np.minimum(book.balance(months, 0), book.balance(months, upto)))


@metric(
    label="Cost to keep a customer",
    unit=MONEY,
    bottom=COUNT,
    good="down",
    formula="what was spent to renew over {months}, over the customers at its opening that are still customers",
    source=SOURCE,
)
def customer_retention_cost(cost_to_renew: np.ndarray, customers_kept: np.ndarray) -> Amounts:
    """What does it cost to keep a customer?

    The customer retention cost. What was spent on those who left or came in the period counts too. Blank where the
    table costs has no row for a month of the period.
    """
    return cost_to_renew, customers_kept


@metric(
    label="Cost per unit of MRR kept",
    unit=RATIO,
    good="down",
    formula="what was spent to renew over {months}, over the MRR of its opening that is still there",
    source=SOURCE,
)
def retention_cost_per_mrr(cost_to_renew: np.ndarray, mrr_kept: np.ndarray) -> Amounts:
    """What does it cost to keep one unit of monthly revenue?

    Rises are not counted as kept. Blank where the table costs has no row for a month of the period.
    """
    return cost_to_renew, mrr_kept


@metric(
    label="Net profitability",
    unit=PERCENT,
    formula="gross margin on the MRR of each month of {months}, less what was spent to renew and to expand and what "
    "was written off of the cost to acquire, over that MRR",
    source=SOURCE,
)
def net_profitability(
    margin_earned: np.ndarray,
    cost_to_renew: np.ndarray,
    cost_to_expand: np.ndarray,
    acquisition_written_off: np.ndarray,
    earned: np.ndarray,
) -> Amounts:
    """What is left of the revenue after what was spent on the customers?

    The gross margin is a setting; until it is set, revenue counts whole. Blank where the table costs has no row for
    a month of the period.
    """
    return margin_earned - cost_to_renew - cost_to_expand - acquisition_written_off, earned
