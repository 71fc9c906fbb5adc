"""Decks as files: .pptx, .zip, .pdf or .html. A file is whole or not there."""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

from cs_metrics.book import Book, Misuse, Problem
from cs_metrics.slides.all_decks import Deck, Wanted, decks
from cs_metrics.slides.batch import Batch
from cs_metrics.slides.office import pdf
from cs_metrics.slides.report import report

MADE: dict[str, Callable[[Deck], bytes]] = {
    ".pptx": Deck.data,
    ".pdf": lambda deck: pdf(deck.data()),
    ".html": lambda deck: report(deck.slides),
}
Say = Callable[[str], None]


def kept(
    book: Book,
    wanted: Wanted,
    output: Path,
    template: bytes | None = None,
    mapping: str = "",
    say: Say = lambda _: None,
) -> list[tuple[str, int]]:
    """The decks as files: their names and numbers of slides.

    One deck is the file ``output``. One for each CSM or customer: in ``output`` where it is a .zip, else beside it.
    """
    suffix = output.suffix.casefold()
    if suffix not in (*MADE, ".zip"):
        raise Misuse(f'"{output.name}" is none of {", ".join((*MADE, ".zip"))}')
    if not output.parent.is_dir():
        raise Misuse(f"there is no folder {output.parent}")
    if wanted.each is not None and suffix not in (".zip", ".pptx"):
        raise Misuse("a deck for each goes into a .zip, or as .pptx beside one another")
    if wanted.each is not None or suffix == ".zip":
        return _many(book, wanted, output, template, mapping, say)
    deck = next(decks(book, wanted, template, mapping))
    for label, reason in deck.left_out.items():
        say(f"left out: {label}: {reason}")
    whole(output, lambda part: part.write_bytes(MADE[suffix](deck)))
    return [(str(output), len(deck.slides))]


def _many(
    book: Book, wanted: Wanted, output: Path, template: bytes | None, mapping: str, say: Say
) -> list[tuple[str, int]]:
    batch = Batch(book, wanted, template, mapping)
    try:
        told = -1
        for done in batch.wait():
            if done != told:
                say(f"{done} of {batch.total} made")
                told = done
        sizes = [_slides_in(file) for file in batch.files()]
        if output.suffix.casefold() == ".zip":
            whole(output, batch.zip_to)
            return [(f"{output}/{file.name}", size) for file, size in zip(batch.files(), sizes, strict=True)]
        paths = [output.with_name(f"{output.stem}-{file.name}") for file in batch.files()]
        for file, path in zip(batch.files(), paths, strict=True):
            whole(path, lambda part, file=file: shutil.copyfile(file, part))  # type: ignore[misc]
        return [(str(path), size) for path, size in zip(paths, sizes, strict=True)]
    finally:
        batch.close()


def _slides_in(file: Path) -> int:
    with zipfile.ZipFile(file) as packed:
        return sum(name.startswith("ppt/slides/slide") for name in packed.namelist())


def whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write beside a file's name, and then rename: nobody meets half a file. Raises Problem where it cannot be."""
    beside = path.with_name(f".{path.name}.part")
    try:
        write(beside)
        os.replace(beside, path)
    except OSError as why:
        raise Problem(f"{path} cannot be written: {why.strerror}.") from None
    finally:
        beside.unlink(missing_ok=True)
