"""Which table is this, and which of its columns is which? Decided by headers, never by position.

A header is known by a column's names: those in ``cs_metrics.tables``, in English, and those in ``synonyms.toml``, from
exports and in other languages. Said exactly it is sure; with words more (a currency, the name of the table) or in
another order it is likely, and marked to be confirmed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePath

import numpy as np
import pyarrow as pa

from cs_metrics.read.dates import Orders, month_in
from cs_metrics.read.derive import AS_READ, meaning_of_amount
from cs_metrics.read.files import Sheet
from cs_metrics.read.header import plain
from cs_metrics.read.names import alike, called, core, cores, synonyms
from cs_metrics.tables import REVENUE, TABLES, Account, Mrr, Row, Survey

DESCRIBING = ("name", "csm", "segment", "region", "industry", "parent_id", "domain")
CLEARLY = 0.085
LIKELY = 1_000
IDS = frozenset({"id", "number", "no", "nr", "code", "key", "nummer", "numero", "uuid", "oid"})


@dataclass(frozen=True)
class Match:
    """A sheet recognised as a table: field → header, and what the other headers are.

    ``describing`` are columns of a revenue table that describe its accounts; ``months`` the month headers of a
    wide table; ``unused`` what is left, which in a list of accounts are attributes; ``unsure`` the columns a person
    should confirm, with the reason.
    """

    row: type[Row]
    columns: dict[str, str]
    unused: tuple[str, ...] = ()
    describing: dict[str, str] = field(default_factory=dict)
    months: dict[str, int] = field(default_factory=dict)
    score: float = 0.0
    unsure: dict[str, str] = field(default_factory=dict)

    @property
    def table(self) -> str:
        """The table's name."""
        return self.row.table


def recognise(sheet: Sheet) -> list[Match]:
    """The tables this sheet could be, best first; none if it is like no known table."""
    months = month_headers(sheet.headers)
    found = []
    for row in AS_READ.values():
        match = _wide(sheet, months) if row is Mrr and len(months) >= 2 else match_columns(sheet, row)
        if match is not None and not _says_nothing(match, sheet):
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


ASKED = re.compile(r"\b(?:recommend|weiterempfehlen|recommander|recomendar|consigliere|aanbevelen|rekommendera)")
GENERIC = frozenset({
    "date", "created at", "created on", "created", "created date", "create date", "started at", "start", "start date",
    "end", "end date", "timestamp", "status", "email", "updated at",
})  # fmt: skip


def _says_nothing(match: Match, sheet: Sheet) -> bool:
    """An account, an id and a date of any kind are no sign of any table, unless the file is named after it.

    Of a list of accounts they may be, where there is little else in it.
    """
    own = {match.columns.get("account_id", ""), match.columns.get(match.row.id or "")}
    said = {alike(header) for header in match.columns.values() if header not in own}
    if match.table == "scores":
        said -= {"score"}
    if match.table in REVENUE or not said <= GENERIC or (match.row is Account and len(match.unused) <= len(said)):
        return False
    return not _named(match.row, sheet)


def named_as(sheet: Sheet) -> type[Row] | None:
    """The table that the file or sheet is plainly named after, whatever its columns."""
    name = alike(sheet.name or PurePath(sheet.file).stem)
    return next((row for row in TABLES.values() if name in called(row)), None)


def lacking(sheet: Sheet, row: type[Row]) -> list[str]:
    """What the sheet lacks to be this table: of each needed group of columns, none is there."""
    have = {column for _, _, column, _ in _candidates(list(sheet.headers), row)}
    return [" or ".join(group) for group in row.needs if not have & set(group)]


