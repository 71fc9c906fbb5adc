"""What is this sheet? Said by a recipe, else by a known layout, else by its headers; and what nobody can tell."""

from __future__ import annotations

from cs_metrics.read.convert import Options
from cs_metrics.read.derive import AS_READ
from cs_metrics.read.files import Sheet
from cs_metrics.read.found import Count, Reading, Understood
from cs_metrics.read.layouts import layout_for
from cs_metrics.read.match import (
    CLEARLY,
    DESCRIBING,
    Match,
    lacking,
    money_besides,
    month_headers,
    named_as,
    periods,
    recognise,
)
from cs_metrics.read.problems import shortened
from cs_metrics.read.recipe import FileRecipe, Recipe, header_like
from cs_metrics.read.together import repeated_headers
from cs_metrics.tables import REVENUE, TABLES, Account, Row


def understood(sheet: Sheet, recipe: Recipe, reading: Reading) -> Understood:
    """What a sheet is: by the recipe, else by a known layout, else by its headers.

    What is wrong and what was assumed goes to ``reading``.
    """
    if said := recipe.part_for(sheet):
        return Understood(sheet, _said(sheet, said, reading), said.options.as_options(), "recipe")
    if (layout := layout_for(sheet)) is not None:
        name, said = layout
        match = _said(sheet, said, Reading())
        if match is not None:
            match = money_besides(sheet, match)
            _tell(sheet, match, said, name, reading)
            return Understood(sheet, match, said.options.as_options(), name)
    match, others = _recognised(sheet, reading)
    return Understood(sheet, match, Options(), "headers", others)


def _tell(sheet: Sheet, match: Match, said: FileRecipe, name: str, reading: Reading) -> None:
    """Say which layout was recognised, what it takes for granted, and what it cannot tell."""
    used = ", ".join(f"{header} → {column}" for column, header in [*match.columns.items(), *match.describing.items()])
    reading.assumed.append(f"{sheet.place} is read as {match.table}, in the layout {name} ({said.about}): {used}")
    options = said.options
    for column, values in options.values.items():
        if column in match.columns:
            told = ", ".join(f"{old} as {new or 'no answer'}" for old, new in values.items())
            reading.assumed.append(f"{sheet.place}, {match.columns[column]}: {told}")
    if options.money == "cents":
        reading.assumed.append(f"{sheet.place}: amounts are in cents")
    for column, value in options.constants.items():
        reading.assumed.append(f"{sheet.place}: {column} is {value} for every row")
    _tell_unsure(sheet, match, reading)


def _tell_unsure(sheet: Sheet, match: Match, reading: Reading) -> None:
    reading.assumed += [f"{sheet.place}, unsure: {why}" for why in match.unsure.values()]


