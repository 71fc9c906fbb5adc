"""The mapping on the Data page: shown, marked, put right, confirmed, kept, and used by itself the next time."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest
from test_pages import own_folder, page, upload, visit, words  # noqa: F401  the fixture is used by name

from cs_metrics.read.convert import Options
from cs_metrics.read.files import File
from cs_metrics.read.mapping import chosen, mapped, proposed, twice
from cs_metrics.read.reading import read
from cs_metrics.read.recipe import Recipe, fingerprint, recipe_of
from cs_metrics.store.known import tables_known
from cs_metrics.store.recipes import recipes_kept

BOOK = "Customer,Month,Total of MRR,Owner,Notes\nAcme,2025-01,100,Ann,x\nBirch,2025-01,50,Ben,\n"
STRANGE = "Kürzel,Wer,Preis,Wann\nA,Ann,12000,03/04/2025\n"


def editor(at: AppTest, text: str, table: str) -> str:
    return f"map_headers_{fingerprint(text.splitlines()[0].split(','))}_{table}"


def button(at: AppTest, label: str) -> None:
    next(b for b in at.button if b.label.startswith(label)).click().run()
    assert not at.exception, [e.message for e in at.exception]


def can_import(at: AppTest) -> bool:
    return any(b.label.startswith("Import") for b in at.button)


# --- what is shown ---------------------------------------------------------------------------------------------------


def test_values_stand_beside_what_they_are_read_as() -> None:
    text = 'account_id,month,mrr,csm\n007,Jan-25,"1.234,50 €",Ann\n008,Feb-25,x,\n'
    [found] = read([File("mrr.csv", text.encode())]).understood
    assert found.match is not None
    rows = {row.header: row for row in mapped(found.sheet, found.match, found.options)}
    assert (rows["account_id"].raw, rows["account_id"].read) == ("007 · 008", "007 · 008")
    assert (rows["month"].raw, rows["month"].read) == ("Jan-25 · Feb-25", "2025-01 · 2025-02")
    assert rows["mrr"].read.startswith("1,234.50 · (is not a number")
    assert (rows["csm"].column, rows["csm"].unsure) == ("csm", "")


def test_a_sheet_of_no_table_can_be_given_one() -> None:
    [found] = read([File("x.csv", STRANGE.encode())]).understood
    match = proposed(found, "subscriptions")
    assert {row.column for row in mapped(found.sheet, match, Options())} == {"left out"}
    picks = {"Kürzel": "account_id", "Wer": "csm", "Preis": "arr", "Wann": "start_date"}
    recipe = Recipe(file=[chosen(found.sheet, "subscriptions", picks, Options(money="cents", dates="day first"))])
    rows = read([File("y.csv", STRANGE.encode())], recipe).usable().tables
    assert rows["subscriptions"]["mrr"].to_pylist() == [10 * 3600]
    assert str(rows["subscriptions"]["start_date"][0]) == "2025-04-03"
    assert rows["accounts"]["csm"].to_pylist() == ["Ann"]
    assert twice("subscriptions", picks | {"Wann": "arr"}) == ["arr"]


def test_months_side_by_side_stay_months_when_confirmed() -> None:
    text = "Customer,Jan-25,Feb-25\nA,1,2\n"
    [found] = read([File("x.csv", text.encode())]).understood
    assert found.match is not None
    recipe = Recipe(file=[chosen(found.sheet, "mrr", {"Customer": "account_id"}, Options())])
    longer = "Customer,Jan-25,Feb-25,Mar-25\nA,1,2,3\n"
    assert read([File("x.csv", longer.encode())], recipe).totals() == {"mrr.mrr": 6 * 3600}


# --- the page ----------------------------------------------------------------------------------------------------------


def test_what_is_unsure_must_be_confirmed_and_is_kept(own_folder: str) -> None:  # noqa: F811
    at = upload(visit(page("data")), ("january.csv", BOOK))
    assert "1 file to confirm before the import" in words(at)
    assert "Please check" in words(at)
    assert not can_import(at)
    [table] = [e.value for e in at.data_editor]
    assert table.set_index("header")["column"].to_dict() == {
        "Customer": "account_id", "Month": "month", "Total of MRR": "mrr", "Owner": "csm", "Notes": "left out",
    }  # fmt: skip
    assert table.set_index("header").loc["Total of MRR", "unsure"]
    button(at, "Read it this way")
    assert can_import(at)
    button(at, "Import")
    assert [kept.name for kept in recipes_kept(own_folder)] == ["january.csv"]
    assert sum(tables_known(own_folder)["mrr"]["mrr"].to_pylist()) == 150 * 3600
    at = upload(visit(page("data")), ("february.csv", BOOK.replace("2025-01", "2025-02")))
    assert can_import(at)
    assert "to confirm" not in words(at)
    assert any("january" in e.label for e in at.expander)
    button(at, "Forget")
    assert recipes_kept(own_folder) == []


def test_a_mapping_is_put_right_by_hand(own_folder: str) -> None:  # noqa: F811
    at = upload(visit(page("data")), ("january.csv", BOOK))
    at.session_state[editor(at, BOOK, "mrr")] = {
        "edited_rows": {2: {"column": "arr"}, 3: {"column": "left out"}}, "added_rows": [], "deleted_rows": [],
    }  # fmt: skip
    button(at, "Read it this way")
    button(at, "Import")
    assert sum(tables_known(own_folder)["mrr"]["mrr"].to_pylist()) == 150 * 300
    assert "csm" not in recipe_of(recipes_kept(own_folder)[0].text).file[0].columns


def test_a_column_chosen_twice_is_named(own_folder: str) -> None:  # noqa: F811
    at = upload(visit(page("data")), ("january.csv", BOOK))
    at.session_state[editor(at, BOOK, "mrr")] = {
        "edited_rows": {4: {"column": "mrr"}}, "added_rows": [], "deleted_rows": [],
    }  # fmt: skip
    button(at, "Read it this way")
    assert "Chosen twice: mrr" in words(at)
    assert not can_import(at)


def test_a_snapshots_month_is_not_kept_for_the_next_file(own_folder: str) -> None:  # noqa: F811
    text = "account_id,name,csm,mrr\nA,Acme,Ann,100\n"
    at = upload(visit(page("data")), ("accounts.csv", text))
    layout = fingerprint(["account_id", "name", "csm", "mrr"])
    at.session_state[f"mapping_{layout}"] = True
    at.run()
    at.text_input(key=f"map_month_{layout}").set_value("2025-03")
    button(at, "Read it this way")
    button(at, "Import")
    assert tables_known(own_folder)["accounts"]["month"].to_pylist() == [202503]
    assert recipe_of(recipes_kept(own_folder)[0].text).file[0].options.month is None


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "Kürzel,[x](http://y)\nA,<b>\n"])
def test_a_file_of_no_table_asks_for_one(text: str) -> None:
    at = upload(visit(page("data")), ("what.csv", text))
    assert any("no table yet" in e.label for e in at.expander)
