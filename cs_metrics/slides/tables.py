"""Native tables: rows of accounts that break across slides, and the cohort triangle with its graded cells.

A table is written as XML at once: cell by cell through the library costs ten times as much.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import pandas as pd
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls
from pptx.util import Inches

from cs_metrics.slides.measure import ELIDED, lines, width
from cs_metrics.slides.parts import POINT
from cs_metrics.slides.template import Box

SIZES = (14, 12, 11)
AIR = 0.75  # of a line, above and below a row's text together
SIDE = int(Inches(0.1))
TALLEST = int(Inches(0.62))
LONGEST, LONG = 4, 40
PLAIN = "{2D5ABB26-0587-4C30-8999-92F81FD0307C}"  # the table style without fills and lines
LEAST, MOST = 0.5, 1.5
NO_LINES = "".join(f'<a:{side} w="0"><a:noFill/></a:{side}>' for side in ("lnL", "lnR", "lnT"))


class Cell(NamedTuple):
    """A cell: its lines, where they stand, whether they are bold, and its fill as XML ("" for none)."""

    lines: Sequence[str]
    side: str = "l"
    bold: bool = False
    fill: str = ""


@dataclass(frozen=True)
class Table:
    """Rows with a header: texts ready to be read, columns with their share of the width and their side.

    Columns named in ``long`` may take four lines; other texts are elided where they do not fit. Rows of a ``tall``
    table fill their box, to be written in. Letters are as large as the box allows.
    """

    rows: pd.DataFrame
    shares: Sequence[float]
    right: Sequence[str] = ()
    long: Sequence[str] = ()
    tall: bool = False
    size: int | None = None
    widths: Sequence[int] = ()

    def fitting(self, box: Box) -> Table:
        """The table in the largest letters in which all of it fits the box, else in the smallest."""
        for size in SIZES:
            tried = replace(self, size=size, widths=self._by_content(box, size))
            cut: list[str] = []
            token = ELIDED.set(cut)
            tall = sum(_height(row, size) for row in tried._cells(box))
            ELIDED.reset(token)
            if tall <= box.height and not cut:
                return tried
        return tried

    def _by_content(self, box: Box, size: int) -> list[int]:
        """How wide the columns are: short texts as wide as they need, the rest for the long ones, or for all.

        Where there is no room for that, numbers keep what they need, and the others share the rest.
        """
        names = [str(name) for name in self.rows.columns]
        need = [_needed(name, self.rows.iloc[:, at], size, box.font) for at, name in enumerate(names)]
        given = _widths(box, self.shares)
        for fixed in ([name not in self.long for name in names], [name in self.right for name in names]):
            spare = box.width - sum(width for width, keeps in zip(need, fixed, strict=True) if keeps)
            others = sum(share for share, keeps in zip(self.shares, fixed, strict=True) if not keeps)
            least = sum(share for share, keeps in zip(given, fixed, strict=True) if not keeps) * 0.6
            if others and spare >= least:
                return [need[at] if keeps else int(spare * self.shares[at] / others) for at, keeps in enumerate(fixed)]
            if not others and spare >= 0:
                return [
                    width + int(spare * share / sum(self.shares))
                    for width, share in zip(need, self.shares, strict=True)
                ]
        return given

    def pages(self, box: Box) -> list[Table]:
        """The table cut into pieces that fit the box, as even as can be."""
        fitted = self.fitting(box)
        assert fitted.size is not None
        heights = [_height(row, fitted.size) for row in fitted._cells(box)]
        count = len(_starts(heights, box.height))
        even = heights[0] + sum(heights[1:]) / count
        caps = (min(even * (1 + step / 20), box.height) for step in range(40))
        starts = next((s for cap in caps if len(s := _starts(heights, cap)) <= count), _starts(heights, box.height))
        ends = [*starts[1:], len(self.rows)]
        return [replace(fitted, rows=self.rows.iloc[a:b]) for a, b in zip(starts, ends, strict=True)]

    def _cells(self, box: Box) -> list[list[Cell]]:
        assert self.size is not None
        size = self.size
        rooms = [(width - 2 * SIDE) / POINT for width in self.widths]
        names = [str(name) for name in self.rows.columns]
        sides = ["r" if name in self.right else "l" for name in names]
        most = [LONGEST if name in self.long else 1 for name in names]
        header = [
            Cell(lines(name, room, size, 1, True, box.font), side, True)
            for name, room, side in zip(names, rooms, sides, strict=True)
        ]
        body = [
            [
                Cell(lines(text, room, size, upto, font=box.font), side)
                for text, room, side, upto in zip(row, rooms, sides, most, strict=True)
            ]
            for row in _words(self.rows)
        ]
        return [header, *body]

    def draw(self, slide: Any, box: Box) -> None:
        """A native table, thin lines, numbers to the right."""
        fitted = self if self.size is not None else self.pages(box)[0]
        assert fitted.size is not None
        draw_cells(slide, box, fitted._cells(box), fitted.widths, fitted.size, fill=self.tall)


def _words(rows: pd.DataFrame) -> list[tuple[object, ...]]:
    columns = [_texts(rows.iloc[:, at]) for at in range(rows.shape[1])]
    return list(zip(*columns, strict=True))


def _texts(column: pd.Series) -> list[object]:
    """The values of a column, nothing where there is none."""
    return ["" if value is None or value != value else value for value in column.tolist()]


def _needed(name: str, column: pd.Series, size: int, font: str) -> int:
    """How wide a column must be for its texts to stand on one line; a text of more than forty letters is elided."""
    texts = [str(text)[:LONG] for text in _texts(column)]
    widest = max([width(name, size, True, font), *(width(text, size, font=font) for text in texts)])
    return int((widest + 2) * POINT) + 2 * SIDE


def _starts(heights: Sequence[int], most: float) -> list[int]:
    """The rows that pieces of at most this height begin with; the first height is the header's."""
    starts, used = [0], heights[0]
    for place, height in enumerate(heights[1:]):
        if used + height > most and place > starts[-1]:
            starts.append(place)
            used = heights[0]
        used += height
    return starts


