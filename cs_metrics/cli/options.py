"""What commands can be asked for: the options they share, each with its words."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Format(StrEnum):
    """How answers are written."""

    table = "table"
    csv = "csv"
    json = "json"


class Every(StrEnum):
    """The steps of a series."""

    month = "month"
    quarter = "quarter"
    year = "year"


class CohortMeasure(StrEnum):
    """What is left of a cohort: its accounts, its MRR with rises not counted, its MRR."""

    logo = "logo"
    gross = "gross"
    net = "net"


class SurvivalMeasure(StrEnum):
    """What survives: accounts, or the MRR they came with."""

    accounts = "accounts"
    mrr = "mrr"


Sources = Annotated[list[str], typer.Argument(help="Files, folders, or the address of a database.")]
RecipeFile = Annotated[Path | None, typer.Option("--recipe", help="How to read the files: a TOML file.")]
Until = Annotated[str | None, typer.Option(help="The last month, as 2025-03. Default: the last complete one.")]
Months = Annotated[int, typer.Option(min=1, help="The length of the period, in months.")]
By = Annotated[str | None, typer.Option(help="Group by csm, product or any attribute of the accounts.")]
Where = Annotated[list[str] | None, typer.Option(help="Only accounts with this attribute: segment=SMB.")]
Setting = Annotated[list[str] | None, typer.Option(help="Switch a definition: owner=closing, fx=floating…")]
KnownAt = Annotated[str | None, typer.Option(help="As known at a day or batch, of a database.")]
FromTable = Annotated[
    list[str] | None,
    typer.Option("--table", help="A table or view of the database; repeat. Default: all known by their columns."),
]
As = Annotated[Format, typer.Option("--format", help="How the answer is written.")]
AsOf = Annotated[str | None, typer.Option(help="The day, as 2025-03-31. Default: the end of the last month.")]
