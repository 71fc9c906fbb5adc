"""What must hold of every deck, looked up in the finished file: nothing outside its place, nothing small, all whole."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
from lxml import etree
from PIL import ImageFont
from pptx import Presentation
from pptx.oxml.ns import qn

from cs_metrics.slides.colours import behind, contrast, theme_of

POINT = 12_700
FONTS = {
    "Calibri": ("crosextra/Carlito-Regular.ttf", "crosextra/Carlito-Bold.ttf"),
    "Arial": ("liberation/LiberationSans-Regular.ttf", "liberation/LiberationSans-Bold.ttf"),
}
FOLDER = Path("/usr/share/fonts/truetype")
SERIES = ("idx", "order", "tx", "spPr", "invertIfNegative", "marker", "dPt", "dLbls", "trendline", "errBars", "cat", "val",
          "xVal", "yVal", "smooth", "extLst")  # fmt: skip
AXIS = ("axId", "scaling", "delete", "axPos", "majorGridlines", "minorGridlines", "title", "numFmt", "majorTickMark",
        "minorTickMark", "tickLblPos", "spPr", "txPr", "crossAx", "crosses", "crossesAt", "auto", "lblAlgn", "lblOffset",
        "tickLblSkip", "tickMarkSkip", "noMultiLvlLbl", "crossBetween", "majorUnit", "minorUnit")  # fmt: skip
CELL = ("lnL", "lnR", "lnT", "lnB", "noFill", "solidFill")


def opened(data: bytes) -> Any:
    return Presentation(io.BytesIO(data))


def font(name: str, bold: bool, size: float) -> Any:
    """The letters a program would use; None where they are not on this machine."""
    path = FOLDER / FONTS.get(name, FONTS["Arial"])[bold]
    return ImageFont.truetype(str(path), round(size * 20)) if path.is_file() else None


def tall(text: str, room: float, letters: Any, size: float) -> float:
    """How tall a paragraph becomes in a column of this many points, broken greedily by the real letters."""
    count, line = 1, ""
    for word in text.split(" "):
        longer = f"{line} {word}".strip()
        if line and letters.getlength(longer) / 20 > room:
            count, line = count + 1, word
        else:
            line = longer
    return count * size * 1.2


def overflowing(deck: Any) -> Iterator[str]:
    """Texts that do not fit their box or cell, measured with the letters of the theme's font."""
    for number, slide in enumerate(deck.slides, 1):
        family = theme_of(slide.slide_layout.slide_master)["font"]
        for shape in slide.shapes:
            if shape.has_text_frame and shape.text_frame.text:
                frame = shape.text_frame
                room = (shape.width - frame.margin_left - frame.margin_right) / POINT
                needs = 0.0
                for paragraph in frame.paragraphs:
                    for run in paragraph.runs[:1]:
                        if run.font.size is None:
                            continue
                        letters = font(family, bool(run.font.bold), run.font.size.pt)
                        needs += tall(paragraph.text, room, letters, run.font.size.pt) if letters else 0
                        needs += paragraph.space_after.pt if paragraph.space_after else 0
                if needs > shape.height / POINT + 12:
                    yield f"slide {number}: {shape.name}: {needs:.0f} > {shape.height / POINT:.0f}: {frame.text[:50]}"
            if shape.has_table:
                yield from _cells(shape.table, number, family)


def _cells(table: Any, number: int, family: str) -> Iterator[str]:
    widths = [column.width for column in table.columns]
    for row in table.rows:
        for element, width in zip(row._tr.tc_lst, widths, strict=True):
            text = "".join(t.text or "" for t in element.iter(qn("a:t")))
            properties = element.find(qn("a:tcPr"))
            if not text:
                continue
            look = next(element.iter(qn("a:rPr")))
            size = int(look.get("sz")) / 100
            letters = font(family, look.get("b") == "1", size)
            room = (width - int(properties.get("marL")) - int(properties.get("marR"))) / POINT
            if letters is None:
                continue
            if tall(text, room + 0.5, letters, size) > row.height / POINT + 2:
                yield f"slide {number}: cell {text[:50]!r}"
            if max(letters.getlength(word) / 20 for word in text.split(" ")) > room + 1 and len(text) < 30:
                yield f"slide {number}: cell breaks within a word: {text!r}"


def overlapping(deck: Any) -> Iterator[str]:
    """Shapes that lie over one another, or outside the slide."""
    for number, slide in enumerate(deck.slides, 1):
        boxes = [(s.name, s.left, s.top, s.left + s.width, s.top + s.height) for s in slide.shapes if s.width]
        for place, (name, left, top, right, bottom) in enumerate(boxes):
            if left < 0 or top < 0 or right > deck.slide_width + 2 or bottom > deck.slide_height + 2:
                yield f"slide {number}: {name} is outside"
            for other, a, b, c, d in boxes[place + 1 :]:
                if min(right, c) - max(left, a) > 2 * POINT and min(bottom, d) - max(top, b) > 2 * POINT:
                    yield f"slide {number}: {name} over {other}"


