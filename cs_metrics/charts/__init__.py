"""Charts: a table in, a figure out. They count nothing, and know nothing of pages."""

from cs_metrics.charts.funnel import funnel
from cs_metrics.charts.groups import by_group
from cs_metrics.charts.series import series
from cs_metrics.charts.stacked import stacked
from cs_metrics.charts.waterfall import waterfall

__all__ = ["by_group", "funnel", "series", "stacked", "waterfall"]
