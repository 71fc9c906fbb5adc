"""Sheets put together: those of one table as one, and what tables of revenue say of their accounts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from cs_metrics.read.check import check_keys, with_ids
from cs_metrics.read.found import Part, Reading


def joined(parts: list[Part], reading: Reading) -> pa.Table:
    """The sheets of one table as one; the same key twice is refused, wherever the two stand."""
    if len(parts) > 1:
        places = " and ".join(part.sheet.place for part in parts)
        reading.assumed.append(f"{places} are both {parts[0].match.table}: their rows are put together")
    row = parts[0].match.row
    rows = (
        pa.concat_tables([part.rows for part in parts], promote_options="permissive")
        .unify_dictionaries()
        .combine_chunks()
    )
    keep = check_keys(row, rows, [(part.sheet, part.numbers) for part in parts], reading.troubles)
    if keep.all():
        return with_ids(row, rows)
    left = np.split(keep, np.cumsum([len(part.rows) for part in parts])[:-1])
    gone = {(p.sheet.file, p.sheet.name): int((~k).sum()) for p, k in zip(parts, left, strict=True)}
    reading.counts[:] = [c._replace(kept=c.kept - gone.get((c.file, c.sheet), 0)) for c in reading.counts]
    return with_ids(row, rows.filter(pa.array(keep)))


def add_descriptions(parts: list[Part], reading: Reading) -> None:
    """Names, CSMs and segments found in tables of revenue, where no list of accounts says them.

    A CSM that changes from month to month is a hand-over.
    """
    found = [part for part in parts if part.match.describing]
    if not found:
        return
    names = list(dict.fromkeys(name for part in found for name in part.match.describing))
    every = pd.concat(
        [
            part.rows.select([c for c in ("account_id", "month", *names) if c in part.rows.column_names]).to_pandas()
            for part in found
        ]
    )
    every["account_id"] = every["account_id"].astype(str)
    if "month" in every:
        every = every.sort_values("month", kind="stable")
        if "csm" in every and "owners" not in reading.tables:
            _add_handovers(every, reading)
    said = every.groupby("account_id", sort=False)[names].last().reset_index()
    accounts = reading.tables.get("accounts")
    if accounts is None:
        reading.tables["accounts"] = pa.Table.from_pandas(said, preserve_index=False)
        reading.assumed.append(f"there is no list of accounts: {', '.join(names)} are taken from the revenue")
        return
    for name in names:
        if name not in accounts.column_names:
            values = pd.Series(accounts["account_id"].to_pandas().astype(str)).map(said.set_index("account_id")[name])
            accounts = accounts.append_column(name, pa.array(values, pa.string(), from_pandas=True))
    reading.tables["accounts"] = accounts


def _add_handovers(every: pd.DataFrame, reading: Reading) -> None:
    held = every.dropna(subset=["csm"]).drop_duplicates(["account_id", "month"], keep="last")
    before = held.groupby("account_id")["csm"].shift()
    changed = held[before != held["csm"]]
    if (changed["account_id"].value_counts() > 1).any():
        day = pd.to_datetime(changed["month"].astype(str) + "01", format="%Y%m%d")
        table = changed[["account_id", "csm"]].assign(from_date=day.dt.date)
        reading.tables["owners"] = pa.Table.from_pandas(table, preserve_index=False)
        reading.assumed.append(
            "the CSM changes from month to month: each change is a hand-over on the first of its month"
        )
