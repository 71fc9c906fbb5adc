"""What the Cohorts page says: what is asked for, the triangle, and the accounts behind a cell."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

import numpy as np
import pandas as pd
import streamlit as st

from cs_metrics import charts
from cs_metrics.analysis.cohorts import Measure, Triangles, behind, behind_average, largest, said, triangles
from cs_metrics.analysis.likely import FEWEST_FOR_A_RATE
from cs_metrics.book import Book
from cs_metrics.charts.triangle import plain
from cs_metrics.export import Figure
from cs_metrics.months import MONTHS_IN, Every
from cs_metrics.units import COUNT, MONEY, PERCENT
from pages.ui.drill import Drill
from pages.ui.lists import downloads
from pages.ui.plots import chart, ink
from pages.ui.words import money, percent, plural

MEASURES: dict[Measure, str] = {"net": "MRR", "gross": "MRR, rises not counted", "logo": "Accounts"}
GRAINS: dict[Every, str] = {"month": "Month", "quarter": "Quarter", "year": "Year"}
MEANS = {
    "net": "MRR at that age ÷ MRR at age 0",
    "gross": "what is left of each account's MRR at age 0, at most that, ÷ MRR at age 0",
    "logo": "customers at that age ÷ all accounts of the cohort",
}
SHOWN_COHORTS, SHOWN_AGES, NAMES = 24, 13, 3


T = TypeVar("T", bound=str)


class Asked(NamedTuple):
    """What the page is asked for: of what, by which grain, parted by which attribute (None for everyone)."""

    measure: Measure
    every: Every
    by: str | None

    @property
    def ages(self) -> str:
        """The unit of the ages."""
        return f"{self.every}s"


def cohort_pickers(book: Book) -> Asked:
    """What is counted, how cohorts are cut, and by what they are compared."""
    grains: list[Every] = list(GRAINS)
    names = {"": "Nothing"} | {name: _said(name) for name in book.groupings}
    with st.container(horizontal=True):
        measure = _pick("What is left", MEASURES, "left")
        every = _pick("Cohorts by", GRAINS, "grain", grains.index("month" if book.closes <= 18 else "quarter"))
        by = _pick("Compare by", names, "cohorts_by")
    return Asked(measure, every, by or None)


def _pick(label: str, words: dict[T, str], key: str, start: int = 0) -> T:
    """One of a few, in the address of the page."""
    options = list(words)
    return st.selectbox(
        label,
        options,
        index=start,
        format_func=lambda name: words.get(name, words[options[0]]),
        key=key,
        bind="query-params",
        width=220,
    )


def _said(attribute: str) -> str:
    return "CSM" if attribute == "csm" else attribute.replace("_", " ").capitalize()


def triangles_of(book: Book, every: Every, by: str | None = None) -> Triangles:
    """The triangles of a book, made once."""
    return book.answered(("triangles", every, by), lambda: triangles(book, every, by))


def no_cohorts(book: Book, asked: Asked) -> bool:
    """Is there no cell to show? Says why, and what to do."""
    found = triangles_of(book, asked.every)
    if len(found.cohort):
        return False
    reasons = said(book) if book.settings.cohort_start == "start_date" else []
    if reasons:
        st.info(f"{reasons[0]} Choose the first MRR as their beginning, under *More filters and definitions*.")
    elif not (book.first_paid < book.closes).any():
        st.info("No account of this selection has ever paid, so there is no cohort yet.")
    else:
        st.info(f"No {asked.every} of this selection is over yet. Choose shorter cohorts.")
    return True


# --- the triangle ---------------------------------------------------------------------------------------------------


def cohort_triangle(book: Book, asked: Asked) -> None:
    """The triangle: a row per cohort, the average above, the accounts behind each cell."""
    book = _part(book, asked.by)
    if no_cohorts(book, asked):
        return
    drawn = book.answered(("cohort triangle", asked.measure, asked.every), lambda: _triangle(book, asked))
    chart(
        charts.triangle(drawn.cells, f"{asked.ages} since the start", ink()),
        key="cohorts",
        alt=f"{MEASURES[asked.measure]} left of each cohort by age, in percent",
        sentence=drawn.sentence,
        footer=drawn.footer,
        behind=lambda point: _cell_drill(book, asked, point),
    )
    money_format = COUNT.sheet if asked.measure == "logo" else MONEY.sheet
    formats = {str(name): PERCENT.sheet for name in drawn.table.columns if isinstance(name, int)}
    downloads(drawn.table, "cohorts", f"Cohorts, {asked.measure}", formats | {"size": money_format})


class Drawn(NamedTuple):
    """A chart's rows, what to see in it, on what it stands, and the table to take away."""

    cells: pd.DataFrame
    sentence: str
    footer: str
    table: pd.DataFrame


