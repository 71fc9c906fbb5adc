"""The tables an upload may contain. A row class is a table's column list, help, limits, error text and storage.

The columns of a class are its fields; ``column(...)`` gives each its help, the headers it is also known by, and
its limits. ``needs`` lists what a file must have to be this table (of a group, one), ``row_needs`` what each row must
(the same, unless said), ``rests_on`` the column whose unusable value makes the row worthless, ``key`` what makes a row
unique. Where the key is an id of its own (``id``), rows without one are told apart by their ``natural`` columns.
Rows typed in one by one are validated by the class itself; files are converted whole columns at a time,
by the same kinds and limits (``cs_metrics.read``).
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, get_args

import annotated_types
import pandas as pd
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["key", "text", "code", "money", "number", "day", "instant", "month", "flag"]

Key = Annotated[str, "key"]
Text = Annotated[str, "text"]
Code = Annotated[str, "code"]
Money = Annotated[Decimal, "money"]
Number = Annotated[float, "number"]
Day = Annotated[date, "day"]
Instant = Annotated[datetime, "instant"]
MonthOf = Annotated[str, "month"]
Flag = Annotated[bool, "flag"]


def column(help: str, *also: str, **limits: Any) -> Any:
    """A column: what it holds, the other headers it goes by, and its limits (``ge``, ``le``)."""
    return Field(
        default=limits.pop("default", None),
        description=help,
        json_schema_extra={"also": list(also)},
        **limits,
    )


def needed(help: str, *also: str, **limits: Any) -> Any:
    """A column without which a row means nothing."""
    return column(help, *also, default=..., **limits)


class Row(BaseModel):
    """A row of a table."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    table: ClassVar[str]
    key: ClassVar[tuple[str, ...]] = ()
    id: ClassVar[str | None] = None
    natural: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[tuple[tuple[str, ...], ...]] = ()
    row_needs: ClassVar[tuple[tuple[str, ...], ...] | None] = None
    rests_on: ClassVar[str | None] = None
    called: ClassVar[tuple[str, ...]] = ()


ACCOUNT_HELP = "The account's id, kept as text."
ACCOUNT_HEADERS = (
    "account id", "customer id", "client id", "company id", "organization id", "organisation id", "account number",
    "account external id", "external id", "accountexternalid", "customer oid", "source account id", "crm account id",
    "account", "customer", "client", "company", "organization", "organisation",
    "account name", "customer name", "client name", "company name", "organization name",
)  # fmt: skip
ACCOUNT = needed(ACCOUNT_HELP, *ACCOUNT_HEADERS)
CSM = ("customer success manager", "csm name", "owner", "account owner", "company owner", "assigned csm name",
       "owner user account", "success manager", "account manager", "csm owner", "owner name")  # fmt: skip
CURRENCY = column("The currency, as its three letters.", "currency code", "currency iso code", "plan currency")
PRODUCT = (
    "plan",
    "plan name",
    "plan tier",
    "product name",
    "product code",
    "sku",
    "service",
    "subscription plan",
)
MRR = ("mrr amount", "monthly amount", "monthly recurring revenue", "monthly revenue", "monthly mrr", "mrr value",
       "monthly price", "monthly fee", "current mrr", "total mrr")  # fmt: skip
ARR = ("arr amount", "annual recurring revenue", "annual amount", "yearly amount", "annual revenue", "acv",
       "annual contract value", "current arr", "total arr", "yearly revenue")  # fmt: skip


