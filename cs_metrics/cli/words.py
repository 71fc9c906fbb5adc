"""What options say, as values; problems as sentences, on standard error."""

from __future__ import annotations

import getpass
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    import pandas as pd


@contextmanager
def kindly() -> Iterator[None]:
    """Problems as sentences: 1 for refused data, 2 for a name or value that does not exist."""
    from cs_metrics.book import Misuse, Problem
    from cs_metrics.read.problems import Refused

    try:
        yield
    except Refused as refused:
        for trouble in refused.troubles:
            if trouble.severity == "refused":
                say(str(trouble))
        raise typer.Exit(1) from None
    except Problem as problem:
        say(str(problem))
        raise typer.Exit(2 if isinstance(problem, Misuse) else 1) from None
    except BrokenPipeError:
        sys.stderr.close()
        raise typer.Exit(0) from None


def say(text: str) -> None:
    """Say it on standard error: numbers alone go to standard output."""
    print(text, file=sys.stderr)


def who() -> str:
    """Who is at the keyboard, for the history."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def day_of(text: str | None, option: str) -> date | None:
    """A day, as 2025-03-31."""
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f'{option} "{text}" is not a day; write it as 2025-03-31') from None


def month_of(text: str, option: str) -> pd.Period:
    """A month, as 2025-03."""
    from cs_metrics.months import month

    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
        raise typer.BadParameter(f'{option} "{text}" is not a month; write it as 2025-03')
    return month(text)


def wanted(where: list[str] | None) -> dict[str, list[str]]:
    """What --where asks for: attribute → the values wanted, any of them."""
    wanted: dict[str, list[str]] = {}
    for text in where or ():
        name, value = pair(text, "--where")
        wanted.setdefault(name, []).append(value)
    return wanted


def pair(text: str, option: str) -> tuple[str, str]:
    """Name and value, of name=value."""
    name, equals, value = text.partition("=")
    if not equals:
        raise typer.BadParameter(f'{option} "{text}": write it as name=value')
    return name.strip(), value.strip()
