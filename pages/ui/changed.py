"""What changed since an earlier import: which one, the figures then and now, the causes, the accounts behind each."""

from __future__ import annotations

from typing import Any, NamedTuple

import pandas as pd
import streamlit as st

from cs_metrics import charts
from cs_metrics.analysis.changes_since import MEANING, Changes, Known, changes_since
from cs_metrics.book import Book, Problem, Settings
from cs_metrics.metric import METRICS, Metric
from cs_metrics.store.batches import history
from cs_metrics.store.known import tables_known
from cs_metrics.tables import REVENUE, frames
from pages.ui.company import scope, source
from pages.ui.drill import Drill
from pages.ui.lists import accounts
from pages.ui.pickers import months, settings, whole
from pages.ui.plots import chart
from pages.ui.words import escaped, plural

FEWEST = 2


class Since(NamedTuple):
    """What is compared: the batch then, its name, and whether the definitions were the standard ones then."""

    batch: int
    name: str
    standard: bool


@st.cache_data(max_entries=8, show_spinner=False)
def _imports(address: str, batch: int, scope: str) -> list[tuple[int, str]]:
    """The imports and undos up to a batch, latest first: number and what to call it."""
    rows = history(address)
    rows = rows[(rows["kind"] != "entry") & (rows["batch"] <= batch)].drop_duplicates("batch")
    named = zip(rows["batch"], rows["at"], rows["kind"], rows["files"], rows["undoes"], strict=True)
    return [
        (
            int(number),
            f"{number} · {at[:10]} {at[11:16]} · " + (f"undo of {undoes}" if kind == "undo" else _short(files) or kind),
        )
        for number, at, kind, files, undoes in named
    ]


def _short(files: str, most: int = 48) -> str:
    return files if len(files) <= most else f"{files[:most].rstrip(', ')}…"


@st.cache_resource(max_entries=12, show_spinner="Comparing…")
def _compared(
    address: str,
    then: int,
    now: int,
    scope: str,
    settings: tuple[Settings, Settings],
    months: int,
    where: tuple[tuple[str, tuple[str, ...]], ...],
    until: str | None,
    metrics: tuple[str, ...],
) -> Changes:
    told = ("accounts", "owners", "fx", *REVENUE)
    known = [
        Known(frames(tables_known(address, batch, told)), s) for batch, s in zip((then, now), settings, strict=True)
    ]
    end = pd.Period(until, "M") if until else None
    return changes_since(known[0], known[1], [METRICS[name] for name in metrics], months, None, dict(where), end)


def since_when() -> Since:
    """Choose the earlier import. Where there is none to compare with, says so, and the page ends."""
    address, batch, _ = source()
    found = _imports(address, batch, scope())
    if len(found) < FEWEST:
        st.info("There is one import so far. After the next one, this page shows what it changed, and why.")
        st.page_link("1_book/3_data.py", label="Import more data")
        st.stop()
    names = dict(found[1:])
    left, right = st.columns([2, 1], vertical_alignment="bottom")
    chosen = left.selectbox("Since import", list(names), format_func=names.__getitem__, key="since")
    chosen = chosen if chosen in names else found[1][0]
    switched = settings() != Settings()
    standard = right.checkbox("Under the standard definitions then", key="standard_then") if switched else False
    return Since(int(chosen), names[chosen], standard)


def choose_metric(label: str, metrics: tuple[Metric, ...], key: str) -> Metric:
    """One of a few metrics, in the address of the page."""
    names = {metric.name: metric for metric in metrics}
    chosen = st.selectbox(
        label, list(names), format_func=lambda name: names[name].label, key=key, bind="query-params", width=260
    )
    return names[chosen]


def changes(since: Since, *metrics: Metric) -> Changes:
    """The differences by cause of metrics of revenue, under the filters chosen.

    Both figures are of the month chosen where it is not the last one.
    """
    address, batch, _ = source()
    now = settings()
    then = Settings(currency=now.currency) if since.standard else now
    state, book = st.session_state, whole()
    wanted = {name: tuple(state.get(f"in_{name}") or ()) for name in book.groupings if name != "csm"}
    wanted["csm"] = tuple(state.get("csm") or ())
    where = tuple((name, values) for name, values in sorted(wanted.items()) if values)
    month = state.get("month")
    until = month if month and len(book.months) and month != str(book.last) else None
    names = tuple(metric.name for metric in metrics)
    try:
        return _compared(address, since.batch, batch, scope(), (then, now), months(), where, until, names)
    except Problem as problem:
        st.info(f"Nothing can be compared with that import. {escaped(problem)}")
        st.stop()


def causes(metric: Metric, found: Changes, book: Book) -> None:
    """A metric then and now with a step per cause; a click shows the accounts behind it."""
    rows = found.rows[found.rows["metric"] == metric.name]
    first, last = rows["before"].iloc[0], rows["after"].iloc[-1]
    write = metric.unit.write
    st.markdown(f"##### {metric.label}: {escaped(write(first, book.currency))} → {escaped(write(last, book.currency))}")
    if rows["difference"].isna().all():
        missing = "then" if first != first else "now"
        st.info(f"There is no figure to compare with: it is undefined {missing}.")
        return
    moved = rows[rows["difference"] != 0]
    if moved.empty:
        st.success("Nothing changed.")
        return
    then, now = f"{found.then}, then", f"{found.now}, now"
    largest = moved.loc[moved["difference"].abs().idxmax()]
    chart(
        charts.causes(rows, metric.unit, book.currency, then, now),
        key=f"causes_{metric.name}",
        alt=f"{metric.label} then and now, with a step for each cause",
        sentence=f"{escaped(metric.unit.write_difference(last - first, book.currency))} in all; most of it is "
        f"**{largest['cause']}**: {MEANING[largest['cause']]}, {plural(int(largest['accounts']), 'account')}.",
        footer="Each cause is put in place after the one before it, so that the steps add up.",
        behind=lambda point: _behind(metric, found, book, point),
    )


def _behind(metric: Metric, found: Changes, book: Book, point: dict[str, Any]) -> Drill | None:
    cause = point.get("customdata")
    cause = cause[0] if isinstance(cause, list) else cause
    if not cause:
        return None
    shown = _listed(metric, found)
    sentence = f"{metric.label}: {MEANING[str(cause)]}. The shares add up to the step."
    return Drill(f"{str(cause).capitalize()}, {metric.label}", sentence, lambda: shown[shown["cause"] == cause], book)


def changed_accounts(metric: Metric, found: Changes) -> None:
    """The accounts behind the causes of a metric, largest share first."""
    rows = _listed(metric, found)
    if rows.empty:
        st.info("No account has a part in a change of this figure.")
        return
    accounts(rows, f"changed_{metric.name}", f"What changed, {metric.label}", height=420, cents=True)


def _listed(metric: Metric, found: Changes) -> pd.DataFrame:
    rows = found.accounts[found.accounts["metric"] == metric.name]
    rows = rows.sort_values("difference", key=abs, ascending=False)
    share = (
        {"points": (100 * rows["difference"]).round(2)}
        if metric.unit.name == "percent"
        else {"change": rows["difference"]}
    )
    listed = pd.DataFrame({"account_id": rows["account_id"], "name": rows["name"], "cause": rows["cause"], **share})
    each = {"amount_then": rows["top_before"].round(2), "amount_now": rows["top_after"].round(2)}
    base = {"out_of_then": rows["bottom_before"].round(2), "out_of_now": rows["bottom_after"].round(2)}
    return listed.assign(**each, **(base if metric.ratio else {}))
