"""Comparing people: worked numbers to six digits, a second computation with plain loops, and what luck must leave."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from drawn import RATES, Drawn, Plain, drawn_books
from hypothesis import given
from hypothesis import strategies as st

from cs_metrics.analysis import luck
from cs_metrics.analysis.likely import likely_range
from cs_metrics.analysis.luck import Held, adjusted, by_luck, drawn_figures, exact_limit, funnel, mid_p
from cs_metrics.analysis.mix import expected_of_mix, kinds_of_accounts
from cs_metrics.analysis.people import compare_people, shares_of
from cs_metrics.book import UNASSIGNED, Book
from cs_metrics.metric import METRICS
from cs_metrics.owners import owners_of

RULES = ("opening", "event", "closing", "time-share", "grace")
NET, GROSS, LOGO = (METRICS[name] for name in ("net_revenue_retention", "gross_revenue_retention", "logo_retention"))
OF = np.array([22, 35, 48, 60, 28, 41, 75, 33, 52, 90, 24, 66])
KEPT = np.array([20, 30, 45, 57, 21, 39, 69, 31, 44, 85, 23, 55])
RATE = KEPT.sum() / OF.sum()


def team(people: int = 8, accounts: int = 40, seed: int = 1, churn: float = 0.08, sigma: float = 1.0, **more) -> Book:
    """Equal CSMs: each account's fate is the same lottery whoever holds it."""
    rng = np.random.default_rng(seed)
    n = people * accounts
    opening = np.round(rng.lognormal(7, sigma, n), 2) + 1
    fate = rng.random(n)
    outcome = np.select([fate < churn, fate < churn + 0.1, fate < churn + 0.3], [0, 0.7, 1.3], 1.0)
    csm = [f"CSM {number // accounts}" for number in range(n)]
    frame = pd.DataFrame(
        {"before": opening, "after": np.round(opening * outcome, 2)}, index=[f"A{i}" for i in range(n)]
    )
    return Book.of_mrr(frame, csm=csm, **more)


# --- worked numbers -----------------------------------------------------------------------------------------------


def test_the_limits_of_the_funnel_are_exact() -> None:
    fifty = [exact_limit(np.array([50]), q, 0.9)[0] for q in luck.LEVELS]
    assert fifty == pytest.approx([0.739872, 0.800277, 0.966137, 0.996119], abs=1e-6)
    assert pytest.approx(0.904181, abs=1e-6) == RATE
    found = [exact_limit(OF, q, RATE)[0] for q in luck.LEVELS]
    assert found == pytest.approx([0.641895, 0.739144, 0.989579, 0.999583], abs=1e-6)


def test_of_twelve_people_one_is_outside_and_nobody_worth_a_look() -> None:
    exact = luck.Band(*(exact_limit(OF, q, RATE) for q in luck.LEVELS), mid_p(KEPT, OF, RATE))
    assert np.flatnonzero(luck.outside(KEPT / OF, exact)).tolist() == [4]
    assert not ((exact.lowest > KEPT / OF) | (exact.highest < KEPT / OF)).any()
    assert exact.p[4] == pytest.approx(0.018205, abs=1e-6)
    assert adjusted(exact.p)[4] == pytest.approx(0.218461, abs=1e-6)
    assert not luck.worth_a_look(KEPT / OF, exact).any()


def test_where_people_differ_by_more_than_luck_the_limits_widen() -> None:
    phi, extra = luck.spread_between(KEPT, OF, RATE)
    assert (phi, extra) == pytest.approx((1.345037, 0.000861), abs=1e-6)
    wide = funnel(KEPT, OF, RATE)
    half = 1.959964 * np.sqrt(RATE * (1 - RATE) / 28 + 0.0008608721)
    assert wide.low[4] == pytest.approx(RATE - half, abs=1e-6)
    assert not luck.outside(KEPT / OF, wide)[4] or wide.p[4] < 0.05
    nine = funnel(KEPT[:9], OF[:9], KEPT[:9].sum() / OF[:9].sum())
    assert nine.low[0] == exact_limit(OF[:9], 0.025, KEPT[:9].sum() / OF[:9].sum())[0]


def test_how_many_stand_outside_by_luck_alone() -> None:
    assert by_luck(12) == pytest.approx((0.6, 0.459640), abs=1e-6)
    assert by_luck(12, 0.998)[1] == pytest.approx(0.023738, abs=1e-6)


