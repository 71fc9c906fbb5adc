"""How wide a text is and where it breaks, by the widths of Calibri's letters: to fit texts, to preview, to check."""

from __future__ import annotations

import re
import unicodedata
from contextvars import ContextVar

FIRST = 32
WIDTHS = (
    226, 326, 401, 498, 507, 715, 682, 221, 303, 303, 498, 498, 250, 306, 252, 386, 507, 507, 507, 507, 507, 507, 507,
    507, 507, 507, 268, 268, 498, 498, 498, 463, 894, 579, 544, 533, 615, 488, 459, 631, 623, 252, 319, 520, 420, 855,
    646, 662, 517, 673, 543, 459, 487, 642, 567, 890, 519, 487, 468, 307, 386, 307, 498, 498, 291, 479, 525, 423, 525,
    498, 305, 471, 525, 230, 239, 455, 230, 799, 525, 527, 525, 525, 349, 391, 335, 525, 452, 715, 433, 453, 395, 314,
    460, 314, 498,
)  # fmt: skip
BOLDER, BOLDER_ELSEWHERE = 1.035, 1.09
OTHERS = {"–": 498, "—": 905, "…": 690, "·": 252, "\u2009": 120, "\u00a0": 226}
UNKNOWN, WIDE = 560, 1050
NARROW_FONTS = ("calibri", "carlito")
ROOMIER = 1.13  # how much wider the letters of other common fonts run
UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udfff]")
ELIDED: ContextVar[list[str] | None] = ContextVar("ELIDED", default=None)


def letter(each: str) -> int:
    """The width of a letter in thousandths of its size."""
    code = ord(each) - FIRST
    if 0 <= code < len(WIDTHS):
        return WIDTHS[code]
    if each in OTHERS:
        return OTHERS[each]
    base = ord(unicodedata.normalize("NFD", each)[0]) - FIRST
    if 0 <= base < len(WIDTHS):
        return WIDTHS[base]
    if unicodedata.combining(each):
        return 0
    return WIDE if unicodedata.east_asian_width(each) in "WF" or ord(each) > 0x1F000 else UNKNOWN


def width(text: str, size: float, bold: bool = False, font: str = "calibri") -> float:
    """How wide a text is, in points.

    >>> round(width("MRR", 10), 2), round(width("MRR", 10, font="Arial"), 2)
    (19.41, 21.93)
    """
    plain, narrow = sum(map(letter, text)) * size / 1000, font.casefold() in NARROW_FONTS
    return plain * (1.0 if narrow else ROOMIER) * (1.0 if not bold else BOLDER if narrow else BOLDER_ELSEWHERE)


def clean(text: object) -> str:
    """A text on one line, without the characters no file of slides can hold."""
    return " ".join(UNFIT.sub("", str(text)).split())


def fit(text: object, most: int = 60) -> str:
    """A text that a slide can hold: elided where it is long. The whole of it is noted for the speaker's notes."""
    whole = clean(text)
    return whole if len(whole) <= most else _elided(whole, whole[: most - 1])


def narrowed(text: object, room: float, size: float, bold: bool = False, font: str = "calibri") -> str:
    """A text that fits on one line of this many points."""
    return "\n".join(lines(text, room, size, 1, bold, font))


def lines(text: object, room: float, size: float, most: int, bold: bool = False, font: str = "calibri") -> list[str]:
    """A text broken at its spaces into at most so many lines of this many points, the last elided where it must be.

    >>> lines("one two three", 58, 12, 2)
    ['one two', 'three']
    >>> lines("one two three", 58, 12, 1)
    ['one two…']
    """
    whole = clean(text)
    made: list[str] = []
    left = whole.split(" ")
    while left and len(made) < most:
        line = left.pop(0)
        while left and width(f"{line} {left[0]}", size, bold, font) <= room:
            line += f" {left.pop(0)}"
        if width(line, size, bold, font) > room:
            cut = _longest(line, room, size, bold, font)
            left.insert(0, line[cut:])
            line = line[:cut]
        made.append(line)
    if left:
        last = made[-1] if made else ""
        while last and width(f"{last}…", size, bold, font) > room:
            last = last[:-1]
        made = [*made[:-1], _elided(whole, last)]
    return made or [""]


def _longest(word: str, room: float, size: float, bold: bool, font: str) -> int:
    cut = max(len(word) - 1, 1)
    while cut > 1 and width(word[:cut], size, bold, font) > room:
        cut -= 1
    return cut


def _elided(whole: str, kept: str) -> str:
    if (noted := ELIDED.get()) is not None and whole not in noted:
        noted.append(whole)
    return f"{kept.rstrip()}…"
