"""A recipe: how files of a known layout are read. Written by a person or by the Data page, kept as TOML.

A part of a recipe that lists ``headers`` is known by them, whatever the file is called, and reads every layout that
has them: the other columns it names may be missing, and of several headers given for a column the first that is
there counts. Without ``headers`` a part is known by the file's name, and everything it names must be there.
Headers are compared without what does not tell them apart (capitals, underscores, ``(UTC)``); ``*`` stands for any
words.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from glob import escape
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from cs_metrics.read.convert import Options
from cs_metrics.read.files import Sheet
from cs_metrics.read.header import bare, plain
from cs_metrics.read.match import Match, month_headers
from cs_metrics.read.problems import Refused, Trouble
from cs_metrics.tables import TABLES


class FileOptions(BaseModel):
    """The options of one file; what is absent is detected, and said."""

    model_config = ConfigDict(extra="forbid")
    end_date: Literal["first day without", "last day of service"] | None = None
    money: Literal["units", "cents", "thousands"] | None = None
    amount: Literal["per month", "per year", "per interval", "per term"] | None = None
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
    """How files of one layout are read: as which table, with which columns."""

    model_config = ConfigDict(extra="forbid")
    about: str = ""
    match: str = "*"
    sheet: str | None = None
    headers: list[str] = []
    table: str
    columns: dict[str, str | list[str]]
    unsure: dict[str, str] = Field(default={}, description="Of a column: what its layout cannot tell.")
    options: FileOptions = FileOptions()

    @field_validator("table")
    @classmethod
    def _known(cls, table: str) -> str:
        if table not in TABLES:
            raise ValueError(f"is not a table; choose from {', '.join(TABLES)}")
        return table

    @model_validator(mode="after")
    def _says_which_files(self) -> FileRecipe:
        if "match" not in self.model_fields_set and not self.headers:
            raise ValueError("needs match, a pattern of the file's name, or headers, the columns a file must have")
        return self

    def is_for(self, sheet: Sheet) -> bool:
        """Does this part of the recipe speak of the sheet?"""
        named = fnmatchcase(sheet.file.casefold(), self.match.casefold()) or fnmatchcase(
            Path(sheet.file).name.casefold(), self.match.casefold()
        )
        placed = self.sheet is None or self.sheet.casefold() == sheet.name.casefold()
        return named and placed and all(header_like(wanted, sheet.headers) for wanted in self.headers)

    def located(self, sheet: Sheet) -> tuple[dict[str, str], list[str]]:
        """Where the columns are in a sheet, column → header; and the headers named that must be there but are not."""
        found: dict[str, str] = {}
        absent = []
        for column, wanted in self.columns.items():
            names = [wanted] if isinstance(wanted, str) else wanted
            header = next((there for name in names if (there := header_like(name, sheet.headers))), None)
            if header is not None:
                found[column] = header
            elif not self.headers:
                absent.append(" or ".join(names))
        return found, absent


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


def particular_first(parts: Iterable[FileRecipe]) -> list[FileRecipe]:
    """These parts, those for files of one name before those for any file that has their headers."""
    return sorted(parts, key=lambda part: part.match == "*")


def header_like(wanted: str, headers: Iterable[str]) -> str | None:
    """The header meant: the very same, else one that says the same, else the first of the pattern.

    >>> header_like("created at", ["Id", "Created At (UTC)"]), header_like("*recommend*", ["Would you recommend us?"])
    ('Created At (UTC)', 'Would you recommend us?')
    """
    headers = list(headers)
    if wanted in headers:
        return wanted
    if "*" in wanted:
        pattern = "*".join(bare(piece) for piece in wanted.split("*"))
        return next((header for header in headers if fnmatchcase(bare(header), pattern)), None)
    name = plain(wanted)
    return next((header for header in headers if plain(header) == name), None) if name else None


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


# --- a mapping as a recipe -------------------------------------------------------------------------------------------


def layout_of(sheet: Sheet) -> str:
    """What the layout of a sheet is known by: its headers; of a table of a database, its name as well."""
    return fingerprint([*sheet.headers, f"table {sheet.file}"] if sheet.lasting else sheet.headers)


def fingerprint(headers: Iterable[str]) -> str:
    """What a layout is known by: its headers in any order. Months are not part of it, they grow.

    >>> fingerprint(["Id", "MRR", "2025-01"]) == fingerprint(["mrr", "id", "2025-01", "2025-02"])
    True
    """
    names = sorted({plain(header) for header in _lasting(headers)})
    return sha256("\n".join(names).encode()).hexdigest()[:16]


def confirmed(sheet: Sheet, match: Match, options: Options) -> FileRecipe:
    """A mapping that a person has confirmed, for every file that has this sheet's headers.

    Of a table of a database it is for that table alone: ``id, name`` are the headers of many.
    """
    given = {name: value for name, value in vars(options).items() if value}
    return FileRecipe(
        match=escape(sheet.file) if sheet.lasting else "*",
        headers=_lasting(sheet.headers),
        table=match.table,
        columns={**match.columns, **match.describing},
        options=FileOptions.model_validate(given),
    )


def _lasting(headers: Iterable[str]) -> list[str]:
    headers = list(headers)
    months = month_headers(headers)
    return [header for header in headers if header not in months]


def written(recipe: Recipe) -> str:
    """A recipe as the TOML text that ``recipe_of`` reads back the same.

    >>> part = FileRecipe(match="a*", table="mrr", columns={"account_id": "Id"}, options={"money": "cents"})
    >>> print(written(Recipe(file=[part])))
    [[file]]
    match = "a*"
    table = "mrr"
    columns = { account_id = "Id" }
    <BLANKLINE>
    [file.options]
    money = "cents"
    <BLANKLINE>
    """
    parts = []
    for file in recipe.file:
        said = file.model_dump(exclude_defaults=True)
        options = said.pop("options", {})
        if not file.headers:
            said = {"match": file.match, **said}
        lines = ["[[file]]", *(f"{name} = {_value(value)}" for name, value in said.items())]
        if options:
            lines += ["", "[file.options]", *(f"{name} = {_value(value)}" for name, value in options.items())]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(name)} = {_value(each)}" for name, each in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_value(each) for each in value) + "]"
    return _quoted(value)


def _key(name: str) -> str:
    return name if name.isascii() and name.replace("_", "").isalnum() else _quoted(name)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
