"""How likely each amount is: the distribution of what will be renewed, its likely range in strong colour."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from cs_metrics.charts.style import MAIN, QUIET, figure
from cs_metrics.units import MONEY

BINS = 36


def odds(
    amounts: np.ndarray,
    chances: np.ndarray,
    likely: tuple[float, float],
    expected: float,
    currency: str = "",
    height: int = 300,
) -> go.Figure:
    """Amounts along, in equal steps, the chance of each step up; amounts with next to no chance are left out."""
    reached = np.cumsum(chances)
    first, last = np.searchsorted(reached, (0.001, 0.999))
    lowest, highest = float(amounts[first]), float(amounts[min(last, len(amounts) - 1)])
    edges = np.linspace(lowest, highest, BINS + 1) if highest > lowest else np.array([lowest - 0.5, highest + 0.5])
    step = np.clip(np.searchsorted(edges, amounts, side="right") - 1, 0, len(edges) - 2)
    share = np.bincount(step, chances, minlength=len(edges) - 1)
    middle = (edges[1:] + edges[:-1]) / 2
    inside = (edges[1:] > likely[0]) & (edges[:-1] <= likely[1])
    marks = {
        "type": "bar",
        "x": middle.tolist(),
        "y": share.tolist(),
        "width": (edges[1:] - edges[:-1]).tolist(),
        "marker": {"color": [MAIN if part else "rgba(138, 148, 166, 0.45)" for part in inside]},
        "text": [
            f"{MONEY.write(low, currency)} to {MONEY.write(high, currency)}: {100 * chance:.1f} %"
            for low, high, chance in zip(edges, edges[1:], share, strict=False)
        ],
        "textposition": "none",
        "hovertemplate": "%{text}<extra></extra>",
    }
    return figure(
        [marks],
        height=height,
        x={"tickformat": MONEY.axis, "nticks": 6, "tickangle": 0},
        y={"tickformat": ".0%", "rangemode": "tozero"},
        bargap=0.06,
        shapes=[
            {
                "type": "line",
                "yref": "paper",
                "x0": expected,
                "x1": expected,
                "y0": 0,
                "y1": 0.95,
                "line": {"dash": "dot", "width": 1.6, "color": QUIET},
            }
        ],
    )
