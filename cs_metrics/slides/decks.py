"""The decks: each a short list of slides of a book. A slide that has nothing to say is left out and named.

A customer's deck is made of that customer's own facts alone, chosen one by one: no score, no pulse, no risk, no note,
no price, no other account.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from cs_metrics.analysis.advocates import advocates
from cs_metrics.analysis.bridge import steps
from cs_metrics.analysis.movements import last_period
from cs_metrics.analysis.risk import at_risk
from cs_metrics.book import Book
from cs_metrics.metric import METRICS
from cs_metrics.slides import words
from cs_metrics.slides.deck import Slide
from cs_metrics.slides.parts import Bars, Card, Cards, Lines, Points, Table, Waterfall
from cs_metrics.targets import target_of
from cs_metrics.units import COUNT, MONEY, PERCENT

FOUR = ("mrr", "arr", "net_revenue_retention", "gross_revenue_retention")
RATES = ("net_revenue_retention", "gross_revenue_retention")
MOST_LISTED = 60


def my_book(book: Book, standing: Book, months: int = 12, title: str = "My book") -> list[Slide]:
    """The four things a CSM knows by heart. ``standing`` is the whole book as it stands, for risks and advocates."""
    return [
        _cover(book, title),
        _in_hand(book, months),
        *_moved(book, months),
        *_rates(book, months),
        *_risks(book, standing),
        *_advocates(book, standing),
    ]


def team(book: Book, standing: Book, months: int = 3, title: str = "Team QBR") -> list[Slide]:
    """Results against targets, what moved them, by CSM, risks with plans, advocates."""
    return [
        _cover(book, title),
        _results(book, months),
        *_moved(book, months),
        *_rates(book, months),
        *_by_csm(book, months),
        *_risks(book, standing),
        *_advocates(book, standing),
        _next_steps(),
    ]


def customer(account: Book, title: str = "") -> list[Slide]:
    """A business review with the customer, of what the customer may see. ``account`` is the book of that account."""
    name = str(account.accounts["name"].iloc[0])
    return [
        Slide("Cover", title or f"{name}: business review", [], lines=[f"As of {account.known_on}"]),
        *_goals(account),
        *_adoption(account),
        *_support(account),
        *_satisfaction(account),
        Slide("Roadmap", "What comes next in the product", [Points(["Add what matters to this customer"])]),
        Slide("Next steps", "What we agreed, who does it, by when", [Table(_blank_steps(), (5, 2, 2))]),
    ]


# --- slides of a book -------------------------------------------------------------------------------------------------


def _cover(book: Book, title: str) -> Slide:
    span = f"Figures to {book.last}" if len(book.months) else "No figures yet"
    return Slide("Cover", title, [], lines=[span])


def _in_hand(book: Book, months: int) -> Slide:
    return Slide(
        "In hand",
        words.in_hand(book, months),
        [Lines(METRICS["mrr"].of(book, 1).iloc[-25:].to_frame("MRR"), MONEY)],
        METRICS["mrr"].basis(book, months),
        _explained(FOUR, book, months),
        above=_cards(FOUR, book, months),
    )


def _results(book: Book, months: int) -> Slide:
    names = ("mrr", "net_revenue_retention", "gross_revenue_retention", "logo_retention")
    rows = []
    for name in (*names, "gross_renewal_rate", "net_renewal_rate", "expansion_rate", "revenue_churn_rate"):
        write, value, goal = METRICS[name].unit.write, words.last(name, book, months), target_of(book, name, months)
        standing = "" if goal is None else goal.standing(value)
        rows.append(
            {
                "Figure": METRICS[name].label,
                "Now": write(value, book.currency),
                "Target": write(np.nan) if goal is None else goal.written(write),
                "Reached": {"reached": "yes", "below": "not yet"}.get(standing, standing),
            }
        )
    return Slide(
        "Results",
        words.retention(book, months),
        [Table(pd.DataFrame(rows), (5, 2, 2, 2), right=("Now", "Target"))],
        METRICS["net_revenue_retention"].basis(book, months),
        _explained(names, book, months),
        above=_cards(names, book, months),
    )


def _cards(names: tuple[str, ...], book: Book, months: int) -> Cards:
    cards = []
    for name in names:
        metric = METRICS[name]
        values = metric.of(book, months)
        value = float(values.iloc[-1]) if len(values) else np.nan
        before = float(values.iloc[-1 - months]) if len(values) > months else np.nan
        change = metric.unit.write_difference(value - before, book.currency)
        below = f"{change} in {words.counted(months, 'month')}" if value == value and before == before else ""
        cards.append(Card(metric.label, metric.unit.write(value, book.currency), below))
    return Cards(cards)


def _explained(names: tuple[str, ...], book: Book, months: int) -> str:
    return "\n".join(
        f"{METRICS[n].label}: {METRICS[n].sentence(months)} {METRICS[n].basis(book, months)}." for n in names
    )


def _moved(book: Book, months: int) -> Iterator[Slide]:
    if book.closes < 2:
        return
    amounts = last_period(book, months).iloc[0]
    yield Slide(
        "What moved it",
        words.moved(amounts, book, months),
        [Waterfall(steps(amounts), MONEY, book.currency)],
        f"MRR, {words.counted(months, 'month')} to {book.last} · each month's movements belong to that month's owner",
    )


def _rates(book: Book, months: int) -> Iterator[Slide]:
    table = pd.DataFrame({METRICS[name].label: METRICS[name].of(book, months) for name in RATES}).dropna(how="all")
    if len(table) > 1:
        yield Slide(
            "Retention",
            words.retention(book, months),
            [Lines(table.iloc[-25:], PERCENT)],
            METRICS["net_revenue_retention"].basis(book, months),
            _explained(RATES, book, months),
        )


def _by_csm(book: Book, months: int) -> Iterator[Slide]:
    if len(book.holders) < 2:
        return
    by_name = METRICS["net_revenue_retention"].tally(book, months, "csm")
    known = pd.Series(by_name.values.to_numpy()[-1], by_name.groups).dropna()
    if len(known) > 1:
        yield Slide(
            "By CSM",
            f"Net retention from {PERCENT.write(known.min())} to {PERCENT.write(known.max())} by CSM, by name",
            [Bars(known, PERCENT)],
            METRICS["net_revenue_retention"].basis(book, months) + " · small books differ by luck",
        )


def _risks(book: Book, standing: Book) -> Iterator[Slide]:
    every = at_risk(standing)
    risky = every[every["account_id"].isin(book.held_now().accounts.index)]
    if len(risky) or at_risk_known(standing):
        shown = risky.head(MOST_LISTED)
        rows = pd.DataFrame(
            {
                "Account": shown["name"],
                "CSM": shown["csm"],
                "MRR": [f"{value:,.0f}" for value in shown["mrr"]],
                "Renewal": [_day(day) for day in shown["renewal_date"]],
                "Why": shown["reasons"],
                "Plan": shown["plan"].fillna("no plan"),
            }
        )
        yield Slide(
            "At risk",
            words.at_risk(risky, book),
            [Table(rows, (3, 2, 1.2, 1.4, 5, 3.5), right=("MRR",))] if len(rows) else [Points(["Nothing to show."])],
            f"As known on {standing.known_on} · ranked by MRR × likelihood · {MOST_LISTED} at most",
        )


def at_risk_known(standing: Book) -> bool:
    """Is anything known besides revenue, so that "none at risk" says something?"""
    return any(name in standing.facts for name in ("usage", "tickets", "surveys", "pulses", "touchpoints", "risks"))


def _advocates(book: Book, standing: Book) -> Iterator[Slide]:
    every = advocates(standing)
    friends = every[every["account_id"].isin(book.held_now().accounts.index)].head(MOST_LISTED)
    if len(friends):
        rows = pd.DataFrame(
            {
                "Account": friends["name"],
                "CSM": friends["csm"],
                "MRR": [f"{value:,.0f}" for value in friends["mrr"]],
                "Meets": friends["met"],
                "Reference": ["ready" if ready else "" for ready in friends["reference_ready"]],
            }
        )
        yield Slide(
            "Advocates",
            words.spoken_for(friends),
            [Table(rows, (3, 2, 1.2, 6, 1.4), right=("MRR",))],
            f"As known on {standing.known_on}",
        )


def _next_steps() -> Slide:
    return Slide("Next steps", "What we do next, who, by when", [Table(_blank_steps(), (5, 2, 2))])


def _blank_steps() -> pd.DataFrame:
    return pd.DataFrame({"What": [""] * 6, "Who": [""] * 6, "By when": [""] * 6})


def _day(day: object) -> str:
    return f"{day:%Y-%m-%d}" if isinstance(day, pd.Timestamp) else ""


# --- slides for the customer -----------------------------------------------------------------------------------------


def _goals(account: Book) -> Iterator[Slide]:
    parts = []
    outcomes = account.facts.get("outcomes")
    if outcomes is not None and len(outcomes):
        latest = outcomes.sort_values("achieved_on", ascending=False).head(8)
        rows = {"Achieved": [_day(d) for d in latest["achieved_on"]], "What": latest["story"].fillna("").tolist()}
        parts.append(Table(pd.DataFrame(rows), (1.5, 6)))
    milestones = account.facts.get("onboarding")
    if milestones is not None and len(milestones):
        done = milestones.sort_values("due_on").tail(8)
        rows = {"Milestone": done["milestone"].tolist(), "Done": [_day(d) or "open" for d in done["done_on"]]}
        parts.append(Table(pd.DataFrame(rows), (3, 1.5)))
    if parts:
        count = 0 if outcomes is None else len(outcomes)
        said = words.counted(count, "outcome") + " achieved together" if count else "Where the introduction stands"
        yield Slide("Goals and progress", said, parts, f"As of {account.known_on}", shares=(3, 2)[: len(parts)])


def _monthly(rows: pd.DataFrame, when: str, value: str | None, how: str, account: Book) -> pd.Series:
    """The last 12 months of a fact: counted, or a column summed or averaged."""
    month = rows[when].dt.to_period("M")
    grouped = rows.groupby(month)
    found = grouped.size() if value is None else getattr(grouped[value], how)()
    until = pd.Period(account.known_on, "M")
    return found.reindex(pd.period_range(until - 11, until, freq="M"))


def _adoption(account: Book) -> Iterator[Slide]:
    usage = account.facts.get("usage")
    if usage is None or usage.empty:
        return
    for column, label in (("active_users", "Active users"), ("logins", "Logins"), ("uses", "Uses")):
        monthly = _monthly(usage[usage[column].notna()], "day", column, "sum", account)
        if monthly.notna().sum() > 1:
            known = monthly.dropna()
            headline = f"{label} went from {known.iloc[0]:,.0f} to {known.iloc[-1]:,.0f} in {len(known)} months"
            yield Slide(
                "Adoption",
                headline,
                [Lines(monthly.to_frame(label), COUNT)],
                f"{label} per month, to {account.known_on}",
            )
            return


def _support(account: Book) -> Iterator[Slide]:
    tickets = account.facts.get("tickets")
    if tickets is None or tickets.empty:
        return
    opened = _monthly(tickets, "opened_at", None, "size", account).fillna(0)
    solved = _monthly(tickets[tickets["solved_at"].notna()], "solved_at", None, "size", account).fillna(0)
    still = int(tickets["solved_at"].isna().sum())
    headline = f"{words.counted(int(opened.sum()), 'request')} in 12 months, {still or 'none'} still open"
    yield Slide(
        "Support", headline, [Lines(pd.DataFrame({"Opened": opened, "Solved": solved}), COUNT)],
        f"Requests to support per month, to {account.known_on}",
    )  # fmt: skip


def _satisfaction(account: Book) -> Iterator[Slide]:
    surveys = account.facts.get("surveys")
    answers = None if surveys is None else surveys[surveys["score"].notna() & surveys["responded_at"].notna()]
    if answers is None or answers.empty:
        return
    latest = answers.sort_values("responded_at", ascending=False).head(10)
    rows = {
        "Date": [_day(d.normalize()) for d in latest["responded_at"]],
        "Survey": latest["kind"].tolist(),
        "Score": [f"{score:g}" for score in latest["score"]],
        "In your words": latest["comment"].fillna("").tolist(),
    }
    first = latest.iloc[0]
    yield Slide(
        "Satisfaction",
        f"Your last answer: {first['score']:g} ({first['kind']}, {_day(first['responded_at'].normalize())})",
        [Table(pd.DataFrame(rows), (1.3, 1, 0.8, 7), right=("Score",))],
        f"Answers to surveys, to {account.known_on}",
    )
