"""The presentation a deck is written into: the house's own, or the company's template, emptied of its slides."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any, NamedTuple

from pptx import Presentation
from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.oxml.ns import qn
from pptx.util import Emu, Inches, Pt

from cs_metrics.book import Problem

LARGEST = 60 << 20
UNPACKED = 400 << 20
FONT = "Calibri"
COLOURS = {"dk2": "16181D", "lt2": "F3F5F9", "accent1": "1F5FBF", "accent2": "D9702B", "accent3": "2F9E8F",
           "accent4": "7A5BA6", "accent5": "5AA0E6", "accent6": "8A94A6"}  # fmt: skip
TITLES = (PP_PLACEHOLDER.TITLE, PP_PLACEHOLDER.CENTER_TITLE)


class Box(NamedTuple):
    """A rectangle on a slide, in the units of the file (EMU)."""

    left: int
    top: int
    width: int
    height: int

    def columns(self, *shares: float, gap: int = Inches(0.25)) -> list[Box]:
        """The rectangle cut into columns of these shares of its width."""
        usable = self.width - gap * (len(shares) - 1)
        widths = [int(usable * share / sum(shares)) for share in shares]
        lefts = [self.left + sum(widths[:place]) + gap * place for place in range(len(widths))]
        return [Box(left, self.top, width, self.height) for left, width in zip(lefts, widths, strict=True)]

    def split(self, share: float, gap: int = Inches(0.15)) -> tuple[Box, Box]:
        """The rectangle cut into an upper part of this share and a lower part."""
        upper = int((self.height - gap) * share)
        return self._replace(height=upper), self._replace(top=self.top + upper + gap, height=self.height - upper - gap)


class Template(NamedTuple):
    """An empty presentation, the layouts of its cover and its slides, and the boxes of title, content and footer."""

    presentation: Any
    cover: Any
    layout: Any
    title: Box
    content: Box
    footer: Box


def open_template(data: bytes | None = None) -> Template:
    """The template of these bytes, the house's own without any.

    Raises Problem with the remedy for one that cannot be used.
    """
    presentation = _house() if data is None else _opened(data)
    width, height = presentation.slide_width, presentation.slide_height
    titled = [
        layout
        for layout in presentation.slide_layouts
        if any(p.placeholder_format.type in TITLES for p in layout.placeholders)
    ]
    if not titled:
        raise Problem("The template has no layout with a title. Add one in the slide master, and save it again.")
    layout = min(titled, key=_clutter)
    cover = next((each for each in titled if subtitle(each) is not None), None)
    margin = int(width * 0.04)
    place = next(p for p in layout.placeholders if p.placeholder_format.type in TITLES)
    title = Box(place.left or margin, place.top or margin, place.width or width - 2 * margin, place.height or Inches(1))
    if title.top + title.height > height * 0.4:
        title = Box(margin, int(height * 0.05), width - 2 * margin, int(height * 0.14))
    footer = Box(title.left, int(height * 0.925), title.width, int(height * 0.055))
    top = title.top + title.height + int(height * 0.02)
    content = Box(title.left, top, title.width, footer.top - top - int(height * 0.015))
    return Template(presentation, cover, layout, title, content, footer)


def subtitle(sheet: Any) -> Any:
    """The place for a subtitle on a layout or slide; None where there is none."""
    return next((p for p in sheet.placeholders if p.placeholder_format.type == PP_PLACEHOLDER.SUBTITLE), None)


def _clutter(layout: Any) -> tuple[int, bool]:
    """How much else a layout asks to be filled; the one named "title only" first among equals."""
    asks = sum(p.placeholder_format.type in (PP_PLACEHOLDER.BODY, PP_PLACEHOLDER.OBJECT, PP_PLACEHOLDER.PICTURE,
                                             PP_PLACEHOLDER.SUBTITLE, PP_PLACEHOLDER.CHART, PP_PLACEHOLDER.TABLE)
               for p in layout.placeholders)  # fmt: skip
    return asks, "only" not in layout.name.casefold()


def _opened(data: bytes) -> Any:
    if data[:4] == b"\xd0\xcf\x11\xe0":
        raise Problem("The template is protected by a password, or an old .ppt. Save it as .pptx without a password.")
    if len(data) > LARGEST:
        raise Problem(f"The template is larger than {LARGEST >> 20} MB. Remove pictures and videos from it.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > UNPACKED:
                raise Problem("The template unpacks to more than 400 MB. Remove pictures and videos from it.")
            kinds = packed.read("[Content_Types].xml").decode("utf-8", "replace")
        if "presentationml.template" in kinds or "macroEnabled" in kinds:
            raise Problem("The template is a .potx or has macros. Open it and save it as a .pptx presentation.")
        presentation = Presentation(io.BytesIO(data))
    except Problem:
        raise
    except Exception:
        raise Problem("The template cannot be opened. Save it again as .pptx in PowerPoint or LibreOffice.") from None
    slides = presentation.slides._sldIdLst
    for entry in list(slides):
        presentation.part.drop_rel(entry.rId)
        slides.remove(entry)
    return presentation


def _house() -> Any:
    """A restrained template of our own: wide slides, one quiet font, the colours of the dashboard."""
    presentation = Presentation()
    presentation.slide_width, presentation.slide_height = Inches(13.333), Inches(7.5)
    theme = next(
        rel.target_part for rel in presentation.slide_masters[0].part.rels.values() if rel.reltype.endswith("/theme")
    )
    xml = theme.blob.decode()
    for name, colour in COLOURS.items():
        xml = re.sub(rf"(<a:{name}>).*?(</a:{name}>)", rf'\1<a:srgbClr val="{colour}"/>\2', xml, flags=re.S)
    xml = re.sub(r'(<a:(?:major|minor)Font>\s*<a:latin typeface=")[^"]*', rf"\g<1>{FONT}", xml)
    theme._blob = xml.encode()
    wide = [presentation.slide_masters[0], *presentation.slide_layouts]
    for sheet in wide:
        for place in sheet.placeholders:
            if place.placeholder_format.type in TITLES and subtitle(sheet) is None:
                place.left, place.top = Inches(0.55), Inches(0.35)
                place.width, place.height = Inches(12.2), Inches(0.95)
            elif place.left is not None:
                place.left, place.width = Emu(int(place.left * 4 / 3)), Emu(int(place.width * 4 / 3))
            for level in place._element.iter(qn("a:lvl1pPr")):
                level.set("algn", "l")
    style = presentation.slide_masters[0].element.find(".//{*}titleStyle/{*}lvl1pPr")
    style.set("algn", "l")
    size = style.find("{*}defRPr")
    size.set("sz", str(Pt(26).centipoints))
    size.set("b", "1")
    return presentation
