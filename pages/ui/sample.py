"""The sample company's database, filled in two imports, so that there is something that changed between them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import streamlit as st

from cs_metrics.read.reading import read_paths
from cs_metrics.store.batches import Brought, import_batch, latest_batch

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "sample_data"
LATE, WRONG, UNTOLD = 2, 3, 45


@st.cache_resource(show_spinner="Preparing the sample company…")
def sample_store(scope: str) -> str:
    """The database of the sample company; made anew where its files have changed."""
    files = sorted(SAMPLE.glob("*.csv"))
    seal = hashlib.sha256(b"2" + b"".join(file.read_bytes() for file in files)).hexdigest()[:10]
    folder = Path(os.environ.get("CS_METRICS_SAMPLE", ROOT / "data"))
    address = f"sqlite:///{folder / f'sample-{seal}.db'}"
    if latest_batch(address) == 0:
        reading = read_paths(list(files)).usable()
        brought = [Brought(file.name, file.sha256, len(file.data)) for file in reading.files]
        first, close = two_imports(reading.tables)
        import_batch(address, first, brought, "Sample", "the book, up to the last month but one")
        made = hashlib.sha256(f"close of the last month {seal}".encode()).hexdigest()
        size = sum(rows.nbytes for rows in close.values())
        what = "the last month, and what was put right"
        import_batch(address, close, [Brought("close of the month.csv", made, size)], "Sample", what)
    return address


def two_imports(tables: dict[str, pa.Table]) -> tuple[dict[str, pa.Table], dict[str, pa.Table]]:
    """The tables as they were first known, and what the close of the last month added to them and put right.

    Missing at first: the last month's MRR, two accounts' month before (entered late), hand-overs of the last weeks;
    and three accounts' month before was wrong. Both imports together say what the tables say.
    """
    mrr, owners = tables["mrr"], tables["owners"]
    months = np.unique(mrr["month"].to_numpy())
    last, before = int(months[-1]), int(months[-2])
    at_before = mrr["month"].to_numpy() == before
    ids = mrr["account_id"].combine_chunks().cast(pa.string()).to_numpy(zero_copy_only=False)
    paying = np.flatnonzero(at_before & (mrr["mrr"].to_numpy() > 0))[::17]
    late, wrong = paying[:LATE], paying[LATE : LATE + WRONG]
    out = (mrr["month"].to_numpy() == last) | (at_before & np.isin(ids, ids[late]))
    was = mrr["mrr"].to_numpy().copy()
    was[wrong] = was[wrong] * 9 // 10
    known = mrr.set_column(mrr.column_names.index("mrr"), "mrr", pa.array(was, mrr.schema.field("mrr").type))
    days = owners["from_date"].to_numpy().astype("datetime64[D]")
    new = days > days.max() - np.timedelta64(UNTOLD, "D")
    changed = out.copy()
    changed[wrong] = True
    first = {**tables, "mrr": known.filter(pa.array(~out)), "owners": owners.filter(pa.array(~new))}
    return first, {"mrr": mrr.filter(pa.array(changed)), "owners": owners.filter(pa.array(new))}
