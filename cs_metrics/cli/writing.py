"""A table on standard output, as text, CSV or JSON."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from cs_metrics.cli.options import Format

if TYPE_CHECKING:
    import pandas as pd


def write(table: pd.DataFrame, format: Format, *columns: str) -> None:
    """The table on standard output; undefined is blank, null in JSON."""
    from cs_metrics.export import as_text, cells

    table = table.reindex(columns=list(columns)) if columns else table
    if format is Format.json:
        rows = table.astype(object).to_dict("records")
        print(json.dumps([{name: _plain(value) for name, value in row.items()} for row in rows], ensure_ascii=False))
    elif format is Format.csv:
        sys.stdout.write(cells(table).to_csv(index=False, lineterminator="\n"))
    elif len(table):
        shown = table.astype(object).map(lambda value: _rounded(as_text(value)))
        print(shown.to_string(index=False, na_rep="", justify="left", max_colwidth=60))
    else:
        print(f"(no rows: {', '.join(map(str, table.columns))})")


def _plain(value: Any) -> Any:
    """A value as JSON knows it."""
    import pandas as pd

    if isinstance(value, list):
        return "; ".join(map(str, value))
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    return value.item() if hasattr(value, "item") else value


def _rounded(value: Any) -> Any:
    return (
        ""
        if value is None
        else f"{value:.6g}"
        if isinstance(value, float) and abs(value) < 1000
        else f"{value:,.2f}"
        if isinstance(value, float)
        else value
    )
