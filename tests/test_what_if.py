"""What if: the worked quarter, ends that can be computed by hand, and what must always hold."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from drawn import FIRST, Drawn, drawn_books
from hypothesis import given
from hypothesis import strategies as st

from cs_metrics.analysis.renewal_past import Past
from cs_metrics.analysis.what_if import CHOICES, Choice, outlook
from cs_metrics.book import Book, Dark, Misuse

NAMES = "ABCDEFGH"
DUE = (30, 24, 18, 12, 10, 8, 6, 4)
CHANCES = (0.95, 0.90, 0.60, 0.92, 0.85, 0.97, 0.40, 0.90)


def learned(book: Book, chances: object, **more: float) -> Past:
    rates = {"shrunk": 0.0, "grown": 0.0, "left": 0.0} | more
    return Past(pd.Series(chances, index=book.accounts.index, dtype=float), pd.DataFrame(), 0.9, 1, True, **rates)


def worked() -> tuple[Book, Past]:
    """STATISTICS B5: a book of 300 thousand, 112 thousand of it due, 9 thousand of expansion expected."""
    mrr = {name: [amount * 1000.0] * 2 for name, amount in zip(NAMES, DUE, strict=True)} | {"Rest": [188_000.0] * 2}
    book = Book.of_mrr(mrr, first="2025-02")
    dates = pd.DataFrame({"row": range(8), "day": pd.Timestamp("2025-05-10")}).astype({"day": "datetime64[s]"})
    return replace(book, renewals=dates), learned(book, [*CHANCES, 0.5], grown=0.03)


def test_the_worked_quarter() -> None:
    book, known = worked()
    found = outlook(book, learned=known, shock=0)
    assert (found.base / found.scale, found.due / found.scale, found.accounts) == (300_000, 112_000, 8)
    assert found.renewed.expected == pytest.approx(94_200)
    assert (found.gross.expected, found.net.expected) == pytest.approx((0.940667, 0.970667), abs=1e-6)
    assert (found.gross.low, found.gross.high) == pytest.approx((264 / 300, 1.0))
    together = outlook(book, learned=known)
    assert together.renewed.expected == pytest.approx(93_492.066, abs=1e-3)
    assert together.gross.low == pytest.approx(260 / 300)


def test_choices_by_hand() -> None:
    """30 renews, 24 shrinks by a quarter, 18 grows by half, 12 leaves; the others are lost; the rest grows by 10."""
    book, known = worked()
    choices = {"A": Choice("renew"), "B": Choice("shrink", 0.25), "C": Choice("grow", 0.5), "D": Choice("lose")}
    choices |= {name: Choice("lose") for name in "EFGH"}
    found = outlook(book, choices | {"Rest": Choice("grow", 0.1)}, known)
    assert found.decided == 9
    assert found.renewal_rate == pytest.approx((66 / 112,) * 3)
    assert found.gross == pytest.approx(((30 + 18 + 18 + 188) / 300,) * 3)
    assert found.net == pytest.approx(((30 + 18 + 27 + 206.8) / 300,) * 3)
    assert found.lost == found.gained == 0


def test_all_renew_and_all_lost_are_the_ends() -> None:
    book, known = worked()
    known = known._replace(grown=0.0)
    renew, lose = (outlook(book, {name: Choice(what) for name in NAMES}, known) for what in ("renew", "lose"))
    assert renew.renewal_rate == (1, 1, 1)
    assert renew.gross == renew.net == (1, 1, 1)
    assert lose.renewal_rate == (0, 0, 0)
    assert lose.gross == pytest.approx((188 / 300,) * 3)


def test_what_is_expected_beside_the_renewals_is_of_accounts_not_set() -> None:
    book, known = worked()
    known = known._replace(shrunk=0.01, left=0.02, grown=0.03)
    found = outlook(book, {"A": Choice("renew")}, known)
    assert found.lost / found.scale == pytest.approx(0.01 * 270_000 + 0.02 * 188_000)
    assert found.gained / found.scale == pytest.approx(0.03 * 270_000)
    unknown = outlook(book, {}, known._replace(worked=False))
    assert unknown.lost / unknown.scale == pytest.approx(0.01 * 300_000 + 0.02 * 188_000)


# --- a second computation, by plain loops ----------------------------------------------------------------------------


def plainly(
    drawn: Drawn, chances: dict[str, float], choices: dict[str, Choice], months: int
) -> dict[str, float] | None:
    """Expected gross and net retention by enumerating every outcome; None where nobody pays. No shock."""
    last = FIRST + drawn.months - 1
    month = last.year * 100 + last.month
    pays = dict.fromkeys(drawn.accounts["account_id"], 0)
    for row in drawn.mrr[drawn.mrr["month"] == month].itertuples():
        pays[row.account_id] += row.mrr
    base = sum(pays.values())
    due = [
        row.account_id
        for row in drawn.accounts.itertuples()
        if pays[row.account_id] and row.renewal_date == row.renewal_date
        and last < pd.Period(row.renewal_date, "M") <= last + months
    ]  # fmt: skip
    undecided = [account for account in due if account not in choices]
    gross = net = 0.0
    for outcome in itertools.product((0, 1), repeat=len(undecided)):
        chance, kept, all_ = 1.0, 0.0, 0.0
        for account, renews in zip(undecided, outcome, strict=True):
            chance *= chances[account] if renews else 1 - chances[account]
            kept += pays[account] * renews
        for account, pay in pays.items():
            if account in choices and pay:
                what, by = choices[account]
                then = {"renew": pay, "lose": 0, "shrink": pay * (1 - by), "grow": pay * (1 + by)}[what]
                kept, all_ = kept + min(then, pay), all_ + max(then - pay, 0)
            elif account not in undecided:
                kept += pay
        gross, net = gross + chance * kept, net + chance * (kept + all_)
    return {"gross": gross / base, "net": net / base, "due": sum(pays[a] for a in due)} if base else None


def ahead(drawn: Drawn, shift: list[int]) -> Drawn:
    """The same tables with renewal dates around the end of the data."""
    last = FIRST + drawn.months - 1
    days = [None if s > 5 else (last + s).to_timestamp() + pd.Timedelta(days=9) for s in shift]
    dates = pd.to_datetime(pd.Series(days[: len(drawn.accounts)]))
    return replace(drawn, accounts=drawn.accounts.assign(renewal_date=dates.to_numpy()))


chosen = st.one_of(st.none(), st.builds(Choice, st.sampled_from(CHOICES), st.sampled_from([0.0, 0.1, 0.25, 0.5, 1.0])))


@given(
    drawn_books(currencies=False, handovers=False),
    st.lists(st.integers(-2, 7), min_size=7, max_size=7),
    st.lists(st.floats(0.05, 0.99), min_size=7, max_size=7),
    st.lists(chosen, min_size=7, max_size=7),
    st.sampled_from([1, 3]),
)
def test_outlook_against_plain_loops(
    drawn: Drawn, shift: list[int], chances: list[float], choices: list[Choice | None], months: int
) -> None:
    drawn = ahead(drawn, shift)
    tables = {"mrr": drawn.mrr.assign(mrr=drawn.mrr["mrr"] * 400), "accounts": drawn.accounts}
    drawn = replace(drawn, mrr=tables["mrr"])
    book = drawn.book()
    each = dict(zip(book.accounts.index, chances, strict=False))
    made = {f"A{n}": choice for n, choice in enumerate(choices) if choice is not None}
    known = learned(book, [each[name] for name in book.accounts.index])
    if book.renewals is None:
        with pytest.raises(Dark):
            outlook(book, made, known, months)
        return
    found, second = outlook(book, made, known, months, shock=0), plainly(drawn, each, made, months)
    if second is None:
        assert np.isnan(found.gross.expected)
        assert np.isnan(found.net.expected)
        return
    assert found.due == second["due"]
    assert found.gross.expected == pytest.approx(second["gross"], abs=1e-9)
    assert found.net.expected == pytest.approx(second["net"], abs=1e-9)
    assert found.gross.low - 1e-12 <= found.gross.high
    assert found.net.expected >= found.gross.expected - 1e-12


@given(st.lists(st.sampled_from(CHOICES), min_size=8, max_size=8), st.integers(0, 7))
def test_renewing_is_never_worse_than_shrinking_than_losing(choices: list[str], place: int) -> None:
    book, known = worked()
    made = {name: Choice(what, 0.3) for name, what in zip(NAMES, choices, strict=True)}
    grow, renew, shrink, lose = (
        outlook(book, made | {NAMES[place]: Choice(what, 0.3)}, known) for what in ("grow", "renew", "shrink", "lose")
    )
    assert lose.gross.expected < shrink.gross.expected < renew.gross.expected
    assert grow.gross == pytest.approx(renew.gross)
    assert grow.net.expected > renew.net.expected


def test_nothing_changed_is_the_expectation(sample: Book) -> None:
    book = sample.now(date(2026, 1, 5))
    plain, empty = outlook(book), outlook(book, {})
    assert (plain.gross, plain.net, plain.renewed) == (empty.gross, empty.net, empty.renewed)
    assert outlook(book, {"nobody": Choice("lose")}).gross == plain.gross
    assert plain.gross.low < plain.gross.expected < plain.gross.high
    assert plain.renewal_rate.high <= 1


def test_parts_of_the_company_add_up_to_it(sample: Book) -> None:
    book = sample.now(date(2026, 1, 5))
    whole = outlook(book)
    from cs_metrics.analysis.renewal_past import past

    known = past(book)
    parts = [outlook(part, learned=known) for part in book.split("segment").values()]
    assert sum(part.base for part in parts) == whole.base
    assert sum(part.due for part in parts) == whole.due
    assert sum(part.renewed.expected for part in parts) == pytest.approx(whole.renewed.expected)
    assert sum(part.net.expected * part.base for part in parts) == pytest.approx(whole.net.expected * whole.base)


def test_a_choice_that_does_not_exist_says_which_do() -> None:
    book, known = worked()
    with pytest.raises(Misuse, match="renew, shrink, grow or lose"):
        outlook(book, {"A": Choice("explode")}, known)


def test_empty_books_are_blank() -> None:
    book, known = worked()
    nobody = book.take(slice(0, 0))
    found = outlook(nobody, {}, known)
    assert np.isnan([*found.gross, *found.net, *found.renewal_rate]).all()
    none_due = outlook(replace(book, renewals=book.renewals.iloc[:0]), {}, known)
    assert np.isnan(none_due.renewal_rate.expected)
    assert none_due.gross == (1, 1, 1)
