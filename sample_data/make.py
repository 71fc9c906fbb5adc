"""A software company with one of everything, made from a seed: ``python sample_data/make.py [folder]``.

Pelican Row Analytics sells a product with three add-ons to some 430 companies, in dollars and euros, from January
2023 to December 2025. Its tables stand beside this file, one CSV each. Because we made it we know what is true of
it: ``truths.json`` says what is planted, so that a figure, a list or a page can be held against it.

``company.py`` is the company as it is, ``records.py`` what its systems recorded, ``planted.py`` the truths,
``plans.py`` what is being done about its risks. The same seed writes the same bytes.
"""

import json
import sys
from pathlib import Path

import pandas as pd
from company import company
from plans import with_plans
from planted import truths
from records import tables, with_ids


def write(rows: pd.DataFrame, path: Path) -> None:
    """A table as CSV: rows sorted, amounts with two decimals at most, lines ended alike on every system."""
    rows = rows.sort_values(list(rows.columns[:3]), kind="stable")
    whole = {c: "Int64" for c in rows.select_dtypes("number") if (rows[c].dropna() % 1 == 0).all()}
    rows.astype(whole).to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def make(folder: Path) -> None:
    """Write all tables and the truths into a folder."""
    whole = company()
    found = tables(whole)
    known = truths(whole, found)
    for name, rows in with_plans(with_ids(found)).items():
        write(rows, folder / f"{name}.csv")
    text = json.dumps(known, ensure_ascii=False, indent=1)
    (folder / "truths.json").write_text(text + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
