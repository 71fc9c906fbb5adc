"""What is asked for: a deck is a short list of names of slides, each made of a book by a function of its own.

A slide that has nothing to say raises Dark with the reason; it is left out and listed, or says so where it is insisted
upon.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from cs_metrics.book import Book, Dark
from cs_metrics.slides.deck import Slide
from cs_metrics.slides.parts import Points


class Ask(NamedTuple):
    """What slides are made of.

    ``book`` is whose deck it is: the team's, a CSM's, a customer's; ``whole`` everybody's, for comparisons;
    ``standing`` the whole as it is known today, for risks and advocates; ``version`` names the data in the footers.
    """

    book: Book
    whole: Book
    standing: Book
    months: int
    title: str = ""
    version: str = ""


Maker = Callable[[Ask], Slide]


@dataclass(frozen=True)
class Kind:
    """A kind of slide: its name, how it is called, whether a customer may see it, and how it is made."""

    name: str
    label: str
    customer: bool
    make: Maker


SLIDES: dict[str, Kind] = {}


def slide(label: str, customer: bool = False) -> Callable[[Maker], Maker]:
    """Enter a function that makes a slide, under its own name."""

    def register(function: Maker) -> Maker:
        SLIDES[function.__name__] = Kind(function.__name__, label, customer, function)
        return function

    return register


class Made(NamedTuple):
    """The slides of a deck, and those left out with the reason, by their labels."""

    slides: list[Slide]
    left_out: dict[str, str]


def make(names: Sequence[str], ask: Ask, insist: bool = False) -> Made:
    """The slides of these names. Where one has nothing to say it is left out; with ``insist`` it says why."""
    made, left_out = [], {}
    for name in names:
        kind = SLIDES[name]
        try:
            found = kind.make(ask)
        except Dark as reason:
            left_out[kind.label] = _sentence(str(reason))
            if insist:
                made.append(Slide(kind.label, kind.label, [Points([_sentence(str(reason))])]))
            continue
        basis = " · ".join(filter(None, (found.basis, ask.version))) if found.basis else ""
        made.append(replace(found, basis=basis))
    return Made(made, left_out)


def _sentence(reason: str) -> str:
    return f"{reason[:1].upper()}{reason[1:]}{'' if reason.endswith(('.', '!')) else '.'}"
