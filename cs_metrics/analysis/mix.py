"""What the mix of accounts explains: small accounts and some segments keep less, whoever looks after them."""

from __future__ import annotations

import numpy as np

from cs_metrics.book import Book

SIZES = 3
FEWEST_IN_A_KIND = 30


def kinds_of_accounts(book: Book, opening: np.ndarray) -> np.ndarray:
    """Which accounts are of a kind: by segment, and small, middle or large by what they paid at the opening.

    One number per row of the book, 0 for those that paid nothing. A kind has 30 accounts or more: smaller ones are
    put together, within their segment where that is enough, else with the smallest other kind there is.
    """
    paid = np.flatnonzero(opening > 0)
    segment = book.groups("segment")[1][paid] if "segment" in book.accounts else np.zeros(len(paid), dtype=np.intp)
    size = np.zeros(len(paid), dtype=np.intp)
    if len(paid):
        size = np.searchsorted(np.quantile(opening[paid], np.arange(1, SIZES) / SIZES), opening[paid])
    kind = segment * SIZES + size
    kind = _joined(_joined(kind, segment), np.zeros_like(segment))
    _, kind = np.unique(kind, return_inverse=True)
    out = np.zeros(len(book), dtype=np.intp)
    out[paid] = kind + 1
    return out


def _joined(kind: np.ndarray, within: np.ndarray) -> np.ndarray:
    """Kinds too small put together within a group; what is still too small goes to the smallest kind there is."""
    count = np.bincount(kind)
    group, new = np.zeros(len(count), dtype=np.intp), np.arange(len(count))
    group[kind] = within
    for each in np.unique(within):
        there = np.flatnonzero((group == each) & (count > 0))
        few, enough = (there[which] for which in (count[there] < FEWEST_IN_A_KIND, count[there] >= FEWEST_IN_A_KIND))
        if len(few):
            alone = count[few].sum() >= FEWEST_IN_A_KIND or not len(enough)
            new[few] = few[0] if alone else enough[count[enough].argmin()]
    return new[kind]


def expected_of_mix(kind: np.ndarray, person: np.ndarray, top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """What the whole team kept of accounts like each person's, one figure per person; blank without an opening.

    All arrays have one entry per account and person. Weighted by the bottoms, these figures add up to the team's.

    >>> kind, person = np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1])
    >>> expected_of_mix(kind, person, np.array([8.0, 30, 12, 10]), np.array([10.0, 40, 10, 40])).round(4).tolist()
    [0.6, 0.6]
    """
    tops, bottoms = np.bincount(kind, top), np.bincount(kind, bottom)
    rate = np.divide(tops, bottoms, out=np.zeros(len(tops)), where=bottoms > 0)
    share, whole = np.bincount(person, bottom * rate[kind]), np.bincount(person, bottom)
    return np.divide(share, whole, out=np.full(len(whole), np.nan), where=whole > 0)