class Account(Row):
    """A customer. Every column not listed here becomes an attribute to filter and group by."""

    table = "accounts"
    key = ("account_id",)
    needs = (
        ("account_id",),
        ("name", "csm", "segment", "region", "industry", "start_date", "renewal_date", "mrr", "arr"),
    )
    row_needs = (("account_id",),)
    called = (
        "account",
        "customers",
        "customer",
        "companies",
        "company",
        "clients",
        "client",
        "organizations",
        "book",
    )

    account_id: Key = ACCOUNT
    name: Text | None = column(
        "The account's name.",
        "account name", "customer name", "client name", "company name", "organization name", "organisation name",
        "account", "customer", "client", "company",
    )  # fmt: skip
    csm: Text | None = column("Who looks after it.", *CSM)
    segment: Text | None = column("Its segment.", "customer segment", "account segment", "tier", "size segment")
    region: Text | None = column("Its region.", "country", "territory", "geo", "geography", "country region", "market")
    industry: Text | None = column("Its industry.", "vertical", "sector")
    start_date: Day | None = column(
        "When it became a customer.",
        "start", "signup date", "sign up date", "customer since", "client as of date", "original contract date",
        "created date", "created at", "create date", "contract start", "contract start date", "onboarded on",
    )  # fmt: skip
    renewal_date: Day | None = column(
        "When its contract is next due.",
        "renewal", "next renewal", "next renewal date", "contract end", "contract end date", "renews on", "renewal due",
    )  # fmt: skip
    parent_id: Key | None = column(
        "The parent account's id.", "parent account id", "parent", "parent account", "parent company id"
    )
    domain: Text | None = column("Its web domain.", "website", "company domain name", "web domain", "email domain")
    licensed_seats: Number | None = column(
        "Seats it pays for.", "seats", "licenses", "licences", "license count", "number of users", ge=0
    )
    mrr: Money | None = column("MRR, where the list is a snapshot of one month.", *MRR, ge=0)
    arr: Money | None = column("ARR, where the list is a snapshot of one month.", *ARR, ge=0)
    month: MonthOf | None = column("The month of that snapshot.", "snapshot month", "as of month")
    currency: Code | None = CURRENCY


class Mrr(Row):
    """What an account (or one of its products) paid per month, in one month."""

    table = "mrr"
    key = ("account_id", "month", "product", "currency")
    needs = (("account_id",), ("month",), ("mrr", "arr"))
    called = ("mrr", "revenue", "mrr by month", "monthly revenue", "recurring revenue")

    account_id: Key = ACCOUNT
    month: MonthOf = needed(
        "The month.", "date", "period", "month end", "month start", "as of", "year month", "reporting month"
    )
    mrr: Money | None = column("Recurring revenue per month.", *MRR, "amount", "revenue", "value", ge=0)
    arr: Money | None = column("Recurring revenue per year, where MRR is not given.", *ARR, ge=0)
    product: Key | None = column("The product.", *PRODUCT)
    currency: Code | None = CURRENCY


class Subscription(Row):
    """A subscription or contract line, in force from its start to its end."""

    table = "subscriptions"
    key = ("subscription_id",)
    id = "subscription_id"
    natural = ("account_id", "product", "start_date")
    needs = (("account_id",), ("start_date",), ("mrr", "arr", "amount"))
    called = (
        "subscriptions",
        "subscription",
        "contracts",
        "contract",
        "licenses",
        "licences",
        "subscription periods",
    )

    subscription_id: Key | None = column(
        "The subscription's id.",
        "subscription",
        "subscription oid",
        "contract id",
        "license id",
        "licence id",
        "id",
    )
    account_id: Key = ACCOUNT
    product: Key | None = column("The product.", *PRODUCT)
    start_date: Day = needed(
        "The first day of service.",
        "start", "started at", "starts on", "from", "from date", "subscription started at", "contract start",
        "contract start date", "valid from", "service start", "period start",
    )  # fmt: skip
    end_date: Day | None = column(
        "The last day of service, or the first day without: said when the file is read. Blank while it runs.",
        "end", "ended at", "ends on", "to", "to date", "canceled at", "cancelled at", "subscription canceled at",
        "contract end", "contract end date", "valid to", "valid until", "service end", "period end",
        "cancellation date",
    )  # fmt: skip
    mrr: Money | None = column("Price per month.", *MRR, ge=0)
    arr: Money | None = column("Price per year.", *ARR, ge=0)
    amount: Money | None = column(
        "Price per interval.", "price", "plan amount", "unit amount", "unit price", "value", ge=0
    )
    interval: Text | None = column(
        "The interval of the price: month, quarter, year, week.",
        "billing interval",
        "plan interval",
        "billing period",
    )
    quantity: Number | None = column("How many units are paid for.", "qty", "subscription quantity", "units", ge=0)
    currency: Code | None = CURRENCY
    status: Text | None = column("active, trial, paused, past due or cancelled.", "state", "subscription status")
    is_trial: Flag | None = column("Is it a trial?", "trial")


