"""Files → tables ready for a book or a store, with everything that was assumed, left out and refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cs_metrics.book import SCALE
from cs_metrics.read.check import check_accounts, check_keys, check_revenue, check_rows, with_ids
from cs_metrics.read.convert import Converted, Options, convert
from cs_metrics.read.derive import (
    AS_READ,
    INGREDIENTS,
    in_minor_units,
    long_months,
    price_per_month,
    subscriptions_priced,
)
from cs_metrics.read.files import File, Sheet, files_of, open_file
from cs_metrics.read.header import plain
from cs_metrics.read.identify import identified
from cs_metrics.read.layouts import layout_for
from cs_metrics.read.match import (
    CLEARLY,
    DESCRIBING,
    Match,
    lacking,
    month_headers,
    named_as,
    recognise,
    survey_kind,
)
from cs_metrics.read.problems import Refused, Trouble, shortened
from cs_metrics.read.recipe import FileRecipe, Recipe, header_like
from cs_metrics.read.together import convert_columns, currency_of, repeated_headers
from cs_metrics.tables import REVENUE, TABLES, Account, Column, columns

MOST_LISTED = 1_000
LARGE = 5_000_000
TEXT = Column("text", "text", "", (), False, None, None, None)
ALWAYS_REFUSED = ("key", "money", "day", "instant", "month")


class Part(NamedTuple):
    """A sheet read as a table: typed columns, and the file's row of each entry."""

    sheet: Sheet
    match: Match
    rows: pa.Table
    numbers: np.ndarray


class Understood(NamedTuple):
    """A sheet and what it was taken for; ``by`` says who said so: a recipe, a layout's name, or its headers.

    ``others`` are the tables it could be as well.
    """

    sheet: Sheet
    match: Match | None
    options: Options
    by: str
    others: tuple[Match, ...] = ()


class Count(NamedTuple):
    """What became of the rows of a sheet."""

    file: str
    sheet: str
    table: str
    read: int
    kept: int


@dataclass
class Reading:
    """What a set of files holds. ``tables`` are typed; money is whole numbers of 1/3600 of a unit of currency."""

    files: list[File] = field(default_factory=list)
    tables: dict[str, pa.Table] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)
    counts: list[Count] = field(default_factory=list)
    understood: list[Understood] = field(default_factory=list)

    @property
    def refused(self) -> list[Trouble]:
        """What stands in the way of using the files."""
        return [trouble for trouble in self.troubles if trouble.severity == "refused"]

    def usable(self) -> Reading:
        """This reading, if nothing stands in the way. Raises Refused with all that does."""
        if self.refused:
            raise Refused(self.troubles)
        return self

    def totals(self) -> dict[str, int]:
        """The money read, per table and column: exact sums."""
        return {
            f"{table}.{name}": pc.sum(rows[name]).as_py() or 0
            for table, rows in self.tables.items()
            for name, column in columns(TABLES[table]).items()
            if column.kind == "money" and name in rows.column_names
        }


def read_paths(
    paths: list[str | Path],
    recipe: Recipe | None = None,
    known: Iterable[str] = (),
    aliases: Mapping[str, str] | None = None,
) -> Reading:
    """Read files and folders. Raises Refused where a path does not exist."""
    return read(files_at(paths), recipe, known, aliases)


def files_at(paths: list[str | Path]) -> list[File]:
    """The files at these paths. Raises Refused where a path does not exist."""
    try:
        return list(files_of(paths))
    except (FileNotFoundError, PermissionError) as why:
        trouble = Trouble(
            str(why.filename),
            "",
            0,
            "",
            "",
            "There is no such file, or it may not be read.",
            "Check the path.",
            "refused",
        )
        raise Refused([trouble]) from None


