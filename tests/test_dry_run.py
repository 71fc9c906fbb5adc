"""The dry run says what an import would do, and the import then does just that."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from conftest import CASES
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from test_cli import rows, run

from cs_metrics.analysis.near_duplicates import near_duplicates
from cs_metrics.assemble import book_of
from cs_metrics.read.files import File
from cs_metrics.read.reading import Reading, read, read_paths
from cs_metrics.store.batches import Brought, import_batch, known_files, latest_batch, rehearse, undo
from cs_metrics.store.database import rehearsal, transaction
from cs_metrics.store.dry_run import Answers, Tried, try_import
from cs_metrics.store.known import accounts_known, tables_known
from cs_metrics.tables import TABLES, frames

TODAY = date(2026, 1, 1)
MRR = "account_id,month,mrr\n"
ACCOUNTS = "account_id,name,csm,segment\n"


def reading(database: str, **files: str) -> Reading:
    every = [File(f"{name}.csv", text.encode()) for name, text in files.items()]
    return read(every, known=accounts_known(database)).usable()


def keep(database: str, **files: str) -> None:
    import_batch(database, reading(database, **files).tables)


def mrr(database: str) -> dict[str, list[float]]:
    book = book_of(frames(tables_known(database)), today=TODAY)
    return {str(account): row.tolist() for account, row in book.mrr.sort_index().iterrows()}


def tried(database: str, answers: Answers | None = None, **files: str) -> Tried:
    return try_import(database, reading(database, **files).tables, answers, months=1, today=TODAY)


def done(database: str, answers: Answers, **files: str) -> Tried:
    """Try, then import with what was said; the import does what the try said."""
    found = tried(database, answers, **files)
    import_batch(database, reading(database, **files).tables, said=found.said)
    after = found.run.after
    assert after is not None
    assert mrr(database) == {str(a): row.tolist() for a, row in after.mrr.sort_index().iterrows()}
    return found


def contents(tables: dict[str, object]) -> dict[str, list[str]]:
    return {name: sorted(map(str, rows.to_pylist())) for name, rows in tables.items()}  # type: ignore[attr-defined]


FIRST = {
    "mrr": MRR + "A,2025-01,100\nA,2025-02,100\nB,2025-01,50\nB,2025-02,50\n",
    "accounts": ACCOUNTS + "A,Acme,Ann,SMB\nB,Birch,Bob,Mid\n",
}
SECOND = {
    "mrr": MRR + "A,2025-02,90\nA,2025-03,120\nC,2025-03,7\n",
    "accounts": ACCOUNTS + "A,Acme,Zoe,Mid\nC,Cedar,Bob,Mid\n",
}


def test_whom_a_reading_in_part_does_not_name_is_not_missing(sqlite_database: str) -> None:
    keep(sqlite_database, **FIRST)

    def missing(month: str, in_part: set[str]) -> list[str]:
        tables = reading(sqlite_database, mrr=f"{MRR}A,{month},90\n", accounts=f"{ACCOUNTS}A,Acme,Zoe,Mid\n").tables
        found = try_import(sqlite_database, tables, months=1, today=TODAY, in_part=in_part)
        return found.run.of("missing")["account_id"].tolist()

    assert missing("2025-02", set()) == ["B"]
    assert missing("2025-02", {"mrr", "accounts"}) == [], "a month corrected says nothing of the others"
    assert missing("2025-03", {"mrr", "accounts"}) == ["B"], "a new month names every customer"


BOTH = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database: SQLite, unless a test asks for the other."""
    if getattr(request, "param", "") == "postgresql":
        return str(request.getfixturevalue("postgresql_database"))
    return f"sqlite:///{tmp_path / 'book.db'}"


@BOTH
def test_a_rehearsal_does_what_the_import_does_and_writes_nothing(database: str) -> None:
    keep(database, **FIRST, pulses="account_id,given_on,pulse\nA,2025-01-05,3\n")
    before = contents(tables_known(database))
    second = reading(database, **SECOND, pulses="account_id,given_on,pulse\nA,2025-01-05,3\nB,2025-02-05,2\n").tables
    rehearsed = rehearse(database, second)
    assert (latest_batch(database), contents(tables_known(database))) == (1, before)
    assert contents(rehearsed.before) == before
    happened = import_batch(database, second)
    assert contents(rehearsed.after) == contents(tables_known(database))
    assert rehearsed.counts.equals(happened.counts)


