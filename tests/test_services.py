"""HubSpot and Salesforce through their libraries, against documented answers of a server of the tests' own."""

from __future__ import annotations

import logging
from base64 import b64encode
from collections.abc import Iterator
from datetime import date, datetime
from functools import partial

import crm_fake
import pytest
from crm_fake import CLIENT, SECRET, TOKEN, HubSpot, Salesforce
from typer.testing import CliRunner

from cs_metrics.book import Problem
from cs_metrics.cli import app
from cs_metrics.connect import hubspot, salesforce, service
from cs_metrics.connect.service import Contents, Service
from cs_metrics.connect.services import SERVICES
from cs_metrics.read.files import File
from cs_metrics.read.reading import Reading, read
from cs_metrics.store.known import tables_known

BUSY = {"status": "error", "message": "You have reached your secondly limit.", "errorType": "RATE_LIMIT",
        "policyName": "TEN_SECONDLY_ROLLING"}  # fmt: skip
LIMIT = [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]
LABELLED, PRIMARY = "deal_to_company_unlabeled", "deal_to_company"


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited for a busy service; nobody waits here."""
    waited: list[float] = []
    monkeypatch.setattr("urllib3.util.retry.time.sleep", waited.append)
    return waited


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubSpot]:
    """Three companies, one archived; deals of one, of two and of none; a ticket."""
    with crm_fake.running(HubSpot()) as server:
        monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", TOKEN)
        monkeypatch.setattr(hubspot, "API", server.address)
        server.owners = [
            {"id": "41", "email": "ann@us.example", "firstName": "Ann", "lastName": "Lee", "archived": False},
            {"id": "42", "email": "bo@us.example", "firstName": "", "lastName": None, "archived": False},
            {"id": "43", "email": "cy@us.example", "firstName": "Cy", "lastName": "Roe", "archived": True},
        ]
        server.add("companies", 101, name="Acme", domain="acme.example", hubspot_owner_id="41", segment="SMB", our_tier="A",
                   renewal_date="2025-09-30", csm="42")  # fmt: skip
        server.add(
            "companies", 102, name="Birch", domain=None, hubspot_owner_id="43", lifecyclestage="customer", csm="43"
        )
        server.add("companies", 103, name="Cedar", domain="cedar.example", hubspot_owner_id=None)
        server.add("companies", 104, name="Gone", archived=True)
        won = {"createdate": "2025-01-30T03:30:17.883Z", "closedate": "2025-03-07T16:50:06.678Z", "pipeline": "default"}
        server.add("deals", 201, (101, PRIMARY), (101, LABELLED), dealname="New", dealstage="closedwon", amount="1500.50",
                   hs_is_closed_won="true", dealtype="newbusiness", **won)  # fmt: skip
        server.add("deals", 202, (103, LABELLED), (102, PRIMARY), dealname="More", dealstage="contractsent", amount="20",
                   hs_is_closed_won="false", dealtype="existingbusiness", hs_mrr="9", **won)  # fmt: skip
        server.add("deals", 203, dealname="Nobody's", dealstage="closedwon", amount="7", **won)
        server.add("tickets", 301, (102, "ticket_to_company"), hs_pipeline_stage="1", hs_ticket_priority="MEDIUM",
                   createdate="2025-02-01T10:00:00Z", closed_date="2025-02-03T12:30:00Z")  # fmt: skip
        yield server


@pytest.fixture
def force(monkeypatch: pytest.MonkeyPatch) -> Iterator[Salesforce]:
    """Three accounts, one deleted; opportunities of one and of none; a case."""
    import requests
    from requests.adapters import HTTPAdapter

    class Here(HTTPAdapter):
        def send(self, request: requests.PreparedRequest, **how: object) -> requests.Response:  # type: ignore[override]
            asked.append(str(request.url).partition("/services")[0])
            request.url = server.address + str(request.url).partition(".com")[2]
            return super().send(request, **how)  # type: ignore[arg-type]

    def session() -> requests.Session:
        made = ready()
        made.mount("https://", Here(max_retries=service.patience()))
        return made

    ready, asked = salesforce._session, []  # type: ignore[var-annotated]
    with crm_fake.running(Salesforce()) as server:
        server.places = asked
        for name, value in {
            "URL": "https://acme.my.salesforce.com",
            "CLIENT_ID": CLIENT,
            "CLIENT_SECRET": SECRET,
        }.items():
            monkeypatch.setenv(f"SALESFORCE_{name}", value)
        monkeypatch.setattr(salesforce, "_session", session)
        server.fields = {
            "User": {"Id": [], "Name": []},
            "Account": {name: [] for name in salesforce.OBJECTS["Account"].fields} | {"OwnerId": ["User"]}
            | {"CSM__c": ["User"], "Renewal_Date__c": [], "ARR__c": [], "Our_Tier__c": []},
            "Opportunity": {key: [] for key in (*salesforce.OBJECTS["Opportunity"].fields, "MRR__c")},
            "Case": {key: [] for key in salesforce.OBJECTS["Case"].fields},
        }  # fmt: skip
        server.records = {
            "User": [{"Id": f"005{n}", "Name": name} for n, name in enumerate(("Ann Lee", "Bo Li", "Cy Roe"))],
            "Account": [
                {"Id": "0011", "Name": "Acme", "OwnerId": "0050", "CSM__c": "0051", "Our_Tier__c": "A",
                 "Renewal_Date__c": "2025-09-30", "Website": "acme.example"},
                {"Id": "0012", "Name": "Birch", "OwnerId": "0052"},
                {"Id": "0013", "Name": "Gone", "OwnerId": "0050", "IsDeleted": True},
                {"Id": "0014", "Name": "Cedar", "OwnerId": "0059", "ParentId": "0011"},
            ],
            "Opportunity": [
                {"Id": "0061", "AccountId": "0011", "Name": "New", "Type": "New Business", "StageName": "Closed Won",
                 "Amount": 1500.5, "CreatedDate": "2025-01-30T03:30:17.000+0000", "CloseDate": "2025-03-07",
                 "IsClosed": True, "IsWon": True},
                {"Id": "0062", "AccountId": None, "Name": "?", "StageName": "Closed Won", "Amount": 7},
                {"Id": "0063", "AccountId": "0012", "Name": "More", "Type": "Renewal", "StageName": "Open",
                 "Amount": 20, "CloseDate": "2025-04-01", "IsWon": False, "MRR__c": 9},
            ],
            "Case": [{"Id": "5001", "AccountId": "0012", "Status": "Closed", "Priority": "High", "IsEscalated": True,
                      "CreatedDate": "2025-02-01T10:00:00.000+0000", "ClosedDate": "2025-02-03T12:30:00.000+0000"}],
        }  # fmt: skip
        yield server


HUB, FORCE = SERVICES["hubspot://"], SERVICES["salesforce://"]


def reading(found: Contents, of: Service) -> Reading:
    return read([File.of_rows(of.called(name), rows) for name, rows in found.tables.items()]).usable()


def rows_of(done: Reading, table: str, key: str) -> dict[str, dict[str, object]]:
    return {row[key]: row for row in done.tables[table].to_pylist()}


# --- HubSpot --------------------------------------------------------------------------------------------------------


def test_hubspot_companies_deals_and_tickets_become_tables(hub: HubSpot) -> None:
    found = HUB.contents()
    done = reading(found, HUB)
    accounts = rows_of(done, "accounts", "account_id")
    assert [(a["name"], a["csm"]) for a in accounts.values()] == [
        ("Acme", "bo@us.example"),
        ("Birch", "Cy Roe"),
        ("Cedar", None),
    ]
    assert (accounts["101"]["segment"], accounts["101"]["renewal_date"]) == ("SMB", date(2025, 9, 30))
    assert accounts["102"]["lifecyclestage"] == "customer"
    deals = rows_of(done, "opportunities", "opportunity_id")
    assert {n: (d["account_id"], d["amount"], d["stage"], d["kind"], d["won"]) for n, d in deals.items()} == {
        "201": ("101", 1500.5 * 3600, "Closed won", "new", True),
        "202": ("102", 20 * 3600, "Contract sent", "upsell", False),
    }
    assert (deals["201"]["opened_on"], deals["201"]["closes_on"]) == (date(2025, 1, 30), date(2025, 3, 7))
    [ticket] = done.tables["tickets"].to_pylist()
    assert (ticket["account_id"], ticket["priority"]) == ("102", "normal")
    assert (ticket["opened_at"], ticket["solved_at"]) == (datetime(2025, 2, 1, 10), datetime(2025, 2, 3, 12, 30))
    assert found.notes == ["HubSpot: deals of no company, left out: 1"]
    assert all(asked.startswith("GET ") for asked in hub.asked)
    assert any("layout hubspot_api_deals" in told for told in done.assumed)


def test_hubspot_deals_are_taken_by_mrr_where_all_have_one(hub: HubSpot) -> None:
    for each, mrr in zip(hub.objects["deals"], ("100", "9", "1"), strict=True):
        each["properties"] |= {"hs_mrr": mrr, "deal_currency_code": "EUR" if mrr == "9" else "USD"}
    found = HUB.contents()
    assert rows_of(reading(found, HUB), "opportunities", "opportunity_id")["201"]["amount"] == 100 * 3600
    assert "HubSpot: the amount of a deal is its monthly recurring revenue (MRR)" in found.notes
    assert "HubSpot: amounts of deals are in EUR, USD, not converted" in found.notes


def test_hubspot_properties_of_the_teams_own(hub: HubSpot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBSPOT_COMPANY_PROPERTIES", "our_tier, not_there")
    assert rows_of(reading(HUB.contents(), HUB), "accounts", "account_id")["101"]["our_tier"] == "A"


def test_hubspot_too_busy_is_asked_again_when_it_says(hub: HubSpot, waits: list[float]) -> None:
    hub.busy = [(429, {"Retry-After": "7"}, BUSY), (502, {}, {}), (429, {"Retry-After": "86400"}, BUSY)]
    assert len(HUB.contents().tables["companies"]) == 3
    assert (waits[0], max(waits)) == (7, service.LONGEST_WAIT)
    hub.busy = [(429, {"Retry-After": "1"}, BUSY)] * (service.TRIES + 1)
    with pytest.raises(
        Problem, match=r"answers no more requests for now: You have reached your secondly limit\. Nothing was"
    ):
        HUB.contents()


def test_hubspot_without_a_scope_says_which(hub: HubSpot) -> None:
    lacking = {"status": "error", "category": "MISSING_SCOPES", "correlationId": "a-1",
               "message": "This app hasn't been granted all required scopes to make this call."}  # fmt: skip
    hub.refused = {"/objects/tickets": (403, lacking)}
    found = HUB.contents()
    assert "tickets" not in found.tables
    assert found.notes[0] == (
        "HubSpot: tickets are not read. The token may not read tickets: give it the scope tickets in HubSpot's settings."
    )
    for part, scope in (("/objects/companies", "companies"), ("/owners/", "owners"), ("/pipelines/", "deals")):
        hub.refused = {part: (403, lacking)}
        with pytest.raises(Problem, match=rf"may not read {scope}: give it the scope crm\.objects\.{scope}\.read"):
            HUB.contents()


def test_hubspot_answers_that_are_none(hub: HubSpot, waits: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    hub.refused = {
        "/objects/companies": (400, {"status": "error", "message": "Bad\nrequest", "category": "VALIDATION_ERROR"})
    }
    with pytest.raises(Problem, match=r"^HubSpot: Bad$"):
        HUB.contents()
    hub.refused = {"/objects/companies": (404, "nothing")}
    with pytest.raises(Problem, match="it does not say why"):
        HUB.contents()
    monkeypatch.setattr(hubspot, "API", "http://127.0.0.1:1")
    with pytest.raises(Problem, match="HubSpot cannot be read"):
        HUB.contents()


def test_an_empty_hubspot_has_no_tables(hub: HubSpot) -> None:
    hub.objects, hub.owners = {"companies": [], "deals": [], "tickets": []}, []
    assert HUB.contents() == Contents({}, [])


# --- Salesforce -----------------------------------------------------------------------------------------------------


def test_salesforce_accounts_opportunities_and_cases_become_tables(force: Salesforce) -> None:
    found = FORCE.contents()
    done = reading(found, FORCE)
    accounts = rows_of(done, "accounts", "account_id")
    assert [a["name"] for a in accounts.values()] == ["Acme", "Birch", "Cedar"]
    assert [a["csm"] for a in accounts.values()] == ["Bo Li", None, None]
    assert (accounts["0014"]["parent_id"], accounts["0011"]["renewal_date"]) == ("0011", date(2025, 9, 30))
    deals = rows_of(done, "opportunities", "opportunity_id")
    assert {n: (d["account_id"], d["amount"], d["stage"], d["kind"], d["won"]) for n, d in deals.items()} == {
        "0061": ("0011", 1500.5 * 3600, "Closed Won", "new", True),
        "0063": ("0012", 20 * 3600, "Open", "renewal", False),
    }
    [case] = done.tables["tickets"].to_pylist()
    assert (case["account_id"], case["priority"], case["escalated"]) == ("0012", "high", True)
    assert case["opened_at"] == datetime(2025, 2, 1, 10)
    assert found.notes == ["Salesforce: opportunities of no account, left out: 1"]
    assert {asked.partition(" ")[0] for asked in force.asked if "oauth2" not in asked} == {"GET"}
    assert not any("queryAll" in asked for asked in force.asked)
    assert {"https://acme.my.salesforce.com"} == set(force.places)  # type: ignore[attr-defined]


def test_salesforce_owners_are_named_where_no_csm_is(force: Salesforce) -> None:
    del force.fields["Account"]["CSM__c"]
    accounts = rows_of(reading(FORCE.contents(), FORCE), "accounts", "account_id")
    assert [a["csm"] for a in accounts.values()] == ["Ann Lee", "Cy Roe", "0059"]


def test_salesforce_fields_of_the_teams_own(force: Salesforce, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALESFORCE_ACCOUNT_FIELDS", "Our_Tier__c, Not_There__c")
    assert rows_of(reading(FORCE.contents(), FORCE), "accounts", "account_id")["0011"]["our_tier_c"] == "A"


def test_salesforce_a_session_that_ends_is_begun_anew(force: Salesforce) -> None:
    force.expired = 1
    assert len(FORCE.contents().tables["accounts"]) == 3


def test_salesforce_limits_and_busy_servers(force: Salesforce, waits: list[float]) -> None:
    force.busy = [(503, {"Retry-After": "7"}, {})]
    with pytest.raises(Problem, match=r"does not let the client in|cannot be read"):
        FORCE.contents()
    key = b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
    token = force.answer("POST", "/services/oauth2/token", {}, f"Basic {key}")
    force.busy = [(200, {}, token[1]), (429, {"Retry-After": "7"}, LIMIT), (503, {"Retry-After": "9"}, {})]
    assert len(FORCE.contents().tables["accounts"]) == 3
    assert waits == [7, 9]
    force.refused = {"/query": (403, LIMIT)}
    with pytest.raises(
        Problem, match=r"answers no more requests for now: TotalRequests Limit exceeded\. Nothing was read"
    ):
        FORCE.contents()


def test_salesforce_what_the_user_may_not_see(force: Salesforce) -> None:
    del force.fields["Case"]
    found = FORCE.contents()
    assert "cases" not in found.tables
    assert "Salesforce: cases are not read: the client's user may not see them." in found.notes
    del force.fields["Account"]
    with pytest.raises(Problem, match="Let the client's user read users, accounts and opportunities"):
        FORCE.contents()


@pytest.mark.parametrize(
    "url", ["https://evil.example", "https://login.salesforce.com", "https://acme.salesforce.com.evil.example", ""]
)
def test_a_secret_goes_only_to_an_organisation_of_salesforce(
    force: Salesforce, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SALESFORCE_URL", url)
    with pytest.raises(Problem, match="SALESFORCE_URL"):
        FORCE.contents()
    assert force.asked == []


# --- all of them ----------------------------------------------------------------------------------------------------


def test_no_secret_is_shown_or_logged(
    hub: HubSpot, force: Salesforce, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, database: str
) -> None:
    caplog.set_level(logging.DEBUG)
    HUB.contents(), FORCE.contents()
    said = [repr(HUB), repr(FORCE)]
    for name, value in (("HUBSPOT_ACCESS_TOKEN", "pat-CANARY-2"), ("SALESFORCE_CLIENT_SECRET", "CANARYsecret0123-2")):
        monkeypatch.setenv(name, value)
        of = HUB if "HUBSPOT" in name else FORCE
        with pytest.raises(Problem, match=name) as why:
            of.contents()
        done = CliRunner().invoke(app, ["import", of.address, "--into", database])
        assert done.exit_code == 1
        said += [str(why.value), done.output]
    assert "CANARY" not in " ".join(said)
    assert TOKEN not in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize("of", SERVICES.values(), ids=lambda of: of.name)
def test_a_service_says_what_to_set(of: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in of.keys:
        monkeypatch.delenv(key, raising=False)
    with pytest.raises(Problem, match=r"^Set \w+(, \w+ and \w+)?\. ") as said:
        of.contents()
    assert all(key in str(said.value) for key in of.keys)


@pytest.mark.parametrize("of", SERVICES.values(), ids=lambda of: of.name)
def test_every_service_has_an_extra(of: Service) -> None:
    import tomllib

    from conftest import ROOT

    said = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert set(said["project"]["optional-dependencies"][of.name]) <= set(said["dependency-groups"]["dev"])


def test_a_list_is_read_whole_or_not_at_all(hub: HubSpot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MOST_ROWS", 2)
    with pytest.raises(Problem, match=r"HubSpot has more than 2 companies\. Import them from an export instead"):
        HUB.contents()
    monkeypatch.setattr(service, "MOST_ROWS", 10)
    monkeypatch.setattr(service, "MOST_SECONDS", -60)
    with pytest.raises(Problem, match="took more than"):
        HUB.contents()


def test_it_is_told_how_far_the_reading_is(hub: HubSpot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "TOLD_EVERY", 2)
    told: list[str] = []
    HUB.contents(told.append)
    assert "HubSpot: 2 companies read" in told


@pytest.mark.parametrize("name", ["hubspot", "salesforce"])
def test_a_service_is_imported_and_refreshed_on_the_command_line(
    name: str, request: pytest.FixtureRequest, database: str
) -> None:
    request.getfixturevalue({"hubspot": "hub", "salesforce": "force"}[name])
    run = partial(CliRunner().invoke, app, ["import", f"{name}://", "--into", database])
    assert run().exit_code == 0
    assert tables_known(database)["accounts"]["name"].to_pylist() == ["Acme", "Birch", "Cedar"]
    done = run()
    assert done.exit_code == 0, done.output
    assert tables_known(database)["accounts"].num_rows == 3
