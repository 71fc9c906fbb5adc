"""The defects data can have, one function each: which accounts have it, and what they would be like without it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from cs_metrics.book import UNASSIGNED, Book

FACTORS = np.array([10.0, 12.0, 100.0, 1000.0])
NEAR, AS_NEAR = 1.25, 1.05
LONGEST_ERROR = 12
LONGEST_GAP = 3
MOST_CURRENCIES = 6
FREE_MAIL = {"gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "yahoo.com", "icloud.com", "web.de"}
LEGAL = {"inc", "incorporated", "ltd", "limited", "llc", "llp", "plc", "corp", "corporation", "co", "company", "gmbh",
         "ag", "kg", "se", "sa", "sas", "sarl", "srl", "spa", "bv", "nv", "oy", "ab", "as", "aps", "pty"}  # fmt: skip


class Suspects(NamedTuple):
    """Accounts a defect was found in, and what they would be like without it.

    ``rows`` are their positions in the book, ``case`` says which of them belong together (0, 1, 2…), ``problems`` is
    what is wrong with each. ``corrected`` are books of exactly these rows, each corrected in one plausible way.
    """

    rows: np.ndarray
    case: np.ndarray
    problems: list[str]
    corrected: tuple[Book, ...]


Finder = Callable[[Book, int], Suspects | None]
DEFECTS: dict[str, Defect] = {}


@dataclass(frozen=True)
class Defect:
    """A defect with its words: what it is called, and what to do about it."""

    name: str
    finder: Finder
    label: str
    advice: str

    @property
    def question(self) -> str:
        """When an account has it: the first line of the function's docstring."""
        return inspect.cleandoc(self.finder.__doc__ or "").splitlines()[0]


def defect(label: str, advice: str) -> Callable[[Finder], Defect]:
    """Make a defect of a function ``(book, months) → suspects`` and enter it in the list."""

    def register(finder: Finder) -> Defect:
        name = finder.__name__
        DEFECTS[name] = Defect(name, finder, label, advice)
        return DEFECTS[name]

    return register


def _with_amounts(part: Book, amounts: np.ndarray) -> Book:
    """The same book with other amounts in its lines."""
    return replace(part, lines=replace(part.lines, amounts=amounts), memory={})


def _each(rows: np.ndarray, problems: list[str], *corrected: Book) -> Suspects:
    """Suspects of which each account is a case of its own."""
    return Suspects(rows, np.arange(len(rows)), problems, corrected)


class Stretch(NamedTuple):
    """Amounts of one line that may be wrong: the first close, the first after it, and how many times too high."""

    first: int
    end: int
    factor: float


@defect("MRR jumps by 10×", "Compare the amount with the invoice or contract; correct it in the source.")
def tenfold(book: Book, months: int) -> Suspects | None:
    """Is an amount 10, 12, 100 or 1000 times what it was the month before, or as much smaller?

    Typed with a zero too many, per year instead of per month, in cents. Looked at line by line. Wrong is the shorter
    of the two stretches, before the jump or after it, and the one after where the amount returns; it lasts less than a
    year and reaches into the period. Corrected: divided, or multiplied, by that number. Where both stretches are as
    long, or two of the numbers are near, each is a choice.
    """
    opening, amounts = book.closes - 1 - months, book.lines.amounts
    start = max(opening - LONGEST_ERROR, 0)
    before, after = amounts[start:-1], amounts[start + 1 :]
    both = (before > 0) & (after > 0)
    large = both & ((after >= before * (FACTORS[0] / NEAR)) | (before >= after * (FACTORS[0] / NEAR)))
    wrong = {}
    for line in np.flatnonzero(large.any(axis=0)).tolist():
        jumps = [[s for s in jump if s.end > opening] for jump in _jumps(amounts[:, line], start)]
        if any(jumps):
            wrong[line] = [jump for jump in jumps if jump]
    if not wrong:
        return None
    rows = np.unique(book.lines.row[list(wrong)])
    ways = []
    for way in range(max(len(jump) for jumps in wrong.values() for jump in jumps)):
        corrected = amounts.astype(np.float64)
        for line, jumps in wrong.items():
            for jump in jumps:
                stretch = jump[min(way, len(jump) - 1)]
                corrected[stretch.first : stretch.end, line] /= stretch.factor
        ways.append(_with_amounts(book, np.rint(corrected).astype(np.int64)).take(rows))
    problems = {int(book.lines.row[line]): _jump_in_words(book, line, jumps[-1][0]) for line, jumps in wrong.items()}
    return _each(rows, [problems[row] for row in rows.tolist()], *ways)