def read(
    files: Iterable[File],
    recipe: Recipe | None = None,
    known: Iterable[str] = (),
    aliases: Mapping[str, str] | None = None,
    progress: Callable[[str], None] | None = None,
) -> Reading:
    """Read files: recognise each sheet, convert its columns, check the whole.

    ``known`` are ids of accounts that exist already, so that facts about them are not strangers; ``aliases`` what
    else they are called. ``progress`` is told of each large file as its turn comes.
    """
    reading = Reading(files=list(files))
    parts: list[Part] = []
    for file in reading.files:
        if progress and len(file.data) >= LARGE:
            progress(f"{file.name}: reading {len(file.data) / 1e6:,.0f} MB")
        parts += _parts(file, recipe or Recipe(), reading)
    for table in TABLES:
        if of_table := [part for part in parts if part.match.table == table]:
            reading.tables[table] = _joined(of_table, reading)
    _add_descriptions(parts, reading)
    check_revenue(reading.tables, reading.troubles, reading.assumed)
    reading.tables = identified(reading.tables, known := frozenset(known), aliases or {}, reading.assumed)
    reading.tables = check_accounts(reading.tables, known, reading.troubles)
    kept = {table: len(rows) for table, rows in reading.tables.items()}
    if not kept and not reading.refused:
        names = ", ".join(file.name for file in reading.files) or "nothing"
        reading.troubles.append(
            Trouble(
                names,
                "",
                0,
                "",
                "",
                "No known table was found.",
                "See the list of tables and their columns on the Data page.",
                "refused",
            )
        )
    return reading


def _parts(file: File, recipe: Recipe, reading: Reading) -> Iterator[Part]:
    """The tables of one file."""
    opened = open_file(file)
    reading.troubles += opened.troubles
    for sheet in opened.sheets:
        found = understood(sheet, recipe, reading)
        reading.understood.append(found)
        if found.match is not None:
            yield _part(sheet, found.match, found.options, reading)


def understood(sheet: Sheet, recipe: Recipe, reading: Reading) -> Understood:
    """What a sheet is: by the recipe, else by a known layout, else by its headers.

    What is wrong and what was assumed goes to ``reading``.
    """
    if said := recipe.part_for(sheet):
        return Understood(sheet, _said(sheet, said, reading), said.options.as_options(), "recipe")
    if (layout := layout_for(sheet)) is not None:
        name, said = layout
        match = _said(sheet, said, reading)
        if match is not None:
            _tell(sheet, match, said, name, reading)
        return Understood(sheet, match, said.options.as_options(), name)
    match, others = _recognised(sheet, reading)
    return Understood(sheet, match, Options(), "headers", others)


def _tell(sheet: Sheet, match: Match, said: FileRecipe, name: str, reading: Reading) -> None:
    """Say which layout was recognised, what it takes for granted, and what it cannot tell."""
    used = ", ".join(f"{header} → {column}" for column, header in [*match.columns.items(), *match.describing.items()])
    reading.assumed.append(f"{sheet.place} is read as {match.table}, in the layout {name} ({said.about}): {used}")
    options = said.options
    for column, values in options.values.items():
        if column in match.columns:
            told = ", ".join(f"{old} as {new or 'no answer'}" for old, new in values.items())
            reading.assumed.append(f"{sheet.place}, {match.columns[column]}: {told}")
    if options.money == "cents":
        reading.assumed.append(f"{sheet.place}: amounts are in cents")
    for column, value in options.constants.items():
        reading.assumed.append(f"{sheet.place}: {column} is {value} for every row")
    _tell_unsure(sheet, match, reading)


def _tell_unsure(sheet: Sheet, match: Match, reading: Reading) -> None:
    reading.assumed += [f"{sheet.place}, unsure: {why}" for why in match.unsure.values()]


