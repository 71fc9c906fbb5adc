"""The presentation a deck is written into: the house's own, or the company's template, emptied of its slides."""

from __future__ import annotations

import hashlib
import io
import tomllib
import zipfile
from dataclasses import dataclass
from typing import Any, NamedTuple

from pptx import Presentation
from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.opc.constants import RELATIONSHIP_TYPE as RT
from pptx.util import Emu, Inches

from cs_metrics.book import Problem
from cs_metrics.slides.colours import A, behind, contrast, ink_on, theme_of
from cs_metrics.slides.house import house

LARGEST = 60 << 20
UNPACKED = 400 << 20
TITLES = (PP_PLACEHOLDER.TITLE, PP_PLACEHOLDER.CENTER_TITLE)
ROOMS = (PP_PLACEHOLDER.BODY, PP_PLACEHOLDER.OBJECT)
FILLED = (*ROOMS, PP_PLACEHOLDER.PICTURE, PP_PLACEHOLDER.SUBTITLE, PP_PLACEHOLDER.CHART, PP_PLACEHOLDER.TABLE)
OFTEN = 44.0
READ_LARGE = 3.0  # the contrast that large letters need


class Box(NamedTuple):
    """A rectangle on a slide, in the units of the file (EMU); what is written there with, and in which font."""

    left: int
    top: int
    width: int
    height: int
    ink: str = "tx1"
    font: str = "Calibri"

    @property
    def edges(self) -> tuple[Emu, Emu, Emu, Emu]:
        """Left, top, width and height, as shapes want them."""
        return Emu(self.left), Emu(self.top), Emu(self.width), Emu(self.height)

    def columns(self, *shares: float, gap: int = Inches(0.25)) -> list[Box]:
        """The rectangle cut into columns of these shares of its width."""
        usable = self.width - gap * (len(shares) - 1)
        widths = [int(usable * share / sum(shares)) for share in shares]
        lefts = [self.left + sum(widths[:place]) + gap * place for place in range(len(widths))]
        return [self._replace(left=left, width=width) for left, width in zip(lefts, widths, strict=True)]

    def split(self, share: float, gap: int = Inches(0.15)) -> tuple[Box, Box]:
        """The rectangle cut into an upper part of this share and a lower part."""
        upper = int((self.height - gap) * share)
        return self._replace(height=upper), self._replace(top=self.top + upper + gap, height=self.height - upper - gap)


@dataclass(frozen=True)
class Mapping:
    """Which layouts of a template are used, by their names; "" where the deck's own judgement holds.

    ``area`` is the layout whose large placeholder says where content may stand.
    """

    cover: str = ""
    slide: str = ""
    area: str = ""

    @classmethod
    def of(cls, text: str) -> Mapping:
        """From its TOML. Raises Problem for one that cannot be read."""
        try:
            rows = tomllib.loads(text)
        except tomllib.TOMLDecodeError as why:
            raise Problem(f"The mapping of the template cannot be read: {why}.") from None
        unknown = set(rows) - set(cls.__dataclass_fields__)
        if unknown:
            raise Problem(f'The mapping of the template names "{min(unknown)}"; it may name cover, slide and area.')
        return cls(**{name: str(value) for name, value in rows.items()})

    def toml(self) -> str:
        """As TOML, to be kept."""
        named = {name: getattr(self, name) for name in self.__dataclass_fields__}
        quoted = {name: value.replace("\\", "\\\\").replace('"', '\\"') for name, value in named.items() if value}
        return "".join(f'{name} = "{value}"\n' for name, value in quoted.items())


class Template(NamedTuple):
    """An empty presentation, the layouts of its cover and its slides, and where title, content and footer stand."""

    presentation: Any
    cover: Any
    layout: Any
    title: Box
    content: Box
    footer: Box
    title_size: float
    cover_title: Box | None
    cover_size: float
    moved_title: bool
    title_ink: str


