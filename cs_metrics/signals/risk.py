"""Signals of risk. Each weight is the chance of a loss within 180 days that the signal alone stands for.

The weights are a rule of thumb, written down so that it can be discussed; a team's own history replaces them
where it does better. Thresholds are dials, declared above the signal that reads them.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_metrics.book import Book
from cs_metrics.dials import dial
from cs_metrics.lately import (
    URGENT,
    cadence_days,
    days_before,
    days_since_contact,
    days_since_said,
    is_one_of,
    last_of,
    latest_answers,
    open_risks,
    per_account,
    pulses,
    use_by_month,
    use_now_and_before,
)
from cs_metrics.signal import accounts_where, signal


@signal("risk", label="Risk flagged", says="flagged: {why}", needs=("risks",), weight=0.30)
def risk_is_flagged(book: Book) -> pd.DataFrame:
    """The CSM has flagged a risk that is still open."""
    flagged = open_risks(book)
    why = flagged["reason"].fillna("no reason given")
    return pd.DataFrame({"row": flagged.index, "why": why}).reset_index(drop=True)


LOW_PULSE = dial("pulse_is_low.pulse", "Low is a pulse up to", 2, least=1, most=5)


@signal("risk", label="Pulse is low", says="pulse {pulse:.0f} of 5", needs=("pulses",), weight=0.30)
def pulse_is_low(book: Book) -> pd.DataFrame:
    """The CSM's last pulse is {pulse} or lower."""
    last = pulses(book)
    low = last[last["pulse"] <= LOW_PULSE.of(book)]
    return pd.DataFrame({"row": low.index, "pulse": low["pulse"].to_numpy()})


FALLEN_BELOW = dial("pulse_is_falling.below", "And below", 4, least=1, most=6)
FALLEN_WITHIN = dial("pulse_is_falling.days", "Days a fallen pulse counts", 90, "days", least=1, most=730)


@signal(
    "risk",
    label="Pulse is falling",
    says="pulse fell from {before:.0f} to {pulse:.0f}",
    needs=("pulses",),
    weight=0.15,
)
def pulse_is_falling(book: Book) -> pd.DataFrame:
    """The last pulse, given in the last {days}, is lower than the one before and below {below}."""
    last = pulses(book)
    low, recent = last["pulse"] < FALLEN_BELOW.of(book), last["age"] <= FALLEN_WITHIN.of(book)
    fell = last[(last["pulse"] < last["before"]) & low & recent]
    return pd.DataFrame({"row": fell.index, "before": fell["before"].to_numpy(), "pulse": fell["pulse"].to_numpy()})


FALL = dial("usage_is_falling.fall", "Falling is a drop of at least", 0.25, "share", least=0.01)


@signal(
    "risk",
    label="Usage is falling",
    says="{word} down {drop:.0%} on the three months before",
    needs=("usage",),
    weight=0.25,
)
def usage_is_falling(book: Book) -> pd.DataFrame:
    """Use in the last three months is {fall} or more below the three months before."""
    now, before, word = use_now_and_before(book)
    with np.errstate(divide="ignore", invalid="ignore"):
        drop = 1 - now / before
    return accounts_where((drop >= FALL.of(book)) & paying(book), drop=drop).assign(word=word)


LOW_SEAT_USE = dial("seat_use_is_low.share", "Few is a share of seats below", 0.4, "share")


@signal(
    "risk",
    label="Few seats are used",
    says="{share:.0%} of {seats:,.0f} seats used",
    needs=("usage.active_users",),
    weight=0.15,
)
def seat_use_is_low(book: Book) -> pd.DataFrame:
    """Fewer than {share} of the seats paid for were used last month."""
    use = use_by_month(book)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = use.active_users[:, -1] / use.licensed_seats[:, -1]
    return accounts_where((share < LOW_SEAT_USE.of(book)) & paying(book), share=share, seats=use.licensed_seats[:, -1])


MANY_TICKETS = dial("tickets_are_more_than_usual.least", "Fewest tickets that are many", 3, least=1)
TIMES_USUAL = dial("tickets_are_more_than_usual.times", "Times the usual number", 2, "times", least=1)
TICKET_WINDOW = dial(
    "tickets_are_more_than_usual.days", "Days in which tickets are counted", 90, "days", least=7, most=365
)


@signal(
    "risk",
    label="More tickets than usual",
    says="{now:.0f} tickets in {days}, {usual:.1f} is usual",
    needs=("tickets",),
    weight=0.10,
)
def tickets_are_more_than_usual(book: Book) -> pd.DataFrame:
    """{least} or more tickets in {days}, and {times} times the usual number over up to three such spans before."""
    rows, window = book.facts["tickets"], TICKET_WINDOW.of(book)
    age = days_before(book, rows["opened_at"])
    spans = min(age.max() / window - 1, 3)
    if not spans >= 1:
        return accounts_where(np.zeros(0, dtype=bool)).assign(now=0.0, usual=0.0)
    now = per_account(book, rows[age <= window].groupby("row").size(), 0)
    before = (age > window) & (age <= (1 + spans) * window)
    usual = per_account(book, rows[before].groupby("row").size(), 0) / spans
    return accounts_where((now >= MANY_TICKETS.of(book)) & (now >= TIMES_USUAL.of(book) * usual), now=now, usual=usual)


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
    still = rows[rows["solved_at"].isna()]
    still = still[is_one_of(still["priority"], URGENT)]
    days = per_account(book, days_before(book, still["opened_at"]).groupby(still["row"]).max())
    return accounts_where(~np.isnan(days), days=days)


