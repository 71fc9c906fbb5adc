"""What if: the accounts due set to renew, shrink, grow or leave; saved under a name, compared."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from cs_metrics import charts
from cs_metrics.analysis.renewals_due import OVERDUE, coming
from cs_metrics.analysis.scenarios import as_rows, scenarios
from cs_metrics.analysis.what_if import CHOICES, Choice, Expected, Outlook, outlook
from cs_metrics.tables import Scenario
from cs_metrics.units import PERCENT
from pages.ui.company import record_all, source, who
from pages.ui.drill import Drill, table_of_figures
from pages.ui.plots import chart
from pages.ui.renewals import Renewing, expected_drill, nothing_due
from pages.ui.tiles import explain
from pages.ui.words import escaped, money, percent, plural

AS_IT_STANDS = "As it stands"
ON_THE_TABLE = "On the table now"
MOST = 300
USUAL = 10.0
FIGURES = (("Gross retention", "gross"), ("Net retention", "net"), ("Renewed of what is due", "renewal_rate"))


def what_if(renewing: Renewing) -> None:
    """Set accounts, see the quarter's retention follow, save the scenario, compare it with the others."""
    if renewing.expected is None:
        nothing_due(renewing.why_no_odds)
        return
    rows = renewing.book.answered("open renewals", lambda: _open_accounts(renewing))
    if rows.empty:
        st.info(f"No contract of this book is due in {renewing.quarter}, and none is overdue.")
        return
    saved = scenarios(renewing.book)
    if wanted := st.session_state.pop("scenario_saved", None):
        st.session_state["scenario"] = wanted
    if st.session_state.get("scenario") not in (AS_IT_STANDS, *saved):
        st.session_state["scenario"] = AS_IT_STANDS
    chosen = st.selectbox("Start from", [AS_IT_STANDS, *saved], key="scenario", width=320)
    loaded = saved.get(chosen, {})
    results = st.container()
    choices = _edited(rows, loaded, chosen)
    choices |= {account: choice for account, choice in loaded.items() if account not in set(rows["account_id"])}
    found = _saved_outlook(renewing, loaded) if choices == loaded else outlook(renewing.book, choices, renewing.learned)
    with results:
        _results(renewing, found, choices)
    _save(choices, saved, chosen)
    _compare(renewing, saved, choices, found, changed=choices != loaded)


def _open_accounts(renewing: Renewing) -> pd.DataFrame:
    """The accounts due in the quarter ahead and the overdue ones, largest first."""
    book, learned = renewing.book, renewing.learned
    ahead = coming(book)
    days = pd.Series(ahead["day"].to_numpy(), index=book.accounts.index[ahead["row"]])
    if renewing.due is not None:
        late = renewing.due[renewing.due["bucket"] == OVERDUE]
        days = pd.concat([days, late.set_index("account_id")["due_on"]])
    days = days[~days.index.duplicated()]
    place = book.accounts.index.get_indexer(days.index)
    found = pd.DataFrame(
        {
            "account_id": days.index,
            "name": book.accounts["name"].to_numpy()[place],
            "csm": book.csm_now[place],
            "mrr": book.balance(0, 0)[-1][place] / book.scale,
            "due_on": days.to_numpy(),
            "chance": learned.chances.reindex(days.index).to_numpy() if learned is not None else float("nan"),
        }
    )
    return found.sort_values("mrr", ascending=False, kind="stable").reset_index(drop=True)


def _edited(rows: pd.DataFrame, loaded: Mapping[str, Choice], chosen: str) -> dict[str, Choice]:
    """The choices as they stand in the editor."""
    shown = rows.head(MOST)
    if len(rows) > MOST:
        st.caption(f"The {MOST} largest of {len(rows):,} accounts; the others stay open.")
    given = [loaded.get(account) for account in shown["account_id"]]
    base = shown.assign(
        choice=[None if choice is None else choice.what for choice in given],
        percent=[USUAL if choice is None or choice.what in ("renew", "lose") else 100 * choice.by for choice in given],
    ).round({"mrr": 0, "percent": 4, "chance": 2})
    config = st.column_config
    edited = st.data_editor(
        base,
        key=f"what_if_{chosen}_{source().batch}_{len(rows)}",
        hide_index=True,
        height=360,
        placeholder="open",
        column_order=["name", "choice", "percent", "mrr", "due_on", "chance", "csm"],
        disabled=["name", "csm", "mrr", "due_on", "chance"],
        column_config={
            "name": config.TextColumn("Account", width=200, pinned=True),
            "choice": config.SelectboxColumn(
                "Will", options=list(CHOICES), width=90, help="Empty: open, with its chance."
            ),
            "percent": config.NumberColumn(
                "By %", min_value=0.0, max_value=1000.0, width=70, help="For shrink and grow only."
            ),
            "mrr": config.NumberColumn("MRR", format="localized"),
            "due_on": config.DateColumn("Due", format="YYYY-MM-DD"),
            "chance": config.NumberColumn("Chance", format="percent", help="That it renews, by segment and health."),
            "csm": config.TextColumn("CSM"),
        },
    )
    st.caption("Type in the table: arrows move, Enter opens a cell. Every figure above follows at once.")
    return {
        str(account): Choice(what, (0.0 if by != by else by) / 100 if what in ("shrink", "grow") else 0.0)
        for account, what, by in zip(
            edited["account_id"], edited["choice"], edited["percent"].astype(float), strict=True
        )
        if what in CHOICES
    }


