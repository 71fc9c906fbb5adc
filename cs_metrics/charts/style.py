"""What all charts share: colours with a fixed meaning, readable without telling red from green, and a calm frame.

A chart gives its marks and its layout to ``figure`` at once, as plain values: putting a figure together piece by
piece costs ten times as much.
"""

from __future__ import annotations

import html
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from cs_metrics.units import Unit

MOVEMENT = {
    "opening": "#8a94a6",
    "closing": "#8a94a6",
    "new": "#1f5fbf",
    "expansion": "#5aa0e6",
    "reactivation": "#8fbcf0",
    "contraction": "#f0a04b",
    "churn": "#d1581f",
    "fx": "#9a87bd",
    "transfer_in": "#7f9a8f",
    "transfer_out": "#b8a283",
}
MAIN = "#3f7fd6"
QUIET = "#8a94a6"
GRID = "rgba(138, 148, 166, 0.22)"


# A line alone takes no click: these points, which nobody sees, do.
TO_CLICK: dict[str, Any] = {
    "mode": "lines+markers",
    "marker": {"size": 12, "opacity": 0},
}


def per_column(table: pd.DataFrame, unit: Unit, currency: str = "", **mark: Any) -> list[dict[str, Any]]:
    """A mark for each column of a table, its rows along, each value written where the mouse is; undefined is a gap."""
    along = [str(name) for name in table.index]
    return [
        {
            "x": along,
            "y": [None if value != value else value for value in table[name].tolist()],
            "name": str(name),
            "text": [unit.write(value, currency) for value in table[name]],
            "hovertemplate": "%{x} · " + plain(name) + ": %{text}<extra></extra>",
            **mark,
        }
        for name in table.columns
    ]


def plain(text: object, most: int = 40) -> str:
    """A customer's text for a chart's label: shown as it is, never as markup.

    >>> plain("<b>R&D</b>")
    '&lt;b&gt;R&amp;D&lt;/b&gt;'
    """
    said = str(text)
    return html.escape(said if len(said) <= most else f"{said[: most - 1]}…", quote=False)


def figure(
    marks: list[dict[str, Any]],
    *,
    height: int = 320,
    legend: bool = False,
    x: dict[str, Any] | None = None,
    y: dict[str, Any] | None = None,
    level: tuple[float, str] | None = None,
    **layout: Any,
) -> go.Figure:
    """Marks in a calm frame: thin grid, room for labels. ``level`` is a dotted line across and its name."""
    margin = {"l": 8, "r": 8, "t": 24 if legend else 12, "b": 8}
    shapes, annotations = list(layout.pop("shapes", [])), []
    if level is not None:
        value, name = level
        margin["r"] = 24 + 6 * max(len(line) for line in name.split("<br>"))
        shapes.append(
            {
                "type": "line",
                "xref": "paper",
                "x0": 0,
                "x1": 1,
                "y0": value,
                "y1": value,
                "line": {"dash": "dot", "width": 1.2, "color": QUIET},
            }
        )
        annotations.append(
            {
                "x": 1,
                "xref": "paper",
                "xanchor": "left",
                "y": value,
                "yanchor": "middle",
                "text": name,
                "showarrow": False,
                "font": {"size": 11, "color": QUIET},
            }
        )
    return go.Figure(
        data=marks,
        layout={
            "height": height,
            "margin": margin,
            "showlegend": legend,
            "legend": {"orientation": "h", "y": 1.08, "x": 0, "font": {"size": 12}},
            "bargap": 0.35,
            "hovermode": "closest",
            "dragmode": False,
            "font": {"size": 13},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "xaxis": {"showgrid": False, "zeroline": False, "fixedrange": True, "automargin": True, **(x or {})},
            "yaxis": {"gridcolor": GRID, "zeroline": False, "fixedrange": True, "automargin": True, **(y or {})},
            "shapes": shapes,
            "annotations": annotations,
            **layout,
        },
    )
