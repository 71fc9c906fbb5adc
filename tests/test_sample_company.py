"""The sample company keeps its promises: what is planted in it is what the package finds."""

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cs_metrics import METRICS, SIGNALS, Settings, book_of
from cs_metrics.analysis.advocates import advocates
from cs_metrics.analysis.likely import likely_range
from cs_metrics.analysis.plans import late_actions, stale_plans
from cs_metrics.analysis.risk import at_risk
from cs_metrics.health import health
from cs_metrics.lately import latest_answers, pulses
from cs_metrics.read.reading import read_paths
from cs_metrics.tables import REVENUE, TABLES, frames

SAMPLE = Path(__file__).parents[1] / "sample_data"
NET, GROSS, LOGO = (METRICS[name] for name in ("net_revenue_retention", "gross_revenue_retention", "logo_retention"))


@pytest.fixture(scope="module")
def reading():
    return read_paths([SAMPLE])


@pytest.fixture(scope="module")
def tables(reading):
    return frames(reading.usable().tables)


@pytest.fixture(scope="module")
def book(sample):
    return sample


@pytest.fixture(scope="module")
def now(book):
    return book.as_of(book.day)


@pytest.fixture(scope="module")
def risky(now):
    return at_risk(now).set_index("account_id")


@pytest.fixture(scope="module")
def fond(now):
    return advocates(now).set_index("account_id")


@pytest.fixture(scope="module")
def truths():
    return {truth["name"]: truth for truth in json.loads((SAMPLE / "truths.json").read_text("utf-8"))}


def last(metric, book, months):
    return metric.of(book, months).iloc[-1]


def of_account(book, table, account):
    rows = book.facts[table]
    return rows[rows["row"] == book.accounts.index.get_loc(account)]


def fires(book, signal, account):
    return book.accounts.index.get_loc(account) in set(SIGNALS[signal].fired(book)["row"])


def share_without_contact(book):
    return len(SIGNALS["contact_is_overdue"].fired(book)) / (book.balance(0, 0)[-1] > 0).sum()


# --- the files ----------------------------------------------------------------------------------------------------


def test_every_table_is_there_and_every_row_is_read(reading):
    assert set(reading.tables) == set(TABLES)
    assert all(len(rows) for rows in reading.tables.values())
    assert reading.troubles == []
    assert all(count.read == count.kept for count in reading.counts)


def test_every_column_of_every_table_is_used(reading):
    made_by_the_reader = {"accounts": {"mrr", "arr", "month", "currency"}, "mrr": {"arr"}}
    other_ways_to_say_it = {
        "subscriptions": {"arr", "amount", "interval", "quantity", "is_trial"},
        "usage": {"subscription_id", "day", "feature", "uses"},
    }
    for name, row in TABLES.items():
        absent = set(row.model_fields) - set(reading.tables[name].column_names)
        assert absent <= made_by_the_reader.get(name, set()) | other_ways_to_say_it.get(name, set()), name


@pytest.mark.parametrize("table", REVENUE[1:])
def test_the_three_tables_of_revenue_tell_the_same_story(tables, book, table):
    told = book_of(tables, Settings(revenue=table))
    pd.testing.assert_frame_equal(told.mrr, book.mrr)


def test_the_same_seed_writes_the_same_bytes(tmp_path):
    subprocess.run([sys.executable, SAMPLE / "make.py", tmp_path], check=True)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    kept = {path.name: path.read_bytes() for path in SAMPLE.iterdir() if path.suffix in (".csv", ".json")}
    assert made.keys() == kept.keys() == {f"{name}.csv" for name in TABLES} | {"truths.json"}
    assert [name for name in made if made[name] != kept[name]] == []


