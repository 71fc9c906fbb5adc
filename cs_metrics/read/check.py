"""Checks of whole tables: what a row must have, keys that stand twice, accounts nobody knows, revenue told twice."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cs_metrics.lately import SCALES
from cs_metrics.read.convert import coded
from cs_metrics.read.files import Sheet
from cs_metrics.read.footers import TOTAL
from cs_metrics.read.problems import Trouble
from cs_metrics.tables import REVENUE, TABLES, Row

MOST_LISTED = 1_000
AFTER = {
    "tickets": (("opened_at", "solved_at", "It was solved before it was opened."),),
    "surveys": (("sent_at", "responded_at", "It was answered before it was sent."),),
}


def check_rows(
    sheet: Sheet, row: type[Row], rows: pa.Table, numbers: np.ndarray, troubles: list[Trouble]
) -> tuple[pa.Table, np.ndarray]:
    """The rows that say something; stubs, footers and totals are left out, listed and counted."""
    keep = np.ones(len(rows), dtype=bool)
    if "account_id" in rows.column_names and len(rows):
        ids = rows["account_id"].combine_chunks()
        totals = pc.fill_null(pc.match_substring_regex(ids.dictionary, TOTAL), False)
        if pc.any(totals).as_py():
            footer = pc.fill_null(totals.take(ids.indices), False).to_numpy(zero_copy_only=False)
            _list(sheet, numbers[footer], "account_id", "This is a total or a footer, not an account.", troubles)
            keep &= ~footer
    for group in row.row_needs or row.needs:
        there = np.zeros(len(rows), dtype=bool)
        for name in group:
            if name in rows.column_names:
                there |= True if rows[name].null_count == 0 else rows[name].is_valid().to_numpy()
        missing = keep & ~there
        if missing.any():
            told = [
                t.row for t in troubles if t.severity == "refused" and (t.file, t.sheet) == (sheet.file, sheet.name)
            ]
            untold = numbers[missing & ~np.isin(numbers, told)]
            _list(sheet, untold, " or ".join(group), "The row has none.", troubles)
            keep &= there
    for column, problem, wrong in _senseless(row, rows):
        wrong &= keep
        if wrong.any():
            _list(sheet, numbers[wrong], column, problem, troubles)
            keep &= ~wrong
    return (rows, numbers) if keep.all() else (rows.filter(pa.array(keep)), numbers[keep])


def _senseless(row: type[Row], rows: pa.Table) -> Iterator[tuple[str, str, np.ndarray]]:
    """What cannot be: a day before the one it follows (hours may be missing), an answer beyond its survey's scale."""
    for first, then, problem in AFTER.get(row.table, ()):
        if {first, then} <= set(rows.column_names):
            before = pc.fill_null(pc.less(rows[then].cast(pa.date32()), rows[first].cast(pa.date32())), False)
            yield then, problem, before.to_numpy().copy()
    if row.table == "surveys" and {"kind", "score"} <= set(rows.column_names):
        kind = pc.utf8_upper(pc.utf8_trim_whitespace(rows["kind"].cast(pa.string())))
        for name, (least, most) in SCALES.items():
            beyond = pc.or_(pc.less(rows["score"], least), pc.greater(rows["score"], most))
            wrong = pc.fill_null(pc.and_(pc.equal(kind, name), beyond), False)
            yield "score", f"An answer to {name} is {least} to {most}.", wrong.to_numpy().copy()


def _list(sheet: Sheet, numbers: np.ndarray, column: str, problem: str, troubles: list[Trouble]) -> None:
    for number in np.unique(numbers)[:MOST_LISTED].tolist():
        troubles.append(sheet.trouble(problem, "The row is left out.", number, column, severity="row left out"))
    if len(numbers) > MOST_LISTED:
        troubles.append(
            sheet.trouble(
                f"{len(numbers) - MOST_LISTED} more rows like these are left out.",
                column=column,
                severity="row left out",
            )
        )


