"""A figure over time: one or a few lines, with the target where there is one."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from cs_metrics.charts.style import TO_CLICK, figure, per_column
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
    marks = per_column(table, unit, currency, type="scatter", line={"width": 2.4}, **TO_CLICK)
    return figure(
        marks,
        height=height,
        legend=len(marks) > 1,
        x={"type": "category", "nticks": 5, "tickangle": 0},
        y={"tickformat": unit.axis},
        level=None if target is None else (target, f"{target_name}<br>{unit.write(target)}"),
    )
