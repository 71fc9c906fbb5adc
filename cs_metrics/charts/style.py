"""What all charts share: colours with a fixed meaning, readable without telling red from green, and a calm frame."""

from __future__ import annotations

import plotly.graph_objects as go

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
BAND = "rgba(90, 160, 230, 0.18)"
GRID = "rgba(138, 148, 166, 0.22)"


def calm(figure: go.Figure, height: int = 320, legend: bool = False) -> go.Figure:
    """A figure without what distracts: thin grid, no frame, room for labels, figures that line up."""
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 24 if legend else 12, "b": 8},
        showlegend=legend,
        legend={"orientation": "h", "y": 1.08, "x": 0, "font": {"size": 12}},
        bargap=0.35,
        hovermode="closest",
        dragmode=False,
        font={"size": 13},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    figure.update_xaxes(showgrid=False, zeroline=False, fixedrange=True, automargin=True)
    figure.update_yaxes(gridcolor=GRID, zeroline=False, fixedrange=True, automargin=True)
    return figure


def level(figure: go.Figure, y: float, text: str) -> go.Figure:
    """A dotted line across the figure at a value, named in the margin to its right."""
    figure.add_hline(y=y, line={"dash": "dot", "width": 1.2, "color": QUIET})
    figure.add_annotation(
        x=1,
        xref="paper",
        xanchor="left",
        y=y,
        yanchor="middle",
        text=text,
        showarrow=False,
        font={"size": 11, "color": QUIET},
    )
    return figure.update_layout(margin={"r": 24 + 6 * max(len(line) for line in text.split("<br>"))})
