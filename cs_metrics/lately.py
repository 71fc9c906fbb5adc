"""What the facts say of each account lately: use by month, last answers, days since a contact.

Signals and the health score are made of these. A book is asked as it was known on its day.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from cs_metrics.book import Book
from cs_metrics.months import last_day

URGENT = ("urgent", "critical", "p1", "blocker", "highest")
NEVER = 10**6


def days_before(book: Book, days: pd.Series) -> pd.Series:
    """How many days before the book's day; negative for days to come, blank where there is no day."""
    return (pd.Timestamp(book.known_on) - days).dt.days


def last_of(rows: pd.DataFrame, by: str) -> pd.DataFrame:
    """The last row of each account, indexed by account."""
    return rows.dropna(subset=[by]).sort_values(by, kind="stable").drop_duplicates("row", keep="last").set_index("row")


def per_account(book: Book, values: pd.Series, missing: float = np.nan) -> np.ndarray:
    """A value per account from a series indexed by account; ``missing`` for the others."""
    out = np.full(len(book), missing, dtype=float)
    out[values.index.to_numpy(dtype=np.intp)] = values.to_numpy(dtype=float)
    return out


class Use(NamedTuple):
    """How accounts used the product: accounts × the last months, latest last; not a number where nothing is known.

    ``volume`` is logins, else uses, else active users: what there is most of.
    """

    volume: np.ndarray
    word: str
    active_users: np.ndarray
    licensed_seats: np.ndarray
    features_used: np.ndarray
    features_available: np.ndarray


def use_by_month(book: Book, months: int = 6) -> Use:
    """The use of the last complete months before the book's day."""
    return book.kept(("use", months, book.known_on), lambda: _use(book, months))


def _use(book: Book, months: int) -> Use:
    rows = book.facts["usage"]
    running = pd.Period(book.known_on, "M")
    last = running.ordinal if last_day(running) == book.known_on else running.ordinal - 1
    place = rows["day"].to_numpy().astype("datetime64[M]").astype(np.int64) - (last - months + 1)
    recent = rows.assign(place=place)[(place >= 0) & (place < months)]
    each = ["row", "place", "subscription_id"]

    def laid_out(values: pd.Series) -> np.ndarray:
        out = np.full((len(book), months), np.nan)
        out[values.index.get_level_values("row"), values.index.get_level_values("place")] = values.to_numpy()
        return out

    def total(name: str) -> np.ndarray:
        return laid_out(recent.groupby(["row", "place"])[name].sum(min_count=1))

    def state(name: str) -> np.ndarray:
        highest = recent.groupby(each, observed=True, dropna=False)[name].max()
        return laid_out(highest.groupby(["row", "place"]).sum(min_count=1))

    seats = state("licensed_seats")
    if "licensed_seats" in book.accounts:
        bought = book.accounts["licensed_seats"].to_numpy(dtype=float)
        seats = np.where(np.isnan(seats), bought[:, None], seats)
    features = state("features_used")
    if recent["features_used"].isna().all() and recent["feature"].notna().any():
        features = laid_out(recent.groupby(["row", "place"])["feature"].nunique().astype(float))
    word = next(
        (name for name in ("logins", "uses", "active_users") if recent[name].notna().any()),
        "",
    )
    volume = total(word) if word in ("logins", "uses") else state("active_users")
    return Use(volume, word.replace("_", " "), state("active_users"), seats, features, state("features_available"))


def use_in_segment(book: Book) -> tuple[np.ndarray, np.ndarray, str]:
    """Each customer's use last month, its place within its segment (0 to 1 = most), and what is counted.

    Counted is the share of the seats paid for that were used; where no seats are known at all, the volume of use.
    """
    return book.kept(("lately", "use in segment", book.known_on), lambda: _use_in_segment(book))


def _use_in_segment(book: Book) -> tuple[np.ndarray, np.ndarray, str]:
    use = use_by_month(book, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = use.active_users[:, -1] / use.licensed_seats[:, -1]
    unseated = np.isnan(share).all()
    level = pd.Series(use.volume[:, -1] if unseated else share).where(book.balance(0, 0)[-1] > 0)
    segment = book.groups("segment")[1] if "segment" in book.accounts else np.zeros(len(book), dtype=np.intp)
    place = level.groupby(segment).rank(pct=True, method="min")
    return level.to_numpy(), place.to_numpy(), use.word if unseated else "seats used"


def use_now_and_before(book: Book) -> tuple[np.ndarray, np.ndarray, str]:
    """Mean use in the last three months and in the three before, and what is counted.

    A month without a row between months with rows is a month without use; accounts new to the data are unknown.
    """
    use = use_by_month(book, 6)
    seen = ~np.isnan(use.volume)
    begun = np.maximum.accumulate(seen, axis=1)
    filled = np.where(begun, np.nan_to_num(use.volume), np.nan)
    known = begun[:, 0]
    return (
        np.where(known, filled[:, 3:].sum(axis=1) / 3, np.nan),
        np.where(known, filled[:, :3].sum(axis=1) / 3, np.nan),
        use.word,
    )


def cadence_days(book: Book) -> np.ndarray:
    """Days an account may go without a touchpoint, by its age: 7 in the first month, 14 to day 90, then 31."""
    age = age_days(book)
    return np.select([age <= 30, age <= 90], [7, 14], 31)


def age_days(book: Book) -> np.ndarray:
    """Days as a customer: from the start date, else from the first month with revenue."""
    return days_before(book, first_day(book)).to_numpy(dtype=float)


def first_day(book: Book) -> pd.Series:
    """The first day of each account as a customer: its start date, else the first of its first month with revenue."""
    first = book.first_close.ordinal + book.first_paid
    paid = pd.Series(np.where(first < NEVER, first, book.last.ordinal).astype("datetime64[M]").astype("datetime64[s]"))
    if "start_date" not in book.accounts:
        return paid
    return book.accounts["start_date"].reset_index(drop=True).astype("datetime64[s]").fillna(paid)


def days_since_contact(book: Book, kinds: tuple[str, ...] = ()) -> np.ndarray:
    """Days since the last touchpoint that took place, of these kinds or of any; age of the account where none did."""
    rows = book.facts["touchpoints"]
    done = rows[rows["done_on"].notna()]
    if kinds:
        done = done[done["kind"].str.casefold().isin(kinds)]
    since = per_account(book, days_before(book, last_of(done, "done_on")["done_on"]))
    return np.where(np.isnan(since), age_days(book), since)


def open_risks(book: Book) -> pd.DataFrame:
    """The latest open risk of each account, indexed by account."""
    rows = book.facts["risks"]
    return last_of(rows[rows["closed_on"].isna()], "opened_on")


def latest_answers(book: Book, kind: str, days: int = 365) -> pd.Series:
    """The last answer of each account to this kind of survey, indexed by account."""
    rows = book.facts["surveys"]
    rows = rows.assign(answered=rows["responded_at"].fillna(rows["sent_at"]))
    recent = rows["score"].notna() & (days_before(book, rows["answered"]) <= days)
    return last_of(rows[recent & (rows["kind"].str.upper() == kind)], "answered")["score"]


def pulses(book: Book) -> pd.DataFrame:
    """Each account's last pulse and the one before: ``pulse, before, age``, indexed by account."""
    rows = book.facts["pulses"].sort_values("given_on", kind="stable")
    rows = rows.assign(before=rows.groupby("row")["pulse"].shift())
    last = last_of(rows, "given_on")
    return pd.DataFrame({"pulse": last["pulse"], "before": last["before"], "age": days_before(book, last["given_on"])})
