"""The allocation sheet in the page: what costs are spent for, who carries them, the margin; the effect comes first."""

from __future__ import annotations

from datetime import date

import pandas as pd
import streamlit as st

from cs_metrics.analysis.lifetime_value import DISCOUNT, MONTHS
from cs_metrics.analysis.profitability import profitability, why_dark
from cs_metrics.book import Book, Dark
from cs_metrics.dials import settled_on, tried
from cs_metrics.spending import MARGIN, PURPOSES, SHEET, WRITE_OFF, Line, sheet
from cs_metrics.tables import Setting
from cs_metrics.units import PERCENT
from pages.ui.company import record_all, source, who
from pages.ui.dial_editor import dial_history, editable, edited, keep_button
from pages.ui.plots import say
from pages.ui.words import escaped, money

DRIVERS = {False: "by MRR", True: "by account"}


def allocation_sheet(book: Book, months: int) -> None:
    """The sheet and the other settings, edited; what they would do; kept from today on."""
    allowed = editable(book)
    left, right = st.columns([3, 2], gap="medium")
    with right:
        say("##### Margin, write-off, discount")
        dials = [MARGIN, WRITE_OFF, DISCOUNT, MONTHS]
        values = edited(dials, book, "economics_dials", allowed)
        new = {
            each.name: values[each.name] for each in dials if each.name in values and values[each.name] != each.of(book)
        }
        if new and allowed:
            wrong = [
                f"{each.label} goes from {each.written(each.least)} to {each.written(each.most)}."
                for each in dials
                if each.name in new and not each.least <= new[each.name] <= each.most
            ]
            if wrong:
                st.error(escaped(" ".join(wrong)))
            else:
                _effect(book, tried(book, new), months)
                keep_button(new, "economics_dials")
    with left:
        say("##### What each kind of cost is spent for, and who carries it")
        try:
            lines = sheet(book)
        except Dark as reason:
            st.info(f"{reason} The sheet has a line for each kind of cost.")
            lines = ()
        if lines:
            _edit(book, lines, months, allowed)
    dial_history(book, [each.name for each in (MARGIN, WRITE_OFF, DISCOUNT, MONTHS, *SHEET)], "economics_dials")


def _edit(book: Book, lines: tuple[Line, ...], months: int, allowed: bool) -> None:
    base = pd.DataFrame(
        {
            "kind": [line.kind for line in lines],
            **{name: [round(100 * getattr(line, name), 2) for line in lines] for name in PURPOSES},
            "driver": [DRIVERS[line.by_account] for line in lines],
        }
    )
    column = st.column_config
    shares = {
        name: column.NumberColumn(f"To {name}, %", min_value=0, max_value=100, required=True, width=75)
        for name in PURPOSES
    }
    found = st.data_editor(
        base,
        key=f"allocation_{source().batch}",
        hide_index=True,
        disabled=True if not allowed else ["kind"],
        column_config={
            "kind": column.TextColumn("Kind of cost", width=110),
            **shares,
            "driver": column.SelectboxColumn("Shared", options=list(DRIVERS.values()), required=True, width=95),
        },
    )
    say("", "A cost that names a CSM or a segment is carried by theirs; all others by every customer of the month.")
    changed = [place for place in range(len(base)) if not base.iloc[place].equals(found.iloc[place])]
    if not changed or not allowed:
        return
    off = [str(found["kind"][place]) for place in changed if abs(found.loc[place, list(PURPOSES)].sum() - 100) > 0.005]
    if off:
        st.error(escaped(f"The shares of {', '.join(off)} do not add up to 100 %."))
        return
    rows = [row for place in changed for row in _settings(found.iloc[place])]
    trial = book
    for place in changed:
        kind = str(found["kind"][place])
        trial = tried(trial, {row.setting: row.value for row in _settings(found.iloc[place])}, kind)
    _effect(book, trial, months)
    if st.button("Keep this sheet", key="allocation_keep"):
        record_all(list(rows))
        st.toast("Kept, from today on.")
        st.rerun()


def _settings(line: pd.Series) -> list[Setting]:
    """A line of the sheet as rows of the table settings."""
    values = [*(float(line[name]) / 100 for name in PURPOSES), float(line["driver"] == DRIVERS[True])]
    return [
        Setting(setting=each.name, about=str(line["kind"]), from_date=date.today(), value=value, author=who() or None)
        for each, value in zip(SHEET, values, strict=True)
    ]


def _effect(book: Book, trial: Book, months: int) -> None:
    """What the change would do to what is left."""
    assert settled_on(book) == settled_on(trial)
    if why_dark(book, months):
        return
    before, after = (profitability(each, months).iloc[0] for each in (book, trial))
    say(
        f"Net profitability would be **{PERCENT.write(after['net_profitability'])}** instead of "
        f"{PERCENT.write(before['net_profitability'])}; to renew {money(after['renew'], book)} instead of "
        f"{money(before['renew'], book)}."
    )