def check_keys(
    row: type[Row], rows: pa.Table, places: list[tuple[Sheet, np.ndarray]], troubles: list[Trouble]
) -> np.ndarray:
    """Which rows to keep. Of rows exactly alike one is kept; the same key with other contents is refused.

    An id that does not tell events apart is no key: such rows are kept, and it is noted.
    """
    keep = np.ones(len(rows), dtype=bool)
    key = [name for name in row.key if name in rows.column_names]
    if not key or (row.id and row.id not in key) or not len(rows):
        return keep
    code = _codes(rows, key)
    if not _repeats(code):
        return keep
    alike = _codes(rows, rows.column_names)
    first = np.zeros(len(rows), dtype=bool)
    first[np.unique(alike, return_index=True)[1]] = True
    given = code >= 0
    extra = given & ~first
    numbers = np.concatenate([of for _, of in places])
    sheets = np.repeat(np.arange(len(places)), [len(of) for _, of in places])
    for at in np.flatnonzero(extra)[:MOST_LISTED].tolist():
        troubles.append(
            places[sheets[at]][0].trouble(
                "The row stands twice, exactly alike.",
                "One of them is left out.",
                int(numbers[at]),
                ", ".join(key),
                severity="row left out",
            )
        )
    keep &= ~extra
    order = np.flatnonzero(keep & given)
    _, where, count = np.unique(code[order], return_inverse=True, return_counts=True)
    twice = order[count[where] > 1]
    severity = "note" if row.id and row.table not in REVENUE else "refused"
    seen: dict[int, int] = {}
    for at in twice.tolist():
        earlier = seen.setdefault(int(code[at]), at)
        if earlier == at:
            continue
        other = f"row {numbers[earlier]}" + (
            f" of {places[sheets[earlier]][0].place}" if sheets[earlier] != sheets[at] else ""
        )
        troubles.append(
            places[sheets[at]][0].trouble(
                f"The same {', '.join(key)} stands in {other}, with other contents.",
                "Both are kept." if severity == "note" else "Keep one of the two, or add what tells them apart.",
                int(numbers[at]),
                ", ".join(key),
                ", ".join(_shown(rows[name][at]) for name in key),
                severity,
            )
        )
        if len(seen) > MOST_LISTED:
            break
    return keep


def with_ids(row: type[Row], rows: pa.Table) -> pa.Table:
    """The rows with an id each: their own, else one made of what tells them apart, numbered where nothing does.

    The same rows get the same ids in the next file, so a ticket solved since replaces the open one.
    """
    if row.id is None or not len(rows):
        return rows
    told = [name for name in row.natural if name in rows.column_names]
    texts = [pc.fill_null(rows[name].cast(pa.string()).combine_chunks(), "") for name in told]
    made = pc.binary_join_element_wise(*texts, "|") if texts else pa.array([""] * len(rows))
    given = (
        rows[row.id].cast(pa.string()).combine_chunks()
        if row.id in rows.column_names
        else pa.nulls(len(rows), pa.string())
    )
    ids = pd.Series(pc.coalesce(given, made).to_pandas())
    nth = ids.groupby(ids, sort=False).cumcount()
    if nth.any():
        ids = ids.where(nth == 0, ids + " #" + (nth + 1).astype(str))
    column = pa.array(ids, pa.string()).dictionary_encode()
    if row.id in rows.column_names:
        return rows.set_column(rows.column_names.index(row.id), row.id, column)
    return rows.append_column(row.id, column)


def _shown(cell: pa.Scalar) -> str:
    value = cell.as_py()
    return "" if value is None else str(value)


def _codes(rows: pa.Table, names: list[str]) -> np.ndarray:
    """A number per row, the same where all these columns are the same; −1 where all are blank."""
    code: np.ndarray = np.zeros(len(rows), dtype=np.int32)
    size, blank = 1, np.ones(len(rows), dtype=bool)
    for name in names:
        entries = rows[name].combine_chunks()
        entries = entries if isinstance(entries, pa.DictionaryArray) else entries.dictionary_encode()
        words = len(entries.dictionary)
        part = pc.fill_null(entries.indices, words).to_numpy()
        blank &= part == words
        if size > 2**62 // (words + 1):
            code, size = np.unique(code, return_inverse=True)[1], len(rows)
        size *= words + 1
        code = np.multiply(code, words + 1, dtype=np.int32 if size < 2**31 else np.int64) + part
    return np.where(blank, -1, code) if blank.any() else code


def _repeats(code: np.ndarray) -> bool:
    """Does any number but −1 stand twice?"""
    if len(code) and code.min() < 0:
        code = code[code >= 0]
    if len(code) and code.max() < max(50_000_000, 4 * len(code)):
        seen = np.zeros(code.max() + 1, dtype=bool)
        seen[code] = True
        return bool(np.count_nonzero(seen) < len(code))
    return len(np.unique(code)) < len(code)


def distinct(column: pa.ChunkedArray) -> set[str]:
    """The distinct texts of a column of ids."""
    words: set[str] = set()
    for chunk in map(coded, column.chunks):
        used = np.zeros(len(chunk.dictionary), dtype=bool)
        used[chunk.indices.drop_null().to_numpy()] = True
        words.update(chunk.dictionary.filter(pa.array(used)).to_pylist())
    return words - {None}


