"""A deck: slides in order, each with a headline that states the finding, written into a template."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.util import Inches, Pt

from cs_metrics.slides.measure import ELIDED, fit, lines
from cs_metrics.slides.parts import INKS, POINT, Part, text_of, write_line
from cs_metrics.slides.tables import Table
from cs_metrics.slides.template import Box, Template, open_template, subtitle

SMALLEST_TITLE = 16
LONGEST_NOTE = 2000


@dataclass(frozen=True)
class Slide:
    """One slide: what it is called in the list, its headline, its parts side by side, and what it stands on.

    ``shares`` are the widths of the parts; ``basis`` stands in the footer, ``notes`` in the speaker's notes.
    ``above`` stands over the parts; ``lines`` make it a cover: they stand under the headline.
    """

    name: str
    headline: str
    parts: Sequence[Part]
    basis: str = ""
    notes: str = ""
    shares: Sequence[float] = ()
    above: Part | None = None
    lines: Sequence[str] = ()


def write(slides: Sequence[Slide], template: bytes | None = None, tick: Callable[[], None] = lambda: None,
          mapping: str = "") -> bytes:  # fmt: skip
    """The deck as a .pptx file. ``tick`` is called after each slide, and may raise to stop.

    ``mapping`` says which layouts of the template are used, as TOML: see ``template.Mapping``.
    Raises Problem where the template cannot be used.
    """
    opened = open_template(template, mapping)
    for slide in slides:
        for page in _pages(slide, opened.content):
            _add(page, opened)
        tick()
    opened.presentation.core_properties.title = fit(slides[0].headline, 140) if slides else ""
    opened.presentation.core_properties.author = "CS Metrics"
    target = io.BytesIO()
    opened.presentation.save(target)
    return target.getvalue()


def _pages(slide: Slide, content: Box) -> list[Slide]:
    """The slide, or several where its only part is a table that is too long for one."""
    if len(slide.parts) != 1 or not isinstance(slide.parts[0], Table):
        return [slide]
    first = content.split(0.27)[1] if slide.above is not None else content
    pieces = slide.parts[0].pages(first)
    if len(pieces) == 1:
        return [replace(slide, parts=pieces)]
    return [
        replace(
            slide,
            headline=f"{slide.headline} ({place} of {len(pieces)})",
            parts=[piece],
            above=slide.above if place == 1 else None,
        )
        for place, piece in enumerate(pieces, 1)
    ]


def _add(slide: Slide, template: Template) -> None:
    elided: list[str] = []
    token = ELIDED.set(elided)
    try:
        made = _cover(slide, template) if slide.lines else _content(slide, template)
    finally:
        ELIDED.reset(token)
    notes = [slide.notes, slide.basis]
    notes += ["In full: " + "; ".join(elided)] if elided else []
    if said := "\n".join(filter(None, notes)):
        made.notes_slide.notes_text_frame.text = "\n".join(fit(line, LONGEST_NOTE) for line in said.splitlines())


def _cover(slide: Slide, template: Template) -> Any:
    made = template.presentation.slides.add_slide(template.cover or template.layout)
    place = made.shapes.title
    _title(place, slide.headline, template.cover_title or template.title, template.cover_size, template)
    below = subtitle(made)
    keep = [0] if below is None else [0, below.placeholder_format.idx]
    _without_others(made, keep)
    texts = [fit(line, 120) for line in slide.lines]
    if below is not None:
        own = subtitle(template.cover)
        below.left, below.top, below.width, below.height = own.left, own.top, own.width, own.height
        below.text_frame.text = "\n".join(texts)
        for paragraph in below.text_frame.paragraphs if template.title_ink else ():
            for run in paragraph.runs:
                run.font.size, run.font.color.theme_color = Pt(18), INKS[template.title_ink]
    else:
        frame = text_of(made.shapes.add_textbox(*template.content.split(0.3)[0].edges))
        for at, text in enumerate(texts):
            write_line(frame, text, 18, template.content.ink, first=at == 0, quiet=True)
    return made


def _content(slide: Slide, template: Template) -> Any:
    made = template.presentation.slides.add_slide(template.layout)
    title = made.shapes.title
    if template.moved_title:
        title.left, title.top, title.width, title.height = template.title.edges
    _title(title, slide.headline, template.title, template.title_size, template)
    _without_others(made, [0])
    box = template.content
    if slide.above is not None:
        upper, box = box.split(0.27)
        slide.above.draw(made, upper)
    if slide.parts:
        shares = slide.shares or [1.0] * len(slide.parts)
        for part, column in zip(slide.parts, box.columns(*shares, gap=Inches(0.35)), strict=True):
            part.draw(made, column)
    if slide.basis:
        shape = made.shapes.add_textbox(*template.footer.edges)
        shape.name, frame = "Basis", text_of(shape)
        frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
        text = " ".join(lines(slide.basis, template.footer.width / POINT - 6, 10, 2, font=template.footer.font))
        write_line(frame, text, 10, template.footer.ink, first=True, quiet=True)
    _number(made, template)
    return made


def _title(place: Any, headline: str, box: Box, size: float, template: Template) -> None:
    """The headline in the largest letters, up to the template's, in which it fits its box; elided at the smallest."""
    room, height, font = box.width / POINT - 18, box.height / POINT - 6, template.content.font
    for letters in (size, *(s for s in (32, 28, 26, 24, 22, 20, 18, SMALLEST_TITLE) if s < size)):
        most = max(int(height / (letters * 1.2)), 1)
        cut: list[str] = []
        token = ELIDED.set(cut)
        broken = lines(headline, room, letters, most, bold=True, font=font)
        ELIDED.reset(token)
        if not cut:
            break
    else:
        lines(headline, room, letters, most, bold=True, font=font)  # noted as elided
    place.text_frame.text = " ".join(broken) or " "
    for run in place.text_frame.paragraphs[0].runs:
        run.font.size = Pt(letters)
        if template.title_ink:
            run.font.color.theme_color = INKS[template.title_ink]


def _without_others(made: Any, keep: Sequence[int]) -> None:
    for place in list(made.placeholders):
        if place.placeholder_format.idx not in keep:
            place._element.getparent().remove(place._element)


def _number(made: Any, template: Template) -> None:
    """The number of the slide, where the layout has a place for it."""
    for place in template.layout.placeholders:
        if place.placeholder_format.type == PP_PLACEHOLDER.SLIDE_NUMBER:
            copy = deepcopy(place._element)
            copy.nvSpPr.cNvPr.set("id", str(max((s.shape_id for s in made.shapes), default=1) + 1))
            made.shapes._spTree.append(copy)
            return
