"""Are the data fit to be read, and how far could they mislead: check, layouts, quality."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from cs_metrics.cli.options import (
    As,
    Format,
    FromTable,
    KnownAt,
    Months,
    RecipeFile,
    Setting,
    Sources,
    Until,
    Where,
)
from cs_metrics.cli.program import app
from cs_metrics.cli.sources import book_at, month_wanted, read_sources
from cs_metrics.cli.words import kindly, say
from cs_metrics.cli.writing import write


@app.command()
def check(sources: Sources, recipe: RecipeFile = None, table: FromTable = None, format: As = Format.table) -> None:
    """Are these files fit to be read? One row per problem; counts and totals of money on standard error."""
    import pandas as pd

    from cs_metrics.read.problems import Trouble

    with kindly():
        reading = read_sources(sources, recipe, tables=table)
        write(pd.DataFrame(reading.troubles, columns=Trouble._fields), format)
        for count in reading.counts:
            place, known_as = " · ".join(filter(None, (count.file, count.sheet))), count.table or "no known table"
            say(f"{place}: {known_as}: {count.read} rows read, {count.kept} kept, {count.read - count.kept} left out")
        for name, total in reading.totals().items():
            say(f"total {name}: {total / 3600:,.2f}")
        if reading.refused:
            raise typer.Exit(1)


@app.command()
def layouts(
    name: Annotated[str | None, typer.Argument(help="A layout: its recipe is printed, to copy and change.")] = None,
    format: As = Format.table,
) -> None:
    """The exports of known tools that are recognised by themselves; with a name, its recipe."""
    import pandas as pd

    with kindly():
        from cs_metrics.read.layouts import layouts as known
        from cs_metrics.read.layouts import text_of

        if name is None:
            rows = [(each, said.table, ", ".join(said.columns)) for each, said in sorted(known().items())]
            write(pd.DataFrame(rows, columns=["layout", "table", "columns"]), format)
            return
        try:
            sys.stdout.write(text_of(name))
        except KeyError:
            raise typer.BadParameter(f"there is no layout {name}; see cs-metrics layouts") from None


@app.command()
def quality(
    sources: Sources,
    until: Until = None,
    months: Months = 3,
    rows: Annotated[bool, typer.Option("--rows", help="One row per account and metric instead.")] = False,
    where: Where = None,
    recipe: RecipeFile = None,
    setting: Setting = None,
    as_known_at: KnownAt = None,
    format: As = Format.table,
) -> None:
    """How far could defects of the data move net and gross retention? Largest first, in percentage points."""
    with kindly():
        from cs_metrics.analysis import quality as found

        book = book_at(sources, recipe, setting, until, where, as_known_at)
        if until and len(book.months):
            book = book.until(month_wanted(book, until))
        if rows:
            write(found.quality_rows(book, months), format, *found.ROW_COLUMNS)
        else:
            write(found.quality(book, months), format, *found.COLUMNS)
        say(found.sentence(book, months))
