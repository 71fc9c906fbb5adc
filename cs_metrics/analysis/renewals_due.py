"""What comes up for renewal, and what should have been renewed already: by value, health and plan."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_metrics.analysis.renewal_past import SAME_RENEWAL_DAYS
from cs_metrics.analysis.risk import PLAN_STALE_DAYS, described, with_plans
from cs_metrics.book import Book, Dark
from cs_metrics.health import BANDS, band_of

OVERDUE = "overdue"
BUCKETS = (OVERDUE, "in 30 days", "in 31–60 days", "in 61–90 days")
WITHIN = 90
PLANS = ("plan", "stale plan", "no plan")
VALUES = ("large", "medium", "small")
VALUE_SHARES = (0.5, 0.8)
BY = {"health": BANDS, "plan": PLANS, "value": VALUES}
NO_DATES = "No renewal dates: add the column renewal_date to the accounts."


def renewals_due(book: Book) -> pd.DataFrame:
    """Which customers are due within 90 days of the book's day, and which are overdue?

    One row per customer, earliest date first: what every list says of an account, and ``due_on``, ``days`` (negative
    where overdue), ``bucket``, ``plan``, ``plan_age_days``, and the groups ``band`` (health), ``plan_state`` and
    ``value``. Overdue is a customer whose last known renewal date has passed; where that date is only an opportunity's,
    unless it was won: the date in the list of accounts rules, it moves on when the renewal is signed.
    ``value`` ranks what is listed: the large ones make the first half of its MRR, the small ones its last fifth.
    Raises Dark where no renewal date is known.
    """
    return book.answered(("renewals due", book.known_on), lambda: _due(book))


def _due(book: Book) -> pd.DataFrame:
    if book.renewals is None:
        raise Dark(NO_DATES)
    today = pd.Timestamp(book.known_on)
    paying = book.balance(0, 0)[-1] > 0 if book.closes else np.zeros(len(book), dtype=bool)
    dates = book.renewals[paying[book.renewals["row"]]].sort_values(["row", "day"], kind="stable")
    coming = dates[dates["day"] >= today].drop_duplicates("row")
    soon = coming[(coming["day"] - today).dt.days <= WITHIN]
    last = dates.drop_duplicates("row", keep="last")
    late = last[(last["day"] < today) & (_listed(book, last) | ~_won(book, last))]
    found = pd.concat([late, soon]).sort_values(["day", "row"], kind="stable")
    rows, days = found["row"].to_numpy(dtype=np.intp), (found["day"] - today).dt.days.to_numpy()
    table = with_plans(book, rows, described(book, rows))
    stale = table["plan_age_days"].to_numpy(dtype=float) > PLAN_STALE_DAYS
    return table.assign(
        due_on=found["day"].to_numpy(),
        days=days,
        bucket=np.array(BUCKETS, dtype=object)[np.where(days < 0, 0, 1 + np.clip((days - 1) // 30, 0, 2))],
        band=np.array(BANDS, dtype=object)[band_of(book, table["health"].to_numpy(dtype=float))],
        plan_state=np.where(table["plan"].isna(), PLANS[2], np.where(stale, PLANS[1], PLANS[0])).astype(object),
        value=_values(table["mrr"].to_numpy(dtype=float)),
    )


def _listed(book: Book, dates: pd.DataFrame) -> np.ndarray:
    """Which of these dates, one per account, stand in the list of accounts."""
    if "renewal_date" not in book.accounts:
        return np.zeros(len(dates), dtype=bool)
    own = book.accounts["renewal_date"].to_numpy()[dates["row"]]
    return np.asarray(own.astype("datetime64[D]") == dates["day"].to_numpy().astype("datetime64[D]"))


def _won(book: Book, dates: pd.DataFrame) -> np.ndarray:
    """Which of these renewals, one per account, were won, by the opportunities there are."""
    deals = book.facts.get("opportunities")
    if deals is None:
        return np.zeros(len(dates), dtype=bool)
    renewing = deals["kind"].str.casefold().str.strip() == "renewal"
    won = deals[renewing & deals["closes_on"].notna() & deals["won"].eq(True)]
    both = dates.merge(won[["row", "closes_on"]], on="row")
    same = (both["day"] - both["closes_on"]).abs() <= pd.Timedelta(days=SAME_RENEWAL_DAYS)
    return dates["row"].isin(both.loc[same, "row"]).to_numpy()


def _values(mrr: np.ndarray) -> np.ndarray:
    """Large, medium or small: by how much of the sum the larger ones already make."""
    order = np.argsort(-mrr, kind="stable")
    before = np.empty(len(mrr))
    before[order] = np.cumsum(mrr[order]) - mrr[order]
    share = before / max(mrr.sum(), 1e-9)
    return np.array(VALUES, dtype=object)[np.searchsorted(VALUE_SHARES, share, side="right")]


def due_by(due: pd.DataFrame, by: str) -> pd.DataFrame:
    """MRR due in each bucket, by ``health``, ``plan`` or ``value``: buckets × groups, groups without any left out."""
    column = {"health": "band", "plan": "plan_state", "value": "value"}[by]
    found = due.pivot_table("mrr", "bucket", column, "sum", fill_value=0.0, observed=True)
    return found.reindex(index=list(BUCKETS), fill_value=0.0)[[group for group in BY[by] if group in found]]


def undated(book: Book) -> pd.DataFrame:
    """The customers of whom no renewal date is known, neither ahead nor overdue: what lists of accounts say of them."""
    return book.answered(("undated", book.known_on), lambda: _undated(book))


def _undated(book: Book) -> pd.DataFrame:
    if book.renewals is None or not book.closes:
        return described(book, np.empty(0, dtype=np.intp))
    known = book.renewals
    ahead = known.loc[known["day"] >= pd.Timestamp(book.known_on), "row"]
    listed = book.accounts.index.isin(renewals_due(book)["account_id"])
    without = (book.balance(0, 0)[-1] > 0) & ~listed
    without[ahead.to_numpy()] = False
    return described(book, np.flatnonzero(without))


def coming(book: Book, months: int = 3) -> pd.DataFrame:
    """The customers due in the ``months`` after the book's last close, one row each: ``row, day``.

    Raises Dark where no renewal date is known.
    """
    if book.renewals is None:
        raise Dark(NO_DATES)
    close = book.closes_of(book.renewals["day"])
    inside = (close >= book.closes) & (close < book.closes + months)
    paying = book.balance(0, 0)[-1] > 0 if book.closes else np.zeros(len(book), dtype=bool)
    found = book.renewals[inside & paying[book.renewals["row"]]]
    return found.sort_values(["row", "day"], kind="stable").drop_duplicates("row").reset_index(drop=True)
