"""The pickers every page shares: whose accounts, which part, which month, which period, under which definitions.

They live in the address, so a link shows the same view, and they survive a change of page.
"""

from __future__ import annotations

from datetime import date

import streamlit as st

from cs_metrics.book import Book, Problem, Settings
from cs_metrics.months import month
from pages.ui.company import look, scope, sliced_book, source, whole_book
from pages.ui.words import escaped, plural

PERIODS = {"Month": 1, "Quarter": 3, "Half-year": 6, "Year": 12}
FISCAL, SINCE = "Fiscal year", "Since"
RULES = {
    "owner": (
        "Who answers for an account",
        {
            "opening": "Owner at the opening",
            "event": "Owner at each change",
            "closing": "Owner at the close",
            "time-share": "Shared by months held",
            "grace": "Loss after hand-over: owner before",
        },
    ),
    "fx": ("Exchange rates", {"constant": "Of the period's opening", "floating": "Each month's own"}),
    "gross_cap": ("Gross retention is capped", {"account": "Per account", "product": "Per product"}),
    "waterfall": ("Movements of a period", {"months": "Sum of its months", "ends": "Between its two ends"}),
    "cohort_start": ("Cohorts begin with", {"first_mrr": "The first MRR", "start_date": "The start date"}),
    "fiscal_start": (
        "The fiscal year begins in",
        {str(number): f"{date(2000, number, 1):%B}" for number in range(1, 13)},
    ),
    "level": ("Accounts", {"account": "Each on its own", "parent": "Rolled up to the parent"}),
}
SHOWN_FIRST = 2


def pickers() -> None:
    """Draw the pickers. Called once, by the frame, before the page."""
    look()
    book = _whole_or_none()
    if st.session_state["has_own"]:
        _company()
    if book is None:
        return
    if len(book.holders) > 1:
        st.multiselect("CSM", book.holders, key="csm", bind="query-params", placeholder="Everyone")
    months = [str(each) for each in reversed(book.months)]
    left, right = st.columns([1, 1])
    left.selectbox("Month", months, key="month", bind="query-params")
    right.selectbox(
        "Period",
        [*PERIODS, FISCAL, SINCE],
        index=1,
        key="period",
        bind="query-params",
        help="Up to the month. Fiscal year: from its first month on. Since: from a month of your own.",
    )
    if st.session_state.get("period") == SINCE:
        _since(book)
    attributes = [name for name in book.groupings if name != "csm"]
    for name in attributes[:SHOWN_FIRST]:
        _attribute(book, name)
    with st.expander("More filters and definitions", expanded=False):
        for name in attributes[SHOWN_FIRST:]:
            _attribute(book, name)
        for name in _rules_for(book):
            label, words = RULES[name]
            st.selectbox(label, list(words), format_func=words.__getitem__, key=name, bind="query-params")
        st.selectbox("Charts are saved as", ["PNG", "SVG"], key="picture", persist_state="session")


def _since(book: Book) -> None:
    """The first month of a period of one's own: any whose opening is known, up to the month chosen."""
    last = st.session_state.get("month") or str(book.last)
    months = [str(each) for each in reversed(book.months_with_lead[1:]) if str(each) <= last]
    st.selectbox("First month", months, index=len(months) - 1 if months else None, key="since", bind="query-params")


def _company() -> None:
    default = None if "company" in st.session_state else "Mine"
    st.segmented_control(
        "Company", ["Mine", "Sample"], default=default, required=True, key="company", bind="query-params"
    )


def _attribute(book: Book, name: str) -> None:
    options = list(book.lines.products) if name == "product" else list(book.groups(name)[0])
    st.multiselect(
        escaped(name.replace("_", " ").capitalize()),
        options,
        key=f"in_{name}",
        bind="query-params",
        placeholder="All",
    )


def _rules_for(book: Book) -> list[str]:
    """The definitions that make a difference in this book."""
    differs = {
        "owner": len(book.owners.handovers) > 0,
        "fx": not book.one_currency,
        "gross_cap": len(book.lines.products) > 1,
        "waterfall": True,
        "cohort_start": "start_date" in book.accounts,
        "fiscal_start": True,
        "level": "parent_id" in book.accounts and bool(book.accounts["parent_id"].notna().any()),
    }
    return [name for name in RULES if differs[name]]


def settings() -> Settings:
    """The definitions chosen."""
    chosen = {name: st.session_state.get(name) for name in RULES}
    return Settings.of(**{name: value for name, value in chosen.items() if value in RULES[name][1]})


def months() -> int:
    """The length of the period chosen, in months: a fixed one, the fiscal year so far, or from a month of one's own."""
    state = st.session_state
    period = state.get("period") or "Quarter"
    if period in PERIODS:
        return PERIODS[period]
    last = month(state.get("month") or whole().last)
    if period == FISCAL:
        return (last.month - settings().fiscal_start) % 12 + 1
    return max(last.ordinal - month(state.get("since") or last).ordinal + 1, 1)


def year_or_less(book: Book) -> int:
    """Twelve months, or the longest shorter period the book has a whole one of; said where it is shorter."""
    whole_months = book.closes - 1
    fitting = [length for length in PERIODS.values() if length <= whole_months]
    if not fitting or fitting[-1] == 12:
        return 12
    st.caption(
        f"The book has {plural(whole_months, 'month')} with an opening: retention is over {fitting[-1]}, not 12."
    )
    return fitting[-1]


def fixed_settings() -> Settings:
    """The definitions that decide what book is assembled; the others only how it is asked."""
    chosen = settings()
    return Settings(currency=chosen.currency, level=chosen.level, fiscal_start=chosen.fiscal_start)


def whole() -> Book:
    """The whole book, of everybody, under the definitions chosen. Raises Problem where there is none."""
    address, batch, _ = source()
    return whole_book(address, batch, scope(), fixed_settings())


def _whole_or_none() -> Book | None:
    try:
        return whole()
    except Problem:
        return None


def everyone() -> Book:
    """The whole book. Where there is none, says what to do, and the page ends."""
    try:
        return whole()
    except Problem as problem:
        st.info(f"There is no book to show yet. {problem}")
        st.page_link("1_book/3_data.py", label="Upload your book of business")
        st.stop()


def book() -> Book:
    """The book the pickers ask for. Where there is nothing to show, says what to do, and the page ends."""
    everything = everyone()
    state = st.session_state
    where = {name: tuple(state.get(f"in_{name}") or ()) for name in everything.groupings if name != "csm"}
    where["csm"] = tuple(state.get("csm") or ())
    until = state.get("month") or (str(everything.last) if len(everything.months) else "2000-01")
    wanted = tuple((name, values) for name, values in sorted(where.items()) if values)
    address, batch, _ = source()
    found = sliced_book(address, batch, scope(), settings(), wanted, until)
    if not len(found) or not len(found.months):
        st.info("No account fits these filters. Take one of them away.")
        st.stop()
    return found


def choose(label: str, options: list[str], key: str) -> str:
    """One of a few, in the address of the page."""
    return st.selectbox(
        label,
        options,
        format_func=lambda name: "CSM" if name == "csm" else f"{name[:1].upper()}{name[1:]}".replace("_", " "),
        key=key,
        bind="query-params",
        width=260,
    )
