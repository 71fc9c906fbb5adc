"""The truths planted in the sample company: each function puts one in place and says, in numbers, what it is.

What concerns revenue is in place already (``company.CAST``). Here the records are made to tell the rest, and the
figures are worked out anew, without the package, so that its tests have something to agree with.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from company import (
    FIRST,
    JOINER,
    LAST,
    LATE_HANDOVER,
    LEAVER,
    LEAVER_LEFT,
    LUCKLESS,
    MONTHS,
    Company,
    day_of,
    in_dollars,
)
from records import champions
from words import EXECUTIVES, PLANS

DATED = {"tickets": "opened_at", "surveys": "sent_at", "pulses": "given_on", "invoices": "issued_on", "usage": "month"}
Truth = dict[str, Any]


@dataclass
class Records:
    """The tables of a company, to be edited account by account; accounts go by the part they play."""

    company: Company
    tables: dict[str, pd.DataFrame]

    def of(self, role: str, table: str, since: str = "") -> pd.Series:
        """Which rows of a table are about an account, on a day or later."""
        rows = self.tables[table]
        here = rows["account_id"] == self.company.id(role)
        return here & (rows[DATED[table]].astype(str) >= since) if since else here

    def add(self, role: str, table: str, **values: Any) -> None:
        """A row more."""
        rows = self.tables[table]
        new = pd.DataFrame([{"account_id": self.company.id(role), **values}]).reindex(columns=rows.columns)
        self.tables[table] = pd.concat([rows, new.astype(rows.dtypes)], ignore_index=True)

    def remove(self, role: str, table: str, since: str = "") -> None:
        """The rows about an account no more."""
        self.tables[table] = self.tables[table][~self.of(role, table, since)]

    def change(self, table: str, which: pd.Series, **values: Any) -> None:
        """Other values in some rows."""
        for name, value in values.items():
            self.tables[table].loc[which, name] = value

    def answer(self, role: str, since: str, **scores: int) -> None:
        """Every survey of an account answered two days later, NPS, CSAT or CES with these scores."""
        surveys = self.tables["surveys"]
        asked = self.of(role, "surveys", since) & surveys["kind"].isin(list(scores))
        back = surveys.loc[asked, "sent_at"] + pd.Timedelta(days=2)
        self.change("surveys", asked, responded_at=back, score=surveys.loc[asked, "kind"].map(scores), comment=None)

    def give_pulses(self, role: str, *pulses: int, reason: str | None = None) -> None:
        """The account's pulses of the last months, up to its loss or the end, one for each month."""
        row = self.company.row(role)
        first = min(int(self.company.accounts["lost"][row]), MONTHS) - len(pulses)
        self.remove(role, "pulses", since=str(day_of(first)))
        for month, pulse in enumerate(pulses, first):
            csm = self.company.holder[row, month]
            self.add(role, "pulses", given_on=day_of(month, 9), csm=csm, pulse=pulse, reason=reason)

    def make_spotless(self, role: str, nps: int) -> None:
        """Leave nothing to complain about in what an account did in the last year."""
        self.answer(role, "2025-01-01", NPS=nps, CSAT=5, CES=6)
        self.remove(role, "tickets", since="2025-09-01")
        csm = self.company.holder[self.company.row(role), LAST]
        self.add(role, "touchpoints", kind="QBR", planned_for="2025-12-16", done_on="2025-12-16", csm=csm)
        unpaid = self.tables["invoices"]["paid_on"].isna() & (self.tables["invoices"]["due_on"] < "2025-12-31")
        self.change("invoices", self.of(role, "invoices") & unpaid, paid_on=pd.Timestamp("2025-12-19"))


def truths(company: Company, tables: dict[str, pd.DataFrame]) -> list[Truth]:
    """Plant all truths in the tables; what they are, in the order they are planted."""
    records = Records(company, tables)
    plants = (levels, unlucky_but_not_bad, surprise_churn, promoter_turning_red, handed_over_just_before_loss,
              data_entry_error, gut_against_data, champion_left, fatigued_reference, silent_large_account,
              concentration, stale_plan, fast_onboarding_pays, inherited_trouble, seasonal_renewals)  # fmt: skip
    return [{"name": plant.__name__, "what": plant.__doc__, **plant(records)} for plant in plants]


# --- figures --------------------------------------------------------------------------------------------------------


def retention(company: Company, months: int, price: np.ndarray, whose: Any = slice(None)) -> dict[str, float]:
    """Net, gross and logo retention up to the last month, at the exchange rates of the opening."""
    ends = (price[:, :, LAST - months].sum(axis=1), price[:, :, LAST].sum(axis=1))
    opening, closing = (in_dollars(company.accounts, end, LAST - months)[whose] for end in ends)
    closing = np.where(opening > 0, closing, 0)
    return {
        "net_revenue_retention": round(closing.sum() / opening.sum(), 6),
        "gross_revenue_retention": round(np.minimum(opening, closing).sum() / opening.sum(), 6),
        "logo_retention": round((closing > 0).sum() / (opening > 0).sum(), 6),
    }


