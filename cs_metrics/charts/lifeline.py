"""One account on one axis of time: what it pays, how healthy it was, what its CSM felt, and all that happened."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from cs_metrics.charts.style import GRID, QUIET, figure
from cs_metrics.units import MONEY

MRR, HEALTH, PULSE = "#3f7fd6", "#2f9e8f", "#8250c4"
TONES = {"good": "#3f7fd6", "bad": "#d1581f", "plain": QUIET}
FIRST, LANE = 300, 24
BEFORE = pd.Timedelta(days=92)


def lifeline(
    mrr: pd.DataFrame,
    health: pd.Series,
    pulses: pd.DataFrame,
    events: pd.DataFrame,
    spans: pd.DataFrame,
    lanes: Sequence[str],
    currency: str = "",
) -> go.Figure:
    """Three stripes over one axis of time: MRR in steps, health with pulses as dots, and a lane per kind of event.

    ``mrr`` is months × products; ``health`` a score by day; ``pulses`` has ``date, pulse, detail``; ``events`` has
    ``date, what, detail, lane, tone``; ``spans`` has ``start, end, detail``, drawn in the first lane. Lanes and
    stripes without anything are left out.
    """
    scored = bool(health.notna().any()) or len(pulses) > 0
    paid = (mrr.sum(axis=1) > 0).cummax()
    since = mrr.index[paid][0].start_time if paid.any() else None
    if since is not None:
        events, spans = events[events["date"] >= since - BEFORE], spans[spans["end"] >= since - BEFORE]
    used = [name for name in lanes if (events["lane"] == name).any() or (name == lanes[0] and len(spans))]
    marks = _steps(mrr[paid] if paid.any() else mrr, currency)
    marks += _health(health if since is None else health[health.index >= since]) + _pulses(pulses) if scored else []
    marks += _spans(spans, used) + _events(events, used)
    height = FIRST + LANE * len(used)
    lane_share = (LANE * len(used) + 14) / height if used else 0.0
    half = lane_share + (0.5 - 0.5 * lane_share) * (0.86 if scored else 0)
    return figure(
        marks,
        height=height,
        x={"type": "date", "anchor": "free", "position": 0, "nticks": 8, "tickangle": 0, "tickformat": "%b<br>%Y",
           "showgrid": True, "gridcolor": GRID},
        y={"domain": [half + 0.05 if scored else lane_share + 0.04, 1], "tickformat": MONEY.axis, "rangemode": "tozero",
           "nticks": 4, "title": {"text": "MRR", "font": {"size": 11}}},
        yaxis2={"domain": [lane_share + 0.04, half], "range": [-6, 106], "tickvals": [0, 50, 100], "gridcolor": GRID,
                "zeroline": False, "fixedrange": True, "automargin": True, "visible": scored,
                "title": {"text": "Health", "font": {"size": 11}}},
        yaxis3={"domain": [0, max(lane_share - 0.02, 0.01)], "range": [len(used) - 0.5, -0.5], "fixedrange": True,
                "tickvals": list(range(len(used))), "ticktext": used, "automargin": True, "gridcolor": GRID,
                "zeroline": False, "visible": bool(used)},
        hoverlabel={"align": "left"},
    )  # fmt: skip


def _steps(mrr: pd.DataFrame, currency: str) -> list[dict]:
    """What it paid for each product, month by month, one on the other."""
    if not len(mrr):
        return []
    days = [month.start_time for month in mrr.index] + [mrr.index[-1].end_time]
    marks = []
    for name in mrr.columns:
        values = mrr[name].tolist()
        values.append(values[-1])
        months = [str(month) for month in mrr.index] + [str(mrr.index[-1])]
        text = [
            f"{month} · {html.escape(str(name))}: {MONEY.write(v, currency)}"
            for month, v in zip(months, values, strict=True)
        ]
        marks.append(
            {
                "type": "scatter", "mode": "lines", "x": days, "y": values, "stackgroup": "mrr", "name": str(name),
                "line": {"shape": "hv", "width": 1}, "text": text, "hovertemplate": "%{text}<extra></extra>",
                **({"line": {"shape": "hv", "width": 1.2, "color": MRR}} if len(mrr.columns) == 1 else {}),
            }
        )  # fmt: skip
    return marks


def _health(health: pd.Series) -> list[dict]:
    return [
        {
            "type": "scatter", "mode": "lines", "x": list(health.index),
            "y": [None if v != v else round(v, 1) for v in health],
            "yaxis": "y2", "name": "Health", "line": {"color": HEALTH, "width": 2},
            "hovertemplate": "%{x|%Y-%m-%d} · health %{y:.0f} of 100, as known then<extra></extra>",
        }
    ]  # fmt: skip


def _pulses(pulses: pd.DataFrame) -> list[dict]:
    text = [
        f"{day:%Y-%m-%d} · pulse {pulse:g} of 5{', ' + html.escape(_short(said)) if said else ''}"
        for day, pulse, said in zip(pulses["date"], pulses["pulse"], pulses["detail"], strict=True)
    ]
    return [
        {
            "type": "scatter", "mode": "markers", "x": list(pulses["date"]),
            "y": ((pulses["pulse"].astype(float) - 1) * 25).tolist(),
            "yaxis": "y2", "name": "Pulse", "marker": {"color": PULSE, "size": 7, "opacity": 0.85}, "text": text,
            "hovertemplate": "%{text}<extra></extra>",
        }
    ]  # fmt: skip


def _spans(spans: pd.DataFrame, used: list[str]) -> list[dict]:
    """Each risk as a bar from its flag to its end."""
    if not len(spans) or not used:
        return []
    x: list = []
    for start, end in zip(spans["start"], spans["end"], strict=True):
        x += [start, end, None]
    return [
        {
            "type": "scatter", "mode": "lines", "x": x, "y": [None if day is None else 0 for day in x], "yaxis": "y3",
            "name": "Open risk", "line": {"color": "rgba(209, 88, 31, 0.35)", "width": 9}, "hoverinfo": "skip",
        }
    ]  # fmt: skip


def _events(events: pd.DataFrame, used: list[str]) -> list[dict]:
    shown = events[events["lane"].isin(used)]
    if not len(shown):
        return []
    text = [
        f"{day:%Y-%m-%d} · {what}{': ' + html.escape(_short(said)) if said else ''}"
        for day, what, said in zip(shown["date"], shown["what"], shown["detail"], strict=True)
    ]
    return [
        {
            "type": "scatter", "mode": "markers", "x": list(shown["date"]),
            "y": [used.index(lane) for lane in shown["lane"]],
            "yaxis": "y3", "name": "Events", "text": text, "hovertemplate": "%{text}<extra></extra>",
            "marker": {
                "size": np.where(shown["tone"] == "plain", 7, 10).tolist(),
                "color": [TONES[tone] for tone in shown["tone"]],
                "symbol": ["circle" if tone != "bad" else "diamond" for tone in shown["tone"]],
            },
        }
    ]  # fmt: skip


def _short(text: object) -> str:
    said = str(text)
    return said if len(said) <= 90 else said[:89] + "…"
