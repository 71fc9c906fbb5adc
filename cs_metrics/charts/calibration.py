"""Of customers with such a score, the share that was lost, with its range; and the share that was to be expected."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from cs_metrics.charts.style import MAIN, figure
from cs_metrics.units import PERCENT

EXPECTED = "#d9702b"


def calibration(bands: pd.DataFrame, height: int = 320) -> go.Figure:
    """A mark per band of scores, lowest first, as ``analysis.calibration`` gives them."""
    names = [f"{low:.0f}–{high:.0f}" for low, high in zip(bands["from_score"], bands["to_score"], strict=True)]
    low, high = (bands[end].fillna(bands["share"]) for end in ("low", "high"))
    said = [
        f"{lost:,} of {n:,} lost, {PERCENT.write(share)}"
        for n, lost, share in zip(bands["n"], bands["lost"], bands["share"], strict=True)
    ]
    marks = [
        {
            "type": "bar",
            "name": "was lost",
            "x": names,
            "y": bands["share"].tolist(),
            "marker": {"color": MAIN},
            "error_y": {
                "type": "data",
                "symmetric": False,
                "array": (high - bands["share"]).tolist(),
                "arrayminus": (bands["share"] - low).tolist(),
                "color": "#8a94a6",
                "thickness": 2,
                "width": 5,
            },
            "text": said,
            "textposition": "none",
            "hovertemplate": "Score %{x}: %{text}<extra></extra>",
        }
    ]
    if bands["expected"].notna().any():
        marks.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": "was to be expected",
                "x": names,
                "y": bands["expected"].tolist(),
                "marker": {"color": EXPECTED, "size": 11, "symbol": "diamond"},
                "text": [PERCENT.write(value) for value in bands["expected"]],
                "hovertemplate": "Score %{x}: %{text} was to be expected<extra></extra>",
            }
        )
    return figure(
        marks,
        height=height,
        legend=len(marks) > 1,
        x={"type": "category", "tickangle": 0, "title": {"text": "health score, 100 = healthy", "font": {"size": 12}}},
        y={"tickformat": ".0%", "rangemode": "tozero"},
    )
