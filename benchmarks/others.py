"""The same figures as others make them: DuckDB SQL, Polars lazy, pandas. Each runs in a process of its own.

``python -m benchmarks.others DuckDB <folder>`` takes the long table of the folder (a file per column), then one figure
per line from its input, and answers each with how long it took and what its columns add up to.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.timing import seconds

TRAILING = 12
FIGURES = ("movements", "trailing", "cohorts")
KINDS = ("new", "expansion", "contraction", "churn", "reactivation")
MEASURES = ("logo", "gross", "net")
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


WAYS = {"DuckDB": duckdb_works, "Polars": polars_works, "pandas": pandas_works}


def sums_of(figure: str, found: Any) -> list[int]:
    """What each column of an answer adds up to: exact whole numbers, so that all can be compared."""
    if figure == "trailing":
        columns = ("mrr_later", "mrr") if "mrr_later" in found else ("top", "bottom")
    else:
        columns = KINDS if figure == "movements" else MEASURES
    return [int(np.rint(np.asarray(found[column], dtype=float).sum())) for column in columns]


def main() -> None:
    """Answer figure after figure, each timed, until there is no more to answer."""
    name, folder = sys.argv[1], Path(sys.argv[2])
    try:
        __import__(name.casefold())
    except ImportError:
        print(json.dumps({"missing": name}), flush=True)
        return
    columns = {path.stem: np.load(path, mmap_mode="r") for path in sorted(folder.glob("*.npy"))}
    table = pd.DataFrame(columns, columns=["account", "csm", "month", "mrr"], copy=False)
    works = WAYS[name](table, int((folder / "closes").read_text()))
    print(json.dumps({"ready": name}), flush=True)
    for line in sys.stdin:
        figure, answers = line.strip(), []
        spent = seconds(lambda work=works[figure], into=answers: into.append(work()))  # type: ignore[misc]
        print(json.dumps({"seconds": spent, "sums": sums_of(figure, answers[0])}), flush=True)


if __name__ == "__main__":
    main()