def closing_mrr(company: Company) -> np.ndarray:
    """MRR of each account in the last month as typed, in dollars."""
    return in_dollars(company.accounts, company.typed[:, :, LAST].sum(axis=1), LAST) / 100


def lost(company: Company, *roles: str) -> Truth:
    """Accounts that left, the first month without them, and what they paid a month before, in dollars."""
    rows = [company.row(role) for role in roles]
    months = company.accounts["lost"][rows].to_list()
    paid = [
        in_dollars(company.accounts, company.mrr[:, m - 1], m - 1)[row] for row, m in zip(rows, months, strict=True)
    ]
    return {
        "accounts": [company.id(role) for role in roles],
        "lost_in": [str(FIRST + month) for month in months],
        "lost_mrr": [round(amount / 100, 2) for amount in paid],
    }


# --- the truths -----------------------------------------------------------------------------------------------------


def levels(records: Records) -> Truth:
    """The whole company at the close of the last month, its retention over twelve months, the data as typed."""
    mrr = closing_mrr(records.company)
    size = {"mrr": round(mrr.sum(), 2), "customers": int((mrr > 0).sum())}
    return {"month": "2025-12", "months": 12, **size, **retention(records.company, 12, records.company.typed)}


def unlucky_but_not_bad(records: Records) -> Truth:
    """A CSM's net retention is among the two lowest, as two large accounts left for reasons outside her control."""
    company = records.company
    why = {"acquired": ("bought by a rival's customer", "2024-12-09"), "insolvent": ("insolvency", "2025-04-22")}
    for role, (reason, opened) in why.items():
        closed = day_of(company.accounts["lost"][company.row(role)], 15)
        records.add(role, "risks", opened_on=opened, closed_on=closed, reason=reason, plan=PLANS[1], planned_on=closed,
                    owner=LUCKLESS, escalated_to=EXECUTIVES[0], outcome="lost")  # fmt: skip
        records.change("churns", records.of(role, "churns"), reason="outside our control", comment=reason, refund=None)
    hers = company.holder[:, LAST - 12] == LUCKLESS
    return {"csm": LUCKLESS, "months": 12, **lost(company, *why), **retention(company, 12, company.typed, hers)}


def surprise_churn(records: Records) -> Truth:
    """A large account left with a pulse of 4 or 5 to the end and without ever having been flagged."""
    records.give_pulses("surprise", 5, 4, 5, 5, 4, 5)
    said = "The decision was made above our contacts."
    records.change("churns", records.of("surprise", "churns"), reason="competitor", comment=said, refund=None)
    return lost(records.company, "surprise")


def promoter_turning_red(records: Records) -> Truth:
    """A promoter of this year whose use fell by more than a quarter and whose pulse fell in the last weeks."""
    records.answer("turning red", "2025-03-01", NPS=9)
    records.give_pulses("turning red", 5, 5, 4, 4, 3)
    csm, said = "Priya Raman", "The new head of data worked with a competitor of ours before."
    records.add("turning red", "notes", written_on="2025-12-03", author=csm, note=said)
    return {"accounts": [records.company.id("turning red")], "least_nps": 9, "least_fall_of_use": 0.25}


def handed_over_just_before_loss(records: Records) -> Truth:
    """An account changed hands less than 60 days before it left: whose loss it is depends on the owner rule."""
    company, ends = records.company, {"opening": LAST - 3, "closing": LAST}
    net = {
        csm: {
            rule: retention(company, 3, company.typed, company.holder[:, end] == csm)["net_revenue_retention"]
            for rule, end in ends.items()
        }
        for csm in ("Luca Moretti", "Aiko Tanaka")
    }
    when = {"handed_over": str(LATE_HANDOVER), "left": str(day_of(LAST, 10)), "months": 3}
    return {
        "from": "Luca Moretti",
        "to": "Aiko Tanaka",
        **when,
        **lost(company, "passed on"),
        "net_revenue_retention": net,
    }


def data_entry_error(records: Records) -> Truth:
    """One account's last MRR was typed ten times too high: worth 1.9 points of the quarter's net retention."""
    company, row = records.company, records.company.row("mistyped")
    wrong, right = (retention(company, 3, price)["net_revenue_retention"] for price in (company.typed, company.price))
    return {
        "accounts": [company.id("mistyped")],
        "month": str(FIRST + LAST),
        "months": 3,
        "typed": company.typed[row, :, LAST].sum() / 100,
        "right": company.mrr[row, LAST] / 100,
        "net_revenue_retention": wrong,
        "net_revenue_retention_without": right,
        "points": round(100 * (wrong - right), 3),
    }


