"""What several sheets and files say together: ids that differ in nothing seen, answers in lists, tables in one sheet."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from odd_files import sheet, text

from cs_metrics.analysis.backtest import score_named
from cs_metrics.assemble import book_of
from cs_metrics.read.blocks import blocks_of
from cs_metrics.read.header import other_names, plain, without_accents
from cs_metrics.read.reading import read, read_paths
from cs_metrics.tables import TABLES, columns, frames
from pages.ui.sample import SAMPLE, two_imports


def said(found, *texts: str) -> bool:
    told = "\n".join([*found.assumed, *map(str, found.troubles)])
    return all(each in told for each in texts)


def test_ids_that_differ_in_nothing_seen_are_named_and_kept_apart() -> None:
    rows = "account_id,month,mrr\nA1,2024-01,1\na1,2024-01,2\n007,2024-01,4\n7,2024-01,8\n\u200bB,2024-01,16\nB,2024-01,32\n"
    found = read([text(rows)])
    assert found.totals()["mrr.mrr"] == 63 * 3600
    assert len(found.tables["mrr"]["account_id"].unique()) == 6
    assert sum("differ only in" in trouble.problem for trouble in found.troubles) == 3


def test_revenue_under_a_name_is_that_accounts_and_said() -> None:
    accounts = text("Account ID,Account Name,CSM\n001,Acme,Ann\n002,Beta,Ben\n", "accounts.csv")
    found = read([accounts, text("Account,Month,MRR\nAcme,2024-01,100\nGamma,2024-01,50\n")])
    assert found.tables["mrr"]["account_id"].to_pylist() == ["001", "Gamma"]
    assert said(found, "mrr: 1 account is found by name or domain, not by id: Acme is 001")


def test_revenue_under_a_name_and_the_id_is_not_joined() -> None:
    accounts = text("Account ID,Account Name,CSM\n001,Acme,Ann\n", "accounts.csv")
    found = read([accounts, text("Account,Month,MRR\nAcme,2024-01,100\n001,2024-01,50\n")])
    assert found.tables["mrr"]["account_id"].to_pylist() == ["Acme", "001"]


def test_answers_in_a_list_of_accounts_count_where_they_have_a_day() -> None:
    rows = "Account ID,Name,CSM,NPS,NPS date\nA,Acme,Ann,9,2024-05-01\nB,Beta,Ben,3,2024-05-04\nC,Cora,Ben,,\n"
    found = read([text(rows, "customers.csv")])
    answers = found.tables["surveys"].to_pylist()
    told = [(row["account_id"], row["score"], row["kind"], str(row["responded_at"])[:10]) for row in answers]
    assert told == [("A", 9, "NPS", "2024-05-01"), ("B", 3, "NPS", "2024-05-04")]
    assert len({row["survey_id"] for row in answers}) == 2


@pytest.mark.parametrize(
    ("headers", "row", "why"),
    [
        ("NPS", "9", "no column says when it was answered"),
        ("NPS,NPS date", "9,03/04/2024", "could be day/month or month/day"),
        ("NPS,NPS date", "Promoter,2024-05-01", "stays an attribute"),
    ],
)
def test_answers_that_stay_attributes_are_said(headers: str, row: str, why: str) -> None:
    found = read([text(f"Account ID,Name,CSM,{headers}\nA,Acme,Ann,{row}\n", "customers.csv")])
    assert "surveys" not in found.tables
    assert not found.refused
    assert said(found, why)
    assert "nps" in found.tables["accounts"].column_names


def test_scores_of_another_tool_are_kept_to_be_tested() -> None:
    mrr = text("account_id,month,mrr\nA,2024-05,1\nB,2024-05,1\n")
    found = read([mrr, text("Account,Health Score,Date\nA,82,2024-05-01\nB,35,2024-05-01\nA,70,2024-05-20\n", "x.csv")])
    book = book_of(frames(found.usable().tables))
    assert dict(zip(book.accounts.index, score_named("scores.score")(book), strict=True)) == {"A": 70, "B": 35}


def test_a_table_keeps_its_rows_numbers_wherever_it_stands() -> None:
    book = [["Account ID", "Name", "CSM"], ["A", "Acme", "Ann"], [], ["Account ID", "Month", "MRR"], ["A", "soon", 5]]
    found = read([sheet(book, "export.xlsx")])
    [trouble] = found.refused
    assert (trouble.row, trouble.column, trouble.value) == (5, "Month", "soon")


@given(st.lists(st.integers(1, 4), min_size=1, max_size=5), st.integers(0, 2))
def test_as_many_tables_are_found_as_were_written_below_each_other(sizes: list[int], blank: int) -> None:
    kinds = [["Account ID", "CSM", "Segment"], ["Account ID", "Month", "MRR"]]
    rows: list[list[str]] = []
    for number, size in enumerate(sizes):
        rows += [[] for _ in range(blank + 1)] if rows else []
        rows += [kinds[number % 2], *([f"A{at}", "2024-01", "5"] for at in range(size))]
    found = blocks_of(rows)
    assert len(found) == len(sizes)
    written = [cell for row in rows for cell in row]
    assert [cell for block in found for row in block.rows for cell in row if cell] == written


def test_every_other_name_says_something_it_did_not_before() -> None:
    names = other_names()
    english = {plain(name) for row in TABLES.values() for c in columns(row).values() for name in (c.name, *c.also)}
    for word, words in names["translated"].items():
        assert word in english, word
        assert all(each == without_accents(each).casefold() for each in words), word
    assert set(names["called"]) <= set(TABLES)
    several = [each for words in names["translated"].values() for each in words]
    assert len(several) == len(set(several))


def test_the_sample_company_is_the_same_in_one_import_and_in_two(tmp_path: Path) -> None:
    whole = read_paths([SAMPLE / "mrr.csv", SAMPLE / "owners.csv", SAMPLE / "accounts.csv", SAMPLE / "fx.csv"])
    first, close = two_imports(whole.tables)
    key = ["account_id", "month", "product", "currency"]
    both = [rows["mrr"].to_pandas().astype({"account_id": str}) for rows in (first, close)]
    joined = pd.concat(both).drop_duplicates(key, keep="last").sort_values(key)[[*key, "mrr"]]
    expected = whole.tables["mrr"].to_pandas().astype({"account_id": str}).sort_values(key)[[*key, "mrr"]]
    assert joined.to_numpy().tolist() == expected.to_numpy().tolist()
    owners = pa.concat_tables([first["owners"], close["owners"]])
    assert len(owners) == len(whole.tables["owners"]) > len(first["owners"])