def _recognised(sheet: Sheet, reading: Reading) -> tuple[Match | None, tuple[Match, ...]]:
    """The table a sheet is by its headers; said where it is none, refused where it could be two."""
    found = recognise(sheet)
    meant = named_as(sheet)
    if meant is not None and (missing := lacking(sheet, meant)) and not any(m.table == meant.table for m in found):
        reading.counts.append(Count(sheet.file, sheet.name, "", len(sheet) + sheet.left, 0))
        reading.troubles.append(
            sheet.trouble(
                f"This is named {meant.table}, but has no column {', and none for '.join(missing)}.",
                f"Add the column, or rename one. The file has: {shortened(', '.join(sheet.headers), 120)}.",
            )
        )
        return None, tuple(found)
    if not found:
        reading.counts.append(Count(sheet.file, sheet.name, "", len(sheet) + sheet.left, 0))
        headers = shortened(", ".join(sheet.headers), 120)
        reading.troubles.append(
            sheet.trouble(
                f"No known table has these columns: {headers}.",
                f"All {len(sheet)} rows are left out. Rename the columns, or say what they are in a recipe.",
                severity="row left out",
            )
        )
        return None, ()
    best, *others = found
    if others and others[0].score > best.score - CLEARLY:
        reading.troubles.append(
            sheet.trouble(
                f"This could be {best.table} or {others[0].table}.",
                "Name the file after its table, or say which it is in a recipe.",
            )
        )
        return None, tuple(found)
    used = ", ".join(f"{header} → {name}" for name, header in best.columns.items() if not _is_called(header, name))
    reading.troubles += repeated_headers(sheet, best)
    extra = f", a month in each of {len(best.months)} columns" if best.months else ""
    reading.assumed.append(f"{sheet.place} is read as {best.table}{extra}" + (f": {used}" if used else ""))
    if best.unused and best.row is not Account:
        reading.assumed.append(f"{sheet.place}: not used: {', '.join(best.unused)}")
    _tell_unsure(sheet, best, reading)
    return best, tuple(others)


def _is_called(header: str, name: str) -> bool:
    """Is the header the column's own name, but for case and spaces?"""
    return header.casefold().replace(" ", "_") == name


def _said(sheet: Sheet, said: FileRecipe, reading: Reading) -> Match | None:
    """The table a recipe says a sheet is; what the recipe names and the sheet lacks is refused."""
    row = AS_READ[said.table]
    about = DESCRIBING if said.table in REVENUE else ()
    has, knows = f"The file has: {', '.join(sheet.headers)}.", f"It has: {', '.join(TABLES[said.table].model_fields)}."
    found, absent = said.located(sheet)
    strange = [name for name in said.columns if name not in row.model_fields and name not in about]
    strange += [name for name in said.options.constants if name not in row.model_fields]
    wrong = [sheet.trouble("The recipe names a column the file does not have.", has, column=name) for name in absent]
    wrong += [
        sheet.trouble(f"The recipe maps to a column {said.table} does not have.", knows, column=name)
        for name in strange
    ]
    wrong += [
        sheet.trouble("The recipe keeps rows by a column the file does not have.", has, column=name)
        for name in said.options.keep
        if not said.headers and name not in found and header_like(name, sheet.headers) is None
    ]
    left = tuple(h for h in sheet.headers if h not in found.values())
    months = {}
    if said.table == "mrr" and "month" not in found and not {"mrr", "arr"} & set(found):
        months = month_headers(left)
        left = tuple(h for h in left if h not in months)
    have = {
        *found,
        *said.options.constants,
        *(("month", "mrr") if months else ()),
        *(("month",) if said.options.month else ()),
    }
    lacks = [f"The recipe gives {said.table} no {' or '.join(group)}." for group in row.needs if not have & set(group)]
    wrong += [sheet.trouble(what, "Map one of the file's columns to it.") for what in lacks]
    reading.troubles += wrong
    if wrong:
        return None
    described = {name: header for name, header in found.items() if name not in row.model_fields}
    used = {name: header for name, header in found.items() if name in row.model_fields}
    unsure = {name: why for name, why in said.unsure.items() if name in found}
    return Match(row, used, left, described, months, unsure=unsure)


