"""How does the book stand against each target in force, and who would reach another one?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from cs_metrics.analysis.likely import FEWEST_FOR_A_RATE
from cs_metrics.analysis.people import shares_of
from cs_metrics.book import UNASSIGNED, Book
from cs_metrics.dials import tried
from cs_metrics.metric import METRICS, Metric
from cs_metrics.targets import TARGETS, YEAR, Target

COLUMNS = ("metric", "label", "value", "missing", "least", "most", "year", "standing", "about", "since", "author")


def shown_targets() -> list[Target]:
    """The targets whose metric there is."""
    return [each for each in TARGETS.values() if each.metric in METRICS]


def standing(book: Book, months: int = YEAR, settings: Book | None = None) -> pd.DataFrame:
    """Where does the book stand against each target in force?

    One row per target: ``metric, label, value`` over the months up to the book's last, what is ``missing`` where there
    is none; ``least`` and ``most`` in force (``most`` blank where there is no upper end; ``year`` the year's target
    whose pace they are); ``standing`` reached, below or above; ``about`` whom it was set, ``since`` when, by which
    ``author``. ``settings`` is the book whose settings hold, where it is another: the same as it stands today.
    """
    rows = []
    for each in shown_targets():
        metric = METRICS[each.metric]
        goal = each.of(book if settings is None else settings, months)
        missing = metric.dark(book) or ""
        value = np.nan if missing else _last(metric, book, months)
        if not missing and value != value:
            missing = f"nothing to count in {months} months" if months <= len(book.months) else "too few months"
        standing = goal.standing(value)
        label = (metric.name, metric.label, value, missing, goal.least, goal.most, goal.year, standing)
        rows.append((*label, goal.about, goal.since, goal.author))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _last(metric: Metric, book: Book, months: int) -> float:
    values = metric.of(book, months)
    return float(values.iloc[-1]) if len(values) else np.nan


def reaching(book: Book, metric: Metric, months: int, values: Mapping[str, float], about: str = "") -> pd.DataFrame:
    """Which CSMs reach the target in force, and which would reach this one? One row per CSM, by name.

    ``csm, value, standing, would``: each CSM against the target that holds for that CSM. Whoever opened with fewer than
    five accounts has no rate and is left out.
    """
    figures = book.answered(("figures of csms", metric.name, months), lambda: _of_csms(metric, book, months))
    before, after = TARGETS[metric.name], tried(book, values, about)
    rows = []
    for csm, value in figures.items():
        for_whom = (str(csm),)
        was, would = (before.of(where, months, for_whom).standing(value) for where in (book, after))
        rows.append((csm, value, was, would))
    return pd.DataFrame(rows, columns=["csm", "value", "standing", "would"])


def _of_csms(metric: Metric, book: Book, months: int) -> pd.Series:
    if metric.dark(book) or months >= book.closes or len(book.holders) < 2:
        return pd.Series(dtype=float)
    shares = shares_of(metric, book, months)
    accounts = np.bincount(shares.person[shares.bottom > 0], minlength=len(shares.names))
    values = metric.by(book, "csm", months).iloc[-1]
    counted = pd.Series(accounts, [str(name) for name in shares.names])
    kept = [n for n in values.index if counted.get(str(n), 0) >= FEWEST_FOR_A_RATE and n != UNASSIGNED]
    return values[kept].dropna().sort_index()
