"""Texts → days, moments and months: a dozen spellings, several languages, one order of day and month per column."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from cs_metrics.read.amounts import LONGEST, NO_VALUE, Unreadable, _refuse_marker

MONTHS = {name: number for number, names in enumerate(
    ("jan january januar janvier enero janeiro gennaio januari jän jänner janv ene gen styczeń sty stycznia leden "
     "tammikuu january jän. ocak янв январь января",
     "feb february februar février fevrier febrero fevereiro febbraio februari fév fev févr luty lut lutego únor "
     "helmikuu şubat фев февраль февраля",
     "mar march märz marz mars marzo março marco maart mär mrz mrt marzec marca březen maaliskuu mart мар март марта",
     "apr april avril abril aprile avr abr kwiecień kwi kwietnia duben huhtikuu nisan апр апрель апреля",
     "may mai mayo maio maggio mei maj mag maja květen toukokuu mayıs май мая",
     "jun june juni juin junio junho giugno giu czerwiec cze czerwca červen kesäkuu haziran июн июнь июня",
     "jul july juli juillet julio julho luglio juil lug lipiec lip lipca červenec heinäkuu temmuz июл июль июля",
     "aug august août aout agosto augustus augusti aoû ago sierpień sie sierpnia srpen elokuu ağustos "
     "авг август августа",
     "sep sept september septembre septiembre setembro settembre set wrzesień wrz września září syyskuu eylül "
     "сен сентябрь сентября",
     "oct october oktober octobre octubre outubro ottobre okt out ott październik paź października říjen lokakuu ekim "
     "окт октябрь октября",
     "nov november novembre noviembre novembro listopad lis listopada marraskuu kasım ноя ноябрь ноября",
     "dec december dezember décembre decembre diciembre dezembro dicembre dez déc dic des desember grudzień gru "
     "grudnia prosinec joulukuu aralık дек декабрь декабря"), 1)
    for name in names.split()}  # fmt: skip
OPEN_ENDED = 9000
WEEKDAY = r"(?:[^\W\d_]{2,12}\.?,?\s+)?"
ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T\s]+(.*))?$")
EASTERN = re.compile(r"(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일]?(?:\s+(.*))?$")
NUMERIC = re.compile(WEEKDAY + r"(\d{1,2})(?:[-/.\s]|\.\s)(\d{1,2})(?:[-/.\s]|\.\s)(\d{4}|\d{2})\.?(?:[T,\s]+(.*))?$")
COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(\d{2})Z?)?$")
NAMED = re.compile(
    WEEKDAY + r"(?:le |el |il |den |the |am )?(\d{1,2})(?:\.|st|nd|rd|th|er|º|ª|o)?[\s\-/.]*(?:de |of |di )?"
    r"([^\W\d_]+)\.?[\s\-/,.]*(?:de |del )?'?(\d{4}|\d{2})(?:[T,\s]+(.*))?$",
    re.I,
)
NAMED_FIRST = re.compile(
    WEEKDAY + r"([^\W\d_]+)\.?[\s\-/.]+(\d{1,2})(?:st|nd|rd|th)?,?[\s\-/.]+(\d{4}|\d{2})(?:[T,\s]+(.*))?$", re.I
)
NAMED_LAST = re.compile(r"(\d{4})[\s\-/.]+([^\W\d_]+)\.?[\s\-/.]+(\d{1,2})(?:[T,\s]+(.*))?$")
CLOCK_FIRST = re.compile(
    r"[^\W\d_]{3}\s+([^\W\d_]{3})\s+(\d{1,2})\s+(\d{1,2}:\d{2}(?::\d{2})?)\s+(?:[A-Z]{2,5}\s+)?(\d{4})$"
)
SERIAL = re.compile(r"(\d{5})(?:[.,](\d+))?$")
UNIX = re.compile(r"(1\d{9})(?:\.\d+)?$|(1\d{12})$")
CLOCK = re.compile(
    r"(?:at |um |à )?(\d{1,2})[:h.](\d{2})(?:[:.](\d{2}))?(?:[.,]\d+)?\s*([ap]\.?m\.?)?\s*(?:uhr)?\s*"
    r"(?:z|utc|gmt|[a-z]{2,4}t|\(?[a-z]{3,4}\)?|(?:utc|gmt)?\s?[+-]\d{2}:?\d{2})?(?:\s*\([^)]*\))?$",
    re.I,
)
NEVER = frozenset({
    "0000-00-00", "0000-00-00 00:00:00", "00/00/0000", "00.00.0000", "0001-01-01", "0001-01-01 00:00:00", "1899-12-30",
    "1899-12-31", "1900-01-00", "00:00:00", "0",
})  # fmt: skip


class Orders:
    """What a column's texts prove about the order of day and month, and whether it matters."""

    def __init__(self, words: Iterable[str], firsts: bool = False):
        days, months, dotted, told, pairs = False, False, False, False, set()
        for word in words:
            if len(word) <= LONGEST and (match := NUMERIC.match(word)):
                first, second = int(match.group(1)), int(match.group(2))
                days |= first > 12 >= second
                months |= second > 12 >= first
                dotted |= "." in word[: match.end(3)] and "/" not in word
                told |= first == second
                pairs.add((first, second))
        self.any = bool(pairs)
        self.open = any(first != second for first, second in pairs)
        self.proved = "both" if days and months else "day first" if days else "month first" if months else None
        self.why = ""
        if self.proved is None and self.open:
            if dotted:
                self.proved, self.why = "day first", ", as dates with points are"
            elif firsts and len(pairs) > 2 and {first for first, _ in pairs} == {1}:
                self.proved, self.why = "day first", ", the first of each month"
            elif firsts and len(pairs) > 2 and {second for _, second in pairs} == {1}:
                self.proved, self.why = "month first", ", the first of each month"