DETRACTOR = dial("is_a_detractor.score", "A detractor answers at most", 6, "points", most=10)
DETRACTOR_DAYS = dial("is_a_detractor.days", "Days an answer counts", 365, "days", least=1, most=1095)


@signal("risk", label="Detractor", says="answered {score:.0f} of 10 to NPS", needs=("surveys.score",), weight=0.20)
def is_a_detractor(book: Book) -> pd.DataFrame:
    """The last answer to NPS, at most {days} old, is {score} or less."""
    score = latest_answers(book, "NPS", DETRACTOR_DAYS.of(book))
    low = score[score <= DETRACTOR.of(book)]
    return pd.DataFrame({"row": low.index, "score": low.to_numpy()})


LOW_RATING = dial("support_is_rated_low.rating", "Low is a rating up to", 2, "points", least=1, most=5)
RATING_DAYS = dial("support_is_rated_low.days", "Days a rating counts", 90, "days", least=1, most=730)


@signal(
    "risk",
    label="Unhappy with support",
    says="rated support {score:.0f} of 5",
    needs=("tickets.csat",),
    weight=0.10,
)
def support_is_rated_low(book: Book) -> pd.DataFrame:
    """The last rating of a ticket, at most {days} old, is {rating} or less."""
    rows = book.facts["tickets"]
    rated_on = rows["solved_at"].fillna(rows["opened_at"])
    rows = rows.assign(rated_on=rated_on)[rows["csat"].notna() & (days_before(book, rated_on) <= RATING_DAYS.of(book))]
    rated = last_of(rows, "rated_on")["csat"]
    low = rated[rated <= LOW_RATING.of(book)]
    return pd.DataFrame({"row": low.index, "score": low.to_numpy()})


LOW_ANSWER = dial("answer_is_low.score", "Low is an answer up to", 2, "points", least=1, most=5)
LOW_ANSWER_DAYS = dial("answer_is_low.days", "Days an answer counts", 180, "days", least=1, most=1095)


@signal("risk", label="Low CSAT", says="answered {score:.0f} of 5 to CSAT", needs=("surveys.score",), weight=0.15)
def answer_is_low(book: Book) -> pd.DataFrame:
    """The last answer to a CSAT survey, at most {days} old, is {score} or less."""
    score = latest_answers(book, "CSAT", LOW_ANSWER_DAYS.of(book))
    low = score[score <= LOW_ANSWER.of(book)]
    return pd.DataFrame({"row": low.index, "score": low.to_numpy()})


LEFT_WITHIN = dial("champion_has_left.days", "Days a leaving counts", 180, "days", least=1, most=730)


@signal("risk", label="Champion has left", says="{role} {name} left", needs=("contacts.role",), weight=0.25)
def champion_has_left(book: Book) -> pd.DataFrame:
    """A champion or executive sponsor left in the last {days}."""
    rows = book.facts["contacts"]
    close = rows["role"].str.casefold().str.contains("champion|sponsor", na=False)
    gone = last_of(rows[close & (days_before(book, rows["left_on"]) <= LEFT_WITHIN.of(book))], "left_on")
    return pd.DataFrame({"row": gone.index, "role": gone["role"].str.casefold(), "name": gone["name"]}).reset_index(
        drop=True
    )


MENTIONED_WITHIN = dial("competitor_is_mentioned.days", "Days a mention counts", 180, "days", least=1, most=730)


@signal(
    "risk",
    label="Competitor mentioned",
    says="a competitor was mentioned {days:.0f} days ago",
    needs=(("notes", "surveys.comment", "pulses", "risks"),),
    weight=0.20,
)
def competitor_is_mentioned(book: Book) -> pd.DataFrame:
    """In the last {days} a pulse, a risk, a survey or a note speaks of a competitor or of switching."""
    since = days_since_said(book, r"(?i)\bcompetit|\bswitch(?:ed|ing)? to\b", MENTIONED_WITHIN.of(book))
    return pd.DataFrame({"row": since.index, "days": since.to_numpy()})


OVERDUE = dial("invoice_is_overdue.days", "Days after it was due", 14, "days", most=365)


@signal(
    "risk",
    label="Invoice overdue",
    says="an invoice is overdue for {days:.0f} days",
    needs=("invoices.due_on",),
    weight=0.15,
)
def invoice_is_overdue(book: Book) -> pd.DataFrame:
    """A bill is unpaid {days} or more after it was due."""
    rows = book.facts["invoices"]
    owing = rows[rows["paid_on"].isna()]
    days = per_account(book, days_before(book, owing["due_on"]).groupby(owing["row"]).max())
    return accounts_where(days >= OVERDUE.of(book), days=days)


