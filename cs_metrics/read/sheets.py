"""Spreadsheets and Parquet files → rows of text, in a process of their own.

A few kilobytes of spreadsheet can ask for half a terabyte of memory, and the library that reads it then ends the
whole process. So the file is opened by a child with limits of memory, time and size: this module, run as a program,
reads the file on standard input and writes its sheets as JSON lines: a line per sheet, then a line per row; or, of a
Parquet file, its columns as Arrow.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import pyarrow as pa

MEMORY = 1 << 30
SECONDS = 60
MOST_ROWS = 1_048_576
MOST_COLUMNS = 1_000
MOST_CELLS = 30_000_000
MOST_TEXT = 400_000_000
NO_VALUE = "#FORMULA!"
PASSWORD = "is protected by a password."
TOO_MUCH = "needs more memory than a spreadsheet should."


class Grid(NamedTuple):
    """A sheet as it stands: its name, whether it is shown, its cells as text, and its merged cells.

    Merged cells are first row, first column, last row, last column, counted from 0. ``zeros`` tells that all of its
    formulas have the value 0, as in workbooks written by a program that cannot calculate.
    """

    name: str
    hidden: bool
    rows: list[list[str]]
    merged: list[tuple[int, int, int, int]]
    zeros: bool = False


class Unopened(Exception):
    """The workbook could not be read; the message says why."""


def open_workbook(data: bytes) -> list[Grid]:
    """The sheets of a workbook. Raises Unopened for anything that is not one, or is too much."""
    return list(_grids(_read_by_child(data, "workbook")))


def open_parquet(data: bytes) -> pa.Table:
    """The columns of a Parquet file, as text. Raises Unopened for anything that is not one, or is too much."""
    import pyarrow as pa

    return pa.ipc.open_stream(_read_by_child(data, "parquet")).read_all()


def _read_by_child(data: bytes, kind: str) -> bytes:
    """What the child makes of a file."""
    try:
        child = subprocess.run(
            [sys.executable, "-I", __file__, kind],
            input=data,
            capture_output=True,
            timeout=SECONDS,
            check=False,
            env={**os.environ, "ARROW_DEFAULT_MEMORY_POOL": "system", "OMP_NUM_THREADS": "1"},
        )
    except subprocess.TimeoutExpired:
        raise Unopened("took more than a minute to open.") from None
    if child.returncode != 0:
        why = child.stderr.decode(errors="replace").strip().splitlines()
        raise Unopened(why[-1] if child.returncode == 3 and why else TOO_MUCH)
    return child.stdout


def _grids(written: bytes) -> Iterator[Grid]:
    """The sheets as the child has written them."""
    lines = iter(written.splitlines())
    for line in lines:
        name, hidden, merged, zeros, rows = json.loads(line)
        yield Grid(name, hidden, [json.loads(next(lines)) for _ in range(rows)], [tuple(m) for m in merged], zeros)


def text_of(cell: object) -> str:
    """A cell as text: whole numbers without a point, dates in ISO form.

    >>> text_of(1200.0), text_of(12.5), text_of(datetime(2024, 10, 27)), text_of(True)
    ('1200', '12.5', '2024-10-27', 'true')
    """
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e21 else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time(0) else cell.isoformat(" ", "seconds")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell.total_seconds())
    return "" if cell is None else str(cell)


# --- in the child -----------------------------------------------------------------------------------------------


class _TooMuch(Exception):
    """More than a table should hold."""


def _limit_resources() -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limits
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class _Paper:
    """Standard output that ends before it is too much."""

    def __init__(self) -> None:
        self.left = MOST_TEXT

    def write(self, value: Any) -> None:
        line = json.dumps(value)
        self.left -= len(line)
        if self.left < 0:
            raise _TooMuch("holds more text than a table should.")
        sys.stdout.write(line + "\n")


def _write_workbook(data: bytes) -> None:
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    paths = _sheet_paths(data)
    paper = _Paper()
    for about in book.sheets_metadata:
        if about.typ != SheetTypeEnum.WorkSheet:
            continue
        sheet = book.get_sheet_by_name(about.name)
        height, width = (sheet.end[0] + 1, sheet.end[1] + 1) if sheet.end is not None else (0, 0)
        if height > MOST_ROWS or width > MOST_COLUMNS or height * width > MOST_CELLS:
            raise _TooMuch(f"sheet {about.name} reaches to row {height}, column {width}.")
        try:
            merged = sheet.merged_cell_ranges or []
        except Exception:
            merged = []
        marks, zeros = _marks(data, paths.get(about.name))
        rows = sheet.to_python(skip_empty_area=False) if height else []
        hidden = about.visible != SheetVisibleEnum.Visible
        paper.write([about.name, hidden, [[*m[0], *m[1]] for m in merged], zeros, len(rows)])
        for at, row in enumerate(rows):
            texts = [text_of(cell) for cell in row]
            for place, mark in marks.get(at, {}).items():
                if place < len(texts):
                    texts[place] = mark
            paper.write(texts)


CELL = re.compile(rb'<c\b[^>]*?\br="([A-Z]+)(\d+)"([^>]*?)(?:/>|>(.*?)</c>)', re.S)
VALUE = re.compile(rb"<v[^>]*>([^<]*)</v>")


def _sheet_paths(data: bytes) -> dict[str, str]:
    """Where in an .xlsx its sheets are; nothing for other kinds."""
    import html
    import posixpath
    import zipfile

    if not data.startswith(b"PK"):
        return {}
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        if "xl/workbook.xml" not in parts.namelist() or "xl/_rels/workbook.xml.rels" not in parts.namelist():
            return {}
        book = parts.read("xl/workbook.xml").decode("utf-8", "replace")
        links = parts.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
    targets = {}
    for link in re.findall(r"<(?:\w+:)?Relationship\b([^>]*)>", links):
        named = dict(re.findall(r'([\w:]+)="([^"]*)"', link))
        targets[named.get("Id", "")] = posixpath.normpath(posixpath.join("/xl", named.get("Target", ""))).lstrip("/")
    found = {}
    for sheet in re.findall(r"<(?:\w+:)?sheet\b([^>]*)>", book):
        named = dict(re.findall(r'([\w:]+)="([^"]*)"', sheet))
        found[html.unescape(named.get("name", ""))] = targets.get(named.get("r:id", ""), "")
    return found


def _marks(data: bytes, path: str | None) -> tuple[dict[int, dict[int, str]], bool]:
    """What the reading library drops: formulas without a value, errors, and numbers of more than 15 digits.

    As row → column → text; and whether all formulas have the value 0.
    """
    import zipfile

    if not path:
        return {}, False
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        if path not in parts.namelist():
            return {}, False
        xml = parts.read(path)
    if b"<f" not in xml and b't="e"' not in xml and not re.search(rb"<v>-?\d{16,}</v>", xml):
        return {}, False
    marks: dict[int, dict[int, str]] = {}
    formulas = zeros = 0
    for column, row, about, inside in CELL.findall(xml):
        value = VALUE.search(inside)
        text = value.group(1).decode("utf-8", "replace") if value else ""
        mark = ""
        if b"<f" in inside:
            formulas += 1
            zeros += text == "0"
            mark = "" if text or b"<is>" in inside or b't="str"' in about else NO_VALUE
        if b't="e"' in about or re.fullmatch(r"-?\d{16,}", text):
            mark = text
        if mark:
            place = 0
            for letter in column:
                place = place * 26 + letter - 64
            marks.setdefault(int(row) - 1, {})[place - 1] = mark
    return marks, formulas > 2 and zeros == formulas


def _write_parquet(data: bytes) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = pq.ParquetFile(io.BytesIO(data))
    columns, rows = len(file.schema_arrow.names), file.metadata.num_rows
    if columns > MOST_COLUMNS or columns * rows > MOST_CELLS:
        raise _TooMuch(f"has {rows} rows and {columns} columns.")
    left = MOST_TEXT
    schema = pa.schema([(name, pa.string()) for name in file.schema_arrow.names])
    with pa.ipc.new_stream(sys.stdout.buffer, schema) as to:
        for batch in file.iter_batches(batch_size=100_000, use_threads=False):
            texts = pa.RecordBatch.from_arrays([_texts(column) for column in batch.columns], schema=schema)
            left -= texts.nbytes
            if left < 0:
                raise _TooMuch("holds more text than a table should.")
            to.write_batch(texts)


def _texts(column: pa.Array) -> pa.Array:
    """A column of any type as text, blank where it is null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_dictionary(kind):
        return _texts(column.dictionary_decode())
    if pa.types.is_timestamp(kind):
        column = column.cast(pa.timestamp("s"), safe=False)
        days = column.cast(pa.date32(), safe=False)
        column = days if pc.all(pc.equal(days.cast(pa.timestamp("s")), column), min_count=0).as_py() else column
    elif pa.types.is_floating(kind):
        column = pc.if_else(pc.is_nan(column), pa.scalar(None, kind), column)
        whole = pc.all(pc.and_(pc.equal(column, pc.floor(column)), pc.less(pc.abs(column), 1e15)), min_count=0)
        column = column.cast(pa.int64()) if whole.as_py() else column
    elif pa.types.is_nested(kind) or pa.types.is_time(kind) or pa.types.is_duration(kind):
        words = [
            json.dumps(value, default=str, ensure_ascii=False) if isinstance(value, list | dict) else text_of(value)
            for value in column.to_pylist()
        ]
        return pa.array(words, pa.string())
    return pc.fill_null(column.cast(pa.string()), "")


def _child() -> int:
    _limit_resources()
    data = sys.stdin.buffer.read()
    try:
        if sys.argv[1:] == ["parquet"]:
            _write_parquet(data)
        else:
            _write_workbook(data)
    except (MemoryError, RecursionError):
        why = TOO_MUCH
    except BaseException as problem:  # whatever the libraries raise, panics too: the parent has to say something
        why = " ".join(str(problem).split())[:200] or "is not one."
        if "assword" in f"{type(problem).__name__} {why}":
            why = PASSWORD
    else:
        return 0
    print(why, file=sys.stderr)
    return 3


if __name__ == "__main__":
    sys.exit(_child())
