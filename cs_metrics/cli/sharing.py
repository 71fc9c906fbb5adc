"""What is taken away: slides."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cs_metrics.cli.options import (
    As,
    Format,
    KnownAt,
    RecipeFile,
    Setting,
    Sources,
    Until,
    Where,
)
from cs_metrics.cli.program import app
from cs_metrics.cli.sources import book_at
from cs_metrics.cli.words import kindly, say
from cs_metrics.cli.writing import write


@app.command()
def slides(
    sources: Sources,
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write: deck.pptx, or decks.zip.")],
    csm: Annotated[str | None, typer.Option(help="The book of this CSM.")] = None,
    account: Annotated[str | None, typer.Option(help="A business review with this customer, by its id.")] = None,
    each: Annotated[str | None, typer.Option(help="csm or account: a deck for each.")] = None,
    template: Annotated[Path | None, typer.Option(help="Your own .pptx to write into.")] = None,
    until: Until = None,
    months: Annotated[int | None, typer.Option(min=1, help="The period. Default: 3, for one CSM 12.")] = None,
    where: Where = None,
    recipe: RecipeFile = None,
    setting: Setting = None,
    as_known_at: KnownAt = None,
    format: As = Format.table,
) -> None:
    """A deck with native charts: the team's QBR, a CSM's book, or a review with a customer."""
    import pandas as pd

    with kindly():
        from cs_metrics.slides.all_decks import Wanted, decks, kept

        if sum(value is not None for value in (csm, account, each)) > 1:
            raise typer.BadParameter("give one of --csm, --account and --each")
        if each not in (None, "csm", "account"):
            raise typer.BadParameter('--each is "csm" or "account"')
        if template is not None and not template.is_file():
            raise typer.BadParameter(f"there is no template {template}")
        book = book_at(sources, recipe, setting, until, where, as_known_at)
        wanted = Wanted(csm, account, each, months)
        made = decks(book, wanted, template.read_bytes() if template else None)
        files = kept(made, output, say)
        write(pd.DataFrame(files, columns=["file", "slides"]), format, "file", "slides")
