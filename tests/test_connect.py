"""Databases of others: read right, as files are; never changed, never with the password shown."""

from __future__ import annotations

import json
import logging
import sqlite3
import traceback
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from conftest import CASES
from sqlalchemy import URL, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool
from typer.testing import CliRunner

from cs_metrics.assemble import book_of
from cs_metrics.book import Problem
from cs_metrics.cli import app
from cs_metrics.connect import database as connect
from cs_metrics.connect.address import KINDS, Rules, address
from cs_metrics.connect.cells import as_text
from cs_metrics.connect.database import Place, Source, connected
from cs_metrics.metric import METRICS
from cs_metrics.read.files import File
from cs_metrics.read.match import likely_table
from cs_metrics.read.reading import Reading, read, read_paths
from cs_metrics.store.batches import history
from cs_metrics.store.database import holds_book
from cs_metrics.store.known import tables_known
from cs_metrics.tables import frames

ANY = Rules.of_this_machine()
SCHEMA = """
CREATE TABLE customers (customer_id text, customer_name text, csm text, segment text, updated_at date);
CREATE TABLE revenue (account_id text, month date, mrr numeric(12, 2));
CREATE TABLE jobs (id integer, state text);
CREATE VIEW customers_of_ann AS SELECT * FROM customers WHERE csm = 'Ann';
INSERT INTO customers VALUES ('007', 'Acme; "Inc"', 'Ann', 'SMB', '2025-01-05'), ('008', 'Birch', NULL, 'Mid', '2025-02-05');
INSERT INTO revenue VALUES ('007', '2025-01-01', 100.10), ('007', '2025-02-01', 110.20), ('008', '2025-01-01', 50);
INSERT INTO jobs VALUES (1, 'done');
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def crm(request: pytest.FixtureRequest) -> str:
    """The address of somebody else's database with customers and their revenue."""
    found: str = request.getfixturevalue(f"{request.param}_database")
    run(found, SCHEMA)
    return found


def run(database: str, script: str) -> None:
    """Statements of the database's own people."""
    if database.startswith("sqlite"):
        connection = sqlite3.connect(database.removeprefix("sqlite:///"))
        connection.executescript(script)
        connection.close()
    else:
        with psycopg.connect(database) as of_server:
            of_server.execute(script)  # type: ignore[call-overload]


def read_all(source: Source) -> Reading:
    """What a database holds, read as files are."""
    wanted = [place for place, columns in source.tables.items() if likely_table(str(place), columns)]
    return read(
        [File.of_rows(source.called(place), source.rows(place)) for place in wanted if place.name != "customers_of_ann"]
    )


def cli(*words: str) -> tuple[int, str, str]:
    found = CliRunner().invoke(app, list(words))
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    return found.exit_code, found.stdout, found.stderr


# --- what is read ---------------------------------------------------------------------------------------------------


def test_tables_and_views_are_listed_with_their_columns(crm: str) -> None:
    with connected(crm, ANY) as source:
        assert {str(place): columns[0] for place, columns in source.tables.items()} == {
            "customers": "customer_id", "revenue": "account_id", "jobs": "id", "customers_of_ann": "customer_id",
        }  # fmt: skip
        assert source.named("Customers") == Place("", "customers")
        with pytest.raises(Problem, match=r'no table or view "bills".*customers'):
            source.named("bills")


def test_a_table_is_read_as_a_file_is(crm: str) -> None:
    with connected(crm, ANY) as source:
        reading = read_all(source).usable()
    assert reading.tables["accounts"].to_pylist() == [
        {"account_id": "007", "name": 'Acme; "Inc"', "csm": "Ann", "segment": "SMB", "updated_at": "2025-01-05"},
        {"account_id": "008", "name": "Birch", "csm": None, "segment": "Mid", "updated_at": "2025-02-05"},
    ]
    assert reading.totals() == {"mrr.mrr": round(260.30 * 3600)}
    assert [c.file.partition("/")[2] for c in reading.counts] == ["customers", "revenue"]


