"""Slides: tables as native PowerPoint objects, decks as short lists of slides, in the company's own template."""

from cs_metrics.slides.deck import Slide, write
from cs_metrics.slides.decks import customer, my_book, team

__all__ = ["Slide", "customer", "my_book", "team", "write"]