class Ledger(Row):
    """A change of an account's MRR on a day."""

    table = "ledger"
    needs = (("account_id",), ("date",), ("mrr_change",))
    called = ("ledger", "mrr changes", "movements", "mrr movements", "revenue changes")

    account_id: Key = ACCOUNT
    date: Day = needed(
        "The day of the change.", "changed on", "effective date", "effective on", "event date", "changed at"
    )
    mrr_change: Money = needed(
        "By how much MRR rose or fell.",
        "change",
        "mrr delta",
        "delta",
        "mrr movement",
        "change in mrr",
        "net change",
    )
    product: Key | None = column("The product.", *PRODUCT)
    opening_mrr: Money | None = column("MRR before the account's first change here.", "opening", "starting mrr", ge=0)
    currency: Code | None = CURRENCY


class Owner(Row):
    """A hand-over: from this day the account is this CSM's."""

    table = "owners"
    key = ("account_id", "from_date")
    needs = (("account_id",), ("csm",), ("from_date",))
    row_needs = (("account_id",), ("from_date",))
    called = ("owners", "owner history", "handovers", "hand overs", "assignments", "csm history")

    account_id: Key = ACCOUNT
    csm: Text | None = column(
        "The CSM from that day on; blank for nobody.", *CSM, "new owner", "new csm", "assigned to"
    )
    from_date: Day = needed(
        "The first day.",
        "from",
        "since",
        "effective from",
        "effective date",
        "start date",
        "handed over on",
        "assigned on",
        "date",
    )


class Usage(Row):
    """How an account (or a subscription of it) used the product in a month or on a day."""

    table = "usage"
    needs = (
        ("account_id", "subscription_id"),
        ("month", "day"),
        ("active_users", "logins", "features_used", "uses"),
    )
    called = ("usage", "feature usage", "product usage", "adoption", "activity")

    account_id: Key | None = column(ACCOUNT_HELP, *ACCOUNT_HEADERS)
    subscription_id: Key | None = column("The subscription, where usage hangs on one.", "subscription")
    month: MonthOf | None = column("The month.", "period", "year month")
    day: Day | None = column("The day.", "date", "usage date", "used on", "timestamp")
    active_users: Number | None = column(
        "People who used it.", "mau", "monthly active users", "users active", "active seats", ge=0
    )
    licensed_seats: Number | None = column(
        "Seats paid for.", "seats", "licenses", "licences", "seats purchased", "licensed users", ge=0
    )
    logins: Number | None = column("Sign-ins.", "sessions", "sign ins", "login count", ge=0)
    features_used: Number | None = column("Features used.", "used features", "feature count", ge=0)
    features_available: Number | None = column("Features they could use.", "available features", "features", ge=0)
    feature: Text | None = column("The feature, where a row is one feature's use.", "feature name")
    uses: Number | None = column("How often it was used.", "usage count", "events", "event count", "actions", ge=0)


class Ticket(Row):
    """A ticket at the help desk."""

    table = "tickets"
    id = "ticket_id"
    natural = ("account_id", "opened_at")
    key = ("ticket_id",)
    needs = (("account_id",), ("opened_at",))
    called = ("tickets", "ticket", "support tickets", "support", "cases", "issues")

    ticket_id: Key | None = column("The ticket's id.", "ticket", "id", "case id", "case number", "ticket number")
    account_id: Key = ACCOUNT
    opened_at: Instant = needed(
        "When it was opened.",
        "opened",
        "submitted at",
        "created at",
        "created",
        "created on",
        "date opened",
        "opened on",
    )
    solved_at: Instant | None = column(
        "When it was solved.",
        "solved",
        "closed at",
        "closed",
        "resolved at",
        "resolved",
        "closed on",
        "date closed",
    )
    priority: Text | None = column("low, normal, high, urgent.", "severity", "urgency")
    replies: Number | None = column("Replies by agents.", "agent replies", "reply count", ge=0)
    reopens: Number | None = column("How often it was reopened.", "reopened", "reopen count", ge=0)
    csat: Number | None = column(
        "Satisfaction with it, 1–5.", "satisfaction score", "satisfaction", "csat score", "rating", ge=1, le=5
    )
    escalated: Flag | None = column("Was it escalated?", "escalation flag", "escalation", "is escalated")


