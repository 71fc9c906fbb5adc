"""The Targets page: what is in force for whom, how the book stands, what another target would change."""

from __future__ import annotations

from datetime import date

import pandas as pd
import streamlit as st

from cs_metrics.analysis.target_standing import reaching, shown_targets, standing
from cs_metrics.book import UNASSIGNED, Book, Problem
from cs_metrics.dials import DIALS, Dial, in_force
from cs_metrics.metric import METRICS
from cs_metrics.tables import Setting
from cs_metrics.targets import GROUPS, QUARTER, TARGETS, YEAR
from pages.ui.company import record_all, source, who
from pages.ui.dial_editor import editable
from pages.ui.lists import table
from pages.ui.plots import say
from pages.ui.today import now
from pages.ui.words import escaped, plural

EVERYONE = "Everyone"
OVER = {"Year": YEAR, "Quarter": QUARTER}


def whom_and_over(book: Book) -> tuple[str, int]:
    """For whom targets are shown and set, and over which period: in the address of the page."""
    left, right, _ = st.columns([2, 2, 3])
    offered = [EVERYONE]
    for name in GROUPS:
        offered += list(book.groups(name)[0]) if name in book.accounts else []
    offered += [name for name in book.holders if name != UNASSIGNED]
    about = left.selectbox("For", list(dict.fromkeys(offered)), key="target_whom", bind="query-params")
    over = right.segmented_control(
        "Over", list(OVER), default="Year", required=True, key="target_over", bind="query-params"
    )
    return "" if about == EVERYONE else about, OVER[over or "Year"]


def part_of(book: Book, about: str) -> Book:
    """The book of those a target is for."""
    for name in GROUPS:
        if name in book.accounts and about in book.groups(name)[0]:
            return book.where(**{name: about})
    return book.held_by(about) if about else book


def targets_in_force(book: Book, about: str, months: int) -> None:
    """Every target with what is in force, how the book stands, and the editor; the effect comes before keeping."""
    allowed, part = editable(book), part_of(book, about)
    found = standing(part, months, now(part))
    _sentence(found, about)
    typed = _edited(found, about, months, allowed)
    new = _changed(now(book), found, typed, about, months)
    if new:
        _effect(book, new, about, months)
    elif allowed:
        whose = f"for {escaped(about)}" if about else "for everyone"
        say("", f"Type another figure {whose}: who would reach it is shown before you keep it. Blank: as it ships.")
    say(
        "",
        "A figure that grows with the period has its target for a year; a quarter without its own shows the pace that "
        "leads there. The closest holds: a CSM's own, then the team's or segment's, then everyone's, then what ships.",
    )


def _sentence(found: pd.DataFrame, about: str) -> None:
    known = found[found["standing"] != ""]
    held = int((known["standing"] != "below").sum())
    below = [str(label) for label in known.loc[known["standing"] == "below", "label"]]
    name = escaped(about) if about else "The book"
    say(
        f"{name} reaches **{held} of {plural(len(known), 'target')}**"
        + (f"; below: {', '.join(below)}." if below else ".")
        + (f" {len(found) - len(known)} cannot be told." if len(found) > len(known) else "")
    )


def _scale(metric: str) -> int:
    return 100 if TARGETS[metric].least.kind == "share" else 1


def _edited(found: pd.DataFrame, about: str, months: int, allowed: bool) -> pd.DataFrame:
    """The targets in an editor: shares in percent."""
    scale = found["metric"].map(_scale)
    write = [METRICS[name].unit.write for name in found["metric"]]
    shown = pd.DataFrame(
        {
            "label": found["label"],
            "now": [w(v) for w, v in zip(write, found["value"], strict=True)],
            "least": (found["least"] * scale).round(2),
            "most": (found["most"] * scale).round(2),
            "unit": ["%" if each == 100 else "points" for each in scale],
            "standing": [s.capitalize() or m for s, m in zip(found["standing"], found["missing"], strict=True)],
            "about": found["about"].replace("", "everyone").where(found["since"].notna(), "ships so"),
            "since": [None if since is None else since for since in found["since"]],
            "author": found["author"],
        }
    )  # fmt: skip
    column = st.column_config
    again = st.session_state.get("targets_again", 0)
    with st.container(key="targets_table"):
        return st.data_editor(
            shown,
            key=f"targets_{about}_{months}_{source().batch}_{again}",
            hide_index=True,
            disabled=[name for name in shown if name not in ("least", "most")] if allowed else True,
            column_config={
                "label": column.TextColumn("Figure", width=165),
                "now": column.TextColumn("Now", width=70),
                "standing": column.TextColumn("Against it", width=140),
                "least": column.NumberColumn("At least", width=75, format="%.6g"),
                "most": column.NumberColumn("At most", width=75, format="%.6g"),
                "unit": column.TextColumn("", width=55),
                "about": column.TextColumn("Set for", width=110),
                "since": column.DateColumn("Since", width=95),
                "author": column.TextColumn("Set by", width=120),
            },
            placeholder="–",
        )


