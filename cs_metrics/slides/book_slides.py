"""Slides of a book, a CSM's or the team's: what is in hand, what moved it, how it is kept, what comes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_metrics.analysis.cohorts import triangles
from cs_metrics.analysis.forecast import forecast as forecast_of
from cs_metrics.analysis.likely import FEWEST_FOR_A_RATE
from cs_metrics.analysis.moved import by_account
from cs_metrics.analysis.movements import last_period
from cs_metrics.analysis.survival import survival as survival_of
from cs_metrics.book import Book, Dark
from cs_metrics.metric import METRICS
from cs_metrics.slides import twins, words
from cs_metrics.slides.asked import Ask, slide
from cs_metrics.slides.deck import Slide
from cs_metrics.slides.lines_and_bars import Waterfall
from cs_metrics.slides.parts import Card, Cards, Part, Points
from cs_metrics.slides.tables import Table, Triangle
from cs_metrics.targets import target_of
from cs_metrics.units import MONEY, PERCENT

FOUR = ("mrr", "arr", "net_revenue_retention", "gross_revenue_retention")
RATES = ("net_revenue_retention", "gross_revenue_retention")
RESULTS = ("mrr", "net_revenue_retention", "gross_revenue_retention", "logo_retention", "gross_renewal_rate",
           "net_renewal_rate", "expansion_rate", "revenue_churn_rate")  # fmt: skip
RECENT = 25
MOVERS = 8
AGES = 13


@slide("Cover", customer=True)
def cover(ask: Ask) -> Slide:
    """Whose deck it is, and to when."""
    span = f"Figures to {ask.book.last}, known on {ask.standing.known_on}"
    return Slide("Cover", ask.title or "Customer Success", [], lines=[span, *([ask.version] if ask.version else [])])


@slide("In hand")
def in_hand(ask: Ask) -> Slide:
    """MRR, ARR, what is kept, and the way of the MRR."""
    book, months = ask.book, ask.months
    return Slide(
        "In hand",
        words.in_hand(book, months),
        [twins.series(METRICS["mrr"].of(book, 1).iloc[-RECENT:].to_frame("MRR"), MONEY)],
        METRICS["mrr"].basis(book, months),
        explained(FOUR, book, months),
        above=cards(FOUR, book, months),
    )


@slide("Results against targets")
def results(ask: Ask) -> Slide:
    """The figures of the period beside their targets."""
    book, months = ask.book, ask.months
    rows = []
    for name in RESULTS:
        metric, value = METRICS[name], words.last(name, book, months)
        goal = target_of(book, name, months)
        standing = "" if goal is None else goal.standing(value)
        before = words.last(name, book, months, back=months)
        rows.append(
            {
                "Figure": metric.label,
                "Now": metric.unit.write(value, book.currency),
                "Period before": metric.unit.write(before, book.currency),
                "Change": metric.unit.write_difference(value - before, book.currency),
                "Target": "" if goal is None else goal.written(metric.unit.write),
                "Reached": {"reached": "yes", "below": "not yet"}.get(standing, standing),
            }
        )
    right = ("Now", "Period before", "Change", "Target")
    return Slide(
        "Results against targets",
        words.results(book, months),
        [Table(pd.DataFrame(rows), (4, 2, 2, 2, 1.6, 1.6), right=right)],
        METRICS["net_revenue_retention"].basis(book, months),
        explained(RESULTS, book, months),
        above=cards(("mrr", "net_revenue_retention", "gross_revenue_retention", "logo_retention"), book, months),
    )


def cards(names: tuple[str, ...], book: Book, months: int) -> Cards:
    """A card per metric with its change on the period before."""
    made = []
    for name in names:
        metric, value = METRICS[name], words.last(name, book, months)
        before = words.last(name, book, months, back=months)
        change = metric.unit.write_difference(value - before, book.currency)
        below = f"{change} in {words.counted(months, 'month')}" if value == value and before == before else ""
        made.append(Card(metric.label, metric.unit.write(value, book.currency), below))
    return Cards(made)


def explained(names: tuple[str, ...], book: Book, months: int) -> str:
    """For the speaker: what each figure is and on what it stands."""
    return "\n".join(
        f"{METRICS[n].label}: {METRICS[n].sentence(months)} {METRICS[n].basis(book, months)}." for n in names
    )


def movement_basis(book: Book, months: int) -> str:
    """On what a waterfall stands."""
    return (
        f"MRR, {words.counted(months, 'month')} to {book.last}, {book.currency} · "
        "each month's movements belong to that month's owner"
    )


def scale_note(drawn: Part, book: Book) -> str:
    """Where the scale of a waterfall begins, if not at nothing."""
    begins = drawn.begins if isinstance(drawn, Waterfall) else 0.0
    return f" · the scale begins at {MONEY.write(begins, book.currency)}" if begins else ""


@slide("Movements")
def movements(ask: Ask) -> Slide:
    """The waterfall from the opening to the closing MRR."""
    book, months = ask.book, ask.months
    if book.closes < 2:
        raise Dark("movements need two months")
    amounts = last_period(book, months).iloc[0]
    drawn = twins.waterfall(amounts, book.currency)
    return Slide(
        "Movements",
        words.moved(amounts, book, months),
        [drawn],
        movement_basis(book, months) + scale_note(drawn, book),
        "Opening + new + expansion + reactivation + taken over + contraction + churn + handed on = closing.",
    )


@slide("What moved it")
def what_moved_it(ask: Ask) -> Slide:
    """Which accounts moved net retention since the period before."""
    book, months = ask.book, ask.months
    metric = METRICS["net_revenue_retention"]
    rows = by_account(metric, book, months)
    if not len(rows) or not rows["contribution"].abs().sum():
        raise Dark("what moved net retention needs two whole periods")
    top, whole = rows.head(MOVERS), float(rows["contribution"].sum())
    parts = pd.Series(top["contribution"].to_numpy(), top["name"].astype(str))
    up, down = rows["contribution"].clip(lower=0).sum(), rows["contribution"].clip(upper=0).sum()
    way = "rose" if whole > 0 else "fell"
    return Slide(
        "What moved it",
        f"Net retention {way} by {words.points(abs(whole))} points: {words.points(up)} gained, "
        f"{words.points(-down)} lost; {top['name'].iloc[0]} moved it most",
        [twins.contributions(parts, whole, PERCENT)],
        f"Change of {metric.label} on the {words.counted(months, 'month')} before, by account · "
        f"{metric.basis(book, months)}",
        f"Each account's part in the change; they add up to it. {metric.sentence(months)}",
    )


@slide("Retention")
def retention(ask: Ask) -> Slide:
    """Net and gross retention over time, with the target of the gross."""
    book, months = ask.book, ask.months
    table = pd.DataFrame({METRICS[name].label: METRICS[name].of(book, months) for name in RATES}).dropna(how="all")
    if len(table) < 2:
        raise Dark(f"retention over {words.counted(months, 'month')} needs more months")
    goal = target_of(book, "gross_revenue_retention", months)
    target = None if goal is None else goal.least
    return Slide(
        "Retention",
        words.retention(book, months),
        [twins.series(table.iloc[-RECENT:], PERCENT, target, "target of the gross")],
        METRICS["net_revenue_retention"].basis(book, months),
        explained(RATES, book, months),
    )


@slide("Cohorts")
def cohorts(ask: Ask) -> Slide:
    """What is left of each cohort's MRR, quarter by quarter."""
    book = ask.book
    found = triangles(book, "quarter")
    if found.ages < 2 or not len(found.cohort):
        raise Dark("no cohort is a quarter old yet")
    values, ages = found.values("net"), min(found.ages, AGES)
    curve = found.curves("net")
    curve = curve[(curve["age"] < ages) & (curve["accounts"] >= FEWEST_FOR_A_RATE)]
    cells = [
        {"row": "Average", "age": int(age), "value": value}
        for age, value in zip(curve["age"], curve["value"], strict=True)
    ]
    for row in range(len(found.cohort)):
        name = f"{'≤ ' if found.stock[row] else ''}{found.labels[row]} · {found.accounts[row]:,}"
        few = found.accounts[row] < FEWEST_FOR_A_RATE
        for age in range(ages):
            if values[row, age] == values[row, age]:
                cells.append({"row": name, "age": age, "value": np.nan if few else float(values[row, age])})
    year = curve[curve["age"] == 4]
    said = (
        f"A year after their start cohorts pay {PERCENT.write(float(year['value'].iloc[0]))} of their first MRR"
        if len(year)
        else "What is left of each cohort's MRR"
    )
    return Slide(
        "Cohorts",
        said,
        [Triangle(pd.DataFrame(cells), "quarters")],
        f"Percent of the MRR at the close of the cohort's quarter · to {book.last} · accounts beside the cohort · "
        f"a dot: fewer than {FEWEST_FOR_A_RATE}",
        "Average: all cohorts seen at an age, weighted by their MRR. ≤: there when the data begin.",
    )


