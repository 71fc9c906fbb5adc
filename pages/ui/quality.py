"""The quality of the data, in points of retention: which defects there are, and in which accounts."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from cs_metrics.analysis import quality as found
from cs_metrics.analysis.defects import DEFECTS
from cs_metrics.book import Book, Problem
from cs_metrics.metric import METRICS
from cs_metrics.units import PERCENT
from pages.ui.drill import Drill, table_of_figures
from pages.ui.lists import accounts
from pages.ui.pickers import book, months, whole
from pages.ui.words import escaped, plural

SHOWN = ("problem", "points", "opening", "closing", "csm")
SHORT = {"net_revenue_retention": "NRR", "gross_revenue_retention": "GRR"}


def quality() -> None:
    """Each defect found with the range it leaves open, widest first, and its accounts."""
    try:
        whole()
    except Problem as problem:
        st.info(escaped(str(problem)))
        return
    shown, length = book(), months()
    st.markdown(f"**{escaped(found.sentence(shown, length))}**")
    rows = found.quality(shown, length)
    if rows.empty:
        st.caption(f"Looked for: {escaped(', '.join(each.label for each in DEFECTS.values()))}.")
        return
    wide = _one_row_each(rows)
    config = {name: st.column_config.TextColumn(name) for name in wide if name.endswith("could be")}
    config["what_to_do"] = st.column_config.TextColumn("What to do")
    behind = {name: lambda row: _drill(shown, length, wide.iloc[row]) for name in ("accounts", "points")}
    written = wide.assign(accounts=wide["accounts"].astype(str), points=[f"{value:.1f}" for value in wide["points"]])
    table_of_figures(written, "quality_defects", behind, config)
    st.caption(_basis(shown, length))
    labels = wide["defect"].tolist()
    chosen = st.selectbox("Accounts with", labels, key="quality_defect", width=320) or labels[0]
    each = next(each for each in DEFECTS.values() if each.label == chosen)
    st.caption(escaped(f"{each.question} {each.advice}"))
    accounts(
        _widest(found.quality_rows(shown, length), chosen),
        "quality_accounts",
        chosen,
        SHOWN,
    )


def _drill(shown: Book, length: int, row: pd.Series) -> Drill:
    """The accounts with a defect: what it leaves open of the figure, account by account."""
    rows = _widest(found.quality_rows(shown, length), row["defect"])
    sentence = f"{row['points']:.1f} points left open, the wider of the two ranges, by {plural(len(rows), 'account')}."
    return Drill(row["defect"], sentence, lambda: rows[["account_id", "name", *SHOWN]], shown)


def _one_row_each(rows: pd.DataFrame) -> pd.DataFrame:
    """A row per defect: what each figure could be, and the wider range in points."""
    said = [f"{PERCENT.write(row.low)} to {PERCENT.write(row.high)}" if row.points > 0
            else "does not move" if row.points == 0 else "no figure" for row in rows.itertuples()]  # fmt: skip
    names = rows["metric"].map(SHORT)
    by_metric = rows.assign(said=said, metric=names).pivot(index="defect", columns="metric", values="said")
    each = rows.groupby("defect", sort=False).agg(accounts=("accounts", "first"), points=("points", "max"))
    told = each.join(by_metric[[name for name in SHORT.values() if name in by_metric]]).rename(
        columns=lambda name: f"{name} could be" if name in by_metric else name
    )
    advice = rows.drop_duplicates("defect").set_index("defect")["advice"]
    return told.assign(what_to_do=advice).reset_index()


def _widest(rows: pd.DataFrame, defect: str) -> pd.DataFrame:
    """The accounts with one defect, each once, with the wider of its ranges."""
    of_defect = rows[rows["defect"] == defect].sort_values("points", ascending=False, kind="stable")
    return of_defect.drop_duplicates("account_id").drop(columns="defect").round({"points": 2})


def _basis(shown: Book, length: int) -> str:
    """What the figures are now, and over which months."""
    total = found.quality(shown, length).drop_duplicates("metric")
    now = " · ".join(f"{METRICS[row.metric].label} {PERCENT.write(row.value)}" for row in total.itertuples())
    return escaped(
        f"{now}, over {plural(length, 'month')} to {shown.last}. Each defect is looked at alone: its accounts as they "
        "are or corrected, whichever makes the figure least or most."
    )
