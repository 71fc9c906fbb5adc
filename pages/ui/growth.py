"""What the Expansion page says of growth to come: whom to speak to and why now, and who shows signs of it."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd
import streamlit as st

from cs_metrics.analysis.candidates import candidates, growing
from cs_metrics.analysis.registry import accounts_firing
from cs_metrics.book import Book
from cs_metrics.signal import Signal, signals
from pages.ui.drill import Drill, table_of_figures
from pages.ui.lists import accounts
from pages.ui.plots import say
from pages.ui.tiles import figures
from pages.ui.today import now, today
from pages.ui.words import escaped, money, plural


class Growing(NamedTuple):
    """A book as it stands, and which of its accounts are to be kept first."""

    shown: Book
    book: Book
    at_risk: np.ndarray


def growing_book(book: Book) -> Growing:
    """The accounts of this book as they stand; made once for a day."""

    def made() -> Growing:
        mine = now(book.held_now())
        return Growing(book, mine, np.isin(mine.accounts.index, today(book).at_risk["account_id"]))

    return book.answered(("growing", date.today()), made)


def whom_to_offer(of: Growing) -> None:
    """The candidates, each with what would fit, what it would bring, and why now."""
    rows = of.shown.answered(("candidates", date.today()), lambda: candidates(of.book, of.at_risk))
    if rows.empty:
        st.info("No account that is not at risk shows a sign of growth with something to offer. See the other tabs.")
        _dark(of.book)
        return
    figures(
        {
            "Accounts to speak to": f"{len(rows):,}",
            "Would bring": money(rows["potential"].sum(), of.book),
            "Already on offer": f"{int(rows['offered'].notna().sum()):,}",
        },
        of.book,
    )
    first = rows.iloc[0]
    say(
        f"First: **{escaped(first['name'])}**, {escaped(first['products'])}, about "
        f"{money(first['potential'], of.book)} a month. Why now: {escaped(first['why_now'])}."
    )
    columns = ("name", "potential", "products", "why_now", "mrr", "csm", "offered")
    accounts(rows, "candidates", "Whom to speak to", columns, height=430)
    say(
        "",
        "Ranked by what it would bring × how many signs of growth are seen. What fits at the median price in the "
        "segment; more of the same at the rise that customers who bought more typically made. Accounts at risk are "
        "left out: first keep them.",
    )


def _dark(book: Book) -> None:
    missing = [reason for each in signals("growth") if (reason := each.dark(book))]
    if missing:
        with st.expander(f"{plural(len(missing), 'sign')} of growth cannot be told yet"):
            st.markdown("\n".join(f"- {escaped(reason)}" for reason in missing))
            st.page_link("1_book/3_data.py", label="Go to Data")


def signs_of_growth(of: Growing) -> None:
    """Which signs of growth are seen at how many customers, and each customer with its sentences."""
    told = [each for each in signals("growth") if each.dark(of.book) is None]
    if told:
        found = {each.name: accounts_firing(of.book, each) for each in told}
        shown = pd.DataFrame(
            {
                "sign": [each.label for each in told],
                "accounts": [f"{len(found[each.name]):,}" for each in told],
                "mrr": [money(found[each.name]["mrr"].sum(), of.book) for each in told],
                "when": [each.when(of.book) for each in told],
            }
        )

        def behind(row: int) -> Drill:
            return _sign_drill(of.book, told[row], found[told[row].name])

        column = st.column_config
        config = {
            "sign": column.TextColumn("Sign", pinned=True, width=170),
            "when": column.TextColumn("Seen when", width=520),
        }
        table_of_figures(shown, "growth_signs", {"accounts": behind, "mrr": behind}, config)
    rows = growing(of.book)
    if len(rows):
        threatened = of.at_risk[rows["row"].to_numpy()]
        many = int((rows["signs"] > 1).sum())
        say(
            f"**{plural(len(rows), 'customer')}** show a sign of growth, {many:,} of them more than one. "
            f"{int(threatened.sum()):,} of them are at risk at the same time."
        )
        listed = rows.assign(risk=np.where(threatened, "at risk", None))
        accounts(listed, "growing", "Signs of growth", ("name", "reasons", "signs", "mrr", "csm", "risk"), height=400)
    elif told:
        st.info("No sign of growth is seen at any customer.")
    _dark(of.book)


def _sign_drill(book: Book, signal: Signal, rows: pd.DataFrame) -> Drill:
    amount = money(rows["mrr"].sum(), book)
    sentence = f"**{plural(len(rows), 'customer')}** with **{amount}** MRR. {escaped(signal.when(book))}"
    return Drill(signal.label, sentence, lambda: rows, book)
