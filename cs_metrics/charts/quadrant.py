"""Gut against data: each account at its pulse and at what the data say, as large as its MRR."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from cs_metrics.charts.style import GRID, MAIN, MOVEMENT, QUIET, figure

LOOKS = {
    "no disagreement": {"symbol": "circle", "color": QUIET, "opacity": 0.4},
    "pulse bad, data fine": {"symbol": "diamond", "color": MAIN, "opacity": 0.95},
    "pulse good, data warn": {"symbol": "square", "color": MOVEMENT["churn"], "opacity": 0.9},
}
SMALLEST, LARGEST = 6.0, 34.0
SPREAD = 0.36
GOLDEN = 0.6180339887498949


def quadrant(accounts: pd.DataFrame, healthy: float, height: int = 420) -> go.Figure:
    """A point per account: pulse across, health without the pulse up, area by MRR; disagreements by shape and colour.

    ``accounts`` has ``account_id, name, mrr, pulse, data_health, side, sentence``; those without a health are left out.
    Accounts of one pulse stand side by side, always at the same place. A point carries the account's id, for a click.
    """
    known = accounts[accounts["data_health"].notna()].reset_index(drop=True)
    x = known["pulse"].to_numpy(dtype=float) + _aside(known)
    lowest = min(40, 10 * (known["data_health"].min() // 10) - 5) if len(known) else 0
    size = SMALLEST + (LARGEST - SMALLEST) * np.sqrt(known["mrr"].clip(lower=0) / max(known["mrr"].max(), 1e-9))
    marks = [_mark(name, known[known["side"] == name], x, size, look) for name, look in LOOKS.items()]
    drawn = figure(
        [mark for mark in marks if mark["x"]],
        height=height,
        legend=True,
        x={
            "title": {"text": "pulse", "font": {"size": 12}},
            "range": [0.45, 5.55],
            "tickmode": "array",
            "tickvals": [1, 2, 3, 4, 5],
            "ticktext": ["1 leaving", "2", "3", "4", "5 thriving"],
        },
        y={"title": {"text": "health by the data alone", "font": {"size": 12}}, "range": [lowest, 104]},
        level=(healthy, "healthy"),
        shapes=[
            {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": at, "x1": at, "line": {"color": GRID, "width": 1}}
            for at in (2.5, 3.5)
        ],
    )
    return drawn.update_layout(legend={"yanchor": "bottom", "y": 1.02})  # its lines grow away from the points


def _aside(known: pd.DataFrame) -> np.ndarray:
    """How far beside its pulse an account stands: spread evenly, in the order of the ids."""
    nth = known.groupby("pulse")["account_id"].rank(method="first").to_numpy(dtype=float)
    return SPREAD * (2 * ((nth * GOLDEN) % 1) - 1)


def _mark(name: str, mine: pd.DataFrame, x: np.ndarray, size: pd.Series, look: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": x[mine.index].tolist(),
        "y": mine["data_health"].round(1).tolist(),
        "customdata": [[str(account)] for account in mine["account_id"]],
        "marker": {
            "symbol": look["symbol"],
            "color": look["color"],
            "opacity": look["opacity"],
            "size": size[mine.index].round(1).tolist(),
            "line": {"width": 0.5, "color": "rgba(255, 255, 255, 0.6)"},
        },
        "hovertext": [_hover(row) for row in mine.itertuples()],
        "hovertemplate": "%{hovertext}<extra></extra>",
    }


def _hover(row: Any) -> str:
    said = f"{escape(str(row.name))[:60]}<br>pulse {row.pulse:.0f}, data {row.data_health:.0f}, MRR {row.mrr:,.0f}"
    return said + (f"<br>{escape(str(row.sentence))}" if row.sentence else "")