class Survey(Row):
    """One person asked once."""

    table = "surveys"
    id = "survey_id"
    natural = ("account_id", "kind", "respondent", "sent_at", "responded_at")
    key = ("survey_id",)
    needs = (("account_id",), ("sent_at", "responded_at"), ("score",))
    row_needs = (("account_id",), ("sent_at", "responded_at"))
    rests_on = "score"
    called = ("surveys", "survey", "nps", "csat", "ces", "responses", "answers", "feedback")

    survey_id: Key | None = column("The answer's id.", "response id", "id")
    account_id: Key = ACCOUNT
    kind: Text | None = column("NPS, CSAT or CES.", "survey kind", "survey type", "survey", "type")
    sent_at: Instant | None = column("When it was sent.", "sent", "sent on", "asked on", "asked at", "survey sent")
    responded_at: Instant | None = column(
        "When it was answered.",
        "responded",
        "response date",
        "answered at",
        "submitted at",
        "submit date",
        "responded on",
        "date",
        "created at",
    )
    score: Number | None = column(
        "The answer: NPS 0–10, CSAT 1–5, CES 1–7.",
        "rating",
        "answer",
        "nps score",
        "nps",
        "csat score",
        "ces score",
        ge=0,
        le=10,
    )
    respondent: Text | None = column("Who answered.", "email", "person", "contact", "respondent email", "user email")
    occasion: Text | None = column(
        "relationship, or the transaction it followed: ticket, training…", "survey occasion", "trigger", "program"
    )
    comment: Text | None = column("What they wrote.", "feedback", "text", "verbatim", "reason")


class Touchpoint(Row):
    """A contact with an account, done or planned."""

    table = "touchpoints"
    id = "touchpoint_id"
    key = ("touchpoint_id",)
    natural = ("account_id", "kind", "planned_for", "done_on")
    needs = (("account_id",), ("kind",), ("planned_for", "done_on"))
    row_needs = (("account_id",), ("planned_for", "done_on"))
    called = ("touchpoints", "touchpoint", "meetings", "calls", "interactions", "activities")

    touchpoint_id: Key | None = column("The touchpoint's id.", "id", "meeting id", "activity id")
    account_id: Key = ACCOUNT
    kind: Text | None = column(
        "check-in, QBR, EBR, kick-off, training, executive.",
        "type",
        "touchpoint type",
        "meeting type",
        "activity type",
    )
    planned_for: Day | None = column(
        "When it is planned.", "planned", "scheduled for", "scheduled on", "planned on", "due on", "due date"
    )
    done_on: Day | None = column(
        "When it took place.",
        "done",
        "held on",
        "completed on",
        "date",
        "occurred on",
        "meeting date",
        "activity date",
    )
    csm: Text | None = column("Who held it.", *CSM)
    prepared_on: Day | None = column("When its agenda or slides were ready.", "prepared", "ready on", "deck ready on")


class Pulse(Row):
    """The CSM's own judgement of an account."""

    table = "pulses"
    needs = (("account_id",), ("given_on",), ("pulse",))
    called = ("pulses", "pulse", "sentiment", "csm pulse", "csm sentiment")

    account_id: Key = ACCOUNT
    given_on: Day = needed("When it was given.", "date", "given", "updated on", "updated at", "set on", "given at")
    csm: Text | None = column("Who gave it.", *CSM)
    pulse: Number = needed("1 bad to 5 good.", "csm pulse", "sentiment", "csm sentiment", "score", "rating", ge=1, le=5)
    reason: Text | None = column("Why.", "reason code", "pulse reason")
    note: Text | None = column("In the CSM's words.", "notes", "comment", "comments")


class Score(Row):
    """A score of an account's health that another tool gave, on a day: kept to be tested against what happened."""

    table = "scores"
    key = ("account_id", "given_on", "tool")
    needs = (("account_id",), ("given_on",), ("score",))
    called = ("scores", "health scores", "health score", "health", "health score history", "account health")

    account_id: Key = ACCOUNT
    given_on: Day = needed(
        "The day it is of.", "date", "score date", "as of", "as of date", "snapshot date", "calculated on",
        "calculated at", "updated on", "updated at", "scored on", "recorded on",
    )  # fmt: skip
    score: Number = needed(
        "The score, higher = safer.", "health score", "health", "overall score", "overall health score",
        "customer health score", "customer health", "account health", "account score", "health index", "score value",
    )  # fmt: skip
    tool: Key | None = column("Whose score it is, where there are several.", "score name", "scorecard", "model")


