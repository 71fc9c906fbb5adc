"""Slides about accounts in need or in favour, and about people: risks, renewals, advocates, CSMs, one CSM's review."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from cs_metrics.analysis.advocates import advocates as advocates_of
from cs_metrics.analysis.handovers import handovers, inherited
from cs_metrics.analysis.people import Comparison, compare_people
from cs_metrics.analysis.renewals_due import BUCKETS, due_by, renewals_due
from cs_metrics.analysis.risk import at_risk as at_risk_of
from cs_metrics.book import Book, Dark
from cs_metrics.metric import METRICS
from cs_metrics.slides import twins, words
from cs_metrics.slides.asked import Ask, slide
from cs_metrics.slides.book_slides import explained
from cs_metrics.slides.deck import Slide
from cs_metrics.slides.parts import Card, Cards, Points
from cs_metrics.slides.scatter import Quadrant
from cs_metrics.slides.tables import Table
from cs_metrics.targets import target_of
from cs_metrics.units import MONEY, PERCENT

MOST_LISTED = 60
TEAM_LISTED = 20
JUDGED = ("net_revenue_retention", "gross_revenue_retention", "logo_retention")
SEEN = ("usage", "tickets", "surveys", "pulses", "touchpoints", "risks")


def _mine(rows: pd.DataFrame, book: Book) -> pd.DataFrame:
    return rows[rows["account_id"].isin(book.held_now().accounts.index)]


@slide("At risk")
def at_risk(ask: Ask) -> Slide:
    """Who is at risk, why, and with what plan."""
    risky = _mine(at_risk_of(ask.standing), ask.book)
    if risky.empty and not any(name in ask.standing.facts for name in SEEN):
        raise Dark("nothing is known that could tell a risk: no usage, tickets, surveys, touchpoints, pulses or risks")
    most = MOST_LISTED if ask.book.whose is not None else TEAM_LISTED
    shown = risky.head(most)
    rows = pd.DataFrame(
        {
            "Account": shown["name"],
            "CSM": shown["csm"],
            "MRR": [f"{value:,.0f}" for value in shown["mrr"]],
            "Renewal": [words.day(each) for each in shown["renewal_date"]],
            "Why": shown["reasons"],
            "Plan": shown["plan"].fillna("no plan"),
        }
    )
    return Slide(
        "At risk",
        words.at_risk(risky, ask.book),
        [Table(rows, (2.8, 1.8, 1.1, 1.35, 4.6, 3.4), right=("MRR",), long=("Why", "Plan"))]
        if len(rows)
        else [Points(["No signal of a risk has fired."])],
        f"As known on {ask.standing.known_on} · ranked by MRR × likelihood"
        + (f" · the first {most} of {len(risky)}" if most < len(risky) else ""),
        "Listed from a likelihood of 20 % within 180 days: 1 − Π (1 − weight of each signal).",
    )


@slide("Risk and money")
def risk_map(ask: Ask) -> Slide:
    """Where likelihood and MRR meet."""
    risky = _mine(at_risk_of(ask.standing), ask.book)
    if risky.empty:
        raise Dark("no account is at risk by the signals there are")
    group = np.where(risky["plan"].isna(), "No plan", "With a plan")
    table = pd.DataFrame(
        {"name": risky["name"], "x": risky["likelihood"], "y": risky["mrr"], "group": group}
    ).reset_index(drop=True)
    first = risky.iloc[0]
    return Slide(
        "Risk and money",
        f"{first['name']} puts most at stake: {MONEY.write(first['stake'], ask.book.currency)} of "
        f"{MONEY.write(risky['stake'].sum(), ask.book.currency)} MRR × likelihood",
        [Quadrant(table, PERCENT, MONEY, ("Likelihood of losing the account in 180 days", "MRR"))],
        f"As known on {ask.standing.known_on} · the twelve with most at stake are named",
    )


@slide("Renewals due")
def renewals(ask: Ask) -> Slide:
    """What is due and overdue, by health, and the largest of it."""
    due = _mine(renewals_due(ask.standing), ask.book)
    if due.empty:
        raise Dark(f"nothing is due in the 90 days from {ask.standing.known_on}")
    table = due_by(due, "health").reindex(list(BUCKETS)).fillna(0.0)
    table.index = [str(name).capitalize() for name in table.index]
    largest = due.sort_values("mrr", ascending=False).head(14)
    rows = {
        "Account": largest["name"], "Due": [words.day(each) for each in largest["due_on"]],
        "MRR": [f"{value:,.0f}" for value in largest["mrr"]], "Health": largest["band"].astype(str),
        "Plan": largest["plan"].fillna("no plan"),
    }  # fmt: skip
    late = due[due["bucket"] == BUCKETS[0]]
    said = f"; {words.counted(len(late), 'contract')} overdue" if len(late) else ""
    return Slide(
        "Renewals due",
        f"{MONEY.write(due['mrr'].sum(), ask.book.currency)} MRR with {words.counted(len(due), 'account')} "
        f"is due within 90 days{said}",
        [
            twins.due(table, ask.book.currency),
            Table(pd.DataFrame(rows), (3, 1.7, 1.2, 1.3, 2.4), right=("MRR",)),
        ],
        f"MRR of customers by renewal date, counted from {ask.standing.known_on} · by health · the largest are listed",
        shares=(4, 6),
    )


@slide("Advocates")
def advocates(ask: Ask) -> Slide:
    """Who would speak for us."""
    every = _mine(advocates_of(ask.standing), ask.book)
    most = MOST_LISTED if ask.book.whose is not None else TEAM_LISTED
    friends = every.head(most)
    if friends.empty:
        raise Dark("no account meets the criteria of an advocate yet")
    rows = pd.DataFrame(
        {
            "Account": friends["name"],
            "CSM": friends["csm"],
            "MRR": [f"{value:,.0f}" for value in friends["mrr"]],
            "Reference": ["ready" if ready else "not yet" for ready in friends["reference_ready"]],
            "Still misses": friends["missed"].fillna(""),
        }
    )
    return Slide(
        "Advocates",
        words.spoken_for(every),
        [Table(rows, (3, 2, 1.2, 1.4, 5), right=("MRR",), long=("Still misses",))],
        f"As known on {ask.standing.known_on}" + (f" · the first {most} of {len(every)}" if most < len(every) else ""),
        "Advocate: a promoter or pulse 5, a power user, no open risk.",
    )


def _compared(ask: Ask, name: str = "net_revenue_retention") -> Comparison:
    return compare_people(METRICS[name], ask.whole, ask.months)


@slide("By CSM")
def by_csm(ask: Ask) -> Slide:
    """Each CSM's figure with its likely range, by name."""
    found = _compared(ask)
    people = found.people
    table = pd.DataFrame({"low": people["likely_low"], "expected": people["value"], "high": people["likely_high"]})
    table = table.dropna()
    if len(table) < 2:
        raise Dark("a comparison needs two CSMs with a likely range")
    least, most = PERCENT.write(table["expected"].min()), PERCENT.write(table["expected"].max())
    overlap = "; all likely ranges overlap" if table["low"].max() <= table["high"].min() else ""
    return Slide(
        "By CSM",
        f"Net retention from {least} to {most} by CSM{overlap}",
        [twins.ranges(table, PERCENT)],
        "Likely range, 80 in 100, the shades meet at the figure · by name · "
        + METRICS["net_revenue_retention"].basis(ask.whole, ask.months),
        explained(("net_revenue_retention",), ask.whole, ask.months),
    )


