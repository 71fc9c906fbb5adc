"""``python -m benchmarks.peers [accounts]``: the same figures by DuckDB, Polars and pandas, equal first, then timed.

Each starts from what it would have at hand: ours from a loaded Book, the others from the long table of MRR with whole
cents and numbers as ids, held in memory in their own form. Written to ``benchmarks/RESULTS.md``.
"""

from __future__ import annotations

import gc
import os
import platform
import statistics
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import books
from benchmarks.__main__ import MONTHS, seconds
from cs_metrics.analysis.cohorts import triangles
from cs_metrics.analysis.movements import KINDS, movements
from cs_metrics.book import Book
from cs_metrics.metric import METRICS

RESULTS = Path(__file__).parent / "RESULTS.md"
TRAILING = 12
Answer = dict[str, np.ndarray]
Work = Callable[[], Any]

MOVEMENTS_SQL = """
with months as (select range as month from range({closes})),
firsts as (select account, min(month) as first from mrr where mrr > 0 group by account),
spine as (select account, month, first from firsts join months on month >= first),
filled as (select s.account, s.month, s.first, coalesce(r.mrr, 0) as now
           from spine s left join mrr r on r.account = s.account and r.month = s.month),
lagged as (select *, coalesce(lag(now) over (partition by account order by month), 0) as before from filled)
select month,
       sum(case when before = 0 and now > 0 and month = first then now else 0 end) as new,
       sum(case when now > before and before > 0 then now - before else 0 end) as expansion,
       sum(case when now < before and now > 0 then now - before else 0 end) as contraction,
       sum(case when now = 0 then -before else 0 end) as churn,
       sum(case when before = 0 and now > 0 and month > first then now else 0 end) as reactivation
from lagged group by month order by month
"""
TRAILING_SQL = """
with spine as (select account, csm, month as opening, month + {trailing} as closing, mrr as start from mrr
               where month + {trailing} < {closes})
select closing as month, spine.csm, sum(coalesce(r.mrr, 0)) as top, sum(start) as bottom
from spine left join mrr r on r.account = spine.account and r.month = spine.closing
group by closing, spine.csm order by closing, spine.csm
"""
COHORTS_SQL = """
with firsts as (select account, min(month) as cohort, arg_min(mrr, month) as start
                from mrr where mrr > 0 group by account)
select cohort, month - cohort as age, count(*) as logo, sum(least(mrr, start)) as gross, sum(mrr) as net
from mrr join firsts using (account) where mrr > 0 group by cohort, age order by cohort, age
"""


def long_table(book: Book) -> pd.DataFrame:
    """One row per account and month with MRR: ``account, csm, month, mrr``."""
    balance = book.balance(0, 0)
    month, account = np.nonzero(balance)
    return pd.DataFrame(
        {"account": account, "csm": book.owners.held[0][account], "month": month, "mrr": balance[month, account]}
    )


def duckdb_works(table: pd.DataFrame, closes: int) -> dict[str, Work]:
    """DuckDB SQL with a month spine and windows, as analytics engineers write it."""
    import duckdb

    database = duckdb.connect()
    database.register("given", table)
    database.execute("create table mrr as select * from given")

    def asked(sql: str) -> Work:
        text = sql.format(closes=closes, trailing=TRAILING)
        return lambda: database.execute(text).fetchnumpy()

    return {"movements": asked(MOVEMENTS_SQL), "trailing": asked(TRAILING_SQL), "cohorts": asked(COHORTS_SQL)}


