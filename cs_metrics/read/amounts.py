"""Texts → numbers: which mark is the decimal one, thousands separators, signs, brackets, K and M, percent, currency."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from cs_metrics.read.header import CODES, SIGNS


class Unreadable(ValueError):
    """A text that is not what it should be; ``advice`` says what to do."""

    def __init__(self, problem: str, advice: str = ""):
        super().__init__(problem)
        self.problem, self.advice = problem, advice


MOST = 1e14
LONGEST = 100
NO_VALUE = "#FORMULA!"
ERRORS = ("#ref!", "#div/0!", "#value!", "#name?", "#num!", "#null!", "#spill!", "#calc!", "#getting_data")
FACTORS = {
    "k": 1e3, "tsd": 1e3, "tsd.": 1e3, "t": 1e3, "thousand": 1e3, "m": 1e6, "mn": 1e6, "mm": 1e6, "mio": 1e6,
    "mio.": 1e6, "million": 1e6, "b": 1e9, "bn": 1e9, "mrd": 1e9, "mrd.": 1e9,
}  # fmt: skip
SPACES = "\\s\u00a0\u2007\u2009\u202f"
NUMBER = re.compile(rf"[\d.,'’{SPACES}]*\d[.,]?(?:e[+-]?\d+)?", re.I)
PER = re.compile(r"\s*(?:/|per\b|pro\b|par\b)\s*[a-zé]+\.?$", re.I)
KRONER = frozenset({"kr", "kr.", "$", ",-", "-"})
ANSWER = re.compile(
    r"(\d+(?:[.,]\d+)?)\s*(?:/\s*\d+|out of \d+|of \d+|von \d+|sur \d+|stars?|sterne|points?|[-–:]\s*\D.*)$", re.I
)
LOOKALIKE = {"o": "O", "l": "l", "i": "I"}


BRACKETS = re.compile(r"-?\s*\(([^()]*\d[^()]*)\)")
GROUPED = re.compile(rf"\d{{1,3}}(?:[{SPACES}'’]\d{{3}})+(?:[.,]\d*)?(?:e[+-]?\d+)?", re.I)


class Amount(NamedTuple):
    """A number and the currency written with it, if one is."""

    value: float
    currency: str | None


def number_of(text: str, comma: bool = False) -> float:
    """The number a text says: thousands separators, currency signs, brackets for minus, K and M, percent.

    >>> number_of("$1,234.50"), number_of("1.234,50 €", comma=True), number_of("(1,200)"), number_of("12K")
    (1234.5, 1234.5, -1200.0, 12000.0)
    >>> number_of("12,5O")
    Traceback (most recent call last):
    cs_metrics.read.amounts.Unreadable: is not a number (letter O?).
    """
    return amount_of(text, comma).value


def amount_of(text: str, comma: bool = False) -> Amount:
    """The number a text says, and the currency it names.

    >>> amount_of("1.234,50 €", comma=True), amount_of("CHF 1'200.50"), amount_of("(USD 1,200)")
    (Amount(value=1234.5, currency='EUR'), Amount(value=1200.5, currency='CHF'), Amount(value=-1200.0, currency='USD'))
    """
    _refuse_marker(text)
    if len(text) > LONGEST:
        raise _not_a_number(text)
    bare = text.strip().replace("\u2212", "-").replace("–", "-").replace("\ufe69", "$").casefold()
    if negative := (bracket := BRACKETS.search(bare)) is not None:
        around = bare[: bracket.start()], bare[bracket.end() :]
        if any(c.isdigit() for c in "".join(around)):
            raise _not_a_number(text)
        bare = bracket.group(1).join(around)
    bare = PER.sub("", bare)
    found = NUMBER.search(bare)
    if found is None:
        raise _not_a_number(text)
    before, after = bare[: found.start()].strip(), bare[found.end() :].strip()
    minus = "-" in before and after != "-"
    before = before.replace("-", "").replace("+", "").strip()
    if after == "-" and found.group()[-1] in ".,":
        after = ""
    elif after.endswith("-") and before in ("", *SIGNS):
        minus, after = True, after[:-1].strip()
    share = after.endswith("%") or before == "%"
    after, before = after.rstrip("%").strip(), before.rstrip("%").strip()
    factor = 1.0
    for word in sorted(FACTORS, key=len, reverse=True):
        if re.match(rf"{re.escape(word)}(?![a-zé])", after):
            factor, after = FACTORS[word], after[len(word) :].strip()
            break
    signs = [sign for sign in (before, after) if sign and sign not in (",-", ".-", "cr", "dr")]
    codes = [_code(sign) for sign in signs]
    if any(code is None for code in codes) or len(set(codes)) > 1:
        letter = after[:1] if after[:1] in LOOKALIKE and not after[1:].strip("0123456789ol.,") else ""
        raise _not_a_number(text, LOOKALIKE.get(letter, ""))
    value = _plain(found.group(), comma) * factor / (100 if share else 1)
    return Amount(-value if negative or minus else value, next((code for code in codes if code), None))


def answer_of(text: str, comma: bool = False) -> float:
    """The number of an answer, with the words people put beside it.

    >>> answer_of("4 / 5"), answer_of("9 - very likely"), answer_of("5 stars"), answer_of("85%")
    (4.0, 9.0, 5.0, 0.85)
    """
    if match := ANSWER.match(text.strip()):
        return _plain(match.group(1), "," in match.group(1))
    return number_of(text, comma)


def _refuse_marker(text: str) -> None:
    if text == NO_VALUE:
        raise Unreadable(
            "is a formula without a stored value.", "Open the workbook in the spreadsheet program, save it, try again."
        )
    if text.casefold() in ERRORS:
        raise Unreadable("is an error of the spreadsheet.", "Correct the formula, or leave the cell empty.")


def _not_a_number(text: str, letter: str = "") -> Unreadable:
    if letter:
        return Unreadable(f"is not a number (letter {letter}?).", "Write it in digits.")
    return Unreadable("is not a number.", "Write it in digits, or leave the cell empty.")


def _code(sign: str) -> str | None:
    """The currency a sign stands for; an empty text where it says no more than "money"; None where it is no sign."""
    if sign in SIGNS:
        return SIGNS[sign]
    if sign in KRONER:
        return ""
    code = sign.strip(" .").upper()
    if code in CODES:
        return code
    parts = sign.split()
    return SIGNS[parts[1]] if len(parts) == 2 and parts[0].upper() in CODES and parts[1] in SIGNS else None


def _plain(digits: str, comma: bool) -> float:
    """A number of digits, separators and one decimal mark; groups of a thousands separator must be groups of three."""
    digits = digits.strip()
    plain = re.sub(rf"['’{SPACES}]", "", digits)
    if plain != digits and not GROUPED.fullmatch(digits):
        raise Unreadable("is not a number.", "Check its decimal mark and thousands separators.")
    mark, group = (",", ".") if comma else (".", ",")
    whole, _, rest = plain.partition(mark)
    if group in whole and not re.fullmatch(rf"\d{{1,3}}(?:\{group}\d{{2,3}})*\{group}\d{{3}}", whole):
        raise Unreadable("is not a number.", "Check its decimal mark and thousands separators.")
    try:
        value = float(whole.replace(group, "") + ("." + rest if rest else ""))
    except ValueError:
        raise Unreadable("is not a number.", "Check its decimal mark and thousands separators.") from None
    if abs(value) > MOST:
        raise Unreadable("is a number beyond all measure.", "Correct it.")
    return value


class Marks(NamedTuple):
    """How many texts prove the comma, how many the point, and the marks of those that could be either (1.234)."""

    comma: int
    point: int
    either: str


def decimal_marks(words: Iterable[str]) -> Marks:
    """What texts prove about their decimal mark.

    >>> decimal_marks(["1.234,50", "12,5"]), decimal_marks(["1.234", "5"])
    (Marks(comma=2, point=0, either=''), Marks(comma=0, point=0, either='.'))
    """
    comma = point = 0
    either: set[str] = set()
    for word in words:
        number = NUMBER.search(word[:LONGEST])
        if number is None:
            continue
        if number.group().endswith(",") and word[number.end() :].strip() in ("-", "–", "—"):
            comma += 1
        plain = re.sub(rf"['’{SPACES}]", "", number.group()).rstrip(".,")
        marks = re.findall(r"[.,]", plain)
        if not marks:
            continue
        mark, digits = marks[-1], len(re.split(r"[.,]", plain)[-1])
        if len(set(marks)) == 2:
            once = marks.count(mark) == 1
            comma += once and mark == ","
            point += once and mark == "."
        elif len(marks) > 1:
            comma, point = comma + (mark == "."), point + (mark == ",")
        elif digits != 3 or re.match(r"0?[.,]", plain) or not re.match(r"\d{1,3}[.,]", plain):
            comma, point = comma + (mark == ","), point + (mark == ".")
        else:
            either.add(mark)
    return Marks(comma, point, "".join(sorted(either)))
