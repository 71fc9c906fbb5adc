"""Which would have told: the data alone, the CSM's pulse alone, or both together, on the same customers?

The health score holds the pulse as one of its parts, so the score as it is shown is "both"; without that part it is
"data alone". All three are asked about the same customers on the same days, those of whom both are known.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from cs_metrics.analysis.backtest import FEWEST_LOSSES, Range, Snapshot, auc, auc_gain, worked_hits
from cs_metrics.analysis.quarter_ends import Then
from cs_metrics.book import UNASSIGNED, Book
from cs_metrics.dials import dial
from cs_metrics.health import PARTS, joined
from cs_metrics.months import month

BOTH, DATA, GUT = "Both: the health score", "Data alone: the score without the pulse", "Pulse alone"
COLUMNS = ("score", "n", "events", "auc", "low", "high", "precision", "recall", "lift")
WORKED = dial("backtest.worked", "Accounts a CSM can work at a time", 5, "count", least=1, most=200)


class Contest(NamedTuple):
    """The three side by side, ``table`` with COLUMNS; ``adds`` is what the other adds to each alone, in AUC.

    ``reason`` says why there is none.
    """

    table: pd.DataFrame
    adds: dict[str, Range]
    reason: str = ""


def contest(past: list[Then], budgets: list[int], least_known: float) -> Contest:
    """Data alone, pulse alone and both, on the customers of whom both are known."""
    days = {name: [] for name in (BOTH, DATA, GUT)}  # type: dict[str, list[Snapshot]]
    without = np.array([name != "pulse" for name in PARTS])
    for each in past:
        data = joined(each.parts, np.where(without, each.weights, 0), least_known)
        told = ~np.isnan(data) & ~np.isnan(each.health) & ~np.isnan(each.pulse)
        for name, score in ((BOTH, each.health), (DATA, data), (GUT, each.pulse)):
            days[name].append(Snapshot(f"{each.day}", each.rows[told], -score[told], each.lost[told]))
    nothing = pd.DataFrame(columns=list(COLUMNS))
    losses = sum(int(day.lost.sum()) for day in days[BOTH])
    if losses < FEWEST_LOSSES:
        return Contest(
            nothing,
            {},
            f"{losses} customers of whom both the score and a pulse were known were lost: "
            f"below {FEWEST_LOSSES} nothing can be told from luck.",
        )
    account, lost = (np.concatenate([day[place] for day in days[BOTH]]) for place in (1, 3))
    risk = {name: np.concatenate([day.risk for day in each]) for name, each in days.items()}
    rows = []
    for name in days:
        found, hits = auc(risk[name], lost, account), worked_hits(days[name], budgets)
        rows.append((name, len(lost), losses, *found, hits.precision, hits.recall, hits.lift))
    adds = {name: auc_gain(risk[name], risk[BOTH], lost, account) for name in (DATA, GUT)}
    return Contest(pd.DataFrame(rows, columns=list(COLUMNS)), adds)


def budgets(book: Book, past: list[Then], per_csm: float) -> list[int]:
    """How many accounts the team could work on each day: so many for every CSM who held a customer then."""
    return [max(round(per_csm * _csms(book, each)), 1) for each in past]


def _csms(book: Book, each: Then) -> int:
    close = book.close_of(month(each.day))
    names = book.owners.names[np.unique(book.owners.held[close][each.rows])]
    return max(int((names != UNASSIGNED).sum()), 1)


def snapshots_of(past: list[Then]) -> list[Snapshot]:
    """The health score at the past quarter-ends, of the customers that had one."""
    found = []
    for each in past:
        told = ~np.isnan(each.health)
        found.append(Snapshot(f"{each.day}", each.rows[told], -each.health[told], each.lost[told]))
    return [day for day in found if len(day.account)]