class Risk(Row):
    """A flagged risk and what is planned against it."""

    table = "risks"
    id = "risk_id"
    natural = ("account_id", "opened_on")
    key = ("risk_id",)
    needs = (("account_id",), ("opened_on",), ("reason", "plan"))
    row_needs = (("account_id",), ("opened_on",))
    called = ("risks", "risk", "at risk", "risk register", "escalations")

    risk_id: Key | None = column("The risk's id.", "id")
    account_id: Key = ACCOUNT
    opened_on: Day = needed(
        "When it was flagged.", "opened", "flagged on", "opened at", "created at", "date", "raised on"
    )
    closed_on: Day | None = column("When the flag was taken down.", "closed", "closed at", "resolved on")
    reason: Text | None = column("Why the account is at risk.", "risk reason", "category", "cause", "risk type")
    plan: Text | None = column(
        "What is being done.", "plan of action", "action plan", "mitigation", "next step", "next steps"
    )
    planned_on: Day | None = column(
        "When the plan was last worked on.", "plan date", "plan updated on", "plan updated at"
    )
    owner: Text | None = column("Who carries the plan.", "plan owner", "responsible")
    escalated_to: Text | None = column("To whom it was escalated.", "escalation", "escalated")
    outcome: Text | None = column("How it ended.", "result", "resolution")
    root_cause: Text | None = column("What lies behind it.", "underlying cause", "root cause analysis")
    sponsor: Text | None = column("The executive of ours who stands behind the plan.", "executive sponsor")
    status: Text | None = column("How the plan goes: on track, slipping, stuck.", "plan status", "risk status")


class Action(Row):
    """Something a plan says will be done: by whom, by when, and whether it was."""

    table = "actions"
    id = "action_id"
    natural = ("account_id", "action", "due_on")
    key = ("action_id",)
    needs = (("account_id",), ("action",), ("due_on", "done_on"))
    row_needs = (("account_id",), ("action",))
    called = ("actions", "action items", "plan actions", "next actions")

    action_id: Key | None = column("The action's id.", "id", "action item id")
    account_id: Key = ACCOUNT
    risk_id: Key | None = column("The risk it is to answer.", "risk")
    action: Text = needed("What will be done.", "action item", "next action", "to do")
    owner: Text | None = column("Who does it.", "action owner", "responsible", "assigned to", "assignee")
    written_on: Day | None = column("When it was agreed.", "created at", "created on", "agreed on", "added on")
    due_on: Day | None = column("By when.", "due", "due date", "deadline")
    done_on: Day | None = column("When it was done.", "done", "completed on", "completed at", "completion date")
    dropped_on: Day | None = column("When it was given up.", "dropped", "cancelled on")


class Note(Row):
    """Something worth remembering about an account."""

    table = "notes"
    needs = (("account_id",), ("written_on",), ("note",))
    called = ("notes", "account notes")

    account_id: Key = ACCOUNT
    written_on: Day = needed("When it was written.", "date", "created at", "written")
    author: Text | None = column("Who wrote it.", "by", "written by", *CSM)
    note: Text = needed("The note.", "text", "body", "comment")


class Milestone(Row):
    """A step of an account's onboarding."""

    table = "onboarding"
    id = "milestone_id"
    key = ("milestone_id",)
    natural = ("account_id", "milestone")
    needs = (("account_id",), ("milestone",), ("due_on", "done_on"))
    called = ("onboarding", "milestones", "onboarding milestones", "implementation")

    milestone_id: Key | None = column("The milestone's id.", "id", "task id")
    account_id: Key = ACCOUNT
    milestone: Text = needed("The step: kick-off, live, trained…", "step", "stage", "task")
    due_on: Day | None = column("When it is due.", "due", "due date", "target date", "planned for")
    done_on: Day | None = column(
        "When it was reached.", "done", "completed on", "completed at", "completion date", "reached on"
    )


class Invoice(Row):
    """A bill."""

    table = "invoices"
    id = "invoice_id"
    natural = ("account_id", "issued_on", "due_on")
    key = ("invoice_id",)
    needs = (("account_id",), ("issued_on", "due_on"), ("amount",))
    called = ("invoices", "invoice", "bills", "billing")

    invoice_id: Key | None = column("The bill's number.", "invoice number", "number", "id", "invoice")
    account_id: Key = ACCOUNT
    issued_on: Day | None = column("When it was sent.", "issued", "invoice date", "date", "issue date", "billed on")
    due_on: Day | None = column("When it is due.", "due", "due date", "payment due")
    paid_on: Day | None = column("When it was paid.", "paid", "paid at", "payment date", "paid date")
    amount: Money = needed("Its total.", "total", "amount due", "invoice amount", "invoice total")
    currency: Code | None = CURRENCY