# --- one sheet ---------------------------------------------------------------------------------------------------


def _part(sheet: Sheet, match: Match, options: Options, reading: Reading) -> Part:
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
    keep &= _wanted(sheet, match, typed, options)
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


def _melted(
    sheet: Sheet, match: Match, typed: dict[str, pa.Array], keep: np.ndarray, options: Options, reading: Reading
) -> tuple[dict[str, pa.Array], np.ndarray]:
    """The rows wanted of a wide sheet as one entry per account and month."""
    money = columns(match.row)["mrr"]
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
    return melted | {"month": pa.array(months), "mrr": pa.array(values)}, sheet.rows[keep][at]


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


# --- several sheets ----------------------------------------------------------------------------------------------


def _joined(parts: list[Part], reading: Reading) -> pa.Table:
    """The sheets of one table as one; the same key twice is refused, wherever the two stand."""
    if len(parts) > 1:
        places = " and ".join(part.sheet.place for part in parts)
        reading.assumed.append(f"{places} are both {parts[0].match.table}: their rows are put together")
    row = parts[0].match.row
    rows = (
        pa.concat_tables([part.rows for part in parts], promote_options="permissive")
        .unify_dictionaries()
        .combine_chunks()
    )
    keep = check_keys(row, rows, [(part.sheet, part.numbers) for part in parts], reading.troubles)
    if keep.all():
        return with_ids(row, rows)
    left = np.split(keep, np.cumsum([len(part.rows) for part in parts])[:-1])
    gone = {(p.sheet.file, p.sheet.name): int((~k).sum()) for p, k in zip(parts, left, strict=True)}
    reading.counts[:] = [c._replace(kept=c.kept - gone.get((c.file, c.sheet), 0)) for c in reading.counts]
    return with_ids(row, rows.filter(pa.array(keep)))


def _add_descriptions(parts: list[Part], reading: Reading) -> None:
    """Names, CSMs and segments found in tables of revenue, where no list of accounts says them.

    A CSM that changes from month to month is a hand-over.
    """
    found = [part for part in parts if part.match.describing]
    if not found:
        return
    names = list(dict.fromkeys(name for part in found for name in part.match.describing))
    every = pd.concat(
        [
            part.rows.select([c for c in ("account_id", "month", *names) if c in part.rows.column_names]).to_pandas()
            for part in found
        ]
    )
    every["account_id"] = every["account_id"].astype(str)
    if "month" in every:
        every = every.sort_values("month", kind="stable")
        if "csm" in every and "owners" not in reading.tables:
            _add_handovers(every, reading)
    said = every.groupby("account_id", sort=False)[names].last().reset_index()
    accounts = reading.tables.get("accounts")
    if accounts is None:
        reading.tables["accounts"] = pa.Table.from_pandas(said, preserve_index=False)
        reading.assumed.append(f"there is no list of accounts: {', '.join(names)} are taken from the revenue")
        return
    for name in names:
        if name not in accounts.column_names:
            values = pd.Series(accounts["account_id"].to_pandas().astype(str)).map(said.set_index("account_id")[name])
            accounts = accounts.append_column(name, pa.array(values, pa.string(), from_pandas=True))
    reading.tables["accounts"] = accounts


def _add_handovers(every: pd.DataFrame, reading: Reading) -> None:
    held = every.dropna(subset=["csm"]).drop_duplicates(["account_id", "month"], keep="last")
    before = held.groupby("account_id")["csm"].shift()
    changed = held[before != held["csm"]]
    if (changed["account_id"].value_counts() > 1).any():
        day = pd.to_datetime(changed["month"].astype(str) + "01", format="%Y%m%d")
        table = changed[["account_id", "csm"]].assign(from_date=day.dt.date)
        reading.tables["owners"] = pa.Table.from_pandas(table, preserve_index=False)
        reading.assumed.append(
            "the CSM changes from month to month: each change is a hand-over on the first of its month"
        )
