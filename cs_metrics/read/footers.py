"""Which rows below a header are no rows of the table: totals, headings, notes, the header once more."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from cs_metrics.read.amounts import LONGEST

Rows = Sequence[Sequence[str]]

DIGIT = re.compile(r"\d")
BELOW = 12
TOTAL = (
    r"(?i)^\W*(?:(?:grand|sub|overall|report|net|sheet)?[\s-]*totals?|sous[\s-]totale?|total g[eé]n[eé]ral|totaux"
    r"|totale|totaal|summe|gesamt(?:summe|ergebnis)?|zwischensumme|insgesamt|ergebnis|suma|somme|itogo|итого|sum)"
    r"(?:[\s:=(]+(?:mrr|arr|revenue|amount|active|customers?|accounts?|clients?|rows?|records?|subscriptions?|tickets?"
    r"|usd|eur|gbp|chf|\d.*|for\b.*|of\b.*|per\b.*|by\b.*|all\b.*|in\b.*))*\W*$"
)
TOTAL_WORDS = re.compile(TOTAL)
SUMMARY = re.compile(
    r"(?i)^\W*(?:count|record count|row count|anzahl|average|avg|mean|median|durchschnitt|moyenne|min|max|minimum"
    r"|maximum|(?:number|no\.?|#) of \w+|active (?:customers?|accounts?|clients?)|customers?|accounts?)"
    r"\W*(?:\(.*\))?[\W\d]*$"
)
AFTER_NAME = re.compile(r"(?i)^(.+?)[\s:–-]+(?:sub)?-?(?:total|count|sum|average|ergebnis|summe)$")
BEFORE_NAME = re.compile(
    r"(?i)^(?:sub[\s-]?|grand )?(?:total|summe|gesamt|zwischensumme|totale|totaal|suma)"
    r"(?:\s*[:–-]|\s+(?:for|of|für|de|di|van))?\s+(.+)$"
)
HEADING = "a heading"
NOTE = re.compile(
    r"(?i)^\W*(?:confidential(?:ity|\s+(?:information|and|[-–—]).*)?\W*$|confidential information"
    r"|strictly confidential|source\b|sources:|generated|report generated|exported|export date|extracted|printed"
    r"|prepared|created by|run (?:by|on|date)|copyright|©|applied filters?|filters?\b.*:|filtered\b|showing\b"
    r"|page \d|notes?\s*[:.-]|notes?$|legend|disclaimer|as of\b|data as of|last (?:updated|refreshed)"
    r"|end of (?:report|file|data|export)|\*|quelle|stand:|erstellt|vertraulich|hinweis|confidentiel|rows?:|currency:"
    r"|\d+ (?:rows|records|results|items|accounts|customers)\b|all (?:amounts|figures|values)|do not )"
)


class Out(NamedTuple):
    """A row that is no row of the table: its position, and what it is instead."""

    at: int
    what: str


def is_number(text: str) -> bool:
    """Is this an amount, a count or a date rather than a word?"""
    text = text.strip()
    return len(text) <= LONGEST and _is_number(text)


@lru_cache(1 << 16)
def _is_number(text: str) -> bool:
    if not DIGIT.search(text):
        return False
    return not text[0].isalpha() or bool(
        re.fullmatch(r"[A-Za-z]{1,3}[$€£]?\s?[\d(.,-][\d.,)\s]*", text) and " " in text
    )


def body_of(
    rows: Rows, filled: Iterable[int], headers: Sequence[str], header: Sequence[str]
) -> tuple[list[int], list[Out]]:
    """The rows of the table, and those that are totals, notes or the header once more."""
    filled = list(filled)
    width = len(headers)
    sample = filled[:200]
    texts = [
        place
        for place in range(width)
        if (cells := [rows[at][place] for at in sample if place < len(rows[at]) and rows[at][place].strip()])
        and 2 * sum(not is_number(cell) for cell in cells) > len(cells)
    ]
    words = {at: _words(rows[at], texts) for at in filled}
    usual = _usual([words[at] for at in sample])
    some = _usual([cells_given(rows[at]) for at in sample])
    titles = [cell.strip() for cell in header if cell.strip()]
    first_title = next((cell for cell in header if cell.strip()), "")
    out: dict[int, str] = {}
    for place, at in enumerate(filled):
        if words[at] > max(1, usual / 2) and first_title not in rows[at]:
            continue
        cells = [cell.strip() for cell in rows[at] if cell.strip()]
        first = cells[0]
        sparse = words[at] <= max(1, usual / 2) or len(cells) == 1
        label = next((c for c in cells if not is_number(c)), first) if sparse else first
        if len(cells) > 1 and cells == titles:
            out[at] = "the header once more"
        elif sparse and _is_total(label, rows, filled, place):
            out[at] = "a total"
        elif len(cells) == 2 and sparse and some > 2 and SUMMARY.match(label[:LONGEST]) and cells[1].isdecimal():
            out[at] = "a summary"
        elif len(cells) == 1 and some >= 2 and (NOTE.match(first) or (len(first) > 60 and some > 2)):
            out[at] = "a note"
    _mark_headings(rows, filled, some, out)
    _mark_the_end(rows, filled, words, usual, some, out)
    return [at for at in filled if at not in out], [Out(at, out[at]) for at in filled if at in out]


def _words(row: Sequence[str], texts: list[int]) -> int:
    """How many of these columns hold a word in this row."""
    cells = [row[place] for place in texts if place < len(row)]
    return sum(1 for cell in cells if cell and cell.strip() and not is_number(cell))


def cells_given(row: Sequence[str]) -> int:
    """How many cells of a row have anything in them."""
    return len(list(filter(None, map(str.strip, row))))


def _usual(counts: list[int]) -> int:
    """What a full row has: nine of ten rows have no more."""
    return sorted(counts)[9 * (len(counts) - 1) // 10] if counts else 0


def _is_total(label: str, rows: Rows, filled: list[int], place: int) -> bool:
    if len(label) > 2 * LONGEST:
        return False
    return bool(TOTAL_WORDS.match(label)) or _named_by(label, rows, filled, place) is not None


def _named_by(label: str, rows: Rows, filled: list[int], place: int) -> str | None:
    """The entry of the rows before that this is the total of: "Enterprise Total", "Total for Acme"; None if none."""
    if len(label) > 2 * LONGEST:
        return None
    for form in (AFTER_NAME, BEFORE_NAME):
        if (named := form.match(label)) and (name := named.group(1).strip()):
            before = filled[max(0, place - 1000) : place]
            if any(cell.strip() == name for one in before for cell in rows[one][:3]):
                return name
    return None


def _mark_headings(rows: Rows, filled: list[int], some: int, out: dict[int, str]) -> None:
    """Lines of one cell that name the rows below them: their totals name them, or the table begins with one."""
    if some < 3:
        return
    alone = [at for at in filled if cells_given(rows[at]) == 1]
    if not alone or len(alone) == len(filled):
        return
    named = set()
    for place, at in enumerate(filled):
        if out.get(at) == "a total":
            label = next((cell.strip() for cell in rows[at] if cell.strip() and not is_number(cell)), "")
            named |= {_named_by(label, rows, filled, place)}
    after = dict(zip(filled, filled[1:], strict=False))
    lead = [at for at in alone if out.get(at) != "a total" and at in after and after[at] not in alone]
    at_start = len(lead) > 1 and lead[0] == filled[0] and len({_place_of(rows[at]) for at in lead}) == 1
    for at in lead:
        text = next(cell.strip() for cell in rows[at] if cell.strip())
        if text in named or (at_start and not is_number(text)):
            out[at] = HEADING


def _place_of(row: Sequence[str]) -> int:
    return next(place for place, cell in enumerate(row) if cell.strip())


def _mark_the_end(
    rows: Rows, filled: list[int], words: dict[int, int], usual: int, some: int, out: dict[int, str]
) -> None:
    """What stands below the table: after its total, or lines of one cell under a blank line or at the very end."""
    last = filled[-BELOW:]
    grand = [at for at in last if out.get(at) == "a total" and _is_last_total(rows, filled, at)]
    total = next((at for at in grand if not any(at < after < grand[-1] and after not in out for after in last)), None)
    previous = [*filled[:1], *filled][-len(last) - 1 : -1]
    for at, before in reversed(list(zip(last, previous, strict=True))):
        cells = [cell.strip() for cell in rows[at] if cell.strip()]
        label = next((cell for cell in cells if not is_number(cell)), "")
        if at in out:
            continue
        if total is not None and at > total and (words[at] <= 1 or len(cells) == 1) and (usual > 1 or at - total < 5):
            out[at] = "a note" if len(cells) == 1 else "a summary"
        elif (
            words[at] <= max(1, usual / 2) and SUMMARY.match(label[:LONGEST]) and (usual > 1 or len(label.split()) > 1)
        ):
            out[at] = "a summary"
        elif (
            len(cells) == 1
            and some > 2
            and (NOTE.match(cells[0]) or at - before > 1 or (" " in cells[0] and len(cells[0]) > 25))
        ):
            out[at] = "a note"
        else:
            break


def _is_last_total(rows: Rows, filled: list[int], at: int) -> bool:
    """Is this the total of the whole table, not of a group of its rows?"""
    label = next((cell.strip() for cell in rows[at] if cell.strip() and not is_number(cell)), "")
    part = re.search(r"(?i)\bsub|zwischen|sous", label)
    return not part and _named_by(label, rows, filled, filled.index(at)) is None
