"""Onboarding, adoption and activity in practice: worked examples, second computations, what stands when tables lack."""

from __future__ import annotations

import pytest
from test_voice_and_work import inside, rows_of, small, value

from cs_metrics.book import Book
from cs_metrics.dials import tried
from cs_metrics.metric import METRICS


def test_prepared_reviews_by_hand() -> None:
    rows = [
        {"account_id": "A", "kind": "QBR", "done_on": "2025-06-20", "prepared_on": "2025-06-18"},
        {"account_id": "A", "kind": "EBR", "done_on": "2025-06-25", "prepared_on": "2025-06-24"},
        {"account_id": "B", "kind": "qbr", "done_on": "2025-06-25", "prepared_on": None},
        {"account_id": "B", "kind": "training", "done_on": "2025-06-25", "prepared_on": "2025-06-01"},
    ]
    book = small(touchpoints=rows)
    assert value(book, "reviews_prepared") == (1, 3), "two days before, one day before, never"
    assert value(tried(book, {"review.prepared.days": 1}), "reviews_prepared") == (2, 3)
    assert value(book, "reviews_prepared", 1) == (1, 3)
    assert METRICS["reviews_prepared"].dark(small()) == "Add the table touchpoints."


def test_confirmed_outcomes_by_hand() -> None:
    rows = [
        {"account_id": "A", "achieved_on": "2024-06-30", "story": "x", "confirmed_by": "Ann"},
        {"account_id": "B", "achieved_on": "2025-05-01", "story": "y", "confirmed_by": None},
    ]
    book = small(outcomes=rows)
    assert value(book, "confirmed_outcomes") == (1, 2), "365 days before the close still counts; unconfirmed does not"
    assert METRICS["confirmed_outcomes"].of(book).tolist() == [0.5] * 6
    assert value(tried(book, {"outcome_is_confirmed.days": 364}), "confirmed_outcomes") == (0, 2)


def test_logins_per_active_user_by_hand() -> None:
    rows = [
        {"account_id": "A", "day": "2025-06-01", "active_users": 3, "logins": 10},
        {"account_id": "A", "day": "2025-06-02", "active_users": 5, "logins": 20},
        {"account_id": "B", "day": "2025-06-02", "active_users": 5, "logins": None},
    ]
    assert value(small(usage=rows), "logins_per_user") == (30, 5), "days add up; people do not"


@pytest.mark.parametrize("months", [1, 3, 12])
def test_prepared_and_confirmed_a_second_time(sample: Book, months: int) -> None:
    from datetime import date

    ready = held = 0
    for row in rows_of("touchpoints"):
        if row["kind"] in ("QBR", "EBR") and inside(row["done_on"], months):
            held += 1
            if row["prepared_on"]:
                days = date.fromisoformat(row["done_on"]) - date.fromisoformat(row["prepared_on"])
                ready += days.days >= 2
    assert value(sample, "reviews_prepared", months) == (ready, held)
    customers = {a for a, paid in sample.mrr.iterrows() if paid["2025-12"] > 0}
    told = {r["account_id"] for r in rows_of("outcomes") if r["confirmed_by"] and r["achieved_on"] >= "2024-12-31"}
    assert value(sample, "confirmed_outcomes") == (len(told & customers), len(customers))
