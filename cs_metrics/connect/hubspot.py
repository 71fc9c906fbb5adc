"""HubSpot: its companies, deals and tickets as tables, through its official library. Only lists are read.

Owners are named, stages and pipelines are called what the team calls them. What is archived is not read. A deal or
ticket belongs to its primary company; one without a company is left out, and counted.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

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

KEY = "HUBSPOT_ACCESS_TOKEN"
MORE = "HUBSPOT_COMPANY_PROPERTIES"
API = "https://api.hubapi.com"
PAGE = 100
BY_OWNER = ("hubspot_owner_id", "customer_success_manager", "customer_success_owner", "csm", "cs_owner")
COMPANY = (
    "name", "domain", *BY_OWNER, "industry", "country", "lifecyclestage", "numberofemployees", "hs_parent_company_id",
    "customer_segment", "segment", "customer_tier", "tier", "region",
    "customer_since", "customer_start_date", "contract_start_date",
    "renewal_date", "contract_renewal_date", "next_renewal_date", "contract_end_date",
    "licensed_seats", "seats", "mrr", "arr",
)  # fmt: skip
ALWAYS = ("name", "domain", "hubspot_owner_id")
DEAL = (
    "dealname", "pipeline", "dealstage", "dealtype", "amount", "hs_mrr", "deal_currency_code", "createdate",
    "closedate", "hs_is_closed_won",
)  # fmt: skip
TICKET = ("hs_pipeline_stage", "hs_ticket_priority", "createdate", "closed_date")
SCOPES = {
    "companies": "crm.objects.companies.read",
    "deals": "crm.objects.deals.read",
    "owners": "crm.objects.owners.read",
    "tickets": "tickets",
}
Rows = list[dict[str, Any]]


def hubspot_account(progress: Progress | None = None) -> Contents:
    """The tables of the HubSpot account that the token of the environment opens.

    Raises Problem, which never holds the token.
    """
    token = os.environ[KEY]
    try:
        from hubspot import Client
    except ImportError:
        raise Problem("HubSpot needs its library: pip install cs-metrics[hubspot]") from None
    crm = Client.create(access_token=token, host=API, retry=patience()).crm
    bounds, notes = Bounds("HubSpot", progress), []

    def every(what: str, page: Callable[..., Any], **wanted: Any) -> Rows:
        with _kindly(what, token):
            return list(bounds.counted(what, _all(page, **wanted)))

    owners = {
        each["id"]: _called(each)
        for archived in (True, False)
        for each in every("owners", crm.owners.owners_api.get_page, archived=archived)
    }
    more = [name.strip() for name in os.environ.get(MORE, "").split(",") if name.strip()]
    found = every("companies", crm.companies.basic_api.get_page, properties=[*COMPANY, *more], archived=False)
    companies = [_company(each, owners, more) for each in found]
    of_company = {"associations": ["companies"], "archived": False}
    with _kindly("deals", token):
        stages = _stages(crm, "deals")
    deals = every("deals", crm.deals.basic_api.get_page, properties=list(DEAL), **of_company)
    said = [each["properties"] for each in deals]
    notes += several_currencies("HubSpot", "deals", said, "deal_currency_code")
    if in_mrr := stands_for(said, "hs_mrr", "amount"):
        notes.append("HubSpot: the amount of a deal is its monthly recurring revenue (MRR)")
    tables = {"companies": companies, "deals": [_deal(each, stages, in_mrr) for each in deals]}
    try:
        found = every("tickets", crm.tickets.basic_api.get_page, properties=list(TICKET), **of_company)
        tables["tickets"] = [_of_company(each, TICKET) for each in found]
    except _NotAllowed as why:
        notes.append(f"HubSpot: tickets are not read. {why}")
    for name in ("deals", "tickets"):
        kept = [row for row in tables.get(name, []) if row["hs_primary_associated_company"]]
        if lost := len(tables.get(name, [])) - len(kept):
            notes.append(f"HubSpot: {name} of no company, left out: {lost:,}")
        tables[name] = kept
    return Contents({name: text_table(rows) for name, rows in tables.items() if rows}, notes)


def _all(page: Callable[..., Any], **wanted: Any) -> Iterator[dict[str, Any]]:
    """Every object of a list, page by page."""
    after = None
    while True:
        answer = page(limit=PAGE, after=after, _preload_content=False, _request_timeout=SECONDS, **wanted)
        found = json.loads(answer.data)
        yield from found["results"]
        after = ((found.get("paging") or {}).get("next") or {}).get("after")
        if not after:
            return


def _called(owner: dict[str, Any]) -> str:
    """An owner's name, or mail address, or number."""
    name = " ".join(filter(None, (owner.get("firstName"), owner.get("lastName"))))
    return name or owner.get("email") or str(owner["id"])


