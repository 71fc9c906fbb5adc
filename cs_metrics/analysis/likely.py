"""How far luck could have moved a rate: closed-form ranges, no random numbers.

A period's rate is exact; the range says which underlying rates it is compatible with. Resampling a book's own
accounts is not used: at 20 to 40 accounts it covers the truth only 60 to 80 % of the time, and it collapses to
nothing for a book that lost nobody.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy import special
from scipy.special import ndtri

from cs_metrics.book import Book
from cs_metrics.metric import METRICS, Metric
from cs_metrics.metrics.voice import nps, promoters_heard
from cs_metrics.tally import divisor, grouping, of_rows

FEWEST_FOR_A_RANGE = 15
FEWEST_FOR_A_RATE = 5
RANGED = ("net_revenue_retention", "gross_revenue_retention", "logo_retention")
ANSWERED = ("nps", "csat", "response_rate", "survey_coverage", "first_contact_resolution")
PROMOTERS = replace(nps, name="promoters", function=promoters_heard)


class Range(NamedTuple):
    """The ends of a likely range, not numbers where none can be given, and the accounts it rests on."""

    low: float
    high: float
    accounts: int


def wilson(kept: float, of: float, level: float = 0.8) -> tuple[float, float]:
    """The range of a share: Wilson's score interval.

    >>> [round(end, 6) for end in wilson(36, 40, 0.95)]
    [0.769482, 0.96042]
    """
    z = special.ndtri(0.5 + level / 2)
    p, spread = kept / of, z * z / of
    centre = (p + spread / 2) / (1 + spread)
    half = z * np.sqrt(p * (1 - p) / of + spread / (4 * of)) / (1 + spread)
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


def _spread_of_ratio(amount: np.ndarray, base: np.ndarray) -> tuple[float, float]:
    """A ratio of sums and its linearised standard error."""
    ratio = amount.sum() / base.sum()
    n = len(base)
    residual = amount - ratio * base
    return ratio, float(np.sqrt(n / (n - 1) * (residual**2).sum()) / base.sum())


def gross_range(opening: np.ndarray, closing: np.ndarray, level: float = 0.8) -> tuple[float, float]:
    """The range of gross revenue retention: Beta quantiles on the effective number of accounts.

    The effective number is the smaller of Kish's (unequal sizes) and Korn and Graubard's (how unequal the losses
    were), so one big account among forty counts for what it is.
    """
    kept = np.minimum(opening, closing)
    gross, error = _spread_of_ratio(kept, opening)
    effective = opening.sum() ** 2 / (opening**2).sum()
    if error > 0:
        effective = min(effective, gross * (1 - gross) / error**2)
    a, b = gross * effective + 0.5, (1 - gross) * effective + 0.5
    low, high = special.betaincinv(a, b, [0.5 - level / 2, 0.5 + level / 2])
    return (0.0 if gross == 0 else float(low)), (1.0 if gross == 1 else float(high))


def net_range(opening: np.ndarray, closing: np.ndarray, level: float = 0.8) -> tuple[float, float]:
    """The range of net revenue retention: the gross range and that of the rises, joined by MOVER."""
    low, high = gross_range(opening, closing, level)
    gross = np.minimum(opening, closing).sum() / opening.sum()
    rises, error = _spread_of_ratio(np.maximum(closing - opening, 0), opening)
    reach = special.stdtrit(len(opening) - 1, 0.5 + level / 2) * error
    fewest, most = max(0.0, rises - reach), rises + reach
    net = gross + rises
    return (
        float(net - np.hypot(gross - low, rises - fewest)),
        float(net + np.hypot(high - gross, most - rises)),
    )


def nps_range(promoters: int, passives: int, detractors: int, level: float = 0.95) -> tuple[float, float]:
    """The range of an NPS in points: adjusted Wald, with three answers added, one of each kind weighed ¾, 1½, ¾.

    >>> [round(end, 6) for end in nps_range(22, 12, 6)]
    [15.091452, 59.327153]
    """
    n = promoters + passives + detractors + 3
    p, d = (promoters + 0.75) / n, (detractors + 0.75) / n
    margin = ndtri((1 + level) / 2) * np.sqrt((p + d - (p - d) ** 2) / n)
    return float(100 * max(p - d - margin, -1)), float(100 * min(p - d + margin, 1))


def answer_range(metric: Metric, book: Book, months: int, level: float = 0.95) -> Range:
    """The margin of a figure that counts answers or tickets, and how many there were; not numbers where there are none.

    NPS by adjusted Wald, shares by Wilson's interval.
    """
    last = metric.tally(book, months).rows().iloc[-1]
    n = 0 if np.isnan(last["bottom"]) else int(last["bottom"])
    if not n:
        return Range(np.nan, np.nan, 0)
    if metric.name != "nps":
        return Range(*wilson(last["top"], last["bottom"], level), n)
    promoters = int(PROMOTERS.tally(book, months).rows().iloc[-1]["top"])
    detractors = promoters - int(last["top"])
    return Range(*nps_range(promoters, n - promoters - detractors, detractors, level), n)


def likely_range(metric: Metric, book: Book, months: int = 3, level: float = 0.8) -> Range:
    """Which rates could have given the book's last figure by luck? For net, gross and logo retention.

    Not numbers below 15 accounts, and where the metric has no such range.
    """
    nothing = Range(np.nan, np.nan, 0)
    if metric.name not in RANGED:
        return nothing
    if book.closes <= months:
        return nothing
    asked_for = METRICS["logo_retention" if metric.name == "logo_retention" else "net_revenue_retention"]
    asked, groups = book.window(book.closes - 1 - months, book.closes - 1), grouping(book, None)
    closing, opening = (
        amounts / divisor(metric, asked, months, groups) for amounts in of_rows(asked_for, asked, months, groups)
    )
    return range_of(metric, closing[opening > 0], opening[opening > 0], level)


def range_of(metric: Metric, closing: np.ndarray, opening: np.ndarray, level: float = 0.8) -> Range:
    """The likely range of a rate over these accounts: their opening amounts, all positive, and what became of them.

    For logo retention the amounts are 1 and 1 or 0. Not numbers below 15 accounts, and for other metrics.
    """
    accounts = len(opening)
    if accounts < FEWEST_FOR_A_RANGE or metric.name not in RANGED:
        return Range(np.nan, np.nan, accounts)
    if metric.name == "logo_retention":
        return Range(*wilson(closing.sum(), opening.sum(), level), accounts)
    how = net_range if metric.name == "net_revenue_retention" else gross_range
    return Range(*how(opening, closing, level), accounts)


def range_of_hits(account: np.ndarray, hit: np.ndarray, level: float = 0.8) -> tuple[float, float]:
    """The likely range of a share of hits among rows of which several may be of one account.

    An account's rows count as one, as an account's MRR does in the gross range. Not numbers below five accounts.

    >>> [round(end, 3) for end in range_of_hits(np.arange(40), np.arange(40) < 4, 0.95)]
    [0.034, 0.222]
    """
    _, place = np.unique(account, return_inverse=True)
    times = np.bincount(place).astype(float)
    if len(times) < FEWEST_FOR_A_RATE:
        return np.nan, np.nan
    return gross_range(times, np.bincount(place, hit.astype(float)), level)
