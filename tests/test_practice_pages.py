"""The pages Onboarding and adoption and Activity: what they answer, and what they say where tables lack."""

from __future__ import annotations

import pytest
from test_pages import ONE_TABLE, keep, own_folder, page, visit, words  # noqa: F401

PRACTICE = ("Milestones", "Time to live", "Training", "Adoption", "Does it pay?")
ACTIVITY = ("Cadence", "Next two weeks", "By CSM", "What came of it", "Set the cadence")
SAID = {
    "Milestones": "are behind",
    "Time to live": "Accounts that started in the last year",
    "Training": "New MRR trained",
    "Adoption": "of their seats",
    "Does it pay?": "of those live in time are left",
    "Cadence": "By stage",
    "Next two weeks": "Renewal",
    "By CSM": "no ranking",
    "What came of it": "meet every criterion of a reference",
    "Set the cadence": "Type another value",
}


@pytest.mark.parametrize("tab", PRACTICE)
def test_onboarding_and_adoption_answers_on_the_sample(tab: str) -> None:
    at = visit(page("onboarding_and_adoption"), practice=tab)
    assert SAID[tab] in words(at), words(at)


@pytest.mark.parametrize("tab", ACTIVITY)
def test_activity_answers_on_the_sample(tab: str) -> None:
    at = visit(page("activity"), activity=tab)
    assert SAID[tab] in words(at), words(at)


LITTLE = {
    "planned only": ("touchpoints", "account_id,kind,planned_for\nA,QBR,2025-07-02\n", "Next two weeks", "Meeting"),
    "one touchpoint": ("touchpoints", "account_id,kind,done_on\nA,QBR,2025-06-02\n", "By CSM", "Not known here"),
    "one outcome": (
        "outcomes",
        "account_id,achieved_on,story,confirmed_by\nA,2025-06-01,x,Ann\n",
        "What came of it",
        "**1 outcome** confirmed",
    ),
    "one escalated ticket": (
        "tickets",
        "ticket_id,account_id,opened_at,solved_at,escalated\n1,A,2025-06-01,,yes\n",
        "What came of it",
        "**1** open",
    ),
    "no due date": (
        "onboarding",
        "account_id,milestone,done_on\nA,live,2025-02-02\n",
        "Milestones",
        "Every milestone on record is reached",
    ),
    "one usage row": ("usage", "account_id,month,active_users\nA,2025-06,3\n", "Adoption", "Add licensed_seats"),
    "one answer about a training": (
        "surveys",
        "account_id,kind,sent_at,score,occasion\nA,CSAT,2025-06-01,4,training\n",
        "Training",
        "CSAT: **4.0** on average, 1 answer",
    ),
}


@pytest.mark.parametrize("name", LITTLE)
def test_the_pages_stand_on_one_row(own_folder: str, name: str) -> None:  # noqa: F811
    table, rows, tab, expected = LITTLE[name]
    keep(own_folder, ONE_TABLE, (f"{table}.csv", rows))
    there = {"practice": tab} if tab in PRACTICE else {"activity": tab}
    said = words(visit(page("onboarding_and_adoption" if tab in PRACTICE else "activity"), **there))
    assert expected in said, said
    assert not {"nan", "none", "nat"} & set(said.lower().split()), said


def test_with_revenue_alone_every_tab_says_what_to_add(own_folder: str) -> None:  # noqa: F811
    keep(own_folder, ONE_TABLE)
    assert "Add the table onboarding" in words(visit(page("onboarding_and_adoption")))
    assert "Add the table onboarding" in words(visit(page("onboarding_and_adoption"), practice="Does it pay?"))
    assert "Upload usage" in words(visit(page("onboarding_and_adoption"), practice="Adoption"))
    assert "Add the table touchpoints" in words(visit(page("activity")))
    assert "Nothing is due" in words(visit(page("activity"), activity="Next two weeks"))
    assert "Nothing is known of escalations" in words(visit(page("activity"), activity="What came of it"))
