"""The house's own template: wide slides, one quiet font, the colours of the dashboard, three layouts."""

from __future__ import annotations

import io
import re
from functools import lru_cache
from typing import Any

from pptx import Presentation
from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls
from pptx.util import Inches, Pt

FONT = "Calibri"
COLOURS = {"dk2": "16181D", "lt2": "F3F5F9", "accent1": "1F5FBF", "accent2": "D9702B", "accent3": "2F9E8F",
           "accent4": "7A5BA6", "accent5": "5AA0E6", "accent6": "8A94A6"}  # fmt: skip
KEPT = ("Title Slide", "Title and Content", "Title Only")
LEFT, WIDE = Inches(0.6), Inches(12.13)
BOXES = {
    PP_PLACEHOLDER.TITLE: (LEFT, Inches(0.38), WIDE, Inches(0.95)),
    PP_PLACEHOLDER.BODY: (LEFT, Inches(1.5), WIDE, Inches(5.15)),
    PP_PLACEHOLDER.OBJECT: (LEFT, Inches(1.5), WIDE, Inches(5.15)),
    PP_PLACEHOLDER.CENTER_TITLE: (Inches(0.9), Inches(2.1), Inches(11.2), Inches(1.5)),
    PP_PLACEHOLDER.SUBTITLE: (Inches(0.9), Inches(3.75), Inches(11.2), Inches(1.4)),
    PP_PLACEHOLDER.SLIDE_NUMBER: (Inches(11.93), Inches(6.82), Inches(0.8), Inches(0.35)),
}


@lru_cache(maxsize=1)
def house() -> bytes:
    """The template as a file, made once."""
    presentation = Presentation()
    presentation.slide_width, presentation.slide_height = Inches(13.333), Inches(7.5)
    for layout in list(presentation.slide_layouts):
        if layout.name not in KEPT:
            presentation.slide_layouts.remove(layout)
    master = presentation.slide_masters[0]
    _colour(master)
    for sheet in (master, *presentation.slide_layouts):
        for place in list(sheet.placeholders):
            kind = place.placeholder_format.type
            if kind in (PP_PLACEHOLDER.DATE, PP_PLACEHOLDER.FOOTER):
                place._element.getparent().remove(place._element)
            elif kind in BOXES:
                place.left, place.top, place.width, place.height = BOXES[kind]
    _letters(master)
    for layout in presentation.slide_layouts:
        if layout.name == KEPT[0]:
            _cover(layout)
    target = io.BytesIO()
    presentation.save(target)
    return target.getvalue()


def _colour(master: Any) -> None:
    theme = next(rel.target_part for rel in master.part.rels.values() if rel.reltype.endswith("/theme"))
    xml = theme.blob.decode()
    for name, colour in COLOURS.items():
        xml = re.sub(rf"(<a:{name}>).*?(</a:{name}>)", rf'\1<a:srgbClr val="{colour}"/>\2', xml, flags=re.S)
    theme._blob = re.sub(r'(<a:(?:major|minor)Font>\s*<a:latin typeface=")[^"]*', rf"\g<1>{FONT}", xml).encode()


def _letters(master: Any) -> None:
    """Headlines bold and to the left, standing on their box's floor."""
    style = master.element.find(".//{*}titleStyle/{*}lvl1pPr")
    style.set("algn", "l")
    style.find("{*}defRPr").set("sz", str(Pt(26).centipoints))
    style.find("{*}defRPr").set("b", "1")
    for place in master.placeholders:
        if place.placeholder_format.type == PP_PLACEHOLDER.TITLE:
            body = place._element.txBody.bodyPr
            body.set("anchor", "ctr")
            body.set("lIns", "0")
            for fitted in list(body):
                body.remove(fitted)


def _cover(layout: Any) -> None:
    """The cover: large letters to the left, a bar of the first accent beside them."""
    for place in layout.placeholders:
        kind, body = place.placeholder_format.type, place._element.txBody
        if kind not in (PP_PLACEHOLDER.CENTER_TITLE, PP_PLACEHOLDER.SUBTITLE):
            continue
        title = kind == PP_PLACEHOLDER.CENTER_TITLE
        body.bodyPr.set("anchor", "b" if title else "t")
        body.bodyPr.set("lIns", "0")
        listed = body.find("{*}lstStyle")
        for level in list(listed):
            listed.remove(level)
        grey = "" if title else '<a:lumMod val="65000"/><a:lumOff val="35000"/>'
        size = Pt(38 if title else 18).centipoints
        listed.append(
            parse_xml(
                f'<a:lvl1pPr {nsdecls("a")} marL="0" indent="0" algn="l"><a:buNone/><a:defRPr sz="{size}" '
                f'b="{int(title)}"><a:solidFill><a:schemeClr val="tx1">'
                f"{grey}"
                "</a:schemeClr></a:solidFill></a:defRPr></a:lvl1pPr>"
            )
        )
    tree = layout.shapes._spTree
    tree.append(
        parse_xml(
            f'<p:sp {nsdecls("p", "a")}><p:nvSpPr><p:cNvPr id="99" name="Bar"/><p:cNvSpPr/>'
            f'<p:nvPr userDrawn="1"/></p:nvSpPr><p:spPr><a:xfrm><a:off x="{Inches(0.6)}" y="{Inches(2.2)}"/>'
            f'<a:ext cx="{Inches(0.09)}" cy="{Inches(2.6)}"/></a:xfrm>'
            '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom><a:solidFill><a:schemeClr val="accent1"/>'
            "</a:solidFill><a:ln><a:noFill/></a:ln></p:spPr><p:txBody><a:bodyPr/><a:lstStyle/><a:p/></p:txBody></p:sp>"
        )
    )
