"""Salesforce: its accounts, opportunities and cases as tables, by queries of fixed fields. Nothing else is asked.

Who an owner is, or any other field that names a user, is told by the user's name. Deleted records are not read.
Fields a team added are read where they have one of the names below, or are named in the environment.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from cs_metrics.book import Problem
from cs_metrics.connect.cells import text_table
from cs_metrics.connect.service import (
    SECONDS,
    Bounds,
    Contents,
    Progress,
    Service,
    patience,
    several_currencies,
    stands_for,
    without,
)

URL, KEY, SECRET = "SALESFORCE_URL", "SALESFORCE_CLIENT_ID", "SALESFORCE_CLIENT_SECRET"
MORE = "SALESFORCE_ACCOUNT_FIELDS"
HOST = ".salesforce.com"


class Asked(NamedTuple):
    """What is asked of an object: fields it always has, fields a team may have added, whether it can be left out."""

    fields: tuple[str, ...]
    added: tuple[str, ...] = ()
    optional: bool = False


OBJECTS = {
    "Account": Asked(
        ("Id", "Name", "OwnerId", "ParentId", "BillingCountry", "Industry", "Website", "Type", "NumberOfEmployees"),
        ("CurrencyIsoCode", "CSM__c", "Customer_Success_Manager__c", "Segment__c", "Tier__c", "Region__c",
         "Customer_Since__c", "Contract_Start_Date__c", "Renewal_Date__c", "Contract_End_Date__c", "Licensed_Seats__c",
         "Seats__c", "MRR__c", "ARR__c"),
    ),
    "Opportunity": Asked(
        ("Id", "AccountId", "Name", "Type", "StageName", "Amount", "CreatedDate", "CloseDate", "IsClosed", "IsWon"),
        ("CurrencyIsoCode", "MRR__c"),
    ),
    "Case": Asked(("Id", "AccountId", "Status", "Priority", "CreatedDate", "ClosedDate", "IsEscalated"), (), True),
}  # fmt: skip
TABLES = {"Account": "accounts", "Opportunity": "opportunities", "Case": "cases"}
Rows = list[dict[str, Any]]


def salesforce_account(progress: Progress | None = None) -> Contents:
    """The tables of the Salesforce organisation that the client of the environment may read.

    Raises Problem, which never holds the secret.
    """
    try:
        import simple_salesforce
    except ImportError:
        raise Problem("Salesforce needs its library: pip install cs-metrics[salesforce]") from None
    domain = _domain(os.environ[URL])
    bounds, notes = Bounds("Salesforce", progress), []
    with _kindly():
        there = simple_salesforce.Salesforce(
            consumer_key=os.environ[KEY],
            consumer_secret=os.environ[SECRET],
            domain=domain,
            session=_session(),
            object_pairs_hook=dict,
        )
        people = {each["Id"]: each["Name"] for each in _asked(there, bounds, "User", ("Id", "Name"))}
        tables: dict[str, Rows] = {}
        for name, asked in OBJECTS.items():
            try:
                fields = _fields(there, name, asked)
                rows = list(_asked(there, bounds, name, tuple(fields)))
            except simple_salesforce.SalesforceError as why:
                if not asked.optional or why.status not in (400, 403, 404) or _code(why) in LIMITS:
                    raise
                notes.append(f"Salesforce: {TABLES[name]} are not read: the client's user may not see them.")
                continue
            empty = [field for field in asked.added if not any(row.get(field) for row in rows)]
            if not stands_for(rows, "MRR__c", "Amount") and "Amount" in asked.fields:
                empty.append("MRR__c")
            shown = {field: user for field, user in fields.items() if field not in empty}
            tables[name] = [_row(row, shown, people) for row in rows]
    notes += several_currencies("Salesforce", "opportunities", tables["Opportunity"], "CurrencyIsoCode")
    for name in ("Opportunity", "Case"):
        kept = [row for row in tables.get(name, []) if row.get("AccountId")]
        if lost := len(tables.get(name, [])) - len(kept):
            notes.append(f"Salesforce: {TABLES[name]} of no account, left out: {lost:,}")
        tables[name] = kept
    return Contents({TABLES[name]: text_table(rows) for name, rows in tables.items() if rows}, notes)


def _domain(url: str) -> str:
    """What stands before .salesforce.com in the organisation's address. Raises Problem for any other address."""
    host = (urlsplit(url if "://" in url else f"https://{url}").hostname or "").removesuffix("/")
    if not host.endswith(HOST) or host in (f"login{HOST}", f"test{HOST}"):
        raise Problem(f"{URL} is the address of your organisation: https://company.my.salesforce.com.")
    return host.removesuffix(HOST)


