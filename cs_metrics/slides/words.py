"""Headlines: the finding of a slide in one sentence, made of its figures by rule."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_metrics.book import Book
from cs_metrics.metric import METRICS
from cs_metrics.targets import target_of
from cs_metrics.units import MONEY, PERCENT


def counted(count: int, one: str, many: str = "") -> str:
    """A count with its noun.

    >>> counted(1, "account"), counted(1200, "account")
    ('1 account', '1,200 accounts')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def day(when: object) -> str:
    """A day as ISO text; nothing where there is none."""
    return f"{when:%Y-%m-%d}" if isinstance(when, pd.Timestamp) else ""


def last(name: str, book: Book, months: int, back: int = 0) -> float:
    """A metric's last figure, or the one so many months before; not a number where undefined."""
    values = METRICS[name].of(book, months)
    return float(values.iloc[-1 - back]) if len(values) > back else float("nan")


def points(share: float) -> str:
    """A share as points, without a sign.

    >>> points(-0.0123)
    '1.2'
    """
    return f"{100 * abs(share):.1f}"


def retention(book: Book, months: int) -> str:
    """Net retention, what carried it and what it cost, in points of the opening MRR."""
    net = last("net_revenue_retention", book, months)
    if net != net:
        return f"Retention over {counted(months, 'month')} cannot be told yet: the book does not reach back far enough"
    rows = METRICS["net_revenue_retention"].explain(book, None, months)
    moved, opening = rows["top"] - rows["bottom"], float(rows["bottom"].sum())
    gone = (rows["top"] == 0) & (moved < 0)
    kinds = (("upsell", "upsells", "added", moved > 0), ("churn", "churns", "cost", gone),
             ("cut", "cuts", "cost", (moved < 0) & ~gone))  # fmt: skip
    said = [
        f"{counted(int(mask.sum()), one, many)} {did} {points(moved[mask].sum() / opening)} points"
        for one, many, did, mask in kinds
        if opening and abs(moved[mask].sum() / opening) >= 0.0005
    ]
    start = f"Net retention {PERCENT.write(net)} over {counted(months, 'month')}"
    return f"{start}: {', '.join(said)}" if said else f"{start}: nothing moved"


AIMED = ("net_revenue_retention", "gross_revenue_retention", "logo_retention")


def results(book: Book, months: int) -> str:
    """How many of the targets are reached, and what is missing."""
    known = {name: last(name, book, months) for name in AIMED}
    goals = {name: target_of(book, name, months) for name in AIMED}
    least = {name: goal.least for name, goal in goals.items() if goal is not None}
    known = {name: value for name, value in known.items() if value == value and name in least}
    if not known:
        return f"Retention over {counted(months, 'month')} cannot be told yet: the book does not reach back far enough"
    short = {name: least[name] - value for name, value in known.items() if value < least[name]}
    if not short:
        return f"All {len(known)} targets are reached: net retention {PERCENT.write(known['net_revenue_retention'])}"
    most = max(short, key=lambda name: short[name])
    return (
        f"{len(known) - len(short)} of {counted(len(known), 'target')} reached; "
        f"{METRICS[most].label.lower()} is {points(short[most])} points short"
    )


def in_hand(book: Book, months: int) -> str:
    """MRR and ARR in hand, and their way."""
    mrr = METRICS["mrr"].of(book, 1)
    if not len(mrr):
        return "There is no revenue yet"
    now = float(mrr.iloc[-1])
    before = float(mrr.iloc[-1 - months]) if len(mrr) > months else np.nan
    text = f"{MONEY.write(now, book.currency)} MRR in hand, {MONEY.write(12 * now, book.currency)} a year"
    if before == before and before:
        way = "up" if now > before else "down" if now < before else "level"
        moved = "" if way == "level" else f" {PERCENT.write(abs(now / before - 1))}"
        text += f": {way}{moved} in {counted(months, 'month')}"
    return text


def moved(amounts: pd.Series, book: Book, months: int) -> str:
    """What a waterfall shows."""
    grew = amounts["closing"] - amounts["opening"]
    way = "grew" if grew > 0 else "shrank" if grew < 0 else "stayed level"
    gains = {"new customers": amounts["new"], "expansion": amounts["expansion"]}
    losses = {"churn": -amounts["churn"], "contraction": -amounts["contraction"]}
    most = max((gains if grew >= 0 else losses).items(), key=lambda item: item[1])
    text = f"MRR {way}" + (f" by {MONEY.write(abs(grew), book.currency)}" if grew else "")
    text += f" in {counted(months, 'month')}"
    return text + (f", most of it {most[0]} ({MONEY.write(most[1], book.currency)})" if grew and most[1] > 0 else "")


def at_risk(risky: pd.DataFrame, book: Book) -> str:
    """How much is at risk, and how much of it without a plan."""
    if risky.empty:
        return "No account is at risk by the signals there are"
    without = risky["plan"].isna()
    text = f"{counted(len(risky), 'account')} with {MONEY.write(risky['mrr'].sum(), book.currency)} MRR at risk"
    if not without.any():
        return text + ", all with a plan"
    return text + f"; {MONEY.write(risky.loc[without, 'mrr'].sum(), book.currency)} of it without a plan"


def spoken_for(friends: pd.DataFrame) -> str:
    """How many would speak for us."""
    if friends.empty:
        return "No account meets the criteria of an advocate yet"
    ready = int(friends["reference_ready"].sum())
    return f"{counted(len(friends), 'advocate')}, {ready} ready to be a reference"
