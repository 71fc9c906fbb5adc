"""Who is at risk, who would speak for us, one account, would the score have told us."""

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


@app.command()
def backtest(
    sources: Sources,
    score: Annotated[str, typer.Option(help="health, pulse, or a column as surveys.score; higher = safer.")] = "health",
    horizon: Annotated[int, typer.Option(min=30, help="Days after each quarter-end in which losses count.")] = 180,
    worked: Annotated[int | None, typer.Option(min=1, help="Accounts worked per quarter. Default: a tenth.")] = None,
    where: Where = None,
    recipe: RecipeFile = None,
    setting: Setting = None,
    as_known_at: KnownAt = None,
    format: As = Format.table,
) -> None:
    """Would the score have told us? As known on past quarter-ends against the losses after."""
    with kindly():
        from cs_metrics.analysis.backtest import COLUMNS, FEWEST_LOSSES, score_named
        from cs_metrics.analysis.backtest import backtest as table

        book = book_at(sources, recipe, setting, None, where, as_known_at)
        rows = table(book, score_named(score), horizon, worked)
        if rows.empty or rows["events"].iloc[-1] < FEWEST_LOSSES:
            say(f"Fewer than {FEWEST_LOSSES} accounts with a score were lost: too few to tell a score from luck.")
        write(rows, format, *COLUMNS)
