"""What customers are being offered, by stage, and what was won and lost of it, by who held the account."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from cs_metrics.book import Book, Dark
from cs_metrics.lately import days_before

YEAR = 365
FEWEST = 15
CLOSED = r"\bclosed\b|\bwon\b|\blost\b"
ORDER = (r"prospect|lead|identif|new", r"qualif|discover|contact", r"demo|evaluat|trial|solution|present",
         r"propos|quote|offer|pricing", r"negotiat|contract|legal|procure", r"commit|verbal|sign")  # fmt: skip
UNKNOWN_STAGE = "No stage"


def offers(book: Book) -> pd.DataFrame:
    """What was offered beside renewals: ``row, product, kind, stage, amount, opened_on, closes_on, open, won``.

    An offer is closed once it is won or lost, or, where that is never told, once its stage says so. Raises Dark where
    there is no such table.
    """
    if "opportunities" not in book.facts:
        raise Dark("Add the table opportunities.")
    return book.kept("offers", lambda: _offers(book))


def _offers(book: Book) -> pd.DataFrame:
    rows = book.facts["opportunities"]
    stages, kinds = (_distinct(rows, name) for name in ("stage", "kind"))
    said = stages.where(CLOSED)
    told = rows["won"].to_numpy(dtype=object) if "won" in rows else np.full(len(rows), None, dtype=object)
    won, closed = told == True, pd.notna(told)  # noqa: E712  blank is neither
    if not book.knows("opportunities.won"):
        won, closed = stages.where(r"\bwon\b"), said
    stage = np.where((stages.texts() == "") | (said & ~closed), UNKNOWN_STAGE, stages.texts())
    blank = pd.Series(None, index=rows.index, dtype=object)
    product = rows.get("product", blank).astype(object)
    made = pd.DataFrame(
        {
            "row": rows["row"].to_numpy(),
            "product": product.where(product.notna(), None).to_numpy(),
            "kind": kinds.texts(),
            "stage": stage,
            "amount": rows.get("amount", blank).to_numpy(dtype=float, na_value=np.nan),
            "opened_on": rows["opened_on"].to_numpy() if "opened_on" in rows else pd.NaT,
            "closes_on": rows["closes_on"].to_numpy() if "closes_on" in rows else pd.NaT,
            "open": ~closed.astype(bool),
            "won": won.astype(bool),
        }
    )
    return made[~kinds.where(r"^renewals?$")].reset_index(drop=True)


class Distinct(NamedTuple):
    """A column of few different texts: each row's, by its place among them."""

    codes: np.ndarray
    words: pd.Series

    def texts(self) -> np.ndarray:
        """Each row's text."""
        return self.words.to_numpy(dtype=object)[self.codes]

    def where(self, pattern: str) -> np.ndarray:
        """Which rows' texts are of this pattern, in any case."""
        return self.words.str.contains(pattern, case=False).to_numpy(dtype=bool)[self.codes]


def _distinct(rows: pd.DataFrame, name: str) -> Distinct:
    if name not in rows:
        return Distinct(np.zeros(len(rows), dtype=np.intp), pd.Series([""]))
    codes, words = pd.factorize(rows[name])
    listed = [*(str(word).strip() for word in words), ""]
    return Distinct(np.where(codes < 0, len(listed) - 1, codes), pd.Series(listed, dtype=object))


def win_rate(book: Book) -> tuple[float, int]:
    """How many of the offers closed in the last year were won, blank below 15 of them; and how many closed."""
    rows = offers(book)
    closed = rows[~rows["open"] & days_before(book, rows["closes_on"]).between(0, YEAR)]
    share = float(closed["won"].mean()) if len(closed) >= FEWEST else float("nan")
    return share, len(closed)