def open_template(data: bytes | None = None, mapping: str = "") -> Template:
    """The template of these bytes, the house's own without any.

    Raises Problem with the remedy for one that cannot be used.
    """
    presentation = Presentation(io.BytesIO(house())) if data is None else _opened(data)
    wanted = Mapping.of(mapping)
    width, height = int(presentation.slide_width or 0), int(presentation.slide_height or 0)
    titled = [layout for layout in presentation.slide_layouts if _title_of(layout) is not None]
    if not titled:
        raise Problem("The template has no layout with a title. Add one in the slide master, and save it again.")
    layout = _called(wanted.slide, titled) or min(titled, key=_clutter)
    cover = _called(wanted.cover, titled) or next((each for each in titled if subtitle(each) is not None), None)
    theme = theme_of(layout.slide_master)
    ink, font = ink_on(behind(layout, theme), theme), theme["font"]
    margin = int(width * 0.04)
    place = _title_of(layout)
    title = _box(place) or Box(margin, int(height * 0.05), width - 2 * margin, int(height * 0.14))
    moved = title.top + title.height > height * 0.4 or title.width < width * 0.4
    if moved:
        title = Box(margin, int(height * 0.05), width - 2 * margin, int(height * 0.14))
    area = _area(_called(wanted.area, titled), titled, title, width, height)
    foot_room = int(height * 0.06)
    if area is None:
        top = title.top + title.height + int(height * 0.02)
        bottom = int(height * 0.905)
        area = Box(title.left, top, title.width, bottom - top)
    bottom = min(area.top + area.height, int(height * 0.905))
    content = area._replace(height=bottom - area.top, ink=ink, font=font)
    places: list[Any] = list(iter(layout.placeholders))
    number = next((_box(p) for p in places if p.placeholder_format.type == PP_PLACEHOLDER.SLIDE_NUMBER), None)
    right = content.left + content.width
    top = max(bottom + int(height * 0.012), int(height * 0.9))
    if number is not None and number.top < top + foot_room and content.left < number.left < right:
        right = number.left - int(width * 0.01)
    footer = Box(content.left, top, right - content.left, min(foot_room, height - top), ink=ink, font=font)
    first = _title_of(cover) if cover is not None else None
    return Template(
        presentation, cover, layout, title, content, footer, _size(place, layout),
        _box(first) if first is not None else None, _size(first, cover) if first is not None else OFTEN, moved,
        _title_ink(place, layout, theme, ink),
    )  # fmt: skip


def layouts_of(data: bytes | None) -> list[str]:
    """The names of the layouts that have a title."""
    return [each.name for each in open_template(data).presentation.slide_layouts if _title_of(each) is not None]


def digest_of(data: bytes) -> str:
    """What a template is known by: the size of its slides and the names of its layouts, whatever its slides say."""
    presentation = open_template(data).presentation
    names = [layout.name for layout in presentation.slide_layouts]
    said = repr((presentation.slide_width, presentation.slide_height, names))
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def subtitle(sheet: Any) -> Any:
    """The place for a subtitle on a layout or slide; None where there is none."""
    return next((p for p in sheet.placeholders if p.placeholder_format.type == PP_PLACEHOLDER.SUBTITLE), None)


def _called(name: str, layouts: list[Any]) -> Any:
    return next((each for each in layouts if each.name == name), None) if name else None


def _title_of(layout: Any) -> Any:
    return next((p for p in layout.placeholders if p.placeholder_format.type in TITLES), None)


def _box(place: Any) -> Box | None:
    """Where a placeholder stands; None where neither it nor its master says."""
    found = (place.left, place.top, place.width, place.height)
    return None if any(edge is None for edge in found) or not found[2] else Box(*[int(edge) for edge in found[:4]])  # type: ignore[arg-type]


