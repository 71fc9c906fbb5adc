"""Spreadsheets → rows of text, in a process of their own.

A few kilobytes of spreadsheet can ask for half a terabyte of memory, and the library that reads it then ends the
whole process. So the file is opened by a child with limits of memory, time and size: this module, run as a program,
reads the workbook on standard input and writes its sheets as JSON lines.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

MEMORY = 2 << 30
SECONDS = 60
MOST_ROWS = 1_048_576
MOST_COLUMNS = 1_000


class Grid(NamedTuple):
    """A sheet as it stands: its name, whether it is shown, and its cells as text, row by row."""

    name: str
    hidden: bool
    rows: list[list[str]]


class Unopened(Exception):
    """The workbook could not be read; the message says why."""


def open_workbook(data: bytes) -> list[Grid]:
    """The sheets of a workbook. Raises Unopened for anything that is not one, or is too much."""
    try:
        child = subprocess.run(
            [sys.executable, "-I", __file__], input=data, capture_output=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise Unopened("took more than a minute to open.") from None
    if child.returncode != 0:
        why = child.stderr.decode(errors="replace").strip().splitlines()
        raise Unopened(why[-1] if child.returncode == 3 and why else "needs more memory than a spreadsheet should.")
    return [Grid(*json.loads(line)) for line in child.stdout.splitlines()]


def text_of(cell: object) -> str:
    """A cell as text: whole numbers without a point, dates in ISO form.

    >>> text_of(1200.0), text_of(12.5), text_of(datetime(2024, 10, 27)), text_of(True)
    ('1200', '12.5', '2024-10-27', 'true')
    """
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e16 else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time(0) else cell.isoformat(" ", "seconds")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell.total_seconds())
    return str(cell)


def _limit_resources() -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limits
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _child() -> int:
    _limit_resources()
    from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
        for about in book.sheets_metadata:
            if about.typ != SheetTypeEnum.WorkSheet:
                continue
            sheet = book.get_sheet_by_name(about.name)
            if sheet.end is not None and (sheet.end[0] >= MOST_ROWS or sheet.end[1] >= MOST_COLUMNS):
                print(
                    f"sheet {about.name} reaches to row {sheet.end[0] + 1}, column {sheet.end[1] + 1}.",
                    file=sys.stderr,
                )
                return 3
            rows = [[text_of(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
            print(json.dumps([about.name, about.visible != SheetVisibleEnum.Visible, rows]))
    except (CalamineError, OSError, ValueError) as why:
        print(" ".join(str(why).split()) or "is not a workbook.", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(_child())
