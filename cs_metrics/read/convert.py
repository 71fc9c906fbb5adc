"""Text columns → typed columns. Whole columns at a time; what cannot be read is named, cell by cell.

Everything arrives as text, so that no id loses its zeros and no region called NA disappears. Plain numbers and
ISO dates go the fast way, through Arrow; anything else is read once per distinct text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cs_metrics.book import SCALE
from cs_metrics.read.amounts import ERRORS, NO_VALUE, Unreadable, amount_of, answer_of, decimal_marks
from cs_metrics.read.dates import OPEN_ENDED, SERIAL, Orders, instant_of, month_of
from cs_metrics.read.header import currency_named
from cs_metrics.tables import Column, Kind

KEYS = pa.dictionary(pa.int32(), pa.string())
ARROW: dict[Kind, pa.DataType] = {
    "key": KEYS,
    "code": KEYS,
    "text": pa.string(),
    "money": pa.int64(),
    "number": pa.float64(),
    "day": pa.date32(),
    "instant": pa.timestamp("s"),
    "month": pa.int32(),
    "flag": pa.bool_(),
}
NO_ANSWER = frozenset({
    "n/a", "na", "#n/a", "#nv", "n.a.", "n/d", "n.d.", "nd", "s/o", "n.v.t.", "k.a.", "k. a.", "none", "null", "nan",
    "nil", "nat", "undefined", "\\n", "(null)", "<null>", "[null]", "-", "--", "---", "–", "—", ".", "..", "…", "...",
    "?", "tbd", "tba", "unknown", "no response", "no answer", "not answered", "no reply", "no score", "no data",
    "no rating", "not rated", "not available", "not applicable", "not provided", "not set", "not asked",
    "did not answer", "didn't answer", "didn't respond", "did not respond", "declined", "skipped",
    "prefer not to say", "pending", "awaiting response", "missing", "(blank)", "[blank]", "blank", "empty", "(empty)",
    "(none)", "no value", "offered", "unoffered", "keine antwort", "keine angabe", "keine", "leer", "unbekannt",
    "nicht beantwortet", "pas de réponse", "sans réponse", "non renseigné", "aucune", "aucun", "inconnu",
    "sin respuesta", "ninguno", "desconocido", "sem resposta", "nenhum", "nessuna risposta", "geen antwoord", "geen",
    "onbekend", "inget svar", "ingen", "ej svar", "brak", "brak odpowiedzi",
})  # fmt: skip
YES = frozenset({
    "true", "t", "yes", "y", "1", "1.0", "on", "x", "✓", "✔", "☑", "✅", "checked", "enabled", "ja", "j", "wahr",
    "oui", "o", "vrai", "si", "sí", "s", "verdadero", "sim", "verdadeiro", "vero", "waar", "sant", "tak", "prawda",
    "ano", "kyllä", "igen", "evet", "da", "да", "はい", "是", "예", "그렇다",
})  # fmt: skip
NO = frozenset({
    "false", "f", "no", "n", "0", "0.0", "off", "✗", "✘", "☐", "❌", "unchecked", "disabled", "nein", "falsch", "non",
    "faux", "falso", "não", "nao", "nee", "onwaar", "nej", "nei", "falskt", "nie", "fałsz", "ne", "ei", "nem",
    "hayır", "nu", "нет", "いいえ", "否", "아니요",
})  # fmt: skip
MANGLED = r"^\d(\.\d+)?E\+\d\d$"
QUOTED = r"^'(\s*[=+\-@|%\t\r\n＝＋－＠])"


@dataclass(frozen=True)
class Options:
    """How a file says things, where it cannot be seen from the file: as in a recipe, all optional.

    ``usual_decimal`` is the decimal mark to expect where texts could be read either way.
    """

    end_date: str | None = None
    money: str | None = None
    amount: str | None = None
    decimal: str | None = None
    dates: str | None = None
    month: str | None = None
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    keep: dict[str, list[str]] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    paused: str | None = None
    usual_decimal: str | None = None


class Bad(NamedTuple):
    """A cell that could not be used: its position in the column, what is wrong, what to do."""

    at: int
    value: str
    problem: str
    advice: str


class Converted(NamedTuple):
    """A typed column, its unusable cells (blank in it), and what was assumed.

    ``currency`` is the currency written in the cells. ``proved`` is what the texts prove about the options ``dates``
    and ``decimal``; ``unproved`` are those that matter here and are not proved, which other columns may.
    """

    values: pa.Array
    bad: list[Bad]
    assumed: list[str]
    currency: pa.Array | None = None
    proved: dict[str, str] = {}  # noqa: RUF012
    unproved: frozenset[str] = frozenset()


LONG = 100_000
WORDS: tuple[Kind, ...] = ("key", "code", "text", "month", "flag")


def convert(texts: pa.Array, column: Column, options: Options) -> Converted:
    """A column of text, plain or as a dictionary, as the column's kind. Blanks become null.

    Kinds in ``WORDS`` are read once per distinct text: a dictionary serves them best.
    """
    if renamed := options.values.get(column.name):
        texts = _renamed(texts, renamed)
    if column.kind in ("key", "text", "code"):
        return _named(texts, column)
    found = _fast(texts, column, options) or _distinct(texts, column, options)
    return _within_limits(found, texts, column)


def coded(texts: pa.Array) -> pa.DictionaryArray:
    """Texts as the distinct ones and which of them each is; long columns in pieces, side by side."""
    if isinstance(texts, pa.DictionaryArray):
        return texts
    if len(texts) < LONG:
        return texts.dictionary_encode()
    size = -(-len(texts) // 4)
    pieces = [texts.slice(start, size) for start in range(0, len(texts), size)]
    with ThreadPoolExecutor(2) as pool:
        parts = list(pool.map(pa.Array.dictionary_encode, pieces))
    return pa.chunked_array(parts).unify_dictionaries().combine_chunks()


def _renamed(texts: pa.Array, names: dict[str, str]) -> pa.Array:
    """Texts with some values replaced, as a recipe asks."""
    if isinstance(texts, pa.DictionaryArray):
        return _renamed(texts.dictionary, names).take(texts.indices)
    for old, new in names.items():
        texts = pc.if_else(pc.equal(texts, old), new, texts)
    return texts


def _named(texts: pa.Array, column: Column) -> Converted:
    """Ids and words as they stand; ids that a spreadsheet has made numbers of, and lost formulas, are named."""
    found = coded(texts)
    words = found.dictionary
    if not pc.any(pc.match_substring_regex(words, r"E\+\d\d$|^#")).as_py():
        return Converted(_words(found, column), [], [])
    bad = []
    lost = pc.equal(words, NO_VALUE)
    wrong = lost
    if column.kind == "key":
        wrong = pc.or_(lost, pc.or_(pc.match_substring_regex(words, MANGLED), _is_error(words)))
        for at in np.flatnonzero(pc.fill_null(wrong.take(found.indices), False)).tolist():
            text = texts[at].as_py()
            if text.startswith("#"):
                problem, advice = "is no id: the formula in it has no value.", "Open the workbook, save it, try again."
            else:
                problem, advice = "is an id shortened by a spreadsheet.", "Export it again with ids as text."
            bad.append(Bad(at, text, problem, advice))
    words = pc.if_else(wrong, "", words)
    return Converted(_words(coded(words.take(found.indices)), column), bad, [])


def _is_error(words: pa.Array) -> pa.Array:
    return pc.is_in(pc.utf8_lower(words), pa.array(ERRORS))


def _words(texts: pa.Array, column: Column) -> pa.Array:
    """Texts without the spaces around them; ids and codes as a dictionary, whose words are distinct."""
    found = coded(texts)
    words = pc.utf8_trim_whitespace(found.dictionary)
    if pc.any(pc.starts_with(words, "'")).as_py():
        words = pc.replace_substring_regex(words, QUOTED, r"\1")
    if column.kind == "code":
        words = pa.array([currency_named(word) or word.upper() for word in words.to_pylist()], pa.string())
    words = _blanked(words)
    if words.equals(found.dictionary):
        return found.cast(pa.string()) if column.kind == "text" else found
    if words.null_count or pc.count_distinct(words).as_py() < len(words):
        found = coded(words.take(found.indices))
        words = found.dictionary
    found = pa.DictionaryArray.from_arrays(found.indices, words)
    return found.cast(pa.string()) if column.kind == "text" else found


def _blanked(texts: pa.Array) -> pa.Array:
    """Texts with null for the empty ones."""
    empty = pc.equal(texts, "")
    return pc.if_else(empty, pa.scalar(None, pa.string()), texts) if pc.any(empty).as_py() else texts


# --- the fast way -----------------------------------------------------------------------------------------------


def _fast(texts: pa.Array, column: Column, options: Options) -> Converted | None:
    """Plain numbers and ISO dates, the whole column at once; None if it holds anything else."""
    if isinstance(texts, pa.DictionaryArray):
        return None
    texts = _blanked(texts)
    try:
        if column.kind in ("money", "number") and options.decimal != ",":
            values = texts.cast(pa.float64())
            if not pc.all(pc.is_finite(values), min_count=0).as_py():
                return None
            fractions = pc.any(pc.not_equal(values, pc.floor(values))).as_py()
            if fractions and not options.decimal and column.kind == "money" and _may_be_grouped(texts):
                return None
            proved = {"decimal": "."} if fractions else {}
            values = _money(values, options) if column.kind == "money" else values
            return Converted(values, [], [], proved=proved)
        if column.kind in ("day", "instant"):
            instants = texts.cast(pa.timestamp("s"))
            years = pc.min_max(pc.year(instants)).as_py()
            if years["max"] is not None and not 1970 <= years["min"] <= years["max"] < OPEN_ENDED:
                return None
            return Converted(instants.cast(ARROW[column.kind], safe=False), [], [])
    except pa.ArrowInvalid:
        return None
    return None


def _may_be_grouped(texts: pa.Array) -> bool:
    """Could points be thousands separators (1.234)? Where the first entries have three digits after one, or none."""
    first = [text for text in texts[:1_000].to_pylist() if text]
    return all(re.fullmatch(r"\d{1,3}(?:\.\d{3})?", text) for text in first)


def _money(values: pa.Array, options: Options) -> pa.Array:
    """Units of currency as whole numbers of 1/3600, rounded once."""
    scale = {"cents": SCALE / 100, "thousands": SCALE * 1000, "millions": SCALE * 1_000_000}.get(
        options.money or "units", SCALE
    )
    blank = values.is_null().to_numpy(zero_copy_only=False) if values.null_count else None
    whole = pc.fill_null(values, 0).to_numpy(zero_copy_only=False) * scale
    return pa.array(np.rint(whole, out=whole).astype(np.int64), mask=blank)


# --- text by distinct text --------------------------------------------------------------------------------------


def _distinct(texts: pa.Array, column: Column, options: Options) -> Converted:
    """Each distinct text read once; blanks and the usual words for "no answer" are null."""
    entries = coded(texts)
    words = [word.strip() for word in entries.dictionary.to_pylist()]
    reader = _reader(column, options, words)
    values: list[Any] = []
    wrong: dict[int, Unreadable] = {}
    for place, word in enumerate(words):
        try:
            values.append(None if not word or word.casefold() in NO_ANSWER else reader.read(word))
        except Unreadable as why:
            values.append(None)
            wrong[place] = why
    places = entries.indices
    bad = []
    if wrong:
        codes = places.to_numpy(zero_copy_only=False)
        for at in np.flatnonzero(np.isin(codes, list(wrong))).tolist():
            reason = wrong[int(codes[at])]
            bad.append(Bad(at, words[int(codes[at])], reason.problem, reason.advice))
    currency = None
    if column.kind == "money":
        if named := {value.currency for value in values if value is not None and value.currency}:
            codes_of = [None if value is None else value.currency for value in values]
            currency = pa.array(codes_of, pa.string()).take(places) if named else None
        amounts = [None if value is None else value.value for value in values]
        table = _money(pa.array(amounts, pa.float64()), options)
    else:
        table = pa.array(values, ARROW[column.kind])
    return Converted(table.take(places), bad, reader.assumed, currency, reader.proved, reader.unproved)


class Reader(NamedTuple):
    """How to read one text of a column, what had to be assumed, and what the texts prove or leave open."""

    read: Callable[[str], Any]
    assumed: list[str]
    proved: dict[str, str] = {}  # noqa: RUF012
    unproved: frozenset[str] = frozenset()


def _reader(column: Column, options: Options, words: list[str]) -> Reader:
    """How to read one text of this column, decided from all its texts."""
    if column.kind == "flag":
        return Reader(flag_of, [])
    if column.kind in ("money", "number"):
        mark, assumed, proved, unproved = _decimal_mark(words, column, options)
        of = amount_of if column.kind == "money" else answer_of
        return Reader(lambda word: of(word, mark == ","), assumed, proved, unproved)
    order, assumed, proved, unproved = _day_order(words, column, options)
    if any(SERIAL.match(word) for word in words):
        assumed = [*assumed, "numbers like 45581 are read as the days spreadsheets count"]
    if column.kind == "month":
        return Reader(lambda word: month_of(word, order), assumed, proved, unproved)
    if column.kind == "day":
        return Reader(
            lambda word: None if (d := instant_of(word, order)) is None else d.date(), assumed, proved, unproved
        )
    return Reader(lambda word: instant_of(word, order), assumed, proved, unproved)


def _decimal_mark(
    words: list[str], column: Column, options: Options
) -> tuple[str, list[str], dict[str, str], frozenset[str]]:
    """The decimal mark of a column's texts: as a recipe says, as they prove, or as is usual."""
    if options.decimal:
        return options.decimal, [], {}, frozenset()
    marks = decimal_marks(words)
    if marks.comma and not marks.point:
        return ",", ["the comma is read as the decimal mark"], {"decimal": ","}, frozenset()
    if marks.point or not marks.either:
        return ".", [], {"decimal": "."} if marks.point and not marks.comma else {}, frozenset()
    comma = marks.either == "." if column.kind == "money" else marks.either == ","
    if comma and options.usual_decimal == ",":
        return ",", ["the comma is read as the decimal mark, as in files cut by semicolons"], {}, frozenset({"decimal"})
    return ".", [], {}, frozenset({"decimal"})


