"""``make bench``: ratios, each measured in turn with what it is compared with, medians of the pairs."""

from __future__ import annotations

import gc
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.csv

import cs_metrics.signals  # noqa: F401
from benchmarks import books, facts, growth, practice
from benchmarks.decks import deck_costs
from benchmarks.luck import coverage
from benchmarks.pages import page_costs
from benchmarks.past import past_costs
from benchmarks.retention import first_and_again, memory
from benchmarks.timing import machine, seconds
from cs_metrics.analysis.account import alone, facts_of
from cs_metrics.analysis.advocates import advocates
from cs_metrics.analysis.cohorts import triangles
from cs_metrics.analysis.luck import Held, band_of, drawn_figures
from cs_metrics.analysis.movements import movements
from cs_metrics.analysis.next_asks import next_asks
from cs_metrics.analysis.people import compare_people, shares_of
from cs_metrics.analysis.risk import at_risk
from cs_metrics.analysis.survival import survival
from cs_metrics.assemble import book_of
from cs_metrics.book import Book
from cs_metrics.health import health
from cs_metrics.metric import METRICS
from cs_metrics.read.reading import read_paths
from cs_metrics.signal import SIGNALS
from cs_metrics.tables import frames

ACCOUNTS, MONTHS = 100_000, 60
PAYING = 126_000
IMPORTED = 42_000
ROUNDS = 15


def ratio(work: Callable[[], Any], floor: Callable[[], Any], rounds: int = ROUNDS) -> tuple[float, float, float]:
    """Medians of both and of their ratio, measured in turn."""
    work(), floor()
    gc.collect()
    pairs = [(seconds(work), seconds(floor)) for _ in range(rounds)]
    return (
        statistics.median(a for a, _ in pairs),
        statistics.median(b for _, b in pairs),
        statistics.median(a / b for a, b in pairs),
    )


def line(name: str, found: tuple[float, float, float], asked: str) -> str:
    """One row of the table."""
    return f"| {name} | {1000 * found[0]:.1f} | {1000 * found[1]:.1f} | {found[2]:.1f} | {asked} |"


def core(book: Book, what: str) -> list[str]:
    """Movements and retention by CSM against reading the MRR array once."""
    matrix = book.balance(0, 0)

    def read_once() -> np.ndarray:
        return np.add.reduce(matrix.reshape(-1))

    def forget_steps() -> None:
        for key in [k for k in book.memory if k[0] == "steps"]:
            del book.memory[key]

    nrr = METRICS["net_revenue_retention"]

    def cold() -> None:
        forget_steps()
        nrr.tally(book, 12, "csm")

    first, again = first_and_again(book)
    return [
        line(f"movements by month and CSM, {what}", ratio(lambda: movements(book, by="csm"), read_once), "≤ 3"),
        line(
            f"trailing NRR by {books.CSMS} CSMs, all months, {what}",
            ratio(lambda: nrr.tally(book, 12, "csm"), read_once),
            "≤ 15",
        ),
        line(f"the same, the first time, {what}", ratio(cold, read_once), ""),
        line(f"trailing NRR of the whole, {what}", ratio(lambda: nrr.of(book, 12), read_once), ""),
        line(f"three cohort triangles by month, {what}", ratio(lambda: triangles(book), read_once), "≤ 30 ms"),
        line(f"the same by {books.CSMS} CSMs, {what}", ratio(lambda: triangles(book, by="csm"), read_once), ""),
        line(f"the Retention page's whole computation, {what}", ratio(again, read_once), "≤ 60 ms"),
        line(f"the same, the first time, {what}", ratio(first, read_once, 5), ""),
        line(f"survival by segment, {what}", ratio(lambda: survival(book, "segment"), read_once), ""),
    ]


def people(book: Book) -> list[str]:
    """Luck bands of all CSMs, alone and with likely ranges, mix and what was taken over."""
    matrix, nrr = book.balance(0, 0), METRICS["net_revenue_retention"]
    shares, segment = shares_of(nrr, book, 12), book.groups("segment")[1]
    held, told = Held(shares.person, shares.row, shares.bottom), np.arange(len(shares.names)) < books.CSMS
    outcome = np.ones(len(book))
    outcome[shares.row] = shares.top / shares.bottom

    def bands() -> None:
        band_of(drawn_figures(held, told, outcome, segment), np.ones(len(told)))

    def compared() -> None:
        for key in [k for k in book.memory if k[0] == "people"]:
            del book.memory[key]
        compare_people(nrr, book, 12)

    def read_once() -> np.ndarray:
        return np.add.reduce(matrix.reshape(-1))

    return [
        line(f"luck bands of {books.CSMS} CSMs", ratio(bands, read_once), "≤ 200 ms"),
        line("the whole comparison of people", ratio(compared, read_once), ""),
    ]


