"""Tables out of the program: CSV and XLSX, names never formulas, file names that carry their contents' hash."""

from __future__ import annotations

import hashlib
import io
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

DANGEROUS = ("=", "+", "-", "@", "|", "%", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
MONEY_FORMAT = "#,##0.00"
VALUE_AT, TABLE_AT = 6, 10  # rows of a figure's workbook: its value, the header of its accounts
PLAIN_NUMBER = re.compile(r"\s*[+-]?\d[\d.,]*%?\s*$")


def safe_cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula: quoted where it would be.

    >>> safe_cell("=HYPERLINK(1)"), safe_cell("-10"), safe_cell("Acme"), safe_cell(" @home")
    ("'=HYPERLINK(1)", '-10', 'Acme', "' @home")
    """
    risky = text.lstrip(" ").startswith(DANGEROUS) and not PLAIN_NUMBER.match(text)
    return f"'{text}" if risky else text


def as_text(value: object) -> object:
    """A cell for writing: text made safe, days as ISO text, numbers as they are, nothing for blanks."""
    if value is None or value is pd.NaT or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, list):
        return safe_cell("; ".join(map(str, value)))
    if isinstance(value, str):
        return safe_cell(value)
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat() if value == value.normalize() else value.isoformat(" ")
    return value


def cells(table: pd.DataFrame) -> pd.DataFrame:
    """A table with every cell ready to be written."""
    plain = {
        name: column
        if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
        else [as_text(v) for v in column.astype(object)]
        for name, column in table.items()
    }
    return pd.DataFrame(plain, index=table.index).rename(columns=lambda name: safe_cell(str(name)))


def csv_bytes(table: pd.DataFrame) -> bytes:
    """A table as CSV that spreadsheets open with the right letters."""
    return cells(table).to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")


def xlsx_bytes(table: pd.DataFrame, sheet: str = "Accounts", formats: Mapping[str, str] | None = None) -> bytes:
    """A table as a workbook: a header that stays in view, filters, number formats by column."""
    with _workbook() as (book, target):
        _write_table(book, book.add_worksheet(sheet[:31]), table, 0, formats or {})
    return target.getvalue()


@dataclass(frozen=True)
class Figure:
    """A figure as a workbook recomputes it: the columns it is made of, its factor, how its parts are written.

    ``bottom`` is None for an amount; ``notes`` say how it is defined and on what it stands.
    """

    label: str
    notes: Sequence[str] = ()
    top: str = "top"
    bottom: str | None = "bottom"
    factor: int = 1
    value_format: str = "General"
    top_format: str = "General"
    bottom_format: str = "General"


def figure_xlsx(rows: pd.DataFrame, figure: Figure) -> bytes:
    """The accounts behind a figure as a workbook that computes the figure from them, with formulas.

    Above the rows: the value, Σ top and Σ bottom; where the rows have ``top_before``, the same of the period before
    and the change. A ``contribution`` is a formula too. Who edits a row sees the figure follow. Undefined is blank.
    """
    with _workbook() as (book, target):
        _figure_sheet(book, "Figure", rows, figure)
    return target.getvalue()


def page_xlsx(title: str, sheets: Sequence[tuple[str, pd.DataFrame, Figure | None]]) -> bytes:
    """What a page shows as one workbook: a sheet per figure that computes it, a sheet per list, and a first sheet.

    The first sheet names the figures and takes their values from the others by formula.
    """
    with _workbook() as (book, target):
        first, bold = book.add_worksheet("Figures"), book.add_format({"bold": True})
        first.write_string(0, 0, safe_cell(title), bold)
        first.set_column(0, 0, 44)
        first.set_column(1, 1, 18)
        taken = {"figures"}
        for at, (label, rows, figure) in enumerate(sheets, 2):
            name = _sheet_name(label, taken)
            first.write_string(at, 0, safe_cell(label))
            if figure is None:
                first.write_number(at, 1, len(rows), book.add_format({"num_format": '#,##0" rows"'}))
                _write_table(book, book.add_worksheet(name), rows, 0, {})
                continue
            value = _figure_sheet(book, name, rows, figure)
            style = book.add_format({"num_format": figure.value_format})
            first.write_formula(at, 1, f"='{name}'!B{VALUE_AT + 1}", style, value if math.isfinite(value) else "")
    return target.getvalue()


def _sheet_name(label: str, taken: set[str]) -> str:
    """A name no sheet has yet, as spreadsheets allow them."""
    plain = re.sub(r"[\[\]:*?/\\'\x00-\x1f]", " ", label).strip()[:31] or "Sheet"
    name, count = plain, 1
    while name.casefold() in taken:
        count += 1
        name = f"{plain[:27]} ({count})"
    taken.add(name.casefold())
    return name


def _figure_sheet(book: Any, name: str, rows: pd.DataFrame, figure: Figure) -> float:
    """A sheet with a figure, its formulas and its rows; gives its value back."""
    compared = f"{figure.top}_before" in rows and bool(rows[f"{figure.top}_before"].notna().any())
    share = "0.000%" if "%" in figure.value_format else figure.value_format
    formats = {"opening": MONEY_FORMAT, "closing": MONEY_FORMAT, "contribution": share}
    for suffix in ("", "_before"):
        formats[figure.top + suffix] = figure.top_format
        formats[f"{figure.bottom}{suffix}"] = figure.bottom_format
    page, bold = book.add_worksheet(name), book.add_format({"bold": True})
    headings = [(0, 0, figure.label), *((1 + line, 0, note) for line, note in enumerate(figure.notes[:4]))]
    headings += [(VALUE_AT, 0, "Value"), (VALUE_AT + 1, 0, "Sum of amounts"), (VALUE_AT - 1, 1, "This period")]
    headings += [(VALUE_AT + 2, 0, "Out of")] if figure.bottom else []
    headings += [(VALUE_AT - 1, 2, "The period before"), (VALUE_AT - 1, 3, "Change")] if compared else []
    for row, column, text in headings:
        page.write_string(row, column, safe_cell(text), bold if (row, column) == (0, 0) or row > 4 else None)
    _write_table(book, page, rows, TABLE_AT, formats)
    styles = {number: book.add_format({"num_format": number}) for number in {*formats.values(), figure.value_format}}
    found = math.nan
    for row, column, formula, number, value in _formulas(rows, figure, compared, share):
        page.write_formula(row, column, formula, styles[number], value if math.isfinite(value) else "")
        found = value if (row, column) == (VALUE_AT, 1) else found
    return found


def _formulas(
    rows: pd.DataFrame, figure: Figure, compared: bool, share: str
) -> Iterator[tuple[int, int, str, str, float]]:
    """The formulas of a figure's workbook: row, column, formula, number format, and the result until it is computed."""
    place = {str(name): _letters(at) for at, name in enumerate(rows.columns)}
    first, last = TABLE_AT + 2, TABLE_AT + 1 + max(len(rows), 1)
    values = {}
    for column, suffix in ((1, ""), (2, "_before")) if compared else ((1, ""),):
        letter, top = _letters(column), place[figure.top + suffix]
        total = values[suffix] = float(rows[figure.top + suffix].sum())
        yield VALUE_AT + 1, column, f"=SUM({top}{first}:{top}{last})", figure.top_format, total
        value = f"={letter}{VALUE_AT + 2}"
        if figure.bottom:
            bottom, base = place[figure.bottom + suffix], float(rows[figure.bottom + suffix].sum())
            yield VALUE_AT + 2, column, f"=SUM({bottom}{first}:{bottom}{last})", figure.bottom_format, base
            value = f'=IF({letter}{VALUE_AT + 3}=0,"",{figure.factor}*{letter}{VALUE_AT + 2}/{letter}{VALUE_AT + 3})'
            values[suffix] = figure.factor * total / base if base else math.nan
        yield VALUE_AT, column, value, figure.value_format, values[suffix]
    if compared:
        now, then = f"B{VALUE_AT + 1}", f"C{VALUE_AT + 1}"
        change = values[""] - values["_before"]
        yield VALUE_AT, 3, f'=IF(COUNT({now},{then})=2,{now}-{then},"")', share, change
        for at, value in enumerate(rows["contribution"].tolist() if "contribution" in place else ()):
            column = list(rows.columns).index("contribution")
            yield TABLE_AT + 1 + at, column, _contribution(figure, place, first + at), share, value


def _contribution(figure: Figure, place: Mapping[str, str], row: int) -> str:
    """What the account of a row adds to the change of the figure, as a formula: see ``analysis.parts.change``."""
    top, top_before = (f"{place[figure.top + suffix]}{row}" for suffix in ("", "_before"))
    if not figure.bottom:
        return f"={top}-{top_before}"
    bottom, bottom_before = (f"{place[figure.bottom + suffix]}{row}" for suffix in ("", "_before"))
    base, base_before = f"$B${VALUE_AT + 3}", f"$C${VALUE_AT + 3}"
    middle = f"($B${VALUE_AT + 1}+$C${VALUE_AT + 1})/2"
    return (
        f'=IF({base}*{base_before}=0,"",{figure.factor}*({top}/{base}-{top_before}/{base_before})'
        f"-{middle}*({bottom}/{base}-{bottom_before}/{base_before}))"
    )


def _letters(column: int) -> str:
    from xlsxwriter.utility import xl_col_to_name

    return str(xl_col_to_name(column))


@contextmanager
def _workbook() -> Iterator[tuple[Any, io.BytesIO]]:
    """A workbook that takes no text for a formula, an address or a number, and where it is written to."""
    import xlsxwriter

    target = io.BytesIO()
    never = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "in_memory": True,
    }
    with xlsxwriter.Workbook(target, never) as book:
        book.set_properties({"created": datetime(2000, 1, 1)})
        yield book, target


