"""Parts of a whole over time, stacked: an account's MRR by product."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from cs_metrics.charts.style import figure, per_column
from cs_metrics.units import Unit


def stacked(table: pd.DataFrame, unit: Unit, height: int = 260, currency: str = "") -> go.Figure:
    """Months along, a bar of parts in each, a colour per column; months before the first revenue are left out."""
    paid = table.sum(axis=1) > 0
    table = table[paid.cummax()]
    marks = per_column(table, unit, currency, type="bar", textposition="none")
    return figure(
        marks,
        height=height,
        legend=len(marks) > 1,
        x={"type": "category", "nticks": 8, "tickangle": 0},
        y={"tickformat": unit.axis},
        barmode="stack",
        bargap=0.15,
    )
