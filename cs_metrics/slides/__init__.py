"""Slides: tables as native PowerPoint objects, decks as short lists of slides, in the company's own template."""

from cs_metrics.slides.asked import Ask, make
from cs_metrics.slides.deck import Slide, write
from cs_metrics.slides.decks import DECKS

__all__ = ["DECKS", "Ask", "Slide", "make", "write"]