def polars_works(table: pd.DataFrame, closes: int) -> dict[str, Work]:
    """Polars lazy: sort and shift with a test for gaps, joins for the rest."""
    import polars as pl

    mrr = pl.DataFrame({name: table[name].to_numpy() for name in table}).lazy()
    of_account = pl.col("month").shift(1).over("account")

    def moved() -> Any:
        rows = mrr.sort("account", "month").with_columns(
            last=of_account,
            next=pl.col("month").shift(-1).over("account"),
            level=pl.col("mrr").shift(1).over("account"),
        )
        goes_on = pl.col("last") == pl.col("month") - 1
        step = pl.col("mrr") - pl.col("level")
        came = rows.group_by("month").agg(
            new=pl.col("mrr").filter(pl.col("last").is_null()).sum(),
            expansion=step.filter(goes_on & (step > 0)).sum(),
            contraction=step.filter(goes_on & (step < 0)).sum(),
            reactivation=pl.col("mrr").filter(pl.col("last") < pl.col("month") - 1).sum(),
        )
        ends = pl.col("next").is_null() | (pl.col("next") > pl.col("month") + 1)
        gone = rows.filter(ends & (pl.col("month") < closes - 1)).group_by(pl.col("month") + 1)
        both = came.join(gone.agg(churn=-pl.col("mrr").sum()), on="month", how="full", coalesce=True)
        return both.fill_null(0).sort("month").collect()

    def trailing() -> Any:
        later = mrr.select("account", month=pl.col("month") - TRAILING, top="mrr")
        opened = mrr.filter(pl.col("month") + TRAILING < closes)
        joined = opened.join(later, on=["account", "month"], how="left").group_by("month", "csm")
        return joined.agg(top=pl.col("top").sum(), bottom=pl.col("mrr").sum()).sort("month", "csm").collect()

    def cohorts() -> Any:
        first = mrr.group_by("account").agg(cohort=pl.col("month").min(), start=pl.col("mrr").sort_by("month").first())
        aged = mrr.join(first, on="account").with_columns(age=pl.col("month") - pl.col("cohort"))
        cells = aged.group_by("cohort", "age").agg(
            logo=pl.len(), gross=pl.min_horizontal("mrr", "start").sum(), net=pl.col("mrr").sum()
        )
        return cells.sort("cohort", "age").collect()

    return {"movements": moved, "trailing": trailing, "cohorts": cohorts}


def pandas_works(table: pd.DataFrame, closes: int) -> dict[str, Work]:
    """pandas: groupby and shift with a test for gaps, merges for the rest."""

    def moved() -> pd.DataFrame:
        rows = table.sort_values(["account", "month"])
        by = rows.groupby("account")
        last, following, level = by["month"].shift(1), by["month"].shift(-1), by["mrr"].shift(1)
        step = rows["mrr"] - level
        goes_on, ends = last == rows["month"] - 1, following != rows["month"] + 1
        sums = {
            "new": rows["mrr"].where(last.isna(), 0),
            "expansion": step.where(goes_on & (step > 0), 0),
            "contraction": step.where(goes_on & (step < 0), 0),
            "reactivation": rows["mrr"].where(last < rows["month"] - 1, 0),
        }
        came = pd.DataFrame(sums).groupby(rows["month"]).sum()
        gone = -rows["mrr"].where(ends & (rows["month"] < closes - 1), 0).groupby(rows["month"] + 1).sum()
        return came.assign(churn=gone).reindex(range(closes)).fillna(0).reset_index()

    def trailing() -> pd.DataFrame:
        later = table.assign(month=table["month"] - TRAILING)[["account", "month", "mrr"]]
        opened = table[table["month"] + TRAILING < closes]
        both = opened.merge(later, on=["account", "month"], how="left", suffixes=("", "_later"))
        return both.groupby(["month", "csm"])[["mrr_later", "mrr"]].sum().reset_index()

    def cohorts() -> pd.DataFrame:
        rows = table.sort_values(["account", "month"])
        by = rows.groupby("account")
        start, cohort = by["mrr"].transform("first"), by["month"].transform("first")
        cells = rows.assign(cohort=cohort, age=rows["month"] - cohort, gross=np.minimum(rows["mrr"], start))
        found = cells.groupby(["cohort", "age"]).agg(logo=("mrr", "size"), gross=("gross", "sum"), net=("mrr", "sum"))
        return found.reset_index()

    return {"movements": moved, "trailing": trailing, "cohorts": cohorts}