def gut_against_data(records: Records) -> Truth:
    """One account with pulse 5 though everything else says risk, one with pulse 2 though nothing else does."""
    records.give_pulses("rosy", 5, 5, 5, 5)
    records.remove("rosy", "risks")
    records.change("invoices", records.of("rosy", "invoices", since="2025-09-01"), paid_on=None)
    records.add(
        "rosy", "tickets", opened_at="2025-12-11 09:20:00", priority="urgent", replies=3, reopens=1, escalated="no"
    )
    records.give_pulses("gloomy", 2, 2, 2, 2, reason="relationship")
    records.make_spotless("gloomy", nps=8)
    return {"accounts": [records.company.id("rosy"), records.company.id("gloomy")], "pulses": [5, 2]}


def champion_left(records: Records) -> Truth:
    """The champion left, the renewal is less than 90 days away, and there is no plan."""
    people, left = records.tables["contacts"], "2025-11-14"
    champion = records.of("orphaned", "contacts") & (people["role"] == "champion")
    records.change("contacts", champion, left_on=pd.Timestamp(left))
    return {"accounts": [records.company.id("orphaned")], "champion": people["name"][champion].iloc[0], "left_on": left}


def fatigued_reference(records: Records) -> Truth:
    """An account fit to be a reference in every way, but asked twice in the last 60 days."""
    account, asked = records.company.id("fatigued"), ["2025-11-18", "2025-12-09"]
    champion = champions(records.tables["contacts"])[account]
    records.give_pulses("fatigued", 5, 5, 5)
    records.make_spotless("fatigued", nps=10)
    lately = records.of("fatigued", "usage", since="2025-07")
    seats = records.tables["usage"].loc[lately, "licensed_seats"]
    records.change("usage", lately, active_users=(0.98 * seats).astype(int))
    story = "Forecast error halved"
    records.add("fatigued", "outcomes", achieved_on="2025-08-21", story=story, confirmed_by=champion)
    records.remove("fatigued", "advocacy")
    for day in ["2024-10-02", *asked]:
        records.add("fatigued", "advocacy", kind="reference", done_on=day, validated_by=champion)
    return {"accounts": [account], "asked_on": asked}


def silent_large_account(records: Records) -> Truth:
    """One of the ten largest customers has been asked in every survey and never answered."""
    asked = records.of("silent", "surveys")
    records.change("surveys", asked, responded_at=None, score=np.nan, comment=None)
    return {"accounts": [records.company.id("silent")], "asked": int(asked.sum())}


def concentration(records: Records) -> Truth:
    """The largest customer brings about a twelfth of all MRR."""
    mrr = closing_mrr(records.company)
    share = mrr[records.company.row("largest")] / mrr.sum()
    return {"accounts": [records.company.id("largest")], "month": "2025-12", "share": round(share, 6)}


def stale_plan(records: Records) -> Truth:
    """An open risk whose plan nobody has touched for more than 30 days."""
    touched, owner = "2025-11-05", records.company.holder[records.company.row("stale"), LAST]
    records.remove("stale", "risks")
    records.add(
        "stale", "risks", opened_on="2025-08-27", reason="low adoption", plan=PLANS[0], planned_on=touched, owner=owner
    )
    return {"accounts": [records.company.id("stale")], "planned_on": touched}


def fast_onboarding_pays(records: Records) -> Truth:
    """Of the customers won in 2023 and 2024, those live within 30 days more often stayed beyond their first year."""
    accounts = records.company.accounts
    new = accounts[accounts["start"].between(0, MONTHS - 13)]
    stayed, fast = records.company.mrr[new.index, new["start"] + 12] > 0, new["fast"].to_numpy()
    return {"live_within_days": 30} | {
        speed: {"accounts": int(which.sum()), "renewed": round(stayed[which].mean(), 6)}
        for speed, which in (("fast", fast), ("slow", ~fast))
    }


def inherited_trouble(records: Records) -> Truth:
    """A CSM who took over a weak book in 2025: the accounts handed to her were in worse health than all others."""
    moved = records.company.owners
    rows = moved.loc[(moved["from_date"] == LEAVER_LEFT) & (moved["csm"] == JOINER), "row"]
    handover = {"csm": JOINER, "from": LEAVER, "handed_over": str(LEAVER_LEFT), "least_health_below_the_others": 6}
    return {**handover, "accounts": records.company.accounts["account_id"][rows].to_list()}


def seasonal_renewals(records: Records) -> Truth:
    """Most contracts renew in January, then in September."""
    due = records.tables["accounts"]["renewal_date"].dropna().dt.month.value_counts()
    return {"months": [int(month) for month in due.index[:2]], "renewals": [int(count) for count in due.iloc[:2]]}
