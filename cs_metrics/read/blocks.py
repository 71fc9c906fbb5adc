"""Several tables in one sheet, one below the other or side by side: where does each begin, and what is none?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from cs_metrics.read.footers import is_number
from cs_metrics.read.names import alike, known_headers
from cs_metrics.read.shape import header_of, is_label

Rows = Sequence[Sequence[str]]
Merged = Iterable[tuple[int, int, int, int]]
LONGEST_TITLE = 60


class Block(NamedTuple):
    """A part of a sheet that is a table of its own: its cells where they stand, and the title over it.

    ``beside`` are the headers of what stands beside the table and is none.
    """

    rows: list[list[str]]
    title: str = ""
    beside: tuple[str, ...] = ()


def blocks_of(rows: list[list[str]]) -> list[Block]:
    """The tables of a sheet; the sheet itself where it is one.

    >>> [block.title for block in blocks_of([["Book"], ["Account ID", "CSM"], ["A", "Ann"], [],
    ...                                      ["Revenue"], ["Account ID", "Month", "MRR"], ["A", "2024-01", "5"]])]
    ['Book', 'Revenue']
    """
    found = []
    for block in _below_each_other(rows):
        found += _side_by_side(block)
    return found


# --- one below the other ---------------------------------------------------------------------------------------------


def _below_each_other(rows: list[list[str]]) -> list[Block]:
    filled = [at for at, row in enumerate(rows) if any(map(str.strip, row))]
    best = header_of(rows, filled) if filled else None
    if best is None:
        return [Block(rows)]
    first = next((at for at in filled if at < best and is_header(rows[at])), best)
    starts = _starts(rows, filled, first)
    if not starts:
        return [Block(rows)]
    edges = [0, *starts, len(rows)]
    parts = zip(edges, edges[1:], strict=False)
    return [
        Block([row if start <= at < end else [] for at, row in enumerate(rows[:end])], _title(rows, filled, start, end))
        for start, end in parts
    ]


def _starts(rows: Rows, filled: list[int], first: int) -> list[int]:
    """The rows in which further tables begin: their title's, else their header's."""
    starts = []
    header, titles = first, _cells(rows[first])
    for place, at in enumerate(filled[:-1]):
        before = filled[place - 1] if place else at
        if at <= header + 1 or not (at - before > 1 or _is_title(rows[before])) or not is_header(rows[at]):
            continue
        cells = _cells(rows[at])
        if cells == titles:
            continue
        start = at
        while place and at - filled[place - 1] <= 1 + (start == at) and _is_title(rows[filled[place - 1]]):
            place, start = place - 1, filled[place - 1]
        if start > header + 1:
            starts.append(start)
            header, titles = at, cells
    return starts


def is_header(row: Sequence[str]) -> bool:
    """Is this row plainly a header: words only, and most of them headers we know?"""
    cells = _cells(row)
    if len(cells) < 2 or not all(is_label(cell) and len(cell) <= LONGEST_TITLE for cell in cells):
        return False
    known = sum(alike(cell) in known_headers() for cell in cells)
    return known >= 2 and 2 * known >= len(cells) and any("account_id" in _columns(cell) for cell in cells)


def _columns(cell: str) -> frozenset[str]:
    return known_headers().get(alike(cell), frozenset())


def _is_title(row: Sequence[str]) -> bool:
    given = [cell for cell in row if cell and not cell.isspace()] if len(row) < 2 or not (row[0] and row[1]) else row
    return len(given) == 1 and len(given[0].strip()) <= LONGEST_TITLE


def _title(rows: Rows, filled: list[int], start: int, end: int) -> str:
    """The line of one cell nearest over a part's header."""
    title = ""
    for at in (at for at in filled if start <= at < end):
        if not _is_title(rows[at]):
            return title
        title = _cells(rows[at])[0]
    return title


def _cells(row: Sequence[str]) -> list[str]:
    return [cell.strip() for cell in row if cell.strip()]


# --- side by side ----------------------------------------------------------------------------------------------------


def _side_by_side(block: Block) -> list[Block]:
    """The tables between columns that are empty from the header down, each with an account of its own."""
    rows = block.rows
    filled = [at for at, row in enumerate(rows) if any(map(str.strip, row))]
    header = header_of(rows, filled) if filled else None
    if header is None:
        return [block]
    runs = _runs(rows, header)
    if len(runs) < 2:
        return [block]
    keyed = [run for run in runs if is_header(rows[header][run[0] : run[1]])]
    if not keyed:
        return [block]
    boxes = [run for run in runs if run not in keyed and _is_box(rows, header, run, keyed)]
    beside = tuple(cell for left, right in boxes for cell in _cells(rows[header][left:right]))
    edges = [0, *(left for left, _ in keyed[1:]), max(len(row) for row in rows)]
    found = []
    for left, right in zip(edges, edges[1:], strict=False):
        out = {place for start, end in boxes for place in range(start, end)}
        cut = [
            [cell if left <= place < right and place not in out else "" for place, cell in enumerate(row[:right])]
            for row in rows
        ]
        found.append(Block(cut, block.title, beside))
        beside = ()
    return found if len(keyed) > 1 or boxes else [block]


def _runs(rows: Rows, header: int) -> list[tuple[int, int]]:
    """The spans of columns between those that are empty from the header down."""
    width = max(len(row) for row in rows[header:])
    open_ = [place for place in range(width) if place >= len(rows[header]) or not rows[header][place].strip()]
    empty = {p for p in open_ if not any(p < len(row) and row[p].strip() for row in rows[header:])}
    runs: list[tuple[int, int]] = []
    for place in range(width):
        if place in empty:
            continue
        if runs and runs[-1][1] == place:
            runs[-1] = (runs[-1][0], place + 1)
        else:
            runs.append((place, place + 1))
    return runs


def _is_box(rows: Rows, header: int, run: tuple[int, int], keyed: list[tuple[int, int]]) -> bool:
    """Is this a small table of figures beside the real one: labels and numbers that end long before it does?"""
    left, right = run
    below = rows[header + 1 :]
    mine = [row[left:right] for row in below if any(cell.strip() for cell in row[left:right])]
    most = max(sum(any(cell.strip() for cell in row[start:end]) for row in below) for start, end in keyed)
    labels = [row[0].strip() for row in mine if row]
    figures = all(is_number(row[-1]) for row in mine)
    named = right - left >= 2 and len(set(labels)) == len(labels) and not any(map(is_number, labels))
    at_once = mine == [row[left:right] for row in below[: len(mine)]]
    return named and figures and at_once and 0 < len(mine) < most
