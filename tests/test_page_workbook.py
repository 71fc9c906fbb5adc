"""The workbook of a page: each figure computed by formula on a sheet of its own, named on the first."""

from __future__ import annotations

import io

import openpyxl
import pandas as pd
from conftest import ROOT
from streamlit.testing.v1 import AppTest

from cs_metrics.analysis.explain import explain_change
from cs_metrics.book import Book
from cs_metrics.export import VALUE_AT, Figure, page_xlsx
from cs_metrics.metric import METRICS


def test_each_figure_is_a_formula_on_its_own_sheet(golden: Book) -> None:
    metric = METRICS["net_revenue_retention"]
    rows = explain_change(metric, golden, None, 3)
    figure = Figure(metric.label, [], value_format="0.0%")
    names = ["Net [1/2]: revenue*", "net [1/2]: REVENUE*", "=Evil list"]
    data = page_xlsx("=Page", [(names[0], rows, figure), (names[1], rows, figure), (names[2], rows.head(2), None)])
    book = openpyxl.load_workbook(io.BytesIO(data))
    kept = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    assert len(book.sheetnames) == 4
    assert book["Figures"]["A1"].value == "'=Page"
    assert book["Figures"]["A5"].value == "'=Evil list"
    formula = book["Figures"]["B3"].value
    assert formula == f"='{book.sheetnames[1]}'!B{VALUE_AT + 1}"
    value = metric.of(golden, 3).iloc[-1]
    assert abs(kept["Figures"]["B3"].value - value) < 1e-12
    assert kept["Figures"]["B5"].value == 2


def test_an_empty_list_is_a_sheet_too() -> None:
    data = page_xlsx("Page", [("Nothing", pd.DataFrame({"a": []}), None)])
    assert openpyxl.load_workbook(io.BytesIO(data)).sheetnames == ["Figures", "Nothing"]


def test_pages_offer_a_workbook_of_what_they_show() -> None:
    page = AppTest.from_file(str(ROOT / "pages" / "frame.py"), default_timeout=60).run()
    page.switch_page("2_revenue/1_retention.py").run()
    assert not page.exception
    shown = page.session_state["on_page"]
    assert {"Net revenue retention", "Gross revenue retention"} <= set(shown)
    rows, figure = shown["Net revenue retention"]()
    assert figure is not None
    assert rows["bottom"].sum() > 0
