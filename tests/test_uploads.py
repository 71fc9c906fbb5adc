"""Files as teams keep them, with the answers they must give: nothing in the reader knows their names."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest
from conftest import CASES

from cs_metrics.analysis.movements import movements
from cs_metrics.assemble import book_of
from cs_metrics.book import Book
from cs_metrics.read.files import File
from cs_metrics.read.reading import Reading, read
from cs_metrics.tables import frames

ANSWERS: dict[str, dict[str, Any]] = json.loads((CASES / "uploads" / "answers.json").read_text("utf-8"))


def reading_of(name: str, called: str | None = None) -> Reading:
    return read([File(called or name, (CASES / "uploads" / name).read_bytes())]).usable()


def tables_of(name: str, called: str | None = None) -> dict[str, pd.DataFrame]:
    return frames(reading_of(name, called).tables)


def book(name: str) -> Book:
    return book_of(tables_of(name))


def by(periods: pd.Series, step: str) -> dict[str, int]:
    return periods.dt.to_period(step).astype(str).value_counts().sort_index().to_dict()


def test_a_schedule_with_months_side_by_side() -> None:
    name = "02_wide_mrr_schedule.xlsx"
    answer, found = ANSWERS[name], book(name)
    assert len(found.mrr) == answer["customers"]
    assert {str(month): total for month, total in found.mrr.sum().items()} == answer["total_mrr_by_month"]
    active = {str(month): int(count) for month, count in (found.mrr > 0).sum().items()}
    assert active == answer["active_customers_by_month"]
    moved = movements(found, "month")
    closings = dict(zip(moved["period"].astype(str), moved["closing"], strict=True))
    assert closings == {month: total for month, total in answer["total_mrr_by_month"].items() if month in closings}
    assert len(closings) >= len(answer["total_mrr_by_month"]) - 1
    parts = ["opening", "new", "expansion", "contraction", "churn", "reactivation", "fx", "transfer_in", "transfer_out"]
    assert moved[parts].sum(axis=1).tolist() == moved["closing"].tolist()


def test_a_log_of_churns_in_utf_16() -> None:
    name = "06_churn_log_utf16_tab.csv"
    answer, found = ANSWERS[name], tables_of(name)["churns"]
    assert (len(found), found["account_id"].nunique()) == (answer["rows"], answer["accounts"])
    assert found["refund"].sum() / 3600 == answer["refund_total"]
    assert by(found["churned_on"], "Q") == answer["events_by_quarter"]
    assert found["reason"].str.lower().value_counts().to_dict() == answer["by_reason"]
    assert found["reactivated"].sum() == answer["reactivations"]


def test_days_before_months() -> None:
    name = "09_subscriptions_dayfirst.csv"
    answer, found = ANSWERS[name], tables_of(name)["subscriptions"]
    assert len(found) == answer["rows"]
    assert by(found["start_date"], "M") == answer["starts_by_month"]
    assert book(name).mrr.iloc[:, -1].sum() == answer["mrr_2024-12-31"]


def test_a_book_of_business_in_one_workbook() -> None:
    name = "10_book_of_business.xlsx"
    answer, found = ANSWERS[name], tables_of(name)
    accounts, tickets = found["accounts"], found["tickets"]
    assert len(accounts) == answer["accounts"]
    assert accounts["arr"].sum() / 3600 == answer["arr_total"]
    assert accounts["csm"].value_counts().to_dict() == answer["accounts_per_csm"]
    assert (accounts.groupby("csm")["arr"].sum() / 3600).to_dict() == answer["arr_per_csm"]
    assert str(accounts["start_date"].iloc[0].date()) == answer["start_first_account"]
    assert accounts["health"].str.lower().value_counts().to_dict() == answer["health_counts"]
    scores = pd.to_numeric(accounts["nps"])
    assert scores.notna().sum() == answer["nps_responses"]
    assert ((scores > 8).sum() - (scores < 7).sum()) / scores.notna().sum() * 100 == answer["nps"]
    assert len(found["subscriptions"]) == answer["subscriptions"]
    assert book(name).mrr.iloc[:, -1].sum() == answer["mrr_2024-12-31_from_subscriptions"]
    assert (len(tickets), tickets["csat"].notna().sum()) == (answer["tickets"], answer["csat_responses"])
    assert tickets["csat"].mean() == pytest.approx(answer["csat_mean"], abs=1e-15)
    assert (tickets["csat"] >= 4).sum() / tickets["csat"].notna().sum() == answer["csat_pct_4_5"]


def test_a_web_page_called_a_workbook() -> None:
    found = reading_of("17d_html_saved_as_xls.xls")
    assert len(found.tables["accounts"]) == 2
    assert found.totals()["accounts.mrr"] == 30 * 3600


@pytest.mark.parametrize("name", [name for name in ANSWERS if not name.startswith("17")])
def test_what_a_file_is_called_does_not_matter(name: str) -> None:
    suffix = name.rsplit(".", 1)[1]
    found, other = reading_of(name).tables, reading_of(name, f"export.{suffix}").tables
    assert {table: len(rows) for table, rows in found.items()} == {table: len(rows) for table, rows in other.items()}
