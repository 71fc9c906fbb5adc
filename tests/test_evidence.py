"""The evidence behind each signal, and a plan on one page."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from test_plans import action, risk
from test_signals import CASES, known

from cs_metrics.analysis.risk import at_risk
from cs_metrics.book import Book
from cs_metrics.one_page import plan_html, plan_text
from cs_metrics.signal import SIGNALS, signals
from cs_metrics.signals.evidence import OF, evidence

NEVER_HAPPENED = {"contact_is_overdue", "business_review_is_missed"}  # what did not happen leaves no row


@pytest.mark.parametrize("name", [each.name for each in signals("risk")])
def test_every_risk_that_fires_shows_its_rows(name: str) -> None:
    book, _ = CASES[name]
    fired = SIGNALS[name].fired(book)
    assert len(fired)
    for row in fired["row"]:
        found = evidence(book, name, int(row))
        assert found
        assert all(part.what for part in found)
        assert name in NEVER_HAPPENED or sum(len(part.rows) for part in found)
        for part in found:
            assert "row" not in part.rows
            assert not part.rows.isna().all().any()


def test_the_evidence_is_of_that_account_alone(sample: Book) -> None:
    now = sample.as_of(sample.day)
    risky = at_risk(now).head(10)
    for account in risky.to_dict("records"):
        row = now.accounts.index.get_loc(account["account_id"])
        assert len(account["sentences"]) == len(account["signals"])
        assert "; ".join(account["sentences"]) == account["reasons"]
        for name in account["signals"]:
            for part in evidence(now, name, row):
                alone = evidence(now.where_id(account["account_id"]), name, 0)
                assert [len(part.rows) for part in alone] == [len(part.rows) for part in evidence(now, name, row)]
                assert len(part.rows) <= 60


def test_a_signal_without_its_own_evidence_shows_what_it_reads(sample: Book) -> None:
    now = sample.as_of(sample.day)
    others = [each for each in SIGNALS.values() if each.name not in OF and each.needs]
    assert others
    for each in others:
        for part in evidence(now, each.name, 5):
            assert part.what.startswith("The latest")


class Text(HTMLParser):
    """The words of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found.append(data)


@pytest.fixture(scope="module")
def planned() -> Book:
    nasty = "<script>alert(1)</script> & [x](http://z.invalid)"
    return known(
        {"A": [100] * 6},
        accounts={"name": [nasty]},
        risks=[risk("A", "2025-05-01", "2025-06-20", "Call\nthem", root_cause="No owner", sponsor="Eve", status="stuck")],
        actions=[
            action("A", "Call", "2025-06-20"), action("A", "Write", "2025-06-28", "2025-06-27"),
            action("A", "Given up", "2025-06-01", dropped_on="2025-06-10"),
        ],
    ).where_id("A")  # fmt: skip


def test_the_page_says_all_of_the_plan_and_runs_nothing(planned: Book) -> None:
    page = plan_html(planned).decode()
    assert "<script" not in page
    assert not re.search(r"(src|href)=", page)
    parser = Text()
    parser.feed(page)
    said = " ".join(parser.found)
    for part in ("<script>alert(1)</script> &", "No owner", "Eve", "stuck, 1 action overdue", "10 days late",
                 "done 2025-06-27", "2025-06-30"):  # fmt: skip
        assert part in said, part
    assert "Given up" not in said
    assert "Call<br>them" in page
    assert "@page" in page


def test_the_text_says_the_same(planned: Book) -> None:
    text = plan_text(planned)
    for part in ("ROOT CAUSE\nNo owner", "- Call (Ann, by 2025-06-20): 10 days late", "SIGNALS\n- flagged: Price"):
        assert part in text
    assert "nan" not in text.casefold().split()


def test_a_page_for_an_account_without_anything() -> None:
    bare = known({"A": [100] * 6}).where_id("A")
    assert "none yet" in plan_text(bare)
    assert b"<table>" not in plan_html(bare)
