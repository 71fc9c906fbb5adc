"""Files, folders and databases, as a reading or as a book."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cs_metrics.cli.words import month_of, pair, say, wanted

if TYPE_CHECKING:
    from cs_metrics.book import Book
    from cs_metrics.connect.service import Service
    from cs_metrics.read.files import File
    from cs_metrics.read.reading import Reading
    from cs_metrics.read.recipe import Recipe

Newer = Callable[[str, list[str]], "tuple[str, date] | None"]


def read_sources(
    sources: list[str],
    recipe: Path | None,
    into: str | None = None,
    kept: Sequence[str] = (),
    tables: list[str] | None = None,
    newer: Newer | None = None,
) -> Reading:
    """Read files, and databases that are not ours, and say what was assumed.

    By a recipe and those ``kept``, against the accounts of the database they go ``into``.
    """
    from cs_metrics.read.identify import aliases_of
    from cs_metrics.read.reading import files_at, read
    from cs_metrics.read.recipe import Recipe, particular_first, recipe_of

    if recipe is not None and not recipe.is_file():
        raise typer.BadParameter(f"there is no recipe {recipe}")
    given = recipe_of(recipe.read_text("utf-8"), recipe.name).file if recipe else []
    said = Recipe(file=[*given, *particular_first(part for text in kept for part in recipe_of(text).file)])
    known: frozenset[str] = frozenset()
    aliases: dict[str, str] = {}
    if into is not None:
        from cs_metrics.store.known import accounts_called, accounts_known

        known, aliases = accounts_known(into), aliases_of(accounts_called(into))
    databases = [source for source in sources if "://" in source]
    if (tables or newer) and not databases:
        raise typer.BadParameter("--table and --newer-than speak of a database; there is none among the sources")
    files = files_at([source for source in sources if source not in databases])
    files += [file for database in databases for file in _tables_of(database, said, tables, newer)]
    reading = read(files, said, known, aliases, say)
    for assumed in reading.assumed:
        say(f"assumed: {assumed}")
    return reading


def _tables_of(database: str, recipe: Recipe, tables: list[str] | None, newer: Newer | None) -> Iterator[File]:
    """The tables of a database that were asked for; else those the recipe speaks of or that are known by columns."""
    from cs_metrics.connect.address import Rules
    from cs_metrics.connect.database import connected
    from cs_metrics.connect.services import SERVICES
    from cs_metrics.read.files import File
    from cs_metrics.read.match import likely_table

    if service := SERVICES.get(database):
        yield from _of_service(service, tables)
        return
    with connected(database, Rules.of_this_machine()) as source:
        for warning in source.warnings:
            say(warning)
        asked = [source.named(name) for name in tables or ()]
        for place, columns in source.tables.items():
            name = source.called(place)
            if place in asked or (not asked and (recipe.names(name) or likely_table(name, columns))):
                since = newer(name, columns) if newer else None
                rows = source.rows(place, since)
                say(f"{name}: {len(rows):,} rows" + (f" with {since[0]} from {since[1]} on" if since else ""))
                if len(rows) or since is None:
                    yield File.of_rows(name, rows, in_part=since is not None)
            else:
                say(f"{name}: not read")


def _of_service(service: Service, tables: list[str] | None) -> Iterator[File]:
    """The tables of a service, such as Stripe, whose key is in the environment."""
    from cs_metrics.read.files import File

    found = service.contents(say)
    for note in found.notes:
        say(note)
    for name, rows in found.tables.items():
        if not tables or name in tables:
            say(f"{service.called(name)}: {len(rows):,} rows")
            yield File.of_rows(service.called(name), rows)


def since_of(newer_than: str, into: str) -> Newer:
    """From which day on the rows of a table are read: the day said, or the one before its last import.

    A day is repeated, so that nothing falls between two clocks; what comes twice changes nothing.
    """
    from cs_metrics.store.batches import last_brought

    column, said, text = newer_than.partition("=")
    try:
        day = date.fromisoformat(text) if said else None
    except ValueError:
        raise typer.BadParameter(f'--newer-than "{text}" is not a day; write it as 2025-03-31') from None

    def newer(name: str, columns: list[str]) -> tuple[str, date] | None:
        if column not in columns:
            say(f"{name}: has no column {column} and is read whole")
            return None
        last = day or last_brought(into, name)
        return (column, last if day else last - timedelta(days=1)) if last else None

    return newer


def book_at(
    sources: list[str],
    recipe: Path | None,
    settings: list[str] | None,
    until: str | None,
    where: list[str] | None,
    known_at: str | None,
) -> Book:
    """The book of some files or a database, sliced and under the settings asked for."""
    from cs_metrics.assemble import book_of
    from cs_metrics.book import Settings
    from cs_metrics.tables import frames

    chosen = Settings.of(**dict(pair(text, "--setting") for text in settings or ()))
    last = month_of(until, "--until") if until else None
    if _ours(sources):
        from cs_metrics.store.known import batch_known_at, tables_known

        if len(sources) > 1:
            raise typer.BadParameter("give one database, or files and folders")
        tables = tables_known(sources[0], batch_known_at(sources[0], known_at) if known_at else None)
    else:
        if known_at:
            raise typer.BadParameter("--as-known-at asks a book that was imported, not files or other databases")
        reading = read_sources(sources, recipe).usable()
        for trouble in reading.troubles:
            say(str(trouble))
        tables = reading.tables
    book = book_of(frames(tables), chosen, last)
    for note in book.notes:
        say(note)
    return book.where(**wanted(where))


def data_version(sources: list[str], known_at: str | None) -> str:
    """Which data a figure stands on: the last batch of a database, else a digest of the files."""
    import hashlib

    if _ours(sources):
        from cs_metrics.store.batches import latest_batch
        from cs_metrics.store.known import batch_known_at

        return f"batch {batch_known_at(sources[0], known_at) if known_at else latest_batch(sources[0])}"
    seal = hashlib.sha256()
    for source in sorted(source for source in sources if "://" not in source):
        place = Path(source)
        for file in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if file.is_file():
                seal.update(file.read_bytes())
    return f"files {seal.hexdigest()[:8]}"


def _ours(sources: list[str]) -> bool:
    """Is one of these a database this program keeps a book in?"""
    if not any("://" in source for source in sources):
        return False
    from cs_metrics.store.database import holds_book

    return any("://" in source and holds_book(source) for source in sources)


def month_wanted(book: Book, until: str | None) -> str:
    """The month asked for, or the book's last; said where the book has no figure for it."""
    last = str(book.last) if len(book.months) else ""
    if until and not (last and str(book.months[0]) <= until <= last):
        span = f"{book.months[0]} to {last}" if last else "no month"
        say(f"There is no figure for {until}: the data speak of {span}.")
    return until or last


def on_day(book: Book, day: str | None, purpose: str | None = None) -> Book:
    """The book as known on a day; of one purpose, the signals that cannot be told are named."""
    from cs_metrics.signal import signals

    if not len(book.months):
        return book
    try:
        book = book.now() if day is None else book.as_of(date.fromisoformat(day))
    except ValueError:
        raise typer.BadParameter(f'--as-of "{day}" is not a day; write it as 2025-03-31') from None
    dark = [
        reason
        for each in (signals(purpose) if purpose else ())  # type: ignore[arg-type]
        if (reason := each.dark(book))
    ]
    if dark:
        say("Not known: " + "; ".join(dark))
    return book
