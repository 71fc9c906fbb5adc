"""Did we see it coming: worked examples, a second computation in plain loops, and what the sample company planted."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from cs_metrics.analysis import foresight as past
from cs_metrics.analysis.foresight import EITHER, PERSON, TOOL, foresight, tool_warnings
from cs_metrics.assemble import book_of
from cs_metrics.book import Book, Dark
from cs_metrics.dials import tried
from cs_metrics.flags import NOT_YET, flags, losses
from cs_metrics.metric import METRICS

SURPRISE, ALARMS = METRICS["surprise_churn"], METRICS["false_alarms"]
FIRST = pd.Period("2024-01", "M")
DAYS = "datetime64[s]"


def book(
    prices: dict[str, list[int]],
    risks: list[tuple[str, str, str | None]] = (),  # type: ignore[assignment]
    pulses: list[tuple[str, str, int]] = (),  # type: ignore[assignment]
    escalated: list[str | None] | None = None,
    **more: object,
) -> Book:
    """A book of prices by month from 2024-01 on, with flags: account, opened, closed; account, given, pulse."""
    mrr = pd.DataFrame(
        [
            (account, int(str(FIRST + place).replace("-", "")), 3600 * price)
            for account, paid in prices.items()
            for place, price in enumerate(paid)
        ],
        columns=["account_id", "month", "mrr"],
    )
    tables: dict[str, pd.DataFrame] = {"mrr": mrr}
    if len(risks):
        rows = pd.DataFrame(list(risks), columns=["account_id", "opened_on", "closed_on"])
        tables["risks"] = rows.assign(
            opened_on=pd.to_datetime(rows["opened_on"]).astype(DAYS),
            closed_on=pd.to_datetime(rows["closed_on"]).astype(DAYS),
            reason="price",
            plan=None,
            planned_on=pd.Series([pd.NaT] * len(rows)).astype(DAYS),
            escalated_to=[None] * len(rows) if escalated is None else escalated,
            outcome=None,
        )
    if len(pulses):
        given = pd.DataFrame(list(pulses), columns=["account_id", "given_on", "pulse"])
        tables["pulses"] = given.assign(
            given_on=pd.to_datetime(given["given_on"]).astype(DAYS), pulse=given["pulse"].astype(float), reason=None,
            note=None,
        )  # fmt: skip
    return book_of(tables, until=FIRST + max(map(len, prices.values())) - 1, today=date(2026, 1, 1), **more)


def gone_after(months: int, price: int, whole: int = 14) -> list[int]:
    return [price] * months + [0] * (whole - months)


# Lost in 2024-09, dated 2024-09-01: sixty days before is 2024-07-03.
EXAMPLE = {
    "flagged": gone_after(8, 100),
    "late": gone_after(8, 200),
    "silent": gone_after(8, 400),
    "doubted": gone_after(8, 800),
    "here": [1000] * 14,
}
RISKS = [("flagged", "2024-07-03", None), ("late", "2024-07-04", None), ("here", "2024-02-10", "2024-03-01")]
PULSES = [("silent", "2024-01-05", 4), ("silent", "2024-08-20", 3), ("doubted", "2024-03-01", 2)]


def test_surprise_is_what_nobody_had_flagged_sixty_days_before() -> None:
    found = book(EXAMPLE, RISKS, PULSES)
    value = SURPRISE.tally(found, 3).rows().set_index("month").loc["2024-09"]
    assert (value["top"], value["bottom"]) == (200 + 400, 1500)  # late and silent, of all four
    rows = SURPRISE.explain(found, "2024-09", 3).set_index("account_id")
    assert rows["top"].to_dict() == {"flagged": 0, "late": 200, "silent": 400, "doubted": 0}
    shares = {d: METRICS[f"churn_foreseen_{d}"].of(found, 3)["2024-09"] for d in (30, 60, 90)}
    assert shares == pytest.approx({30: 1100 / 1500, 60: 900 / 1500, 90: 800 / 1500})


def test_a_pulse_taken_back_counts_for_a_year_and_no_longer() -> None:
    prices = {"A": gone_after(20, 100, 24)}
    better = [("A", "2024-01-10", 2), ("A", "2024-02-10", 4)]
    assert losses(book(prices, pulses=better))["lead"].isna().all()  # taken back 19 months before
    again = [*better[:1], ("A", "2024-10-10", 4)]
    assert losses(book(prices, pulses=again))["lead"].tolist() == [600]
    remembered = tried(book(prices, pulses=better), {"foresight.remembered": 700})
    assert losses(remembered)["lead"].tolist() == [600]


def test_what_counts_as_in_time_is_a_dial() -> None:
    found = tried(book(EXAMPLE, RISKS, PULSES), {"foresight.in_time": 30})
    assert SURPRISE.of(found, 3)["2024-09"] == pytest.approx(400 / 1500)


def test_losses_before_anybody_could_flag_are_left_out() -> None:
    found = book({"early": gone_after(2, 100), "later": gone_after(8, 50)}, [("later", "2024-02-20", None)])
    assert losses(found)["counted"].tolist() == [False, True]
    assert np.isnan(SURPRISE.of(found, 3)["2024-03"])
    assert foresight(found, 12).lost["account_id"].tolist() == ["later"]


def test_flags_that_stand_at_the_same_time_are_one() -> None:
    risks = [("A", "2024-02-01", "2024-03-01"), ("A", "2024-02-15", "2024-05-01"), ("A", "2024-07-01", None)]
    found = flags(book({"A": [1] * 12}, risks, [("A", "2024-04-20", 1), ("A", "2024-06-01", 4)]))
    assert found["given"].dt.strftime("%Y-%m-%d").tolist() == ["2024-02-01", "2024-07-01"]
    assert found["until"].tolist() == [pd.Timestamp("2024-06-01"), pd.Timestamp(NOT_YET)]


def test_false_alarms_are_the_flagged_revenue_still_here_after_180_days() -> None:
    risks = [("stays", "2024-03-05", "2024-03-20"), ("leaves", "2024-03-05", None), ("shrinks", "2024-03-05", None)]
    prices = {"stays": [100] * 14, "leaves": gone_after(6, 300), "shrinks": [400] * 6 + [100] * 8}
    found = book(prices, risks)
    row = ALARMS.tally(found, 1).rows().set_index("month").loc["2024-09"]  # 2024-03-05 and 180 days: 2024-09-01
    assert (row["top"], row["bottom"]) == (100 + 100, 800)
    assert ALARMS.of(found, 1).drop("2024-09").isna().all()
    listed = past.flagged_and_stayed(found, 12).set_index("account_id")
    assert listed["became"].to_dict() == {"stays": "stayed", "leaves": "left", "shrinks": "shrank"}
    rows = ALARMS.explain(found, "2024-09", 1)
    assert (rows["top"].sum(), rows["bottom"].sum()) == (200, 800)
    assert ALARMS.explain(found, None, 12)["bottom"].sum() == 800


def test_escalations_are_resolved_where_the_customer_was_kept() -> None:
    risks = [
        ("kept", "2024-02-01", "2024-03-12"),
        ("lost", "2024-02-01", "2024-03-10"),
        ("open", "2024-02-20", None),
        ("plain", "2024-02-20", "2024-03-01"),
    ]
    prices = {"kept": [5] * 12, "lost": gone_after(2, 5, 12), "open": [5] * 12, "plain": [5] * 12}
    found = book(prices, risks, escalated=["Ann", "Ann", "Ann", None])
    assert METRICS["escalations_resolved"].of(found, 3)["2024-04"] == pytest.approx(1 / 3)
    assert METRICS["days_to_resolve"].of(found, 3)["2024-04"] == 40
    assert METRICS["escalations_resolved"].of(found, 1)["2024-04"] == 0
    assert METRICS["escalations_resolved"].dark(book({"A": [1] * 3}, risks[:1])) is not None


def test_without_flags_and_pulses_it_is_dark_and_says_what_to_upload() -> None:
    bare = book({"A": gone_after(5, 1)})
    for name in ("surprise_churn", "false_alarms"):
        assert "upload risks or pulses" in (METRICS[name].dark(bare) or "")
        assert METRICS[name].of(bare, 3).isna().all()
    with pytest.raises(Dark, match="upload risks or pulses"):
        foresight(bare, 12)


@st.composite
def drawn(draw: st.DrawFn) -> tuple[dict[str, list[int]], list, list]:  # type: ignore[type-arg]
    whole = draw(st.integers(6, 16))
    names = [f"A{n}" for n in range(draw(st.integers(1, 4)))]
    prices = {n: draw(st.lists(st.sampled_from([0, 1, 2, 5]), min_size=whole, max_size=whole)) for n in names}
    day = st.integers(-20, 31 * whole).map(lambda d: date(2024, 1, 1) + timedelta(days=d))
    risks = draw(st.lists(st.tuples(st.sampled_from(names), day, st.none() | st.integers(0, 200)), max_size=6))
    opened = [(a, d, None if k is None else d + timedelta(days=k)) for a, d, k in risks]
    pulses = draw(
        st.lists(st.tuples(st.sampled_from(names), day, st.integers(1, 5)), max_size=8, unique_by=lambda p: p[:2])
    )
    return prices, opened, pulses


@given(drawn(), st.integers(1, 6))
def test_surprise_and_alarms_against_plain_loops(
    case: tuple[dict[str, list[int]], list, list],  # type: ignore[type-arg]
    k: int,
) -> None:
    prices, risks, pulses = case
    if not risks and not pulses:
        return
    found = book(prices, risks, pulses)
    whole = len(next(iter(prices.values())))
    standing = spans(prices, risks, pulses)
    since = min([d for _, d, _ in risks] + [d for _, d, _ in pulses])
    for close in range(k, whole):
        top = bottom = 0
        for account, paid in prices.items():
            if paid[close - k] > 0 and paid[close] == 0:
                last = max(c for c in range(close - k, close) if paid[c] > 0) + 1
                lost = first_of(last)
                if lost < since + timedelta(days=60):
                    continue
                bottom += paid[close - k]
                told = [
                    given
                    for given, until in standing[account]
                    if given < lost and (until is None or until > lost - timedelta(days=365))
                ]
                top += 0 if told and (lost - min(told)).days >= 60 else paid[close - k]
        tally = SURPRISE.tally(found, k).rows()
        row = tally[tally["month"] == str(FIRST + close)].iloc[0]
        assert (row["top"], row["bottom"]) == (top, bottom)
        top = bottom = 0
        for account, paid in prices.items():
            for flagged, _ in standing[account]:
                up = flagged + timedelta(days=180)
                at, then = (flagged.year - 2024) * 12 + flagged.month - 2, (up.year - 2024) * 12 + up.month - 1
                if at >= 0 and close - k < then <= close:
                    bottom += paid[at]
                    top += min(paid[at], paid[then])
        row = ALARMS.tally(found, k).rows().set_index("month").loc[str(FIRST + close)]
        assert (row["top"], row["bottom"]) == (top, bottom)
        behind = ALARMS.explain(found, str(FIRST + close), k)
        assert (behind["top"].sum(), behind["bottom"].sum()) == (top, bottom)


def first_of(close: int) -> date:
    month = FIRST + close
    return date(month.year, month.month, 1)


def spans(prices: dict, risks: list, pulses: list) -> dict[str, list[tuple[date, date | None]]]:  # type: ignore[type-arg]
    """Flags of each account, day by day: joined where they stand at the same time or touch."""
    out: dict[str, list[tuple[date, date | None]]] = {}
    for account in prices:
        each = [(o, c) for a, o, c in risks if a == account and (c is None or c > o)]
        mine = sorted((d, p) for a, d, p in pulses if a == account)
        for place, (day, value) in enumerate(mine):
            if value <= 2:
                each.append((day, mine[place + 1][0] if place + 1 < len(mine) else None))
        joined: list[tuple[date, date | None]] = []
        for day, until in sorted(each, key=lambda s: s[0]):
            if joined and (joined[-1][1] is None or day <= joined[-1][1]):
                end = joined[-1][1]
                joined[-1] = (joined[-1][0], None if end is None or until is None else max(end, until))
            else:
                joined.append((day, until))
        out[account] = joined
    return out


def test_the_surprise_that_was_planted_is_found(sample: Book) -> None:
    truths = {t["name"]: t for t in json.loads((ROOT / "sample_data" / "truths.json").read_text("utf-8"))}
    found = foresight(sample, 12)
    by_account = found.lost.set_index("account_id")
    [account] = truths["surprise_churn"]["accounts"]
    assert by_account.loc[account, "seen"] == past.NOBODY
    assert by_account.loc[account, "mrr"] == pytest.approx(truths["surprise_churn"]["lost_mrr"][0])
    assert by_account.loc[account, "lost_in"] == truths["surprise_churn"]["lost_in"][0]
    for unlucky in truths["unlucky_but_not_bad"]["accounts"]:
        assert by_account.loc[unlucky, "seen"] == past.IN_GOOD_TIME
    [late] = truths["handed_over_just_before_loss"]["accounts"]
    assert by_account.loc[late, "seen"] == past.LATE


def test_the_list_the_lead_times_and_the_figures_agree(sample: Book) -> None:
    found = foresight(sample, 12)
    lost = found.lost
    assert lost["mrr"].sum() == pytest.approx(METRICS["revenue_churn_rate"].tally(sample, 12).top.iloc[-1, 0])
    surprise = lost.loc[lost["seen"] != past.IN_GOOD_TIME, "mrr"].sum() / lost["mrr"].sum()
    assert surprise == pytest.approx(SURPRISE.of(sample, 12).iloc[-1])
    lead = found.lead().set_index("who")
    for days in (30, 60, 90):
        assert lead.loc[PERSON, f"mrr_{days}"] == pytest.approx(
            METRICS[f"churn_foreseen_{days}"].of(sample, 12).iloc[-1]
        )
    assert (lead.loc[EITHER, ["mrr_30", "mrr_60", "mrr_90"]] >= lead.loc[TOOL, ["mrr_30", "mrr_60", "mrr_90"]]).all()
    flagged = past.flagged_and_stayed(sample, 12)
    kept = flagged[["mrr_then", "mrr_later"]].min(axis=1).sum() / flagged["mrr_then"].sum()
    assert kept == pytest.approx(ALARMS.of(sample, 12).iloc[-1])


def test_what_the_tool_saw_is_what_it_would_have_listed_then(sample: Book) -> None:
    """Blind to everything later than a quarter-end, the list at its close is the same."""
    warned = tool_warnings(sample)
    day = date(2025, 3, 31)
    stood = warned[(warned["given"] <= pd.Timestamp(day)) & (warned["until"] > pd.Timestamp(day))]["row"]
    blind = tool_warnings(replace(sample.as_of(day), clock=None))
    then = blind[(blind["until"] == pd.Timestamp(NOT_YET))]["row"]
    assert sorted(stood) == sorted(then)
