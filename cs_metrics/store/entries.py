"""Facts typed in one at a time: a pulse, a flagged risk and its plan, a note. Each is a batch of its own."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pyarrow as pa

from cs_metrics.book import SCALE
from cs_metrics.store.batches import Happened, import_batch
from cs_metrics.store.known import ARROW
from cs_metrics.tables import Row, columns


def record_row(database: str, row: Row, who: str = "", note: str = "") -> Happened:
    """Keep one row. A row with the id of an older one replaces it; the older one stays in the history."""
    kinds = columns(type(row))
    given = {name: _stored(value) for name, value in row.model_dump(exclude_unset=True).items()}
    table = pa.table({name: pa.array([value], ARROW[kinds[name].kind]) for name, value in given.items()})
    return import_batch(database, {row.table: table}, who=who, note=note, kind="entry")


def _stored(value: Any) -> Any:
    return int((value * SCALE).to_integral_value()) if isinstance(value, Decimal) else value