@dataclass(frozen=True)
class Triangle:
    """Cohorts × ages: a share for each cell seen, not a number where too few, nothing where not yet seen.

    ``cells`` has ``row, age, value`` as the chart of the page has them.
    """

    cells: pd.DataFrame
    ages: str = "months"

    def draw(self, slide: Any, box: Box) -> None:
        """A native table; losses in the second accent, growth in the first, each the stronger the further from 100."""
        names, last = list(dict.fromkeys(self.cells["row"])), int(self.cells["age"].max()) if len(self.cells) else 0
        size = next((each for each in SIZES if (len(names) + 1) * _line(each) * 1.5 <= box.height), SIZES[-1])
        most = max(int(box.height / (_line(size) * 1.5)) - 1, 1)
        names = [*names[:1], *names[1:][-(most - 1) :]] if len(names) > most else names
        seen = {(r, a): v for r, a, v in zip(self.cells["row"], self.cells["age"], self.cells["value"], strict=True)}
        widths = _widths(box, [3.4, *[1.0] * (last + 1)])
        room = (widths[0] - 2 * SIDE) / POINT
        ages = range(last + 1)
        rows = [[Cell([f"{self.ages.capitalize()} on"], bold=True), *(Cell([str(age)], "ctr", True) for age in ages)]]
        for name in names:
            graded = [_graded(seen[name, age]) if (name, age) in seen else Cell([""]) for age in ages]
            rows.append([Cell(lines(name, room, size, 1, font=box.font)), *graded])
        draw_cells(slide, box, rows, widths, size, fill=True)


