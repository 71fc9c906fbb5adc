"""What the Team page says: people side by side, what changed hands, what was inherited, figures under other rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from cs_metrics import charts
from cs_metrics.analysis import handovers
from cs_metrics.analysis.people import RECENT_MONTHS, Comparison, compare_people
from cs_metrics.book import Book
from cs_metrics.export import Figure
from cs_metrics.metric import Metric
from cs_metrics.units import MONEY
from pages.ui.drill import Drill, drill, table_of_figures
from pages.ui.lists import LABELS, accounts, downloads
from pages.ui.pickers import RULES
from pages.ui.plots import chart, say
from pages.ui.words import money, percent, plural

NOTEWORTHY = 0.02
ROW = 62


def people(metric: Metric, book: Book, months: int) -> None:
    """CSMs side by side: the funnel, what it says, and the table by name. Or why they cannot be compared."""
    found = compare_people(metric, book, months)
    if found.reason is not None:
        st.info(found.reason)
        if len(book.holders) < 2:
            st.caption("CSMs come with the column csm of your accounts, or with the table owners.")
    if len(found.compared):
        drawn = ("funnel", metric.name, months)
        chart(
            book.answered(drawn, lambda: charts.funnel(found.compared, metric.unit, found.whole)),
            key="funnel",
            alt=f"{metric.label} of each CSM against the size of the book, with what luck gives",
            sentence=found.sentence,
            footer=_basis(found, book),
            behind=lambda point: _behind(found, book, point),
        )
    if len(found.people):
        _side_by_side(found, book)


def _behind(found: Comparison, book: Book, point: dict[str, Any]) -> Drill | None:
    """The accounts behind a person's point."""
    name = point.get("customdata")
    name = name[0] if isinstance(name, list) else name
    return Drill.of(found.metric, book, found.months, "csm", str(name)) if name else None


def _basis(found: Comparison, book: Book) -> str:
    """On what the comparison stands."""
    how = (
        "the exact limits of a funnel plot around the team's figure"
        if found.metric.bottom.name == "count" and book.settings.owner in ("opening", "closing")
        else "each book as it is, its accounts' fates drawn 2,000 times from the other CSMs' accounts of the segment"
    )
    longer = " Over a year luck weighs less: choose the period Year." if found.months < 12 else ""
    return (
        "Thick line: where luck leaves 95 of 100 such books; thin: 99.8; dash: what the whole team kept of such a mix. "
        f"Luck: {how}. {found.metric.label}: {found.metric.basis(book, found.months)}.{longer}"
    )


def _side_by_side(found: Comparison, book: Book) -> None:
    """One row per person, by name. A click on a figure opens the accounts behind it."""
    rows = found.people
    names = [str(name) for name in rows.index]

    def opened() -> None:
        name = names[st.session_state["people_open"]["row"]]
        drill(Drill.of(found.metric, book, found.months, "csm", name))

    key = ("side by side", found.metric.name, found.months)
    shown = book.answered(key, lambda: _written(found, book))
    column = st.column_config
    config = {
        "csm": column.TextColumn("CSM", pinned=True, width=120),
        "value": column.ButtonColumn(
            "Figure", type="tertiary", alignment="right", key="people_open", on_click=opened, pinned=True, width=80
        ),
        "sentence": column.TextColumn("What it says", width=430),
        "likely": column.TextColumn("Likely range", help="Which rates the figure is compatible with, 80 in 100."),
        "luck": column.TextColumn("What luck gives", help="Where luck alone leaves 95 of 100 such books."),
        "expected": column.TextColumn(
            "Such a mix", help="What the whole team kept of accounts of these segments and sizes."
        ),
        "accounts": column.NumberColumn("Accounts", help="At the opening of the period."),
        "opening": column.TextColumn("Out of"),
        "recent": column.NumberColumn(
            "Taken over lately", help=f"Accounts taken over in the {RECENT_MONTHS} months before the period, or in it."
        ),
        "recent_value": column.TextColumn("Figure of these", help="From five accounts on."),
        "held_longer_value": column.TextColumn("Figure without them"),
    }
    with st.container(key="people_table"):
        st.dataframe(shown, hide_index=True, column_config=config, row_height=ROW, height=_height(len(shown)))
    downloads(rows.reset_index(), "people", f"{found.metric.label} by CSM")


def _written(found: Comparison, book: Book) -> pd.DataFrame:
    """The rows as people read them."""
    rows, unit = found.people, found.metric.unit
    return pd.DataFrame(
        {
            "csm": [str(name) for name in rows.index],
            "value": [unit.write(value) for value in rows["value"]],
            "sentence": rows["sentence"].to_numpy(),
            "likely": _ranges(rows["likely_low"], rows["likely_high"]),
            "luck": _ranges(rows["low"], rows["high"]),
            "expected": [unit.write(value) for value in rows["expected"]],
            "accounts": rows["accounts"].to_numpy(),
            "opening": [found.metric.bottom.write(value, book.currency) for value in rows["opening"]],
            "recent": rows["recent"].to_numpy(),
            "recent_value": [unit.write(value) for value in rows["recent_value"]],
            "held_longer_value": [unit.write(value) for value in rows["held_longer_value"]],
        }
    )


def _height(rows: int) -> int:
    return min(38 + ROW * rows, 760)


def _ranges(low: pd.Series, high: pd.Series) -> list[str]:
    return [f"{percent(a)} – {percent(b)}" if a == a else "–" for a, b in zip(low, high, strict=True)]