def test_benjamini_and_hochberg_against_scipy() -> None:
    from scipy.stats import false_discovery_control

    p = np.random.default_rng(3).random(40) ** 2
    np.testing.assert_allclose(adjusted(p), false_discovery_control(p), rtol=1e-12)


def test_binomial_limits_against_scipy() -> None:
    from scipy.stats import binom

    for n, rate, q in ((7, 0.5, 0.025), (40, 0.93, 0.975), (300, 0.8, 0.001), (15, 0.99, 0.999)):
        r = next(k for k in range(n + 1) if binom.cdf(k, n, rate) >= q)
        here, before = binom.cdf(r, n, rate), binom.cdf(r - 1, n, rate)
        assert exact_limit(np.array([n]), q, rate)[0] == pytest.approx((r - (here - q) / (here - before)) / n, abs=1e-9)


# --- the luck band ------------------------------------------------------------------------------------------------


def plain_band(book: Book, csm: str, seed: int) -> tuple[float, float]:
    """The band by its definition, in plain words: her accounts, the others' outcomes, drawn with replacement."""
    import random

    chance = random.Random(seed)
    mrr = book.mrr
    mine = [o for o, who in zip(mrr.iloc[:, 0], book.accounts["csm"], strict=True) if who == csm]
    others = [
        c / o for o, c, who in zip(mrr.iloc[:, 0], mrr.iloc[:, -1], book.accounts["csm"], strict=True) if who != csm
    ]
    drawn = sorted(sum(o * chance.choice(others) for o in mine) / sum(mine) for _ in range(6000))
    centre = sum(drawn) / len(drawn)
    wider = (1 + sum(mine) ** 2 / sum(o * o for o in mine) / len(others)) ** 0.5
    return tuple(centre + wider * (drawn[int(at * len(drawn))] - centre) for at in (0.025, 0.975))


def test_the_band_against_plain_loops() -> None:
    book = team(people=5, accounts=30)
    found = compare_people(NET, book, 1).people
    for csm in ("CSM 0", "CSM 4"):
        low, high = plain_band(book, csm, 7)
        width = high - low
        assert found.loc[csm, "low"] == pytest.approx(low, abs=0.06 * width)
        assert found.loc[csm, "high"] == pytest.approx(high, abs=0.06 * width)


def test_a_person_draws_from_the_others_only() -> None:
    """Ann's accounts all doubled, everybody else's stayed: with average luck hers would have stayed too."""
    n = 200
    held = Held(np.repeat(np.arange(4), 50), np.arange(n), np.linspace(1, 5, n))
    outcome = np.where(held.person == 0, 2.0, 1.0)
    drawn = drawn_figures(held, np.ones(4, dtype=bool), outcome, np.zeros(n, dtype=int))
    np.testing.assert_allclose(drawn[0], 1.0)
    assert drawn[1:].mean() == pytest.approx(1 + 50 / 150, abs=0.01)


def test_a_shared_account_is_nobody_elses_luck() -> None:
    """Two people share an account that tripled: neither draws it, the third does."""
    person = np.array([0] * 30 + [1] * 30 + [2] * 60 + [1])
    row = np.array([*range(120), 0])
    order = np.argsort(row, kind="stable")
    held = Held(person[order], row[order], np.ones(121))
    outcome = np.where(np.arange(120) == 0, 3.0, 1.0)
    drawn = drawn_figures(held, np.ones(3, dtype=bool), outcome, np.zeros(120, dtype=int))
    np.testing.assert_allclose(drawn[:2], 1.0)
    assert drawn[2].max() > 1


def test_accounts_are_drawn_from_their_own_segment_where_there_are_fifty() -> None:
    """In segments 0 and 1 every account ends alike; of segment 2 there are too few, so it is drawn from all."""
    n = 240
    segment = np.repeat([0, 1, 2], [110, 110, 20])
    person = np.where(segment < 2, np.arange(n) % 4, 1 + np.arange(n) % 3)
    held, outcome = Held(person, np.arange(n), np.ones(n)), np.array([1.0, 0.5, 0.9])[segment]
    drawn = drawn_figures(held, np.ones(4, dtype=bool), outcome, segment)
    sure = outcome[person == 0].mean()
    np.testing.assert_allclose(drawn[0], sure)
    few = segment[person == 1] == 2
    others = outcome[person != 1].mean()
    assert drawn[1].mean() == pytest.approx(
        (outcome[person == 1][~few].sum() + few.sum() * others) / len(few), abs=0.002
    )
    assert drawn[1].std() > 0


