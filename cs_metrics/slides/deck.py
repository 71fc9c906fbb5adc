"""A deck: slides in order, each with a headline that states the finding, written into a template."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pptx.util import Inches

from cs_metrics.slides.parts import Part, Table, fit, write_line
from cs_metrics.slides.template import Box, Template, open_template, subtitle


@dataclass(frozen=True)
class Slide:
    """One slide: what it is called in the list, its headline, its parts side by side, and what it stands on.

    ``shares`` are the widths of the parts; ``basis`` stands in the footer, ``notes`` in the speaker's notes.
    ``lines`` make it a cover: they stand under the headline.
    """

    name: str
    headline: str
    parts: Sequence[Part]
    basis: str = ""
    notes: str = ""
    shares: Sequence[float] = ()
    above: Part | None = None
    lines: Sequence[str] = ()


def write(slides: Sequence[Slide], template: bytes | None = None, tick: Callable[[], None] = lambda: None) -> bytes:
    """The deck as a .pptx file. ``tick`` is called after each slide, and may raise to stop.

    Raises Problem where the template cannot be used.
    """
    opened = open_template(template)
    for slide in slides:
        for page in _pages(slide, opened.content):
            _add(page, opened)
        tick()
    opened.presentation.core_properties.title = fit(slides[0].headline) if slides else ""
    target = io.BytesIO()
    opened.presentation.save(target)
    return target.getvalue()


def _pages(slide: Slide, content: Box) -> list[Slide]:
    """The slide, or several where its only part is a table that is too long for one."""
    if len(slide.parts) != 1 or not isinstance(slide.parts[0], Table):
        return [slide]
    pieces = slide.parts[0].pages(content.height)
    if len(pieces) == 1:
        return [slide]
    return [
        replace(slide, headline=f"{slide.headline} ({place} of {len(pieces)})", parts=[piece])
        for place, piece in enumerate(pieces, 1)
    ]


def _add(slide: Slide, template: Template) -> None:
    if slide.lines and template.cover is not None:
        made = template.presentation.slides.add_slide(template.cover)
        made.shapes.title.text_frame.text = fit(slide.headline, 140)
        subtitle(made).text_frame.text = "\n".join(fit(line, 120) for line in slide.lines)
        return
    made = template.presentation.slides.add_slide(template.layout)
    made.shapes.title.text_frame.text = fit(slide.headline, 140)
    for place in list(made.placeholders):
        if place.placeholder_format.idx != 0:
            place._element.getparent().remove(place._element)
    box = template.content
    if slide.above is not None:
        upper, box = box.split(0.27)
        slide.above.draw(made, upper)
    if slide.parts:
        shares = slide.shares or [1.0] * len(slide.parts)
        for part, column in zip(slide.parts, box.columns(*shares, gap=Inches(0.35)), strict=True):
            part.draw(made, column)
    if slide.basis:
        frame = made.shapes.add_textbox(*template.footer).text_frame
        frame.word_wrap = True
        write_line(frame, fit(slide.basis, 190), 10, first=True, quiet=True)
    if notes := "\n".join(filter(None, (slide.notes, slide.basis))):
        _note(made, notes)


def _note(made: Any, text: str) -> None:
    made.notes_slide.notes_text_frame.text = "\n".join(fit(line, 2000) for line in text.splitlines())
