"""Files as people have them: what is read, what is refused, and that every message names its place and the remedy."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from cs_metrics.assemble import book_of
from cs_metrics.book import Book
from cs_metrics.read.files import File, open_file
from cs_metrics.read.problems import Refused
from cs_metrics.read.reading import Reading, read
from cs_metrics.read.recipe import recipe_of
from cs_metrics.tables import TABLES, columns, frames


def csv(name: str, text: str) -> File:
    return File(name, text.encode())


def reading_of(*files: File, recipe: str = "") -> Reading:
    return read(files, recipe_of(recipe) if recipe else None)


def book(*files: File, recipe: str = "") -> Book:
    return book_of(frames(reading_of(*files, recipe=recipe).usable().tables), today=pd.Timestamp("2026-01-01").date())


def mrr(book: Book) -> dict[str, list[float]]:
    return {str(account): row.tolist() for account, row in book.mrr.iterrows()}


LONG = csv("mrr.csv", "account_id,month,mrr\nA,2025-01,100\nA,2025-02,120\nB,2025-01,50\n")


# --- the four shapes of revenue --------------------------------------------------------------------------------------


def test_months_may_stand_one_below_the_other() -> None:
    assert mrr(book(LONG)) == {"A": [100, 120], "B": [50, 0]}


def test_months_may_stand_side_by_side() -> None:
    wide = csv(
        "schedule.csv",
        "Customer ID,Customer,Segment,Jan-25,2025-02,Mar 2025\nA,Acme,SMB,100,120,\nB,Birch,Mid,50,,0\n",
    )
    found = book(wide)
    assert mrr(found) == {"A": [100, 120, 0], "B": [50, 0, 0]}
    assert found.accounts["segment"].tolist() == ["SMB", "Mid"]


def test_subscriptions_are_in_force_from_start_to_end() -> None:
    subscriptions = csv(
        "subscriptions.csv",
        "subscription_id,account_id,start_date,end_date,mrr,status\n"
        "S1,A,2025-01-15,,100,active\nS2,A,2025-02-01,2025-03-01,20,active\nS3,B,2025-01-31,2025-02-28,50,active\nS4,C,2025-01-01,,9,trial\n",
    )
    assert mrr(book(subscriptions)) == {"A": [100, 120], "B": [50, 0], "C": [0, 0]}


def test_a_hand_kept_contract_ends_on_its_last_day_of_service() -> None:
    contracts = csv(
        "contracts.csv",
        "Customer,Contract start,Contract end,MRR\nA,2025-01-01,2025-02-28,100\nB,2025-02-10,,5\n",
    )
    found = reading_of(contracts)
    assert any("last day of service" in text for text in found.assumed)
    assert mrr(book(contracts)) == {"A": [100, 100], "B": [0, 5]}


def test_neighbouring_periods_tell_what_an_end_date_means() -> None:
    touching = "".join(f"S{n},A{n},2025-01-10,2025-02-10,10\nT{n},A{n},2025-02-10,,12\n" for n in range(6))
    following = "".join(f"S{n},A{n},2025-01-10,2025-02-09,10\nT{n},A{n},2025-02-10,,12\n" for n in range(6))
    header = "subscription_id,account_id,start_date,end_date,mrr\n"
    for rows, meaning in ((touching, "first day without"), (following, "last day of service")):
        assert any(meaning in text for text in reading_of(csv("subscriptions.csv", header + rows)).assumed)


def test_a_ledger_adds_up_from_its_opening() -> None:
    ledger = csv(
        "ledger.csv",
        "account_id,date,mrr_change,opening_mrr\nA,2025-01-10,20,100\nA,2025-02-10,-120,\nB,2025-02-01,30,\n",
    )
    assert mrr(book(ledger)) == {"A": [120, 0], "B": [0, 30]}


def test_prices_of_any_interval_are_per_month_and_exact() -> None:
    subscriptions = csv(
        "subscriptions.csv",
        "subscription_id,account_id,start_date,amount,interval,quantity\nS1,A,2025-01-01,10000,year,1\nS2,B,2025-01-01,30,quarterly,4\nS3,C,2025-01-01,52,week,1\n",
    )
    found = book(subscriptions)
    assert 12 * found.lines.amounts[-1, 0] == 10_000 * 3600  # 10,000 a year is 10,000.00 of ARR
    assert mrr(found)["B"] == [40]
    assert mrr(found)["C"][0] == pytest.approx(52 * 52 / 12, abs=1 / 3600)


def test_arr_is_twelve_times_mrr() -> None:
    assert mrr(book(csv("mrr.csv", "account_id,month,arr\nA,2025-01,1200\n"))) == {"A": [100]}


def test_a_snapshot_is_revenue_once_its_month_is_named() -> None:
    listed = csv("accounts.csv", "account_id,name,csm,arr\nA,Acme,Ann,1200\nB,Birch,Ben,\n")
    with pytest.raises(Exception, match="Name the month"):
        book(listed)
    recipe = '[[file]]\nmatch = "accounts.csv"\ntable = "accounts"\ncolumns = { account_id = "account_id", name = "name", csm = "csm", arr = "arr" }\noptions = { month = "2024-12" }'
    assert mrr(book(listed, recipe=recipe)) == {"A": [100], "B": [0]}


def test_the_running_month_is_not_complete() -> None:
    table = frames(reading_of(LONG).usable().tables)
    assert str(book_of(table, today=pd.Timestamp("2025-02-10").date()).last) == "2025-01"
    assert str(book_of(table, until=pd.Period("2025-02"), today=pd.Timestamp("2025-02-10").date()).last) == "2025-02"


def test_an_end_date_does_not_extend_the_data() -> None:
    found = book(
        csv(
            "subscriptions.csv",
            "subscription_id,account_id,start_date,end_date,mrr\nS1,A,2025-01-01,2025-09-01,100\nS2,B,2025-02-01,,5\n",
        )
    )
    assert str(found.last) == "2025-02"


# --- ids and words stay what they are --------------------------------------------------------------------------------


def test_ids_are_text_with_zeros_and_na() -> None:
    found = book(
        csv(
            "mrr.csv",
            "account_id,month,mrr\n00123,2025-01,1\nNA,2025-01,2\nnull,2025-01,3\n12345678901234567,2025-01,4\n1e5,2025-01,5\n",
        )
    )
    assert found.mrr.index.tolist() == ["00123", "NA", "null", "12345678901234567", "1e5"]


def test_other_columns_of_accounts_become_attributes() -> None:
    accounts = csv("accounts.csv", "account_id,name,Customer Tier,Plan\nA,Acme,Gold,Pro\nB,Birch,Silver,Pro\n")
    found = book(LONG, accounts)
    assert {"segment", "plan"} & set(found.accounts.columns) == {"plan"}
    assert found.accounts["customer_tier"].tolist() == ["Gold", "Silver"]


def test_a_csm_who_changes_from_month_to_month_is_a_handover() -> None:
    found = book(
        csv(
            "mrr.csv",
            "account_id,month,mrr,csm\nA,2025-01,1,Ann\nA,2025-02,1,Ben\nB,2025-01,1,Ann\nB,2025-02,1,Ann\n",
        )
    )
    assert found.owners.names.to_numpy()[found.owners.held].tolist() == [["Ann", "Ann"], ["Ben", "Ann"]]


def test_what_was_escaped_on_export_comes_back_as_it_was() -> None:
    from cs_metrics.export import csv_bytes

    names = ["=1+1", "@home", "-dash", "plain", "'quoted"]
    table = pd.DataFrame({"account_id": ["1", "2", "3", "4", "5"], "name": names, "csm": "Ann"})
    found = read([File("accounts.csv", csv_bytes(table)), csv("mrr.csv", "account_id,month,mrr\n1,2025-01,1\n")])
    assert found.tables["accounts"]["name"].to_pylist() == names


@pytest.mark.parametrize("table", TABLES)
def test_every_table_is_recognised_by_its_standard_headers(table: str) -> None:
    spec = columns(TABLES[table])
    value = {
        "money": "5",
        "number": "3",
        "day": "2025-01-02",
        "instant": "2025-01-02 10:00",
        "month": "2025-01",
        "flag": "yes",
        "key": "A",
        "text": "word",
        "code": "EUR",
    }
    text = ",".join(spec) + "\n" + ",".join(value[c.kind] for c in spec.values()) + "\n"
    for name in (f"{table}.csv", "export.csv"):
        found = reading_of(csv(name, text))
        if name == "export.csv":
            assert found.refused or table in found.tables
        else:
            assert list(found.tables) == [table], found.troubles
            assert not found.refused


def test_a_workbook_gives_its_sheets() -> None:
    book_ = openpyxl.Workbook()
    book_.active.title = "Accounts"
    for row in (
        ["account_id", "name", "csm", "renewal_date"],
        ["A", "Acme", "Ann", pd.Timestamp("2025-06-30")],
    ):
        book_.active.append(row)
    sheet = book_.create_sheet("MRR")
    for row in (
        ["account_id", "month", "mrr"],
        ["A", "2025-01", 100.5],
        ["A", pd.Timestamp("2025-02-01"), 120],
    ):
        sheet.append(row)
    target = io.BytesIO()
    book_.save(target)
    found = book(File("book.xlsx", target.getvalue()))
    assert mrr(found) == {"A": [100.5, 120]}
    assert found.accounts["renewal_date"].iloc[0] == pd.Timestamp("2025-06-30")


# --- bad input -------------------------------------------------------------------------------------------------------

BAD = {
    "a missing column": ([csv("mrr.csv", "account_id,month\nA,2025-01\n")], "mrr.csv", 0, "no column mrr or arr", "Add the column"),
    "a letter in a number": ([csv("mrr.csv", "account_id,month,mrr\nA,2025-01,1\nB,2025-01,12O\n")], "mrr.csv", 3, "letter O", "digits"),
    "a word for a month": ([csv("mrr.csv", "account_id,month,mrr\nA,soon,1\n")], "mrr.csv", 2, "not a month", "2025-04"),
    "negative MRR": ([csv("mrr.csv", "account_id,month,mrr\nA,2025-01,-5\n")], "mrr.csv", 2, "negative", "credits"),
    "a month twice": ([csv("mrr.csv", "account_id,month,mrr\nA,2025-01,5\nA,2025-01,6\n")], "mrr.csv", 3, "stands in row 2", "Keep one"),
    "an id twice": ([LONG, csv("accounts.csv", "account_id,name\nA,Acme\nA,Apex\n")], "accounts.csv", 3, "stands in row 2", "Keep one"),
    "the same month in two files": (
        [LONG, csv("mrr 2.csv", "account_id,month,mrr\nA,2025-02,7\n")],
        "mrr 2.csv", 2, "row 3 of mrr.csv", "Keep one",
    ),
    "an empty file": ([csv("mrr.csv", "")], "mrr.csv", 0, "empty", "Export"),
    "a picture": ([File("photo.csv", b"\x89PNG\r\n\x1a\n" + b"\0" * 99)], "photo.csv", 0, "a picture", "CSV or XLSX"),
    "a broken workbook": ([File("book.xlsx", b"PK\x03\x04nonsense")], "book.xlsx", 0, "cannot be opened", "Save it again"),
    "cells that do not fit": ([csv("mrr.csv", "account_id,month,mrr\nA,2025-01,1,200\n")], "mrr.csv", 2, "4 cells", "quotes"),
    "an end before its start": (
        [csv("subscriptions.csv", "subscription_id,account_id,start_date,end_date,mrr\nS,A,2025-02-01,2025-01-01,5\n")],
        "subscriptions.csv", 2, "before the start", "Correct",
    ),
    "a day or a month": (
        [csv("subscriptions.csv", "subscription_id,account_id,start_date,mrr\nS,A,03/04/2025,5\n")],
        "subscriptions.csv", 2, "day/month or month/day", "day first",
    ),
    "no known table": ([csv("misc.csv", "foo,bar\n1,2\n")], "misc.csv", 0, "No known table", "list of tables"),
    "not text": ([File("mrr.csv", b"a,b\n\0\0\1\2,x\n")], "mrr.csv", 2, "not text", "Export"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD, ids=list(BAD))
def test_bad_input_names_the_place_and_the_remedy(case: str) -> None:
    files, file, row, problem, advice = BAD[case]
    found = reading_of(*files)
    with pytest.raises(Refused):
        found.usable()
    assert any(
        t.file == file and t.row == row and problem in t.problem and advice in t.advice for t in found.refused
    ), found.refused


def test_all_problems_are_listed_at_once() -> None:
    found = reading_of(csv("mrr.csv", "account_id,month,mrr\nA,soon,x\nB,2025-01,-1\nC,2025-01,1\nC,2025-01,2\n"))
    assert len(found.refused) == 4


def test_facts_about_unknown_accounts_are_counted_and_left_out() -> None:
    found = reading_of(LONG, csv("tickets.csv", "account_id,opened_at\nA,2025-01-02\nZ,2025-01-02\nZ,2025-01-03\n"))
    [trouble] = found.troubles
    assert (trouble.severity, trouble.value) == ("row left out", "Z")
    assert "2 rows" in trouble.advice
    assert len(found.tables["tickets"]) == 1


def test_answers_out_of_scale_are_left_out_and_counted() -> None:
    found = reading_of(
        LONG,
        csv(
            "nps.csv",
            "account_id,kind,sent_at,responded_at,score\nA,NPS,2025-01-01,2025-01-02,11\nA,NPS,2025-01-01,2025-01-02,9\n",
        ),
    )
    assert not found.refused
    assert len(found.tables["surveys"]) == 1
    assert any(t.row == 2 and "outside 0 to 10" in t.problem for t in found.troubles)


def test_answers_say_by_their_name_which_survey_they_are() -> None:
    found = reading_of(
        LONG, csv("nps_2025.csv", "account_id,sent_at,responded_at,score\nA,2025-01-01,2025-01-02,9\nA,2025-02-01,,\n")
    )
    assert found.tables["surveys"]["kind"].to_pylist() == ["NPS", "NPS"]


def test_rows_exactly_alike_are_one_where_there_is_a_key() -> None:
    found = reading_of(csv("mrr.csv", "account_id,month,mrr\nA,2025-01,5\nA,2025-01,5\n"))
    assert not found.refused
    assert len(found.tables["mrr"]) == 1


def test_events_without_an_id_are_all_kept() -> None:
    found = reading_of(LONG, csv("pulses.csv", "account_id,given_on,pulse\nA,2025-01-01,3\nA,2025-01-01,3\n"))
    assert len(found.tables["pulses"]) == 2


def test_ids_that_collide_do_not_lose_events() -> None:
    found = reading_of(LONG, csv("tickets.csv", "ticket_id,account_id,opened_at\nT1,A,2025-01-01\nT1,B,2025-01-05\n"))
    assert found.tables["tickets"]["ticket_id"].to_pylist() == ["T1", "T1 #2"]
    assert not found.refused


def test_totals_below_a_table_do_not_become_customers() -> None:
    found = book(csv("schedule.csv", "Customer,2025-01,2025-02\nAcme,5,6\nTotal,5,6\n"))
    assert mrr(found) == {"Acme": [5, 6]}


def test_two_files_of_one_table_are_put_together_and_said() -> None:
    found = reading_of(LONG, csv("mrr 2025-03.csv", "account_id,month,mrr\nA,2025-03,7\n"))
    assert len(found.tables["mrr"]) == 4
    assert any("put together" in text for text in found.assumed)


# --- recipes ---------------------------------------------------------------------------------------------------------

PERIODS = csv(
    "subscription_periods_2025.csv",
    "customer_id,start_date,end_date,monthly_amount,state\nA,2025-01-01,2025-02-01,100,Churned\nB,2025-01-01,,5000,Active\nC,2025-01-01,,70,Test\nB2,2025-02-01,,1,Active\n",
)
RECIPE = """
[[file]]
match = "subscription_periods*.csv"
table = "subscriptions"
columns = { account_id = "customer_id", start_date = "start_date", end_date = "end_date", mrr = "monthly_amount", status = "state" }
[file.options]
end_date = "first day without"
money = "cents"
values = { status = { "Churned" = "cancelled" } }
keep = { status = ["churned", "active"] }
"""


def test_a_recipe_says_how_a_layout_is_read() -> None:
    assert mrr(book(PERIODS, recipe=RECIPE)) == {"A": [1, 0], "B": [50, 50], "B2": [0, 0.01]}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (('table = "subscriptions"', 'table = "subs"'), "is not a table"),
        (('"customer_id"', '"client"'), "does not have"),
        (("account_id = ", "account = "), "does not have"),
        (('money = "cents"', 'money = "pence"'), "units"),
        (("[[file]]", "[[file"), "TOML"),
    ],
)
def test_a_wrong_recipe_says_what_is_wrong(change: tuple[str, str], problem: str) -> None:
    def said() -> str:
        try:
            return " ".join(str(trouble) for trouble in reading_of(PERIODS, recipe=RECIPE.replace(*change)).refused)
        except Refused as refused:
            return str(refused)

    assert problem in said()


def test_constants_fill_columns_the_file_lacks() -> None:
    answers = csv("answers.csv", "who,when,points\nA,2025-01-05,9\n")
    recipe = '[[file]]\nmatch = "answers.csv"\ntable = "surveys"\ncolumns = { account_id = "who", responded_at = "when", score = "points" }\noptions = { constants = { kind = "NPS" } }'
    assert reading_of(LONG, answers, recipe=recipe).tables["surveys"]["kind"].to_pylist() == ["NPS"]


# --- ways of writing -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("account_id;month;mrr\nMüller;2025-01;1.234,50\n", "cp1252"),
        ("account_id\tmonth\tmrr\nMüller\t2025-01\t1234.5\n", "utf-16"),
        ('account_id,month,mrr\nMüller,2025-01,"$1,234.50"\n', "utf-8-sig"),
    ],
)
def test_encodings_delimiters_and_decimal_marks(text: str, encoding: str) -> None:
    assert mrr(book(File("mrr.csv", text.encode(encoding)))) == {"Müller": [1234.5]}


def test_rows_count_as_the_spreadsheet_does() -> None:
    text = 'account_id,month,mrr\n"A\nInc",2025-01,1\n\nB,2025-01,x\n'
    [trouble] = reading_of(csv("mrr.csv", text)).refused
    assert trouble.row == 4


def test_a_far_cell_is_contained() -> None:
    workbook = openpyxl.Workbook()
    workbook.active["A1"] = "account_id"
    workbook.active["XFD1048576"] = 1
    target = io.BytesIO()
    workbook.save(target)
    opened = open_file(File("far.xlsx", target.getvalue()))
    assert not opened.sheets
    assert "memory" in opened.troubles[0].problem


def test_a_folder_is_read_whole(tmp_path: Path) -> None:
    from cs_metrics.read.reading import read_paths

    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "mrr.csv").write_bytes(LONG.data)
    (tmp_path / "notes.md").write_text("not a table")
    assert len(read_paths([tmp_path]).tables["mrr"]) == 3
    with pytest.raises(Refused, match="no such file"):
        read_paths([tmp_path / "nowhere.csv"])


def test_what_cannot_be_is_left_out_and_listed() -> None:
    """Answers beyond their scale, tickets solved before they were opened, usage of accounts nobody knows."""
    mrr = ("mrr.csv", "account_id,month,mrr\nA,2025-01,5\nB,2025-01,5\n")
    surveys = "account_id,kind,sent_at,responded_at,score\n" + "".join(
        f"A,{kind},2025-01-02,{on},{score}\n"
        for kind, on, score in (
            ("NPS", "2025-01-03", 9), ("CSAT", "2025-01-03", 9), ("csat", "2025-01-03", 5), ("CES", "2025-01-03", 0),
            ("NPS", "2025-01-01", 8), ("NPS", "2025-01-03", 11),
        )
    )  # fmt: skip
    tickets = (
        "ticket_id,account_id,opened_at,solved_at\n1,A,2025-01-05 10:00,2025-01-04\n2,A,2025-01-05 10:00,2025-01-05\n"
    )
    usage = "account_id,month,logins\nA,2025-01,3\nZ,2025-01,3\nZ,2025-01,4\n"
    files = [mrr, ("surveys.csv", surveys), ("tickets.csv", tickets), ("usage.csv", usage)]
    found = read([File(name, text.encode()) for name, text in files])
    said = [str(trouble) for trouble in found.troubles if trouble.severity == "row left out"]
    assert found.tables["surveys"]["score"].drop_null().to_pylist() == [9, 5]
    assert found.tables["tickets"]["ticket_id"].to_pylist() == ["2"]
    assert found.tables["usage"]["account_id"].to_pylist() == ["A"]
    for expected in (
        "surveys.csv, row 3, score: An answer to CSAT is 1 to 5. The row is left out.",
        "surveys.csv, row 5, score: An answer to CES is 1 to 7. The row is left out.",
        "surveys.csv, row 6, responded_at: It was answered before it was sent. The row is left out.",
        "tickets.csv, row 2, solved_at: It was solved before it was opened. The row is left out.",
        'usage, account_id: "Z" No account has this id. 2 rows of usage left out. Add the account, or correct the id.',
    ):
        assert expected in said, said
