"""Stripe: its customers, subscriptions and invoices as tables, through its official library. Only lists are read.

A row of ``subscriptions`` is an item of a subscription, its amount per interval before discounts. What never began
(an incomplete subscription), an invoice that was never sent and what has no fixed price are left out, and counted.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from cs_metrics.book import Problem
from cs_metrics.connect.cells import text_table
from cs_metrics.connect.service import SECONDS, Bounds, Contents, Progress, Service, without

KEY = "STRIPE_API_KEY"
API = "https://api.stripe.com"
PAGE = 100
WITHOUT_CENTS = {"BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "UGX", "VND", "VUV", "XAF",
                 "XOF", "XPF"}  # fmt: skip
WITH_MILLS = {"BHD", "JOD", "KWD", "OMR", "TND"}
NEVER_BEGAN = ("incomplete", "incomplete_expired")
NOT_SENT = ("draft", "void")


def stripe_account(progress: Progress | None = None) -> Contents:
    """The tables of the Stripe account that the key of the environment opens. Raises Problem, which never holds it."""
    key = os.environ[KEY]
    try:
        import stripe
    except ImportError:
        raise Problem("Stripe needs its library: pip install cs-metrics[stripe]") from None
    stripe.enable_telemetry = False
    lists = stripe.StripeClient(
        key,
        base_addresses={"api": API},
        http_client=stripe.RequestsClient(timeout=SECONDS),
        max_network_retries=3,
    ).v1
    notes = [] if key.startswith("rk_") else ["This key may change data in Stripe: use a restricted key that may read."]
    bounds = Bounds("Stripe", progress)

    def every(what: str, service: Any, **wanted: Any) -> Iterator[dict[str, Any]]:
        return bounds.counted(what, _all(service, **wanted))

    try:
        products = {each["id"]: each.get("name") or each["id"] for each in every("products", lists.products)}
        customers = [_customer(each) for each in every("customers", lists.customers)]
        subscriptions = list(every("subscriptions", lists.subscriptions, status="all"))
        invoices = list(every("invoices", lists.invoices))
    except stripe.StripeError as why:
        raise Problem(f"Stripe: {without(why.user_message or why, key)}") from None
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
    return Contents({name: text_table(rows) for name, rows in found.items() if rows}, notes)


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


STRIPE = Service(
    "stripe",
    "Stripe",
    (KEY,),
    "It is a restricted key that may read customers, subscriptions, products and invoices.",
    stripe_account,
)