@slide("Survival")
def survival(ask: Ask) -> Slide:
    """How long accounts stay."""
    table = survival_of(ask.book)
    if table.empty or not table["lost"].sum():
        raise Dark("no account with a known start has left yet")
    table = table.assign(name="All accounts")
    at = table[table["age_months"] <= 24].iloc[-1]
    ends = f", likely {100 * at['low']:.0f}–{100 * at['high']:.0f} %" if at["low"] == at["low"] else ""
    return Slide(
        "Survival",
        f"{PERCENT.write(at['survival'])} of accounts are still here after {at['age_months']:.0f} months{ends}",
        [twins.survival(table)],
        f"Kaplan–Meier, to {ask.book.last} · dashed: the 95 % range",
        "Accounts are counted from their start; those there when the data begin enter at their age.",
    )


@slide("Expansion")
def expansion(ask: Ask) -> Slide:
    """What grew, and what is in the pipeline."""
    book, months = ask.book, ask.months
    rates = METRICS["expansion_rate"].of(book, months).dropna()
    deals = ask.standing.facts.get("opportunities")
    if not len(rates):
        raise Dark("expansion needs a whole period")
    mine = set(book.held_now().accounts.index)
    parts = [twins.series(rates.iloc[-13:].to_frame("Expansion rate"), PERCENT)]
    headline = f"Expansion {PERCENT.write(rates.iloc[-1])} over {words.counted(months, 'month')}"
    if deals is not None and len(deals):
        names = ask.standing.accounts["name"].to_numpy()[deals["row"]]
        ids = ask.standing.accounts.index.to_numpy()[deals["row"]]
        grows = deals["kind"].astype(str).str.contains("sell") & pd.Series(ids, deals.index).isin(mine)
        deals = deals.assign(name=names, mrr=deals["amount"].astype(float) / ask.standing.scale)
        waiting = deals[grows & deals["won"].isna()].sort_values("mrr", ascending=False)
        if len(waiting):
            count = words.counted(len(waiting), "open opportunity", "open opportunities")
            headline += f"; {MONEY.write(waiting['mrr'].sum(), book.currency)} MRR in {count}"
            rows = {
                "Account": waiting["name"], "Product": waiting["product"], "Stage": waiting["stage"],
                "MRR": [f"{value:,.0f}" for value in waiting["mrr"]],
                "Closes": [words.day(each) for each in waiting["closes_on"]],
            }  # fmt: skip
            parts.append(Table(pd.DataFrame(rows).head(14), (3, 2, 2, 1.4, 1.8), right=("MRR",)))
    return Slide(
        "Expansion", headline, parts, METRICS["expansion_rate"].basis(book, months),
        explained(("expansion_rate",), book, months) + "\nOpportunities: the largest fourteen, as known today.",
        shares=(4, 6)[: len(parts)],
    )  # fmt: skip