def signals_and_scores(accounts: int) -> list[str]:
    """All signals and scores as of a day, and the list at risk after them, against reading usage and tickets once."""
    book = facts.book(accounts)
    known = book.as_of(book.day)

    def all_told() -> None:
        fresh = book.as_of(book.day)
        health(fresh)
        for each in SIGNALS.values():
            each.fired(fresh)

    def read_once() -> tuple[pd.DataFrame, pd.DataFrame]:
        return book.facts["usage"].copy(), book.facts["tickets"].copy()

    def anew(answer: Callable[[Book], Any]) -> Callable[[], Any]:
        def work() -> Any:
            for key in [k for k in known.memory if k[0] in ("criteria", "asked", "asks", "falling")]:
                del known.memory[key]
            return answer(known)

        return work

    health(known)
    for each in SIGNALS.values():
        each.fired(known)
    some = known.accounts.index[accounts // 2]
    what = f"{accounts:,} accounts, {facts.MONTHS} months of usage, {accounts * facts.TICKETS_EACH:,} tickets"
    return [
        line(f"all signals and scores as of a day, {what}", ratio(all_told, read_once, 5), "≤ 3 s"),
        line("the list at risk after that", ratio(lambda: at_risk(known), read_once, 5), "≤ 300 ms"),
        line("the advocates after that", ratio(anew(advocates), read_once, 5), "≤ 3 s"),
        line("what to ask of whom next", ratio(anew(next_asks), read_once, 5), "≤ 3 s"),
        line("the sheet of one account", ratio(lambda: facts_of(alone(known, some)), read_once, 5), ""),
    ]


def growing(accounts: int) -> list[str]:
    """What the Expansion page computes once the book is loaded, against reading the MRR array once."""
    found = []
    for name, work, book in growth.work(accounts):
        matrix = book.balance(0, 0)
        found.append(
            line(f"{name}, {accounts:,} accounts", ratio(work, lambda matrix=matrix: matrix.sum(), 5), "≤ 500 ms")
        )
    return found


def reading() -> list[str]:
    """A long CSV to a Book against pyarrow parsing it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mrr.csv"
        rows = books.write_csv(path, PAYING, MONTHS)

        def to_book() -> Book:
            return book_of(frames(read_paths([path]).usable().tables))

        found = ratio(to_book, lambda: pyarrow.csv.read_csv(path), rounds=9)
    return [line(f"{rows:,} MRR rows, CSV to a Book, against pyarrow's parse", found, "≤ 4")]


def imported() -> list[str]:
    """A long CSV to an imported, checked batch, against parsing it and inserting its rows by the driver's own means."""
    from benchmarks import imports

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mrr.csv"
        rows = books.write_csv(path, IMPORTED, MONTHS)
        what = f"{rows:,} MRR rows, CSV to an imported batch"
        found = [
            line(f"{what}, SQLite, against parse + executemany", imports.sqlite(path, ratio), "≤ 3"),
            f"| its peak memory | {imports.peak_megabytes(path):,.0f} MB | | | < 1,500 MB |",
        ]
        for name, against in (("a bare table", imports.BARE), ("the same table", imports.SAME)):
            measured = imports.postgresql(path, ratio, against)
            found.append(line(f"{what}, PostgreSQL, against parse + COPY into {name}", measured, "≤ 3"))
    return found


def main() -> None:
    """Measure and print the table."""
    print(f"{machine()}; {ACCOUNTS:,} accounts × {MONTHS} months\n")
    print("| what | ms | compared with, ms | ratio | asked |\n| --- | ---: | ---: | ---: | --- |")
    for handovers in (False, True):
        book = books.book(ACCOUNTS, MONTHS, handovers)
        for text in core(book, "with hand-overs" if handovers else "no hand-overs"):
            print(text, flush=True)
        for text in people(book) if handovers else ():
            print(text, flush=True)
        del book
        gc.collect()
    for found in practice.aggregated(ratio, ACCOUNTS):
        print(line(*found), flush=True)
    for text in (*signals_and_scores(ACCOUNTS), *growing(ACCOUNTS), *reading(), *imported()):
        print(text, flush=True)
    print()
    for text in memory(ACCOUNTS, MONTHS):
        print(text, flush=True)
    print()
    for text in page_costs():
        print(text, flush=True)
    print()
    for text in (*past_costs(), *deck_costs()):
        print(text, flush=True)
    print()
    for text in coverage():
        print(text, flush=True)


if __name__ == "__main__":
    main()
