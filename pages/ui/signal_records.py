"""The signals' own record: how often each came before a loss, how often nothing followed, and whom it fired for."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from cs_metrics.analysis.quarter_ends import HORIZON
from cs_metrics.analysis.signal_record import fired_for, signal_record
from cs_metrics.book import Book
from cs_metrics.signal import Purpose
from pages.ui.drill import Drill, table_of_figures
from pages.ui.past import counted, shown, whole_until
from pages.ui.plots import say
from pages.ui.words import escaped, percent, plural

KINDS: dict[str, Purpose] = {"Risk": "risk", "Growth": "growth"}
ENOUGH = 15


def record_of(book: Book, purpose: Purpose) -> pd.DataFrame:
    """How often each signal came before what it warns of, asked once for a book, with a bar while it is asked."""
    whole = whole_until(book)
    only = counted(whole, book)
    with shown("Asking the signals") as progress:
        return book.answered(("signal record", purpose), lambda: signal_record(whole, HORIZON, purpose, only, progress))


def signal_records(book: Book) -> None:
    """A row per signal, the best first; a click on a number opens the accounts it fired for."""
    chosen = st.segmented_control(
        "Signals", list(KINDS), default="Risk", required=True, key="record_of", bind="query-params",
        label_visibility="collapsed",
    )  # fmt: skip
    purpose = KINDS[chosen or "Risk"]
    whole = whole_until(book)
    only = counted(whole, book)
    found = record_of(book, purpose)
    told = found[found["quarter_ends"] > 0]
    if told.empty:
        st.info(
            f"A signal's record needs a quarter-end with {HORIZON} days of revenue after it, and the tables it reads: "
            "upload more months, and usage, tickets, surveys or touchpoints."
        )
        st.page_link("1_book/3_data.py", label="Go to Data")
        return
    say(_answer(told, purpose))
    _table(told.sort_values(["precision", "times"], ascending=False, na_position="last"), whole, only, purpose)
    dark = found[found["quarter_ends"] == 0]
    if len(dark):
        with st.expander(f"{plural(len(dark), 'signal')} without a record"):
            st.markdown("\n".join(f"- {escaped(reason)}" for reason in dark["dark"]))


def _answer(told: pd.DataFrame, purpose: Purpose) -> str:
    """What is usual, which signal told most, and which told nothing."""
    ends = int(told["quarter_ends"].max())
    usual = (told["precision"] / told["lift"]).dropna()
    what = "were lost" if purpose == "risk" else "paid more"
    said = f"At {plural(ends, 'quarter-end')}, as known on the day, against the {HORIZON} days after. "
    if usual.empty:
        return said + f"No customer at all {what.replace('were', 'was')} in them: no signal can have been right."
    said += f"Of all customers {percent(usual.median())} {what}. "
    often = told[told["times"] >= ENOUGH]
    if often.empty:
        return said + f"No signal fired {ENOUGH} times: too few to say more."
    best = often.loc[often["precision"].idxmax()]
    said += f"After **{best['label']}** it was {percent(best['precision'])}"
    idle = often[often["low"] <= usual.median()]["label"].tolist()
    return said + (f". Not told from chance: {', '.join(idle)}." if idle else ".")


def _table(found: pd.DataFrame, whole: Book, only: object, purpose: Purpose) -> None:
    names = found["signal"].tolist()
    ended = "lost" if purpose == "risk" else "paid more"
    rows = pd.DataFrame(
        {
            "signal": found["label"].to_numpy(),
            "times": [f"{n:,}" for n in found["times"]],
            "accounts": [f"{n:,}" for n in found["accounts"]],
            ended: [f"{n:,}" for n in found["followed"]],
            "not": [f"{n:,}" for n in found["not_followed"]],
            "share followed": [percent(value) for value in found["precision"]],
            "likely": [_range(low, high) for low, high in zip(found["low"], found["high"], strict=True)],
            "times the usual": ["–" if value != value else f"{value:.1f} ×" for value in found["lift"]],
            "of all": [percent(value) for value in found["preceded"]],
        }
    )
    text = st.column_config.TextColumn
    config = {
        "signal": text("Signal", pinned=True, width=180),
        "accounts": text("Accounts", alignment="right"),
        ended: text("Was lost" if purpose == "risk" else "Paid more", alignment="right"),
        "not": text("Was not", alignment="right"),
        "share followed": text("Share followed", alignment="right"),
        "likely": text("Likely range", alignment="right", help="80 in 100. An account's quarter-ends count as one."),
        "times the usual": text("Times the usual", alignment="right", help="Against the share of all customers."),
        "of all": text(
            "Came before" if purpose == "risk" else "Of all rises", alignment="right",
            help="The share of all losses it came before." if purpose == "risk" else "The share of all rises.",
        ),
    }  # fmt: skip

    def behind(place: int) -> Drill:
        signal = names[place]
        title = str(found["label"].iloc[place])
        return Drill(
            f"{title}: whom it fired for",
            f"Customers for whom it fired at a quarter-end, and what became of them in the {HORIZON} days after.",
            lambda: fired_for(whole, signal, HORIZON, only),  # type: ignore[arg-type]
            whole,
        )

    table_of_figures(rows, "signal_record", {"times": behind}, config, height="content")
    what = "left or paid half or less" if purpose == "risk" else "paid more at the end"
    say(
        "",
        f"A customer for whom the signal fired at a quarter-end counts once for that day; followed means that it "
        f"{what} within the horizon. A record is no proof: a signal may have been acted on, and the account saved.",
    )


def _range(low: float, high: float) -> str:
    return f"{100 * low:.0f}–{100 * high:.0f} %" if low == low else "–"
