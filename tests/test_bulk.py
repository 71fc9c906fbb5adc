"""Many rows at once: the table is as it was, rows and rules, whether it went well or not."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from cs_metrics.store import bulk
from cs_metrics.store.batches import import_batch, rehearse, undo
from cs_metrics.store.database import transaction
from cs_metrics.store.known import tables_known

MANY = 30_000


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """The address of an empty database, of either kind."""
    found: str = request.getfixturevalue(f"{request.param}_database")
    return found


def months(rows: int, mrr: int = 3600) -> pa.Table:
    """So many rows of MRR, an account each."""
    ids = pa.array([f"A{n % 29_999:05d}" if rows > MANY else f"A{n:05d}" for n in range(rows)])
    return pa.table({"account_id": ids, "month": pa.array([202501] * rows, pa.int32()), "mrr": pa.array([mrr] * rows)})


def rules(database: str) -> list[Any]:
    """The indexes, keys and references there are."""
    with transaction(database) as cursor:
        if bulk.is_sqlite(cursor):
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql <> '' ORDER BY name")
            return cursor.fetchall()
        cursor.execute("SELECT indexname::text, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1")
        indexes = cursor.fetchall()
        cursor.execute(
            "SELECT conname::text, pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2"
        )
        return [*indexes, *cursor.fetchall()]


def test_a_large_first_import_leaves_every_rule_in_place(database: str) -> None:
    before = rules(database)
    done = import_batch(database, {"mrr": months(MANY)})
    assert done.counts["new"].tolist() == [MANY]
    assert rules(database) == before
    assert len(tables_known(database)["mrr"]) == MANY
    again = import_batch(database, {"mrr": months(MANY, 7200)})
    assert again.counts[["new", "changed"]].to_numpy().tolist() == [[0, MANY]]
    assert undo(database, 2).counts[["taken_back", "new"]].to_numpy().tolist() == [[MANY, MANY]]
    assert rules(database) == before


def test_a_large_import_that_fails_changes_nothing(database: str) -> None:
    before = rules(database)
    with pytest.raises(Exception, match=r"(?i)unique"):
        import_batch(database, {"mrr": months(MANY + 1)})
    assert rules(database) == before
    assert tables_known(database) == {}
    assert import_batch(database, {"mrr": months(MANY)}).batch == (2 if database.startswith("postgresql") else 1)


def test_it_is_told_how_far_the_import_is(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "PIECE", 10_000)
    told: list[str] = []
    import_batch(database, {"mrr": months(MANY)}, progress=told.append)
    assert told == [
        "mrr: keeping 30,000 rows",
        "mrr: 10,000 of 30,000 rows kept",
        "mrr: 20,000 of 30,000 rows kept",
    ]


def test_a_rehearsal_of_many_rows_writes_nothing(database: str) -> None:
    before = rules(database)
    tried = rehearse(database, {"mrr": months(MANY)})
    assert (tried.counts["new"].tolist(), len(tried.after["mrr"])) == ([MANY], MANY)
    assert tables_known(database) == {}
    assert rules(database) == before


def test_a_large_import_waits_for_nobody_who_reads(postgresql_database: str) -> None:
    before = rules(postgresql_database)
    with transaction(postgresql_database) as reader:
        reader.execute('SELECT count(*) FROM "mrr"')
        assert reader.fetchone()[0] == 0
        assert import_batch(postgresql_database, {"mrr": months(MANY)}).counts["new"].tolist() == [MANY]
        reader.execute('SELECT count(*) FROM "mrr"')
        assert reader.fetchone()[0] == 0
    assert rules(postgresql_database) == before
    assert len(tables_known(postgresql_database)["mrr"]) == MANY
