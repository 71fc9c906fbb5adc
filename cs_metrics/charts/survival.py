"""The survival curve: steps, the band around them, and under the axis how many are at risk."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from cs_metrics.charts.curves import DASHES, colour
from cs_metrics.charts.style import TO_CLICK, figure, plain

BANDS_UP_TO = 3


def survival(table: pd.DataFrame, height: int = 340) -> go.Figure:
    """Steps per group; ``table`` has ``name, age_months, at_risk, survival, low, high``.

    Bands are drawn for up to three groups; with more they would hide one another.
    """
    parts = {str(name): curve for name, curve in table.groupby("name", sort=False)}
    names = list(parts)
    last = int(table["age_months"].max()) if len(table) else 0
    step = next((size for size in (1, 3, 6, 12, 24, 60) if last / size <= 8), 120)
    marks: list[dict[str, object]] = []
    for at, name in enumerate(names):
        curve = parts[name]
        if len(names) <= BANDS_UP_TO:
            marks += _band(curve, colour(at))
        marks.append(_steps(curve, name, at))
    for at, name in enumerate(names):
        curve = parts[name]
        marks.append(_at_risk(curve, at, step))
    share = min(0.12 + 0.055 * len(names), 0.5)
    drawn = figure(
        marks,
        height=height + 16 * max(len(names) - 1, 0),
        legend=len(names) > 1,
        x={
            "range": [-0.03 * max(last, 1), 1.04 * max(last, 1)],
            "dtick": step,
            "anchor": "y2",
            "title": {"text": "months · number at risk above", "font": {"size": 12}},
        },
        y={"range": [0, 1.03], "tickformat": ".0%", "domain": [share, 1]},
        yaxis2={"domain": [0, share - 0.03], "range": [-len(names) + 0.4, 0.6], "visible": False, "fixedrange": True},
    )
    drawn.layout.legend.traceorder = "normal"
    return drawn


def _steps(curve: pd.DataFrame, name: str, at: int) -> dict[str, object]:
    ends = curve[["low", "high"]].to_numpy().tolist()
    ranges = [f" ({100 * low:.0f}–{100 * high:.0f} %)" if low == low else "" for low, high in ends]
    return {
        "type": "scatter",
        **TO_CLICK,
        "customdata": [[name, int(age)] for age in curve["age_months"]],
        "name": plain(name, 24),
        "x": curve["age_months"].tolist(),
        "y": curve["survival"].tolist(),
        "line": {"shape": "hv", "width": 2.4, "color": colour(at), "dash": DASHES[at % len(DASHES)]},
        "text": [f"{100 * share:.1f} %{ends}" for share, ends in zip(curve["survival"], ranges, strict=True)],
        "hovertemplate": f"{plain(name)}, after %{{x}} months: %{{text}}<extra></extra>",
    }


def _band(curve: pd.DataFrame, shade: str) -> list[dict[str, object]]:
    """The range as a filled area; where it is blank it lies on the curve."""
    low, high = curve["low"].fillna(curve["survival"]).tolist(), curve["high"].fillna(curve["survival"]).tolist()
    edge = {"shape": "hv", "width": 0, "color": shade}
    ages = curve["age_months"].tolist()
    common = {"type": "scatter", "mode": "lines", "x": ages, "line": edge, "hoverinfo": "skip", "showlegend": False}
    red, green, blue = (int(shade[at : at + 2], 16) for at in (1, 3, 5))
    return [
        {**common, "y": low},
        {**common, "y": high, "fill": "tonexty", "fillcolor": f"rgba({red}, {green}, {blue}, 0.16)"},
    ]


def _at_risk(curve: pd.DataFrame, at: int, step: int) -> dict[str, object]:
    counted = zip(curve["age_months"], curve["at_risk"], strict=True)
    shown = [(age, f"{count:,.0f}") for age, count in counted if age % step == 0]
    return {
        "type": "scatter",
        "mode": "text",
        "yaxis": "y2",
        "x": [age for age, _ in shown],
        "y": [-at] * len(shown),
        "text": [text for _, text in shown],
        "textfont": {"size": 11, "color": colour(at)},
        "hoverinfo": "skip",
        "showlegend": False,
    }
