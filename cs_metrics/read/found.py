"""What a set of files holds once it is read: tables, what was assumed, left out and refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cs_metrics.read.convert import Options
from cs_metrics.read.files import File, Sheet
from cs_metrics.read.match import Match
from cs_metrics.read.problems import Refused, Trouble
from cs_metrics.tables import TABLES, columns


class Part(NamedTuple):
    """A sheet read as a table: typed columns, and the file's row of each entry."""

    sheet: Sheet
    match: Match
    rows: pa.Table
    numbers: np.ndarray


class Understood(NamedTuple):
    """A sheet and what it was taken for; ``by`` says who said so: a recipe, a layout's name, or its headers.

    ``others`` are the tables it could be as well.
    """

    sheet: Sheet
    match: Match | None
    options: Options
    by: str
    others: tuple[Match, ...] = ()


class Count(NamedTuple):
    """What became of the rows of a sheet."""

    file: str
    sheet: str
    table: str
    read: int
    kept: int


@dataclass
class Reading:
    """What a set of files holds. ``tables`` are typed; money is whole numbers of 1/3600 of a unit of currency."""

    files: list[File] = field(default_factory=list)
    tables: dict[str, pa.Table] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)
    counts: list[Count] = field(default_factory=list)
    understood: list[Understood] = field(default_factory=list)

    @property
    def refused(self) -> list[Trouble]:
        """What stands in the way of using the files."""
        return [trouble for trouble in self.troubles if trouble.severity == "refused"]

    @property
    def in_part(self) -> set[str]:
        """The tables of which only what changed was read."""
        names = {file.name for file in self.files if file.in_part}
        return {count.table for count in self.counts if count.file in names}

    def usable(self) -> Reading:
        """This reading, if nothing stands in the way. Raises Refused with all that does."""
        if self.refused:
            raise Refused(self.troubles)
        return self

    def totals(self) -> dict[str, int]:
        """The money read, per table and column: exact sums."""
        return {
            f"{table}.{name}": pc.sum(rows[name]).as_py() or 0
            for table, rows in self.tables.items()
            for name, column in columns(TABLES[table]).items()
            if column.kind == "money" and name in rows.column_names
        }
