"""What lies behind averages, survival, inheritance and expectations: rows that add up, on the sample and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from test_calls import book_with, called

from cs_metrics.analysis import survival
from cs_metrics.analysis.calls import week_by_week, weeks
from cs_metrics.analysis.cohorts import behind_average, triangles
from cs_metrics.analysis.handovers import inherited, inherited_accounts, transfers
from cs_metrics.analysis.what_if import Choice, expected_of_accounts, outlook
from cs_metrics.book import Book


@pytest.mark.parametrize("measure", ["net", "gross", "logo"])
@pytest.mark.parametrize("by", [None, "segment", "csm"])
def test_the_accounts_behind_an_average_add_up_to_it(sample: Book, measure: str, by: str | None) -> None:
    curve = triangles(sample, "quarter", by).curves(measure)  # type: ignore[arg-type]
    for line in curve[curve["age"].isin([0, 2, 5])].itertuples():
        rows = behind_average(sample, measure, "quarter", line.age, by, line.group)  # type: ignore[arg-type]
        assert rows["top"].sum() / rows["bottom"].sum() == pytest.approx(line.value, rel=1e-9)
        assert len(rows) == line.accounts


def test_the_accounts_behind_an_age_are_those_at_risk(sample: Book) -> None:
    for group, curve in survival.survival(sample, "segment").groupby("group"):
        for row in curve[curve["age_months"].isin([1, 12, 24])].itertuples():
            rows = survival.behind(sample, row.age_months, "segment", group)
            assert len(rows) == row.at_risk
            assert len(rows) - rows["top"].sum() == row.lost
            assert (rows["note"] == "lost at this age").sum() == row.lost


def test_the_accounts_behind_an_age_by_hand() -> None:
    book = Book.of_mrr({"A": [0, 9, 9, 9], "B": [0, 9, 0, 0], "C": [0, 0, 9, 9], "D": [0, 9, 9, 0]})
    rows = survival.behind(book, 1).set_index("account_id")
    assert rows["note"].to_dict() == {
        "B": "lost at this age", "A": "still here", "C": "still here", "D": "lost at 2 months",
    }  # fmt: skip
    assert survival.behind(book, 2).set_index("account_id")["top"].to_dict() == {"D": 0, "A": 1}


def test_what_a_csm_inherited_adds_up_account_by_account(sample: Book) -> None:
    for csm, row in inherited(sample).iterrows():
        rows = inherited_accounts(sample, str(csm))
        assert rows[["inherited", "since", "own", "now"]].sum().tolist() == pytest.approx(
            row[["inherited", "since", "own", "now"]].tolist(), abs=1e-6
        )
        assert np.allclose(rows["inherited"] + rows["since"] + rows["own"], rows["now"])


def test_a_csms_transfers_add_up_account_by_account(sample: Book) -> None:
    every = transfers(sample, 12)
    for csm in every.index:
        rows = transfers(sample.held_by(csm), 12, by="account_id")
        assert rows.sum().tolist() == pytest.approx(every.loc[csm].tolist(), abs=1e-6)
        assert rows.iloc[:, :4].sum(axis=1).to_numpy() == pytest.approx(rows["closing"].to_numpy(), abs=1e-6)


def test_what_is_expected_of_each_account_adds_up_to_the_mrr_renewed(sample: Book) -> None:
    book = sample.now()
    first, second = expected_of_accounts(book)["account_id"].iloc[:2]
    for choices in ({}, {first: Choice("lose"), second: Choice("grow", 0.2)}):
        rows, found = expected_of_accounts(book, choices), outlook(book, choices)
        assert rows.loc[rows["is_due"], "expected"].sum() == pytest.approx(found.renewed.expected, rel=1e-9)
        assert rows.loc[rows["is_due"], "mrr"].sum() == pytest.approx(found.due / found.scale, rel=1e-12)


def test_calls_week_by_week_as_they_stood() -> None:
    """Ann calls Gone twice in a week and changes her mind the next; Ben calls Kept once; Open is not over."""
    book = book_with(
        [
            called("Gone", "2025-02-03", "grow", 120),
            called("Gone", "2025-02-05", "renew", 100),  # stands at the end of the week: a miss
            called("Gone", "2025-02-12", "lose", 0),  # the week after: came true
            called("Kept", "2025-02-04", "renew", 100, "Ben"),
            called("Open", "2025-02-13", "renew", 100, "Ben"),
        ]
    )
    held = week_by_week(book)
    assert [
        (f"{row.week:%m-%d}", row.csm, row.account_id, row.call, None if row.hit != row.hit else row.hit)
        for row in held.itertuples()
    ] == [
        ("02-10", "Ann", "Gone", "lose", 1),
        ("02-10", "Ben", "Open", "renew", None),
        ("02-03", "Ann", "Gone", "renew", 0),
        ("02-03", "Ben", "Kept", "renew", 1),
    ]
    found = weeks(held).set_index(weeks(held)["week"].dt.strftime("%m-%d"))
    assert found.loc["02-10", ["csms", "calls", "over", "hits"]].tolist() == [2, 2, 1, 1]
    assert found.loc["02-03", ["csms", "calls", "over", "hits"]].tolist() == [2, 2, 2, 1]
    assert found.loc["02-03", "error"] == pytest.approx((100 + 0) / 200)
