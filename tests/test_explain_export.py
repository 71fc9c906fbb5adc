"""A figure as a workbook: its formulas recompute the figure from the accounts, and go on doing so when edited."""

from __future__ import annotations

import io
import math
import re
import shutil
import subprocess
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from cs_metrics.analysis.explain import explain_change
from cs_metrics.book import Book
from cs_metrics.export import TABLE_AT, VALUE_AT, Figure, figure_xlsx
from cs_metrics.metric import METRICS, Metric

OFFICE = shutil.which("soffice") or shutil.which("libreoffice")
ALWAYS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value>
</prop></item></oor:items>"""
NAMES = ("net_revenue_retention", "gross_renewal_rate", "logo_retention", "arpa", "mrr")


def figure_of(metric: Metric) -> Figure:
    return Figure(
        metric.label,
        [metric.formula, "3 months to 2025-03"],
        bottom="bottom" if metric.ratio else None,
        factor=metric.factor,
        value_format=metric.unit.sheet,
        top_format=metric.top.sheet,
        bottom_format=metric.bottom.sheet,
    )


def workbook(metric: Metric, book: Book, months: int = 3) -> bytes:
    return figure_xlsx(explain_change(metric, book, None, months), figure_of(metric))


# --- recomputing: a small reader of exactly these formulas, and a real spreadsheet ---------------------------------------


def recomputed(content: bytes) -> dict[str, float | None]:
    """The formulas above the table, computed from the cells with nothing cached: SUM, division, the rest by Python."""
    page = openpyxl.load_workbook(io.BytesIO(content)).active

    def value(cell: str) -> float | None:
        content = page[cell].value
        if not isinstance(content, str) or not content.startswith("="):
            return content
        if found := re.fullmatch(r"=SUM\((\w+):(\w+)\)", content):
            return math.fsum(c.value or 0 for row in page[found[1] : found[2]] for c in row)
        if found := re.fullmatch(r'=IF\((\w+)=0,"",(\d+)\*(\w+)/(\w+)\)', content):
            base = value(found[1])
            return int(found[2]) * value(found[3]) / value(found[4]) if base else None
        if found := re.fullmatch(r'=IF\(COUNT\((\w+),(\w+)\)=2,(\w+)-(\w+),""\)', content):
            one, other = value(found[1]), value(found[2])
            return None if one is None or other is None else one - other
        found = re.fullmatch(r"=(\w+)", content)
        assert found, content
        return value(found[1])

    return {name: value(f"{column}{VALUE_AT + 1}") for name, column in (("now", "B"), ("before", "C"), ("change", "D"))}


def recalculated(content: bytes, folder: Path) -> openpyxl.worksheet.worksheet.Worksheet:
    """The workbook after a spreadsheet program computed every formula anew."""
    profile = folder / "profile" / "user"
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "registrymodifications.xcu").write_text(ALWAYS)
    (folder / "figure.xlsx").write_bytes(content)
    subprocess.run(
        [str(OFFICE), "--headless", f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--convert-to", "xlsx",
         "--outdir", str(folder / "out"), str(folder / "figure.xlsx")],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    return openpyxl.load_workbook(folder / "out" / "figure.xlsx", data_only=True).active


def edited(content: bytes, row: int, header: str, value: float) -> bytes:
    """The workbook with one cell of its table changed, and nothing of what was cached."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    page = book.active
    headers = [cell.value for cell in page[TABLE_AT + 1]]
    page.cell(TABLE_AT + 2 + row, headers.index(header) + 1).value = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("name", NAMES)
def test_the_formulas_recompute_the_figure(name: str, golden: Book) -> None:
    metric = METRICS[name]
    values = metric.of(golden, 3)
    found = recomputed(workbook(metric, golden))
    assert found["now"] == pytest.approx(values.iloc[-1], rel=1e-12)
    if math.isfinite(values.iloc[-4]):
        assert found["before"] == pytest.approx(values.iloc[-4], rel=1e-12)
        assert found["change"] == pytest.approx(values.iloc[-1] - values.iloc[-4], abs=1e-12)


