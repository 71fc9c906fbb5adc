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
from cs_metrics.cli.sources import book_at, data_version
from cs_metrics.cli.words import kindly, say
from cs_metrics.cli.writing import write


@app.command()
def slides(
    sources: Sources,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The file to write: .pptx, .pdf (by LibreOffice), .html, or .zip.")
    ],
    csm: Annotated[str | None, typer.Option(help="The book of this CSM.")] = None,
    account: Annotated[str | None, typer.Option(help="A business review with this customer, by its id.")] = None,
    each: Annotated[str | None, typer.Option(help="csm or account: a deck for each.")] = None,
    deck: Annotated[
        str | None, typer.Option(help="team, board, my-book, performance or customer. Default: by what it is about.")
    ] = None,
    slide: Annotated[list[str] | None, typer.Option(help="Only these slides, in this order; repeat.")] = None,
    insist: Annotated[bool, typer.Option(help="Keep slides that have nothing to say; they say so.")] = False,
    template: Annotated[
        Path | None, typer.Option(help="Your own .pptx to write into; brand.toml beside brand.pptx names its layouts.")
    ] = None,
    until: Until = None,
    months: Annotated[int | None, typer.Option(min=1, help="The period. Default: 3, for one CSM 12.")] = None,
    where: Where = None,
    recipe: RecipeFile = None,
    setting: Setting = None,
    as_known_at: KnownAt = None,
    format: As = Format.table,
) -> None:
    """A deck with native charts: the team's QBR, the board's page, a CSM's book or review, a review with a customer."""
    import pandas as pd

    with kindly():
        from cs_metrics.slides.all_decks import Wanted
        from cs_metrics.slides.asked import SLIDES
        from cs_metrics.slides.decks import DECKS, may_be_added
        from cs_metrics.slides.files import kept

        if sum(value is not None for value in (csm, account, each)) > 1:
            raise typer.BadParameter("give one of --csm, --account and --each")
        if each not in (None, "csm", "account"):
            raise typer.BadParameter('--each is "csm" or "account"')
        if template is not None and not template.is_file():
            raise typer.BadParameter(f"there is no template {template}")
        wanted = Wanted(csm, account, each, months, deck, tuple(slide or ()), insist)
        allowed = may_be_added(DECKS[wanted.kind].about)
        if unknown := [name for name in wanted.slides if name not in allowed]:
            known = ", ".join(sorted(set(allowed) & set(SLIDES)))
            raise typer.BadParameter(f'there is no slide "{unknown[0]}" for this deck; there are {known}')
        book = book_at(sources, recipe, setting, until, where, as_known_at)
        beside = template.with_suffix(".toml") if template else None
        mapping = beside.read_text("utf-8") if beside is not None and beside.is_file() else ""
        version = data_version(sources, as_known_at)
        files = kept(
            book, wanted._replace(version=version), output, template.read_bytes() if template else None, mapping, say
        )
        write(pd.DataFrame(files, columns=["file", "slides"]), format, "file", "slides")