def _jumps(amounts: np.ndarray, start: int) -> list[list[Stretch]]:
    """The jumps of one line after a close, each as the stretches that may be wrong. A return is no jump of its own."""
    jumps: list[list[Stretch]] = []
    returns: set[int] = set()
    paid = np.flatnonzero(amounts > 0)
    for close in range(start + 1, len(amounts)):
        step = amounts[close] / amounts[close - 1] if amounts[close - 1] > 0 and amounts[close] > 0 else 1.0
        away = np.abs(np.log(max(step, 1 / step) / FACTORS))
        if close in returns or away.min() > np.log(NEAR):
            continue
        near = FACTORS[away <= away.min() + np.log(AS_NEAR)].tolist()
        back = amounts[close:] < amounts[close] / 2 if step > 1 else amounts[close:] > amounts[close] * 2
        end = close + int(back.argmax()) if back.any() else len(amounts)
        other = amounts[:close] > amounts[close - 1] * 2 if step > 1 else amounts[:close] < amounts[close - 1] / 2
        first = max(int(np.flatnonzero(other)[-1]) + 1 if other.any() else 0, int(paid[0]))
        returns.add(end)
        sides = [(end - close, close, end, step > 1)]
        sides += [] if back.any() else [(close - first, first, close, step < 1)]
        shortest = min(length for length, *_ in sides)
        jumps.append(
            [
                Stretch(begin, stop, factor if high else 1 / factor)
                for length, begin, stop, high in sides
                if length == shortest < LONGEST_ERROR
                for factor in near
            ]
        )
    return jumps


def _jump_in_words(book: Book, line: int, stretch: Stretch) -> str:
    """A stretch of wrong amounts beside what stands next to it."""
    neighbour = stretch.first - 1 if stretch.first and book.lines.amounts[stretch.first - 1, line] else stretch.end
    beside = "before" if neighbour < stretch.first else "after"
    amounts = book.lines.amounts[:, line] / book.scale
    shown = stretch.first if beside == "before" else stretch.end - 1
    return f"{amounts[shown]:,.2f} in {book.months_with_lead[shown]}, {amounts[neighbour]:,.2f} the month {beside}"


@defect("Gap in MRR", "Check whether the account really paid nothing in these months; a missing row is not a loss.")
def gap(book: Book, months: int) -> Suspects | None:
    """Is there no MRR for one to three months, with MRR before and after, within the period or at its opening?

    Corrected: what was paid before the gap, in every month of it.
    """
    start = max(book.closes - 1 - months - LONGEST_GAP, 0)
    paying = book.balance(0, 0)[start:] > 0
    rows = np.flatnonzero(paying.any(axis=0) & ~paying.all(axis=0) & paying[1:].any(axis=0))
    gaps = [(row, *found) for row in rows.tolist() for found in _gaps(paying[:, row], book.closes - 1 - months - start)]
    if not gaps:
        return None
    kept = np.array(sorted({row for row, _, _ in gaps}))
    amounts, problems = book.lines.amounts.copy(), {}
    for row, first, end in gaps:
        first, end = first + start, end + start
        lines = slice(*np.searchsorted(book.lines.row, (row, row + 1)))
        amounts[first:end, lines] = amounts[first - 1, lines]
        said = f"{book.months_with_lead[first]}" + (f" to {book.months_with_lead[end - 1]}" if end - first > 1 else "")
        problems[row] = f"nothing paid in {said}, though before and after"
    return _each(kept, [problems[row] for row in kept.tolist()], _with_amounts(book, amounts).take(kept))


