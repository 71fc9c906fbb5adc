"""Which decks are asked for, made one after the other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from cs_metrics.book import Book, Misuse, Problem
from cs_metrics.slides.asked import Ask, make
from cs_metrics.slides.deck import Slide, write
from cs_metrics.slides.decks import DECKS

DEFAULT = {"team": "team", "csm": "my-book", "account": "customer"}
MONTHS = {"team": 3, "csm": 12, "account": 12}


class Wanted(NamedTuple):
    """One CSM's book, one account's review, one of them for each, or the team's; and the period in months.

    ``deck`` names the kind, else the usual one of its subject; ``slides`` are other slides than the kind's own, by
    name; ``insist`` keeps slides that have nothing to say; ``version`` names the data.
    """

    csm: str | None = None
    account: str | None = None
    each: str | None = None
    months: int | None = None
    deck: str | None = None
    slides: tuple[str, ...] = ()
    insist: bool = False
    version: str = ""

    @property
    def about(self) -> str:
        """About what: ``team``, ``csm`` or ``account``."""
        if self.each or self.csm is not None or self.account is not None:
            return self.each or ("csm" if self.csm is not None else "account")
        return DECKS[self.deck].about if self.deck else "team"

    @property
    def kind(self) -> str:
        """The name of the deck. Raises Misuse for one that does not fit its subject."""
        name = self.deck or DEFAULT[self.about]
        if name not in DECKS:
            raise Misuse(f'there is no deck "{name}"; there are {", ".join(DECKS)}')
        if DECKS[name].about != self.about:
            need = {"csm": "--csm or --each csm", "account": "--account or --each account", "team": "neither of them"}
            raise Misuse(f'the deck "{name}" is about a {DECKS[name].about}: give {need[DECKS[name].about]}')
        return name


class Deck(NamedTuple):
    """A deck of a subject ("" for the whole): its slides, those left out and why, and how they become a file."""

    subject: str
    slides: list[Slide]
    template: bytes | None
    left_out: Mapping[str, str] = MappingProxyType({})
    mapping: str = ""

    def data(self) -> bytes:
        """The .pptx file."""
        return write(self.slides, self.template, mapping=self.mapping)


def subjects(book: Book, wanted: Wanted) -> list[str]:
    """Whose decks are asked for: ids of accounts, names of CSMs, or "" for the team's.

    Raises Misuse for a name there is not, Problem for an empty book.
    """
    if not len(book) or not len(book.months):
        raise Problem("There is nothing to put on slides: the book has no account or no month.")
    about = DECKS[wanted.kind].about
    if about == "team":
        return [""]
    if about == "account":
        if wanted.account is not None and wanted.account not in book.accounts.index:
            raise Misuse(f'there is no account "{wanted.account}"')
        return [wanted.account] if wanted.account is not None else book.held_now().accounts.index.tolist()
    if wanted.csm is not None and wanted.csm not in book.holders:
        raise Misuse(f'there is no CSM "{wanted.csm}"; there are {", ".join(book.holders) or "none"}')
    if wanted.csm is None and wanted.each is None:
        raise Misuse(f'the deck "{wanted.kind}" is about a CSM: give --csm or --each csm')
    return [wanted.csm] if wanted.csm is not None else list(book.holders)


def decks(book: Book, wanted: Wanted, template: bytes | None = None, mapping: str = "") -> Iterator[Deck]:
    """The decks asked for, each made when it is taken."""
    names, standing = subjects(book, wanted), book.now()
    for subject in names:
        yield deck_of(book, standing, wanted, subject, template, mapping)


def deck_of(
    book: Book, standing: Book, wanted: Wanted, subject: str, template: bytes | None = None, mapping: str = ""
) -> Deck:
    """One deck. A customer's is made of a book that holds nothing but that customer."""
    kind = DECKS[wanted.kind]
    months = wanted.months or (3 if wanted.kind == "performance" else MONTHS[kind.about])
    if kind.about == "account":
        own = standing.where_id(subject)
        ask = Ask(own, own, own, months, version=wanted.version)
    else:
        mine = book.held_by(subject) if subject else book
        ask = Ask(mine, book, standing, months, kind.title.format(name=subject), wanted.version)
    made = make(wanted.slides or kind.slides, ask, wanted.insist)
    return Deck(subject, made.slides, template, made.left_out, mapping)


def plain(subject: str) -> str:
    """A subject as part of a file's name.

    >>> plain("Piotr Zieliński"), plain("../A B")
    ('Piotr-Zieliński', 'A-B')
    """
    return re.sub(r"[^\w]+", "-", subject).strip("-")