class Contact(Row):
    """A person at the customer."""

    table = "contacts"
    id = "contact_id"
    key = ("contact_id",)
    natural = ("account_id", "name")
    needs = (("account_id",), ("name",), ("role",))
    row_needs = (("account_id",), ("name",))
    called = ("contacts", "contact", "people", "stakeholders", "users")

    contact_id: Key | None = column("The contact's id.", "id", "person id", "record id")
    account_id: Key = ACCOUNT
    name: Text = needed("Their name.", "contact name", "contact", "full name", "person", "email")
    role: Text | None = column("champion, executive sponsor, admin, user.", "badge", "title", "contact role", "type")
    since: Day | None = column("Since when they are known.", "from", "added on", "start date", "created at")
    left_on: Day | None = column("When they left.", "left", "left at", "departed on", "end date")


class Opportunity(Row):
    """A chance to grow, or a renewal being worked on."""

    table = "opportunities"
    id = "opportunity_id"
    natural = ("account_id", "product", "kind", "opened_on", "closes_on")
    key = ("opportunity_id",)
    needs = (("account_id",), ("stage", "won"), ("amount",))
    row_needs = (("account_id",),)
    called = ("opportunities", "opportunity", "deals", "deal", "pipeline")

    opportunity_id: Key | None = column("The opportunity's id.", "deal id", "id", "record id")
    account_id: Key = ACCOUNT
    product: Key | None = column("The product.", *PRODUCT)
    kind: Text | None = column("upsell, cross-sell, renewal.", "type", "opportunity type", "deal type")
    stage: Text | None = column("Where it stands.", "deal stage", "stage name", "pipeline stage")
    amount: Money | None = column("MRR it would add.", "value", "mrr", "deal amount", "opportunity amount")
    opened_on: Day | None = column("When it was opened.", "created on", "created date", "create date", "opened")
    closes_on: Day | None = column("When it closes.", "close date", "closing date", "expected close date", "closed on")
    won: Flag | None = column("Was it won?", "is won", "closed won")


class Advocacy(Row):
    """Something an account was asked to do for us, or did.

    Each row is what became known: an ask (``asked_on``), its answer, the act itself (``done_on``). Rows of the same
    account, kind and ask are one ask; an act without ``asked_on`` counts as asked on the day it was done.
    """

    table = "advocacy"
    needs = (("account_id",), ("kind",), ("done_on", "asked_on"))
    row_needs = (("account_id",), ("done_on", "asked_on"))
    called = ("advocacy", "advocates", "references", "advocacy acts")

    account_id: Key = ACCOUNT
    kind: Text | None = column("reference, case study, review, referral, speaker.", "type", "act", "advocacy type")
    done_on: Day | None = column("When it was done.", "date", "done", "given on")
    validated_by: Text | None = column("Who validated it.", "validated", "approved by")
    asked_on: Day | None = column("When they were asked.", "requested on", "request date")
    answered_on: Day | None = column("When they answered.", "answer date")
    answer: Text | None = column("yes or no.", "accepted")
    use_case: Text | None = column("What it speaks of: the use case, the product.", "use case", "topic")
    asked_by: Text | None = column("Who asked.", "requested by")


class Outcome(Row):
    """Something a customer achieved."""

    table = "outcomes"
    needs = (("account_id",), ("achieved_on",), ("story", "confirmed_by"))
    row_needs = (("account_id",), ("achieved_on",))
    called = ("outcomes", "customer outcomes", "success stories", "stories")

    account_id: Key = ACCOUNT
    achieved_on: Day = needed("When it was achieved.", "date", "achieved", "outcome date")
    story: Text | None = column("What was achieved.", "outcome", "success story", "description")
    confirmed_by: Text | None = column("The champion who confirmed it.", "confirmed", "champion")


class Churn(Row):
    """A loss as another system states it: for reasons and comparison, never for revenue."""

    table = "churns"
    needs = (("account_id",), ("churned_on",))
    called = ("churns", "churn events", "churn log", "churn", "churned accounts", "cancellations")

    account_id: Key = ACCOUNT
    churned_on: Day = needed(
        "When it was lost.", "churn date", "churned at", "date", "cancelled on", "canceled on", "lost on"
    )
    reason: Text | None = column("Why.", "reason code", "churn reason", "cancellation reason")
    comment: Text | None = column("In their words.", "feedback text", "feedback", "notes", "note")
    refund: Money | None = column("What was paid back.", "refund amount", "refund amount usd", "refunded")
    reactivated: Flag | None = column("Did it come back?", "is reactivation", "was reactivated", "reactivation")


