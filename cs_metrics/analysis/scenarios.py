"""Named scenarios: choices for the coming renewals, kept as dated facts, an account's part a row."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from cs_metrics.analysis.what_if import CHOICES, Choice
from cs_metrics.book import Book

UNDECIDED = "undecided"


def scenarios(book: Book) -> dict[str, dict[str, Choice]]:
    """The scenarios known on the book's day, by name: each account's choice as it was last saved.

    A scenario of which every account was taken out again is gone; so are words that are no choice.
    """
    return book.answered(("scenarios", book.known_on), lambda: _scenarios(book))


def _scenarios(book: Book) -> dict[str, dict[str, Choice]]:
    if "scenarios" not in book.facts:
        return {}
    rows = book.facts["scenarios"].sort_values(["scenario", "made_on"], kind="stable")
    rows = rows.drop_duplicates(["scenario", "row"], keep="last")
    ids = book.accounts.index.to_numpy()[rows["row"]]
    found: dict[str, dict[str, Choice]] = {}
    for name, account, what, percent in zip(
        rows["scenario"].astype(str), ids, rows["choice"].str.casefold().str.strip(), rows["percent"], strict=True
    ):
        if what in CHOICES:
            found.setdefault(name, {})[str(account)] = Choice(what, 0.0 if percent != percent else percent / 100)
    return found


def as_rows(
    name: str, choices: Mapping[str, Choice], before: Mapping[str, Choice], made_on: date, author: str
) -> list[dict[str, Any]]:
    """The rows that save a scenario under a name: its choices, and what it had ``before`` and has no more."""
    rows = [
        {"account_id": account, "choice": what, "percent": round(100 * by, 6) if what in ("shrink", "grow") else None}
        for account, (what, by) in choices.items()
    ]
    rows += [
        {"account_id": account, "choice": UNDECIDED, "percent": None} for account in before if account not in choices
    ]
    return [{"scenario": name, "made_on": made_on, "author": author, **row} for row in rows]
