"""The waterfall of movements: what was there, what came, what went, what is left."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from cs_metrics.analysis.bridge import TOTALS, steps
from cs_metrics.charts.style import GRID, MOVEMENT, figure
from cs_metrics.units import MONEY


def waterfall(amounts: pd.Series, currency: str = "", height: int = 340) -> go.Figure:
    """Opening, movements and closing as bars on one scale; gains blue, losses orange, totals grey.

    ``amounts`` are the columns of a row of movements. Each bar carries its name, for a click.
    """
    bars = steps(amounts)
    marks = {
        "type": "bar",
        "x": bars["label"].tolist(),
        "y": (bars["end"] - bars["start"]).tolist(),
        "base": bars["start"].tolist(),
        "marker": {"color": [MOVEMENT[name] for name in bars["name"]]},
        "text": [_written(name, amount, currency) for name, amount in zip(bars["name"], bars["amount"], strict=True)],
        "textposition": "outside",
        "cliponaxis": False,
        "customdata": bars["name"].tolist(),
        "hovertemplate": "%{x}: %{text}<extra></extra>",
    }
    connectors = [
        {
            "type": "line",
            "x0": place,
            "x1": place + 1,
            "y0": end,
            "y1": end,
            "line": {"width": 1, "color": GRID},
            "layer": "below",
        }
        for place, end in enumerate(bars["end"].tolist()[:-1])
    ]
    levels = [*bars["start"], *bars["end"]]
    reach = [min(0, *levels), 1.12 * max(1, *levels)]
    return figure([marks], height=height, y={"range": reach, "tickformat": "~s"}, shapes=connectors)


def _written(name: str, amount: float, currency: str) -> str:
    return MONEY.write(amount, currency) if name in TOTALS else MONEY.write_difference(amount, currency)