def _company(each: dict[str, Any], owners: dict[str, str], more: list[str]) -> dict[str, Any]:
    said = each["properties"]
    row = {name: said.get(name) for name in (*COMPANY, *more) if name in ALWAYS or said.get(name)}
    return {"hs_object_id": each["id"]} | {
        name: owners.get(str(value), value) if name in (*BY_OWNER, *more) else value for name, value in row.items()
    }


def _stages(crm: Any, what: str) -> dict[str, str]:
    """What the team calls its pipelines and their stages, by their numbers."""
    answer = crm.pipelines.pipelines_api.get_all(what, _preload_content=False, _request_timeout=SECONDS)
    pipelines = json.loads(answer.data)["results"]
    return {each["id"]: each["label"] for pipeline in pipelines for each in (pipeline, *pipeline.get("stages", ()))}


def _deal(each: dict[str, Any], stages: dict[str, str], in_mrr: bool) -> dict[str, Any]:
    row = _of_company(each, DEAL)
    row |= {name: stages.get(row[name], row[name]) for name in ("pipeline", "dealstage")}
    mrr = row.pop("hs_mrr")
    return row | ({"hs_mrr": mrr} if in_mrr else {})


def _of_company(each: dict[str, Any], properties: tuple[str, ...]) -> dict[str, Any]:
    """What is asked of a deal or ticket, with the company it belongs to: the primary one, where there are several."""
    related = ((each.get("associations") or {}).get("companies") or {}).get("results") or []
    primary = [other["id"] for other in related if not str(other.get("type", "")).endswith("_unlabeled")]
    company = next(iter([*primary, *(other["id"] for other in related)]), None)
    said = {name: each["properties"].get(name) for name in properties}
    return {"hs_object_id": each["id"], "hs_primary_associated_company": company} | said


class _NotAllowed(Problem):
    """The token lacks a scope."""


@contextmanager
def _kindly(what: str, token: str) -> Iterator[None]:
    """What HubSpot refuses, as a sentence that says what to do."""
    from hubspot.crm import companies, deals, owners, pipelines, tickets
    from urllib3.exceptions import HTTPError

    try:
        yield
    except tuple(each.exceptions.ApiException for each in (companies, deals, owners, pipelines, tickets)) as why:
        raise _problem(what, why.status, without(_message(why.body), token)) from None
    except (HTTPError, ValueError) as why:
        raise Problem(f"HubSpot cannot be read: {without(why, token)}") from None


def _message(body: str | None) -> str:
    try:
        return str(json.loads(body or "")["message"])
    except (ValueError, KeyError, TypeError):
        return "it does not say why."


def _problem(what: str, status: int, said: str) -> Problem:
    if status == 401:
        return Problem(f"HubSpot does not accept the token in {KEY}. Make a new one in its settings and set it.")
    if status == 403:
        return _NotAllowed(f"The token may not read {what}: give it the scope {SCOPES[what]} in HubSpot's settings.")
    if status == 429:
        return Problem(f"HubSpot answers no more requests for now: {said} Nothing was read. Try again later.")
    return Problem(f"HubSpot: {said}")


HUBSPOT = Service(
    "hubspot",
    "HubSpot",
    (KEY,),
    f"It is the token of a private app with the scopes {', '.join(SCOPES.values())}. "
    f"Further properties of companies may be named in {MORE}.",
    hubspot_account,
)