def changed_hands(book: Book, months: int) -> None:
    """What came to whom and from whom in the period, account by account."""
    listed = book.answered(("handovers", months), lambda: handovers.handovers(book, months))
    if listed.empty:
        st.info(f"No paying account changed hands in the {plural(months, 'month')} to {book.last}.")
        return
    gone = listed[listed["mrr_now"] == 0]
    left = (
        f" {plural(len(gone), 'account')} of them left since, with {money(gone['mrr_then'].sum(), book)}."
        if len(gone)
        else ""
    )
    say(f"{plural(len(listed), 'hand-over')} with {money(listed['mrr_then'].sum(), book)} MRR.{left}")
    accounts(listed, "handovers", "Hand-overs", height=min(38 + 35 * len(listed), 420))
    moved = book.answered(("transfers", months), lambda: handovers.transfers(book, months))
    _amounts(moved, "transfers", book, lambda csm, column: _transfer_drill(book, months, csm, column))
    say("", "Opening + taken over + handed on + movements = closing. Over everybody hand-overs add up to nothing.")


def inherited(book: Book) -> None:
    """What each CSM's book of today came from."""
    found = book.answered("inherited", lambda: handovers.inherited(book))
    if not found["inherited_accounts"].sum():
        st.info("No paying account ever changed hands in these months.")
        return
    _amounts(
        found.rename(columns={"now": "held_now"})[
            ["inherited", "since", "own", "held_now", "inherited_accounts", "inherited_left", "own_accounts"]
        ],
        "inherited",
        book,
        lambda csm, _: _inherited_drill(book, csm),
    )
    say(
        "",
        "Inherited (what the accounts paid when they were taken over) + since then + own (held since they first paid, "
        f"or since the data begin) = MRR at the close of {book.last}.",
    )


def _amounts(rows: pd.DataFrame, key: str, book: Book, behind: Callable[[str, str], Drill]) -> None:
    """Amounts by CSM as people read them; a click on one opens its accounts."""
    names = [str(name) for name in rows.index]
    counts = [name for name in rows if name.endswith(("accounts", "left"))]

    def written() -> pd.DataFrame:
        told = {name: [f"{v:,.0f}" if name in counts else money(v, book) for v in rows[name]] for name in rows}
        return pd.DataFrame({"csm": names} | told)

    shown = book.answered((key, "written", tuple(rows.index), rows.to_numpy().tobytes()), written)

    def opened(column: str) -> Callable[[int], Drill]:
        return lambda row: behind(names[row], column)

    table_of_figures(shown, f"{key}_table", {name: opened(name) for name in rows})


def _transfer_drill(book: Book, months: int, csm: str, column: str) -> Drill:
    """The accounts behind an amount of a CSM's transfers."""
    mine = book.held_by(csm)
    title = f"{LABELS.get(column, column.capitalize())}, {csm}, {plural(months, 'month')} to {book.last}"

    def rows() -> pd.DataFrame:
        each = handovers.transfers(mine, months, by="account_id")
        each = each[each[column] != 0].sort_values(column, key=abs, ascending=False)
        names = book.accounts["name"].reindex(each.index.astype(book.accounts.index.dtype)).to_numpy()
        return each.rename_axis("account_id").reset_index().assign(name=names)

    total = handovers.transfers(mine, months)[column].sum()
    figure = Figure(title, [], top=column, bottom=None, value_format=MONEY.sheet, top_format=MONEY.sheet)
    return Drill(title, f"**{money(total, book)}**", rows, book, figure)


def _inherited_drill(book: Book, csm: str) -> Drill:
    """The accounts a CSM holds, or took over and lost: what of each was inherited, and what came since."""
    return Drill(
        f"In the hands of {csm}, close of {book.last}",
        "Inherited: what an account paid when it was taken over. Inherited + since then + own = MRR now.",
        lambda: handovers.inherited_accounts(book, csm).rename(columns={"now": "held_now"}),
        book,
    )


def under_other_rules(metric: Metric, book: Book, months: int) -> None:
    """How each CSM's figure moves with the owner rule."""
    found = book.answered(("rules", metric.name, months), lambda: handovers.under_rules(metric, book, months))
    if found.empty or not len(book.owners.handovers):
        st.info("No account changed hands: every rule gives the same figures.")
        return
    names: dict[str, Any] = RULES["owner"][1]
    chosen = book.settings.owner
    shown = found.rename(columns={rule: names[rule] + (" (chosen)" if rule == chosen else "") for rule in found})
    moves = int((found.max(axis=1) - found.min(axis=1) >= NOTEWORTHY).sum())
    moved = f"{moves} of {len(found)} figures move" if moves != 1 else f"1 of {len(found)} figures moves"
    say(f"{moved} by {NOTEWORTHY * 100:.0f} points or more with the rule. Under each, CSMs add up to the whole.")
    people = [str(name) for name in found.index]
    rules = dict(zip(shown, found, strict=True))

    def opened(column: str) -> Callable[[int], Drill]:
        return lambda row: Drill.of(metric, book.under(owner=rules[column]), months, "csm", people[row])

    written = shown.map(metric.unit.write).rename_axis("csm").reset_index()
    table_of_figures(written, "rules_table", {column: opened(column) for column in shown})
    say("", f"{metric.sentence(months)} A hand-over counts for 90 days in the last rule.")
