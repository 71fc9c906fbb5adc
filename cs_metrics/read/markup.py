"""Tables in web pages and in the XML of old spreadsheets, which many systems export under an Excel name."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from cs_metrics.read.sheets import MOST_COLUMNS, TOO_MUCH, Grid, Unopened

MOST_SPANNED = 1_000_000
CELLS = ("td", "th", "cell", "ss:cell")
ROWS = ("tr", "row", "ss:row")
TABLES = ("table", "ss:table")
SILENT = ("style", "script", "head", "title")


def is_markup(start: str) -> bool:
    """Is this text a web page or an XML spreadsheet? From its start."""
    text = start.lstrip("\ufeff \r\n\t").lower()
    if text.startswith("<?xml"):
        return "schemas-microsoft-com:office:spreadsheet" in text or "<html" in text
    return bool(re.match(r"<(!doctype\s+html|!--|html|head|meta|body|table|style|div|center|font|br|p|h\d)\b", text))


def grids_of(text: str) -> list[Grid]:
    """The tables of a page that have two rows and two columns, with spanned cells merged. Raises Unopened if too much.

    >>> grids_of("<table><tr><th>A<th>B<tr><td>1<td>2 &amp; 3</table>")[0].rows
    [['A', 'B'], ['1', '2 & 3']]
    """
    reader = _Reader()
    reader.feed(text)
    reader.close()
    reader.end_table()
    found = []
    for name, cells, merged in reader.tables:
        if not cells:
            continue
        height, width = max(at for at, _ in cells) + 1, max(place for _, place in cells) + 1
        if width > MOST_COLUMNS or width * height > 10 * MOST_SPANNED:
            raise Unopened(TOO_MUCH)
        rows = [[""] * width for _ in range(height)]
        for (at, place), value in cells.items():
            rows[at][place] = value
        if width > 1 and height > 1:
            found.append(Grid(name, False, rows, merged))
    return found


class _Reader(HTMLParser):
    """Collects tables as cells by row and column; a table inside a cell is a table of its own."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[tuple[str, dict[tuple[int, int], str], list[tuple[int, int, int, int]]]] = []
        self.outer: list[tuple[dict, list, set, int, int]] = []
        self.cells: dict[tuple[int, int], str] = {}
        self.merged: list[tuple[int, int, int, int]] = []
        self.taken: set[tuple[int, int]] = set()
        self.row, self.place = -1, 0
        self.inside = self.silent = False
        self.name = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name.removeprefix("ss:"): value or "" for name, value in attrs}
        if tag in ("worksheet", "ss:worksheet"):
            self.name = said.get("name", "")
        elif tag in TABLES:
            self.outer.append((self.cells, self.merged, self.taken, self.row, self.place))
            self.cells, self.merged, self.taken, self.row, self.place = {}, [], set(), -1, 0
        elif tag in ROWS:
            self.row = max(self.row + 1, _number(said.get("index")) - 1)
            self.place, self.inside = 0, False
        elif tag in CELLS:
            self._start_cell(said)
        elif tag == "br" and self.inside:
            self.handle_data(" ")
        elif tag in SILENT:
            self.silent = True

    def _start_cell(self, said: dict[str, str]) -> None:
        self.row = max(self.row, 0)
        self.place = max(self.place, _number(said.get("index")) - 1)
        while (self.row, self.place) in self.taken:
            self.place += 1
        down = max(_number(said.get("rowspan")) - 1, _number(said.get("mergedown")), 0)
        right = max(_number(said.get("colspan")) - 1, _number(said.get("mergeacross")), 0)
        down = min(down, MOST_SPANNED)
        if self.place + right >= MOST_COLUMNS or len(self.taken) + down * (right + 1) > MOST_SPANNED:
            raise Unopened(TOO_MUCH)
        if down or right:
            self.merged.append((self.row, self.place, self.row + down, self.place + right))
            self.taken |= {(self.row + d, self.place + r) for d in range(down + 1) for r in range(right + 1) if d}
        self.cells[self.row, self.place] = ""
        self.at, self.inside = (self.row, self.place), True
        self.place += right + 1

    def handle_endtag(self, tag: str) -> None:
        if tag in CELLS or tag in ROWS:
            self.inside = False
        elif tag in TABLES:
            self.end_table()
        elif tag in SILENT:
            self.silent = False

    def end_table(self) -> None:
        """The table in hand is complete."""
        self.tables.append((self.name, self.cells, self.merged))
        self.inside = False
        if self.outer:
            self.cells, self.merged, self.taken, self.row, self.place = self.outer.pop()

    def handle_data(self, data: str) -> None:
        if self.inside and not self.silent:
            self.cells[self.at] = " ".join((self.cells[self.at] + data).split()) + (" " if data[-1:].isspace() else "")


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 7 else 0
