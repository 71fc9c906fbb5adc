"""What each CSM carries, and figures in pairs so that none can be chased alone; by name, never a ranking."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from cs_metrics.analysis.capacity import EXTRAS, ONE, PAIRS, capacity, complexity
from cs_metrics.analysis.review import target_of
from cs_metrics.book import UNASSIGNED, Book
from cs_metrics.metric import METRICS, Metric
from pages.ui.drill import Drill, table_of_figures
from pages.ui.plots import say
from pages.ui.today import now
from pages.ui.words import money, percent, plural

NOBODY = "Nobody holds an account. CSMs come with the column csm of your accounts, or with the table owners."


def team_capacity(book: Book) -> None:
    """Accounts, MRR and complexity in each CSM's hands."""
    rows = book.answered("capacity", lambda: capacity(now(book)))
    if book.whose is not None:
        rows = rows[rows["csm"].isin(book.owners.names[sorted(book.whose)])].reset_index(drop=True)
    named = rows[rows["csm"] != UNASSIGNED]
    if named.empty:
        st.info("Nobody pays at the end of this month: there is nothing to carry." if rows.empty else NOBODY)
        return
    say(
        f"{plural(len(named), 'CSM')} hold {plural(int(named['accounts'].sum()), 'account')}, from "
        f"{named['accounts'].min()} to {named['accounts'].max()} each, and {named['complexity'].min():g} to "
        f"{named['complexity'].max():g} points of work."
    )
    names = rows["csm"].tolist()
    shown = pd.DataFrame(
        {
            "csm": names,
            "Accounts": [f"{count:,}" for count in rows["accounts"]],
            "MRR": [money(value, book) for value in rows["mrr"]],
            "Complexity": [f"{value:g}" for value in rows["complexity"]],
            "Per account": [f"{value:.2f}" for value in rows["per_account"]],
            "Part of all": [percent(value) for value in rows["share"]],
            **{
                f"{words[:1].upper()}{words[1:]}": [f"{count:,}" for count in rows[name]]
                for name, (_, words) in EXTRAS.items()
            },
        }
    )
    opened = {name: lambda row: _carried(book, names[row]) for name in ("Accounts", "Complexity")}
    table_of_figures(shown, "capacity", opened)
    more = ", ".join(f"{extra.of(book):g} if {words}" for extra, words in EXTRAS.values())
    say("", f"Complexity: {ONE.of(book):g} for every account, and more: {more}. A count of facts, not of hours.")


def _carried(book: Book, csm: str) -> Drill:
    """The accounts one CSM carries, and why each counts for so much."""
    each = complexity(now(book))
    rows = each[each["csm"] == csm].sort_values("complexity", ascending=False, kind="stable")
    points, paid = f"{rows['complexity'].sum():g}", money(rows["mrr"].sum(), book)
    sentence = f"**{points}** points, {plural(len(rows), 'account')}, {paid} MRR"
    shown = rows[["account_id", "name", "mrr", "complexity", "why"]]
    return Drill(f"{csm} carries, {book.last}", sentence, lambda: shown, book)


def paired_measures(book: Book, months: int) -> None:
    """Two figures that hold each other in check, by CSM in the order of their names, with the target."""
    if len(book.holders) < 2:
        st.info(NOBODY)
        return
    dark = []
    for left, right, why in PAIRS:
        pair = METRICS[left], METRICS[right]
        reasons = [f"{metric.label}: {reason}" for metric in pair if (reason := metric.dark(book))]
        if reasons:
            dark += reasons
            continue
        say(f"##### {pair[0].label} beside {pair[1].label[:1].lower()}{pair[1].label[1:]}", why)
        _pair(pair, book, months)
    for reason in dict.fromkeys(dark):
        st.caption(reason)


def _pair(pair: tuple[Metric, Metric], book: Book, months: int) -> None:
    found = pd.DataFrame({metric.label: _last(metric, book, months) for metric in pair}).dropna(how="all")
    names = [str(name) for name in found.index]
    shown = pd.DataFrame({"csm": names})
    for metric in pair:
        shown[metric.label] = [metric.unit.write(value, book.currency) for value in found[metric.label]]
        wanted = target_of(book, metric.name)
        if wanted == wanted:
            shown[f"Target of {metric.label}"] = metric.unit.write(wanted, book.currency)
    opened = {
        metric.label: lambda row, metric=metric: Drill.of(metric, book, months, "csm", names[row]) for metric in pair
    }
    table_of_figures(shown, f"pair_{pair[0].name}", opened)


def _last(metric: Metric, book: Book, months: int) -> pd.Series:
    """A figure of the last period by CSM."""

    def made() -> pd.Series:
        closing = book.closes - 1
        if closing < months:
            return pd.Series(dtype=float)
        return metric.by(metric.asked(book, closing - months, closing), "csm", months).iloc[-1]

    return book.answered(("last by csm", metric.name, months), made)