def _triangle(book: Book, asked: Asked) -> Drawn:
    found = triangles_of(book, asked.every)
    cells, cut = _cells(book, asked)
    notes = (f"Percent: {MEANS[asked.measure]}. {cohort_basis(book, asked)}.", cut, *said(book))
    footer = " ".join(filter(None, notes))
    return Drawn(cells, cohort_sentence(found, asked), footer, found.table(asked.measure))


def _part(book: Book, by: str | None) -> Book:
    """The whole book, or one of the groups it is compared by."""
    if by is None:
        return book
    groups = triangles_of(book, "month", by).groups
    chosen = _pick("Triangle of", {"": "Everyone"} | {str(name): str(name) for name in groups}, f"triangle_of_{by}")
    return book.answered(("part", by, chosen), lambda: book.where(**{by: chosen})) if chosen else book


def cohort_sentence(found: Triangles, asked: Asked) -> str:
    """What to see in the triangle: what became of one cohort, a year on where there is one."""
    values, ages = found.values(asked.measure), np.arange(found.ages)
    year = 12 // MONTHS_IN[asked.every]
    fit = found.known & (found.accounts >= FEWEST_FOR_A_RATE)
    fit = fit & ~found.stock if (fit & ~found.stock).any() else fit
    seen = ~np.isnan(values) & fit[:, None] & (ages <= max(year, 1))
    if not seen[:, 1:].any():
        few = "" if fit.any() else f" No cohort has {FEWEST_FOR_A_RATE} accounts: choose longer ones for rates."
        return f"No cohort has been here for a whole {asked.every} yet.{few}" if fit.any() else few.strip()
    age = int(np.flatnonzero(seen.any(axis=0))[-1])
    row = int(np.flatnonzero(seen[:, age])[-1])
    share, name = values[row, age], found.labels[row]
    after = "after a year" if age == year else f"after {plural(age, asked.every)}"
    if asked.measure == "logo":
        return f"Of the {name} cohort {percent(share)} of the accounts are still here {after}."
    if share > 1:
        return f"The {name} cohort pays {percent(share)} of its first MRR {after}."
    rises = ", rises not counted," if asked.measure == "gross" else ""
    return f"Of the {name} cohort {percent(share)} of the MRR{rises} is still here {after}."


def cohort_basis(book: Book, asked: Asked) -> str:
    """On what the cohorts stand."""
    parts = [
        f"Cohort: the {asked.every} of the start date, never-payers counted"
        if book.settings.cohort_start == "start_date"
        else f"Cohort: the {asked.every} of the first MRR"
    ]
    parts.append(f"age 0: the close of that {asked.every}" if asked.every != "month" else "age 0: that month's close")
    if asked.measure == "gross" and book.settings.gross_cap == "product":
        parts.append("capped per product")
    if asked.measure != "logo" and not book.one_currency:
        own = book.settings.fx == "floating"
        parts.append("each close at its own exchange rate" if own else "exchange rates of age 0")
    if book.whose is not None or asked.by == "csm":
        last = book.settings.owner == "closing"
        parts.append(
            "an account counts with who holds it now" if last else "an account counts with who held it at age 0"
        )
    return " · ".join(parts)