def _gaps(paying: np.ndarray, opening: int) -> list[tuple[int, int]]:
    """First close of each gap and the first after it, of those that reach the opening or lie behind it."""
    edges = np.flatnonzero(np.diff(np.r_[False, ~paying, False].astype(np.int8)))
    return [
        (int(first), int(end))
        for first, end in edges.reshape(-1, 2)
        if first > 0 and end < len(paying) and end - first <= LONGEST_GAP and end > opening
    ]


@defect("Duplicate account", "Merge the two where the CRM keeps them, or give them a parent if both are right.")
def duplicate(book: Book, months: int) -> Suspects | None:
    """Have several accounts the same web domain or the same name, and no parent that explains it?

    Corrected: merged into one, their MRR added; where all pay the same, also with the MRR of one of them only, as if
    it had been entered twice.
    """
    ends = book.balance(0, 0)[[book.closes - 1 - months, book.closes - 1]]
    groups = [group for group in _alike(book, (ends != 0).any(axis=0)) if not _related(book, group)]
    if not groups:
        return None
    rows = np.concatenate(groups)
    case = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    first = np.repeat(np.cumsum([0, *(len(group) for group in groups[:-1])]), [len(group) for group in groups])
    part = book.take(rows)
    merged = replace(part, lines=part.lines.grouped(first[part.lines.row]), memory={})
    same = np.array([(ends[:, group] == ends[:, group[:1]]).all() for group in groups])[case]
    extra = same & (first != np.arange(len(rows)))
    once = _with_amounts(part, np.where(extra[part.lines.row], 0, part.lines.amounts))
    names = book.accounts.index.to_numpy()
    problems = [
        f"like {', '.join(str(names[other]) for other in groups[at] if other != row)}"
        + (", with the same MRR" if same[place] else "")
        for place, (row, at) in enumerate(zip(rows.tolist(), case.tolist(), strict=True))
    ]
    return Suspects(rows, case, problems, (merged, once))


def _alike(book: Book, paying: np.ndarray) -> list[np.ndarray]:
    """Groups of paying accounts that share a domain or a name."""
    rows = np.flatnonzero(paying)
    accounts = book.accounts.iloc[rows]
    keys = [pd.Series([plain_name(str(name)) for name in accounts["name"]])]
    if "domain" in accounts:
        keys.append(pd.Series([plain_domain(str(d)) if d == d and d is not None else "" for d in accounts["domain"]]))
    leader = np.arange(len(rows))
    for _ in keys:
        for key in keys:
            given = (key != "").to_numpy()
            leader[given] = pd.Series(leader[given]).groupby(key[given].to_numpy()).transform("min")
            leader = leader[leader]
    _, code, count = np.unique(leader, return_inverse=True, return_counts=True)
    order = np.flatnonzero(count[code] > 1)
    found = pd.Series(rows[order]).groupby(code[order])
    return [group.to_numpy() for _, group in found]


def _related(book: Book, group: np.ndarray) -> bool:
    """Do these accounts stand under one parent, by their own word?"""
    if "parent_id" not in book.accounts:
        return False
    ids, parents = book.accounts.index.to_numpy()[group], book.accounts["parent_id"].iloc[group]
    return len({str(parent) if parent == parent and parent is not None else str(own)
                for own, parent in zip(ids, parents, strict=True)}) == 1  # fmt: skip


def plain_name(name: str) -> str:
    """A company's name without what does not tell companies apart.

    >>> plain_name("ACME, Inc."), plain_name("Acme GmbH & Co. KG"), plain_name("Co")
    ('acme', 'acme', 'co')
    """
    words = re.sub(r"[\W_]+", " ", name.casefold().replace(".", "").replace("&", " ")).split()
    return " ".join(word for word in words if word not in LEGAL) or " ".join(words)


def plain_domain(address: str) -> str:
    """A web domain as it is compared; none for addresses that anybody may have.

    >>> plain_domain("https://www.Acme.example/about"), plain_domain("ann@gmail.com")
    ('acme.example', '')
    """
    host = re.sub(r"^[a-z]+://", "", address.strip().casefold()).rpartition("@")[2].split("/")[0].split(":")[0]
    host = host.removeprefix("www.").rstrip(".")
    return "" if host in FREE_MAIL or "." not in host else host


