"""What a CSM's bonus would be: by hand, by plain loops, and never more or less than promised."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from fractions import Fraction

import pandas as pd
import pytest
from conftest import ROOT
from drawn import Drawn, drawn_books
from hypothesis import given
from hypothesis import strategies as st

from cs_metrics.analysis.goals import FIGURES, Bonus, exact, payouts, spread
from cs_metrics.analysis.handovers import RULES
from cs_metrics.analysis.parts import of_metric
from cs_metrics.assemble import book_of
from cs_metrics.book import Book, Misuse
from cs_metrics.metric import METRICS

NRR, GRR = FIGURES


def handed_over() -> Book:
    """Ann opens with Acme 600 and Birch 400. Acme goes to Ben in March and loses 200 in April; Birch gains 100 in May."""
    months = pd.period_range("2025-01", "2025-05", freq="M")
    rows = {"Acme": [600, 600, 600, 400, 400], "Birch": [400, 400, 400, 400, 500], "Cedar": [1000] * 5}
    mrr = pd.DataFrame([(a, str(m), v) for a, of in rows.items() for m, v in zip(months, of, strict=True)])
    mrr.columns = ["account_id", "month", "mrr"]
    mrr["month"] = [int(m.replace("-", "")) for m in mrr["month"]]
    mrr["mrr"] *= 3600
    owners = pd.DataFrame(
        {
            "account_id": ["Acme", "Acme", "Birch", "Cedar"],
            "csm": ["Ann", "Ben", "Ann", "Ben"],
            "from_date": pd.to_datetime(["2024-12-01", "2025-03-10", "2024-12-01", "2024-12-01"]),
        }
    )
    return book_of({"mrr": mrr, "owners": owners})


def test_a_bonus_by_hand_under_each_owner_rule() -> None:
    found = payouts(handed_over(), "Ann", Bonus(NRR, 0.8, 1.0, 4000, 2), months=4)
    by_rule = found[found["definition"] == found["definition"].iloc[0]].set_index("owner")
    # opening: Ann answers for both: (400 + 500) / 1000 = 90 %: half of the way from 80 to 100 %
    assert by_rule.loc["opening", ["value", "payout"]].tolist() == [0.9, 2000]
    # closing: Ann holds Birch alone: 500 / 400 = 125 %: beyond twice the bonus, the cap
    assert by_rule.loc["closing", ["value", "payout"]].tolist() == [1.25, 8000]
    # event: Acme's opening counts for the one month of four she held it: (400 + 600 / 4 + 100) / (400 + 600 / 4)
    assert by_rule.loc["event", "value"] == pytest.approx(650 / 550)
    # grace: the loss of 200 in April lies within 90 days of the hand-over: it stays with Ann
    assert by_rule.loc["grace", "value"] == pytest.approx(450 / 550)
    assert spread(found).most == 8000
    assert found["own"].sum() == 1
    assert found.loc[found["own"], "owner"].tolist() == ["opening"]


def test_where_baseline_and_target_are_one_it_is_all_or_nothing() -> None:
    bonus = Bonus(GRR, 0.9, 0.9, 1000)
    assert [bonus.payout(Fraction(v)) for v in ("0.8999", "0.9", "1")] == [0, 1000, 1000]


def test_half_a_cent_is_rounded_up() -> None:
    assert Bonus(NRR, 0, 1, 0.01).payout(Fraction(1, 2)) == Fraction(1, 100)
    assert Bonus(NRR, 0, 1, 0.01).payout(Fraction(49, 100)) == 0


def test_what_makes_no_sense_is_said() -> None:
    with pytest.raises(Misuse, match="baseline must not exceed"):
        Bonus(NRR, 1, 0.9, 100)
    with pytest.raises(Misuse, match='not "mrr"'):
        Bonus("mrr", 0.9, 1, 100)


def test_without_an_opening_nothing_is_said_and_nothing_made_up() -> None:
    found = payouts(Book.of_mrr({"Acme": [0, 100]}, csm=["Ann"]), "Ann", Bonus(NRR, 0.9, 1, 100), months=1)
    assert found["payout"].isna().all()
    assert (found["missing"] != "").all()
    assert spread(found) is None
    assert payouts(Book.of_mrr({"Acme": [100]}, csm=["Ann"]), "Ann", Bonus(NRR, 0.9, 1, 100))["payout"].isna().all()
    assert payouts(Book.of_mrr({"A": [1, 1]}, csm=["Ann"]), "Nobody", Bonus(NRR, 0.9, 1, 1), 1)["payout"].isna().all()


def test_the_year_of_a_csm_by_plain_loops(sample: Book) -> None:
    """From the sample's files: whom an account belonged to at the opening, what it paid then and pays now."""
    folder = ROOT / "sample_data"
    paid: dict[tuple[str, str], float] = defaultdict(float)
    opening, closing = str(sample.last - 12), str(sample.last)
    rates = {
        (r["month"][:7], r["currency"]): float(r["rate"])
        for r in csv.DictReader(io.StringIO((folder / "fx.csv").read_text("utf-8")))
    }
    for row in csv.DictReader(io.StringIO((folder / "mrr.csv").read_text("utf-8"))):
        month = row["month"][:7]
        if month in (opening, closing):
            rate = rates.get((opening, row.get("currency") or sample.currency), 1.0)
            paid[row["account_id"], month] += float(row["mrr"] or 0) * rate
    holder: dict[str, tuple[str, str]] = {}
    for row in csv.DictReader(io.StringIO((folder / "owners.csv").read_text("utf-8"))):
        if row["from_date"][:7] <= opening:
            holder[row["account_id"]] = max(holder.get(row["account_id"], ("", "")), (row["from_date"], row["csm"]))
    for csm in sample.holders[:3]:
        mine = [a for a, (_, name) in holder.items() if name == csm and paid[a, opening] > 0]
        top, bottom = (sum(paid[a, month] for a in mine) for month in (closing, opening))
        found = payouts(sample, csm, Bonus(NRR, 0.9, 1.1, 10_000, 2))
        own = found[found["own"]].iloc[0]
        assert own["value"] == pytest.approx(top / bottom, abs=1e-6)
        wanted = 10_000 * min(max((top / bottom - 0.9) / 0.2, 0), 2)
        assert own["payout"] == pytest.approx(wanted, abs=0.05)


@given(drawn_books(), st.floats(0.5, 1), st.floats(0, 0.5), st.integers(0, 10**6), st.floats(0, 3))
def test_a_payout_is_never_below_nothing_nor_above_the_cap(
    drawn: Drawn, baseline: float, room: float, amount: int, cap: float
) -> None:
    baseline, target, cap = round(baseline, 4), round(baseline + room, 4), round(cap, 2)
    bonus = Bonus(NRR, baseline, max(baseline, target), amount, cap)
    book = drawn.book()
    for csm in book.holders[:2]:
        found = payouts(book, csm, bonus, months=1)
        known = found.dropna(subset="payout")
        assert known["payout"].between(0, amount * max(cap, 1 if bonus.target == bonus.baseline else 0) + 0.01).all()
        ordered = known.sort_values("value")
        assert ordered["payout"].is_monotonic_increasing
        assert set(found["owner"]) == set(RULES)


def test_the_exact_value_is_the_metrics_own(sample: Book) -> None:
    for name in FIGURES:
        metric = METRICS[name]
        assert float(exact(of_metric(metric, sample, 12))) == pytest.approx(metric.of(sample, 12).iloc[-1], abs=1e-12)
