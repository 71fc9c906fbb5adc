"""The columns of a sheet converted together: what one proves holds for all, and headers name units and currencies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from cs_metrics.read.convert import LONG, WORDS, Converted, Options, convert
from cs_metrics.read.files import Sheet
from cs_metrics.read.header import plain, said_above, said_by
from cs_metrics.read.match import Match
from cs_metrics.read.problems import Trouble
from cs_metrics.tables import Column, columns

EXACT = ("key", "money", "day", "instant", "month")
SAYING = {"dates": "dates are read {}, as in {}", "decimal": "the {} is the decimal mark, as in {}"}
MARK = {",": "comma", ".": "point"}


def convert_columns(sheet: Sheet, wanted: Sequence[tuple[str, Column]], options: Options) -> list[Converted]:
    """Columns converted, two at a time; where one cannot tell its day from its month or its decimal mark, another may.

    Only what all columns that can tell agree on is taken over, and it is said.
    """
    of_each = [_options(sheet, header, column, options) for header, column in wanted]

    def converted(header: str, column: Column, how: Options) -> Converted:
        return convert(sheet.coded(header) if column.kind in WORDS else sheet.texts(header), column, how)

    if len(sheet) < LONG:
        found = [converted(header, column, how) for (header, column), how in zip(wanted, of_each, strict=True)]
    else:
        with ThreadPoolExecutor(2) as pool:
            found = list(pool.map(converted, *zip(*wanted, strict=True), of_each)) if wanted else []
    for question in ("dates", "decimal"):
        if not any(question in one.unproved for one in found):
            continue
        proofs = {
            one.proved[question]: header
            for (header, _), one in zip(wanted, found, strict=True)
            if question in one.proved
        }
        if len(proofs) != 1:
            continue
        [(answer, where)] = proofs.items()
        told = SAYING[question].format(MARK.get(answer, answer), where)
        for at, (header, column) in enumerate(wanted):
            if question in found[at].unproved:
                again = converted(header, column, replace(of_each[at], **{question: answer}))  # type: ignore[arg-type]
                found[at] = again._replace(assumed=[*again.assumed, told])
    return [_with_unit(one, column, how, options) for one, (_, column), how in zip(found, wanted, of_each, strict=True)]


def _options(sheet: Sheet, header: str, column: Column, options: Options) -> Options:
    """How one column is read: as the recipe says, else as its header or the lines above the table say."""
    usual = "," if sheet.delimiter == ";" else None
    if column.kind != "money":
        return replace(options, usual_decimal=usual) if usual else options
    money = options.money or said_by(header).money or said_above(sheet.above).money
    return replace(options, money=money, usual_decimal=usual)


def _with_unit(found: Converted, column: Column, how: Options, said: Options) -> Converted:
    if column.kind != "money" or how.money == said.money:
        return found
    return found._replace(assumed=[*found.assumed, f"amounts are in {how.money}"])


def currency_of(sheet: Sheet, match: Match, amounts: dict[str, Converted]) -> tuple[pa.Array | None, str]:
    """The currency of each row, where no column of the table says it, and how it is known.

    From a column beside the amounts ("MRR Currency"), from what stands in the cells, from the header, or from the
    lines above the table. ``amounts`` are the columns of money by their headers.
    """
    spec = columns(match.row)
    if "currency" not in spec or "currency" in match.columns or not amounts:
        return None, ""
    for header in amounts:
        beside = {f"{plain(header)} currency", f"{plain(header)} currency code", f"{plain(header)} currency iso code"}
        if pair := next((other for other in match.unused if plain(other) in beside), None):
            return convert(sheet.coded(pair), spec["currency"], Options()).values, f"{pair} is the currency of {header}"
    found = [one.currency for one in amounts.values() if one.currency is not None]
    if found:
        codes = pc.coalesce(*found)
        named = sorted(set(pc.drop_null(pc.unique(codes)).to_pylist()))
        if len(named) == 1:
            codes = pa.array([named[0]] * len(sheet), pa.string())
        return codes, f"amounts are in {' and '.join(named)}, as their signs say"
    names = [*(said_by(header).currency for header in amounts), said_above(sheet.above).currency]
    if code := next((name for name in names if name), None):
        return pa.array([code] * len(sheet), pa.string()), f"amounts are in {code}, as the header says"
    return None, ""


def repeated_headers(sheet: Sheet, match: Match) -> Iterable[Trouble]:
    """Columns in use whose header stands twice, with other contents: which is meant, nobody can know."""
    spec = columns(match.row)
    for name, header in match.columns.items():
        for other in (f"{header} ({number})" for number in range(2, 10)):
            if other not in sheet.headers:
                break
            if sheet.texts(header).equals(sheet.texts(other)):
                continue
            exact = spec[name].kind in EXACT
            yield sheet.trouble(
                "Two columns have this header, with different contents.",
                f'Rename one, or say in a recipe which is meant: "{header}" or "{other}".'
                if exact
                else "The first is used.",
                column=header,
                severity="refused" if exact else "note",
            )
