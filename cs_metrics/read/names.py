"""What columns and tables are called, so that a header is known in any spelling, language or order of words."""

from __future__ import annotations

import re
from functools import cache

from cs_metrics.read.derive import AS_READ
from cs_metrics.read.header import other_names, plain, without_accents
from cs_metrics.tables import Row, columns

TELLING = frozenset({"mrr", "arr", "csm", "segment", "renewal", "nps", "csat"})
NOISE = frozenset(("in", "of", "the", "utc", "gmt", "usd", "eur", "gbp", "chf", "sek", "nok", "dkk", "aud", "cad",
                   "jpy", "us", "dollar", "dollars", "euro", "euros", "de", "des", "du", "der", "la", "le", "del",
                   "c", "pc", "field", "value", "current", "net"))  # fmt: skip


@cache
def alike(header: str) -> str:
    """A header as it is compared: plain, without accents.

    >>> alike("Verlängerungs-Datum"), alike("Größe der Firma")
    ('verlangerungs datum', 'grosse der firma')
    """
    return re.sub(r"\W+", " ", without_accents(plain(header))).strip()


@cache
def core(header: str, called: tuple[str, ...] = ()) -> frozenset[str]:
    """The words of a header that count: in any order, without currencies, fillers and the table's own name.

    >>> sorted(core("Date of Renewal")), sorted(core("Opportunity: Close Date", ("opportunity",)))
    (['date', 'renewal'], ['close', 'date'])
    """
    words = frozenset(alike(header).split())
    return (words - NOISE - (frozenset(called) - TELLING)) or words


@cache
def synonyms(row: type[Row]) -> dict[str, list[str]]:
    """The headers each column goes by, best first."""
    more, own = other_names()["everywhere"], other_names().get(row.table, {})
    return {
        c.name: list(dict.fromkeys(alike(n) for n in (c.name, *c.also, *own.get(c.name, ()), *more.get(c.name, ()))))
        for c in columns(row).values()
    }


@cache
def cores(row: type[Row]) -> dict[str, list[frozenset[str]]]:
    """The words that count of each of these headers; of single words none, they say too little."""
    found = {column: [frozenset(name.split()) for name in names] for column, names in synonyms(row).items()}
    return {column: [words for words in names if len(words) > 1 or words & TELLING] for column, names in found.items()}


@cache
def called(row: type[Row]) -> tuple[str, ...]:
    """What a table is called as a file or a sheet, best first."""
    return tuple(dict.fromkeys(map(alike, (row.table, *row.called, *other_names()["called"].get(row.table, ())))))


@cache
def known_headers() -> dict[str, frozenset[str]]:
    """Every header some table knows, as it is compared, and the columns it may be."""
    found: dict[str, set[str]] = {}
    for row in AS_READ.values():
        for column, names in synonyms(row).items():
            for name in names:
                found.setdefault(name, set()).add(column)
    return {name: frozenset(of) for name, of in found.items()}
