"""Parts of a whole over time, stacked: an account's MRR by product."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from cs_metrics.charts.style import figure
from cs_metrics.units import Unit


def stacked(table: pd.DataFrame, unit: Unit, height: int = 260, currency: str = "") -> go.Figure:
    """Months along, a bar of parts in each, a colour per column; months before the first revenue are left out."""
    paid = table.sum(axis=1) > 0
    table = table[paid.cummax()]
    months = [str(month) for month in table.index]
    marks = [
        {
            "type": "bar",
            "x": months,
            "y": table[name].tolist(),
            "name": str(name),
            "text": [unit.write(value, currency) for value in table[name]],
            "textposition": "none",
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
        barmode="stack",
        bargap=0.15,
    )
