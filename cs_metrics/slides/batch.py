"""Many decks at once, in processes of their own: nobody else waits for them, and what they used is given back.

``python -m cs_metrics.slides.batch FOLDER SHARE OF`` makes every OF-th deck of the job that lies in the folder.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from cs_metrics.book import Book, Problem
from cs_metrics.slides.all_decks import Wanted, deck_of, plain, subjects

WORKERS = 2
ROOT = Path(__file__).resolve().parents[2]
LOOK_EVERY = 0.1
LONGEST_NAME = 80


class Job(NamedTuple):
    """What the processes are given."""

    book: Book
    wanted: Wanted
    template: bytes | None
    mapping: str
    names: list[tuple[str, str]]


class Batch:
    """Decks being made: how far they are, a way to stop them, and the files once all are there.

    Everything lies in a folder that goes with this object, or when it is closed.
    """

    def __init__(
        self, book: Book, wanted: Wanted, template: bytes | None = None, mapping: str = "", workers: int | None = None
    ):
        self.names = list(zip(subjects(book, wanted), _file_names(book, wanted), strict=True))
        self.folder = tempfile.TemporaryDirectory(prefix="decks-", ignore_cleanup_errors=True)
        self.path = Path(self.folder.name)
        job = Job(replace(book, memory={}), wanted, template, mapping, self.names)
        (self.path / "job").write_bytes(pickle.dumps(job))
        count = workers or max(min(WORKERS, os.cpu_count() or 1, len(self.names)), 1)
        self.workers = [self._start(share, count) for share in range(count)]

    def _start(self, share: int, of: int) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "cs_metrics.slides.batch", str(self.path), str(share), str(of)]
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
        }
        with (self.path / f"said-{share}").open("wb") as said:
            return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said, env=environment)

    @property
    def total(self) -> int:
        """How many decks there will be."""
        return len(self.names)

    @property
    def done(self) -> int:
        """How many decks are there."""
        return len(list(self.path.glob("*.pptx"))) if self.path.is_dir() else 0

    @property
    def running(self) -> bool:
        """Is a process still at work? Raises Problem where one could not finish."""
        codes = [worker.poll() for worker in self.workers]
        if any(code not in (None, 0) for code in codes):
            said = "".join(path.read_text("utf-8", "replace") for path in sorted(self.path.glob("said-*"))).strip()
            self.close()
            raise Problem(f"The decks could not be made. {said.splitlines()[-1] if said else ''}".strip())
        return None in codes

    def wait(self) -> Iterator[int]:
        """How many are done, again and again, until all are."""
        while self.running:
            yield self.done
            time.sleep(LOOK_EVERY)
        yield self.done

    def files(self) -> list[Path]:
        """The decks, in the order of their subjects."""
        return [self.path / name for _, name in self.names]

    def zip_to(self, path: Path) -> None:
        """Pack the decks into an archive; one deck after the other goes through memory."""
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as packed:
            for file in self.files():
                packed.write(file, file.name)

    def close(self) -> None:
        """Stop what runs, and take the folder away."""
        for worker in self.workers:
            if worker.poll() is None:
                worker.kill()
            worker.wait()
        self.folder.cleanup()


def _file_names(book: Book, wanted: Wanted) -> list[str]:
    """A file's name for each subject; a customer's with its name beside its id; no two the same."""
    taken: set[str] = set()
    names = []
    for subject in subjects(book, wanted):
        called = str(book.accounts["name"].get(subject, "")) if subject in book.accounts.index else ""
        stem = "-".join(filter(None, (plain(subject), plain(called))))[:LONGEST_NAME] or "deck"
        stem = next(
            s for n in range(1, len(taken) + 2) if (s := stem if n == 1 else f"{stem}-{n}").casefold() not in taken
        )
        taken.add(stem.casefold())
        names.append(f"{stem}.pptx")
    return names


def work(folder: Path, share: int, of: int) -> None:
    """Make a share of the decks; stop where the one who asked is gone."""
    job: Job = pickle.loads((folder / "job").read_bytes())
    standing, parent = job.book.now(), os.getppid()
    for subject, name in job.names[share::of]:
        if os.getppid() != parent:
            return
        made = deck_of(job.book, standing, job.wanted, subject, job.template, job.mapping)
        part = folder / f"{name}.part"
        part.write_bytes(made.data())
        part.rename(folder / name)


if __name__ == "__main__":
    try:
        work(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
    except OSError as why:
        sys.exit(f"{why.strerror or why}.")
    except Problem as problem:
        sys.exit(str(problem))