cells = st.dictionaries(
    st.tuples(st.sampled_from("ABC"), st.sampled_from(["2025-01", "2025-02", "2025-03"])), st.integers(0, 9), min_size=1
)


@settings(max_examples=8, phases=[Phase.generate])
@given(st.lists(cells, min_size=2, max_size=3))
def test_any_import_is_rehearsed_as_it_happens(
    tmp_path_factory: pytest.TempPathFactory, imports: list[dict[tuple[str, str], int]]
) -> None:
    database = f"sqlite:///{tmp_path_factory.mktemp('drawn') / 'book.db'}"
    for each in imports:
        text = MRR + "".join(f"{account},{month},{price}\n" for (account, month), price in each.items())
        tables = reading(database, mrr=text).tables
        rehearsed = rehearse(database, tables)
        assert rehearsed.counts.equals(import_batch(database, tables).counts)
        assert contents(rehearsed.after) == contents(tables_known(database))


@BOTH
def test_the_dry_run_names_accounts_hands_and_figures(database: str) -> None:
    keep(database, **FIRST)
    found = tried(database, **SECOND)
    each = found.run.accounts.set_index("account_id")
    assert each["what"].to_dict() == {"C": "new", "A": "changed", "B": "missing"}
    assert each.at["A", "note"] == "segment: SMB → Mid; MRR of 2025-02: 100.00 → 90.00"
    assert found.run.moves[["account_id", "before", "after", "dated"]].values.tolist() == [["A", "Ann", "Zoe", False]]
    figures = found.run.figures.set_index("figure")
    assert figures.loc["mrr", ["before", "after", "month_before", "month_after"]].tolist() == [
        150,
        127,
        "2025-02",
        "2025-03",
    ]
    # A pays 120 of 90; B, 50 in February, is not there in March
    assert figures.at["net_revenue_retention", "before"] == 1.0
    assert figures.at["net_revenue_retention", "after"] == pytest.approx(120 / 140)
    assert figures.at["logo_retention", "difference"] == -0.5


def test_customers_the_files_do_not_name_are_still_here_if_so_said(database: str) -> None:
    keep(database, **FIRST)
    found = done(database, Answers(still_here=True), **SECOND)
    assert mrr(database) == {"A": [100, 90, 120], "B": [50, 50, 50], "C": [0, 0, 7]}
    assert found.run.figures.set_index("figure").at["logo_retention", "after"] == 1.0
    undo(database, 2)
    assert mrr(database) == {"A": [100, 100], "B": [50, 50]}


@BOTH
def test_customers_that_left_have_no_mrr_from_that_day(database: str) -> None:
    keep(database, **FIRST)
    done(database, Answers(left_on=date(2025, 2, 10)), **SECOND)
    assert mrr(database)["B"] == [50, 0, 0]
    [lost] = tables_known(database)["churns"].to_pylist()
    assert (lost["account_id"], lost["churned_on"]) == ("B", date(2025, 2, 10))
    undo(database, 2)
    assert mrr(database)["B"] == [50, 50]
    assert "churns" not in tables_known(database)


def test_some_have_left_and_the_others_are_still_here(database: str) -> None:
    keep(database, mrr=FIRST["mrr"] + "D,2025-02,9\n")
    answers = Answers(left_on=date(2025, 4, 1), who_left=("D",), still_here=True)
    done(database, answers, mrr=MRR + "A,2025-03,100\nA,2025-04,100\n")
    assert mrr(database) == {"A": [100, 100, 100, 100], "B": [50, 50, 50, 50], "D": [0, 9, 9, 0]}


