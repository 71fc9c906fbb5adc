"""What can stand on a slide: cards, native charts, native tables, lines of text. A part draws itself into a box."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_LABEL_POSITION, XL_LEGEND_POSITION, XL_TICK_LABEL_POSITION
from pptx.enum.dml import MSO_THEME_COLOR
from pptx.enum.shapes import MSO_SHAPE
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.oxml.ns import qn
from pptx.util import Emu, Inches, Pt

from cs_metrics.export import safe_cell
from cs_metrics.slides.template import Box
from cs_metrics.units import PERCENT, Unit

ACCENTS = (MSO_THEME_COLOR.ACCENT_1, MSO_THEME_COLOR.ACCENT_2, MSO_THEME_COLOR.ACCENT_3, MSO_THEME_COLOR.ACCENT_4,
           MSO_THEME_COLOR.ACCENT_5, MSO_THEME_COLOR.ACCENT_6)  # fmt: skip
GRID = RGBColor(0xD9, 0xDD, 0xE4)
UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udfff]")
AXIS = {"percent": "0%", "money": "#,##0"}
ROW = Inches(0.31)
LONGEST = 60


def fit(text: object, most: int = LONGEST) -> str:
    """A text that a slide can hold: without control characters, elided where it is long."""
    clean = " ".join(UNFIT.sub("", str(text)).split())
    return clean if len(clean) <= most else clean[: most - 1].rstrip() + "…"


def cell(text: object) -> str:
    """A text for a chart's workbook: never a formula."""
    return safe_cell(fit(text))


class Part(Protocol):
    """Something that draws itself into a box of a slide."""

    def draw(self, slide: Any, box: Box) -> None:
        """Draw it."""


def write_line(frame: Any, text: str, size: float, bold: bool = False, first: bool = False, quiet: bool = False) -> Any:
    """Add a paragraph to a text frame."""
    paragraph = frame.paragraphs[0] if first else frame.add_paragraph()
    run = paragraph.add_run()
    run.text = text
    run.font.size, run.font.bold = Pt(size), bold
    run.font.color.theme_color = MSO_THEME_COLOR.TEXT_1
    if quiet:
        run.font.color.brightness = 0.35
    return paragraph


@dataclass(frozen=True)
class Card:
    """A figure: its label, its value, and a line below."""

    label: str
    value: str
    below: str = ""


@dataclass(frozen=True)
class Cards:
    """Figures side by side."""

    cards: Sequence[Card]

    def draw(self, slide: Any, box: Box) -> None:
        """A quiet rectangle per figure."""
        for card, place in zip(self.cards, box.columns(*[1.0] * len(self.cards)), strict=True):
            shape = slide.shapes.add_shape(MSO_SHAPE.RECTANGLE, *place)
            shape.fill.solid()
            shape.fill.fore_color.theme_color = MSO_THEME_COLOR.BACKGROUND_2
            shape.line.fill.background()
            shape.shadow.inherit = False
            frame = shape.text_frame
            frame.word_wrap, frame.vertical_anchor = True, MSO_ANCHOR.MIDDLE
            write_line(frame, fit(card.label), 13, first=True, quiet=True).alignment = PP_ALIGN.LEFT
            write_line(frame, fit(card.value), 28, bold=True).alignment = PP_ALIGN.LEFT
            if card.below:
                write_line(frame, fit(card.below, 90), 12, quiet=True).alignment = PP_ALIGN.LEFT


FEWEST_LABELS = 13


