"""Calls of renewals: frozen, held against what happened, by hand and by plain loops; and kept in the store."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_metrics.analysis.calls import calls, frozen, held_against, score, standing_calls
from cs_metrics.analysis.scenarios import as_rows, scenarios
from cs_metrics.analysis.what_if import CHOICES, Choice
from cs_metrics.assemble import book_of
from cs_metrics.book import SCALE, Book, Dark
from cs_metrics.facts import Facts
from cs_metrics.read.files import File
from cs_metrics.read.reading import read
from cs_metrics.store.batches import history, import_batch, undo
from cs_metrics.store.entries import record_rows
from cs_metrics.store.known import tables_known
from cs_metrics.tables import RenewalCall, Scenario, completed, frames

PAYS = {
    "Kept": [100, 100, 100],
    "Grew": [100, 100, 130],
    "Shrank": [100, 100, 60],
    "Gone": [100, 100, 0],
    "Open": [100, 100, 100],
}


def called(account: str, day: str, call: str, mrr: float | None = None, csm: str = "Ann", **more: object) -> dict:
    """A call of a renewal in March 2025, the last month of the book; Open's is in May."""
    renewal = "2025-05-10" if account == "Open" else "2025-03-10"
    return {
        "account_id": account,
        "renewal_date": renewal,
        "called_on": day,
        "call": call,
        "mrr": mrr,
        "csm": csm,
    } | more


def book_with(entries: list[dict], pays: dict[str, list[float]] = PAYS, **made: object) -> Book:
    book = Book.of_mrr({name: [float(v) for v in values] for name, values in pays.items()}, first="2025-01")
    rows = pd.DataFrame(entries).assign(row=lambda t: book.accounts.index.get_indexer(t["account_id"]))
    rows = rows.assign(mrr=rows["mrr"].astype(float) * SCALE).drop(columns="account_id")
    rows = rows.assign(**{c: pd.to_datetime(rows[c]).astype("datetime64[s]") for c in ("renewal_date", "called_on")})
    return replace(book, facts=Facts({"renewal_calls": completed("renewal_calls", rows)}), **made)


def test_hits_misses_and_errors_by_hand() -> None:
    book = book_with(
        [
            called("Kept", "2025-02-01", "renew", 100, chance=0.9),
            called("Grew", "2025-02-01", "renew", 100, chance=0.9),  # kept and more: a hit
            called("Shrank", "2025-02-01", "lose", 0, "Ben", chance=0.6),  # a miss
            called("Gone", "2025-02-01", "shrink", 50, "Ben", chance=0.2),  # a miss
            called("Open", "2025-02-01", "lose", 0, "Ben"),  # not over
        ]
    )
    held = held_against(book).set_index("account_id")
    assert held["happened"].dropna().to_dict() == {
        "Kept": "renew",
        "Grew": "grow",
        "Shrank": "shrink",
        "Gone": "lose",
    }
    assert held["hit"].dropna().to_dict() == {"Kept": 1, "Grew": 1, "Shrank": 0, "Gone": 0}
    found = score(held_against(book)).set_index("csm")
    assert found["calls"].to_dict() == {"Ann": 2, "Ben": 2, "all": 4}
    assert found["hit_rate"].to_dict() == {"Ann": 1, "Ben": 0, "all": 0.5}
    assert found["error"].to_dict() == pytest.approx({"Ann": 30 / 200, "Ben": (60 + 50) / 200, "all": 140 / 400})
    assert found["bias"].to_dict() == pytest.approx({"Ann": -30 / 200, "Ben": (-60 + 50) / 200, "all": -40 / 400})
    assert found["brier"].to_dict() == pytest.approx({"Ann": 0, "Ben": 1, "all": 0.5})
    assert found.loc["Ben", "model_brier"] == pytest.approx((0.4**2 + 0.2**2) / 2)