def test_the_same_book_gives_the_same_band() -> None:
    first, again = (compare_people(GROSS, team(), 1).people for _ in range(2))
    pd.testing.assert_frame_equal(first, again)


def test_other_names_change_nothing_but_names() -> None:
    book = team(people=5)
    names = {f"CSM {n}": name for n, name in enumerate(["Zoe", "Ann", "Mia", "Bob", "Kim"])}
    renamed = Book.of_mrr(book.mrr, csm=[names[csm] for csm in book.accounts["csm"]])
    before, after = compare_people(NET, book, 1).people, compare_people(NET, renamed, 1).people
    assert after.index.tolist() == sorted(names.values())
    pd.testing.assert_frame_equal(before.rename(index=names).sort_index(), after.sort_index(), rtol=1e-12)


@pytest.mark.parametrize(("metric", "churn"), [(NET, 0.08), (GROSS, 0.08), (LOGO, 0.15)])
def test_of_equal_people_the_band_holds_ninety_five_in_a_hundred(metric, churn: float) -> None:
    """8 × 40 accounts, all alike, 150 times: 93 to 97 % inside; and hardly anybody is called worth a look.

    Counts of accounts move in steps: where few leave, as none or one of 40, more than 97 % can be inside.
    """
    inside = look = people = 0
    for seed in range(150):
        found = compare_people(metric, team(seed=seed, churn=churn), 1).people
        inside, people = inside + int((found["outside"] == "").sum()), people + len(found)
        look += int(found["worth_a_look"].sum())
    assert people == 8 * 150
    assert 0.93 <= inside / people <= 0.97
    assert look / people <= 0.02


def test_who_is_really_different_is_found() -> None:
    book = team(people=8, accounts=60, churn=0.03)
    worse = book.mrr.copy()
    worse.iloc[0:48:3, 1] = 0
    found = compare_people(GROSS, Book.of_mrr(worse, csm=list(book.accounts["csm"])), 1).people
    assert found["worth_a_look"].tolist() == [True] + [False] * 7
    assert found.loc["CSM 0", "outside"] == "below"
    assert "worth a look" in found.loc["CSM 0", "sentence"]


# --- figures, ranges, mix -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", RATES)
@given(drawn=drawn_books(), k=st.integers(1, 3), rule=st.sampled_from(RULES))
def test_shares_against_plain_loops(name: str, drawn: Drawn, k: int, rule: str) -> None:
    if drawn.months <= k:
        return
    book = drawn.book(owner=rule)
    shares = shares_of(METRICS[name], book, k)
    plain = Plain(drawn, rule).shares(name, k, drawn.months - 1)
    for place, csm in enumerate(shares.names):
        top, bottom = plain.get(csm, (Fraction(0), Fraction(0)))
        mine = shares.person == place
        assert shares.top[mine].sum() == top * shares.share
        assert shares.bottom[mine].sum() == bottom * shares.share


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("metric", [NET, GROSS, LOGO], ids=lambda metric: metric.name)
def test_figures_and_ranges_are_those_of_the_persons_book(sample: Book, metric, rule: str) -> None:
    book = sample.under(owner=rule)
    found = compare_people(metric, book, 12).people
    tally = metric.tally(book, 12, "csm").values.iloc[-1]
    for csm in found.index:
        if found.loc[csm, "accounts"] >= 5:
            assert found.loc[csm, "value"] == pytest.approx(tally[csm], rel=1e-12)
        if csm != UNASSIGNED:
            range_ = likely_range(metric, book.held_by(csm), 12)
            assert [found.loc[csm, "likely_low"], found.loc[csm, "likely_high"]] == pytest.approx(
                [range_.low, range_.high], rel=1e-12, nan_ok=True
            )


