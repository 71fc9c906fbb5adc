"""What a file got wrong, or what was assumed of it: where, what, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

Severity = Literal["refused", "row left out", "note"]


class Trouble(NamedTuple):
    """One finding in one place. ``row`` counts as the spreadsheet does, header included; 0 for a whole file."""

    file: str
    sheet: str
    row: int
    column: str
    value: str
    problem: str
    advice: str
    severity: Severity

    def __str__(self) -> str:
        place = self.file + (f", sheet {self.sheet}" if self.sheet else "")
        place += f", row {self.row}" if self.row else ""
        place += f", {self.column}" if self.column else ""
        value = f': "{shortened(self.value)}"' if self.value else ":"
        return f"{place}{value} {self.problem}" + (f" {self.advice}" if self.advice else "")


class Refused(Exception):
    """The files cannot be used as they are. ``troubles`` lists everything found, not only the first."""

    def __init__(self, troubles: Iterable[Trouble]):
        self.troubles = list(troubles)
        refused = [t for t in self.troubles if t.severity == "refused"]
        super().__init__("\n".join(str(t) for t in refused[:20]))


def shortened(text: str, most: int = 80) -> str:
    """A value short enough to show.

    >>> shortened("x" * 100, 10)
    'xxxxxxxxx…'
    """
    return text if len(text) <= most else text[: most - 1] + "…"