def account_ids(tables: dict[str, pa.Table]) -> set[str]:
    """The accounts these tables bring: those listed and those with revenue."""
    return set().union(*(distinct(tables[table]["account_id"]) for table in ("accounts", *REVENUE) if table in tables))


def check_accounts(tables: dict[str, pa.Table], known: Iterable[str], troubles: list[Trouble]) -> dict[str, pa.Table]:
    """The tables without facts about accounts nobody knows; those are counted, account by account.

    Known are those listed, those with revenue, and ``known`` from before.
    """
    facts = [t for t in tables if t not in ("accounts", *REVENUE) and "account_id" in TABLES[t].model_fields]
    known = account_ids(tables).union(known) if facts else set()
    if not known:
        return tables
    clean = {}
    for table, rows in tables.items():
        if table not in facts:
            clean[table] = rows
            continue
        keep = np.ones(len(rows), dtype=bool)
        for name, ids in (("account_id", known), ("subscription_id", _subscriptions(tables))):
            if name not in rows.column_names or (name == "subscription_id" and table != "usage"):
                continue
            if name == "subscription_id" and "account_id" in rows.column_names:
                continue
            strange = _strangers(rows[name], ids)
            counted = rows[name].filter(pa.array(strange)).cast(pa.string()).value_counts().to_pylist()
            for entry in counted[:MOST_LISTED]:
                times = "1 row" if entry["counts"] == 1 else f"{entry['counts']} rows"
                what = "account" if name == "account_id" else "subscription"
                troubles.append(
                    Trouble(
                        table,
                        "",
                        0,
                        name,
                        str(entry["values"]),
                        f"No {what} has this id.",
                        f"{times} of {table} left out. Add the {what}, or correct the id.",
                        "row left out",
                    )
                )
            keep &= ~strange
        clean[table] = rows if keep.all() else rows.filter(pa.array(keep))
    return clean


def _subscriptions(tables: dict[str, pa.Table]) -> set[str]:
    rows = tables.get("subscriptions")
    return set() if rows is None or "subscription_id" not in rows.column_names else distinct(rows["subscription_id"])


def _strangers(column: pa.ChunkedArray, known: set[str]) -> np.ndarray:
    ids = column.cast(pa.string())
    return pc.and_(ids.is_valid(), pc.invert(pc.is_in(ids, pa.array(sorted(known), pa.string())))).to_numpy()


MOST_ALIKE = 50
UNSEEN = re.compile(r"[\s\u00ad\u200b-\u200f\u2060\ufeff]+")


def check_alike(tables: dict[str, pa.Table], known: Iterable[str], troubles: list[Trouble]) -> None:
    """Accounts whose ids differ only in capitals, spaces, unseen characters or leading zeros; nothing is merged."""
    ids = account_ids(tables)
    groups: dict[str, list[str]] = {}
    for account in sorted(ids.union(known)):
        groups.setdefault(UNSEEN.sub("", account).casefold().lstrip("0"), []).append(account)
    twins = [group for group in groups.values() if len(group) > 1 and not ids.isdisjoint(group)]
    for group in twins[:MOST_ALIKE]:
        told = " and ".join(f"“{account}”" for account in group)
        problem = f"{told} differ only in capitals, spaces, unseen characters or leading zeros."
        advice = "They are kept as different accounts. If they are one, write the id alike everywhere."
        troubles.append(Trouble("accounts", "", 0, "account_id", group[0], problem, advice, "note"))
    if more := len(twins[MOST_ALIKE:]):
        told = f"{more} more accounts like these."
        troubles.append(Trouble("accounts", "", 0, "account_id", "", told, "Compare their ids.", "note"))


def check_revenue(tables: dict[str, pa.Table], troubles: list[Trouble], assumed: list[str]) -> None:
    """Revenue told in more than one way, currencies nobody can convert."""
    told = [table for table in REVENUE if table in tables]
    if len(told) > 1:
        others = " and ".join(told[1:])
        assumed.append(f"revenue comes from {told[0]}; {others} {'is' if len(told) == 2 else 'are'} not added to it")
    used = {code for table in told if "currency" in tables[table].column_names
            for code in distinct(tables[table]["currency"])}  # fmt: skip
    rated = distinct(tables["fx"]["currency"]) if "fx" in tables else set()
    bare = sorted(used - rated)
    for code in bare if len(bare) > 1 else ():
        advice = f"Add its rates to fx: {', '.join(bare)} have none, and only the book's own currency needs none."
        troubles.append(Trouble("fx", "", 0, "currency", code, "This currency has no rate.", advice, "note"))
