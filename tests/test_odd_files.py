"""Odd files are read right, hostile ones are answered with a message that names a remedy. None ends in a traceback."""

from __future__ import annotations

import pyarrow.compute as pc
import pytest
from odd_files import IDS, READ, REFUSED

from cs_metrics.read.reading import Reading, read
from cs_metrics.tables import TABLES, columns


def accounted_for(found: Reading) -> None:
    """Every row read is kept or left out; every finding says what and, where it refuses, what to do."""
    assert all(0 <= count.kept <= count.read for count in found.counts)
    for trouble in found.troubles:
        assert trouble.problem
        assert trouble.advice or trouble.severity != "refused", trouble
        assert trouble.row >= 0


@pytest.mark.parametrize("name", READ)
def test_an_odd_file_is_read(name: str) -> None:
    files, held = READ[name]
    found = read(files)
    accounted_for(found)
    assert not found.refused, found.refused
    assert set(found.tables) == set(held), (found.assumed, found.troubles)
    for table, (rows, money) in held.items():
        assert len(found.tables[table]) == rows, found.troubles
        if money is not None:
            named = [
                n
                for n, c in columns(TABLES[table]).items()
                if c.kind == "money" and n in found.tables[table].column_names
            ]
            assert sum(pc.sum(found.tables[table][n]).as_py() or 0 for n in named) == round(money * 3600)


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_cannot_be_read_is_answered(name: str) -> None:
    files, message = REFUSED[name]
    found = read(files)
    accounted_for(found)
    assert any(message in str(trouble) for trouble in found.refused), found.troubles


def test_ids_are_what_stands_in_the_file() -> None:
    found = read(READ["ids stay as they are"][0]).tables["mrr"]["account_id"].to_pylist()
    assert found == [one.removeprefix("'") if one == "'=A1" else one for one in IDS]
    assert read(READ["ids in a workbook"][0]).tables["mrr"]["account_id"].to_pylist()[1:] == ["123", "00123", "NA"]
