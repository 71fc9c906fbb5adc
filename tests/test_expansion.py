"""Expansion by kind, whitespace, the pipeline and candidates: by hand, by plain loops, on the sample's own files."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from drawn import FIRST, Drawn, Plain, drawn_books
from hypothesis import given
from hypothesis import strategies as st

from cs_metrics.analysis.candidates import MORE, candidates
from cs_metrics.analysis.expansion import KINDS, accounts_by_kind, by_kind, what_is_not_told
from cs_metrics.analysis.movements import last_period
from cs_metrics.analysis.pipeline import by_csm, by_stage, offers, open_offers, win_rate, won_and_lost
from cs_metrics.analysis.products_held import fit
from cs_metrics.analysis.whitespace import by_product, product_map, risky, whitespace
from cs_metrics.assemble import book_of
from cs_metrics.book import Book, Dark
from cs_metrics.dials import tried
from cs_metrics.metric import METRICS

SAMPLE = Path(__file__).parents[1] / "sample_data"


def small(changes: dict[str, dict[str, tuple[int, int]]], **facts: pd.DataFrame) -> Book:
    """Accounts with what they pay for each product in January and in February 2025."""
    rows = [
        (account, month, 3600 * amount, product)
        for account, products in changes.items()
        for product, both in products.items()
        for month, amount in zip((202501, 202502), both, strict=True)
    ]
    mrr = pd.DataFrame(rows, columns=["account_id", "month", "mrr", "product"])
    return book_of({"mrr": mrr, **facts}, until=pd.Period("2025-02", "M"))


def seats(**of: tuple[float, float]) -> pd.DataFrame:
    rows = [(a, m, n) for a, both in of.items() for m, n in zip((202501, 202502), both, strict=True)]
    return pd.DataFrame(rows, columns=["account_id", "month", "licensed_seats"]).assign(subscription_id=None)


CASES = {
    "grew": {"Core": (100, 130)},  # 10 → 12 seats: 20 of the 30 are more of the same, 10 price
    "dearer": {"Core": (100, 107)},  # 10 → 10 seats: price
    "unknown": {"Core": (100, 107)},  # no seats: upsell
    "more": {"Core": (100, 100), "Plus": (0, 50)},  # cross-sell
    "swapped": {"Basic": (100, 0), "Pro": (0, 150)},  # another plan: 50 of upsell
    "both": {"Core": (100, 60), "Plus": (0, 50)},  # 40 less is set against 50 more: 10 of cross-sell
    "shrank": {"Core": (100, 90)},
    "left": {"Core": (100, 0)},
    "new": {"Core": (0, 100)},
}
USE = seats(grew=(10, 12), dearer=(10, 10), more=(10, 10), both=(10, 10))


def test_the_kinds_by_hand() -> None:
    book = small(CASES, usage=USE)
    row = by_kind(book, 1).iloc[0]
    assert row["opening"] == 800
    assert (row["upsell"], row["cross_sell"], row["price"]) == (20 + 7 + 50, 50 + 10, 10 + 7)
    assert (row["expansion"], row["contraction"], row["churn"]) == (154, -10, -100)
    assert row["closing"] == 800 + 154 - 110
    assert row["net_revenue_retention"] == METRICS["net_revenue_retention"].of(book, 1).iloc[-1]
    each = accounts_by_kind(book, 1).set_index("account_id")
    assert each.loc["grew", ["upsell", "cross_sell", "price"]].tolist() == [20, 0, 10]
    assert each.loc["swapped", ["upsell", "took_on"]].tolist() == [50, "Pro"]
    assert [each[kind].sum() for kind in KINDS] == [row[kind] for kind in KINDS]
    assert what_is_not_told(book) == []


def test_the_rates_by_hand() -> None:
    book = small(CASES, usage=USE)
    found = {name: METRICS[name].of(book, 1).iloc[-1] for name in ("upsell_rate", "cross_sell_rate", "price_rate")}
    assert found == {"upsell_rate": 77 / 800, "cross_sell_rate": 60 / 800, "price_rate": 17 / 800}
    assert METRICS["expansion_share"].of(book, 1).iloc[-1] == 154 / 800


def test_the_share_counts_every_monthly_rise() -> None:
    book = Book.of_mrr({"up and down": [100, 150, 100], "newer": [0, 50, 60]})
    assert METRICS["expansion_share"].of(book, 2).iloc[-1] == (50 + 10) / 100
    assert METRICS["expansion_rate"].of(book, 2).iloc[-1] == 0


def test_quantities_of_subscriptions_tell_price() -> None:
    days = [pd.Timestamp("2025-01-01"), pd.Timestamp("2025-02-01")]
    rows = [("A", "Core", 0, 36000, 5.0), ("A", "Core", 1, 50400, 6.0), ("B", "Core", 0, 36000, np.nan),
            ("B", "Core", 1, 39600, 6.0)]  # fmt: skip
    table = pd.DataFrame(
        {
            "subscription_id": ["1", "2", "3", "4"],
            "account_id": [row[0] for row in rows],
            "product": [row[1] for row in rows],
            "start_date": [days[row[2]] for row in rows],
            "end_date": [days[1], pd.NaT, days[1], pd.NaT],
            "mrr": [row[3] for row in rows],
            "quantity": [row[4] for row in rows],
        }
    )
    table[["start_date", "end_date"]] = table[["start_date", "end_date"]].astype("datetime64[s]")
    row = by_kind(book_of({"subscriptions": table}, until=pd.Period("2025-02", "M")), 1).iloc[0]
    assert (row["upsell"], row["price"]) == (2 + 1, 2), "A: 5 → 6 of 2 each, and 2 more; B: unknown, all upsell"


@given(drawn=drawn_books(facts=True), k=st.integers(1, 3), fx=st.sampled_from(["constant", "floating"]))
def test_the_kinds_add_up_to_expansion_and_to_net_retention(drawn: Drawn, k: int, fx: str) -> None:
    book = drawn.book(fx=fx)
    whole = METRICS["expansion_rate"].tally(book, k, "account_id").tops
    parts = [METRICS[name].tally(book, k, "account_id").tops for name in KINDS.values()]
    assert (sum(parts) == whole).all()
    assert all((part >= 0).all() for part in parts)
    for row in by_kind(book, k, "csm").itertuples():
        moved = row.upsell + row.cross_sell + row.price + row.contraction + row.churn
        assert row.opening + moved == pytest.approx(row.closing, abs=1e-9)


@given(drawn=drawn_books(facts=True), k=st.integers(1, 3))
def test_the_kinds_by_plain_loops(drawn: Drawn, k: int) -> None:
    book, plain, close = drawn.book(), Plain(drawn), drawn.months - 1
    if close < k:
        return
    quantity: dict[tuple[str, int], float] = {}
    for row in drawn.facts.get("usage", pd.DataFrame(columns=["account_id"])).itertuples():
        if row.licensed_seats == row.licensed_seats:
            key = (row.account_id, row.month)
            quantity[key] = max(quantity.get(key, 0.0), row.licensed_seats)
    expected = dict.fromkeys(KINDS, 0)
    for account in plain.accounts:
        products: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        for (owner, product, currency), prices in plain.native.items():
            if owner == account:
                rate = plain.rate[_month(close - k)] if currency == "EUR" else 1
                for place, at in enumerate((close - k, close)):
                    products[product][place] += round(prices.get(_month(at), 0) * rate)
        if not sum(before for before, _ in products.values()):
            continue
        start, end = (quantity.get((account, _month(at)), 0) for at in (close - k, close))
        more = price = taken = fell = 0
        swapped = any(before and not after for before, after in products.values())
        for before, after in products.values():
            fell += max(before - after, 0)
            if not before:
                more, taken = (more + after, taken) if swapped else (more, taken + after)
            elif after > before:
                grown = round(before * max(end / start - 1, 0)) if start and end else after - before
                more += min(grown, after - before)
                price += after - before - min(grown, after - before)
        for kind, amount in (("upsell", more), ("price", price), ("cross_sell", taken)):
            expected[kind] += max(amount - fell, 0)
            fell = max(fell - amount, 0)
    found = {kind: int(METRICS[name].tally(book, k).tops[-1, 0]) for kind, name in KINDS.items()}
    assert found == expected


def _month(place: int) -> int:
    when = FIRST + place
    return when.year * 100 + when.month


@given(drawn=drawn_books(currencies=False), k=st.integers(1, 3))
def test_the_share_is_the_expansion_of_the_waterfall(drawn: Drawn, k: int) -> None:
    book = drawn.book()
    if book.closes > k:
        tally = METRICS["expansion_share"].tally(book, k)
        assert tally.top.iloc[-1, 0] == pytest.approx(last_period(book, k)["expansion"].iloc[0], abs=1e-9)


# --- whitespace -----------------------------------------------------------------------------------------------------


def shop() -> Book:
    """Twelve customers of one kind: all hold Core, eight also Plus, one Extra; one of another segment."""
    paid = {f"A{n:02}": {"Core": (100, 100)} for n in range(12)}
    for n in range(8):
        paid[f"A{n:02}"]["Plus"] = (10 + n, 10 + n)
    paid["A00"]["Extra"] = (5, 5)
    paid["B"] = {"Core": (100, 100)}
    accounts = pd.DataFrame({"account_id": list(paid), "segment": ["SMB"] * 12 + ["Big"], "name": list(paid)})
    return small(paid, accounts=accounts)


def test_whitespace_by_hand() -> None:
    book = shop()
    rows = whitespace(book)
    assert rows["account_id"].tolist() == ["A08", "A09", "A10", "A11"]
    assert set(rows["product"]) == {"Plus"}
    assert set(rows["potential"]) == {13.5}, "the median of 10 … 17"
    assert rows["share"].iloc[0] == 8 / 11, "eight of the eleven others"
    assert rows["fits_as"].iloc[0] == "73 % of 11 look-alikes (SMB) hold it"
    tally = METRICS["whitespace_taken"].tally(book, 1)
    assert (tally.tops[-1, 0], tally.bottoms[-1, 0]) == (13 + 8 + 1, 13 + 8 + 1 + 4)
    table = by_product(book, rows).set_index("product")
    assert table.loc["Plus", ["held", "fits", "potential", "kept_first"]].tolist() == [8, 4, 54.0, 0]
    assert np.isnan(table.loc["Extra", "potential"]), "nothing fits: blank, not 0"


def test_what_fits_is_a_dial_and_the_same_in_a_part_of_the_company() -> None:
    book = shop()
    assert whitespace(tried(book, {"whitespace.share": 0.8})).empty
    assert whitespace(tried(book, {"whitespace.lookalikes": 12})).empty
    part = book.take(np.array([9, 12]))
    assert whitespace(part)["account_id"].tolist() == ["A09"]
    assert whitespace(part)["share"].iloc[0] == 8 / 11


def test_accounts_at_risk_are_set_apart() -> None:
    book = shop()
    threatened = np.zeros(len(book), dtype=bool)
    threatened[8] = True
    rows = whitespace(book, threatened)
    assert rows.set_index("account_id")["at_risk"].to_dict() == {"A08": True, "A09": False, "A10": False, "A11": False}
    table = by_product(book, rows).set_index("product")
    assert table.loc["Plus", ["fits", "potential", "kept_first"]].tolist() == [3, 40.5, 1]


def test_without_products_whitespace_is_dark() -> None:
    book = Book.of_mrr({"A": [1, 2]})
    with pytest.raises(Dark, match="Add the product"):
        whitespace(book)
    assert METRICS["whitespace_taken"].dark(book) is not None
    assert METRICS["whitespace_taken"].of(book).isna().all()


# --- the sample company, from its files, by plain loops -------------------------------------------------------------


def rows_of(name: str) -> Iterator[dict[str, str]]:
    with (SAMPLE / f"{name}.csv").open(encoding="utf-8") as file:
        yield from csv.DictReader(file)


def test_whitespace_of_the_sample_a_second_time(sample: Book) -> None:
    held: dict[str, set[str]] = defaultdict(set)
    for row in rows_of("mrr"):
        if row["month"] == "2025-12" and float(row["mrr"]):
            held[row["account_id"]].add(row["product"])
    kind = {row["account_id"]: (row["segment"] or "-", row["industry"] or "-") for row in rows_of("accounts")}
    fits = 0
    for account, own in held.items():
        others = [o for o in held if o != account and kind[o] == kind[account]]
        if len(others) < 10:
            others = [o for o in held if o != account and kind[o][0] == kind[account][0]]
        for product in ("Insights", "Connectors", "Forecasts", "Governance"):
            fits += product in own or sum(product in held[o] for o in others) >= 0.5 * len(others)
    tally = METRICS["whitespace_taken"].tally(sample, 1)
    assert (tally.tops[-1, 0], tally.bottoms[-1, 0]) == (sum(map(len, held.values())), fits)
    assert len(whitespace(sample)) == fits - tally.tops[-1, 0]


@pytest.fixture(scope="module")
def today(sample: Book) -> Book:
    return sample.now(date(2026, 1, 1))


def test_the_pipeline_of_the_sample_a_second_time(sample: Book, today: Book) -> None:
    paying = set(sample.accounts.index[sample.balance(0, 0)[-1] > 0])
    expected: dict[str, list[float]] = defaultdict(lambda: [0, 0.0])
    won = closed = 0
    for row in rows_of("opportunities"):
        if row["kind"] == "renewal":
            continue
        if not row["won"]:
            if row["account_id"] in paying:
                expected[row["stage"]][0] += 1
                expected[row["stage"]][1] += float(row["amount"])
        elif "2025-01-01" <= row["closes_on"] <= "2025-12-31":
            closed, won = closed + 1, won + (row["won"] == "yes")
    found = by_stage(today).set_index("stage")
    assert list(found.index) == ["discovery", "proposal", "negotiation"]
    assert found["offers"].to_dict() == {stage: count for stage, (count, _) in expected.items()}
    assert found["amount"].to_dict() == pytest.approx({stage: amount for stage, (_, amount) in expected.items()})
    assert win_rate(today) == (won / closed, closed)
    assert (found["weighted"] == found["amount"] * won / closed).all()
    assert len(open_offers(today)) == found["offers"].sum()
    table = by_csm(won_and_lost(sample, 12))
    assert (table["won"].sum(), table["lost"].sum()) == (won, closed - won)
    assert table["csm"].tolist() == sorted(table["csm"])
    mine = won_and_lost(sample.held_by("Aiko Tanaka"), 12)
    assert len(mine) == table.set_index("csm").loc["Aiko Tanaka", ["won", "lost"]].sum()


def test_candidates_are_ranked_and_each_says_why_now(today: Book) -> None:
    rows = candidates(today)
    assert (rows["potential"] > 0).all()
    assert (rows["why_now"].str.len() > 0).all()
    score = rows["potential"] * rows["signs"]
    assert (score.diff().dropna() <= 1e-9).all()
    threatened = set(today.accounts.index[risky(today)])
    assert not threatened & set(rows["account_id"])
    space = whitespace(today).groupby("account_id")["potential"].sum()
    only = rows[~rows["products"].str.contains(MORE)]
    assert only["potential"].tolist() == pytest.approx(only["account_id"].map(space).tolist())


def test_the_map_holds_what_is_paid(sample: Book) -> None:
    cells = product_map(sample)
    assert cells.loc[cells["state"] == "held", "mrr"].sum() == pytest.approx(sample.mrr.iloc[:, -1].sum(), abs=0.05)
    suits = fit(sample)
    assert len(cells) == suits.fits.sum()
    assert (suits.held <= suits.fits).all()


@pytest.mark.parametrize("missing", ["opportunities", "products", "usage", "subscriptions", "accounts"])
def test_tables_missing_one_by_one(missing: str) -> None:
    from cs_metrics.read.reading import read_paths
    from cs_metrics.tables import frames

    kept = ["mrr", "fx", "accounts", "products", "usage", "opportunities", "owners"]
    paths = [SAMPLE / f"{name}.csv" for name in kept if name != missing]
    book = book_of(frames(read_paths(paths).usable().tables)).now(date(2026, 1, 1))
    row = by_kind(book, 12).iloc[0]
    assert row["expansion"] > 0
    if missing == "usage":
        assert row["price"] == 0
        assert what_is_not_told(book)[0].startswith("No quantities are known")
    assert len(whitespace(book)) > 50
    candidates(book)
    if missing == "opportunities":
        with pytest.raises(Dark, match="Add the table opportunities"):
            offers(book)