@defect("Overlapping subscriptions", "End the old subscription on the day the new one starts.")
def overlap(book: Book, months: int) -> Suspects | None:
    """Does a subscription begin before the one it follows has ended, or stand there twice?

    The same account, product and currency; the later one ends later, or the two are exactly alike. While both are in
    force both are counted. Corrected: without the earlier in that time, or without the later.
    """
    if "subscriptions" not in book.facts:
        return None
    held = book.facts["subscriptions"]
    held = held.assign(**{name: held[name].astype(object).where(held[name].notna(), "").astype(str) if name in held
                          else "" for name in ("product", "currency")})  # fmt: skip
    never = pd.Timestamp("2262-01-01")
    end = held["end_date"] if "end_date" in held else pd.Series(pd.NaT, held.index)
    held = held.assign(end=end.fillna(never)).sort_values(
        ["row", "product", "currency", "start_date", "end"], kind="stable"
    )
    later = held.groupby(["row", "product", "currency"], sort=False).shift(-1)
    follows = (
        (later["start_date"] > held["start_date"]) & (later["start_date"] < held["end"]) & (later["end"] > held["end"])
    )
    twice = (
        (later["start_date"] == held["start_date"]) & (later["end"] == held["end"]) & (later["mrr"] == held["mrr"])
    )  # fmt: skip
    pairs = pd.DataFrame({
        "row": held["row"], "product": held["product"], "currency": held["currency"], "old": held["mrr"].fillna(0),
        "new": later["mrr"].fillna(0), "since": later["start_date"], "until": held["end"],
    })[follows | twice]  # fmt: skip
    first = np.maximum(book.closes_of(pairs["since"]), 0)
    until = np.minimum(book.closes_of(pairs["until"]), book.closes)
    ends = np.array([[book.closes - 1 - months], [book.closes - 1]])
    pairs = pairs.assign(first=first, after=until)[((first <= ends) & (ends < until)).any(axis=0)]
    if pairs.empty:
        return None
    rows = np.unique(pairs["row"].to_numpy())
    ways = [book.lines.amounts.copy(), book.lines.amounts.copy()]
    problems: dict[int, str] = {}
    for pair in pairs.itertuples(index=False):
        lines = slice(*np.searchsorted(book.lines.row, (pair.row, pair.row + 1)))
        named = (book.lines.products[book.lines.product[lines]].astype(str) == pair.product) & (
            book.lines.currencies[book.lines.currency[lines]].astype(str) == pair.currency
        )
        for amounts, price in zip(ways, (pair.old, pair.new), strict=True):
            cells = amounts[pair.first : pair.after, lines]
            cells[:, named] = np.maximum(cells[:, named] - int(price), 0)
        until = "" if pair.until == never else f" to {pair.until:%Y-%m-%d}"
        problems[int(pair.row)] = (
            f"two subscriptions{f' to {pair.product}' if pair.product else ''} from {pair.since:%Y-%m-%d}{until}"
        )
    return _each(rows, [problems[row] for row in rows.tolist()], *(_with_amounts(book, a).take(rows) for a in ways))


@defect("Currency missing", "Say the currency of these amounts.")
def currency_missing(book: Book, months: int) -> Suspects | None:
    """Has revenue no currency, where other revenue has one?

    It is read as the book's own. Corrected: read as each other currency there is.
    """
    codes = book.lines.currencies.astype(str)
    blank = book.lines.currency == codes.get_indexer(pd.Index([""]))[0]
    others = [at for at, code in enumerate(codes) if code and code != book.currency
              and np.isfinite(book.rates[:, at]).all()][:MOST_CURRENCIES]  # fmt: skip
    paid = (book.lines.amounts[[book.closes - 1 - months, book.closes - 1]] != 0).any(axis=0)
    lines = blank & paid
    if not lines.any() or not others:
        return None
    rows = np.unique(book.lines.row[lines])
    part = book.take(rows)
    was = part.lines.currency == codes.get_indexer(pd.Index([""]))[0]
    ways = [
        replace(part, lines=replace(part.lines, currency=np.where(was, other, part.lines.currency)), memory={})
        for other in others
    ]
    return _each(rows, [f"no currency; read as {book.currency or 'the book’s own'}"] * len(rows), *ways)


