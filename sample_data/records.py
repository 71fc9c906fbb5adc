"""What the company's systems recorded: a function for each table, named after it. Nothing after TODAY but plans."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import words
from company import (
    CSMS,
    EUR_USD,
    FIRST,
    LAST,
    LUCKLESS,
    MONTHS,
    NEVER,
    NOBODY,
    PRODUCTS,
    SEGMENTS,
    TODAY,
    Company,
    day_of,
    dice,
    month_of,
    people,
)

DAY = np.timedelta64(1, "D")
MINUTE = np.timedelta64(1, "m")
MOMENT = "datetime64[s]"
NO_DAY = np.datetime64("NaT")
IDS = {
    "subscriptions": ("subscription_id", "SUB", "start_date"),
    "tickets": ("ticket_id", "TCK", "opened_at"),
    "risks": ("risk_id", "RSK", "opened_on"),
    "invoices": ("invoice_id", "INV", "issued_on"),
    "opportunities": ("opportunity_id", "OPP", "opened_on"),
}


def tables(company: Company) -> dict[str, pd.DataFrame]:
    """All tables by name."""
    known = {"contacts": contacts(company)}
    makers = (accounts, mrr, subscriptions, ledger, owners, products, fx, usage, tickets, invoices, touchpoints, pulses,
              scores, risks, notes, onboarding, opportunities, churns, renewal_calls, scenarios, settings,
              reviews, costs, contributions)  # fmt: skip
    known |= {make.__name__: make(company) for make in makers}
    known |= {make.__name__: make(company, champions(known["contacts"])) for make in (advocacy, outcomes)}
    return known | {"surveys": surveys(company, known["contacts"])}


def of_accounts(company: Company, rows: Any, **columns: Any) -> pd.DataFrame:
    """Rows about accounts: their ids, given their positions, and what is said of them."""
    return pd.DataFrame({"account_id": company.accounts["account_id"].to_numpy()[rows], **columns})


def with_ids(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The tables in order, those of things that have a number with it."""
    for name, (column, prefix, dated) in IDS.items():
        rows = tables[name].sort_values([dated, "account_id"], kind="stable", ignore_index=True)
        rows.insert(0, column, [f"{prefix}-{n:05}" for n in range(1, len(rows) + 1)])
        tables[name] = rows
    return tables


def until_today(days: np.ndarray | pd.Series) -> np.ndarray:
    """The days that have come; none for those ahead."""
    return np.where(np.asarray(days, MOMENT) < TODAY + DAY, np.asarray(days, MOMENT), NO_DAY)


def sometimes(rng: np.random.Generator, chance: Any, values: Any) -> np.ndarray:
    """The values, each with some chance, else nothing."""
    values = np.asarray(values, dtype=object)
    return np.where(rng.random(len(values)) < chance, values, None)