def _graded(value: float) -> Cell:
    if value != value:
        return Cell(["·"], "ctr")
    away = min(max(value, LEAST), MOST) - 1
    accent, strength = ("accent1" if away >= 0 else "accent2"), int(6 + 90 * abs(away))
    fill = f'<a:solidFill><a:schemeClr val="{accent}"><a:alpha val="{strength}000"/></a:schemeClr></a:solidFill>'
    return Cell([f"{100 * value:.0f}"], "ctr", fill=fill)


def _widths(box: Box, shares: Sequence[float]) -> list[int]:
    return [int(box.width * share / sum(shares)) for share in shares]


def _line(size: int) -> float:
    return 1.2 * size * POINT


def _height(row: Sequence[Cell], size: int) -> int:
    return int(_line(size) * (max(len(cell.lines) for cell in row) + AIR))


def draw_cells(
    slide: Any, box: Box, rows: Sequence[Sequence[Cell]], widths: Sequence[int], size: int, fill: bool = False
) -> None:
    """Put a table of these cells on a slide; with ``fill`` its rows fill the box, up to a comfortable height."""
    heights = [_height(row, size) for row in rows]
    if fill and len(rows) > 1:
        each = min((box.height - heights[0]) // (len(rows) - 1), TALLEST)
        heights = [
            heights[0],
            *(
                max(height, each) if each * (len(rows) - 1) + heights[0] <= box.height else height
                for height in heights[1:]
            ),
        ]
        if sum(heights) > box.height:
            scale = box.height / sum(heights)
            heights = [int(height * scale) for height in heights]
    frame = slide.shapes.add_table(1, len(widths), box.left, box.top, sum(widths), sum(heights))
    old = frame._element.graphic.graphicData.tbl
    grid = "".join(f'<a:gridCol w="{width}"/>' for width in widths)
    body = "".join(
        _row(row, height, size, place, box.ink) for place, (row, height) in enumerate(zip(rows, heights, strict=True))
    )
    made = (
        f'<a:tbl {nsdecls("a")}><a:tblPr firstRow="1"><a:tableStyleId>{PLAIN}</a:tableStyleId></a:tblPr>'
        f"<a:tblGrid>{grid}</a:tblGrid>{body}</a:tbl>"
    )
    old.getparent().replace(old, parse_xml(made))
    frame.height = sum(heights)


def _row(row: Sequence[Cell], height: int, size: int, place: int, ink: str) -> str:
    grey = "" if place == 0 or ink != "tx1" else '<a:lumMod val="25000"/><a:lumOff val="75000"/>'
    thick = 12700 if place == 0 else 6350 if ink == "tx1" else 3175
    under = f'<a:lnB w="{thick}"><a:solidFill><a:schemeClr val="{ink}">{grey}</a:schemeClr></a:solidFill></a:lnB>'
    margins = f'marL="{SIDE}" marR="{SIDE}" marT="18000" marB="18000" anchor="ctr"'
    cells = "".join(
        f'<a:tc><a:txBody><a:bodyPr wrap="square"/><a:lstStyle/>{_paragraph(cell, size, ink)}</a:txBody>'
        f"<a:tcPr {margins}>{NO_LINES}{under}{cell.fill or '<a:noFill/>'}</a:tcPr></a:tc>"
        for cell in row
    )
    return f'<a:tr h="{height}">{cells}</a:tr>'


def _paragraph(cell: Cell, size: int, ink: str) -> str:
    look = f'sz="{size}00" b="{int(cell.bold)}" dirty="0"'
    colour = f'<a:solidFill><a:schemeClr val="{ink}"/></a:solidFill>'
    text = html.escape(" ".join(cell.lines), quote=False)
    if not text:
        return f'<a:p><a:pPr algn="{cell.side}"/><a:endParaRPr {look}/></a:p>'
    return f'<a:p><a:pPr algn="{cell.side}"/><a:r><a:rPr {look}>{colour}</a:rPr><a:t>{text}</a:t></a:r></a:p>'