def test_only_calls_made_before_the_renewal_count() -> None:
    book = book_with(
        [
            called("Gone", "2025-03-10", "lose", 0),
            called("Gone", "2025-03-20", "lose", 0),
            called("Kept", "2025-03-09", "renew"),
        ]
    )
    assert held_against(book)["account_id"].tolist() == ["Kept"]
    assert standing_calls(book, 30).empty


def test_a_horizon_asks_for_the_call_that_stood_then() -> None:
    book = book_with([called("Gone", "2025-01-05", "renew"), called("Gone", "2025-02-20", "lose")])
    assert [standing_calls(book, days)["call"].tolist() for days in (1, 18, 19, 60, 90)] == [
        ["lose"], ["lose"], ["renew"], ["renew"], [],
    ]  # fmt: skip


def test_the_last_call_of_a_week_is_frozen() -> None:
    days = ["2025-02-03", "2025-02-09", "2025-02-10"]  # Monday, Sunday, the next Monday
    book = book_with([called("Gone", day, call) for day, call in zip(days, CHOICES, strict=False)])
    found = frozen(book)
    assert found["call"].tolist() == ["shrink", "grow"]
    assert found["week"].dt.strftime("%Y-%m-%d").tolist() == ["2025-02-03", "2025-02-10"]


def test_a_call_without_an_amount_means_what_it_says() -> None:
    book = book_with(
        [
            called("Kept", "2025-02-01", "renew"),
            called("Gone", "2025-02-01", "lose"),
            called("Shrank", "2025-02-01", "shrink"),
        ]
    )
    held = held_against(book).set_index("account_id")
    assert held.loc["Kept", "called"] == 100
    assert held.loc["Gone", "called"] == 0
    assert np.isnan(held.loc["Shrank", "called"])
    assert score(held.reset_index())["error"].iloc[-1] == 0


def test_later_knowledge_changes_nothing_of_the_past() -> None:
    entries = [called("Gone", "2025-01-05", "renew"), called("Gone", "2025-02-20", "lose")]
    book, fewer = book_with(entries), book_with(entries[:1])
    day = date(2025, 1, 31)
    assert calls(book.as_of(day))["call"].tolist() == calls(fewer.as_of(day))["call"].tolist() == ["renew"]


def test_no_calls_say_so() -> None:
    with pytest.raises(Dark, match="No calls yet"):
        calls(Book.of_mrr({"A": [1]}))
    book = book_with([called("Open", "2025-02-01", "renew"), called("Kept", "2025-02-01", "perhaps")])
    found = score(held_against(book))
    assert found["calls"].tolist() == [0]
    assert np.isnan(found["hit_rate"].iloc[0])
    assert held_against(book_with([called("Kept", "2025-02-01", "renew")], {"Kept": [100]}))["happened"].isna().all()


@st.composite
def many_calls(draw: st.DrawFn) -> tuple[dict[str, list[float]], list[dict]]:
    pays = {f"A{n}": draw(st.lists(st.sampled_from([0, 50, 100, 150]), min_size=3, max_size=3)) for n in range(5)}
    days = st.integers(0, 75).map(lambda d: str(date(2025, 1, 1) + pd.Timedelta(days=d)))
    some = st.builds(
        called, st.sampled_from(list(pays)), days, st.sampled_from([*CHOICES, "maybe"]), st.sampled_from([None, 0, 80, 100, 150]),
        st.sampled_from(["Ann", "Ben"]),
    )  # fmt: skip
    return pays, draw(st.lists(some, min_size=1, max_size=12, unique_by=lambda c: (c["account_id"], c["called_on"])))


