"""What is kept is never overwritten: every batch can be asked for, and taken back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from conftest import CASES
from sqlmodel import SQLModel

from cs_metrics.assemble import book_of
from cs_metrics.book import Book, Problem
from cs_metrics.metric import METRICS
from cs_metrics.read.files import File
from cs_metrics.read.reading import Reading, read, read_paths
from cs_metrics.store.batches import Brought, history, import_batch, latest_batch, undo
from cs_metrics.store.database import address, migration_engine, ready, transaction
from cs_metrics.store.entries import record_row
from cs_metrics.store.known import accounts_known, batch_known_at, tables_known
from cs_metrics.store.recipes import keep_recipe, recipes_kept
from cs_metrics.tables import Pulse, Risk, frames


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """An empty database: what is kept in SQLite is kept in PostgreSQL the same way."""
    return request.getfixturevalue(f"{request.param}_database")


def csv(name: str, text: str) -> Reading:
    return read([File(name, text.encode())]).usable()


def keep(database: str, reading: Reading, **more: str) -> int:
    files = [Brought(file.name, file.sha256, len(file.data)) for file in reading.files]
    return import_batch(database, reading.tables, files, **more).batch


def book(database: str, batch: int | None = None) -> Book:
    return book_of(frames(tables_known(database, batch)), today=date(2026, 1, 1))


def mrr(database: str, batch: int | None = None) -> dict[str, list[float]]:
    return {str(account): row.tolist() for account, row in book(database, batch).mrr.iterrows()}


FIRST = "account_id,month,mrr\nA,2025-01,100\nA,2025-02,100\nB,2025-01,50\nB,2025-02,50\n"
SECOND = "account_id,month,mrr\nA,2025-02,130\nC,2025-02,7\n"


def test_the_same_book_comes_back(database: str) -> None:
    reading = read_paths([CASES / "golden_quarter"]).usable()
    keep(database, reading)
    direct, kept = book_of(frames(reading.tables)), book(database)
    for name, metric in METRICS.items():
        for by in (None, "csm", "product"):
            assert metric.tally(kept, 3, by).values.equals(metric.tally(direct, 3, by).values), name
    assert kept.accounts.sort_index().equals(direct.accounts.sort_index()[kept.accounts.columns])


def test_a_correction_replaces_and_the_past_stays(database: str) -> None:
    first, second = (
        keep(database, csv("1.csv", FIRST.replace("mrr", "mrr"))),
        keep(database, csv("mrr.csv", SECOND)),
    )
    assert mrr(database) == {"A": [100, 130], "B": [50, 50], "C": [0, 7]}
    assert mrr(database, first) == {"A": [100, 100], "B": [50, 50]}
    assert mrr(database, second) == mrr(database)


def test_absence_from_a_later_file_is_not_churn(database: str) -> None:
    keep(database, csv("mrr.csv", FIRST))
    keep(database, csv("mrr.csv", "account_id,month,mrr\nA,2025-01,100\nA,2025-02,100\n"))
    assert mrr(database)["B"] == [50, 50]


def test_undo_is_a_new_fact_and_can_be_undone(database: str) -> None:
    keep(database, csv("mrr.csv", FIRST))
    second = keep(database, csv("mrr.csv", SECOND))
    corrected, before = mrr(database), mrr(database, 1)
    third = undo(database, second).batch
    assert mrr(database) == before
    assert mrr(database, second) == corrected
    fourth = undo(database, third).batch
    assert mrr(database) == corrected
    undo(database, second)
    assert mrr(database) == before
    assert mrr(database, fourth) == corrected
    with pytest.raises(Problem, match="undone already"):
        undo(database, second)
    with pytest.raises(Problem, match="no batch 99"):
        undo(database, 99)


def test_an_undo_leaves_what_later_batches_changed(database: str) -> None:
    first = keep(database, csv("mrr.csv", FIRST))
    keep(database, csv("mrr.csv", SECOND))
    undo(database, first)
    assert mrr(database) == {"A": [130], "C": [7]}


def test_the_same_file_twice_says_so(database: str) -> None:
    reading = csv("mrr.csv", FIRST)
    batch = keep(database, reading)
    with pytest.raises(Problem, match="imported already, as batch 1"):
        keep(database, csv("renamed.csv", FIRST))
    assert latest_batch(database) == batch
    undo(database, batch)
    keep(database, reading)
    assert mrr(database)["B"] == [50, 50]


def test_unchanged_rows_are_counted_and_not_kept_again(database: str) -> None:
    keep(database, csv("mrr.csv", FIRST))
    counts = import_batch(database, csv("mrr.csv", FIRST + "C,2025-01,1\n").tables).counts.iloc[0]
    assert counts[["read", "new", "changed", "same"]].tolist() == [5, 1, 0, 4]


def test_columns_a_later_file_lacks_stay_as_they_were(database: str) -> None:
    keep(database, csv("accounts.csv", "account_id,name,segment,plan\nA,Acme,SMB,Pro\nB,Birch,Mid,Pro\n"))
    keep(database, csv("accounts.csv", "account_id,csm,plan\nA,Ann,Max\n"))
    [acme] = [row for row in tables_known(database)["accounts"].to_pylist() if row["account_id"] == "A"]
    assert acme == {"account_id": "A", "name": "Acme", "csm": "Ann", "segment": "SMB", "plan": "Max"}


def test_events_that_come_again_are_not_doubled(database: str) -> None:
    keep(database, csv("mrr.csv", FIRST))
    header = "account_id,given_on,pulse\n"
    known = accounts_known(database)
    keep(
        database,
        read([File("pulses.csv", f"{header}A,2025-01-05,3\nA,2025-01-05,3\n".encode())], known=known),
    )
    keep(
        database,
        read(
            [File("pulses.csv", f"{header}A,2025-01-05,3\nA,2025-01-05,3\nA,2025-02-05,2\n".encode())],
            known=known,
        ),
    )
    assert len(tables_known(database)["pulses"]) == 3


def test_a_ticket_solved_since_replaces_the_open_one(database: str) -> None:
    keep(database, csv("mrr.csv", FIRST))
    for text in ("A,2025-01-05 10:00,\n", "A,2025-01-05 10:00,2025-01-09 08:00\n"):
        keep(
            database,
            read([File("tickets.csv", f"account_id,opened_at,solved_at\n{text}".encode())], known={"A"}),
        )
    assert len(tables_known(database)["tickets"]) == 1
    assert tables_known(database)["tickets"]["solved_at"].null_count == 0
    assert "solved_at" not in tables_known(database, 2)["tickets"].column_names


def test_what_people_type_in_is_a_dated_fact(database: str) -> None:
    keep(database, csv("mrr.csv", FIRST))
    record_row(database, Pulse(account_id="A", given_on=date(2025, 2, 3), pulse=2, csm="Ann"), "Ann")
    for plan in ("Call", "Call the sponsor"):
        record_row(database, Risk(risk_id="R", account_id="A", opened_on=date(2025, 2, 3), plan=plan), "Ann")
    tables = tables_known(database)
    assert tables["pulses"]["pulse"].to_pylist() == [2]
    assert tables["risks"]["plan"].to_pylist() == ["Call the sponsor"]
    assert tables_known(database, 3)["risks"]["plan"].to_pylist() == ["Call"]
    assert history(database)["kind"].tolist() == ["entry", "entry", "entry", "import"]


def test_a_failed_import_leaves_nothing(database: str) -> None:
    keep(database, csv("mrr.csv", FIRST))
    tables = csv("mrr.csv", SECOND).tables
    with pytest.raises(Exception, match=r"account_id|given_on|cast|parse"):
        import_batch(database, {**tables, "pulses": tables["mrr"].rename_columns(["pulse", "given_on", "account_id"])})
    assert latest_batch(database) == 1
    assert mrr(database) == {"A": [100, 100], "B": [50, 50]}


def test_a_killed_import_leaves_all_or_nothing(database: str, tmp_path: Path) -> None:
    keep(database, csv("mrr.csv", FIRST))
    rows = "".join(f"X{n},2025-02,5\n" for n in range(60_000))
    (tmp_path / "mrr.csv").write_text("account_id,month,mrr\n" + rows)
    program = f"from cs_metrics.store.batches import import_batch\nfrom cs_metrics.read.reading import read_paths\nr = read_paths(['{tmp_path}/mrr.csv'])\nprint('go', flush=True)\nimport_batch('{database}', r.tables)"
    for delay in (0.0, 0.05, 0.15, 0.4):
        child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(delay)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        child.stdout.close()
        assert len(tables_known(database)["mrr"]) in (4, 60_004)
    if database.startswith("sqlite"):
        with transaction(database) as cursor:
            cursor.execute("PRAGMA integrity_check")
            assert cursor.fetchone()[0] == "ok"


def test_a_day_is_known_by_its_last_batch(database: str) -> None:
    batch = keep(database, csv("mrr.csv", FIRST))
    assert batch_known_at(database, "2999-01-01") == batch
    assert batch_known_at(database, "1") == 1
    with pytest.raises(Problem, match="first import came later"):
        batch_known_at(database, "2001-01-01")
    with pytest.raises(Problem, match="neither the number"):
        batch_known_at(database, "yesterday")


def test_the_schema_is_what_the_migrations_make(database: str) -> None:
    with migration_engine(ready(database)).connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), SQLModel.metadata) == []


def test_of_the_recipes_for_a_layout_the_last_one_holds(database: str) -> None:
    assert recipes_kept(database) == []
    for layout, text in (("a", "first"), ("b", "other"), ("a", 'second; it\'s "quoted"')):
        keep_recipe(database, layout, f"{layout}.csv", text, "ann")
    assert [(kept.layout, kept.text) for kept in recipes_kept(database)] == [
        ("a", 'second; it\'s "quoted"'),
        ("b", "other"),
    ]
    assert recipes_kept(database)[0].who == "ann"
    keep_recipe(database, "a", "a.csv", "")
    assert [kept.layout for kept in recipes_kept(database)] == ["b"]


def test_a_database_from_the_future_is_refused(database: str) -> None:
    with migration_engine(ready(database)).begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'from the future'")
    ready.cache_clear()
    with pytest.raises(Problem, match="newer version"):
        latest_batch(database)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_sqlite_waits_keeps_and_forgets_as_it_should(database: str) -> None:
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1, "busy_timeout": 15_000}
    with transaction(database) as cursor:
        for name, value in wanted.items():
            cursor.execute(f"PRAGMA {name}")
            assert cursor.fetchone()[0] == value
    with migration_engine(address(database)).connect() as connection:
        assert {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in wanted} == wanted


def test_errors_never_print_rows_of_customers(database: str) -> None:
    assert migration_engine(address(database)).hide_parameters


def test_readers_on_other_threads_see_each_batch_at_once(database: str) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as readers:
        for month in range(1, 13):
            keep(database, csv(f"{month}.csv", f"account_id,month,mrr\nA,2025-{month:02d},{month}\n"))
            assert set(readers.map(lambda _: latest_batch(database), range(8))) == {month}


def test_writers_at_the_same_time_take_turns(database: str) -> None:
    from concurrent.futures import ThreadPoolExecutor

    keep(database, csv("mrr.csv", FIRST))
    months = {
        month: csv(f"{month}.csv", f"account_id,month,mrr\nA,2025-{month:02d},{month}\n") for month in range(3, 9)
    }
    with ThreadPoolExecutor(4) as writers:
        batches = list(writers.map(lambda reading: keep(database, reading), months.values()))
    assert sorted(batches) == list(range(2, 8))
    assert mrr(database)["A"] == [100, 100, *months]


def test_a_reader_sees_one_moment(database: str) -> None:
    keep(database, csv("mrr.csv", FIRST))
    with transaction(database) as cursor:
        cursor.execute("SELECT count(*) FROM mrr")
        before = cursor.fetchone()[0]
        keep(database, csv("mrr.csv", "account_id,month,mrr\nZ,2025-01,1\n"))
        cursor.execute("SELECT count(*) FROM mrr")
        assert cursor.fetchone()[0] == before
    assert "Z" in mrr(database)


def test_a_server_that_does_not_answer_is_said_without_the_password() -> None:
    for place in ("127.0.0.1:1/x", "127.0.0.1:wrong/x"):
        with pytest.raises(Problem, match="cannot be opened") as said:
            latest_batch(f"postgresql://cs:CANARY%ZZ@{place}")
        assert "CANARY" not in str(said.value)


def test_an_address_that_keeps_no_book_is_refused() -> None:
    with pytest.raises(Problem, match="mysql"):
        address("mysql://host/db")
    with pytest.raises(Problem, match="not a database address"):
        address("://")
