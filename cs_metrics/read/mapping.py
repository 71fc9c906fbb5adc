"""A mapping as a person sees it: each header, what it is taken for, its values as they stand and as they are read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

import pyarrow as pa

from cs_metrics.book import SCALE
from cs_metrics.read.convert import Options, convert
from cs_metrics.read.derive import AS_READ
from cs_metrics.read.files import Sheet
from cs_metrics.read.match import DESCRIBING, Match, match_columns, month_headers
from cs_metrics.read.problems import shortened
from cs_metrics.read.reading import Understood
from cs_metrics.read.recipe import FileRecipe, confirmed
from cs_metrics.tables import REVENUE, Account, Column, columns

ATTRIBUTE, LEFT_OUT = "an attribute", "left out"
SAMPLED = 200
SHOWN = 3


class Mapped(NamedTuple):
    """A header of a file: the column it is taken for, some values as they stand and as they are read, and any doubt."""

    header: str
    column: str
    raw: str
    read: str
    unsure: str


def choices(table: str) -> list[str]:
    """What a header of a file of this table can be taken for."""
    names = [*AS_READ[table].model_fields, *(DESCRIBING if table in REVENUE else ())]
    return [unmapped(table), *dict.fromkeys(names)]


def unmapped(table: str) -> str:
    """What becomes of a header that no column is chosen for."""
    return ATTRIBUTE if table == "accounts" else LEFT_OUT


def proposed(found: Understood, table: str) -> Match:
    """The mapping proposed for a sheet read as a table: the one found, else what its headers say; maybe nothing."""
    if found.match is not None and found.match.table == table:
        return found.match
    row = AS_READ[table]
    fits = next((match for match in found.others if match.table == table), None) or match_columns(found.sheet, row)
    return fits or Match(row, {}, found.sheet.headers)


def mapped(sheet: Sheet, match: Match, options: Options) -> list[Mapped]:
    """Every header of a sheet but its months, in the order of the file."""
    taken = {header: name for name, header in [*match.describing.items(), *match.columns.items()]}
    rows = []
    for header in sheet.headers:
        if header in match.months:
            continue
        name = taken.get(header, "")
        raw, read = sample(sheet, header, _spec(match, name), options)
        rows.append(Mapped(header, name or unmapped(match.table), raw, read, match.unsure.get(name, "")))
    return rows


def _spec(match: Match, name: str) -> Column | None:
    return columns(match.row).get(name) or columns(Account).get(name)


def sample(sheet: Sheet, header: str, column: Column | None, options: Options) -> tuple[str, str]:
    """Some of a column's values as they stand, and the same as they are read; what cannot be read is named."""
    words = sheet.coded(header).dictionary
    texts = pa.array([text for text in words.slice(0, SAMPLED).to_pylist() if text and text.strip()], pa.string())
    raw = [shortened(text, 30) for text in texts.slice(0, SHOWN).to_pylist()]
    if column is None or not len(texts):
        return " · ".join(raw), ""
    found = convert(texts, column, options)
    wrong = {bad.at: f"({bad.problem.rstrip('.')})" for bad in found.bad}
    values = found.values.slice(0, SHOWN).to_pylist()
    read = [wrong.get(place) or _read(value, column) for place, value in enumerate(values)]
    return " · ".join(raw), " · ".join(read)


def _read(value: Any, column: Column) -> str:
    if value is None:
        return "blank"
    if column.kind == "money":
        return f"{value / SCALE:,.2f}"
    if column.kind == "month":
        return f"{value // 100}-{value % 100:02d}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return shortened(str(value), 30)


def twice(table: str, picks: Mapping[str, str]) -> list[str]:
    """The columns that more than one header was taken for."""
    counted = Counter(column for column in picks.values() if column != unmapped(table))
    return [column for column, times in counted.items() if times > 1]


def chosen(sheet: Sheet, table: str, picks: Mapping[str, str], options: Options) -> FileRecipe:
    """A person's choice, header → column, as the recipe for every file of this layout."""
    row = AS_READ[table]
    own = {column: header for header, column in picks.items() if column in row.model_fields}
    about = {column: header for header, column in picks.items() if column not in own and column in choices(table)[1:]}
    months = month_headers(sheet.headers) if table == "mrr" and "month" not in own else {}
    return confirmed(sheet, Match(row, own, (), about, months), options)
