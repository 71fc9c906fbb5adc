"""Signals of risk. Each weight is the chance of a loss within 180 days that the signal alone stands for.

The weights are a rule of thumb, written down so that it can be discussed; a team's own history replaces them
where it does better.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_metrics.book import Book
from cs_metrics.lately import (
    URGENT,
    cadence_days,
    days_before,
    days_since_contact,
    last_of,
    latest_answers,
    open_risks,
    per_account,
    pulses,
    use_by_month,
    use_now_and_before,
)
from cs_metrics.signal import accounts_where, signal

RECENT = 90
HALF_A_YEAR = 180
QUARTER_AND_GRACE = 122
FALL = 0.25
LOW_SEAT_USE = 0.4


@signal("risk", label="Risk flagged", says="flagged: {why}", needs=("risks",), weight=0.30)
def risk_is_flagged(book: Book) -> pd.DataFrame:
    """The CSM has flagged a risk that is still open."""
    flagged = open_risks(book)
    why = flagged["reason"].fillna("no reason given")
    return pd.DataFrame({"row": flagged.index, "why": why}).reset_index(drop=True)


@signal("risk", label="Pulse is low", says="pulse {pulse:.0f} of 5", needs=("pulses",), weight=0.30)
def pulse_is_low(book: Book) -> pd.DataFrame:
    """The CSM's last pulse is 1 or 2."""
    last = pulses(book)
    low = last[last["pulse"] <= 2]
    return pd.DataFrame({"row": low.index, "pulse": low["pulse"].to_numpy()})


@signal(
    "risk",
    label="Pulse is falling",
    says="pulse fell from {before:.0f} to {pulse:.0f}",
    needs=("pulses",),
    weight=0.15,
)
def pulse_is_falling(book: Book) -> pd.DataFrame:
    """The last pulse, given in the last 90 days, is lower than the one before and below 4."""
    last = pulses(book)
    fell = last[(last["pulse"] < last["before"]) & (last["pulse"] < 4) & (last["age"] <= RECENT)]
    return pd.DataFrame({"row": fell.index, "before": fell["before"].to_numpy(), "pulse": fell["pulse"].to_numpy()})


@signal(
    "risk",
    label="Usage is falling",
    says="{word} down {drop:.0%} on the three months before",
    needs=("usage",),
    weight=0.25,
)
def usage_is_falling(book: Book) -> pd.DataFrame:
    """Use in the last three months is a quarter or more below the three months before."""
    now, before, word = use_now_and_before(book)
    with np.errstate(divide="ignore", invalid="ignore"):
        drop = 1 - now / before
    return accounts_where((drop >= FALL) & paying(book), drop=drop).assign(word=word)


@signal(
    "risk",
    label="Few seats are used",
    says="{share:.0%} of {seats:,.0f} seats used",
    needs=("usage.active_users",),
    weight=0.15,
)
def seat_use_is_low(book: Book) -> pd.DataFrame:
    """Fewer than four in ten of the seats paid for were used last month."""
    use = use_by_month(book)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = use.active_users[:, -1] / use.licensed_seats[:, -1]
    return accounts_where((share < LOW_SEAT_USE) & paying(book), share=share, seats=use.licensed_seats[:, -1])


@signal(
    "risk",
    label="More tickets than usual",
    says="{now:.0f} tickets in 90 days, {usual:.1f} is usual",
    needs=("tickets",),
    weight=0.10,
)
def tickets_are_more_than_usual(book: Book) -> pd.DataFrame:
    """Three or more tickets in 90 days, and twice the account's usual number over up to nine months before."""
    rows = book.facts["tickets"]
    age = days_before(book, rows["opened_at"])
    quarters = min(age.max() / RECENT - 1, 3)
    if not quarters >= 1:
        return accounts_where(np.zeros(0, dtype=bool)).assign(now=0.0, usual=0.0)
    now = per_account(book, rows[age <= RECENT].groupby("row").size(), 0)
    before = (age > RECENT) & (age <= (1 + quarters) * RECENT)
    usual = per_account(book, rows[before].groupby("row").size(), 0) / quarters
    return accounts_where((now >= 3) & (now >= 2 * usual), now=now, usual=usual)