def test_subscriptions_and_ledgers_end_on_the_day_an_account_left(database: str) -> None:
    header = "subscription_id,account_id,start_date,end_date,mrr,status\n"
    keep(database, subscriptions=header + "s1,A,2025-01-01,,100,active\ns2,B,2025-01-01,,50,active\n")
    later = header.replace(",status", "") + "s1,A,2025-01-01,,100\ns3,A,2025-03-01,,5\n"
    found = tried(database, subscriptions=later)
    assert found.run.of("missing")["account_id"].tolist() == ["B"]
    assert found.run.figures["after"].iloc[0] == 155
    done(database, Answers(left_on=date(2025, 2, 10)), subscriptions=later)
    assert mrr(database) == {"A": [100, 100, 105], "B": [50, 0, 0]}
    assert {row["status"] for row in tables_known(database)["subscriptions"].to_pylist()} == {"active", None}


def test_a_ledger_takes_the_last_balance_off(database: str) -> None:
    keep(database, ledger="account_id,date,mrr_change\nA,2025-01-05,100\nB,2025-01-05,50\nB,2025-02-05,5\n")
    done(database, Answers(left_on=date(2025, 3, 3)), accounts="account_id,name\nA,Acme\n")
    assert mrr(database)["B"] == [50, 55, 0]


def test_a_new_csm_without_a_day_is_a_handover_on_the_day_said(database: str) -> None:
    keep(database, **FIRST)
    found = done(database, Answers(handed_over=date(2025, 3, 1)), **SECOND)
    [move] = found.run.moves.to_dict("records")
    assert (move["before"], move["after"], move["from_date"], move["dated"]) == ("Ann", "Zoe", pd.Timestamp("2025-03-01"), True)  # fmt: skip
    book = book_of(frames(tables_known(database)), today=TODAY)
    row = book.accounts.index.get_loc("A")
    assert [book.owners.names[held] for held in book.owners.held[:, row]] == ["Ann", "Ann", "Zoe"]


def test_handovers_in_the_files_have_their_day(database: str) -> None:
    keep(database, **FIRST)
    owners = "account_id,csm,from_date\nA,Ann,2024-01-01\nA,Ben,2025-02-15\n"
    [move] = tried(database, owners=owners).run.moves.to_dict("records")
    assert (move["account_id"], move["before"], move["after"], move["from_date"]) == ("A", "Ann", "Ben", pd.Timestamp("2025-02-15"))  # fmt: skip


def test_files_that_list_no_customers_miss_none(database: str) -> None:
    keep(database, **FIRST)
    assert tried(database, pulses="account_id,given_on,pulse\nA,2025-01-05,3\n").run.accounts.empty


def test_the_first_import_has_nothing_to_compare_with(database: str) -> None:
    found = tried(database, **FIRST)
    assert found.run.figures["before"].isna().all()
    assert found.run.figures["after"].iloc[0] == 150
    assert set(found.run.accounts["what"]) == {"new"}


def test_files_without_revenue_say_so(database: str) -> None:
    found = tried(database, accounts=FIRST["accounts"])
    assert "no revenue" in found.run.why
    assert found.run.figures["after"].isna().all()
    assert found.run.rows().shape[1] == 6


def test_lists_of_accounts_with_mrr_add_up_month_by_month(database: str) -> None:
    header = "account_id,name,mrr,month\n"
    keep(database, accounts=header + "A,Acme,100,2025-01\nB,Birch,50,2025-01\n")
    keep(database, accounts=header + "A,Acme,120,2025-02\nB,Birch,50,2025-02\n")
    assert mrr(database) == {"A": [100, 120], "B": [50, 50]}
    undo(database, 2)
    assert mrr(database) == {"A": [100], "B": [50]}


def test_a_list_of_accounts_adds_nothing_to_revenue_told_otherwise(database: str) -> None:
    keep(database, subscriptions="subscription_id,account_id,start_date,mrr\ns1,A,2025-01-01,100\n")
    keep(database, accounts="account_id,name,mrr,month\nA,Acme,77,2025-01\n")
    assert "mrr" not in tables_known(database)
    assert mrr(database) == {"A": [100]}


def test_the_same_file_says_so_before_it_is_imported(database: str) -> None:
    files = reading(database, **FIRST)
    brought = [Brought(file.name, file.sha256, len(file.data)) for file in files.files]
    assert known_files(database, brought) == []
    import_batch(database, files.tables, brought)
    again = [brought[0]._replace(name="renamed.csv")]
    assert known_files(database, again) == ["renamed.csv was imported already, as batch 1, named mrr.csv."]
    undo(database, 1)
    assert known_files(database, again) == []


