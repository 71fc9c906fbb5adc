"""What moved a figure between two periods: a sentence, the accounts, the groups by mix and rate, the concentration."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from cs_metrics import charts
from cs_metrics.analysis.moved import BY_GROUP, Concentration, by_account, by_group, concentration
from cs_metrics.book import Book
from cs_metrics.metric import Metric
from pages.ui.drill import Drill, table_of_figures
from pages.ui.lists import accounts
from pages.ui.plots import chart, say
from pages.ui.series import series_of
from pages.ui.words import escaped, percent, plural

SHOWN = 8


def what_moved(metric: Metric, book: Book, months: int, by: str | None) -> None:
    """A figure against an earlier period: which accounts and groups moved it, and on how few it hangs."""
    against = {"The period before": months, "A year before": 12}
    since = st.selectbox("Against", list(against), key="moved_against", bind="query-params", width=260)
    back = against.get(since or "", months)
    values = series_of(metric, book, months)
    now, then = values.iloc[-1], values.iloc[-1 - back] if len(values) > back else math.nan
    if not math.isfinite(now - then):
        st.info(f"There is no {metric.label.lower()} for both periods: the book begins in {book.months[0]}.")
        return
    key = (metric.name, months, back)
    rows = book.answered(("moved", *key), lambda: by_account(metric, book, months, back))
    say(_sentence(metric, rows, now, then, book, months, back))
    left, right = st.columns(2, gap="medium")
    with left:
        top = rows.head(SHOWN)
        chart(
            charts.contributions(top["contribution"].set_axis(top["name"]), now - then, metric.unit),
            key="moved_chart",
            alt="What each account did to the figure",
            footer=f"The {min(SHOWN, len(rows))} accounts that moved it most, and all others. The parts add up to "
            f"{metric.unit.write_difference(now - then)}. {metric.basis(book, months)}.",
            behind=lambda point: _bar_drill(metric, rows, book, point),
        )
    with right:
        if by:
            groups = book.answered(("moved by", *key, by), lambda: by_group(metric, book, by, months, back))
            _groups(groups, metric, book, months, back, by)
            say(_mix_sentence(groups, metric, by), _mix_footer())
    with st.expander("Every account: what it did to the figure, and the figure without it"):
        accounts(rows, "moved", f"What moved {metric.label}", height=360, cents=True)
    say(concentration_sentence(book))


def _bar_drill(metric: Metric, rows: pd.DataFrame, book: Book, point: dict[str, Any]) -> Drill | None:
    """The account behind a bar; behind the bar of all others, and that of the whole, theirs."""
    bars = min(SHOWN, len(rows))
    from_top = int(point["point_index"]) if "point_index" in point else -1
    drawn = bars + 1 + (abs(rows["contribution"].iloc[bars:].sum()) > 1e-9)
    place = drawn - 1 - from_top
    chosen = rows.iloc[place : place + 1] if place < bars else rows if place == drawn - 1 else rows.iloc[bars:]
    if not len(chosen):
        return None
    name = str(chosen["name"].iloc[0]) if place < bars else "Every account" if place == drawn - 1 else "All others"
    change = metric.unit.write_difference(chosen["contribution"].sum())
    return Drill(f"{name}: what moved {metric.label}", f"**{change}**", lambda: chosen, book)


def _groups(groups: pd.DataFrame, metric: Metric, book: Book, months: int, back: int, by: str) -> None:
    """Each group's part in the change; a click on its figures opens its accounts."""

    def opened(then: int) -> Callable[[int], Drill]:
        return lambda row: Drill.of(metric, book.until(book.last - then), months, by, str(groups["group"].iloc[row]))

    then = "before" if back == months else "year_before"
    behind = {then: opened(back), "now": opened(0), "contribution": opened(0)}
    shown = _written(groups, metric).rename(columns={"before": then})
    table_of_figures(shown, "moved_groups", behind, _group_config(by))


def _named(name: str) -> str:
    return "CSM" if name == "csm" else name.replace("_", " ").capitalize()


def _sentence(metric: Metric, rows: pd.DataFrame, now: float, then: float, book: Book, months: int, back: int) -> str:
    """From what to what, the account that did most, and the figure without the one that weighs most."""
    before = f"in the {'month' if months == 1 else f'{months} months'} before" if back == months else "a year before"
    change = metric.unit.write_difference(now - then)
    said = f"{metric.label} is **{percent(now)}**, {percent(then)} {before}: **{change}**."
    if rows.empty:
        return said
    most = rows.iloc[0]
    said += f" {escaped(most['name'])} did most of it: {metric.unit.write_difference(most['contribution'])}."
    heaviest = rows.loc[rows["weighs"].abs().idxmax()] if rows["weighs"].notna().any() else None
    if heaviest is not None:
        said += (
            f" Without {escaped(heaviest['name'])} it would be **{percent(heaviest['without'])}**, not {percent(now)}."
        )
    return said


def _written(groups: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    plain = metric.unit.write

    def change(value: float) -> str:
        return metric.unit.write_difference(value).removesuffix(" points")

    shown = groups.assign(
        **{name: [plain(value) for value in groups[name]] for name in ("before", "now")},
        **{name: [change(value) for value in groups[name]] for name in ("rate_effect", "mix_effect", "contribution")},
        share=[
            f"{100 * a:.1f} → {100 * b:.1f} %" for a, b in zip(groups["share_before"], groups["share"], strict=True)
        ],
    )
    return shown[[name for name in BY_GROUP if name != "share_before"]]


def _group_config(by: str) -> dict[str, object]:
    text = st.column_config.TextColumn
    right = {"before": "Before", "now": "Now", "share": "Share of book"}
    parts = {"rate_effect": "By rate", "mix_effect": "By mix", "contribution": "Together"}
    buttons = ("before", "now", "contribution")
    return {"group": text(_named(by), width=115)} | {
        name: text(label, alignment="right", width=105 if name == "share" else 62)
        for name, label in (right | parts).items()
        if name not in buttons
    }


def _mix_sentence(groups: pd.DataFrame, metric: Metric, by: str) -> str:
    if groups.empty:
        return "The groups have no figure in both periods."
    rate, mix = (metric.unit.write_difference(groups[name].sum()) for name in ("rate_effect", "mix_effect"))
    return (
        f"By {_named(by)}: **{rate}** since groups did better or worse, **{mix}** since the book shifted between them."
    )


def _mix_footer() -> str:
    return (
        "In points. By rate: the group's mean share of the opening × the change of its figure. By mix: the change of "
        "its share × (its figure − the book's). They add up."
    )


def concentration_sentence(book: Book) -> str:
    """On how many accounts the book rests."""
    found: Concentration = book.answered("concentration", lambda: concentration(book))
    if not found.accounts:
        return ""
    alike = f"{found.equal_accounts:.0f}" if found.equal_accounts >= 10 else f"{found.equal_accounts:.1f}"
    return (
        f"The book rests on {plural(found.accounts, 'account')}: the largest holds {percent(found.largest)} of MRR, "
        f"the ten largest {percent(found.top)}. It is as spread out as {alike} accounts of one size."
    )
