"""The book as it stands, and what a page says when there is little to say."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import NamedTuple

import pandas as pd
import streamlit as st

from cs_metrics.analysis.advocates import advocates
from cs_metrics.analysis.next_step import to_do
from cs_metrics.analysis.risk import AT_RISK, at_risk, of_accounts
from cs_metrics.book import Book, Settings
from cs_metrics.signal import SIGNALS, Purpose, signals
from pages.ui.company import scope, source, whole_book
from pages.ui.lists import accounts
from pages.ui.pickers import fixed_settings, whole
from pages.ui.words import escaped, plural


@st.cache_resource(max_entries=12, show_spinner="Looking at every account…")
def standing(address: str, batch: int, scope: str, settings: Settings, until: str, today: date) -> Standing:
    """Who is at risk and who would speak for us, of the whole book: as it stands, or at the end of an earlier month."""
    known = known_book(address, batch, scope, settings, until, today)
    return Standing(known, at_risk(known), advocates(known))


@st.cache_resource(max_entries=12, show_spinner=False)
def known_book(address: str, batch: int, scope: str, settings: Settings, until: str, today: date) -> Book:
    """The whole book as it stands, or as it was known at the end of an earlier month; nothing looked at yet."""
    book = whole_book(address, batch, scope, settings)
    return book.now(today) if until == str(book.last) else book.as_of(book.until(until).day)


def known_now(address: str, batch: int, scope: str, settings: Settings, today: date) -> Book:
    """The whole book as it stands today."""
    book = whole_book(address, batch, scope, settings)
    return known_book(address, batch, scope, settings, str(book.last) if len(book.months) else "", today)


class Standing(NamedTuple):
    """The whole book on a day, and its lists."""

    book: Book
    at_risk: pd.DataFrame
    advocates: pd.DataFrame


def today(book: Book) -> Standing:
    """How the accounts of this book stand on its last day; each is looked at among all accounts of the company."""
    address, batch, _ = source()
    key = (address, batch, scope(), fixed_settings(), str(book.last), date.today())
    return book.answered(("today", key), lambda: _of(standing(*key), book.held_now()))


def _of(every: Standing, mine: Book) -> Standing:
    return Standing(every.book, of_accounts(every.at_risk, mine), of_accounts(every.advocates, mine))


def now(book: Book) -> Book:
    """A book as it stands; for an earlier month, as it was known on its last day."""
    return book.now() if book.last == whole().last else book.as_of(book.day)


TO_READ = 2_000


def what_to_do(book: Book) -> None:
    """The next best step of each account of a book small enough to be somebody's, the most pressing first."""
    mine = now(book.held_now())
    if len(mine) > TO_READ:
        return
    steps = mine_to_do(book, mine)
    if steps.empty:
        return
    st.markdown(f"##### What to do next: {plural(len(steps), 'account')}")
    accounts(steps, "to_do", "What to do next", ("name", "step", "why", "mrr", "csm"), height=250)


def mine_to_do(book: Book, mine: Book) -> pd.DataFrame:
    """The next steps of a book, made once for a day."""
    return book.answered(
        ("to do", date.today()), lambda: to_do(replace(mine, clock=today(book).book.known_on, memory={}))
    )


def dark(book: Book, purpose: Purpose) -> list[str]:
    """What is missing to tell more: a sentence per signal that cannot be told."""
    return [reason for each in signals(purpose) if (reason := each.dark(book))]


def nothing_at_risk(book: Book) -> None:
    """No account is at risk, or nothing is known that could tell."""
    missing = dark(book, "risk")
    if len(missing) > len(signals("risk")) / 2:
        st.info(
            "Too little is known to see risks. Upload usage, tickets, surveys, touchpoints or pulses on the Data page."
        )
        st.page_link("1_book/3_data.py", label="Go to Data")
    else:
        st.success("No account is at risk by the signals there are.")
    _missing(missing)


def no_advocates(book: Book) -> None:
    """No account qualifies, or nothing is known that could tell."""
    if "surveys" not in book.facts and "pulses" not in book.facts:
        st.info("Advocates are told by surveys and pulses. Upload one of them, or give pulses on an account's page.")
        st.page_link("1_book/3_data.py", label="Go to Data")
    else:
        st.info("No account meets the criteria of an advocate: a promoter or pulse 5, a power user, no open risk.")
    _missing(dark(book, "advocacy"))


def _missing(reasons: list[str]) -> None:
    if reasons:
        with st.expander(f"{plural(len(reasons), 'signal')} cannot be told yet"):
            st.markdown("\n".join(f"- {reason}" for reason in reasons))


def risk_rule(book: Book) -> None:
    """How the list came about: the rule, each signal's weight, and what could not be told."""
    with st.expander("How this list is made"):
        st.markdown(
            "Each signal stands for a chance of losing the account within 180 days. Signals are joined as "
            f"1 − Π (1 − weight); an account is listed from {AT_RISK:.0%}, ranked by MRR × likelihood. "
            "The weights are a rule of thumb until your own history proves better ones."
        )
        st.table({each.label: f"{each.weight:.0%} · {each.question}" for each in signals("risk")})
        _missing_line(dark(book, "risk"))


def advocate_rule(book: Book) -> None:
    """What makes an advocate and a reference, and what could not be told."""
    with st.expander("How this list is made"):
        st.markdown(
            "**Advocate**: a promoter or pulse 5, a power user, and no open risk.  \n"
            "**Ready to be a reference**: a customer for 12 months, a confirmed outcome, healthy, a promoter or "
            "pulse 4 and more, no open escalation, not asked in 90 days. "
            "A criterion that cannot be told counts as missed."
        )
        st.table({each.label: each.question for each in signals("advocacy")})
        _missing_line(dark(book, "advocacy"))


def _missing_line(reasons: list[str]) -> None:
    if reasons:
        st.caption("Not known: " + escaped("; ".join(reasons)))


def labels(fired: list[str]) -> list[str]:
    """The labels of signals."""
    return [SIGNALS[name].label for name in fired]