@slide("Forecast")
def forecast(ask: Ask) -> Slide:
    """Net retention of the next quarters, with its track record."""
    metric = METRICS["net_revenue_retention"]
    found = forecast_of(metric, ask.book, 4)
    ahead = found.ahead
    first = ahead.iloc[0]
    ends = f" ({100 * first['low']:.1f}–{100 * first['high']:.1f} %)" if first["low"] == first["low"] else ""
    return Slide(
        "Forecast",
        f"Net retention in {first['quarter']}: {PERCENT.write(first['value'])}{ends}"
        + (f"; four quarters compound to {PERCENT.write(found.year)}" if found.year == found.year else ""),
        [twins.forecast(found.history, ahead, pd.Series(dtype=float), None, PERCENT)],
        f"{metric.label} of each quarter · {metric.basis(ask.book, 3)}",
        "\n".join(str(sentence) for sentence in ahead["sentence"]),
    )


@slide("Board page")
def board(ask: Ask) -> Slide:
    """One slide: the four figures, what moved them, and retention over time."""
    book, months = ask.book, ask.months
    if book.closes < 2:
        raise Dark("movements need two months")
    amounts = last_period(book, months).iloc[0]
    rates = pd.DataFrame({METRICS[n].label: METRICS[n].of(book, months) for n in RATES}).dropna(how="all")
    parts = [twins.waterfall(amounts, book.currency)]
    basis = METRICS["net_revenue_retention"].basis(book, months) + scale_note(parts[0], book)
    parts += [twins.series(rates.iloc[-13:], PERCENT)] if len(rates) > 1 else []
    return Slide(
        "Board page", words.retention(book, months), parts, basis,
        explained(FOUR, book, months), above=cards(FOUR, book, months), shares=(6, 5)[: len(parts)],
    )  # fmt: skip


@slide("Next steps")
def next_steps(ask: Ask) -> Slide:
    """A table to fill in."""
    return Slide("Next steps", "What we do next, who, by when", [Table(blank_steps(), (5, 2, 2), tall=True)])


@slide("Text of your own", customer=True)
def own_text(ask: Ask) -> Slide:
    """A slide to write on."""
    return Slide("Text of your own", "The point of this slide", [Points(["Write what you want to say"])])


def blank_steps() -> pd.DataFrame:
    """Rows to be filled in by hand."""
    return pd.DataFrame({"What": [""] * 8, "Who": [""] * 8, "By when": [""] * 8})
