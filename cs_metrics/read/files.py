"""Bytes → sheets of text: which kind of file it is, its encoding, its delimiter, its header."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.ipc

from cs_metrics.read.blocks import Block, blocks_of, is_header
from cs_metrics.read.convert import coded
from cs_metrics.read.markup import grids_of, is_markup
from cs_metrics.read.problems import Trouble
from cs_metrics.read.shape import Shape, fill_groups, fill_merged, is_plain, shape_of, with_year
from cs_metrics.read.sheets import Grid, Unopened, open_parquet, open_workbook
from cs_metrics.read.unpack import Unfit, as_utf8, kind_of, unpacked

DELIMITERS = ",;\t|^~\x1f\x01"
SUFFIXES = (
    ".csv", ".tsv", ".tab", ".txt", ".xlsx", ".xlsm", ".xltx", ".xls", ".xlsb", ".ods", ".parquet", ".pq", ".htm",
    ".html", ".zip", ".gz",
)  # fmt: skip
MOST_COLUMNS = 2_000
MOST_LISTED = 1_000
LOOKED_AT = 60
csv.field_size_limit(1 << 26)


class File(NamedTuple):
    """A file to read: its name as shown, and its bytes; or rows that were read elsewhere, from a database say.

    ``in_part`` tells that the rows are only those that changed: what they do not name is still as it was.
    """

    name: str
    data: bytes
    rows: pa.Table | None = None
    in_part: bool = False

    @classmethod
    def of_rows(cls, name: str, rows: pa.Table, in_part: bool = False) -> File:
        """Rows read just now, their columns as text. Read again they are another file, even where nothing changed."""
        sink, read_at = pa.BufferOutputStream(), {"read at": datetime.now(UTC).isoformat()}
        with pa.ipc.new_stream(sink, rows.schema.with_metadata(read_at)) as stream:
            stream.write_table(rows.replace_schema_metadata(read_at))
        return cls(name, sink.getvalue().to_pybytes(), rows, in_part)

    @property
    def sha256(self) -> str:
        """What the file is known by, whatever its name."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True)
class Sheet:
    """A table of text: headers, columns, and the row each entry has in the file.

    ``left`` counts the rows found to be totals, notes and the like; ``above`` is what stands over the header;
    ``delimiter`` is what cuts its lines, of a text. ``lasting`` tells that its name is as good as its headers to know
    it by the next time: it is a table of a database or a service.
    """

    file: str
    name: str
    headers: tuple[str, ...]
    columns: tuple[pa.Array, ...]
    rows: np.ndarray
    left: int = 0
    above: str = ""
    delimiter: str = ""
    lasting: bool = False
    memory: dict[str, pa.DictionaryArray] = field(default_factory=dict, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.rows)

    def texts(self, header: str) -> pa.Array:
        """A column as it stands in the file."""
        return self.columns[self.headers.index(header)]

    def coded(self, header: str) -> pa.DictionaryArray:
        """A column as its distinct texts and which of them each row has; made once."""
        if header not in self.memory:
            self.memory[header] = coded(self.texts(header))
        return self.memory[header]

    @property
    def place(self) -> str:
        """Where it is, as a person says it."""
        return f"{self.file}, sheet {self.name}" if self.name else self.file

    def trouble(
        self,
        problem: str,
        advice: str = "",
        row: int = 0,
        column: str = "",
        value: str = "",
        severity: str = "refused",
    ) -> Trouble:
        """A finding in this sheet."""
        return Trouble(self.file, self.name, row, column, value, problem, advice, severity)  # type: ignore[arg-type]


class Opened(NamedTuple):
    """The sheets of a file and what was found on the way."""

    sheets: list[Sheet]
    troubles: list[Trouble]


def files_of(paths: list[str | Path]) -> Iterator[File]:
    """The files at these paths; of a folder, all in it, in the order of their names.

    Raises FileNotFoundError naming the path.
    """
    for path in map(Path, paths):
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.is_file() and not p.name.startswith((".", "~$")))
            yield from (File(str(p.relative_to(path)), p.read_bytes()) for p in inside if p.suffix.lower() in SUFFIXES)
        else:
            yield File(path.name, path.read_bytes())


