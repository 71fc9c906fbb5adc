"""The Advocates and the Account page, from the frame: every tab on whole and partial books; what is typed in is kept."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from test_pages import BOOKS, ONE_TABLE, PAGES, figure, keep, own_folder, page, visit, words

from cs_metrics.store.known import tables_known

__all__ = ["own_folder"]  # the fixture every test here has, too

TABS = ("Advocates", "Ask next", "References", "Stories", "Coverage", "Turning", "Use and promoters", "Targets")
PARTIAL = ("nobody pays", "empty facts")
TODAY = date.today()
LAST = pd.Timestamp(TODAY).to_period("M") - 1
HOSTILE = "<img src=x> *عربي* 🦊 [link](http://example.com) " + "x" * 200


def friends_book() -> list[tuple[str, str]]:
    """Two years to last month; A is ready to be a reference, B is a promoter, C left."""
    months = [str(each) for each in pd.period_range(LAST - 24, LAST, freq="M")]
    mrr = "".join(f"{a},{m},{p}\n" for a, p in (("A", 1000), ("B", 500)) for m in months)
    mrr += "".join(f"C,{m},{300 if m < months[12] else 0}\n" for m in months)
    day = LAST.end_time.date()
    answered = day - pd.Timedelta(days=20)
    return [
        ("mrr.csv", "account_id,month,mrr\n" + mrr),
        ("accounts.csv", f'account_id,name,csm,segment\nA,"{HOSTILE}",Ann,Mid\nB,Birch,Ben,SMB\nC,Cedar,Ben,SMB\n'),
        ("pulses.csv", f"account_id,given_on,pulse\nA,{answered},5\nB,{answered},4\n"),
        ("surveys.csv", f"account_id,kind,sent_at,responded_at,score\nA,NPS,{answered},{answered},10\nB,NPS,{answered},{answered},9\n"),
        ("outcomes.csv", f"account_id,achieved_on,story,confirmed_by\nA,{answered},Faster,Kim\n"),
        ("contacts.csv", "account_id,name,role\nA,Kim,champion\n"),
        ("tickets.csv", f"account_id,opened_at,solved_at\nA,{answered},{day}\n"),
        ("touchpoints.csv", f"account_id,kind,done_on\nA,check-in,{day}\nB,check-in,{day}\n"),
        ("invoices.csv", f"account_id,issued_on,due_on,paid_on,amount\nA,{answered},{day},{day},5\nB,{answered},{day},{day},5\n"),
        ("usage.csv", "account_id,month,active_users,licensed_seats\n" + "".join(f"{a},{m},80,100\n" for a in "AB" for m in months[-8:])),
    ]  # fmt: skip


def test_every_tab_stands_on_the_sample_company() -> None:
    at = visit(page("advocates"))
    for tab in TABS:
        at.session_state["advocates"] = tab
        at.run()
        assert not at.exception
        assert not at.error
        assert figure(at, "Advocates") == "21"


@pytest.mark.parametrize("book", PARTIAL)
def test_every_tab_stands_on_partial_books(own_folder: str, book: str) -> None:
    keep(own_folder, *BOOKS[book])
    at = visit(page("advocates"))
    for tab in TABS:
        at.session_state["advocates"] = tab
        at.run()
        assert not at.exception
        assert not at.error
        assert figure(at, "Advocates") == "0"


def test_an_ask_is_kept_with_a_click_and_the_account_is_left_alone(own_folder: str) -> None:
    keep(own_folder, *friends_book())
    at = visit(page("advocates"), advocates="Ask next")
    assert figure(at, "To be left alone") == "0"
    [rows] = [table.value for table in at.dataframe]
    assert rows["name"].iloc[0].startswith("<img")
    assert rows["why"].str.endswith("never asked before.").all()
    at = visit(page("advocates"), advocates="References")
    at.selectbox(key="ask_account").set_value("A")
    at.selectbox(key="ask_kind").set_value("case study")
    next(b for b in at.button if b.label == "Keep ask").click().run()
    assert not at.exception
    assert not at.error
    [kept] = tables_known(own_folder)["advocacy"].to_pylist()
    assert (kept["account_id"], kept["kind"], kept["asked_on"], kept.get("done_on")) == ("A", "case study", TODAY, None)
    at = visit(page("advocates"), advocates="Ask next")
    assert figure(at, "To be left alone") == "1"
    assert not [name for table in at.dataframe for name in table.value["name"] if name.startswith("<img")]


def test_an_outcome_is_kept_and_needs_a_story(own_folder: str) -> None:
    keep(own_folder, *friends_book())
    at = visit(page("advocates"), advocates="Stories")
    assert figure(at, "Confirmed stories") == "1"
    at.selectbox(key="outcome_account").set_value("B")
    next(b for b in at.button if b.label == "Keep outcome").click().run()
    assert "Say what was achieved" in words(at)
    at.selectbox(key="outcome_account").set_value("B")
    at.text_area(key="outcome_story").set_value("Twice as fast")
    at.text_input(key="outcome_by").set_value("Lee")
    next(b for b in at.button if b.label == "Keep outcome").click().run()
    assert figure(visit(page("advocates"), advocates="Stories"), "Confirmed stories") == "2"


def test_a_target_shows_its_effect_before_it_is_kept(own_folder: str) -> None:
    keep(own_folder, *friends_book())
    at = visit(page("advocates"), advocates="Targets")
    assert "2 of 2 CSMs miss something" in words(at)
    at.number_input(key="target_Validated references_Everyone").set_value(0)
    at.number_input(key="target_Confirmed stories_Everyone").set_value(1).run()
    assert "With these targets, 1 of 2 CSMs misses something" in words(at)
    assert "settings" not in tables_known(own_folder)
    at.button(key="keep_targets").click().run()
    kept = {row["setting"]: row["value"] for row in tables_known(own_folder)["settings"].to_pylist()}
    assert kept == {"target.references": 0.0, "target.stories": 1.0}


# --- the Account page ----------------------------------------------------------------------------------------------


def test_the_answer_stands_before_any_click() -> None:
    at = visit(page("account"), account_id="ACC-0165")
    assert [m.label for m in at.metric][:6] == ["MRR", "ARR", "Renewal", "Health", "Pulse", "Risk of loss"]
    assert "Next: Write a renewal plan" in words(at)
    assert "It renews in 74 days" in words(at)


ABSENT = {
    "People": "Upload contacts", "Products": "", "Surveys": "Upload surveys", "Tickets": "Upload tickets",
    "Bills": "Upload invoices", "Outcomes": "No outcome", "Asked of it": "Nothing was asked", "Notes": "No note",
}  # fmt: skip


@pytest.mark.parametrize("full", [True, False])
def test_every_table_of_an_account_stands_full_and_absent(own_folder: str, full: bool) -> None:
    if not full:
        keep(own_folder, ONE_TABLE)
    at = visit(page("account"), account_id="ACC-0128" if full else "A")
    for tab, said in ABSENT.items():
        at.session_state["account_tab"] = tab
        at.run()
        assert not at.exception
        assert full or said in words(at)


@pytest.mark.parametrize("lacking", ["usage", "surveys", "touchpoints", "accounts"])
def test_the_account_page_stands_without_a_table(own_folder: str, lacking: str) -> None:
    keep(own_folder, *(file for file in friends_book() if file[0] != f"{lacking}.csv"))
    for account, mrr in (("A", "1,000"), ("C", "0")):
        at = visit(page("account"), account_id=account)
        assert not at.error
        assert figure(at, "MRR").strip("$") == mrr


def test_names_of_all_kinds_are_shown_as_they_are(own_folder: str) -> None:
    keep(own_folder, *friends_book())
    at = visit(page("account"), account_id="A")
    assert "<img" not in words(at)
    assert "](http" not in words(at)
    assert "no account of this id" in words(visit(page("account"), account_id="nobody"))


def test_my_book_says_what_to_do_next() -> None:
    assert "What to do next" in words(visit(PAGES[0], csm="Ingrid Solberg"))
