"""Dials: the weights, thresholds and targets a team may set for itself, each change dated.

A dial is declared beside the code that reads it, with the value that ships. What a team chose instead is a row of the
table ``settings``, so that it is imported, undone and known as of a day like any other fact: a score as of a day is
computed with the weights in force on that day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal, NamedTuple

import pandas as pd

from cs_metrics.book import Book, Problem

DIALS: dict[str, Dial] = {}
Kind = Literal["share", "days", "points", "count", "money", "times"]


@dataclass(frozen=True)
class Dial:
    """A figure that can be set: its name, its words, the value that ships, its kind and its limits.

    ``kind`` says how the value is read and written: a ``share`` of 0.25 is shown as 25 %.
    """

    name: str
    label: str
    ships: float
    kind: Kind
    least: float
    most: float

    def of(self, book: Book, about: str = "") -> float:
        """The value in force on the book's day: for ``about`` (a CSM, a segment), else for everyone, else what ships.

        A value beyond the dial's limits, as a file may bring one, does not hold.

        >>> book = Book.of_mrr({"Acme": [100]})
        >>> GRACE = Dial("example.grace", "Days of grace", 30, "days", 0, 365)
        >>> GRACE.of(book), GRACE.of(tried(book, {"example.grace": 14}))
        (30, 14.0)
        """
        chosen = in_force(book)
        value = chosen.get((self.name, about), chosen.get((self.name, ""), self.ships))
        return value if self.least <= value <= self.most else self.ships

    def written(self, value: float) -> str:
        """The value as a sentence says it.

        >>> Dial("example.fall", "A fall of", 0.25, "share", 0, 1).written(0.25)
        '25 %'
        """
        if value != value:
            return "not set"
        if self.kind == "share":
            return f"{100 * value:.10g} %"
        plain = f"{value:,.10g}"
        return f"{plain} {'day' if value == 1 else 'days'}" if self.kind == "days" else plain

    def checked(self, value: float) -> float:
        """The value, or a Problem that names its limits."""
        if not self.least <= value <= self.most:
            raise Problem(f"{self.label}: {value:g} is not between {self.least:g} and {self.most:g}")
        return float(value)


def dial(
    name: str, label: str, ships: float, kind: Kind = "count", *, least: float = 0.0, most: float = float("inf")
) -> Dial:
    """Declare a dial and enter it in the list; a share ends at 1 unless said otherwise."""
    DIALS[name] = Dial(name, label, ships, kind, least, 1.0 if kind == "share" and most == float("inf") else most)
    return DIALS[name]


def dials_of(*owners: str) -> list[Dial]:
    """The dials of a signal or a part of the score: those whose name is the owner's or begins with it."""
    return [each for each in DIALS.values() if any(f"{each.name}.".startswith(f"{owner}.") for owner in owners)]


def said(text: str, dials: list[Dial], book: Book | None = None) -> str:
    """A sentence with the values of its dials for their short names: those in force, without a book those that ship.

    >>> said("A fall of {fall} or more.", [Dial("example.fall", "A fall of", 0.25, "share", 0, 1)])
    'A fall of 25 % or more.'
    """
    return text.format(**values_written(dials, book))


def values_written(dials: list[Dial], book: Book | None = None) -> dict[str, str]:
    """The values in force as sentences say them, by the last part of each dial's name."""
    return {each.name.rpartition(".")[2]: each.written(each.ships if book is None else each.of(book)) for each in dials}


def settled_on(book: Book) -> date:
    """The day whose settings hold: what people typed in since the last upload is known, settings as well."""
    return book.facts.day or book.known_on


def in_force(book: Book) -> Mapping[tuple[str, str], float]:
    """What was chosen and holds on the book's day: (name, about) → value. Empty where nothing was chosen."""
    if "settings" not in book.facts:
        return {}
    return book.kept(("dials", settled_on(book)), lambda: _in_force(book))


class Chosen(NamedTuple):
    """A value that was chosen, since when it holds, and who chose it."""

    value: float
    since: date
    author: str


def row_in_force(book: Book, each: Dial, about: str = "") -> Chosen | None:
    """What was chosen for just these people and holds on the book's day; None where nothing was, or beyond limits."""
    value = in_force(book).get((each.name, about), float("nan"))
    if not each.least <= value <= each.most:
        return None
    rows = book.facts["settings"]
    rows = rows[(rows["setting"] == each.name) & (rows["from_date"] <= pd.Timestamp(settled_on(book)))]
    last = rows[rows["about"].astype(object).where(rows["about"].notna(), "") == about].sort_values(
        "from_date", kind="stable"
    )
    author = last["author"].iloc[-1] if "author" in last else None
    return Chosen(value, last["from_date"].iloc[-1].date(), author if isinstance(author, str) else "")


def _in_force(book: Book) -> dict[tuple[str, str], float]:
    rows = book.facts["settings"]
    rows = rows[rows["from_date"] <= pd.Timestamp(settled_on(book))].sort_values("from_date", kind="stable")
    about = rows["about"].astype(object).where(rows["about"].notna(), "").astype(str)
    return dict(zip(zip(rows["setting"].astype(str), about, strict=True), rows["value"].astype(float), strict=True))


def tried(book: Book, values: Mapping[str, float], about: str = "") -> Book:
    """The book as it would be with these values from its day on, to show their effect before they are kept.

    What was made of the facts alone is shared with the book; what dials bear on is made anew.
    """
    rows = pd.DataFrame({"setting": list(values), "value": [float(value) for value in values.values()]})
    rows = rows.assign(about=about, from_date=pd.Timestamp(settled_on(book)), author=None)
    kept = book.facts.tables.get("settings")
    both = rows if kept is None else pd.concat([kept, rows.astype({"from_date": kept["from_date"].dtype})])
    ready = {name: cut for name, cut in book.facts._ready.items() if name != "settings"}
    facts = replace(book.facts, tables={**book.facts.tables, "settings": both}, _ready=ready)
    return replace(book, facts=facts, memory=dict(_without_dials(book)))


def _without_dials(book: Book) -> Iterator[tuple[Any, Any]]:
    """What the book keeps that no dial bears on: its arrays, and what ``lately`` lays out by account."""
    for key, made in book.memory.items():
        if key in ("own", "first paid", "handed", "changes") or (isinstance(key, tuple) and key[0] == "lately"):
            yield key, made
