"""A figure for each group, side by side in the order of their names: a comparison, not a ranking."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from cs_metrics.charts.style import MAIN, figure
from cs_metrics.units import Unit


def by_group(
    values: pd.Series, unit: Unit, whole: float | None = None, height: int = 300, currency: str = ""
) -> go.Figure:
    """A bar per group and a line for the whole; groups without a figure are left out."""
    known = values.dropna()
    marks = {
        "type": "bar",
        "x": [str(name) for name in known.index],
        "y": known.tolist(),
        "marker": {"color": MAIN},
        "text": [unit.write(value, currency) for value in known],
        "textposition": "auto",
        "insidetextanchor": "end",
        "cliponaxis": False,
        "hovertemplate": "%{x}: %{text}<extra></extra>",
    }
    return figure(
        [marks],
        height=height,
        x={"type": "category", "tickangle": 0 if len(known) <= 5 else -40},
        y={"tickformat": unit.axis, "rangemode": "tozero"},
        level=None if whole is None or whole != whole else (whole, f"all<br>{unit.write(whole, currency)}"),
    )
