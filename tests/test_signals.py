"""Signals: for each, an account that gives it and one that does not; and nobody looks ahead."""

from __future__ import annotations

import inspect
import string
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cs_metrics.analysis.advocates import ADVOCATE, REFERENCE, advocates
from cs_metrics.analysis.risk import at_risk
from cs_metrics.assemble import book_of
from cs_metrics.book import Book
from cs_metrics.dials import Dial, tried, values_written
from cs_metrics.facts import HAPPENED, KNOWN, Facts, known_on
from cs_metrics.health import BANDS, PARTS, bands, health
from cs_metrics.signal import SIGNALS
from cs_metrics.tables import TABLES, columns, completed

DAY = date(2025, 6, 30)
DATES = {name for row in TABLES.values() for name, c in columns(row).items() if c.kind in ("day", "instant")}


def known(
    prices: dict[str, list[int]] | None = None,
    accounts: dict[str, Any] | None = None,
    **tables: list[dict[str, Any]],
) -> Book:
    """A book of six closes to 2025-06 with these facts; dates as text."""
    prices = prices or {"Hit": [100] * 6, "Calm": [100] * 6}
    rows = [
        (account, 202501 + place, price * 3600) for account, row in prices.items() for place, price in enumerate(row)
    ]
    made = {"mrr": pd.DataFrame(rows, columns=["account_id", "month", "mrr"])}
    listed = pd.DataFrame(
        {"account_id": list(prices), "name": list(prices), "start_date": "2022-01-01", **(accounts or {})}
    )
    for name, entries in {"accounts": listed, **{n: pd.DataFrame(e) for n, e in tables.items()}}.items():
        dated = {c: pd.to_datetime(entries[c]).astype("datetime64[s]") for c in entries if c in DATES}
        made[name] = completed(name, entries.assign(**dated))
    return book_of(made, today=date(2025, 8, 1)).as_of(DAY)


def use(hit: list[float], calm: list[float], **more: Any) -> list[dict[str, Any]]:
    return [
        {
            "account_id": account,
            "month": 202501 + place,
            "logins": value,
            "active_users": value,
            "licensed_seats": 100,
            **more,
        }
        for account, row in (("Hit", hit), ("Calm", calm))
        for place, value in enumerate(row)
    ]


def pulse(account: str, on: str, value: int, **more: Any) -> dict[str, Any]:
    return {"account_id": account, "given_on": on, "pulse": value, **more}


