"""Net retention, split into what it is made of: from 100 % up by each kind of expansion, down by what went."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from cs_metrics.charts.style import GRID, MOVEMENT, QUIET, figure
from cs_metrics.units import PERCENT

LABELS = {
    "upsell": "Upsell",
    "cross_sell": "Cross-sell",
    "price": "Price",
    "contraction": "Contraction",
    "churn": "Churn",
}
COLOUR = {
    "upsell": MOVEMENT["new"],
    "cross_sell": MOVEMENT["expansion"],
    "price": MOVEMENT["reactivation"],
    "contraction": MOVEMENT["contraction"],
    "churn": MOVEMENT["churn"],
}
ROOM = 0.2


def split(parts: pd.Series, height: int = 320) -> go.Figure:
    """A floating bar for each part, in shares of the opening MRR; the two ends are levels, not bars.

    ``parts`` is a row of ``by_kind``. The scale need not begin at nothing, so that small steps can be seen. Each bar
    carries its part, for a click.
    """
    shares = [parts[name] / parts["opening"] for name in LABELS]
    levels = [1.0]
    for share in shares:
        levels.append(levels[-1] + share)
    names = ["Opening", *LABELS.values(), "Now"]
    steps = {
        "type": "bar",
        "x": names[1:-1],
        "y": shares,
        "base": levels[:-1],
        "marker": {"color": list(COLOUR.values())},
        "text": [PERCENT.write_difference(share).replace(" points", "") for share in shares],
        "textposition": "outside",
        "cliponaxis": False,
        "customdata": list(LABELS),
        "hovertemplate": "%{x}: %{text} points<extra></extra>",
    }
    ends = {
        "type": "scatter",
        "mode": "markers+text",
        "x": [names[0], names[-1]],
        "y": [levels[0], levels[-1]],
        "marker": {"symbol": "line-ew", "size": 34, "line": {"width": 4, "color": QUIET}},
        "text": ["100 %", PERCENT.write(levels[-1])],
        "textposition": "top center",
        "cliponaxis": False,
        "hovertemplate": "%{x}: %{text}<extra></extra>",
    }
    links = [
        {
            "type": "line",
            "x0": at,
            "x1": at + 1,
            "y0": y,
            "y1": y,
            "line": {"width": 1, "color": GRID},
            "layer": "below",
        }
        for at, y in enumerate(levels)
    ]
    span = max(levels) - min(levels)
    room = ROOM * span or 0.01
    return figure(
        [steps, ends],
        height=height,
        x={"type": "category", "categoryorder": "array", "categoryarray": names},
        y={"range": [min(levels) - room, max(levels) + room], "tickformat": ".1%" if span < 0.04 else ".0%"},
        shapes=links,
    )
