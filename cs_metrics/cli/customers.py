"""How healthy accounts are, who is at risk, who would speak for us; one account; the signals."""

from __future__ import annotations

from typing import Annotated

import typer

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
from cs_metrics.cli.words import kindly, say, wanted
from cs_metrics.cli.writing import write


@app.command("health")
def health_of_accounts(
    sources: Sources,
    as_of: AsOf = None,
    where: Where = None,
    recipe: RecipeFile = None,
    setting: Setting = None,
    as_known_at: KnownAt = None,
    format: As = Format.table,
) -> None:
    """How healthy is each customer, 0 to 100, 100 = healthy, and by which part; the lowest first."""
    with kindly():
        from cs_metrics.analysis.health_history import COLUMNS, health_table, level, scores
        from cs_metrics.health import PARTS

        book = on_day(book_at(sources, recipe, setting, None, where, as_known_at), as_of).held_now()
        dark = [f"{each.label}: add {each.needs}" for each in PARTS.values() if not book.knows(each.needs)]
        if dark:
            say("Not in the score: " + "; ".join(dark))
        found = level(scores(book))
        if found.accounts:
            say(
                f"Health {found.by_mrr:.1f} by MRR, {found.by_account:.1f} by account; {found.accounts:,} have a score."
            )
        write(health_table(book), format, *COLUMNS)


@app.command()
def signals(
    sources: Sources,
    as_of: AsOf = None,
    where: Where = None,
    recipe: RecipeFile = None,
    setting: Setting = None,
    as_known_at: KnownAt = None,
    format: As = Format.table,
) -> None:
    """Every signal: for how many customers it fires, their MRR, and what to add where it cannot be told."""
    with kindly():
        from cs_metrics.analysis.registry import COLUMNS, registry

        book = on_day(book_at(sources, recipe, setting, None, where, as_known_at), as_of).held_now()
        write(registry(book), format, *COLUMNS)


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


@app.command()
def account(
    account_id: Annotated[str, typer.Argument(help="The account's id.")],
    sources: Sources,
    as_of: AsOf = None,
    recipe: RecipeFile = None,
    setting: Setting = None,
    as_known_at: KnownAt = None,
    format: As = Format.table,
) -> None:
    """One account: how it stands, what to do next and why, and all that happened, latest first."""
    with kindly():
        from cs_metrics.analysis.account import alone, told

        book = on_day(book_at(sources, recipe, setting, None, None, as_known_at), as_of, "risk")
        write(told(alone(book, account_id)), format, "date", "what", "detail")
