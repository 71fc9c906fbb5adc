"""The Renewals page, from the frame: every tab on whole and partial books, what-if, scenarios, calls."""

from __future__ import annotations

import re
from datetime import date

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest
from test_pages import BOOKS, figure, keep, own_folder, page, visit, words

from cs_metrics.store.batches import history, latest_batch
from cs_metrics.store.known import tables_known

__all__ = ["own_folder"]  # the fixture every test here has, too

TABS = ("Due", "What if", "Calls", "Forecast")
TODAY = pd.Timestamp(date.today())
LAST = TODAY.to_period("M") - 1


def coming_book() -> list[tuple[str, str]]:
    """Two years to last month; three customers are due within the next weeks, one left at its renewal."""
    months = pd.period_range(LAST - 24, LAST, freq="M")
    mrr = "".join(f"{a},{m},{p}\n" for a, p in (("A", 1000), ("B", 500), ("C", 2000), ("D", 300)) for m in months)
    mrr += "".join(f"Gone,{m},{400 if m < LAST - 5 else 0}\n" for m in months)
    soon = (TODAY + pd.Timedelta(days=20)).date()
    rows = "".join(f"{a},Account {a},Ann,{soon}\n" for a in "ABC") + "D,Account D,Ben,\nGone,Gone,Ben,\n"
    return [("mrr.csv", "account_id,month,mrr\n" + mrr), ("accounts.csv", "account_id,name,csm,renewal_date\n" + rows)]


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_stands_on_the_sample_company(tab: str) -> None:
    at = visit(page("renewals"), renewals=tab)
    assert not at.error
    assert at.metric or at.markdown


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("book", BOOKS)
def test_every_tab_stands_on_partial_books(own_folder: str, book: str, tab: str) -> None:
    keep(own_folder, *BOOKS[book])
    at = visit(page("renewals"), renewals=tab)
    if book == "one revenue table" and tab != "Forecast":
        assert "No renewal dates" in words(at)


def test_the_sample_says_what_is_due_and_what_to_expect() -> None:
    at = visit(page("renewals"))
    assert figure(at, "Overdue · 3").replace("\\", "") == "$20.6 k"
    assert re.search(r"due is expected to be renewed; eight times in ten", words(at))
    assert "no revenue to start from" not in words(at)


def open_what_if(own_folder: str) -> AppTest:
    keep(own_folder, *coming_book())
    return visit(page("renewals"), renewals="What if")


def edit(at: AppTest, own_folder: str, which: str, rows: dict[int, dict[str, object]]) -> None:
    """Type into the table on the page: rows by place, columns by name."""
    key = f"{which}_{latest_batch(own_folder)}_3"
    at.session_state[key] = {"edited_rows": rows, "added_rows": [], "deleted_rows": []}


def test_what_is_set_moves_the_quarter_at_once_and_is_kept(own_folder: str) -> None:
    at = open_what_if(own_folder)
    gross = next(m.label for m in at.metric if m.label.startswith("Gross retention"))
    before = figure(at, gross)
    rows = {0: {"choice": "lose"}, 1: {"choice": "shrink", "percent": 50.0}, 2: {"choice": "renew"}}  # C, A, B
    edit(at, own_folder, "what_if_As it stands", rows)
    at.run()
    assert not at.exception
    left = 400 / (3800 + 3 * 4200)  # what left in the last four quarters; D, without a date, may leave like that
    after = f"{(0 + 500 + 500 + 300 * (1 - left)) / 3800:.1%}".replace("%", " %")
    assert figure(at, gross) == after != before
    assert figure(at, next(m.label for m in at.metric if m.label.startswith("Renewed of"))) == "28.6 %"
    next(t for t in at.text_input if t.label == "Save as").set_value("Bad quarter")
    edit(at, own_folder, "what_if_As it stands", rows)
    next(b for b in at.button if b.label == "Save scenario").click().run()
    assert not at.exception
    kept = tables_known(own_folder)["scenarios"].to_pylist()
    assert {(r["account_id"], r["choice"], r["percent"]) for r in kept} == {
        ("C", "lose", None),
        ("A", "shrink", 50.0),
        ("B", "renew", None),
    }
    assert history(own_folder).iloc[0]["kind"] == "entry"
    at.run()
    assert at.selectbox(key="scenario").value == "Bad quarter"
    assert figure(at, gross) == after
    again = visit(page("renewals"), renewals="What if")
    assert figure(again, gross) == before


def test_a_call_is_kept_with_its_day_and_the_models_chance(own_folder: str) -> None:
    keep(own_folder, *coming_book())
    at = visit(page("renewals"), renewals="Calls")
    assert "No calls yet" in words(at)
    rows = {0: {"call": "lose", "note": "They said so"}, 1: {"call": "renew"}, 2: {"call": "shrink"}}
    edit(at, own_folder, "calls", rows)
    next(b for b in at.button if b.label == "Keep these calls").click().run()
    assert "Say which MRR" in words(at)
    rows[2]["called"] = 350.0  # type: ignore[assignment]
    edit(at, own_folder, "calls", rows)
    next(b for b in at.button if b.label == "Keep these calls").click().run()
    assert not at.exception
    kept = {r["account_id"]: r for r in tables_known(own_folder)["renewal_calls"].to_pylist()}
    assert {a: (r["call"], r["mrr"] / 3600) for a, r in kept.items()} == {
        "C": ("lose", 0),
        "A": ("renew", 1000),
        "B": ("shrink", 350),
    }
    assert all(r["called_on"] == date.today() and r["csm"] == "Ann" and 0 < r["chance"] < 1 for r in kept.values())
    assert kept["C"]["note"] == "They said so"
    assert "No called renewal is over yet" in words(visit(page("renewals"), renewals="Calls"))


def test_a_csm_sees_her_own_renewals_only(own_folder: str) -> None:
    keep(own_folder, *coming_book())
    assert any(
        m.label.startswith("In 30 days · 3") or m.label.startswith("In 31–60 days · 3")
        for m in visit(page("renewals")).metric
    )
    ben = visit(page("renewals"), csm="Ben")
    assert "Nothing is due" in words(ben)
    assert "No contract of this book is due" in words(ben)
