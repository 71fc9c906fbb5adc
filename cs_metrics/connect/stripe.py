"""Stripe: its customers, subscriptions and invoices as tables, through its official library. Only lists are read.

A row of ``subscriptions`` is an item of a subscription, its amount per interval before discounts. What never began
(an incomplete subscription), an invoice that was never sent and what has no fixed price are left out, and counted.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import pyarrow as pa

from cs_metrics.book import Problem
from cs_metrics.connect.database import as_text

KEY = "STRIPE_API_KEY"
API = "https://api.stripe.com"
SECONDS = 30
PAGE = 100
WITHOUT_CENTS = {"BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "UGX", "VND", "VUV", "XAF",
                 "XOF", "XPF"}  # fmt: skip
WITH_MILLS = {"BHD", "JOD", "KWD", "OMR", "TND"}
NEVER_BEGAN = ("incomplete", "incomplete_expired")
NOT_SENT = ("draft", "void")


class Account(NamedTuple):
    """What a Stripe account holds: its tables by name, every column as text, and what should be known of them."""

    tables: dict[str, pa.Table]
    notes: list[str]


def stripe_account(key: str | None = None, api: str | None = None) -> Account:
    """The tables of the Stripe account a key opens; the key of the environment, ``STRIPE_API_KEY``, unless given.

    Raises Problem, which never holds the key.
    """
    key = key or os.environ.get(KEY, "")
    if not key:
        raise Problem(f"Set {KEY} to a restricted key that may read customers, subscriptions, products and invoices.")
    try:
        import stripe
    except ImportError:
        raise Problem("Stripe needs its library: pip install cs-metrics[stripe]") from None
    stripe.enable_telemetry = False
    lists = stripe.StripeClient(
        key,
        base_addresses={"api": api or API},
        http_client=stripe.RequestsClient(timeout=SECONDS),
        max_network_retries=3,
    ).v1
    notes = [] if key.startswith("rk_") else ["This key may change data in Stripe: use a restricted key that may read."]
    try:
        products = {each["id"]: each.get("name") or each["id"] for each in _all(lists.products)}
        customers = [_customer(each) for each in _all(lists.customers)]
        subscriptions = list(_all(lists.subscriptions, status="all"))
        invoices = list(_all(lists.invoices))
    except stripe.StripeError as why:
        said = str(why.user_message or why).replace(key, "***").partition("\n")[0]
        raise Problem(f"Stripe: {said}") from None
    begun = [each for each in subscriptions if each["status"] not in NEVER_BEGAN]
    items = [(each, item) for each in begun for item in each["items"]["data"]]
    fixed = [(each, item) for each, item in items if _is_fixed(item["price"])]
    sent = [each for each in invoices if each["status"] not in NOT_SENT and each.get("customer")]
    for count, what in (
        (len(subscriptions) - len(begun), "subscriptions that never began"),
        (len(items) - len(fixed), "subscription items without a fixed price"),
        (len(invoices) - len(sent), "invoices that were never sent"),
    ):
        if count:
            notes.append(f"Stripe: {what}, left out: {count:,}")
    if any(each.get("discounts") for each in begun):
        notes.append("Stripe: amounts are before discounts")
    found = {
        "customers": customers,
        "subscriptions": [_item(each, item, products) for each, item in fixed],
        "invoices": [_invoice(each) for each in sent],
    }
    return Account({name: _table(rows) for name, rows in found.items() if rows}, notes)


def _all(service: Any, **wanted: Any) -> Iterator[dict[str, Any]]:
    """Every object of a list, page by page."""
    for each in service.list(params={"limit": PAGE, **wanted}).auto_paging_iter():
        yield each.to_dict()


def _id(of: Any) -> str:
    """The id of what is named, or given whole."""
    return of if isinstance(of, str) else str(of["id"])


def _is_fixed(price: dict[str, Any]) -> bool:
    return price.get("unit_amount_decimal") is not None and bool(price.get("recurring"))


def _customer(each: Any) -> dict[str, Any]:
    mail = str(each.get("email") or "")
    told = dict(each.get("metadata") or {})
    return told | {
        "account_id": each["id"],
        "name": each.get("name") or mail or each["id"],
        "domain": mail.rpartition("@")[2] or None,
        "start_date": _day(each["created"]),
    }


def _item(each: Any, item: Any, products: dict[str, str]) -> dict[str, Any]:
    """An item as a row; an amount per two months is half of it per month."""
    price, product = item["price"], _id(item["price"]["product"])
    currency, recurring = price["currency"].upper(), price["recurring"]
    return {
        "subscription_id": item["id"],
        "account_id": _id(each["customer"]),
        "product": products.get(product, product),
        "started_at": _day(each["start_date"]),
        "ended_at": _day(each.get("ended_at") or each.get("cancel_at")),
        "amount": _units(price["unit_amount_decimal"], currency) / recurring["interval_count"],
        "interval": recurring["interval"],
        "quantity": 1 if item.get("quantity") is None else item["quantity"],
        "currency": currency,
        "status": "paused" if each.get("pause_collection") else each["status"],
    }


def _invoice(each: Any) -> dict[str, Any]:
    currency = each["currency"].upper()
    return {
        "invoice_id": each["id"],
        "account_id": _id(each["customer"]),
        "issued_on": _day(each["created"]),
        "due_on": _day(each.get("due_date") or each["created"]),
        "paid_on": _day((each.get("status_transitions") or {}).get("paid_at")),
        "amount": _units(each["total"], currency),
        "currency": currency,
    }


def _day(moment: int | None) -> datetime | None:
    return None if moment is None else datetime.fromtimestamp(moment, UTC)


def _units(amount: Any, currency: str) -> Decimal:
    """Units of a currency from its smallest unit: cents, or what it has instead.

    >>> _units(1250, "USD"), _units("1250", "JPY"), _units(1250, "KWD")
    (Decimal('12.5'), Decimal('1250'), Decimal('1.25'))
    """
    parts = 1 if currency in WITHOUT_CENTS else 1000 if currency in WITH_MILLS else 100
    return Decimal(str(amount)) / parts


def _table(rows: list[dict[str, Any]]) -> pa.Table:
    """Rows as columns of text; a column for every name that any row has."""
    names = dict.fromkeys(name for row in rows for name in row)
    return pa.table({name: as_text([row.get(name) for row in rows]) for name in names})
