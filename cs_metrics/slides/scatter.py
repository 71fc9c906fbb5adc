"""Native charts over two axes of numbers: the funnel of people, the quadrant, curves of steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pptx.chart.data import XyChartData
from pptx.enum.chart import XL_CHART_TYPE, XL_LABEL_POSITION, XL_MARKER_STYLE
from pptx.enum.dml import MSO_LINE
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls, qn
from pptx.util import Pt

from cs_metrics.slides.lines_and_bars import ACCENTS, AXIS, LOSS, MAIN, QUIET, cell, dress
from cs_metrics.slides.measure import fit
from cs_metrics.slides.template import Box
from cs_metrics.units import COUNT, PERCENT, Unit

NAMED = 12


def _xy(slide: Any, kind: Any, box: Box, data: XyChartData, x: Unit, y: Unit, titles: tuple[str, str]) -> Any:
    chart = slide.shapes.add_chart(kind, *box.edges, data).chart
    dress(chart, box, len(list(chart.plots[0].series)) > 1, AXIS.get(y.name, "#,##0"))
    chart.category_axis.has_major_gridlines = False
    chart.category_axis.tick_labels.number_format = AXIS.get(x.name, "#,##0")
    chart.category_axis.tick_labels.number_format_is_linked = False
    for axis, title in zip((chart.category_axis, chart.value_axis), titles, strict=True):
        axis.has_title = bool(title)
        if title:
            axis.axis_title.text_frame.text = fit(title)
            run = axis.axis_title.text_frame.paragraphs[0].runs[0]
            run.font.size, run.font.bold = Pt(12), False
    return chart


def _marker(series: Any, accent: Any, style: Any = XL_MARKER_STYLE.CIRCLE, size: int = 9) -> None:
    series.format.line.fill.background()
    series.marker.style, series.marker.size = style, size
    series.marker.format.fill.solid()
    series.marker.format.fill.fore_color.theme_color = accent
    series.marker.format.line.fill.background()


def apart(size: np.ndarray) -> np.ndarray:
    """Places along the axis, each moved up just enough that no two names stand on one another.

    >>> apart(np.array([30.0, 10, 30])).round(2).tolist()
    [30.0, 10.0, 32.2]
    """
    gap = max(float(np.ptp(size)), 1.0) * min(0.11, 1 / len(size)) if len(size) else 0.0
    out, last = size.copy(), -np.inf
    for place in np.argsort(size, kind="stable"):
        out[place] = last = max(size[place], last + gap)
    return out


def _named(series: Any, names: list[str], below: list[bool]) -> None:
    for place, name in enumerate(names):
        label = series.points[place].data_label
        label.has_text_frame = True
        label.text_frame.text = fit(name, 28)
        label.text_frame.paragraphs[0].runs[0].font.size = Pt(11)
        label.position = XL_LABEL_POSITION.BELOW if below[place] else XL_LABEL_POSITION.ABOVE


@dataclass(frozen=True)
class Funnel:
    """People by the size of their books, each within the band luck gives it: as ``compare_people`` has them.

    ``people`` has ``size, value, low, high, outside, worth_a_look`` by name; ``whole`` is the team's figure.
    """

    people: pd.DataFrame
    unit: Unit
    whole: float

    def draw(self, slide: Any, box: Box) -> None:
        """A native scatter: bands as error bars, names on the points, the team as a line."""
        people = self.people.assign(size=apart(self.people["size"].to_numpy(dtype=float)))
        data = XyChartData(number_format=self.unit.sheet)
        band = data.add_series("Where luck leaves 95 of 100")
        for size, low, high in people[["size", "low", "high"]].astype(float).itertuples(index=False):
            band.add_data_point(size, (low + high) / 2)
        outside = people["worth_a_look"].astype(bool) | people["outside"].ne("")
        for name, rows in (("Inside", people[~outside]), ("Outside", people[outside])):
            if len(rows):
                points = data.add_series(name)
                for size, value in rows[["size", "value"]].astype(float).itertuples(index=False):
                    points.add_data_point(size, value)
        team = data.add_series(f"Team {self.unit.write(self.whole)}")
        for size in (0.0, float(people["size"].max() * 1.08)):
            team.add_data_point(size, self.whole)
        chart = _xy(slide, XL_CHART_TYPE.XY_SCATTER, box, data, COUNT, self.unit,
                    ("Accounts, unequal ones counted for less", ""))  # fmt: skip
        chart.has_legend = False
        order = people["size"].rank(method="first")
        series = list(chart.plots[0].series)
        _marker(series[0], QUIET, XL_MARKER_STYLE.NONE, 2)
        _error_bars(series[0], ((people["high"] - people["low"]) / 2).tolist())
        for each, rows, accent in zip(
            series[1:-1], [r for r in (people[~outside], people[outside]) if len(r)],
            [a for a, r in ((MAIN, people[~outside]), (LOSS, people[outside])) if len(r)], strict=True,
        ):  # fmt: skip
            _marker(each, accent)
            if len(people) <= NAMED or accent is LOSS:
                _named(each, [str(name) for name in rows.index], [bool(order[name] % 2) for name in rows.index])
        _marker(series[-1], QUIET, XL_MARKER_STYLE.NONE, 2)
        series[-1].format.line.color.theme_color = QUIET
        series[-1].format.line.width, series[-1].format.line.dash_style = Pt(1.25), MSO_LINE.DASH
        ends = people[["low", "high", "value"]].to_numpy(dtype=float)
        room = 0.1 * max(float(np.ptp(ends)), 0.01)
        chart.value_axis.minimum_scale = np.floor((ends.min() - room) * 20) / 20
        chart.value_axis.maximum_scale = np.ceil((ends.max() + room) * 20) / 20
        chart.category_axis.minimum_scale = 0


def _error_bars(series: Any, halves: list[float]) -> None:
    """Upright bars of a length of their own at each point."""
    points = "".join(f'<c:pt idx="{place}"><c:v>{half!r}</c:v></c:pt>' for place, half in enumerate(halves))
    one = f'<c:numLit><c:formatCode>General</c:formatCode><c:ptCount val="{len(halves)}"/>{points}</c:numLit>'
    made = parse_xml(
        f'<c:errBars {nsdecls("c", "a")}><c:errDir val="y"/><c:errBarType val="both"/><c:errValType val="cust"/>'
        f'<c:noEndCap val="1"/><c:plus>{one}</c:plus><c:minus>{one}</c:minus><c:spPr><a:ln w="76200" cap="flat">'
        '<a:solidFill><a:schemeClr val="accent6"><a:alpha val="45000"/></a:schemeClr></a:solidFill></a:ln></c:spPr>'
        "</c:errBars>"
    )
    series._element.find(qn("c:xVal")).addprevious(made)


@dataclass(frozen=True)
class Quadrant:
    """Points over two figures: ``table`` has ``name, x, y`` and perhaps ``group``; the first dozen are named."""

    table: pd.DataFrame
    x: Unit
    y: Unit
    titles: tuple[str, str]

    def draw(self, slide: Any, box: Box) -> None:
        """A native scatter, a colour per group."""
        table = self.table if "group" in self.table else self.table.assign(group="Accounts")
        groups = {str(name): rows for name, rows in table.groupby("group", sort=False)}
        data = XyChartData(number_format=self.y.sheet)
        for name, rows in groups.items():
            points = data.add_series(cell(name))
            for x, y in rows[["x", "y"]].astype(float).itertuples(index=False):
                points.add_data_point(x, y)
        chart = _xy(slide, XL_CHART_TYPE.XY_SCATTER, box, data, self.x, self.y, self.titles)
        first = set(table.index[:NAMED])
        for series, rows, accent in zip(chart.plots[0].series, groups.values(), ACCENTS * 4, strict=False):
            _marker(series, accent)
            for place, (key, name) in enumerate(rows["name"].items()):
                if key in first:
                    label = series.points[place].data_label
                    label.has_text_frame = True
                    label.text_frame.text = fit(name, 24)
                    label.text_frame.paragraphs[0].runs[0].font.size = Pt(10)
                    label.position = XL_LABEL_POSITION.ABOVE
        chart.value_axis.minimum_scale = 0


@dataclass(frozen=True)
class Curves:
    """Shares over age: ``table`` has ``name, age, value`` and perhaps ``low, high``; drawn as steps where ``steps``."""

    table: pd.DataFrame
    ages: str
    steps: bool = False

    def draw(self, slide: Any, box: Box) -> None:
        """A native scatter with lines; a range as two thin dashed lines, where there are few curves."""
        data, looks = XyChartData(number_format=PERCENT.sheet), []
        curves = {str(name): rows for name, rows in self.table.groupby("name", sort=False)}
        ranged = len(curves) <= 2 and {"low", "high"} <= set(self.table.columns)
        for accent, (name, rows) in zip(ACCENTS * 4, curves.items(), strict=False):
            shown = [(name, "value", False), *([("low", "low", True), ("high", "high", True)] if ranged else [])]
            for label, column, thin in shown:
                known = rows[rows[column].notna()]
                if not len(known):
                    continue
                points = data.add_series(cell(f"{name}, {label}" if thin else name))
                for x, y in (
                    _stepped(known["age"], known[column])
                    if self.steps
                    else zip(known["age"], known[column], strict=True)
                ):
                    points.add_data_point(float(x), float(y))
                looks.append((accent, thin))
        chart = _xy(slide, XL_CHART_TYPE.XY_SCATTER_LINES_NO_MARKERS, box, data, COUNT, PERCENT, (self.ages, ""))
        chart.has_legend = len(curves) > 1
        for series, (accent, thin) in zip(chart.plots[0].series, looks, strict=True):
            series.smooth = False
            series.format.line.color.theme_color = accent
            series.format.line.width = Pt(1 if thin else 2.25)
            if thin:
                series.format.line.dash_style = MSO_LINE.DASH
        chart.category_axis.minimum_scale = 0
        if len(self.table):
            chart.category_axis.maximum_scale = float(max(self.table["age"].max(), 1))
            lowest = float(np.nanmin(self.table[["value", *(["low"] if ranged else [])]].to_numpy(dtype=float)))
            chart.value_axis.minimum_scale = max(np.floor((lowest - 0.03) * 10) / 10, 0)
        if self.steps:
            chart.value_axis.maximum_scale = 1.0


def _stepped(ages: pd.Series, shares: pd.Series) -> list[tuple[float, float]]:
    """The corners of a staircase; a level kept is one step."""
    made: list[tuple[float, float]] = []
    for age, share in zip(ages.astype(float), shares.astype(float), strict=True):
        if made and made[-1][1] != share:
            made.append((age, made[-1][1]))
        if len(made) > 1 and made[-1][1] == made[-2][1] == share:
            made[-1] = (age, share)
        else:
            made.append((age, share))
    return made
