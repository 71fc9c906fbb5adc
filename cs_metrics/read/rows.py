"""One sheet as rows of its table: columns converted, prices per month worked out, each row checked."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cs_metrics.book import SCALE
from cs_metrics.read.check import check_rows
from cs_metrics.read.convert import Converted, Options, convert
from cs_metrics.read.derive import INGREDIENTS, in_minor_units, long_months, price_per_month, subscriptions_priced
from cs_metrics.read.files import Sheet
from cs_metrics.read.found import Count, Part, Reading
from cs_metrics.read.header import plain
from cs_metrics.read.match import Match, measured, survey_kind
from cs_metrics.read.names import alike
from cs_metrics.read.recipe import header_like
from cs_metrics.read.together import convert_columns, currency_of
from cs_metrics.tables import Account, Column, Mrr, columns

MOST_LISTED = 1_000
TEXT = Column("text", "text", "", (), False, None, None, None)
ALWAYS_REFUSED = ("key", "money", "day", "instant", "month")


def part_of(sheet: Sheet, match: Match, options: Options, reading: Reading) -> Part:
    """A sheet's columns converted, its rows checked one by one."""
    spec, typed, keep = columns(match.row), {}, np.ones(len(sheet), dtype=bool)
    wanted = [(header, spec[name]) for name, header in match.columns.items()]
    amounts = {}
    for (header, column), found in zip(wanted, convert_columns(sheet, wanted, options), strict=True):
        if column.kind == "money":
            amounts[header] = found
        _noted(found, sheet, header, column, reading, worthless=column.name == match.row.rests_on)
        typed[column.name] = found.values
        if column.name == match.row.rests_on:
            keep[[bad.at for bad in found.bad]] = False
    for name, value in options.constants.items():
        typed[name] = convert(pa.array([value] * len(sheet)), spec[name], options).values
    if match.table == "surveys" and "kind" not in typed and (kind := survey_kind(sheet, match)):
        typed["kind"] = pa.array([kind] * len(sheet))
        reading.assumed.append(f"{sheet.place}: the answers are {kind}, by what the file and its columns are called")
    if "currency" not in typed:
        currency, told = currency_of(sheet, match, amounts)
        if currency is not None:
            typed["currency"] = currency
            reading.assumed.append(f"{sheet.place}: {told}")
    typed |= _other_columns(sheet, match, typed)
    keep &= _wanted(sheet, match, typed, options) & _of_revenue(sheet, match, reading)
    if match.months:
        typed, numbers = _melted(sheet, match, typed, keep, options, reading)
        keep = np.ones(len(numbers), dtype=bool)
    else:
        numbers = sheet.rows
        if options.month and "month" in spec and "month" not in typed:
            typed["month"] = convert(pa.array([options.month] * len(sheet)), spec["month"], options).values
    rows = pa.table(typed) if typed else pa.table({})
    if not keep.all():
        rows, numbers = rows.filter(pa.array(keep)), numbers[keep]
    rows, numbers = _derived(sheet, match, rows, numbers, options, reading)
    rows, numbers = check_rows(sheet, match.row, rows, numbers, reading.troubles)
    kept = np.count_nonzero(np.diff(numbers)) + 1 if len(numbers) else 0
    reading.counts.append(Count(sheet.file, sheet.name, match.table, len(sheet) + sheet.left, int(kept)))
    return Part(sheet, match, rows, numbers)


def _other_columns(sheet: Sheet, match: Match, taken: Iterable[str]) -> dict[str, pa.Array]:
    """What a sheet says besides the table's columns: attributes of accounts, what describes them in a revenue table."""
    found: dict[str, pa.Array] = {}
    named = {header: name for name, header in match.describing.items()}
    for header in (*(match.unused if match.row is Account else ()), *named):
        name = named.get(header) or _attribute(header, {*taken, *found, *match.row.model_fields})
        found[name] = convert(sheet.coded(header), TEXT, Options()).values
    return found


def _attribute(header: str, taken: Iterable[str]) -> str:
    """The name an attribute gets: its header in plain words, as a name."""
    name = plain(header).replace(" ", "_") or "attribute"
    while name in taken:
        name += "_2"
    return name


