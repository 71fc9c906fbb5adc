"""Onboarding, adoption and activity in practice: worked examples, second computations, what stands when tables lack."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, timedelta
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_voice_and_work import SAMPLE, inside, rows_of, small, value

from cs_metrics.analysis import adoption, onboarding, onboarding_pays, touch, work
from cs_metrics.analysis.due_soon import due_soon
from cs_metrics.book import Book, Dark
from cs_metrics.dials import tried
from cs_metrics.ics import Event, calendar, events_of
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


# --- what the pages list --------------------------------------------------------------------------------------------


def day_of(text: str) -> date:
    return date.fromisoformat(text)


def test_milestones_by_hand() -> None:
    steps = [("kick-off", "2025-06-01", "2025-06-02"), ("live", "2025-06-10", None), ("trained", "2025-06-20", None)]
    rows = [{"account_id": "A", "milestone": m, "due_on": due, "done_on": done} for m, due, done in steps]
    rows += [{"account_id": "B", "milestone": "live", "due_on": "2025-07-05", "done_on": None}]
    book = small(onboarding=rows).as_of(date(2025, 6, 30))
    found = onboarding.milestones(book)
    assert found[["account_id", "milestone", "state"]].to_numpy().tolist() == [
        ["A", "live", "stuck"],
        ["A", "trained", "late"],
        ["B", "live", "on track"],
    ]
    assert found["days_late"].tolist()[:2] == [20, 10]
    tried_book = tried(book, {"onboarding.stuck.days": 5})
    assert onboarding.milestones(tried_book)["state"].tolist() == ["stuck", "stuck", "on track"]
    with pytest.raises(Dark, match="Add the table onboarding"):
        onboarding.milestones(small())


def slowly_half(days: list[int], live: list[bool]) -> float | None:
    """The day by which half are live, by plain loops: the chance of still waiting, day by day."""
    waiting = Fraction(1)
    for day in range(max(days) + 1):
        at_risk = sum(d >= day for d in days)
        reached = sum(d == day and done for d, done in zip(days, live, strict=True))
        if at_risk:
            waiting *= Fraction(at_risk - reached, at_risk)
        if waiting <= Fraction(1, 2):
            return day
    return None


@given(st.lists(st.tuples(st.integers(0, 60), st.booleans()), min_size=5, max_size=30))
def test_the_day_by_which_half_are_live_a_second_time(each: list[tuple[int, bool]]) -> None:
    days, live = [d for d, _ in each], [done for _, done in each]
    half, low, high = onboarding.middle(np.array(days), np.array(live))
    expected = slowly_half(days, live)
    assert (np.isnan(half) if expected is None else half == expected) or days.count(0) > 0
    if not np.isnan(half):
        assert np.isnan(low) or low <= half
        assert np.isnan(high) or high >= half


def test_time_to_live_of_the_sample_a_second_time(sample: Book) -> None:
    known = sample.now(date(2026, 1, 5))
    start = {row["account_id"]: day_of(row["start_date"]) for row in rows_of("accounts")}
    days, live = [], []
    for row in rows_of("onboarding"):
        began = start[row["account_id"]]
        if row["milestone"] == "live" and 0 <= (known.known_on - began).days < 365:
            days.append(((day_of(row["done_on"]) if row["done_on"] else known.known_on) - began).days)
            live.append(bool(row["done_on"]))
    whole = onboarding.time_to_live(known).iloc[0]
    assert (whole["accounts"], whole["live"], whole["days"]) == (len(days), sum(live), slowly_half(days, live))
    assert onboarding.time_to_live(known, "csm")["accounts"].sum() == len(days)
    assert onboarding.time_to_live(known, "segment")["live"].sum() == sum(live)


def test_too_few_have_no_time_to_live() -> None:
    assert np.isnan(onboarding.middle(np.array([1, 2, 3, 4]), np.ones(4, dtype=bool))).all()


def test_fast_onboarding_pays_as_planted(sample: Book) -> None:
    truths = json.loads((SAMPLE / "truths.json").read_text("utf-8"))
    truth = next(each for each in truths if each["name"] == "fast_onboarding_pays")
    curves = onboarding_pays.by_speed(sample)
    fast, slow = (curves[curves["group"] == name].set_index("age_months") for name in ("in time", "late"))
    assert fast["survival"][12] == pytest.approx(truth["fast"]["renewed"], abs=0.03)
    assert slow["survival"][12] == pytest.approx(truth["slow"]["renewed"], abs=0.03)
    found = onboarding_pays.gap(curves)
    assert found is not None
    assert found.beyond_chance
    assert found.low < found.difference < found.high


def test_survival_by_speed_a_second_time(sample: Book) -> None:
    """From the files: for each account, in time or late, followed month by month from the month of its due date."""
    first, last = str(sample.months[0]), sample.months[-1]
    start = {row["account_id"]: row["start_date"] for row in rows_of("accounts")}
    lives: dict[str, list[tuple[int, int, bool]]] = {"in time": [], "late": []}
    for row in rows_of("onboarding"):
        if row["milestone"] != "live":
            continue
        paid = sample.mrr.loc[row["account_id"]]
        months = [month for month in sample.months if paid[month] > 0]
        due = pd.Period(row["due_on"][:7], "M")
        if not months or start[row["account_id"]] < first or due > last:
            continue
        gone = next((month for month in sample.months if month > months[0] and paid[month] == 0), None)
        seen, end = (due - months[0]).n, ((gone or last) - months[0]).n
        speed = "in time" if row["done_on"] and row["done_on"] <= row["due_on"] else "late"
        if max(seen, 0) <= end - (gone is not None):
            lives[speed].append((max(seen, 0), end, gone is not None))
    curves = onboarding_pays.by_speed(sample)
    for speed, each in lives.items():
        left, curve = Fraction(1), curves[curves["group"] == speed].set_index("age_months")
        for age in range(1, 25):
            at_risk = sum(entry < age <= end for entry, end, _ in each)
            lost = sum(end == age and gone for _, end, gone in each)
            left *= Fraction(at_risk - lost, at_risk) if at_risk else 1
            if age in curve.index and age > curve.index[0]:
                assert (curve["at_risk"][age], curve["survival"][age]) == (at_risk, pytest.approx(float(left)))


def test_the_cadence_and_the_untouched_a_second_time(sample: Book) -> None:
    known = sample.now(date(2026, 1, 5))
    start = {row["account_id"]: day_of(row["start_date"]) for row in rows_of("accounts")}
    last: dict[str, date] = {}
    for row in rows_of("touchpoints"):
        if row["done_on"]:
            last[row["account_id"]] = max(last.get(row["account_id"], date.min), day_of(row["done_on"]))
    waited, overdue, mrr = {}, set(), sample.mrr.iloc[:, -1]
    for account in mrr.index[mrr > 0]:
        age = (known.known_on - start[account]).days
        waited[account] = (known.known_on - last.get(account, start[account])).days
        if waited[account] > (7 if age <= 30 else 14 if age <= 90 else 31):
            overdue.add(account)
    rows = touch.touch(known)
    assert dict(zip(rows["account_id"], rows["days_since"], strict=True)) == waited
    assert set(rows.loc[rows["overdue"].notna(), "account_id"]) == overdue
    stages, untouched = touch.by_stage(rows), touch.untouched(rows)
    assert stages["accounts"].sum() == len(waited)
    assert stages["mrr"].sum() == pytest.approx(mrr.sum())
    for days, accounts, amount in untouched[["days", "accounts", "mrr"]].itertuples(index=False):
        mine = [account for account, since in waited.items() if since >= days]
        assert (accounts, amount) == (len(mine), pytest.approx(mrr[mine].sum()))


def test_work_by_csm_a_second_time(sample: Book) -> None:
    known = sample.now(date(2026, 1, 5))
    rows = work.work(known, 3).set_index("csm")
    held, owner = Counter(), {}
    for row in rows_of("touchpoints"):
        if inside(row["done_on"], 3) and row["csm"]:
            held[row["csm"]] += 1
    for row in rows_of("contributions"):
        if inside(row["done_on"], 3):
            owner[row["csm"]] = owner.get(row["csm"], 0) + 1
    for csm in rows.index.drop("unassigned"):
        assert rows["touchpoints"][csm] == held[csm]
        assert rows["documentation"][csm] == owner.get(csm, 0)
    done = work.acts(known, 3)
    assert rows["touchpoints"].sum() == sum(inside(row["done_on"], 3) for row in rows_of("touchpoints"))
    escalated = sum(bool(row["escalated_to"]) and inside(row["opened_on"], 3) for row in rows_of("risks"))
    escalated += sum(row["escalated"] == "yes" and inside(row["opened_at"], 3) for row in rows_of("tickets"))
    assert rows["escalations"].sum() == len(done["escalations"]) == escalated
    assert rows["customers"].sum() == (sample.mrr.iloc[:, -1] > 0).sum()
    assert rows.index.tolist() == [*sorted(rows.index.drop("unassigned"), key=str.casefold), "unassigned"]


def test_many_calls_to_one_account_do_not_raise_coverage() -> None:
    one = [{"account_id": "A", "kind": "check-in", "done_on": "2025-06-20"}]
    few, many = (small(touchpoints=one * times).as_of(date(2025, 6, 30)) for times in (1, 50))
    a, b = work.work(few, 3).iloc[0], work.work(many, 3).iloc[0]
    assert (a["touchpoints"], b["touchpoints"]) == (1, 50)
    assert a["touched"] == b["touched"] == 0.5
    assert pd.isna(a["escalations"]), "no table tells: blank, not none"


def test_seats_in_use_a_second_time(sample: Book) -> None:
    rows = adoption.seat_use(sample)
    parts = adoption.by_band(rows)
    assert parts["accounts"].sum() == len(rows)
    assert parts["share"].sum() == pytest.approx(1)
    low = 0
    for row in rows_of("usage"):
        if row["month"] == "2025-12" and row["active_users"] and row["licensed_seats"]:
            low += int(row["active_users"]) / int(row["licensed_seats"]) < 0.5
    assert parts["accounts"].iloc[0] == low
    by_year = adoption.depth(adoption.with_cohorts(sample), adoption.COHORT)
    whole = METRICS["active_user_share"].tally(sample, 1).rows().iloc[-1]
    assert by_year["seats"].sum() == whole["bottom"]


def test_training_feedback_by_occasion_or_by_day() -> None:
    asked = [("2025-06-12", "training"), ("2025-06-12", None), ("2025-06-29", None), ("2025-06-12", "ticket")]
    rows = [
        {"account_id": "A", "kind": "CSAT", "sent_at": day, "responded_at": day, "score": 4, "occasion": occasion}
        for day, occasion in asked
    ]
    held = [{"account_id": "A", "kind": "Training", "done_on": "2025-06-10"}]
    book = small(surveys=rows, touchpoints=held).as_of(date(2025, 6, 30))
    assert len(onboarding.training_feedback(book)) == 2, "named so, or within two weeks of one"
    assert onboarding.satisfied(onboarding.training_feedback(book)).to_numpy().tolist() == [["CSAT", 2, 4.0]]


# --- what is due ----------------------------------------------------------------------------------------------------


def test_what_is_due_by_hand() -> None:
    rows = [
        {"account_id": "A", "kind": "QBR", "planned_for": "2025-07-03", "done_on": None},
        {"account_id": "A", "kind": "check-in", "planned_for": "2025-06-01", "done_on": "2025-06-05"},
        {"account_id": "B", "kind": "check-in", "planned_for": "2025-05-01", "done_on": "2025-05-02"},
        {"account_id": "B", "kind": "QBR", "planned_for": "2025-08-01", "done_on": None},
    ]
    steps = [{"account_id": "B", "milestone": "live", "due_on": "2025-07-10", "done_on": None}]
    book = small(touchpoints=rows, onboarding=steps).as_of(date(2025, 6, 30))
    found = due_soon(book)
    assert [(str(d.date()), a, what) for d, a, what in found[["due_on", "account_id", "what"]].to_numpy()] == [
        ("2025-06-30", "B", "Touchpoint due, overdue by 28 days"),
        ("2025-07-03", "A", "QBR"),
        ("2025-07-10", "B", "Milestone: live"),
    ], "A is due on 07-06 by its cadence, but a QBR is planned before"
    assert due_soon(small()).empty


def test_the_calendar_of_the_sample_a_second_time(sample: Book) -> None:
    known = sample.now(date(2026, 1, 5))
    found = due_soon(known)
    until = known.known_on + timedelta(days=14)
    paying = set(sample.mrr.index[sample.mrr.iloc[:, -1] > 0])
    planned = sum(
        not row["done_on"] and known.known_on <= day_of(row["planned_for"]) <= until and row["account_id"] in paying
        for row in rows_of("touchpoints")
    )
    assert (found["kind"] == "Meeting").sum() == planned
    renewals = {
        row["account_id"]
        for row in rows_of("accounts")
        if row["renewal_date"] and known.known_on <= day_of(row["renewal_date"]) <= until
    }
    assert renewals & paying <= set(found.loc[found["kind"] == "Renewal", "account_id"])


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n,;\\:äß漢"), max_size=120)


@given(TEXT, TEXT)
def test_a_calendar_is_read_back_as_it_was_written(title: str, about: str) -> None:
    icalendar = pytest.importorskip("icalendar")
    made = calendar([Event(date(2026, 2, 28), title, about, "A|QBR")], "Ann, Lee; x")
    assert all(len(line) <= 75 for line in made.split(b"\r\n"))
    assert made.count(b"\n") == made.count(b"\r\n")
    read = icalendar.Calendar.from_ical(made)
    (event,) = read.walk("VEVENT")
    assert (str(event["SUMMARY"]), str(event["DESCRIPTION"])) == (title, about)
    assert (event.decoded("DTSTART"), event.decoded("DTEND")) == (date(2026, 2, 28), date(2026, 3, 1))


def test_a_touchpoint_that_moves_stays_the_same_entry() -> None:
    rows = pd.DataFrame(
        {
            "due_on": pd.to_datetime(["2026-01-01", "2026-01-05"]),
            "name": "Acme",
            "kind": "Touchpoint due",
            "what": ["Touchpoint due", "Touchpoint due, overdue by 3 days"],
            "csm": "Ann",
            "mrr": 100.0,
            "account_id": "A",
        }
    )
    assert len({event.key for event in events_of(rows)}) == 1
    assert len({event.key for event in events_of(rows.assign(kind="Meeting"))}) == 2
