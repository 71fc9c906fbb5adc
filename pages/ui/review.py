"""One CSM's review on a page: figures beside target and luck, book, work, what was said, the manager's notes."""

from __future__ import annotations

from datetime import date

import pandas as pd
import streamlit as st

from cs_metrics.analysis.review import KINDS, Review, review
from cs_metrics.book import UNASSIGNED, Book
from cs_metrics.export import file_name
from cs_metrics.metric import METRICS
from cs_metrics.printed import review_html
from cs_metrics.tables import Review as Note
from pages.ui.company import record, who
from pages.ui.drill import Drill, table_of_figures
from pages.ui.lists import accounts, table
from pages.ui.pickers import book as picked
from pages.ui.pickers import choose
from pages.ui.plots import say
from pages.ui.words import escaped, money, plural

CHOICES = {"strength": "A strength", "coaching": "To work on"}


def everybody() -> Book:
    """The book the pickers ask for, of all CSMs: a review compares with the others."""
    found = picked()
    return found if found.whose is None else found.answered("of everybody", lambda: _of_everybody(found))


def _of_everybody(book: Book) -> Book:
    from dataclasses import replace

    return replace(book, whose=None)


def choose_csm(book: Book) -> str:
    """Whose review; the one of the filter, where one is chosen. Where there is no CSM, says what to add."""
    names = [name for name in book.holders if name != UNASSIGNED]
    if not names:
        st.info("Nobody holds an account. CSMs come with the column csm of your accounts, or with the table owners.")
        st.stop()
    chosen = [name for name in st.session_state.get("csm") or () if name in names]
    return choose("Review of", chosen or names, key="review_csm")


def review_of(book: Book, csm: str, months: int) -> Review:
    """The review, made once."""
    return book.answered(("review", csm, months, len(book.facts.get("reviews", ()))), lambda: review(book, csm, months))


def review_answer(found: Review) -> None:
    """What it comes to, before any click."""
    say(f"##### {escaped(found.csm)}, {found.period}")
    say(f"**{escaped(found.sentence)}**", escaped(" ".join(found.dark)))


def review_figures(rows: pd.DataFrame, book: Book, csm: str, months: int, key: str) -> None:
    """Figures beside the period before, target and luck; a click opens the accounts."""
    known = rows[rows["dark"] == ""].reset_index(drop=True)
    mine = book.answered(("held by", csm), lambda: book.held_by(csm))
    if len(known):
        units = [METRICS[name].unit for name in known["metric"]]
        shown = pd.DataFrame(
            {
                "figure": known["label"],
                "Now": [unit.write(value, book.currency) for unit, value in zip(units, known["value"], strict=True)],
                "Before": [
                    unit.write(value, book.currency) for unit, value in zip(units, known["before"], strict=True)
                ],
                "Change": [
                    unit.write_difference(value, book.currency)
                    for unit, value in zip(units, known["change"], strict=True)
                ],
                "Target": [
                    unit.write(value, book.currency) for unit, value in zip(units, known["target"], strict=True)
                ],
                "": known["reached"],
            }
        )
        column = st.column_config
        config = {
            "figure": column.TextColumn("Figure", pinned=True, width=170),
        }
        table_of_figures(
            shown,
            f"review_{key}",
            {"Now": lambda row: Drill.of(METRICS[known["metric"][row]], mine, months)},
            {name: each for name, each in config.items() if name in shown},
        )
        say(
            "",
            f"{plural(months, 'month')} to {book.last}, beside the {plural(months, 'month')} before. "
            "A dash: nothing to count.",
        )
    for row in known[known["what_it_says"] != ""].itertuples():
        say(f"{row.label}: {escaped(row.what_it_says)}")
    for row in rows[rows["dark"] != ""].itertuples():
        st.caption(escaped(f"{row.label}: {row.dark}"))


def review_book(found: Review, book: Book) -> None:
    """What was inherited and what became of it; what was taken over and handed on in the period."""
    if found.book.empty:
        st.info(f"{escaped(found.csm)} holds no paying account at the close of {book.last}.")
    else:
        row = found.book.iloc[0]
        say(
            f"**{money(row['now'], book)}** MRR at the close: {money(row['own'], book)} held from the start, "
            f"{money(row['inherited'], book)} inherited with {plural(int(row['inherited_accounts']), 'account')}, "
            f"{money(row['since'], book)} since then. {plural(int(row['inherited_left']), 'inherited account')} left."
        )
    for title, rows, key in (
        ("Taken over in the period", found.taken_over, "review_taken"),
        ("Handed on in the period", found.handed_on, "review_left"),
    ):
        say(f"##### {title}")
        if rows.empty:
            st.caption("No paying account.")
        else:
            accounts(rows, key, title, ("name", "day", "from", "to", "mrr_then", "mrr_now", "became"))


def review_voice(found: Review, book: Book, csm: str, months: int) -> None:
    """Figures of the voice with how many said it, and what was written."""
    review_figures(found.voice, book, csm, months, "voice")
    say("##### What customers wrote")
    if found.comments.empty:
        st.caption("Nobody wrote anything in this period.")
    else:
        accounts(found.comments, "review_comments", "Comments", height=330)


def review_stories(found: Review) -> None:
    """Stories, references, documentation."""
    for title, rows, key in (("Stories", found.stories, "stories"), ("References", found.references, "references")):
        say(f"##### {title}: {len(rows):,}")
        if len(rows):
            accounts(rows, f"review_{key}", title, height=min(38 + 35 * len(rows), 300))
        else:
            st.caption("None in this period.")
    say(f"##### Documentation: {len(found.documentation):,}")
    if len(found.documentation):
        column = st.column_config.TextColumn("Title", width="large")
        table(found.documentation, "review_documentation", config={"title": column})
    else:
        st.caption("None in this period.")


def review_notes(found: Review, book: Book) -> None:
    """The manager's words: written here, kept with their day, never changed."""
    with st.form("review_note", clear_on_submit=True):
        kind = st.segmented_control(
            "What is it?", list(KINDS), format_func=CHOICES.__getitem__, key="review_kind", default="strength"
        )
        note = st.text_area("In your words", key="review_text", height=90, placeholder="What was seen; what to do next")
        if st.form_submit_button("Keep note"):
            if not note.strip():
                st.error("The note is empty.")
            else:
                record(
                    Note(
                        csm=found.csm,
                        period=found.period,
                        written_on=date.today(),
                        kind=kind or "strength",
                        note=note,
                        author=who() or None,
                    )
                )
                st.toast("Kept.")
                st.rerun()
    if found.notes.empty:
        st.caption("Nothing was written yet.")
        return
    for row in found.notes.itertuples():
        label = CHOICES.get(str(row.kind).casefold(), str(row.kind))
        by = f", {escaped(row.author)}" if isinstance(row.author, str) else ""
        period = f", on {escaped(row.period)}" if isinstance(row.period, str) else ""
        say(f"**{escaped(label)}**: {escaped(row.note)}", f"{row.written_on:%Y-%m-%d}{by}{period}")


def review_download(found: Review, book: Book) -> None:
    """The review as a page to print."""
    menu = st.popover("Print", icon=":material/print:", type="tertiary", key="review_print", on_change="rerun")
    if menu.open:
        with menu:
            content = review_html(found, book)
            st.download_button(
                "Page to print (HTML)",
                content,
                file_name(f"Review {found.csm} {found.period}", content, "html"),
                "text/html",
                key="review_html",
                on_click="ignore",
            )
            st.caption("Open it in a browser and print: one or two pages, with everything it needs inside.")
