"""The Data page's tabs Connect and Quality, from the frame."""

from __future__ import annotations

import sqlite3
from datetime import date
from pathlib import Path

import numpy as np
import psycopg
import pytest
from crm_fake import HubSpot
from streamlit.testing.v1 import AppTest
from test_connect import SCHEMA
from test_pages import keep, own_folder, page, visit, words
from test_services import hub

from cs_metrics.assemble import book_of
from cs_metrics.read.files import Sheet
from cs_metrics.read.recipe import layout_of
from cs_metrics.store.known import tables_known
from cs_metrics.store.recipes import recipes_kept
from cs_metrics.tables import frames

__all__ = ["hub", "own_folder"]


def tab(name: str, **query: str) -> AppTest:
    at = visit(**query)
    at.session_state["data_tab"] = name
    at.switch_page(str(page("data"))).run()
    assert not at.exception, [e.message for e in at.exception]
    return at


def press(at: AppTest, label: str) -> AppTest:
    next(b for b in at.button if b.label.startswith(label)).click().run()
    assert not at.exception, [e.message for e in at.exception]
    return at


def shown(at: AppTest) -> str:
    """Everything a visitor could read, and everything that was sent to the browser besides the field itself."""
    return words(at) + " ".join(str(frame.value.to_dict()) for frame in at.dataframe)


def test_a_database_is_connected_read_and_imported(own_folder: str, postgresql_database: str) -> None:
    with psycopg.connect(postgresql_database) as connection:
        connection.execute(SCHEMA)
    at = tab("Connect")
    at.text_input(key="source_address").set_value(postgresql_database.replace("postgres@", "postgres:CANARY@")).run()
    press(at, "Connect")
    assert "postgres may change data" in words(at).replace("\\", "")
    assert [str(place) for place in at.multiselect(key="source_picked").value] == [
        "customers",
        "customers_of_ann",
        "revenue",
    ]
    at.multiselect(key="source_picked").set_value(["customers", "revenue"]).run()
    press(at, "Read")
    assert "MRR 260.30" in words(at).replace("\\", "")
    assert "CANARY" not in shown(at)
    press(at, "Import 5 rows")
    assert book_of(frames(tables_known(own_folder))).mrr.loc["007"].tolist() == [100.10, 110.20]
    assert at.selectbox(key="source_since").options == ["month", "updated_at"]


ODD = """
CREATE TABLE kunden (kuerzel text, wer text, wann text, geaendert_at text);
CREATE TABLE betreuer (kuerzel text, wer text, wann text, geaendert_at text);
CREATE TABLE umsatz (customer text, period text, total_of_mrr text, owner text);
INSERT INTO kunden VALUES ('A', 'Acme', '2024-01-05', '2025-01-05'), ('B', 'Birch', '2024-02-05', '2025-01-05');
INSERT INTO betreuer VALUES ('A', 'Ann', '2025-01-01', '2025-01-05');
INSERT INTO umsatz VALUES ('A', '2025-01', '100', 'Ann'), ('B', '2025-01', '50', 'Ben');
"""
PICKS = {
    "kunden": ("accounts", {0: "account_id", 1: "name", 2: "start_date"}),
    "betreuer": ("owners", {0: "account_id", 1: "csm", 2: "from_date"}),
}


def as_said(at: AppTest, name: str) -> None:
    """Say what a table of the database is, by hand, as people do in the form."""
    layout = layout_of(
        Sheet(f"crm/{name}", "", ("kuerzel", "wer", "wann", "geaendert_at"), (), np.array([]), lasting=True)
    )
    table, picks = PICKS[name]
    at.selectbox(key=f"map_table_{layout}").set_value(table).run()
    at.session_state[f"map_headers_{layout}_{table}"] = {
        "edited_rows": {row: {"column": column} for row, column in picks.items()}, "added_rows": [], "deleted_rows": [],
    }  # fmt: skip
    next(b for b in at.button if b.label == "Read it this way" and layout in str(b.proto.form_id)).click().run()
    assert not at.exception, [e.message for e in at.exception]


