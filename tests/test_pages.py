"""Every page, from the frame, on whole, partial and empty books: it stands, and says what to do next."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from conftest import CASES, ROOT
from streamlit import config
from streamlit.testing.v1 import AppTest

from cs_metrics.read.files import File
from cs_metrics.read.reading import read, read_paths
from cs_metrics.store.batches import import_batch
from pages.ui.menu import found

PAGES = [page.path for page in found()]
FRAME = str(ROOT / "pages" / "frame.py")


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database of one's own, the sample's kept for the whole run.

    What is cached is keyed by the database and its batch, so a book of another test is never shown, and the sample
    company is read once for all tests.
    """
    database = f"sqlite:///{tmp_path / 'book.db'}"
    monkeypatch.setenv("CS_METRICS_DATABASE", database)
    monkeypatch.setenv("CS_METRICS_SAMPLE", str(tmp_path_factory.getbasetemp() / "sample"))
    return database


def visit(page: Path | None = None, **query: str) -> AppTest:
    at = AppTest.from_file(FRAME, default_timeout=60)
    for name, value in query.items():
        at.query_params[name] = value
    at.run()
    if page is not None and page != PAGES[0]:
        at.switch_page(str(page)).run()
    assert not at.exception, [e.message for e in at.exception]
    return at


def page(name: str) -> Path:
    return next(path for path in PAGES if path.stem.endswith(name))


def figure(at: AppTest, label: str) -> str:
    return next(m.value for m in at.metric if m.label == label)


def words(at: AppTest) -> str:
    return " ".join(
        str(e.value) for kind in (at.info, at.success, at.warning, at.error, at.markdown, at.caption) for e in kind
    )


def keep(database: str, *files: tuple[str, str]) -> None:
    import_batch(database, read([File(name, text.encode()) for name, text in files]).usable().tables)


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.stem)
def test_every_page_stands_on_the_sample_company(path: Path) -> None:
    at = visit(path)
    assert at.header[0].value
    assert not at.error


ONE_TABLE = (
    "mrr.csv",
    "account_id,month,mrr\n" + "".join(f"{a},2025-0{m},{100 + m}\n" for a in "ABC" for m in range(1, 7)),
)
BOOKS: dict[str, list[tuple[str, str]]] = {
    "one revenue table": [ONE_TABLE],
    "one account, one month": [("mrr.csv", "account_id,month,mrr\nA,2025-01,5\n")],
    "nobody pays": [("mrr.csv", "account_id,month,mrr\nA,2025-01,0\nA,2025-02,0\n")],
    "accounts without revenue": [("accounts.csv", "account_id,name,csm\nA,Acme,Ann\n")],
    "subscriptions that all ended": [
        (
            "subscriptions.csv",
            "subscription_id,account_id,start_date,end_date,mrr\nS,A,2025-01-01,2025-02-01,5\nT,B,2025-04-01,2025-04-02,5\n",
        )
    ],
    "a currency without a rate": [
        (
            "mrr.csv",
            "account_id,month,mrr,currency\nA,2025-01,5,USD\nA,2025-02,5,USD\nB,2025-01,5,GBP\nB,2025-02,6,GBP\n",
        ),
        ("fx.csv", "month,currency,rate\n2025-01,USD,1\n"),
    ],
    "usage alone beside revenue": [ONE_TABLE, ("usage.csv", "account_id,month,logins\nA,2025-06,5\n")],
    "only planned touchpoints": [ONE_TABLE, ("touchpoints.csv", "account_id,kind,planned_for\nA,QBR,2030-01-01\n")],
    "empty facts": [
        ONE_TABLE,
        ("surveys.csv", "account_id,kind,sent_at,responded_at,score\nA,NPS,2025-06-01,,\n"),
        ("contacts.csv", "account_id,name,role\nA,Kim,\n"),
    ],
}


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.stem)
@pytest.mark.parametrize("book", BOOKS)
def test_every_page_stands_on_partial_books(own_folder: str, path: Path, book: str) -> None:
    keep(own_folder, *BOOKS[book])
    visit(path)


