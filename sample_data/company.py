"""The company as it really is: who its customers are, how they fare, what they pay, who looks after them.

Arrays are accounts × months, month 0 being the first. ``mood`` is how a customer truly fares, from 0 to 1: it
moves what is paid here and every table in ``records``, and no table holds it.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from words import FIRST_NAMES, INDUSTRIES, LAST_NAMES, SPECIAL_NAMES, STEMS, SUFFIXES

SEED = 2260
FIRST = np.datetime64("2023-01")
TODAY = np.datetime64("2025-12-31")
MONTHS, LAST, NEVER = 36, 35, 999
OPENING, JOINING = 190, 225
SEASON = np.array([3.2, 0.9, 1.0, 0.9, 0.8, 0.9, 0.6, 0.6, 2.5, 1.1, 0.8, 0.7])
PRODUCTS = {"Insights": 2400, "Connectors": 450, "Forecasts": 700, "Governance": 900}
REGIONS = {"North America": 0.42, "Latin America": 0.08, "Europe": 0.38, "Asia Pacific": 0.12}
WEST, EAST = "Americas", "Europe & Asia"
EUR_USD = np.array([
    1.077, 1.072, 1.071, 1.097, 1.087, 1.084, 1.106, 1.091, 1.068, 1.056, 1.081, 1.090,
    1.091, 1.080, 1.087, 1.073, 1.081, 1.076, 1.084, 1.101, 1.111, 1.090, 1.063, 1.048,
    1.035, 1.041, 1.081, 1.122, 1.128, 1.152, 1.168, 1.164, 1.173, 1.164, 1.156, 1.170,
])  # fmt: skip


class Segment(NamedTuple):
    """What sets a segment apart: its share of accounts, what one pays for the core product, at what per seat.

    ``declines`` is the chance per month that an account's mood turns for the worse, ``leaves`` the chance that it
    leaves at a renewal for no reason at all.
    """

    share: float
    core: float
    seat_price: float
    declines: float
    leaves: float


class Csm(NamedTuple):
    """A CSM: the months worked, what she adds to a mood, how reliably she works, how rosily she sees."""

    team: str
    joined: int = -NEVER
    left: int = NEVER
    skill: float = 0.0
    diligence: float = 0.97
    optimism: float = 0.0


SEGMENTS = {
    "Enterprise": Segment(0.13, 9_500, 36, 0.005, 0.01),
    "Mid-Market": Segment(0.36, 2_500, 42, 0.007, 0.025),
    "SMB": Segment(0.51, 480, 30, 0.011, 0.06),
}
CSMS = {
    "Maya Okafor": Csm(WEST, skill=0.06, diligence=0.99),
    "Daniel Reyes": Csm(WEST, optimism=0.05),
    "Priya Raman": Csm(WEST),
    "Ethan Brooks": Csm(WEST, left=29, skill=-0.20, diligence=0.75),
    "Camila Duarte": Csm(WEST, joined=15, skill=0.03),
    "Ingrid Solberg": Csm(EAST, skill=0.02),
    "Luca Moretti": Csm(EAST, diligence=0.93, optimism=0.04),
    "Aiko Tanaka": Csm(EAST, skill=0.02),
    "Piotr Zieliński": Csm(EAST, optimism=-0.05),
}
LUCKLESS, LEAVER, JOINER, NOBODY = "Maya Okafor", "Ethan Brooks", "Camila Duarte", "unassigned"
JOINER_BEGAN, LEAVER_LEFT, LATE_HANDOVER, REORGANISED = (
    np.datetime64(day) for day in ("2024-04-08", "2025-06-02", "2025-10-20", "2025-12-08")
)


def part(segment: str, region: str, csm: str, start: int, core: float, **more: Any) -> dict[str, Any]:
    """An account with a part in a planted truth: as it began, and the months it declines and is lost."""
    euro = region == "Europe" and segment == "Mid-Market"
    return {
        "segment": segment, "region": region, "csm": csm, "start": start, "core": core, "day": 15, "base": 0.86,
        "currency": "EUR" if euro else "USD", "industry": "Manufacturing", "lost": NEVER, "declines": NEVER,
    } | more  # fmt: skip


CAST = {
    "largest": part("Enterprise", "Asia Pacific", "Ingrid Solberg", -20, 98_000, day=1),
    "acquired": part("Enterprise", "North America", LUCKLESS, -21, 15_500, lost=27),
    "insolvent": part("Enterprise", "North America", LUCKLESS, -10, 12_500, lost=31),
    "surprise": part("Enterprise", "Asia Pacific", "Ingrid Solberg", -7, 13_500, lost=29),
    "passed on": part("Mid-Market", "Europe", "Luca Moretti", -1, 8_200, lost=35, declines=29, day=10),
    "mistyped": part("Mid-Market", "Asia Pacific", "Ingrid Solberg", 14, 2_800),
    "turning red": part("Mid-Market", "North America", "Priya Raman", -6, 5_200, declines=30),
    "rosy": part("Mid-Market", "Asia Pacific", "Aiko Tanaka", -3, 3_900, declines=30),
    "gloomy": part("Mid-Market", "Europe", "Piotr Zieliński", 5, 3_100),
    "orphaned": part("Enterprise", "Europe", "Ingrid Solberg", -10, 8_800),
    "fatigued": part("Enterprise", "North America", "Daniel Reyes", -17, 9_900, base=0.95),
    "silent": part("Enterprise", "Europe", "Luca Moretti", -5, 24_000),
    "stale": part("Mid-Market", "Latin America", "Priya Raman", -4, 4_400, declines=29),
}
MISTYPED_FACTOR, MISTYPED_WORTH = 10, 0.019


@dataclass(frozen=True)
class Company:
    """The whole truth. ``price`` is accounts × products × months, in cents of the account's own currency.

    ``accounts`` has the columns of the customer list, ``role`` (a key of CAST, or blank), the months ``start``,
    ``lost`` and ``back``, and the ``day`` of the month on which everything changes.
    """

    accounts: pd.DataFrame
    mood: np.ndarray
    price: np.ndarray
    seats: np.ndarray
    owners: pd.DataFrame
    holder: np.ndarray

    @cached_property
    def mrr(self) -> np.ndarray:
        """What each account pays: accounts × months, in cents."""
        return self.price.sum(axis=1)

    @cached_property
    def typed(self) -> np.ndarray:
        """The prices as they were typed in, one of them with a nought too many."""
        typed = self.price.copy()
        typed[self.row("mistyped"), :, LAST] *= MISTYPED_FACTOR
        return typed

    def living(self) -> tuple[np.ndarray, np.ndarray]:
        """The accounts and months in which an account pays."""
        return np.nonzero(self.mrr > 0)

    def row(self, role: str) -> int:
        """The position of an account with a part in a planted truth."""
        return int(np.flatnonzero(self.accounts["role"] == role)[0])

    def id(self, role: str) -> str:
        """The id of an account with a part in a planted truth."""
        return str(self.accounts["account_id"][self.row(role)])


def company() -> Company:
    """The company, the same each time."""
    accounts = with_names(customers())
    owners = handovers(accounts)
    mood = moods(accounts, holders(owners, len(accounts)))
    rng = dice("life")
    lives = [life(account, mood[account.Index], rng) for account in accounts.itertuples()]
    price, seats, accounts["lost"], accounts["back"] = (np.array(of) for of in zip(*lives, strict=True))
    price = with_the_mistyped(accounts, price)
    end = day_of(np.where(accounts["back"] < NEVER, NEVER, accounts["lost"]), accounts["day"])
    owners = owners[owners["from_date"].to_numpy() < end[owners["row"]]]
    return Company(accounts, mood, price, seats, owners, holders(owners, len(accounts)))


def dice(topic: str) -> np.random.Generator:
    """Chance for one topic, so that a change in one table leaves the others as they are."""
    return np.random.default_rng([SEED, *topic.encode()])


def day_of(month: Any, day: Any = 1) -> np.ndarray:
    """A day of a month as a date."""
    return (FIRST + np.asarray(month)).astype("datetime64[D]") + (np.asarray(day) - 1)


def month_of(day: np.datetime64) -> int:
    """The month of a date."""
    return int((day.astype("datetime64[M]") - FIRST).astype(int))


def in_dollars(accounts: pd.DataFrame, cents: np.ndarray, month: int) -> np.ndarray:
    """Amounts of all accounts at the exchange rate of a month."""
    return cents * np.where(accounts["currency"] == "EUR", EUR_USD[month], 1.0)


# --- customers ----------------------------------------------------------------------------------------------


def customers() -> pd.DataFrame:
    """All customers ever, in the order of their start, with ids in that order."""
    rng, total = dice("customers"), OPENING + JOINING
    start = np.r_[seasonal(rng, np.arange(-48, 0), OPENING), seasonal(rng, np.arange(MONTHS), JOINING)]
    segment = rng.choice(list(SEGMENTS), total, p=[of.share for of in SEGMENTS.values()])
    region = rng.choice(list(REGIONS), total, p=list(REGIONS.values()))
    core = np.array([SEGMENTS[name].core for name in segment]) * rng.lognormal(0, 0.5, total)
    rows = pd.DataFrame({
        "role": "",
        "segment": segment,
        "region": region,
        "industry": rng.choice(list(INDUSTRIES), total),
        "currency": np.where((region == "Europe") & (rng.random(total) < 0.68), "EUR", "USD"),
        "start": start,
        "day": rng.choice([1, 1, 1, 5, 12, 15, 20, 26], total),
        "core": np.where(start < 0, core, 0.85 * core),
        "base": np.clip(rng.normal(0.77, 0.08, total), 0.55, 0.95),
        "lost": NEVER,
        "declines": start + 4 + rng.geometric([SEGMENTS[name].declines for name in segment]),
    })  # fmt: skip
    rows["csm"] = [a_csm(rng, team_of(where), max(month, 0)) for where, month in zip(region, start, strict=True)]
    rows = pd.concat([rows, pd.DataFrame([{"role": role, **known} for role, known in CAST.items()])])
    rows = rows.sort_values(["start", "day"], kind="stable", ignore_index=True)
    rows["fast"] = (dice("onboarding").random(len(rows)) < 0.72) | (rows["role"] != "")
    rows["team"] = rows["region"].map(team_of)
    rows.insert(0, "account_id", [f"ACC-{number:04}" for number in range(1, len(rows) + 1)])
    return rows


def seasonal(rng: np.random.Generator, months: np.ndarray, count: int) -> np.ndarray:
    """So many of these months, in the seasons in which contracts are signed."""
    weight = SEASON[months % 12]
    return rng.choice(months, count, p=weight / weight.sum())


def team_of(region: str) -> str:
    """The team that looks after a region."""
    return WEST if "America" in region else EAST


def a_csm(rng: np.random.Generator, team: str, month: int, *but: str) -> str:
    """One of a team's CSMs who work in a month."""
    return str(rng.choice([
        name for name, csm in CSMS.items() if csm.team == team and csm.joined <= month < csm.left and name not in but
    ]))  # fmt: skip


