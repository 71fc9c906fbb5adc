"""A review as a page to print: HTML that carries everything it needs, with the style of paper."""

from __future__ import annotations

from html import escape

import pandas as pd

from cs_metrics.analysis.review import Review
from cs_metrics.book import Book
from cs_metrics.metric import METRICS
from cs_metrics.units import MONEY

STYLE = """
@page { size: A4; margin: 14mm }
* { box-sizing: border-box }
body { font: 10.5pt/1.4 system-ui, Arial, sans-serif; color: #16181d; max-width: 182mm; margin: 10mm auto }
h1 { font-size: 18pt; margin: 0 } h2 { font-size: 11.5pt; margin: 5mm 0 1.5mm; break-after: avoid }
p { margin: 1mm 0 } .lead { font-size: 11.5pt; font-weight: 600; margin: 2mm 0 }
.quiet { color: #565b66; font-size: 9pt }
table { border-collapse: collapse; width: 100%; font-size: 9pt } tr { break-inside: avoid }
th { text-align: left; color: #565b66; font-weight: 600 } th, td { padding: .7mm 2mm .7mm 0; vertical-align: top }
td { border-top: .2mm solid #d9dce3; overflow-wrap: anywhere } .n { text-align: right; white-space: nowrap }
.two { display: grid; grid-template-columns: 1fr 1fr; gap: 6mm } ul { margin: 1mm 0; padding-left: 4mm }
@media print { body { margin: 0; max-width: none } }
@media screen and (max-width: 600px) { .two { grid-template-columns: 1fr } body { margin: 4mm } }
"""
MOST = 6
LABELS = {"strength": "Strengths", "coaching": "To work on"}


def review_html(review: Review, book: Book) -> bytes:
    """One review on one or two pages."""
    name = escape(review.csm)
    parts = [
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>Review: {name}</title>",
        f"<meta name='viewport' content='width=device-width'><style>{STYLE}</style></head><body>",
        f"<h1>{name}</h1><p class='quiet'>Performance review, {escape(review.period)}</p>",
        f"<p class='lead'>{escape(review.sentence)}</p>",
        "<h2>Outcomes</h2>",
        _figures(review.outcomes, book),
        "<p class='quiet'>Luck: where chance alone leaves 95 of 100 such books. No ranking follows from it.</p>",
        f"<div class='two'><div><h2>Work</h2>{_figures(review.work, book, short=True)}</div>",
        f"<div><h2>What customers said</h2>{_figures(review.voice, book, short=True)}{_comments(review)}</div></div>",
        "<h2>The book</h2>",
        _inherited(review, book),
        f"<div class='two'><div><h2>Stories and references</h2>{_stories(review)}</div>",
        f"<div><h2>Documentation</h2>{_list(review.documentation['title'])}</div></div>",
        _notes(review),
    ]
    if review.dark:
        parts.append(f"<p class='quiet'>Not known. {escape(' '.join(review.dark))}</p>")
    return "".join([*parts, "</body></html>"]).encode()


def figure_text(name: str, value: float, currency: str) -> str:
    """A figure as people read it."""
    return METRICS[name].unit.write(value, currency)


def _figures(rows: pd.DataFrame, book: Book, short: bool = False) -> str:
    """Figures with the period before and the target; those that are dark or have nothing to count are left out."""
    known = rows[rows["value"].notna()]
    if known.empty:
        return "<p class='quiet'>Nothing to count in this period.</p>"
    head = "<tr><th></th><th class='n'>Now</th><th class='n'>Before</th><th class='n'>Target</th>"
    body = []
    for row in known.to_dict("records"):
        now, before, target = (
            figure_text(row["metric"], row[when], book.currency) for when in ("value", "before", "target")
        )
        said = (
            "" if short and not row["what_it_says"] else f"<br><span class='quiet'>{escape(row['what_it_says'])}</span>"
        )
        if not row["what_it_says"]:
            said = ""
        mark = f" <span class='quiet'>{row['reached']}</span>" if row["reached"] and not short else ""
        body.append(
            f"<tr><td>{escape(row['label'])}{said}</td><td class='n'>{now}</td><td class='n'>{before}</td>"
            f"<td class='n'>{target}{mark}</td></tr>"
        )
    return f"<table>{head}</tr>{''.join(body)}</table>"


def _inherited(review: Review, book: Book) -> str:
    if review.book.empty:
        return "<p class='quiet'>Holds no account at the close.</p>"
    row = review.book.iloc[0]

    def money(value: float) -> str:
        return MONEY.write(value, book.currency)

    return (
        f"<p>{money(row['now'])} MRR at the close: {money(row['own'])} held from the start, {money(row['inherited'])} "
        f"inherited with {row['inherited_accounts']:.0f} accounts, {money(row['since'])} since then. "
        f"In the period {len(review.taken_over)} accounts with {money(review.taken_over['mrr_then'].sum())} were taken "
        f"over and {len(review.handed_on)} with {money(review.handed_on['mrr_then'].sum())} handed on.</p>"
    )


def _stories(review: Review) -> str:
    told = [f"{row.name_}: {row.story}" for row in review.stories.rename(columns={"name": "name_"}).itertuples()]
    acts = [f"{row.name_}: {row.kind}" for row in review.references.rename(columns={"name": "name_"}).itertuples()]
    return _list(pd.Series([*told[:MOST], *acts[:MOST]], dtype=object), len(told) + len(acts))


def _comments(review: Review) -> str:
    said = review.comments.head(3)
    return _list(said["name"].astype(str) + ": “" + said["comment"].astype(str) + "”", len(said)) if len(said) else ""


def _list(texts: pd.Series, of: int | None = None) -> str:
    shown = [f"<li>{escape(str(text))}</li>" for text in texts[: 2 * MOST]]
    more = (len(texts) if of is None else of) - len(shown)
    rest = f"<li class='quiet'>and {more} more</li>" if more > 0 else ""
    return f"<ul>{''.join(shown)}{rest}</ul>" if shown else "<p class='quiet'>None in this period.</p>"


def _notes(review: Review) -> str:
    parts = []
    for kind, label in LABELS.items():
        mine = (
            review.notes[review.notes["kind"].astype(str).str.casefold() == kind] if len(review.notes) else review.notes
        )
        texts = [f"{row.note} ({row.written_on:%Y-%m-%d}{_by(row.author)})" for row in mine.itertuples()]
        parts.append(
            f"<div><h2>{label}</h2>{_list(pd.Series(texts, dtype=object)) if texts else '<p>&nbsp;</p>'}</div>"
        )
    return f"<div class='two'>{''.join(parts)}</div>"


def _by(author: object) -> str:
    return f", {author}" if isinstance(author, str) and author else ""
