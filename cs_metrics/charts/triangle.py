"""The cohort triangle: a cell per cohort and age, losses orange, growth blue, what is not yet seen left empty.

The colours are tints laid over the page, so that the numbers stand out by light and by dark.
"""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from cs_metrics.charts.style import figure
from cs_metrics.charts.style import plain as plain

LEAST, MOST = 0.5, 1.5
TINTS = [
    [0.0, "rgba(217, 100, 40, 0.80)"],
    [0.25, "rgba(226, 120, 50, 0.55)"],
    [0.45, "rgba(236, 150, 80, 0.25)"],
    [0.5, "rgba(138, 148, 166, 0.12)"],
    [0.55, "rgba(90, 150, 230, 0.25)"],
    [0.75, "rgba(70, 135, 220, 0.50)"],
    [1.0, "rgba(50, 115, 205, 0.75)"],
]
ROW = 27


def triangle(cells: pd.DataFrame, unit: str, ink: str | None = None) -> go.Figure:
    """A cell for each row of ``cells``: ``row`` (its label), ``cohort``, ``age``, ``value``, ``hover`` (lines).

    A cell without a value shows a dot. Rows stand in the order in which they come; ``unit`` names the ages, ``ink``
    is the colour of the numbers. Each cell carries its cohort and age, for a click.
    """
    rows = list(dict.fromkeys(cells["row"]))
    ages = list(range(int(cells["age"].max()) + 1)) if len(cells) else []
    place = {name: at for at, name in enumerate(rows)}
    shares: list[list[float | None]] = [[None] * len(ages) for _ in rows]
    for row, age, value in zip(cells["row"], cells["age"], cells["value"], strict=True):
        shares[place[row]][age] = None if value != value else float(value)
    tints = {
        "type": "heatmap",
        "x": ages,
        "y": rows,
        "z": shares,
        "zmin": LEAST,
        "zmid": 1,
        "zmax": MOST,
        "colorscale": TINTS,
        "showscale": False,
        "xgap": 2,
        "ygap": 2,
        "hoverinfo": "skip",
    }
    numbers = {
        "type": "scatter",
        "mode": "markers+text",
        "x": cells["age"].tolist(),
        "y": cells["row"].tolist(),
        "text": [f"{100 * value:.0f}" if value == value else "·" for value in cells["value"]],
        "textfont": {"size": 12, **({"color": ink} if ink else {})},
        "marker": {"size": ROW - 3, "symbol": "square", "opacity": 0},
        "customdata": list(zip(cells["cohort"].tolist(), cells["age"].tolist(), strict=True)),
        "hovertext": ["<br>".join(lines) for lines in cells["hover"]],
        "hovertemplate": "%{hovertext}<extra></extra>",
        "selected": {"marker": {"opacity": 0}},
        "unselected": {"marker": {"opacity": 0}, **({"textfont": {"color": ink}} if ink else {})},
    }
    return figure(
        [tints, numbers],
        height=58 + ROW * len(rows),
        x={
            "side": "top",
            "tickmode": "array",
            "tickvals": ages,
            "ticks": "",
            "range": [-0.5, len(ages) - 0.5],
            "title": {"text": unit, "font": {"size": 12}},
        },
        y={"type": "category", "range": [len(rows) - 0.5, -0.5], "showgrid": False, "ticks": ""},
        margin={"l": 8, "r": 8, "t": 48, "b": 8},
    )