@signal(
    "risk",
    label="Urgent ticket open",
    says="an urgent ticket is open for {days:.0f} days",
    needs=("tickets.priority",),
    weight=0.15,
)
def urgent_ticket_is_open(book: Book) -> pd.DataFrame:
    """An urgent ticket has not been solved."""
    rows = book.facts["tickets"]
    still = rows[rows["solved_at"].isna() & rows["priority"].str.casefold().isin(URGENT)]
    days = per_account(book, days_before(book, still["opened_at"]).groupby(still["row"]).max())
    return accounts_where(~np.isnan(days), days=days)


@signal("risk", label="Detractor", says="answered {score:.0f} of 10 to NPS", needs=("surveys.score",), weight=0.20)
def is_a_detractor(book: Book) -> pd.DataFrame:
    """The last answer to NPS, at most a year old, is 6 or less."""
    score = latest_answers(book, "NPS")
    low = score[score <= 6]
    return pd.DataFrame({"row": low.index, "score": low.to_numpy()})


@signal(
    "risk",
    label="Unhappy with support",
    says="rated support {score:.0f} of 5",
    needs=("tickets.csat",),
    weight=0.10,
)
def support_is_rated_low(book: Book) -> pd.DataFrame:
    """The last rating of a ticket, at most 90 days old, is 2 or less."""
    rows = book.facts["tickets"]
    rated_on = rows["solved_at"].fillna(rows["opened_at"])
    rows = rows.assign(rated_on=rated_on)[rows["csat"].notna() & (days_before(book, rated_on) <= RECENT)]
    rated = last_of(rows, "rated_on")["csat"]
    low = rated[rated <= 2]
    return pd.DataFrame({"row": low.index, "score": low.to_numpy()})


@signal("risk", label="Champion has left", says="{role} {name} left", needs=("contacts.role",), weight=0.25)
def champion_has_left(book: Book) -> pd.DataFrame:
    """A champion or executive sponsor left in the last 180 days."""
    rows = book.facts["contacts"]
    close = rows["role"].str.casefold().str.contains("champion|sponsor", na=False)
    gone = last_of(rows[close & (days_before(book, rows["left_on"]) <= HALF_A_YEAR)], "left_on")
    return pd.DataFrame({"row": gone.index, "role": gone["role"].str.casefold(), "name": gone["name"]}).reset_index(
        drop=True
    )


@signal("risk", label="Competitor mentioned", says="a competitor was mentioned {days:.0f} days ago", weight=0.20)
def competitor_is_mentioned(book: Book) -> pd.DataFrame:
    """In the last 180 days a pulse, a risk, a survey or a note speaks of a competitor or of switching."""
    found = []
    for table, when, texts in (
        ("pulses", "given_on", ("reason", "note")),
        ("risks", "opened_on", ("reason", "plan")),
        ("surveys", "responded_at", ("comment",)),
        ("notes", "written_on", ("note",)),
    ):
        rows = book.facts.get(table)
        if rows is None:
            continue
        recent = rows[days_before(book, rows[when]) <= HALF_A_YEAR]
        for text in texts:
            said = recent[recent[text].str.contains(r"(?i)\bcompetit|\bswitch(?:ed|ing)? to\b", na=False)]
            found.append(pd.DataFrame({"row": said["row"], "days": days_before(book, said[when])}))
    if not found:
        return accounts_where(np.zeros(0, dtype=bool)).assign(days=0.0)
    return pd.concat(found).groupby("row")["days"].min().reset_index()