def _noted(
    found: Converted, sheet: Sheet, header: str, column: Column, reading: Reading, worthless: bool = False
) -> None:
    """What a column had to assume, and each of its cells that could not be used. ``worthless``: its row is, too."""
    reading.assumed += [f"{sheet.place}, {header}: {what}" for what in found.assumed]
    severity, then = ("refused", "") if column.kind in ALWAYS_REFUSED else ("note", " The cell is left blank.")
    if worthless and severity == "note":
        severity, then = "row left out", " The row is left out."
    for bad in found.bad[:MOST_LISTED]:
        row = int(sheet.rows[bad.at])
        reading.troubles.append(sheet.trouble(bad.problem, bad.advice + then, row, header, bad.value, severity))
    if more := len(found.bad[MOST_LISTED:]):
        reading.troubles.append(sheet.trouble(f"{more} more cells like these.", column=header, severity=severity))


def _wanted(sheet: Sheet, match: Match, typed: dict[str, pa.Array], options: Options) -> np.ndarray:
    """Which rows a recipe wants to keep."""
    keep = np.ones(len(sheet), dtype=bool)
    for name, values in options.keep.items():
        header = match.columns.get(name) or header_like(name, sheet.headers)
        if header is None:
            continue
        texts = sheet.texts(header)
        wanted = pc.is_in(pc.utf8_lower(pc.utf8_trim_whitespace(texts)), pa.array([v.casefold() for v in values]))
        keep &= wanted.to_numpy(zero_copy_only=False)
    return keep


REVENUE_IS = ("mrr", "total mrr", "ending mrr", "closing mrr", "net mrr", "recurring revenue", "revenue")
MOST_MEASURES = 60


def _of_revenue(sheet: Sheet, match: Match, reading: Reading) -> np.ndarray:
    """Which rows hold revenue, where a column ("Metric") says of each row what it measures."""
    keep = np.ones(len(sheet), dtype=bool)
    for header in match.unused if match.row is Mrr else ():
        coded = sheet.coded(header)
        if len(coded.dictionary) > MOST_MEASURES:
            continue
        words = {alike(word): word for word in coded.dictionary.to_pylist() if word and word.strip()}
        told = next((words[name] for name in REVENUE_IS if name in words), None)
        if told is None or len(words) < 2 or any(not word.strip() for word in coded.dictionary.to_pylist()):
            continue
        keep &= pc.equal(sheet.texts(header), told).to_numpy(zero_copy_only=False)
        left = np.count_nonzero(~keep)
        reading.assumed.append(f"{sheet.place}: only rows with {header} {told} are revenue; {left} others are left out")
    return keep


def _melted(
    sheet: Sheet, match: Match, typed: dict[str, pa.Array], keep: np.ndarray, options: Options, reading: Reading
) -> tuple[dict[str, pa.Array], np.ndarray]:
    """The rows wanted of a wide sheet as one entry per account and month."""
    name = measured(sheet, match.months) or "mrr"
    money = columns(match.row)[name]
    wanted = pa.array(keep)
    found = dict(zip(match.months, convert_columns(sheet, [(h, money) for h in match.months], options), strict=True))
    told = [what for one in found.values() for what in one.assumed]
    reading.assumed += [f"{sheet.place}: {what}" for what in dict.fromkeys(told)]
    for header, one in found.items():
        _noted(one._replace(assumed=[]), sheet, header, money, reading)
    if "currency" not in typed:
        currency, how = currency_of(sheet, match, found)
        if currency is not None:
            typed["currency"] = currency
            reading.assumed.append(f"{sheet.place}: {how}")
    at, months, values = long_months(
        {month: found[header].values.filter(wanted) for header, month in match.months.items()}
    )
    rows = pa.array(at)
    melted = {name: column.filter(wanted).take(rows) for name, column in typed.items()}
    if name == "arr":
        reading.assumed.append(f"{sheet.place}: the months hold ARR; a twelfth of it is MRR")
    return melted | {"month": pa.array(months), name: pa.array(values)}, sheet.rows[keep][at]


