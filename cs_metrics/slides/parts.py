"""What can stand on a slide: cards, lines of text, and what all parts share. A part draws itself into a box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pptx.enum.dml import MSO_THEME_COLOR
from pptx.enum.text import MSO_ANCHOR, MSO_AUTO_SIZE, PP_ALIGN
from pptx.oxml.ns import qn
from pptx.util import Inches, Pt

from cs_metrics.slides.measure import fit, lines, narrowed
from cs_metrics.slides.template import Box

INKS = {"tx1": MSO_THEME_COLOR.TEXT_1, "bg1": MSO_THEME_COLOR.BACKGROUND_1, "tx2": MSO_THEME_COLOR.TEXT_2,
        "bg2": MSO_THEME_COLOR.BACKGROUND_2}  # fmt: skip
POINT = 12_700  # the file's units in a point


class Part(Protocol):
    """Something that draws itself into a box of a slide."""

    def draw(self, slide: Any, box: Box) -> None:
        """Draw it."""


def write_line(
    frame: Any, text: str, size: float, ink: str, bold: bool = False, first: bool = False, quiet: bool = False
) -> Any:
    """Add a paragraph to a text frame, in a colour of the theme."""
    paragraph = frame.paragraphs[0] if first else frame.add_paragraph()
    run = paragraph.add_run()
    run.text = text
    run.font.size, run.font.bold = Pt(size), bold
    run.font.color.theme_color = INKS[ink]
    if quiet:
        transparent(run.font.color, 72)
    return paragraph


def transparent(colour: Any, share: int) -> None:
    """Let a colour of the theme be seen by this share of a hundred: quieter, on light and on dark."""
    element = colour._color._xClr
    element.append(element.makeelement(qn("a:alpha"), {"val": f"{share}000"}))


def text_of(shape: Any) -> Any:
    """The frame of a text box that keeps its size and breaks its lines."""
    frame = shape.text_frame
    frame.word_wrap, frame.auto_size = True, MSO_AUTO_SIZE.NONE
    return frame


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
        """A quiet rectangle per figure; the letters shrink, to 11 points at least, where the box is narrow."""
        for card, place in zip(self.cards, box.columns(*[1.0] * len(self.cards)), strict=True):
            shape = slide.shapes.add_textbox(*place.edges)
            shape.name = fit(card.label)
            shape.fill.solid()
            shape.fill.fore_color.theme_color = INKS[box.ink]
            transparent(shape.fill.fore_color, 6)
            frame, room = text_of(shape), place.width / POINT - 22
            frame.vertical_anchor = MSO_ANCHOR.MIDDLE
            frame.margin_left = frame.margin_right = Inches(0.14)
            frame.margin_top = frame.margin_bottom = Inches(0.04)
            big = min(28.0, place.height / POINT * 0.3)
            written = [(lines(card.label, room, 12, 2, font=box.font), 12.0, False), ([card.value], big, True)]
            written += [(lines(card.below, room, 11, 2, font=box.font), 11.0, False)] if card.below else []
            first = True
            for texts, size, bold in written:
                for text in texts:
                    said = narrowed(text, room, size, bold, box.font) if bold else text
                    write_line(frame, said, size, box.ink, bold, first, quiet=not bold).alignment = PP_ALIGN.LEFT
                    first = False


@dataclass(frozen=True)
class Points:
    """Lines of text, one thought each."""

    lines: Sequence[str]
    size: float = 18

    def draw(self, slide: Any, box: Box) -> None:
        """A text box of paragraphs with air between; what does not fit is left to the notes."""
        frame = text_of(slide.shapes.add_textbox(*box.edges))
        frame.margin_left = frame.margin_right = 0
        room, left = box.width / POINT - 16, box.height / POINT - 8
        size = self.size if sum(len(line) for line in self.lines) < 600 else 14.0
        for place, line in enumerate(self.lines):
            rows = max(int((left + 10) / (size * 1.22)), 1)
            broken = lines(line, room, size, min(rows, 4), font=box.font)
            paragraph = write_line(frame, " ".join(broken), size, box.ink, first=place == 0)
            paragraph.space_after = Pt(10)
            left -= len(broken) * size * 1.22 + 10
