"""What is due, bucket by bucket: a bar for each, in parts by health, plan or value."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from cs_metrics.charts.style import figure, per_column
from cs_metrics.units import MONEY

COLOURS = {
    "healthy": "#1f5fbf", "middling": "#8fbcf0", "poor": "#d1581f", "unknown": "#8a94a6",
    "plan": "#1f5fbf", "stale plan": "#f0a04b", "no plan": "#d1581f",
    "large": "#1f5fbf", "medium": "#5aa0e6", "small": "#8fbcf0",
}  # fmt: skip


def due(table: pd.DataFrame, currency: str = "", height: int = 300) -> go.Figure:
    """MRR due, buckets × groups, as stacked bars. Each part carries its group, for a click."""
    inside = {"textposition": "inside", "insidetextanchor": "middle", "textangle": 0}
    marks = [
        mark | {
            "marker": {"color": COLOURS.get(mark["name"])},
            "customdata": [mark["name"]] * len(table),
            "text": [text if value else "" for text, value in zip(mark["text"], mark["y"], strict=True)],
        }
        for mark in per_column(table, MONEY, currency, type="bar", **inside)
    ]  # fmt: skip
    return figure(
        marks,
        height=height,
        legend=len(marks) > 1,
        x={"type": "category", "tickangle": 0},
        y={"tickformat": MONEY.axis},
        barmode="stack",
        uniformtext={"minsize": 9, "mode": "hide"},
    )
