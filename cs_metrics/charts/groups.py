"""A figure for each group, side by side in the order of their names: a comparison, not a ranking."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from cs_metrics.charts.style import MAIN, calm, level
from cs_metrics.units import Unit


def by_group(
    values: pd.Series, unit: Unit, whole: float | None = None, height: int = 300, currency: str = ""
) -> go.Figure:
    """A bar per group and a line for the whole; groups without a figure are left out."""
    known = values.dropna()
    figure = go.Figure(
        go.Bar(
            x=[str(name) for name in known.index],
            y=known.tolist(),
            marker={"color": MAIN},
            text=[unit.write(v, currency) for v in known],
            textposition="auto",
            insidetextanchor="end",
            cliponaxis=False,
            hovertemplate="%{x}: %{text}<extra></extra>",
        )
    )
    calm(figure, height)
    if whole is not None and whole == whole:
        level(figure, whole, f"all<br>{unit.write(whole, currency)}")
    figure.update_xaxes(type="category", tickangle=0 if len(known) <= 10 else -40)
    return figure.update_yaxes(tickformat=unit.axis, rangemode="tozero")
