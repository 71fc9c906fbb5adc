"""The Data page's mapping: what each file was taken for, put right by hand, confirmed, and kept for the next one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from cs_metrics.read.convert import Options
from cs_metrics.read.mapping import Mapped, choices, chosen, mapped, proposed, twice
from cs_metrics.read.problems import Refused
from cs_metrics.read.reading import Reading, Understood
from cs_metrics.read.recipe import FileRecipe, Recipe, layout_of, particular_first, recipe_of, written
from cs_metrics.store.recipes import keep_recipe, recipes_kept
from cs_metrics.tables import TABLES, question
from pages.ui.company import store_of_own, who
from pages.ui.words import escaped, plural

MEANINGS = {
    "money": ("Amounts are in", ["units", "cents", "thousands"]),
    "amount": ("An amount is", ["per month", "per year", "per interval", "per term"]),
    "end_date": ("An end date is the", ["first day without", "last day of service"]),
    "dates": ("Dates are written", ["day first", "month first"]),
    "decimal": ("The decimal mark is", [",", "."]),
}


def mappings() -> Recipe:
    """What was confirmed in this session, then what was kept from before; first what is for one table by its name."""
    parts = [recipe for recipe, _ in _confirmed().values()]
    for kept in recipes_kept(store_of_own()):
        try:
            parts += recipe_of(kept.text).file
        except Refused:
            st.warning(f"The mapping kept for {escaped(kept.name)} cannot be read any more; map that file again.")
    return Recipe(file=particular_first(parts))


def _confirmed() -> dict[str, tuple[FileRecipe, str]]:
    """Confirmed in this session: a layout's fingerprint → its recipe, and the file it was confirmed on."""
    return st.session_state.setdefault("confirmed_mappings", {})


def mapping(reading: Reading) -> bool:
    """What each sheet was taken for, to look at and put right; True if nothing waits to be confirmed."""
    waiting = 0
    shown: set[str] = set()
    for found in reading.understood:
        layout = layout_of(found.sheet)
        if layout in shown:
            continue
        shown.add(layout)
        waiting += bool(found.match and found.match.unsure)
        _sheet(found, layout)
    if waiting:
        st.warning(f"{plural(waiting, 'file')} to confirm before the import: see what is marked above.")
    return not waiting


def _sheet(found: Understood, layout: str) -> None:
    match = found.match
    by = {"recipe": "as you confirmed it", "headers": "by its headers"}.get(found.by, f"layout {found.by}")
    title = f"{escaped(found.sheet.place)}: " + (f"**{match.table}**, {escaped(by)}" if match else "**no table yet**")
    doubts = len(match.unsure) if match else 0
    if doubts:
        title += f" :orange-badge[{doubts} to confirm]"
    asks = bool(doubts) or (match is None and found.sheet.lasting)
    opened = st.expander(title, expanded=asks, key=f"mapping_{layout}", on_change="rerun")
    if opened.open:
        with opened:
            _editor(found, layout)


def _editor(found: Understood, layout: str) -> None:
    """The sheet's headers and what each is taken for, in a form; confirmed as a whole."""
    tables = list(TABLES)
    likely = found.match or (found.others[0] if found.others else None)
    table = st.selectbox(
        "Table",
        tables,
        index=tables.index(likely.table) if likely else None,
        format_func=lambda name: f"{name}: {question(TABLES[name])}",
        placeholder="Choose what a row of this file is",
        key=f"map_table_{layout}",
    )
    if table is None:
        return
    match = proposed(found, table)
    rows = mapped(found.sheet, match, found.options)
    if doubts := [f"- **{escaped(row.header)}** → {row.column}: {escaped(row.unsure)}" for row in rows if row.unsure]:
        st.markdown("Please check:\n" + "\n".join(doubts))
    with st.form(f"map_form_{layout}", border=False):
        picks = _headers(rows, table, layout)
        if match.months:
            first, last = min(match.months.values()), max(match.months.values())
            st.caption(f"{plural(len(match.months), 'column')} of months, from {_month(first)} to {_month(last)}.")
        options = _meanings(found.options, table, layout)
        if st.form_submit_button("Read it this way"):
            if again := twice(table, picks):
                st.error(f"Chosen twice: {', '.join(again)}. Give each column to one header.")
            else:
                _confirmed()[layout] = (chosen(found.sheet, table, picks, options), found.sheet.place)
                st.rerun()
    _download(found, table, picks, layout)


