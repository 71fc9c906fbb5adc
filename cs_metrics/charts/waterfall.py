"""The waterfall of movements: what was there, what came, what went, what is left."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from cs_metrics.charts.style import GRID, MOVEMENT, calm
from cs_metrics.units import MONEY

ORDER = (
    "opening",
    "new",
    "expansion",
    "reactivation",
    "transfer_in",
    "fx",
    "contraction",
    "churn",
    "transfer_out",
    "closing",
)
ALWAYS = ("opening", "new", "expansion", "contraction", "churn", "closing")
WORDS = {"transfer_in": "Taken over", "transfer_out": "Handed on", "fx": "Exchange rates"}


def steps(amounts: pd.Series) -> pd.DataFrame:
    """The bars of a waterfall: ``name, label, amount, start, end``; movements that are nothing are left out."""
    rows = []
    level = 0.0
    for name in ORDER:
        amount = float(amounts.get(name, 0.0))
        if not amount and name not in ALWAYS:
            continue
        start = 0.0 if name in ("opening", "closing") else level
        level = amount if name in ("opening", "closing") else level + amount
        rows.append((name, WORDS.get(name, name.capitalize()), amount, start, level))
    return pd.DataFrame(rows, columns=["name", "label", "amount", "start", "end"])


def waterfall(amounts: pd.Series, currency: str = "", height: int = 340) -> go.Figure:
    """Opening, movements and closing as bars on one scale; gains blue, losses orange, totals grey.

    ``amounts`` are the columns of a row of movements. Each bar carries its name, for a click.
    """
    bars = steps(amounts)
    signs = [
        MONEY.write_difference(v, currency) if n not in ("opening", "closing") else MONEY.write(v, currency)
        for n, v in zip(bars["name"], bars["amount"], strict=True)
    ]
    figure = go.Figure(
        go.Bar(
            x=bars["label"].tolist(),
            y=(bars["end"] - bars["start"]).tolist(),
            base=bars["start"].tolist(),
            marker={"color": [MOVEMENT[name] for name in bars["name"]]},
            text=signs,
            textposition="outside",
            cliponaxis=False,
            customdata=bars["name"].tolist(),
            hovertemplate="%{x}: %{text}<extra></extra>",
        )
    )
    for place in range(len(bars) - 1):
        figure.add_shape(
            type="line",
            x0=place,
            x1=place + 1,
            y0=bars["end"][place],
            y1=bars["end"][place],
            line={"width": 1, "color": GRID},
            layer="below",
        )
    calm(figure, height)
    top = max(bars[["start", "end"]].to_numpy().max(), 1)
    return figure.update_yaxes(range=[min(0, bars[["start", "end"]].to_numpy().min()), top * 1.12], tickformat="~s")
