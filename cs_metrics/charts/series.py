"""A figure over time: one or a few lines, with the target where there is one."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from cs_metrics.charts.style import figure
from cs_metrics.units import Unit


def series(
    table: pd.DataFrame,
    unit: Unit,
    target: float | None = None,
    target_name: str = "target",
    height: int = 300,
    currency: str = "",
) -> go.Figure:
    """Months along, values up, a line per column; each ends in its name. Undefined months are gaps."""
    months = [str(month) for month in table.index]
    marks = [
        {
            "type": "scatter",
            "x": months,
            "y": [None if value != value else value for value in table[name]],
            "name": str(name),
            "mode": "lines",
            "line": {"width": 2.4},
            "text": [unit.write(value, currency) for value in table[name]],
            "hovertemplate": "%{x} · " + str(name) + ": %{text}<extra></extra>",
        }
        for name in table.columns
    ]
    return figure(
        marks,
        height=height,
        legend=len(marks) > 1,
        x={"type": "category", "nticks": 8, "tickangle": 0},
        y={"tickformat": unit.axis},
        level=None if target is None else (target, f"{target_name}<br>{unit.write(target)}"),
    )
