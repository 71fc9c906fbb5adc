"""Books to measure on: as many accounts and months as asked for, contracts that change a few times in their life."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from cs_metrics.assemble import book_of
from cs_metrics.book import Book

CSMS = 200


def frames_of(accounts: int, months: int, handovers: bool, seed: int = 1) -> dict[str, pd.DataFrame]:
    """Subscriptions, accounts and hand-overs of a company; half of the cells paid, two price changes per account."""
    rng = np.random.default_rng(seed)
    ids = np.array([f"ACC-{n:08d}" for n in range(accounts)])
    start = rng.integers(0, months, accounts)
    length = rng.integers(12, 61, accounts)
    pieces = []
    price = rng.integers(1_000, 100_000, accounts) * 36
    cut = np.sort(rng.integers(1, 60, (accounts, 2)), axis=1)
    edges = np.column_stack([start, np.minimum(start[:, None] + cut, (start + length)[:, None]), start + length])
    for piece in range(3):
        begin, end = edges[:, piece], edges[:, piece + 1]
        kept = (begin < end) & (begin < months)
        pieces.append(
            pd.DataFrame({"account": np.flatnonzero(kept), "begin": begin[kept], "end": end[kept], "mrr": price[kept]})
        )
        price = np.rint(price * rng.choice([0.9, 1.1, 1.25], accounts)).astype(np.int64)
    every = pd.concat(pieces)
    first = np.datetime64("2020-01", "M")
    subscriptions = pd.DataFrame(
        {
            "subscription_id": np.arange(len(every)).astype(str),
            "account_id": pd.Categorical.from_codes(every["account"].to_numpy(), ids),
            "start_date": (first + every["begin"].to_numpy()).astype("datetime64[s]"),
            "end_date": pd.Series((first + every["end"].to_numpy()).astype("datetime64[s]"))
            .where((every["end"] < months).to_numpy())
            .to_numpy(),
            "mrr": every["mrr"].to_numpy(),
        }
    )
    names = np.array([f"CSM {n:03d}" for n in range(CSMS)])
    listed = pd.DataFrame(
        {
            "account_id": ids,
            "csm": names[rng.integers(0, CSMS, accounts)],
            "segment": rng.choice(["SMB", "Mid", "Enterprise"], accounts),
        }
    )
    tables = {"subscriptions": subscriptions, "accounts": listed}
    if handovers:
        moved = rng.choice(accounts, accounts // 20, replace=False)
        tables["owners"] = pd.DataFrame(
            {
                "account_id": np.r_[ids[moved], ids[moved]],
                "csm": names[rng.integers(0, CSMS, 2 * len(moved))],
                "from_date": pd.to_datetime(["2019-12-01"] * len(moved) + ["2022-05-03"] * len(moved)).astype(
                    "datetime64[s]"
                ),
            }
        )
    return tables


def book(accounts: int, months: int = 60, handovers: bool = True) -> Book:
    """A book of so many accounts and months, loaded."""
    return book_of(
        frames_of(accounts, months, handovers), until=pd.Period("2020-01", "M") + months - 1, today=date(2026, 1, 1)
    )


def write_csv(path: Path, accounts: int, months: int) -> int:
    """Such revenue as a long CSV, one row per account and month; how many rows it has."""
    made = book(accounts, months, handovers=False)
    balance = made.balance(0, 0)[made.lead :]
    close, row = np.nonzero(balance)
    labels = np.array([str(month) for month in made.months])
    table = pd.DataFrame(
        {
            "account_id": made.accounts.index.to_numpy()[row],
            "month": labels[close],
            "mrr": (balance[close, row] / 3600).round(2),
        }
    )
    table.to_csv(path, index=False)
    return len(table)
