"""How early losses were seen: of the lost revenue, the share that each watcher had seen so many days before."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from cs_metrics.charts.style import MAIN, QUIET, figure
from cs_metrics.units import PERCENT

COLOURS = (MAIN, "#e07b39", QUIET)


def lead(table: pd.DataFrame, steps: tuple[int, ...], height: int = 280) -> go.Figure:
    """Bars by days before the loss, one per watcher; ``table`` has ``who`` and ``mrr_30…``."""
    days = [f"{step} days before" for step in steps]
    marks = [
        {
            "type": "bar",
            "name": str(row["who"]),
            "x": days,
            "y": [row[f"mrr_{step}"] for step in steps],
            "marker": {"color": COLOURS[place % len(COLOURS)]},
            "text": [PERCENT.write(row[f"mrr_{step}"]) for step in steps],
            "textposition": "outside",
            "cliponaxis": False,
            "customdata": [str(row["who"])] * len(steps),
            "hovertemplate": f"{row['who']}, %{{x}}: %{{text}} of the lost MRR<extra></extra>",
        }
        for place, (_, row) in enumerate(table.iterrows())
    ]
    return figure(
        marks,
        height=height,
        legend=True,
        x={"type": "category", "tickangle": 0},
        y={"tickformat": ".0%", "range": [0, 1.08], "dtick": 0.25},
        barmode="group",
        bargroupgap=0.08,
    )
