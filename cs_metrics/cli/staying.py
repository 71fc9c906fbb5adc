"""How long customers and their revenue stay: cohorts, survival."""

from __future__ import annotations

from typing import Annotated

import typer

from cs_metrics.cli.options import (
    As,
    By,
    CohortMeasure,
    Every,
    Format,
    KnownAt,
    RecipeFile,
    Setting,
    Sources,
    SurvivalMeasure,
    Until,
    Where,
)
from cs_metrics.cli.program import app
from cs_metrics.cli.sources import book_at
from cs_metrics.cli.words import kindly, say
from cs_metrics.cli.writing import write


@app.command()
def cohorts(
    sources: Sources,
    measure: Annotated[CohortMeasure, typer.Option(help="Accounts, MRR without rises, MRR.")] = CohortMeasure.logo,
    every: Every = Every.month,
    until: Until = None,
    by: By = None,
    where: Where = None,
    recipe: RecipeFile = None,
    setting: Setting = None,
    as_known_at: KnownAt = None,
    format: As = Format.table,
) -> None:
    """What is left of each cohort by age: cohort, size, age, value; unobserved cells absent."""
    with kindly():
        from cs_metrics.analysis.cohorts import COLUMNS, said, triangles

        book = book_at(sources, recipe, setting, until, where, as_known_at)
        for text in said(book):
            say(text)
        write(triangles(book, every.value, by).rows(measure.value), format, *(["group"] if by else []), *COLUMNS)


@app.command()
def survival(
    sources: Sources,
    measure: Annotated[
        SurvivalMeasure, typer.Option(help="Accounts, or the MRR they came with.")
    ] = SurvivalMeasure.accounts,
    until: Until = None,
    by: By = None,
    where: Where = None,
    recipe: RecipeFile = None,
    setting: Setting = None,
    as_known_at: KnownAt = None,
    format: As = Format.table,
) -> None:
    """How long accounts stay: age_months, at_risk, lost, survival, low, high (95 %)."""
    with kindly():
        from cs_metrics.analysis.survival import COLUMNS, said
        from cs_metrics.analysis.survival import survival as table

        book = book_at(sources, recipe, setting, until, where, as_known_at)
        for text in said(book):
            say(text)
        write(table(book, by, measure.value), format, *(["group"] if by else []), *COLUMNS)
