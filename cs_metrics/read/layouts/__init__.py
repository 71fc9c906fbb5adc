"""The exports of well-known tools, each as a recipe in a file of its own, which anybody can copy and change."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from cs_metrics.read.files import Sheet
from cs_metrics.read.match import CLEARLY, recognise
from cs_metrics.read.recipe import FileRecipe, recipe_of

FOLDER = Path(__file__).parent
TELLING = 4


@cache
def layouts() -> dict[str, FileRecipe]:
    """The known layouts by name; those that ask for more headers first, so that the closest one is found."""
    read = {name: recipe_of(text_of(name), f"{name}.toml").file[0] for name in names()}
    return dict(sorted(read.items(), key=lambda item: (-len(item[1].headers), item[0])))


def names() -> list[str]:
    """The names of the layouts, in the order of the alphabet."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def text_of(name: str) -> str:
    """A layout as the TOML text it is kept as. Raises KeyError where there is none of this name."""
    if name not in names():
        raise KeyError(name)
    return (FOLDER / f"{name}.toml").read_text("utf-8")


def layout_for(sheet: Sheet) -> tuple[str, FileRecipe] | None:
    """The layout a sheet is in, by its headers; None where it is in none of them.

    A list of accounts known by fewer than four headers must not be another table by all of them.
    """
    for name, layout in layouts().items():
        telling = layout.table != "accounts" or len(layout.headers) >= TELLING
        if layout.is_for(sheet) and (telling or _agrees(sheet, layout)):
            return name, layout
    return None


def _agrees(sheet: Sheet, layout: FileRecipe) -> bool:
    found = recognise(sheet)
    near = {match.table for match in found if match.score > found[0].score - CLEARLY}
    return not found or layout.table in near
