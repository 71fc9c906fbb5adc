"""Books drawn at random, and every figure computed a second time with plain loops and fractions.

A drawn book knows the tables it was made of; ``Plain`` answers from these tables alone, without numpy, the change
log or the book, so that the two agree only if both are right.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

import pandas as pd
from hypothesis import strategies as st

from cs_metrics.assemble import book_of
from cs_metrics.book import UNASSIGNED, Book, Settings

FIRST = pd.Period("2024-11", "M")
CSMS = ("Ada", "Ben", "Cho")
SEGMENTS = ("SMB", "Mid", None)


@dataclass
class Drawn:
    """The tables of a drawn book."""

    mrr: pd.DataFrame
    accounts: pd.DataFrame
    owners: pd.DataFrame
    fx: pd.DataFrame
    months: int
    facts: dict[str, pd.DataFrame] = field(default_factory=dict)

    def book(self, **settings: object) -> Book:
        """The book of these tables, up to the last drawn month."""
        tables = {"mrr": self.mrr, "accounts": self.accounts, "owners": self.owners, "fx": self.fx, **self.facts}
        kept = {name: rows for name, rows in tables.items() if len(rows)}
        return book_of(
            kept,
            Settings.of(currency="USD", **settings),
            until=FIRST + self.months - 1,
            today=date(2026, 1, 1),
        )


def yyyymm(place: int) -> int:
    """The number of the month at a place."""
    month = FIRST + place
    return month.year * 100 + month.month


@st.composite
def drawn_books(draw: st.DrawFn, currencies: bool = True, handovers: bool = True, facts: bool = False) -> Drawn:
    """A small book with everything that can go wrong: gaps, returns, hand-overs, currencies, nobody's accounts."""
    months = draw(st.integers(3, 8))
    count = draw(st.integers(1, 7))
    rows, owners, accounts = [], [], []
    for number in range(count):
        account = f"A{number}"
        products = draw(st.lists(st.sampled_from(["Core", "Plus"]), min_size=1, max_size=2, unique=True))
        for product in products:
            currency = draw(st.sampled_from(["USD", "EUR"])) if currencies else "USD"
            prices = draw(
                st.lists(st.sampled_from([0, 0, 36, 360, 1001, 3600, 36037]), min_size=months, max_size=months)
            )
            rows += [(account, yyyymm(place), price, product, currency) for place, price in enumerate(prices)]
        accounts.append((account, f"Account {number}", draw(st.sampled_from([*CSMS, None])), draw(st.sampled_from(SEGMENTS)),
                         draw(st.sampled_from([None, *(date((FIRST + m).year, (FIRST + m).month, 15) for m in range(months))]))))  # fmt: skip
        if handovers:
            days = draw(st.lists(st.integers(-40, 31 * months), max_size=3, unique=True))
            owners += [
                (
                    account,
                    draw(st.sampled_from([*CSMS, None])),
                    pd.Timestamp("2024-11-01") + pd.Timedelta(days=day),
                )
                for day in days
            ]
    rates = [(yyyymm(place), "EUR", draw(st.sampled_from([0.5, 1.0, 1.1, 1.25]))) for place in range(months)]
    drawn_accounts = pd.DataFrame(accounts, columns=["account_id", "name", "csm", "segment", "renewal_date"])
    return Drawn(
        pd.DataFrame(rows, columns=["account_id", "month", "mrr", "product", "currency"]),
        drawn_accounts.assign(renewal_date=pd.to_datetime(drawn_accounts["renewal_date"])),
        pd.DataFrame(owners, columns=["account_id", "csm", "from_date"]).astype({"from_date": "datetime64[s]"}),
        pd.DataFrame(rates, columns=["month", "currency", "rate"]),
        months,
        draw(drawn_facts(list(drawn_accounts["account_id"]), months)) if facts else {},
    )


FACTS = {
    "surveys": ("sent_at", "responded_at"),
    "tickets": ("opened_at", "solved_at"),
    "touchpoints": ("planned_for", "done_on"),
    "onboarding": ("due_on", "done_on"),
}
KINDS = {
    "surveys": ["NPS", "CSAT", "CES"],
    "tickets": ["normal"],
    "touchpoints": ["check-in", "QBR", "training"],
    "onboarding": ["kick-off", "live", "trained"],
}


@st.composite
def drawn_facts(draw: st.DrawFn, accounts: list[str], months: int) -> dict[str, pd.DataFrame]:
    """Surveys, tickets, touchpoints, milestones and use of drawn accounts, with gaps; any table may be missing."""
    days = st.integers(-40, 31 * months).map(lambda day: pd.Timestamp("2024-11-01") + pd.Timedelta(days=day))
    numbers = st.sampled_from([None, 0, 1, 3, 4, 5, 9, 10])
    found = {}
    for name, (first, then) in FACTS.items():
        row = st.tuples(
            st.sampled_from(accounts), st.sampled_from(KINDS[name]), days, st.none() | days, numbers, numbers
        )
        rows = draw(st.lists(row, max_size=4))
        if rows:
            table = pd.DataFrame(rows, columns=["account_id", "kind", first, then, "score", "replies"])
            table[[first, then]] = table[[first, then]].astype("datetime64[s]")
            table[["score", "replies"]] = table[["score", "replies"]].astype(float)
            found[name] = table.assign(milestone=table["kind"], csat=table["score"], reopens=0.0, comment=None)
    use = draw(st.lists(st.tuples(st.sampled_from(accounts), st.integers(0, months - 1), numbers, numbers), max_size=6))
    if use:
        table = pd.DataFrame(use, columns=["account_id", "place", "active_users", "licensed_seats"])
        table = table.assign(month=table["place"].map(yyyymm), subscription_id=None).drop(columns="place")
        table[["active_users", "licensed_seats"]] = table[["active_users", "licensed_seats"]].astype(float)
        found["usage"] = table.assign(features_used=table["active_users"], features_available=table["licensed_seats"])
    if costs := draw(drawn_costs(months)):
        found["costs"] = pd.DataFrame(costs, columns=["month", "kind", "amount", "csm", "segment"])
    return found