def _derived(
    sheet: Sheet, match: Match, rows: pa.Table, numbers: np.ndarray, options: Options, reading: Reading
) -> tuple[pa.Table, np.ndarray]:
    """Prices per month, the first day without service, and whether a subscription pays at all."""
    names = set(rows.column_names)
    if options.money == "cents":
        rows = _in_own_units(sheet, match, rows, reading)
    if match.table == "opportunities" and options.amount == "per year" and "amount" in names:
        yearly = rows["amount"].to_pandas().astype("Int64")
        reading.assumed.append(f"{sheet.place}: the amount is per year; a twelfth of it is MRR")
        return _set(rows, "amount", pa.array((yearly / 12).round().astype("Int64"), pa.int64())), numbers
    if match.table == "subscriptions" and names & {"mrr", "arr", "amount"}:
        return _subscribed(sheet, match, rows, numbers, options, reading)
    if match.table in ("mrr", "accounts") and "arr" in names:
        data = rows.select([name for name in ("mrr", "arr") if name in names]).to_pandas()
        price, _, assumed = price_per_month(data, None)
        reading.assumed += [f"{sheet.place}: {what}" for what in assumed]
        return _priced(rows, price), numbers
    return rows, numbers


def _in_own_units(sheet: Sheet, match: Match, rows: pa.Table, reading: Reading) -> pa.Table:
    """Amounts in cents, where a currency's smallest unit is not a hundredth."""
    currency = rows["currency"].to_pandas() if "currency" in rows.column_names else None
    told: list[str] = []
    for name, column in columns(match.row).items():
        if column.kind == "money" and name in rows.column_names:
            right, said = in_minor_units(rows[name].to_pandas().astype("Int64"), currency)
            rows = _set(rows, name, pa.array(right, pa.int64())) if said else rows
            told += said
    reading.assumed += [f"{sheet.place}: {what}" for what in dict.fromkeys(told)]
    return rows


def _subscribed(
    sheet: Sheet, match: Match, rows: pa.Table, numbers: np.ndarray, options: Options, reading: Reading
) -> tuple[pa.Table, np.ndarray]:
    """Subscriptions priced and dated; what they were worked out from is used up."""
    aside = {"name", "csm", "segment", "region", "industry", "parent_id", "domain", "currency"}
    frame = rows.select([name for name in rows.column_names if name not in aside])
    data = frame.to_pandas(date_as_object=False)
    done = subscriptions_priced(data, match.columns, options.amount, options.end_date, options.paused, SCALE)
    if "currency" in rows.column_names and len(codes := rows["currency"].unique().drop_null()) > 1:
        reading.assumed.append(
            f"{sheet.place}: each row says its currency: {', '.join(sorted(map(str, codes.to_pylist()))[:8])}"
        )
    reading.assumed += [f"{sheet.place}: {what}" for what in done.assumed]
    reading.troubles += [
        sheet.trouble(f.problem, f.advice, int(numbers[f.at]), match.columns.get(f.column, f.column), "", f.severity)
        for f in done.findings[:MOST_LISTED]
    ]
    rows = _priced(rows, done.rows["mrr"])
    for name in ("start_date", "end_date"):
        if name in done.rows:
            days = pa.array(done.rows[name].astype("datetime64[s]"), pa.timestamp("s"), from_pandas=True)
            rows = _set(rows, name, days.cast(pa.date32(), safe=False))
    if done.renamed:
        rows = _set(rows, "subscription_id", pa.array(done.rows["subscription_id"], pa.string()).dictionary_encode())
    out = np.zeros(len(rows), dtype=bool)
    out[[f.at for f in done.findings if f.severity == "row left out"]] = True
    rows = rows.drop_columns([name for name in INGREDIENTS if name in rows.column_names])
    return rows.filter(pa.array(~out)), numbers[~out]


def _priced(rows: pa.Table, price: pd.Series) -> pa.Table:
    mask = price.isna().to_numpy()
    return _set(rows, "mrr", pa.array(price.fillna(0).to_numpy().astype(np.int64), mask=mask))


def _set(rows: pa.Table, name: str, values: pa.Array) -> pa.Table:
    if name in rows.column_names:
        return rows.set_column(rows.column_names.index(name), name, values)
    return rows.append_column(name, values)
