"""Which table is this, and which of its columns is which? Decided by headers, never by position."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import PurePath

import numpy as np
import pyarrow as pa

from cs_metrics.read.convert import Unreadable, month_of
from cs_metrics.read.files import Sheet
from cs_metrics.tables import REVENUE, TABLES, Account, Mrr, Row, columns

DESCRIBING = ("name", "csm", "segment", "region", "industry", "parent_id", "domain")
CLEARLY = 0.08


@dataclass(frozen=True)
class Match:
    """A sheet recognised as a table: field → header, and what the other headers are.

    ``describing`` are columns of a revenue table that describe its accounts; ``months`` the month headers of a
    wide table; ``unused`` what is left, which in a list of accounts are attributes.
    """

    row: type[Row]
    columns: dict[str, str]
    unused: tuple[str, ...] = ()
    describing: dict[str, str] = field(default_factory=dict)
    months: dict[str, int] = field(default_factory=dict)
    score: float = 0.0

    @property
    def table(self) -> str:
        """The table's name."""
        return self.row.table


def plain(header: str) -> str:
    """A header without what does not tell headers apart.

    >>> plain("Customer ID"), plain("Start (UTC)"), plain("monthly_amount"), plain("accountExternalId")
    ('customer id', 'start', 'monthly amount', 'account external id')
    """
    text = re.sub(r"\([^)]*\)|\[[^\]]*\]", " ", header)
    text = re.sub(r"([a-z\d])([A-Z])", r"\1 \2", text)
    return re.sub(r"[\W_]+", " ", text.casefold()).strip()


def recognise(sheet: Sheet) -> list[Match]:
    """The tables this sheet could be, best first; none if it is like no known table."""
    months = _month_headers(sheet)
    found = []
    for row in TABLES.values():
        match = _wide(sheet, months) if row is Mrr and len(months) >= 2 else match_columns(sheet, row)
        if match is not None:
            found.append(_scored(match, sheet))
    return sorted(found, key=lambda match: -match.score)


def likely_table(name: str, headers: Sequence[str]) -> str | None:
    """The table that columns of these names are, before a row was read; None where they are like none.

    >>> likely_table("crm/customers", ["id", "customer_name", "csm"]), likely_table("crm/jobs", ["id", "state"])
    ('accounts', None)
    """
    nothing = tuple(pa.array([], pa.string()) for _ in headers)
    found = recognise(Sheet(name, "", tuple(headers), nothing, np.empty(0, dtype=np.int32)))
    return found[0].table if found else None


def named_as(sheet: Sheet) -> type[Row] | None:
    """The table that the file or sheet is plainly named after, whatever its columns."""
    names = {plain(PurePath(sheet.file).stem), plain(sheet.name)} - {""}
    return next((row for row in TABLES.values() if names & {row.table, *row.called}), None)


def lacking(sheet: Sheet, row: type[Row]) -> list[str]:
    """What the sheet lacks to be this table: of each needed group of columns, none is there."""
    have = {
        column for column, synonyms in _synonyms(row).items() for header in sheet.headers if plain(header) in synonyms
    }
    return [" or ".join(group) for group in row.needs if not have & set(group)]


def match_columns(sheet: Sheet, row: type[Row]) -> Match | None:
    """The columns of this table among the sheet's headers; None where a needed one is missing."""
    left = {header: plain(header) for header in sheet.headers}
    taken: dict[str, str] = {}
    candidates = sorted(
        (synonyms.index(name), place, column, header)
        for place, (column, synonyms) in enumerate(_synonyms(row).items())
        for header, name in left.items()
        if name in synonyms
    )
    for _, _, column, header in candidates:
        if column not in taken and header in left:
            taken[column] = header
            del left[header]
    if row.table not in REVENUE and row is not Account and "name" in taken and "account_id" not in taken:
        return None
    if "account_id" in row.model_fields and "account_id" not in taken and "name" in taken and row is Account:
        taken["account_id"] = taken.pop("name")
    if not all(any(name in taken for name in group) for group in row.needs):
        return None
    describing = _describing(left) if row.table in REVENUE else {}
    unused = tuple(h for h in left if h not in describing.values())
    return Match(row, {c: taken[c] for c in row.model_fields if c in taken}, unused, describing)