def open_file(file: File) -> Opened:
    """The sheets of a file, all cells as text. What kind of file it is, its content says, not its name."""
    if file.rows is not None:
        texts = [pc.fill_null(column.combine_chunks(), "") for column in file.rows.columns]
        numbers = np.arange(1, len(file.rows) + 1, dtype=np.int32)
        sheet = _sheet(file.name, "", tuple(file.rows.column_names), texts, numbers)
        return Opened([replace(sheet, lasting=True)], [])
    try:
        return _opened(file, 0)
    except Unfit as why:
        return _refused(file.name, str(why), why.advice)
    except Unopened as why:
        return _refused(file.name, f"The workbook cannot be opened: {why}", "Save it again as .xlsx, or as CSV.")


def _refused(file: str, problem: str, advice: str, row: int = 0, value: str = "") -> Opened:
    return Opened([], [Trouble(file, "", row, "", value, problem, advice, "refused")])


def _opened(file: File, depth: int) -> Opened:
    if not file.data[:10_000].strip(b"\0 \r\n\t\xef\xbb\xbf\xff\xfe") and len(file.data) < 10_000:
        return _refused(file.name, "The file is empty.", "Export it again.")
    kind = kind_of(file.data)
    if kind == "workbook":
        return _from_grids(file, open_workbook(file.data))
    if kind == "parquet":
        rows = open_parquet(file.data)
        texts = [column.combine_chunks() for column in rows.columns]
        return Opened([_sheet(file.name, "", tuple(rows.column_names), texts, np.arange(2, len(rows) + 2))], [])
    if kind == "text":
        return _from_text(file)
    if depth > 1:
        raise Unfit("The archive holds archives of archives.", "Unpack it and give the files that hold the data.")
    return _from_archive(file, kind, depth)


def _from_archive(file: File, kind: str, depth: int) -> Opened:
    """The sheets of all files in an archive; what is no table is passed over and said, unless nothing is one."""
    sheets: list[Sheet] = []
    troubles: list[Trouble] = []
    inside = 0
    for name, data in unpacked(file.name, file.data, kind):
        inside += 1
        if kind == "zip" and PurePath(name).suffix.lower() not in SUFFIXES:
            troubles.append(Trouble(name, "", 0, "", "", "This is no table: it is passed over.", "", "note"))
            continue
        try:
            found = _opened(File(name, data), depth + 1)
        except Unopened as why:
            found = _refused(name, f"The workbook cannot be opened: {why}", "Save it again as .xlsx, or as CSV.")
        sheets += found.sheets
        troubles += found.troubles
    if not sheets and not any(trouble.severity == "refused" for trouble in troubles):
        return _refused(file.name, f"The archive holds no table, but {inside} other files.", "Pack the tables into it.")
    return Opened(sheets, troubles)


# --- text -------------------------------------------------------------------------------------------------------


def _from_text(file: File) -> Opened:
    data, encoding = as_utf8(file.data)
    start = data[:5_000].decode("utf-8", "ignore")
    if is_markup(start):
        return _from_grids(file, grids_of(data.decode("utf-8", "replace")))
    if start.lstrip("\ufeff \r\n\t").startswith("<?xml"):
        raise Unfit("The file is an XML document, not a table.")
    if re.match(r"\ufeff?\s*(\{\s*\"|\[\s*[{\[])", start):
        raise Unfit("The file is a JSON document, not a table.")
    if b"\0" in data:
        row = data[: data.index(b"\0")].count(b"\n") + 1
        return _refused(file.name, "The file is not text.", "Export it again as CSV.", row)
    notes = []
    if encoding:
        problem, advice = (
            f"The file is not UTF-8; it is read as {encoding}.",
            "If letters look wrong, save it as UTF-8.",
        )
        notes.append(Trouble(file.name, "", 0, "", "", problem, advice, "note"))
    delimiter = delimiter_of(data[:200_000].decode("utf-8", "ignore"))
    if (unwrapped := _unwrapped(data, delimiter)) is not None:
        data, delimiter = unwrapped, delimiter_of(unwrapped[:200_000].decode("utf-8", "ignore"))
    sheet = _fast(file, data, delimiter)
    if sheet is not None:
        return Opened([sheet], notes)
    careful = _careful(file, data, delimiter)
    return Opened(careful.sheets, notes + careful.troubles)