def _candidates(headers: list[str], row: type[Row]) -> list[tuple[int, int, str, str]]:
    """Which headers could be which columns, best first: how well they fit, the column's place, column, header."""
    titles = tuple(word for name in (row.table, *row.called) for word in (name, name.removesuffix("s")))
    found = []
    for place, (column, names) in enumerate(synonyms(row).items()):
        likely = cores(row)[column]
        for header in headers:
            name, within = alike(header), alike(header.partition(":")[2])
            if name in names:
                found.append((names.index(name), place, column, header))
            elif within in names:
                found.append((LIKELY + names.index(within), place, column, header))
            elif row is Survey and column == "score" and ASKED.search(name):
                found.append((LIKELY, place, column, header))
            elif (words := core(header, titles)) in likely:
                found.append((LIKELY + likely.index(words), place, column, header))
    return sorted(found, key=lambda each: each[:2])


def match_columns(sheet: Sheet, row: type[Row]) -> Match | None:
    """The columns of this table among the sheet's headers; None where a needed one is missing."""
    left = dict.fromkeys(sheet.headers)
    taken: dict[str, str] = {}
    unsure: dict[str, str] = {}
    rivals: dict[str, str] = {}
    for worth, _, column, header in _candidates(list(left), row):
        if row is Account and is_turnover(header, sheet.headers):
            continue
        if column not in taken and header in left:
            taken[column] = header
            if worth >= LIKELY:
                unsure[column] = f"“{header}” is like {column}, but not exactly one of its names"
            del left[header]
        elif column in taken and header in left and worth < LIKELY:
            rivals.setdefault(column, header)
    if row.table not in REVENUE and row is not Account and "name" in taken and "account_id" not in taken:
        return None
    if row.table in REVENUE and "account_id" not in taken:
        bare = next((header for header in left if alike(header) == "name"), None)
        if bare is not None:
            taken["account_id"] = bare
            unsure["account_id"] = f"“{bare}” is taken for the account; nothing else names one"
            del left[bare]
    if "account_id" in row.model_fields and "account_id" not in taken and "name" in taken and row is Account:
        taken["account_id"] = taken.pop("name")
        unsure.pop("name", None)
    if not all(any(name in taken for name in group) for group in row.needs):
        return None
    describing = _describing(list(left)) if row.table in REVENUE else {}
    unused = tuple(h for h in left if h not in describing.values())
    for column, header in rivals.items():
        named = (
            column == "account_id" and IDS & set(alike(taken[column]).split()) and not IDS & set(alike(header).split())
        )
        if header in unused and column in taken and not named:
            unsure.setdefault(column, f"“{header}” could be {column}, too")
    if "interval_count" in row.model_fields:
        taken |= _counted_interval(sheet, taken, unused)
        unused = tuple(h for h in unused if h not in taken.values())
    ordered = {c: taken[c] for c in row.model_fields if c in taken}
    match = Match(row, ordered, unused, describing, unsure=unsure)
    return replace(match, unsure={**unsure, **_doubts(match)})


def _counted_interval(sheet: Sheet, taken: dict[str, str], unused: tuple[str, ...]) -> dict[str, str]:
    """Where "Interval" holds numbers and another column their unit ("Interval unit"): which is which."""
    header = taken.get("interval")
    unit = next((h for h in unused if alike(h) in synonyms(AS_READ["subscriptions"])["interval"]), None)
    if header is None or unit is None or "interval_count" in taken or not len(sheet):
        return {}
    words = [word for word in sheet.coded(header).dictionary.to_pylist() if word and word.strip()]
    return {"interval": unit, "interval_count": header} if words and all(w.strip().isdecimal() for w in words) else {}


def _doubts(match: Match) -> dict[str, str]:
    """What headers cannot tell: a price without an interval."""
    doubts = {}
    if match.row is Account and alike(match.columns.get("arr", "")) in TURNOVER:
        doubts["arr"] = f"“{match.columns['arr']}” could be the customer's own turnover"
    if match.table == "subscriptions" and "amount" in match.columns:
        priced = {"mrr", "arr", "interval"} & set(match.columns)
        if not priced and meaning_of_amount(match.columns["amount"]) is None:
            doubts["amount"] = f"“{match.columns['amount']}” could be per month, per year or for the whole term"
    return doubts