def _saved_outlook(renewing: Renewing, choices: Mapping[str, Choice]) -> Outlook:
    """What a saved scenario comes to; kept with the book, as there are few of them."""
    key = ("scenario", tuple(sorted(choices.items())))
    return renewing.book.answered(key, lambda: outlook(renewing.book, choices, renewing.learned))


def _results(renewing: Renewing, found: Outlook, choices: Mapping[str, Choice]) -> None:
    """The quarter's figures with their ranges, how they differ from the book as it stands, and what is behind."""
    usual = renewing.expected
    assert usual is not None
    with st.grid(len(FIGURES) + 1, min_column_width=180, gap="small"):
        for name, field in FIGURES:
            _figure(f"{name}, {renewing.quarter}", getattr(found, field), getattr(usual, field))
        with st.container(border=True, gap="xxsmall", height="stretch"):
            st.metric("Renewed MRR", money(found.renewed.expected if found.due else None, renewing.book))
            ends = f"{money(found.renewed.low, renewing.book)} to {money(found.renewed.high, renewing.book)}"
            st.caption(f"likely {ends} of {money(found.due / found.scale, renewing.book)}")
            explain(lambda: expected_drill(renewing, choices, f"Renewed in {renewing.quarter}"), "what_if")
    st.caption(
        f"{plural(found.decided, 'account')} set, {plural(found.accounts, 'contract')} due. Beside the renewals, of "
        f"the accounts not set: {money(found.gained / found.scale, renewing.book)} of rises and "
        f"{money(found.lost / found.scale, renewing.book)} of losses, as in the last four periods. The ranges hold "
        "eight times in ten and are those of the renewals alone."
    )


def _figure(name: str, found: Expected, usual: Expected) -> None:
    moved = found.expected - usual.expected
    delta = PERCENT.write_difference(moved).replace("\u2212", "-") if abs(moved) > 5e-5 else None
    with st.container(border=True, gap="xxsmall", height="stretch"):
        st.metric(name, percent(found.expected), delta=delta, delta_description="to as it stands" if delta else None)
        if found.low == found.low:
            st.caption(f"likely {100 * found.low:.1f}–{100 * found.high:.1f} %")


def _save(choices: Mapping[str, Choice], saved: Mapping[str, Mapping[str, Choice]], chosen: str) -> None:
    """Keep the choices under a name, as a dated fact."""
    with st.form("save_scenario", border=False):
        left, right = st.columns([3, 1], vertical_alignment="bottom")
        given = "" if chosen == AS_IT_STANDS else chosen
        name = left.text_input(
            "Save as", value=given, key=f"scenario_name_{chosen}", placeholder="A name", max_chars=80
        )
        if right.form_submit_button("Save scenario", width="stretch"):
            name = name.strip()
            rows = as_rows(name, choices, saved.get(name, {}), date.today(), who())
            if not name or name in (AS_IT_STANDS, ON_THE_TABLE):
                st.error("Give the scenario a name of its own.")
            elif not rows:
                st.error("Set at least one account first.")
            else:
                record_all([Scenario(**row) for row in rows])
                st.session_state["scenario_saved"] = name
                st.toast("Kept." if choices else "Taken away: no account of it is set any more.")
                st.rerun()


def _compare(
    renewing: Renewing,
    saved: Mapping[str, Mapping[str, Choice]],
    choices: Mapping[str, Choice],
    found: Outlook,
    changed: bool,
) -> None:
    """The scenarios side by side."""
    assert renewing.expected is not None
    every: dict[str, Outlook] = {AS_IT_STANDS: renewing.expected}
    every |= {name: _saved_outlook(renewing, made) for name, made in saved.items()}
    if changed and choices:
        every[ON_THE_TABLE] = found
    if len(every) == 1:
        return
    st.markdown("##### Scenarios side by side")
    rows: list[dict[str, Any]] = []
    for name, each in every.items():
        said = {label: f"{percent(of.expected)} ({100 * of.low:.1f}–{100 * of.high:.1f})" if of.low == of.low else "–"
                for label, field in FIGURES for of in (getattr(each, field),)}  # fmt: skip
        rows.append({"scenario": name, "Accounts set": each.decided, **said})
    left, right = st.columns([3, 2], gap="medium")
    sets: dict[str, Mapping[str, Choice]] = {AS_IT_STANDS: {}, **saved, ON_THE_TABLE: choices}
    names = [str(row["scenario"]) for row in rows]

    def behind(row: int) -> Drill:
        return expected_drill(renewing, sets[names[row]], names[row])

    with left:
        table_of_figures(pd.DataFrame(rows).astype(str), "scenario_table", {FIGURES[2][0]: behind})
    with right:
        gross = pd.DataFrame({escaped(name): each.gross._asdict() for name, each in every.items()}).T
        chart(
            charts.ranges(gross, PERCENT),
            key="scenario_ranges",
            alt="Gross retention of each scenario with its likely range",
            footer=f"Gross retention of {renewing.quarter}; the lines hold eight times in ten.",
        )
