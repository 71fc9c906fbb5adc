"""What moved a figure between two periods: which accounts, which groups, mix or rate; and how much hangs on few.

A rate changes because groups do better or worse (rate effect) or because the book shifts to groups that are better
or worse anyway (mix effect). Everything here adds up to the change exactly.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from cs_metrics.analysis.parts import change, of_metric
from cs_metrics.book import Book, Dark
from cs_metrics.metric import Metric

BY_ACCOUNT = (
    "account_id", "name", "top_before", "bottom_before", "top", "bottom", "contribution", "without", "weighs",
)  # fmt: skip
BY_GROUP = (
    "group", "before", "now", "share_before", "share", "rate_effect", "mix_effect", "contribution",
)  # fmt: skip
TOP = 10


def by_account(metric: Metric, book: Book, months: int = 3, back: int | None = None) -> pd.DataFrame:
    """Which accounts moved the figure since the period ``back`` months earlier, by default the one before?

    One row per account with a part in either period, largest contribution first: its top and bottom then and now,
    its ``contribution`` to the change (they add up to it), the figure ``without`` the account, and what it
    ``weighs``: the figure with it minus the figure without. Empty where the earlier or the later figure is missing.

    >>> from cs_metrics.metrics.retention import net_revenue_retention
    >>> book = Book.of_mrr({"Acme": [100, 100, 0], "Birch": [100, 110, 110]}, first="2025-01")
    >>> by_account(net_revenue_retention, book, months=1)[["account_id", "contribution", "without"]].round(4)
      account_id  contribution  without
    0       Acme       -0.4813      1.0
    1      Birch       -0.0449      0.0
    """
    back = months if back is None else back
    try:
        before, now = of_metric(metric, book, months, back), of_metric(metric, book, months)
    except Dark:
        return pd.DataFrame({name: [] for name in BY_ACCOUNT})
    row = np.flatnonzero((before.top != 0) | (before.bottoms != 0) | (now.top != 0) | (now.bottoms != 0))
    if now.bottom is not None:
        base = now.bottom
        moved = change(before.tops, before.bottoms, now.tops, now.bottoms, metric.factor)[row]
        rest = ((base.sum() - base) / now.bottom_scale)[row]
        others = ((now.top.sum() - now.top) / now.top_scale)[row]
        without = metric.factor * others / np.where(rest > 0, rest, np.nan)
    else:
        moved = (now.tops - before.tops)[row]
        without = ((now.top.sum() - now.top) / now.top_scale)[row]
    columns = (
        book.accounts.index.to_numpy()[row],
        book.accounts["name"].to_numpy()[row],
        before.tops[row],
        before.bottoms[row],
        now.tops[row],
        now.bottoms[row],
        moved,
        without,
        now.total[0] - without,
    )
    table = pd.DataFrame(dict(zip(BY_ACCOUNT, columns, strict=True)))
    return table.sort_values("contribution", key=abs, ascending=False, kind="stable").reset_index(drop=True)


def by_group(metric: Metric, book: Book, by: str, months: int = 3, back: int | None = None) -> pd.DataFrame:
    """Which groups moved a rate, by doing better or worse, or by their share of the book?

    One row per group with a part in either period: the rate ``before`` and ``now``, the group's ``share`` of the
    opening then and now, the ``rate_effect`` (mean share × change of the rate), the ``mix_effect`` (change of the
    share × mean rate less the book's), and their sum, the ``contribution``. A group that has a rate in one of the
    periods only moves the figure by its share alone. Empty where either figure is missing.
    """
    back = months if back is None else back
    tally = metric.tally(book, months, by)
    at = len(tally.months) - 1
    if not metric.ratio or at - back < 0 or not tally.known[[at - back, at]].all():
        return pd.DataFrame({name: [] for name in BY_GROUP})
    tops, bottoms = tally.top.to_numpy(), tally.bottom.to_numpy()
    before, now, base = (tops[at - back], bottoms[at - back]), (tops[at], bottoms[at]), bottoms.sum(axis=1)
    if not base[at - back] or not base[at]:
        return pd.DataFrame({name: [] for name in BY_GROUP})
    values = tally.values.to_numpy()
    share_before, share = before[1] / base[at - back], now[1] / base[at]
    rate = (share_before + share) / 2 * (values[at] - values[at - back])
    rate = np.where(np.isfinite(rate), rate, 0.0)
    contribution = change(*before, *now, metric.factor)
    columns = (
        tally.groups.astype(str),
        values[at - back],
        values[at],
        share_before,
        share,
        rate,
        contribution - rate,
        contribution,
    )
    table = pd.DataFrame(dict(zip(BY_GROUP, columns, strict=True)))
    some = (before[0] != 0) | (before[1] != 0) | (now[0] != 0) | (now[1] != 0)
    return table[some].reset_index(drop=True)


class Concentration(NamedTuple):
    """How much of the book hangs on few accounts.

    ``largest`` and ``top`` are shares of MRR: of the largest account, of the ten largest. ``equal_accounts`` is the
    number of accounts of one size that would be as spread out: 1 / Σ share², the inverse of Herfindahl's index.
    """

    accounts: int
    largest: float
    top: float
    equal_accounts: float


def concentration(book: Book) -> Concentration:
    """On how many accounts does the MRR of the last close rest? Not numbers where nobody pays.

    >>> concentration(Book.of_mrr({"A": [50], "B": [25], "C": [25]}))
    Concentration(accounts=3, largest=0.5, top=1.0, equal_accounts=2.6666666666666665)
    """
    mine = book.held_now()
    mrr = mine.balance(0, 0)[-1] if mine.closes else np.zeros(0, dtype=np.int64)
    shares = np.sort(mrr[mrr > 0])[::-1] / max(mrr.sum(), 1)
    if not len(shares):
        return Concentration(0, np.nan, np.nan, np.nan)
    return Concentration(len(shares), float(shares[0]), float(shares[:TOP].sum()), float(1 / (shares**2).sum()))