@given(many_calls(), st.sampled_from([1, 20, 60]))
def test_scores_against_plain_loops(drawn: tuple[dict[str, list[float]], list[dict]], ahead: int) -> None:
    pays, entries = drawn
    wanted: dict[str, list[tuple[bool, float | None, float, float]]] = {"all": []}
    for account, (_, due, actual) in pays.items():
        mine = [e for e in entries if e["account_id"] == account and e["call"] != "maybe"]
        early = [e for e in mine if (date(2025, 3, 10) - date.fromisoformat(e["called_on"])).days >= ahead]
        if not early or due == 0:
            continue
        last = max(early, key=lambda e: e["called_on"])
        hit = {"renew": actual >= due, "grow": actual > due, "shrink": 0 < actual < due, "lose": actual == 0}[
            last["call"]
        ]
        amount = {"renew": due, "lose": 0}.get(last["call"]) if last["mrr"] is None else last["mrr"]
        for csm in (last["csm"], "all"):
            wanted.setdefault(csm, []).append((hit, amount, due, actual))
    found = score(held_against(book_with(entries, pays), ahead)).set_index("csm")
    assert set(found.index) == set(wanted)
    for csm, rows in wanted.items():
        assert (found.loc[csm, "calls"], found.loc[csm, "hits"]) == (len(rows), sum(hit for hit, *_ in rows))
        said = [(amount, due, actual) for _, amount, due, actual in rows if amount is not None]
        if said:
            total = sum(due for _, due, _ in said)
            assert found.loc[csm, "error"] == pytest.approx(sum(abs(a - b) for a, _, b in said) / total)
            assert found.loc[csm, "bias"] == pytest.approx(sum(a - b for a, _, b in said) / total)
        else:
            assert np.isnan(found.loc[csm, "error"])


def test_the_sample_company_calls_better_than_chance(sample: Book) -> None:
    book = sample.now(date(2026, 1, 5))
    found = score(held_against(book)).set_index("csm")
    assert found.loc["all", "calls"] > 100
    assert found["calls"].iloc[:-1].sum() == found.loc["all", "calls"]
    assert 0.3 < found.loc["all", "hit_rate"] < 1


# --- in the store ----------------------------------------------------------------------------------------------------


def stored(database: str) -> Book:
    return book_of(frames(tables_known(database)), today=date(2025, 6, 1))


def start(database: str) -> None:
    text = "account_id,month,mrr\n" + "".join(f"{a},2025-0{m},100\n" for a in "AB" for m in (1, 2, 3))
    import_batch(database, read([File("mrr.csv", text.encode())]).usable().tables)


def test_a_weeks_calls_are_one_batch_that_can_be_taken_back(database: str) -> None:
    start(database)
    rows = [
        RenewalCall(
            account_id=a,
            renewal_date=date(2025, 5, 1),
            called_on=date(2025, 4, 1),
            csm="Ann",
            call="renew",
            mrr=Decimal(mrr),
        )
        for a, mrr in (("A", "100"), ("B", "80.50"))
    ]
    batch = record_rows(database, rows, "Ann").batch
    found = calls(stored(database))
    assert (found["mrr"] / SCALE).tolist() == [100, 80.5]
    assert history(database).iloc[0][["kind", "table", "new"]].tolist() == ["entry", "renewal_calls", 2]
    record_rows(database, [rows[0].model_copy(update={"called_on": date(2025, 4, 8), "call": "lose"})], "Ann")
    assert len(calls(stored(database))) == 3
    undo(database, batch)
    assert calls(stored(database))["call"].tolist() == ["lose"]


def test_a_scenario_comes_back_as_it_was_saved(database: str) -> None:
    start(database)
    first = {"A": Choice("shrink", 0.2), "B": Choice("lose")}
    record_rows(database, [Scenario(**row) for row in as_rows("Bad", first, {}, date(2025, 4, 1), "Ann")])
    assert scenarios(stored(database)) == {"Bad": first}
    second = {"B": Choice("grow", 0.1)}
    record_rows(database, [Scenario(**row) for row in as_rows("Bad", second, first, date(2025, 4, 1), "Ann")])
    record_rows(database, [Scenario(**row) for row in as_rows("Good", first, {}, date(2025, 4, 2), "Ann")])
    assert scenarios(stored(database)) == {"Bad": second, "Good": first}
    record_rows(database, [Scenario(**row) for row in as_rows("Good", {}, first, date(2025, 4, 3), "Ann")])
    assert scenarios(stored(database)) == {"Bad": second}
    assert scenarios(Book.of_mrr({"A": [1]})) == {}