BOTH = ({"account_id": "Hit"}, {"account_id": "Calm"})
CASES: dict[str, tuple[Book, str]] = {
    "risk_is_flagged": (
        known(risks=[{**BOTH[0], "opened_on": "2025-06-01", "closed_on": None, "reason": "Price", "plan": "Call"}, {**BOTH[1], "opened_on": "2025-05-01", "closed_on": "2025-06-01", "reason": "Price", "plan": ""}]),
        "flagged: Price",
    ),
    "pulse_is_low": (known(pulses=[pulse("Hit", "2025-06-01", 2), pulse("Calm", "2025-05-01", 1), pulse("Calm", "2025-06-01", 3)]), "pulse 2 of 5"),
    "pulse_is_falling": (known(pulses=[pulse("Hit", "2025-05-01", 4), pulse("Hit", "2025-06-01", 3), pulse("Calm", "2025-05-01", 5), pulse("Calm", "2025-06-01", 4)]), "pulse fell from 4 to 3"),
    "usage_is_falling": (known(usage=use([10, 10, 10, 6, 6, 6], [10, 10, 10, 9, 9, 9])), "logins down 40% on the three months before"),
    "seat_use_is_low": (known(usage=use([50] * 5 + [20], [20] * 5 + [50])), "20% of 100 seats used"),
    "tickets_are_more_than_usual": (
        known(tickets=[{**BOTH[0], "opened_at": f"2025-06-0{n}"} for n in range(1, 5)] + [{**BOTH[1], "opened_at": f"2025-0{n}-01"} for n in range(1, 7)]),
        "4 tickets in 90 days, 0.0 is usual",
    ),
    "urgent_ticket_is_open": (
        known(tickets=[{**BOTH[0], "opened_at": "2025-06-20", "solved_at": None, "priority": "Urgent"}, {**BOTH[1], "opened_at": "2025-06-20", "solved_at": "2025-06-21", "priority": "urgent"}]),
        "an urgent ticket is open for 10 days",
    ),
    "is_a_detractor": (
        known(surveys=[{**BOTH[0], "kind": "NPS", "sent_at": "2025-05-01", "responded_at": "2025-05-02", "score": 6}, {**BOTH[1], "kind": "NPS", "sent_at": "2025-05-01", "responded_at": "2025-05-02", "score": 7}]),
        "answered 6 of 10 to NPS",
    ),
    "answer_is_low": (
        known(surveys=[{**BOTH[0], "kind": "CSAT", "sent_at": "2025-05-01", "responded_at": "2025-05-02", "score": 2}, {**BOTH[1], "kind": "CSAT", "sent_at": "2025-05-01", "responded_at": "2025-05-02", "score": 3}]),
        "answered 2 of 5 to CSAT",
    ),
    "seats_are_nearly_full": (known(usage=use([50] * 5 + [90], [90] * 5 + [89])), "90% of 100 seats used"),
    "product_limit_is_reached": (known(usage=use([50] * 5 + [103], [100] * 5 + [99])), "103 people use 100 seats"),
    "usage_is_rising": (known(usage=use([10, 10, 10, 14, 14, 14], [10, 10, 10, 12, 12, 12])), "logins up 40% on the three months before"),
    "team_is_growing": (known(usage=use([20, 20, 20, 24, 24, 24], [10, 10, 10, 12, 12, 12])), "24 people use it, 20 in the three months before"),
    "use_case_is_new": (
        known(usage=[{**row, "features_used": n} for row, n in zip(use([9] * 6, [9] * 6), [5, 5, 5, 6, 5, 8, 5, 5, 8, 7, 7, 8], strict=True)]),
        "8 features in use, 6 at most in the three months before",
    ),
    "promoter_may_want_more": (
        known(surveys=[{**BOTH[0], "kind": "NPS", "sent_at": "2025-05-01", "responded_at": "2025-05-02", "score": 9}, {**BOTH[1], "kind": "NPS", "sent_at": "2025-05-01", "responded_at": "2025-05-02", "score": 8}]),
        "promoter, 9 of 10",
    ),
    "budget_is_raised": (
        known(notes=[{**BOTH[0], "written_on": "2025-06-20", "author": "Ann", "note": "Their budget was raised for next year"}, {**BOTH[1], "written_on": "2025-06-20", "author": "Ann", "note": "Their budget was cut"}]),
        "a raised budget or funding was mentioned 10 days ago",
    ),
    "support_is_rated_low": (
        known(tickets=[{**BOTH[0], "opened_at": "2025-06-01", "solved_at": "2025-06-02", "csat": 2}, {**BOTH[1], "opened_at": "2025-01-01", "solved_at": "2025-01-02", "csat": 1}]),
        "rated support 2 of 5",
    ),
    "champion_has_left": (
        known(contacts=[{**BOTH[0], "name": "Kim", "role": "Champion", "left_on": "2025-05-01"}, {**BOTH[1], "name": "Lee", "role": "user", "left_on": "2025-05-01"}]),
        "champion Kim left",
    ),
    "competitor_is_mentioned": (
        known(pulses=[pulse("Hit", "2025-06-20", 3, note="They look at a competitor"), pulse("Calm", "2025-06-20", 3, note="All fine")]),
        "a competitor was mentioned 10 days ago",
    ),
    "invoice_is_overdue": (
        known(invoices=[{**BOTH[0], "issued_on": "2025-05-01", "due_on": "2025-06-10", "paid_on": None, "amount": 1}, {**BOTH[1], "issued_on": "2025-05-01", "due_on": "2025-06-10", "paid_on": "2025-06-12", "amount": 1}]),
        "an invoice is overdue for 20 days",
    ),
    "contact_is_overdue": (
        known(touchpoints=[{**BOTH[0], "kind": "check-in", "done_on": "2025-05-21"}, {**BOTH[1], "kind": "check-in", "done_on": "2025-06-01"}]),
        "no contact for 40 days, 31 is the cadence",
    ),
    "business_review_is_missed": (
        known(touchpoints=[{**BOTH[0], "kind": "QBR", "done_on": "2025-01-31"}, {**BOTH[1], "kind": "EBR", "done_on": "2025-06-01"}]),
        "no business review for 150 days",
    ),
    "onboarding_is_late": (
        known(onboarding=[{**BOTH[0], "milestone": "live", "due_on": "2025-06-20", "done_on": None}, {**BOTH[1], "milestone": "live", "due_on": "2025-06-20", "done_on": "2025-06-25"}]),
        "live is 10 days late",
    ),
    "renewal_is_near_without_a_plan": (known(accounts={"renewal_date": ["2025-07-30", "2025-12-30"]}), "renews in 30 days, no plan"),
    "revenue_has_contracted": (known({"Hit": [100] * 3 + [80] * 3, "Calm": [80] * 3 + [100] * 3}), "MRR fell by 20% in 6 months"),
    "surveys_go_unanswered": (
        known(surveys=[{**a, "kind": "NPS", "sent_at": f"2025-0{n}-01", "responded_at": r, "score": s} for n in (2, 5) for a, r, s in ((BOTH[0], None, None), (BOTH[1], f"2025-0{n}-02", 8))]),
        "asked 2 times in 365 days, never answered",
    ),
    "is_a_promoter": (
        known(surveys=[{**BOTH[0], "kind": "NPS", "sent_at": "2025-05-01", "responded_at": "2025-05-02", "score": 9}, {**BOTH[1], "kind": "NPS", "sent_at": "2025-05-01", "responded_at": "2025-05-02", "score": 8}]),
        "promoter, 9 of 10",
    ),
    "pulse_is_high": (known(pulses=[pulse("Hit", "2025-06-01", 4), pulse("Calm", "2025-06-01", 3)]), "pulse 4 of 5"),
    "is_a_power_user": (known(usage=use([90] * 6, [50] * 6)), "in the top 10 % of its segment by use"),
    "is_a_customer_for_a_year": (known(accounts={"start_date": ["2023-06-30", "2025-01-01"]}), "customer for 2.0 years"),
    "outcome_is_confirmed": (
        known(outcomes=[{**BOTH[0], "achieved_on": "2025-01-01", "story": "s", "confirmed_by": "Kim"}, {**BOTH[1], "achieved_on": "2025-01-01", "story": "s", "confirmed_by": None}]),
        "outcome confirmed by Kim",
    ),
    "has_no_open_risk": (known(risks=[{**BOTH[1], "opened_on": "2025-06-01", "reason": "Price"}]), "no open risk"),
    "has_no_open_escalation": (known(risks=[{**BOTH[1], "opened_on": "2025-06-01", "reason": "Price", "escalated_to": "CCO"}]), "no open escalation"),
    "is_healthy": (
        known(pulses=[pulse("Hit", "2025-06-01", 5), pulse("Calm", "2025-06-01", 2)], usage=use([80] * 6, [10] * 6), touchpoints=[{**a, "kind": "check-in", "done_on": "2025-06-20"} for a in BOTH]),
        "health 92 of 100",
    ),
    "has_been_a_reference": (known(advocacy=[{**BOTH[0], "kind": "reference", "done_on": "2024-06-01"}]), "was a reference"),
    "is_rested": (known(advocacy=[{**BOTH[1], "kind": "reference", "done_on": "2025-06-01"}]), "not asked in 90 days"),
}  # fmt: skip


