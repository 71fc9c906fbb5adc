"""A calendar as a file: all-day events as RFC 5545 writes them, for every calendar program."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import pandas as pd

from cs_metrics.analysis.due_soon import TOUCH

LINE = 75
UNWRITABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class Event(NamedTuple):
    """Something due on a day. ``key`` is what makes it the same event the next time it is exported."""

    day: date
    title: str
    about: str
    key: str


def calendar(events: Iterable[Event], name: str, made: datetime | None = None) -> bytes:
    """The events as a file. Calendars that read it again replace the events they know by their key.

    >>> one = Event(date(2026, 1, 5), "QBR, Acme", "Ann", "A|QBR")
    >>> b"DTSTART;VALUE=DATE:20260105" in calendar([one], "Ann").splitlines()
    True
    """
    stamp = f"{(made or datetime.now(UTC)).astimezone(UTC):%Y%m%dT%H%M%SZ}"
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//CS Metrics//Calendar//EN",
        "CALSCALE:GREGORIAN",
        f"X-WR-CALNAME:{escaped(name)}",
    ]
    for event in events:
        key = hashlib.sha256(event.key.encode()).hexdigest()[:32]
        lines += [
            "BEGIN:VEVENT",
            f"UID:{key}@cs-metrics",
            f"DTSTAMP:{stamp}",
            f"DTSTART;VALUE=DATE:{event.day:%Y%m%d}",
            f"DTEND;VALUE=DATE:{event.day + timedelta(days=1):%Y%m%d}",
            f"SUMMARY:{escaped(event.title)}",
            f"DESCRIPTION:{escaped(event.about)}",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in folded(line)).encode()


def escaped(text: str) -> str:
    r"""A text as a property's value: backslash, semicolon, comma and line break escaped, control characters dropped.

    >>> escaped("Acme, Inc; a\nb")
    'Acme\\, Inc\\; a\\nb'
    """
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    plain = UNWRITABLE.sub("", plain).replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return plain.replace("\n", "\\n")


def folded(line: str) -> list[str]:
    """A line in pieces of at most 75 octets, none within a character; all but the first begin with a space.

    >>> [len(part.encode()) for part in folded("ä" * 60)]
    [74, 47]
    """
    parts, room, now, size = [], LINE, "", 0
    for letter in line:
        width = len(letter.encode())
        if size + width > room:
            parts.append(now)
            now, size = " ", 1
        now, size = now + letter, size + width
    return [*parts, now]


def events_of(due: pd.DataFrame, currency: str = "") -> list[Event]:
    """What is due, as events: the account and what, and below it whose it is and what it pays.

    A touchpoint the cadence asks for is one event of its account, however often its day moves; all else is one a day.
    """
    return [
        Event(
            each["due_on"].date(),
            f"{each['what']}: {each['name']}",
            f"{each['csm']}\nMRR {each['mrr']:,.0f} {currency}".strip() + f"\n{each['account_id']}",
            f"{each['account_id']}|{each['kind']}"
            + ("" if each["kind"] == TOUCH else f"|{each['what']}|{each['due_on']:%Y-%m-%d}"),
        )
        for each in due.to_dict("records")
    ]