def _dial(metric: str, column: str, months: int) -> Dial | None:
    """The dial behind a cell: that of a quarter where there is one."""
    target = TARGETS[metric]
    if column == "most":
        return target.most if months == YEAR or target.pace is None else None
    return target.quarter if months == QUARTER and target.quarter is not None else target.least


def _changed(book: Book, found: pd.DataFrame, typed: pd.DataFrame, about: str, months: int) -> dict[str, float]:
    """The dials whose cell was typed over, with what was typed; what cannot be is said."""
    new: dict[str, float] = {}
    for place, metric in enumerate(found["metric"]):
        scale = _scale(metric)
        for column in ("least", "most"):
            was, value = found[column].iloc[place], typed[column].iloc[place]
            dial = _dial(metric, column, months)
            value = float("nan") if pd.isna(value) else float(value) / scale
            if round(was * scale, 2) == round(value * scale, 2) or (was != was and value != value):
                continue
            if dial is None:
                st.error(f"{METRICS[metric].label}: no upper end can be set here.")
                continue
            value = dial.ships if value != value else value
            try:
                if value == value:
                    new[dial.name] = dial.checked(round(value, 10))
            except Problem as problem:
                st.error(escaped(str(problem)))
    for target in (TARGETS[name] for name in found["metric"]):
        least, most = (None if d is None else new.get(d.name, d.of(book, about)) for d in (target.least, target.most))
        if least is not None and most is not None and least > most:
            st.error(f"{escaped(target.least.label)} is above at most: nothing could reach it.")
            new = {name: value for name, value in new.items() if DIALS[name] not in target.dials}
    return new


def _effect(book: Book, new: dict[str, float], about: str, months: int) -> None:
    """Who would reach these targets who does not now, and the button that keeps them."""
    say("##### What this would do")
    standing_now = now(book)
    for target in shown_targets():
        mine = {each.name: new[each.name] for each in target.dials if each.name in new}
        if not mine:
            continue
        told = ", ".join(
            f"{_short(DIALS[n])} {_was(standing_now, n, about)} → {DIALS[n].written(v)}" for n, v in mine.items()
        )
        rows = reaching(standing_now, METRICS[target.metric], months, mine, about)
        before, after = (int((rows[name] != "below").sum()) for name in ("standing", "would"))
        moved = rows[rows["standing"] != rows["would"]]["csm"].astype(str).tolist()
        said = (
            f"**{after} of {plural(len(rows), 'CSM')}** would reach it, {before} do now"
            + (f": it changes for {escaped(', '.join(moved))}." if moved else ".")
            if len(rows)
            else "No CSM has a figure to hold against it."
        )
        say(f"{METRICS[target.metric].label}, {told}. {said}")  # fmt: skip
    left, right = st.columns([1, 3])
    if left.button(f"Keep {'this target' if len(new) == 1 else f'these {len(new)} targets'}", key="keep_targets_page"):
        day, by = date.today(), who() or None
        record_all([Setting(setting=n, about=about or None, from_date=day, value=v, author=by) for n, v in new.items()])
        _again()
        st.toast("Kept, from today on.")
        st.rerun()
    if right.button("Forget what I typed", key="targets_forget", type="tertiary"):
        _again()
        st.rerun()


def _again() -> None:
    st.session_state["targets_again"] = st.session_state.get("targets_again", 0) + 1


def _short(each: Dial) -> str:
    return each.label.partition(": ")[2]


def _was(book: Book, name: str, about: str) -> str:
    return DIALS[name].written(DIALS[name].of(book, about))


def target_history(book: Book) -> None:
    """Every change of a target: from when on, for whom, from what to what, by whom; the latest first."""
    rows = book.facts.get("settings")
    mine = (
        None if rows is None else rows[rows["setting"].astype(str).isin([n for n in DIALS if n.startswith("target.")])]
    )
    if mine is None or mine.empty:
        st.caption("Nothing was ever changed: these are the targets that ship.")
        return
    mine = mine.sort_values("from_date", kind="stable").assign(
        setting=lambda t: t["setting"].astype(str),
        whom=lambda t: t["about"].astype(object).where(t["about"].notna(), "").astype(str),
    )
    before = mine.groupby(["setting", "whom"])["value"].shift()
    told = pd.DataFrame(
        {
            "from_date": mine["from_date"],
            "what": [DIALS[name].label for name in mine["setting"]],
            "for": mine["whom"].replace("", "everyone"),
            "was": ["" if v != v else DIALS[n].written(v) for n, v in zip(mine["setting"], before, strict=True)],
            "became": [DIALS[n].written(v) for n, v in zip(mine["setting"], mine["value"], strict=True)],
            "author": mine["author"].fillna(""),
        }
    ).iloc[::-1]
    text = st.column_config.TextColumn
    config = {"was": text("Was"), "became": text("Became"), "author": text("Set by"), "for": text("For")}
    table(told, "target_history", config=config | {"what": text("Target", width="medium")})


def own_targets(book: Book) -> None:
    """Who has a target of their own."""
    chosen = in_force(now(book))
    names = sorted({about for name, about in chosen if about and name.startswith("target.")})
    if names:
        say("", f"A target of their own: {escaped(', '.join(names))}.")
