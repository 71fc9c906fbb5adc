"""Decks reopened: native charts with the package's own figures, names that stay names, and nothing a customer must not see."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from conftest import ROOT
from pptx import Presentation
from pptx.util import Pt
from typer.testing import CliRunner

from cs_metrics.analysis.bridge import steps
from cs_metrics.analysis.movements import last_period
from cs_metrics.book import Book, Misuse, Problem
from cs_metrics.cli import app
from cs_metrics.metric import METRICS
from cs_metrics.slides import Slide, customer, my_book, team, write
from cs_metrics.slides.all_decks import Wanted, archive, decks, kept
from cs_metrics.slides.parts import Bars, Card, Cards, Lines, Points, Table, Waterfall, fit
from cs_metrics.slides.template import open_template
from cs_metrics.units import MONEY, PERCENT

EVIL = "=HYPERLINK(1) <b>&\x07 😀 שלום " + "x" * 200


def opened(data: bytes) -> Presentation:
    return Presentation(io.BytesIO(data))


def charts(presentation: Presentation) -> list:
    return [shape.chart for slide in presentation.slides for shape in slide.shapes if shape.has_chart]


def workbook_of(chart: object) -> list[tuple]:
    blob = chart.part.chart_workbook.xlsx_part.blob
    return list(openpyxl.load_workbook(io.BytesIO(blob)).active.iter_rows(values_only=True))


def texts(presentation: Presentation) -> list[str]:
    found = []
    for slide in presentation.slides:
        for shape in slide.shapes:
            if shape.has_text_frame:
                found.append(shape.text_frame.text)
            if shape.has_table:
                found += [cell.text for row in shape.table.rows for cell in row.cells]
        if slide.has_notes_slide:
            found.append(slide.notes_slide.notes_text_frame.text)
    return found


def everything(data: bytes) -> str:
    """Every byte of every part, workbooks inside workbooks unpacked."""
    found = []
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        for name in packed.namelist():
            blob = packed.read(name)
            found.append(everything(blob) if name.endswith(".xlsx") else blob.decode("utf-8", "replace"))
    return "\n".join(found)


def test_the_teams_deck_holds_the_packages_figures(sample: Book) -> None:
    deck = opened(write(team(sample, sample.now())))
    waterfall, rates, by_csm = charts(deck)
    bars = steps(last_period(sample, 3).iloc[0])
    rows = workbook_of(waterfall)
    assert rows[0] == (None, "Base", "Total", "Came", "Went")
    assert [row[2] for row in rows[1:] if row[2]] == pytest.approx([bars["amount"].iloc[0], bars["amount"].iloc[-1]])
    assert [row[3] or row[4] for row in rows[2:-1]] == pytest.approx(bars["amount"].iloc[1:-1].abs().tolist())
    net = METRICS["net_revenue_retention"].of(sample, 3)
    assert [row[1] for row in workbook_of(rates)[1:]] == pytest.approx(net.dropna().tolist()[-25:])
    values = METRICS["net_revenue_retention"].tally(sample, 3, "csm").values.iloc[-1].dropna()
    assert {row[0]: row[1] for row in workbook_of(by_csm)[1:]} == pytest.approx(values.to_dict())
    said = "\n".join(texts(deck))
    assert "40 accounts" in said
    assert METRICS["net_revenue_retention"].basis(sample, 3) in said


def test_a_csms_deck_says_the_four_things(sample: Book) -> None:
    mine = sample.held_by("Ingrid Solberg")
    slides = my_book(mine, sample.now(), 12, "My book: Ingrid Solberg")
    assert [slide.name for slide in slides] == [
        "Cover",
        "In hand",
        "What moved it",
        "Retention",
        "At risk",
        "Advocates",
    ]
    said = texts(opened(write(slides)))
    mrr = MONEY.write(METRICS["mrr"].of(mine, 12).iloc[-1], mine.currency)
    assert any(mrr in text for text in said)
    assert "Aiko Tanaka" not in "\n".join(said)


def test_customers_see_nothing_they_must_not(sample: Book) -> None:
    """Canaries in everything internal of an account, and in every other account: none may be in the file."""
    tables = dict(sample.facts.tables)
    row = sample.accounts.index.get_loc("ACC-0001")
    canary = "CANARY-7f3a"
    for name, column in (
        ("notes", "note"),
        ("risks", "plan"),
        ("risks", "reason"),
        ("pulses", "note"),
        ("churns", "comment"),
    ):
        if name in tables:
            rows = tables[name].copy()
            rows[column] = canary
            rows.loc[rows.index[0], "row"] = row
            tables[name] = rows
    other = sample.accounts["name"].drop("ACC-0001")
    marked = replace(sample, facts=replace(sample.facts, tables=tables, _ready={}), memory={}).now()
    data = write(customer(marked.where_id("ACC-0001")))
    whole = everything(data)
    assert canary not in whole
    assert not [name for name in other if f">{name}<" in whole]
    for word in ("health", "pulse", "at risk", "churn", "MRR"):
        assert word.casefold() not in "\n".join(texts(opened(data))).casefold(), word
    assert len(customer(sample.now().where_id("ACC-0001"))) >= 6


def test_names_stay_names() -> None:
    parts = [
        Lines(pd.DataFrame({EVIL: [1.0, None, 2.0]}, index=["2025-01", EVIL, "2025-03"]), MONEY),
        Bars(pd.Series({EVIL: 0.5, "b": None}), PERCENT),
        Table(pd.DataFrame({"Account": [EVIL], "MRR": [None]}), (1, 1)),
        Cards([Card(EVIL, EVIL, EVIL)]),
        Points([EVIL]),
    ]
    data = write([Slide("x", EVIL, [part], EVIL, EVIL) for part in parts])
    for chart in charts(opened(data)):
        for line in workbook_of(chart):
            for value in line:
                assert not (isinstance(value, str) and value.startswith("="))
        with zipfile.ZipFile(io.BytesIO(chart.part.chart_workbook.xlsx_part.blob)) as packed:
            assert "<f>" not in packed.read("xl/worksheets/sheet1.xml").decode()
    said = texts(opened(data))
    assert any("x" * 150 in text for text in said)
    assert all(len(fit(EVIL, most)) <= most for most in (4, 60, 140))


def test_long_tables_break_across_slides_and_lose_no_row() -> None:
    rows = pd.DataFrame({"Account": [f"A{n}" for n in range(100)], "MRR": range(100)})
    deck = opened(write([Slide("x", "All", [Table(rows, (3, 1))], "basis")]))
    tables = [shape.table for slide in deck.slides for shape in slide.shapes if shape.has_table]
    assert [row.cells[0].text for table in tables for row in list(table.rows)[1:]] == rows["Account"].tolist()
    assert deck.slides[0].shapes.title.text_frame.text == f"All (1 of {len(tables)})"
    for slide in deck.slides:
        for shape in slide.shapes:
            assert shape.top + shape.height <= deck.slide_height
            assert shape.left + shape.width <= deck.slide_width


@pytest.mark.parametrize("size", [(9144000, 6858000), (12192000, 6858000)])
def test_a_companys_template_is_written_into(sample: Book, size: tuple[int, int]) -> None:
    own = Presentation()
    own.slide_width, own.slide_height = size
    own.slides.add_slide(own.slide_layouts[0]).shapes.title.text = "An old slide"
    target = io.BytesIO()
    own.save(target)
    data = write(team(sample, sample.now()), target.getvalue())
    deck = opened(data)
    assert (deck.slide_width, deck.slide_height) == size
    assert "An old slide" not in everything(data)
    assert not [p for slide in deck.slides for p in slide.placeholders if p.has_text_frame and not p.text_frame.text]


def test_no_letter_is_smaller_than_ten_points(sample: Book) -> None:
    for slide in opened(write(team(sample, sample.now()))).slides:
        for shape in slide.shapes:
            frames = [shape.text_frame] if shape.has_text_frame else []
            frames += [cell.text_frame for row in shape.table.rows for cell in row.cells] if shape.has_table else []
            sizes = [run.font.size for frame in frames for p in frame.paragraphs for run in p.runs if run.font.size]
            assert all(size >= Pt(10) for size in sizes)


def broken(kind: str) -> bytes:
    if kind == "old":
        return b"\xd0\xcf\x11\xe0" + b"0" * 100
    if kind == "noise":
        return b"not a presentation"
    own = Presentation()
    if kind == "no layouts":
        for layout in list(own.slide_layouts):
            own.slide_layouts.remove(layout)
    target = io.BytesIO()
    own.save(target)
    return target.getvalue()[: 3000 if kind == "cut" else None]


@pytest.mark.parametrize("kind", ["old", "noise", "no layouts", "cut"])
def test_a_template_that_cannot_be_used_says_why(kind: str) -> None:
    with pytest.raises(Problem, match=r"[Tt]emplate"):
        open_template(broken(kind))


def test_figures_that_are_undefined_are_left_out() -> None:
    book = Book.of_mrr({"A": [10.0]}, first="2025-01")
    slides = my_book(book, book)
    assert [slide.name for slide in slides] == ["Cover", "In hand"]
    assert any("–" in text for text in texts(opened(write(slides))))
    falling = Waterfall(steps(pd.Series({"opening": 0.0, "closing": 0.0})), MONEY)
    assert len(charts(opened(write([Slide("x", "Nothing", [falling])])))) == 1


def test_files_are_whole_or_not_there(sample: Book, tmp_path: Path) -> None:
    made = kept(decks(sample, Wanted(csm="Ingrid Solberg")), tmp_path / "mine.pptx")
    assert made == [(str(tmp_path / "mine.pptx"), 6)]
    with pytest.raises(Misuse, match="no CSM"):
        kept(decks(sample, Wanted(csm="Nobody")), tmp_path / "other.pptx")
    with pytest.raises(Misuse, match="neither"):
        kept(decks(sample, Wanted()), tmp_path / "deck.pdf")
    with pytest.raises(Misuse, match="no folder"):
        kept(decks(sample, Wanted()), tmp_path / "nowhere" / "deck.pptx")
    with pytest.raises(Problem, match="nothing to put"):
        kept(decks(Book.of_mrr({}, first="2025-01"), Wanted()), tmp_path / "empty.pptx")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.pptx"]


def test_a_deck_for_each_csm_in_one_archive(sample: Book) -> None:
    data, names = archive(decks(sample, Wanted(each="csm")))
    assert len(names) == len(sample.holders)
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        assert sorted(packed.namelist()) == sorted(name for name, _ in names)
        assert len(opened(packed.read("Ingrid-Solberg.pptx")).slides) >= 6


def test_the_command_writes_and_names_the_files(tmp_path: Path) -> None:
    asked = [
        "slides",
        str(ROOT / "sample_data"),
        "-o",
        str(tmp_path / "c.pptx"),
        "--account",
        "ACC-0001",
        "--format",
        "csv",
    ]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines() == ["file,slides", f"{tmp_path / 'c.pptx'},7"]
    assert CliRunner().invoke(app, [*asked, "--csm", "x"]).exit_code == 2