def _recognised(sheet: Sheet, reading: Reading) -> tuple[Match | None, tuple[Match, ...]]:
    """The table a sheet is by its headers; said where it is none, refused where it could be two."""
    found = recognise(sheet)
    meant = named_as(sheet)
    spans = periods(sheet.headers)
    if len(spans) >= 2 and 3 * len(spans) >= len(sheet.headers) and not any(m.months for m in found):
        reading.counts.append(Count(sheet.file, sheet.name, "", len(sheet) + sheet.left, 0))
        reading.troubles.append(
            sheet.trouble(
                f"{shortened(', '.join(spans), 80)} are years, quarters or months of a fiscal year: what was in force "
                "in which calendar month, they do not say.",
                "Give a column per calendar month, such as 2025-03; or leave them out by a recipe.",
                column=spans[0],
            )
        )
        return None, tuple(found)
    if meant is not None and (missing := lacking(sheet, meant)) and not _fits(meant, found):
        reading.counts.append(Count(sheet.file, sheet.name, "", len(sheet) + sheet.left, 0))
        reading.troubles.append(
            sheet.trouble(
                f"This is named {meant.table}, but has no column {', and none for '.join(missing)}.",
                f"Add the column, or rename one. The file has: {shortened(', '.join(sheet.headers), 120)}.",
            )
        )
        return None, tuple(found)
    if not found:
        reading.counts.append(Count(sheet.file, sheet.name, "", len(sheet) + sheet.left, 0))
        headers = shortened(", ".join(sheet.headers), 120)
        reading.troubles.append(
            sheet.trouble(
                f"No known table has these columns: {headers}.",
                f"All {len(sheet)} rows are left out. Rename the columns, or say what they are in a recipe.",
                severity="row left out",
            )
        )
        return None, ()
    best, *others = found
    if others and others[0].score > best.score - CLEARLY:
        reading.troubles.append(
            sheet.trouble(
                f"This could be {best.table} or {others[0].table}.",
                "Name the file after its table, or say which it is in a recipe.",
            )
        )
        return None, tuple(found)
    used = ", ".join(f"{header} → {name}" for name, header in best.columns.items() if not _is_called(header, name))
    reading.troubles += repeated_headers(sheet, best)
    extra = f", a month in each of {len(best.months)} columns" if best.months else ""
    reading.assumed.append(f"{sheet.place} is read as {best.table}{extra}" + (f": {used}" if used else ""))
    if best.unused and best.row is not Account:
        reading.assumed.append(f"{sheet.place}: not used: {', '.join(best.unused)}")
    _tell_unsure(sheet, best, reading)
    return best, tuple(others)


def _fits(meant: type[Row], found: list[Match]) -> bool:
    """Is the table a file is named after among those found; or another with revenue, where it is named after that?"""
    if any(match.table == meant.table for match in found):
        return True
    first = found[0] if found else None
    return (
        first is not None
        and meant.table in REVENUE
        and (first.table in REVENUE or bool({"mrr", "arr"} & set(first.columns)))
    )


def _is_called(header: str, name: str) -> bool:
    """Is the header the column's own name, but for case and spaces?"""
    return header.casefold().replace(" ", "_") == name


def _said(sheet: Sheet, said: FileRecipe, reading: Reading) -> Match | None:
    """The table a recipe says a sheet is; what the recipe names and the sheet lacks is refused."""
    row = AS_READ[said.table]
    about = DESCRIBING if said.table in REVENUE else ()
    has, knows = f"The file has: {', '.join(sheet.headers)}.", f"It has: {', '.join(TABLES[said.table].model_fields)}."
    found, absent = said.located(sheet)
    strange = [name for name in said.columns if name not in row.model_fields and name not in about]
    strange += [name for name in said.options.constants if name not in row.model_fields]
    wrong = [sheet.trouble("The recipe names a column the file does not have.", has, column=name) for name in absent]
    wrong += [
        sheet.trouble(f"The recipe maps to a column {said.table} does not have.", knows, column=name)
        for name in strange
    ]
    wrong += [
        sheet.trouble("The recipe keeps rows by a column the file does not have.", has, column=name)
        for name in said.options.keep
        if not said.headers and name not in found and header_like(name, sheet.headers) is None
    ]
    left = tuple(h for h in sheet.headers if h not in found.values())
    months = {}
    if said.table == "mrr" and "month" not in found and not {"mrr", "arr"} & set(found):
        months = month_headers(left)
        left = tuple(h for h in left if h not in months)
    have = {
        *found,
        *said.options.constants,
        *(("month", "mrr") if months else ()),
        *(("month",) if said.options.month else ()),
    }
    lacks = [f"The recipe gives {said.table} no {' or '.join(group)}." for group in row.needs if not have & set(group)]
    wrong += [sheet.trouble(what, "Map one of the file's columns to it.") for what in lacks]
    reading.troubles += wrong
    if wrong:
        return None
    described = {name: header for name, header in found.items() if name not in row.model_fields}
    used = {name: header for name, header in found.items() if name in row.model_fields}
    unsure = {name: why for name, why in said.unsure.items() if name in found}
    return Match(row, used, left, described, months, unsure=unsure)
