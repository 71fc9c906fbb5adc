"""What the facts say of each account lately: use by month, last answers, days since a contact.

Signals and the health score are made of these. A book is asked as it was known on its day.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
import pandas as pd

from cs_metrics.book import Book
from cs_metrics.dials import dial
from cs_metrics.months import last_day

URGENT = ("urgent", "critical", "p1", "blocker", "highest")
NEVER = 10**6
SCALES = {"NPS": (0, 10), "CSAT": (1, 5), "CES": (1, 7)}
FIRST_MONTH = dial("cadence.first_month", "Touchpoints: days apart in the first month", 7, "days", least=1, most=365)
TO_DAY_90 = dial("cadence.to_day_90", "Touchpoints: days apart to day 90", 14, "days", least=1, most=365)
CONFIRMED_WITHIN = dial("outcome_is_confirmed.days", "Days an outcome counts", 365, "days", least=1, most=1095)
LATER = dial("cadence.later", "Touchpoints: days apart after day 90", 31, "days", least=1, most=365)


def days_before(book: Book, days: pd.Series) -> pd.Series:
    """How many days before the book's day; negative for days to come, blank where there is no day."""
    return (pd.Timestamp(book.known_on) - days).dt.days


def last_of(rows: pd.DataFrame, by: str) -> pd.DataFrame:
    """The last row of each account, indexed by account, in the order of their days."""
    day, row = rows[by].to_numpy(), rows["row"].to_numpy()
    order = np.argsort(day, kind="stable")[: len(day) - int(rows[by].isna().sum())]
    place = np.full(row.max(initial=-1) + 1, -1)
    place[row[order]] = np.arange(len(order))
    return rows.iloc[order[np.sort(place[place >= 0])]].set_index("row")


def is_one_of(texts: pd.Series, words: tuple[str, ...]) -> np.ndarray:
    """Which texts are one of these words, in any case; each distinct text is looked at once."""
    codes, distinct = pd.factorize(texts)
    return np.append([str(text).casefold() in words for text in distinct], False).astype(bool)[codes]


def speaks_of(texts: pd.Series, pattern: str) -> np.ndarray:
    """Which texts have words of this pattern, in any case; each distinct text is looked at once."""
    codes, distinct = pd.factorize(texts)
    words = re.compile(pattern, re.IGNORECASE)
    return np.append([words.search(str(text)) is not None for text in distinct], False).astype(bool)[codes]


def per_account(book: Book, values: pd.Series, missing: float = np.nan) -> np.ndarray:
    """A value per account from a series indexed by account; ``missing`` for the others."""
    out = np.full(len(book), missing, dtype=float)
    out[values.index.to_numpy(dtype=np.intp)] = values.to_numpy(dtype=float)
    return out


USED = ("row", "subscription_id", "active_users", "licensed_seats", "logins", "features_used", "features_available",
        "feature", "uses")  # fmt: skip


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
    return book.kept(("lately", "use", months, book.known_on), lambda: _use(book, months))


