"""The slide twin of each chart of the pages: called with the same table, it gives a part for a slide.

A twin has the name and the first parameters of its chart in ``cs_metrics.charts``. A chart without one is drawn from
its marks: see ``from_marks``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from cs_metrics.analysis.bridge import steps
from cs_metrics.slides.lines_and_bars import Bars, Lines, Ranges, Stacked, Waterfall
from cs_metrics.slides.parts import Part
from cs_metrics.slides.scatter import Curves, Funnel, Quadrant
from cs_metrics.slides.tables import Triangle
from cs_metrics.units import COUNT, MONEY, PERCENT, RATIO, Unit

TWINS: dict[str, Callable[..., Part]] = {}
BINS = 24
ACCENT_OF = {"healthy": 0, "middling": 4, "poor": 1, "unknown": 5, "plan": 0, "stale plan": 3, "no plan": 1,
             "large": 0, "medium": 4, "small": 5}  # fmt: skip


def twin(function: Callable[..., Part]) -> Callable[..., Part]:
    """Enter a twin under the name of its chart."""
    TWINS[function.__name__] = function
    return function


@twin
def series(table: pd.DataFrame, unit: Unit, target: float | None = None, target_name: str = "target") -> Part:
    """A line per column, the target dashed."""
    if target is None or target != target:
        return Lines(table, unit)
    name = target_name.capitalize()
    return Lines(table.assign(**{name: target}), unit, thin=[name])


@twin
def by_group(values: pd.Series, unit: Unit, whole: float | None = None) -> Part:
    """A bar per group, and one for all."""
    known = values.dropna()
    if whole is not None and whole == whole:
        known = pd.concat([known, pd.Series({"All": whole})])
    return Bars(known, unit)


@twin
def stacked(table: pd.DataFrame, unit: Unit) -> Part:
    """Parts of a whole, months before the first revenue left out."""
    return Stacked(table[(table.sum(axis=1) > 0).cummax()], unit)


@twin
def due(table: pd.DataFrame, currency: str = "") -> Part:
    """What is due by bucket, in parts."""
    return Stacked(table, MONEY, ACCENT_OF)


@twin
def waterfall(amounts: pd.Series, currency: str = "") -> Part:
    """Opening, movements, closing."""
    return Waterfall(steps(amounts), MONEY, currency)


@twin
def causes(rows: pd.DataFrame, unit: Unit, currency: str = "", then: str = "Then", now: str = "Now") -> Part:
    """Then, a step per cause, now."""
    moved = rows[rows["difference"].fillna(0) != 0]
    before, after = float(rows["before"].iloc[0]), float(rows["after"].iloc[-1])
    ends = [("opening", then, before, 0.0, before), ("closing", now, after, 0.0, after)]
    each = [
        (str(row.cause), str(row.cause).capitalize(), row.difference, row.before, row.after)
        for row in moved.itertuples()
    ]
    table = pd.DataFrame([ends[0], *each, ends[1]], columns=["name", "label", "amount", "start", "end"])
    return Waterfall(table, unit, currency)


@twin
def contributions(parts: pd.Series, whole: float, unit: Unit, currency: str = "") -> Part:
    """What each did to a change, the others in one, the sum last."""
    others = whole - parts.sum()
    rows = {str(name): float(value) for name, value in parts.items()}
    rows |= {"All others": others} if abs(others) > 1e-9 else {}
    return Bars(pd.Series({**rows, "Together": whole}), unit, lying=True)


@twin
def ranges(table: pd.DataFrame, unit: Unit) -> Part:
    """Expected figures with their ranges."""
    return Ranges(table, unit)


@twin
def funnel(people: pd.DataFrame, unit: Unit, whole: float) -> Part:
    """People within the bands of luck."""
    return Funnel(people, unit, whole)


@twin
def triangle(cells: pd.DataFrame, unit: str) -> Part:
    """Cohorts by age."""
    return Triangle(cells, unit.partition(" ")[0])


@twin
def curves(lines: pd.DataFrame, unit: str, behind: pd.DataFrame | None = None) -> Part:
    """Shares left by age, a line per group."""
    return Curves(lines, unit[:1].upper() + unit[1:])


@twin
def survival(table: pd.DataFrame) -> Part:
    """Survival as steps, its range dashed."""
    named = table.rename(columns={"age_months": "age", "survival": "value"})
    return Curves(named, "Months since the start", steps=True)


@twin
def forecast(
    history: pd.Series, ahead: pd.DataFrame, before: pd.Series, near: tuple[float, float, float] | None, unit: Unit
) -> Part:
    """The past, what was forecast of it, and the quarters ahead with their range."""
    past, coming = [str(name) for name in history.index], [str(name) for name in ahead["quarter"]]
    last = float(history.iloc[-1])
    table = pd.DataFrame(index=[*past, *coming], dtype=float)
    table.loc[past, "Actual"] = history.to_numpy(dtype=float)
    table.loc[[past[-1], *coming], "Forecast"] = [last, *ahead["value"].astype(float)]
    for name, column in (("Likely, low", "low"), ("Likely, high", "high")):
        if ahead[column].notna().any():
            table.loc[coming, name] = ahead[column].to_numpy(dtype=float)
    thin = [name for name in ("Likely, low", "Likely, high") if name in table]
    return Lines(table, unit, dashed=["Forecast"], thin=thin)


@twin
def odds(
    amounts: np.ndarray, chances: np.ndarray, likely: tuple[float, float], expected: float, currency: str = ""
) -> Part:
    """How likely each amount is, the likely range in strong colour."""
    reached = np.cumsum(chances)
    first, last = np.searchsorted(reached, (0.001, 0.999))
    low, high = float(amounts[first]), float(amounts[min(last, len(amounts) - 1)])
    edges = np.linspace(low, high, BINS + 1) if high > low else np.array([low - 0.5, high + 0.5])
    step = np.clip(np.searchsorted(edges, amounts, side="right") - 1, 0, len(edges) - 2)
    share = np.bincount(step, chances, minlength=len(edges) - 1)
    inside = (edges[1:] > likely[0]) & (edges[:-1] <= likely[1])
    names = [MONEY.write(middle, currency) for middle in (edges[1:] + edges[:-1]) / 2]
    table = pd.DataFrame(
        {"Likely": np.where(inside, share, np.nan), "Less likely": np.where(inside, np.nan, share)}, names
    )
    return Stacked(table, PERCENT, {"Less likely": 5})


def from_marks(drawn: Mapping[str, Any]) -> Part | None:
    """A part from the marks of any other chart, as ``figure.to_dict()`` gives them; None where none has figures.

    Bars become bars, lines over names become lines, marks over two numbers become points or curves.
    """
    marks = [mark for mark in drawn.get("data", ()) if len(_values(mark, "x")) and len(_values(mark, "y"))]
    unit = _unit(str(drawn.get("layout", {}).get("yaxis", {}).get("tickformat", "")))
    bars = [mark for mark in marks if mark["type"] == "bar"]
    if bars and bars[0].get("orientation") == "h":
        return Bars(pd.Series(_values(bars[0], "x"), [str(n) for n in _values(bars[0], "y")], dtype=float), unit, True)
    if bars:
        table = _columns(bars)
        return Bars(table.iloc[:, 0], unit) if table.shape[1] == 1 else Stacked(table, unit)
    lines = [mark for mark in marks if mark["type"] == "scatter" and mark.get("mode") != "text"]
    named = [mark for mark in lines if any(isinstance(x, str) for x in _values(mark, "x"))]
    if named:
        return Lines(_columns(named), unit)
    if not lines:
        return None
    rows = pd.concat(
        pd.DataFrame(
            {
                "name": str(mark.get("name") or "Value"),
                "x": pd.Series(_values(mark, "x"), dtype=float),
                "y": pd.Series(_values(mark, "y"), dtype=float),
            }
        )
        for mark in lines
    ).dropna()
    if all("lines" in str(mark.get("mode", "lines")) for mark in lines):
        return Curves(rows.rename(columns={"x": "age", "y": "value"}), "")
    return Quadrant(rows.assign(group=rows["name"]).reset_index(drop=True), RATIO, unit, ("", ""))


def _columns(marks: list[Mapping[str, Any]]) -> pd.DataFrame:
    """Marks over names side by side."""
    columns: dict[str, pd.Series] = {}
    for place, mark in enumerate(marks):
        names = [str(name).replace("<br>", " ") for name in _values(mark, "x")]
        values = pd.Series(_values(mark, "y"), names, dtype=float)
        columns[str(mark.get("name") or f"Value {place + 1}")] = values[~values.index.duplicated()]
    return pd.DataFrame(columns)


def _values(mark: Mapping[str, Any], axis: str) -> list[Any]:
    found = mark.get(axis)
    return list(found) if found is not None and not isinstance(found, (str, dict)) else []


def _unit(axis: str) -> Unit:
    return PERCENT if "%" in axis else MONEY if "s" in axis else COUNT
