"""What changed since: the parts add up to the difference, and each is what plain loops say it is."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date
from random import Random

import numpy as np
import pandas as pd
import pytest
from drawn import CSMS, FIRST, SEGMENTS, Drawn, drawn_books, yyyymm
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from cs_metrics.analysis.changes_since import CAUSES, COLUMNS, Changes, Known, changes_since
from cs_metrics.book import Problem, Settings
from cs_metrics.metric import METRICS

TODAY = date(2027, 1, 1)
DOLLARS = Settings.of(currency="USD")
PRICES = (0, 36, 360, 1001, 3600, 36037)


def changed_since(drawn: Drawn, luck: Random) -> Drawn:
    """The same book some time later: months more, cells corrected, entered late or gone, hands, groups, rates changed."""
    months = drawn.months + luck.choice([0, 0, 1, 2])
    rows = [
        row._replace(mrr=luck.choice(PRICES)) if luck.random() < 0.15 else row
        for row in drawn.mrr.itertuples(index=False)
        if luck.random() > 0.1
    ]
    have = {tuple(row)[:2] for row in rows}
    accounts = [f"A{n}" for n in range(9)]
    for account in accounts:
        for place in range(months):
            late = place < drawn.months
            if (account, yyyymm(place)) not in have and luck.random() < (0.1 if late else 0.8):
                rows.append((account, yyyymm(place), luck.choice(PRICES), "Core", luck.choice(["USD", "EUR"])))
    known = drawn.accounts.copy()
    known["csm"] = [luck.choice([*CSMS, None]) if luck.random() < 0.2 else csm for csm in known["csm"]]
    known["segment"] = [luck.choice(SEGMENTS) if luck.random() < 0.2 else s for s in known["segment"]]
    fresh = pd.DataFrame({"account_id": [a for a in accounts if a not in set(known["account_id"])]})
    fresh = fresh.assign(name=fresh["account_id"], csm=luck.choice(CSMS), segment="SMB", renewal_date=pd.NaT)
    owners = drawn.owners[[luck.random() > 0.2 for _ in range(len(drawn.owners))]]
    moved = pd.DataFrame(
        [(luck.choice(accounts), luck.choice(CSMS), pd.Timestamp("2024-11-10") + pd.Timedelta(days=luck.randint(0, 31 * months)))],
        columns=["account_id", "csm", "from_date"],
    ).astype({"from_date": "datetime64[s]"})  # fmt: skip
    rates = {row.month: row.rate for row in drawn.fx.itertuples()}
    fx = [(yyyymm(p), "EUR", luck.choice([0.5, 1.1]) if luck.random() < 0.2 else rates.get(yyyymm(p), 1.3))
          for p in range(months)]  # fmt: skip
    return replace(
        drawn,
        mrr=pd.DataFrame([tuple(row) for row in rows], columns=drawn.mrr.columns),
        accounts=pd.concat([known, fresh], ignore_index=True),
        owners=pd.concat([owners, moved], ignore_index=True),
        fx=pd.DataFrame(fx, columns=["month", "currency", "rate"]),
        months=months,
    )


def known(drawn: Drawn, settings: Settings = DOLLARS) -> Known:
    tables = {"mrr": drawn.mrr, "accounts": drawn.accounts, "owners": drawn.owners, "fx": drawn.fx}
    return Known({name: rows for name, rows in tables.items() if len(rows)}, settings)


def figure(of: Known, name: str, months: int, by: str | None, month: str) -> dict[str, float]:
    from cs_metrics.assemble import book_of

    book = book_of(of.tables, of.settings, today=TODAY).until(month)
    tally = METRICS[name].tally(book, months, by)
    return {"" if g is None else str(g): v for g, v in zip(tally.groups, tally.values.iloc[-1], strict=True)}


FEW = settings(max_examples=12, phases=[Phase.explicit, Phase.reuse, Phase.generate])
pairs = st.builds(lambda drawn, luck: (drawn, changed_since(drawn, luck)), drawn_books(), st.randoms(use_true_random=False))  # fmt: skip


@FEW
@given(pairs, st.sampled_from(["opening", "closing", "time-share", "grace", "event"]), st.sampled_from([None, "csm", "segment", "product"]),
       st.booleans())  # fmt: skip
def test_the_parts_add_up_to_the_difference(pair: tuple[Drawn, Drawn], rule: str, by: str | None, back: bool) -> None:
    then, now = known(pair[0], replace(DOLLARS, owner=rule)), known(pair[1], replace(DOLLARS, fx="floating"))
    if back:
        then, now = now, then
    if not (len(then.tables.get("mrr", ())) and len(now.tables.get("mrr", ()))):
        return
    names = ["mrr", "net_revenue_retention", "gross_revenue_retention", "logo_retention", "customers"]
    found = changes_since(then, now, [METRICS[n] for n in names], 2, by, today=TODAY)
    assert list(found.rows.columns) == list(COLUMNS)
    for name in names:
        rows = found.rows[found.rows["metric"] == name]
        first, last = figure(then, name, 2, by, found.then), figure(now, name, 2, by, found.now)
        for group, part in rows.groupby(rows["group"].fillna(""), sort=False):
            assert part["cause"].tolist() == list(CAUSES)
            blank = np.nan if METRICS[name].ratio else 0.0
            ends = first.get(str(group), blank), last.get(str(group), blank)
            if np.isnan(ends).any():
                assert part["difference"].isna().all()
                continue
            assert part["before"].iloc[0] == pytest.approx(ends[0])
            assert part["after"].iloc[-1] == pytest.approx(ends[1])
            assert part["difference"].sum() == pytest.approx(ends[1] - ends[0], abs=1e-9)
            assert part["before"].tolist()[1:] == part["after"].tolist()[:-1]
            behind = found.accounts[(found.accounts["metric"] == name) & (found.accounts["group"].fillna("") == group)]
            shares = behind.groupby("cause")["difference"].sum()
            for cause, difference in zip(part["cause"], part["difference"], strict=True):
                assert shares.get(cause, 0.0) == pytest.approx(difference, abs=1e-9)


@FEW
@given(pairs)
def test_each_part_of_the_mrr_is_what_plain_loops_say(pair: tuple[Drawn, Drawn]) -> None:
    old, new = pair
    if old.mrr.empty or new.mrr.empty or new.mrr["month"].max() < old.mrr["month"].max():
        return
    t, u = int(old.mrr["month"].max()), int(new.mrr["month"].max())
    stated = {(row.account_id, row.month) for row in old.mrr.itertuples()}
    rates = [{row.month: row.rate for row in drawn.fx.itertuples()} for drawn in (old, new)]

    def total(rows: pd.DataFrame, month: int, rate: float, which: set[bool]) -> int:
        lines: dict[tuple[str, str, str], int] = defaultdict(int)
        for row in rows.itertuples():
            if row.month == month and ((row.account_id, row.month) in stated) in which:
                lines[row.account_id, row.product, row.currency] += row.mrr
        return sum(round(v * (rate if currency == "EUR" else 1)) for (_, _, currency), v in lines.items())

    every = {True, False}
    levels = [
        total(old.mrr, t, rates[0][t], every),
        total(new.mrr, t, rates[0][t], {True}),
        total(new.mrr, t, rates[0][t], every),
        total(new.mrr, u, rates[0][t], every),
        total(new.mrr, u, rates[0][t], every),
        total(new.mrr, u, rates[1][u], every),
        total(new.mrr, u, rates[1][u], every),
    ]
    found = changes_since(known(old), known(new), [METRICS["mrr"]], 1, today=TODAY).rows
    exact = [round(part * 3600) for part in found["difference"]]
    assert exact == [after - before for before, after in zip(levels, levels[1:], strict=False)]


def mrr(**accounts: list[float | None]) -> pd.DataFrame:
    rows = [
        (account, yyyymm(place), int(price * 3600))
        for account, prices in accounts.items()
        for place, price in enumerate(prices)
        if price is not None
    ]
    return pd.DataFrame(rows, columns=["account_id", "month", "mrr"])


def by_cause(found: Changes, group: str | None = None) -> dict[str, float]:
    rows = found.rows if group is None else found.rows[found.rows["group"] == group]
    return {cause: d for cause, d in zip(rows["cause"], rows["difference"].round(6), strict=True) if d}


def test_a_correction_a_late_entry_and_a_new_month() -> None:
    then = Known({"mrr": mrr(Acme=[100, 100], Birch=[50, 50])})
    now = Known({"mrr": mrr(Acme=[100, 90, 120], Birch=[50, 50, 0], Cedar=[None, 30, 30])})
    found = changes_since(then, now, [METRICS["mrr"]], 1, today=TODAY)
    assert (found.then, found.now) == ("2024-12", "2025-01")
    assert by_cause(found) == {"correction": -10, "back-dated entry": 30, "real movement": -20}
    assert found.rows["before"].tolist() == [150, 140, 170, 150, 150, 150]
    assert found.rows["accounts"].tolist() == [1, 1, 2, 0, 0, 0]
    rows = found.accounts.set_index(["cause", "account_id"])["difference"]
    assert rows["real movement"].to_dict() == {"Acme": 30, "Birch": -50}
    net = changes_since(then, now, [METRICS["net_revenue_retention"]], 1, until=FIRST + 1, today=TODAY)
    # then 150 ÷ 150; corrected (90 + 50) ÷ 150; Cedar paid nothing at the opening, so its late entry changes nothing
    assert by_cause(net) == {"correction": round(140 / 150 - 1, 6)}


def test_a_handover_moves_mrr_between_csms_and_none_in_total() -> None:
    owners = pd.DataFrame({"account_id": ["Acme"], "csm": ["Ben"], "from_date": pd.to_datetime(["2025-01-10"])})
    accounts = pd.DataFrame({"account_id": ["Acme", "Birch"], "csm": ["Ada", "Ada"]})
    first = pd.DataFrame({"account_id": ["Acme"], "csm": ["Ada"], "from_date": pd.to_datetime(["2024-01-01"])})
    then = Known({"mrr": mrr(Acme=[100, 100], Birch=[50, 50]), "accounts": accounts, "owners": first})
    now = Known({**then.tables, "mrr": mrr(Acme=[100, 100, 110], Birch=[50, 50, 50]), "owners": pd.concat([first, owners])})  # fmt: skip
    found = changes_since(then, now, [METRICS["mrr"]], 1, "csm", today=TODAY)
    assert by_cause(found, "Ada") == {"real movement": 10, "hand-over": -110}
    assert by_cause(found, "Ben") == {"hand-over": 110}
    assert by_cause(changes_since(then, now, [METRICS["mrr"]], 1, today=TODAY)) == {"real movement": 10}


def test_an_account_that_changes_segment_moves_between_groups() -> None:
    accounts = pd.DataFrame({"account_id": ["Acme", "Birch"], "segment": ["SMB", "SMB"]})
    then = Known({"mrr": mrr(Acme=[100], Birch=[50]), "accounts": accounts})
    now = Known({**then.tables, "accounts": accounts.assign(segment=["Mid", "SMB"])})
    found = changes_since(then, now, [METRICS["mrr"]], 1, "segment", today=TODAY)
    assert (by_cause(found, "Mid"), by_cause(found, "SMB")) == ({"hand-over": 100}, {"hand-over": -100})
    small = changes_since(then, now, [METRICS["mrr"]], 1, where={"segment": ["SMB"]}, today=TODAY)
    assert by_cause(small) == {"hand-over": -100}


def test_rates_and_definitions_have_their_own_parts() -> None:
    rows = mrr(Acme=[100, 100]).assign(currency="EUR")
    rows = pd.concat([rows, mrr(Birch=[60, 60]).assign(currency="USD")])
    rates = pd.DataFrame({"month": [yyyymm(0), yyyymm(1)], "currency": "EUR", "rate": [1.2, 1.2]})
    then = Known({"mrr": rows, "fx": rates}, DOLLARS)
    now = Known({"mrr": rows, "fx": rates.assign(rate=[1.2, 1.1])}, replace(DOLLARS, fx="floating"))
    assert by_cause(changes_since(then, now, [METRICS["mrr"]], 1, today=TODAY)) == {"fx": -10}
    # constant currency knows no change of rate; at each month's own rate 170 of 180 are left
    net = changes_since(then, now, [METRICS["net_revenue_retention"]], 1, today=TODAY)
    assert by_cause(net) == {"definition": round(170 / 180 - 1, 6)}


def test_a_new_currency_is_a_movement_and_not_a_change_of_rates() -> None:
    rates = pd.DataFrame({"month": [yyyymm(0)] * 2, "currency": ["EUR", "GBP"], "rate": [1.2, 1.4]})
    rows = pd.concat([mrr(A=[100]).assign(currency="EUR"), mrr(B=[10]).assign(currency="USD")])
    then = Known({"mrr": rows, "fx": rates[:1]}, DOLLARS)
    more = pd.concat([rows, mrr(C=[None, 10], A=[None, 100], B=[None, 10]).assign(currency=["GBP", "EUR", "USD"])])
    found = changes_since(then, Known({"mrr": more, "fx": rates}, DOLLARS), [METRICS["mrr"]], 1, today=TODAY)
    assert by_cause(found) == {"real movement": 14}


def subscriptions(*rows: tuple[str, str, str, str | None, int]) -> pd.DataFrame:
    found = pd.DataFrame(rows, columns=["subscription_id", "account_id", "start_date", "end_date", "mrr"])
    days = {name: pd.to_datetime(found[name]).astype("datetime64[s]") for name in ("start_date", "end_date")}
    return found.assign(mrr=found["mrr"] * 3600, **days)


def test_subscriptions_corrected_entered_late_and_begun() -> None:
    then = Known({"subscriptions": subscriptions(("s1", "A", "2025-01-01", None, 100), ("s2", "B", "2025-01-01", "2025-02-01", 50),
                                                 ("s3", "C", "2025-02-01", None, 20))})  # fmt: skip
    now = Known(
        {
            "subscriptions": subscriptions(
                ("s1", "A", "2025-01-01", "2025-02-10", 100),
                ("s4", "A", "2025-02-10", None, 130),  # a price that had risen
                ("s2", "B", "2025-01-01", "2025-02-01", 50),
                ("s5", "B", "2025-02-05", None, 40),  # a return entered late
                ("s3", "C", "2025-02-01", "2025-03-09", 20),
                ("s6", "D", "2025-03-03", None, 7),
            )
        }
    )  # a loss, a new account
    found = changes_since(then, now, [METRICS["mrr"]], 1, today=TODAY)
    assert by_cause(found) == {"correction": 30, "back-dated entry": 40, "real movement": -13}


def test_a_ledger_entry_for_an_earlier_month_is_back_dated() -> None:
    def ledger(*rows: tuple[str, str, int]) -> pd.DataFrame:
        found = pd.DataFrame(rows, columns=["account_id", "date", "mrr_change"])
        return found.assign(date=pd.to_datetime(found["date"]), mrr_change=found["mrr_change"] * 3600)

    then = Known({"ledger": ledger(("A", "2025-01-05", 100), ("B", "2025-02-05", 50))})
    now = Known({"ledger": ledger(("A", "2025-01-05", 90), ("B", "2025-02-05", 50), ("B", "2025-01-05", 5), ("A", "2025-03-01", 1))})  # fmt: skip
    found = changes_since(then, now, [METRICS["mrr"]], 1, today=TODAY)
    assert by_cause(found) == {"correction": -10, "back-dated entry": 5, "real movement": 1}


def test_undefined_then_is_blank_and_the_way_is_still_told() -> None:
    then, now = Known({"mrr": mrr(A=[5])}), Known({"mrr": mrr(A=[5, 6])})
    rows = changes_since(then, now, [METRICS["net_revenue_retention"]], 1, today=TODAY).rows
    assert rows["difference"].isna().all()
    assert np.isnan(rows["before"].iloc[0])
    assert rows["after"].iloc[-1] == 1.2


def test_another_table_of_revenue_is_another_definition() -> None:
    then = Known({"subscriptions": subscriptions(("s1", "A", "2025-01-01", None, 100))})
    now = Known({**then.tables, "mrr": pd.DataFrame({"account_id": ["A"], "month": [202501], "mrr": [80 * 3600]})})
    found = changes_since(then, now, [METRICS["mrr"]], 1, today=TODAY)
    assert by_cause(found) == {"definition": -20}


def test_no_revenue_is_a_problem() -> None:
    with pytest.raises(Problem, match="no revenue"):
        changes_since(Known({}), Known({"mrr": mrr(A=[1])}), [METRICS["mrr"]])
