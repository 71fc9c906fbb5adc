"""The bars of a waterfall: from what was there, over what came and went, to what is left."""

from __future__ import annotations

import pandas as pd

ORDER = (
    "opening",
    "new",
    "expansion",
    "reactivation",
    "transfer_in",
    "fx",
    "contraction",
    "churn",
    "transfer_out",
    "closing",
)
ALWAYS = ("opening", "new", "expansion", "contraction", "churn", "closing")
TOTALS = ("opening", "closing")
WORDS = {"transfer_in": "Taken over", "transfer_out": "Handed on", "fx": "Exchange rates"}


def steps(amounts: pd.Series) -> pd.DataFrame:
    """The bars of a waterfall: ``name, label, amount, start, end``; movements that are nothing are left out."""
    rows = []
    level = 0.0
    for name in ORDER:
        amount = float(amounts.get(name, 0.0))
        if not amount and name not in ALWAYS:
            continue
        start = 0.0 if name in TOTALS else level
        level = amount if name in TOTALS else level + amount
        rows.append((name, WORDS.get(name, name.capitalize()), amount, start, level))
    return pd.DataFrame(rows, columns=["name", "label", "amount", "start", "end"])
