"""Bytes → sheets of text: which kind of file it is, its encoding, its delimiter, its header."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv
import pyarrow.ipc

from cs_metrics.read.convert import coded
from cs_metrics.read.problems import Trouble
from cs_metrics.read.sheets import Unopened, open_workbook

DELIMITERS = ",;\t|"
SIGNATURES = {
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a workbook or archive",
    b"\xd0\xcf\x11\xe0": "an old Office document",
}
WORKBOOKS = (".xlsx", ".xlsm")
TEXTS = (".csv", ".tsv", ".txt")
ENCODINGS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}


class File(NamedTuple):
    """A file to read: its name as shown, and its bytes; or rows that were read elsewhere, from a database say."""

    name: str
    data: bytes
    rows: pa.Table | None = None

    @classmethod
    def of_rows(cls, name: str, rows: pa.Table) -> File:
        """Rows read just now, their columns as text. Read again they are another file, even where nothing changed."""
        sink, read_at = pa.BufferOutputStream(), {"read at": datetime.now(UTC).isoformat()}
        with pa.ipc.new_stream(sink, rows.schema.with_metadata(read_at)) as stream:
            stream.write_table(rows.replace_schema_metadata(read_at))
        return cls(name, sink.getvalue().to_pybytes(), rows)

    @property
    def sha256(self) -> str:
        """What the file is known by, whatever its name."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True)
class Sheet:
    """A table of text: headers, columns, and the row each entry has in the file."""

    file: str
    name: str
    headers: tuple[str, ...]
    columns: tuple[pa.Array, ...]
    rows: np.ndarray
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
            yield from (
                File(str(p.relative_to(path)), p.read_bytes())
                for p in inside
                if p.suffix.lower() in (*WORKBOOKS, *TEXTS)
            )
        else:
            yield File(path.name, path.read_bytes())


def open_file(file: File) -> Opened:
    """The sheets of a file, all cells as text."""
    if file.rows is not None:
        texts = [pa.compute.fill_null(column.combine_chunks(), "") for column in file.rows.columns]
        numbers = np.arange(1, len(file.rows) + 1, dtype=np.int32)
        return Opened([_sheet(file.name, "", tuple(file.rows.column_names), texts, numbers)], [])
    suffix = Path(file.name).suffix.lower()

    def refuse(problem: str, advice: str) -> Opened:
        return Opened([], [Trouble(file.name, "", 0, "", "", problem, advice, "refused")])

    if not file.data[:10_000].strip(b"\0 \r\n\t\xef\xbb\xbf\xff\xfe") and len(file.data) < 10_000:
        return refuse("The file is empty.", "Export it again.")
    kind = next((kind for start, kind in SIGNATURES.items() if file.data.startswith(start)), None)
    if suffix in WORKBOOKS or (kind == "a workbook or archive" and suffix in TEXTS):
        try:
            return _from_workbook(file)
        except Unopened as why:
            return refuse(f"The workbook cannot be opened: {why}", "Save it again as .xlsx, or as CSV.")
    if suffix not in TEXTS:
        return refuse("This kind of file is not read.", "Save it as CSV or XLSX.")
    if kind is not None:
        return refuse(f"The file is {kind}, not a table.", "Export the data as CSV or XLSX.")
    return _from_text(file)


# --- text -------------------------------------------------------------------------------------------------------


def _from_text(file: File) -> Opened:
    data, notes = _as_utf8(file)
    if b"\0" in data:
        return Opened(
            [],
            [Trouble(file.name, "", 0, "", "", "The file is not text.", "Export it again as CSV.", "refused")],
        )
    delimiter = delimiter_of(data[:200_000].decode("utf-8", "ignore"))
    sheet = _fast(file, data, delimiter)
    if sheet is not None:
        return Opened([sheet], notes)
    careful = _careful(file, data, delimiter)
    return Opened(careful.sheets, notes + careful.troubles)


def _as_utf8(file: File) -> tuple[bytes, list[Trouble]]:
    """The text as UTF-8, and a note where the encoding had to be assumed."""
    for mark, encoding in ENCODINGS.items():
        if file.data.startswith(mark):
            return file.data.decode(encoding, "replace").encode(), []
    try:
        _ = file.data.isascii() or file.data.decode("utf-8")
    except UnicodeDecodeError:
        note = Trouble(
            file.name,
            "",
            0,
            "",
            "",
            "The file is not UTF-8; it is read as Windows-1252.",
            "If letters look wrong, save it as UTF-8.",
            "note",
        )
        return file.data.decode("cp1252", "replace").encode(), [note]
    return file.data, []


def delimiter_of(text: str) -> str:
    """The delimiter that cuts the first lines into the same number of cells, the most of them.

    >>> delimiter_of("a;b;c\\n1,5;2;3\\n"), delimiter_of("name\\tmrr\\nAcme, Inc.\\t5\\n")
    (';', '\\t')
    """
    lines = [line for line in text.splitlines()[:50] if line.strip()]
    best, score = ",", 0.0
    for candidate in DELIMITERS:
        counts = Counter(len(cells) for cells in csv.reader(lines, delimiter=candidate))
        cells, lines_alike = max(counts.items(), key=lambda item: (item[1], item[0])) if counts else (1, 0)
        if cells > 1 and (worth := lines_alike / len(lines) + cells / 1000) > score:
            best, score = candidate, worth
    return best


