"""The Targets page, from the frame: every tab on whole and partial books, a target tried and kept, a bonus, benchmarks."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from test_pages import BOOKS, keep, own_folder, page, visit, words

from cs_metrics.benchmarks import benchmarks

__all__ = ["own_folder"]  # the fixture every test here has, too

TABS = ("Targets", "Days and counts", "Goals of a CSM", "Benchmarks", "What was changed")
MONTHS = [f"2024-{m:02d}" for m in range(1, 13)] + ["2025-01"]
TEAM = [
    ("mrr.csv", "account_id,month,mrr\n" + "".join(f"A{n},{m},100\n" for n in range(12) for m in MONTHS[: 13 - n // 11])),
    (
        "accounts.csv",
        "account_id,name,csm,segment\n" + "".join(f"A{n},Acc {n},{'Ann' if n < 6 else 'Ben'},Mid\n" for n in range(12)),
    ),
]  # fmt: skip


def type_in(at: AppTest, about: str, row: int, **cells: float) -> None:
    """Type into the editor of the year's targets."""
    key = f"targets_{about}_12_1_0"
    at.session_state[key] = {"edited_rows": {row: cells}, "added_rows": [], "deleted_rows": []}
    at.run()
    assert not at.exception


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_stands_on_the_sample_company(tab: str) -> None:
    at = visit(page("targets"), targets=tab)
    assert not at.error
    assert at.markdown or at.caption


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("book", list(BOOKS)[:2])
def test_every_tab_stands_on_partial_books(own_folder: str, book: str, tab: str) -> None:
    keep(own_folder, *BOOKS[book])
    at = visit(page("targets"), targets=tab)
    assert "None" not in words(at)


def test_a_target_is_tried_then_kept_for_one_csm_and_holds_on_her_cards(own_folder: str) -> None:
    keep(own_folder, *TEAM)
    at = visit(page("targets"), target_whom="Ben")
    assert "Ben reaches **0 of" in words(at)
    type_in(at, "Ben", 1, least=80)
    assert "**2 of 2 CSMs** would reach it, 1 do now: it changes for Ben" in words(at)
    at.button(key="keep_targets_page").click().run()
    hers = visit(page("retention"), csm="Ben", period="Year")
    assert "target 80 %" in words(hers)
    assert "target 90 %" in words(visit(page("retention"), csm="Ann", period="Year"))
    assert "target 97.4 % (90 % a year)" in words(visit(page("retention"), csm="Ann"))
    assert "Gross revenue retention: at least" in str(
        visit(page("targets"), targets="What was changed").dataframe[0].value["what"].tolist()
    )


def test_a_target_beyond_its_limits_is_refused_and_says_why(own_folder: str) -> None:
    keep(own_folder, *TEAM)
    at = visit(page("targets"))
    type_in(at, "", 1, least=190)
    assert "is not between 0 and 1" in at.error[0].value
    assert not [b for b in at.button if b.key == "keep_targets_page"]


def test_a_bonus_lies_between_two_amounts_and_moves_with_the_choices() -> None:
    at = visit(page("targets"), targets="Goals of a CSM")
    said = words(at)
    assert "ways of counting it lies between" in said
    at.number_input(key="goal_amount").set_value(0.0).run()
    assert "It is $0.00 however it is counted" in words(at)
    at.selectbox(key="goal_baseline").set_value("The team's figure").run()
    assert not at.exception


def test_without_csms_goals_say_what_is_needed(own_folder: str) -> None:
    keep(own_folder, TEAM[0])
    assert "A bonus needs CSMs" in words(visit(page("targets"), targets="Goals of a CSM"))


def test_ones_own_benchmark_needs_its_sample_and_is_then_listed(
    own_folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CS_METRICS_BENCHMARKS", str(tmp_path / "own.toml"))
    keep(own_folder, *TEAM)
    at = visit(page("targets"), targets="Benchmarks")
    at.number_input(key="bench_value").set_value(91.0)
    at.number_input(key="bench_year").set_value(2025)
    at.text_input(key="bench_segment").set_value("Our peers")
    at.text_input(key="bench_source").set_value("Our association")
    at.button(key="bench_add").click().run()
    assert "lacks sample" in at.error[0].value
    at.text_input(key="bench_sample").set_value("40 firms")
    at.button(key="bench_add").click().run()
    assert benchmarks(tmp_path / "own.toml")[-1].value == 0.91
    assert "40 firms" in at.dataframe[0].value["sample"].tolist()
