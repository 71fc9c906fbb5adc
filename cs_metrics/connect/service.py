"""A service read live: what it is called, what opens it, and how much of it is read at most."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import pyarrow as pa

from cs_metrics.book import Problem

SECONDS = 30
TRIES = 4
LONGEST_WAIT = 60
MOST_SECONDS = 900
MOST_ROWS = 500_000
TOLD_EVERY = 5_000

Thing = TypeVar("Thing")
Progress = Callable[[str], None]


class Contents(NamedTuple):
    """What a service holds: its tables by name, every column as text, and what should be known of them."""

    tables: dict[str, pa.Table]
    notes: list[str]


@dataclass(frozen=True)
class Service:
    """A service, known by its ``name``. The words of the environment it needs are secrets: they are never shown.

    ``advice`` says what to set them to; ``read`` reads the whole and says how far it is.
    """

    name: str
    label: str
    keys: tuple[str, ...]
    advice: str
    read: Callable[[Progress | None], Contents]

    @property
    def address(self) -> str:
        """How the service is named where a database could stand: ``stripe://``."""
        return f"{self.name}://"

    @property
    def lacking(self) -> list[str]:
        """The words of the environment that are not set."""
        return [key for key in self.keys if not os.environ.get(key)]

    @property
    def what_to_set(self) -> str:
        """The beginning of a sentence: what is still to be set before the service can be read."""
        *others, last = self.lacking
        return f"Set {', '.join(others)} and {last}" if others else f"Set {last}"

    def contents(self, progress: Progress | None = None) -> Contents:
        """What the service holds now. Raises Problem, which never holds a secret."""
        if self.lacking:
            raise Problem(f"{self.what_to_set}. {self.advice}")
        return self.read(progress)

    def called(self, table: str) -> str:
        """What a table is called once it was read: like a file in a folder, ``stripe/customers``."""
        return f"{self.name}/{table}"


class Bounds:
    """How long reading a service may take and how many rows a list of it may have; says how far it is."""

    def __init__(self, label: str, progress: Progress | None = None):
        self.label, self.progress = label, progress
        self.until = time.monotonic() + MOST_SECONDS

    def counted(self, what: str, things: Iterable[Thing]) -> Iterator[Thing]:
        """These things, one by one. Raises Problem where there are too many: a list is read whole, or not at all."""
        for count, thing in enumerate(things, 1):
            if count > MOST_ROWS:
                raise Problem(f"{self.label} has more than {MOST_ROWS:,} {what}. Import them from an export instead.")
            if time.monotonic() > self.until:
                raise Problem(
                    f"{self.label} took more than {MOST_SECONDS // 60} minutes to answer. "
                    "Try again later, or import exports of it."
                )
            if self.progress and not count % TOLD_EVERY:
                self.progress(f"{self.label}: {count:,} {what} read")
            yield thing


def patience() -> Any:
    """How often a busy service is asked again: as late as it says, but not later than a minute, a few times."""
    from urllib3.util.retry import Retry

    return Retry(
        total=TRIES,
        status_forcelist=(429, 500, 502, 503, 504),
        allowed_methods=("GET",),
        backoff_factor=0.5,
        raise_on_status=False,
        retry_after_max=LONGEST_WAIT,
    )


def stands_for(rows: list[dict[str, Any]], name: str, other: str) -> bool:
    """Is one figure given wherever the other is, so that it can be taken in its place?

    >>> stands_for([{"mrr": "1", "amount": "12"}, {"mrr": None, "amount": None}], "mrr", "amount")
    True
    """
    told = [row for row in rows if row.get(other)]
    return bool(told) and all(row.get(name) for row in told)


def several_currencies(label: str, what: str, rows: list[dict[str, Any]], name: str) -> list[str]:
    """A sentence where amounts are in more than one currency."""
    codes = sorted({row[name] for row in rows if row.get(name)})
    return [f"{label}: amounts of {what} are in {', '.join(codes)}, not converted"] if len(codes) > 1 else []


def without(said: object, *secrets: str) -> str:
    """The first line of what was said, without any of these secrets.

    >>> without("bad key s3cret\\nmore", "s3cret", "")
    'bad key ***'
    """
    text = str(said).strip().partition("\n")[0][:500]
    for secret in filter(None, secrets):
        text = text.replace(secret, "***")
    return text