def small(deck: Any) -> Iterator[str]:
    """Letters smaller than ten points, wherever a size is set."""
    for part in deck.part.package.iter_parts():
        name = str(part.partname)
        if re.match(r"/ppt/(slides/slide|charts/chart)\d+\.xml", name):
            for size in re.findall(rb'\bsz="(\d+)"', part.blob):
                if int(size) < 1000:
                    yield f"{name}: {int(size) / 100} points"


def pale(deck: Any) -> Iterator[str]:
    """Writing that is not read on what is behind it."""
    for number, slide in enumerate(deck.slides, 1):
        theme = theme_of(slide.slide_layout.slide_master)
        ground = behind(slide.slide_layout, theme)
        for element in slide._element.iter(qn("a:rPr")):
            for colour in element.iterfind(f"{qn('a:solidFill')}/{qn('a:schemeClr')}"):
                share = colour.find(qn("a:alpha"))
                seen = int(share.get("val")) / 100_000 if share is not None else 1.0
                mixed = _mixed(theme[colour.get("val")], ground, seen)
                if contrast(mixed, ground) < 4.5:
                    yield f"slide {number}: {colour.get('val')} on {ground}"


def _mixed(ink: str, ground: str, share: float) -> str:
    pairs = [(int(ink[at : at + 2], 16), int(ground[at : at + 2], 16)) for at in (0, 2, 4)]
    return "".join(f"{round(a * share + b * (1 - share)):02X}" for a, b in pairs)


def empty_places(deck: Any) -> Iterator[str]:
    """Placeholders that nobody filled."""
    for number, slide in enumerate(deck.slides, 1):
        for place in slide.placeholders:
            if place.has_text_frame and not place.text_frame.text and place._element.find(f".//{qn('a:fld')}") is None:
                yield f"slide {number}: {place.name}"


def malformed(data: bytes) -> Iterator[str]:
    """What would make PowerPoint repair the file: names twice, ties to nowhere, ids twice, children out of order."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        names = packed.namelist()
        yield from (f"twice: {name}" for name in {n for n in names if names.count(n) > 1})
        kinds = etree.fromstring(packed.read("[Content_Types].xml"))
        known = {each.get("PartName") for each in kinds} | {f".{each.get('Extension')}" for each in kinds}
        for name in names:
            kind = Path(name).suffix or Path(name).name
            if name != "[Content_Types].xml" and f"/{name}" not in known and kind not in known:
                yield f"no content type: {name}"
            if name.endswith(".rels"):
                yield from _ties(name, packed.read(name), set(names))
            if name.endswith(".xml") and name.startswith("ppt/"):
                yield from _children(name, packed.read(name))


def _ties(name: str, data: bytes, names: set[str]) -> Iterator[str]:
    folder = Path(name).parent.parent
    for rel in etree.fromstring(data):
        if rel.get("TargetMode") == "External":
            yield f"{name}: fetched from outside: {rel.get('Target')}"
            continue
        target = rel.get("Target")
        path = target.lstrip("/") if target.startswith("/") else _joined(folder, target)
        if path not in names:
            yield f"{name}: {target} is not there"


def _joined(folder: Path, target: str) -> str:
    parts = list(folder.parts)
    for part in target.split("/"):
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def _children(name: str, data: bytes) -> Iterator[str]:
    root = etree.fromstring(data)
    if "/slides/" in name:
        ids = [each.get("id") for each in root.iter(qn("p:cNvPr"))]
        yield from (f"{name}: id {each} twice" for each in {i for i in ids if ids.count(i) > 1})
    for tag, order in (("c:ser", SERIES), ("c:catAx", AXIS), ("c:valAx", AXIS), ("a:tcPr", CELL)):
        for element in root.iter(qn(tag)):
            children = [etree.QName(child).localname for child in element]
            found = [order.index(child) for child in children if child in order]
            unknown = [child for child in children if child not in order]
            if found != sorted(found) or unknown:
                yield f"{name}: {tag} {[order[at] for at in found]} {unknown}"


def formulas(data: bytes) -> Iterator[str]:
    """Formulas in the workbooks behind the charts: there must be none."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        for name in packed.namelist():
            if name.endswith(".xlsx"):
                with zipfile.ZipFile(io.BytesIO(packed.read(name))) as book:
                    for sheet in book.namelist():
                        if "worksheets" in sheet and b"<f>" in book.read(sheet):
                            yield f"{name}: {sheet}"


def shown_and_kept(deck: Any) -> Iterator[str]:
    """Figures that a chart shows otherwise than its workbook has them."""
    for number, slide in enumerate(deck.slides, 1):
        for shape in slide.shapes:
            if shape.has_chart:
                blob = shape.chart.part.chart_workbook.xlsx_part.blob
                rows = list(openpyxl.load_workbook(io.BytesIO(blob)).active.iter_rows(values_only=True))
                kept = {round(cell, 4) for row in rows for cell in row if isinstance(cell, (int, float))}
                for series in shape.chart.plots[0].series:
                    for value in series.values:
                        if value is not None and round(value, 4) not in kept:
                            yield f"slide {number}: {series.name}: {value}"


def everything_wrong(data: bytes) -> list[str]:
    """All that is wrong with a deck."""
    deck = opened(data)
    found = [*overflowing(deck), *overlapping(deck), *small(deck), *pale(deck), *empty_places(deck)]
    return [*found, *malformed(data), *formulas(data), *shown_and_kept(deck)]
