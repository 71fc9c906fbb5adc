"""The funnel plot: each person's figure against the size of the book, within the band that luck alone gives it."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from cs_metrics.charts.style import MAIN, QUIET, figure
from cs_metrics.units import Unit

NAMED = 12
OUTSIDE = "#d1581f"
KINDS = {
    "inside": {"name": "inside", "symbol": "circle", "color": MAIN, "size": 10},
    "outside": {"name": "outside the 95 %, as luck may give", "symbol": "diamond-open", "color": OUTSIDE, "size": 12},
    "look": {"name": "worth a look", "symbol": "x", "color": OUTSIDE, "size": 13},
}


def funnel(people: pd.DataFrame, unit: Unit, whole: float, height: int = 420) -> go.Figure:
    """A point per person on the band of her own book: thick 95 %, thin 99.8 %; a dash where such a mix stands.

    ``people`` has a row per person with ``size, value, lowest, low, high, highest, outside, worth_a_look, expected``.
    What lies outside is marked by shape as well as colour. Up to a dozen people are named below their band, of more
    only those outside. Books of one size stand side by side. A point carries the person's name, for a click.
    """
    x = pd.Series(_side_by_side(people["size"].to_numpy(dtype=float)), index=people.index)
    wide = len(people) <= 2 * NAMED
    marks = [
        _bars(x, people["lowest"], people["highest"], 2, 0.55),
        _bars(x, people["low"], people["high"], 11 if wide else 5, 0.3),
        {
            "type": "scatter",
            "mode": "markers",
            "x": x.tolist(),
            "y": people["expected"].tolist(),
            "marker": {"symbol": "line-ew", "size": 14 if wide else 7, "line": {"width": 2, "color": QUIET}},
            "hoverinfo": "skip",
            "showlegend": False,
        },
    ]
    kind = np.where(people["worth_a_look"].astype(bool), "look", np.where(people["outside"] != "", "outside", "inside"))
    for name, look in KINDS.items():
        mine = people[kind == name]
        if not len(mine):
            continue
        named = len(people) > NAMED and name != "inside"
        marks.append(
            {
                "type": "scatter",
                "mode": "markers+text" if named else "markers",
                "name": look["name"],
                "x": x[mine.index].tolist(),
                "y": mine["value"].tolist(),
                "customdata": [[str(person)] for person in mine.index],
                "text": [escape(str(person)) for person in mine.index],
                "textposition": "top center",
                "textfont": {"size": 11},
                "cliponaxis": False,
                "marker": {"symbol": look["symbol"], "size": look["size"], "color": look["color"]},
                "hovertext": [_hover(person, unit) for person in mine.itertuples()],
                "hovertemplate": "%{hovertext}<extra></extra>",
            }
        )
    ends = np.concatenate([people[c].to_numpy(dtype=float) for c in ("low", "high", "value")])
    room = 0.12 * max(ends.max() - ends.min(), 0.01)
    return figure(
        marks,
        height=height,
        legend=bool((kind != "inside").any()),
        x={"title": {"text": "accounts, unequal ones counted for less", "font": {"size": 12}}, **_names(x, people)},
        y={"tickformat": unit.axis, "range": [ends.min() - room, ends.max() + room]},
        level=(whole, f"team<br>{unit.write(whole)}"),
    )


def _names(x: pd.Series, people: pd.DataFrame) -> dict[str, Any]:
    """The axis: each person's name and size where there are few, sizes alone where there are many."""
    if len(people) > NAMED:
        return {"nticks": 8}
    names = [f"{escape(str(name))} · {size:.0f}" for name, size in people["size"].items()]
    return {"tickmode": "array", "tickvals": x.tolist(), "ticktext": names, "tickangle": -35, "tickfont": {"size": 11}}


def _bars(x: pd.Series, low: pd.Series, high: pd.Series, width: int, opacity: float) -> dict[str, Any]:
    """Upright lines, one per person."""
    nothing = [None] * len(x)
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [at for three in zip(x, x, nothing, strict=True) for at in three],
        "y": [at for three in zip(low, high, nothing, strict=True) for at in three],
        "line": {"width": width, "color": f"rgba(138, 148, 166, {opacity})"},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _hover(person: Any, unit: Unit) -> str:
    return (
        f"{escape(str(person.Index))}: {unit.write(person.value)}<br>"
        f"luck gives {unit.write(person.low)} to {unit.write(person.high)}<br>"
        f"{person.accounts:,} accounts, counting as {person.size:.0f}"
    )


def _side_by_side(size: np.ndarray) -> np.ndarray:
    """Places along the axis, moved apart just enough that no two stand on one another.

    >>> _side_by_side(np.array([30.0, 10, 30])).round(2).tolist()
    [29.0, 10.0, 31.0]
    """
    order = np.argsort(size, kind="stable")
    gap = max(float(np.ptp(size)), 1.0) * min(0.1, 1 / (1.5 * len(size))) if len(size) else 0.0
    steps = np.arange(len(size)) * gap
    blocks: list[tuple[float, int]] = []  # neighbours too close together stand around their mean
    for wanted in size[order] - steps:
        mean, count = float(wanted), 1
        while blocks and blocks[-1][0] > mean:
            before, width = blocks.pop()
            mean, count = (mean * count + before * width) / (count + width), count + width
        blocks.append((mean, count))
    out = np.empty(len(size))
    out[order] = np.repeat([mean for mean, _ in blocks], [count for _, count in blocks]) + steps
    return out