def test_the_files_are_small_and_their_lines_end_alike():
    files = [path for path in SAMPLE.iterdir() if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 5_000_000
    assert not [path.name for path in files if b"\r" in path.read_bytes()]


def test_some_names_are_awkward(book):
    names = book.accounts["name"]
    assert names.str.startswith(("=", "-")).sum() == 2
    for awkward in ("O'Dwyer", "&", "](http://example.invalid)", "<b>", "Ø", "Ż"):
        assert names.str.contains(awkward, regex=False).any(), awkward
    assert names.str.len().max() > 150


# --- the company ----------------------------------------------------------------------------------------------------


def test_the_company_is_a_healthy_one(book, truths):
    said = truths["levels"]
    assert (str(book.months[0]), str(book.last), book.currency) == ("2023-01", "2025-12", "USD")
    assert last(METRICS["mrr"], book, 12) == pytest.approx(said["mrr"], abs=0.01)
    assert last(METRICS["customers"], book, 12) == said["customers"]
    for metric in (NET, GROSS, LOGO):
        assert last(metric, book, 12) == pytest.approx(said[metric.name], abs=1e-6)
    assert 1_200_000 < said["mrr"] < 1_600_000
    assert 1.01 < said["net_revenue_retention"] < 1.06
    assert 0.87 < said["gross_revenue_retention"] < 0.91
    assert 0.85 < said["logo_retention"] < 0.89


def test_some_tens_are_at_risk_and_some_are_advocates(risky, fond):
    assert 25 <= len(risky) <= 45
    assert 8 <= len(fond) <= 25
    assert fond["reference_ready"].sum() >= 3


def test_every_owner_is_known_from_the_start_and_a_handful_of_accounts_has_none_today(book):
    paying = book.balance(0, 0)[-1] > 0
    assert 3 <= (book.csm_now[paying] == "unassigned").sum() <= 12
    assert (
        book.owners.handovers.groupby("row")["day"].min().to_numpy() <= book.accounts["start_date"].to_numpy()
    ).all()
    assert len(book.owners.handovers) - len(book) > 36


# --- the truths -----------------------------------------------------------------------------------------------------


def test_she_is_unlucky_but_not_bad(book, now, truths):
    truth = truths["unlucky_but_not_bad"]
    her, months = truth["csm"], truth["months"]
    net = NET.by(book, "csm", months).iloc[-1]
    assert net[her] == pytest.approx(truth["net_revenue_retention"], abs=1e-6)
    assert net.rank()[her] <= 2
    hers = book.held_by(her)
    reach = likely_range(NET, hers, months, level=0.95)
    assert reach.low < last(NET, book, months) < reach.high
    assert last(LOGO, hers, months) > last(LOGO, book, months)
    opening, closing = (book.balance(months, upto)[-1] for upto in (0, months))
    at = book.accounts.index.get_indexer(truth["accounts"])
    assert (closing[at] == 0).all()
    without = np.setdiff1d(np.flatnonzero(opening), at)
    assert last(NET, hers.take(without), months) > 1
    mine = now.held_by(her).held_now()
    assert share_without_contact(mine) < share_without_contact(now)
    assert pulses(mine)["pulse"].mean() > pulses(now)["pulse"].mean()


def test_a_large_account_left_by_surprise(book, truths):
    truth = truths["surprise_churn"]
    [account] = truth["accounts"]
    mrr = METRICS["mrr"].by(book, "account_id")
    [lost_in], [lost_mrr] = truth["lost_in"], truth["lost_mrr"]
    before = mrr[:lost_in].iloc[-2]
    assert (mrr[account][lost_in:] == 0).all()
    assert before[account] == pytest.approx(lost_mrr, abs=0.01)
    assert before.rank(ascending=False)[account] <= 20
    given = of_account(book, "pulses", account)
    day = pd.Period(lost_in, "M").start_time
    assert set(given["pulse"]) <= {4, 5}
    assert len(given[given["given_on"] >= day - pd.Timedelta(days=60)]) >= 1
    assert of_account(book, "risks", account).empty


def test_a_promoter_is_turning_red(now, risky, truths):
    truth = truths["promoter_turning_red"]
    [account] = truth["accounts"]
    assert latest_answers(now, "NPS")[now.accounts.index.get_loc(account)] >= truth["least_nps"]
    assert {"usage_is_falling", "pulse_is_falling"} <= set(risky["signals"][account])


def test_the_owner_rule_decides_whose_loss_the_late_handover_is(book, truths):
    truth = truths["handed_over_just_before_loss"]
    [account] = truth["accounts"]
    rules = ("opening", "closing", "grace")
    net = {rule: NET.by(book.under(owner=rule), "csm", truth["months"]).iloc[-1] for rule in rules}
    for csm, said in truth["net_revenue_retention"].items():
        for rule, value in said.items():
            assert net[rule][csm] == pytest.approx(value, abs=1e-6)
        found = [net[rule][csm] for rule in rules]
        assert max(found) - min(found) > 0.03
    moved = book.owners.handovers
    moved = moved[moved["row"] == book.accounts.index.get_loc(account)].iloc[-1]
    assert [book.owners.names[moved[end]] for end in ("before", "after")] == [truth["from"], truth["to"]]
    assert 0 < (pd.Timestamp(truth["left"]) - moved["day"]).days <= 60
    assert book.mrr.loc[account, "2025-12"] == 0 < book.mrr.loc[account, "2025-11"]


def test_the_data_entry_error_is_worth_1_9_points_of_nrr(tables, book, truths):
    truth = truths["data_entry_error"]
    [account] = truth["accounts"]
    wrong = (tables["mrr"]["account_id"] == account) & (tables["mrr"]["month"] == int(truth["month"].replace("-", "")))
    assert (tables["mrr"].loc[wrong, "mrr"] == truth["typed"] * book.scale).all()
    righted = tables["mrr"].assign(mrr=tables["mrr"]["mrr"].mask(wrong, round(truth["right"] * book.scale)))
    with_it, without = (last(NET, each, truth["months"]) for each in (book, book_of(tables | {"mrr": righted})))
    assert with_it == pytest.approx(truth["net_revenue_retention"], abs=1e-6)
    assert without == pytest.approx(truth["net_revenue_retention_without"], abs=1e-6)
    assert 0.0185 <= with_it - without <= 0.0195


def test_gut_and_data_disagree_both_ways(now, risky, truths):
    truth = truths["gut_against_data"]
    rosy, gloomy = truth["accounts"]
    assert risky["pulse"][[rosy, gloomy]].to_list() == truth["pulses"] == [5, 2]
    assert {"usage_is_falling", "urgent_ticket_is_open", "invoice_is_overdue"} <= set(risky["signals"][rosy])
    assert risky["signals"][gloomy] == ["pulse_is_low"]


def test_a_champion_left_before_the_renewal_and_there_is_no_plan(now, risky, truths):
    truth = truths["champion_left"]
    [account] = truth["accounts"]
    assert {"champion_has_left", "renewal_is_near_without_a_plan"} <= set(risky["signals"][account])
    assert truth["champion"] in risky["reasons"][account]
    assert (now.day - date.fromisoformat(truth["left_on"])).days <= 92


def test_a_reference_is_tired(now, fond, truths):
    truth = truths["fatigued_reference"]
    [account] = truth["accounts"]
    assert fond["missed"][account] == SIGNALS["is_rested"].label
    assert not fond["reference_ready"][account]
    assert sum((now.day - date.fromisoformat(day)).days <= 60 for day in truth["asked_on"]) == 2


def test_one_of_the_ten_largest_never_answers(book, now, truths):
    truth = truths["silent_large_account"]
    [account] = truth["accounts"]
    assert account in book.mrr.iloc[:, -1].nlargest(10).index
    asked = of_account(book, "surveys", account)
    assert len(asked) == truth["asked"]
    assert asked["score"].isna().all()
    assert fires(now, "surveys_go_unanswered", account)


def test_the_largest_account_is_a_twelfth_of_all(book, truths):
    truth = truths["concentration"]
    share = book.mrr.iloc[:, -1] / book.mrr.iloc[:, -1].sum()
    assert [share.idxmax()] == truth["accounts"]
    assert share.max() == pytest.approx(truth["share"], abs=1e-6)
    assert 0.07 <= share.max() <= 0.09


def test_a_plan_is_stale(now, risky, truths):
    truth = truths["stale_plan"]
    [account] = truth["accounts"]
    age = (now.day - date.fromisoformat(truth["planned_on"])).days
    assert risky["plan_age_days"][account] == age > 30


def test_fast_onboarding_pays(book, truths):
    truth = truths["fast_onboarding_pays"]
    live = book.facts["onboarding"]
    live = live[live["milestone"] == "live"].set_index("row")["done_on"]
    start = book.accounts["start_date"].reset_index(drop=True)
    days = (live - start.reindex(live.index)).dt.days
    first = book.closes_of(start.reindex(live.index))
    seen = first + 12 < book.closes
    stayed = book.balance(0, 0)[np.minimum(first + 12, book.closes - 1), live.index] > 0
    for speed, which in (("fast", days <= truth["live_within_days"]), ("slow", ~(days <= truth["live_within_days"]))):
        assert (which & seen).sum() == truth[speed]["accounts"]
        assert stayed[which & seen].mean() == pytest.approx(truth[speed]["renewed"], abs=1e-6)
    assert truth["fast"]["renewed"] > truth["slow"]["renewed"] + 0.1


def test_she_took_over_a_weak_book(book, truths):
    truth = truths["inherited_trouble"]
    before = book.as_of(date(2025, 5, 31))
    paying = before.balance(0, 0)[-1] > 0
    given = before.accounts.index.isin(truth["accounts"])
    assert set(before.csm_now[given]) == {truth["from"]}
    assert set(book.as_of(date(2025, 6, 30)).csm_now[given]) == {truth["csm"]}
    score = health(before)["health"]
    assert score[given & paying].mean() < score[~given & paying].mean() - truth["least_health_below_the_others"]


def test_renewals_come_in_january_and_september(book, truths):
    truth = truths["seasonal_renewals"]
    due = book.accounts["renewal_date"].dropna().dt.month.value_counts()
    assert due.index[:2].tolist() == truth["months"] == [1, 9]
    assert due.iloc[:2].tolist() == truth["renewals"]


# --- plans --------------------------------------------------------------------------------------------------------


def test_every_open_plan_has_actions_and_some_of_them_are_late(now, risky):
    rows, risks = now.facts["actions"], now.facts["risks"]
    planned = risks[risks["closed_on"].isna() & risks["plan"].notna()]
    assert set(rows["risk_id"].astype(str)) == set(planned["risk_id"].astype(str))
    assert planned["root_cause"].notna().all()
    late = late_actions(now)
    assert 5 <= len(late) < len(rows) / 2
    assert {"overdue", "open", "none"} <= set(risky["plan_state"])


def test_the_stale_plan_is_among_those_that_wait(now, truths):
    assert truths["stale_plan"]["accounts"][0] in stale_plans(now)["account_id"].tolist()