def _day_order(
    words: list[str], column: Column, options: Options
) -> tuple[str | None, list[str], dict[str, str], frozenset[str]]:
    """Day first or month first, for the whole column, from its impossible values; None if nothing tells."""
    if options.dates in ("day first", "month first"):
        return options.dates, [], {}, frozenset()
    orders = Orders(words, firsts=column.kind == "month")
    if orders.proved is None:
        return None, [], {}, frozenset({"dates"} if orders.open else ())
    if orders.proved == "both":
        return "both", [], {}, frozenset()
    return orders.proved, [f"dates are read {orders.proved}{orders.why}"], {"dates": orders.proved}, frozenset()


def _within_limits(found: Converted, texts: pa.Array, column: Column) -> Converted:
    """The column with the values outside its limits blanked and named."""
    outside = None
    for limit, wrong in ((column.least, pc.less), (column.most, pc.greater), (column.above, pc.less_equal)):
        if limit is not None:
            beyond = pc.fill_null(wrong(found.values, limit), False)
            outside = beyond if outside is None else pc.or_(outside, beyond)
    if outside is None or not pc.any(outside).as_py():
        return found
    places = np.flatnonzero(outside.to_numpy(zero_copy_only=False)).tolist()
    bad = [Bad(at, texts[at].as_py(), *_beyond(column)) for at in places]
    return Converted(pc.if_else(outside, pa.scalar(None, found.values.type), found.values), found.bad + bad, *found[2:])


def _beyond(column: Column) -> tuple[str, str]:
    if column.kind == "money":
        return "is negative.", "Revenue in force is 0 or more: leave credits out, or correct the amount."
    if column.most is not None:
        return f"is outside {column.least:g} to {column.most:g}.", "Correct the value or the scale."
    return "is not above 0." if column.above is not None else "is negative.", "Correct the value."


# --- yes and no ------------------------------------------------------------------------------------------------


def flag_of(text: str) -> bool:
    """Yes or no, in the usual spellings."""
    word = text.casefold()
    if word in YES or word in NO:
        return word in YES
    raise Unreadable("is neither yes nor no.", "Write true or false, or leave the cell empty.")