def with_names(rows: pd.DataFrame) -> pd.DataFrame:
    """The customers with names, some of them awkward, web domains, and for some a parent."""
    rng = dice("names")
    stems = rng.permutation(STEMS)[: len(rows)]
    trade = [rng.choice(INDUSTRIES[industry]) + rng.choice(SUFFIXES) for industry in rows["industry"]]
    rows["name"] = [f"{stem} {word}" for stem, word in zip(stems, trade, strict=True)]
    rows["domain"] = [f"{stem.lower()}.example" for stem in stems]
    rows["parent_id"] = None
    plain = rows["role"] == ""
    awkward = rng.choice(rows.index[plain & (rows["start"] < 12)], len(SPECIAL_NAMES), replace=False)
    rows.loc[awkward, "name"] = SPECIAL_NAMES
    plain[awkward] = False
    grouped = rng.choice(rows.index[plain & (rows["segment"] != "SMB")], 21, replace=False)
    for head, *children in np.split(grouped, [4, 8, 11, 14, 17, 19]):
        for child, place in zip(children, ("Europe", "Americas", "Asia"), strict=False):
            rows.loc[child, ["name", "parent_id"]] = f"{stems[head]} {place}", rows["account_id"][head]
    return rows


def people(rng: np.random.Generator, count: int) -> list[str]:
    """So many names of people."""
    return [f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}" for _ in range(count)]