def test_a_partial_book_says_what_to_upload_next(own_folder: str) -> None:
    keep(own_folder, ONE_TABLE)
    assert "Upload usage, tickets, surveys" in words(visit(page("at_risk")))
    assert "surveys and pulses" in words(visit(page("advocates")))
    assert "renewal_date" in words(visit(page("retention")))


def test_a_book_without_revenue_says_what_to_upload(own_folder: str) -> None:
    keep(own_folder, *BOOKS["accounts without revenue"])
    assert "Add one of the tables mrr, subscriptions or ledger" in words(visit(PAGES[0]))


def test_the_golden_quarter_on_the_retention_page(own_folder: str) -> None:
    import_batch(own_folder, read_paths([CASES / "golden_quarter"]).tables)
    at = visit(page("retention"))
    assert [
        figure(at, label)
        for label in ("Net revenue retention", "Gross revenue retention", "Logo retention", "Gross renewal rate")
    ] == ["94.0 %", "86.0 %", "88.9 %", "75.4 %"]
    at = visit(page("retention"), fx="floating", gross_cap="product")
    assert [figure(at, label) for label in ("Net revenue retention", "Gross revenue retention")] == [
        "94.0 %",
        "86.0 %",
    ] or figure(at, "Gross revenue retention") == "80.0 %"


def test_a_link_chooses_whose_book_which_month_and_which_part() -> None:
    whole = figure(visit(PAGES[0]), "MRR")
    part = visit(PAGES[0], in_segment="Enterprise", month="2025-06")
    assert figure(part, "MRR") != whole
    assert part.selectbox(key="month").value == "2025-06"
    assert part.multiselect(key="in_segment").value == ["Enterprise"]


def test_filters_that_fit_nobody_say_so() -> None:
    at = visit(PAGES[0])
    at.multiselect(key="in_segment").set_value(["Enterprise"])
    product = next(w for w in at.multiselect if w.key == "in_product")
    csm = at.multiselect(key="csm").options[0]
    at.multiselect(key="csm").set_value([csm])
    product.set_value([product.options[-1]]).run()
    assert not at.exception


def test_explaining_a_figure_opens_its_accounts() -> None:
    at = visit(page("retention"))
    next(b for b in at.button if b.key == "explain_gross_revenue_retention_3").click().run()
    assert not at.exception
    assert any("÷" in str(m.value) for m in at.markdown)
    assert any("top" in d.value.columns for d in at.dataframe)


def test_a_pulse_a_plan_and_a_note_are_kept(own_folder: str) -> None:
    keep(own_folder, ONE_TABLE)
    at = visit(page("account"), account_id="B")
    at.segmented_control(key="pulse_given").set_value(2)
    at.text_input(key="pulse_note").set_value("worried")
    next(b for b in at.button if b.label == "Give pulse").click().run()
    next(w for w in at.text_area if w.label == "Plan").set_value("Call the sponsor")
    next(w for w in at.selectbox if w.label == "Why it is at risk").set_value("Price")
    next(b for b in at.button if b.label == "Keep the plan").click().run()
    at.text_area(key="note_text").set_value("Budget freeze until May")
    next(b for b in at.button if b.label == "Keep note").click().run()
    assert not at.exception
    details = " ".join(at.dataframe[0].value["detail"])
    assert all(text in details for text in ("worried", "Price: Call the sponsor", "Budget freeze"))
    risky = visit(page("at_risk"))
    assert figure(risky, "Accounts at risk") == "1"
    assert risky.dataframe[0].value["plan"].tolist() == ["Call the sponsor"]


