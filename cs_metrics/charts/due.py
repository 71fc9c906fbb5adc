"""What is due, bucket by bucket: a bar for each, in parts by health, plan or value."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from cs_metrics.charts.style import figure
from cs_metrics.units import MONEY

COLOURS = {
    "healthy": "#1f5fbf", "middling": "#8fbcf0", "poor": "#d1581f", "unknown": "#8a94a6",
    "plan": "#1f5fbf", "stale plan": "#f0a04b", "no plan": "#d1581f",
    "large": "#1f5fbf", "medium": "#5aa0e6", "small": "#8fbcf0",
}  # fmt: skip


def due(table: pd.DataFrame, currency: str = "", height: int = 300) -> go.Figure:
    """MRR due, buckets × groups, as stacked bars. Each part carries its group, for a click."""
    marks = [
        {
            "type": "bar",
            "x": [str(bucket) for bucket in table.index],
            "y": table[name].tolist(),
            "name": str(name),
            "marker": {"color": COLOURS.get(str(name))},
            "customdata": [str(name)] * len(table),
            "text": [MONEY.write(value, currency) if value else "" for value in table[name]],
            "textposition": "inside",
            "insidetextanchor": "middle",
            "textangle": 0,
            "hovertemplate": "%{x}, " + str(name) + ": %{text}<extra></extra>",
        }
        for name in table.columns
    ]
    return figure(
        marks,
        height=height,
        legend=len(marks) > 1,
        x={"type": "category", "tickangle": 0},
        y={"tickformat": MONEY.axis},
        barmode="stack",
        uniformtext={"minsize": 9, "mode": "hide"},
    )