def _area(chosen: Any, titled: list[Any], title: Box, width: int, height: int) -> Box | None:
    """Where content may stand: the one large placeholder below the title of the layout chosen, else of any."""
    best = None
    for layout in [chosen] if chosen is not None else titled:
        boxes = [b for p in layout.placeholders if p.placeholder_format.type in ROOMS and (b := _box(p)) is not None]
        if len(boxes) != 1 and chosen is None:
            continue
        for box in boxes:
            fits = box.top >= title.top + title.height * 0.7 and box.width * box.height > 0.3 * width * height
            if (fits or chosen is not None) and (best is None or box.width * box.height > best.width * best.height):
                best = box
    if best is None:
        return None
    top = max(best.top, title.top + title.height)
    return best._replace(top=top, height=best.top + best.height - top)


def _size(place: Any, layout: Any) -> float:
    """The letters of a title, in points: its own, its layout's, its master's."""
    for element in (place._element, layout.slide_master.element.find(".//{*}titleStyle")):
        sizes = [e.get("sz") for e in element.iter() if e.get("sz", "").isdigit()] if element is not None else []
        if sizes:
            return int(sizes[0]) / 100
    return OFTEN


def _title_ink(place: Any, layout: Any, theme: dict[str, str], ink: str) -> str:
    """The colour to set a title in: "" where the template's own is read on its background."""
    styles = (place._element.find(".//{*}lstStyle"), layout.slide_master.element.find(".//{*}titleStyle"))
    for style in styles:
        for colour in style.iter(f"{A}srgbClr", f"{A}schemeClr") if style is not None else ():
            value = str(colour.get("val"))
            known = value if colour.tag.endswith("srgbClr") else theme.get(value, theme["tx1"])
            return "" if contrast(known, behind(layout, theme)) >= READ_LARGE else ink
    return ink


def _clutter(layout: Any) -> tuple[int, bool, int]:
    """How much else a layout asks to be filled; the one named "title only" first among equals."""
    asks = sum(p.placeholder_format.type in FILLED for p in layout.placeholders)
    first = _title_of(layout).placeholder_format.type == PP_PLACEHOLDER.CENTER_TITLE
    return asks + 2 * first, "only" not in layout.name.casefold(), len(list(layout.shapes))


def _opened(data: bytes) -> Any:
    if data[:4] == b"\xd0\xcf\x11\xe0":
        raise Problem("The template is protected by a password, or an old .ppt. Save it as .pptx without a password.")
    if len(data) > LARGEST:
        raise Problem(f"The template is larger than {LARGEST >> 20} MB. Remove pictures and videos from it.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > UNPACKED:
                raise Problem("The template unpacks to more than 400 MB. Remove pictures and videos from it.")
            if any(entry.flag_bits & 1 for entry in packed.infolist()):
                raise Problem("The template is protected by a password. Save it as .pptx without one.")
            kinds = packed.read("[Content_Types].xml").decode("utf-8", "replace")
        if "presentationml.template" in kinds or "macroEnabled" in kinds:
            raise Problem("The template is a .potx or has macros. Open it and save it as a .pptx presentation.")
        presentation = Presentation(io.BytesIO(data))
        _one_set_of_properties(presentation)
        slides = presentation.slides._sldIdLst
        for entry in list(slides):
            presentation.part.drop_rel(entry.rId)
            slides.remove(entry)
        for sections in presentation.element.findall(".//{*}sectionLst"):
            extension = sections.getparent()
            extension.getparent().remove(extension)
        len(presentation.slide_layouts)
    except Problem:
        raise
    except Exception:
        raise Problem("The template cannot be opened. Save it again as .pptx in PowerPoint or LibreOffice.") from None
    return presentation


def _one_set_of_properties(presentation: Any) -> None:
    """LibreOffice ties a file's properties by a name of its own: without this the file would hold them twice."""
    package = presentation.part.package
    for key, rel in list(package._rels.items()):
        if rel.reltype.endswith("/core-properties") and rel.reltype != RT.CORE_PROPERTIES:
            package._rels.pop(key)
