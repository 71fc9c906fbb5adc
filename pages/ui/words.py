"""Words and figures as the pages write them."""

from __future__ import annotations

import re

from cs_metrics.book import Book
from cs_metrics.units import MONEY, PERCENT

ADDRESS = re.compile(r"(?i)https?:(?=//)|www(?=\.)|@")
MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:])")


def escaped(text: object) -> str:
    """A customer's text for a place that renders Markdown: shown as it is, never as a link or a picture.

    Addresses that Markdown would make links of by themselves are parted by a character without width.
    """
    return MARKDOWN.sub(r"\\\1", ADDRESS.sub("\\g<0>\u2060", str(text)))


def money(value: float | None, book: Book) -> str:
    """An amount in the book's currency."""
    return MONEY.write(value, book.currency)


def percent(value: float | None) -> str:
    """A share."""
    return PERCENT.write(value)


def plural(count: int, one: str) -> str:
    """A count with its noun."""
    return f"{count:,} {one}" if count == 1 else f"{count:,} {one}s"
