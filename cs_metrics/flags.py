"""Flags: when a person said that an account was in trouble, how long that stood, and the losses it is held against.

A person flags an account by a row in ``risks`` or by a pulse of 1 or 2. A risk stands until it is closed, a low pulse
until a better one is given; flags of one account that stand at the same time are one. What the signals say by
themselves is no flag: it is shown beside them.

A loss is dated on the first day of the month at whose close nothing is paid any more, the earliest day it can have
happened, so that no warning looks earlier than it was.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from cs_metrics.book import Book, Dark
from cs_metrics.dials import dial

LOW_PULSE = 2
WATCHED_DAYS = 180
NOT_YET = np.datetime64("2262-01-01", "s")
NO_FLAGS = pd.DataFrame(
    {"row": np.empty(0, np.intp), "given": np.empty(0, "M8[s]"), "until": np.empty(0, "M8[s]"), "why": []}
).astype({"why": object})
NOTHING_FLAGGED = "No risk flags and no pulses: upload risks or pulses, or give them on an account's page."

IN_TIME = dial("foresight.in_time", "Days before a loss from which a flag is in time", 60, "days", least=1, most=365)
REMEMBERED = dial("foresight.remembered", "Days a flag counts after it was taken down", 365, "days", most=1825)


def flags(book: Book) -> pd.DataFrame:
    """Every flag a person gave: ``row, given, until, why``, in the order of rows and days; NOT_YET where it stands.

    Flags of one account that overlap are one, from the first day to the last, with the first's reason.
    Raises Dark where there is neither a table of risks nor one of pulses.
    """
    return book.kept(("flags", book.facts.day), lambda: _flags(book))


def _flags(book: Book) -> pd.DataFrame:
    found = list(_risk_flags(book)) + list(_pulse_flags(book))
    if not found:
        raise Dark(NOTHING_FLAGGED)
    every = pd.concat(found, ignore_index=True) if len(found) > 1 else found[0]
    every = every[every["until"] > every["given"]].sort_values(["row", "given"], kind="stable").reset_index(drop=True)
    if every.empty:
        return NO_FLAGS
    stands = every.groupby("row")["until"].cummax().groupby(every["row"]).shift()
    first = (stands.isna() | (every["given"] > stands)).to_numpy()
    part = np.cumsum(first) - 1
    until = np.maximum.reduceat(every["until"].to_numpy(), np.flatnonzero(first))
    assert len(until) == part[-1] + 1
    return every[first].assign(until=until).reset_index(drop=True)


def _risk_flags(book: Book) -> Iterator[pd.DataFrame]:
    if "risks" not in book.facts:
        return
    rows = book.facts["risks"]
    said = rows["reason"].astype(object).where(rows["reason"].notna(), "no reason given")
    yield _flag_rows(rows["row"], rows["opened_on"], rows["closed_on"], "risk: " + said.astype(str))


def _pulse_flags(book: Book) -> Iterator[pd.DataFrame]:
    """Low pulses, each standing until the next pulse of the account; a run of them is joined afterwards."""
    if "pulses" not in book.facts:
        return
    rows = book.facts["pulses"].dropna(subset=["given_on"]).sort_values(["row", "given_on"], kind="stable")
    until = rows.groupby("row")["given_on"].shift(-1)
    low = (rows["pulse"] <= LOW_PULSE).to_numpy()
    why = "pulse " + rows.loc[low, "pulse"].astype(int).astype(str)
    yield _flag_rows(rows.loc[low, "row"], rows.loc[low, "given_on"], until[low], why)


def _flag_rows(row: pd.Series, given: pd.Series, until: pd.Series, why: pd.Series) -> pd.DataFrame:
    given = given.astype("M8[s]")
    made = pd.DataFrame(
        {
            "row": row.to_numpy(dtype=np.intp),
            "given": given.to_numpy(),
            "until": until.astype("M8[s]").fillna(NOT_YET).to_numpy(),
            "why": why.to_numpy(dtype=object),
        }
    )
    return made[made["given"].notna()]


def flagging_since(book: Book) -> np.datetime64:
    """The first day on which anybody in the company flagged or gave a pulse. Raises Dark where nobody ever could."""
    tables = book.facts.tables
    days = [
        tables[name][when].min()
        for name, when in (("risks", "opened_on"), ("pulses", "given_on"))
        if name in tables and tables[name][when].notna().any()
    ]
    if not days:
        raise Dark(NOTHING_FLAGGED)
    return np.datetime64(min(days), "s")


def losses(book: Book) -> pd.DataFrame:
    """Every time an account stopped paying, and who had seen it: ``row, close, day, given, lead, why, counted``.

    ``given`` is the first day of the earliest flag that stood in the year before the loss (``foresight.remembered``),
    ``lead`` the days from it to the loss, not a number where nobody had flagged. ``counted`` says whether anybody
    could have flagged in time: a loss before the team's first flags and pulses tells nothing of foresight.
    """
    return book.kept(("losses", book.known_on, book.facts.day), lambda: _losses(book))


def _losses(book: Book) -> pd.DataFrame:
    since, given = flagging_since(book), flags(book)
    change = book.changes
    gone = (change.after == 0) & (change.before > 0)
    order = np.lexsort((change.close[gone], change.row[gone]))
    row, close = change.row[gone][order].astype(np.intp), change.close[gone][order]
    day = (book.first_close.ordinal + close).astype("datetime64[M]").astype("datetime64[s]")
    first = first_warning(row, day, given, int(REMEMBERED.of(book)))
    return pd.DataFrame({"row": row, "close": close, "day": day}).assign(
        given=first["given"].to_numpy(),
        lead=first["lead"].to_numpy(),
        why=first["why"].to_numpy(),
        counted=day >= since + np.timedelta64(int(IN_TIME.of(book)), "D"),
    )


def first_warning(row: np.ndarray, day: np.ndarray, given: pd.DataFrame, remembered: int) -> pd.DataFrame:
    """For each loss the earliest of the warnings that count: ``given, lead`` in days and ``why``; blank where none.

    A warning counts if it was given before the loss and still stood at some time in the ``remembered`` days before.

    >>> told = pd.DataFrame({"row": [0, 0], "given": ["2025-01-10", "2025-04-01"],
    ...                      "until": ["2025-02-01", "2025-05-02"], "why": ["pulse 2", "risk: price"]})
    >>> told = told.astype({"given": "M8[s]", "until": "M8[s]"})
    >>> lost = np.array(["2025-05-01"], dtype="M8[s]")
    >>> first_warning(np.array([0]), lost, told, 60)
           given  lead          why
    0 2025-04-01  30.0  risk: price
    >>> first_warning(np.array([0]), lost, told, 365)["lead"].item()
    111.0
    """
    asked = pd.DataFrame({"loss": np.arange(len(row)), "row": row, "day": day})
    both = asked.merge(given, on="row")
    earliest = both["day"] - pd.Timedelta(days=remembered)
    both = both[(both["given"] < both["day"]) & (both["until"] > earliest)]
    first = both.sort_values(["loss", "given"], kind="stable").drop_duplicates("loss").set_index("loss")
    first = first.reindex(asked["loss"]).rename_axis(None)
    return pd.DataFrame(
        {
            "given": first["given"].astype("M8[s]"),
            "lead": (first["given"].rsub(asked["day"])).dt.days.astype(float),
            "why": first["why"].astype(object),
        }
    )
