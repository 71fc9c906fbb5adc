"""From a figure as it was to the figure as it is: one step per cause."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from cs_metrics.charts.style import GRID, MOVEMENT, QUIET, figure
from cs_metrics.units import Unit

COLOUR = {
    "real movement": MOVEMENT["new"],
    "back-dated entry": MOVEMENT["expansion"],
    "correction": MOVEMENT["contraction"],
    "hand-over": MOVEMENT["transfer_in"],
    "fx": MOVEMENT["fx"],
    "definition": MOVEMENT["transfer_out"],
}
WORDS = {"fx": "Exchange rates"}
ROOM = 0.25


def causes(rows: pd.DataFrame, unit: Unit, currency: str = "", then: str = "Then", now: str = "Now") -> go.Figure:
    """Then, a floating bar for each cause, now. Causes that did nothing are left out; each bar carries its cause.

    ``rows`` are the rows of one metric and group of ``changes_since``. The two ends are levels, not bars: the scale
    need not begin at nothing, so that small steps between large figures can be seen.
    """
    moved = rows[rows["difference"].fillna(0) != 0]
    before, after = float(rows["before"].iloc[0]), float(rows["after"].iloc[-1])
    names = [then, *(WORDS.get(cause, cause.capitalize()) for cause in moved["cause"]), now]
    names = [name.replace(" ", "<br>", 1) for name in names]
    steps = {
        "type": "bar",
        "x": names[1:-1],
        "y": moved["difference"].tolist(),
        "base": moved["before"].tolist(),
        "marker": {"color": [COLOUR[cause] for cause in moved["cause"]]},
        "text": [unit.write_difference(value, currency) for value in moved["difference"]],
        "textposition": "outside",
        "cliponaxis": False,
        "customdata": moved["cause"].tolist(),
        "hovertemplate": "%{x}: %{text}<extra></extra>",
    }
    ends = {
        "type": "scatter",
        "mode": "markers+text",
        "x": [names[0], names[-1]],
        "y": [before, after],
        "marker": {"symbol": "line-ew", "size": 34, "line": {"width": 4, "color": QUIET}},
        "text": [unit.write(before, currency), unit.write(after, currency)],
        "textposition": "top center",
        "cliponaxis": False,
        "hovertemplate": "%{x}: %{text}<extra></extra>",
    }
    levels = [before, *moved["after"].tolist()]
    links = [
        {
            "type": "line",
            "x0": at,
            "x1": at + 1,
            "y0": y,
            "y1": y,
            "line": {"width": 1, "color": GRID},
            "layer": "below",
        }
        for at, y in enumerate(levels)
    ]
    reach = [before, after, *moved["before"], *moved["after"]]
    room = ROOM * (max(reach) - min(reach)) or ROOM * abs(before) or 1.0
    return figure(
        [steps, ends],
        height=340,
        x={"type": "category", "categoryorder": "array", "categoryarray": names},
        y={"range": [min(reach) - room, max(reach) + room], "tickformat": _axis(unit, max(reach) - min(reach))},
        shapes=links,
    )


def _axis(unit: Unit, span: float) -> str:
    """The axis format; rates that differ by little with their tenths."""
    return ".1%" if unit.name == "percent" and span < 0.04 else unit.axis
