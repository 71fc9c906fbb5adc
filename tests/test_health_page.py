"""The Health and Signals pages: the answer first, an effect before it is kept, history, and what is in the dark."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from test_pages import BOOKS, figure, keep, own_folder, page, visit, words  # noqa: F401

from cs_metrics import charts
from cs_metrics.analysis.health_history import health_table, scores_at
from cs_metrics.analysis.registry import registry
from cs_metrics.book import Book
from cs_metrics.facts import Facts
from cs_metrics.health import BANDS
from cs_metrics.store.known import tables_known

FACTS = [
    ("mrr.csv", "account_id,month,mrr\n" + "".join(f"{a},2025-0{m},{100 + m}\n" for a in "AB" for m in range(1, 8))),
    ("usage.csv", "account_id,month,active_users,licensed_seats,logins\n"
     + "".join(f"{a},2025-0{m},{u},100,50\n" for a, u in (("A", 80), ("B", 30)) for m in range(1, 8))),
    ("pulses.csv", "account_id,given_on,pulse\nA,2025-06-20,5\nB,2025-06-20,2\nA,2025-07-20,5\nB,2025-07-20,2\n"),
]  # fmt: skip


def test_the_page_says_first_how_healthy_the_book_is(sample: Book) -> None:
    at = visit(page("health"))
    said = words(at)
    assert "The book's health is **" in said
    assert "100 = healthy" in said
    assert "on a month ago" in said
    here = scores_at(sample.now(), sample.closes - 1)
    assert figure(at, "Health by account").replace("\\", "") == f"{np.nanmean(here.health[here.customers]):.1f}"


def test_trend_flows_and_parts_stand_together() -> None:
    at = visit(page("health"), health="Trend and flows", trend_by="segment", flows_in="MRR now")
    said = words(at)
    assert "rose by a band or two" in said
    assert "The parts of a row add up to its change" in said


def test_another_weight_is_shown_before_it_is_kept_and_then_kept_with_its_author(
    own_folder: str,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keep(own_folder, *FACTS)
    at = visit(page("health"), health="Weights")
    # A: (15·70 + 15·100 + 20·100) / 50 = 91; B: (15·70 + 15·37.5 + 20·25) / 50 = 42.25
    assert figure(at, "Health by account").replace("\\", "") == "66.6"
    assert "Nothing was ever changed" in words(at)
    typed = {"health.pulse.weight": 100.0}
    monkeypatch.setattr(sys.modules["pages.ui.health_weights"], "edited", lambda *_: dict(typed))
    at.run()
    # B: (1050 + 562.5 + 2500) / 130 = 31.6: poor
    assert "**1 account** with **107** MRR would change their band" in words(at)
    assert "Weight of pulse: 20 → 100" in words(at).replace("\\", "")
    assert "settings" not in tables_known(own_folder)
    at.button(key="health_dials_keep").click().run()
    assert not at.exception
    [row] = tables_known(own_folder)["settings"].to_pylist()
    assert (row["setting"], row["value"]) == ("health.pulse.weight", 100.0)
    assert row["author"]
    assert (
        figure(at, "Health by account").replace("\\", "") == f"{(4112.5 / 130 + (1050 + 1500 + 10000) / 130) / 2:.1f}"
    )
    assert "Weights were changed since" in words(at)
    history = at.dataframe[-1].value
    assert history[["what", "was", "became"]].to_numpy().tolist() == [["Weight of pulse", "20", "100"]]
    typed["health.pulse.weight"] = 5000.0
    at.run()
    assert "is not between" in words(at)


def test_without_enough_known_the_page_says_what_to_upload(own_folder: str) -> None:  # noqa: F811
    keep(own_folder, *BOOKS["usage alone beside revenue"])
    at = visit(page("health"))
    assert "No account has a health score yet" in words(at)
    assert "Not in the score for want of data" in words(at)
    assert "Survey \\(add surveys\\.score\\)" in words(at)


def test_signals_name_what_lights_them_and_a_threshold_shows_its_effect(
    own_folder: str,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keep(own_folder, *FACTS)
    at = visit(page("signals"), signal="Pulse is low")
    assert int(figure(at, "In the dark")) > 10
    assert "Urgent ticket open: add tickets" in words(at).replace("\\", "")
    listed = at.dataframe[0].value.set_index("signal")
    assert listed.loc["Pulse is low", ["accounts", "mrr"]].tolist() == ["1", "107"]
    assert listed.loc["Urgent ticket open", "accounts"] == "–"
    assert listed.loc["Urgent ticket open", "when"] == "in the dark: add tickets.priority"
    monkeypatch.setattr("pages.ui.signals.edited", lambda *_: {"pulse_is_low.pulse": 5.0})
    at.run()
    assert "It would fire for **2 customers** instead of 1: 1 more, 0 no longer." in words(at)
    at.button(key="signal_pulse_is_low_keep").click().run()
    assert at.dataframe[0].value.set_index("signal").loc["Pulse is low", "accounts"] == "2"


def test_a_click_opens_the_accounts_behind(sample: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Any] = []

    def chart(figure: Any, key: str, behind: Any = None, **_: Any) -> None:
        if key == "health_distribution":
            opened.append(behind({"customdata": ["healthy", 80, 85]}))
        if key == "health_bands_over_time":
            opened.append(behind({"customdata": ["2025-10", "middling"]}))

    monkeypatch.setattr("pages.ui.health.chart", chart)
    monkeypatch.setattr(sys.modules["pages.ui.health_trend"], "chart", chart)
    visit(page("health"))
    visit(page("health"), health="Trend and flows")
    bar, month = opened
    assert bar.rows()["health"].between(80, 85, inclusive="left").all()
    assert f"**{len(bar.rows())} account" in bar.sentence
    then = scores_at(sample.now(), sample.closes - 3)
    assert len(month.rows()) == int((then.customers & (then.band == 1)).sum())


def test_the_distribution_counts_everybody_with_a_score_once() -> None:
    score = np.array([0, 4.9, 5, 39.9, 40, 70, 99.9, 100, np.nan])
    band = np.array([2, 2, 2, 2, 1, 0, 0, 0, 3])
    marks = charts.distribution(score, band, BANDS, score).data
    assert sum(sum(mark.y) for mark in marks if mark.type == "bar") == 8
    assert [mark.name for mark in marks] == ["healthy", "middling", "poor", "as in force"]


@pytest.mark.parametrize("table", ["usage", "tickets", "surveys", "touchpoints", "pulses", "invoices", "contacts"])
def test_a_table_less_darkens_its_signals_and_parts_and_nothing_falls(sample: Book, table: str) -> None:
    kept = {name: rows for name, rows in sample.facts.tables.items() if name != table}
    known = replace(sample, facts=Facts(kept), memory={}).now()
    found = registry(known)
    for row in found.itertuples():
        assert bool(row.dark) == (row.accounts != row.accounts)
    asks = found[found["reads"].str.contains(table) & ~found["reads"].str.contains(" or ")]
    assert (asks["dark"] != "").all()
    assert len(health_table(known)) == (known.balance(0, 0)[-1] > 0).sum()
