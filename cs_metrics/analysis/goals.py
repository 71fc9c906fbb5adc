"""What would a CSM's bonus for retention be, under each owner rule and each definition in use?

Nothing is paid at the baseline or below, the bonus at the target; in proportion between the two and beyond, up to the
cap.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pandas as pd

from cs_metrics.analysis.compare import DEFINITIONS, YEAR, own_definition
from cs_metrics.analysis.handovers import RULES
from cs_metrics.analysis.parts import Parts
from cs_metrics.book import Book, Dark, Misuse
from cs_metrics.metric import METRICS

FIGURES = ("net_revenue_retention", "gross_revenue_retention")
NOT_OF_THE_PERIOD = "average of the monthly rates"
COLUMNS = ("owner", "definition", "value", "payout", "own", "why", "missing")


@dataclass(frozen=True)
class Bonus:
    """A bonus for a figure: from which figure it begins, at which it is whole, how much that is, the most paid.

    ``cap`` is the most paid as a multiple of ``amount``. Figures are fractions: 0.9 is 90 %.
    """

    figure: str
    baseline: float
    target: float
    amount: float
    cap: float = 1.5

    def __post_init__(self) -> None:
        if self.figure not in FIGURES:
            raise Misuse(f'a bonus is for {" or ".join(FIGURES)}, not "{self.figure}"')
        if not self.baseline <= self.target or min(self.amount, self.cap) < 0:
            raise Misuse("the baseline must not exceed the target, and neither amount nor cap may be negative")

    def payout(self, value: Fraction | None) -> Fraction | None:
        """What is paid at a figure, to the cent, half a cent up; None where there is no figure.

        Amount × (value − baseline) / (target − baseline), never below 0, never above amount × cap. Where baseline and
        target are one, all of it from there on, and nothing below.

        >>> bonus = Bonus("net_revenue_retention", 0.9, 1.0, 5000)
        >>> [float(bonus.payout(Fraction(value))) for value in ("0.85", "0.97", "1", "1.2")]
        [0.0, 3500.0, 5000.0, 7500.0]
        """
        if value is None:
            return None
        baseline, target, amount, cap = (
            Fraction(str(each)) for each in (self.baseline, self.target, self.amount, self.cap)
        )
        if baseline == target:
            part = Fraction(int(value >= target))
        else:
            part = (value - baseline) / (target - baseline)
        cents = 100 * amount * min(max(part, Fraction(0)), cap)
        return Fraction(int(cents + Fraction(1, 2)), 100)


class Spread(NamedTuple):
    """Between what a payout lies: the least and the most, and how many ways of counting that is."""

    least: float
    most: float
    ways: int


def payouts(book: Book, csm: str, bonus: Bonus, months: int = YEAR) -> pd.DataFrame:
    """What would be paid to a CSM for the last months, rule by rule and definition by definition?

    One row per owner rule under the book's own definition, then one per other definition under the book's own rule:
    ``owner, definition, value, payout``, whether it is the book's ``own``, ``why`` it differs, and what is ``missing``
    where there is no figure; then payout is blank. Definitions that are not of the whole period are left out.

    >>> book = Book.of_mrr({"Acme": [100, 97]}, first="2025-01", csm=["Ann"])
    >>> found = payouts(book, "Ann", Bonus("net_revenue_retention", 0.9, 1.0, 5000), months=1)
    >>> found["payout"].unique().tolist()    # 97 % lies seven tenths of the way from 90 to 100 %
    [3500.0]
    """
    metric = METRICS[bonus.figure]
    own = own_definition(book, metric)
    others = [
        each
        for each in DEFINITIONS
        if each.metric is metric and each is not own and each.words != NOT_OF_THE_PERIOD and each.only in (None, months)
    ]
    asked = [(rule, own) for rule in RULES] + [(book.settings.owner, each) for each in others]
    mine = book.held_by(csm)
    rows = []
    for rule, each in asked:
        value, missing = None, ""
        try:
            value = exact(each.parts(mine.under(owner=rule), months))
        except Dark as reason:
            missing = str(reason)
        if value is None:
            missing = missing or "Nobody paid at the opening."
        paid = bonus.payout(value)
        rows.append(
            (
                rule,
                each.named(months),
                np.nan if value is None else float(value),
                np.nan if paid is None else float(paid),
                each is own and rule == book.settings.owner,
                each.why,
                missing,
            )
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def exact(parts: Parts) -> Fraction | None:
    """The value of a figure from its parts, as a fraction without rounding; None where the bottom is nothing."""
    assert parts.bottom is not None
    top, bottom = (_summed(amounts) for amounts in (parts.top, parts.bottom))
    return None if not bottom else parts.factor * top / parts.top_scale * parts.bottom_scale / bottom


def _summed(amounts: np.ndarray) -> Fraction:
    total = amounts.sum()
    return Fraction(int(total)) if np.issubdtype(amounts.dtype, np.integer) else Fraction(float(total))


def spread(found: pd.DataFrame) -> Spread | None:
    """Between what the payout lies over all ways of counting; None where none of them has a figure."""
    known = found["payout"].dropna()
    return Spread(float(known.min()), float(known.max()), len(known)) if len(known) else None
