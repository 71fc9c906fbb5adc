"""Curves over age: a line per group, or the average over all cohorts with each cohort behind it."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from cs_metrics.charts.style import MAIN, TO_CLICK, figure, plain

COLOURS = ("#3f7fd6", "#e07b39", "#2f9e8f", "#9a74cc", "#c8588a", "#9c8a3c", "#5b9bd5", "#8a94a6")
DASHES = ("solid", "solid", "solid", "solid", "dash", "dash", "dash", "dash")
BEHIND = "rgba(138, 148, 166, 0.45)"


def curves(lines: pd.DataFrame, unit: str, behind: pd.DataFrame | None = None, height: int = 320) -> go.Figure:
    """Ages along, shares up. ``lines`` and ``behind`` have ``name, age, value, hover``; ``behind`` is drawn thin.

    Each point carries what it is of (group or cohort), its name and age, for a click.
    """
    marks = []
    if behind is not None and len(behind):
        marks.append(_thin(behind))
    for at, (name, line) in enumerate(lines.groupby("name", sort=False)):
        marks.append(
            {
                "type": "scatter",
                **(TO_CLICK if len(line) > 2 else {"mode": "lines+markers"}),
                "customdata": [["group", str(name), int(age)] for age in line["age"]],
                "name": plain(name, 24),
                "x": line["age"].tolist(),
                "y": line["value"].tolist(),
                "line": {"width": 2.6, "color": colour(at), "dash": DASHES[at % len(DASHES)]},
                "hovertext": line["hover"].tolist(),
                "hovertemplate": "%{hovertext}<extra></extra>",
            }
        )
    return figure(
        marks,
        height=height,
        legend=len(marks) > 1,
        x={"title": {"text": unit, "font": {"size": 12}}, "rangemode": "tozero", "nticks": 10},
        y={"tickformat": ".0%"},
        level=(1, "100 %"),
    )


def _thin(behind: pd.DataFrame) -> dict[str, object]:
    """All cohorts as one mark: their lines one after the other, parted by gaps."""
    x: list[float | None] = []
    y: list[float | None] = []
    hover: list[str] = []
    places: list[list[object]] = []
    for name, line in behind.groupby("name", sort=False):
        x += [*line["age"], None]
        y += [*line["value"], None]
        hover += [*line["hover"], ""]
        places += [*(["cohort", str(name), int(age)] for age in line["age"]), ["", "", 0]]
    return {
        "type": "scatter",
        **TO_CLICK,
        "customdata": places,
        "name": "each cohort",
        "x": x,
        "y": y,
        "line": {"width": 1, "color": BEHIND},
        "hovertext": hover,
        "hovertemplate": "%{hovertext}<extra></extra>",
    }


def colour(place: int) -> str:
    """The colour of the line at a place, readable by light and by dark."""
    return COLOURS[place % len(COLOURS)] if place else MAIN
