"""Several expected figures with their ranges, one under the other: scenarios side by side."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from cs_metrics.charts.style import GRID, MAIN, figure
from cs_metrics.units import Unit


def ranges(table: pd.DataFrame, unit: Unit) -> go.Figure:
    """A row per name, first on top: a point at ``expected``, a line from ``low`` to ``high``."""
    table = table[table["expected"].notna()]
    each = table[["expected", "low", "high"]].to_numpy(dtype=float).tolist()
    said = [f"{unit.write(a)}, likely {unit.write(b)} to {unit.write(c)}" for a, b, c in each]
    marks = {
        "type": "scatter",
        "mode": "markers",
        "x": table["expected"].tolist(),
        "y": [str(name)[:32] for name in table.index],
        "marker": {"color": MAIN, "size": 11},
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": (table["high"] - table["expected"]).tolist(),
            "arrayminus": (table["expected"] - table["low"]).tolist(),
            "color": MAIN,
            "thickness": 3,
            "width": 0,
        },
        "text": said,
        "hovertemplate": "%{y}: %{text}<extra></extra>",
    }
    return figure(
        [marks],
        height=70 + 34 * len(table),
        x={
            "tickformat": ".1%" if unit.name == "percent" else unit.axis,
            "showgrid": True,
            "gridcolor": GRID,
            "nticks": 6,
        },
        y={"type": "category", "autorange": "reversed", "showgrid": False},
    )