@pytest.mark.parametrize("name", SIGNALS)
def test_each_signal_fires_for_one_account_and_says_why(name: str) -> None:
    book, sentence = CASES[name]
    found = SIGNALS[name].fired(book)
    assert book.accounts.index[found["row"]].tolist() == ["Hit"]
    assert found["reason"].tolist() == [sentence]


@pytest.mark.parametrize("name", SIGNALS)
def test_words_are_complete_and_a_bare_book_is_no_error(name: str) -> None:
    signal = SIGNALS[name]
    assert signal.label
    assert signal.question.endswith(".")
    assert len(signal.question) <= 110
    assert 0 <= signal.weight < 1
    bare = Book.of_mrr({"A": [1, 2], "B": [0, 0]})
    assert set(signal.fired(bare)) == {"row", "reason"}
    assert signal.fired(bare.take(slice(0, 0))).empty


@pytest.mark.parametrize("name", SIGNALS)
def test_every_dial_of_a_signal_is_read_and_named_in_its_words(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read, of = set(), Dial.of

    def spied(dial: Dial, book: Book, about: str = "") -> float:
        read.add(dial.name)
        return of(dial, book, about)

    signal, book = SIGNALS[name], replace(CASES[name][0], memory={})
    monkeypatch.setattr("cs_metrics.signal.values_written", lambda dials, book=None: values_written(dials))
    monkeypatch.setattr(Dial, "of", spied)
    signal.fired(book)
    signal.weight_of(book)
    monkeypatch.undo()
    assert {each.name for each in signal.dials} <= read
    words = inspect.getdoc(signal.function).splitlines()[0]  # type: ignore[union-attr]
    for each in signal.dials:
        assert each.name.endswith(".weight") or f"{{{each.name.rpartition('.')[2]}}}" in words
    assert {each.name.rpartition(".")[2] for each in signal.dials} == {
        field for _, field, _, _ in string.Formatter().parse(words) if field
    } | ({"weight"} if signal.purpose == "risk" else set())


def test_a_threshold_turned_moves_who_a_signal_fires_for_and_what_it_says() -> None:
    book, _ = CASES["usage_is_falling"]
    turned = tried(book, {"usage_is_falling.fall": 0.05})
    assert turned.accounts.index[SIGNALS["usage_is_falling"].fired(turned)["row"]].tolist() == ["Hit", "Calm"]
    assert SIGNALS["usage_is_falling"].when(turned) == (
        "Use in the last three months is 5 % or more below the three months before."
    )
    assert SIGNALS["usage_is_falling"].fired(book)["row"].size == 1


def test_a_score_as_of_a_day_has_the_weights_in_force_on_that_day() -> None:
    facts = {"pulses": [pulse("Hit", "2025-04-20", 5)], "usage": use([80] * 6, [10] * 6)}
    plain = known(**facts)
    chosen = known(**facts, settings=[
        {"setting": "health.pulse.weight", "from_date": "2025-06-01", "value": 60},
        {"setting": "health.band.healthy", "from_date": "2025-06-15", "value": 99},
    ])  # fmt: skip
    now, before = health(chosen), date(2025, 5, 31)
    parts = now.loc["Hit"]
    expected = (15 * parts["usage_trend"] + 15 * parts["active_users"] + 60 * parts["pulse"]) / 90
    assert parts["health"] == pytest.approx(expected)
    pd.testing.assert_frame_equal(health(chosen.as_of(before)), health(plain.as_of(before)), check_exact=True)
    assert [BANDS[band] for band in bands(chosen)] == ["middling", "unknown"]
    assert [BANDS[band] for band in bands(plain)] == ["healthy", "unknown"]


def test_a_setting_beyond_its_limits_does_not_hold() -> None:
    rows = [{"setting": "usage_is_falling.fall", "from_date": "2025-01-01", "value": 25.0}]
    book = known(usage=use([10, 10, 10, 6, 6, 6], [10] * 6), settings=rows)
    assert SIGNALS["usage_is_falling"].fired(book)["row"].size == 1


@pytest.mark.parametrize("day", [date(2025, 10, 31), date(2024, 3, 17)])
def test_no_signal_and_no_score_looks_ahead(sample: Book, day: date) -> None:
    """With every row later than the day deleted, settings too, each signal and score is the same to the last bit."""
    settings = pd.DataFrame(
        [
            {
                "setting": "health.pulse.weight",
                "about": None,
                "from_date": "2024-03-01",
                "value": 30.0,
                "author": "Ann",
            },
            {
                "setting": "usage_is_falling.fall",
                "about": None,
                "from_date": "2024-03-18",
                "value": 0.1,
                "author": "Ann",
            },
            {"setting": "health.support.open", "about": None, "from_date": "2025-11-01", "value": 1.0, "author": "Ann"},
        ]
    )
    settings["from_date"] = pd.to_datetime(settings["from_date"]).astype("datetime64[s]")
    every = replace(sample, facts=Facts({**sample.facts.tables, "settings": settings}), memory={})
    kept = {n: known_on(day, rows, KNOWN[n]) if n in KNOWN else rows for n, rows in every.facts.tables.items()}
    seen = every.as_of(day)
    blind = replace(every.until(str(pd.Period(day, "M"))), facts=Facts(kept), memory={}).as_of(day)
    pd.testing.assert_frame_equal(health(seen), health(blind), check_exact=True)
    assert np.array_equal(bands(seen), bands(blind))
    for name, signal in SIGNALS.items():
        pd.testing.assert_frame_equal(signal.fired(seen), signal.fired(blind), check_exact=True, obj=name)
        assert signal.dark(seen) == signal.dark(blind)
    plain = sample.as_of(day)
    assert not health(seen)["health"].equals(health(plain)["health"])
    changed = every.as_of(date(2025, 11, 30))
    assert (health(changed)["support"] >= health(sample.as_of(date(2025, 11, 30)))["support"]).all()


def test_every_table_of_facts_says_when_it_is_known() -> None:
    dated = {t for t, row in TABLES.items() if "account_id" in row.model_fields and DATES & set(row.model_fields)}
    assert dated - {"accounts", "subscriptions", "ledger", "owners"} <= set(KNOWN)
    for table, known_from in KNOWN.items():
        fields = set(TABLES[table].model_fields) | {"day"}
        assert {
            *known_from.since,
            *known_from.later,
            *(c for brought in known_from.later.values() for c in brought),
        } <= fields
    assert all(when in TABLES[table].model_fields for table, when in HAPPENED.items())


def test_what_is_not_known_drops_out_of_the_health_score() -> None:
    book = known(pulses=[pulse("Hit", "2025-06-01", 5)])
    assert health(book)["health"].isna().all()  # 20 of 100 known: below half, no score
    book = CASES["is_healthy"][0]
    parts = health(book).loc["Hit"]
    weights = {name: part.weight for name, part in PARTS.items() if not np.isnan(parts[name])}
    assert sum(weights.values()) >= 50
    assert parts["health"] == pytest.approx(
        sum(parts[name] * weight for name, weight in weights.items()) / sum(weights.values())
    )


def test_at_risk_ranks_by_revenue_at_stake() -> None:
    book = known(
        {"Big": [1000] * 6, "Small": [10] * 6, "Fine": [500] * 6},
        pulses=[pulse(a, "2025-06-01", p) for a, p in (("Big", 2), ("Small", 1), ("Fine", 4))],
    )
    found = at_risk(book)
    assert found["account_id"].tolist() == ["Big", "Small"]
    assert found["likelihood"].tolist() == pytest.approx([0.3, 0.3])
    assert found["stake"].tolist() == pytest.approx([300, 3])


def test_a_lost_account_is_not_at_risk() -> None:
    assert at_risk(known({"Gone": [100, 100, 0, 0, 0, 0]}, pulses=[pulse("Gone", "2025-06-01", 1)])).empty


def test_an_advocate_meets_its_criteria_and_names_what_it_misses() -> None:
    book = known(
        surveys=[
            {
                "account_id": "Hit",
                "kind": "NPS",
                "sent_at": "2025-05-01",
                "responded_at": "2025-05-02",
                "score": 10,
            }
        ],
        usage=use([90] * 6, [50] * 6),
        risks=[{"account_id": "Calm", "opened_on": "2025-06-01", "reason": "Price"}],
    )
    [found] = advocates(book).to_dict("records")
    assert found["account_id"] == "Hit"
    assert set(found["met"].split("; ")) >= {SIGNALS[name].label for name in (*ADVOCATE, "is_a_promoter")}
    assert not found["reference_ready"]
    assert {"outcome_is_confirmed", "is_healthy"} <= set(REFERENCE)


def test_without_surveys_and_pulses_nobody_is_an_advocate() -> None:
    assert advocates(known(usage=use([90] * 6, [50] * 6))).empty


def test_what_people_typed_in_since_is_known_and_does_not_age_the_rest() -> None:
    book = known(
        touchpoints=[{**a, "kind": "check-in", "done_on": "2025-06-20"} for a in BOTH],
        pulses=[pulse("Hit", "2025-07-25", 1)],
    )
    whole = Book(
        **{f: getattr(book, f) for f in book.__dataclass_fields__}
        | {"facts": type(book.facts)(book.facts.tables), "clock": None, "memory": {}}
    )
    today = whole.now(date(2025, 7, 31))
    assert today.known_on == DAY
    assert at_risk(today)["account_id"].tolist() == ["Hit"]
    assert at_risk(whole.as_of(DAY)).empty
