"""Charts: a table in, a figure out. They count nothing, and know nothing of pages."""

from cs_metrics.charts.bands import bands_over_time as bands_over_time
from cs_metrics.charts.bands import distribution as distribution
from cs_metrics.charts.calibration import calibration as calibration
from cs_metrics.charts.causes import causes as causes
from cs_metrics.charts.contributions import contributions as contributions
from cs_metrics.charts.curves import curves as curves
from cs_metrics.charts.due import due as due
from cs_metrics.charts.forecast import forecast as forecast
from cs_metrics.charts.funnel import funnel as funnel
from cs_metrics.charts.groups import by_group as by_group
from cs_metrics.charts.lead import lead as lead
from cs_metrics.charts.lifeline import lifeline as lifeline
from cs_metrics.charts.odds import odds as odds
from cs_metrics.charts.quadrant import quadrant as quadrant
from cs_metrics.charts.ranges import ranges as ranges
from cs_metrics.charts.series import series as series
from cs_metrics.charts.split import split as split
from cs_metrics.charts.stacked import stacked as stacked
from cs_metrics.charts.survival import survival as survival
from cs_metrics.charts.triangle import triangle as triangle
from cs_metrics.charts.waterfall import waterfall as waterfall
