"""A native chart as SVG, drawn from what stands in the file: bars, lines, points. For previews and reports."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import Any, NamedTuple

from pptx.oxml.ns import qn

from cs_metrics.slides.measure import lines, width

TICK = 10.0
MOST_NAMES = 13


class Look(NamedTuple):
    """What a picture is drawn with: the colour of writing, and the theme's colours by name."""

    ink: str
    theme: dict[str, str]


class Row(NamedTuple):
    """A series: its name, its points, its colour ("" for none), how thick and dashed, and a mark instead of a line."""

    name: str
    xs: list[float]
    ys: Sequence[float | None]
    colour: str
    thick: float
    dashed: bool
    marked: bool
    names: dict[int, str]
    reach: list[float]


def text(x: float, y: float, said: str, look: Look, size: float = TICK, anchor: str = "middle", bold: bool = False,
         opacity: float = 1.0) -> str:  # fmt: skip
    """A line of text as SVG."""
    weight = ' font-weight="700"' if bold else ""
    seen = f' opacity="{opacity:g}"' if opacity < 1 else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}" fill="#{look.ink}"{weight}{seen}>'
        f"{escape(said)}</text>"
    )


def stroke(x1: float, x2: float, y1: float, y2: float, colour: str, opacity: float = 0.18, thick: float = 0.7) -> str:
    """A straight line as SVG."""
    return (
        f'<line x1="{x1:.1f}" x2="{x2:.1f}" y1="{y1:.1f}" y2="{y2:.1f}" stroke="#{colour}" '
        f'stroke-opacity="{opacity:g}" stroke-width="{thick:g}"/>'
    )


def picture(chart: Any, wide: float, high: float, look: Look) -> str:
    """The chart in a rectangle of this size, as the content of an SVG."""
    plot, kind = chart.plots[0], type(chart.plots[0]).__name__
    rows = [_row(series, look, place) for place, series in enumerate(plot.series)]
    shown = [row for row in rows if row.name and not row.name.startswith("Base") and row.colour]
    top = 18.0 if chart.has_legend else 4.0
    legend = "".join(_legend(shown, wide, look)) if chart.has_legend else ""
    if kind == "XyPlot":
        return legend + _xy(chart, rows, wide, high, top, look)
    categories = [str(each).replace("\n", " ") for each in plot.categories]
    stacked = kind == "BarPlot" and plot._element.find(qn("c:grouping")).get("val") == "stacked"
    lying = kind == "BarPlot" and plot._element.find(qn("c:barDir")).get("val") == "bar"
    overlapping = kind == "BarPlot" and not stacked and (plot.overlap or 0) == 100
    least, most = _reach(chart, rows, stacked, kind == "BarPlot")
    draw = _lying if lying else _standing
    return legend + draw(chart, rows, categories, (wide, high, top), (least, most), (stacked, overlapping), kind, look)


def _row(series: Any, look: Look, place: int) -> Row:
    element, default = series._element, f"accent{place % 6 + 1}"
    fill, line = element.find(f"{qn('c:spPr')}/{qn('a:solidFill')}"), element.find(f"{qn('c:spPr')}/{qn('a:ln')}")
    none = element.find(f"{qn('c:spPr')}/{qn('a:noFill')}") is not None
    marker = element.find(f"{qn('c:marker')}/{qn('c:spPr')}/{qn('a:solidFill')}")
    symbol = element.find(f"{qn('c:marker')}/{qn('c:symbol')}")
    drawn = line is not None and line.find(qn("a:solidFill")) is not None
    source = fill if fill is not None else line.find(qn("a:solidFill")) if drawn else marker
    xs = [float(v.text) for v in element.iterfind(f"{qn('c:xVal')}//{qn('c:v')}")]
    names = {
        int(label.find(qn("c:idx")).get("val")): "".join(t.text or "" for t in label.iter(qn("a:t")))
        for label in element.iter(qn("c:dLbl"))
    }
    halves = [float(v.text) for v in element.iterfind(f"{qn('c:errBars')}/{qn('c:plus')}//{qn('c:v')}")]
    marked = symbol is not None and symbol.get("val") != "none" and marker is not None and not drawn
    colour = "" if none else _colour(source, look, default)
    dashed = line is not None and line.find(qn("a:prstDash")) is not None
    thick = int(line.get("w", "28575")) / 12_700 if line is not None else 2.25
    return Row(series.name, xs, list(series.values), colour, thick, dashed, marked, names, halves)


def _colour(fill: Any, look: Look, default: str) -> str:
    child = fill[0] if fill is not None and len(fill) else None
    if child is None:
        return look.theme.get(default, "808080")
    return str(child.get("val")) if child.tag == qn("a:srgbClr") else look.theme.get(str(child.get("val")), "808080")


