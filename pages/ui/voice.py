"""The voice of the customer on a page: its development, by group, who is silent, what was written."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from cs_metrics import charts
from cs_metrics.analysis import voice
from cs_metrics.book import Book, Dark
from cs_metrics.metric import Metric
from pages.ui.lists import accounts, table
from pages.ui.pickers import choose
from pages.ui.plots import chart, say
from pages.ui.revenue import groups, month_drill, rates_over_time
from pages.ui.words import escaped, money, plural


def voice_over_time(metrics: Sequence[Metric], book: Book, months: int) -> None:
    """One figure of the voice by month, and by group."""
    named = {m.label: m for m in metrics if m.dark(book) is None}
    if not named:
        st.info("Nothing is known of what customers say. Upload surveys or tickets on the Data page.")
        return
    left, right, _ = st.columns([1, 1, 2])
    with left:
        metric = named[choose("Figure", list(named), key="voice_figure")]
    with right:
        by = choose("By", [name for name in book.groupings if name != "product"], key="voice_by")
    say("##### How it developed")
    chart(
        charts.series(rates_over_time((metric,), book, months), metric.unit),
        key="voice_series",
        alt=f"{metric.label} by month",
        footer=f"Each month looks back {plural(months, 'month')}.",
        behind=lambda point: month_drill((metric,), book, months, point),
    )
    say("##### By group")
    groups(metric, book, months, by)


def silent_accounts(book: Book) -> None:
    """Customers nobody has heard from in a year."""
    try:
        rows = voice.silent(book)
    except Dark as reason:
        st.info(str(reason))
        return
    if rows.empty:
        st.success("Somebody answered at every customer in the last year.")
        return
    never = int((rows["asked"] == 0).sum())
    say(
        f"**{plural(len(rows), 'customer')}** with {money(rows['mrr'].sum(), book)} of MRR did not answer in a year"
        + (f"; {never:,} of them {'was' if never == 1 else 'were'} not asked." if never else "."),
    )
    accounts(rows, "silent", "Silent accounts", height=360)


def contradictions(book: Book) -> None:
    """Promoters at risk, detractors who renewed."""
    if not book.knows("surveys.score"):
        st.info("Add scores to the table surveys.")
        return
    rows = voice.contradictions(book)
    if rows.empty:
        st.success("No promoter is at risk, and no detractor renewed.")
        return
    counts = rows.groupby("what")["mrr"].agg(["size", "sum"])
    say(" · ".join(f"**{what}**: {row['size']:.0f}, {money(row['sum'], book)}" for what, row in counts.iterrows()))
    columns = ("name", "what", "score", "mrr", "csm", "renewal_date", "why")
    accounts(rows, "contradictions", "Words and deeds", columns, height=360)


def comments(book: Book, months: int) -> None:
    """What people wrote, searchable, with its themes counted."""
    if not book.knows("surveys.comment"):
        st.info("Add comments to the table surveys.")
        return
    said = voice.comments(book, months)
    if said.empty:
        st.info("Nobody wrote anything in this period. Choose a longer one.")
        return
    themes = voice.themes(said)
    left, right = st.columns([2, 3], gap="medium")
    with left:
        say("##### What it is about")
        table(themes.rename(columns={"nps": "mean_nps"}), "themes")
        st.caption("Themes are found by words. A comment may name several.")
    with right:
        say("##### What they wrote")
        find, theme = st.columns(2)
        words = find.text_input("Search", key="comment_search", placeholder="A word or a name")
        wanted = theme.selectbox("Theme", themes["theme"].tolist(), index=None, key="comment_theme", placeholder="All")
        shown = _fitting(said, words, wanted)
        say(f"{len(shown):,} of {plural(len(said), 'comment')}.")
        accounts(shown.assign(themes=shown["themes"].str.join(", ")), "comments", "Comments", height=330)


def _fitting(said: pd.DataFrame, words: str, theme: str | None) -> pd.DataFrame:
    text = said["comment"] + " " + said["name"].astype(str)
    fits = text.str.contains(words.strip(), case=False, regex=False)
    if theme:
        fits &= said["themes"].map(lambda names: theme in (names or ["Other"]))
    return said[fits]


def scores_bend(book: Book) -> None:
    """The warning that goes with every score."""
    st.caption(
        escaped(
            "A score that is chased is a score that bends. Read it with how many answered: that figure is sturdier."
        )
    )
