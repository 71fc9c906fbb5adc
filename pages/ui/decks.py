"""Building decks: which one, its headlines before it is made, the company's template, the files to take away."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from cs_metrics.book import Book, Problem
from cs_metrics.export import file_name
from pages.ui.pickers import months

if TYPE_CHECKING:  # PowerPoint's library is loaded when somebody wants slides
    from cs_metrics.slides.all_decks import Wanted
    from cs_metrics.slides.deck import Slide

KINDS = {"Team QBR": "team", "A CSM's book": "csm", "Review with a customer": "account"}
POWERPOINT = "application/vnd.openxmlformats-officedocument.presentationml.presentation"


def choose_deck(book: Book) -> Wanted:
    """Which deck, and about whom."""
    from cs_metrics.slides.all_decks import Wanted

    left, right = st.columns(2)
    kind = KINDS[left.selectbox("Deck", list(KINDS), key="deck", bind="query-params")]
    if kind == "csm":
        return Wanted(csm=right.selectbox("CSM", book.holders, key="deck_csm"), months=12)
    if kind == "account":
        names = book.held_now().accounts["name"].sort_values(key=lambda column: column.str.casefold())
        account = right.selectbox("Customer", names.index.tolist(), format_func=names.get, key="deck_account")
        return Wanted(account=account)
    return Wanted(months=months())


def template() -> bytes | None:
    """The company's own template, where one is given."""
    with st.expander("Your own template"):
        given = st.file_uploader(
            "A .pptx with your fonts, colours and layouts; its slides are not kept", type="pptx", key="template"
        )
    return given.getvalue() if given is not None else None


def slides_of(book: Book, wanted: Wanted) -> list[Slide]:
    """The slides of a deck; says why where there is none."""
    from cs_metrics.slides.all_decks import decks

    try:
        return book.answered(("deck", wanted), lambda: next(decks(book, wanted)).slides)
    except (Problem, StopIteration) as problem:
        st.info(f"There is no deck to make. {problem}")
        st.stop()


def edited(slides: list[Slide]) -> list[Slide]:
    """The slides as the reader wants them: their headlines edited, some left out, in another order."""
    table = pd.DataFrame(
        {
            "keep": True,
            "order": range(1, len(slides) + 1),
            "slide": [slide.name for slide in slides],
            "headline": [slide.headline for slide in slides],
        }
    )
    changed = st.data_editor(
        table,
        key=f"headlines_{abs(hash(tuple(table['headline'])))}",
        hide_index=True,
        disabled=["slide"],
        column_config={
            "keep": st.column_config.CheckboxColumn("Keep", width=60),
            "order": st.column_config.NumberColumn("Order", width=60, min_value=1, step=1),
            "slide": st.column_config.TextColumn("Slide", width=140),
            "headline": st.column_config.TextColumn("Headline, as it will stand on the slide", max_chars=140),
        },
    )
    wanted = changed[changed["keep"]].sort_values("order", kind="stable")
    return [replace(slides[place], headline=str(row["headline"] or "")) for place, row in wanted.iterrows()]


def download_deck(book: Book, slides: list[Slide], template: bytes | None, wanted: Wanted) -> None:
    """The button that makes the deck and hands it over."""
    if not slides:
        st.info("Keep at least one slide.")
        return
    from cs_metrics.slides.all_decks import plain
    from cs_metrics.slides.deck import write
    from cs_metrics.slides.template import open_template

    try:
        open_template(template)
    except Problem as problem:
        st.error(str(problem))
        return
    stem = plain(wanted.csm or wanted.account or "team QBR")
    seal = repr([(slide.name, slide.headline) for slide in slides]).encode() + book.day.isoformat().encode()
    st.download_button(
        f"Download {len(slides)} slides",
        lambda: write(slides, template),
        file_name(stem, seal, "pptx"),
        POWERPOINT,
        icon=":material/slideshow:",
        on_click="ignore",
    )


def download_each(book: Book, wanted: Wanted, template: bytes | None) -> None:
    """A deck for every CSM or every customer in one archive, made when it is asked for."""
    from cs_metrics.slides.all_decks import Wanted, archive, decks

    each = {"csm": "CSM", "account": "customer"}
    kind = "account" if wanted.account else "csm"
    if not st.button(f"Make one deck for each {each[kind]}", key="each_deck"):
        return
    count = len(book.held_now()) if kind == "account" else len(book.holders)
    done = st.progress(0.0, f"{count} decks")
    made = 0

    def tick(_: str) -> None:
        nonlocal made
        made += 1
        done.progress(min(made / count, 1.0), f"{made} of {count}")

    try:
        data, _ = archive(decks(book, Wanted(each=kind, months=wanted.months), template), tick)
    except Problem as problem:
        st.error(str(problem))
        return
    done.empty()
    st.download_button(
        f"Download {count} decks", data, file_name(f"decks {kind}", data, "zip"), "application/zip", on_click="ignore"
    )
