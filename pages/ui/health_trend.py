"""Health over time: the trend by group, who went from band to band, and which part of the score moved whom."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from cs_metrics import charts
from cs_metrics.analysis.health_history import (
    LEFT,
    NOT_YET,
    Flows,
    Scores,
    accounts_of,
    bands_over_time,
    flows,
    history,
    level,
    places,
    scores_at,
    trend,
)
from cs_metrics.analysis.health_moved import WEIGHTS, by_part, moved
from cs_metrics.book import Book
from cs_metrics.health import BANDS, PARTS
from cs_metrics.months import last_day
from cs_metrics.units import SCORE
from pages.ui.drill import Drill, table_of_figures
from pages.ui.health import movers
from pages.ui.lists import table
from pages.ui.past import shown
from pages.ui.plots import chart, say
from pages.ui.words import escaped, money, plural

MOST_LINES = 8
WHOLE = "The whole book"
COUNTS = {"Accounts": "accounts", "MRR then": "mrr_then", "MRR now": "mrr_now"}
LABELS = {**{name: part.label for name, part in PARTS.items()}, WEIGHTS: "Changed weights"}


def health_trend(book: Book) -> None:
    """Health by MRR and MRR by band at past month-ends, as known then."""
    if book.closes - book.lead < 2:
        st.info("A trend needs two months. The book has one.")
        return
    options = [WHOLE, *(name for name in book.groupings if name != "product")]
    by = st.selectbox("Trend by", options, key="trend_by", bind="query-params", format_func=_named, width=260)
    with shown("Scoring each month") as progress:
        book.answered("health history", lambda: history(book, progress=progress))
    lines = book.answered(("health trend", by), lambda: trend(book, None if by in (None, WHOLE) else by))
    bands = book.answered("health bands", lambda: bands_over_time(book))
    left, right = st.columns(2, gap="medium")
    with left:
        drawn = lines[_largest(book, lines, by)]
        chart(
            charts.series(drawn, SCORE, height=340),
            key="health_trend",
            alt="Health by MRR at each month-end",
            footer="Weighted by MRR, 100 = healthy, as known at each month-end with the weights then in force."
            + (f" The {MOST_LINES} with most MRR of {lines.shape[1]}." if lines.shape[1] > MOST_LINES else ""),
        )
    with right:
        chart(
            charts.bands_over_time(bands, height=340),
            key="health_bands_over_time",
            alt="The share of MRR in each health band at each month-end",
            footer="The share of MRR in each band. A click opens the accounts.",
            behind=lambda point: _band_then(book, point),
        )


def _named(name: str) -> str:
    return "CSM" if name == "csm" else name.replace("_", " ").capitalize()


def _largest(book: Book, lines: pd.DataFrame, by: str | None) -> list[str]:
    """The groups shown: those with most MRR, in the order of their names."""
    if lines.shape[1] <= MOST_LINES or by is None:
        return list(lines.columns)
    now = scores_at(book, book.closes - 1)
    names, code = (book.owners.names, now.held) if by == "csm" else book.groups(by)
    mrr = pd.Series({str(name): int(now.mrr[code == at].sum()) for at, name in enumerate(names)})
    chosen = set(mrr.reindex(lines.columns).nlargest(MOST_LINES).index)
    return [name for name in lines.columns if name in chosen]


def _band_then(book: Book, point: dict[str, Any]) -> Drill | None:
    """The accounts of a band at a month-end."""
    if not (data := point.get("customdata")):
        return None
    month, band = data
    close = book.close_of(month)
    if close is None:
        return None
    then = scores_at(book, close)
    which = then.customers & (then.band == BANDS.index(band))
    count = plural(int(which.sum()), "account")
    rows = accounts_of(book, which, then)
    return Drill(
        f"{band.capitalize()} at the end of {month}", f"**{count}**, and how they stand now.", lambda: rows, book
    )


def band_flows(book: Book) -> None:
    """Who went from band to band between two month-ends, in accounts and in MRR; every figure opens its accounts."""
    if (close := _since(book, "flows_since")) is None:
        return
    then, now = scores_at(book, close), scores_at(book, book.closes - 1)
    counted = st.segmented_control("Counted in", list(COUNTS), default="Accounts", key="flows_in", bind="query-params")
    found = flows(then, now, book.scale)
    frame: pd.DataFrame = getattr(found, COUNTS[counted or "Accounts"])
    say(_flow_sentence(book, found, then, now))
    money_shown = counted in ("MRR then", "MRR now")
    names = list(frame.columns)
    shown = pd.DataFrame(
        {
            "from": [f"{name.capitalize()}" for name in frame.index],
            **{f"to {name}": [_cell(value, money_shown, book) for value in frame[name]] for name in names},
            "together": [_cell(value, money_shown, book) for value in frame.sum(axis=1)],
        }
    )
    total = {"from": "Together", "together": _cell(frame.to_numpy().sum(), money_shown, book)}
    total |= {f"to {name}": _cell(frame[name].sum(), money_shown, book) for name in names}
    shown = pd.concat([shown, pd.DataFrame([total])], ignore_index=True)

    def behind(column: int) -> Any:
        return lambda row: _flow_drill(book, then, now, row, column)

    config = {"from": st.column_config.TextColumn(f"From, {then.month}", pinned=True, width=150)}
    columns = {f"to {name}": behind(at) for at, name in enumerate(names)} | {"together": behind(len(names))}
    table_of_figures(shown, "health_flows", columns, config)
    say(
        "",
        f"Rows: the band at the end of {then.month}, as known then. Columns: the band now. MRR then adds up along the "
        "rows to what each band paid then, MRR now down the columns to what it pays now.",
    )


def _cell(value: float, money_shown: bool, book: Book) -> str:
    return "·" if not value else money(float(value), book) if money_shown else f"{int(value):,}"


def _since(book: Book, key: str) -> int | None:
    """The past month-end compared with: a quarter back unless said."""
    closes = list(range(book.closes - 2, max(book.lead, book.closes - 14) - 1, -1))
    if not closes:
        st.info("There is no earlier month to compare with.")
        return None
    months = [str(book.months_with_lead[close]) for close in closes]
    usual = min(2, len(months) - 1)
    chosen = st.selectbox("Since the end of", months, index=usual, key=key, bind="query-params", width=260)
    return closes[months.index(chosen)] if chosen in months else closes[usual]


def _flow_sentence(book: Book, found: Flows, then: Scores, now: Scores) -> str:
    """How many rose and fell by a band, and their MRR."""
    known = list(BANDS[:3])
    up = [(a, b) for i, a in enumerate(known) for b in known[:i]]
    down = [(b, a) for a, b in up]
    told = []
    for word, pairs in (("rose", up), ("fell", down)):
        count = sum(int(found.accounts.loc[a, b]) for a, b in pairs)
        mrr = sum(float(found.mrr_then.loc[a, b]) for a, b in pairs)
        told.append(f"**{plural(count, 'account')}** with {money(mrr, book)} {word} by a band or two")
    gone = float(found.mrr_then[LEFT].sum())
    return f"Since {then.month} {told[0]}, {told[1]}; {money(gone, book)} left the book."


def _flow_drill(book: Book, then: Scores, now: Scores, row: int, column: int) -> Drill:
    """The accounts of a cell, of a row or column, or of all."""
    before, after = places(then, now)
    size = len(BANDS) + 1
    which = (
        (then.customers | now.customers) & ((before == row) | (row == size)) & ((after == column) | (column == size))
    )
    start = "All" if row == size else (*BANDS, NOT_YET)[row].capitalize()
    end = "any" if column == size else (*BANDS, LEFT)[column]
    sentence = f"**{plural(int(which.sum()), 'account')}**, their health and MRR at the end of {then.month} and now."
    return Drill(f"{start} → {end}", sentence, lambda: accounts_of(book, which, then), book)


def parts_moved(book: Book) -> None:
    """Which part of the score moved the book, and whom."""
    if (close := _since(book, "parts_since")) is None:
        return
    day = last_day(book.months_with_lead[close])
    found = book.answered(("health moved", day), lambda: moved(book.as_of(day), book))
    if found.empty:
        st.info("No customer has a score on both days.")
        return
    then, now = level(scores_at(book, close)), level(scores_at(book, book.closes - 1))
    parts = by_part(found).sort_values("points", key=np.abs, ascending=False)
    kept = float((found["change"] * found["mrr"]).sum() / found["mrr"].sum())
    rest = now.by_mrr - then.by_mrr - kept
    worst = parts[parts["points"].abs() > 0.05].head(2)
    most = " and ".join(
        f"{LABELS[p]} {SCORE.write_difference(v)}" for p, v in zip(worst["part"], worst["points"], strict=True)
    )
    say(
        f"The book went from {SCORE.write(then.by_mrr)} to **{SCORE.write(now.by_mrr)}**: "
        f"{SCORE.write_difference(kept)} by accounts that changed, {SCORE.write_difference(rest)} by accounts that "
        f"came, left, or weigh otherwise.{f' Most by {most}.' if most else ''}"
    )
    left, right = st.columns(2, gap="medium")
    with left:
        shown = parts[parts["points"].abs() > 0.005]
        chart(
            charts.contributions(shown.set_index(shown["part"].map(LABELS))["points"], kept, SCORE),
            key="health_parts",
            alt="What each part of the score did to the book's health",
            footer="In points, weighted by MRR, over the customers with a score on both days. They add up.",
        )
    with right:
        table(_told(parts), "health_parts_table", config=_part_config())
    say("**Whom each part moved**, most MRR × change first. The parts of a row add up to its change.")
    told = found.assign(most=_most(found)).round(
        dict.fromkeys((*PARTS, WEIGHTS, "change", "health_before", "health"), 1)
    )
    told = told.rename(columns={"change": "points", **{name: f"by_{name}" for name in (*PARTS, WEIGHTS)}})
    columns = (
        "name",
        "health_before",
        "health",
        "points",
        "most",
        "mrr",
        "csm",
        *(f"by_{name}" for name in (*PARTS, WEIGHTS)),
    )
    movers(told[told["points"].abs() >= 0.05], "health_moved", "What moved health", columns)


def _told(parts: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "part": parts["part"].map(LABELS),
            "points": [SCORE.write_difference(value).removesuffix(" points") for value in parts["points"]],
            "better": parts["better"],
            "worse": parts["worse"],
        }
    )


def _part_config() -> dict[str, Any]:
    column = st.column_config
    return {
        "part": column.TextColumn("Part"),
        "points": column.TextColumn("Points", alignment="right", help="What it did to the health of the book."),
        "better": column.NumberColumn("Raised", help="Accounts it raised by a point or more."),
        "worse": column.NumberColumn("Lowered", help="Accounts it lowered by a point or more."),
    }


def _most(found: pd.DataFrame) -> list[str]:
    """The part that did most, in words, for each account."""
    names = [*PARTS, WEIGHTS]
    gave = found[names].to_numpy()
    at = np.abs(gave).argmax(axis=1)
    return [
        escaped(f"{LABELS[names[place]]} {gave[row, place]:+.1f}").replace("\\", "") for row, place in enumerate(at)
    ]
