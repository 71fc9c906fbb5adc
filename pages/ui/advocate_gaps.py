"""Where references and stories are missing: by segment and use case, and against what each CSM should have."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from cs_metrics.analysis.advocate_coverage import EVERYONE, axes, coverage, gaps
from cs_metrics.analysis.advocate_targets import REFERENCES, STORIES, progress
from cs_metrics.analysis.advocates import with_criteria
from cs_metrics.book import UNASSIGNED, Book
from cs_metrics.dials import tried
from cs_metrics.tables import Setting
from pages.ui.advocates import BEHIND, Bench
from pages.ui.company import record_all, who
from pages.ui.drill import Drill, table_of_figures
from pages.ui.words import escaped, money, plural

MEASURES = {"references": "References", "stories": "Stories", "advocates": "Advocates"}


def coverage_matrix(bench: Bench) -> None:
    """Where there is a reference or a story to show, by segment and use case, and where there is none."""
    down, across = axes(bench.book)
    if down is None and not across:
        st.info("Add a segment or an industry to the accounts to see where references are missing.")
        return
    left, right = st.columns(2)
    what = left.segmented_control(
        "Have we", list(MEASURES), format_func=MEASURES.__getitem__, default="references", required=True, key="covered"
    )
    by = (
        right.selectbox("Across", across, format_func=lambda n: n.replace("_", " ").capitalize(), key="across")
        if across
        else None
    )
    what = what or "references"
    parts = coverage(bench.book, down, by, bench.mine)
    if parts.empty:
        st.info("No customer is in this part of the book.")
        return
    _gap_sentence(parts, what, bench.book)
    rows, columns = list(dict.fromkeys(parts["down"])), sorted(parts["across"].unique())
    cell = {(part.down, part.across): part for part in parts.itertuples()}
    written = pd.DataFrame(
        [[row] + [_cell(cell.get((row, column)), what) for column in columns] for row in rows],
        columns=[(down or "book").capitalize(), *columns],
    )

    def behind(column: str) -> Callable[[int], Drill | None]:
        def opened(place: int) -> Drill | None:
            part = cell.get((rows[place], column))
            if part is None:
                return None
            title = " · ".join(name for name in (part.down, part.across) if name != EVERYONE)
            sentence = f"{_cell(part, what)} have {MEASURES[what].casefold()}, {money(part.mrr, bench.book)} MRR"
            return Drill(
                title,
                sentence,
                lambda: with_criteria(bench.book, np.array(part.rows, dtype=np.intp))[
                    ["account_id", "name", "csm", "mrr", "met", "missed", "last_asked", "tired"]
                ],
                bench.book,
            )

        return opened

    table_of_figures(written, "coverage", {column: behind(column) for column in columns})
    st.caption("Customers with one, of the customers there are. A click opens them. ")


def _cell(part: Any, what: str) -> str:
    if part is None:
        return "–"
    have = getattr(part, what)
    return f"{have:,} of {part.customers:,}" if have else f"none of {part.customers:,}"


def _gap_sentence(parts: pd.DataFrame, what: str, book: Book) -> None:
    bare = gaps(parts, what)
    if bare.empty:
        st.markdown(f"Every part of the book has {MEASURES[what].casefold()}.")
        return
    worst = bare.iloc[0]
    name = " in ".join(escaped(part) for part in (worst["down"], worst["across"]) if part != EVERYONE)
    st.markdown(
        f"**{len(bare):,} of {len(parts):,} parts have none**, {money(bare['mrr'].sum(), book)} MRR together. "
        f"The largest: **{name}**, {plural(int(worst['customers']), 'customer')}, {money(worst['mrr'], book)}."
    )


def targets_of(bench: Bench) -> None:
    """What each CSM should have and has, and the form that sets it; its effect is shown before it is kept."""
    book = bench.book
    csms = [name for name in book.holders if name != UNASSIGNED]
    if not csms:
        st.info("Add who looks after each account (csm) to set targets for each.")
        return
    left, right = st.columns([5, 2], gap="medium")
    with right, st.container(border=True, key="target_form"):
        st.markdown("##### The least each should have")
        whom = st.selectbox("For", ["Everyone", *csms], key="target_for")
        about = "" if whom == "Everyone" else whom
        wanted = {
            dial.name: st.number_input(name, 0, 1000, int(dial.of(book, about)), key=f"target_{name}_{whom}")
            for name, dial in (("Validated references", REFERENCES), ("Confirmed stories", STORIES))
        }
        changed = {d.name: wanted[d.name] for d in (REFERENCES, STORIES) if wanted[d.name] != d.of(book, about)}
        if st.button("Keep targets", disabled=not changed, key="keep_targets"):
            day = date.today()
            record_all(
                [
                    Setting(setting=name, about=about, from_date=day, value=float(value), author=who() or None)
                    for name, value in changed.items()
                ]
            )
            st.toast("Kept.")
            st.rerun()
    with left:
        shown = progress(tried(book, changed, about) if changed else book, bench.mine)
        lacking = int((shown["missing"] != "nothing").sum())
        st.markdown(
            (f"With these targets, {lacking:,}" if changed else f"{lacking:,}")
            + f" of {plural(len(shown), 'CSM')} "
            + ("misses" if lacking == 1 else "miss")
            + " something. In the order of their names."
        )
        written = pd.DataFrame(
            {
                "csm": shown["csm"],
                "customers": shown["customers"].map("{:,}".format),
                "references": _against(shown, "references"),
                "stories": _against(shown, "stories"),
                "missing": shown["missing"],
            }
        ).rename(columns={"customers": "Customers", "missing": "Still to win"})
        behind = {name: _of_csm(bench, shown, name) for name in ("references", "stories")}
        table_of_figures(written, "targets", behind)


def _against(shown: pd.DataFrame, name: str) -> pd.Series:
    return shown[name].astype(int).astype(str) + " of " + shown[f"{name}_target"].map("{:g}".format)


def _of_csm(bench: Bench, shown: pd.DataFrame, name: str) -> Callable[[int], Drill]:
    def opened(place: int) -> Drill:
        csm = shown["csm"].iloc[place]

        def rows() -> pd.DataFrame:
            found = bench.rows(name)
            found = found[found["validated_on"].notna() if name == "references" else found["counts"]]
            found = found[found["csm"] == csm]
            return found[[column for column in BEHIND if column in found]]

        return Drill(f"{MEASURES[name]} of {csm}", f"As of {bench.book.known_on}.", rows, bench.book)

    return opened
