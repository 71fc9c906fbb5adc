"""Whitespace on a page: each product, held and fitting; what would fit whom; the map of accounts and products."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pandas as pd
import streamlit as st

from cs_metrics.analysis.dial_effect import changed
from cs_metrics.analysis.products_held import ALIKE, FEWEST, FITS, fit
from cs_metrics.analysis.whitespace import by_product, product_map, whitespace
from cs_metrics.book import Book, Dark, Problem
from cs_metrics.dials import tried
from cs_metrics.metrics.expansion import whitespace_taken
from pages.ui.cards import card
from pages.ui.dial_editor import editable, edited, keep_button
from pages.ui.drill import Drill, table_of_figures
from pages.ui.growth import Growing
from pages.ui.lists import accounts, table
from pages.ui.plots import say
from pages.ui.words import escaped, money, plural

MAPPED = 200
PAST = 14
LISTED = ("name", "product", "potential", "fits_as", "mrr", "csm")
VIEWS = ("List", "Map")


def whitespace_of(of: Growing) -> None:
    """What is held and what would fit: by product, as a list, or as a map; the rule, and what to set of it."""
    try:
        space = of.shown.answered(("whitespace", date.today()), lambda: whitespace(of.book, of.at_risk))
    except Dark as reason:
        st.info(escaped(f"{reason} Then this shows what fits whom."))
        st.page_link("1_book/3_data.py", label="Go to Data")
        return
    calm = space[~space["at_risk"]]
    taken, by_name = st.columns([1, 2.4], gap="medium")
    with taken:
        card(whitespace_taken, of.book.since(of.book.last - PAST), 3)
    with by_name:
        _said(of.book, calm)
        _products(of.book, space)
    left, right = st.columns([1, 3])
    with left:
        view = st.segmented_control(
            "View", VIEWS, default=VIEWS[0], required=True, key="space_view", bind="query-params",
            label_visibility="collapsed",
        )  # fmt: skip
    with right:
        wanted = st.pills(
            "Product", sorted(calm["product"].unique()), selection_mode="multi", key="space_product",
            label_visibility="collapsed", bind="query-params",
        )  # fmt: skip
    shown = calm[calm["product"].isin(wanted)] if wanted else calm
    if view == "Map":
        _map(of, shown)
    elif len(shown):
        accounts(shown, "space", "Whitespace", LISTED, height=400)
    else:
        st.info("Nothing fits that is not held: no product is held by enough look-alikes.")
    _rule(of.book)


def _said(book: Book, calm: pd.DataFrame) -> None:
    potential = calm["potential"].sum(min_count=1)
    first = f" They would bring **{money(potential, book)}** a month." if potential == potential else ""
    some = plural(calm["account_id"].nunique(), "account")
    say(f"**{plural(len(calm), 'product')}** would fit {some} that are not at risk and do not hold them.{first}")


def _products(book: Book, space: pd.DataFrame) -> None:
    rows = by_product(book, space)
    shown = rows.assign(
        held=[f"{count:,}" for count in rows["held"]],
        fits=[f"{count:,}" for count in rows["fits"]],
        potential=[money(value, book) for value in rows["potential"]],
        kept_first=[f"{count:,}" for count in rows["kept_first"]],
    )
    column = st.column_config
    config = {"product": column.TextColumn("Product", pinned=True, width=170)}

    def fitting(at_risk: bool) -> Callable[[int], Drill]:
        return lambda row: _space_drill(book, space, str(rows["product"].iloc[row]), at_risk)

    def holders(row: int) -> Drill:
        return _holders_drill(book, str(rows["product"].iloc[row]))

    named = {"held": "Hold it", "fits": "Would fit", "potential": "Would bring", "kept_first": "At risk: keep first"}
    behind = {"held": holders, "fits": fitting(False), "potential": fitting(False), "kept_first": fitting(True)}
    table_of_figures(
        shown[["product", *named]].rename(columns=named),
        "space_products",
        {label: behind[name] for name, label in named.items()},
        config,
    )


def _space_drill(book: Book, space: pd.DataFrame, product: str, at_risk: bool) -> Drill:
    rows = space[(space["product"] == product) & (space["at_risk"] == at_risk)]
    rows = rows[["account_id", "name", "csm", "mrr", "potential", "fits_as"]]
    title = f"{product}, would fit" + (", at risk" if at_risk else "")
    sentence = f"**{plural(len(rows), 'account')}**, {money(rows['potential'].sum(min_count=1), book)} a month."
    return Drill(title, sentence + (" First keep them." if at_risk else ""), lambda: rows, book)


def _holders_drill(book: Book, product: str) -> Drill:
    def rows() -> pd.DataFrame:
        held = product_map(book)
        held = held[(held["product"] == product) & (held["state"] == "held")]
        return held[["account_id", "name", "mrr"]].sort_values("mrr", ascending=False, ignore_index=True)

    return Drill(f"{product}, held", "What each customer pays for it per month.", rows, book)


def _map(of: Growing, shown: pd.DataFrame) -> None:
    """Accounts × products: what is paid, in brackets what it could bring."""
    if shown.empty:
        st.info("Nothing fits that is not held: no product is held by enough look-alikes.")
        return
    order = shown.groupby("account_id", observed=True)["potential"].sum().sort_values(ascending=False, kind="stable")
    first = order.index[:MAPPED]
    cells = product_map(of.book)
    cells = cells[cells["account_id"].isin(first)]
    amount = [money(value, of.book) for value in cells["mrr"]]
    held = (cells["state"] == "held").tolist()
    words = [f"● {paid}" if has else f"○ {paid}" for paid, has in zip(amount, held, strict=True)]
    wide = cells.assign(words=words).pivot(index="account_id", columns="product", values="words").reindex(first)
    names = of.book.accounts["name"].reindex(wide.index.astype(of.book.accounts.index.dtype))
    table(wide.astype(object).assign(name=names.to_numpy())[["name", *wide.columns]], "space_map", 430)
    more = f" The first {MAPPED} accounts of {len(order):,}, by what they would bring." if len(order) > MAPPED else ""
    say("", f"● held, with what is paid · ○ fits, with what it would bring · blank: does not fit.{more}")


def _rule(book: Book) -> None:
    """When a product fits, and what a team may set of it."""
    names = [name for name in ALIKE if name in book.accounts]
    like = f"the same {' and '.join(names)}" if names else "the company: no segment or industry is known"
    with st.expander("When a product fits"):
        st.markdown(
            f"A product fits where **{FITS.written(FITS.of(book))}** or more of an account's look-alikes hold it: the "
            f"other customers of {like}, {FEWEST.written(FEWEST.of(book))} or more of them; where they are fewer, "
            "those of the same segment. They are looked for in the whole company, whatever is filtered. It would bring "
            "what the middle one of the holders in the segment pays; without one, its list price. Accounts at risk "
            "are left out."
        )
        if not editable(book):
            return
        try:
            new = changed(book, edited([FITS, FEWEST], book, "space", True))
        except Problem as problem:
            st.error(escaped(str(problem)))
            return
        if new:
            before, after = (int((each.fits & ~each.held).sum()) for each in (fit(book), fit(tried(book, new))))
            say(f"**{after:,}** products would fit accounts that do not hold them, instead of {before:,}.")
            keep_button(new, "space")
