"""The Seen coming page, from the frame: its three tabs on whole and partial books, refusals, a proposal taken."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from test_pages import BOOKS, figure, keep, own_folder, page, visit, words

from cs_metrics.analysis.backtest import Range
from cs_metrics.analysis.weights import Proposal, Span
from cs_metrics.health import PARTS
from cs_metrics.store.known import tables_known

__all__ = ["own_folder"]  # the fixture every test here has, too

TABS = (("seen_coming", "seen", "Losses"), ("seen_coming", "seen", "Signals"), ("health", "health", "Did it foretell?"))


@pytest.mark.parametrize(("where", "key", "tab"), TABS)
@pytest.mark.parametrize("book", BOOKS)
def test_every_tab_stands_on_partial_books(own_folder: str, book: str, where: str, key: str, tab: str) -> None:
    keep(own_folder, *BOOKS[book])
    at = visit(page(where), **{key: tab})
    assert not at.error
    assert words(at)


def test_the_losses_of_the_sample_company() -> None:
    at = visit(page("seen_coming"), period="Year")
    assert figure(at, "Surprise churn") == "37.9 %"
    assert "nobody had flagged 60 days before" in words(at)
    assert "only revenue counts here" in words(at)
    lost = at.dataframe[0].value
    assert lost["seen"].value_counts().to_dict() == {"in time": 24, "by nobody": 10, "too late": 2}
    at = visit(page("seen_coming"), period="Year", seen_how="By nobody")
    assert set(at.dataframe[0].value["seen"]) == {"by nobody"}


def test_the_back_test_of_the_sample_company_has_skill_and_proposes_nothing() -> None:
    at = visit(page("health"), health="Did it foretell?")
    said = words(at)
    assert "81 times in 100" in said
    assert "That is skill" in said
    assert "No other weights are proposed" in said
    before = figure(at, "Lost, of those worked")
    at.number_input(key="worked").set_value(2).run()
    assert not at.exception
    assert figure(at, "Lost, of those worked") != before
    assert any(button.label == "Keep this value" for button in at.button)


def test_below_ten_losses_there_is_no_back_test_and_it_says_why(own_folder: str) -> None:
    months = pd.period_range("2024-01", "2025-06", freq="M")
    mrr = "".join(f"A{n},{m},{100 if n or m < months[9] else 0}\n" for n in range(30) for m in months)
    given = "".join(f"A{n},{m}-10,{3 + n % 2}\n" for n in range(30) for m in months)
    keep(own_folder, ("mrr.csv", f"account_id,month,mrr\n{mrr}"), ("pulses.csv", f"account_id,given_on,pulse\n{given}"))
    said = words(visit(page("health"), health="Did it foretell?"))
    assert "too little was known then" in said
    usage = "".join(f"A{n},{m},{10 + n},5,10,3,6\n" for n in range(30) for m in months)
    keep(
        own_folder,
        ("usage.csv", "account_id,month,logins,active_users,licensed_seats,features_used,features_available\n" + usage),
    )
    said = words(visit(page("health"), health="Did it foretell?"))
    assert "2 customers with a score were lost" in said or "1 customer with a score was lost" in said
    assert "cannot be told from luck" in said


def test_without_flags_it_says_what_to_upload(own_folder: str) -> None:
    keep(own_folder, *BOOKS["one revenue table"])
    assert "upload risks or pulses" in words(visit(page("seen_coming")))
    assert "needs a quarter-end" in words(visit(page("seen_coming"), seen="Signals"))
    assert "upload more months" in words(visit(page("health"), health="Did it foretell?"))


def test_a_proposal_is_shown_with_its_effect_and_taken_with_its_date(
    own_folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    months = pd.period_range("2024-01", "2025-06", freq="M")
    mrr = "".join(f"A{n},{m},{100 if n > 14 or m < months[9] else 0}\n" for n in range(40) for m in months)
    usage = "".join(f"A{n},{m},{10 + n},5,10,3,6\n" for n in range(40) for m in months)
    tickets = "".join(f"A{n},{m}-03,\n" for n in range(20) for m in months[:3])
    keep(
        own_folder, ("mrr.csv", f"account_id,month,mrr\n{mrr}"),
        ("usage.csv", "account_id,month,logins,active_users,licensed_seats,features_used,features_available\n" + usage),
        ("tickets.csv", f"account_id,opened_at,solved_at\n{tickets}T9,2024-01-01,2024-01-02\nA39,2024-01-01,2024-01-02\n"),
    )  # fmt: skip
    now = np.array([part.weight for part in PARTS.values()])
    table = pd.DataFrame({"part": list(PARTS), "label": [p.label for p in PARTS.values()], "now": now})
    table["proposed"] = np.where(table["part"] == "support", 25.0, np.where(table["part"] == "pulse", 5.0, now))
    span = Span("2024-03-31", "2024-06-30", 80, 20)
    made = Proposal(True, "Better.", table, span, span, *[Range(0.7, 0.6, 0.8)] * 3)
    monkeypatch.setattr("pages.ui.proposed.proposal", lambda *_: made)
    at = visit(page("health"), health="Did it foretell?")
    assert "Better." in words(at)
    assert "would change their health band today" in words(at).replace("\\", "")
    next(button for button in at.button if button.label == "Keep these 2 values").click().run()
    assert not at.exception
    kept = tables_known(own_folder)["settings"].to_pandas().set_index("setting")["value"].astype(float)
    assert kept.to_dict() == {"health.support.weight": 25.0, "health.pulse.weight": 5.0}
