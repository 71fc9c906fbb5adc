"""The colours of a template: what stands behind a slide's content, and which of its own colours is read on it."""

from __future__ import annotations

from typing import Any

from lxml import etree

A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
ENOUGH = 4.5  # the contrast that small letters need
INKS = ("tx1", "bg1", "tx2", "bg2")
USUAL = {"bg1": "lt1", "tx1": "dk1", "bg2": "lt2", "tx2": "dk2"}


def theme_of(master: Any) -> dict[str, str]:
    """The theme's colours as hexadecimal, under the names of the master's map too; its body font as "font"."""
    part = next(rel.target_part for rel in master.part.rels.values() if rel.reltype.endswith("/theme"))
    root = etree.fromstring(part.blob)
    colours = {}
    for each in root.iterfind(f".//{A}clrScheme/*"):
        colour = each[0] if len(each) else None
        if colour is not None:
            colours[etree.QName(each).localname] = (colour.get("lastClr") or colour.get("val") or "000000").upper()
    mapped = master.element.find(f"{P}clrMap")
    names = dict(mapped.attrib) if mapped is not None else USUAL
    found = colours | {name: colours.get(to, "808080") for name, to in names.items()}
    font = root.find(f".//{A}minorFont/{A}latin")
    return found | {"font": (font.get("typeface") if font is not None else "") or "Calibri"}


def behind(layout: Any, theme: dict[str, str]) -> str:
    """The colour behind a layout's content, as hexadecimal; the theme's first background where it is a picture."""
    for sheet in (layout, layout.slide_master):
        found = sheet.element.find(f"{P}cSld/{P}bg")
        if found is None:
            continue
        for colour in found.iter(f"{A}srgbClr", f"{A}schemeClr"):
            value = str(colour.get("val"))
            return value.upper() if colour.tag.endswith("srgbClr") else theme.get(value, theme["bg1"])
    return theme.get("bg1", "FFFFFF")


def ink_on(colour: str, theme: dict[str, str]) -> str:
    """The theme's own colour to write with on this one: its text colour where that is read, else the clearest.

    >>> theme = {"tx1": "000000", "bg1": "FFFFFF", "tx2": "1F497D", "bg2": "EEECE1"}
    >>> ink_on("FFFFFF", theme), ink_on("173A2B", theme)
    ('tx1', 'bg1')
    """
    if contrast(theme["tx1"], colour) >= ENOUGH:
        return "tx1"
    return max((name for name in INKS if name in theme), key=lambda name: contrast(theme[name], colour))


def contrast(one: str, other: str) -> float:
    """How far two colours stand apart, 1 to 21.

    >>> round(contrast("000000", "FFFFFF")), contrast("777777", "777777")
    (21, 1.0)
    """
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