@pytest.mark.parametrize(
    ("label", "said"), [("Give pulse", "Choose a pulse"), ("Keep the plan", "Say why"), ("Keep note", "empty")]
)
def test_an_empty_form_says_what_is_missing(own_folder: str, label: str, said: str) -> None:
    keep(own_folder, ONE_TABLE)
    at = visit(page("account"), account_id="A")
    next(b for b in at.button if b.label == label).click().run()
    assert said in words(at)


def test_an_unknown_account_in_the_address_is_no_error(own_folder: str) -> None:
    keep(own_folder, ONE_TABLE)
    assert "no account of this id" in words(visit(page("account"), account_id="nobody"))


def upload(at: AppTest, *files: tuple[str, str]) -> AppTest:
    return at.file_uploader(key="files").set_value([(name, text.encode(), "text/csv") for name, text in files]).run()


def test_the_same_file_twice_says_so_and_changes_nothing(own_folder: str) -> None:
    at = upload(visit(page("data")), ONE_TABLE)
    next(b for b in at.button if b.label.startswith("Import")).click().run()
    assert "Imported." in words(at)
    at = upload(visit(page("data")), ONE_TABLE)
    assert "imported already" in words(at)
    assert not any(b.label.startswith("Import") for b in at.button)
    assert not at.exception


def test_the_dry_run_shows_what_would_move_and_asks_who_has_left(own_folder: str) -> None:
    accounts = "account_id,name,csm\nA,Acme,{}\nB,Birch,Bob\nC,Cedar,Bob\n"
    keep(own_folder, ONE_TABLE, ("accounts.csv", accounts.format("Ann")))
    july = ("mrr.csv", "account_id,month,mrr\nA,2025-07,200\nB,2025-07,107\n")
    at = upload(visit(page("data")), july, ("accounts.csv", accounts.format("Zoe").replace("C,Cedar,Bob\n", "")))
    assert not at.exception
    assert "1 customer" in words(at)
    assert figure(at, "MRR") == "413"
    missing, moved = at.radio[0], at.radio[1]
    at = missing.set_value(missing.options[1]).run()
    assert (figure(at, "MRR"), figure(at, "Logo retention")) == ("307", "66.7 %")
    assert next(m.delta for m in at.metric if m.label == "Logo retention") == "-33.3 points"
    at = at.radio[1].set_value(moved.options[1]).run()
    assert "earlier months move to the CSM named now" in words(at)
    next(b for b in at.button if b.label.startswith("Import")).click().run()
    assert not at.exception
    assert figure(visit(PAGES[0]), "MRR") == "307"


def test_what_changed_gives_causes_and_the_accounts_behind_them(own_folder: str) -> None:
    keep(own_folder, ONE_TABLE)
    assert "one import so far" in words(visit(page("what_changed")))
    keep(
        own_folder,
        ("mrr.csv", "account_id,month,mrr\nA,2025-06,96\nD,2025-06,5\nA,2025-07,100\nB,2025-07,0\nC,2025-07,106\n"),
    )
    at = visit(page("what_changed"))
    assert "most of it is **real movement**" in words(at)
    steps, ends = chart_of(at, "chart_causes_mrr")["data"]
    assert steps["customdata"] == ["correction", "back-dated entry", "real movement"]
    assert steps["text"] == ["−10", "+5", "−107"]
    assert ends["text"] == ["318", "206"]
    at = at.selectbox(key="changed_figure").set_value("logo_retention").run()
    assert not at.exception
    at = visit(page("what_changed"), month="2025-06")
    assert chart_of(at, "chart_causes_mrr")["data"][0]["text"] == ["−10", "+5"]


def test_a_bad_upload_shows_every_problem_and_offers_no_import() -> None:
    at = upload(visit(page("data")), ("mrr.csv", "account_id,month,mrr\nA,soon,x\nB,2025-01,-5\n"))
    assert "3 problems" in words(at)
    assert not any(b.label.startswith("Import") for b in at.button)


