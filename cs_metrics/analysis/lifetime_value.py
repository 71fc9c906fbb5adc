"""What is a customer worth over its life? Simply from ARPA and churn, and from how long customers were seen to stay.

Simple: ARPA × gross margin ÷ the share of customers lost in a month. It takes a constant rate of loss for granted.
From survival: Σ over months of the share still here × ARPA × gross margin, discounted, over the months that were seen
and no more; its range is that of the area under the curve (Greenwood). Where enough accounts came to enough renewals,
the curve is projected beyond them: see ``shifted_beta``.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import special

from cs_metrics.analysis.shifted_beta import FEWEST_ACCOUNTS, FEWEST_RENEWALS, fit
from cs_metrics.analysis.survival import survival
from cs_metrics.book import Book
from cs_metrics.dials import dial
from cs_metrics.metric import METRICS
from cs_metrics.spending import MARGIN

YEAR = 12
CAP = 60
DISCOUNT = dial("economics.discount", "Discount of later revenue, a year", 0.1, "share")
MONTHS = dial("economics.clv_months", "Months of a life that lifetime value counts", 60, "count", least=12, most=240)
COLUMNS = (
    "group", "customers", "arpa", "monthly_churn", "lifetime_months", "simple", "at_least", "survived", "low", "high",
    "months_seen", "projected", "why",
)  # fmt: skip


def lifetime_value(book: Book, by: str | None = None) -> pd.DataFrame:
    """The lifetime value of a customer of each group, three ways, with what each stands on.

    One row per group: ``arpa`` and ``customers`` at the last close; ``monthly_churn``, customers lost over customers
    there, month by month of the last twelve; ``simple``, which is ``at_least`` so much where nobody was lost and the
    life is taken as 60 months; ``survived`` with its 95 % range, over ``months_seen`` months; ``projected`` for a
    whole life, blank where too little was seen. ``why`` says what is missing. Amounts in the book's currency.

    >>> book = Book.of_mrr({"A": [100, 100, 100], "B": [100, 100, 0]})
    >>> lifetime_value(book)[["arpa", "monthly_churn", "simple"]].values.tolist()
    [[100.0, 0.25, 400.0]]
    """
    lost = _lost(book, by)
    arpa = METRICS["arpa"].tally(book.since(book.last), 1, by)
    curves = survival(book, by)
    rows = []
    for place, group in enumerate(arpa.groups):
        mrr, customers = (float(table.to_numpy()[-1, place]) for table in (arpa.values, arpa.bottom))
        mine = curves if by is None else curves[curves["group"] == group]
        rows.append(
            {"group": group, "customers": customers, "arpa": mrr}
            | _simple(mrr * MARGIN.of(book), *lost.get(group, (np.nan, np.nan)))
            | _seen(mine, mrr * MARGIN.of(book), book)
        )
    found = pd.DataFrame(rows, columns=list(COLUMNS))
    return found[found["customers"] > 0].reset_index(drop=True)


def _lost(book: Book, by: str | None) -> dict[object, tuple[float, float]]:
    """Customers lost and customers there, month by month of the last twelve, by group."""
    year = book.window(max(book.closes - 1 - YEAR, 0), book.closes - 1)
    tally = METRICS["logo_churn_rate"].tally(year, 1, by)
    tops, bottoms = tally.top.sum(), tally.bottom.sum()
    return {group: (tops.loc[group], bottoms.loc[group]) for group in tally.groups if group is not None} | (
        {None: (tops.iloc[0], bottoms.iloc[0])} if by is None else {}
    )


def _simple(margin: float, lost: float, there: float) -> dict[str, object]:
    """Margin over the monthly share lost; 60 months where nobody was."""
    churn = lost / there if there > 0 else np.nan
    life = CAP if churn == 0 else 1 / churn if churn == churn else np.nan
    return {"monthly_churn": churn, "lifetime_months": life, "simple": margin * life, "at_least": churn == 0}


def _seen(curve: pd.DataFrame, margin: float, book: Book) -> dict[str, object]:
    if curve.empty or curve["age_months"].iloc[0] != 0:
        return {"why": "Nobody was seen from the start of a life. Add start_date, or more months."}
    value, error, months = discounted_months(curve, int(MONTHS.of(book)), DISCOUNT.of(book))
    reach = special.ndtri(0.975) * error
    low, high = max(value - reach, 0.0), value + reach
    return {
        "survived": margin * value,
        "low": margin * low if error > 0 else np.nan,
        "high": margin * high if error > 0 else np.nan,
        "months_seen": months,
        "projected": margin * YEAR * projected_years(curve, DISCOUNT.of(book)),
        "why": "" if months >= MONTHS.of(book) else f"Seen for {months} months: worth at least so much.",
    }


def discounted_months(curve: pd.DataFrame, most: int, discount: float) -> tuple[float, float, int]:
    """The months a life lasts within its first so many, each discounted by a yearly rate; its error; months seen.

    The area under the curve from age 0; its variance sums, over the ages at which accounts were lost, the square of
    the area that is left × lost / (at risk × those who stayed).
    """
    curve = curve[curve["age_months"] < most]
    age, share = curve["age_months"].to_numpy(), curve["survival"].to_numpy()
    whole = np.flatnonzero(age != np.arange(len(age)))
    seen = int(whole[0]) if len(whole) else len(age)
    worth = share[:seen] * (1 + discount) ** (-age[:seen] / YEAR)
    left = np.cumsum(worth[::-1])[::-1]
    risk, gone = (curve[name].to_numpy(dtype=float)[:seen] for name in ("at_risk", "lost"))
    stayed = risk - gone
    spread = np.divide(left**2 * gone, risk * stayed, out=np.zeros(seen), where=stayed > 0)
    return float(worth.sum()), float(np.sqrt(spread.sum())), seen


def projected_years(curve: pd.DataFrame, discount: float) -> float:
    """The discounted years of a whole life, projected; not a number below three renewals and 100 accounts at the first.

    A year counts as one renewal: who came to it are those at risk at its end, the share lost is what the curve fell by
    in it.
    """
    each = curve.set_index("age_months")
    ages = np.arange(0, int(curve["age_months"].max()) + 1, YEAR)
    ages = ages[np.isin(ages, each.index)]
    if len(ages) <= FEWEST_RENEWALS or each["at_risk"].reindex([YEAR]).fillna(0).iloc[0] < FEWEST_ACCOUNTS:
        return np.nan
    share, risk = each["survival"].reindex(ages).to_numpy(), each["at_risk"].reindex(ages).to_numpy(dtype=float)[1:]
    fell = np.divide(share[:-1] - share[1:], share[:-1], out=np.zeros(len(share) - 1), where=share[:-1] > 0)
    model = fit(risk, risk * fell)
    return np.nan if model is None else model.lifetime(discount)
