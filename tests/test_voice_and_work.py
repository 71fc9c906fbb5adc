"""Voice, adoption, onboarding and activity: worked examples, and the sample company a second time by plain loops."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from cs_metrics.analysis import voice
from cs_metrics.analysis.likely import nps_range
from cs_metrics.analysis.risk import at_risk
from cs_metrics.assemble import book_of
from cs_metrics.book import Book
from cs_metrics.dials import tried
from cs_metrics.metric import METRICS
from cs_metrics.read.files import File
from cs_metrics.read.reading import read
from cs_metrics.tables import frames

SAMPLE = Path(__file__).parents[1] / "sample_data"
LAST = (2025, 12)


def value(book: Book, name: str, months: int = 3) -> tuple[float, float]:
    """Σ top and Σ bottom of the last month."""
    last = METRICS[name].tally(book, months).rows().iloc[-1]
    return last["top"], last["bottom"]


def small(**tables: list[dict[str, object]]) -> Book:
    """Two accounts that pay from January to June 2025, A since 2025-01-01, and what is known of them."""
    mrr = pd.DataFrame(
        [(a, 202500 + m, 36000) for a in "AB" for m in range(1, 7)], columns=["account_id", "month", "mrr"]
    )
    made = {name: frames({name: _arrow(name, rows)})[name] for name, rows in tables.items()}
    return book_of({"mrr": mrr, **made}, until=pd.Period("2025-06", "M"))


def _arrow(name: str, rows: list[dict[str, object]]) -> object:
    text = pd.DataFrame(rows).to_csv(index=False)
    mrr = "account_id,month,mrr\nA,2025-01,10\nB,2025-01,10\n"
    return read([File(f"{name}.csv", text.encode()), File("mrr.csv", mrr.encode())]).tables[name]


def test_nps_by_hand() -> None:
    scores = [9, 10, 10, 7, 4]
    rows = [
        {"account_id": "A", "kind": "NPS", "sent_at": "2025-05-01", "responded_at": "2025-05-03", "score": s}
        for s in scores
    ]
    silent = [{"account_id": "B", "kind": "NPS", "sent_at": "2025-05-01", "responded_at": None, "score": None}] * 3
    book = small(surveys=rows + silent)
    assert value(book, "nps") == (3 - 1, 5)
    assert METRICS["nps"].of(book, 3).iloc[-1] == 40.0
    assert value(book, "response_rate") == (5, 8)
    assert value(book, "survey_coverage") == (1, 2)
    assert value(book, "nps", 1) == (0, 0), "nobody answered in June: blank"
    assert METRICS["nps"].of(book, 1).isna().iloc[-1]


def test_first_contact_resolution_by_hand() -> None:
    rows = [
        {
            "ticket_id": i,
            "account_id": "A",
            "opened_at": "2025-06-01",
            "solved_at": solved,
            "replies": r,
            "reopens": o,
            "csat": c,
        }
        for i, (solved, r, o, c) in enumerate(
            [
                ("2025-06-02", 1, 0, 5),
                ("2025-06-02", 0, 0, 4),
                ("2025-06-03", 3, 0, 2),
                ("2025-06-03", 1, 1, None),
                (None, 1, 0, None),
            ]
        )
    ]
    book = small(tickets=rows)
    assert value(book, "first_contact_resolution") == (2, 4)
    assert value(book, "csat") == (2, 3)


def test_use_of_seats_by_hand() -> None:
    rows = [
        {
            "account_id": "A",
            "month": "2025-06",
            "active_users": 30,
            "licensed_seats": 40,
            "features_used": 3,
            "features_available": 12,
        },
        {
            "account_id": "B",
            "month": "2025-06",
            "active_users": 10,
            "licensed_seats": None,
            "features_used": 6,
            "features_available": 12,
        },
    ]
    assert value(small(usage=rows), "active_user_share") == (30, 40), "seats of B are unknown, so B does not count"
    assert value(small(usage=rows), "feature_breadth") == (9, 24)


def test_onboarding_by_hand() -> None:
    rows = [
        {"account_id": "A", "milestone": "kick-off", "due_on": "2025-01-05", "done_on": "2025-01-05"},
        {"account_id": "A", "milestone": "live", "due_on": None, "done_on": "2025-01-31"},
        {"account_id": "B", "milestone": "live", "due_on": "2025-01-20", "done_on": "2025-02-01"},
        {"account_id": "A", "milestone": "trained", "due_on": None, "done_on": "2025-02-10"},
    ]
    book = small(onboarding=rows).until("2025-03")
    assert value(book, "on_time_onboarding", 2) == (0, 0), "both were to be live in January"
    assert METRICS["on_time_onboarding"].tally(small(onboarding=rows).until("2025-02"), 1).rows()["bottom"].tolist()[
        1:
    ] == [0]
    early = book_of(
        {
            "mrr": pd.DataFrame(
                [("A", 202412 + 0, 0), ("A", 202501, 36000), ("A", 202502, 36000)],
                columns=["account_id", "month", "mrr"],
            )
        }
    )
    assert METRICS["on_time_onboarding"].dark(early) == "Add the table onboarding."


def test_cadence_is_a_dial() -> None:
    rows = [
        {"account_id": "A", "kind": "check-in", "done_on": "2025-05-20"},
        {"account_id": "B", "kind": "check-in", "done_on": "2025-06-25"},
    ]
    book = small(touchpoints=rows)
    assert value(book, "cadence_kept") == (1, 2), "A was touched 41 days before the close, B 5"
    assert value(tried(book, {"cadence.later": 45}), "cadence_kept") == (2, 2)


def test_a_review_is_due_every_quarter() -> None:
    rows = [
        {"account_id": "A", "kind": "QBR", "done_on": "2025-05-20"},
        {"account_id": "A", "kind": "QBR", "done_on": "2025-06-20"},
    ]
    book = small(touchpoints=rows)
    assert value(book, "qbr_on_schedule", 3) == (1, 2), "two reviews of one account in one quarter count once"
    assert value(book, "qbr_on_schedule", 5) == (1, 4), "five months: the quarter before too, in which nobody had one"


# --- the sample company, from its files, by plain loops ------------------------------------------------------------


def rows_of(name: str) -> Iterator[dict[str, str]]:
    with (SAMPLE / f"{name}.csv").open(encoding="utf-8") as file:
        yield from csv.DictReader(file)


def inside(day: str, months: int) -> bool:
    """Is this day within the months that end with the last?"""
    if not day:
        return False
    year, month = int(day[:4]), int(day[5:7])
    return 0 <= (LAST[0] - year) * 12 + LAST[1] - month < months


@pytest.mark.parametrize("months", [1, 3, 12])
def test_the_voice_a_second_time(sample: Book, months: int) -> None:
    seen: dict[str, int] = defaultdict(int)
    asked, heard = set(), set()
    for row in rows_of("surveys"):
        if inside(row["sent_at"], months):
            seen["asked"] += 1
            seen["heard"] += bool(row["responded_at"] or row["score"])
            asked.add(row["account_id"])
            if row["responded_at"] or row["score"]:
                heard.add(row["account_id"])
        if row["score"] and inside(row["responded_at"] or row["sent_at"], months):
            score = float(row["score"])
            seen[f"{row['kind']}_answers"] += 1
            seen["balance"] += (score >= 9) - (score <= 6) if row["kind"] == "NPS" else 0
            seen["satisfied"] += score >= 4 if row["kind"] == "CSAT" else 0
            seen["effort"] += score if row["kind"] == "CES" else 0
    for row in rows_of("tickets"):
        if inside(row["solved_at"], months):
            seen["CSAT_answers"] += bool(row["csat"])
            seen["satisfied"] += bool(row["csat"]) and float(row["csat"]) >= 4
            seen["solved"] += bool(row["replies"])
            seen["at_once"] += bool(row["replies"]) and int(row["replies"]) <= 1 and not int(row["reopens"] or 0)
    assert value(sample, "nps", months) == (seen["balance"], seen["NPS_answers"])
    assert value(sample, "csat", months) == (seen["satisfied"], seen["CSAT_answers"])
    assert value(sample, "ces", months) == (seen["effort"], seen["CES_answers"])
    assert value(sample, "response_rate", months) == (seen["heard"], seen["asked"])
    assert value(sample, "survey_coverage", months) == (len(heard), len(asked))
    assert value(sample, "first_contact_resolution", months) == (seen["at_once"], seen["solved"])


def test_adoption_a_second_time(sample: Book) -> None:
    active = seats = used = offered = 0
    for row in rows_of("usage"):
        if row["month"] == "2025-12":
            if row["active_users"] and row["licensed_seats"] and int(row["licensed_seats"]):
                active, seats = active + int(row["active_users"]), seats + int(row["licensed_seats"])
            if row["features_used"] and row["features_available"]:
                used, offered = used + int(row["features_used"]), offered + int(row["features_available"])
    assert value(sample, "active_user_share") == (active, seats)
    assert value(sample, "feature_breadth") == (used, offered)


@pytest.mark.parametrize("months", [3, 12])
def test_onboarding_a_second_time(sample: Book, months: int) -> None:
    top = bottom = 0
    for row in rows_of("onboarding"):
        if row["milestone"] == "live" and inside(row["due_on"], months):
            bottom += 1
            top += bool(row["done_on"]) and row["done_on"] <= row["due_on"]
    assert value(sample, "on_time_onboarding", months) == (top, bottom)


@pytest.mark.parametrize("days", [30, 90])
def test_new_mrr_trained_a_second_time(sample: Book, days: int) -> None:
    trained: dict[str, str] = {}
    for row in [*rows_of("touchpoints"), *rows_of("onboarding")]:
        name = row.get("kind") or row.get("milestone") or ""
        if name.startswith("train") and row["done_on"]:
            known = trained.get(row["account_id"], "9999")
            trained[row["account_id"]] = min(known, row["done_on"])
    start = {row["account_id"]: date.fromisoformat(row["start_date"]) for row in rows_of("accounts")}
    top = bottom = 0.0
    for account, began in start.items():
        up = began + timedelta(days=days)
        if inside(up.isoformat(), 12):
            paid = sample.mrr.at[account, pd.Period(up, "M")]
            bottom += paid
            top += paid if date.fromisoformat(trained.get(account, "9999-12-31")) <= up else 0
    found = value(sample, f"mrr_trained_{days}", 12)
    assert found == (pytest.approx(top), pytest.approx(bottom))
    assert bottom > 0


def test_activity_a_second_time(sample: Book) -> None:
    start = {row["account_id"]: date.fromisoformat(row["start_date"]) for row in rows_of("accounts")}
    held: dict[str, set[str]] = defaultdict(set)
    last: dict[str, date] = {}
    close = date(2025, 12, 31)
    for row in rows_of("touchpoints"):
        if row["done_on"] and date.fromisoformat(row["done_on"]) <= close:
            last[row["account_id"]] = max(last.get(row["account_id"], date.min), date.fromisoformat(row["done_on"]))
            if row["kind"] in ("QBR", "EBR"):
                held[row["account_id"]].add(row["done_on"])
    kept = customers = due = done = 0
    for account, paid in sample.mrr.iterrows():
        if paid["2025-12"] > 0:
            customers += 1
            age = (close - start[account]).days
            allowed = 7 if age <= 30 else 14 if age <= 90 else 31
            kept += (close - max(last.get(account, date.min), start[account])).days <= allowed
            if paid["2025-09"] > 0:
                due += 1
                done += any(inside(day, 3) for day in held[account])
    assert value(sample, "cadence_kept") == (kept, customers)
    assert value(sample, "qbr_on_schedule") == (done, due)


def test_the_silent_are_customers_without_an_answer_in_a_year(sample: Book) -> None:
    known = sample.now(date(2026, 1, 5))
    rows = voice.silent(known)
    heard: dict[str, date] = {}
    for row in rows_of("surveys"):
        if row["responded_at"] or row["score"]:
            day = date.fromisoformat((row["sent_at"] or row["responded_at"])[:10])
            heard[row["account_id"]] = max(heard.get(row["account_id"], date.min), day)
    customers = [a for a, paid in sample.mrr.iterrows() if paid["2025-12"] > 0]
    expected = {a for a in customers if (known.known_on - heard.get(a, date(1970, 1, 1))).days > 365}
    assert set(rows["account_id"]) == expected
    assert rows["mrr"].is_monotonic_decreasing


def test_words_and_deeds_contradict_each_other(sample: Book) -> None:
    known = sample.now(date(2026, 1, 5))
    rows = voice.contradictions(known)
    risks = set(at_risk(known)["account_id"])
    promoters = rows[rows["what"] == "Promoter at risk"]
    assert set(promoters["account_id"]) <= risks
    assert (promoters["score"] >= 9).all()
    assert (rows.loc[rows["what"] == "Detractor who renewed", "score"] <= 6).all()


def test_comments_are_counted_by_theme(sample: Book) -> None:
    said = voice.comments(sample, 3)
    wanted = [row for row in rows_of("surveys") if row["comment"] and inside(row["responded_at"] or row["sent_at"], 3)]
    assert len(said) == len(wanted)
    found = voice.themes(said).set_index("theme")["comments"]
    assert found["Speed and reliability"] == sum("slow" in row["comment"] for row in wanted)
    assert voice.themes(said.iloc[:0]).empty


@pytest.mark.parametrize(
    ("answers", "low", "high"),
    [
        ((22, 12, 6), 15.091452, 59.327153),
        ((10, 0, 0), 47.503552, 100),
        ((7, 2, 1), 7.039409, 85.268284),
        ((120, 60, 40), 25.745989, 46.002890),
    ],
)
def test_the_margin_of_an_nps(answers: tuple[int, int, int], low: float, high: float) -> None:
    assert nps_range(*answers) == (pytest.approx(low, abs=5e-7), pytest.approx(high, abs=5e-7))


def test_an_nps_after_a_transaction_is_another_question() -> None:
    rows = [
        {
            "account_id": "A",
            "kind": "NPS",
            "sent_at": "2025-06-01",
            "responded_at": "2025-06-03",
            "score": s,
            "occasion": o,
        }
        for s, o in ((10, "relationship"), (2, "ticket"), (9, None))
    ]
    assert value(small(surveys=rows), "nps") == (2, 2)
