"""How figures are written, and what leaves the program: nothing that a spreadsheet takes for a formula."""

from __future__ import annotations

import csv
import io
import zipfile

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_metrics import charts
from cs_metrics.analysis.bridge import steps
from cs_metrics.export import DANGEROUS, csv_bytes, file_name, safe_cell, xlsx_bytes
from cs_metrics.read.files import File
from cs_metrics.read.reading import read
from cs_metrics.units import COUNT, MONEY, PERCENT, POINTS

INJECTIONS = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "=cmd|' /C calc'!A0",
    "\t=1",
    "\r=1",
    " =1",
    "＝1+1",
    "%x",
    "|x",
    '=HYPERLINK("http://x")',
    "{=1+1}",
    "http://example.invalid",
]


@pytest.mark.parametrize(
    ("unit", "value", "written"),
    [
        (PERCENT, 0.94, "94.0 %"),
        (PERCENT, 1.0, "100.0 %"),
        (MONEY, 1_234_567, "€1.23 M"),
        (MONEY, 999_999, "€1.00 M"),
        (MONEY, 12_345, "€12.3 k"),
        (MONEY, 9_999, "€9,999"),
        (MONEY, -54_321, "−€54.3 k"),
        (MONEY, 0, "€0"),
        (COUNT, 420, "420"),
        (POINTS, -40, "−40"),
        (PERCENT, float("nan"), "–"),
        (MONEY, None, "–"),
    ],
)
def test_figures_are_written_as_people_read_them(unit: object, value: float, written: str) -> None:
    assert unit.write(value, "EUR") == written


def test_changes_always_carry_their_sign() -> None:
    assert PERCENT.write_difference(0.012) == "+1.2 points"
    assert MONEY.write_difference(-1200, "USD") == "−$1,200"
    assert MONEY.write_difference(0, "USD") == "$0"


@pytest.mark.parametrize("text", INJECTIONS)
def test_no_name_becomes_a_formula(text: str) -> None:
    table = pd.DataFrame({"name": [text], text: [1.5], "mrr": [-10.0]})
    workbook = xlsx_bytes(table)
    with zipfile.ZipFile(io.BytesIO(workbook)) as parts:
        everything = b"".join(parts.read(name) for name in parts.namelist())
    assert b"<f>" not in everything
    assert b"<hyperlink" not in everything
    sheet = openpyxl.load_workbook(io.BytesIO(workbook)).active
    assert sheet["C2"].value == -10
    _, [first, *_] = csv.reader(io.StringIO(csv_bytes(table).decode("utf-8-sig"), newline=""))
    assert first.startswith("'") or not text.strip().startswith(DANGEROUS)


@given(text=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30))
def test_what_is_exported_is_read_back_the_same(text: str) -> None:
    name = text.strip() or "x"
    table = pd.DataFrame({"account_id": ["1"], "name": [name], "csm": ["Ann"]})
    found = read([File("accounts.csv", csv_bytes(table))]).tables["accounts"]["name"].to_pylist()
    expected = name[1:] if name.startswith("'") and name[1:].lstrip().startswith(DANGEROUS) else name
    assert found == [expected.strip() if expected != name else name] or found == [name]


def test_plain_numbers_stay_numbers() -> None:
    assert safe_cell("-10") == "-10"
    assert safe_cell("+1,234.5") == "+1,234.5"


def test_other_contents_get_another_name() -> None:
    assert file_name("At risk", b"one", "csv") != file_name("At risk", b"two", "csv")
    assert xlsx_bytes(pd.DataFrame({"a": [1]})) == xlsx_bytes(pd.DataFrame({"a": [1]}))


def test_undefined_is_an_empty_cell() -> None:
    table = pd.DataFrame({"value": [np.nan, 0.0], "when": [pd.NaT, pd.Timestamp("2025-01-02")]})
    assert csv_bytes(table).decode("utf-8-sig") == "value,when\r\n,\r\n0.0,2025-01-02\r\n"


# --- charts: on the figure's data, never its pixels ------------------------------------------------------------------

MOVED = pd.Series(
    {
        "opening": 100.0,
        "new": 20.0,
        "expansion": 0.0,
        "contraction": -5.0,
        "churn": -15.0,
        "reactivation": 0.0,
        "fx": 0.0,
        "transfer_in": 0.0,
        "transfer_out": -10.0,
        "closing": 90.0,
    }
)


def test_a_waterfall_ends_where_it_says() -> None:
    bars = steps(MOVED)
    assert bars["label"].tolist() == [
        "Opening",
        "New",
        "Expansion",
        "Contraction",
        "Churn",
        "Handed on",
        "Closing",
    ]
    assert bars["end"].iloc[-2] == bars["amount"].iloc[-1] == 90
    figure = charts.waterfall(MOVED, "USD")
    [bar] = figure.data
    assert list(bar.text) == ["$100", "+$20", "$0", "−$5", "−$15", "−$10", "$90"]
    assert list(bar.customdata) == bars["name"].tolist()


def test_undefined_months_are_gaps_in_a_line() -> None:
    table = pd.DataFrame({"Net": [np.nan, 1.1]}, index=pd.period_range("2025-01", periods=2, freq="M"))
    figure = charts.series(table, PERCENT, target=0.9)
    assert list(figure.data[0].y) == [None, 1.1]
    assert list(figure.data[0].x) == ["2025-01", "2025-02"]


def test_groups_without_a_figure_are_left_out_of_the_bars() -> None:
    figure = charts.by_group(pd.Series({"Ann": 0.9, "Ben": np.nan}), PERCENT, whole=0.95)
    assert list(figure.data[0].x) == ["Ann"]


def test_an_empty_table_is_a_legal_figure() -> None:
    assert charts.series(pd.DataFrame(), PERCENT).data == ()
    assert len(charts.by_group(pd.Series(dtype=float), PERCENT).data[0].x) == 0
    assert charts.stacked(pd.DataFrame(), MONEY).data == ()
    assert charts.waterfall(pd.Series(dtype=float)).data[0].x


def test_gains_and_losses_differ_in_more_than_hue() -> None:
    from cs_metrics.charts.style import MOVEMENT

    def lightness(colour: str) -> float:
        red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    assert abs(lightness(MOVEMENT["new"]) - lightness(MOVEMENT["expansion"])) > 0.1
    assert abs(lightness(MOVEMENT["contraction"]) - lightness(MOVEMENT["churn"])) > 0.1
    blue, orange = MOVEMENT["new"], MOVEMENT["churn"]
    assert int(blue[5:], 16) > int(blue[1:3], 16)
    assert int(orange[5:], 16) < int(orange[1:3], 16)