# --- owners -------------------------------------------------------------------------------------------------


def handovers(accounts: pd.DataFrame) -> pd.DataFrame:
    """The first owner of each account and every hand-over: ``row, csm, from_date``."""
    rng, given = dice("owners"), []
    for account in accounts.itertuples():
        given.append((account.Index, account.csm, day_of(account.start, account.day)))
        given += later_owners(account, rng)
    owners = pd.DataFrame(given, columns=["row", "csm", "from_date"])
    owners["from_date"] = owners["from_date"].astype("datetime64[s]")
    return owners.sort_values(["row", "from_date"], ignore_index=True)


def later_owners(account: Any, rng: np.random.Generator) -> list[tuple[int, str, np.datetime64]]:
    """The hand-overs of one account: by chance, to the CSM who joined, from the one who left, to nobody."""
    chance, row = rng.random(3), account.Index
    if account.role:
        return [(row, "Aiko Tanaka", LATE_HANDOVER)] if account.role == "passed on" else []
    if account.csm == LEAVER:
        return [(row, JOINER if chance[0] < 0.75 else "Priya Raman", LEAVER_LEFT)]
    if account.segment == "SMB" and account.start > 20 and chance[0] < 0.16:
        return [(row, NOBODY, REORGANISED)]
    if account.team == WEST and account.start < 12 and account.csm != LUCKLESS and chance[0] < 0.3:
        return [(row, JOINER, JOINER_BEGAN)]
    month = max(account.start, 0) + 3 + int(30 * chance[1])
    if chance[2] < 0.15 and month < MONTHS:
        return [(row, a_csm(rng, account.team, month, account.csm, LEAVER), day_of(month, rng.integers(2, 27)))]
    return []


