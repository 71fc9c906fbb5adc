"""The change log: the few cells of a matrix of balances that differ from the close before.

Contracts change a few times in their life, so the log is a twentieth of the matrix and everything that happens
to revenue can be folded from it. Where prices change every month the log is longer than the matrix, and whoever
asks goes back to the matrix (``worth_it``).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Changes(NamedTuple):
    """One entry per change: at which close, of which row, from what to what; and how many cells were compared."""

    close: np.ndarray
    row: np.ndarray
    before: np.ndarray
    after: np.ndarray
    cells: int

    @property
    def worth_it(self) -> bool:
        """Is folding the log cheaper than going through the matrix?"""
        return len(self.close) * 5 < self.cells


def changes_in(balance: np.ndarray) -> Changes:
    """The changes of a matrix closes × rows.

    >>> log = changes_in(np.array([[5, 0], [5, 7], [9, 7]]))
    >>> log.close.tolist(), log.row.tolist(), log.before.tolist(), log.after.tolist()
    ([1, 2], [1, 0], [0, 5], [7, 9])
    """
    n = balance.shape[1]
    found = [np.flatnonzero(later != earlier) for earlier, later in zip(balance, balance[1:], strict=False)]
    row = np.concatenate(found) if found else np.empty(0, dtype=np.intp)
    close = np.repeat(np.arange(1, len(found) + 1), [len(rows) for rows in found])
    flat, cell = balance.reshape(-1), close * n + row
    return Changes(close, row, flat[cell - n], flat[cell], balance.size)
