"""Slides for a customer: made of that customer's own facts alone, chosen one by one.

No score, no pulse, no risk, no note, no call, no price, no pipeline, no other account.
"""

from __future__ import annotations

import pandas as pd

from cs_metrics.book import Book, Dark
from cs_metrics.slides import twins, words
from cs_metrics.slides.asked import Ask, slide
from cs_metrics.slides.book_slides import blank_steps
from cs_metrics.slides.deck import Slide
from cs_metrics.slides.lines_and_bars import Stacked
from cs_metrics.slides.parts import Card, Cards, Part, Points
from cs_metrics.slides.tables import Table
from cs_metrics.units import COUNT, PERCENT

MONTHS = 12
USES = {"active_users": "Active users", "logins": "Logins", "uses": "Uses"}


def _facts(account: Book, table: str, missing: str) -> pd.DataFrame:
    """The account's rows of a table. Raises Dark where there is none."""
    found = account.facts.get(table)
    if found is None or found.empty:
        raise Dark(missing)
    return found


def _monthly(rows: pd.DataFrame, when: str, value: str | None, how: str, account: Book) -> pd.Series:
    """The last 12 months of a fact: counted, or a column summed or averaged."""
    month = rows[when].dt.to_period("M")
    grouped = rows.groupby(month)
    found = grouped.size() if value is None else getattr(grouped[value], how)()
    until = pd.Period(account.known_on, "M")
    return found.reindex(pd.period_range(until - MONTHS + 1, until, freq="M")).astype(float)


def _recent(rows: pd.DataFrame, when: str, account: Book) -> pd.DataFrame:
    """The rows of the last 12 months."""
    return rows[rows[when] > pd.Timestamp(account.known_on) - pd.DateOffset(months=MONTHS)]


@slide("Review: cover", customer=True)
def review_cover(ask: Ask) -> Slide:
    """The customer's name and the day."""
    name = str(ask.book.accounts["name"].iloc[0])
    return Slide("Cover", ask.title or f"{name}: business review", [], lines=[f"As of {ask.book.known_on}"])


@slide("Goals and progress", customer=True)
def goals(ask: Ask) -> Slide:
    """The milestones agreed, and how far they are."""
    milestones = _facts(ask.book, "onboarding", "no milestone is known").sort_values("due_on").tail(12)
    done = milestones["done_on"].notna()
    rows = {
        "Milestone": [str(each)[:1].upper() + str(each)[1:] for each in milestones["milestone"]],
        "Due": [words.day(each) for each in milestones["due_on"]],
        "Done": [words.day(each) or "open" for each in milestones["done_on"]],
    }
    still = int((~done).sum())
    said = (
        f"All {len(done)} milestones are reached"
        if done.all()
        else f"{int(done.sum())} of {len(done)} milestones are reached, {still} to go"
    )
    return Slide("Goals and progress", said, [Table(pd.DataFrame(rows), (5, 2, 2))], f"As of {ask.book.known_on}")


@slide("Value realised", customer=True)
def value(ask: Ask) -> Slide:
    """The outcomes achieved, in the customer's words where they confirmed them."""
    rows = _facts(ask.book, "outcomes", "no outcome is recorded").sort_values("achieved_on", ascending=False)
    confirmed = rows["confirmed_by"].notna() if "confirmed_by" in rows else pd.Series(False, rows.index)
    shown = {
        "Achieved": [words.day(each) for each in rows["achieved_on"]],
        "What": rows["story"].fillna("").tolist(),
        "Confirmed by": rows["confirmed_by"].fillna("").tolist() if "confirmed_by" in rows else [""] * len(rows),
    }
    first = str(shown["What"][0]) or "the latest outcome"
    said = f"{words.counted(len(rows), 'outcome')} achieved together"
    said += f", {int(confirmed.sum())} confirmed by you" if confirmed.any() else ""
    return Slide(
        "Value realised", f"{said}: {first}", [Table(pd.DataFrame(shown), (1.4, 6, 2.2), long=("What",))],
        f"Outcomes recorded to {ask.book.known_on}",
    )  # fmt: skip