def anywhere(rng: np.random.Generator, company: Company, chance: Any, since: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Months of living accounts, each chosen with the chance an array accounts × months gives it."""
    chosen = (rng.random(company.mood.shape) < chance) & (company.mrr > 0) & (np.arange(MONTHS) >= since)
    return np.nonzero(chosen)


def last_owner(company: Company) -> np.ndarray:
    """Who holds each account today, or held it last; None for nobody."""
    last = company.owners.groupby("row")["csm"].last()
    return last.where(last != NOBODY, None).to_numpy(dtype=object)


def cents(amounts: Any) -> np.ndarray:
    """Cents as amounts of money."""
    return np.round(np.asarray(amounts, dtype=float) / 100, 2)


# --- accounts and revenue -------------------------------------------------------------------------------------------


def accounts(company: Company) -> pd.DataFrame:
    """The customer list as it stands today. Three contracts of December are not signed yet, though still billed."""
    known = company.accounts
    due = known["start"] + 12 * ((MONTHS - known["start"] + 11) // 12)
    unsigned = known.index[(known["start"] % 12 == 11) & (known["start"] < 12) & (known["lost"] == NEVER)][:3]
    due[unsigned] -= 12
    here = company.mrr[:, -1] > 0
    seats = company.seats[np.arange(len(known)), np.where(here, MONTHS, np.minimum(known["lost"], MONTHS)) - 1]
    return known[["account_id", "name"]].assign(
        csm=last_owner(company),
        **known[["segment", "region", "industry", "team"]],
        start_date=day_of(known["start"], known["day"]).astype(MOMENT),
        renewal_date=np.where(here, day_of(due, known["day"]).astype(MOMENT), NO_DAY),
        parent_id=known["parent_id"],
        domain=known["domain"],
        licensed_seats=seats,
    )


def mrr(company: Company) -> pd.DataFrame:
    """What each product of each account brought in each month."""
    row, product, month = np.nonzero(company.typed)
    return of_accounts(
        company, row, month=(FIRST + month).astype(str), mrr=cents(company.typed[row, product, month]),
        product=np.array(list(PRODUCTS))[product], currency=company.accounts["currency"].to_numpy()[row],
    )  # fmt: skip


def price_changes(company: Company) -> pd.DataFrame:
    """Every change of a line's price: ``row, product, month, price, step, until, brought``, and its day.

    ``until`` is the month of the line's next change; lines ``brought`` forward were in force before the first month.
    """
    typed = company.typed
    steps = np.diff(typed, axis=2, prepend=0)
    row, product, month = np.nonzero(steps)
    same = np.r_[(row[1:] == row[:-1]) & (product[1:] == product[:-1]), False]
    start, day = company.accounts["start"].to_numpy()[row], company.accounts["day"].to_numpy()[row]
    brought = (month == 0) & (start < 0)
    return pd.DataFrame({
        "row": row, "product": np.array(list(PRODUCTS))[product], "month": month, "price": typed[row, product, month],
        "step": steps[row, product, month], "until": np.where(same, np.roll(month, -1), NEVER), "brought": brought,
        "day": np.where(brought, day_of(0), day_of(month, day)).astype(MOMENT), "age": month - start,
        "currency": company.accounts["currency"].to_numpy()[row],
    })  # fmt: skip


def subscriptions(company: Company) -> pd.DataFrame:
    """The same revenue as contract lines; those in force at the start were entered on the first day of the data."""
    lines = price_changes(company)
    lines = lines[lines["price"] > 0]
    day = company.accounts["day"].to_numpy()[lines["row"]]
    running, last = lines["until"] == NEVER, np.minimum(lines["until"], MONTHS)
    gone = company.typed.sum(axis=1)[lines["row"], np.minimum(last, MONTHS - 1)] == 0
    return of_accounts(
        company, lines["row"], product=lines["product"].to_numpy(), start_date=lines["day"].to_numpy(),
        end_date=np.where(running, NO_DAY, (day_of(last, day) - DAY).astype(MOMENT)),
        mrr=cents(lines["price"]), currency=lines["currency"].to_numpy(),
        status=np.select([running, gone], ["active", "cancelled"], "expired"),
    )  # fmt: skip


def ledger(company: Company) -> pd.DataFrame:
    """The same revenue as changes, on top of what was in force before the first month."""
    lines = price_changes(company)
    brought = lines["brought"].to_numpy()
    return of_accounts(
        company, lines["row"], date=lines["day"].to_numpy(), mrr_change=cents(np.where(brought, 0, lines["step"])),
        product=lines["product"].to_numpy(), opening_mrr=np.where(brought, cents(lines["price"]), np.nan),
        currency=lines["currency"].to_numpy(),
    )  # fmt: skip


def owners(company: Company) -> pd.DataFrame:
    """Every hand-over; to nobody where the CSM is blank."""
    csm, day = company.owners["csm"], company.owners["from_date"]
    return of_accounts(company, company.owners["row"], csm=csm.where(csm != NOBODY, None), from_date=day)


def products(company: Company) -> pd.DataFrame:
    """The price list."""
    return pd.DataFrame({"product": list(PRODUCTS), "list_mrr": list(PRODUCTS.values())})


def fx(company: Company) -> pd.DataFrame:
    """Dollars for a euro."""
    return pd.DataFrame({"month": [str(FIRST + month) for month in range(MONTHS)], "currency": "EUR", "rate": EUR_USD})


# --- use, support, money owed ---------------------------------------------------------------------------------------


def usage(company: Company) -> pd.DataFrame:
    """Use by month: the better the mood, the more of everything; quieter in August and December."""
    rng = dice("usage")
    row, month = company.living()
    mood, seats, n = company.mood[row, month], company.seats[row, month], len(company.accounts)
    own, habit = rng.normal(0, 0.11, n)[row], rng.uniform(8, 16, n)[row]
    share = np.clip((0.1 + 0.78 * mood + own) * rng.normal(1, 0.03, len(row)), 0.05, 0.97)
    quiet = np.where(np.isin(month % 12, (7, 11)), 0.93, 1)
    features = 12 + 6 * (company.price[row, 1:, month] > 0).sum(axis=1)
    breadth = np.clip(0.72 * mood + rng.normal(0, 0.04, n)[row], 0.05, 1)
    active = np.maximum(np.rint(seats * share), 1)
    logins = active * habit * (0.55 + 0.6 * mood) * quiet * rng.normal(1, 0.05, len(row))
    return of_accounts(
        company, row, month=(FIRST + month).astype(str), active_users=active.astype(int), licensed_seats=seats,
        logins=np.rint(logins).astype(int), features_used=np.rint(features * breadth).astype(int),
        features_available=features,
    )  # fmt: skip


def tickets(company: Company) -> pd.DataFrame:
    """Tickets: more of them, slower solved and worse rated where the mood is low."""
    rng = dice("tickets")
    row, month = company.living()
    many = rng.poisson((0.05 + 0.035 * np.sqrt(company.seats[row, month])) * (1.9 - 1.3 * company.mood[row, month]))
    row, month = np.repeat(row, many), np.repeat(month, many)
    mood, n = company.mood[row, month], len(row)
    priority = rng.choice(["low", "normal", "high", "urgent"], n, p=[0.25, 0.55, 0.16, 0.04])
    usual = pd.Series(priority).map({"low": 120, "normal": 60, "high": 24, "urgent": 8}).to_numpy()
    hours = usual * rng.lognormal(0, 1.3, n) * (1.6 - 0.8 * mood)
    opened = day_of(month, rng.integers(1, 29, n)).astype(MOMENT) + rng.integers(7 * 60, 18 * 60, n) * MINUTE
    solved = until_today(opened + (60 * hours).astype(int) * MINUTE)
    rated = ~np.isnat(solved) & (rng.random(n) < 0.35)
    score = np.clip(np.rint(1.7 + 3.3 * mood + rng.normal(0, 0.8, n)), 1, 5)
    return of_accounts(
        company, row, opened_at=opened, solved_at=solved, priority=priority, replies=rng.poisson(1.2, n),
        reopens=(rng.random(n) < 0.06).astype(int), csat=np.where(rated, score, np.nan),
        escalated=np.where(rng.random(n) < np.where(priority == "urgent", 0.2, 0.02), "yes", "no"),
    )  # fmt: skip


def invoices(company: Company) -> pd.DataFrame:
    """Bills for a quarter, or for a year where the customer is large; paid later where the mood is low."""
    rng, known = dice("invoices"), company.accounts
    yearly = rng.random(len(known)) < known["segment"].map({"Enterprise": 0.6, "Mid-Market": 0.3, "SMB": 0.0})
    length = np.where(yearly, 12, 3)
    row, month = company.living()
    billed = (month - known["start"].to_numpy()[row]) % length[row] == 0
    row, month = row[billed], month[billed]
    issued = day_of(month, known["day"].to_numpy()[row])
    late = np.where(rng.random(len(row)) < 0.8 - company.mood[row, month], rng.exponential(30, len(row)), 0)
    paid = issued + np.clip(rng.normal(24, 6, len(row)) + late, 2, None).astype(int) * DAY
    return of_accounts(
        company, row, issued_on=issued.astype(MOMENT), due_on=(issued + 30 * DAY).astype(MOMENT),
        paid_on=until_today(paid), amount=cents(company.mrr[row, month] * length[row]),
        currency=known["currency"].to_numpy()[row],
    )  # fmt: skip


# --- people ---------------------------------------------------------------------------------------------------------


def contacts(company: Company) -> pd.DataFrame:
    """People at the customers. Few leave; their successors follow a month later."""
    rng, found = dice("contacts"), []
    for row, account in enumerate(company.accounts.itertuples()):
        first = day_of(account.start, account.day)
        sponsor = [] if account.segment == "SMB" else ["executive sponsor"]
        roles = ["champion", "admin", *sponsor, *["user"] * rng.integers(0, 3)]
        for role, name in zip(roles, people(rng, len(roles)), strict=True):
            gone = TODAY + DAY if account.role else first + int(rng.exponential(365 * 80)) * DAY
            found.append((row, name, role, first, gone))
            if gone + 30 * DAY < TODAY:
                found.append((row, *people(rng, 1), role, gone + 30 * DAY, TODAY + DAY))
    row, name, role, since, left = zip(*found, strict=True)
    columns = {"name": name, "role": role, "since": np.array(since, MOMENT), "left_on": until_today(left)}
    return of_accounts(company, list(row), **columns).drop_duplicates(["account_id", "name"])


def champions(contacts: pd.DataFrame) -> dict[str, str]:
    """The champion of each account today."""
    here = contacts[(contacts["role"] == "champion") & contacts["left_on"].isna()]
    return dict(zip(here["account_id"], here["name"], strict=True))


class Wave(NamedTuple):
    """A kind of survey: the months it is sent in, and how an answer comes of a mood."""

    sent_in: tuple[int, ...]
    bottom: float
    slope: float
    spread: float
    least: int
    most: int


WAVES = {
    "NPS": Wave((3, 9), 2.85, 7.4, 0.8, 0, 10),
    "CSAT": Wave((1, 7), 1.6, 3.4, 0.7, 1, 5),
    "CES": Wave((5,), 2.0, 5.0, 0.9, 1, 7),
}


OCCASIONS = {"NPS": "relationship", "CSAT": "ticket", "CES": "ticket"}


def surveys(company: Company, contacts: pd.DataFrame) -> pd.DataFrame:
    """NPS twice a year to several people of an account, CSAT twice and CES once to one; two in five answer."""
    rng, known = dice("surveys"), company.accounts
    row = known.set_index("account_id").index.get_indexer(contacts["account_id"])
    people, answers = len(row), np.clip(rng.normal(0.18, 0.1, len(known)), 0.02, None)[row]
    asks = known["segment"].map({"Enterprise": 3, "Mid-Market": 2, "SMB": 1}).to_numpy()[row]
    found = []
    for kind, wave in WAVES.items():
        for month in (month for month in range(MONTHS) if month % 12 in wave.sent_in):
            sent = day_of(month, rng.integers(8, 22, len(known)))[row]
            here = (contacts["since"] < sent) & ~(contacts["left_on"] < sent) & (company.mrr[row, month] > 0)
            asked = here & (here.groupby(row).cumsum() <= (asks if kind == "NPS" else 1))
            mood = company.mood[row, month]
            score = np.rint(wave.bottom + wave.slope * mood + rng.normal(0, wave.spread, people))
            answered = rng.random(people) < answers + 0.3 * mood
            said = np.where(
                mood > 0.6, rng.choice(words.COMMENTS["high"], people), rng.choice(words.COMMENTS["low"], people)
            )
            back = sent + rng.integers(0, 9, people) * DAY
            found.append(of_accounts(
                company, row, kind=kind, sent_at=sent.astype(MOMENT),
                responded_at=np.where(answered, back.astype(MOMENT), NO_DAY),
                score=np.where(answered, np.clip(score, wave.least, wave.most), np.nan),
                respondent=contacts["name"].to_numpy(),
                occasion=OCCASIONS[kind],
                comment=np.where(answered, sometimes(rng, 0.2, said), None),
            )[asked.to_numpy()])  # fmt: skip
    return pd.concat(found, ignore_index=True)


def touchpoints(company: Company) -> pd.DataFrame:
    """Meetings by cadence: weekly in the first month, every two weeks to day 90, then monthly; every third a review."""
    rng, found = dice("touchpoints"), []
    for row, account in enumerate(company.accounts.itertuples()):
        start, new = day_of(account.start, account.day), account.start >= 0
        day = start + rng.integers(0, 4) * DAY if new else day_of(0, rng.integers(2, 28))
        number = 0 if new else int(rng.integers(3, 20))
        while day < TODAY + 35 * DAY:
            day = np.busday_offset(day, 0, roll="forward")
            month = min(month_of(day), LAST)
            csm = company.holder[row, month]
            keeps = CSMS[csm].diligence - 0.02 * (account.segment == "SMB") if csm in CSMS else 0.1
            done = np.busday_offset(day, rng.choice([0, 0, 0, 1, 3])) if rng.random() < keeps else NO_DAY
            if company.mrr[row, month] > 0:
                found.append((row, meeting(account.segment, number), day, done, csm if csm in CSMS else None))
            age = (day - start).astype(int)
            day += int(rng.integers(0, 2) + (7 if age < 30 else 14 if age < 90 else 26)) * DAY
            number += 1
    row, kind, planned, done, csm = zip(*found, strict=True)
    planned, held = np.array(planned, MOMENT), until_today(done)
    ready = until_today(prepared(kind, csm, held))
    return of_accounts(company, list(row), kind=kind, planned_for=planned, done_on=held, csm=csm, prepared_on=ready)


def prepared(kind: tuple[str, ...], csm: tuple[str | None, ...], held: np.ndarray) -> np.ndarray:
    """When the material of a review was ready: a few days before for most, the evening before for some."""
    rng, review = dice("prepared"), np.isin(kind, ["QBR", "EBR"])
    care = np.array([CSMS[name].diligence if name in CSMS else 0.0 for name in csm])
    ahead, ready = rng.choice([0, 1, 2, 3, 5, 7], len(held), p=[0.06, 0.1, 0.24, 0.3, 0.2, 0.1]), rng.random(len(held))
    return np.where(review & (ready < care), held.astype("datetime64[D]") - ahead * DAY, NO_DAY)


def meeting(segment: str, number: int) -> str:
    """What the so-manieth touchpoint of an account is."""
    if number in (0, 2):
        return "kick-off" if number == 0 else "training"
    if number % (6 if segment == "SMB" else 3) == 0:
        return "EBR" if segment == "Enterprise" and number % 12 == 0 else "QBR"
    return "executive" if segment == "Enterprise" and number % 8 == 1 else "check-in"


def pulses(company: Company) -> pd.DataFrame:
    """What CSMs think of their accounts, most months: last month's mood, seen more or less rosily, slow to change."""
    rng, found, last = dice("pulses"), [], {}
    for row, month in zip(*company.living(), strict=True):
        csm, chance = company.holder[row, month], rng.random(3)
        if csm not in CSMS or chance[0] > 0.85 * CSMS[csm].diligence:
            continue
        seen = 1 + 4.4 * (company.mood[row, max(month - 1, 0)] + CSMS[csm].optimism + rng.normal(0, 0.04) - 0.15)
        if row not in last or abs(seen - last[row]) > 0.75:
            last[row] = int(np.clip(round(seen), 1, 5))
        reason = rng.choice(words.PULSE_REASONS) if last[row] <= 3 else None
        note = rng.choice(words.PULSE_NOTES) if last[row] <= 3 and chance[1] < 0.3 else None
        found.append((row, day_of(month, int(2 + 26 * chance[2])), csm, last[row], reason, note))
    row, given, csm, pulse, reason, note = zip(*found, strict=True)
    given = np.array(given, MOMENT)
    return of_accounts(company, list(row), given_on=given, csm=csm, pulse=pulse, reason=reason, note=note)


def scores(company: Company) -> pd.DataFrame:
    """What another tool makes of each account at the end of each quarter: half its mood, half its own mind."""
    rng = dice("scores")
    row, month = (np.array(list(each)) for each in zip(*zip(*company.living(), strict=True), strict=True))
    closing = month % 3 == 2
    row, month = row[closing], month[closing]
    seen = 100 * (0.15 + 0.6 * company.mood[row, month] + rng.normal(0, 0.12, len(row)))
    given = np.array([day_of(one, 28) for one in month], MOMENT)
    score = np.clip(np.round(seen), 0, 100).astype(int)
    return of_accounts(company, row, given_on=given, tool="CRM score", score=score)


def risks(company: Company) -> pd.DataFrame:
    """Accounts in trouble, most of them flagged when it shows; and some flagged for nothing."""
    rng, here = dice("risks"), company.mrr > 0
    low = (company.mood < 0.53) & here
    seen = np.diff(low, axis=1, prepend=False) & low & (rng.random(low.shape) < 0.85)
    plain = (company.accounts["role"] == "").to_numpy()[:, None]
    for_nothing = (company.mood > 0.66) & here & plain & (rng.random(low.shape) < 0.002)
    found = [a_risk(company, rng, row, month) for row, month in zip(*np.nonzero(seen | for_nothing), strict=True)]
    rows = pd.DataFrame(found)
    days = {name: rows[name].astype(MOMENT) for name in ("opened_on", "closed_on", "planned_on")}
    return of_accounts(company, rows["row"], **(rows.drop(columns="row").to_dict("series") | days))


def a_risk(company: Company, rng: np.random.Generator, row: int, month: int) -> dict[str, Any]:
    """A flagged risk: its plan is worked on until lately, large ones are escalated, it ends with the trouble."""
    opened = day_of(month, rng.integers(8, 28))
    ahead = range(month + 2, MONTHS)
    ends = next((m for m in ahead if company.mood[row, m] > 0.6 or not company.mrr[row, m]), None)
    closed = None if ends is None else day_of(ends, rng.integers(1, 28))
    lost = ends is not None and not company.mrr[row, ends]
    holder = company.holder[row, LAST if ends is None else month]
    planned = rng.random() < 0.85
    worked = (TODAY if closed is None else closed) - rng.integers(1, 24) * DAY
    return {
        "row": row,
        "opened_on": opened,
        "closed_on": closed,
        "reason": rng.choice(words.RISK_REASONS, p=[0.3, 0.16, 0.16, 0.16, 0.16, 0.06]),
        "plan": rng.choice(words.PLANS) if planned else None,
        "planned_on": max(worked, opened) if planned else None,
        "owner": None if holder == NOBODY else holder,
        "escalated_to": rng.choice(words.EXECUTIVES)
        if company.mrr[row, month] > 400_000 and rng.random() < 0.6
        else None,
        "outcome": None if ends is None else "lost" if lost else "false alarm" if ends == month + 2 else "recovered",
    }


def notes(company: Company) -> pd.DataFrame:
    """Things worth remembering."""
    rng = dice("notes")
    row, month = anywhere(rng, company, 0.035)
    written, author = day_of(month, rng.integers(1, 29, len(row))), company.holder[row, month]
    author = np.where(author == NOBODY, None, author)
    return of_accounts(
        company, row, written_on=written.astype(MOMENT), author=author, note=rng.choice(words.NOTES, len(row))
    )


def onboarding(company: Company) -> pd.DataFrame:
    """Three milestones for each new customer: most are live within 30 days, the others take two months."""
    rng, new = dice("milestones"), company.accounts[company.accounts["start"] >= 0]
    start, n = day_of(new["start"], new["day"]), len(new)
    live = np.where(new["fast"], rng.integers(12, 30, n), rng.integers(36, 100, n))
    trained = live + rng.integers(4, 16, n)
    steps = {"kick-off": (7, rng.integers(1, 8, n)), "live": (30, live), "trained": (45, trained)}
    return pd.concat([
        of_accounts(
            company, new.index, milestone=step, due_on=(start + due * DAY).astype(MOMENT),
            done_on=until_today(start + done * DAY),
        ) for step, (due, done) in steps.items()
    ])  # fmt: skip


# --- growth and loss ------------------------------------------------------------------------------------------------


class Deal(NamedTuple):
    """A chance to grow or to renew: the day of its close, and for how many days before that it is worked on."""

    row: int
    product: str
    kind: str
    stage: str
    amount: float
    month: int
    day: int
    days: int
    won: str | None = None


def opportunities(company: Company) -> pd.DataFrame:
    """Renewals since 2024, what was sold to customers, what was not, and what is in the making."""
    rng = dice("opportunities")
    deals = pd.DataFrame(
        [*sold(company), *not_sold(company, rng), *renewals(company, rng), *in_the_making(company, rng)]
    )
    closes = day_of(deals["month"], deals["day"])
    opened = closes - (deals["days"].to_numpy() * rng.uniform(0.6, 1.1, len(deals))).astype(int) * DAY
    return of_accounts(
        company, deals["row"], **deals[["product", "kind", "stage"]].to_dict("series"), amount=cents(deals["amount"]),
        opened_on=np.minimum(opened, TODAY).astype(MOMENT), closes_on=closes.astype(MOMENT), won=deals["won"],
    )  # fmt: skip


def sold(company: Company) -> Iterator[Deal]:
    """More seats and add-ons as customers bought them."""
    lines = price_changes(company)
    more = (lines["age"] > 0) & (lines["age"] % 12 > 0) & (lines["step"] > 0) & (lines["month"] > 0)
    day, plain = company.accounts["day"], company.accounts["role"] == ""
    for line in lines[more & plain.to_numpy()[lines["row"]]].itertuples():
        core = line.product == "Insights"
        if core or line.step == line.price:
            kind = "upsell" if core else "cross-sell"
            yield Deal(line.row, line.product, kind, "closed won", line.step, line.month, day[line.row], 60, "yes")


def not_sold(company: Company, rng: np.random.Generator) -> Iterator[Deal]:
    """What customers were offered and did not buy."""
    for row, month in zip(*anywhere(rng, company, 0.012), strict=True):
        product = rng.choice(["Insights", "Insights", "Insights", *list(PRODUCTS)[1:]])
        kind = "upsell" if product == "Insights" else "cross-sell"
        amount = company.mrr[row, month] * rng.uniform(0.08, 0.3)
        yield Deal(row, product, kind, "closed lost", amount, month, rng.integers(1, 29), 75, "no")


def renewals(company: Company, rng: np.random.Generator) -> Iterator[Deal]:
    """The renewals of two years, and those due in the next three months."""
    start, day = company.accounts["start"], company.accounts["day"]
    for row, month in zip(*company.living(), strict=True):
        due, amount = month + 1, company.mrr[row, month]
        if due >= 12 and due < MONTHS and (due - start[row]) % 12 == 0:
            won = company.mrr[row, due] > 0
            stage = "closed won" if won else "closed lost"
            yield Deal(row, "Insights", "renewal", stage, amount, due, day[row], 90, "yes" if won else "no")
        ahead = (start[row] - MONTHS) % 12
        if month == LAST and ahead < 3:
            yield Deal(row, "Insights", "renewal", rng.choice(words.STAGES), amount, MONTHS + ahead, day[row], 120)


def in_the_making(company: Company, rng: np.random.Generator) -> Iterator[Deal]:
    """What is being offered to customers who fare well."""
    for row in np.flatnonzero((company.mrr[:, LAST] > 0) & (company.mood[:, LAST] > 0.65)):
        if rng.random() < 0.25:
            unsold = [name for name, price in zip(PRODUCTS, company.price[row, :, LAST], strict=True) if not price]
            product = rng.choice(["Insights", *unsold])
            kind = "upsell" if product == "Insights" else "cross-sell"
            amount, closes = company.mrr[row, LAST] * rng.uniform(0.08, 0.25), MONTHS + rng.integers(0, 4)
            yield Deal(row, product, kind, rng.choice(words.STAGES), amount, closes, rng.integers(1, 29), 150)


def renewal_calls(company: Company) -> pd.DataFrame:
    """What CSMs called of each renewal since 2025, about thirteen, nine and five weeks before it, by how it felt."""
    rng, found = dice("renewal_calls"), []
    start, day = company.accounts["start"], company.accounts["day"]
    for row, month in zip(*company.living(), strict=True):
        due = month + 1 if month < LAST else MONTHS + (start[row] - MONTHS) % 12
        if due < 24 or due > MONTHS + 2 or (due - start[row]) % 12:
            continue
        renewal, csm = day_of(due, day[row]), company.holder[row, month]
        for weeks in (13, 9, 5):
            called = renewal - 7 * weeks * DAY - rng.integers(0, 5) * DAY
            chance = rng.random(2)
            if csm not in CSMS or called > TODAY or chance[0] > 0.8 * CSMS[csm].diligence:
                continue
            mood = company.mood[row, min(max(month_of(called) - 1, 0), LAST)]
            feels = mood + CSMS[csm].optimism + rng.normal(0, 0.05)
            call = "lose" if feels < 0.5 else "shrink" if feels < 0.58 else "grow" if feels > 0.75 else "renew"
            factor = {"lose": 0.0, "shrink": 0.8, "renew": 1.0, "grow": 1.05}[call]
            rate = EUR_USD[min(month_of(called), LAST)] if company.accounts["currency"][row] == "EUR" else 1.0
            given = 0.94 if mood > 0.6 else 0.65
            note = rng.choice(words.PULSE_NOTES) if call in ("lose", "shrink") and chance[1] < 0.3 else None
            found.append((row, renewal, called, csm, call, company.mrr[row, month] * factor * rate, given, note))
    row, renewal, called, csm, call, amount, chance, note = zip(*found, strict=True)
    return of_accounts(
        company, list(row), renewal_date=np.array(renewal, MOMENT), called_on=np.array(called, MOMENT), csm=csm,
        call=call, mrr=cents(amount), chance=chance, note=note,
    )  # fmt: skip


def reviews(company: Company) -> pd.DataFrame:
    """What the head of the team wrote at half-year: for each of two CSMs a strength and something to work on."""
    said = [
        ("Maya Okafor", "2025-01 to 2025-06", "2025-07-08", "strength", "Every flag came early, and with a plan."),
        ("Maya Okafor", "2025-01 to 2025-06", "2025-07-08", "coaching", "Ask her promoters for a reference."),
        ("Aiko Tanaka", "2025-01 to 2025-06", "2025-07-09", "strength", "The playbooks are used by the whole team."),
        ("Aiko Tanaka", "2025-01 to 2025-06", "2025-07-09", "coaching", "Close risks that are over."),
    ]
    rows = pd.DataFrame(said, columns=["csm", "period", "written_on", "kind", "note"])
    return rows.assign(written_on=pd.to_datetime(rows["written_on"]).astype(MOMENT), author="Elena Marsh")


def settings(company: Company) -> pd.DataFrame:
    """What the team set for itself: its targets, one of them for the large accounts alone, and from when on."""
    said = [
        ("target.net_revenue_retention", None, "2024-01-01", 1.02),
        ("target.net_revenue_retention", "Enterprise", "2025-01-01", 1.05),
        ("target.gross_revenue_retention", None, "2024-01-01", 0.9),
        ("target.nps", None, "2024-01-01", 50.0),
    ]
    rows = pd.DataFrame(said, columns=["setting", "about", "from_date", "value"])
    return rows.assign(from_date=pd.to_datetime(rows["from_date"]).astype(MOMENT), author="Elena Marsh")


def scenarios(company: Company) -> pd.DataFrame:
    """Two scenarios for the coming quarter: the largest one due shrinks, and three that do not feel well leave."""
    due = np.flatnonzero(((company.accounts["start"] - MONTHS) % 12 < 3) & (company.mrr[:, LAST] > 0))
    largest = due[np.argmax(company.mrr[due, LAST])]
    worst = due[np.argsort(company.mood[due, LAST], kind="stable")[:3]]
    said = [("A price cut for the largest", largest, "shrink", 20.0)]
    said += [("The three worst leave", row, "lose", None) for row in worst]
    name, row, choice, percent = zip(*said, strict=True)
    return of_accounts(company, list(row)).assign(
        scenario=name, made_on=np.datetime64("2025-12-22", "s"), choice=choice, percent=percent, author=LUCKLESS
    )


def advocacy(company: Company, champion: dict[str, str]) -> pd.DataFrame:
    """What the happiest customers did for us."""
    rng = dice("advocacy")
    row, month = anywhere(rng, company, np.where(company.mood > 0.82, 0.035, 0), since=6)
    kind = rng.choice(words.ACTS, len(row), p=[0.4, 0.25, 0.15, 0.1, 0.1])
    done = day_of(month, rng.integers(1, 29, len(row))).astype(MOMENT)
    validated = sometimes(rng, 0.7, [champion.get(i) for i in company.accounts["account_id"][row]])
    acts = of_accounts(company, row, kind=kind, done_on=done, validated_by=validated)
    return with_asks(company, acts, row)


def with_asks(company: Company, acts: pd.DataFrame, row: np.ndarray) -> pd.DataFrame:
    """When each act was asked for, and of what it speaks; and the asks that came to nothing, or wait for an answer."""
    rng, owner = dice("asks"), last_owner(company)
    done = acts["done_on"].to_numpy()
    asked = done - rng.integers(6, 30, len(acts)) * DAY
    acts = acts.assign(
        asked_on=asked, answered_on=asked + rng.integers(1, 6, len(acts)) * DAY, answer="yes",
        use_case=sometimes(rng, 0.8, rng.choice(words.USE_CASES, len(acts))), asked_by=owner[row],
    )  # fmt: skip
    happy = np.flatnonzero(
        (company.mood[:, -1] > 0.7) & (company.mrr[:, -1] > 0) & ~np.isin(np.arange(len(owner)), row)
    )
    more = rng.choice(happy, 26, replace=False)
    asked = TODAY - rng.integers(100, 420, len(more)) * DAY
    asked[:8] = TODAY - rng.integers(3, 40, 8) * DAY
    said = np.where(np.arange(len(more)) < 6, None, np.where(np.arange(len(more)) < 8, "yes", "no"))
    answered = np.where(said != np.array(None), asked + 2 * DAY, NO_DAY).astype(MOMENT)
    asks = of_accounts(
        company, more, kind=rng.choice(words.ACTS, len(more), p=[0.4, 0.25, 0.15, 0.1, 0.1]),
        asked_on=asked.astype(MOMENT), answered_on=answered, answer=said,
        use_case=rng.choice(words.USE_CASES, len(more)), asked_by=owner[more],
    )  # fmt: skip
    both = pd.concat([acts, asks.reindex(columns=acts.columns).astype({"done_on": MOMENT})], ignore_index=True)
    return both.sort_values(["account_id", "asked_on"], kind="stable", ignore_index=True)


def outcomes(company: Company, champion: dict[str, str]) -> pd.DataFrame:
    """What customers achieved; most of it confirmed by their champion."""
    rng = dice("outcomes")
    row, month = anywhere(rng, company, np.where(company.mood > 0.68, 0.045, 0), since=3)
    achieved = day_of(month, rng.integers(1, 29, len(row))).astype(MOMENT)
    confirmed = sometimes(rng, 0.75, [champion.get(i) for i in company.accounts["account_id"][row]])
    return of_accounts(
        company, row, achieved_on=achieved, story=rng.choice(words.STORIES, len(row)), confirmed_by=confirmed
    )


def churns(company: Company) -> pd.DataFrame:
    """The reasons customers gave when they left."""
    rng = dice("churns")
    gone = company.accounts[company.accounts["lost"] < MONTHS]
    reason = rng.choice(list(words.CHURN_REASONS), len(gone), p=[0.3, 0.22, 0.16, 0.12, 0.1, 0.1])
    paid = company.mrr[gone.index, gone["lost"] - 1]
    return of_accounts(
        company, gone.index, churned_on=day_of(gone["lost"], gone["day"]).astype(MOMENT), reason=reason,
        comment=[words.CHURN_REASONS[said] or None for said in reason],
        refund=np.where(rng.random(len(gone)) < 0.1, cents(paid), np.nan),
        reactivated=np.where(gone["back"] < MONTHS, "yes", "no"),
    )  # fmt: skip


# --- the team's own -------------------------------------------------------------------------------------------------


def costs(company: Company) -> pd.DataFrame:
    """What keeping and winning customers cost, by CSM or by segment."""
    rng, found = dice("costs"), []
    split = {"tools": (9_000, 0.3), "training": (5_000, 0.3), "marketing": (26_000, 0.4), "acquisition": (48_000, 0.45)}
    for month in range(MONTHS):
        dearer = 1.04 ** (month // 12)
        for name, csm in CSMS.items():
            if csm.joined <= month < csm.left:
                found.append((month, "CSM", 7_900 * dearer, name, None))
        for kind, (amount, enterprise) in split.items():
            for segment, share in zip(SEGMENTS, (enterprise, 0.35, 0.65 - enterprise), strict=True):
                found.append((month, kind, amount * share * dearer * rng.normal(1, 0.08), None, segment))
    rows = pd.DataFrame(found, columns=["month", "kind", "amount", "csm", "segment"])
    return rows.assign(month=[str(FIRST + month) for month in rows["month"]], amount=rows["amount"].round(2))


def contributions(company: Company) -> pd.DataFrame:
    """What CSMs wrote down for each other."""
    rng, found = dice("contributions"), []
    for name, csm in CSMS.items():
        for month in range(max(csm.joined, 0), min(csm.left, MONTHS)):
            if rng.random() < 0.45 * csm.diligence:
                kind = rng.choice(list(words.TITLES))
                found.append(
                    (
                        name,
                        day_of(month, rng.integers(1, 29)),
                        kind,
                        words.TITLES[kind].format(rng.choice(words.TOPICS)),
                    )
                )
    return pd.DataFrame(found, columns=["csm", "done_on", "kind", "title"])
