"""What a team sets for itself holds from its date on, for whom it was set."""

from datetime import date

import pandas as pd
import pytest

from cs_metrics.assemble import book_of
from cs_metrics.book import Book, Problem
from cs_metrics.dials import DIALS, Dial, dial, tried

DAYS = Dial("test.days", "Days of grace", 30, "days", 0, 365)


def book(*settings: tuple[str, str, str, float]) -> Book:
    mrr = pd.DataFrame({"account_id": ["A"] * 3, "month": [202501, 202502, 202503], "mrr": [3600] * 3})
    rows = pd.DataFrame(settings, columns=["setting", "about", "from_date", "value"])
    rows["from_date"] = pd.to_datetime(rows["from_date"]).astype("datetime64[s]")
    return book_of({"mrr": mrr, "settings": rows})


def test_without_a_choice_it_is_what_ships() -> None:
    assert DAYS.of(book()) == 30
    assert DAYS.of(book(("test.other", "", "2025-01-01", 5))) == 30


def test_the_latest_choice_in_force_on_the_day_holds() -> None:
    chosen = book(
        ("test.days", "", "2025-02-10", 20), ("test.days", "", "2025-01-10", 10), ("test.days", "", "2026-01-01", 1)
    )
    assert DAYS.of(chosen) == 20
    assert DAYS.of(chosen.as_of(date(2025, 2, 9))) == 10
    assert DAYS.of(chosen.as_of(date(2025, 1, 9))) == 30


def test_a_choice_for_somebody_comes_before_that_for_everyone() -> None:
    chosen = book(("test.days", "", "2025-01-01", 20), ("test.days", "Ann", "2025-01-01", 7))
    assert (DAYS.of(chosen, "Ann"), DAYS.of(chosen, "Ben"), DAYS.of(chosen)) == (7, 20, 20)


def test_a_value_is_tried_without_touching_the_book() -> None:
    kept = book(("test.days", "", "2025-01-01", 20))
    assert DAYS.of(tried(kept, {"test.days": 3})) == 3
    assert DAYS.of(kept) == 20
    assert DAYS.of(tried(Book.of_mrr({"A": [1]}), {"test.days": 3})) == 3


def test_values_have_limits() -> None:
    share = dial("test.share", "A share", 0.5, "share")
    try:
        assert share.checked(0.9) == 0.9
        with pytest.raises(Problem, match=r"A share: 1\.2 is not between 0 and 1"):
            share.checked(1.2)
    finally:
        del DIALS["test.share"]


def test_what_was_set_since_the_last_upload_holds_now_and_can_be_tried_over() -> None:
    chosen = book(("test.days", "", "2025-07-01", 20))
    assert DAYS.of(chosen) == 30
    now = chosen.now(date(2025, 7, 2))
    assert (now.known_on, DAYS.of(now), DAYS.of(chosen.now(date(2025, 6, 30)))) == (date(2025, 3, 31), 20, 30)
    assert DAYS.of(tried(now, {"test.days": 3})) == 3
