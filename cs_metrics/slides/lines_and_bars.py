"""Native charts over categories: lines, bars, stacked bars, the waterfall, ranges."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE, XL_LABEL_POSITION, XL_LEGEND_POSITION, XL_TICK_LABEL_POSITION
from pptx.enum.dml import MSO_LINE, MSO_THEME_COLOR
from pptx.oxml.ns import qn
from pptx.util import Pt

from cs_metrics.export import safe_cell
from cs_metrics.slides.measure import fit
from cs_metrics.slides.parts import INKS, transparent
from cs_metrics.slides.template import Box
from cs_metrics.units import PERCENT, Unit

ACCENTS = (MSO_THEME_COLOR.ACCENT_1, MSO_THEME_COLOR.ACCENT_2, MSO_THEME_COLOR.ACCENT_3, MSO_THEME_COLOR.ACCENT_4,
           MSO_THEME_COLOR.ACCENT_5, MSO_THEME_COLOR.ACCENT_6)  # fmt: skip
MAIN, LOSS, QUIET = ACCENTS[0], ACCENTS[1], ACCENTS[5]
AXIS = {"percent": "0%", "money": '[>=1000000]0.0,," M";[>=1000]0," k";#,##0', "ratio": "0.00"}
FEWEST_LABELS = 13
TOTALS = ("opening", "closing")
THIN = 6  # times the span of the movements: from there on the scale does not begin at nothing


def cell(text: object) -> str:
    """A text for a chart's workbook: never a formula."""
    return safe_cell(fit(text))


def faint(colour: Any, ink: str, share: int = 20) -> None:
    """The colour of writing, mostly transparent: a grid that is seen on light and on dark."""
    colour.theme_color = INKS[ink]
    transparent(colour, share)


def dress(chart: Any, box: Box, legend: bool, y: str) -> None:
    """What all charts share: the theme's font, a thin grid, an axis in the unit."""
    chart.has_title, chart.has_legend, chart.font.size = False, legend, Pt(12)
    chart.font.color.theme_color = INKS[box.ink]
    if legend:
        chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.TOP, False
    faint(chart.value_axis.major_gridlines.format.line.color, box.ink)
    chart.value_axis.format.line.fill.background()
    faint(chart.category_axis.format.line.color, box.ink, 40)
    chart.category_axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    chart.value_axis.tick_labels.number_format = y
    chart.value_axis.tick_labels.number_format_is_linked = False


