"""Decks reopened: native charts with the package's own figures, names that stay names, and nothing a customer must not see."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from conftest import ROOT
from deck_checks import everything_wrong
from lxml import etree
from pptx import Presentation
from typer.testing import CliRunner

from cs_metrics.analysis.bridge import steps
from cs_metrics.analysis.movements import last_period
from cs_metrics.book import Book, Misuse, Problem
from cs_metrics.cli import app
from cs_metrics.metric import METRICS
from cs_metrics.slides import DECKS, Slide, write
from cs_metrics.slides.all_decks import Deck, Wanted, decks
from cs_metrics.slides.asked import SLIDES
from cs_metrics.slides.decks import may_be_added
from cs_metrics.slides.files import kept
from cs_metrics.slides.lines_and_bars import Bars, Lines, Ranges, Stacked, Waterfall, named
from cs_metrics.slides.measure import fit, lines
from cs_metrics.slides.parts import Card, Cards, Points
from cs_metrics.slides.picture import pictures
from cs_metrics.slides.report import report
from cs_metrics.slides.scatter import Curves, Funnel, Quadrant
from cs_metrics.slides.tables import Table, Triangle
from cs_metrics.slides.template import Mapping, open_template
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


FOREST = (ROOT / "tests" / "templates" / "forest.pptx").read_bytes()


def the_deck(book: Book, **wanted: object) -> Deck:
    return next(decks(book, Wanted(**wanted)))


@pytest.fixture(scope="module")
def team(sample: Book) -> Deck:
    return the_deck(sample, version="batch 7")


def test_the_teams_deck_holds_the_packages_figures(sample: Book, team: Deck) -> None:
    deck = opened(team.data())
    kinds = dict(zip([slide.name for slide in team.slides], team.slides, strict=True))
    assert list(kinds) == [
        "Cover", "Results against targets", "Movements", "What moved it", "Retention", "Cohorts", "By CSM",
        "Luck and CSMs", "At risk", "Renewals due", "Advocates", "Expansion", "Forecast", "Next steps",
    ]  # fmt: skip
    waterfall, moved, rates, ranges, *_ = charts(deck)
    bars = steps(last_period(sample, 3).iloc[0])
    rows = workbook_of(waterfall)
    assert rows[0] == (None, "Base", "Total", "Came", "Went")
    assert [row[2] for row in rows[1:] if row[2]] == pytest.approx([bars["amount"].iloc[0], bars["amount"].iloc[-1]])
    assert [row[3] or row[4] for row in rows[2:-1]] == pytest.approx(bars["amount"].iloc[1:-1].abs().tolist())
    net = METRICS["net_revenue_retention"].of(sample, 3)
    assert [row[1] for row in workbook_of(rates)[1:]] == pytest.approx(net.dropna().tolist()[-25:])
    assert workbook_of(moved)[-1][1] == pytest.approx(net.iloc[-1] - net.iloc[-4])
    by_csm = METRICS["net_revenue_retention"].tally(sample, 3, "csm").values.iloc[-1]
    for name, base, low, _ in workbook_of(ranges)[1:]:
        assert base + low == pytest.approx(by_csm[name.partition(" · ")[0]])
    said = "\n".join(texts(deck))
    assert "40 accounts" in said
    assert METRICS["net_revenue_retention"].basis(sample, 3) + " · batch 7" in said
    assert METRICS["net_revenue_retention"].sentence(3) in said


def test_the_headline_counts_what_the_accounts_did(sample: Book, team: Deck) -> None:
    [headline] = [slide.headline for slide in team.slides if slide.name == "Retention"]
    now, then = sample.mrr.iloc[:, -1], sample.mrr.iloc[:, -4]
    churns = sum(1 for a, b in zip(then, now, strict=True) if a > 0 and b == 0)
    assert f"{churns} churns cost" in headline
    assert headline.startswith("Net retention 103.0 % over 3 months: 91 upsells added 4.3 points")


def test_a_csms_deck_says_the_four_things(sample: Book) -> None:
    made = the_deck(sample, csm="Ingrid Solberg")
    assert {"In hand", "Movements", "Retention", "At risk", "Advocates"} <= {slide.name for slide in made.slides}
    said = texts(opened(made.data()))
    mine = sample.held_by("Ingrid Solberg")
    mrr = MONEY.write(METRICS["mrr"].of(mine, 12).iloc[-1], mine.currency)
    assert any(mrr in text for text in said)
    assert "Aiko Tanaka" not in "\n".join(said)


def test_a_review_stands_on_targets_luck_and_what_was_taken_over(sample: Book) -> None:
    made = the_deck(sample, csm="Camila Duarte", deck="performance")
    said = "\n".join(texts(opened(made.data())))
    for text in ("Luck gives", "Taken over, MRR then", "no ground for praise or blame", "Goals for the next period"):
        assert text in said, text
    assert made.left_out == {}


def test_customers_see_nothing_they_must_not(sample: Book) -> None:
    """Canaries in everything internal of an account, and in every other account: none may be in the file."""
    tables = dict(sample.facts.tables)
    row = sample.accounts.index.get_loc("ACC-0001")
    canary = "CANARY-7f3a"
    internal = (
        ("notes", "note"), ("notes", "author"), ("risks", "plan"), ("risks", "reason"), ("risks", "owner"),
        ("pulses", "note"), ("pulses", "reason"), ("churns", "comment"), ("churns", "reason"), ("renewal_calls", "note"),
        ("renewal_calls", "call"), ("opportunities", "stage"), ("opportunities", "product"), ("scenarios", "choice"),
        ("contacts", "role"), ("advocacy", "validated_by"),
    )  # fmt: skip
    for name, column in internal:
        rows = tables[name].copy()
        rows[column] = canary
        rows.loc[rows.index[0], "row"] = row
        tables[name] = rows
    other = sample.accounts["name"].drop("ACC-0001")
    marked = replace(sample, facts=replace(sample.facts, tables=tables, _ready={}), memory={})
    allowed = tuple(may_be_added("account"))
    made = the_deck(marked, account="ACC-0001", slides=allowed, insist=True)
    data = made.data()
    for whole in (everything(data), report(made.slides).decode(), "".join(pictures(data))):
        assert canary not in whole
        assert not [name for name in other if f">{name}<" in whole]
    for word in ("health", "pulse", "at risk", "churn", "MRR", "renewal", "Piotr"):
        assert word.casefold() not in "\n".join(texts(opened(data))).casefold(), word
    assert len(made.slides) == len(allowed)


def test_only_slides_for_customers_may_be_added_to_a_customers_deck() -> None:
    assert set(DECKS["customer"].slides) <= set(may_be_added("account"))
    assert {"at_risk", "in_hand", "renewals", "expansion", "activity"} & set(may_be_added("account")) == set()
    assert all(set(kind.slides) <= set(SLIDES) for kind in DECKS.values())


@pytest.mark.parametrize("template", [None, FOREST], ids=["house", "forest"])
@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"deck": "board"},
        {"csm": "Luca Moretti"},
        {"csm": "Camila Duarte", "deck": "performance"},
        {"account": "ACC-0001"},
        {"account": "ACC-0202", "insist": True},
    ],
    ids=lambda wanted: "-".join(map(str, wanted.values())) or "team",
)
def test_nothing_is_wrong_with_a_deck(sample: Book, wanted: dict, template: bytes | None) -> None:
    """No overflow, overlap, empty place, small or pale letter, nothing malformed; charts show what their books hold."""
    assert everything_wrong(write(the_deck(sample, **wanted).slides, template)) == []


HARD = ["=HYPERLINK(1)", "+1 Ltd", "-Minus", "@home", "<b>&amp;</b>", "😀 Smile", "שלום עולם", "N" * 200, "word " * 40]


def test_hard_names_come_out_whole_or_elided_with_the_whole_in_the_notes() -> None:
    rows = pd.DataFrame({"Account": HARD, "MRR": [f"{n}" for n in range(len(HARD))]})
    named_bars = Bars(pd.Series(range(len(HARD)), HARD, dtype=float), MONEY)
    data = write(
        [
            Slide("x", name, [part], "basis")
            for name in HARD
            for part in (Table(rows, (2, 1), right=("MRR",)), named_bars)
        ]
    )
    assert [each for each in everything_wrong(data) if "cell breaks" not in each] == []
    for slide in opened(data).slides:
        here = "\n".join(texts_of(slide))
        for name in HARD:
            assert " ".join(name.split()) in here or any(shape.has_chart for shape in slide.shapes), name


def texts_of(slide: object) -> list[str]:
    return texts(type("One", (), {"slides": [slide]})())


def test_names_stay_names() -> None:
    table = pd.DataFrame({EVIL: [1.0, None, 2.0]}, index=["2025-01", EVIL, "2025-03"])
    people = pd.DataFrame(
        {"size": [3.0, 3.0], "value": [1.0, 0.9], "low": [0.8, 0.8], "high": [1.1, 1.2], "outside": ["", "below"],
         "worth_a_look": [False, True]}, [EVIL, "b"],
    )  # fmt: skip
    parts = [
        Lines(table, MONEY),
        Stacked(table, MONEY),
        Bars(pd.Series({EVIL: 0.5, "b": None}), PERCENT),
        Bars(pd.Series({EVIL: 0.5, "b": -1.0}), PERCENT, lying=True),
        Ranges(pd.DataFrame({"low": [0.8], "expected": [0.9], "high": [1.0]}, [EVIL]), PERCENT),
        Funnel(people, PERCENT, 0.95),
        Quadrant(pd.DataFrame({"name": [EVIL], "x": [0.2], "y": [5.0], "group": [EVIL]}), PERCENT, MONEY, (EVIL, "")),
        Curves(pd.DataFrame({"name": [EVIL] * 2, "age": [0, 1], "value": [1.0, 0.9]}), "months", steps=True),
        Triangle(pd.DataFrame({"row": [EVIL], "age": [0], "value": [1.0]})),
        Table(pd.DataFrame({"Account": [EVIL], "MRR": [None]}), (1, 1)),
        Cards([Card(EVIL, EVIL, EVIL)]),
        Points([EVIL]),
    ]
    data = write([Slide("x", EVIL, [part], EVIL, EVIL) for part in parts])
    assert len(pictures(data)) == len(parts)
    for chart in charts(opened(data)):
        for line in workbook_of(chart):
            for value in line:
                assert not (isinstance(value, str) and value.startswith("="))
        with zipfile.ZipFile(io.BytesIO(chart.part.chart_workbook.xlsx_part.blob)) as packed:
            assert "<f>" not in packed.read("xl/worksheets/sheet1.xml").decode()
    said = texts(opened(data))
    assert any("x" * 150 in text for text in said)
    assert all(len(fit(EVIL, most)) <= most for most in (4, 60, 140))
    assert "<b>&" not in report([Slide("x", EVIL, [parts[-2]])]).decode()


def test_a_waterfall_goes_through_nothing() -> None:
    amounts = pd.Series({"opening": -50.0, "new": 120.0, "churn": -100.0, "closing": -30.0})
    data = write([Slide("x", "Below nothing", [Waterfall(steps(amounts), MONEY)])])
    rows = {row[0].partition("\n")[0]: row[1:] for row in workbook_of(charts(opened(data))[0])[1:]}
    total = {name: sum(cell or 0 for cell in cells) for name, cells in rows.items()}
    assert total["Opening"] == -50
    assert total["Closing"] == -30
    assert rows["New"][2] == 70
    assert rows["New"][5] == -50
    assert rows["Churn"][3] == 70
    assert rows["Churn"][6] == -30


def test_a_thin_waterfall_says_where_its_scale_begins() -> None:
    assert Waterfall(steps(pd.Series({"opening": 1000.0, "new": 20.0, "closing": 1020.0})), MONEY).begins == 970
    assert Waterfall(steps(pd.Series({"opening": 100.0, "new": 60.0, "closing": 160.0})), MONEY).begins == 0


def test_long_tables_break_across_slides_and_lose_no_row() -> None:
    rows = pd.DataFrame({"Account": [f"A{n}" for n in range(100)], "MRR": range(100)})
    deck = opened(write([Slide("x", "All", [Table(rows, (3, 1))], "basis")]))
    tables = [shape.table for slide in deck.slides for shape in slide.shapes if shape.has_table]
    assert [row.cells[0].text for table in tables for row in list(table.rows)[1:]] == rows["Account"].tolist()
    assert deck.slides[0].shapes.title.text_frame.text == f"All (1 of {len(tables)})"
    sizes = [len(table.rows) for table in tables]
    assert min(sizes) > max(sizes) / 2


@pytest.mark.parametrize("size", [(9144000, 6858000), (12192000, 6858000)])
def test_a_companys_template_is_written_into(team: Deck, size: tuple[int, int]) -> None:
    own = Presentation()
    own.slide_width, own.slide_height = size
    own.slides.add_slide(own.slide_layouts[0]).shapes.title.text = "An old slide"
    target = io.BytesIO()
    own.save(target)
    data = write(team.slides, target.getvalue())
    deck = opened(data)
    assert (deck.slide_width, deck.slide_height) == size
    assert "An old slide" not in everything(data)
    assert not [p for slide in deck.slides for p in slide.placeholders if p.has_text_frame and not p.text_frame.text]


def test_a_template_of_another_make_keeps_its_face() -> None:
    data = write([Slide("x", "A finding", [Points(["text"])])], FOREST)
    whole = everything(data)
    assert "173a2b" in whole.casefold()
    assert "An old slide" not in whole
    assert open_template(FOREST).content.ink == "bg1"


def test_the_layouts_of_a_template_are_chosen_by_name() -> None:
    mapping = Mapping(cover="Title Only", slide="Title, Content", area="Title, 2 Content")
    assert Mapping.of(mapping.toml()) == mapping
    opened_by_it = open_template(FOREST, mapping.toml())
    assert (opened_by_it.cover.name, opened_by_it.layout.name) == ("Title Only", "Title, Content")
    assert opened_by_it.content.width < open_template(FOREST).content.width
    with pytest.raises(Problem, match="names"):
        Mapping.of('colour = "red"')
    with pytest.raises(Problem, match="cannot be read"):
        Mapping.of("cover")


def broken(kind: str) -> bytes:
    if kind == "old":
        return b"\xd0\xcf\x11\xe0" + b"0" * 100
    if kind == "noise":
        return b"not a presentation"
    if kind == "large":
        return b"PK" + bytes(61 << 20)
    target = io.BytesIO()
    if kind == "bomb":
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
            for place in range(9):
                packed.writestr(f"ppt/media/{place}.bin", bytes(50 << 20))
        return target.getvalue()
    own = Presentation()
    if kind == "no layouts":
        for layout in list(own.slide_layouts):
            own.slide_layouts.remove(layout)
    own.save(target)
    if kind in ("potx", "macros"):
        name = {"potx": b"presentationml.template.main", "macros": b"ms-powerpoint.presentation.macroEnabled.main"}[
            kind
        ]
        changed = io.BytesIO()
        with zipfile.ZipFile(target) as old, zipfile.ZipFile(changed, "w") as new:
            for entry in old.namelist():
                new.writestr(entry, old.read(entry).replace(b"presentationml.presentation.main", name))
        return changed.getvalue()
    return target.getvalue()[: 3000 if kind == "cut" else None]


@pytest.mark.parametrize("kind", ["old", "noise", "no layouts", "cut", "large", "bomb", "potx", "macros"])
def test_a_template_that_cannot_be_used_says_why(kind: str) -> None:
    with pytest.raises(Problem, match=r"[Tt]emplate"):
        open_template(broken(kind))


def test_what_has_nothing_to_say_is_left_out_and_listed() -> None:
    book = Book.of_mrr({"A": [10.0]}, first="2025-01")
    made = the_deck(book)
    assert [slide.name for slide in made.slides] == ["Cover", "Results against targets", "Next steps"]
    assert made.left_out["Forecast"].endswith(".")
    assert len(made.left_out) == len(DECKS["team"].slides) - 3
    insisted = the_deck(book, insist=True)
    assert len(insisted.slides) == len(DECKS["team"].slides)
    assert made.left_out["Renewals due"] in "\n".join(texts(opened(insisted.data())))
    assert everything_wrong(insisted.data()) == []


@pytest.mark.parametrize(
    "missing", ["usage", "tickets", "surveys", "outcomes", "risks", "opportunities", "touchpoints"]
)
def test_a_deck_stands_without_a_table(sample: Book, missing: str) -> None:
    tables = {name: rows for name, rows in sample.facts.tables.items() if name != missing}
    without = replace(sample, facts=replace(sample.facts, tables=tables, _ready={}), memory={})
    assert the_deck(without, account="ACC-0001").slides
    assert the_deck(without, slides=("at_risk", "expansion", "advocates")).slides


def test_files_are_whole_or_not_there(sample: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = Wanted(account="ACC-0001")
    assert kept(sample, wanted, tmp_path / "mine.pptx") == [(str(tmp_path / "mine.pptx"), 8)]
    assert kept(sample, wanted, tmp_path / "mine.html") == [(str(tmp_path / "mine.html"), 8)]
    for asked, name, said in (
        (Wanted(csm="Nobody"), "other.pptx", "no CSM"), (wanted, "deck.doc", "none of"),
        (wanted, "nowhere/deck.pptx", "no folder"), (Wanted(account="x"), "a.pptx", "no account"),
        (Wanted(deck="nothing"), "a.pptx", "no deck"), (Wanted(deck="board", csm="x"), "a.pptx", "is about"),
    ):  # fmt: skip
        with pytest.raises(Misuse, match=said):
            kept(sample, asked, tmp_path / name)
    with pytest.raises(Problem, match="nothing to put"):
        kept(Book.of_mrr({}, first="2025-01"), Wanted(), tmp_path / "empty.pptx")

    def full(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(Problem, match="No space left"):
        kept(sample, wanted, tmp_path / "full.pptx")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.html", "mine.pptx"]


def test_a_report_opens_offline(team: Deck) -> None:
    page = report(team.slides).decode()
    assert len(page) < 400_000
    assert "default-src 'none'" in page
    assert not any(word in page for word in ("<script", 'http-equiv="refresh', 'src="http', "url(", "<link"))
    assert page.count("<svg") >= 7
    assert all(f">{slide.headline.replace('&', '&amp;')}<" in page for slide in team.slides)


def test_pictures_are_drawn_from_the_file(team: Deck) -> None:
    shown = pictures(team.data())
    assert len(shown) >= len(team.slides)
    assert "Net retention" in "".join(shown)
    for picture in shown:
        assert etree.fromstring(picture.encode()).tag.endswith("svg")
        assert not re.search(r"[\">]nan[\"<]", picture)


def test_lines_break_where_they_must() -> None:
    assert lines("a" * 30, 40, 10, 2)[-1].endswith("…")
    assert lines("", 10, 10, 2) == [""]
    assert named(pd.period_range("2025-12", "2026-01", freq="M")) == ["Dec ’25", "Jan ’26"]


def test_the_command_writes_and_names_the_files(tmp_path: Path) -> None:
    output = tmp_path / "c.pptx"
    asked = ["slides", str(ROOT / "sample_data"), "-o", str(output), "--account", "ACC-0001", "--format", "csv"]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines() == ["file,slides", f"{output},8"]
    assert "left out: Goals and progress" in result.stderr
    assert any("files " in text for text in texts(opened(output.read_bytes())))
    assert CliRunner().invoke(app, [*asked, "--csm", "x"]).exit_code == 2
    assert CliRunner().invoke(app, [*asked, "--slide", "at_risk"]).exit_code == 2