@defect("Negative MRR", "Correct the changes that add up to less than nothing; an opening amount may be missing.")
def negative(book: Book, months: int) -> Suspects | None:
    """Is MRR below zero at the opening or the close?

    Corrected: nothing instead, or the same amount with the other sign.
    """
    ends = [book.closes - 1 - months, book.closes - 1]
    rows = np.unique(book.lines.row[(book.lines.amounts[ends] < 0).any(axis=0)])
    if not len(rows):
        return None
    part = book.take(rows)
    lowest = np.minimum.reduce(part.balance(0, 0)[ends]) / book.scale
    ways = (np.maximum(part.lines.amounts, 0), np.abs(part.lines.amounts))
    return _each(rows, [f"{amount:,.2f} a month" for amount in lowest], *(_with_amounts(part, way) for way in ways))


@defect("Renewal date missing", "Enter the renewal date; see whether the contract was renewed.")
def renewal_missing(book: Book, months: int) -> Suspects | None:
    """Does a paying account have no renewal date, where others have one?

    If its contract, counted in years from its start date, came up for renewal within the period, it may have ended
    unnoticed. Corrected: nothing paid from then on. Without a start date, nothing paid at the close. Where no renewal
    can have come up in the period, the figure cannot move. An account whose leaving is on record needs no date.
    """
    if not book.knows("renewal_date") or not book.accounts["renewal_date"].notna().any():
        return None
    opening, closing = book.closes - 1 - months, book.closes - 1
    ends = book.balance(0, 0)[[opening, closing]]
    left = np.zeros(len(book), dtype=bool)
    if "churns" in book.facts:
        left[book.facts["churns"]["row"].to_numpy()] = True
    rows = np.flatnonzero(book.accounts["renewal_date"].isna().to_numpy() & (ends > 0).all(axis=0) & ~left)
    if not len(rows):
        return None
    part = book.take(rows)
    starts = part.accounts["start_date"] if "start_date" in part.accounts else pd.Series(pd.NaT, part.accounts.index)
    starts = pd.to_datetime(starts)
    begun = starts.to_numpy().astype("datetime64[M]").astype(np.int64) - part.first_close.ordinal
    known = starts.notna().to_numpy()
    due = np.where(known, closing - (closing - begun) % 12, closing)
    due = np.where((due > opening) & ~(known & (due == begun)), due, book.closes)
    gone = np.arange(book.closes)[:, None] >= due[part.lines.row]
    problems = [
        f"no renewal date; a year’s contract would have ended in {book.months_with_lead[at]}" if at <= closing and knows
        else "no renewal date, no start date" if at <= closing else "no renewal date"
        for at, knows in zip(due.tolist(), known.tolist(), strict=True)
    ]  # fmt: skip
    return _each(rows, problems, _with_amounts(part, np.where(gone, 0, part.lines.amounts)))


@defect("Account without owner", "Assign the account. The company's figures stand; no CSM's figure counts it.")
def owner_missing(book: Book, months: int) -> Suspects | None:
    """Does nobody hold an account that pays?

    Corrected, in the figures of some CSMs: theirs. The company's figures do not depend on it.
    """
    nobody = len(book.owners.names) - 1
    ends = book.balance(0, 0)[[book.closes - 1 - months, book.closes - 1]]
    rows = np.flatnonzero((book.owners.held[-1] == nobody) & (ends != 0).any(axis=0))
    if not len(rows) or nobody == 0:
        return None
    part = book.take(rows)
    taken = min(book.whose - {nobody}, default=nobody) if book.whose is not None else nobody
    held = np.where(part.owners.held == nobody, taken, part.owners.held)
    moved = part.owners.handovers
    given = replace(
        part.owners,
        held=held,
        handovers=moved[(moved["before"] != nobody) & (moved["after"] != nobody)],
    )
    return _each(rows, [f"{UNASSIGNED} at the close"] * len(rows), replace(part, owners=given, memory={}))
