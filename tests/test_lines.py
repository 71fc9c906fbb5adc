"""Lines are seen: the points that take a click beside them hide nothing."""

import pandas as pd

from cs_metrics import charts
from cs_metrics.units import PERCENT


def test_the_points_to_click_lend_their_line_no_colour() -> None:
    drawn = charts.series(pd.DataFrame({"NRR": [1.0, 1.1]}, index=["2025-01", "2025-02"]), PERCENT)
    for mark in drawn.data:
        assert mark.marker.color is None, "a line without a colour of its own takes that of its markers"
        assert mark.marker.opacity == 0
