"""Where in a sheet the table is: its header of one or more rows, its rows, and what stands above and below them.

Decided from what headers are called and from how the rows look, never from a position.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

from cs_metrics.read.dates import MONTHS, Orders, month_in
from cs_metrics.read.footers import HEADING, Out, body_of, cells_given, is_number
from cs_metrics.read.names import alike, known_headers

Rows = Sequence[Sequence[str]]
Merged = Iterable[tuple[int, int, int, int]]

LOOKED_AT = 60
UNIT = re.compile(
    r"(?i)[(\[].{1,20}[)\]]|in .{1,10}|[kmt]?[€$£%#]|[kt]?(?:eur|usd|gbp|chf)|text|date"
    r"|dd[./-]mm[./-]yyyy|mm/dd/yyyy|yyyy-mm-dd"
)


class Shape(NamedTuple):
    """A table in a sheet: the position of its (lowest) header row, its headers, its rows, what is left out.

    ``above`` is the text over the header; ``joined`` tells that headers come from two rows.
    """

    at: int
    headers: tuple[str, ...]
    body: list[int]
    out: list[Out]
    above: str = ""
    joined: bool = False


def shape_of(rows: Rows, merged: Merged = ()) -> Shape | None:
    """The table in these rows of cells; None where there is none.

    >>> shape_of([["Our book"], ["Account", "MRR"], ["A", "10"], ["Total", "10"]])
    Shape(at=1, headers=('Account', 'MRR'), body=[2], out=[Out(at=3, what='a total')], above='Our book', joined=False)
    """
    filled = [at for at, row in enumerate(rows) if any(map(str.strip, row))]
    if not filled:
        return None
    at = header_of(rows, filled)
    if at is None:
        return None
    place = filled.index(at)
    groups = _groups(rows, filled[:place], at, list(merged))
    if not groups and place + 1 < len(filled) and _is_lower_header(rows, at, filled[place + 1]):
        groups, place = [at], place + 1
        at = filled[place]
    unit = filled[place + 1] if place + 1 < len(filled) and _is_unit_row(rows[at], rows[filled[place + 1]]) else None
    headers = _headers(rows, at, groups, list(merged))
    if (told := _explained(rows, filled[place + 1 : place + 3])) is not None:
        headers = tuple(
            one.strip() or header for one, header in zip(_padded(told, len(headers)), headers, strict=False)
        )
        place += 2
        at = filled[place]
    if unit is not None:
        headers = tuple(
            f"{header} ({cell.strip('()[] ')})" if cell.strip() else header
            for header, cell in zip(headers, _padded(rows[unit], len(headers)), strict=False)
        )
        place += 1
        at = unit
    body, out = body_of(rows, filled[place + 1 :], headers, rows[filled[place] if unit is None else filled[place - 1]])
    top = min([at, *groups, filled[place - 1] if unit is not None else at])
    above = " · ".join(cell.strip() for one in filled for cell in rows[one] if one < top and cell.strip())
    return Shape(at, headers, body, out, above[:2000], bool(groups))


def is_plain(head: Rows, tail: Rows) -> bool:
    """Is this a table from its first line to its last? From its first and last rows."""
    shape = shape_of(head)
    if shape is None or shape.at != 0 or shape.joined or shape.out or len(shape.body) != len(head) - 1:
        return False
    return not body_of([head[0], *tail], range(1, len(tail) + 1), shape.headers, head[0])[1]


def with_year(headers: tuple[str, ...], *places: str) -> tuple[str, ...]:
    """Headers that are months without a year, with the one year named in the first of these places that names one.

    >>> with_year(("Client", "Jan", "Feb"), "MRR 2024")
    ('Client', 'Jan 2024', 'Feb 2024')
    """
    bare = [header for header in headers if header.casefold().rstrip(".") in MONTHS]
    if len(bare) < 2 or len(bare) > 12:
        return headers
    for place in places:
        if len(years := set(re.findall(r"(?<!\d)(?:19|20)\d\d(?!\d)", place))) == 1:
            return tuple(f"{header} {min(years)}" if header in bare else header for header in headers)
    return headers


def fill_merged(rows: list[list[str]], merged: Merged, below: int) -> bool:
    """Write what stands once in cells merged downwards into each of their rows; was anything written?"""
    done = False
    for top, left, bottom, right in merged:
        if bottom <= below or top <= below or bottom == top or left != right or top >= len(rows):
            continue
        value = rows[top][left] if left < len(rows[top]) else ""
        for at in range(top + 1, min(bottom + 1, len(rows))):
            if left < len(rows[at]) and not rows[at][left].strip() and value:
                rows[at][left] = value
                done = True
    return done


def fill_groups(rows: list[list[str]], shape: Shape) -> list[str]:
    """Write a leading column's entries into the blanks below them, where each stands for a group of rows.

    As in formatted reports, where the cells are not merged, only blank. Returns the headers filled.
    """
    body = shape.body
    done = _fill_headings(rows, shape)
    if done or len(body) < 3:
        return done
    for place, header in enumerate(shape.headers[:3]):
        cells = [rows[at][place].strip() if place < len(rows[at]) else "" for at in body]
        given = [cell for cell in cells if cell]
        marked = header.rstrip().endswith(("↑", "↓"))
        if not cells[0] or len(given) == len(cells) or len(set(given)) < len(given):
            break
        if not marked and (len(given) > 0.7 * len(cells) or len(given) < 2 or not _rest_is_full(rows, shape, place)):
            break
        above = cells[0]
        for at, cell in zip(body, cells, strict=True):
            above = cell or above
            rows[at][place] = above
        done.append(header)
    return done


def _fill_headings(rows: list[list[str]], shape: Shape) -> list[str]:
    """Write headings that stand alone in a row into the rows below them, where these leave that column blank."""
    headings = {one.at: rows[one.at] for one in shape.out if one.what == HEADING}
    places = {_first(row) for row in headings.values()}
    if len(places) != 1:
        return []
    [place] = places
    if place >= len(shape.headers) or any(place < len(rows[at]) and rows[at][place].strip() for at in shape.body):
        return []
    above = ""
    for at in range(shape.at + 1, len(rows)):
        if at in headings:
            above = headings[at][place].strip()
        elif len(rows[at]) > place:
            rows[at][place] = above
    return [shape.headers[place]]


def _rest_is_full(rows: Rows, shape: Shape, place: int) -> bool:
    """Does the next column have an entry in every row, so that a blank one here is not a row without contents?"""
    return place + 1 < len(shape.headers) and all(
        len(rows[at]) > place + 1 and rows[at][place + 1].strip() for at in shape.body
    )


# --- the header -------------------------------------------------------------------------------------------------


_month = cache(month_in)


def is_label(text: str) -> bool:
    """Could this be a header? A word, a month, a year or a quarter."""
    text = text.strip()
    return (
        not is_number(text)
        or bool(re.fullmatch(r"(19|20)\d\d|#|\d{1,2}", text))
        or _month(text, "day first") is not None
    )


def _knowledge(row: Sequence[str]) -> int:
    """How many of these cells are headers we know, months side by side counting as such."""
    names = {alike(cell) for cell in row if cell.strip() and len(cell) < 60} & known_headers().keys()
    order = Orders(row, firsts=True).proved
    months = [_month(cell.strip(), order) for cell in row]
    steps = sum(
        a is not None and b is not None and abs((b // 100 - a // 100) * 12 + b % 100 - a % 100) == 1
        for a, b in zip(months, months[1:], strict=False)
    )
    return len(names) + (steps + 1 if steps else 0)


def header_of(rows: Rows, filled: list[int]) -> int | None:
    """The row that is the header: the one with most headers we know, else the first as wide as the table."""
    looked = filled[:LOOKED_AT]
    width = {at: cells_given(rows[at]) for at in looked}
    widest = max(width.values())
    if widest == 1:
        first = looked[0]
        return first if len(looked) > 1 and alike(rows[first][_first(rows[first])]) in known_headers() else None
    able = [
        at
        for at in looked
        if width[at] >= 2 and sum(not is_label(cell) for cell in rows[at] if cell.strip()) <= width[at] // 10
    ]
    if not able:
        return next((at for at in looked if width[at] >= 2), None)
    best = max(able, key=lambda at: (_knowledge(rows[at]), width[at], -at))
    wide = next((at for at in able if 2 * width[at] >= widest), able[0])
    return best if _knowledge(rows[best]) >= max(2, _knowledge(rows[wide]) + (best > wide)) else wide


def _first(row: Sequence[str]) -> int:
    return next(place for place, cell in enumerate(row) if cell.strip())


def _groups(rows: Rows, before: list[int], at: int, merged: list[tuple[int, int, int, int]]) -> list[int]:
    """The rows of labels over the header, each label standing for several columns; uppermost first."""
    found: list[int] = []
    while before and before[-1] == at - len(found) - 1 and len(found) < 2:
        row = rows[before[-1]]
        cells = [place for place, cell in enumerate(row) if cell.strip()]
        wide = [right - left for top, left, _, right in merged if top == before[-1] and right > left]
        whole = len(cells) == 1 and (cells[0] == 0 and (not wide or max(wide) + 1 >= 0.8 * len(rows[at])))
        beyond = cells[-1] >= cells_given(rows[at]) + 2
        if whole or beyond or any(len(row[place]) > 40 or not is_label(row[place]) for place in cells):
            break
        if len(cells) < 2 and not wide and cells[0] == 0:
            break
        if not wide and any(cell.strip().endswith(":") for cell in row):
            break
        found.insert(0, before[-1])
        before = before[:-1]
    return found


def _is_lower_header(rows: Rows, at: int, below: int) -> bool:
    """Is the row below the header a second row of headers, for the columns the first leaves open?"""
    upper = [cell.strip() for cell in rows[at]]
    lower = [cell.strip() for cell in _padded(rows[below], len(upper))]
    given = [place for place, cell in enumerate(lower) if cell]
    if len(given) < 2 or not all(is_label(lower[place]) for place in given) or _knowledge(lower) > _knowledge(upper):
        return False
    blank = [place for place, cell in enumerate(upper) if not cell]
    if not blank or not set(blank) <= set(given):
        return False
    names = {lower[place].casefold().rstrip(".") for place in given}
    known = sum(name in MONTHS or alike(name) in known_headers() or _month(name) is not None for name in names)
    return 2 * known >= len(names) or len(names) * 2 <= len(given)


def _is_unit_row(header: Sequence[str], row: Sequence[str]) -> bool:
    """Is this row only the units of the columns: (EUR), k€, %?"""
    cells = [cell.strip() for cell in row if cell.strip()]
    return bool(cells) and len(header) > 1 and all(UNIT.fullmatch(cell) for cell in cells)


def _explained(rows: Rows, below: list[int]) -> Sequence[str] | None:
    """The row that says the headers in words, where a survey tool writes its questions and their ids under them."""
    if len(below) < 2 or not all('"ImportId"' in cell for cell in rows[below[1]] if cell.strip()):
        return None
    return [" ".join(cell.split()) for cell in rows[below[0]]]


def _headers(rows: Rows, at: int, groups: list[int], merged: list[tuple[int, int, int, int]]) -> tuple[str, ...]:
    """The headers, with the label of their group where they say too little alone."""
    own = [" ".join(cell.split()) for cell in rows[at]]
    while own and not own[-1] and not any(len(row) >= len(own) and row[len(own) - 1].strip() for row in rows[at + 1 :]):
        own.pop()
    if not groups:
        return tuple(own)
    labels = [_spread(rows[group], len(own), group, merged) for group in groups]
    combined = []
    for place, header in enumerate(own):
        over = list(dict.fromkeys(label[place] for label in labels if label[place] and label[place] != header))
        combined.append(_combined(header, over, own.count(header) > 1))
    return tuple(combined)


def _spread(row: Sequence[str], width: int, at: int, merged: list[tuple[int, int, int, int]]) -> list[str]:
    """The labels of a row of groups, each written over every column it stands for."""
    labels = [" ".join(cell.split()) for cell in _padded(row, width)[:width]]
    across = [(left, right) for top, left, bottom, right in merged if top <= at <= bottom and right > left]
    for left, right in across:
        for place in range(left + 1, min(right + 1, width)):
            labels[place] = labels[place] or labels[left]
    if not across:
        for place in range(1, width):
            labels[place] = labels[place] or labels[place - 1]
    return labels


def _combined(header: str, over: list[str], repeated: bool) -> str:
    """A header with the labels over it, where it needs them.

    >>> _combined("Jan", ["2024"], True), _combined("Name", ["CSM"], False), _combined("ARR", ["Contract"], False)
    ('Jan 2024', 'CSM Name', 'ARR')
    """
    if not over:
        return header
    if not header:
        return over[-1]
    alone = known_headers().get(alike(header), frozenset())
    for label in reversed(over):
        both = f"{label} {header}"
        if _month(header) is None and (_month(f"{header} {label}") is not None and re.search(r"\d{4}", label)):
            return f"{header} {label}"
        meant = known_headers().get(alike(both), frozenset())
        if meant and not meant & alone:
            return both
    if repeated or (not re.search(r"[^\W\d]{2}", header) and _month(header) is None):
        return " ".join([*over, header])
    return header


def _padded(row: Sequence[str], width: int) -> list[str]:
    return [*row, *[""] * (width - len(row))]
