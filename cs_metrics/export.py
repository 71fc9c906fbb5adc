"""Tables out of the program: CSV and XLSX, names never formulas, file names that carry their contents' hash."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Mapping
from datetime import datetime

import pandas as pd

DANGEROUS = ("=", "+", "-", "@", "|", "%", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
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
        page = book.add_worksheet(sheet[:31])
        bold = book.add_format({"bold": True, "bottom": 1})
        ready = cells(table)
        for place, name in enumerate(ready.columns):
            page.write_string(0, place, name, bold)
            style = book.add_format({"num_format": (formats or {}).get(str(table.columns[place]), "General")})
            widest = max([len(name), *(len(str(v)) for v in ready[name].head(200))])
            page.set_column(place, place, min(max(widest + 2, 8), 60), style)
            for row, value in enumerate(ready[name].astype(object), 1):
                if value is not None and value == value:
                    page.write(row, place, value, style)
        page.freeze_panes(1, 0)
        page.autofilter(0, 0, max(len(ready), 1), max(len(ready.columns) - 1, 0))
    return target.getvalue()


def file_name(stem: str, content: bytes, suffix: str) -> str:
    """A name that is another for other contents, so that no cache hands out one file for another.

    >>> file_name("At risk", b"a", "csv")
    'at-risk-ca978112ca.csv'
    """
    plain = re.sub(r"[^\w]+", "-", stem.casefold()).strip("-")
    return f"{plain}-{hashlib.sha256(content).hexdigest()[:10]}.{suffix}"
