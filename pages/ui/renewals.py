"""What the Renewals page says of what is due: the buckets, the odds of the next quarter, the list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from cs_metrics import charts
from cs_metrics.analysis.forecast import QUARTER, quarter_name
from cs_metrics.analysis.renewal_odds import said
from cs_metrics.analysis.renewal_past import Past, past
from cs_metrics.analysis.renewals_due import BUCKETS, BY, OVERDUE, due_by, renewals_due, undated
from cs_metrics.analysis.what_if import Choice, Outlook, expected_of_accounts, outlook
from cs_metrics.book import Book, Dark
from cs_metrics.export import Figure
from cs_metrics.health import BANDS, bands, health
from cs_metrics.units import MONEY
from pages.ui.drill import Drill, table_of_figures
from pages.ui.lists import accounts
from pages.ui.plots import chart
from pages.ui.tiles import figures
from pages.ui.today import now, today
from pages.ui.words import escaped, money, percent, plural

COLUMN = {"health": "band", "plan": "plan_state", "value": "value"}
SHOWN = ("name", "csm", "mrr", "due_on", "days", "health", "pulse", "why", "plan", "plan_age_days")


@dataclass(frozen=True, eq=False)
class Renewing:
    """A book as it stands and what is coming: ``due`` the list, ``learned`` what the whole company's past says.

    Where something cannot be told, the reason stands in its place: ``why_no_list``, ``why_no_odds``.
    """

    book: Book
    shown: Book
    due: pd.DataFrame | None
    learned: Past | None
    expected: Outlook | None
    why_no_list: str
    why_no_odds: str

    @property
    def quarter(self) -> str:
        """The name of the quarter ahead."""
        return quarter_name(self.book.last + QUARTER, self.book)


def renewing(book: Book) -> Renewing:
    """What is coming for the accounts of this book; made once for a book and day."""
    return book.answered(("renewing", date.today()), lambda: _renewing(book))


def _renewing(book: Book) -> Renewing:
    standing, mine = today(book), now(book.held_now())
    due, learned, expected, why_no_list, why_no_odds = None, None, None, "", ""
    try:
        why = standing.at_risk.set_index("account_id")["why"]
        due = renewals_due(mine).assign(why=lambda rows: rows["account_id"].map(why).astype(object).fillna("–"))
    except Dark as reason:
        why_no_list = str(reason)
    try:
        learned = past(standing.book)
        expected = outlook(mine, {}, learned)
    except Dark as reason:
        why_no_odds = why_no_list or str(reason)
    return Renewing(mine, book, due, learned, expected, why_no_list, why_no_odds)


def nothing_due(reason: str) -> None:
    """Why there is no list, and where to go."""
    st.info(escaped(reason))
    st.page_link("1_book/3_data.py", label="Go to Data")


def due_tiles(renewing: Renewing) -> None:
    """What is overdue and due in 30, 60 and 90 days: MRR, and beside the name how many accounts."""
    if renewing.due is None:
        return
    due = renewing.due
    groups: dict[str, pd.DataFrame] = renewing.book.answered(
        "due buckets", lambda: {bucket: due[due["bucket"] == bucket] for bucket in BUCKETS}
    )
    named = {f"{bucket.capitalize()} · {len(rows):,}": (bucket, rows) for bucket, rows in groups.items()}
    said = {name: money(rows["mrr"].sum(), renewing.book) for name, (_, rows) in named.items()}
    behind = {name: _due_behind(renewing, bucket.capitalize(), rows) for name, (bucket, rows) in named.items()}
    figures(said, renewing.book, behind)


def due_chart(renewing: Renewing) -> None:
    """MRR due bucket by bucket, by health, plan or value."""
    if renewing.due is None:
        nothing_due(renewing.why_no_list)
        return
    if renewing.due.empty:
        st.success(f"Nothing is due in the 90 days from {renewing.book.known_on}, and nothing is overdue.")
        return
    by = st.segmented_control(
        "By", list(BY), format_func=str.capitalize, default="health", required=True, key="due_by",
        label_visibility="collapsed", bind="query-params",
    )  # fmt: skip
    by, due = by or "health", renewing.due
    chart(
        renewing.book.answered(("due chart", by), lambda: charts.due(due_by(due, by), renewing.book.currency)),
        key="due",
        alt=f"MRR due and overdue, by {by}",
        sentence=renewing.book.answered("due sentence", lambda: _due_sentence(renewing)),
        footer=f"MRR of customers by renewal date, counted from {renewing.book.known_on}. "
        "Large: together the first half of the MRR listed; small: its last fifth. Click a part for its accounts.",
        behind=lambda point: _due_drill(renewing, by, point),
    )


def _due_sentence(renewing: Renewing) -> str:
    due = renewing.due
    assert due is not None
    late, bare = due[due["bucket"] == OVERDUE], due[due["plan"].isna() & due["band"].isin(("middling", "poor"))]
    parts = [f"{money(due['mrr'].sum(), renewing.book)} MRR with {plural(len(due), 'account')} is due or overdue."]
    if len(late):
        parts.append(f"{plural(len(late), 'contract')} should have been renewed already.")
    if len(bare):
        amount = money(bare["mrr"].sum(), renewing.book)
        parts.append(f"Not healthy and without a plan: {plural(len(bare), 'account')}, {amount} MRR.")
    return " ".join(parts)


def _due_drill(renewing: Renewing, by: str, point: dict[str, Any]) -> Drill | None:
    group = point.get("customdata")
    group = group[0] if isinstance(group, list) else group
    due, bucket = renewing.due, point.get("x")
    if due is None or not group:
        return None
    rows = due[(due["bucket"] == bucket) & (due[COLUMN[by]] == group)]
    return _due_behind(renewing, f"{str(bucket).capitalize()}, {group}", rows)()


def _due_behind(renewing: Renewing, title: str, rows: pd.DataFrame) -> Callable[[], Drill]:
    """The accounts due, as a window shows them."""
    sentence = f"**{money(rows['mrr'].sum(), renewing.book)}** MRR of {plural(len(rows), 'account')}."
    figure = Figure(
        title, [sentence.replace("*", "")], top="mrr", bottom=None, value_format=MONEY.sheet, top_format=MONEY.sheet
    )
    return lambda: Drill(title, sentence, lambda: rows[["account_id", *SHOWN]], renewing.book, figure)


def odds_chart(renewing: Renewing) -> None:
    """The distribution of what will be renewed in the quarter ahead, and what it means for retention."""
    expected = renewing.expected
    if expected is None or renewing.learned is None:
        st.info(escaped(renewing.why_no_odds))
        return
    if not expected.due:
        st.info(f"No contract of this book is due in {renewing.quarter}.")
        return
    odds, scale, currency = expected.odds, renewing.book.scale, renewing.book.currency
    low, high = odds.likely
    chart(
        renewing.book.answered(
            "odds chart",
            lambda: charts.odds(
                odds.amounts / scale, odds.chances, (low / scale, high / scale), odds.expected / scale, currency
            ),
        ),
        key="odds",
        alt="How likely each amount of renewed MRR is",
        sentence=f"{said(odds, scale, currency)} With it goes gross retention of "
        f"**{percent(expected.gross.expected)}** ({_range(expected.gross)}) and net retention of "
        f"**{percent(expected.net.expected)}** ({_range(expected.net)}).",
        footer=f"{plural(expected.accounts, 'contract')} due in {renewing.quarter}, overdue ones apart. "
        f"{renewing.learned.source} All move "
        "together with one common shock: a bad quarter is bad for many. Rises and other losses as in the last four "
        "periods; the ranges are those of the renewals alone, a tenth of the chances beyond either end. Click a bar "
        "for the contracts and their chances.",
        behind=lambda _: expected_drill(renewing, {}, f"What {renewing.quarter} will bring"),
    )
    with st.expander("The chances, by segment and health"):
        cells = renewing.learned.cells.rename(columns={"band": "health now", "renewals": "seen"})
        shown = cells.assign(chance=[percent(value) for value in cells["chance"]])
        shown = shown.rename(columns={"health now": "health band"})
        table_of_figures(shown.astype(str), "chances", {"chance": lambda row: _cell_drill(renewing, cells.iloc[row])})


def expected_drill(renewing: Renewing, choices: Mapping[str, Choice], title: str) -> Drill:
    """The contracts due, and the accounts set: what each is expected to bring. Those due add up to the MRR renewed."""
    rows = expected_of_accounts(renewing.book, choices, renewing.learned)
    due = rows[rows["is_due"]]
    expected, mrr = due["expected"].sum(), due["mrr"].sum()
    share = percent(expected / mrr if mrr else None)
    sentence = f"**{money(expected, renewing.book)}**, {share}, expected of {money(mrr, renewing.book)} "
    sentence += f"due, with {plural(len(due), 'contract')}. Expected: what is set, or else the chance × the MRR."
    figure = Figure(title, ["What is due and expected"], top="expected", bottom="mrr", value_format="0.0%",
                    top_format=MONEY.sheet, bottom_format=MONEY.sheet)  # fmt: skip
    shown = ["account_id", "name", "csm", "mrr", "chance", "choice", "expected"]
    return Drill(title, sentence, lambda: due[shown], renewing.book, figure)


def _cell_drill(renewing: Renewing, cell: pd.Series) -> Drill:
    """The accounts of a segment and health band today, with their chance."""
    book, learned = renewing.book, renewing.learned
    assert learned is not None
    standing = health(book)
    band = np.array(BANDS, dtype=object)[bands(book)]
    here = band == cell["health now"]
    if "segment" in book.accounts:
        labels, code = book.groups("segment")
        here &= labels.to_numpy(dtype=object)[code] == cell["segment"]
    here &= book.balance(0, 0)[-1] > 0
    found = pd.DataFrame({"account_id": book.accounts.index, "name": book.accounts["name"].to_numpy(),
                          "csm": book.csm_now, "mrr": book.balance(0, 0)[-1] / book.scale,
                          "health": standing["health"].to_numpy()})[here]  # fmt: skip
    title = f"{cell['segment']}, {cell['health now']}"
    sentence = (
        f"**{percent(cell['chance'])}**: {cell['kept']} of {plural(int(cell['seen']), 'past renewal')} stayed, drawn "
        f"towards the rate of all. The customers it stands for today: {plural(len(found), 'account')}."
    )
    return Drill(title, sentence, lambda: found.sort_values("mrr", ascending=False), book)


def _range(of: Any) -> str:
    return f"{100 * of.low:.1f}–{100 * of.high:.1f} %"


def due_list(renewing: Renewing) -> None:
    """The accounts due and overdue, and the customers without a date."""
    if renewing.due is not None and len(renewing.due):
        accounts(renewing.due, "due_list", "Renewals due", SHOWN, height=420)
    if renewing.due is None:
        return
    without = undated(renewing.book)
    if len(without):
        amount = money(without["mrr"].sum(), renewing.book)
        with st.expander(f"{plural(len(without), 'customer')} without a renewal date ahead, {amount} MRR"):
            accounts(
                without, "undated", "Without a renewal date", ("name", "csm", "mrr", "health", "pulse"), height=240
            )
