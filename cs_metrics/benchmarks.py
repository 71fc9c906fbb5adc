"""What others reached, as published: never without its segment, year, sample, window and source."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

from cs_metrics.book import Problem

FILE = Path(__file__).with_name("benchmarks.toml")
GRADES = {"a": "read in the source itself", "b": "as quoted by others", "c": "an opinion", "own": "entered by us"}
UNITS = ("share", "points")


class Benchmark(NamedTuple):
    """A published figure: of what, how much, for whom, in which year, of how many, over how many months, by whom."""

    metric: str
    value: float
    unit: str
    segment: str
    year: int
    sample: str
    window: int
    source: str
    grade: str
    high: float | None = None
    url: str = ""


NEEDED = tuple(name for name in Benchmark._fields if name not in Benchmark._field_defaults)


def benchmarks(*files: Path) -> list[Benchmark]:
    """The benchmarks that ship, then those of other files of the same form, where there are any.

    Raises Problem with the file, the place and what is wrong: one that lacks its year or source is not a benchmark.
    """
    return [each for path in (FILE, *files) if path.is_file() for each in _read(path)]


def _read(path: Path) -> list[Benchmark]:
    try:
        listed = tomllib.loads(path.read_text("utf-8")).get("benchmark", [])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise Problem(f"{path.name} cannot be read: {wrong}") from None
    return [checked(each, f"{path.name}, benchmark {place}") for place, each in enumerate(listed, 1)]


def checked(given: dict[str, Any], where: str) -> Benchmark:
    """A benchmark from what was given for it, or a Problem that says what it lacks."""
    if lacking := [name for name in NEEDED if str(given.get(name, "")).strip() == ""]:
        raise Problem(f"{where} lacks {', '.join(lacking)}: without it, it is not a benchmark.")
    if not any(letter.isdigit() for letter in str(given["sample"])):
        raise Problem(f"{where}: the sample does not say of how many: without it, it is not a benchmark.")
    if unknown := sorted(set(given) - set(Benchmark._fields)):
        raise Problem(f"{where}: {', '.join(unknown)} is not known; there are {', '.join(Benchmark._fields)}.")
    if given["unit"] not in UNITS or given["grade"] not in GRADES:
        raise Problem(f"{where}: unit is one of {', '.join(UNITS)}, grade one of {', '.join(GRADES)}.")
    try:
        figures = {"value": float(given["value"]), "year": int(given["year"]), "window": int(given["window"])}
        figures |= {"high": float(given["high"])} if given.get("high") is not None else {}
    except (TypeError, ValueError):
        raise Problem(f"{where}: value, high, year and window are numbers.") from None
    return Benchmark(**given | figures)


def fitting(listed: list[Benchmark], metric: str, months: int) -> list[Benchmark]:
    """Those of a metric that hold for a period of so many months: others do not belong beside the figure."""
    return [each for each in listed if each.metric == metric and each.window == months]


def add(path: Path, each: Benchmark) -> None:
    """Write one more benchmark at the end of a file, making the file where there is none."""
    said = {name: value for name, value in each._asdict().items() if value not in (None, "")}
    lines = [f"{name} = {json.dumps(value)}" for name, value in said.items()]
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write("\n".join(["", "[[benchmark]]", *lines, ""]))
