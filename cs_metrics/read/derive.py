"""From what files say to what the book needs: a price per month, the first day without service, a row per month."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from cs_metrics.tables import TABLES, Day, Key, Number, Row, Subscription, Text, column

INTERVALS = {
    "day": 12 / 365, "daily": 12 / 365, "days": 12 / 365, "tag": 12 / 365, "täglich": 12 / 365, "d": 12 / 365,
    "week": 12 / 52, "weekly": 12 / 52, "weeks": 12 / 52, "w": 12 / 52, "wk": 12 / 52, "woche": 12 / 52,
    "wöchentlich": 12 / 52, "semaine": 12 / 52, "hebdomadaire": 12 / 52, "semana": 12 / 52, "semanal": 12 / 52,
    "biweekly": 24 / 52, "fortnight": 24 / 52, "fortnightly": 24 / 52,
    "month": 1, "monthly": 1, "months": 1, "mo": 1, "m": 1, "mth": 1, "mths": 1, "monat": 1, "monate": 1,
    "monatlich": 1, "mois": 1, "mensuel": 1, "mensuelle": 1, "mes": 1, "meses": 1, "mensual": 1,
    "bimonthly": 2,
    "quarter": 3, "quarterly": 3, "quarters": 3, "q": 3, "qtr": 3, "quartal": 3, "vierteljährlich": 3,
    "trimestre": 3, "trimestriel": 3, "trimestrielle": 3, "trimestral": 3,
    "half year": 6, "half yearly": 6, "semiannual": 6, "semi annual": 6, "semiannually": 6, "semi annually": 6,
    "biannual": 6, "halbjahr": 6, "halbjährlich": 6, "semestre": 6, "semestriel": 6, "semestral": 6,
    "year": 12, "yearly": 12, "annual": 12, "annually": 12, "years": 12, "y": 12, "yr": 12, "yrs": 12, "a": 12,
    "jahr": 12, "jahre": 12, "jährlich": 12, "an": 12, "ans": 12, "année": 12, "annuel": 12, "annuelle": 12,
    "año": 12, "años": 12, "anual": 12, "per annum": 12, "pa": 12,
    "biennial": 24, "triennial": 36,
}  # fmt: skip
LEADING = re.compile(r"^(?:every|per|each|pro|jede[rsn]?|alle|par|chaque|tous les|cada|por|a)\s+")
TRIAL = frozenset({"trial", "trialing", "trialling", "in trial", "on trial", "free trial", "evaluation", "test"})
PAUSED = frozenset({"paused", "on hold", "suspended", "hold", "frozen", "pausiert"})
ENDED = frozenset({"cancelled", "canceled", "churned", "ended", "expired", "terminated", "inactive", "closed",
                   "gekündigt", "beendet", "résilié", "annulé", "cancelado", "deleted"})  # fmt: skip
NEVER = frozenset({"incomplete", "incomplete expired", "draft", "never started"})
UNPAID = frozenset({"past due", "unpaid", "overdue", "delinquent"})
RUNNING = frozenset({"active", "live", "current", "renewed", "non renewing", "in trial ended", "open", "paying",
                     "customer", "aktiv", "laufend", "actif", "active subscription", "activo", "signed"})  # fmt: skip
STANDINGS = {"trial": TRIAL, "never": NEVER, "paused": PAUSED, "unpaid": UNPAID, "ended": ENDED, "running": RUNNING}
MOMENTS = ("at", "cancel", "churn")
WITHOUT_CENTS = frozenset({"BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "UGX", "VND", "VUV",
                           "XAF", "XOF", "XPF"})  # fmt: skip
THOUSANDTHS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})


class Exported(Subscription):
    """A subscription as billing systems export it: with what its price and its end are worked out from.

    What is declared here is read from files and used up; it is not kept.
    """

    interval_count: Number | None = column(
        "How many intervals the price is for.", "plan interval count", "interval length", "billing interval count",
        "billing period count", "billing frequency count", ge=0,
    )  # fmt: skip
    term: Text | None = column(
        "How long the contract runs: 24, 2 years.", "term months", "contract term", "contract length", "term length",
        "contract duration", "duration", "duration months", "contract months", "initial term", "months",
        "contract term months", "laufzeit", "vertragslaufzeit", "laufzeit monate", "duree", "duree mois", "plazo",
    )  # fmt: skip
    discount_percent: Number | None = column(
        "Percent off the price.", "percent off", "discount %", "percentage off", "coupon percent off",
        "discount percentage", "discount pct", "rabatt %", "rabatt prozent", ge=0, le=100,
    )  # fmt: skip
    discount_amount: Number | None = column(
        "An amount off the price, per interval.", "amount off", "coupon amount off", "total discount amount",
        "discount value", ge=0,
    )  # fmt: skip
    coupon: Text | None = column("The coupon it has.", "coupon code", "applied coupons", "discount code", "promo code")
    item_id: Key | None = column(
        "What tells the items of one subscription apart.", "subscription item id", "item id", "subscription item",
        "line number", "line item id", "charge number", "rate plan charge number", "rate plan charge id",
    )  # fmt: skip
    trial_end: Day | None = column("When its trial ends.", "trial end date", "trial ends at", "trial ended at",
                                   "trial until", "trial ends on")  # fmt: skip
    canceled_at: Day | None = column(
        "When it was cancelled, which may be before it ends.", "cancelled at", "cancelled on", "canceled on",
        "cancellation date", "cancel date", "subscription canceled at", "date canceled", "date cancelled",
        "cancelled date", "canceled date", "kündigungsdatum", "gekündigt am", "date de résiliation",
        "fecha de cancelación",
    )  # fmt: skip
    ended_at: Day | None = column("When it really ended.", "terminated at", "expired at")
    paid_until: Day | None = column(
        "The end of the period paid for.", "current period end", "current period ends at", "current term end",
        "paid through", "charged through date", "next billing date", "next billing at",
    )  # fmt: skip


AS_READ: dict[str, type[Row]] = {**TABLES, "subscriptions": Exported}
INGREDIENTS = tuple(name for name in Exported.model_fields if name not in Subscription.model_fields)


class Finding(NamedTuple):
    """Something about a row (its position) that was found on the way."""

    at: int
    column: str
    problem: str
    advice: str
    severity: str


class Priced(NamedTuple):
    """Subscriptions with ``mrr``, ``start_date``, and the first day without as ``end_date``; findings, assumptions."""

    rows: pd.DataFrame
    findings: list[Finding]
    assumed: list[str]
    renamed: bool = False


def _times(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


# --- the price -------------------------------------------------------------------------------------------------------


def months_in(interval: str) -> float | None:
    """How many months an interval in words has; None if it is none.

    >>> [months_in(text) for text in ("year", "Every 3 months", "quarterly", "6-month", "P1Y", "alle 2 Jahre", "soon")]
    [12.0, 3.0, 3.0, 6.0, 12.0, 24.0, None]
    """
    text = LEADING.sub("", re.sub(r"[\s_\-/]+", " ", interval.casefold()).strip())
    if period := re.fullmatch(r"p(\d+)([dwmy])", text):
        text = f"{period[1]} {period[2]}"
    if text in INTERVALS:
        return float(INTERVALS[text])
    counted = re.fullmatch(r"(\d+)\s*([^\W\d]+)", text)
    if counted and counted[2] in INTERVALS and int(counted[1]):
        return float(int(counted[1]) * INTERVALS[counted[2]])
    return 1.0 if text == "1" else float(text) if text in ("3", "6", "12", "24", "36") else None


def meaning_of_amount(header: str) -> str | None:
    """For how long an amount is, where its header says so.

    >>> [meaning_of_amount(text) for text in ("Total Contract Value", "Annual price", "Price per month", "Amount")]
    ['per term', 'per year', 'per month', None]
    """
    name = " ".join(re.sub(r"[\W_]+", " ", header.casefold()).split())
    for words, meaning in (
        (r"total contract|\btcv\b", "per term"),
        (r"annual|yearly|per year|jahr|jähr|annuel|anual", "per year"),
        (r"monthly|per month|monat|mensuel|mensual", "per month"),
    ):
        if re.search(words, name):
            return meaning
    return None


def price_per_month(
    rows: pd.DataFrame, amount_is: str | None, scale: float = 1.0
) -> tuple[pd.Series, list[Finding], list[str]]:
    """MRR of each row in whole units: as given, or a twelfth of ARR, or amount × quantity − discount, ÷ interval.

    ``scale`` is how many of these units a unit of currency has, for discounts, which are read as plain numbers.
    With ``amount_is`` "per term" the amount is for the time from ``start_date`` to ``end_date``, the first day without.
    """
    findings: list[Finding] = []
    assumed: list[str] = []
    price = rows["mrr"].astype("float64") if "mrr" in rows else pd.Series(np.nan, rows.index)
    if "arr" in rows:
        if "mrr" in rows and (differs := _differ(rows["mrr"], rows["arr"])).any():
            assumed.append(f"MRR is used; ARR is not 12 × MRR in {_times(int(differs.sum()), 'row')}")
        price = price.fillna(rows["arr"] / 12)
    if "amount" in rows and (price.isna() & rows["amount"].notna()).any():
        months, more, said = _months_of_amount(rows, amount_is, price)
        total, also = _amount(rows, scale)
        price = price.fillna(total / months)
        findings, assumed = findings + more, assumed + said + also
    return price.round(), findings, assumed


def _differ(mrr: pd.Series, arr: pd.Series) -> pd.Series:
    return mrr.notna() & arr.notna() & ((arr - 12 * mrr).abs() > 0.01 * 12 * mrr.clip(lower=1))


def _months_of_amount(
    rows: pd.DataFrame, amount_is: str | None, price: pd.Series
) -> tuple[pd.Series, list[Finding], list[str]]:
    """For how many months the amount of each row is."""
    one = pd.Series(1.0, rows.index)
    needed = price.isna() & rows["amount"].notna()
    if amount_is == "per term":
        months = term_in_months(rows["start_date"], rows["end_date"]) if "end_date" in rows else one * np.nan
        said = ["the amount is for the whole term, from start to end"]
        if "term" in rows:
            named = rows["term"].map({text: months_of_term(text) for text in rows["term"].dropna().unique()})
            said = ["the amount is for the whole term, as long as the file says"] if "end_date" not in rows else said
            months = months.fillna(named.astype("float64"))
        endless = needed & months.isna()
        advice = "Add the end of the term, or say per month or per year."
        found = [
            Finding(at, "end_date", "is missing, and the amount is for the whole term.", advice, "refused")
            for at in np.flatnonzero(endless).tolist()
        ]
        return months.fillna(1.0), found, said
    if "interval" in rows and amount_is in (None, "per interval"):
        named = rows["interval"]
        months = named.map({text: months_in(text) for text in named.dropna().unique()}).astype("float64")
        unknown = needed & named.notna() & months.isna()
        advice = "Use month, quarter, year or week, or a number of them."
        found = [
            Finding(at, "interval", "is not an interval.", advice, "refused") for at in np.flatnonzero(unknown).tolist()
        ]
        assumed = ["the amount is per interval"]
        if (blank := needed & named.isna()).any():
            assumed.append(f"{_times(int(blank.sum()), 'row')} without an interval: the amount counts as per month")
        months = months.fillna(1.0)
        if "interval_count" in rows:
            months *= rows["interval_count"].where(rows["interval_count"] > 0).fillna(1)
            assumed.append("the interval is multiplied by its count")
        return months, found, assumed
    if amount_is == "per year":
        return one * 12, [], ["the amount is per year"]
    return one, [], ["the amount is per month"]


def months_of_term(text: str) -> float | None:
    """How many months a contract's term has: a number is months; None if it is none.

    >>> [months_of_term(text) for text in ("24", "18", "2 years", "12 Months", "annual", "soon", "0")]
    [24.0, 18.0, 24.0, 12.0, 12.0, None, None]
    """
    try:
        return float(text) if float(text) > 0 else None
    except ValueError:
        return months_in(text)


def term_in_months(start: pd.Series, end: pd.Series) -> pd.Series:
    """The months from a first day to the first day without: whole where the day of the month is the same.

    >>> start, end = ["2025-01-15", "2025-01-31"], ["2026-01-15", "2025-02-28"]
    >>> term_in_months(*(pd.to_datetime(pd.Series(days)) for days in (start, end))).tolist()
    [12.0, 1.0]
    """
    start, end = start.astype("datetime64[s]"), end.astype("datetime64[s]")
    whole = (end.dt.year - start.dt.year) * 12 + end.dt.month - start.dt.month
    last = end.dt.days_in_month
    same = (end.dt.day == start.dt.day) | ((end.dt.day == last) & (start.dt.day > last))
    days = (end - start).dt.days
    return whole.astype("float64").where(same, days * 12 / 365).where(days > 0)


def _amount(rows: pd.DataFrame, scale: float) -> tuple[pd.Series, list[str]]:
    """The amount of each row for its interval: times the quantity, less what is off."""
    amount, assumed = rows["amount"].astype("float64"), []
    if "quantity" in rows:
        amount = amount * rows["quantity"].fillna(1)
        assumed.append("the amount is multiplied by the quantity")
        if (none := int((rows["quantity"] == 0).sum())) > 0:
            assumed.append(f"{_times(none, 'row')} with a quantity of 0 bring nothing")
    known = False
    if "discount_percent" in rows and (off := rows["discount_percent"].fillna(0)).any():
        amount = amount * (1 - off / 100)
        assumed.append(f"the percentage off is taken off in {_times(int((off > 0).sum()), 'row')}, as if it lasted")
        known = True
    if "discount_amount" in rows and (off := rows["discount_amount"].fillna(0)).any():
        amount = (amount - off * scale).clip(lower=0)
        assumed.append(f"the amount off is taken off in {_times(int((off > 0).sum()), 'row')}, as if it lasted")
        known = True
    if "coupon" in rows and not known and (given := int(rows["coupon"].notna().sum())):
        assumed.append(
            f"{_times(given, 'subscription')} with a coupon: the file does not say how much it takes off, "
            "so the price is before it"
        )
    return amount, assumed


def in_minor_units(amount: pd.Series, currency: pd.Series | None) -> tuple[pd.Series, list[str]]:
    """Amounts read as hundredths, where the currency has none (yen) or has thousandths (dinar), put right."""
    if currency is None:
        return amount, []
    codes = currency.astype(object).where(currency.notna(), "").astype(str).str.upper()
    whole, fine = codes.isin(WITHOUT_CENTS), codes.isin(THOUSANDTHS)
    if not (whole | fine).any():
        return amount, []
    named = ", ".join(sorted(set(codes[whole | fine])))
    right = amount.astype("Float64").mul(np.where(whole, 100.0, np.where(fine, 0.1, 1.0)))
    return right.round().astype("Int64"), [f"amounts in {named} are in that currency's own smallest unit"]


# --- the time --------------------------------------------------------------------------------------------------------


def subscriptions_priced(
    rows: pd.DataFrame,
    headers: dict[str, str],
    amount: str | None,
    end_date: str | None,
    paused: str | None,
    scale: int,
) -> Priced:
    """Subscriptions with their price per month, from when to when it is paid; what was found and assumed.

    ``headers`` are the file's own names of the columns; ``amount``, ``end_date`` and ``paused`` a recipe's options.
    """
    findings = []
    if "end_date" in rows:
        early = rows["end_date"] < rows["start_date"]
        findings = [
            Finding(at, "end_date", "is before the start.", "Correct one of the two dates.", "refused")
            for at in np.flatnonzero(early).tolist()
        ]
    rows, assumed = _ends(rows, headers, end_date)
    amount = amount or meaning_of_amount(headers.get("amount", ""))
    if "term" in rows and re.search(r"(?i)year|jahr|année|año", headers.get("term", "")):
        rows = rows.assign(term=rows["term"] + " years")
    price, more, said = price_per_month(rows, amount, scale)
    paying, left, also = standing(rows, paused)
    rows = rows.assign(mrr=price.where(paying, 0))
    rows, late = _after_trial(rows)
    rows, several = _items(rows)
    return Priced(rows, findings + more + left, said + also + assumed + late + several, bool(several))


def standing(rows: pd.DataFrame, paused: str | None) -> tuple[pd.Series, list[Finding], list[str]]:
    """Does each subscription bring revenue while it runs? Trials do not, paused ones only if said so."""
    findings: list[Finding] = []
    assumed: list[str] = []
    paying = pd.Series(True, rows.index)
    if "is_trial" in rows:
        paying &= ~rows["is_trial"].fillna(False).astype(bool)
    if "status" in rows:
        standings = standing_of(rows["status"])
        count = standings.value_counts()
        billed = paused == "billed"
        paying &= ~standings.isin(("trial", "never", *(() if billed else ("paused",))))
        assumed += [
            told.format(_times(int(count[name]), one))
            for name, one, told in (
                ("trial", "subscription", "{} on trial count as 0"),
                ("never", "subscription", "{} that never began (incomplete, draft) count as 0"),
                ("paused", "paused subscription", "{} count as billed" if billed else "{} count as 0"),
                ("unpaid", "subscription", "{} past due or unpaid count as active"),
            )
            if name in count
        ]
        ended = standings == "ended"
        endless = ended & rows["end_date"].isna() if "end_date" in rows else ended
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
        if strange := sorted({plain_status(text) for text in rows["status"][standings == "unknown"].unique()}):
            assumed.append(f"status {', '.join(strange[:5])} counts as active")
    return paying, findings, assumed


def plain_status(text: str) -> str:
    """A status in small letters, its words parted by spaces.

    >>> plain_status("Past_due ")
    'past due'
    """
    return re.sub(r"[_\s-]+", " ", text.casefold()).strip()


def standing_of(status: pd.Series) -> pd.Series:
    """What each status says of revenue: trial, never, paused, unpaid, ended, running or unknown; blank stays blank."""
    kinds = {word: kind for kind, words in STANDINGS.items() for word in words}
    return status.map({text: kinds.get(plain_status(text), "unknown") for text in status.dropna().unique()})


def _ends(rows: pd.DataFrame, headers: dict[str, str], said: str | None) -> tuple[pd.DataFrame, list[str]]:
    """The rows with the first day without as ``end_date``, from whichever columns tell it.

    The day it really ended counts before a contract's end, a contract's end before the day it was cancelled on: a
    cancelled contract runs to its end, a subscription that is cancelled but still runs to the end of what is paid.
    """
    assumed: list[str] = []
    blank = pd.Series(pd.NaT, rows.index, dtype="datetime64[s]")
    end = rows.get("end_date", blank)
    if end.notna().any():
        end, told = first_day_without(rows, headers.get("end_date", "end_date"), said)
        assumed.append(told)
    canceled, ended, paid = (rows.get(name, blank) for name in ("canceled_at", "ended_at", "paid_until"))
    if ended.notna().any():
        end = ended.fillna(end)
        assumed.append("a subscription ends on the day it really ended, not on the day it was cancelled")
    open_ = end.isna()
    over = standing_of(rows["status"]) == "ended" if "status" in rows else pd.Series(False, rows.index)
    runs_on = open_ & canceled.notna() & paid.notna() & ~over
    end = end.where(~runs_on, paid.where(paid > canceled, canceled))
    if runs_on.any():
        told = f"{_times(int(runs_on.sum()), 'subscription')} cancelled but still running"
        assumed.append(f"{told} end with the period that is paid for")
    at_once = open_ & canceled.notna() & ~runs_on
    end = end.where(~at_once, canceled)
    if at_once.any():
        told = f"{_times(int(at_once.sum()), 'subscription')} end on the day of the cancellation"
        assumed.append(told + ", as no other end is given")
    lapsed = end.isna() & over & paid.notna()
    end = end.where(~lapsed, paid)
    if lapsed.any():
        told = f"{_times(int(lapsed.sum()), 'subscription')} that ended without a date"
        assumed.append(f"{told} end with the period that was paid for")
    if end.notna().any() or "end_date" in rows:
        rows = rows.assign(end_date=end.where(~(end < rows["start_date"]), rows["start_date"]))
    return rows, assumed


def _after_trial(rows: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Subscriptions that begin to count when their trial is over; those that ended within it never do."""
    if "trial_end" not in rows:
        return rows, []
    later = (rows["trial_end"] > rows["start_date"]) & (rows["mrr"] > 0)
    if not later.any():
        return rows, []
    within = later & (rows["end_date"] <= rows["trial_end"]) if "end_date" in rows else later & False
    moved = later & ~within
    rows = rows.assign(
        start_date=rows["start_date"].where(~moved, rows["trial_end"]), mrr=rows["mrr"].where(~within, 0)
    )
    assumed = [f"{_times(int(moved.sum()), 'subscription')} begin to count when the trial ends"] if moved.any() else []
    if within.any():
        assumed.append(f"{_times(int(within.sum()), 'subscription')} ended within the trial and never count")
    return rows, assumed


