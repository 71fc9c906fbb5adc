"""Hand-overs: who answers for what, under each of the five rules. A worked example with the arithmetic beside it."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from cs_metrics.analysis.movements import movements
from cs_metrics.assemble import book_of
from cs_metrics.book import Book, Settings
from cs_metrics.metric import METRICS

NRR = METRICS["net_revenue_retention"]


def handed_over(**settings: str) -> Book:
    """A quarter. Ann holds Acme (120) and Birch (60), Bob holds Cedar (60). On 20 February Acme goes to Bob.

    Birch grows to 90 in February. Acme leaves in March.
    """
    prices = {"Acme": [120, 120, 120, 0], "Birch": [60, 60, 90, 90], "Cedar": [60, 60, 60, 60]}
    months = [202412, 202501, 202502, 202503]
    mrr = pd.DataFrame(
        [(a, m, p * 3600) for a, row in prices.items() for m, p in zip(months, row, strict=True)],
        columns=["account_id", "month", "mrr"],
    )
    owners = pd.DataFrame(
        [
            ("Acme", "Ann", "2024-01-01"),
            ("Birch", "Ann", "2024-01-01"),
            ("Cedar", "Bob", "2024-01-01"),
            ("Acme", "Bob", "2025-02-20"),
        ],
        columns=["account_id", "csm", "from_date"],
    )
    owners["from_date"] = pd.to_datetime(owners["from_date"]).astype("datetime64[s]")
    return book_of({"mrr": mrr, "owners": owners}, Settings.of(**settings), today=date(2025, 5, 1))


@pytest.mark.parametrize(
    ("rule", "ann", "bob"),
    [
        # Ann opened with Acme and Birch: (0 + 90) / (120 + 60). Bob with Cedar.
        ("opening", (90, 180), (60, 60)),
        # At the close Bob holds Acme and Cedar: (0 + 60) / (120 + 60). Ann holds Birch: 90 / 60.
        ("closing", (90, 60), (60, 180)),
        # Acme was Ann's for one close of three (January), Bob's for two. Its top is 0 for both.
        ("time-share", (90, 60 + 40), (60, 60 + 80)),
        # Opening by time: Ann 40 + 60, Bob 80 + 60. Birch's +30 is Ann's, Acme's −120 in March is Bob's.
        ("event", (100 + 30, 100), (140 - 120, 140)),
        # The same, but the loss came 39 days after the hand-over: it stays with Ann.
        ("grace", (100 + 30 - 120, 100), (140, 140)),
    ],
)
def test_each_rule_by_hand(rule: str, ann: tuple[int, int], bob: tuple[int, int]) -> None:
    tally = NRR.tally(handed_over(owner=rule), 3, "csm")
    for csm, expected in (("Ann", ann), ("Bob", bob)):
        assert (tally.top.iloc[-1][csm], tally.bottom.iloc[-1][csm]) == pytest.approx(expected)


def test_a_loss_after_the_days_of_grace_is_the_new_holders() -> None:
    book = handed_over(owner="grace")
    late = book.owners.handovers.assign(day=pd.Timestamp("2024-12-30"))
    moved = Book(
        **{
            **{f: getattr(book, f) for f in book.__dataclass_fields__},
            "owners": type(book.owners)(book.owners.names, book.owners.held, late),
            "memory": {},
        }
    )
    tally = NRR.tally(moved, 3, "csm")
    assert tally.top.iloc[-1]["Bob"] == pytest.approx(140 - 120)  # 91 days from 30 December to 31 March


def test_transfers_show_in_a_csms_waterfall() -> None:
    table = movements(handed_over(), "quarter", "csm").set_index("group")
    assert table.loc["Ann", ["opening", "expansion", "transfer_out", "closing"]].tolist() == [
        180,
        30,
        -120,
        90,
    ]
    assert table.loc["Bob", ["opening", "transfer_in", "churn", "closing"]].tolist() == [60, 120, -120, 60]


def test_nobodys_accounts_are_unassigned_and_add_up() -> None:
    book = Book.of_mrr({"A": [10, 20], "B": [30, 30]}, csm=["Ann", None])
    assert METRICS["mrr"].by(book, "csm").iloc[-1].to_dict() == {"Ann": 20, "unassigned": 30}


def test_a_csms_team_does_not_see_transfers_inside_it() -> None:
    team = movements(handed_over().held_by("Ann", "Bob"), "quarter").iloc[0]
    assert team[["transfer_in", "transfer_out", "opening", "closing"]].tolist() == [0, 0, 240, 150]