def _session() -> Any:
    """Connections that wait for a busy server, and not for ever."""
    import requests
    from requests.adapters import HTTPAdapter

    session = requests.Session()
    session.mount("https://", HTTPAdapter(max_retries=patience()))
    setattr(session, "request", partial(session.request, timeout=SECONDS))  # noqa: B010
    return session


def _fields(there: Any, name: str, asked: Asked) -> dict[str, bool]:
    """The fields to ask for, of those the client's user sees; whether each names a user."""
    more = os.environ.get(MORE, "").split(",") if name == "Account" else []
    wanted = dict.fromkeys((*asked.fields, *asked.added, *filter(None, map(str.strip, more))))
    seen = {each["name"]: each for each in getattr(there, name).describe()["fields"]}
    return {field: "User" in (seen[field].get("referenceTo") or ()) for field in wanted if field in seen}


def _asked(there: Any, bounds: Bounds, name: str, fields: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """Every record of an object, page by page; deleted ones are in none of them."""
    return bounds.counted(f"records of {name}", there.query_all_iter(f"SELECT {', '.join(fields)} FROM {name}"))


def _row(record: dict[str, Any], fields: dict[str, bool], people: dict[str, str]) -> dict[str, Any]:
    """A record's fields, users by their names."""
    return {
        field: people.get(record[field] or "", record[field]) if user else record[field]
        for field, user in fields.items()
    }


LIMITS = ("REQUEST_LIMIT_EXCEEDED",)


def _code(why: Any) -> str:
    content = why.content
    return str(content[0].get("errorCode", "")) if isinstance(content, list) and content else ""


@contextmanager
def _kindly() -> Iterator[None]:
    """What Salesforce refuses, as a sentence that says what to do."""
    import requests
    from simple_salesforce import SalesforceAuthenticationFailed, SalesforceError

    secrets = (os.environ[SECRET], os.environ[KEY])
    try:
        yield
    except SalesforceAuthenticationFailed as why:
        raise Problem(
            f"Salesforce does not let the client in: {without(why.auth_message or why.code, *secrets)} "
            f"Check {KEY} and {SECRET}, and that the app allows the client credentials flow."
        ) from None
    except SalesforceError as why:
        raise _problem(why, secrets) from None
    except (requests.RequestException, ValueError) as why:
        raise Problem(f"Salesforce cannot be read: {without(why, *secrets)}") from None


def _problem(why: Any, secrets: tuple[str, ...]) -> Problem:
    said = why.content[0].get("message", "") if isinstance(why.content, list) and why.content else why.content
    text = without(said, *secrets)
    if _code(why) in LIMITS or why.status == 429:
        return Problem(f"Salesforce answers no more requests for now: {text} Nothing was read. Try again later.")
    if why.status in (403, 404) or _code(why) in ("INVALID_TYPE", "INSUFFICIENT_ACCESS"):
        return Problem(f"Salesforce: {text} Let the client's user read users, accounts and opportunities.")
    return Problem(f"Salesforce: {text}")


SALESFORCE = Service(
    "salesforce",
    "Salesforce",
    (URL, KEY, SECRET),
    "They are your organisation's address, https://company.my.salesforce.com, and the consumer key and secret of an "
    "app with the client credentials flow, run as a user who may only read. "
    f"Further fields of accounts may be named in {MORE}.",
    salesforce_account,
)
