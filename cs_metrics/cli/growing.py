"""What customers came to pay more, by kind; what would fit whom, and whom to speak to."""

from __future__ import annotations

from typing import Annotated

import typer

from cs_metrics.cli.options import As, AsOf, By, Format, KnownAt, Months, RecipeFile, Setting, Sources, Until, Where
from cs_metrics.cli.program import app
from cs_metrics.cli.sources import book_at, on_day
from cs_metrics.cli.words import kindly, say, wanted
from cs_metrics.cli.writing import write


@app.command()
def expansion(
    sources: Sources,
    months: Months = 12,
    by: By = None,
    accounts: Annotated[bool, typer.Option("--accounts", help="The accounts behind it, each with its kinds.")] = False,
    until: Until = None,
    where: Where = None,
    recipe: RecipeFile = None,
    setting: Setting = None,
    as_known_at: KnownAt = None,
    format: As = Format.table,
) -> None:
    """What customers came to pay more: upsell, cross-sell, price; with what went, it makes net retention."""
    with kindly():
        from cs_metrics.analysis.expansion import COLUMNS, accounts_by_kind, by_kind, what_is_not_told

        book = book_at(sources, recipe, setting, until, where, as_known_at)
        for reason in what_is_not_told(book):
            say(reason)
        if accounts:
            write(accounts_by_kind(book, months), format)
        else:
            write(by_kind(book, months, by), format, *COLUMNS)


@app.command()
def whitespace(
    sources: Sources,
    candidates: Annotated[
        bool, typer.Option("--candidates", help="Whom to speak to, by what they would bring, and why now.")
    ] = False,
    as_of: AsOf = None,
    where: Where = None,
    recipe: RecipeFile = None,
    setting: Setting = None,
    as_known_at: KnownAt = None,
    format: As = Format.table,
) -> None:
    """Which products fit which customers and are not held, what they would bring, and why they fit."""
    with kindly():
        from cs_metrics.analysis import candidates as whom
        from cs_metrics.analysis import whitespace as space
        from cs_metrics.book import Dark, Problem

        book = on_day(book_at(sources, recipe, setting, None, None, as_known_at), as_of, "growth")
        risky = space.risky(book)
        part = book.where(**wanted(where)).held_now()
        at_risk = risky[book.accounts.index.get_indexer(part.accounts.index)]
        try:
            if candidates:
                write(whom.candidates(part, at_risk), format, *whom.COLUMNS)
            else:
                write(space.whitespace(part, at_risk), format, *space.COLUMNS)
        except Dark as reason:
            raise Problem(str(reason)) from None
