"""A rate by quarter and its next quarters: what was, what was forecast, what is forecast and how far it may be off."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from cs_metrics.charts.style import MAIN, QUIET, figure
from cs_metrics.units import Unit

AHEAD = "#d9702b"


def forecast(
    history: pd.Series,
    ahead: pd.DataFrame,
    before: pd.Series,
    near: tuple[float, float, float] | None,
    unit: Unit,
    height: int = 380,
) -> go.Figure:
    """The past as a line, the forecast dashed with its band where it has one, the last quarter as a quiet line.

    ``before`` is what one-quarter-ahead forecasts of the past said, by quarter; ``near`` the first quarter's expected
    figure and range by its renewals. The past's points carry their place, for a click.
    """
    past, coming = [str(name) for name in history.index], [str(name) for name in ahead["quarter"]]
    last = float(history.iloc[-1])
    own = "forecast" if (ahead["method"] == "mean").any() else "naive line shown"
    marks = [
        _line("actual", past, history.tolist(), unit, {"color": MAIN, "width": 2.4}, mode="lines+markers"),
        _line("last quarter again", [past[-1], *coming], [last] * (1 + len(coming)), unit,
              {"color": QUIET, "width": 1.4, "dash": "dot"}),
        _line(own, [past[-1], *coming], [last, *ahead["value"]], unit,
              {"color": AHEAD, "width": 2.4, "dash": "dash"}, mode="lines+markers"),
    ]  # fmt: skip
    band = ahead[ahead["low"].notna()]
    if len(band):
        quarters = [str(name) for name in band["quarter"]]
        edge = {"type": "scatter", "mode": "lines", "line": {"width": 0}, "showlegend": False, "hoverinfo": "skip"}
        marks[:0] = [
            {**edge, "x": quarters, "y": band["low"].tolist(), "name": "low"},
            {
                **edge,
                "x": quarters,
                "y": band["high"].tolist(),
                "name": "eight times in ten",
                "fill": "tonexty",
                "fillcolor": "rgba(217, 112, 43, 0.18)",
                "showlegend": True,
            },
        ]
    if len(before):
        marks.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": [str(name) for name in before.index],
                "y": before.tolist(),
                "name": "forecast back then",
                "marker": {"color": AHEAD, "size": 8, "symbol": "circle-open"},
                "text": [unit.write(value) for value in before],
                "hovertemplate": "%{x}, forecast a quarter before: %{text}<extra></extra>",
            }
        )
    if near is not None:
        marks.append(_by_renewals(coming[0], *near, unit))
    order = [*past, *coming]
    drawn = figure(
        marks,
        height=height,
        legend=True,
        x={"type": "category", "categoryorder": "array", "categoryarray": order, "nticks": 5, "tickangle": 0},
        y={"tickformat": ".1%" if float(history.max() - history.min()) < 0.05 else unit.axis},
    )
    return drawn.update_layout(legend={"y": -0.14, "yanchor": "top"}, margin={"t": 12})


def _line(
    name: str, x: list[str], y: list[float], unit: Unit, line: dict[str, object], mode: str = "lines"
) -> dict[str, object]:
    return {
        "type": "scatter",
        "mode": mode,
        "x": x,
        "y": y,
        "name": name,
        "line": line,
        "text": [unit.write(value) for value in y],
        "hovertemplate": "%{x} · " + name + ": %{text}<extra></extra>",
    }


def _by_renewals(quarter: str, expected: float, low: float, high: float, unit: Unit) -> dict[str, object]:
    return {
        "type": "scatter",
        "mode": "markers",
        "customdata": [["renewals"]],
        "x": [quarter],
        "y": [expected],
        "name": "by its renewals",
        "marker": {"color": "#2f9e8f", "size": 10, "symbol": "diamond"},
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [high - expected],
            "arrayminus": [expected - low],
            "color": "#2f9e8f",
            "thickness": 2.4,
        },
        "text": [f"{unit.write(expected)}, likely {unit.write(low)} to {unit.write(high)}"],
        "hovertemplate": "%{x}, by its renewals: %{text}<extra></extra>",
    }