def test_rows_of_a_database_are_mapped_tried_and_refreshed_as_files_are(
    own_folder: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    crm = sqlite3.connect(tmp_path / "crm.db")
    crm.executescript(ODD)
    monkeypatch.setenv("CS_METRICS_SOURCE_FOLDER", str(tmp_path))
    monkeypatch.setenv("CS_METRICS_SOURCE_CRM", "sqlite:///crm.db")
    at = press(tab("Connect"), "Connect")
    assert not any(b.label == "Refresh" for b in at.button)
    at.multiselect(key="source_picked").set_value(list(at.multiselect(key="source_picked").options)).run()
    at.selectbox(key="source_since").set_value("geaendert_at").run()
    press(at, "Read")
    assert not any(b.label.startswith("Import") for b in at.button), "umsatz waits to be confirmed"
    as_said(at, "kunden")
    as_said(at, "betreuer")
    press(at, "Read it this way")
    assert "What importing would do" in words(at)
    press(at, "Import 5 rows")
    kept = tables_known(own_folder)
    assert kept["accounts"]["name"].to_pylist() == ["Acme", "Birch"]
    assert kept["owners"]["csm"].to_pylist() == ["Ann"]
    assert sorted(each.name for each in recipes_kept(own_folder)) == ["crm/betreuer", "crm/kunden", "crm/umsatz"]

    crm.executescript(
        f"INSERT INTO kunden VALUES ('C', 'Acme', '2025-02-01', '{date.today()}');"
        "INSERT INTO umsatz VALUES ('A', '2025-02', '120', 'Ann'), ('C', '2025-02', '10', 'Ben');"
    )
    crm.close()
    at = press(tab("Connect"), "Refresh")
    assert "by geaendert_at" in words(at).replace("\\", "")
    assert "Only what changed was read" in words(at)
    assert "to confirm" not in words(at)
    assert "Have they left?" not in words(at), "an account that did not change is not missing"
    near = next(frame.value for frame in at.dataframe if "why" in frame.value)
    assert near["account_id"].tolist() == ["A", "C"]
    press(at, "Import")
    assert len(tables_known(own_folder)["accounts"]) == 3


def test_an_address_that_fails_says_so_without_its_password() -> None:
    at = tab("Connect")
    for given in ("postgresql://u:CANARY@127.0.0.1:1/x", "postgresql://u:CANARY@169.254.169.254/x", "CANARY"):
        at.text_input(key="source_address").set_value(given).run()
        press(at, "Connect")
        assert at.error
        assert "CANARY" not in shown(at)


def test_a_database_of_the_server_is_offered_by_its_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "crm.db")
    connection.executescript(SCHEMA)
    connection.close()
    monkeypatch.setenv("CS_METRICS_SOURCE_FOLDER", str(tmp_path))
    monkeypatch.setenv("CS_METRICS_SOURCE_BILLING_SYSTEM", "sqlite:///crm.db")
    at = tab("Connect")
    assert at.selectbox(key="source_named").options == [
        "Billing system",
        "A database, by its address",
        "HubSpot",
        "Salesforce",
        "Stripe",
    ]
    press(at, "Connect")
    assert len(at.multiselect(key="source_picked").options) == 4


def test_a_service_says_what_to_set_then_is_read_and_imported(own_folder: str, request: pytest.FixtureRequest) -> None:
    at = tab("Connect")
    at.selectbox(key="source_named").set_value("HubSpot").run()
    assert "Set HUBSPOT_ACCESS_TOKEN" in words(at).replace("\\", "")
    request.getfixturevalue("hub")
    at.run()
    press(at, "Read HubSpot")
    assert "deals of no company, left out: 1" in words(at).replace("\\", "")
    assert "CANARY" not in shown(at)
    assert "often the salesperson" in words(at)
    assert not any(b.label.startswith("Import") for b in at.button)
    press(press(at, "Read it this way"), "Read it this way")
    assert "What importing would do" in words(at)
    press(at, "Import 6 rows")
    assert tables_known(own_folder)["accounts"]["csm"].to_pylist() == ["bo@us.example", "Cy Roe", None]


def test_a_service_that_fails_says_so_without_its_key(hub: HubSpot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", "pat-CANARY")
    at = tab("Connect")
    at.selectbox(key="source_named").set_value("HubSpot").run()
    press(at, "Read HubSpot")
    assert "does not accept the token" in at.error[0].value
    assert "CANARY" not in shown(at)


def test_the_quality_tab_puts_the_planted_error_first() -> None:
    at = tab("Quality")
    assert "1 account could move net revenue retention by −1.9 to 0 points" in words(at).replace("\\", "")
    defects = next(frame.value for frame in at.dataframe if "what_to_do" in frame.value)
    assert float(defects["points"].iloc[0]) == pytest.approx(1.9, abs=0.01)
    assert defects["NRR could be"].iloc[0] == "101.1 % to 103.0 %"
    accounts = next(frame.value for frame in at.dataframe if "problem" in frame.value)
    assert accounts["closing"].tolist() == [30413]


def test_the_quality_tab_speaks_of_whose_accounts_are_picked() -> None:
    at = tab("Quality", csm="Luca Moretti", month="2025-06")
    assert "No defect was found" in words(at)
    assert "Looked for: MRR jumps by 10×" in words(at).replace("\\", "")


def test_the_quality_tab_of_an_empty_book_says_what_is_missing(own_folder: str) -> None:
    keep(own_folder, ("accounts.csv", "account_id,name,csm\nA,Acme,Ann\n"))
    assert "Add one of the tables mrr" in words(tab("Quality")).replace("\\", "")
