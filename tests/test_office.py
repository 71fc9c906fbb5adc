"""LibreOffice opens the decks and makes a page of each slide; without it the reason is said."""

from __future__ import annotations

import re
import shutil

import pandas as pd
import pytest
from conftest import ROOT

from cs_metrics.book import Problem
from cs_metrics.slides import office
from cs_metrics.slides.deck import Slide, write
from cs_metrics.slides.lines_and_bars import Bars, Lines
from cs_metrics.slides.tables import Table
from cs_metrics.units import MONEY

SLIDES = [
    Slide("Cover", "A cover", [], lines=["As of today"]),
    Slide("Lines", "A line", [Lines(pd.DataFrame({"MRR": [1.0, 2.0]}, ["a", "b"]), MONEY)], "basis"),
    Slide("Bars", "Bars", [Bars(pd.Series({"a": 1.0, "b": -2.0}), MONEY, lying=True)], "basis"),
    Slide("Table", "A table", [Table(pd.DataFrame({"Account": ["A"] * 30}), (1,))], "basis"),
]


@pytest.mark.skipif(office.libreoffice() is None, reason="LibreOffice is not installed")
@pytest.mark.parametrize("template", [None, "forest.pptx"])
def test_each_slide_becomes_a_page(template: str | None) -> None:
    data = (ROOT / "tests" / "templates" / template).read_bytes() if template else None
    made = office.pdf(write(SLIDES, data))
    assert made.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page[^s]", made)) >= 5


def test_a_pdf_without_libreoffice_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(Problem, match="needs LibreOffice"):
        office.pdf(b"")
