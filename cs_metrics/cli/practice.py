"""The work with customers: coverage beside volume, and what is due next."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cs_metrics.cli.options import As, AsOf, Format, KnownAt, Months, RecipeFile, Setting, Sources, Where
from cs_metrics.cli.program import app
from cs_metrics.cli.sources import book_at, on_day
from cs_metrics.cli.words import kindly, say
from cs_metrics.cli.writing import write

Days = Annotated[int, typer.Option(min=0, max=366, help="How many days ahead.")]
Csm = Annotated[str | None, typer.Option(help="Only what is due at the accounts this CSM holds now.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="A file for calendar programs (.ics).")]


@app.command()
def activity(
    sources: Sources,
    months: Months = 3,
    as_of: AsOf = None,
    where: Where = None,
    recipe: RecipeFile = None,
    setting: Setting = None,
    as_known_at: KnownAt = None,
    format: As = Format.table,
) -> None:
    """Each CSM's coverage (customers touched within the cadence, and their MRR), and beside it what was done."""
    with kindly():
        from cs_metrics.analysis.work import DONE, work

        book = on_day(book_at(sources, recipe, setting, None, where, as_known_at), as_of).held_now()
        rows = work(book, months)
        if dark := [name for name in DONE if rows[name].isna().all()]:
            say("Not known: " + ", ".join(dark))
        write(rows, format)


@app.command("calendar")
def calendar_of_accounts(
    sources: Sources,
    csm: Csm = None,
    days: Days = 14,
    output: Output = None,
    as_of: AsOf = None,
    where: Where = None,
    recipe: RecipeFile = None,
    setting: Setting = None,
    as_known_at: KnownAt = None,
    format: As = Format.table,
) -> None:
    """What is due next: planned meetings, renewals, milestones, touchpoints by cadence; -o writes a calendar file."""
    with kindly():
        from cs_metrics.analysis.due_soon import COLUMNS, due_soon
        from cs_metrics.book import Misuse
        from cs_metrics.ics import calendar, events_of

        book = on_day(book_at(sources, recipe, setting, None, where, as_known_at), as_of).held_now()
        rows = due_soon(book, days)
        if csm is not None:
            if csm not in book.holders:
                raise Misuse(f'no account is held by "{csm}"; there are {", ".join(book.holders)}')
            rows = rows[rows["csm"] == csm]
        if output is None:
            write(rows, format, *COLUMNS)
        else:
            output.write_bytes(calendar(events_of(rows, book.currency), f"Customer Success{f', {csm}' if csm else ''}"))
            say(f"{len(rows):,} entries written to {output}.")