def _unwrapped(data: bytes, delimiter: str) -> bytes | None:
    """The lines of a file in which each whole line stands in quotes, without those; None for any other."""
    start = data[:2_000].decode("utf-8", "ignore").lstrip("\ufeff").splitlines()
    whole = [line for line in start[:-1] or start if line]
    if not whole or not all(line[0] == line[-1] == '"' and len(line) > 2 for line in whole):
        return None
    cells = [next(csv.reader([line], delimiter=delimiter)) for line in whole]
    if any(len(row) > 1 for row in cells) or not any(mark in cells[0][0] for mark in DELIMITERS):
        return None
    text = io.StringIO(data.decode("utf-8").lstrip("\ufeff"), newline="")
    return "\n".join(row[0] if row else "" for row in csv.reader(text, delimiter=delimiter)).encode()


def delimiter_of(text: str) -> str:
    """The delimiter that cuts the first lines into the same number of cells, the most of them.

    >>> delimiter_of("a;b;c\\n1,5;2;3\\n"), delimiter_of("name\\tmrr\\nAcme, Inc.\\t5\\n")
    (';', '\\t')
    """
    lines = [line for line in re.split(r"\r\n|\n|\r", text)[:LOOKED_AT] if line.strip()]
    if lines and (said := re.fullmatch(r"\ufeff?sep=(.)", lines[0].strip("\r\n"))):
        return said.group(1)
    best, score = ",", 0.0
    for candidate in DELIMITERS:
        try:
            counts = Counter(len(cells) for cells in csv.reader(lines, delimiter=candidate))
        except csv.Error:
            continue
        cells, alike = max(
            ((cells, alike) for cells, alike in counts.items() if cells > 1), key=lambda c: (c[1], c[0]), default=(1, 0)
        )
        if cells > 1 and (worth := alike / len(lines) + cells / 1000) > score:
            best, score = candidate, worth
    return best


def _fast(file: File, data: bytes, delimiter: str) -> Sheet | None:
    """The whole file through Arrow; None where a line does not have the header's number of cells."""
    if (quoted := b'"' in data) and data.count(b'"') % 2:
        return None
    try:
        table = pa.csv.read_csv(
            pa.BufferReader(data),
            read_options=pa.csv.ReadOptions(autogenerate_column_names=True, block_size=16 << 20),
            parse_options=pa.csv.ParseOptions(
                delimiter=delimiter,
                newlines_in_values=quoted,
                ignore_empty_lines=False,
            ),
            convert_options=pa.csv.ConvertOptions(column_types=_Texts(), strings_can_be_null=False),
        )
    except pa.ArrowInvalid:
        return None
    if not 0 < table.num_columns <= MOST_COLUMNS:
        return None
    columns = tuple(column.combine_chunks() for column in table.columns)
    head, tail = (list(zip(*(c.to_pylist() for c in part), strict=True)) for part in _ends(columns))
    if not is_plain(head, tail) or _has_another_table(columns):
        return None
    headers = with_year(tuple(column[0].as_py() for column in columns), PurePath(file.name).stem)
    numbers = np.arange(2, table.num_rows + 1, dtype=np.int32)
    return _sheet(file.name, "", headers, [column[1:] for column in columns], numbers, delimiter=delimiter)


def _has_another_table(columns: tuple[pa.Array, ...]) -> bool:
    """Does a header stand below a blank row, or a row of one cell, so that another table begins there?"""
    blank = pc.equal(columns[-1], "")
    if len(columns) < 2 or not pc.any(blank).as_py():
        return False
    for column in columns[1:-1]:
        blank = pc.and_(blank, pc.equal(column, ""))
    places = np.flatnonzero(blank.to_numpy(zero_copy_only=False))
    after = [at + 1 for at in places[:MOST_LISTED].tolist() if at + 1 < len(columns[0])]
    return any(is_header([column[at].as_py() for column in columns]) for at in after)


