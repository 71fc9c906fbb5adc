"""The command line: names and columns as promised, numbers on standard output, everything else beside it."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import CASES, ROOT
from typer.testing import CliRunner

from cs_metrics.cli import app

GOLDEN = str(CASES / "golden_quarter")


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def rows(*arguments: str) -> list[dict[str, object]]:
    code, out, err = run(*arguments, "--format", "json")
    assert code == 0, err
    return json.loads(out)


COLUMNS = {
    "check": (["check", GOLDEN], "file sheet row column value problem advice severity"),
    "report": (["report", GOLDEN], "metric month months group value top bottom"),
    "movements": (["movements", GOLDEN], "period group opening new expansion contraction churn reactivation fx transfer_in transfer_out closing"),
    "cohorts": (["cohorts", GOLDEN], "cohort size age value"),
    "cohorts by": (["cohorts", GOLDEN, "--by", "segment", "--measure", "net", "--every", "year"], "group cohort size age value"),
    "survival": (["survival", GOLDEN], "age_months at_risk lost survival low high"),
    "survival by": (["survival", GOLDEN, "--by", "csm"], "group age_months at_risk lost survival low high"),
    "explain": (["explain", "arr", GOLDEN], "account_id name group opening closing top bottom note"),
    "backtest": (["backtest", GOLDEN], "as_of n events auc low high lift precision recall"),
    "scores": (["backtest", GOLDEN, "--show", "scores"], "score n events auc low high precision recall lift"),
    "calibration": (["backtest", GOLDEN, "--show", "calibration"], "from_score to_score n accounts lost share low high expected"),
    "weights": (["backtest", GOLDEN, "--show", "weights"], "part label now proposed"),
    "foresight": (["foresight", GOLDEN], "account_id name csm lost_in mrr seen person_days why tool_days"),
    "flagged": (["foresight", GOLDEN, "--show", "flagged"], "account_id name csm flagged_on why taken_down mrr_then mrr_later became"),
    "signal-record": (["signal-record", GOLDEN], "signal label purpose times accounts followed not_followed precision low high preceded lift quarter_ends dark"),
    "at-risk": (["at-risk", GOLDEN], "rank account_id name csm mrr renewal_date health pulse reasons plan plan_age_days"),
    "layouts": (["layouts"], "layout table columns"),
    "advocates": (["advocates", GOLDEN], "rank account_id name csm mrr met missed reference_ready"),
}  # fmt: skip


@pytest.mark.parametrize("command", COLUMNS)
def test_columns_are_as_promised(command: str) -> None:
    arguments, names = COLUMNS[command]
    code, out, _ = run(*arguments, "--format", "csv")
    assert code == 0
    assert next(csv.reader(io.StringIO(out))) == names.split()
    for row in rows(*arguments):
        assert list(row) == names.split()


def test_a_layout_is_printed_as_the_recipe_it_is(tmp_path: Path) -> None:
    code, out, _ = run("layouts", "baremetrics")
    assert code == 0
    (tmp_path / "mine.toml").write_text(out.replace('money = "cents"', 'money = "units"'))
    (tmp_path / "book.csv").write_text(
        "customer_oid,subscription_oid,plan_amount,plan_interval,subscription_started_at\nA,S,50,month,2025-01-01\n"
    )
    asked = ["report", str(tmp_path / "book.csv"), "--metric", "mrr", "--until", "2025-03"]
    assert [row["value"] for row in rows(*asked)] == [0.5]
    assert [row["value"] for row in rows(*asked, "--recipe", str(tmp_path / "mine.toml"))] == [50]
    code, _, err = run("layouts", "nobody")
    assert (code, "there is no layout nobody" in err) == (2, True)


def test_report_gives_the_last_quarter_by_default() -> None:
    found = {row["metric"]: row for row in rows("report", GOLDEN)}
    assert found["net_revenue_retention"] == {
        "metric": "net_revenue_retention", "month": "2025-03", "months": 3, "group": None, "value": 0.94, "top": 940.0, "bottom": 1000.0,
    }  # fmt: skip
    assert (found["mrr"]["value"], found["mrr"]["bottom"]) == (1057.0, None)


def test_groups_add_up_and_undefined_is_null() -> None:
    found = rows("report", GOLDEN, "--metric", "net_revenue_retention", "--by", "csm")
    assert {row["group"]: row["value"] for row in found if row["bottom"]} == pytest.approx(
        {"Ada": 525 / 450, "Ben": 175 / 310, "Cho": 1.0}
    )
    assert sum(row["top"] for row in found) == 940
    early = rows("report", GOLDEN, "--metric", "net_revenue_retention", "--every", "month")
    assert [row["month"] for row in early][:3] == ["2024-09", "2024-10", "2024-11"]
    assert early[0]["value"] is None
    assert early[3]["value"] == 0.0  # September's one account was gone by December


def test_where_and_until_slice_the_book() -> None:
    [one] = rows("report", GOLDEN, "--metric", "customers", "--where", "segment=Enterprise", "--until", "2025-02")
    assert (one["month"], one["value"]) == ("2025-02", 4)
    [two] = rows(
        "report",
        GOLDEN,
        "--metric",
        "customers",
        "--where",
        "csm=Ada",
        "--where",
        "csm=Ben",
        "--where",
        "segment=SMB",
    )
    assert two["value"] == 2


def test_settings_switch_definitions() -> None:
    def value(*arguments: str) -> object:
        return rows("report", GOLDEN, *arguments)[0]["top"]

    assert value("--metric", "net_revenue_retention", "--setting", "fx=floating") == 937
    assert value("--metric", "gross_revenue_retention", "--setting", "gross_cap=product") == 800
    assert value("--metric", "mrr", "--setting", "currency=EUR") == pytest.approx(1057 / 1.14, abs=0.01)


def test_explain_adds_up_to_the_report() -> None:
    for metric in (
        "net_revenue_retention",
        "gross_revenue_retention",
        "logo_churn_rate",
        "mrr",
        "gross_renewal_rate",
    ):
        [whole] = rows("report", GOLDEN, "--metric", metric)
        behind = rows("explain", metric, GOLDEN)
        assert sum(row["top"] for row in behind) == whole["top"]
        assert sum(row["bottom"] or 0 for row in behind) == (whole["bottom"] or 0)


def test_movements_of_the_quarter() -> None:
    [quarter] = rows("movements", GOLDEN, "--from", "2025-01", "--until", "2025-03", "--every", "quarter")
    assert quarter["period"] == "2025-Q1"
    assert [
        quarter[name] for name in ("opening", "new", "expansion", "contraction", "churn", "reactivation", "closing")
    ] == [1000, 110, 100, -40, -240, 130, 1060]
    [ends] = rows("movements", GOLDEN, "--from", "2025-01", "--every", "quarter", "--setting", "waterfall=ends")
    assert (ends["expansion"], ends["closing"]) == (80, 1060)
    [fiscal] = rows("movements", GOLDEN, "--from", "2025-01", "--every", "quarter", "--setting", "fiscal_start=7")
    assert fiscal["period"] == "FY2025-Q3"


def test_a_month_without_figures_is_null_and_said() -> None:
    code, out, err = run("report", GOLDEN, "--metric", "mrr", "--until", "2031-01", "--format", "json")
    assert (code, json.loads(out)[0]["value"]) == (0, None)
    assert "no figure for 2031-01" in err
    code, out, err = run("report", GOLDEN, "--metric", "mrr", "--until", "2001-01", "--format", "json")
    assert (code, json.loads(out)[0]["value"]) == (0, None)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["report", GOLDEN, "--metric", "net_retention"], 2, "did you mean net_revenue_retention"),
        (["report", GOLDEN, "--by", "colour"], 2, "not an attribute"),
        (["report", GOLDEN, "--where", "segment"], 2, "name=value"),
        (["report", GOLDEN, "--setting", "owner=mine"], 2, "choose opening"),
        (["report", GOLDEN, "--setting", "colour=red"], 2, "not known"),
        (["report", GOLDEN, "--until", "March"], 2, "2025-03"),
        (["report", GOLDEN, "--every", "week"], 2, "month"),
        (["report", GOLDEN, "--as-known-at", "1"], 2, "database"),
        (["report", "nowhere.csv"], 1, "no such file"),
        (["report", GOLDEN + "/fx.csv"], 1, "no revenue"),
        (["at-risk", GOLDEN, "--as-of", "soon"], 2, "not a day"),
        (["check", GOLDEN, "--recipe", "none.toml"], 2, "no recipe"),
        (["frobnicate"], 2, "No such command"),
    ],
)
def test_wrong_usage_is_2_and_refused_data_is_1(arguments: list[str], code: int, said: str) -> None:
    found, out, err = run(*arguments)
    assert found == code
    assert said in err
    assert not out


def test_refused_files_list_every_problem(tmp_path: Path) -> None:
    bad = tmp_path / "mrr.csv"
    bad.write_text("account_id,month,mrr\nA,2025-01,x\nB,2025-13,5\nC,2025-01,-1\n")
    code, out, err = run("report", str(bad))
    assert (code, out) == (1, "")
    assert [line.split(":")[0] for line in err.splitlines() if line.startswith("mrr.csv, row")] == [
        "mrr.csv, row 2, mrr", "mrr.csv, row 3, month", "mrr.csv, row 4, mrr",
    ] or len([line for line in err.splitlines() if "row" in line]) == 3  # fmt: skip
    code, out, _ = run("check", str(bad), "--format", "json")
    assert code == 1
    assert [(row["row"], row["severity"]) for row in json.loads(out)].count((2, "refused")) == 1


def test_check_counts_rows_and_money() -> None:
    code, _, err = run("check", GOLDEN)
    assert code == 0
    assert "mrr.csv: mrr: 41 rows read, 41 kept, 0 left out" in err
    assert "total mrr.mrr: 3,975.00" in err


def test_the_life_of_a_batch(database: str) -> None:
    [first, *_] = rows("import", GOLDEN, "--into", database, "--note", "first")
    assert first["batch"] == 1
    assert {row["table"] for row in rows("history", database)} == {"accounts", "mrr", "fx"}
    assert rows("report", database, "--metric", "mrr")[0]["value"] == 1057
    code, _, err = run("import", GOLDEN, "--into", database)
    assert (code, "imported already" in err) == (1, True)
    rows("undo", "1", database)
    code, _, err = run("report", database)
    assert (code, "no revenue" in err) == (1, True)
    assert rows("report", database, "--metric", "mrr", "--as-known-at", "1")[0]["value"] == 1057
    assert run("undo", "1", database)[0] == 1


def test_it_runs_as_a_module_and_prints_tables_for_people() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cs_metrics", "report", GOLDEN], capture_output=True, text=True, check=True
    )
    assert "net_revenue_retention" in done.stdout
    assert "assumed: mrr.csv is read as mrr" in done.stderr


def test_backtest_gives_a_row_per_quarter_and_one_for_all() -> None:
    found = rows("backtest", str(ROOT / "sample_data"))
    assert [row["as_of"] for row in found][-2:] == ["2025-06-30", "all"]
    assert found[-1]["events"] == sum(row["events"] for row in found[:-1])
    code, _, err = run("backtest", GOLDEN)
    assert (code, "too few to tell" in err) == (0, True)
    assert run("backtest", GOLDEN, "--score", "mood")[0] == 2


def test_a_kept_mapping_and_known_names_serve_the_next_import(tmp_path: Path) -> None:
    from cs_metrics.store.known import tables_known
    from cs_metrics.store.recipes import keep_recipe

    database = f"sqlite:///{tmp_path / 'book.db'}"
    (tmp_path / "accounts.csv").write_text("account_id,name,csm\nA1,Acme,Ann\n")
    (tmp_path / "odd.csv").write_text("Kürzel,Preis,Ab\nA1,100,2025-01-01\n")
    (tmp_path / "tickets.csv").write_text("ticket_id,account_id,opened_at\n1,ACME,2025-01-05\n")
    keep_recipe(
        database, "odd", "odd.csv",
        '[[file]]\nheaders = ["Kürzel", "Preis", "Ab"]\ntable = "subscriptions"\ncolumns = { account_id = "Kürzel", mrr = "Preis", start_date = "Ab" }',
    )  # fmt: skip
    for files in (["accounts.csv", "odd.csv"], ["tickets.csv"]):
        code, _, err = run("import", *(str(tmp_path / name) for name in files), "--into", database)
        assert code == 0, err
    known = tables_known(database)
    assert known["subscriptions"]["mrr"].to_pylist() == [360_000]
    assert known["tickets"]["account_id"].to_pylist() == ["A1"]


def test_health_gives_each_customers_score_and_signals_what_is_dark(tmp_path: Path) -> None:
    (tmp_path / "mrr.csv").write_text("account_id,month,mrr\nA,2025-06,5\nB,2025-06,7\n")
    (tmp_path / "pulses.csv").write_text("account_id,given_on,pulse\nA,2025-06-20,2\nB,2025-07-20,2\n")
    scored = {row["account_id"]: row for row in rows("health", str(tmp_path), "--as-of", "2025-06-30")}
    assert (scored["A"]["health"], scored["A"]["band"], scored["A"]["pulse"]) == (None, "unknown", 25)
    assert scored["B"]["pulse"] is None
    assert "Survey: add surveys.score" in run("health", str(tmp_path))[2]
    listed = {row["signal"]: row for row in rows("signals", str(tmp_path), "--as-of", "2025-06-30")}
    assert (listed["pulse_is_low"]["accounts"], listed["pulse_is_low"]["mrr"]) == (1, 5)
    assert listed["usage_is_rising"]["accounts"] is None
    assert listed["usage_is_rising"]["dark"] == "Usage is rising: add usage"
