"""Every signal: whether it can be told, for whom it fires now, and how much MRR is theirs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_metrics.book import Book
from cs_metrics.signal import SIGNALS, Signal

COLUMNS = ("signal", "purpose", "accounts", "mrr", "weight", "dark", "when")


def registry(book: Book) -> pd.DataFrame:
    """Every signal on the book's day: ``signal, label, purpose, when, reads, dark, accounts, mrr``.

    ``accounts`` and ``mrr`` are the customers it fires for, blank where it cannot be told; ``dark`` says what to add.
    """
    return book.kept(("signal registry", book.known_on), lambda: _registry(book))


def _registry(book: Book) -> pd.DataFrame:
    mrr = book.balance(0, 0)[-1]
    rows = []
    for each in SIGNALS.values():
        dark = each.dark(book)
        which = np.zeros(len(book), dtype=bool) if dark else firing(book, each) & (mrr > 0)
        rows.append(
            {
                "signal": each.name,
                "label": each.label,
                "purpose": each.purpose,
                "when": each.when(book),
                "reads": ", ".join(n if isinstance(n, str) else " or ".join(n) for n in each.needs) or "revenue",
                "dark": dark or "",
                "accounts": np.nan if dark else float(which.sum()),
                "mrr": np.nan if dark else float(mrr[which].sum() / book.scale),
                "weight": each.weight_of(book) if each.purpose == "risk" else np.nan,
            }
        )
    return pd.DataFrame(rows)


def accounts_firing(book: Book, signal: Signal) -> pd.DataFrame:
    """The customers a signal fires for, with its sentence, most MRR first."""
    return listed(book, firing(book, signal) & (book.balance(0, 0)[-1] > 0), signal, book)


def firing(book: Book, signal: Signal) -> np.ndarray:
    """Which accounts it fires for: yes or no for each."""
    which = np.zeros(len(book), dtype=bool)
    which[signal.fired(book)["row"].to_numpy()] = True
    return which


def listed(book: Book, which: np.ndarray, signal: Signal, told: Book) -> pd.DataFrame:
    """These accounts with the sentence of a signal, as the book ``told`` says it; most MRR first."""
    reasons = signal.fired(told).drop_duplicates("row").set_index("row")["reason"]
    rows = np.flatnonzero(which)
    mrr = book.balance(0, 0)[-1]
    rows = rows[np.argsort(-mrr[rows], kind="stable")]
    return pd.DataFrame(
        {
            "account_id": book.accounts.index[rows],
            "name": book.accounts["name"].to_numpy()[rows],
            "csm": book.csm_now[rows],
            "mrr": mrr[rows] / book.scale,
            "reasons": reasons.reindex(rows).to_numpy(),
        }
    )
