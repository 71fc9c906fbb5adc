"""Which account holds which product, what fits it because accounts like it hold it, and for how much.

Look-alikes of an account are the other customers of its segment and industry; where these are too few, of its segment
(where neither is known, all customers). They are looked for in the whole company, whatever part of it is asked for.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from cs_metrics.book import Book, Dark
from cs_metrics.dials import dial

FITS = dial("whitespace.share", "A product fits where so many of the look-alikes hold it", 0.5, "share", least=0.01)
FEWEST = dial("whitespace.lookalikes", "Fewest look-alikes to judge by", 10, "count", least=1)
ALIKE = ("segment", "industry")


class Cells(NamedTuple):
    """The pairs of account and product that ever had revenue: their row and product, in this order, and where the
    lines of each begin once they are in ``order``."""

    row: np.ndarray
    product: np.ndarray
    begin: np.ndarray
    order: np.ndarray | None


def cells(book: Book) -> Cells:
    """The cells of a book."""
    return book.kept("cells", lambda: _cells(book))


def _cells(book: Book) -> Cells:
    lines, order = book.lines, None
    key = lines.row * max(len(lines.products), 1) + lines.product
    if (key[1:] < key[:-1]).any():
        order = np.argsort(key, kind="stable")
        key = key[order]
    begin = np.flatnonzero(np.r_[True, key[1:] != key[:-1]]) if len(key) else np.zeros(0, dtype=np.intp)
    row, product = np.divmod(key[begin], max(len(lines.products), 1))
    return Cells(row, product, begin, order)


def in_cells(book: Book, amounts: np.ndarray, rates: np.ndarray) -> np.ndarray:
    """Native amounts, closes × lines, in the book's currency: closes × cells."""
    if not (rates == 1).all():
        priced = np.where(np.isfinite(rates), rates, 0)[:, book.lines.currency]
        amounts = np.rint(amounts * priced).astype(np.int64)
    found = cells(book)
    if found.order is not None:
        amounts = amounts[:, found.order]
    return amounts if len(found.begin) == amounts.shape[1] else np.add.reduceat(amounts, found.begin, axis=1)


def without_products(book: Book) -> str | None:
    """Why it cannot be told what an account holds, None if it can."""
    if book.accounts.index.has_duplicates:
        return "Whitespace speaks of accounts, not of their products."
    if len([name for name in book.lines.products if name]) < 2:
        return "Add the product to the table the revenue comes from, with two products or more."
    return None


def holding(book: Book) -> np.ndarray:
    """Does each cell hold its product at each close? closes × cells; revenue without a product is none."""
    if (reason := without_products(book)) is not None:
        raise Dark(reason)
    named = np.asarray(book.lines.products.astype(str) != "")[cells(book).product]
    return (in_cells(book, book.lines.amounts, np.ones((1, len(book.lines.currencies)))) > 0) & named


class Alike(NamedTuple):
    """The groups of accounts that are alike: ``names`` of the columns, ``codes`` of each row, ``total`` of groups."""

    names: tuple[str, ...]
    codes: np.ndarray
    total: int


def alike(book: Book, names: tuple[str, ...]) -> Alike:
    """The group of each row of a book, counted as the company counts them; made once."""
    return book.kept(("alike", names), lambda: _alike(book, names))


def _alike(book: Book, names: tuple[str, ...]) -> Alike:
    company = book.company
    names = tuple(name for name in names if name in company.accounts)
    codes, count = np.zeros(len(book), dtype=np.intp), 1
    for name in names:
        labels, _ = company.groups(name)
        own, place = (labels, company.groups(name)[1]) if company is book else book.groups(name)
        codes, count = codes * len(labels) + labels.get_indexer(own)[place], count * len(labels)
    return Alike(names, codes, count)


class Shares(NamedTuple):
    """How many customers each group has and how many of them hold each product: closes × groups (× products)."""

    customers: np.ndarray
    holders: np.ndarray


def shares(company: Book, names: tuple[str, ...]) -> Shares:
    """The company's groups and what they hold, made once."""
    return company.kept(("shares held", names), lambda: _shares(company, names))


def _shares(company: Book, names: tuple[str, ...]) -> Shares:
    group, held, found = alike(company, names), holding(company), cells(company)
    paying, products = company.balance(0, 0) > 0, len(company.lines.products)
    place = group.codes[found.row] * products + found.product
    customers = np.stack([np.bincount(group.codes[each], minlength=group.total) for each in paying])
    holders = np.stack([np.bincount(place[each], minlength=group.total * products) for each in held])
    return Shares(customers, holders.reshape(len(held), group.total, products))


class Fit(NamedTuple):
    """What the accounts hold and what fits them at a close: rows × products each.

    ``share`` is how many of the look-alikes hold it, not a number where these are too few; ``others`` how many they
    are, and ``wide`` whether they are those of the segment, not of the industry too: one per row. What is held fits.
    """

    held: np.ndarray
    fits: np.ndarray
    share: np.ndarray
    others: np.ndarray
    wide: np.ndarray


def fit(book: Book) -> Fit:
    """What each customer holds and what fits it at the last close."""
    last = replace(book.window(book.closes - 1, book.closes - 1), clock=book.known_on)
    return book.kept(("fit", FITS.of(book), FEWEST.of(book)), lambda: fit_at(last, 0))


def fit_at(book: Book, close: int) -> Fit:
    """What each customer holds and what fits it at a close."""
    found, now = cells(book), holding(book)[close]
    paying = book.balance(0, 0)[close] > 0
    held = np.zeros((len(book), len(book.lines.products)), dtype=bool)
    held[found.row[now], found.product[now]] = True
    share, others, wide = _held_around(book, close)
    with np.errstate(invalid="ignore"):
        fits = held | (share >= FITS.of(book))
    return Fit(held & paying[:, None], fits & paying[:, None], share, others, wide)


def _held_around(book: Book, close: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The share of each row's look-alikes that hold each product; how many they are; were they widened."""
    least, seen = FEWEST.of(book), []
    for names in (ALIKE, ALIKE[:1]):
        code, of = alike(book, names).codes, shares(book.company, names)
        seen.append((of.customers[close][code] - 1, of.holders[close][code]))
    (customers, holders), (more, more_holders) = seen
    wide = customers < least
    customers = np.where(wide, more, customers)
    holders = np.where(wide[:, None], more_holders, holders)
    share = np.where((customers >= least)[:, None], holders / np.maximum(customers, 1)[:, None], np.nan)
    return np.minimum(share, 1.0), customers, wide
