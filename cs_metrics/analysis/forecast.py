"""The next quarters' retention, with a range and its own track record, against saying "the same again".

Eight to twenty quarters are too few for models. The forecast is the mean of the last four quarters. It is tried on
the past: from every quarter with eight before it, looking only back, against two naive ones, the last quarter again
and the same quarter of the year before. Where it is not better than both, it has no skill, and the better naive line
is shown in its place. The range comes from how far the line shown was off in the past (split conformal), and only
from eight past forecasts on.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from cs_metrics.book import Book, Dark
from cs_metrics.metric import Metric
from cs_metrics.months import label

QUARTER = 3
SEASON = 4
LEARN = 8
ORIGINS = 8
LEVEL = 0.8
TAIL = (1 - LEVEL) / 2
HORIZONS = 4
OWN = "mean"
NAIVE = ("naive", "seasonal")
WORDS = {
    "mean": "the mean of the last four quarters",
    "naive": "the last quarter again",
    "seasonal": "the same quarter of the year before",
}


METHODS: dict[str, Callable[[np.ndarray, int], float]] = {
    "mean": lambda known, ahead: float(np.mean(known[-SEASON:])),
    "naive": lambda known, ahead: float(known[-1]),
    "seasonal": lambda known, ahead: (
        float(known[len(known) - SEASON + (ahead - 1) % SEASON]) if len(known) >= SEASON else math.nan
    ),
}


class Forecast(NamedTuple):
    """A metric's next quarters.

    ``history`` is the metric of the quarters that end with the book's last month. ``ahead`` has a row per coming
    quarter: ``quarter, ahead, value, low, high, method``, what each method says, and the ``sentence`` about it.
    ``record`` is the track record per horizon, ``tried`` every forecast of the past. ``year`` is four quarters of the
    line shown, compounded.
    """

    metric: Metric
    history: pd.Series
    ahead: pd.DataFrame
    record: pd.DataFrame
    tried: pd.DataFrame
    year: float


def quarters(metric: Metric, book: Book) -> pd.Series:
    """A metric of the whole quarters that end with the book's last month, back to the last undefined one."""
    every = metric.of(book, QUARTER)
    last = every.iloc[::-QUARTER][::-1]
    blank = np.flatnonzero(last.isna().to_numpy())
    known = last.iloc[blank[-1] + 1 if len(blank) else 0 :]
    return known.set_axis(pd.Index([quarter_name(month, book) for month in known.index], name="quarter"))


def quarter_name(month: pd.Period, book: Book) -> str:
    """The name of the three months that end with a month, where they are a quarter of the year; else that month."""
    whole = (month.month - book.settings.fiscal_start + 1) % QUARTER == 0
    return label(month, "quarter", book.settings.fiscal_start) if whole else f"to {month}"


def try_out(values: np.ndarray, horizons: int = HORIZONS, learn: int = LEARN) -> pd.DataFrame:
    """Every forecast of the past: ``origin, ahead, actual`` and what each method said, from what was known then.

    ``origin`` is how many quarters were known.
    """
    rows = [
        (origin, ahead, values[origin + ahead - 1], *(method(values[:origin], ahead) for method in METHODS.values()))
        for ahead in range(1, horizons + 1)
        for origin in range(learn, len(values) - ahead + 1)
    ]
    return pd.DataFrame(rows, columns=["origin", "ahead", "actual", *METHODS])


def reach(errors: np.ndarray, level: float = LEVEL) -> float:
    """How far a forecast may be off, by the sizes of past errors; not a number where they are too few.

    The ⌈(n + 1) × level⌉-th smallest.

    >>> reach(np.array([3, 1, 4, 1, 5, 9, 2, 6]) / 1000)
    0.009
    """
    place = math.ceil((len(errors) + 1) * level - 1e-9)
    return float(np.sort(np.abs(errors))[place - 1]) if 0 < place <= len(errors) else math.nan


def track_record(values: np.ndarray, tried: pd.DataFrame, horizons: int = HORIZONS, learn: int = LEARN) -> pd.DataFrame:
    """How good the forecasts of the past were, a row per horizon.

    ``mae_…`` is each method's mean absolute error; ``skill_naive`` and ``skill_seasonal`` how much smaller the own
    forecast's is, as a share (0 or less: no skill); ``mase`` it over the mean step from quarter to quarter before the
    first origin. ``shown`` is the method to show. ``reach`` is half the width of its range, blank below eight
    origins. ``covered``, ``interval_score``, ``wis`` and ``pinball`` judge the ranges of the past, each made from the
    errors before it, ``judged`` of them.
    """
    step = np.abs(np.diff(values[:learn])).mean() if len(values) >= learn > 1 else math.nan
    rows = []
    for ahead in range(1, horizons + 1):
        here = tried[tried["ahead"] == ahead]
        mae = {name: (here[name] - here["actual"]).abs().mean() for name in METHODS}
        shown = _shown(mae)
        errors = (here["actual"] - here[shown]).to_numpy()
        rows.append(
            {
                "ahead": ahead,
                "origins": len(here),
                **{f"mae_{name}": error for name, error in mae.items()},
                **{f"skill_{name}": _skill(mae[OWN], mae[name]) for name in NAIVE},
                "mase": mae[OWN] / step if step else math.nan,
                "shown": shown,
                "reach": reach(errors) if len(here) >= ORIGINS else math.nan,
                **_judged(here["actual"].to_numpy(), here[shown].to_numpy()),
            }
        )
    return pd.DataFrame(rows)


