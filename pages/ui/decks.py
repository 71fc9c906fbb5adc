"""Building decks: which one, its slides and headlines before it is made, what it will look like."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from cs_metrics.book import Book, Problem
from pages.ui.company import source
from pages.ui.pickers import months
from pages.ui.words import escaped

if TYPE_CHECKING:  # PowerPoint's library is loaded when somebody wants slides
    from cs_metrics.slides.all_decks import Deck, Wanted
    from cs_metrics.slides.deck import Slide
    from pages.ui.templates import Given

COLUMNS = 3


def choose_deck(book: Book) -> Wanted:
    """Which deck, about whom, and with which slides beside its own."""
    from cs_metrics.slides.all_decks import Wanted
    from cs_metrics.slides.asked import SLIDES
    from cs_metrics.slides.decks import DECKS, may_be_added

    left, right = st.columns(2)
    labels = {kind.label: name for name, kind in DECKS.items()}
    kind = labels[left.selectbox("Deck", list(labels), key="deck", bind="query-params")]
    about = DECKS[kind].about
    others = [name for name in may_be_added(about) if name not in DECKS[kind].slides]
    wanted = Wanted(deck=kind, months=months(), version=f"batch {source().batch}")
    if about == "csm":
        if not book.holders:
            st.info("There is no CSM in this book. CSMs come with the column csm of your accounts.")
            st.stop()
        wanted = wanted._replace(csm=right.selectbox("CSM", book.holders, key="deck_csm"))
    if about == "account":
        names = book.held_now().accounts["name"].sort_values(key=lambda column: column.str.casefold())
        chosen = right.selectbox("Customer", names.index.tolist(), format_func=names.get, key="deck_account")
        wanted = wanted._replace(account=chosen)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        added = st.multiselect(
            "Add slides", others, format_func=lambda name: SLIDES[name].label, key=f"deck_add_{about}", width="stretch"
        )
        insist = st.toggle("Keep slides without data", key="deck_insist", width="content")
    return wanted._replace(slides=(*DECKS[kind].slides, *added), insist=insist)


def slides_of(book: Book, wanted: Wanted) -> Deck:
    """The slides of a deck, and those left out; says why where there is none."""
    from cs_metrics.slides.all_decks import decks

    try:
        return book.answered(("deck", wanted), lambda: next(decks(book, wanted)))
    except (Problem, StopIteration) as problem:
        st.info(f"There is no deck to make. {problem}")
        st.stop()


def edited(deck: Deck) -> list[Slide]:
    """The slides as the reader wants them: their headlines edited, some left out, in another order."""
    slides = deck.slides
    table = pd.DataFrame(
        {
            "keep": True,
            "order": range(1, len(slides) + 1),
            "slide": [slide.name for slide in slides],
            "headline": [slide.headline for slide in slides],
        }
    )
    seal = hashlib.sha256(repr(table.to_numpy().tolist()).encode()).hexdigest()[:12]
    with st.container(key="deck_list"):
        changed = st.data_editor(
            table,
            key=f"headlines_{seal}",
            hide_index=True,
            height=38 + 35 * len(table),
            row_height=35,
            disabled=["slide"],
            column_config={
                "keep": st.column_config.CheckboxColumn("Keep", width=60),
                "order": st.column_config.NumberColumn("Order", width=60, min_value=0, step=1),
                "slide": st.column_config.TextColumn("Slide", width=170),
                "headline": st.column_config.TextColumn("Headline, as it will stand on the slide", max_chars=200),
            },
        )
    if deck.left_out:
        said = "; ".join(f"{label} ({reason.rstrip('.')})" for label, reason in deck.left_out.items())
        st.caption(f"{'Without data' if len(slides) > len(deck.left_out) else 'Left out'}: {escaped(said)}.")
    wanted = changed[changed["keep"]].sort_values("order", kind="stable")
    return [replace(slides[place], headline=str(row["headline"] or "")) for place, row in wanted.iterrows()]


def made_deck(slides: list[Slide], template: Given) -> tuple[bytes, list[str]]:
    """The deck as a file, and every slide as a picture of that file. Made anew when something was changed."""
    if not slides:
        st.info("Keep at least one slide.")
        st.stop()
    from cs_metrics.slides.deck import write
    from cs_metrics.slides.picture import pictures

    parts = repr([(id(slide.parts), slide.headline) for slide in slides]).encode()
    seal = hashlib.sha256(parts + (template.data or b"") + template.mapping.encode()).hexdigest()
    made = st.session_state.get("deck_made")
    if made is None or made[0] != seal:
        try:
            deck = write(slides, template.data, mapping=template.mapping)
        except Problem as problem:
            st.error(str(problem))
            st.stop()
        made = st.session_state["deck_made"] = (seal, (deck, pictures(deck)))
    return made[1]


def pictured(shown: list[str]) -> None:
    """The slides side by side, as they will be."""
    with st.grid(COLUMNS, min_column_width=300, gap="small"):
        for place, picture in enumerate(shown, 1):
            with st.container(border=True):
                st.image(
                    picture, caption=f"Slide {place} of {len(shown)}", width="stretch", alt=f"Preview of slide {place}"
                )
