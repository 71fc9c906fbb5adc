"""``python -m benchmarks.peers [accounts …]``: the same figures by DuckDB, Polars and pandas, equal first, then timed.

Each starts from what it would have at hand: ours from a loaded Book, the others from the long table of MRR with whole
numbers as ids, held in memory in their own form. One other at a time, in a process of its own, so that a million
accounts fit; ours is measured in turn with it. Written to ``benchmarks/RESULTS.md``, a section per size.
"""

from __future__ import annotations

import gc
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import books
from benchmarks.others import FIGURES, MEASURES, TRAILING, WAYS
from benchmarks.timing import load, machine, seconds
from cs_metrics.analysis.cohorts import triangles
from cs_metrics.analysis.movements import KINDS, movements
from cs_metrics.book import Book
from cs_metrics.metric import METRICS

ROOT, RESULTS = Path(__file__).parents[1], Path(__file__).parent / "RESULTS.md"
MONTHS, ROUNDS, PATIENCE = 60, 5, 40.0
GOALS = {"movements": 20, "trailing": 8, "cohorts": 8}
WORDS = {
    "movements": "movements by month",
    "trailing": f"trailing net retention by {books.CSMS} CSMs, every month",
    "cohorts": "logo, gross and net cohorts by month",
}


def long_table(book: Book, folder: Path) -> None:
    """One row per account and month with MRR, a file per column: ``account, csm, month, mrr``."""
    balance = book.balance(0, 0)
    month, account = np.nonzero(balance)
    csm = book.owners.held[0][account]
    columns = {"account": account, "csm": csm, "month": month, "mrr": balance[month, account]}
    for name, values in columns.items():
        np.save(folder / f"{name}.npy", values)
    (folder / "closes").write_text(str(book.closes))


def our_works(book: Book) -> dict[str, Callable[[], Any]]:
    """Ours, from the loaded book; whatever it keeps between calls is made before the clock starts."""
    nrr = METRICS["net_revenue_retention"]
    return {
        "movements": lambda: movements(book),
        "trailing": lambda: nrr.tally(book, TRAILING, "csm"),
        "cohorts": lambda: triangles(book),
    }


def our_sums(figure: str, found: Any, book: Book) -> list[int]:
    """What each column of our answer adds up to: exact whole numbers."""
    if figure == "movements":
        return [int(np.rint(found[kind] * book.scale).sum()) for kind in KINDS]
    if figure == "trailing":
        return [int(found.tops.sum()), int(found.bottoms.sum())]
    return [int(found.sums[measure].sum()) for measure in MEASURES]


class Other:
    """Another's process: asked for a figure, it answers with its time and its sums."""

    def __init__(self, name: str, process: subprocess.Popen[str]):
        self.name, self.process = name, process
        self.missing = "missing" in self.answer()

    def answer(self) -> dict[str, Any]:
        """The next line it says."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended with {self.process.wait()}")
        return json.loads(line)

    def ask(self, figure: str) -> dict[str, Any]:
        """Its answer to a figure."""
        assert self.process.stdin is not None
        print(figure, file=self.process.stdin, flush=True)
        return self.answer()


@contextmanager
def other(name: str, folder: Path) -> Iterator[Other]:
    """One of the others, its table loaded."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.others", name, str(folder)],
        cwd=ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        yield Other(name, process)
    finally:
        process.kill()
        process.wait()


def in_turn(theirs: Other, ours: Callable[[], Any], figure: str, sums: list[int]) -> Iterator[tuple[float, float]]:
    """Seconds of theirs and of ours, in turn: so many rounds as patience allows, two at the least after the first.

    The first answer of each is compared, and not timed where there is time for more.
    """
    first = theirs.ask(figure)
    assert first["sums"] == sums, (theirs.name, figure, first["sums"], sums)
    ours()
    rounds = max(2, min(ROUNDS, int(PATIENCE / max(first["seconds"], 1e-9))))
    for _ in range(rounds):
        yield theirs.ask(figure)["seconds"], seconds(ours)


def compared(book: Book) -> Iterator[str]:
    """A row per figure: milliseconds of each, and how many times faster ours is than the best of the others."""
    works, times = our_works(book), dict[tuple[str, str], list[float]]()
    matrix = book.balance(0, 0)
    with tempfile.TemporaryDirectory() as folder:
        long_table(book, Path(folder))
        gc.collect()
        for name in WAYS:
            with other(name, Path(folder)) as theirs:
                if theirs.missing:
                    print(f"{name} is not installed: left out", file=sys.stderr)
                    continue
                for figure in FIGURES:
                    sums = our_sums(figure, works[figure](), book)
                    for spent, own in in_turn(theirs, works[figure], figure, sums):
                        times.setdefault((name, figure), []).append(spent)
                        times.setdefault(("ours", figure), []).append(own)
                    print(f"{name}, {figure}: {statistics.median(times[name, figure]):.2f} s", file=sys.stderr)
    once = 1000 * statistics.median(seconds(lambda: np.add.reduce(matrix.reshape(-1))) for _ in range(9))
    names = [name for name in ("ours", *WAYS) if (name, FIGURES[0]) in times]
    yield f"| what | {' | '.join(names)} | reading the array once | best of the others ÷ ours | goal |"
    yield "| --- |" + " ---: |" * (len(names) + 3)
    for figure in FIGURES:
        middle = {name: 1000 * statistics.median(times[name, figure]) for name in names}
        best = min((middle[name] for name in names if name != "ours"), default=float("nan"))
        shown = " | ".join(f"{ms:,.1f}" for ms in (*middle.values(), once))
        yield f"| {WORDS[figure]} | {shown} | {best / middle['ours']:,.0f} | ≥ {GOALS[figure]} |"


def section(accounts: int) -> str:
    """One size: how it was measured, and the table."""
    begun = time.perf_counter()
    book = books.book(accounts, MONTHS, handovers=False)
    rows = list(compared(book))
    busy = load()
    told = (
        "" if busy is None else f" Load of the machine meanwhile: {busy:.0f}; measure again on a quiet one if above 2."
    )
    return "\n".join(
        [
            f"## {accounts:,} accounts × {MONTHS} months",
            "",
            f"On {machine()}, in {time.perf_counter() - begun:.0f} s.{told}",
            "",
            *rows,
            "",
        ]
    )


HEAD = """# Compared with others

Milliseconds, medians of runs in turn; what the columns of every answer add up to is checked to be equal before. Ours
starts from a loaded book on one core, the others from the long table in memory, with all cores. `make peers
ACCOUNTS=1000000` measures one size anew and leaves the others as they are. The goals are those for a million accounts.
"""


def kept(text: str) -> dict[int, str]:
    """The sections of a file of results, by size.

    >>> kept("# Compared\\n\\n## 1,000 accounts × 60 months\\n\\nOn…\\n")
    {1000: '## 1,000 accounts × 60 months\\n\\nOn…\\n'}
    """
    parts = re.split(r"(?m)^(?=## )", text)[1:]
    return {int(re.sub(r"\D", "", part[3:].partition("accounts")[0])): part.rstrip() + "\n" for part in parts}


def main() -> None:
    """Measure each size, print it, and keep it."""
    for accounts in [int(size) for size in sys.argv[1:]] or [100_000]:
        found = section(accounts)
        print(found, flush=True)
        every = kept(RESULTS.read_text("utf-8") if RESULTS.exists() else "") | {accounts: found}
        RESULTS.write_text("\n".join([HEAD, *(every[size] for size in sorted(every))]), "utf-8")


if __name__ == "__main__":
    main()