def holders(owners: pd.DataFrame, accounts: int) -> np.ndarray:
    """Who holds each account at the close of each month."""
    held = np.full((accounts, MONTHS), NOBODY, dtype=object)
    for row, csm, day in owners.itertuples(index=False):
        held[row, max(month_of(day.to_datetime64()), 0) :] = csm
    return held


# --- mood and money -----------------------------------------------------------------------------------------


def moods(accounts: pd.DataFrame, holder: np.ndarray) -> np.ndarray:
    """How each account fares: its own level, its onboarding, its CSM, a decline that comes over some, and chance."""
    rng, count, months = dice("mood"), len(accounts), np.arange(MONTHS)
    start, declines = (accounts[name].to_numpy()[:, None] for name in ("start", "declines"))
    onboarding = np.where(accounts["fast"], 0.03, -0.12)[:, None] * ((start >= 0) & (months - start < 16))
    skill = np.array([[skill_of(name, month) for month, name in enumerate(row)] for row in holder])
    care = smoothed(0.2 * skill)
    wobble = smoothed(rng.normal(0, 0.02, (count, MONTHS)))
    helped = (rng.random((count, 1)) < 0.35) & (accounts["role"] == "").to_numpy()[:, None]
    recovers = declines + rng.integers(7, 11, (count, 1))
    depth = np.clip((months - declines) / 6, 0, 1) - helped * np.clip((months - recovers) / 4, 0, 1)
    return np.clip(accounts["base"].to_numpy()[:, None] + onboarding + care + wobble - 0.42 * depth, 0.05, 0.97)