def _use(book: Book, months: int) -> Use:
    rows = book.facts["usage"]
    running = pd.Period(book.known_on, "M")
    last = running.ordinal if last_day(running) == book.known_on else running.ordinal - 1
    place = rows["day"].to_numpy().astype("datetime64[M]").astype(np.int64) - (last - months + 1)
    inside = np.flatnonzero((place >= 0) & (place < months))
    recent = rows[list(USED)].take(inside)
    cell = recent["row"].to_numpy() * months + place[inside]
    codes, subscriptions = pd.factorize(recent["subscription_id"])
    each = cell * (len(subscriptions) + 1) + codes + 1

    def laid_out(cells: np.ndarray, values: np.ndarray) -> np.ndarray:
        known = ~np.isnan(values)
        at = cells[known].astype(np.intp)
        total = np.bincount(at, values[known], len(book) * months).astype(float)
        total[np.bincount(at, minlength=len(book) * months) == 0] = np.nan
        return total.reshape(len(book), months)

    def total(name: str) -> np.ndarray:
        return laid_out(cell, recent[name].to_numpy(dtype=float))

    def state(name: str) -> np.ndarray:
        highest = pd.Series(recent[name].to_numpy(dtype=float)).groupby(each, sort=False).max()
        return laid_out(highest.index.to_numpy() // (len(subscriptions) + 1), highest.to_numpy())

    seats = state("licensed_seats")
    if "licensed_seats" in book.accounts:
        bought = book.accounts["licensed_seats"].to_numpy(dtype=float)
        seats = np.where(np.isnan(seats), bought[:, None], seats)
    features = state("features_used")
    if recent["features_used"].isna().all() and recent["feature"].notna().any():
        used = pd.DataFrame({"cell": cell, "feature": recent["feature"].to_numpy()}).dropna().drop_duplicates()
        features = laid_out(used["cell"].to_numpy(), np.ones(len(used)))
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
    """Mean use in the last three months and in the three before, and what is counted."""
    use = use_by_month(book, 6)
    return *now_and_before(use.volume), use.word


def now_and_before(by_month: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means of the last three of six months and of the three before, of accounts × months.

    A month without a row between months with rows is a month without use; accounts new to the data are unknown.

    >>> now_and_before(np.array([[2, 2, 2, 3, np.nan, 3], [np.nan, 2, 2, 3, 3, 3]]))
    (array([ 2., nan]), array([ 2., nan]))
    """
    begun = np.maximum.accumulate(~np.isnan(by_month), axis=1)
    filled = np.where(begun, np.nan_to_num(by_month), np.nan)
    known = begun[:, 0]
    return (
        np.where(known, filled[:, 3:].sum(axis=1) / 3, np.nan),
        np.where(known, filled[:, :3].sum(axis=1) / 3, np.nan),
    )


def cadence_days(book: Book) -> np.ndarray:
    """Days an account may go without a touchpoint, by its age: in the first month, to day 90, then."""
    age = age_days(book)
    return np.select([age <= 30, age <= 90], [FIRST_MONTH.of(book), TO_DAY_90.of(book)], LATER.of(book))


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
    return book.kept(("lately", "contact", kinds, book.known_on), lambda: _days_since_contact(book, kinds))


def _days_since_contact(book: Book, kinds: tuple[str, ...]) -> np.ndarray:
    rows = book.facts["touchpoints"]
    done = rows["done_on"].notna().to_numpy() & (is_one_of(rows["kind"], kinds) if kinds else True)
    day = rows["done_on"].to_numpy()[done].astype("datetime64[D]").astype(np.int64)
    last = np.full(len(book), -NEVER)
    np.maximum.at(last, rows["row"].to_numpy(dtype=np.intp)[done], day)
    since = np.datetime64(book.known_on, "D").astype(np.int64) - last
    return np.where(last == -NEVER, age_days(book), since)


def open_risks(book: Book) -> pd.DataFrame:
    """The latest open risk of each account, indexed by account."""
    return book.kept(("lately", "risks", book.known_on), lambda: _open_risks(book))


def _open_risks(book: Book) -> pd.DataFrame:
    rows = book.facts["risks"]
    return last_of(rows[rows["closed_on"].isna()], "opened_on")


def latest_answers(book: Book, kind: str, days: float = 365) -> pd.Series:
    """The last answer of each account to this kind of survey, indexed by account; answers beyond its scale left out."""
    key = ("lately", "answers", kind, days, book.known_on)
    return book.kept(key, lambda: _latest_answers(book, kind, days))


def _latest_answers(book: Book, kind: str, days: float) -> pd.Series:
    rows = book.facts["surveys"]
    rows = rows[is_one_of(rows["kind"], (kind.casefold(),)) & rows["score"].between(*SCALES[kind]).to_numpy()]
    rows = rows.assign(answered=rows["responded_at"].fillna(rows["sent_at"]))
    return last_of(rows[days_before(book, rows["answered"]) <= days], "answered")["score"]


def pulses(book: Book) -> pd.DataFrame:
    """Each account's last pulse and the one before: ``pulse, before, age``, indexed by account."""
    return book.kept(("lately", "pulses", book.known_on), lambda: _pulses(book))


def _pulses(book: Book) -> pd.DataFrame:
    rows = book.facts["pulses"].sort_values("given_on", kind="stable")
    rows = rows.assign(before=rows.groupby("row")["pulse"].shift())
    last = last_of(rows, "given_on")
    return pd.DataFrame({"pulse": last["pulse"], "before": last["before"], "age": days_before(book, last["given_on"])})


SPOKEN = (
    ("pulses", "given_on", ("reason", "note")),
    ("risks", "opened_on", ("reason", "plan")),
    ("surveys", "responded_at", ("comment",)),
    ("notes", "written_on", ("note",)),
)


def days_since_said(book: Book, pattern: str, days: float) -> pd.Series:
    """Days since somebody last wrote words of this pattern about an account, indexed by account; ``days`` at most."""
    found = []
    for table, when, texts in SPOKEN:
        rows = book.facts.get(table)
        if rows is None:
            continue
        recent = rows[days_before(book, rows[when]) <= days]
        for text in texts:
            said = recent[recent[text].str.contains(pattern, na=False)]
            found.append(pd.DataFrame({"row": said["row"], "days": days_before(book, said[when])}))
    if not found:
        return pd.Series(dtype=float)
    return pd.concat(found).groupby("row")["days"].min()
