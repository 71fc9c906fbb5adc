"""A deck as a page that opens offline: headlines, charts and tables in one file, with what each figure stands on.

It is made from the finished deck, so that it cannot say anything else; nothing in it is fetched.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from pptx import Presentation

from cs_metrics.slides.chart_picture import picture
from cs_metrics.slides.deck import Slide, write
from cs_metrics.slides.parts import POINT
from cs_metrics.slides.picture import STACK, look_of

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
STYLE = f"""
:root {{ color-scheme: light; }}
body {{ font: 16px/1.5 {STACK}; color: #16181d; background: #fff; max-width: 1080px;
  margin: 2rem auto; padding: 0 1.2rem; }}
h1 {{ font-size: 2rem; border-left: 6px solid #1f5fbf; padding-left: .8rem; margin-bottom: .2rem; }}
h2 {{ font-size: 1.3rem; margin: 2.6rem 0 .8rem; }}
.cards {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(170px, 1fr)); gap: .8rem; margin: .8rem 0; }}
.card {{ background: #f3f5f9; padding: .7rem .9rem; }}
.card b {{ display: block; font-size: 1.6rem; line-height: 1.3; }}
.card small, .basis {{ color: #5a6170; font-size: .82rem; }}
.wide {{ overflow-x: auto; }}
table {{ border-collapse: collapse; width: 100%; font-size: .9rem; margin: .6rem 0; }}
th, td {{ text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #d9dde4; vertical-align: top; }}
th {{ border-bottom: 2px solid #16181d; }}
.r {{ text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }}
.ctr {{ text-align: center; }}
svg {{ width: 100%; height: auto; display: block; }}
details {{ color: #5a6170; font-size: .85rem; }}
@media print {{ h2 {{ break-after: avoid; }} details {{ display: none; }} }}
"""


def report(slides: Sequence[Slide], language: str = "en") -> bytes:
    """The slides as one HTML file."""
    deck = Presentation(io.BytesIO(write(slides)))
    parts: list[str] = []
    last = ""
    for slide in deck.slides:
        headline = slide.shapes.title.text_frame.text
        plain = re.sub(r" \(\d+ of \d+\)$", "", headline)
        cover = slide.slide_layout == deck.slide_layouts[0]
        if plain != last:
            parts.append(f"<h{1 if cover else 2}>{escape(plain)}</h{1 if cover else 2}>")
        last = plain
        parts += _body(slide, cover)
    title = escape(slides[0].headline if slides else "Report")
    page = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f"<style>{STYLE}</style></head><body>{''.join(parts)}</body></html>"
    )
    return page.encode()


def _body(slide: Any, cover: bool) -> Iterator[str]:
    cards: list[str] = []
    look = look_of(slide.slide_layout)
    for shape in slide.shapes:
        if shape == slide.shapes.title or (shape.is_placeholder and not cover):
            continue
        if cards and not _is_card(shape):
            yield f'<div class="cards">{"".join(cards)}</div>'
            cards = []
        if shape.has_chart:
            wide, high = shape.width / POINT, shape.height / POINT
            drawn = picture(shape.chart, wide, high, look)
            yield f'<svg viewBox="0 0 {wide:.0f} {high:.0f}" role="img" aria-label="Chart">{drawn}</svg>'
        elif shape.has_table:
            yield _table(shape.table)
        elif _is_card(shape):
            label, value, *below = map(escape, _merged(shape.text_frame))
            cards.append(f'<div class="card">{label}<b>{value}</b><small>{" ".join(below)}</small></div>')
        elif shape.has_text_frame:
            kind = ' class="basis"' if shape.name == "Basis" else ""
            yield from (f"<p{kind}>{escape(p.text)}</p>" for p in shape.text_frame.paragraphs if p.text)
    if cards:
        yield f'<div class="cards">{"".join(cards)}</div>'
    notes = slide.notes_slide.notes_text_frame.text if slide.has_notes_slide else ""
    if notes:
        said = "".join(f"<p>{escape(line)}</p>" for line in notes.splitlines())
        yield f"<details><summary>What this stands on</summary>{said}</details>"


def _is_card(shape: Any) -> bool:
    return bool(
        shape.has_text_frame and not shape.is_placeholder and shape._element.spPr.find("{*}solidFill") is not None
    )


def _merged(frame: Any) -> list[str]:
    """The lines of a card as label, value and what stands below: lines broken for the slide are joined."""
    bold = next((at for at, p in enumerate(frame.paragraphs) if p.runs and p.runs[0].font.bold), 0)
    texts = [p.text for p in frame.paragraphs]
    return [" ".join(texts[:bold]), texts[bold], *texts[bold + 1 :]]


def _table(table: Any) -> str:
    rows = []
    for place, row in enumerate(table.rows):
        tag = "th" if place == 0 else "td"
        cells = []
        for element in row._tr.tc_lst:
            side = next((str(each.get("algn")) for each in element.iter("{*}pPr") if each.get("algn")), "l")
            said = "".join(each.text or "" for each in element.iter("{*}t"))
            cells.append(f"<{tag}{'' if side == 'l' else f' class={chr(34)}{side}{chr(34)}'}>{escape(said)}</{tag}>")
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return f'<div class="wide"><table>{"".join(rows)}</table></div>'
