"""What was each account asked to do for us, what came of it, and who is tired of being asked?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_metrics.analysis.risk import described
from cs_metrics.book import Book
from cs_metrics.dials import dial
from cs_metrics.lately import days_before
from cs_metrics.signals.advocacy import RESTS

YEAR = 365
MOST = dial("advocates.asks", "Asks an account is given in a year", 4, "count", least=1, most=52)
HOLDS = dial("advocates.holds", "Days a validated reference counts", 730, "days", least=30, most=3650)
KINDS = ("reference", "case study", "review", "referral", "speaker")
STATES = ("waiting", "agreed", "declined", "done")
NO = ("no", "declined", "refused", "n", "false")
COLUMNS = ["row", "kind", "asked", "asked_on", "done_on", "validated_by", "answer", "use_case", "asked_by", "state"]


def asks(book: Book) -> pd.DataFrame:
    """Every ask, one row each, oldest first: what was asked, when, and its ``state``.

    Rows of one account, kind and day asked are one ask, of which the latest row tells; what was done without an ask
    known counts as asked on that day (``asked``). An ask is done, declined, agreed (said yes, not done yet), or
    waiting for an answer.
    """
    return book.kept(("asks", book.known_on), lambda: _asks(book))


def _asks(book: Book) -> pd.DataFrame:
    if "advocacy" not in book.facts:
        return pd.DataFrame(columns=COLUMNS).astype(
            {"row": np.intp, "asked": "datetime64[s]", "done_on": "datetime64[s]"}
        )
    rows = book.facts["advocacy"]
    kind = rows["kind"].astype(object).where(rows["kind"].notna(), "unnamed").astype(str).str.strip().str.casefold()
    rows = rows.assign(kind=kind, asked=rows["asked_on"].fillna(rows["done_on"]), place=np.arange(len(rows)))
    known = ["asked_on", "done_on", "validated_by", "answer", "use_case", "asked_by", "place"]
    one = rows.sort_values("place").groupby(["row", "kind", "asked"], sort=False)[known].last().reset_index()
    no = one["answer"].astype(object).fillna("").astype(str).str.casefold().isin(NO)
    said = one["answer"].notna()
    state = np.select([one["done_on"].notna(), no, said], ["done", "declined", "agreed"], "waiting")
    return one.assign(state=state).sort_values(["asked", "place"], kind="stable")[COLUMNS].reset_index(drop=True)


def asked(book: Book) -> pd.DataFrame:
    """When each account was last asked, how often in a year, and why it should be left alone: accounts × 3.

    ``last_asked`` the day of the last ask or act, ``asks`` how many in the last 365 days, ``tired`` the sentence that
    says why not to ask now (asked within the days of rest, as often as a year allows, or an answer is awaited), else
    nothing.
    """
    return book.kept(("asked", book.known_on), lambda: _asked(book))


def _asked(book: Book) -> pd.DataFrame:
    every = asks(book)
    touched = every[["asked", "done_on"]].max(axis=1)
    every = every.assign(touched=touched, days=np.maximum(days_before(book, touched), 0))
    last = every.groupby("row").agg(last_asked=("touched", "max"), days=("days", "min"))
    last = last.reindex(np.arange(len(book)))
    recent = every[days_before(book, every["asked"]) <= YEAR]
    count = recent.groupby("row").size().reindex(last.index, fill_value=0)
    waiting = every[(every["state"] == "waiting") & (days_before(book, every["asked"]) <= YEAR)]
    awaited = last.index.isin(waiting["row"])
    soon, often = (last["days"] <= RESTS.of(book)).to_numpy(), (count >= MOST.of(book)).to_numpy()
    days = [_ago(n) if n == n else "" for n in last["days"]]
    tired = np.full(len(book), None, dtype=object)
    for row in np.flatnonzero(often | soon | awaited):
        said = [f"asked {days[row]}"] if soon[row] else []
        said += [f"{count.iloc[row]} asks in a year"] if often[row] else []
        tired[row] = ", ".join(said or ["an answer is awaited"])
    return pd.DataFrame(
        {"last_asked": last["last_asked"], "asks": count, "tired": pd.Series(tired, last.index, dtype=object)}
    )


def _ago(days: float) -> str:
    return "today" if days == 0 else "yesterday" if days == 1 else f"{days:.0f} days ago"


def validated(book: Book) -> pd.DataFrame:
    """The customers with a validated reference that still counts: ``validated_by, validated_on`` by account.

    A reference is an ask of that kind that was done and that somebody named validated, at most two years ago.
    """
    return book.kept(("validated", book.known_on), lambda: _validated(book))


def _validated(book: Book) -> pd.DataFrame:
    every = asks(book)
    good = (every["kind"] == "reference") & (every["state"] == "done") & every["validated_by"].notna()
    good &= days_before(book, every["done_on"]) <= HOLDS.of(book)
    last = every[good].sort_values("done_on", kind="stable").drop_duplicates("row", keep="last").set_index("row")
    last = last[book.balance(0, 0)[-1][last.index.to_numpy(dtype=np.intp)] > 0]
    return last[["validated_by", "done_on"]].rename(columns={"done_on": "validated_on"})


def waiting(book: Book) -> pd.DataFrame:
    """The asks that wait for an answer or for the deed, oldest first: ``account_id, name, kind, asked_on, state``."""
    every = asks(book)
    still = every[every["state"].isin(("waiting", "agreed"))]
    rows = still["row"].to_numpy(dtype=np.intp)
    return described(book, rows).assign(
        kind=still["kind"].to_numpy(),
        asked_on=still["asked"].to_numpy(),
        state=still["state"].to_numpy(),
        use_case=still["use_case"].to_numpy(),
        days=days_before(book, still["asked"]).clip(lower=0).to_numpy(),
    )


def references(book: Book) -> pd.DataFrame:
    """The customers that were asked for anything, or did it: what, who validated, last asked, who is tired.

    Validated references first, then those asked longest ago.
    """
    every, good, lately = asks(book), validated(book), asked(book)
    done = every[every["state"] == "done"]
    counts = done.groupby(["row", "kind"], sort=False).size().reset_index(name="n")
    said = counts["kind"] + np.where(counts["n"] > 1, " × " + counts["n"].astype(str), "")
    did = said.groupby(counts["row"]).agg(", ".join)
    cases = every.dropna(subset=["use_case"]).groupby("row")["use_case"].agg(lambda c: ", ".join(dict.fromkeys(c)))
    rows = np.unique(every["row"].to_numpy(dtype=np.intp))
    rows = rows[book.balance(0, 0)[-1][rows] > 0]
    table = described(book, rows).assign(
        did=did.reindex(rows).to_numpy(),
        validated_by=good["validated_by"].reindex(rows).to_numpy(),
        validated_on=good["validated_on"].reindex(rows).to_numpy(),
        last_asked=lately["last_asked"].to_numpy()[rows],
        asks=lately["asks"].to_numpy()[rows],
        tired=lately["tired"].to_numpy()[rows],
        use_case=cases.reindex(rows).to_numpy(),
    )
    order = table.assign(none=table["validated_on"].isna()).sort_values(["none", "last_asked"], kind="stable").index
    return table.loc[order].assign(rank=np.arange(1, len(table) + 1)).reset_index(drop=True)