@signal(
    "risk",
    label="No recent contact",
    says="no contact for {days:.0f} days, {due:.0f} is the cadence",
    needs=("touchpoints.done_on",),
    weight=0.08,
    shares=("cadence",),
)
def contact_is_overdue(book: Book) -> pd.DataFrame:
    """No touchpoint within the cadence: {first_month} in the first month, {to_day_90} to day 90, then {later}."""
    since, due = days_since_contact(book), cadence_days(book)
    return accounts_where((since > due) & paying(book), days=since, due=due)


REVIEW_DUE = dial("business_review_is_missed.days", "Days without a review", 122, "days", least=1, most=730)


@signal(
    "risk",
    label="QBR missed",
    says="no business review for {days:.0f} days",
    needs=("touchpoints.done_on",),
    weight=0.05,
)
def business_review_is_missed(book: Book) -> pd.DataFrame:
    """No QBR or EBR in the last {days}."""
    since = days_since_contact(book, ("qbr", "ebr"))
    return accounts_where((since > REVIEW_DUE.of(book)) & paying(book), days=since)


LATE = dial("onboarding_is_late.days", "Days past the date that are let pass", 0, "days", most=365)


@signal(
    "risk",
    label="Onboarding is late",
    says="{milestone} is {days:.0f} days late",
    needs=("onboarding.due_on",),
    weight=0.15,
)
def onboarding_is_late(book: Book) -> pd.DataFrame:
    """A milestone of onboarding is more than {days} past its date and not reached."""
    rows = book.facts["onboarding"]
    late = rows[rows["done_on"].isna()]
    late = late[days_before(book, late["due_on"]) > LATE.of(book)].sort_values("due_on").drop_duplicates("row")
    return pd.DataFrame(
        {"row": late["row"], "milestone": late["milestone"], "days": days_before(book, late["due_on"])}
    ).reset_index(drop=True)


NEAR = dial(
    "renewal_is_near_without_a_plan.days",
    "Days before a renewal from which a plan is due",
    90,
    "days",
    least=1,
    most=365,
)


@signal(
    "risk",
    label="Renewal without a plan",
    says="renews in {days:.0f} days, no plan",
    needs=("renewal_date",),
    weight=0.10,
)
def renewal_is_near_without_a_plan(book: Book) -> pd.DataFrame:
    """The renewal is {days} away or nearer, and no plan is written."""
    days = -days_before(book, book.accounts["renewal_date"].reset_index(drop=True)).to_numpy(dtype=float)
    planned = np.zeros(len(book), dtype=bool)
    if "risks" in book.facts:
        planned[open_risks(book)["plan"].dropna().index] = True
    return accounts_where((days >= 0) & (days <= NEAR.of(book)) & ~planned & paying(book), days=days)


CONTRACTED = dial("revenue_has_contracted.drop", "A contraction is a drop of more than", 0.0, "share")
CONTRACTED_IN = dial("revenue_has_contracted.months", "Months looked back", 6, "count", least=1, most=36)


@signal("risk", label="Recent contraction", says="MRR fell by {share:.0%} in {months} months", weight=0.15)
def revenue_has_contracted(book: Book) -> pd.DataFrame:
    """The account pays less than {months} months ago, by more than {drop}."""
    k = min(int(CONTRACTED_IN.of(book)), book.closes - 1)
    if k < 1:
        return accounts_where(np.zeros(0, dtype=bool)).assign(share=0.0)
    opening, closing = book.balance(k, 0)[-1], book.balance(k, k)[-1]
    share = 1 - closing / np.maximum(opening, 1)
    return accounts_where((closing > 0) & (closing < opening) & (share > CONTRACTED.of(book)), share=share)


ASKED = dial("surveys_go_unanswered.asked", "Fewest surveys sent", 2, least=1)
SILENT_DAYS = dial("surveys_go_unanswered.days", "Days looked back", 365, "days", least=30, most=1095)


@signal(
    "risk",
    label="Silent to surveys",
    says="asked {asked:.0f} times in {days}, never answered",
    needs=("surveys.sent_at",),
    weight=0.05,
)
def surveys_go_unanswered(book: Book) -> pd.DataFrame:
    """{asked} or more surveys in {days}, no answer."""
    rows = book.facts["surveys"]
    recent = rows[days_before(book, rows["sent_at"]) <= SILENT_DAYS.of(book)]
    asked = per_account(book, recent.groupby("row").size(), 0)
    answered = per_account(book, recent["score"].notna().groupby(recent["row"]).sum(), 0)
    return accounts_where((asked >= ASKED.of(book)) & (answered == 0) & paying(book), asked=asked)


def paying(book: Book) -> np.ndarray:
    """Which accounts are customers at the last close."""
    return book.balance(0, 0)[-1] > 0
