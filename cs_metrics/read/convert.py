"""Text columns → typed columns. Whole columns at a time; what cannot be read is named, cell by cell.

Everything arrives as text, so that no id loses its zeros and no region called NA disappears. Plain numbers and
ISO dates go the fast way, through Arrow; anything else is read once per distinct text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cs_metrics.book import SCALE
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
NO_ANSWER = frozenset({"n/a", "na", "#n/a", "none", "null", "nan", "nil", "-", "–", "—", "?", "tbd", "unknown",
                       "no response", "no answer", "not answered", "not available", "(blank)", "nat"})  # fmt: skip
YES = frozenset({"true", "t", "yes", "y", "1", "1.0", "ja", "oui", "si", "sí", "sim", "x", "✓", "wahr", "vrai"})
NO = frozenset({"false", "f", "no", "n", "0", "0.0", "nein", "non", "não", "nao", "falsch", "faux", "nej", "nee"})
MONTHS = {name: number for number, names in enumerate(
    ("jan january januar janvier enero janeiro gennaio januari jän jänner janv ene gen",
     "feb february februar février fevrier febrero fevereiro febbraio februari fév fev févr",
     "mar march märz marz mars marzo março marco maart mär mrz mrt",
     "apr april avril abril aprile avr abr",
     "may mai mayo maio maggio mei maj mag",
     "jun june juni juin junio junho giugno giu",
     "jul july juli juillet julio julho luglio juil lug",
     "aug august août aout agosto augustus augusti aoû ago",
     "sep sept september septembre septiembre setembro settembre set",
     "oct october oktober octobre octubre outubro ottobre okt out ott",
     "nov november novembre noviembre novembro",
     "dec december dezember décembre decembre diciembre dezembro dicembre dez déc dic des desember"), 1)
    for name in names.split()}  # fmt: skip
OPEN_ENDED = 9000
QUOTED = r"^'(\s*[=+\-@|%\t\r\n＝＋－＠])"


@dataclass(frozen=True)
class Options:
    """How a file says things, where it cannot be seen from the file: as in a recipe, all optional."""

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


class Bad(NamedTuple):
    """A cell that could not be used: its position in the column, what is wrong, what to do."""

    at: int
    value: str
    problem: str
    advice: str


class Converted(NamedTuple):
    """A typed column, its unusable cells (blank in it), and what was assumed."""

    values: pa.Array
    bad: list[Bad]
    assumed: list[str]


class Unreadable(ValueError):
    """A text that is not what it should be; ``advice`` says what to do."""

    def __init__(self, problem: str, advice: str = ""):
        super().__init__(problem)
        self.problem, self.advice = problem, advice


LONG = 100_000
WORDS: tuple[Kind, ...] = ("key", "code", "text", "month", "flag")


def convert(texts: pa.Array, column: Column, options: Options) -> Converted:
    """A column of text, plain or as a dictionary, as the column's kind. Blanks become null.

    Kinds in ``WORDS`` are read once per distinct text: a dictionary serves them best.
    """
    if renamed := options.values.get(column.name):
        texts = _renamed(texts, renamed)
    if column.kind in ("key", "text", "code"):
        return Converted(_words(texts, column), [], [])
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


def _words(texts: pa.Array, column: Column) -> pa.Array:
    """Texts without the spaces around them; ids and codes as a dictionary, whose words are distinct."""
    found = coded(texts)
    words = pc.utf8_trim_whitespace(found.dictionary)
    if pc.any(pc.starts_with(words, "'")).as_py():
        words = pc.replace_substring_regex(words, QUOTED, r"\1")
    words = pc.utf8_upper(words) if column.kind == "code" else words
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
            return Converted(_money(values, options) if column.kind == "money" else values, [], [])
        if column.kind in ("day", "instant"):
            instants = texts.cast(pa.timestamp("s"))
            years = pc.min_max(pc.year(instants)).as_py()
            if years["max"] is not None and not 1970 <= years["min"] <= years["max"] < OPEN_ENDED:
                return None
            return Converted(instants.cast(ARROW[column.kind], safe=False), [], [])
    except pa.ArrowInvalid:
        return None
    return None


def _money(values: pa.Array, options: Options) -> pa.Array:
    """Units of currency as whole numbers of 1/3600, rounded once."""
    scale = {"cents": SCALE / 100, "thousands": SCALE * 1000}.get(options.money or "units", SCALE)
    blank = values.is_null().to_numpy(zero_copy_only=False) if values.null_count else None
    whole = pc.fill_null(values, 0).to_numpy(zero_copy_only=False) * scale
    return pa.array(np.rint(whole, out=whole).astype(np.int64), mask=blank)


# --- text by distinct text --------------------------------------------------------------------------------------


def _distinct(texts: pa.Array, column: Column, options: Options) -> Converted:
    """Each distinct text read once; blanks and the usual words for "no answer" are null."""
    entries = coded(texts)
    words = [word.strip() for word in entries.dictionary.to_pylist()]
    read, assumed = _reader(column, options, words)
    values: list[Any] = []
    wrong: dict[int, Unreadable] = {}
    for place, word in enumerate(words):
        try:
            values.append(None if not word or word.casefold() in NO_ANSWER else read(word))
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
    if column.kind == "money":
        table = _money(pa.array(values, pa.float64()), options)
    else:
        table = pa.array(values, ARROW[column.kind])
    return Converted(table.take(places), bad, assumed)


def _reader(column: Column, options: Options, words: list[str]) -> tuple[Callable[[str], Any], list[str]]:
    """How to read one text of this column, decided from all its texts; and what had to be assumed."""
    if column.kind in ("money", "number"):
        comma, assumed = _decimal_comma(words, options)
        return lambda word: number_of(word, comma), assumed
    if column.kind == "month":
        order, assumed = _day_order(words, options)
        return lambda word: month_of(word, order), assumed
    if column.kind == "flag":
        return flag_of, []
    order, assumed = _day_order(words, options)
    if column.kind == "day":
        return lambda word: None if (d := instant_of(word, order)) is None else d.date(), assumed
    return lambda word: instant_of(word, order), assumed


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
    return Converted(
        pc.if_else(outside, pa.scalar(None, found.values.type), found.values), found.bad + bad, found.assumed
    )


def _beyond(column: Column) -> tuple[str, str]:
    if column.kind == "money":
        return "is negative.", "Revenue in force is 0 or more: leave credits out, or correct the amount."
    if column.most is not None:
        return f"is outside {column.least:g} to {column.most:g}.", "Correct the value or the scale."
    return "is not above 0." if column.above is not None else "is negative.", "Correct the value."


# --- numbers ----------------------------------------------------------------------------------------------------

NUMBER = re.compile(r"[+-]?(\d[\d.,'’\s]*\d|\d)?([.,]\d+)?")
SUFFIX = {"k": 1e3, "m": 1e6, "mn": 1e6, "b": 1e9, "bn": 1e9}


def number_of(text: str, comma: bool = False) -> float:
    """The number a text says: thousands separators, currency signs, brackets for minus, K and M, percent.

    >>> number_of("$1,234.50"), number_of("1.234,50 €", comma=True), number_of("(1,200)"), number_of("12K")
    (1234.5, 1234.5, -1200.0, 12000.0)
    >>> number_of("12,5O")
    Traceback (most recent call last):
    cs_metrics.read.convert.Unreadable: is not a number (letter O?).
    """
    bare = text.strip().casefold().replace("\u2212", "-")
    negative = bare.startswith("(") and bare.endswith(")")
    bare = bare.strip("()").strip()
    if bare.endswith("-"):
        bare = "-" + bare[:-1]
    share = bare.endswith("%")
    bare = re.sub(r"^(-?)\s*[^\d.,+()-]*\s*", r"\1", bare.rstrip("% "))
    digits = re.match(r"[+-]?[\d.,'’\s\u00a0\u202f]*\d", bare)
    if digits is None:
        raise Unreadable("is not a number.", "Write it in digits, or leave the cell empty.")
    rest = bare[digits.end() :].strip()
    if rest in SUFFIX:
        factor = SUFFIX[rest]
    elif rest and not re.fullmatch(r"[^\d\s]{1,4}|[a-z]{3}", rest):
        raise Unreadable("is not a number.", "Write it in digits, or leave the cell empty.")
    elif rest in ("o", "l", "o0") or re.match(r"[ol]\d*$", rest):
        raise Unreadable(f"is not a number (letter {rest[0].upper()}?).", "Write it in digits.")
    else:
        factor = 1.0
    plain = re.sub(r"['’\s\u00a0\u202f]", "", digits.group())
    plain = plain.replace(".", "").replace(",", ".") if comma else plain.replace(",", "")
    try:
        value = float(plain) * factor / (100 if share else 1)
    except ValueError:
        raise Unreadable("is not a number.", "Check its decimal mark and thousands separators.") from None
    return -value if negative else value


def _decimal_comma(words: list[str], options: Options) -> tuple[bool, list[str]]:
    """Is the comma the decimal mark of these texts? Decided for the column, from what can only be one of them."""
    if options.decimal:
        return options.decimal == ",", []
    comma = point = 0
    for word in words:
        marks = re.findall(r"[.,]", word)
        last = re.search(r"[.,](\d*)\D*$", word)
        if not marks or last is None:
            continue
        mark, digits = last.group(0)[0], len(last.group(1))
        if len(set(marks)) == 2 or digits != 3:
            decimal = len(marks) == 1 or marks.count(mark) == 1
            comma += decimal and mark == ","
            point += decimal and mark == "."
        elif len(marks) > 1:
            comma, point = comma + (mark == "."), point + (mark == ",")
    if comma and not point:
        return True, ["the comma is read as the decimal mark"]
    return False, []


# --- dates ------------------------------------------------------------------------------------------------------

ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T\s]+(.*))?$")
NUMERIC = re.compile(r"(\d{1,2})[-/.\s](\d{1,2})[-/.\s](\d{4}|\d{2})(?:[T,\s]+(.*))?$")
COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})$")
NAMED = re.compile(
    r"(?:[^\W\d_]+,\s+)?(\d{1,2})\.?(?:st|nd|rd|th)?[\s\-/]*(?:de\s+)?([^\W\d_]+)\.?[\s\-/,]*(?:de\s+)?(\d{4}|\d{2})(?:[T,\s]+(.*))?$"
)
NAMED_FIRST = re.compile(
    r"(?:[^\W\d_]+,\s+)?([^\W\d_]+)\.?[\s\-]+(\d{1,2})(?:st|nd|rd|th)?,?[\s\-]+(\d{4}|\d{2})(?:[T,\s]+(.*))?$"
)
SERIAL = re.compile(r"(\d{5})(?:\.(\d+))?$")
CLOCK = re.compile(
    r"(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?\s*([ap]\.?m\.?)?\s*(?:z|utc|gmt|[+-]\d{2}:?\d{2})?$", re.I
)


def _day_order(words: list[str], options: Options) -> tuple[str | None, list[str]]:
    """Day first or month first, for the whole column, from its impossible values; None if nothing tells."""
    if options.dates in ("day first", "month first"):
        return options.dates, []
    day = month = False
    for word in words:
        if match := NUMERIC.match(word):
            day |= int(match.group(1)) > 12
            month |= int(match.group(2)) > 12
    if day and month:
        return "both", []
    if day or month:
        order = "day first" if day else "month first"
        return order, [f"dates are read {order}"]
    return None, []


def instant_of(text: str, order: str | None = None) -> datetime | None:
    """The moment a text says; None for the far future that means "open".

    >>> instant_of("27 Oct 2024"), instant_of("13/04/2025 08:30", "day first")
    (datetime.datetime(2024, 10, 27, 0, 0), datetime.datetime(2025, 4, 13, 8, 30))
    >>> instant_of("03/04/2025")
    Traceback (most recent call last):
    cs_metrics.read.convert.Unreadable: could be day/month or month/day.
    """
    if match := ISO.match(text) or COMPACT.match(text):
        year, month, day = (int(part) for part in match.groups()[:3])
        clock = match.group(4) if match.re is ISO else None
    elif match := NUMERIC.match(text):
        first, second, year = (int(part) for part in match.groups()[:3])
        clock = match.group(4)
        if order == "both":
            raise Unreadable(
                "shares its column with dates in the other order of day and month.",
                "Write all dates of the column one way, best as 2025-04-03.",
            )
        if order is None and first != second:
            raise Unreadable(
                "could be day/month or month/day.",
                'Say which: the option dates, "day first" or "month first"; or write 2025-04-03.',
            )
        day, month = (second, first) if order == "month first" else (first, second)
    elif match := NAMED.match(text):
        day, year, clock = int(match.group(1)), int(match.group(3)), match.group(4)
        month = _named_month(match.group(2))
    elif match := NAMED_FIRST.match(text):
        day, year, clock = int(match.group(2)), int(match.group(3)), match.group(4)
        month = _named_month(match.group(1))
    elif (match := SERIAL.match(text)) and 20_000 <= int(match.group(1)) < 80_000:
        seconds = round(float(f"0.{match.group(2) or 0}") * 86_400)
        return datetime(1899, 12, 30) + timedelta(days=int(match.group(1)), seconds=seconds)
    else:
        raise Unreadable("is not a date.", "Write it as 2025-04-03.")
    if year >= OPEN_ENDED:
        return None
    year += (2000 if year < 70 else 1900) if year < 100 else 0
    try:
        return datetime(year, month, day, *_clock(clock))
    except ValueError:
        raise Unreadable("is a day that does not exist.", "Correct the date.") from None


def _clock(text: str | None) -> tuple[int, int, int]:
    if not text:
        return 0, 0, 0
    match = CLOCK.match(text.strip())
    if match is None:
        raise Unreadable("is not a date.", "Write it as 2025-04-03 or 2025-04-03 14:30.")
    hour, minute, second = int(match.group(1)), int(match.group(2)), int(match.group(3) or 0)
    if half := (match.group(4) or "").casefold().replace(".", ""):
        hour = hour % 12 + (12 if half == "pm" else 0)
    return hour, minute, second


def _named_month(name: str) -> int:
    try:
        return MONTHS[name.casefold().rstrip(".")]
    except KeyError:
        raise Unreadable("is not a date.", "Write it as 2025-04-03.") from None


MONTH_FORMS = (
    re.compile(r"(?P<year>\d{4})[-/.\s]?(?P<month>\d{2})$"),
    re.compile(r"(?P<year>\d{4})[-/.\s]+(?P<name>[^\W\d_]+)$"),
    re.compile(r"(?P<name>[^\W\d_]+)\.?[-/.\s'’]*(?P<year>\d{4}|\d{2})$"),
    re.compile(r"(?P<month>\d{1,2})[-/.](?P<year>\d{4})$"),
    re.compile(r"(?P<year>\d{4})[-/.\s]?M(?P<month>\d{1,2})$", re.I),
)


def month_of(text: str, order: str | None = None) -> int:
    """The month a text says, as a number: 202503. Any date says its month.

    >>> [month_of(t) for t in ("2025-03", "Mar-25", "March 2025", "2025-03-31", "03/2025", "202503")]
    [202503, 202503, 202503, 202503, 202503, 202503]
    """
    for form in MONTH_FORMS:
        if match := form.match(text):
            parts = match.groupdict()
            month = int(parts["month"]) if parts.get("month") else MONTHS.get(parts["name"].casefold(), 0)
            year = int(parts["year"])
            year += (2000 if year < 70 else 1900) if year < 100 else 0
            if 1 <= month <= 12:
                return year * 100 + month
    try:
        moment = instant_of(text, order)
    except Unreadable as why:
        problem = "is not a month." if why.problem == "is not a date." else why.problem
        raise Unreadable(problem, why.advice.replace("2025-04-03", "2025-04")) from None
    if moment is None:
        raise Unreadable("is not a month.", "Write it as 2025-04.")
    return moment.year * 100 + moment.month


def flag_of(text: str) -> bool:
    """Yes or no, in the usual spellings."""
    word = text.casefold()
    if word in YES or word in NO:
        return word in YES
    raise Unreadable("is neither yes nor no.", "Write true or false, or leave the cell empty.")


def day_of(value: date | datetime) -> date:
    """The day of a moment."""
    return value.date() if isinstance(value, datetime) else value
