"""Health by band: the scores of accounts as a distribution, and MRR in each band over time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from cs_metrics.charts.style import QUIET, figure

BAND_COLOURS = {"healthy": "#1f5fbf", "middling": "#8fbcf0", "poor": "#d1581f", "unknown": "#8a94a6"}
STEP = 5


def distribution(
    health: np.ndarray, band: np.ndarray, names: tuple[str, ...], before: np.ndarray | None = None, height: int = 260
) -> go.Figure:
    """How many accounts have which score, in steps of five points, coloured by band; ``before`` as an outline."""
    edges = np.arange(0, 101 + STEP, STEP)
    edges[-1] = 101
    marks = []
    for at, name in enumerate(names):
        counts = np.histogram(health[(band == at) & ~np.isnan(health)], edges)[0]
        if counts.any():
            marks.append(
                {
                    "type": "bar",
                    "x": (edges[:-1] + STEP / 2).tolist(),
                    "y": counts.tolist(),
                    "width": STEP * 0.92,
                    "name": name,
                    "marker": {"color": BAND_COLOURS[name]},
                    "customdata": [[name, int(low), int(high)] for low, high in zip(edges, edges[1:], strict=False)],
                    "hovertemplate": "%{customdata[1]} to under %{customdata[2]}: %{y} accounts, "
                    + name
                    + "<extra></extra>",
                }
            )
    if before is not None:
        counts = np.histogram(before[~np.isnan(before)], edges)[0]
        marks.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": [*edges[:-1].tolist(), 100],
                "y": [*counts.tolist(), int(counts[-1])],
                "name": "as in force",
                "line": {"color": QUIET, "width": 2, "dash": "dot", "shape": "hv"},
                "hoverinfo": "skip",
            }
        )
    return figure(
        marks,
        height=height,
        legend=True,
        x={"range": [0, 101], "dtick": 10, "title": {"text": "score, 100 = healthy", "font": {"size": 12}}},
        y={"tickformat": ",~d", "nticks": 5},
        barmode="stack",
        bargap=0,
    )


def bands_over_time(mrr: pd.DataFrame, height: int = 300) -> go.Figure:
    """The share of MRR in each band, a bar a month; ``mrr`` is months × bands."""
    total = mrr.sum(axis=1)
    marks = [
        {
            "type": "bar",
            "x": [str(month) for month in mrr.index],
            "y": [None if whole == 0 else amount / whole for amount, whole in zip(mrr[name], total, strict=True)],
            "name": str(name),
            "marker": {"color": BAND_COLOURS[str(name)]},
            "customdata": [[str(month), str(name)] for month in mrr.index],
            "hovertemplate": "%{x}: %{y:.1%} of MRR, " + str(name) + "<extra></extra>",
        }
        for name in mrr.columns
        if mrr[name].any()
    ]
    return figure(
        marks,
        height=height,
        legend=True,
        x={"type": "category", "nticks": 8, "tickangle": 0},
        y={"tickformat": ".0%", "range": [0, 1.12], "tickvals": [0, 0.25, 0.5, 0.75, 1]},
        barmode="stack",
        bargap=0.15,
    )