def _known(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _reach(chart: Any, rows: list[Row], stacked: bool, from_zero: bool) -> tuple[float, float]:
    """The ends of the value axis: its own where it says so, else around the values."""
    if stacked:
        count = max((len(row.ys) for row in rows), default=0)
        up = [sum(max(row.ys[at] or 0, 0) for row in rows) for at in range(count)]
        down = [sum(min(row.ys[at] or 0, 0) for row in rows) for at in range(count)]
        values = up + down
    else:
        values = [value for row in rows for value in _known(row.ys)]
    axis = chart.value_axis
    low, high = min(values, default=0.0), max(values, default=1.0)
    if from_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    high += 0.06 * ((high - low) or abs(high) or 1)
    low -= 0.06 * (high - low) if low < 0 else 0
    least = axis.minimum_scale if axis.minimum_scale is not None else low
    most = axis.maximum_scale if axis.maximum_scale is not None else high
    return least, most if most > least else least + 1


def ticks(least: float, most: float) -> list[float]:
    """Round figures between two ends.

    >>> ticks(0, 1)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    rough = (most - least) / 5
    size = 10 ** math.floor(math.log10(rough))
    step = next(size * nice for nice in (1, 2, 2.5, 5, 10) if size * nice >= rough * 0.99)
    first = math.ceil(least / step - 1e-9)
    return [round(at * step, 12) for at in range(first, math.floor(most / step + 1e-9) + 1)]


def said(value: float, form: str) -> str:
    """A figure by its axis' format, as far as the house uses them."""
    if "%" in form:
        return f"{100 * value:.{form.count('0') - 1 if '.' in form else 0}f}%"
    if "M" in form:
        size, name = (1e6, " M") if abs(value) >= 1e6 else (1e3, " k") if abs(value) >= 1e3 else (1, "")
        return f"{value / size:.{1 if name == ' M' else 0}f}{name}"
    return f"{value:,.0f}" if abs(value) >= 10 or value == int(value) else f"{value:g}"


def _legend(rows: list[Row], wide: float, look: Look) -> Iterator[str]:
    widths = [width(row.name, 11) + 26 for row in rows]
    x = max((wide - sum(widths)) / 2, 0)
    for row, room in zip(rows, widths, strict=True):
        yield f'<rect x="{x:.1f}" y="4" width="12" height="4" fill="#{row.colour}"/>'
        yield text(x + 16, 10, row.name, look, 11, "start")
        x += room


def _axis(
    least: float, most: float, left: float, right: float, up: Callable[[float], float], form: str, look: Look
) -> str:
    made = []
    for value in ticks(least, most):
        y = up(value)
        made.append(stroke(left, right, y, y, look.ink))
        made.append(text(left - 5, y + 3.5, said(value, form), look, TICK, "end"))
    return "".join(made)


def _standing(chart: Any, rows: list[Row], categories: list[str], size: tuple[float, float, float],
              ends: tuple[float, float], how: tuple[bool, bool], kind: str, look: Look) -> str:  # fmt: skip
    """Columns or lines over categories."""
    (wide, high, top), (least, most), (stacked, overlapping) = size, ends, how
    form = str(chart.value_axis.tick_labels.number_format)
    left = max((width(said(v, form), TICK) for v in ticks(least, most)), default=20.0) + 10
    bottom, each = high - 28, (wide - left) / max(len(categories), 1)

    def up(value: float) -> float:
        return bottom - (bottom - top - 6) * (min(max(value, least), most) - least) / (most - least)

    made = [_axis(least, most, left, wide, up, form, look)]
    skip = -(-len(categories) // MOST_NAMES)
    for at, name in enumerate(categories):
        if at % skip == 0:
            for line, part in enumerate(lines(name, each * skip - 4, TICK, 2)):
                made.append(text(left + each * (at + 0.5), bottom + 12 + 11 * line, part, look))
    if kind == "LinePlot":
        for row in rows:
            points = [None if y is None else (left + each * (at + 0.5), up(y)) for at, y in enumerate(row.ys)]
            made.append(_path(points, row))
        return "".join(made)
    bars = each * 0.68
    for at in range(len(categories)):
        above = below = 0.0
        for place, row in enumerate(rows):
            value = row.ys[at] if at < len(row.ys) else None
            if value is None:
                continue
            start = (above if value >= 0 else below) if stacked else 0.0
            above, below = (start + value, below) if value >= 0 else (above, start + value)
            share = 1 if stacked or overlapping else len(rows)
            x = left + each * at + (each - bars) / 2 + (0 if share == 1 else place * bars / share)
            y1, y2 = sorted((up(start), up(start + value)))
            if row.colour:
                made.append(_rect(x, y1, bars / share, y2 - y1, row.colour))
            if chart.plots[0].has_data_labels:
                form_of = str(chart.plots[0].data_labels.number_format)
                made.append(text(x + bars / share / 2, (y1 if value >= 0 else y2 + 12) - 3, said(value, form_of), look))
    return "".join(made)


def _lying(chart: Any, rows: list[Row], categories: list[str], size: tuple[float, float, float],
           ends: tuple[float, float], how: tuple[bool, bool], kind: str, look: Look) -> str:  # fmt: skip
    """Bars to the right of their names, the first on top."""
    (wide, high, top), (least, most), (stacked, _) = size, ends, how
    left = min(max((width(name, 11) for name in categories), default=20.0) + 14, wide * 0.4)
    axis = chart.value_axis.visible
    bottom, made = high - (20 if axis else 4), []
    each = (bottom - top) / max(len(categories), 1)
    room = (wide - left) * (0.96 if axis else 0.86)
    start_at = left + (0 if axis or least >= 0 else 40)

    def along(value: float) -> float:
        return start_at + room * (min(max(value, least), most) - least) / (most - least)

    form = str(chart.value_axis.tick_labels.number_format)
    for tick in ticks(least, most) if axis else ():
        made.append(stroke(along(tick), along(tick), top, bottom, look.ink))
        made.append(text(along(tick), high - 6, said(tick, form), look))
    for at, name in enumerate(categories):
        middle, reached = top + each * (at + 0.5), 0.0
        made.append(text(left - 8, middle + 4, lines(name, left - 12, 11, 1)[0], look, 11, "end"))
        for row in rows:
            value = row.ys[at] if at < len(row.ys) else None
            if value is None:
                continue
            start = reached if stacked else 0.0
            reached = start + value
            x1, x2 = sorted((along(start), along(reached)))
            if row.colour:
                made.append(_rect(x1, middle - each * 0.3, x2 - x1, each * 0.6, row.colour))
            if chart.plots[0].has_data_labels:
                form_of = str(chart.plots[0].data_labels.number_format)
                x, anchor = (x2 + 4, "start") if value >= 0 else (x1 - 4, "end")
                made.append(text(x, middle + 4, said(value, form_of), look, TICK, anchor))
    return "".join(made)


def _xy(chart: Any, rows: list[Row], wide: float, high: float, top: float, look: Look) -> str:
    """Points and curves over two axes of numbers."""
    reached = [
        y + s * h
        for row in rows
        for y, h in zip(_known(row.ys), row.reach or [0] * len(row.ys), strict=False)
        for s in (1, -1)
    ]
    axis, across = chart.value_axis, chart.category_axis
    least, most = _reach(chart, [row._replace(ys=reached) for row in rows[:1]], False, False)
    xs = [x for row in rows for x in row.xs] or [0.0, 1.0]
    x0 = across.minimum_scale if across.minimum_scale is not None else min(xs) - 0.05 * (max(xs) - min(xs))
    x1 = across.maximum_scale if across.maximum_scale is not None else max(xs) + 0.05 * ((max(xs) - x0) or 1)
    form = str(axis.tick_labels.number_format)
    left = max((width(said(v, form), TICK) for v in ticks(least, most)), default=20.0) + 10
    bottom = high - 34

    def up(value: float) -> float:
        return bottom - (bottom - top - 6) * (value - least) / (most - least)

    def along(value: float) -> float:
        return left + (wide - left - 6) * (value - x0) / ((x1 - x0) or 1)

    made = [_axis(least, most, left, wide, up, form, look)]
    for value in ticks(x0, x1):
        made.append(text(along(value), bottom + 13, said(value, str(across.tick_labels.number_format)), look))
    if across.has_title:
        made.append(text((left + wide) / 2, high - 6, across.axis_title.text_frame.text, look, 11))
    for row in rows:
        points = [(along(x), up(y)) for x, y in zip(row.xs, row.ys, strict=False) if y is not None]
        for (x, _), y, half in zip(points, _known(row.ys), row.reach, strict=False):
            band = look.theme.get("accent6", "888888")
            made.append(stroke(x, x, up(y - half), up(y + half), band, 0.45, 6))
        if row.reach:
            continue
        if row.marked:
            for at, (x, y) in enumerate(points):
                made.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="#{row.colour}"/>')
                if at in row.names:
                    made.append(text(x, y - 7, row.names[at], look))
        else:
            made.append(_path(list(points), row))
    return "".join(made)


def _path(points: list[tuple[float, float] | None], row: Row) -> str:
    """A line through its points, parted where one is missing."""
    moves, pen = [], "M"
    for point in points:
        if point is None:
            pen = "M"
            continue
        moves.append(f"{pen}{point[0]:.1f} {point[1]:.1f}")
        pen = "L"
    dash = ' stroke-dasharray="5 4"' if row.dashed else ""
    return f'<path d="{"".join(moves)}" fill="none" stroke="#{row.colour}" stroke-width="{row.thick:g}"{dash}/>'


def _rect(x: float, y: float, wide: float, high: float, colour: str) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(wide, 0.5):.1f}" height="{max(high, 0.8):.1f}" fill="#{colour}"/>'
    )