def _ends(columns: tuple[pa.Array, ...]) -> tuple[list[pa.Array], list[pa.Array]]:
    """The first rows of these columns and the last, none in both."""
    size = len(columns[0])
    return [c[:LOOKED_AT] for c in columns], [c[max(LOOKED_AT, size - LOOKED_AT) :] for c in columns]


class _Texts(dict):
    """Every column is text, however many there are."""

    def __init__(self) -> None:
        super().__init__({f"f{n}": pa.string() for n in range(MOST_COLUMNS + 1)})


def _careful(file: File, data: bytes, delimiter: str) -> Opened:
    """Line by line: the table found among the lines, and each line that does not fit named."""
    reader = csv.reader(io.StringIO(data.decode("utf-8", "replace"), newline=""), delimiter=delimiter)
    rows: list[list[str]] = []
    line = before = 0
    try:
        for cells in reader:
            rows.append(cells)
            line, before = reader.line_num, line
    except csv.Error as why:
        return _refused(file.name, f"The line cannot be read: {why}.", "Check its quotes.", reader.line_num)
    if rows and line - before > 50 and data.count(b'"') % 2:
        return _refused(
            file.name,
            "A quote is opened here and never closed.",
            "Close it, or leave it out.",
            len(rows),
            rows[-1][-1][:200],
        )
    found = Opened([], [])
    several = blocks_of(rows)
    for number, block in enumerate(several, 1):
        name = (block.title or f"table {number}") if len(several) > 1 else ""
        one = _careful_block(file, name, block, delimiter)
        found.sheets.extend(one.sheets)
        found.troubles.extend(one.troubles)
    return found


def _careful_block(file: File, name: str, block: Block, delimiter: str) -> Opened:
    rows = block.rows
    shape = shape_of(rows)
    if shape is None:
        return _refused(file.name, "No table was found in it.", "Put a header row and rows below it.")
    width = len(rows[shape.at])
    if width > MOST_COLUMNS:
        return _refused(
            file.name, f"The table has {width} columns.", f"Leave out some: {MOST_COLUMNS} are read.", shape.at + 1
        )
    fitting, troubles = [], []
    for at in shape.body:
        cells = rows[at]
        if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
            del cells[width:]
        if len(cells) == width:
            fitting.append(at)
            continue
        problem = f"The row has {len(cells)} cells, the header {width}."
        advice = f'Put values that contain "{delimiter}" in quotes, or add the missing cells.'
        troubles.append(Trouble(file.name, name, at + 1, "", delimiter.join(cells)[:200], problem, advice, "refused"))
    groups = fill_groups(rows, shape)
    sheet = _table(file.name, name, rows, shape._replace(body=fitting), delimiter)
    told = [*_left_out(sheet, rows, shape), *_told_of(sheet, block, groups)]
    return Opened([sheet], [*told, *troubles[:MOST_LISTED]])


def _told_of(sheet: Sheet, block: Block, groups: list[str]) -> list[Trouble]:
    """What was written into blank cells, and what stands beside the table."""
    told = []
    if groups:
        told.append(sheet.trouble(f"Blank cells of {', '.join(groups)} have the entry above them.", severity="note"))
    if block.beside:
        what = f"What stands beside the table is none: {', '.join(block.beside)}. It is passed over."
        told.append(sheet.trouble(what, severity="note"))
    return told


# --- workbooks --------------------------------------------------------------------------------------------------


def _from_grids(file: File, grids: list[Grid]) -> Opened:
    """The tables among the sheets of a workbook. Hidden ones are read only where no other holds a table."""
    sheets: list[Sheet] = []
    troubles: list[Trouble] = []
    hidden = [grid for grid in grids if grid.hidden]
    shown = [grid for grid in grids if not grid.hidden]
    for grid in shown:
        _add_grid(file, grid, len(shown) > 1, sheets, troubles)
    if sheets:
        troubles += [_passed_over(file, grid, "The sheet is hidden") for grid in hidden]
    else:
        for grid in hidden:
            _add_grid(file, grid, len(hidden) > 1, sheets, troubles)
    if not sheets:
        return _refused(file.name, "The workbook has no table.", "Put a header row and rows below it.")
    return Opened(sheets, troubles)


