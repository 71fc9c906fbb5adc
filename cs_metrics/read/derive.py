"""From what files say to what the book needs: a price per month, the first day without service, a row per month."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

INTERVALS = {
    "month": 1, "monthly": 1, "months": 1, "mo": 1, "m": 1, "per month": 1, "1 month": 1,
    "year": 12, "yearly": 12, "annual": 12, "annually": 12, "years": 12, "y": 12, "yr": 12, "per year": 12,
    "12 months": 12, "quarter": 3, "quarterly": 3, "q": 3, "3 months": 3, "per quarter": 3,
    "half year": 6, "semiannual": 6, "semi annual": 6, "6 months": 6, "biannual": 6, "every 6 months": 6,
    "week": 12 / 52, "weekly": 12 / 52, "w": 12 / 52, "day": 12 / 365, "daily": 12 / 365,
    "2 years": 24, "24 months": 24, "biennial": 24, "3 years": 36, "36 months": 36, "triennial": 36,
}  # fmt: skip
TRIAL = frozenset({"trial", "trialing", "trialling", "in trial", "on trial", "free trial", "evaluation"})
PAUSED = frozenset({"paused", "on hold", "suspended", "hold", "frozen"})
ENDED = frozenset({"cancelled", "canceled", "churned", "ended", "expired", "terminated", "inactive", "closed"})
RUNNING = frozenset({"active", "past due", "past_due", "unpaid", "live", "current", "renewed", "non renewing",
                     "non_renewing", "in trial ended", "open", "paying", "customer"})  # fmt: skip
MOMENTS = ("at", "cancel", "churn")


class Finding(NamedTuple):
    """Something about a row (its position) that was found on the way."""

    at: int
    column: str
    problem: str
    advice: str
    severity: str


def price_per_month(rows: pd.DataFrame, amount_is: str | None) -> tuple[pd.Series, list[Finding], list[str]]:
    """MRR of each row in whole units: as given, or a twelfth of ARR, or amount × quantity ÷ interval."""
    findings: list[Finding] = []
    assumed: list[str] = []
    price = rows["mrr"].astype("float64") if "mrr" in rows else pd.Series(np.nan, rows.index)
    if "arr" in rows:
        if "mrr" in rows and (differs := _differ(rows["mrr"], rows["arr"])).any():
            assumed.append(f"MRR is used; ARR is not 12 × MRR in {int(differs.sum())} rows")
        price = price.fillna(rows["arr"] / 12)
    if "amount" in rows:
        months = pd.Series({"per year": 12.0}.get(amount_is or "", 1.0), rows.index)
        if "interval" in rows and amount_is in (None, "per interval"):
            named = rows["interval"].str.casefold().str.strip().str.replace(r"^every\s+", "", regex=True)
            months = named.map(INTERVALS).astype("float64")
            unknown = named.notna() & months.isna() & price.isna()
            for at in np.flatnonzero(unknown).tolist():
                findings.append(
                    Finding(at, "interval", "is not an interval.", "Use month, quarter, year or week.", "refused")
                )
            months = months.fillna(1.0)
            assumed.append("the amount is per interval")
        elif amount_is is None:
            assumed.append("the amount is per month")
        quantity = rows["quantity"].fillna(1) if "quantity" in rows else 1
        if "quantity" in rows:
            assumed.append("the amount is multiplied by the quantity")
        price = price.fillna(rows["amount"] * quantity / months)
    return price.round(), findings, assumed


def _differ(mrr: pd.Series, arr: pd.Series) -> pd.Series:
    return mrr.notna() & arr.notna() & ((arr - 12 * mrr).abs() > 0.01 * 12 * mrr.clip(lower=1))


def standing(rows: pd.DataFrame, paused: str | None) -> tuple[pd.Series, list[Finding], list[str]]:
    """Does each subscription bring revenue while it runs? Trials do not, paused ones only if said so."""
    findings: list[Finding] = []
    assumed: list[str] = []
    paying = pd.Series(True, rows.index)
    if "is_trial" in rows:
        paying &= ~rows["is_trial"].fillna(False).astype(bool)
    if "status" in rows:
        status = rows["status"].str.casefold().str.strip()
        paying &= ~status.isin(TRIAL)
        if (stopped := status.isin(PAUSED)).any() and paused != "billed":
            paying &= ~stopped
            assumed.append(f"{int(stopped.sum())} paused subscriptions count as 0")
        endless = status.isin(ENDED) & rows["end_date"].isna() if "end_date" in rows else status.isin(ENDED)
        for at in np.flatnonzero(endless).tolist():
            findings.append(
                Finding(
                    at,
                    "end_date",
                    "is missing, though the subscription has ended.",
                    "Add the day it ended.",
                    "row left out",
                )
            )
        known = TRIAL | PAUSED | ENDED | RUNNING
        if strange := sorted(set(status.dropna()) - known):
            assumed.append(f"status {', '.join(strange[:5])} counts as active")
    return paying, findings, assumed


def first_day_without(rows: pd.DataFrame, header: str, said: str | None) -> tuple[pd.Series, str]:
    """End dates as the first day without service, and what was assumed of them."""
    meaning, why = (said, "") if said else _meaning_of_end(rows, header)
    end = rows["end_date"]
    told = f"the end date is the {meaning}" + (f" ({why})" if why else "")
    return (end + pd.Timedelta(days=1) if meaning == "last day of service" else end), told


def _meaning_of_end(rows: pd.DataFrame, header: str) -> tuple[str, str]:
    """Last day of service or first day without? From neighbouring periods, from the header, from the kind of file."""
    by = [rows["account_id"].astype(str)] + ([rows["product"].astype(str)] if "product" in rows else [])
    ordered = rows.assign(_by=by[0] if len(by) == 1 else by[0] + "\0" + by[1]).sort_values(["_by", "start_date"])
    following = ordered["start_date"].shift(-1).where(ordered["_by"].eq(ordered["_by"].shift(-1)))
    gap = (following - ordered["end_date"]).dt.days
    touching, next_day = int((gap == 0).sum()), int((gap == 1).sum())
    if max(touching, next_day) >= 5 and max(touching, next_day) >= 5 * min(touching, next_day):
        if touching > next_day:
            return "first day without", "the next period begins that day"
        return "last day of service", "the next period begins the day after"
    if any(
        word in header.casefold().replace("_", " ").split() or header.casefold().startswith(word) for word in MOMENTS
    ):
        return "first day without", "it is the moment of an ending"
    if "subscription_id" in rows and "contract" not in header.casefold():
        return "first day without", "as billing systems export it"
    return "last day of service", "as contracts write it"


def long_months(columns: dict[int, pa.Array]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A column per month → one entry per filled cell: row position, month, amount."""
    at, months, amounts = [], [], []
    for month, column in columns.items():
        filled = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False))
        at.append(filled)
        months.append(np.full(len(filled), month, dtype=np.int32))
        amounts.append(column.fill_null(0).to_numpy(zero_copy_only=False)[filled])
    order = np.argsort(np.concatenate(at), kind="stable")
    return np.concatenate(at)[order], np.concatenate(months)[order], np.concatenate(amounts)[order]