@slide("Luck and CSMs")
def luck(ask: Ask) -> Slide:
    """The funnel: who stands outside what luck gives."""
    found = _compared(ask)
    if not len(found.compared):
        raise Dark(found.reason or "no band of luck can be told")
    outside = int(found.compared["outside"].ne("").sum())
    return Slide(
        "Luck and CSMs",
        f"{outside or 'None'} of {words.counted(len(found.compared), 'CSM')} "
        f"{'stands' if outside < 2 else 'stand'} outside what luck gives a book of that size",
        [twins.funnel(found.compared, PERCENT, found.whole)],
        "Bars: where luck leaves 95 of 100 such books; dashed: the team · "
        + METRICS["net_revenue_retention"].basis(ask.whole, ask.months),
        f"{found.sentence} Books of one size are moved apart.",
    )


# --- one CSM's review ---------------------------------------------------------------------------------------------


def _who(ask: Ask) -> str:
    if ask.book.whose is None or len(ask.book.whose) != 1:
        raise Dark("a review is about one CSM")
    return str(ask.book.owners.names[next(iter(ask.book.whose))])


@slide("Outcomes against targets")
def outcomes(ask: Ask) -> Slide:
    """What was kept, beside the target, what luck gives such a book, and what such a mix of accounts keeps."""
    who, rows, said = _who(ask), [], ""
    for name in JUDGED:
        found, metric = _compared(ask, name), METRICS[name]
        if who not in found.people.index:
            continue
        mine: Any = found.people.loc[who]
        goal = target_of(ask.book, name, ask.months, (str(who),))
        said = said or str(mine["sentence"])
        rows.append(
            {
                "Figure": metric.label,
                "Value": metric.unit.write(mine["value"]),
                "Target": "" if goal is None else goal.written(metric.unit.write),
                "Likely": _span(mine["likely_low"], mine["likely_high"]),
                "Luck gives": _span(mine["low"], mine["high"]),
                "Such a mix": metric.unit.write(mine["expected"]),
                "What it says": mine["sentence"],
            }
        )
    if not rows:
        raise Dark(f"{who} held no account at the opening of the period")
    right = ("Value", "Target", "Likely", "Luck gives", "Such a mix")
    found_so = said[:1].lower() + said[1:].partition(" (")[0]
    return Slide(
        "Outcomes against targets",
        f"Net retention {rows[0]['Value']} over {words.counted(ask.months, 'month')}"
        + (f": {found_so}" if said else ""),
        [Table(pd.DataFrame(rows), (2.6, 1.2, 1.1, 1.9, 1.9, 1.4, 4.5), right=right, long=("What it says", "Figure"))],
        f"Likely: 80 in 100 · luck: where 95 of 100 such books fall · "
        f"{METRICS['net_revenue_retention'].basis(ask.book, ask.months)}",
        explained(JUDGED, ask.book, ask.months) + "\nA figure inside what luck gives is no ground for praise or blame.",
    )