def _add_grid(file: File, grid: Grid, several: bool, sheets: list[Sheet], troubles: list[Trouble]) -> None:
    blocks = blocks_of(grid.rows)
    for number, block in enumerate(blocks, 1):
        title = block.title or f"table {number}"
        name = title if len(blocks) > 1 and not several else grid.name if several else ""
        name = f"{grid.name}: {title}" if len(blocks) > 1 and several else name
        _add_block(file, grid, block, name, sheets, troubles)


def _add_block(file: File, grid: Grid, block: Block, name: str, sheets: list[Sheet], troubles: list[Trouble]) -> None:
    rows = block.rows
    shape = shape_of(rows, grid.merged)
    if shape is None or not shape.body:
        empty = not any(cell.strip() for row in rows for cell in row)
        troubles.append(_passed_over(file, grid, "The sheet is empty" if empty else "The sheet holds no table"))
        return
    filled = fill_merged(rows, grid.merged, shape.at)
    groups = fill_groups(rows, shape)
    shape = shape._replace(headers=with_year(shape.headers, grid.name))
    sheet = _table(file.name, name, rows, shape)
    sheets.append(sheet)
    troubles += [*_left_out(sheet, rows, shape), *_told_of(sheet, block, groups)]
    if filled:
        troubles.append(sheet.trouble("Cells merged downwards have the entry above them.", severity="note"))
    if grid.zeros:
        problem = "All formulas here have the value 0: the program that wrote them may not have calculated them."
        troubles.append(sheet.trouble(problem, "Open the workbook, save it, try again.", severity="note"))


def _passed_over(file: File, grid: Grid, why: str) -> Trouble:
    return Trouble(file.name, grid.name, 0, "", "", f"{why}: it is passed over.", "", "note")


def _left_out(sheet: Sheet, rows: list[list[str]], shape: Shape) -> list[Trouble]:
    """The rows that are no rows of the table, and the lines above it, told."""
    found = [
        sheet.trouble(
            f"This is {what}, not a row of the table.",
            "The row is left out.",
            at + 1,
            value=next((cell.strip() for cell in rows[at] if cell.strip()), "")[:200],
            severity="row left out",
        )
        for at, what in shape.out[:MOST_LISTED]
    ]
    if shape.at > 0:
        what = "the header is in two rows" if shape.joined else f"the header is in row {shape.at + 1}"
        found.append(sheet.trouble(f"The table does not begin at once: {what}.", row=shape.at + 1, severity="note"))
    return found


def _table(file: str, name: str, rows: list[list[str]], shape: Shape, delimiter: str = "") -> Sheet:
    """The table in rows of cells, as a sheet."""
    body = [rows[at] for at in shape.body]
    columns = [
        pa.array([row[place] if place < len(row) else "" for row in body], pa.string())
        for place in range(len(shape.headers))
    ]
    numbers = np.array(shape.body, dtype=np.int32) + 1
    headers = with_year(shape.headers, name, shape.above, PurePath(file).stem)
    return _sheet(file, name, headers, columns, numbers, len(shape.out), shape.above, delimiter)


def _sheet(
    file: str,
    name: str,
    headers: tuple[str, ...],
    columns: list[pa.Array],
    rows: np.ndarray,
    left: int = 0,
    above: str = "",
    delimiter: str = "",
) -> Sheet:
    """A sheet with headers made unique as ``MRR``, ``MRR (2)``, and empty columns left out."""
    seen: Counter[str] = Counter()
    kept = []
    for header, column in zip(headers, columns, strict=True):
        title = " ".join(header.split()).strip("\ufeff\u200b ")
        if not title and not pc.any(pc.not_equal(pc.utf8_trim_whitespace(column), "")).as_py():
            continue
        title = title or "column"
        seen[title] += 1
        kept.append((title if seen[title] == 1 else f"{title} ({seen[title]})", column))
    titles, texts = tuple(title for title, _ in kept), tuple(column for _, column in kept)
    return Sheet(file, name, titles, texts, rows, left, above, delimiter)