def test_undo_brings_back_what_was(own_folder: str) -> None:
    keep(own_folder, ONE_TABLE)
    keep(own_folder, ("mrr 2.csv", "account_id,month,mrr\nA,2025-07,900\n"))
    assert visit(PAGES[0]).selectbox(key="month").options[0] == "2025-07"
    at = visit(page("data"))
    at.selectbox(key="undo_which").set_value(2).run()
    at.button(key="undo").click().run()
    assert not at.exception
    assert visit(PAGES[0]).selectbox(key="month").options[0] == "2025-06"


def test_the_sample_company_stays_one_click_away(own_folder: str) -> None:
    keep(own_folder, ONE_TABLE)
    at = visit(PAGES[0])
    own = figure(at, "MRR")
    at.segmented_control(key="company").set_value("Sample").run()
    assert not at.exception
    assert figure(at, "MRR") != own


def test_the_glossary_finds_words() -> None:
    at = visit(page("glossary"))
    every = len(at.markdown)
    at.text_input(key="word").set_value("retention").run()
    assert 0 < len(at.markdown) < every
    at.text_input(key="word").set_value("zebra").run()
    assert "Try another word" in words(at)


def chart_of(at: AppTest, key: str) -> dict[str, Any]:
    return json.loads(next(e for e in at.get("plotly_chart") if e.proto.id.endswith(key)).proto.spec)


def test_the_waterfall_on_the_page_ends_at_its_closing(own_folder: str) -> None:
    import_batch(own_folder, read_paths([CASES / "golden_quarter"]).tables)
    [bar] = chart_of(visit(page("retention"), month="2025-03"), "chart_waterfall")["data"]
    assert bar["text"][-1] == "$1,060"


def test_the_cohorts_page_says_what_became_of_a_cohort() -> None:
    at = visit(page("cohorts"), left="Accounts", grain="Quarter")
    assert "cohort" in words(at)
    assert "of the accounts are still here after a year" in words(at)
    [tints, numbers] = chart_of(at, "chart_cohorts")["data"]
    assert len(numbers["text"]) == len(numbers["customdata"]) == sum(v is not None for row in tints["z"] for v in row)
    assert all(0 <= float(text) <= 100 for text in numbers["text"])
    assert {"survival", "cohort_curves"} <= {e.proto.id.rpartition("chart_")[2] for e in at.get("plotly_chart")}


def test_comparing_cohorts_draws_a_line_per_group_and_one_groups_triangle() -> None:
    at = visit(page("cohorts"), cohorts_by="Segment")
    groups = {"Enterprise", "Mid-Market", "SMB"}
    assert {line["name"] for line in chart_of(at, "chart_cohort_curves")["data"]} == groups
    assert {line["name"] for line in chart_of(at, "chart_survival")["data"] if "name" in line} == groups
    whole = len(chart_of(at, "chart_cohorts")["data"][1]["text"])
    at.selectbox(key="triangle_of_segment").set_value("Enterprise").run()
    assert not at.exception
    assert len(chart_of(at, "chart_cohorts")["data"][1]["text"]) < whole


def test_a_click_on_a_cohort_opens_its_accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    import pages.ui.cohorts as of_cohorts

    opened = []

    def chart(figure: Any, key: str, behind: Any = None, **_: Any) -> None:
        if key == "cohorts":
            opened.append(behind({"customdata": ["2024-Q1", 2]}))
            opened.append(behind({"customdata": ["", 2]}))

    monkeypatch.setattr(of_cohorts, "chart", chart)
    visit(page("cohorts"), left="MRR")
    drill, average = opened
    assert average is not None
    every = average.rows()
    assert f"**{100 * every['top'].sum() / every['bottom'].sum():.1f} %**" in average.sentence
    rows = drill.rows()
    assert f"**{100 * rows['top'].sum() / rows['bottom'].sum():.1f} %**" in drill.sentence


HOSTILE = "<img src=x onerror=alert(1)>"