def open_offers(book: Book) -> pd.DataFrame:
    """The open offers of customers, by stage, then most MRR first.

    One row per offer: ``account_id, name, csm, mrr, product, kind, stage, amount, open_days``.
    """
    rows = offers(book)
    mrr = book.balance(0, 0)[-1] / book.scale
    place = rows["row"].to_numpy(dtype=np.intp)
    rows = rows[rows["open"] & (mrr[place] > 0)]
    place = rows["row"].to_numpy(dtype=np.intp)
    found = pd.DataFrame(
        {
            "account_id": book.accounts.index[place],
            "name": book.accounts["name"].to_numpy()[place],
            "csm": book.csm_now[place],
            "mrr": mrr[place],
            "product": rows["product"].to_numpy(),
            "kind": rows["kind"].to_numpy(),
            "stage": rows["stage"].to_numpy(),
            "amount": rows["amount"].to_numpy() / book.scale,
            "open_days": days_before(book, rows["opened_on"]).clip(lower=0).to_numpy(dtype=float),
        }
    )
    rank = {stage: _rank(stage) for stage in found["stage"].unique()}
    return found.assign(order=found["stage"].map(rank)).sort_values(
        ["order", "stage", "amount"], ascending=[True, True, False], kind="stable", ignore_index=True
    ).drop(columns="order")  # fmt: skip


def _rank(stage: str) -> int:
    """Where a stage stands on the usual way, by its words; the unknown ones at the end."""
    found = pd.Series(ORDER).map(lambda words: bool(pd.Series([stage]).str.contains(words, case=False).iloc[0]))
    return int(found.to_numpy().argmax()) if found.any() else len(ORDER)


def by_stage(book: Book, share: float | None = None) -> pd.DataFrame:
    """The pipeline: ``stage, offers, amount, weighted``; weighted is by the share of last year's offers that was won.

    Blank where no amount is known, or too few offers of the whole company were closed in the year to tell; ``share``
    is that share, where it is known already.
    """
    rows, share = open_offers(book), win_rate(book.company)[0] if share is None else share
    each = rows.groupby("stage", sort=False)
    table = pd.DataFrame({"offers": each.size(), "amount": each["amount"].sum(min_count=1)})
    return table.assign(weighted=table["amount"] * share).rename_axis("stage").reset_index()


def won_and_lost(book: Book, months: int) -> pd.DataFrame:
    """The offers closed in the last months: ``account_id, name, csm, product, kind, amount, closed_on, won``.

    ``csm`` held the account at the close of that month. Offers without a closing day are not placed in time.
    """
    rows = offers(book)
    rows = rows[~rows["open"] & rows["closes_on"].notna()]
    close = book.closes_of(rows["closes_on"])
    inside = (close > book.closes - 1 - months) & (close < book.closes) & (close >= 0)
    rows, close = rows[inside], close[inside]
    place = rows["row"].to_numpy(dtype=np.intp)
    holder = book.owners.held[close, place] if len(rows) else np.zeros(0, dtype=np.intp)
    mine = np.ones(len(rows), dtype=bool) if book.whose is None else np.isin(holder, list(book.whose))
    found = pd.DataFrame(
        {
            "account_id": book.accounts.index[place],
            "name": book.accounts["name"].to_numpy()[place],
            "csm": book.owners.names.to_numpy(dtype=object)[holder],
            "product": rows["product"].to_numpy(),
            "kind": rows["kind"].to_numpy(),
            "amount": rows["amount"].to_numpy() / book.scale,
            "closed_on": rows["closes_on"].to_numpy(),
            "won": rows["won"].to_numpy(),
        }
    )[mine]
    return found.sort_values("amount", ascending=False, kind="stable", ignore_index=True)


def by_csm(closed: pd.DataFrame) -> pd.DataFrame:
    """Won and lost by CSM, in the order of their names: ``csm, won, won_mrr, lost, lost_mrr``. Not a ranking."""
    names = sorted(closed["csm"].unique())
    table = pd.DataFrame({"csm": names})
    for word, rows in (("won", closed[closed["won"]]), ("lost", closed[~closed["won"]])):
        each = rows.groupby("csm")["amount"]
        table[word] = each.size().reindex(names, fill_value=0).to_numpy()
        table[f"{word}_mrr"] = each.sum(min_count=1).reindex(names).to_numpy()
    return table