def our_works(book: Book) -> dict[str, Work]:
    """Ours, from the loaded book; whatever it keeps between calls is made before the clock starts."""
    nrr = METRICS["net_revenue_retention"]
    return {
        "movements": lambda: movements(book),
        "trailing": lambda: nrr.tally(book, TRAILING, "csm"),
        "cohorts": lambda: triangles(book),
    }


def sums_of(name: str, found: Any, book: Book) -> np.ndarray:
    """What each column of an answer adds up to, so that all can be compared: exact whole numbers."""
    if name == "movements":
        scale = book.scale if "period" in found else 1
        return np.array([np.rint(np.sum(np.asarray(found[kind], dtype=float)) * scale) for kind in KINDS])
    if name == "trailing":
        if hasattr(found, "tops"):
            return np.array([found.tops.sum(), found.bottoms.sum()])
        top, bottom = ("mrr_later", "mrr") if "mrr_later" in found else ("top", "bottom")
        return np.array([np.asarray(found[column], dtype=float).sum() for column in (top, bottom)])
    if hasattr(found, "sums"):
        return np.array([found.sums[measure].sum() for measure in ("logo", "gross", "net")])
    return np.array([np.asarray(found[measure], dtype=float).sum() for measure in ("logo", "gross", "net")])


def compared(book: Book, rounds: int) -> Iterator[str]:
    """A row per figure: milliseconds of each, and how many times faster ours is than the best of the others."""
    table, closes = long_table(book), book.closes
    works = {"ours": our_works(book)}
    for name, made in (("DuckDB", duckdb_works), ("Polars", polars_works), ("pandas", pandas_works)):
        try:
            works[name] = made(table, closes)
        except ImportError:
            print(f"{name} is not installed: left out", file=sys.stderr)
    matrix = book.balance(0, 0)
    yield f"| what | {' | '.join(works)} | reading the array once | best of the others ÷ ours |"
    yield "| --- |" + " ---: |" * (len(works) + 2)
    for figure in works["ours"]:
        found = {name: sums_of(figure, each[figure](), book) for name, each in works.items()}
        for name, sums in found.items():
            assert np.array_equal(sums, found["ours"]), (figure, name, sums, found["ours"])
        gc.collect()
        times: dict[str, list[float]] = {name: [] for name in (*works, "once")}
        for _ in range(rounds):
            for name, each in works.items():
                times[name].append(seconds(each[figure]))
            times["once"].append(seconds(lambda: np.add.reduce(matrix.reshape(-1))))
        middle = {name: 1000 * statistics.median(spent) for name, spent in times.items()}
        best = min((middle[name] for name in works if name != "ours"), default=float("nan"))
        shown = " | ".join(f"{ms:,.1f}" for ms in middle.values())
        yield f"| {WORDS[figure]} | {shown} | {best / middle['ours']:,.0f} |"


WORDS = {
    "movements": "movements by month",
    "trailing": f"trailing net retention by {books.CSMS} CSMs, every month",
    "cohorts": "logo, gross and net cohorts by month",
}


def machine() -> str:
    """The processor as it names itself, its cores, the versions."""
    described = Path("/proc/cpuinfo")
    lines = described.read_text().splitlines() if described.exists() else []
    model = next((text.partition(":")[2].strip() for text in lines if text.startswith("model name")), "")
    return f"{model or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def load() -> str:
    """How busy the machine was, where it can tell: on a busy one whoever uses several cores is held back."""
    if not hasattr(os, "getloadavg"):
        return ""
    return f" Load of the machine meanwhile: {os.getloadavg()[0]:.0f}; measure again on a quiet one if above 1."


def main() -> None:
    """Measure, print, and keep the table."""
    accounts = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    book = books.book(accounts, MONTHS, handovers=False)
    rows = list(compared(book, rounds=5))
    told = (
        f"{accounts:,} accounts × {MONTHS} months on {machine()}. Milliseconds, medians of runs in turn; the sums of\n"
        "every answer are checked to be equal before. Ours starts from a loaded book, the others from the long table\n"
        f"in memory.{load()}"
    )
    lines = ["# Compared with others", "", told, "", *rows]
    RESULTS.write_text("\n".join(lines) + "\n", "utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