def _fast(file: File, data: bytes, delimiter: str) -> Sheet | None:
    """The whole file through Arrow; None where a line does not have the header's number of cells."""
    ragged = False

    def note_ragged(_: object) -> str:
        nonlocal ragged
        ragged = True
        return "skip"

    try:
        table = pa.csv.read_csv(
            pa.BufferReader(data),
            read_options=pa.csv.ReadOptions(autogenerate_column_names=True, block_size=16 << 20),
            parse_options=pa.csv.ParseOptions(
                delimiter=delimiter,
                newlines_in_values=b'"' in data,
                invalid_row_handler=note_ragged,
                ignore_empty_lines=False,
            ),
            convert_options=pa.csv.ConvertOptions(column_types=_Texts(), strings_can_be_null=False),
        )
    except pa.ArrowInvalid:
        return None
    if ragged or not table.num_columns:
        return None
    columns = tuple(column.combine_chunks() for column in table.columns)
    headers = tuple(column[0].as_py() for column in columns)
    return _sheet(
        file.name,
        "",
        headers,
        [column[1:] for column in columns],
        np.arange(2, table.num_rows + 1, dtype=np.int32),
    )


class _Texts(dict):
    """Every column is text, however many there are."""

    def __init__(self) -> None:
        super().__init__({f"f{n}": pa.string() for n in range(2000)})


def _careful(file: File, data: bytes, delimiter: str) -> Opened:
    """Line by line, so that each line that does not fit is named. Blank lines are passed over."""
    reader = csv.reader(io.StringIO(data.decode("utf-8", "replace"), newline=""), delimiter=delimiter)
    kept: list[list[str]] = []
    numbers: list[int] = []
    troubles: list[Trouble] = []
    try:
        for number, cells in enumerate(reader, 1):
            if not any(cell.strip() for cell in cells):
                continue
            if kept and len(cells) != len(kept[0]):
                problem = f"The row has {len(cells)} cells, the header {len(kept[0])}."
                advice = f'Put values that contain "{delimiter}" in quotes, or add the missing cells.'
                troubles.append(
                    Trouble(file.name, "", number, "", delimiter.join(cells)[:200], problem, advice, "refused")
                )
                continue
            kept.append(cells)
            numbers.append(number)
    except csv.Error as why:
        troubles.append(
            Trouble(
                file.name,
                "",
                reader.line_num,
                "",
                "",
                f"The line cannot be read: {why}.",
                "Check its quotes.",
                "refused",
            )
        )
    sheet = _grid(file.name, "", kept, np.array(numbers))
    return Opened([sheet] if sheet else [], troubles)


# --- workbooks --------------------------------------------------------------------------------------------------


def _from_workbook(file: File) -> Opened:
    sheets = []
    grids = [grid for grid in open_workbook(file.data) if not grid.hidden]
    for grid in grids:
        filled = [number for number, row in enumerate(grid.rows, 1) if any(cell.strip() for cell in row)]
        rows = [grid.rows[number - 1] for number in filled]
        if len(rows) > 1 and (sheet := _grid(file.name, grid.name if len(grids) > 1 else "", rows, np.array(filled))):
            sheets.append(sheet)
    if not sheets:
        return Opened(
            [],
            [
                Trouble(
                    file.name,
                    "",
                    0,
                    "",
                    "",
                    "The workbook has no table.",
                    "Put a header row and rows below it.",
                    "refused",
                )
            ],
        )
    return Opened(sheets, [])


def _grid(file: str, name: str, rows: list[list[str]], numbers: np.ndarray) -> Sheet | None:
    """Rows of cells, the first being the header, as a sheet; columns without header and content are dropped."""
    if not rows:
        return None
    columns = [pa.array([row[place] for row in rows[1:]], pa.string()) for place in range(len(rows[0]))]
    return _sheet(file, name, tuple(rows[0]), columns, numbers[1:])


def _sheet(file: str, name: str, headers: tuple[str, ...], columns: list[pa.Array], rows: np.ndarray) -> Sheet:
    """A sheet with headers made unique as ``MRR``, ``MRR (2)``, and empty columns left out."""
    seen: Counter[str] = Counter()
    kept = []
    for header, column in zip(headers, columns, strict=True):
        title = " ".join(header.split()).lstrip("\ufeff")
        if not title and not any(pa.compute.not_equal(column, "").to_pylist()[:1000]):
            continue
        title = title or "column"
        seen[title] += 1
        kept.append((title if seen[title] == 1 else f"{title} ({seen[title]})", column))
    return Sheet(file, name, tuple(title for title, _ in kept), tuple(column for _, column in kept), rows)