def test_an_edited_row_moves_the_figure(golden: Book) -> None:
    content = workbook(METRICS["net_revenue_retention"], golden)
    page = openpyxl.load_workbook(io.BytesIO(content)).active
    assert page.cell(TABLE_AT + 2, 1).value == "A"
    assert recomputed(edited(content, 0, "top", 100.0))["now"] == pytest.approx(0.84)


@pytest.mark.skipif(OFFICE is None, reason="no LibreOffice here (soffice): the formulas are checked by openpyxl only")
def test_a_spreadsheet_program_computes_the_same(golden: Book, tmp_path: Path) -> None:
    metric = METRICS["net_revenue_retention"]
    rows = explain_change(metric, golden, None, 1)
    content = figure_xlsx(rows, figure_of(metric))
    page = recalculated(content, tmp_path / "as it is")
    values = metric.of(golden, 1)
    assert page.cell(VALUE_AT + 1, 2).value == pytest.approx(values.iloc[-1], rel=1e-12)
    assert page.cell(VALUE_AT + 1, 4).value == pytest.approx(values.iloc[-1] - values.iloc[-2], abs=1e-12)
    column = [cell.value for cell in page[TABLE_AT + 1]].index("contribution") + 1
    parts = [page.cell(TABLE_AT + 2 + at, column).value for at in range(len(rows))]
    assert parts == pytest.approx(rows["contribution"].tolist(), abs=1e-12)
    assert sum(parts) == pytest.approx(page.cell(VALUE_AT + 1, 4).value, abs=1e-12)

    first = rows.iloc[0]
    other = recalculated(edited(content, 0, "top", first["top"] + 100), tmp_path / "edited")
    expected = (rows["top"].sum() + 100) / rows["bottom"].sum()
    assert other.cell(VALUE_AT + 1, 2).value == pytest.approx(expected, rel=1e-12)


def test_what_is_cached_is_what_the_formulas_give(golden: Book) -> None:
    for name in NAMES:
        content = workbook(METRICS[name], golden, 1)
        page = openpyxl.load_workbook(io.BytesIO(content), data_only=True).active
        found = recomputed(content)
        for column, key in ((2, "now"), (3, "before"), (4, "change")):
            cached = page.cell(VALUE_AT + 1, column).value
            assert cached == (pytest.approx(found[key], abs=1e-12) if found[key] is not None else None), (name, key)


def test_names_never_become_formulas() -> None:
    nasty = ["=1+1", "+SUM(A1)", "@x", "-2+3", "http://example.invalid", "=HYPERLINK(1)"]
    book = Book.of_mrr({name: [10, 20] for name in nasty}, first="2025-01")
    rows = explain_change(METRICS["net_revenue_retention"], book, None, 1)
    content = figure_xlsx(rows, Figure("=cmd|x", ["@note"]))
    page = openpyxl.load_workbook(io.BytesIO(content)).active
    for row in page.iter_rows(min_row=TABLE_AT + 2, max_col=3):
        for cell in row:
            assert cell.data_type != "f"
            assert cell.hyperlink is None
    assert (page["A1"].data_type, page["A1"].value) == ("s", "'=cmd|x")
    assert page["A2"].value == "'@note"


def test_a_figure_without_rows_is_blank() -> None:
    nobody = Book.of_mrr({"A": [0, 0]}, first="2025-01")
    content = workbook(METRICS["net_revenue_retention"], nobody, 1)
    assert recomputed(content)["now"] is None
    assert openpyxl.load_workbook(io.BytesIO(content), data_only=True).active.cell(VALUE_AT + 1, 2).value is None


def test_the_columns_a_figure_is_made_of_may_have_other_names() -> None:
    rows = pd.DataFrame({"account_id": ["A", "B"], "amount": [30.0, -10.0]})
    assert recomputed(figure_xlsx(rows, Figure("Expansion", top="amount", bottom=None)))["now"] == 20