def _skill(own: float, other: float) -> float:
    return 1 - own / other if other else math.nan


def _shown(mae: dict[str, float]) -> str:
    """The own forecast where it beat both naive ones; else the better of these; the last quarter, with no record."""
    if all(mae[OWN] < mae[name] for name in NAIVE):
        return OWN
    return "seasonal" if mae["seasonal"] <= mae["naive"] else "naive"


def _judged(actual: np.ndarray, said: np.ndarray) -> dict[str, float]:
    """How the ranges would have done, each made from the errors of the forecasts before it."""
    found = []
    for place in range(len(actual)):
        half = reach(actual[:place] - said[:place])
        if half == half:
            y, middle, low, high = actual[place], said[place], said[place] - half, said[place] + half
            quantiles = ((low, TAIL), (middle, 0.5), (high, 1 - TAIL))
            found.append(
                (
                    float(low <= y <= high),
                    interval_score(y, low, high),
                    weighted_interval_score(y, middle, low, high),
                    sum(pinball(y, *quantile) for quantile in quantiles) / len(quantiles),
                )
            )
    names = ("covered", "interval_score", "wis", "pinball")
    means = np.mean(found, axis=0) if found else np.full(len(names), np.nan)
    return {"judged": len(found), **dict(zip(names, means.tolist(), strict=True))}


def pinball(actual: float, quantile: float, share: float) -> float:
    """The loss of naming this quantile: what lies above it costs ``share``, what lies below the rest.

    >>> round(pinball(0.95, 0.97, 0.1), 6), round(pinball(1.00, 0.97, 0.1), 6)
    (0.018, 0.003)
    """
    return share * (actual - quantile) if actual >= quantile else (1 - share) * (quantile - actual)


def interval_score(actual: float, low: float, high: float, level: float = LEVEL) -> float:
    """The width of a range, and what it costs to be outside.

    >>> round(interval_score(0.98, 0.97, 1.01), 6), round(interval_score(0.95, 0.97, 1.01), 6)
    (0.04, 0.24)
    """
    return (high - low) + 2 / (1 - level) * max(low - actual, 0, actual - high)


def weighted_interval_score(actual: float, middle: float, low: float, high: float, level: float = LEVEL) -> float:
    """The middle's error and the interval score, weighted as for one range.

    >>> round(weighted_interval_score(0.995, 0.99, 0.97, 1.01), 6)
    0.004333
    """
    spread = (1 - level) / 2 * interval_score(actual, low, high, level)
    return (0.5 * abs(actual - middle) + spread) / 1.5


def forecast(metric: Metric, book: Book, horizons: int = HORIZONS) -> Forecast:
    """The metric of the coming quarters, with range and track record.

    Raises Dark where the book has no whole quarter with revenue to start from.
    """
    return book.answered(("forecast", metric.name, horizons), lambda: _forecast(metric, book, horizons))


def _forecast(metric: Metric, book: Book, horizons: int) -> Forecast:
    if reason := metric.dark(book) if len(book.months) else "The book has no month.":
        raise Dark(reason)
    history = quarters(metric, book)
    values = history.to_numpy(dtype=float)
    if not len(values):
        raise Dark("No whole quarter with revenue to start from: a forecast needs at least one, better twelve.")
    tried = try_out(values)
    record = track_record(values, tried)
    said = {name: [method(values, ahead) for ahead in range(1, HORIZONS + 1)] for name, method in METHODS.items()}
    shown = np.array([said[method][place] for place, method in enumerate(record["shown"])])
    most = 1.0 if metric.capped else math.inf
    ahead = pd.DataFrame(
        {
            "quarter": [quarter_name(book.last + QUARTER * n, book) for n in record["ahead"]],
            "ahead": record["ahead"],
            "value": shown,
            "low": np.maximum(shown - record["reach"], 0),
            "high": np.minimum(shown + record["reach"], most),
            "method": record["shown"],
            **said,
            "sentence": [_sentence(row) for row in record.itertuples()],
        }
    )
    return Forecast(metric, history, ahead.head(horizons), record.head(horizons), tried, float(np.prod(shown)))


def _sentence(row: object) -> str:
    """What the track record says of one horizon."""
    of = row._asdict()  # type: ignore[attr-defined]
    when = "one quarter ahead" if of["ahead"] == 1 else f"{of['ahead']} quarters ahead"
    if not of["origins"]:
        return f"{when.capitalize()}: no track record yet, so {WORDS['naive']} is shown."
    best = min(NAIVE, key=lambda name: of[f"mae_{name}"])
    off = f"{WORDS[OWN]} missed by {100 * of['mae_mean']:.1f} points, {WORDS[best]} by {100 * of[f'mae_{best}']:.1f}"
    count = f"{of['origins']} past forecast{'s' if of['origins'] > 1 else ''}"
    verdict = "" if of["shown"] == OWN else f" No skill: {WORDS[of['shown']]} is shown."
    proof = "" if of["origins"] >= ORIGINS else f" Not yet validated: a range needs {ORIGINS} past forecasts."
    return f"{when.capitalize()}: in {count} {off}.{verdict}{proof}"