def test_gross_capped_per_product_is_compared_per_account(sample: Book) -> None:
    book = sample.under(gross_cap="product")
    found = compare_people(GROSS, book, 12).people
    tally = GROSS.tally(book, 12, "csm").values.iloc[-1]
    np.testing.assert_allclose(found["value"], tally[found.index], rtol=1e-12)
    assert (found["accounts"] == compare_people(GROSS, sample, 12).people["accounts"]).all()


@pytest.mark.parametrize("metric", [NET, GROSS, LOGO], ids=lambda metric: metric.name)
def test_what_is_expected_of_the_mix_adds_up_to_the_team(sample: Book, metric) -> None:
    found = compare_people(metric, sample, 12)
    team = found.people.drop(index=UNASSIGNED, errors="ignore")
    assert (team["expected"] * team["opening"]).sum() / team["opening"].sum() == pytest.approx(found.whole, rel=1e-12)


def test_what_is_expected_of_a_mix_by_hand() -> None:
    # Small accounts keep (8 + 12 + 6) / 40 = 0.65, large ones (90 + 60) / 200 = 0.75.
    kind, person = np.array([0, 1, 0, 1, 0]), np.array([0, 0, 1, 1, 1])
    bottom, top = np.array([10.0, 100, 10, 100, 20]), np.array([8.0, 90, 12, 60, 6])
    expected = [(10 * 0.65 + 100 * 0.75) / 110, (30 * 0.65 + 100 * 0.75) / 130]
    assert expected_of_mix(kind, person, top, bottom) == pytest.approx(expected)


def test_kinds_of_accounts_are_large_enough_and_stay_in_their_segment_if_they_can() -> None:
    segment = ["SMB"] * 300 + ["Mid"] * 90 + ["Enterprise"] * 8
    book = Book.of_mrr({f"A{n}": [n + 1.0, n + 1.0] for n in range(398)}, segment=segment)
    opening = np.where(np.arange(398) == 5, 0, np.arange(398) + 1)
    kind = kinds_of_accounts(book, opening)
    assert kind[5] == 0
    count = np.bincount(kind)[1:]
    assert (count >= 30).all()
    assert not (set(kind[:300]) - {0}) & set(kind[300:390])
    assert (kinds_of_accounts(book, np.zeros(398)) == 0).all()


def handed(book: Book, rows: list[int], csm: str, day: str) -> Book:
    """The book after some accounts were handed over."""
    first = book.accounts["csm"].to_numpy(dtype=object)
    history = pd.DataFrame(
        [(row, first[row], "2020-01-01") for row in range(len(book))] + [(row, csm, day) for row in rows],
        columns=["row", "csm", "from_date"],
    )
    history["from_date"] = pd.to_datetime(history["from_date"]).astype("datetime64[s]")
    owners = owners_of(book.accounts["csm"].reset_index(drop=True), history, book.first_close, book.closes)
    return Book(**{f: getattr(book, f) for f in book.__dataclass_fields__} | {"owners": owners, "memory": {}})


def test_what_was_taken_over_lately_stands_apart() -> None:
    months = {f"A{n}": [100.0] * 10 for n in range(160)}
    for n in range(6):
        months[f"A{n}"] = [100.0] * 8 + [0.0] * 2
    book = Book.of_mrr(months, first="2025-01", csm=[f"CSM {n // 40}" for n in range(160)])
    late, early = (handed(book, list(range(6)), "CSM 1", day) for day in ("2025-06-10", "2025-01-20"))
    found = compare_people(GROSS, late, 3).people.loc["CSM 1"]  # opening at the close of July
    assert (found["accounts"], found["recent"], found["recent_value"]) == (46, 6, 0)
    assert (found["value"], found["held_longer_value"]) == pytest.approx((40 / 46, 1))
    assert "100.0 % without the 6 accounts taken over lately" in found["sentence"]
    assert compare_people(GROSS, early, 3).people.loc["CSM 1", "recent"] == 0


def test_who_handed_accounts_on_is_compared_only_by_the_owner_at_the_opening() -> None:
    months = {f"A{n}": [100.0, 100, 100, 100] for n in range(160)}
    months["A0"] = [100.0, 0, 0, 0]
    book = handed(
        Book.of_mrr(months, csm=[f"CSM {n // 40}" for n in range(160)]), list(range(1, 40)), "CSM 1", "2025-03-05"
    )
    assert compare_people(LOGO, book, 3).people.loc["CSM 0", "low"] > 0
    for rule in RULES[1:]:
        found = compare_people(LOGO, book.under(owner=rule), 3).people.loc["CSM 0"]
        assert np.isnan(found["low"])
        assert not found["worth_a_look"]


