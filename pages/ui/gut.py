"""Gut against data: where pulses and data disagree, and how each CSM's pulses came true."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from cs_metrics import charts
from cs_metrics.analysis.gut_and_data import (
    EVERYONE,
    GLOOMY,
    GREEN,
    RED,
    ROSY,
    calibration,
    disagreements,
    judged,
)
from cs_metrics.analysis.gut_and_data import (
    gut_and_data as both,
)
from cs_metrics.analysis.likely import FEWEST_FOR_A_RANGE, FEWEST_FOR_A_RATE
from cs_metrics.analysis.risk import AT_RISK
from cs_metrics.book import Book
from cs_metrics.health import HEALTHY, POOR
from pages.ui.drill import Drill, table_of_figures
from pages.ui.lists import accounts
from pages.ui.menu import open_account
from pages.ui.plots import chart
from pages.ui.tiles import figures
from pages.ui.today import today
from pages.ui.words import money, percent, plural

LISTED = ("name", "sentence", "mrr", "pulse", "data_health", "renewal_date", "csm")


def gut_and_data(book: Book) -> None:
    """The quadrant of pulse and data, the list where they disagree, and how pulses came true."""
    known = today(book).book
    if "pulses" not in known.facts:
        st.info(
            "No pulse is known yet. Give pulses in the table, or upload a list with account_id, given_on and pulse "
            "on the Data page."
        )
        return
    every = both(known)
    mine = every[every["account_id"].isin(book.held_now().accounts.index)]
    if mine.empty:
        st.info("No customer of this book has a pulse of the last 90 days.")
    else:
        _quadrant(mine, book)
    _calibration(book, known)


def _quadrant(mine: pd.DataFrame, book: Book) -> None:
    apart = disagreements(mine)
    rosy, gloomy = (apart[apart["side"] == side] for side in (ROSY, GLOOMY))
    figures(
        {
            "Pulse good, data warn": f"{len(rosy):,}",
            "Their MRR": money(rosy["mrr"].sum(), book),
            "Pulse bad, data fine": f"{len(gloomy):,}",
            "MRR of these": money(gloomy["mrr"].sum(), book),
        },
        book,
    )

    def opened(point: dict[str, Any]) -> Drill | None:
        if custom := point.get("customdata"):
            open_account(str(custom[0]))
        return None

    drawn = mine["data_health"].notna()
    if drawn.any():
        chart(
            charts.quadrant(mine, HEALTHY.of(book)),
            key="quadrant",
            alt="Each account at its pulse and its health by the data, as large as its MRR",
            sentence=f"Of {plural(len(mine), 'customer')} with a pulse, pulse and data disagree about {len(apart):,}.",
            footer=(
                f"Good is a pulse of {GREEN} or 5, bad 1 or {RED}. The data warn where the signals make a loss "
                f"{AT_RISK:.0%} likely or more, or health is below {POOR.of(book):g}; they are fine below that "
                f"chance, with a health of {HEALTHY.of(book):g} or more where it is known. Health and signals are "
                "told as if nobody had given a pulse or flagged a risk. A point opens its account."
            ),
            behind=opened,
        )
    if len(apart):
        st.markdown("##### Where they disagree, by MRR")
        accounts(apart, "disagree", "Gut against data", LISTED, height=min(420, 38 + 35 * len(apart)))
    else:
        st.success("Pulse and data agree about every account.")


def _calibration(book: Book, known: Book) -> None:
    """How each CSM's green and red pulses came true."""
    found = judged(known)
    rows = found.table[found.table["account_id"].isin(book.accounts.index)]
    if book.whose is not None:
        rows = rows[rows["csm"].isin(book.owners.names[list(book.whose)])]
    st.markdown("##### How pulses came true")
    if rows.empty:
        st.info("No half-year after a pulse is over yet: come back when the oldest pulses are six months old.")
        return
    record = calibration(rows)
    shown = pd.DataFrame(
        {
            "csm": [name if name != EVERYONE else "All of them" for name in record["csm"]],
            "green": [_of(r["green_came_true"], r["green_n"], "stayed") for r in record.to_dict("records")],
            "green_share": [_rate(r, "green") for r in record.to_dict("records")],
            "renewed": [_of(r["renewed"], r["due"], "renewed") for r in record.to_dict("records")],
            "red": [_of(r["red_came_true"], r["red_n"], "left") for r in record.to_dict("records")],
            "red_share": [_rate(r, "red") for r in record.to_dict("records")],
        }
    )
    names = record["csm"].tolist()
    table_of_figures(
        shown,
        "calibration",
        {side: _behind(rows, names, side, book) for side in ("green", "red")},
        {
            "csm": st.column_config.TextColumn("CSM", width=150, pinned=True),
            "green_share": st.column_config.TextColumn("Stayed, likely range", width=160),
            "red_share": st.column_config.TextColumn("Left, likely range", width=160),
            "renewed": st.column_config.TextColumn("Of the green, due to renew", width=180),
        },
    )
    st.caption(
        f"Green is a pulse of {GREEN} or 5, red 1 or {RED}, as it stood on {', '.join(reversed(found.days))}, and what "
        "became of the account in the six months after. A pulse repeated every month counts once a half-year. The "
        f"range (80 %) is what luck allows; no share below {FEWEST_FOR_A_RATE} pulses, no range below "
        f"{FEWEST_FOR_A_RANGE}. In the order of the names: books differ, and this is no ranking. Few losses after red "
        "pulses may be good work."
    )


def _of(true: int, of: int, became: str) -> str:
    return f"{true:,} of {of:,} {became}" if of else "–"


def _rate(record: dict[Any, Any], side: str) -> str:
    share, low, high = (record[f"{side}_{what}"] for what in ("share", "low", "high"))
    if share != share:
        return "too few" if record[f"{side}_n"] else "–"
    if low != low:
        return f"{percent(share)}, too few for a range"
    return f"{percent(share)} ({100 * low:.0f}–{100 * high:.0f} %)"


def _behind(rows: pd.DataFrame, names: list[str], side: str, book: Book) -> Callable[[int], Drill | None]:
    """The pulses behind a figure of the table."""

    def behind(place: int) -> Drill | None:
        mine = rows if names[place] == EVERYONE else rows[rows["csm"].astype(str) == names[place]]
        mine = mine[mine["pulse"] >= GREEN] if side == "green" else mine[mine["pulse"] <= RED]
        if mine.empty:
            return None
        listed = mine.assign(became=mine["stayed"].map({True: "stayed", False: "left"})).drop(columns=["stayed", "due"])
        listed = listed.rename(columns={"mrr": "mrr_then"}).sort_values(["became", "as_of"], kind="stable")
        left = int((~mine["stayed"]).sum())
        stayed = len(mine) - left
        sentence = f"{plural(len(mine), 'pulse')}: {stayed:,} of the accounts stayed, {left:,} left within six months."
        title = f"{side.capitalize()} pulses, {'everyone' if names[place] == EVERYONE else names[place]}"
        return Drill(title, sentence, lambda: listed.reset_index(drop=True), book)

    return behind
