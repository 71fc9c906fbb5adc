"""The team's economics, and one CSM's review."""

from __future__ import annotations

from typing import Annotated

import typer

from cs_metrics.cli.options import As, By, Format, KnownAt, Months, RecipeFile, Setting, Sources, Until, Where
from cs_metrics.cli.program import app
from cs_metrics.cli.sources import book_at
from cs_metrics.cli.words import kindly, say
from cs_metrics.cli.writing import write


@app.command()
def economics(
    sources: Sources,
    months: Months = 12,
    by: By = None,
    until: Until = None,
    where: Where = None,
    recipe: RecipeFile = None,
    setting: Setting = None,
    as_known_at: KnownAt = None,
    format: As = Format.table,
) -> None:
    """What customers bring and cost: revenue, margin, costs to renew, expand, acquire, what is left, lifetime value."""
    with kindly():
        from cs_metrics.analysis.lifetime_value import lifetime_value
        from cs_metrics.analysis.maturity import sentence, steps
        from cs_metrics.analysis.profitability import COLUMNS, profitability, tiered, why_dark

        book = book_at(sources, recipe, setting, until, where, as_known_at)
        if reason := why_dark(book, months):
            say(reason)
        book = tiered(book, months) if by == "tier" else book
        value = lifetime_value(book, by)[["group", "simple", "survived", "low", "high"]]
        table = profitability(book, months, by).astype({"group": object}).merge(value, "outer", "group")
        say(sentence(steps(book)))
        write(table, format, *COLUMNS, "simple", "survived", "low", "high")


@app.command()
def review(
    csm: Annotated[str, typer.Argument(help="The CSM, by name.")],
    sources: Sources,
    months: Months = 12,
    until: Until = None,
    where: Where = None,
    recipe: RecipeFile = None,
    setting: Setting = None,
    as_known_at: KnownAt = None,
    format: As = Format.table,
) -> None:
    """One CSM's review: each figure beside the period before, its target, and what luck gives."""
    with kindly():
        import pandas as pd

        from cs_metrics.analysis.review import FIGURES
        from cs_metrics.analysis.review import review as of
        from cs_metrics.book import Misuse

        book = book_at(sources, recipe, setting, until, where, as_known_at)
        if csm not in book.holders:
            raise Misuse(f'there is no CSM "{csm}"; there are {", ".join(book.holders) or "none"}')
        found = of(book, csm, months)
        say(found.sentence)
        write(pd.concat([found.outcomes, found.work, found.voice]), format, *FIGURES)
