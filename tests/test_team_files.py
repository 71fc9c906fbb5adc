"""What a careful person reads from a team's files is what is read; what nobody can know is asked."""

from __future__ import annotations

import pyarrow.compute as pc
import pytest
from team_files import READ, REFUSED
from test_odd_files import accounted_for

from cs_metrics.read.reading import read

MONEY = ("mrr", "amount", "mrr_change", "arr", "refund")


@pytest.mark.parametrize("name", READ)
def test_a_teams_file_is_read(name: str) -> None:
    files, held = READ[name]
    found = read(files)
    accounted_for(found)
    assert not found.refused, found.refused
    assert set(found.tables) == set(held), (found.assumed, found.troubles)
    for table, (rows, money) in held.items():
        assert len(found.tables[table]) == rows, (found.assumed, found.troubles)
        if money is not None:
            column = next(name for name in MONEY if name in found.tables[table].column_names)
            total = pc.sum(found.tables[table][column]).as_py() or 0
            assert total == round(money * 3600), (total / 3600, found.assumed)


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_known_is_refused(name: str) -> None:
    files, message = REFUSED[name]
    found = read(files)
    accounted_for(found)
    assert any(message in str(trouble) for trouble in found.refused), found.troubles