@slide("Usage and adoption", customer=True)
def adoption(ask: Ask) -> Slide:
    """Who uses the product, of those who could; and how much of it."""
    usage = _facts(ask.book, "usage", "no usage is known")
    for column in USES:
        known = usage[usage[column].notna()] if column in usage else usage.iloc[:0]
        monthly = _monthly(known, "day", column, "sum", ask.book) if len(known) else pd.Series(dtype=float)
        if monthly.notna().sum() > 1:
            break
    else:
        raise Dark("usage of two months is needed")
    label = USES[column]
    table, months = monthly.to_frame(label), monthly.dropna()
    seats = _last_of(usage, "licensed_seats", ask.book) if column == "active_users" else pd.Series(dtype=float)
    cards = [
        Card(
            label,
            COUNT.write(months.iloc[-1]),
            f"{COUNT.write(months.iloc[0])} a year ago" if len(months) == MONTHS else "",
        )
    ]
    if seats.notna().any():
        table["Seats"] = seats
        share = months.iloc[-1] / seats.dropna().iloc[-1]
        cards.append(Card("Of the seats", PERCENT.write(share), f"{COUNT.write(seats.dropna().iloc[-1])} seats"))
    used, able = (_last_of(usage, name, ask.book).dropna() for name in ("features_used", "features_available"))
    if len(used) and len(able):
        cards.append(Card("Features in use", f"{used.iloc[-1]:.0f} of {able.iloc[-1]:.0f}", ""))
    if column != "logins" and "logins" in usage and usage["logins"].notna().any():
        logins = _monthly(usage[usage["logins"].notna()], "day", "logins", "sum", ask.book).dropna()
        cards.append(
            Card(
                "Logins a month",
                COUNT.write(logins.iloc[-1]),
                f"{COUNT.write(logins.iloc[0])} a year ago" if len(logins) == MONTHS else "",
            )
        )
    headline = f"{label} went from {months.iloc[0]:,.0f} to {months.iloc[-1]:,.0f} in {len(months)} months"
    return Slide(
        "Usage and adoption", headline, [twins.series(table, COUNT)],
        f"{label} per month, to {ask.book.known_on}", above=Cards(cards),
    )  # fmt: skip


def _last_of(usage: pd.DataFrame, column: str, account: Book) -> pd.Series:
    """The largest value of each month of a column that is a state."""
    if column not in usage or usage[column].isna().all():
        return pd.Series(dtype=float)
    return _monthly(usage[usage[column].notna()], "day", column, "max", account)


@slide("Support", customer=True)
def support(ask: Ask) -> Slide:
    """Requests opened and solved, how fast, how they were judged."""
    tickets = _facts(ask.book, "tickets", "no request to support is known")
    opened = _monthly(tickets, "opened_at", None, "size", ask.book).fillna(0)
    solved = _monthly(tickets[tickets["solved_at"].notna()], "solved_at", None, "size", ask.book).fillna(0)
    if not opened.sum() and not solved.sum():
        raise Dark("no request to support in 12 months")
    still, recent = int(tickets["solved_at"].isna().sum()), _recent(tickets, "opened_at", ask.book)
    cards = [Card("Requests in 12 months", f"{int(opened.sum()):,}"), Card("Still open", f"{still:,}")]
    hours = (recent["solved_at"] - recent["opened_at"]).dt.total_seconds().dropna() / 3600
    if len(hours):
        middle = float(hours.median())
        cards.append(Card("Half solved within", f"{middle:.0f} hours" if middle < 48 else f"{middle / 24:.0f} days"))
    if "csat" in recent and recent["csat"].notna().any():
        rated = recent["csat"].dropna()
        cards.append(Card("Your rating of support", f"{rated.mean():.1f} of 5", words.counted(len(rated), "answer")))
    headline = f"{words.counted(int(opened.sum()), 'request')} in 12 months, {still or 'none'} still open"
    return Slide(
        "Support", headline, [Stacked(pd.DataFrame({"Opened": opened, "Solved": solved}), COUNT, beside=True)],
        f"Requests to support per month, to {ask.book.known_on}", above=Cards(cards),
    )  # fmt: skip


