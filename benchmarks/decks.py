"""What decks cost: processor time of one, and a batch of customers' decks in two processes, with its memory."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from cs_metrics.assemble import book_of
from cs_metrics.read.reading import read_paths
from cs_metrics.slides.all_decks import Wanted, deck_of
from cs_metrics.slides.batch import Batch
from cs_metrics.slides.decks import DECKS
from cs_metrics.tables import frames

SAMPLE = Path(__file__).parents[1] / "sample_data"
TWELVE = DECKS["team"].slides[:12]


def deck_costs() -> Iterator[str]:
    """The rows of the table."""
    book = book_of(frames(read_paths(sorted(SAMPLE.glob("*.csv"))).usable().tables))
    wanted = Wanted(slides=TWELVE)
    deck_of(book, book.now(), wanted, "").data()
    fresh = book.under(owner=book.settings.owner)
    start, used = time.perf_counter(), time.process_time()
    deck_of(fresh, fresh.now(), wanted, "").data()
    yield "| what | seconds | processor seconds | asked |\n| --- | ---: | ---: | --- |"
    yield (
        f"| a deck of 12 slides, figures and file | {time.perf_counter() - start:.2f} | "
        f"{time.process_time() - used:.2f} | ≤ 1 s |"
    )
    batch = Batch(book, Wanted(each="account"))
    start, memory = time.perf_counter(), []
    for done in batch.wait():
        if done > len(batch.names) // 8:
            memory.append(sum(_megabytes(worker.pid) for worker in batch.workers))
    span = time.perf_counter() - start
    spent = os.times()
    batch.close()
    yield (
        f"| {batch.total} customers' decks, two processes | {span:.1f} | "
        f"{spent.children_user + spent.children_system:.1f} | ≤ 90 s for 400 |"
    )
    known = [size for size in memory if size]
    if known:
        yield f"\nMemory of both processes: {known[0]:.0f} MB after an eighth, {max(known):.0f} MB at most."


def _megabytes(process: int) -> float:
    """The memory a process holds, where the system says."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), 0.0)