@st.composite
def drawn_costs(draw: st.DrawFn, months: int) -> list[tuple[object, ...]]:
    """What was spent, with odd cents, on whom it may be; months without costs, people without customers."""
    row = st.tuples(
        st.integers(-2, months - 1).map(yyyymm),
        st.sampled_from(["CSM", "tools", "Marketing", "acquisition", "Coffee", None]),
        st.sampled_from([0, 1, 36, 36037, 3600, 7_200_001]),
        st.sampled_from([*CSMS, "Nobody", None]),
        st.sampled_from(SEGMENTS),
    )
    return draw(st.lists(row, max_size=9))


class Plain:
    """The same answers by plain loops. Money is whole units, sums are exact."""

    def __init__(self, drawn: Drawn, rule: str = "opening", fx: str = "constant"):
        self.drawn, self.rule, self.fx = drawn, rule, fx
        self.native: dict[tuple[str, str, str], dict[int, int]] = defaultdict(dict)
        for row in drawn.mrr.itertuples():
            self.native[row.account_id, row.product, row.currency][row.month] = row.mrr
        self.rate = {row.month: row.rate for row in drawn.fx.itertuples()}
        self.accounts = list(drawn.accounts["account_id"])

    def mrr(self, account: str, close: int, rate_of: int) -> int:
        """An account's MRR at a close, at the rate of a close."""
        total = 0
        for (owner, _, currency), prices in self.native.items():
            if owner == account:
                price = prices.get(yyyymm(close), 0)
                total += round(price * (self.rate[yyyymm(rate_of)] if currency == "EUR" else 1))
        return total

    def pair(self, account: str, close: int, k: int, upto: int | None = None) -> tuple[int, int]:
        """Opening and closing MRR of the period of k months that ends with a close, or of its first months."""
        opening = close - k
        end = opening + (k if upto is None else upto)
        return self.mrr(account, opening, opening), self.mrr(account, end, opening if self.fx == "constant" else end)

    def history(self, account: str) -> list[tuple[pd.Timestamp, str]]:
        """The hand-overs of an account, in order."""
        rows = self.drawn.owners[self.drawn.owners["account_id"] == account].sort_values("from_date", kind="stable")
        return [(row.from_date, row.csm if isinstance(row.csm, str) else UNASSIGNED) for row in rows.itertuples()]

    def holder(self, account: str, close: int) -> str:
        """Who holds an account at a close."""
        history = self.history(account)
        if not history:
            csm = self.drawn.accounts.set_index("account_id").at[account, "csm"]
            return csm if isinstance(csm, str) else UNASSIGNED
        end = (FIRST + close).end_time
        return next((csm for day, csm in reversed(history) if day <= end), UNASSIGNED)

    def blamed(self, account: str, close: int) -> str:
        """Who answers for a loss that shows at a close, under grace."""
        end = (FIRST + close).end_time.normalize()
        before, answer = UNASSIGNED, self.holder(account, close)
        for day, csm in self.history(account):
            if csm != before:
                if (
                    before != UNASSIGNED
                    and ((FIRST + close).ordinal - pd.Period(day, "M").ordinal) >= 0
                    and (end - day).days <= 90
                ):
                    answer = before
                before = csm
        return answer

    def shares(self, metric: str, k: int, close: int) -> dict[str, tuple[Fraction, Fraction]]:
        """Σ top and Σ bottom of each CSM, by the owner rule."""
        total: dict[str, tuple[Fraction, Fraction]] = defaultdict(lambda: (Fraction(0), Fraction(0)))

        def give(csm: str, top: Fraction | int, bottom: Fraction | int) -> None:
            total[csm] = total[csm][0] + top, total[csm][1] + bottom

        for account in self.accounts:
            top, bottom = RATES[metric](*self.pair(account, close, k))
            if self.rule == "opening":
                give(self.holder(account, close - k), top, bottom)
            elif self.rule == "closing":
                give(self.holder(account, close), top, bottom)
            elif self.rule == "time-share":
                for month in range(1, k + 1):
                    give(self.holder(account, close - k + month), Fraction(top, k), Fraction(bottom, k))
            else:
                start = RATES[metric](*self.pair(account, close, k, 0))
                before, level = start, self.pair(account, close, k, 0)[1]
                for month in range(1, k + 1):
                    at = close - k + month
                    now = RATES[metric](*self.pair(account, close, k, month))
                    balance = self.pair(account, close, k, month)[1]
                    holder = self.holder(account, at)
                    give(holder, Fraction(start[0], k), Fraction(start[1], k))
                    if self.rule == "grace" and balance < level:
                        holder = self.blamed(account, at)
                    give(holder, now[0] - before[0], now[1] - before[1])
                    before, level = now, balance
        return total


RATES = {
    "net_revenue_retention": lambda o, c: (c if o else 0, o),
    "gross_revenue_retention": lambda o, c: (min(o, c), o),
    "logo_retention": lambda o, c: (int(o > 0 and c > 0), int(o > 0)),
    "logo_churn_rate": lambda o, c: (int(o > 0 and c == 0), int(o > 0)),
    "revenue_churn_rate": lambda o, c: (o if c == 0 else 0, o),
    "contraction_rate": lambda o, c: (max(o - c, 0) if c else 0, o),
    "expansion_rate": lambda o, c: (max(c - o, 0) if o else 0, o),
    "closing_over_opening": lambda o, c: (c, o),
}