@slide("Satisfaction", customer=True)
def satisfaction(ask: Ask) -> Slide:
    """What the customer answered in surveys."""
    surveys = _facts(ask.book, "surveys", "no survey is known")
    answers = surveys[surveys["score"].notna() & surveys["responded_at"].notna()]
    if answers.empty:
        raise Dark("no survey was answered")
    latest = answers.sort_values("responded_at", ascending=False).head(10)
    rows = {
        "Date": [words.day(each.normalize()) for each in latest["responded_at"]],
        "Survey": latest["kind"].fillna("").tolist(),
        "Score": [f"{score:g}" for score in latest["score"]],
        "Who": latest["respondent"].fillna("").tolist() if "respondent" in latest else [""] * len(latest),
        "In your words": latest["comment"].fillna("").tolist(),
    }
    first = latest.iloc[0]
    return Slide(
        "Satisfaction",
        f"Your last answer: {first['score']:g} ({first['kind']}, {words.day(first['responded_at'].normalize())})",
        [Table(pd.DataFrame(rows), (1.3, 1, 0.8, 2, 6), right=("Score",), long=("In your words",))],
        f"Answers to surveys, to {ask.book.known_on}",
    )


@slide("Roadmap", customer=True)
def roadmap(ask: Ask) -> Slide:
    """To be filled in: what comes in the product."""
    rows = {"When": ["Now", "Next", "Later"], "What comes": [""] * 3, "What it will do for you": [""] * 3}
    return Slide("Roadmap", "What comes next in the product", [Table(pd.DataFrame(rows), (1.2, 4, 4), tall=True)])


@slide("Opportunities", customer=True)
def opportunities(ask: Ask) -> Slide:
    """Where the customer could get more out of what there is: seats and features not used, products not held."""
    account, said = ask.book, []
    usage = account.facts.get("usage")
    if usage is not None and len(usage):
        active, seats = (_last_of(usage, name, account).dropna() for name in ("active_users", "licensed_seats"))
        if len(active) and len(seats) and seats.iloc[-1] > active.iloc[-1]:
            said.append(
                f"{seats.iloc[-1] - active.iloc[-1]:.0f} of {seats.iloc[-1]:.0f} seats are not used yet: "
                "who else should have access?"
            )
        used, able = (_last_of(usage, name, account).dropna() for name in ("features_used", "features_available"))
        if len(used) and len(able) and able.iloc[-1] > used.iloc[-1]:
            said.append(
                f"{able.iloc[-1] - used.iloc[-1]:.0f} of {able.iloc[-1]:.0f} features wait to be tried: "
                "which would save most time?"
            )
    catalogue = account.facts.get("products")
    if catalogue is not None and len(catalogue):
        held = _held(account)
        others = [str(name) for name in catalogue["product"] if str(name) not in held]
        if held and others:
            said.append(f"Not in use yet: {', '.join(others)}")
    if not said:
        raise Dark("nothing is known of seats, features or products that could be used more")
    parts: list[Part] = [Points(said, 20)]
    count = words.counted(len(said), "way")
    return Slide("Opportunities", f"{count} to get more out of it", parts, f"As of {account.known_on}")


def _held(account: Book) -> set[str]:
    """The products the account pays for at the last close."""
    own = account.per_product()
    return set(own.accounts["product"][own.balance(0, 0)[-1] > 0].astype(str))


@slide("Agreed next steps", customer=True)
def agreed_steps(ask: Ask) -> Slide:
    """To be filled in together."""
    return Slide("Next steps", "What we agreed, who does it, by when", [Table(blank_steps(), (5, 2, 2), tall=True)])