TURNOVER = frozenset({"annual revenue", "yearly revenue"})
FIRMOGRAPHIC = frozenset({"employees", "number of employees", "employee count", "naics code", "sic code", "founded",
                          "year founded", "linkedin company page", "rating"})  # fmt: skip


def is_turnover(header: str, headers: Iterable[str]) -> bool:
    """Is this what the customer itself turns over, as CRMs know it beside its employees, rather than what it pays?

    >>> is_turnover("Annual Revenue", ["Name", "Number of Employees"]), is_turnover("ARR", ["Number of Employees"])
    (True, False)
    """
    return alike(header) in TURNOVER and not FIRMOGRAPHIC.isdisjoint(map(alike, headers))


def money_besides(sheet: Sheet, match: Match) -> Match:
    """A list of accounts in a known layout, with the revenue that a team's own columns of it bring."""
    if match.row is not Account or {"mrr", "arr"} & set(match.columns):
        return match
    found, unsure = dict(match.columns), dict(match.unsure)
    for worth, _, column, header in _candidates(list(match.unused), Account):
        if column in ("mrr", "arr", "currency", "month") and column not in found and header not in found.values():
            if alike(header) in TURNOVER:
                continue
            found[column] = header
            if worth >= LIKELY:
                unsure[column] = f"“{header}” is like {column}, but not exactly one of its names"
    if not {"mrr", "arr"} & set(found):
        return match
    ordered = {name: found[name] for name in Account.model_fields if name in found}
    unused = tuple(header for header in match.unused if header not in found.values())
    return replace(match, columns=ordered, unused=unused, unsure=unsure)


def _wide(sheet: Sheet, months: dict[str, int]) -> Match | None:
    """A sheet with a column per month, as MRR, or as ARR where it says so."""
    others = {header: alike(header) for header in sheet.headers if header not in months}
    ids = [*synonyms(Mrr)["account_id"], "name"]
    account = min((h for h, name in others.items() if name in ids), key=lambda h: ids.index(others[h]), default=None)
    if account is None or measured(sheet, months) is None:
        return None
    taken = {"account_id": account}
    for column in ("product", "currency"):
        fitting = [h for h, name in others.items() if name in synonyms(Mrr)[column] and h not in taken.values()]
        taken |= dict.fromkeys([column], fitting[0]) if fitting else {}
    left = [h for h in others if h not in taken.values()]
    describing = _describing(left)
    return Match(Mrr, taken, tuple(h for h in left if h not in describing.values()), describing, months)


REVENUE_WORDS = frozenset({"mrr", "revenue", "recurring", "umsatz", "omzet", "ricavi", "receita", "ingresos", "revenu"})
OTHER_WORDS = frozenset({
    "users", "user", "logins", "login", "sessions", "usage", "adoption", "seats", "licenses", "tickets", "cases",
    "nps", "csat", "ces", "health", "score", "scores", "pulse", "headcount", "hours", "calls", "meetings", "events",
    "budget", "forecast", "plan", "target", "quota", "nutzer", "nutzung", "anmeldungen", "utilisateurs", "usuarios",
})  # fmt: skip


def measured(sheet: Sheet, months: Iterable[str]) -> str | None:
    """What the columns of months hold: ``mrr``, or ``arr`` where headers, sheet, title or file say so.

    None where the nearest of them that speaks names another thing: users, tickets, a forecast.
    """
    for text in (" ".join(months), sheet.name, sheet.above, PurePath(sheet.file).stem):
        words = set(alike(text).split()) if len(text) < MOST_WORDS else set()
        if "arr" in words and "mrr" not in words:
            return "arr"
        if words & REVENUE_WORDS:
            return "mrr"
        if words & OTHER_WORDS:
            return None
    return "mrr"