def _write_table(book: Any, page: Any, table: pd.DataFrame, at: int, formats: Mapping[str, str]) -> None:
    """A table from a row of a sheet on: its header, its rows, filters, column widths, the header kept in view."""
    bold = book.add_format({"bold": True, "bottom": 1})
    ready = cells(table)
    for place, name in enumerate(ready.columns):
        page.write_string(at, place, name, bold)
        style = book.add_format({"num_format": formats.get(str(table.columns[place]), "General")})
        widest = max([len(name), *(len(str(v)) for v in ready[name].head(200))])
        page.set_column(place, place, min(max(widest + 2, 8), 60), style)
        for row, value in enumerate(ready[name].astype(object), at + 1):
            if value is not None and value == value:
                page.write(row, place, value, style)
    page.freeze_panes(at + 1, 0)
    page.autofilter(at, 0, at + max(len(ready), 1), max(len(ready.columns) - 1, 0))


def file_name(stem: str, content: bytes, suffix: str) -> str:
    """A name that is another for other contents, so that no cache hands out one file for another.

    >>> file_name("At risk", b"a", "csv")
    'at-risk-ca978112ca.csv'
    """
    plain = re.sub(r"[^\w]+", "-", stem.casefold()).strip("-")
    return f"{plain}-{hashlib.sha256(content).hexdigest()[:10]}.{suffix}"