class Cost(Row):
    """Money spent on keeping or growing customers."""

    table = "costs"
    needs = (("month",), ("kind",), ("amount",))
    row_needs = (("month",), ("amount",))
    called = ("costs", "cost", "spend", "expenses")

    month: MonthOf = needed("The month.", "date", "period")
    kind: Text | None = column("CSM, tools, training, marketing, acquisition…", "type", "category", "cost type")
    amount: Money = needed("How much.", "cost", "spend", "value", "total")
    csm: Text | None = column("Whose it is, where it is one CSM's.", *CSM)
    segment: Text | None = column("The segment it was spent on.", "customer segment")


class Contribution(Row):
    """A CSM's work on documentation."""

    table = "contributions"
    needs = (("csm",), ("done_on",), ("kind", "title"))
    row_needs = (("csm",), ("done_on",))
    called = ("contributions", "documentation", "articles", "docs")

    csm: Text = needed("Who.", *CSM, "author")
    done_on: Day = needed("When.", "date", "published on", "written on", "done")
    kind: Text | None = column("article, playbook, template…", "type")
    title: Text | None = column("Its title.", "name", "subject")


class Review(Row):
    """A strength or a coaching note of a CSM's performance review, in the manager's words; kept, never changed."""

    table = "reviews"
    needs = (("csm",), ("written_on",), ("note",))
    called = ("reviews", "performance reviews", "coaching notes")

    csm: Text = needed("Whose review it is.", *CSM)
    period: Text | None = column("The period it speaks of: 2025-10 to 2025-12.", "review period", "months")
    written_on: Day = needed("When it was written.", "date", "written", "reviewed on")
    kind: Text | None = column("strength or coaching.", "type", "category")
    note: Text = needed("What was seen, what to do.", "text", "comment", "comments", "feedback")
    author: Text | None = column("Who wrote it.", "by", "written by", "manager")


class RenewalCall(Row):
    """A CSM's call of what a renewal will come to, made on a day and never changed; scored when it is over."""

    table = "renewal_calls"
    key = ("account_id", "renewal_date", "called_on", "csm")
    needs = (("account_id",), ("renewal_date",), ("called_on",), ("call",))
    called = ("renewal calls", "renewal forecasts", "csm calls")

    account_id: Key = ACCOUNT
    renewal_date: Day = needed("The renewal it is about.", "renewal", "renewal due", "renews on")
    called_on: Day = needed("When the call was made.", "call date", "called", "forecast on")
    csm: Text | None = column("Who made it.", *CSM)
    call: Text = needed("renew, shrink, grow or lose.", "forecast", "renewal call", "renewal forecast")
    mrr: Money | None = column("The MRR the account will then pay.", *MRR, "called mrr", "forecast mrr", ge=0)
    chance: Number | None = column("What the model gave it then, 0 to 1.", "likelihood", "probability", ge=0, le=1)
    note: Text | None = column("Why.", "notes", "comment", "comments", "reason")


class Scenario(Row):
    """An account's part in a named scenario: what it is set to do at its renewal."""

    table = "scenarios"
    key = ("scenario", "account_id", "made_on")
    needs = (("scenario",), ("account_id",), ("made_on",), ("choice",))
    called = ("scenarios", "scenario", "what if")

    scenario: Key = needed("The scenario's name.", "scenario name")
    account_id: Key = ACCOUNT
    made_on: Day = needed("When it was set.", "saved on", "created on", "date")
    choice: Text = needed("renew, shrink, grow, lose, or undecided to take it out again.", "set to", "outcome")
    percent: Number | None = column("By how much it shrinks or grows, in percent.", "by", "change percent", ge=0)
    author: Text | None = column("Who set it.", "by whom", "made by", *CSM)


class Setting(Row):
    """A weight, threshold or target a team chose for itself, from a day on."""

    table = "settings"
    key = ("setting", "about", "from_date")
    needs = (("setting",), ("from_date",), ("value",))
    called = ("settings", "thresholds", "weights", "targets")

    setting: Key = needed("What is set, by its name: target.net_revenue_retention.", "setting name")
    about: Key | None = column("For whom or what: a CSM, a segment; empty for everyone.", "for", "team", "whom")
    from_date: Day = needed("From when on it holds.", "since", "valid from", "effective date", "date", "from")
    value: Number = needed("The figure; a share as 0.9.", "number", "target value", "threshold")
    author: Text | None = column("Who set it.", "set by", "by", *CSM)