def _chart(slide: Any, kind: XL_CHART_TYPE, box: Box, data: CategoryChartData, unit: Unit, legend: bool = False) -> Any:
    chart = slide.shapes.add_chart(kind, *(Emu(int(edge)) for edge in box), data).chart
    chart.has_title, chart.has_legend, chart.font.size = False, legend, Pt(12)
    if legend:
        chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.TOP, False
    chart.value_axis.major_gridlines.format.line.color.rgb = GRID
    chart.value_axis.format.line.fill.background()
    chart.category_axis.format.line.color.rgb = GRID
    chart.category_axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    chart.value_axis.tick_labels.number_format = AXIS.get(unit.name, "#,##0")
    chart.value_axis.tick_labels.number_format_is_linked = False
    if (skip := -(-len(data.categories) // FEWEST_LABELS)) > 1:
        axis = chart.category_axis._element
        mark = axis.makeelement(qn("c:tickLblSkip"), {"val": str(skip)})
        axis.find(qn("c:noMultiLvlLbl")).addprevious(mark)
    return chart


def _data(categories: Iterable[object], unit: Unit) -> CategoryChartData:
    data = CategoryChartData(number_format=unit.sheet if unit.money is False else "#,##0")
    data.categories = [cell(name) for name in categories]
    return data


def _numbers(values: pd.Series) -> list[float | None]:
    return [None if value != value else float(value) for value in values.astype(float)]


@dataclass(frozen=True)
class Lines:
    """Figures over time: months × columns, a line each."""

    table: pd.DataFrame
    unit: Unit

    def draw(self, slide: Any, box: Box) -> None:
        """A native line chart."""
        data = _data(self.table.index.astype(str), self.unit)
        for name, column in self.table.items():
            data.add_series(cell(name), _numbers(column))
        chart = _chart(slide, XL_CHART_TYPE.LINE, box, data, self.unit, legend=self.table.shape[1] > 1)
        if self.unit is PERCENT and not self.table.isna().all(axis=None):
            chart.value_axis.minimum_scale = math.floor(np.nanmin(self.table.to_numpy(dtype=float)) * 20 - 1) / 20
        for accent, series in zip(ACCENTS, chart.plots[0].series, strict=False):
            series.smooth = False
            series.format.line.color.theme_color = accent
            series.format.line.width = Pt(2.25)


@dataclass(frozen=True)
class Bars:
    """A figure per group, in the order given."""

    values: pd.Series
    unit: Unit

    def draw(self, slide: Any, box: Box) -> None:
        """A native column chart with its values written on it."""
        data = _data(self.values.index, self.unit)
        data.add_series("Value", _numbers(self.values))
        chart = _chart(slide, XL_CHART_TYPE.COLUMN_CLUSTERED, box, data, self.unit)
        plot = chart.plots[0]
        plot.gap_width, plot.has_data_labels = 60, True
        plot.data_labels.position, plot.data_labels.font.size = XL_LABEL_POSITION.OUTSIDE_END, Pt(11)
        plot.series[0].format.fill.solid()
        plot.series[0].format.fill.fore_color.theme_color = ACCENTS[0]
        if (self.values.dropna() >= 0).all():
            chart.value_axis.minimum_scale = 0


@dataclass(frozen=True)
class Waterfall:
    """The bars of a waterfall, as ``analysis.bridge.steps`` gives them."""

    steps: pd.DataFrame
    unit: Unit
    currency: str = ""

    def draw(self, slide: Any, box: Box) -> None:
        """Native stacked columns on an invisible base; each bar's amount stands in its name."""
        bars = self.steps
        write = self.unit.write_difference
        amounts = [
            self.unit.write(amount, self.currency) if name in ("opening", "closing") else write(amount, self.currency)
            for name, amount in zip(bars["name"], bars["amount"], strict=True)
        ]
        data = _data([f"{label} {amount}" for label, amount in zip(bars["label"], amounts, strict=True)], self.unit)
        low, size = bars[["start", "end"]].min(axis=1), (bars["end"] - bars["start"]).abs()
        total = bars["name"].isin(["opening", "closing"])
        rise = ~total & (bars["end"] >= bars["start"])
        for name, shown in (("Base", ~total), ("Total", total), ("Came", rise), ("Went", ~total & ~rise)):
            values = low if name == "Base" else size
            data.add_series(name, _numbers(values.where(shown)))
        chart = _chart(slide, XL_CHART_TYPE.COLUMN_STACKED, box, data, self.unit)
        plot = chart.plots[0]
        plot.gap_width, plot.overlap = 45, 100
        if (low >= 0).all():
            chart.value_axis.minimum_scale = 0
        for series, accent in zip(plot.series, (None, ACCENTS[5], ACCENTS[0], ACCENTS[1]), strict=True):
            if accent is None:
                series.format.fill.background()
                series.format.line.fill.background()
            else:
                series.format.fill.solid()
                series.format.fill.fore_color.theme_color = accent


@dataclass(frozen=True)
class Table:
    """Rows with a header: texts ready to be read, columns with their share of the width and their side."""

    rows: pd.DataFrame
    shares: Sequence[float]
    right: Sequence[str] = ()

    def pages(self, height: int) -> list[Table]:
        """The table cut into pieces that fit this height."""
        most = max(int(height / ROW) - 1, 1)
        starts = range(0, max(len(self.rows), 1), most)
        return [Table(self.rows.iloc[start : start + most], self.shares, self.right) for start in starts]

    def draw(self, slide: Any, box: Box) -> None:
        """A native table, small lines, numbers to the right."""
        columns = len(self.rows.columns)
        table = slide.shapes.add_table(
            len(self.rows) + 1, columns, *box._replace(height=ROW * (len(self.rows) + 1))
        ).table
        for place, share in enumerate(self.shares):
            table.columns[place].width = Emu(int(box.width * share / sum(self.shares)))
        characters = [int(box.width * share / sum(self.shares) / Inches(0.085)) for share in self.shares]
        words = self.rows.astype(object).where(self.rows.notna(), "").to_numpy().tolist()
        for row in range(len(self.rows) + 1):
            table.rows[row].height = ROW
            for place, name in enumerate(self.rows.columns):
                text = name if row == 0 else words[row - 1][place]
                target = table.cell(row, place)
                target.margin_top = target.margin_bottom = Inches(0.02)
                target.vertical_anchor = MSO_ANCHOR.MIDDLE
                paragraph = target.text_frame.paragraphs[0]
                run = paragraph.add_run()
                run.text = fit(text, max(characters[place], 4))
                run.font.size = Pt(11)
                target.text_frame.word_wrap = False
                if name in self.right:
                    paragraph.alignment = PP_ALIGN.RIGHT


@dataclass(frozen=True)
class Points:
    """Lines of text, one thought each."""

    lines: Sequence[str]
    size: float = 18

    def draw(self, slide: Any, box: Box) -> None:
        """A text box of paragraphs with air between."""
        frame = slide.shapes.add_textbox(*box).text_frame
        frame.word_wrap = True
        for place, line in enumerate(self.lines):
            paragraph = write_line(frame, fit(line, 220), self.size, first=place == 0)
            paragraph.space_after = Pt(10)
