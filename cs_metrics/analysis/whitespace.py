"""Whitespace: which products fit which customers and are not held yet, and what they would bring.

A product fits an account where a set share of its look-alikes hold it (``products_held``). Its potential is what the
middle one of the holders in its segment pays for it; without such a holder its list price. Accounts at risk are set
apart: first keep them.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_metrics.analysis.products_held import ALIKE, Fit, alike, cells, fit, in_cells
from cs_metrics.analysis.risk import AT_RISK, likelihood
from cs_metrics.analysis.risk import fired as fired_of
from cs_metrics.book import Book
from cs_metrics.signal import signals

COLUMNS = ("account_id", "name", "csm", "mrr", "product", "potential", "share", "lookalikes", "fits_as", "at_risk")


def prices(book: Book) -> np.ndarray:
    """What each account would pay for each product: its segment's median, exact; not a number where unknown.

    Rows × products. The holders are those of the whole company at the last close; where no holder in the segment
    pays for a product, its list price counts.
    """
    company = book.company
    return median_price(company)[alike(book, ALIKE[:1]).codes]


def median_price(company: Book) -> np.ndarray:
    """The median price of each product in each segment, else the list price: segments × products."""
    return company.kept(("median price", company.closes), lambda: _median_price(company))


def _median_price(company: Book) -> np.ndarray:
    last, found, segment = company.closes - 1, cells(company), alike(company, ALIKE[:1])
    price = in_cells(company, company.lines.amounts[last:], company.rates[last:])[0]
    paid = pd.DataFrame({"segment": segment.codes[found.row], "product": found.product, "price": price})
    middle = paid[paid["price"] > 0].groupby(["segment", "product"])["price"].median()
    out = np.tile(listed(company), (segment.total, 1))
    out[middle.index.get_level_values(0), middle.index.get_level_values(1)] = middle.to_numpy()
    return out


def listed(book: Book) -> np.ndarray:
    """The list price of each product of the revenue, not a number where it has none."""
    if not book.knows("products.list_mrr"):
        return np.full(len(book.lines.products), np.nan)
    listed = book.facts["products"].drop_duplicates("product")
    price = pd.Series(listed["list_mrr"].to_numpy(dtype=float), listed["product"].astype(str))
    return price.reindex(book.lines.products.astype(str)).to_numpy(dtype=float)


def risky(book: Book) -> np.ndarray:
    """Which customers are at risk by the signals: one yes or no per row."""
    found = fired_of(book, signals("risk"))
    chance = likelihood(found["weight"], found["row"], len(book))
    return (chance >= AT_RISK) & (book.balance(0, 0)[-1] > 0)


def room(book: Book) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What fits and is not held: the rows, their products, and what each would bring, blank without a price."""
    suits = fit(book)
    row, product = np.nonzero(suits.fits & ~suits.held)
    return row, product, prices(book)[row, product] / book.scale


def whitespace(book: Book, at_risk: np.ndarray | None = None) -> pd.DataFrame:
    """What fits and is not held, most potential first: one row per account and product, ``COLUMNS``.

    ``potential`` is MRR, blank without a price; ``share`` of its ``lookalikes`` hold it, told in ``fits_as``;
    ``at_risk`` says that the account is to be kept first. Raises Dark where products are not known.
    """
    suits = fit(book)
    row, product, potential = room(book)
    threatened = risky(book) if at_risk is None else at_risk
    order = np.lexsort((product, row, -np.nan_to_num(potential, nan=-1.0)))
    row, product, potential = row[order], product[order], potential[order]
    return pd.DataFrame(
        {
            "account_id": book.accounts.index[row],
            "name": book.accounts["name"].to_numpy()[row],
            "csm": book.csm_now[row],
            "mrr": book.balance(0, 0)[-1][row] / book.scale,
            "product": book.lines.products.to_numpy(dtype=object)[product],
            "potential": potential,
            "share": suits.share[row, product],
            "lookalikes": suits.others[row],
            "fits_as": why_it_fits(book, suits, row, product),
            "at_risk": threatened[row],
        }
    )


def why_it_fits(book: Book, suits: Fit, row: np.ndarray, product: np.ndarray) -> np.ndarray:
    """Why a product fits an account, as a sentence: how many of which look-alikes hold it."""
    group = 2 * alike(book, ALIKE).codes + suits.wide
    code = group[row] * len(book.lines.products) + product
    _, first, which = np.unique(code, return_index=True, return_inverse=True)
    said = []
    for r, p in zip(row[first].tolist(), product[first].tolist(), strict=True):
        of = [book.accounts[name].iloc[r] for name in ALIKE[: 1 if suits.wide[r] else 2] if name in book.accounts]
        words = " · ".join(str(value) for value in of if pd.notna(value))
        share, others = suits.share[r, p], int(suits.others[r])
        said.append(f"{share:.0%} of {others:,} look-alikes{f' ({words})' if words else ''} hold it".replace("%", " %"))
    return np.array([*said, ""], dtype=object)[:-1][which]


def product_map(book: Book) -> pd.DataFrame:
    """Accounts × products: what each customer pays for a product, what it could, or nothing.

    One row per customer and product that is held or fits: ``account_id, name, product, state`` (held, fits),
    ``mrr`` paid or possible.
    """
    suits, found, last = fit(book), cells(book), book.closes - 1
    paid = np.zeros(suits.held.shape)
    paid[found.row, found.product] = in_cells(book, book.lines.amounts[last:], book.rates[last:])[0]
    row, product = np.nonzero(suits.fits)
    held = suits.held[row, product]
    return pd.DataFrame(
        {
            "account_id": book.accounts.index[row],
            "name": book.accounts["name"].to_numpy()[row],
            "product": book.lines.products.to_numpy(dtype=object)[product],
            "state": np.where(held, "held", "fits"),
            "mrr": np.where(held, paid[row, product], prices(book)[row, product]) / book.scale,
        }
    )


def by_product(book: Book, open_space: pd.DataFrame) -> pd.DataFrame:
    """Each product: how many customers hold it, how many it fits, and what these would bring.

    ``product, held, fits, potential, kept_first`` (of those it fits, at risk: not in ``potential``).
    """
    suits = fit(book)
    each = open_space.groupby("product")
    calm = open_space[~open_space["at_risk"]].groupby("product")
    names = pd.Index(book.lines.products.to_numpy(dtype=object))
    table = pd.DataFrame({"held": suits.held.sum(axis=0)}, index=names)
    table["fits"] = calm.size().reindex(names, fill_value=0)
    table["potential"] = calm["potential"].sum(min_count=1).reindex(names)
    table["kept_first"] = (each.size() - calm.size().reindex(each.size().index, fill_value=0)).reindex(
        names, fill_value=0
    )
    return table[[bool(name) for name in names]].rename_axis("product").reset_index()
