"""The figures of a book and the accounts behind them: report, movements, explain, compare."""

from __future__ import annotations

from typing import Annotated

import typer

from cs_metrics.cli.options import (
    As,
    By,
    Every,
    Format,
    KnownAt,
    Months,
    RecipeFile,
    Setting,
    Sources,
    Until,
    Where,
)
from cs_metrics.cli.program import app
from cs_metrics.cli.sources import book_at, month_wanted
from cs_metrics.cli.words import kindly, month_of, say
from cs_metrics.cli.writing import write


@app.command()
def report(
    sources: Sources,
    until: Until = None,
    months: Months = 3,
    by: By = None,
    metric: Annotated[list[str] | None, typer.Option(help="The metric; repeat for several. Default: all.")] = None,
    where: Where = None,
    every: Annotated[str | None, typer.Option(help="month: the whole series.")] = None,
    recipe: RecipeFile = None,
    setting: Setting = None,
    as_known_at: KnownAt = None,
    format: As = Format.table,
) -> None:
    """The metrics of a book: metric, month, months, group, value, top, bottom."""
    import pandas as pd

    with kindly():
        from cs_metrics.metric import METRICS, named

        if every not in (None, "month"):
            raise typer.BadParameter("report gives --every month; movements and cohorts give quarters and years")
        book = book_at(sources, recipe, setting, until, where, as_known_at)
        wanted = month_wanted(book, until)
        found = []
        for each in named(metric) if metric else METRICS.values():
            rows = each.tally(book, months, by).rows()
            rows = rows if every else rows[rows["month"] == wanted]
            if rows.empty:
                rows = pd.DataFrame({"month": [wanted], "group": [None]})
            found.append(rows.assign(metric=each.name, months=months))
            if reason := each.dark(book):
                say(f"{each.name}: {reason}")
        write(pd.concat(found), format, "metric", "month", "months", "group", "value", "top", "bottom")


@app.command()
def movements(
    sources: Sources,
    from_: Annotated[str | None, typer.Option("--from", help="The first month.")] = None,
    until: Until = None,
    every: Every = Every.month,
    by: By = None,
    where: Where = None,
    recipe: RecipeFile = None,
    setting: Setting = None,
    as_known_at: KnownAt = None,
    format: As = Format.table,
) -> None:
    """What moved the MRR: opening, new, expansion, contraction, churn, reactivation, fx, transfers, closing."""
    with kindly():
        from cs_metrics.analysis.movements import COLUMNS
        from cs_metrics.analysis.movements import movements as table

        book = book_at(sources, recipe, setting, until, where, as_known_at)
        span = f"{book.months[0]} to {book.last}" if len(book.months) else "no month"
        if from_ is not None:
            book = book.since(month_of(from_, "--from"))
        rows = table(book, every.value, by)
        if rows.empty:
            say(f"There is no whole {every.value} with a known opening: the data speak of {span}.")
        write(rows, format, *COLUMNS)


@app.command()
def explain(
    metric: Annotated[str, typer.Argument(help="The metric.")],
    sources: Sources,
    until: Until = None,
    months: Months = 3,
    by: By = None,
    where: Where = None,
    recipe: RecipeFile = None,
    setting: Setting = None,
    as_known_at: KnownAt = None,
    format: As = Format.table,
) -> None:
    """The accounts behind a figure: they add up to what report gives."""
    with kindly():
        from cs_metrics.analysis.explain import COLUMNS
        from cs_metrics.analysis.explain import explain as table
        from cs_metrics.metric import named

        [asked] = named([metric])
        book = book_at(sources, recipe, setting, until, where, as_known_at)
        rows = table(asked, book, month_wanted(book, until), months, by)
        if rows.empty and (reason := asked.dark(book)):
            say(f"{asked.name}: {reason}")
        write(rows, format, *COLUMNS)


@app.command()
def compare(
    sources: Sources,
    until: Until = None,
    months: Months = 3,
    where: Where = None,
    recipe: RecipeFile = None,
    setting: Setting = None,
    as_known_at: KnownAt = None,
    format: As = Format.table,
) -> None:
    """The same period under every definition in use: metric, definition, value, top, bottom."""
    with kindly():
        from cs_metrics.analysis.compare import COLUMNS
        from cs_metrics.analysis.compare import compare as table
        from cs_metrics.metric import METRICS

        book = book_at(sources, recipe, setting, until, where, as_known_at)
        wanted = month_wanted(book, until)
        outside = bool(until) and not (len(book.months) and str(book.last) == wanted)
        rows = table(book.until("1900-01") if outside else book, months)
        for reason in rows["missing"].drop_duplicates():
            say(str(reason)) if reason else None
        can = {name: METRICS[name].dark(book) is None for name in rows["metric"].unique()}
        write(rows[rows["metric"].map(can)], format, *COLUMNS)
