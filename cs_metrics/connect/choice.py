"""Which tables of a database are read, and by which column only what changed of them; kept as TOML."""

from __future__ import annotations

import json
import tomllib
from typing import NamedTuple


class Choice(NamedTuple):
    """The tables of a database by their names, and the column of days by which only what is new is read.

    >>> Choice.of(Choice(("sales.customers", 'a "b"'), "updated_at").written)
    Choice(tables=('sales.customers', 'a "b"'), since='updated_at')
    """

    tables: tuple[str, ...] = ()
    since: str | None = None

    @property
    def written(self) -> str:
        """As the TOML text that ``of`` reads back the same."""
        names = ", ".join(json.dumps(name, ensure_ascii=False) for name in self.tables)
        return f"tables = [{names}]\n" + (
            f"since = {json.dumps(self.since, ensure_ascii=False)}\n" if self.since else ""
        )

    @classmethod
    def of(cls, text: str) -> Choice:
        """What a text that was kept says."""
        said = tomllib.loads(text)
        return cls(tuple(said["tables"]), said.get("since"))

    def __str__(self) -> str:
        return ", ".join(self.tables) + (f"; only what changed, by {self.since}" if self.since else "")
