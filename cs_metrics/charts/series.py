"""A figure over time: one or a few lines, with the target where there is one."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from cs_metrics.charts.style import calm, level
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
    figure = go.Figure()
    months = [str(month) for month in table.index]
    for name in table.columns:
        values = table[name]
        figure.add_scatter(
            x=months,
            y=[None if v != v else v for v in values],
            name=str(name),
            mode="lines",
            line={"width": 2.4},
            text=[unit.write(v, currency) for v in values],
            hovertemplate="%{x} · " + str(name) + ": %{text}<extra></extra>",
        )
    calm(figure, height, legend=len(table.columns) > 1)
    if target is not None:
        level(figure, target, f"{target_name}<br>{unit.write(target)}")
    figure.update_xaxes(type="category", nticks=8, tickangle=0)
    return figure.update_yaxes(tickformat=unit.axis)
