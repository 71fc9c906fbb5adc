"""Who is at risk, and who would speak for us: at-risk, advocates."""

from __future__ import annotations

from cs_metrics.cli.options import (
    As,
    AsOf,
    Format,
    KnownAt,
    RecipeFile,
    Setting,
    Sources,
    Where,
)
from cs_metrics.cli.program import app
from cs_metrics.cli.sources import book_at, on_day
from cs_metrics.cli.words import kindly, wanted
from cs_metrics.cli.writing import write


@app.command("at-risk")
def at_risk(
    sources: Sources,
    as_of: AsOf = None,
    where: Where = None,
    recipe: RecipeFile = None,
    setting: Setting = None,
    as_known_at: KnownAt = None,
    format: As = Format.table,
) -> None:
    """Who is at risk and why, most MRR at stake first."""
    with kindly():
        from cs_metrics.analysis.risk import COLUMNS, of_accounts
        from cs_metrics.analysis.risk import at_risk as table

        book = on_day(book_at(sources, recipe, setting, None, None, as_known_at), as_of, "risk")
        write(of_accounts(table(book), book.where(**wanted(where)).held_now()), format, *COLUMNS)


@app.command()
def advocates(
    sources: Sources,
    as_of: AsOf = None,
    where: Where = None,
    recipe: RecipeFile = None,
    setting: Setting = None,
    as_known_at: KnownAt = None,
    format: As = Format.table,
) -> None:
    """Who would speak for us, and who is fit to be asked."""
    with kindly():
        from cs_metrics.analysis.advocates import COLUMNS
        from cs_metrics.analysis.advocates import advocates as table
        from cs_metrics.analysis.risk import of_accounts

        book = on_day(book_at(sources, recipe, setting, None, None, as_known_at), as_of, "advocacy")
        write(of_accounts(table(book), book.where(**wanted(where)).held_now()), format, *COLUMNS)
