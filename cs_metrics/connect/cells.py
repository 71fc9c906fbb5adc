"""Values of a database or a service as text, as a file would hold them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from datetime import time as clock
from decimal import Decimal
from typing import Any

import pyarrow as pa


def as_text(values: list[Any]) -> pa.Array:
    """Values of a database as text, as a file would hold them; null where there is none.

    >>> as_text([Decimal("12.50"), 3.0, True, datetime(2025, 3, 31), None, b"ab"]).to_pylist()
    ['12.50', '3', 'true', '2025-03-31', None, '6162']
    """
    kinds = set(map(type, values)) - {type(None)}
    if kinds <= {str}:
        return pa.array(values, pa.string())
    if kinds == {int} and max(map(abs, filter(None, values)), default=0) < 2**62:
        return pa.array(values, pa.int64()).cast(pa.string())
    return pa.array([None if value is None else written(value) for value in values], pa.string())


def written(value: Any) -> str | None:
    """One value as text: days in ISO form, moments in UTC, whole numbers without a point, bytes in hexadecimal."""
    for kind, write in WRITERS:
        if isinstance(value, kind):
            return write(value)
    return str(value)


def _number(value: float) -> str | None:
    if value != value:
        return None
    return str(int(value)) if value.is_integer() and abs(value) < 1e16 else repr(value)


def _moment(value: datetime) -> str:
    value = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    return value.date().isoformat() if value.time() == clock(0) else value.isoformat(" ", "seconds")


WRITERS: tuple[tuple[type | tuple[type, ...], Callable[[Any], str | None]], ...] = (
    (str, str),
    (bool, lambda value: "true" if value else "false"),
    (float, _number),
    (Decimal, lambda value: None if value.is_nan() else format(value, "f")),
    (datetime, _moment),
    ((date, clock), lambda value: value.isoformat()),
    ((bytes, bytearray, memoryview), lambda value: bytes(value).hex()),
    ((list, dict, tuple), lambda value: json.dumps(value, default=str, ensure_ascii=False)),
)


def text_table(rows: list[dict[str, Any]]) -> pa.Table:
    """Rows as columns of text; a column for every name that any row has."""
    names = dict.fromkeys(name for row in rows for name in row)
    return pa.table({name: as_text([row.get(name) for row in rows]) for name in names})
