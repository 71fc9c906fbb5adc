"""Many decks at once: all there, flat, stopped without a trace."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from pptx import Presentation

from cs_metrics.book import Book, Problem
from cs_metrics.slides.all_decks import Wanted
from cs_metrics.slides.batch import Batch, _file_names
from cs_metrics.slides.files import kept


def small() -> Book:
    rows = {f"A{n}": [10.0 + n] * 14 for n in range(6)}
    return Book.of_mrr(rows, first="2024-01", csm=["Ann B", "Ann-B", "Cy", "Cy", "Ann B", "Ann-B"])


def test_a_deck_for_each_in_one_archive(tmp_path: Path) -> None:
    made = kept(small(), Wanted(each="csm"), tmp_path / "decks.zip")
    with zipfile.ZipFile(tmp_path / "decks.zip") as packed:
        names = packed.namelist()
        assert names == ["Ann-B.pptx", "Ann-B-2.pptx", "Cy.pptx"]
        assert all(len(Presentation(io.BytesIO(packed.read(name))).slides) >= 3 for name in names)
    assert [size for _, size in made] == [5, 5, 5]
    assert [path.name for path in tmp_path.iterdir()] == ["decks.zip"]


def test_files_of_customers_carry_their_names() -> None:
    assert _file_names(small(), Wanted(each="account"))[:2] == ["A0-A0.pptx", "A1-A1.pptx"]


def test_a_stopped_batch_leaves_nothing(tmp_path: Path) -> None:
    batch = Batch(small(), Wanted(each="account"), workers=1)
    folder = batch.path
    assert folder.is_dir()
    batch.close()
    assert not folder.exists()
    assert all(worker.poll() is not None for worker in batch.workers)


def test_a_batch_that_fails_says_why() -> None:
    batch = Batch(small(), Wanted(each="account"), template=b"noise", workers=1)
    with pytest.raises(Problem, match="template"):
        list(batch.wait())
    assert not batch.path.exists()
