"""What each part did to a change: bars left and right of nothing, the rest in one, the sum below."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from cs_metrics.charts.style import MOVEMENT, QUIET, figure
from cs_metrics.units import Unit


def contributions(parts: pd.Series, whole: float, unit: Unit, currency: str = "") -> go.Figure:
    """A bar per part, in the order given, what the others make, and the whole; up blue, down orange."""
    others = whole - parts.sum()
    rows = [(str(name)[:22], float(value)) for name, value in parts.items()]
    rows += [("All others", others)] if abs(others) > 1e-9 else []
    rows.append(("Together", whole))
    rows.reverse()
    colour = [QUIET if name == "Together" else MOVEMENT["new" if value > 0 else "churn"] for name, value in rows]
    marks = {
        "type": "bar",
        "orientation": "h",
        "x": [value for _, value in rows],
        "y": list(range(len(rows))),
        "marker": {"color": colour},
        "text": [unit.write_difference(value, currency).removesuffix(" points") for _, value in rows],
        "textposition": "outside",
        "cliponaxis": False,
        "customdata": [name for name, _ in rows],
        "hovertemplate": "%{customdata}: %{text}<extra></extra>",
    }
    reach = max((abs(value) for _, value in rows), default=0) or 1.0
    low, high = min(0.0, *(value for _, value in rows)), max(0.0, *(value for _, value in rows))
    return figure(
        [marks],
        height=60 + 28 * len(rows),
        x={"visible": False, "range": [low - 0.4 * reach * (low < 0), high + 0.4 * reach * (high > 0)]},
        y={"tickmode": "array", "tickvals": list(range(len(rows))), "ticktext": [name for name, _ in rows]},
    )