@signal(
    "risk",
    label="Invoice overdue",
    says="an invoice is overdue for {days:.0f} days",
    needs=("invoices.due_on",),
    weight=0.15,
)
def invoice_is_overdue(book: Book) -> pd.DataFrame:
    """A bill is unpaid two weeks or more after it was due."""
    rows = book.facts["invoices"]
    owing = rows[rows["paid_on"].isna()]
    days = per_account(book, days_before(book, owing["due_on"]).groupby(owing["row"]).max())
    return accounts_where(days >= 14, days=days)


@signal(
    "risk",
    label="No recent contact",
    says="no contact for {days:.0f} days, {due:.0f} is the cadence",
    needs=("touchpoints.done_on",),
    weight=0.08,
)
def contact_is_overdue(book: Book) -> pd.DataFrame:
    """No touchpoint within the cadence of the account's stage: a week, two weeks, a month."""
    since, due = days_since_contact(book), cadence_days(book)
    return accounts_where((since > due) & paying(book), days=since, due=due)


@signal(
    "risk",
    label="QBR missed",
    says="no business review for {days:.0f} days",
    needs=("touchpoints.done_on",),
    weight=0.05,
)
def business_review_is_missed(book: Book) -> pd.DataFrame:
    """No QBR or EBR in the last quarter and a month."""
    since = days_since_contact(book, ("qbr", "ebr"))
    return accounts_where((since > QUARTER_AND_GRACE) & paying(book), days=since)


@signal(
    "risk",
    label="Onboarding is late",
    says="{milestone} is {days:.0f} days late",
    needs=("onboarding.due_on",),
    weight=0.15,
)
def onboarding_is_late(book: Book) -> pd.DataFrame:
    """A milestone of onboarding is past its date and not reached."""
    rows = book.facts["onboarding"]
    late = rows[rows["done_on"].isna()]
    late = late[days_before(book, late["due_on"]) > 0].sort_values("due_on").drop_duplicates("row")
    return pd.DataFrame(
        {"row": late["row"], "milestone": late["milestone"], "days": days_before(book, late["due_on"])}
    ).reset_index(drop=True)


@signal(
    "risk",
    label="Renewal without a plan",
    says="renews in {days:.0f} days, no plan",
    needs=("renewal_date",),
    weight=0.10,
)
def renewal_is_near_without_a_plan(book: Book) -> pd.DataFrame:
    """The renewal is 90 days away or nearer, and no plan is written."""
    days = -days_before(book, book.accounts["renewal_date"].reset_index(drop=True)).to_numpy(dtype=float)
    planned = np.zeros(len(book), dtype=bool)
    if "risks" in book.facts:
        planned[open_risks(book)["plan"].dropna().index] = True
    return accounts_where((days >= 0) & (days <= RECENT) & ~planned & paying(book), days=days)


@signal("risk", label="Recent contraction", says="MRR fell by {share:.0%} in six months", weight=0.15)
def revenue_has_contracted(book: Book) -> pd.DataFrame:
    """The account pays less than six months ago."""
    k = min(6, book.closes - 1)
    if k < 1:
        return accounts_where(np.zeros(0, dtype=bool)).assign(share=0.0)
    opening, closing = book.balance(k, 0)[-1], book.balance(k, k)[-1]
    return accounts_where((closing > 0) & (closing < opening), share=1 - closing / np.maximum(opening, 1))


@signal(
    "risk",
    label="Silent to surveys",
    says="asked {asked:.0f} times in a year, never answered",
    needs=("surveys.sent_at",),
    weight=0.05,
)
def surveys_go_unanswered(book: Book) -> pd.DataFrame:
    """Two or more surveys in a year, no answer."""
    rows = book.facts["surveys"]
    recent = rows[days_before(book, rows["sent_at"]) <= 365]
    asked = per_account(book, recent.groupby("row").size(), 0)
    answered = per_account(book, recent["score"].notna().groupby(recent["row"]).sum(), 0)
    return accounts_where((asked >= 2) & (answered == 0) & paying(book), asked=asked)


def paying(book: Book) -> np.ndarray:
    """Which accounts are customers at the last close."""
    return book.balance(0, 0)[-1] > 0
