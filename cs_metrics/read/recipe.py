"""A recipe: how files of a known layout are read. Written by a person or by the Data page, kept as TOML."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from cs_metrics.read.convert import Options
from cs_metrics.read.files import Sheet
from cs_metrics.read.problems import Refused, Trouble
from cs_metrics.tables import TABLES


class FileOptions(BaseModel):
    """The options of one file; what is absent is detected, and said."""

    model_config = ConfigDict(extra="forbid")
    end_date: Literal["first day without", "last day of service"] | None = None
    money: Literal["units", "cents", "thousands"] | None = None
    amount: Literal["per month", "per year", "per interval"] | None = None
    decimal: Literal[",", "."] | None = None
    dates: Literal["iso", "day first", "month first"] | None = None
    month: str | None = None
    paused: Literal["billed", "not billed"] | None = None
    values: dict[str, dict[str, str]] = {}
    keep: dict[str, list[str]] = {}
    constants: dict[str, str] = {}

    def as_options(self) -> Options:
        """The options as the converters take them."""
        return Options(**self.model_dump())


class FileRecipe(BaseModel):
    """How files whose name matches are read: as which table, with which columns."""

    model_config = ConfigDict(extra="forbid")
    match: str
    sheet: str | None = None
    table: str
    columns: dict[str, str]
    options: FileOptions = FileOptions()

    @field_validator("table")
    @classmethod
    def _known(cls, table: str) -> str:
        if table not in TABLES:
            raise ValueError(f"is not a table; choose from {', '.join(TABLES)}")
        return table

    def is_for(self, sheet: Sheet) -> bool:
        """Does this part of the recipe speak of the sheet?"""
        named = fnmatchcase(sheet.file.casefold(), self.match.casefold()) or fnmatchcase(
            Path(sheet.file).name.casefold(), self.match.casefold()
        )
        return named and (self.sheet is None or self.sheet.casefold() == sheet.name.casefold())


class Recipe(BaseModel):
    """How a set of files is read."""

    model_config = ConfigDict(extra="forbid")
    file: list[FileRecipe] = []

    def part_for(self, sheet: Sheet) -> FileRecipe | None:
        """What the recipe says of a sheet; the first part that fits."""
        return next((part for part in self.file if part.is_for(sheet)), None)

    def names(self, file: str) -> bool:
        """Does any part speak of a file of this name?"""
        return any(fnmatchcase(name.casefold(), part.match.casefold())
                   for part in self.file for name in (file, Path(file).name))  # fmt: skip


def recipe_of(text: str, name: str = "recipe") -> Recipe:
    """The recipe a TOML text holds. Raises Refused with everything that is wrong in it.

    >>> recipe_of('[[file]]\\nmatch = "*.csv"\\ntable = "mrr"\\ncolumns = { account_id = "Id" }').file[0].table
    'mrr'
    """
    try:
        return Recipe.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as why:
        raise Refused([_trouble(name, "", f"This is not valid TOML: {why}.")]) from None
    except ValidationError as why:
        errors = why.errors(include_url=False)
        raise Refused([_trouble(name, ".".join(str(p) for p in e["loc"]), f"{e['msg']}.") for e in errors]) from None


def _trouble(file: str, column: str, problem: str) -> Trouble:
    return Trouble(file, "", 0, column, "", problem, "See the recipe's format in the README.", "refused")