# --- near duplicates ------------------------------------------------------------------------------------------------


def test_near_duplicates_by_domain_and_by_name() -> None:
    accounts = pd.DataFrame(
        {
            "name": ["Acme Inc.", "ACME GmbH & Co. KG", "Birch", "Other", "Müller AG", "Muller", "Kim", "Lee", "Branch"],
            "domain": ["acme.com", None, "https://www.birch.io/x", "birch.io", None, None, "gmail.com", "gmail.com", "acme.com"],
            "parent_id": [None, None, None, None, None, None, None, None, "0"],
        },
        index=[str(n) for n in range(9)],
    )  # fmt: skip
    found = near_duplicates(accounts)
    groups = found.groupby("group")["account_id"].agg(list).tolist()
    assert groups == [["0", "1"], ["2", "3"], ["4", "5"]]
    assert found["because"].tolist() == [
        "same name",
        "same name",
        "same domain",
        "same domain",
        "same name",
        "same name",
    ]


def test_what_hangs_together_is_one_group() -> None:
    accounts = pd.DataFrame({"name": ["A b", "A. B.", "C"], "domain": [None, "x.io", "x.io"]}, index=["1", "2", "3"])
    assert near_duplicates(accounts)["group"].tolist() == [1, 1, 1]


def test_no_account_no_duplicate() -> None:
    assert near_duplicates(pd.DataFrame({"name": []})).empty
    assert near_duplicates(pd.DataFrame({"name": ["", "", "?"]}, index=["1", "2", "3"])).empty


# --- the command line -----------------------------------------------------------------------------------------------


@BOTH
def test_the_command_line_tries_without_writing(database: str) -> None:
    golden = str(CASES / "golden_quarter")
    found = rows("import", golden, "--into", database, "--dry-run")
    assert list(found[0]) == ["what", "name", "before", "after", "difference", "note"]
    assert next(row["after"] for row in found if row["name"] == "net_revenue_retention") == 0.94
    assert latest_batch(database) == 0
    run("import", golden, "--into", database)
    code, out, err = run("import", golden, "--into", database, "--dry-run", "--format", "json")
    assert (code, "An import would be refused" in err) == (0, True)
    assert all(row["difference"] == 0 for row in json.loads(out) if row["what"] == "figure")
    assert latest_batch(database) == 1


def test_a_rehearsal_in_postgresql_stands_in_nobodys_way(postgresql_database: str) -> None:
    keys = {"mrr": TABLES["mrr"].key}
    import_batch(postgresql_database, frames_as_tables("2025-01"))
    with rehearsal(postgresql_database, keys) as cursor:
        cursor.execute('DELETE FROM "mrr"')
        assert import_batch(postgresql_database, frames_as_tables("2025-02")).batch == 2
        cursor.execute('SELECT count(*) FROM "mrr"')
        assert cursor.fetchone()[0] == 0
    assert len(tables_known(postgresql_database)["mrr"]) == 2
    with transaction(postgresql_database) as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE relpersistence = 't' AND relkind = 'r'")
        assert cursor.fetchone()[0] == 0


def frames_as_tables(month: str) -> dict[str, pa.Table]:
    number = int(month.replace("-", ""))
    return {"mrr": pa.table({"account_id": ["A"], "month": pa.array([number], pa.int32()), "mrr": [3600]})}


@pytest.mark.parametrize(
    ("more", "b"),
    [([], 50), (["--still-customers"], 50), (["--left", "2025-03-02"], 0), (["--left", "2025-04-01"], 50)],
)
def test_the_command_line_asks_no_question_but_takes_answers(
    database: str, tmp_path, more: list[str], b: float
) -> None:  # type: ignore[no-untyped-def]
    keep(database, **FIRST)
    (tmp_path / "mrr.csv").write_text(SECOND["mrr"])
    code, _, err = run("import", str(tmp_path / "mrr.csv"), "--into", database, *more)
    assert code == 0, err
    assert ("are still customers" in err) == ("--left" not in more)
    assert ("--left DATE says they are gone" in err) == (not more)
    assert "mrr: keeping 3 rows" in err
    assert mrr(database)["B"][-1] == b