def _items(rows: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Several items of one subscription as a row each, told apart by item or product; their prices add up."""
    told_by = next((name for name in ("item_id", "product") if name in rows and rows[name].notna().any()), None)
    if "subscription_id" not in rows or told_by is None:
        return rows, []
    again = rows["subscription_id"].duplicated(keep=False) & rows["subscription_id"].notna()
    if not again.any():
        return rows, []
    id_, item = rows["subscription_id"].astype(object), rows[told_by].astype(object)
    given = again & item.notna()
    of = pd.DataFrame({"id": id_, "item": item.astype(str), "account": rows["account_id"].astype(object)})[given]
    groups = of.groupby("id")
    several = (groups["item"].transform("nunique") == groups["item"].transform("size")) & (
        groups["item"].transform("size") > 1) & (groups["account"].transform("nunique") == 1)  # fmt: skip
    if not several.any():
        return rows, []
    later = several & of.duplicated("id")
    named = id_.copy()
    named[later[later].index] = of["id"][later] + " · " + of["item"][later]
    count = of.loc[several, "id"].nunique()
    return rows.assign(subscription_id=named), [f"{_times(count, 'subscription')} with several items: they add up"]


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
    for month, given in columns.items():
        filled = np.flatnonzero(given.is_valid().to_numpy(zero_copy_only=False))
        at.append(filled)
        months.append(np.full(len(filled), month, dtype=np.int32))
        amounts.append(given.fill_null(0).to_numpy(zero_copy_only=False)[filled])
    order = np.argsort(np.concatenate(at), kind="stable")
    return np.concatenate(at)[order], np.concatenate(months)[order], np.concatenate(amounts)[order]
