"""The decks: each a short list of names of slides, to be reordered, shortened or added to."""

from __future__ import annotations

from typing import NamedTuple

from cs_metrics.slides import book_slides, customer_slides, people_slides
from cs_metrics.slides.asked import SLIDES


class Kind(NamedTuple):
    """A kind of deck: how it is called, about what (``team``, ``csm``, ``account``), and its slides."""

    label: str
    about: str
    slides: tuple[str, ...]
    title: str


DECKS: dict[str, Kind] = {
    "team": Kind("Team QBR", "team", (
        "cover", "results", "movements", "what_moved_it", "retention", "cohorts", "by_csm", "luck", "at_risk",
        "renewals", "advocates", "expansion", "forecast", "next_steps",
    ), "Team QBR"),
    "board": Kind("Board page", "team", ("board",), "Board page"),
    "my-book": Kind("A CSM's book", "csm", (
        "cover", "in_hand", "movements", "retention", "at_risk", "renewals", "expansion", "advocates",
    ), "My book: {name}"),
    "performance": Kind("Performance review of a CSM", "csm", (
        "cover", "outcomes", "results", "movements", "book_taken_over", "activity", "at_risk", "manager_notes",
    ), "Performance review: {name}"),
    "customer": Kind("Review with a customer", "account", (
        "review_cover", "goals", "value", "adoption", "support", "satisfaction", "roadmap", "opportunities",
        "agreed_steps",
    ), ""),
}  # fmt: skip

ROOMS = (book_slides, people_slides, customer_slides)


def may_be_added(about: str) -> list[str]:
    """The slides that may stand in a deck about this: for a customer, only what a customer may see."""
    return [name for name, kind in SLIDES.items() if kind.customer or about != "account"]