class Product(Row):
    """Something that could be sold."""

    table = "products"
    key = ("product",)
    needs = (("product",), ("list_mrr",))
    row_needs = (("product",),)
    called = ("products", "product catalogue", "price list", "catalog")

    product: Key = needed("The product.", "product name", "name", "sku", "plan")
    list_mrr: Money | None = column("Its list price per month.", "list price", "price", "monthly price", "mrr", ge=0)


class Fx(Row):
    """What a unit of a currency was worth in the book's currency in a month."""

    table = "fx"
    key = ("month", "currency")
    needs = (("month",), ("currency",), ("rate",))
    called = ("fx", "rates", "exchange rates", "currency rates", "fx rates")

    month: MonthOf = needed("The month.", "date", "period")
    currency: Code = needed("The currency, as its three letters.", "currency code", "from currency", "from")
    rate: Number = needed("Units of the book's currency for one of this.", "fx rate", "exchange rate", "value", gt=0)


ROWS: tuple[type[Row], ...] = (
    Account, Mrr, Subscription, Ledger, Owner, Usage, Ticket, Survey, Touchpoint, Pulse, Score, Risk, Action, Note,
    Milestone, Invoice, Contact, Opportunity, Advocacy, Outcome, Churn, Cost, Contribution, Review, RenewalCall,
    Scenario, Setting, Product, Fx,
)  # fmt: skip
TABLES: dict[str, type[Row]] = {row.table: row for row in ROWS}
REVENUE = ("mrr", "subscriptions", "ledger")


class Column(NamedTuple):
    """A column as files and databases need to know it."""

    name: str
    kind: Kind
    help: str
    also: tuple[str, ...]
    required: bool
    least: float | None
    most: float | None
    above: float | None


@cache
def columns(row: type[Row]) -> dict[str, Column]:
    """The columns of a table, in order.

    >>> columns(Ticket)["csat"][1:3], columns(Ticket)["csat"].most
    (('number', 'Satisfaction with it, 1–5.'), 5)
    """
    return {name: _column(name, field) for name, field in row.model_fields.items()}


def _column(name: str, field: Any) -> Column:
    kind: Any = next((m for m in field.metadata if isinstance(m, str)), None) or _kind_within(field.annotation)
    least: Any = next((m.ge for m in field.metadata if isinstance(m, annotated_types.Ge)), None)
    most: Any = next((m.le for m in field.metadata if isinstance(m, annotated_types.Le)), None)
    above: Any = next((m.gt for m in field.metadata if isinstance(m, annotated_types.Gt)), None)
    also = tuple((field.json_schema_extra or {}).get("also", ()))
    return Column(name, kind, field.description or "", also, field.is_required(), least, most, above)


def _kind_within(annotation: Any) -> Kind:
    """The kind inside ``X | None``."""
    for part in get_args(annotation):
        for note in get_args(part)[1:]:
            if isinstance(note, str):
                return note  # type: ignore[return-value]
    raise TypeError(f"{annotation} names no kind")


def question(row: type[Row]) -> str:
    """What a row is: the first line of its class."""
    return (row.__doc__ or "").strip().splitlines()[0]


NOTHING: dict[Kind, str] = {"money": "float64", "number": "float64", "day": "datetime64[s]", "instant": "datetime64[s]"}


def completed(table: str, rows: Any) -> Any:
    """A frame of facts with every column of its table; the ones it lacks are blank."""
    if table in ("accounts", "owners", "fx", *REVENUE):
        return rows
    lacking = {name: c.kind for name, c in columns(TABLES[table]).items() if name not in rows}
    blank = {name: pd.Series(None, rows.index, dtype=object) for name in lacking}
    return rows.assign(**blank).astype({name: NOTHING[kind] for name, kind in lacking.items() if kind in NOTHING})


def frames(tables: dict[str, Any]) -> dict[str, Any]:
    """Arrow tables as the frames a book is assembled from: days as datetime64, ids as categories.

    In tables of revenue, which are long, ids stay Arrow's dictionaries and nothing is copied.
    """

    def kept(kind: pa.DataType) -> pd.ArrowDtype | None:
        return pd.ArrowDtype(kind) if pa.types.is_dictionary(kind) else None

    return {
        name: completed(
            name,
            rows.to_pandas(date_as_object=False, types_mapper=kept if name in REVENUE else None, split_blocks=True),
        )
        for name, rows in tables.items()
    }