def _chart(slide: Any, kind: XL_CHART_TYPE, box: Box, data: CategoryChartData, unit: Unit, legend: bool = False) -> Any:
    chart = slide.shapes.add_chart(kind, *box.edges, data).chart
    dress(chart, box, legend, AXIS.get(unit.name, "#,##0"))
    if (skip := -(-len(data.categories) // FEWEST_LABELS)) > 1 and kind != XL_CHART_TYPE.BAR_STACKED:
        axis = chart.category_axis._element
        mark = axis.makeelement(qn("c:tickLblSkip"), {"val": str(skip)})
        axis.find(qn("c:noMultiLvlLbl")).addprevious(mark)
    return chart


def _data(categories: Iterable[object], unit: Unit) -> CategoryChartData:
    data = CategoryChartData(number_format=unit.sheet if unit.money is False else "#,##0")
    data.categories = [cell(name) for name in categories]
    return data


def named(index: pd.Index) -> list[str]:
    """The names along an axis; months short, so that they stand side by side.

    >>> named(pd.period_range("2025-01", "2025-02", freq="M")), named(pd.Index(["a"]))
    (['Jan ’25', 'Feb ’25'], ['a'])
    """
    if isinstance(index, pd.PeriodIndex) and index.freqstr == "M":
        return [f"{each:%b} ’{each:%y}" for each in index]
    return [str(each) for each in index]


def numbers(values: pd.Series) -> list[float | None]:
    """Values for a chart; nothing where undefined."""
    return [None if value != value else float(value) for value in values.astype(float)]


def coloured(series: Any, accent: Any, unseen: bool = False) -> None:
    """Fill a series of bars with a colour of the theme, or with nothing."""
    if unseen:
        series.format.fill.background()
        series.format.line.fill.background()
    else:
        series.format.fill.solid()
        series.format.fill.fore_color.theme_color = accent


@dataclass(frozen=True)
class Lines:
    """Figures over time: months × columns, a line each. Columns in ``dashed`` are dashed, those in ``thin`` quiet."""

    table: pd.DataFrame
    unit: Unit
    dashed: Sequence[str] = ()
    thin: Sequence[str] = ()

    def draw(self, slide: Any, box: Box) -> None:
        """A native line chart."""
        data = _data(named(self.table.index), self.unit)
        for name, column in self.table.items():
            data.add_series(cell(name), numbers(column))
        chart = _chart(slide, XL_CHART_TYPE.LINE, box, data, self.unit, legend=self.table.shape[1] > 1)
        if not self.table.isna().all(axis=None):
            self._from(chart.value_axis)
        accents = iter(ACCENTS * 4)
        for name, series in zip(self.table.columns, chart.plots[0].series, strict=True):
            line, thin = series.format.line, name in self.thin
            series.smooth = False
            line.color.theme_color = QUIET if thin else next(accents)
            line.width = Pt(1.25 if thin else 2.25)
            if name in self.dashed or thin:
                line.dash_style = MSO_LINE.DASH

    def _from(self, axis: Any) -> None:
        """Where the scale begins: rates near their lowest, counts and amounts at nothing."""
        lowest = float(np.nanmin(self.table.to_numpy(dtype=float)))
        if self.unit is PERCENT:
            axis.minimum_scale = max(math.floor(lowest * 20 - 1) / 20, min(0.0, lowest))
        elif lowest >= 0:
            axis.minimum_scale = 0


@dataclass(frozen=True)
class Bars:
    """A figure per group, in the order given; lying where ``lying``, the first on top. What is below nothing is in the
    second accent.
    """

    values: pd.Series
    unit: Unit
    lying: bool = False

    def draw(self, slide: Any, box: Box) -> None:
        """A native bar chart with its values written on it."""
        data, signed = _data(self.values.index, self.unit), bool((self.values.dropna() < 0).any())
        if signed:
            data.add_series("Up", numbers(self.values.where(self.values >= 0)))
            data.add_series("Down", numbers(self.values.where(self.values < 0)))
        else:
            data.add_series("Value", numbers(self.values))
        kind = XL_CHART_TYPE.BAR_CLUSTERED if self.lying else XL_CHART_TYPE.COLUMN_CLUSTERED
        chart = _chart(slide, kind, box, data, self.unit)
        plot = chart.plots[0]
        plot.gap_width, plot.overlap, plot.has_data_labels = 60, 100 if signed else 0, True
        plot.data_labels.position, plot.data_labels.font.size = XL_LABEL_POSITION.OUTSIDE_END, Pt(12)
        plot.data_labels.number_format_is_linked = False
        plot.data_labels.number_format = AXIS["money"] if self.unit.money else self.unit.sheet
        for series, accent in zip(plot.series, (MAIN, LOSS), strict=False):
            coloured(series, accent)
            series.invert_if_negative = False
        chart.category_axis.reverse_order = self.lying
        if self.lying:
            chart.value_axis.visible = chart.value_axis.has_major_gridlines = False
        if not signed:
            chart.value_axis.minimum_scale = 0


@dataclass(frozen=True)
class Stacked:
    """Parts of a whole: categories × parts; ``colours`` gives a part its accent (0 to 5) where the order would not.

    With ``beside`` the parts stand beside one another.
    """

    table: pd.DataFrame
    unit: Unit
    colours: Mapping[str, int] | None = None
    beside: bool = False

    def draw(self, slide: Any, box: Box) -> None:
        """Native columns."""
        data = _data(named(self.table.index), self.unit)
        for name, column in self.table.items():
            data.add_series(cell(name), numbers(column))
        kind = XL_CHART_TYPE.COLUMN_CLUSTERED if self.beside else XL_CHART_TYPE.COLUMN_STACKED
        chart = _chart(slide, kind, box, data, self.unit, legend=self.table.shape[1] > 1)
        plot = chart.plots[0]
        plot.gap_width, plot.overlap = 45, 0 if self.beside else 100
        for place, (name, series) in enumerate(zip(self.table.columns, plot.series, strict=True)):
            coloured(series, ACCENTS[(self.colours or {}).get(str(name), place) % len(ACCENTS)])


@dataclass(frozen=True)
class Waterfall:
    """The bars of a waterfall, as ``analysis.bridge.steps`` gives them; through nothing where they cross it."""

    steps: pd.DataFrame
    unit: Unit
    currency: str = ""

    @property
    def begins(self) -> float:
        """Where the scale begins: at nothing, or nearer where the movements would be too thin to be seen."""
        ends = self.steps.loc[self.steps["name"].isin(TOTALS), "end"]
        levels = self.steps.loc[~self.steps["name"].isin(TOTALS), ["start", "end"]].to_numpy(dtype=float)
        reach = [*ends, *levels.ravel()]
        span = max(reach) - min(reach)
        if not span or min(reach) < THIN * span:
            return 0.0
        step = 10 ** math.floor(math.log10(span))
        return max(math.floor((min(reach) - 1.5 * span) / step) * step, 0.0)

    def draw(self, slide: Any, box: Box) -> None:
        """Native stacked columns on an invisible base; each bar's amount stands in its name."""
        bars = self.steps
        write = self.unit.write_difference
        amounts = [
            self.unit.write(amount, self.currency) if name in TOTALS else write(amount, self.currency)
            for name, amount in zip(bars["name"], bars["amount"], strict=True)
        ]
        data = _data([], self.unit)
        data.categories = [f"{cell(name)}\n{amount}" for name, amount in zip(bars["label"], amounts, strict=True)]
        low, high = bars[["start", "end"]].min(axis=1), bars[["start", "end"]].max(axis=1)
        base = low.clip(lower=0) + high.clip(upper=0)
        above, below = high.clip(lower=0) - low.clip(lower=0), low.clip(upper=0) - high.clip(upper=0)
        total = bars["name"].isin(TOTALS)
        rise = ~total & (bars["end"] >= bars["start"])
        kinds = (("Total", total, QUIET), ("Came", rise, MAIN), ("Went", ~total & ~rise, LOSS))
        shown: list[tuple[str, pd.Series, Any]] = [("Base", base.where(~total), None)]
        shown += [(name, above.where(mask), accent) for name, mask, accent in kinds]
        if (below < 0).any():
            shown += [(f"{name}, below nothing", below.where(mask), accent) for name, mask, accent in kinds]
        for name, values, _ in shown:
            data.add_series(name, numbers(values))
        chart = _chart(slide, XL_CHART_TYPE.COLUMN_STACKED, box, data, self.unit)
        plot = chart.plots[0]
        plot.gap_width, plot.overlap = 45, 100
        if (low >= 0).all():
            chart.value_axis.minimum_scale = self.begins
        for series, (_, _, accent) in zip(plot.series, shown, strict=True):
            coloured(series, accent, unseen=accent is None)
            series.invert_if_negative = False


@dataclass(frozen=True)
class Ranges:
    """A range per name, first on top: ``table`` has ``low, expected, high`` by name; the shades meet at the figure."""

    table: pd.DataFrame
    unit: Unit
    currency: str = ""

    def draw(self, slide: Any, box: Box) -> None:
        """Native lying bars on an invisible base; each figure stands with its name."""
        table = self.table[self.table[["low", "expected", "high"]].notna().all(axis=1)]
        names = [f"{name} · {self.unit.write(v, self.currency)}" for name, v in table["expected"].items()]
        data = _data(names, self.unit)
        data.add_series("Base", numbers(table["low"]))
        data.add_series("Low to figure", numbers(table["expected"] - table["low"]))
        data.add_series("Figure to high", numbers(table["high"] - table["expected"]))
        chart = _chart(slide, XL_CHART_TYPE.BAR_STACKED, box, data, self.unit)
        chart.category_axis.reverse_order = True
        chart.value_axis.tick_label_position = XL_TICK_LABEL_POSITION.HIGH
        plot = chart.plots[0]
        plot.gap_width, plot.overlap = 70, 100
        for series, accent in zip(plot.series, (None, MAIN, ACCENTS[4]), strict=True):
            coloured(series, accent, unseen=accent is None)
        if len(table):
            reach = float(table["high"].max() - table["low"].min()) or 1.0
            step = 0.05 if self.unit is PERCENT else 10 ** math.floor(math.log10(reach))
            chart.value_axis.minimum_scale = math.floor((table["low"].min() - 0.1 * reach) / step) * step
