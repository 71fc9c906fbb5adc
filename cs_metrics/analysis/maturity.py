"""Where does the team stand: does it keep its customers, grow them, and earn on them? What comes next?

Logo retention first, net revenue retention on it, net profitability last: growth that leaks, and profit on a book that
shrinks, do not last.
"""

from __future__ import annotations

from typing import NamedTuple

from cs_metrics.book import Book
from cs_metrics.metric import METRICS, Metric
from cs_metrics.targets import target_of

STEPS = (
    ("logo_retention", "keep customers", "why customers leave"),
    ("net_revenue_retention", "grow with them", "what lets customers grow"),
    ("net_profitability", "earn on them", "what the work costs, and where it pays"),
)
DEFAULT = {"net_profitability": 0.2}


class Step(NamedTuple):
    """A step of maturity: its figure over a year, what to reach, and whether it is; None where it is not known."""

    metric: Metric
    value: float
    target: float
    reached: bool | None
    dark: str | None


def wanted(book: Book, name: str, months: int) -> float:
    """What the team wants to reach in so many months: its own target, else the one that ships."""
    goal = target_of(book, name, months)
    return DEFAULT[name] if goal is None else goal.least


def steps(book: Book, months: int = 12) -> list[Step]:
    """The three steps, each with its figure of the last period."""
    found = []
    for name, *_ in STEPS:
        metric = METRICS[name]
        long_enough = book.closes > months
        asked = metric.asked(book, book.closes - 1 - months, book.closes - 1) if long_enough else book
        value = metric.of(asked, months).iloc[-1] if len(book.months) else float("nan")
        target = wanted(book, name, months)
        dark = metric.dark(book) or ("" if long_enough else f"The book does not reach back {months} months.")
        found.append(Step(metric, value, target, None if value != value else value >= target, dark or None))
    return found


def sentence(found: list[Step]) -> str:
    """Where the team stands and what comes next.

    >>> sentence([Step(METRICS["logo_retention"], 0.8, 0.9, False, None)])  # doctest: +ELLIPSIS
    'The team does not yet keep customers: logo retention is 80.0 %, 90.0 % is wanted. Next: find out why...'
    """
    told: list[str] = []
    for step, (_, does, next_one) in zip(found, STEPS, strict=False):
        label = step.metric.label[:1].lower() + step.metric.label[1:]
        if step.reached is None:
            return " ".join([_reached(told), f"Whether it can {does} is not known: {step.dark or 'no figure'}"]).strip()
        if not step.reached:
            figure = f"{label} is {step.metric.unit.write(step.value)}, {step.metric.unit.write(step.target)} is wanted"
            return " ".join(
                [_reached(told), f"The team does not yet {does}: {figure}. Next: find out {next_one}."]
            ).strip()
        told.append(does)
    return f"{_reached(told)} Next: hold it, and raise the targets."


def _reached(told: list[str]) -> str:
    return f"The team does {' and '.join(told)}." if told else ""
