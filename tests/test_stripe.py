"""Stripe through its official library, against a small Stripe of the tests' own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
import stripe_fake
from stripe_fake import KEY, Stripe
from typer.testing import CliRunner

from cs_metrics.assemble import book_of
from cs_metrics.book import Problem, Settings
from cs_metrics.cli import app
from cs_metrics.connect import stripe as source
from cs_metrics.connect.stripe import STRIPE
from cs_metrics.read.files import File
from cs_metrics.read.reading import read
from cs_metrics.store.known import tables_known
from cs_metrics.tables import frames

DAY = 86_400


@pytest.fixture
def stripe(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stripe]:
    with stripe_fake.running() as server:
        monkeypatch.setenv("STRIPE_API_KEY", KEY)
        monkeypatch.setattr(source, "API", server.address)
        yield server


@pytest.fixture
def filled(stripe: Stripe) -> Stripe:
    """Two customers; a price per month, per year, per quarter and per unit, a trial, one cancelled, one incomplete."""
    acme = stripe.make("customers", name="Acme", email="ann@acme.example", metadata={"segment": "SMB"})["id"]
    birch = stripe.make("customers", name=None, email="bo@birch.example")["id"]
    core = stripe.make("products", name="Core")["id"]
    stripe.subscribe(acme, core, 10_000)
    stripe.subscribe(acme, core, 120_000, interval="year")
    stripe.subscribe(birch, core, 9_000, interval="month", interval_count=3, quantity=2, currency="eur")
    stripe.subscribe(birch, core, 5_000, currency="jpy", status="trialing")
    stripe.subscribe(birch, core, 700, status="canceled", ended_at=stripe.now + 40 * DAY)
    stripe.subscribe(birch, core, 800, status="incomplete_expired")
    stripe.subscribe(birch, core, None)
    stripe.make("invoices", customer=acme, currency="usd", total=10_000, status="paid", due_date=None,
                status_transitions={"paid_at": stripe.now + DAY})  # fmt: skip
    stripe.make("invoices", customer=acme, currency="usd", total=10_000, status="draft", due_date=None,
                status_transitions={"paid_at": None})  # fmt: skip
    return stripe


def reading(stripe: Stripe):  # type: ignore[no-untyped-def]
    tables = STRIPE.contents().tables
    return read([File.of_rows(f"stripe/{name}", rows) for name, rows in tables.items()]).usable()


def test_subscriptions_become_mrr(filled: Stripe) -> None:
    tables = reading(filled).tables
    rows = {row["subscription_id"]: row for row in tables["subscriptions"].to_pylist()}
    mrr = {item: rows[item]["mrr"] / 3600 for item in rows}
    assert mrr == {"si_1": 100, "si_2": 100, "si_3": 60, "si_4": 0, "si_5": 7}
    assert rows["si_5"]["end_date"] == date(2025, 2, 10)
    assert {rows[item]["currency"] for item in ("si_1", "si_3", "si_4")} == {"USD", "EUR", "JPY"}
    assert {row["product"] for row in rows.values()} == {"Core"}
    accounts = {row["account_id"]: row for row in tables["accounts"].to_pylist()}
    assert [accounts[f"cus_000{n}"]["name"] for n in (1, 2)] == ["Acme", "bo@birch.example"]
    assert accounts["cus_0001"]["segment"] == "SMB"
    [bill] = tables["invoices"].to_pylist()
    assert (bill["amount"] / 3600, bill["paid_on"]) == (100, date(2025, 1, 2))


def test_what_is_left_out_is_counted(filled: Stripe) -> None:
    notes = STRIPE.contents().notes
    assert notes == [
        "Stripe: subscriptions that never began, left out: 1",
        "Stripe: subscription items without a fixed price, left out: 1",
        "Stripe: invoices that were never sent, left out: 1",
    ]
    assert filled.changed == []


def test_every_page_is_read_and_a_busy_server_asked_again(stripe: Stripe, monkeypatch: pytest.MonkeyPatch) -> None:
    import stripe as library

    monkeypatch.setattr(library.HTTPClient, "INITIAL_DELAY", 0.01)
    product = stripe.make("products", name="Core")["id"]
    for number in range(250):
        customer = stripe.make("customers", name=f"Customer {number}", email=None)["id"]
        stripe.subscribe(customer, product, 100 * (number + 1))
    stripe.busy = 2
    found = reading(stripe)
    assert found.totals()["subscriptions.mrr"] == 3600 * sum(range(1, 251))
    assert len(found.tables["accounts"]) == 250
    assert stripe.busy == 0


def test_stripe_is_refreshed_on_the_command_line(filled: Stripe, database: str) -> None:
    done = CliRunner().invoke(app, ["import", "stripe://", "--into", database])
    assert done.exit_code == 0, done.output
    filled.objects["subscriptions"]["sub_0001"] |= {"status": "canceled", "ended_at": filled.now + 70 * DAY}
    filled.subscribe("cus_0001", "pro_0001", 50_000, start_date=filled.now + 70 * DAY)
    assert CliRunner().invoke(app, ["import", "stripe://", "--into", database]).exit_code == 0
    tables = frames(tables_known(database))
    tables["subscriptions"] = tables["subscriptions"][tables["subscriptions"]["account_id"] == "cus_0001"]
    book = book_of(tables, Settings(currency="USD"), today=date(2025, 6, 1))
    assert book.mrr.loc["cus_0001"].tolist() == [200, 200, 600]


def test_a_key_that_is_wrong_is_never_shown(stripe: Stripe, monkeypatch: pytest.MonkeyPatch) -> None:
    assert STRIPE.contents().tables == {}
    monkeypatch.setenv("STRIPE_API_KEY", "sk_live_CANARY")
    with pytest.raises(Problem, match="Stripe: Invalid API Key") as said:
        STRIPE.contents()
    assert "sk_live_CANARY" not in str(said.value)
    monkeypatch.delenv("STRIPE_API_KEY")
    with pytest.raises(Problem, match="Set STRIPE_API_KEY"):
        STRIPE.contents()