def _span(low: float, high: float) -> str:
    return f"{100 * low:.0f}–{100 * high:.0f} %" if low == low else "–"


@slide("Book taken over and left")
def book_taken_over(ask: Ask) -> Slide:
    """What was taken over and what became of it, and the hand-overs of the period."""
    who, table = _who(ask), inherited(ask.whole)
    if who not in table.index:
        raise Dark(f"{who} holds no paying account")
    mine: Any = table.loc[who]
    currency = ask.book.currency
    cards = [
        Card("Taken over, MRR then", MONEY.write(mine["inherited"], currency),
             f"{words.counted(int(mine['inherited_accounts']), 'account')}, {int(mine['inherited_left'])} left since"),
        Card("What it did since", MONEY.write_difference(mine["since"], currency), ""),
        Card("Held from the start", MONEY.write(mine["own"], currency),
             words.counted(int(mine["own_accounts"]), "account")),
        Card("In hand now", MONEY.write(mine["now"], currency), f"close of {ask.book.last}"),
    ]  # fmt: skip
    moved = handovers(ask.book, max(ask.months, 12))
    rows = pd.DataFrame(
        {
            "Account": moved["name"], "Day": [words.day(pd.Timestamp(each)) for each in moved["day"]],
            "From": moved["from"], "To": moved["to"],
            "MRR then": [f"{value:,.0f}" for value in moved["mrr_then"]],
            "MRR now": [f"{value:,.0f}" for value in moved["mrr_now"]], "Became": moved["became"],
        }
    )  # fmt: skip
    part = (
        Table(rows, (3, 1.4, 2, 2, 1.3, 1.3, 2), right=("MRR then", "MRR now"))
        if len(rows)
        else Points(["No account changed hands in these months."])
    )
    return Slide(
        "Book taken over and left",
        f"{MONEY.write(mine['inherited'], currency)} of the book was taken over; it moved by "
        f"{MONEY.write_difference(mine['since'], currency) or 'nothing'} since",
        [part],
        f"Taken over + since then + held from the start = MRR at the close of {ask.book.last}",
        above=Cards(cards),
    )


@slide("Activity")
def activity(ask: Ask) -> Slide:
    """Meetings held, pulses given, plans carried, what was written for colleagues."""
    who, months = _who(ask), max(ask.months, 3)
    standing = ask.standing
    since = pd.Timestamp(standing.known_on) - pd.DateOffset(months=months)
    earlier = since - pd.DateOffset(months=months)
    rows = []
    for table, column, label in (
        ("touchpoints", "done_on", "Meetings and calls held"),
        ("pulses", "given_on", "Pulses given"),
        ("renewal_calls", "called_on", "Renewal calls made"),
        ("contributions", "done_on", "Written for colleagues"),
    ):
        if table in standing.facts and "csm" in standing.facts[table]:
            facts = standing.facts[table]
            days = facts.loc[facts["csm"].astype(str) == who, column].dropna()
            rows.append((label, int((days > since).sum()), int(((days > earlier) & (days <= since)).sum())))
    if "risks" in standing.facts:
        risks = standing.facts["risks"]
        own = risks[(risks["owner"].astype(str) == who) & risks["planned_on"].notna()]
        days = own["planned_on"]
        rows.append(
            ("Plans for risks made", int((days > since).sum()), int(((days > earlier) & (days <= since)).sum()))
        )
    if not sum(now + before for _, now, before in rows):
        raise Dark(f"no meeting, pulse, call or plan of {who} is known")
    table_of = pd.DataFrame(rows, columns=["What", f"Last {months} months", "The months before"])
    first = max(rows, key=lambda row: row[1])
    return Slide(
        "Activity",
        f"{first[0]}: {first[1]:,} in {words.counted(months, 'month')}, {first[2]:,} in the {months} before",
        [Table(table_of, (5, 2, 2), right=tuple(table_of.columns[1:]))],
        f"As known on {standing.known_on} · activity is no outcome: it explains, it does not judge",
    )


@slide("Manager's notes")
def manager_notes(ask: Ask) -> Slide:
    """What the two agreed, to be written by hand."""
    rows = {"": ["What went well", "What to work on", "Support needed", "Goals for the next period"], "Notes": [""] * 4}
    return Slide("Manager's notes", "What we discussed and agreed", [Table(pd.DataFrame(rows), (2, 6), tall=True)])
