"""What a deck looks like: each slide as SVG, drawn from the finished file itself: what is shown is what is in it.

Letters are set by their measured widths; another program may break a line elsewhere.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from html import escape
from typing import Any

from pptx import Presentation
from pptx.enum.shapes import MSO_SHAPE_TYPE, PP_PLACEHOLDER
from pptx.oxml.ns import qn

from cs_metrics.slides.chart_picture import Look, picture
from cs_metrics.slides.colours import behind, ink_on, theme_of
from cs_metrics.slides.measure import lines
from cs_metrics.slides.parts import POINT

USUAL = 18.0
STACK = "Calibri, Carlito, 'Segoe UI', Arial, sans-serif"


def pictures(deck: bytes) -> list[str]:
    """The slides of a .pptx file, one SVG each."""
    return [
        _slide(slide, presentation)
        for presentation in [Presentation(io.BytesIO(deck))]
        for slide in presentation.slides
    ]


def look_of(layout: Any) -> Look:
    """The colours to draw a slide of this layout with."""
    theme = theme_of(layout.slide_master)
    return Look(theme[ink_on(behind(layout, theme), theme)], theme)


def _slide(slide: Any, presentation: Any) -> str:
    wide, high = presentation.slide_width / POINT, presentation.slide_height / POINT
    layout = slide.slide_layout
    look = look_of(layout)
    said = escape(slide.shapes.title.text_frame.text if slide.shapes.title is not None else "", quote=True)
    parts = [f'<rect width="{wide:g}" height="{high:g}" fill="#{behind(layout, look.theme)}"/>']
    for sheet in (layout.slide_master, layout):
        parts += [drawn for shape in sheet.shapes if not shape.is_placeholder for drawn in _shape(shape, look)]
    for shape in slide.shapes:
        parts += _shape(shape, look)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:g} {high:g}" role="img" aria-label="{said}" '
        f'font-family="{STACK}">{"".join(parts)}</svg>'
    )


def _shape(shape: Any, look: Look) -> Iterator[str]:
    if shape.width is None or shape.left is None:
        return
    x, y, wide, high = (edge / POINT for edge in (shape.left, shape.top, shape.width, shape.height))
    if shape.shape_type == MSO_SHAPE_TYPE.PICTURE:
        kind, data = shape.image.content_type, base64.b64encode(shape.image.blob).decode()
        place = f'x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}"'
        yield f'<image {place} href="data:{kind};base64,{data}"/>'
    elif getattr(shape, "has_chart", False) and shape.has_chart:
        yield f'<g transform="translate({x:.1f} {y:.1f})">{picture(shape.chart, wide, high, look)}</g>'
    elif getattr(shape, "has_table", False) and shape.has_table:
        yield from _table(shape.table, x, y, look)
    elif shape.has_text_frame:
        if fill := _fill(shape._element.spPr, look):
            yield f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}" {fill}/>'
        yield from _text(shape, (x, y, wide, high), look)


def _fill(properties: Any, look: Look) -> str:
    """The fill of a shape or cell as attributes; "" for none."""
    found = properties.find(qn("a:solidFill")) if properties is not None else None
    if found is None or not len(found):
        return ""
    colour, alpha = _colour(found[0], look)
    return f'fill="#{colour}"' + (f' fill-opacity="{alpha:g}"' if alpha < 1 else "")


def _colour(element: Any, look: Look) -> tuple[str, float]:
    value = str(element.get("val"))
    colour = value if element.tag == qn("a:srgbClr") else look.theme.get(value, look.ink)
    alpha = element.find(qn("a:alpha"))
    return colour, int(alpha.get("val")) / 100_000 if alpha is not None else 1.0


def _text(shape: Any, box: tuple[float, float, float, float], look: Look) -> Iterator[str]:
    """The paragraphs of a shape, broken as they fit, standing at its anchor."""
    x, y, wide, high = box
    frame = shape.text_frame
    left, right = (edge / POINT for edge in (frame.margin_left, frame.margin_right))
    title = shape.is_placeholder and shape.placeholder_format.type in (
        PP_PLACEHOLDER.TITLE,
        PP_PLACEHOLDER.CENTER_TITLE,
    )
    rows: list[tuple[str, float, bool, str, float]] = []
    for paragraph in frame.paragraphs:
        said = "".join(run.text for run in paragraph.runs) or (
            "‹#›" if paragraph._p.find(qn("a:fld")) is not None else ""
        )
        run = paragraph.runs[0] if paragraph.runs else None
        size = run.font.size.pt if run is not None and run.font.size is not None else 10.0 if said == "‹#›" else USUAL
        bold = bool(run is not None and run.font.bold) or title
        mark = paragraph._p.find(f"{qn('a:r')}/{qn('a:rPr')}/{qn('a:solidFill')}")
        colour, alpha = _colour(mark[0], look) if mark is not None and len(mark) else (look.ink, 1.0)
        after = paragraph.space_after.pt if paragraph.space_after is not None else 0.0
        for line in lines(said, wide - left - right, size, 12, bold):
            rows.append((line, size, bold, f'fill="#{colour}" opacity="{alpha:g}"', 0.0))
        rows[-1] = (*rows[-1][:4], after)
    tall = sum(size * 1.2 + after for _, size, _, _, after in rows)
    anchor = str(frame.vertical_anchor or ("MIDDLE" if title else "TOP"))
    at = y + {"M": (high - tall) / 2, "B": high - tall - 4}.get(anchor[0], frame.margin_top / POINT)
    for line, size, bold, fill, after in rows:
        at += size * 1.2
        weight = ' font-weight="700"' if bold else ""
        place = f'x="{x + left:.1f}" y="{at - size * 0.25:.1f}" font-size="{size:g}"'
        yield f"<text {place} {fill}{weight}>{escape(line)}</text>"
        at += after


def _table(table: Any, x: float, y: float, look: Look) -> Iterator[str]:
    widths = [column.width / POINT for column in table.columns]
    top = y
    for row in table.rows:
        high, left = row.height / POINT, x
        for element, wide in zip(row._tr.tc_lst, widths, strict=True):
            properties = element.find(qn("a:tcPr"))
            if fill := _fill(properties, look):
                yield f'<rect x="{left:.1f}" y="{top:.1f}" width="{wide:.1f}" height="{high:.1f}" {fill}/>'
            yield from _cell(element, left, top, wide, high, look)
            left += wide
        top += high
        yield (
            f'<line x1="{x:.1f}" x2="{left:.1f}" y1="{top:.1f}" y2="{top:.1f}" stroke="#{look.ink}" '
            f'stroke-opacity="{0.8 if row is table.rows[0] else 0.25}" stroke-width="0.6"/>'
        )


def _cell(element: Any, left: float, top: float, wide: float, high: float, look: Look) -> Iterator[str]:
    said = "".join(each.text or "" for each in element.iter(qn("a:t")))
    if not said:
        return
    look_of_run = next(element.iter(qn("a:rPr")))
    size, bold = int(look_of_run.get("sz", "1100")) / 100, look_of_run.get("b") == "1"
    side = next((str(each.get("algn")) for each in element.iter(qn("a:pPr")) if each.get("algn")), "l")
    rows = lines(said, wide - 14, size, 6, bold)
    x, anchor = {"r": (left + wide - 7, "end"), "ctr": (left + wide / 2, "middle")}.get(side, (left + 7, "start"))
    weight = ' font-weight="700"' if bold else ""
    for place, line in enumerate(rows):
        y = top + high / 2 + size * (0.35 + 1.2 * (place - (len(rows) - 1) / 2))
        yield (
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}" fill="#{look.ink}"{weight}>'
            f"{escape(line)}</text>"
        )