def instant_of(text: str, order: str | None = None) -> datetime | None:
    """The moment a text says; None for the far future that means "open", and for the zero that means "none".

    >>> instant_of("27 Oct 2024"), instant_of("13/04/2025 08:30", "day first")
    (datetime.datetime(2024, 10, 27, 0, 0), datetime.datetime(2025, 4, 13, 8, 30))
    >>> instant_of("03/04/2025")
    Traceback (most recent call last):
    cs_metrics.read.amounts.Unreadable: could be day/month or month/day.
    """
    if text in NEVER:
        return None
    if len(text) > LONGEST:
        raise Unreadable("is not a date.", "Write it as 2025-04-03.")
    if match := ISO.match(text) or EASTERN.match(text):
        year, month, day = (int(part) for part in match.groups()[:3])
        clock = match.group(4)
    elif match := COMPACT.match(text):
        year, month, day = (int(part) for part in match.groups()[:3])
        clock = ":".join(match.groups()[3:]) if match.group(4) else None
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
    elif (match := NAMED.match(text)) and match.group(2).casefold() in MONTHS:
        day, year, clock = int(match.group(1)), int(match.group(3)), match.group(4)
        month = MONTHS[match.group(2).casefold()]
    elif (match := NAMED_FIRST.match(text)) and match.group(1).casefold() in MONTHS:
        day, year, clock = int(match.group(2)), int(match.group(3)), match.group(4)
        month = MONTHS[match.group(1).casefold()]
    elif (match := NAMED_LAST.match(text)) and match.group(2).casefold() in MONTHS:
        day, year, clock = int(match.group(3)), int(match.group(1)), match.group(4)
        month = MONTHS[match.group(2).casefold()]
    elif (match := CLOCK_FIRST.match(text)) and match.group(1).casefold() in MONTHS:
        day, year, clock = int(match.group(2)), int(match.group(4)), match.group(3)
        month = MONTHS[match.group(1).casefold()]
    else:
        return _counted(text)
    if year >= OPEN_ENDED or (year >= 2099 and (month, day) == (12, 31)):
        return None
    year += (2000 if year < 70 else 1900) if year < 100 else 0
    try:
        return datetime(year, month, day, *_clock(clock))
    except ValueError as why:
        if isinstance(why, Unreadable):
            raise
        raise Unreadable("is a day that does not exist.", "Correct the date.") from None


def _counted(text: str) -> datetime:
    """A moment written as a number: days since 1899-12-30 as spreadsheets count, or seconds since 1970."""
    if (match := SERIAL.match(text)) and 20_000 <= int(match.group(1)) < 80_000:
        seconds = round(float(f"0.{match.group(2) or 0}") * 86_400)
        return datetime(1899, 12, 30) + timedelta(days=int(match.group(1)), seconds=seconds)
    if match := UNIX.match(text):
        seconds = int(match.group(1) or match.group(2)[:10])
        return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
    if text == NO_VALUE or text.startswith("#"):
        _refuse_marker(text)
    raise Unreadable("is not a date.", "Write it as 2025-04-03.")


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