def test_every_figure_is_the_same_from_a_database_and_from_its_files(postgresql_database: str) -> None:
    files = read_paths([CASES / "golden_quarter"]).usable()
    with psycopg.connect(postgresql_database) as connection:
        for sheet in sorted((CASES / "golden_quarter").glob("*.csv")):
            headers = sheet.read_text("utf-8-sig").splitlines()[0].split(",")
            columns = ", ".join(f'"{header}" text' for header in headers)
            connection.execute(f'CREATE TABLE "{sheet.stem}" ({columns})')  # type: ignore[call-overload]
            with connection.cursor().copy(f'COPY "{sheet.stem}" FROM STDIN WITH (FORMAT csv, HEADER)') as copy:  # type: ignore[call-overload]
                copy.write(sheet.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    with connected(postgresql_database, ANY) as source:
        there = read_all(source).usable()
    from_files, from_tables = book_of(frames(files.tables)), book_of(frames(there.tables))
    for name, metric in METRICS.items():
        assert metric.tally(from_tables, 3, "csm").values.equals(metric.tally(from_files, 3, "csm").values), name


def test_values_become_the_text_a_file_would_hold() -> None:
    moment = datetime.fromisoformat("2025-03-31T23:30:00-05:00")
    values = [Decimal("1E+3"), Decimal("0.10"), float("nan"), 1.5, 2**70, moment, datetime(2025, 1, 2, tzinfo=UTC),
              date(2025, 1, 2), False, {"a": 1}, b"\x00\xff", "x"]  # fmt: skip
    assert as_text(values).to_pylist() == [
        "1000", "0.10", None, "1.5", str(2**70), "2025-04-01 04:30:00", "2025-01-02",
        "2025-01-02", "false", '{"a": 1}', "00ff", "x",
    ]  # fmt: skip
    assert as_text([1, None, -3]).to_pylist() == ["1", None, "-3"]
    assert as_text([]).to_pylist() == []


def test_names_of_any_kind_are_quoted(crm: str) -> None:
    quote = 'Robert"); DROP TABLE customers;--'
    quoted = '"' + quote.replace('"', '""') + '"'
    run(crm, f"CREATE TABLE {quoted} (\"select\" text, \"a b\" text); INSERT INTO {quoted} VALUES ('1', '2')")
    with connected(crm, ANY) as source:
        assert source.rows(source.named(quote)).to_pylist() == [{"select": "1", "a b": "2"}]
        assert len(source.rows(source.named("customers"))) == 2


def test_other_schemas_are_listed_and_told_apart(postgresql_database: str) -> None:
    run(postgresql_database, "CREATE SCHEMA sales; CREATE TABLE sales.customers (customer_id text, csm text);"
        "CREATE TABLE customers (customer_id text, csm text)")  # fmt: skip
    with connected(postgresql_database, ANY) as source:
        assert list(map(str, source.tables)) == ["customers", "sales.customers"]
        assert source.named("sales.customers") == Place("sales", "customers")
        assert source.named("customers") == Place("", "customers")
        assert source.called(Place("sales", "customers")).endswith("/sales/customers")


# --- what is never done ---------------------------------------------------------------------------------------------

HOSTILE = [
    "DELETE FROM customers", "UPDATE customers SET csm = 'x'", "DROP TABLE customers", "CREATE TABLE x (a text)",
    "INSERT INTO jobs VALUES (2, 'x')", "ALTER TABLE jobs ADD COLUMN b text",
]  # fmt: skip


@pytest.mark.parametrize("statement", HOSTILE)
def test_the_session_refuses_to_change_anything(crm: str, statement: str) -> None:
    with connected(crm, ANY) as source:
        with pytest.raises(SQLAlchemyError, match=r"read-only|not authorized|readonly"):
            source.connection.execute(text(statement))
        source.connection.rollback()
        assert len(source.rows(Place("", "customers"))) == 2


@pytest.mark.parametrize("statement", ["ATTACH 'x.db' AS y", "PRAGMA journal_mode = WAL", "SELECT load_extension('x')"])
def test_a_sqlite_file_is_all_there_is(sqlite_database: str, statement: str) -> None:
    run(sqlite_database, SCHEMA)
    with connected(sqlite_database, ANY) as source, pytest.raises(SQLAlchemyError, match="not authorized"):
        source.connection.execute(text(statement))


def test_a_file_that_was_read_is_the_same_file(sqlite_database: str) -> None:
    run(sqlite_database, SCHEMA)
    path = Path(sqlite_database.removeprefix("sqlite:///"))
    before = path.read_bytes()
    with connected(sqlite_database, ANY) as source:
        read_all(source)
    assert not holds_book(sqlite_database)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_statement_has_its_time_and_no_more(crm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT {} AS account_id FROM n"
    sqlite = crm.startswith("sqlite")
    slow = "SELECT pg_sleep(60)::text AS account_id" if not sqlite else endless.format("max(i)")
    run(crm, f"CREATE VIEW slow AS {slow}")
    monkeypatch.setattr(connect, "SECONDS", 0.3)
    guard = connect.GUARDS["postgresql"]._replace(time_limit=("SET statement_timeout = 300",))
    monkeypatch.setitem(connect.GUARDS, "postgresql", guard)
    with connected(crm, ANY) as source, pytest.raises(Problem, match="took more than"):
        source.rows(Place("", "slow"))


def test_too_many_rows_are_refused_and_none_is_dropped(crm: str) -> None:
    with connected(crm, ANY) as source:
        assert len(source.rows(Place("", "revenue"), most=3)) == 3
        with pytest.raises(Problem, match="more than 2 rows"):
            source.rows(Place("", "revenue"), most=2)


def test_a_role_that_can_write_is_told(postgresql_server: str, postgresql_database: str) -> None:
    run(postgresql_database, SCHEMA)
    role = f"reader_{postgresql_database[-8:]}"
    run(postgresql_database, f"CREATE ROLE {role} LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
    as_reader = postgresql_database.replace("postgres@", f"{role}:pw@")
    with connected(as_reader, ANY) as source:
        assert source.warnings == []
        assert len(source.rows(Place("", "customers"))) == 2
    run(postgresql_database, f"GRANT DELETE ON jobs TO {role}")
    with connected(as_reader, ANY) as source:
        assert [warning for warning in source.warnings if "may change data" in warning]
    with connected(postgresql_database, ANY) as source:
        assert "postgres may change data" in source.warnings[0]


def test_postgresql_holds_the_session_to_reading_and_to_its_time(postgresql_database: str) -> None:
    run(postgresql_database, SCHEMA)
    with connected(postgresql_database, ANY) as source:
        for name, value in {
            "default_transaction_read_only": "on",
            "transaction_read_only": "on",
            "statement_timeout": "30s",
            "idle_in_transaction_session_timeout": "1min",
        }.items():
            assert source.connection.execute(text(f"SHOW {name}")).scalar() == value
        source.connection.commit()
        with pytest.raises(SQLAlchemyError, match="read-only"):
            source.connection.execute(text("DELETE FROM customers"))


class Server:
    """A connection of any driver that remembers what it was told, and knows not every statement."""

    def __init__(self, *unknown: str):
        self.unknown, self.told = unknown, []  # type: ignore[var-annotated]

    def cursor(self) -> Server:
        return self

    def execute(self, statement: str) -> None:
        self.told.append(statement)
        if any(word in statement for word in self.unknown):
            raise RuntimeError("unknown")

    def commit(self) -> None:
        """Kept."""

    rollback = close = commit


@pytest.mark.parametrize(
    ("kind", "unknown", "told"),
    [
        ("mysql", "max_statement_time", ["SET SESSION TRANSACTION READ ONLY", "SET SESSION max_execution_time = 30000"]),
        ("mariadb", "max_execution_time", ["SET SESSION TRANSACTION READ ONLY", "SET SESSION max_execution_time = 30000",
                                           "SET SESSION max_statement_time = 30"]),
        ("mssql", "none", ["SET LOCK_TIMEOUT 30000"]),
        ("redshift", "none", ["SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "SET statement_timeout TO 30000"]),
        ("snowflake", "none", ["ALTER SESSION SET STATEMENT_TIMEOUT_IN_SECONDS = 30"]),
        ("databricks", "none", ["SET STATEMENT_TIMEOUT = 30"]),
        ("bigquery", "none", []),
    ],
)  # fmt: skip
def test_what_each_server_is_told_first(kind: str, unknown: str, told: list[str]) -> None:
    server = Server(unknown)
    connect._guarded(server, connect.GUARDS[kind])
    assert server.told == told


def test_a_server_that_knows_no_guard_is_not_read() -> None:
    with pytest.raises(RuntimeError, match="unknown"):
        connect._guarded(Server("READ ONLY"), connect.GUARDS["redshift"])


@pytest.mark.parametrize("kind", [name for name in KINDS if name != "sqlite"])
def test_no_connection_is_kept_or_printed_and_drivers_are_told_to_give_up(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, object] = {}
    engine = create_engine("sqlite://")
    monkeypatch.setattr(connect, "create_engine", lambda _, **options: given.update(options) or engine)
    place = f"{kind}://u:p@127.0.0.1/x" if KINDS[kind].hosted else f"{kind}://u:p@account/x"
    connect._engine(address(place, ANY), connect.GUARDS[kind])
    assert (given["hide_parameters"], given["poolclass"]) == (True, NullPool)
    limits = {"postgresql": {"connect_timeout": 10}, "mysql": {"connect_timeout": 10, "read_timeout": 60},
              "mariadb": {"connect_timeout": 10, "read_timeout": 60}, "mssql": {"login_timeout": 10, "timeout": 30}}  # fmt: skip
    assert given["connect_args"] == limits.get(kind, {})


@pytest.mark.parametrize(
    ("dialect", "limited"),
    [
        ("postgresql", "LIMIT 500001"),
        ("mysql", "LIMIT 500001"),
        ("mssql", "SELECT TOP 500001"),
        ("sqlite", "LIMIT 500001"),
    ],
)
def test_one_row_too_many_is_asked_for_and_no_more(dialect: str, limited: str) -> None:
    asked = connect.rows_wanted(Place("sales", "order; x"), ["a b", "select"])
    said = str(asked.compile(dialect=URL.create(dialect).get_dialect()(), compile_kwargs={"literal_binds": True}))
    assert limited in " ".join(said.split())
    quotes = {"mysql": "``", "mssql": "[]"}.get(dialect, '""')
    assert all(f"{quotes[0]}{name}{quotes[1]}" in said for name in ("a b", "select", "order; x"))


@pytest.mark.parametrize(
    ("kind", "may_write", "said"),
    [
        ("mysql", True, ["u may change data in x"]),
        ("mysql", False, []),
        ("mssql", True, ["mssql has no read-only session", "u may change data in x"]),
        ("mssql", None, ["mssql has no read-only session", "It cannot be told whether this role may write"]),
        ("snowflake", False, ["snowflake has no read-only session"]),
        ("bigquery", False, ["bigquery has no read-only session"]),
        ("databricks", False, ["databricks has no read-only session"]),
    ],
)
def test_what_each_server_is_warned_of(kind: str, may_write: bool | None, said: list[str]) -> None:
    class Role(Server):
        def execute(self, statement: object) -> Role:  # type: ignore[override]
            if may_write is None:
                raise SQLAlchemyError("no")
            self.told.append(str(statement))
            return self

        def scalar(self) -> bool:
            return bool(may_write)

    role = Role()
    place = f"{kind}://u:p@127.0.0.1/x" if KINDS[kind].hosted else f"{kind}://u:p@account/x"
    found = connect._warnings(address(place, ANY), connect.GUARDS[kind], role)  # type: ignore[arg-type]
    assert len(found) == len(said)
    assert all(sentence.startswith(start) for sentence, start in zip(found, said, strict=True))
    assert role.told == (
        [connect.GUARDS[kind].may_write] if connect.GUARDS[kind].may_write and may_write is not None else []
    )


# --- secrets --------------------------------------------------------------------------------------------------------


def test_the_password_is_never_shown(postgresql_database: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "CANARY p@ss:w/rd"
    good = postgresql_database.replace("postgres@", "postgres:CANARY%20p%40ss%3Aw%2Frd@")
    said = []
    with connected(good, ANY) as source:
        said += [str(source.address), repr(source.address), repr(source), repr(source.connection.engine)]
        with pytest.raises(Problem) as error:
            source.named("none")
        said.append(str(error.value))
    for bad in (good + "_no", good.replace("postgres:", "nobody:"),
                good.replace("127.0.0.1:", "127.0.0.1:no"), "nosql" + good, good + "?options=CANARY"):  # fmt: skip
        with pytest.raises(Problem) as error, connected(bad, ANY):
            pass
        said.append(str(error.value))
        said += traceback.format_exception(error.value)
    out = cli("check", good + "_no")
    said += [out[1], out[2], caplog.text]
    for sentence in said:
        assert "CANARY" not in sentence
        assert secret not in sentence


# --- which addresses ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("postgresql://u:p@169.254.169.254/x", "may not be read"),
        ("postgresql://u:p@metadata.google.internal/x", "may not be read"),
        ("postgresql://u:p@[fe80::1]/x", "may not be read"),
        ("postgresql://u:p@[::ffff:169.254.169.254]/x", "may not be read"),
        ("postgresql://u:p@0.0.0.0/x", "may not be read"),
        ("postgresql://u:p@127.0.0.1,169.254.169.254/x", "may not be read"),
        ("postgresql://u:p@127.0.0.1/x?host=169.254.169.254", "says host after"),
        ("postgresql://u:p@127.0.0.1/x?service=prod", "says service after"),
        ("postgresql:///x", "names no host"),
        ("mysql://u:p@127.0.0.1/x?local_infile=1", "says local_infile"),
        ("mssql://u:p@127.0.0.1/x?odbc_connect=DSN", "says odbc_connect"),
        ("duckdb:///x.db", "is not read from"),
        ("h2://x", "is not read from"),
        ("oracle://u:p@127.0.0.1/x", "is not read from"),
        ("://", "not a database address"),
        ("sqlite:///book.db", "SQLite files are not read here"),
        ("sqlite:///:memory:", "SQLite files are not read here"),
    ],
)  # fmt: skip
def test_addresses_that_are_refused(given: str, why: str) -> None:
    with pytest.raises(Problem, match=why):
        address(given, Rules())


def test_only_hosts_that_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CS_METRICS_SOURCE_HOSTS", "127.0.0.*, *.example.com")
    rules = Rules.of_environment()
    assert address("postgresql://u@127.0.0.1/x", rules).name == "x"
    with pytest.raises(Problem, match="not among the hosts"):
        address("postgresql://u@localhost/x", rules)


def test_sqlite_files_of_one_folder_only(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("in/a.db", "b.db"):
        sqlite3.connect(tmp_path / name).close()
    (tmp_path / "in" / "link.db").symlink_to(tmp_path / "b.db")
    rules = Rules(folder=tmp_path / "in")
    assert address("sqlite:///a.db", rules).name == "a"
    assert address(f"sqlite:///{tmp_path}/in/a.db", rules).name == "a"
    for outside in ("../b.db", f"{tmp_path}/b.db", "link.db", "none.db"):
        with pytest.raises(Problem, match="There is no database file"):
            address(f"sqlite:///{outside}", rules)


@pytest.mark.parametrize("backend", [name for name, kind in KINDS.items() if kind.extra not in ("", "postgresql")])
def test_a_driver_that_is_not_there_is_named(backend: str) -> None:
    place = "account/db" if backend == "snowflake" else "project" if backend == "bigquery" else "127.0.0.1/db"
    with pytest.raises(Problem, match=rf"pip install cs-metrics\[{KINDS[backend].extra}\]"), \
         connected(f"{backend}://u:p@{place}" if backend != "bigquery" else "bigquery://project", ANY):  # fmt: skip
        pass


def test_every_kind_has_an_extra_and_a_guard() -> None:
    import tomllib

    from conftest import ROOT

    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    assert {kind.extra for kind in KINDS.values()} - {""} <= set(extras)
    assert set(KINDS) == set(connect.GUARDS)


# --- the command line -----------------------------------------------------------------------------------------------


@pytest.fixture
def kept(tmp_path: Path) -> str:
    """The address of a book of one's own, beside the database that is read."""
    return f"sqlite:///{tmp_path / 'kept.db'}"


def amounts(kept: str) -> dict[str, list[float]]:
    book = book_of(frames(tables_known(kept)), today=date(2026, 1, 1))
    return {str(account): row.tolist() for account, row in book.mrr.iterrows()}


def test_a_database_is_imported_and_refreshed(crm: str, kept: str) -> None:
    words = ("import", crm, "--table", "customers", "--table", "revenue", "--into", kept)
    code, _, said = cli(*words)
    assert (code, "jobs: not read" in said) == (0, True)
    assert amounts(kept) == {"007": [100.10, 110.20], "008": [50, 0]}
    run(
        crm, "UPDATE revenue SET mrr = 60 WHERE account_id = '008'; INSERT INTO revenue VALUES ('007', '2025-03-01', 5)"
    )
    code, out, _ = cli(*words, "--format", "json")
    assert amounts(kept) == {"007": [100.10, 110.20, 5], "008": [60, 0, 0]}
    counts = {row["table"]: (row["new"], row["changed"], row["same"]) for row in json.loads(out)}
    assert counts == {"accounts": (0, 0, 2), "mrr": (1, 1, 2)}
    assert cli(*words)[0] == 0


def test_only_what_changed_since_the_last_import(crm: str, kept: str) -> None:
    words = ("import", crm, "--table", "customers", "--table", "revenue", "--into", kept, "--newer-than", "updated_at")
    code, _, said = cli(*words)
    assert (code, "revenue: has no column updated_at and is read whole" in said) == (0, True)
    assert "customers: 2 rows" in said
    today = datetime.now(UTC).date()
    run(crm, f"INSERT INTO customers VALUES ('009', 'Cedar', 'Ann', 'SMB', '{today}')")
    code, _, said = cli(*words)
    assert (code, "customers: 1 rows with updated_at from" in said) == (0, True)
    assert tables_known(kept)["accounts"]["account_id"].to_pylist() == ["007", "008", "009"]
    run(crm, "UPDATE customers SET updated_at = '2020-01-01'")
    assert cli(*words)[0] == 0
    assert history(kept)["batch"].max() == 3
    assert cli(*words[:-1], "updated_at=soon")[0] == 2


def test_figures_straight_from_a_database(crm: str) -> None:
    run(crm, "DROP VIEW customers_of_ann")
    code, out, _ = cli("report", crm, "--metric", "mrr", "--until", "2025-02", "--format", "json")
    assert (code, json.loads(out)[0]["value"]) == (0, pytest.approx(110.2))
    assert not holds_book(crm)


def test_a_book_of_ours_is_no_source_to_import(crm: str, kept: str) -> None:
    assert cli("import", crm, "--table", "revenue", "--into", kept)[0] == 0
    code, _, said = cli("import", kept, "--into", kept + "2")
    assert (code, "holds a book of this program already" in said) == (1, True)
    assert cli("report", kept, "--metric", "mrr")[0] == 0


def test_a_database_of_others_is_never_made_ours(crm: str) -> None:
    run(crm, "ALTER TABLE customers RENAME TO accounts")
    code, _, said = cli("import", str(CASES / "golden_quarter"), "--into", crm)
    assert (code, "a database of its own" in said) == (1, True)
    assert not holds_book(crm)


def test_a_table_that_is_not_there_and_a_table_of_files(crm: str, kept: str) -> None:
    code, _, said = cli("import", crm, "--table", "bills", "--into", kept)
    assert (code, 'no table or view "bills"' in said) == (1, True)
    assert cli("import", str(CASES / "golden_quarter"), "--table", "x", "--into", kept)[0] == 2
