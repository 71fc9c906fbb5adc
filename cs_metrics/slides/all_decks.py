"""Which decks are asked for, made one after the other, and kept as files or as one archive."""

from __future__ import annotations

import io
import os
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from cs_metrics.book import Book, Misuse, Problem
from cs_metrics.slides.deck import Slide, write
from cs_metrics.slides.decks import customer, my_book, team


class Wanted(NamedTuple):
    """One CSM's book, one account's review, one of them for each, or the team's QBR; and the period in months."""

    csm: str | None = None
    account: str | None = None
    each: str | None = None
    months: int | None = None


class Deck(NamedTuple):
    """A deck of a subject ("" for the whole): its slides, and how they become a file."""

    subject: str
    slides: list[Slide]
    template: bytes | None

    def data(self) -> bytes:
        """The .pptx file."""
        return write(self.slides, self.template)


def decks(book: Book, wanted: Wanted, template: bytes | None = None) -> Iterator[Deck]:
    """The decks asked for, each made when it is taken.

    Raises Misuse for a name there is not, Problem for an empty book.
    """
    if not len(book) or not len(book.months):
        raise Problem("There is nothing to put on slides: the book has no account or no month.")
    standing = book.now()
    if wanted.account is not None:
        yield Deck(wanted.account, customer(standing.where_id(wanted.account)), template)
    elif wanted.each == "account":
        for account_id in book.held_now().accounts.index:
            yield Deck(account_id, customer(standing.where_id(account_id)), template)
    elif wanted.each == "csm" or wanted.csm is not None:
        for name in [wanted.csm] if wanted.csm is not None else book.holders:
            if name not in book.holders:
                raise Misuse(f'there is no CSM "{name}"; there are {", ".join(book.holders) or "none"}')
            slides = my_book(book.held_by(name), standing, wanted.months or 12, f"My book: {name}")
            yield Deck(name, slides, template)
    else:
        yield Deck("", team(book, standing, wanted.months or 3), template)


def kept(made: Iterator[Deck], output: Path, say: Callable[[str], None] = lambda _: None) -> list[tuple[str, int]]:
    """The decks as files beside ``output``, or within it where it is a .zip: their names and numbers of slides.

    A file is whole or not there: it is written beside its name and then renamed.
    """
    if output.suffix.casefold() not in (".pptx", ".zip"):
        raise Misuse(f'"{output.name}" is neither .pptx nor .zip')
    if not output.parent.is_dir():
        raise Misuse(f"there is no folder {output.parent}")
    files: list[tuple[str, int]] = []
    if output.suffix.casefold() == ".zip":
        data, names = archive(made, say)
        _whole(output, data)
        return [(f"{output}/{name}", slides) for name, slides in names]
    for deck in made:
        path = output.with_name(f"{output.stem}-{plain(deck.subject)}.pptx") if deck.subject else output
        _whole(path, deck.data())
        say(f"{path} written")
        files.append((str(path), len(deck.slides)))
    if len(files) == 1 and files[0][0] != str(output):
        os.replace(files[0][0], output)
        files = [(str(output), files[0][1])]
    return files


def archive(made: Iterator[Deck], say: Callable[[str], None] = lambda _: None) -> tuple[bytes, list[tuple[str, int]]]:
    """The decks in one .zip, and each one's name and number of slides."""
    target, names = io.BytesIO(), []
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as packed:
        for deck in made:
            name = f"{plain(deck.subject) or 'deck'}.pptx"
            packed.writestr(name, deck.data())
            say(f"{name} made")
            names.append((name, len(deck.slides)))
    return target.getvalue(), names


def plain(subject: str) -> str:
    """A subject as part of a file's name.

    >>> plain("Piotr Zieliński"), plain("../A B")
    ('Piotr-Zieliński', 'A-B')
    """
    return re.sub(r"[^\w]+", "-", subject).strip("-")


def _whole(path: Path, data: bytes) -> None:
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.write_bytes(data)
        os.replace(beside, path)
    except OSError as why:
        beside.unlink(missing_ok=True)
        raise Problem(f"{path} cannot be written: {why.strerror}.") from None
