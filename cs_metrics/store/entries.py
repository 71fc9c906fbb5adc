"""Facts typed in: a pulse, a flagged risk and its plan, a note, a week's calls. Each entry is a batch of its own."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa

from cs_metrics.book import SCALE
from cs_metrics.store.batches import Happened, import_batch
from cs_metrics.store.known import ARROW
from cs_metrics.tables import Row, columns


def record_row(database: str, row: Row, who: str = "", note: str = "") -> Happened:
    """Keep one row. A row with the id of an older one replaces it; the older one stays in the history."""
    return record_rows(database, [row], who, note)


def record_rows(database: str, rows: Sequence[Row], who: str = "", note: str = "") -> Happened:
    """Keep rows of one table that belong together, as one batch: all or none.

    Columns that no row gives stay as they were where a row replaces an older one.
    """
    kinds = columns(type(rows[0]))
    given = [{name: _stored(value) for name, value in row.model_dump(exclude_unset=True).items()} for row in rows]
    names = [name for name in kinds if any(name in values for values in given)]
    table = pa.table(
        {name: pa.array([values.get(name) for values in given], ARROW[kinds[name].kind]) for name in names}
    )
    return import_batch(database, {rows[0].table: table}, who=who, note=note, kind="entry")


def _stored(value: Any) -> Any:
    return int((value * SCALE).to_integral_value()) if isinstance(value, Decimal) else value
