"""Parts of a whole over time, stacked: an account's MRR by product."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from cs_metrics.charts.style import calm
from cs_metrics.units import Unit


def stacked(table: pd.DataFrame, unit: Unit, height: int = 260, currency: str = "") -> go.Figure:
    """Months along, a bar of parts in each, a colour per column; months before the first revenue are left out."""
    paid = table.sum(axis=1) > 0
    table = table[paid.cummax()]
    figure = go.Figure()
    months = [str(month) for month in table.index]
    for name in table.columns:
        figure.add_bar(
            x=months,
            y=table[name].tolist(),
            name=str(name),
            text=[unit.write(v, currency) for v in table[name]],
            textposition="none",
            hovertemplate="%{x} · " + str(name) + ": %{text}<extra></extra>",
        )
    calm(figure, height, legend=len(table.columns) > 1)
    figure.update_layout(barmode="stack", bargap=0.15)
    figure.update_xaxes(type="category", nticks=8, tickangle=0)
    return figure.update_yaxes(tickformat=unit.axis)
