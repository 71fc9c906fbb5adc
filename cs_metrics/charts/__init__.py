"""Charts: a table in, a figure out. They count nothing, and know nothing of pages."""

from cs_metrics.charts.causes import causes
from cs_metrics.charts.contributions import contributions
from cs_metrics.charts.curves import curves
from cs_metrics.charts.due import due
from cs_metrics.charts.forecast import forecast
from cs_metrics.charts.funnel import funnel
from cs_metrics.charts.groups import by_group
from cs_metrics.charts.odds import odds
from cs_metrics.charts.ranges import ranges
from cs_metrics.charts.series import series
from cs_metrics.charts.stacked import stacked
from cs_metrics.charts.survival import survival
from cs_metrics.charts.triangle import triangle
from cs_metrics.charts.waterfall import waterfall

__all__ = [
    "by_group",
    "causes",
    "contributions",
    "curves",
    "due",
    "forecast",
    "funnel",
    "odds",
    "ranges",
    "series",
    "stacked",
    "survival",
    "triangle",
    "waterfall",
]