# --- too little ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("book", "said"),
    [
        (Book.of_mrr({"A": [1, 1]}), "nobody has"),
        (Book.of_mrr({"A": [0, 0]}, csm=["Ann"]), "nobody has"),
        (team(people=1), "one CSM has"),
        (team(people=3, accounts=80), "3 CSMs have"),
        (team(people=4, accounts=20), "80 at the opening"),
        (Book.of_mrr({"A": [1]}), "does not reach back"),
        (team().take(slice(0, 0)), "nobody has"),
        (team().until("2024-01"), "does not reach back"),
    ],
)
def test_too_little_to_compare_says_why(book: Book, said: str) -> None:
    for metric in (NET, GROSS, LOGO):
        found = compare_people(metric, book, 1)
        assert said in found.sentence
        assert found.people["low"].isna().all()
        assert not found.people["worth_a_look"].any()


def test_fewer_than_five_accounts_have_no_rate() -> None:
    book = team(people=5)
    csm = list(book.accounts["csm"])
    csm[:36] = ["CSM 1"] * 36
    found = compare_people(NET, Book.of_mrr(book.mrr, csm=csm), 1).people.loc["CSM 0"]
    assert found["accounts"] == 4
    assert np.isnan(found["value"])
    assert found["sentence"] == "4 accounts: too few for a rate."


def test_a_picked_person_is_compared_with_everybody() -> None:
    book = team()
    alone, all_ = compare_people(NET, book.held_by("CSM 3"), 1), compare_people(NET, book, 1)
    pd.testing.assert_frame_equal(alone.people, all_.people.loc[["CSM 3"]])


def test_nobodys_accounts_are_no_person() -> None:
    book = team(people=5)
    csm = [None if who == "CSM 0" else who for who in book.accounts["csm"]]
    found = compare_people(NET, Book.of_mrr(book.mrr, csm=csm), 1)
    assert found.people.index[-1] == UNASSIGNED
    assert np.isnan(found.people.loc[UNASSIGNED, "low"])
    assert len(found.compared) == 4
    assert found.people["opening"].sum() == pytest.approx(book.mrr.iloc[:, 0].sum())


def test_everybody_kept_everything() -> None:
    book = Book.of_mrr({f"A{n}": [10.0 + n, 10.0 + n] for n in range(200)}, csm=[f"CSM {n % 5}" for n in range(200)])
    for metric in (NET, GROSS, LOGO):
        found = compare_people(metric, book, 1).people
        assert (found[["value", "low", "high", "expected"]] == 1).all(axis=None)
        assert (found["p"] >= 0.999).all()
        assert (found["outside"] == "").all()


# --- the sample company -------------------------------------------------------------------------------------------

TRUTHS = {truth["name"]: truth for truth in json.loads((ROOT / "sample_data" / "truths.json").read_text("utf-8"))}


def test_the_unlucky_one_is_inside_what_luck_gives(sample: Book) -> None:
    truth = TRUTHS["unlucky_but_not_bad"]
    for metric in (NET, GROSS, LOGO):
        found = compare_people(metric, sample, truth["months"]).people.loc[truth["csm"]]
        assert found["value"] == pytest.approx(truth[metric.name], abs=1e-6)
        assert found["outside"] == ""
        assert found["sentence"].startswith("Inside what luck gives a book of this size")
    net = compare_people(NET, sample, truth["months"]).people
    assert truth["csm"] in net["value"].nsmallest(2).index
    assert net.loc[truth["csm"], "most_of_the_loss"] == len(truth["accounts"])
    assert "2 accounts make most of what was lost" in net.loc[truth["csm"], "sentence"]


def test_who_took_over_a_weak_book_sees_it_apart(sample: Book) -> None:
    truth = TRUTHS["inherited_trouble"]
    found = compare_people(NET, sample, 3).people.loc[truth["csm"]]
    assert found["recent"] >= sum(sample.balance(0, 0)[-4][sample.accounts.index.isin(truth["accounts"])] > 0) > 10
    assert found["recent_value"] < found["value"] < found["held_longer_value"]