MOST_WORDS = 20_000
PERIOD = re.compile(
    r"(?i)^(?:mrr|arr|revenue|umsatz)?\W*(?:(?:fy|cy|gj)\s?['’]?\d{2,4}|(?:19|20)\d\d)?[\s_/-]*"
    r"(?:q[1-4]|[1-4]q|h[12]|[1-4]\. ?quartal|t[1-4]|fy|[^\W\d_]{3,9}\.?)?[\s_/-]*"
    r"(?:(?:fy|cy|gj)\s?['’]?\d{2,4}|(?:19|20)?\d\d)?\W*(?:mrr|arr|revenue|umsatz)?$"
)


def periods(headers: Iterable[str]) -> list[str]:
    """Headers that are spans of time, but no calendar months: quarters, fiscal years and their months.

    >>> periods(["Customer", "Q1 FY25", "2024 Q2", "FY24 Jan", "Jan 2024", "2023", "Seats"])
    ['Q1 FY25', '2024 Q2', 'FY24 Jan', '2023']
    """
    found = []
    for header in headers:
        text = header.strip()
        span = re.search(r"(?i)(?<![^\W\d_])(?:q[1-4]|[1-4]q|h[12]|fy|gj|[1-4]\. ?quartal)(?![^\W\d_])", text)
        if PERIOD.match(text) and (span or re.fullmatch(r"(?:19|20)\d\d", text)) and month_in(text) is None:
            found.append(header)
    return found


def _describing(left: list[str]) -> dict[str, str]:
    """Headers that describe the account, found in a table of revenue."""
    found: dict[str, str] = {}
    for worth, _, column, header in _candidates(left, Account):
        if worth < LIKELY and column in DESCRIBING and column not in found and header not in found.values():
            found[column] = header
    return {column: found[column] for column in DESCRIBING if column in found}


def month_headers(headers: Iterable[str]) -> dict[str, int]:
    """The headers that are months, as numbers: 202503."""
    order = Orders(list(headers), firsts=True).proved
    return {header: month for header in headers if (month := month_in(header, order)) is not None}


def _scored(match: Match, sheet: Sheet) -> Match:
    """How well the sheet is this table: headers it explains, its columns found, and what file and sheet are called."""
    explained = len(match.columns) + len(match.describing) + len(match.months)
    known = len(TABLES[match.table].model_fields) + len(match.months)
    score = explained / len(sheet.headers) + 0.5 * min(explained, known) / known
    score += 0.3 * bool(match.months) + _named(match.row, sheet)
    if match.row is Account:
        score -= 1.5 * (not _distinct(sheet, match.columns["account_id"])) + 0.5 * ("month" in match.columns)
    return replace(match, score=score)


def _named(row: type[Row], sheet: Sheet) -> float:
    """Do file and sheet carry the table's name? A sheet's own name says more."""
    stem = alike(PurePath(sheet.file).stem)
    names = [(sheet.name and alike(sheet.name), 1.0), (stem, 0.6 if sheet.name else 1.0)]
    worth = 0.0
    for title in called(row):
        for name, most in names:
            if name == title:
                worth = max(worth, most)
            elif name and re.search(rf"\b{re.escape(title)}\b", name):
                worth = max(worth, most * (0.5 + len(title) / 100))
    return worth


def survey_kind(sheet: Sheet, match: Match) -> str | None:
    """Which survey a sheet without a column for it holds: named by its score, by the sheet or by the file."""
    named = [plain(match.columns.get("score", "")), plain(sheet.name), plain(PurePath(sheet.file).stem)]
    return next((kind for name in named for kind in ("NPS", "CSAT", "CES") if kind.casefold() in name.split()), None)


def _distinct(sheet: Sheet, header: str) -> bool:
    """Does each entry stand in one row only, or nearly?"""
    return len(sheet) == 0 or len(sheet.coded(header).dictionary) >= 0.9 * len(sheet)