def _month(number: int) -> str:
    return f"{number // 100}-{number % 100:02d}"


def _headers(rows: list[Mapped], table: str, layout: str) -> dict[str, str]:
    """The table of headers; what each is taken for can be changed."""
    config = st.column_config
    edited = st.data_editor(
        pd.DataFrame(
            [row._replace(unsure="please check" if row.unsure else "") for row in rows], columns=Mapped._fields
        ),
        hide_index=True,
        disabled=["header", "raw", "read", "unsure"],
        column_config={
            "header": config.TextColumn("In the file", pinned=True),
            "column": config.SelectboxColumn("Taken for", options=choices(table), required=True, width="medium"),
            "raw": config.TextColumn("As it stands", width="medium"),
            "read": config.TextColumn("As it is read", width="medium"),
            "unsure": config.TextColumn("Sure?", width="small"),
        },
        key=f"map_headers_{layout}_{table}",
    )
    return dict(zip(edited["header"], edited["column"], strict=True))


def _meanings(options: Options, table: str, layout: str) -> Options:
    """What figures and dates mean, where the file cannot tell; left empty, it is decided from the values."""
    said: dict[str, Any] = {}
    names = [name for name in MEANINGS if table == "subscriptions" or name not in ("end_date", "amount")]
    if table == "opportunities":
        names.insert(1, "amount")
    with st.container(horizontal=True):
        for name in names:
            label, values = MEANINGS[name]
            now = getattr(options, name)
            said[name] = st.selectbox(
                label,
                values,
                index=values.index(now) if now in values else None,
                placeholder="as found",
                width=190,
                key=f"map_{name}_{layout}_{table}",
            )
        if table == "accounts":
            month = st.text_input(
                "Taken in the month",
                value=options.month or "",
                placeholder="2025-03",
                width=190,
                key=f"map_month_{layout}",
            )
            said["month"] = month.strip() or None
    return replace(options, **said)


def _download(found: Understood, table: str, picks: dict[str, str], layout: str) -> None:
    if twice(table, picks):
        return
    recipe = Recipe(file=[chosen(found.sheet, table, picks, found.options)])
    st.download_button(
        "Download as a recipe",
        lambda: written(recipe),
        f"{table}.recipe.toml",
        "application/toml",
        key=f"map_download_{layout}",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
        help="A text file for the command line: cs-metrics import … --recipe FILE.",
    )


def keep_mappings(reading: Reading) -> None:
    """Keep what was confirmed for the files that were imported. A snapshot's month is of its file only."""
    for layout in {layout_of(found.sheet) for found in reading.understood}:
        if layout in _confirmed():
            recipe, place = _confirmed().pop(layout)
            lasting = recipe.model_copy(update={"options": recipe.options.model_copy(update={"month": None})})
            keep_recipe(store_of_own(), layout, place, written(Recipe(file=[lasting])), who())


def kept_mappings() -> None:
    """The mappings that are kept, each to look at, take away or forget."""
    kept = recipes_kept(store_of_own())
    if not kept:
        st.info("None yet. A mapping you confirm is kept with the import, and used for the next file with its headers.")
    for recipe in kept:
        with st.expander(f"{escaped(recipe.name)}, confirmed {recipe.at[:10]} by {escaped(recipe.who or 'somebody')}"):
            st.code(recipe.text, "toml")
            if st.button("Forget", key=f"forget_{recipe.layout}", help="Files of this layout are asked about again."):
                keep_recipe(store_of_own(), recipe.layout, recipe.name, "", who())
                st.rerun()