def skill_of(csm: str, month: int) -> float:
    """What a CSM adds to the mood of an account; the one who left had stopped caring in mid-2024."""
    return CSMS[csm].skill if csm in CSMS and (csm != LEAVER or month >= 16) else 0.0


def smoothed(steps: np.ndarray) -> np.ndarray:
    """What steps add up to when four fifths of it stay from month to month."""
    level, total = np.zeros(len(steps)), np.zeros(steps.shape)
    for month in range(steps.shape[1]):
        total[:, month] = level = 0.8 * level + steps[:, month]
    return total


def life(account: Any, mood: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, int, int]:
    """What an account pays for each product, in cents, and its seats, by month; when it left and came back."""
    pays = account.core * np.array([1, *(rng.random(3) < 0.25) * rng.uniform(0.08, 0.2, 3)])
    users = max(4.0, account.core / SEGMENTS[account.segment].seat_price)
    price, seats = np.zeros((len(PRODUCTS), MONTHS)), np.zeros(MONTHS, dtype=int)
    lost, back = account.lost, NEVER
    for month in range(max(account.start, 0), MONTHS):
        feels, age, luck = mood[max(month - 3, 0) : month + 1].mean(), month - account.start, rng.random(4)
        if lost == NEVER and not account.role and month > 0 and luck[0] < leaving(account, feels, age):
            lost = month
            back = month + int(4 + 6 * luck[1]) if feels > 0.5 and luck[1] < 0.2 else NEVER
        if lost <= month < back:
            continue
        change = renewed if age > 0 and age % 12 == 0 else expanded if feels > 0.6 and age > 2 else None
        if change and account.role != "mistyped":
            pays, users = change(pays, users, feels, luck, bool(account.role))
        price[:, month], seats[month] = pays, round(users)
    return np.rint(price * 100).astype(np.int64), seats, lost, back


def leaving(account: Any, feels: float, age: int) -> float:
    """The chance that an account leaves this month: mostly at a renewal, more so where onboarding was slow."""
    if age == 0 or age % 12:
        return 0.02 if feels < 0.42 and account.segment == "SMB" and age > 3 else 0.0
    slow = age == 12 and not account.fast
    return SEGMENTS[account.segment].leaves + max(0, 0.64 - feels) * 2.4 + 0.15 * slow


def renewed(pays: np.ndarray, users: float, feels: float, luck: np.ndarray, safe: bool) -> tuple[np.ndarray, float]:
    """A renewal: mostly at a higher price, sometimes with fewer seats."""
    rise = 1.03 + 0.04 * luck[2] if luck[1] < 0.85 else 1.0
    shrinks = not safe and luck[3] < (0.4 if feels < 0.6 else 0.08)
    left = 0.6 + 0.35 * luck[2] if shrinks else 1.0
    return pays * rise * left, users * left


def expanded(pays: np.ndarray, users: float, feels: float, luck: np.ndarray, safe: bool) -> tuple[np.ndarray, float]:
    """More seats now and then, or one add-on more."""
    if safe:
        return pays, users
    growth = 1.08 + 0.3 * luck[3] if luck[1] < 0.043 else 1.0
    pays = pays * np.array([growth, 1, 1, 1])
    if luck[2] < 0.02 and not pays.all():
        pays[np.flatnonzero(pays == 0)[0]] = pays[0] * (0.08 + 0.14 * luck[3])
    return pays, users * growth


def with_the_mistyped(accounts: pd.DataFrame, price: np.ndarray) -> np.ndarray:
    """The prices with that of the mistyped account such that the slip is worth what it should over a quarter."""
    row = int(np.flatnonzero(accounts["role"] == "mistyped")[0])
    others = np.delete(in_dollars(accounts, price[:, :, LAST - 3].sum(axis=1), LAST - 3), row).sum()
    fitting = round(MISTYPED_WORTH * others / (MISTYPED_FACTOR - 1 - MISTYPED_WORTH))
    price[row] = np.where(price[row] > 0, [[fitting], [0], [0], [0]], 0)
    return price