def test_revenue_from_another_table_than_before_is_said(database: str, tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "first").mkdir()
    (tmp_path / "first" / "subscriptions.csv").write_text(
        "account_id,start_date,mrr\nA,2025-01-01,10\nB,2025-01-01,5\n"
    )
    (tmp_path / "mrr.csv").write_text("account_id,month,mrr\nA,2025-03,10\n")
    assert run("import", str(tmp_path / "first"), "--into", database)[0] == 0
    code, _, err = run("import", str(tmp_path / "mrr.csv"), "--into", database, "--dry-run")
    assert (code, "Revenue comes from the table subscriptions so far" in err) == (0, True)


@pytest.mark.parametrize(
    ("more", "owners"), [([], 2), (["--handed-over", "never"], 0), (["--handed-over", "2025-03-05"], 2)]
)
def test_an_account_with_another_csm_changed_hands_unless_said_otherwise(
    database: str, tmp_path, more: list[str], owners: int
) -> None:  # type: ignore[no-untyped-def]
    for name, csm in (("old", "Ann"), ("new", "Ben")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "accounts.csv").write_text(f"account_id,csm\nA,{csm}\n")
    (tmp_path / "old" / "mrr.csv").write_text("account_id,month,mrr\nA,2025-01,10\nA,2025-02,10\n")
    assert run("import", str(tmp_path / "old"), "--into", database)[0] == 0
    code, out, err = run("import", str(tmp_path / "new"), "--into", database, *more, "--format", "json")
    assert code == 0, err
    assert sum(row["new"] for row in json.loads(out) if row["table"] == "owners") == owners
    assert ("changed hands on 2025-03-01" in err) == (not more)


def test_wrong_answers_are_wrong_usage(database: str) -> None:
    golden = str(CASES / "golden_quarter")
    assert run("import", golden, "--into", database, "--left", "soon")[0] == 2
    assert run("import", golden, "--into", database, "--left", "2025-01-01", "--still-customers")[0] == 2


def test_changes_on_the_command_line(database: str) -> None:
    keep(database, **FIRST)
    keep(database, **SECOND)
    found = rows("changes", database, "--since", "1", "--months", "1")
    assert list(found[0]) == ["metric", "group", "cause", "before", "after", "difference", "accounts"]
    by_cause = {row["cause"]: row["difference"] for row in found if row["metric"] == "mrr"}
    assert by_cause == {
        "correction": -10,
        "back-dated entry": 0,
        "real movement": -13,
        "hand-over": 0,
        "fx": 0,
        "definition": 0,
    }
    hands = rows("changes", database, "--since", "1", "--metric", "mrr", "--by", "csm", "--months", "1")
    assert {row["group"]: row["difference"] for row in hands if row["cause"] == "hand-over" and row["difference"]} == {
        "Ann": -120,
        "Zoe": 120,
    }
    whole = {row["metric"]: row["value"] for row in rows("report", database, "--months", "1")}
    for metric in ("mrr", "net_revenue_retention"):
        assert [row["after"] for row in found if row["metric"] == metric][-1] == whole[metric]
    behind = rows("changes", database, "--since", "1", "--metric", "mrr", "--months", "1", "--accounts")
    assert sum(row["difference"] for row in behind) == pytest.approx(-23)
    switched = rows(
        "changes",
        database,
        "--since",
        "2",
        "--metric",
        "gross_revenue_retention",
        "--setting-then",
        "owner=closing",
        "--by",
        "csm",
        "--months",
        "1",
    )
    assert {row["cause"] for row in switched if row["difference"]} <= {"definition"}
    assert run("changes", database, "--since", "9")[0] == 1
    assert run("changes", database, "--since", "1", "--metric", "nonsense")[0] == 2


def test_changes_of_a_day_before_everything_is_a_problem(database: str) -> None:
    import_batch(database, read_paths([CASES / "golden_quarter"]).tables)
    code, out, err = run("changes", database, "--since", "2001-01-01")
    assert (code, out, "first import came later" in err) == (1, "", True)