MONTH_FORMS = (
    re.compile(r"(?P<year>\d{4})[-/.\s]?(?P<month>\d{2})$"),
    re.compile(r"(?P<year>\d{4})[-/.](?P<month>\d{1})$"),
    re.compile(r"(?P<year>\d{4})[-/.\s]+(?P<name>[^\W\d_]+)\.?$"),
    re.compile(r"(?P<name>[^\W\d_]+)\.?[-/.,_\s'’]*(?P<year>\d{4}|\d{2})$"),
    re.compile(r"(?P<name>[^\W\d_]+)\.?\s+(?:de|of|del)\s+(?P<year>\d{4})$"),
    re.compile(r"(?P<month>\d{1,2})[-/.](?P<year>\d{4})$"),
    re.compile(r"(?P<year>\d{4})[-/.\s]?M(?P<month>\d{1,2})$", re.I),
    re.compile(r"M(?P<month>\d{1,2})[-/.\s](?P<year>\d{4})$", re.I),
    re.compile(r"(?P<year>\d{4})\s?[年년]\s?(?P<month>\d{1,2})\s?[月월]$"),
)


def month_of(text: str, order: str | None = None) -> int:
    """The month a text says, as a number: 202503. Any date says its month.

    >>> [month_of(t) for t in ("2025-03", "Mar-25", "March 2025", "2025-03-31", "03/2025", "202503")]
    [202503, 202503, 202503, 202503, 202503, 202503]
    """
    for form in MONTH_FORMS if len(text) <= LONGEST else ():
        if match := form.match(text):
            parts = match.groupdict()
            month = int(parts["month"]) if parts.get("month") else MONTHS.get(parts["name"].casefold(), 0)
            year = int(parts["year"])
            year += (2000 if year < 70 else 1900) if year < 100 else 0
            if 1 <= month <= 12 and 1900 <= year < 2200:
                return year * 100 + month
    try:
        moment = instant_of(text, order)
    except Unreadable as why:
        problem = "is not a month." if why.problem == "is not a date." else why.problem
        raise Unreadable(problem, why.advice.replace("2025-04-03", "2025-04")) from None
    if moment is None:
        raise Unreadable("is not a month.", "Write it as 2025-04.")
    return moment.year * 100 + moment.month


BESIDE = r"(?:sum of|mrr|arr|revenue|umsatz|omzet|actuals?|ist|ricavi|receita|ingresos|revenus?)"
YEAR_FIRST = re.compile(r"(\d{2})[-/.\s]+([^\W\d_]{3,})\.?$")


def month_in(header: str, order: str | None = None) -> int | None:
    """The month a header says, beside words like MRR and a unit; None if it says none.

    >>> month_in("MRR Jan-24 (k€)"), month_in("2024-02 MRR"), month_in("ARR"), month_in("MRR (Jan 2024)")
    (202401, 202402, None, 202401)
    >>> month_in("MRR_2024_03"), month_in("24-Apr"), month_in("May 2024 Actual")
    (202403, 202404, 202405)
    """
    if len(header) > LONGEST:
        return None
    text = re.sub(r"\([^)]*\)|\[[^\]]*\]|[kt]?[€$£]", " ", header)
    text = _without_measure(text) or _without_measure(re.sub(r"[()\[\]]", " ", header))
    if (first := YEAR_FIRST.match(text)) and first[2].casefold() in MONTHS:
        text = f"{first[2]} {first[1]}"
    try:
        return month_of(text, order or Orders([text]).proved)
    except Unreadable:
        return None


def _without_measure(text: str) -> str:
    """A header without the words around it that say what is measured."""
    before = rf"(?i)^\s*(?:{BESIDE}(?![^\W\d_])[\s_:-]*)+"
    after = rf"(?i)(?:[\s_:-]*(?<![^\W\d_]){BESIDE})+\s*$"
    return re.sub(r"(?<=\d)_(?=\d)", "-", re.sub(after, "", re.sub(before, "", text)).strip())


def day_of(value: date | datetime) -> date:
    """The day of a moment."""
    return value.date() if isinstance(value, datetime) else value
