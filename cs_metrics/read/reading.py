"""Files → tables ready for a book or a store, with everything that was assumed, left out and refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from cs_metrics.read.check import check_accounts, check_alike, check_revenue
from cs_metrics.read.files import File, files_of, open_file
from cs_metrics.read.found import Count as Count
from cs_metrics.read.found import Part, Reading
from cs_metrics.read.found import Understood as Understood
from cs_metrics.read.identify import identified
from cs_metrics.read.joined import add_answers, add_descriptions, joined
from cs_metrics.read.problems import Refused, Trouble
from cs_metrics.read.recipe import Recipe
from cs_metrics.read.rows import part_of
from cs_metrics.read.understand import understood
from cs_metrics.tables import TABLES

LARGE = 5_000_000


def read_paths(
    paths: list[str | Path],
    recipe: Recipe | None = None,
    known: Iterable[str] = (),
    aliases: Mapping[str, str] | None = None,
) -> Reading:
    """Read files and folders. Raises Refused where a path does not exist."""
    return read(files_at(paths), recipe, known, aliases)


def files_at(paths: list[str | Path]) -> list[File]:
    """The files at these paths. Raises Refused where a path does not exist."""
    try:
        return list(files_of(paths))
    except (FileNotFoundError, PermissionError) as why:
        trouble = Trouble(
            str(why.filename),
            "",
            0,
            "",
            "",
            "There is no such file, or it may not be read.",
            "Check the path.",
            "refused",
        )
        raise Refused([trouble]) from None


def read(
    files: Iterable[File],
    recipe: Recipe | None = None,
    known: Iterable[str] = (),
    aliases: Mapping[str, str] | None = None,
    progress: Callable[[str], None] | None = None,
) -> Reading:
    """Read files: recognise each sheet, convert its columns, check the whole.

    ``known`` are ids of accounts that exist already, so that facts about them are not strangers; ``aliases`` what
    else they are called. ``progress`` is told of each large file as its turn comes.
    """
    reading = Reading(files=list(files))
    parts: list[Part] = []
    for file in reading.files:
        if progress and len(file.data) >= LARGE:
            progress(f"{file.name}: reading {len(file.data) / 1e6:,.0f} MB")
        parts += _parts(file, recipe or Recipe(), reading)
    for table in TABLES:
        if of_table := [part for part in parts if part.match.table == table]:
            reading.tables[table] = joined(of_table, reading)
    add_descriptions(parts, reading)
    add_answers(parts, reading)
    check_revenue(reading.tables, reading.troubles, reading.assumed)
    reading.tables = identified(reading.tables, known := frozenset(known), aliases or {}, reading.assumed)
    reading.tables = check_accounts(reading.tables, known, reading.troubles)
    check_alike(reading.tables, known, reading.troubles)
    kept = {table: len(rows) for table, rows in reading.tables.items()}
    if not kept and not reading.refused:
        names = ", ".join(file.name for file in reading.files) or "nothing"
        reading.troubles.append(
            Trouble(
                names,
                "",
                0,
                "",
                "",
                "No known table was found.",
                "See the list of tables and their columns on the Data page.",
                "refused",
            )
        )
    return reading


def _parts(file: File, recipe: Recipe, reading: Reading) -> Iterator[Part]:
    """The tables of one file."""
    opened = open_file(file)
    reading.troubles += opened.troubles
    for sheet in opened.sheets:
        found = understood(sheet, recipe, reading)
        reading.understood.append(found)
        if found.match is not None:
            yield part_of(sheet, found.match, found.options, reading)