def _cells(book: Book, asked: Asked) -> tuple[pd.DataFrame, str]:
    """The cells as the chart draws them, and what was left out for want of room."""
    found = triangles_of(book, asked.every)
    values, (tops, observed) = found.values(asked.measure), found.tops(asked.measure)
    names, labels = largest(book, asked.every, NAMES), found.labels
    shown = np.arange(len(found.cohort))[-SHOWN_COHORTS:]
    ages = min(found.ages, SHOWN_AGES)
    rows = _average(found, asked, ages)
    bottom, customers = found.bottom(asked.measure), found.tops("logo")[0]
    for row in shown:
        few = found.accounts[row] < FEWEST_FOR_A_RATE
        for age in np.flatnonzero(observed[row, :ages]):
            value = values[row, age]
            rate = percent(value) if not few else f"too few for a rate ({plural(int(found.accounts[row]), 'account')})"
            of = f"{customers[row, age]:,} of {plural(int(found.accounts[row]), 'account')}"
            if asked.measure != "logo":
                of = f"{money(tops[row, age] / found.scale, book)} of {money(bottom[row] / found.scale, book)}<br>{of}"
            lines = [f"<b>{labels[row]}</b>, {aged(int(age), asked)}"]
            lines.append(f"{rate} · {of}" if found.known[row] else "no exchange rate")
            lines += [_then_and_now(name, mrr, int(age), book) for name, mrr in names.get(labels[row], [])]
            rows.append(
                {
                    "row": f"{'≤ ' if found.stock[row] else ''}{labels[row]} · {found.accounts[row]:,}",
                    "cohort": labels[row],
                    "age": int(age),
                    "value": np.nan if few else value,
                    "hover": lines,
                }
            )
    cut = [
        f"The latest {SHOWN_COHORTS} of {len(found.cohort)} cohorts are shown"
        if len(shown) < len(found.cohort)
        else "",
        f"the first {SHOWN_AGES - 1} of {found.ages - 1} {asked.ages}" if ages < found.ages else "",
    ]
    said_cut = ", ".join(filter(None, cut))
    few = (
        f"A dot: fewer than {FEWEST_FOR_A_RATE} accounts." if (found.accounts[shown] < FEWEST_FOR_A_RATE).any() else ""
    )
    room = f"{said_cut[0].upper()}{said_cut[1:]}; the download has all." if said_cut else ""
    return pd.DataFrame(rows, columns=["row", "cohort", "age", "value", "hover"]), " ".join(filter(None, (few, room)))


def _average(found: Triangles, asked: Asked, ages: int) -> list[dict[str, Any]]:
    """The row above the others: all cohorts seen at an age, weighted by size."""
    curve = found.curves(asked.measure)
    curve = curve[(curve["age"] < ages)]
    return [
        {
            "row": "Average",
            "cohort": "",
            "age": int(line.age),
            "value": line.value if line.accounts >= FEWEST_FOR_A_RATE else np.nan,
            "hover": [
                f"<b>Average</b>, {aged(int(line.age), asked)}",
                f"{percent(line.value)} · {counted(line)}",
            ],
        }
        for line in curve.itertuples()
    ]


def counted(line: Any) -> str:
    return f"{plural(int(line.accounts), 'account')} of {plural(int(line.cohorts), 'cohort')}"


def aged(age: int, asked: Asked) -> str:
    return f"at the close of its {asked.every}" if age == 0 else f"{plural(age, asked.every)} on"


def _then_and_now(name: str, mrr: np.ndarray, age: int, book: Book) -> str:
    now = mrr[age] if age < len(mrr) else np.nan
    then = money(mrr[0], book)
    return f"{plain(name)}: {then}" if not age else f"{plain(name)}: {then} → {money(now, book) if now else 'left'}"


def _cell_drill(book: Book, asked: Asked, point: dict[str, Any]) -> Drill | None:
    """The accounts behind a cell, or behind the average at an age."""
    cohort, age = (point.get("customdata") or ["", 0])[:2]
    return cell_drill(book, asked, str(cohort) or None, int(age))


def cell_drill(book: Book, asked: Asked, cohort: str | None, age: int, group: str | None = None) -> Drill | None:
    """The accounts of a cohort at an age; of all cohorts the average joins where none is named, of one group or all."""

    def rows() -> pd.DataFrame:
        if cohort is not None:
            return behind(book, asked.measure, asked.every, cohort, age)
        return behind_average(book, asked.measure, asked.every, age, asked.by if group else None, group)

    found = triangles_of(book, asked.every, asked.by if group else None)
    if cohort is not None:
        cells = found.rows(asked.measure)
        cells = cells[(cells["cohort"] == cohort) & (cells["age"] == age)]
        said = [(cell.value, cell.size) for cell in cells.itertuples()]
    else:
        curve = found.curves(asked.measure)
        curve = curve[(curve["age"] == age) & ((curve["group"] == group) if group else True)]
        said = [
            (line.value, line.bottom / (1 if asked.measure == "logo" else found.scale)) for line in curve.itertuples()
        ]
    if not said:
        return None
    value, size = said[0]
    of = f"{COUNT.write(size)} accounts" if asked.measure == "logo" else money(size, book)
    title = f"Cohort {cohort}, {aged(age, asked)}" if cohort else f"{group or 'Average'}, {aged(age, asked)}"
    return Drill(
        title,
        f"**{percent(value)}** of {of}  \n"
        f"Opening MRR: at age 0; closing MRR: at this age. Percent: {MEANS[asked.measure]}. "
        f"{cohort_basis(book, asked)}.",
        rows,
        book,
        Figure(title, [cohort_basis(book, asked)], value_format="0.0%"),
    )
