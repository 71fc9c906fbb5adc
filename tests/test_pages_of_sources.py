"""The Data page's tabs Connect and Quality, from the frame."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import psycopg
import pytest
from crm_fake import HubSpot
from streamlit.testing.v1 import AppTest
from test_connect import SCHEMA
from test_pages import keep, own_folder, page, visit, words
from test_services import hub

from cs_metrics.assemble import book_of
from cs_metrics.store.known import tables_known
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
    at.selectbox(key="source_since").set_value("updated_at").run()
    press(at, "Read")
    assert "customers" in words(at)


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
    assert defects["points"].iloc[0] == pytest.approx(1.9, abs=0.01)
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