def test_names_in_a_cohorts_hover_are_shown_as_they_are(own_folder: str) -> None:
    months = "".join(f"{a},2025-0{m},{100 + m}\n" for a in "ABCDE" for m in range(1, 7))
    keep(
        own_folder, ("mrr.csv", "account_id,month,mrr\n" + months), ("accounts.csv", f"account_id,name\nA,{HOSTILE}\n")
    )
    at = visit(page("cohorts"), grain="Month")
    spec = json.dumps(chart_of(at, "chart_cohorts"))
    assert "<img" not in spec
    assert "&lt;img" in spec


@pytest.mark.parametrize(
    ("book", "query", "said"),
    [
        ("nobody pays", {}, "ever paid"),
        ("one account, one month", {"grain": "Year"}, "Choose shorter cohorts"),
        ("one account, one month", {"grain": "Month"}, "needs 5 accounts"),
    ],
)
def test_a_book_without_cohorts_says_why(own_folder: str, book: str, query: dict[str, str], said: str) -> None:
    keep(own_folder, *BOOKS[book])
    assert said in words(visit(page("cohorts"), **query))


def test_cohorts_can_begin_with_the_start_date() -> None:
    at = visit(page("cohorts"), cohort_start="The start date", left="Accounts")
    assert "quarter of the start date" in words(at)


VIEWS = ("By group", "Periods compared", "What moved it", "Definitions")


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("book", BOOKS)
def test_every_view_of_retention_stands_on_partial_books(own_folder: str, view: str, book: str) -> None:
    keep(own_folder, *BOOKS[book])
    visit(page("retention"), view=view)


def test_the_definition_panel_shows_the_golden_quarter(own_folder: str) -> None:
    import_batch(own_folder, read_paths([CASES / "golden_quarter"]).tables)
    at = visit(page("retention"), view="Definitions")
    assert "**72.0 %** to **106.0 %**" in words(at)
    panel = at.dataframe[0].value
    assert panel.loc[panel["own"] != "", "value"].tolist() == ["94.0 %", "86.0 %", "88.9 %", "11.1 %"]
    at.selectbox(key="definition").set_value("Gross revenue retention: point to point, capped per product line").run()
    assert "**80.0 %** against 86.0 %" in words(at)
    assert at.dataframe[-1].value["name"].tolist() == ["Account I"]


def test_what_moved_it_says_so_in_a_sentence() -> None:
    at = visit(page("retention"), view="What moved it")
    assert "did most of it" in words(at)
    assert "Without" in words(at)
    assert "accounts of one size" in words(at)


def test_any_period_may_be_asked_for() -> None:
    assert "11 months" in words(visit(page("retention"), period="Since", since="2025-02", month="2025-12"))
    assert "8 months" in words(visit(page("retention"), period="Fiscal year", month="2025-08"))
    assert "3 months to 2025-08" in words(
        visit(page("retention"), period="Fiscal year", fiscal_start="June", month="2025-08")
    )


def test_explaining_says_what_each_account_did_to_the_figure() -> None:
    at = visit(page("retention"))
    next(b for b in at.button if b.key == "explain_net_revenue_retention_3").click().run()
    rows = next(d.value for d in at.dataframe if "contribution" in d.value.columns)
    assert "points on the 3 months before" in words(at)
    assert rows["contribution"].sum() == pytest.approx(1.0, abs=0.06)


def test_a_fault_of_a_page_is_said_without_its_details(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("pages.ui.movements_of", lambda *_: {}["a secret of a customer"])
    before = config.get_option("client.showErrorDetails")
    config.set_option("client.showErrorDetails", "none")
    try:
        at = visit(page("retention"))
    finally:
        config.set_option("client.showErrorDetails", before)
    [said] = at.error
    assert "secret" not in said.value
    number = re.search(r"the number (\w{6}):", said.value)
    assert number
    assert f"fault {number[1]}" in caplog.text