def _wide(sheet: Sheet, months: dict[str, int]) -> Match | None:
    """A sheet with a column per month, as MRR."""
    others = {header: plain(header) for header in sheet.headers if header not in months}
    ids = _synonyms(Mrr)["account_id"]
    account = min((h for h, name in others.items() if name in ids), key=lambda h: ids.index(others[h]), default=None)
    if account is None:
        return None
    taken = {"account_id": account}
    for column in ("product", "currency"):
        fitting = [h for h, name in others.items() if name in _synonyms(Mrr)[column] and h not in taken.values()]
        taken |= dict.fromkeys([column], fitting[0]) if fitting else {}
    left = {h: name for h, name in others.items() if h not in taken.values()}
    describing = _describing(left)
    return Match(Mrr, taken, tuple(h for h in left if h not in describing.values()), describing, months)


def _describing(left: dict[str, str]) -> dict[str, str]:
    """Headers that describe the account, found in a table of revenue."""
    found: dict[str, str] = {}
    for column in DESCRIBING:
        synonyms = _synonyms(Account)[column]
        header = min(
            (h for h, n in left.items() if n in synonyms and h not in found.values()),
            key=lambda h: synonyms.index(left[h]),
            default=None,
        )
        if header is not None:
            found[column] = header
    return found


def _month_headers(sheet: Sheet) -> dict[str, int]:
    months = {}
    for header in sheet.headers:
        try:
            months[header] = month_of(re.sub(r"(?i)^\s*(mrr|revenue)[\s_:-]*", "", header))
        except Unreadable:
            continue
    return months


def _scored(match: Match, sheet: Sheet) -> Match:
    """How well the sheet is this table: headers it explains, its columns found, and what file and sheet are called."""
    explained = len(match.columns) + len(match.describing) + len(match.months)
    score = explained / len(sheet.headers) + 0.5 * explained / (len(match.row.model_fields) + len(match.months))
    score += 0.3 * bool(match.months) + _named(match.row, sheet)
    if match.row is Account:
        score -= 1.5 * (not _distinct(sheet, match.columns["account_id"])) + 0.5 * ("month" in match.columns)
    return Match(match.row, match.columns, match.unused, match.describing, match.months, score)


def _named(row: type[Row], sheet: Sheet) -> float:
    """Do file and sheet carry the table's name? A sheet's own name says more."""
    stem = plain(PurePath(sheet.file).stem)
    names = [(sheet.name and plain(sheet.name), 1.0), (stem, 0.6 if sheet.name else 1.0)]
    worth = 0.0
    for called in (row.table, *row.called):
        for name, most in names:
            if name == called:
                worth = max(worth, most)
            elif name and re.search(rf"\b{re.escape(called)}\b", name):
                worth = max(worth, most * (0.5 + len(called) / 100))
    return worth


def survey_kind(sheet: Sheet, match: Match) -> str | None:
    """Which survey a sheet without a column for it holds: named by its score, by the sheet or by the file."""
    named = [plain(match.columns.get("score", "")), plain(sheet.name), plain(PurePath(sheet.file).stem)]
    return next((kind for name in named for kind in ("NPS", "CSAT", "CES") if kind.casefold() in name.split()), None)


def _distinct(sheet: Sheet, header: str) -> bool:
    """Does each entry stand in one row only, or nearly?"""
    return len(sheet) == 0 or len(sheet.coded(header).dictionary) >= 0.9 * len(sheet)


@cache
def _synonyms(row: type[Row]) -> dict[str, list[str]]:
    """The headers each column goes by, best first."""
    return {c.name: [plain(c.name), *(plain(name) for name in c.also)] for c in columns(row).values()}
