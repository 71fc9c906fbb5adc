"""What changed since: a figure as it was given then and as it is given now, and the causes between the two.

One thing after the other is replaced by what is known now, always in this order, and the figure taken after each:

1. **correction**: revenue of a month the earlier figure covers, of an account of which something was stated for that
   month; and other facts that were stated before and read otherwise now.
2. **back-dated entry**: revenue of such a month of which nothing had been stated, and facts of days before.
3. **real movement**: the months that came since. Owners and exchange rates stay as they were last known then.
4. **hand-over**: who holds the accounts; asked by another attribute, which group they belong to.
5. **fx**: the exchange rates, those of the new months included.
6. **definition**: the settings, and the table revenue is taken from.

Each part is the figure after its step less the figure before it, so the parts add up to the whole difference: exactly
for amounts, and for rates as the differences of the values in that order. Where a figure is undefined after a step,
the step's part goes to the next one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd

from cs_metrics.analysis.explain import amounts_behind
from cs_metrics.assemble import book_of, month_numbered, revenue_of
from cs_metrics.book import Book, Dark, Problem, Settings
from cs_metrics.facts import KNOWN
from cs_metrics.metric import Metric
from cs_metrics.months import last_day, ordinals
from cs_metrics.tally import divisor, grouping, rows_for

CAUSES = ("correction", "back-dated entry", "real movement", "hand-over", "fx", "definition")
COLUMNS = ("metric", "group", "cause", "before", "after", "difference", "accounts")
ACCOUNT_COLUMNS = (
    "metric", "group", "cause", "account_id", "name",
    "top_before", "top_after", "bottom_before", "bottom_after", "difference",
)  # fmt: skip
MEANING = {
    "correction": "what had been stated for an earlier month now reads otherwise",
    "back-dated entry": "entered since for an earlier month of which nothing had been stated",
    "real movement": "the months that came since",
    "hand-over": "accounts now belong to somebody else, or to another group",
    "fx": "exchange rates changed",
    "definition": "definitions were switched, or revenue comes from another table",
}
BALANCES = {"mrr", "opening", "closing"}
FAR = pd.Timestamp("2262-01-01")
NOT_KEPT = ("product", "account_id", "csm")
MONTH_OF = {"mrr": "month", "subscriptions": "start_date", "ledger": "date"}


@dataclass(frozen=True)
class Known:
    """What was known at one time, as the frames a book is made of, and the definitions figures were given under."""

    tables: Mapping[str, pd.DataFrame]
    settings: Settings = field(default_factory=Settings)


class Stage(NamedTuple):
    """The book after a step, up to the month its figure is for; None where no book can be made. First: as it was."""

    cause: str
    book: Book | None


@dataclass(frozen=True)
class Changes:
    """Differences by cause: ``rows`` one per metric, group and cause, ``accounts`` what each account has to do with it.

    ``difference`` of an account is its share of the cause's: they add up. ``then`` and ``now`` are the months the two
    figures are for.
    """

    rows: pd.DataFrame
    accounts: pd.DataFrame
    then: str
    now: str


def changes_since(
    then: Known,
    now: Known,
    metrics: Sequence[Metric],
    months: int = 3,
    by: str | None = None,
    where: Mapping[str, Sequence[str]] | None = None,
    until: pd.Period | None = None,
    today: date | None = None,
) -> Changes:
    """Why does this figure read otherwise than it did?

    The earlier figure is of the last month then known, the later of the last month known now, or both of ``until``.
    Every cause has a row, in the order in which things are replaced. Blank where a figure is undefined then or now.
    Raises Problem where there is no revenue then or now.
    """
    if all(set(metric.needs) <= BALANCES for metric in metrics):
        then, now = (
            replace(known, tables={n: t for n, t in known.tables.items() if n not in KNOWN}) for known in (then, now)
        )
    found = stages(then, now, by, where or {}, until, today)
    parts = [_parts(metric, found, months, by) for metric in metrics]
    first, last = (_last(found[at].book) for at in (0, -1))
    return Changes(
        pd.concat([rows for rows, _ in parts], ignore_index=True),
        pd.concat([accounts for _, accounts in parts], ignore_index=True),
        first,
        last,
    )


def _last(book: Book | None) -> str:
    return str(book.last) if book is not None and len(book.months) else ""


# --- one thing after the other ------------------------------------------------------------------------------------


def stages(
    then: Known,
    now: Known,
    by: str | None = None,
    where: Mapping[str, Sequence[str]] | None = None,
    until: pd.Period | None = None,
    today: date | None = None,
) -> list[Stage]:
    """The book as it was, then after each cause in the order of CAUSES, the last one as it is now."""
    source, stated = revenue_of(then.tables, then.settings)
    each = replace(then.settings, level="account")
    old = book_of(then.tables, each, today=today)
    new = book_of(now.tables, now.settings, today=today)
    pinned = replace(each, revenue=source, currency=then.settings.currency or old.currency or None)  # type: ignore[arg-type]
    kept = [name for name in {by, *(where or {})} - {None, *NOT_KEPT} if name is not None]
    ends = _ends(old, new, now, pinned, until, today)
    made: list[Book | None] = [old.until(ends[0]) if len(old.months) else old]
    if ends[1] is None:
        made += [None] * 5
    else:
        mixed = _Mixed(source, stated, old, ends[0], ends[1], kept, then, now, pinned)
        for tables, end in mixed.steps():
            made.append(_made(tables, pinned, end, today))
    made.append(new.until(until) if until is not None and len(new.months) else new)
    parent = then.settings.level == "parent"
    rolled = [book.by_parent() if book is not None and parent else book for book in made[:-1]] + made[-1:]
    return [
        Stage(cause, _asked(book, kept, where or {}, new)) for cause, book in zip(("", *CAUSES), rolled, strict=True)
    ]


def _ends(
    old: Book, new: Book, now: Known, pinned: Settings, until: pd.Period | None, today: date | None
) -> tuple[pd.Period, pd.Period | None]:
    """The months the two figures are for, the later one under the definitions of then."""
    try:
        same = book_of(_with_revenue(now, pinned), pinned, today=today)
        last = same.last if len(same.months) else None
    except Problem:
        last = None
    first = old.last if len(old.months) else old.first_close
    if until is None:
        return first, last
    return min(first, until), None if last is None else min(last, until)


def _with_revenue(of: Known, settings: Settings) -> dict[str, pd.DataFrame]:
    """The tables, with revenue as a table of its own where it stands in the list of accounts."""
    if settings.revenue in of.tables:
        return dict(of.tables)
    source, rows = revenue_of(of.tables, replace(settings, revenue=None))
    return {**of.tables, source: rows}


def _made(tables: Mapping[str, pd.DataFrame], settings: Settings, end: pd.Period, today: date | None) -> Book | None:
    """The book of a step at its month; None where these tables make none, or none that reaches it."""
    with suppress(Problem):
        book = book_of(tables, settings, end, today)
        if len(book.months) and book.last == end:
            return book
    return None


def _asked(book: Book | None, kept: list[str], where: Mapping[str, Sequence[str]], new: Book) -> Book | None:
    """The accounts asked about; an attribute that was not there then is unknown."""
    if book is None:
        return None
    lacking = [name for name in kept if name not in book.accounts and name in new.accounts]
    if lacking:
        unknown = {name: pd.Series(np.nan, book.accounts.index, dtype=object) for name in lacking}
        book = replace(book, accounts=book.accounts.assign(**unknown), memory={})
    return book.where(**where) if where else book


@dataclass(frozen=True)
class _Mixed:
    """Tables of then and of now, mixed as far as each step goes."""

    source: str
    stated: pd.DataFrame
    old: Book
    first: pd.Period
    last: pd.Period
    kept: list[str]
    then: Known
    now: Known
    pinned: Settings

    def steps(self) -> Iterator[tuple[dict[str, pd.DataFrame], pd.Period]]:
        """The tables after each of the five steps that come before the definitions, and the month asked for."""
        every = _with_revenue(self.now, self.pinned)
        past = min(self.first, self.last)
        revenue, at = every[self.source], _month_of(every[self.source], self.source)
        before = at <= past.ordinal
        told = _told(self.source, self.stated, self.old, revenue, at)
        ahead = self.stated[_month_of(self.stated, self.source) > past.ordinal] if self.last < self.first else None
        rated = self._held(every) | self._rated(every)
        facts = {name: rows for name, rows in every.items() if name in KNOWN}
        corrected = {name: _corrected(rows, self.then.tables.get(name)) for name, rows in facts.items()}
        entered = {name: _by_day(name, rows, self.first) for name, rows in facts.items()}
        yield every | rated | corrected | {self.source: _with(revenue[told | ~before], ahead)}, self.first
        yield every | rated | entered | {self.source: _with(revenue, ahead)}, self.first
        yield every | rated, self.last
        yield every | self._rated(every), self.last
        yield every, self.last

    def _held(self, every: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
        """Accounts and owners with holders and groups as last known then; accounts new since as they are now."""
        book = book_of(every, self.pinned)
        accounts, was = book.accounts, self.old.accounts
        if self.last < self.first:
            accounts = pd.concat([accounts, was.loc[was.index.difference(accounts.index, sort=False)]])
        known = accounts.index.isin(was.index)
        for name in [n for n in ("csm", *self.kept) if n in accounts or n in was]:
            before, today = (
                frame[name].astype(object).reindex(accounts.index)
                if name in frame
                else pd.Series(np.nan, accounts.index, dtype=object)
                for frame in (was, accounts)
            )
            accounts = accounts.assign(**{name: today.where(~known, before)})
        return {"accounts": accounts.rename_axis("account_id").reset_index(), "owners": self._owners(every)}

    def _owners(self, every: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
        """The hand-overs known then, later ones without effect; of accounts new since, those known now."""
        empty = pd.DataFrame({"account_id": [], "csm": [], "from_date": []}).astype({"from_date": "datetime64[s]"})
        was, today = (tables.get("owners", empty)[list(empty)] for tables in (self.then.tables, every))
        was = was.assign(from_date=was["from_date"].mask(was["from_date"] > pd.Timestamp(last_day(self.first)), FAR))
        fresh = ~today["account_id"].astype(str).isin(self.old.accounts.index)
        both = [rows.astype({"account_id": object, "csm": object}) for rows in (was, today[fresh]) if len(rows)]
        return pd.concat(both, ignore_index=True) if both else empty

    def _rated(self, every: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
        """Exchange rates as last known then; of currencies new since, those known now."""
        was, today = self.then.tables.get("fx"), every.get("fx")
        if was is None or was.empty:
            return {}
        at = ordinals(was["month"].to_numpy().astype(np.int64))
        earliest = pd.Series(at, was.index).groupby(was["currency"].astype(str)).transform("min")
        rows = was[(at <= self.first.ordinal) | (at == earliest.to_numpy())]
        if today is not None:
            rows = _with(rows, today[~today["currency"].astype(str).isin(set(was["currency"].astype(str)))])
        return {"fx": rows}


def _month_of(rows: pd.DataFrame, source: str) -> np.ndarray:
    """The month from which each row of revenue speaks, counted from 1970."""
    when = rows[MONTH_OF[source]]
    if source == "mrr":
        return ordinals(when.to_numpy().astype(np.int64))
    return when.to_numpy().astype("datetime64[M]").astype(np.int64)


def _told(source: str, stated: pd.DataFrame, old: Book, revenue: pd.DataFrame, at: np.ndarray) -> np.ndarray:
    """Which rows of revenue speak of an account and month of which something had been stated?

    By month: that account and month had a row. In a ledger: that account had a change in that month. Subscriptions:
    this one was known, or the account was paying at the close of the month it starts in.
    """
    if source == "subscriptions":
        row = old.accounts.index.get_indexer(pd.Index(revenue["account_id"].astype(str)))
        close = at - old.first_close.ordinal
        inside = (row >= 0) & (close >= 0) & (close < old.closes)
        paying = np.zeros(len(revenue), dtype=bool)
        paying[inside] = old.balance(0, 0)[close[inside], row[inside]] > 0
        ids = [rows.get("subscription_id", pd.Series(dtype=object)).astype(str) for rows in (stated, revenue)]
        return paying | (ids[1].isin(set(ids[0])).to_numpy() if len(ids[1]) else False)
    both = pd.concat([stated["account_id"].astype(object), revenue["account_id"].astype(object)], ignore_index=True)
    cell = pd.factorize(both)[0] * 2**20 + np.concatenate([_month_of(stated, source), at])
    return np.isin(cell[len(stated) :], cell[: len(stated)])


def _corrected(rows: pd.DataFrame, was: pd.DataFrame | None) -> pd.DataFrame:
    """The facts that stood then already, as they read now: by their id, else those exactly alike."""
    if was is None:
        return rows.iloc[:0]
    ids = [name for name in rows.columns if name.endswith("_id") and name not in ("account_id", "parent_id")]
    names = ids[:1] if ids and ids[0] in was and rows[ids[0]].notna().all() else [c for c in rows if c in was]
    now, then = (pd.util.hash_pandas_object(frame[names].astype(object), index=False) for frame in (rows, was))
    return rows[now.isin(set(then)).to_numpy()]


def _by_day(name: str, rows: pd.DataFrame, until: pd.Period) -> pd.DataFrame:
    """The facts known by the end of a month; undated ones are."""
    dates = [rows[column] for column in KNOWN[name].since if column in rows]
    if "month" in rows and not dates:
        return rows[~(rows["month"].map(month_numbered, na_action="ignore") > until)]
    if not dates:
        return rows
    return rows[~(pd.concat(dates, axis=1).min(axis=1) >= pd.Timestamp(last_day(until)) + pd.Timedelta(days=1))]


def _with(rows: pd.DataFrame, more: pd.DataFrame | None) -> pd.DataFrame:
    """Rows and more of them; ids as plain texts where there are more."""
    if more is None or more.empty:
        return rows
    plain = [
        frame.astype({c: object for c in frame if c in ("account_id", "product", "currency", "subscription_id")})
        for frame in (rows, more)
    ]
    return pd.concat(plain, ignore_index=True)


# --- figures and the accounts behind them -------------------------------------------------------------------------


class _Figures(NamedTuple):
    """A metric at the last month of a book: a value and Σ bottom per group, and ``cells`` per group and account."""

    values: pd.Series
    bottoms: pd.Series
    cells: pd.DataFrame
    top_scale: int
    bottom_scale: int
    names: pd.Series


def _figures(metric: Metric, book: Book | None, months: int, by: str | None) -> _Figures | None:
    """The figures of a book's last month; None where the book has none."""
    if book is None or not len(book.months):
        return None
    tally = metric.tally(book, months, by)
    groups = pd.Index([_group(label) for label in tally.groups])
    known = pd.Series(tally.known[-1], groups)
    values = pd.Series(tally.values.iloc[-1].to_numpy(), groups)[known]
    bottoms = pd.Series(0 if tally.bottoms is None else tally.bottoms[-1], groups)[known]
    if not known.any():
        return None
    k = months if metric.period else 0
    whole = rows_for(metric, book, by)
    closing = whole.closes - 1
    groupings = grouping(whole, by)
    asked = metric.asked(whole, closing - k, closing)
    try:
        cells = amounts_behind(metric, asked, k, groupings)
    except Dark:
        return None
    ids = asked.accounts.index.astype(str)
    cells = cells.assign(
        account_id=ids.to_numpy(dtype=object)[cells["row"]], group=groups.to_numpy(dtype=object)[cells["code"]]
    )
    share = divisor(metric, asked, k, groupings)
    return _Figures(
        values,
        bottoms,
        cells.groupby(["group", "account_id"], sort=False)[["top", "bottom"]].sum(),
        book.scale_of(metric.top) * share,
        book.scale_of(metric.bottom) * share,
        pd.Series(book.accounts["name"].to_numpy(), book.accounts.index.astype(str)),
    )


def _group(label: object) -> str:
    """A group's key; the whole has the empty text, which no group has."""
    return "" if label is None or label != label else str(label)


def _parts(metric: Metric, found: list[Stage], months: int, by: str | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The differences by cause of one metric, and each account's share of them."""
    figures = [_figures(metric, stage.book, months, by) for stage in found]
    labels = sorted({group for each in figures if each is not None for group in each.values.index})
    names: dict[str, str] = {}
    for each in figures:
        names.update({} if each is None else {str(i): str(name) for i, name in each.names.items()})
    rows, shares = [], []
    for group in labels or ([""] if by is None else []):
        steps = [_of_group(metric, each, group) for each in figures]
        whole = steps[0] is not None and steps[-1] is not None
        before = steps[0]
        for cause, step in zip(CAUSES, steps[1:], strict=True):
            after = step or before
            cells = _moved(metric, before, after) if before is not None and after is not None else None
            rows.append(
                {
                    "metric": metric.name,
                    "group": group or None,
                    "cause": cause,
                    "before": np.nan if before is None else before.value,
                    "after": np.nan if after is None else after.value,
                    "difference": _difference(metric, before, after) if whole else np.nan,
                    "accounts": 0 if cells is None else len(cells),
                }
            )
            if whole and cells is not None and len(cells):
                shares.append(cells.assign(metric=metric.name, group=group or None, cause=cause))
            before = after
        if not whole:
            rows[-1]["after"] = np.nan if steps[-1] is None else steps[-1].value
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"group": object})
    accounts = pd.concat(shares, ignore_index=True) if shares else pd.DataFrame(columns=list(ACCOUNT_COLUMNS))
    accounts["name"] = accounts["account_id"].map(names)
    return table, accounts[list(ACCOUNT_COLUMNS)]


class _Figure(NamedTuple):
    """One group's figure: its value, and top and bottom of each account, exact, with what they are divided by."""

    value: float
    top: int
    bottom: int
    cells: pd.DataFrame
    top_scale: int
    bottom_scale: int


def _of_group(metric: Metric, of: _Figures | None, group: str) -> _Figure | None:
    """A group's figure; an amount of a group that is not there is nothing, a rate is undefined."""
    if of is None:
        return None
    if group in of.values.index:
        value = float(of.values[group])
    elif metric.ratio:
        return None
    else:
        value = 0.0
    if value != value:
        return None
    there = group in of.cells.index.get_level_values("group")
    cells = (of.cells.loc[[group]] if there else of.cells.iloc[:0]).droplevel("group")
    return _Figure(value, int(cells["top"].sum()), int(of.bottoms.get(group, 0)), cells, of.top_scale, of.bottom_scale)


def _difference(metric: Metric, before: _Figure | None, after: _Figure | None) -> float:
    """The change of a figure; an amount's from the exact sums."""
    if before is None or after is None:
        return np.nan
    if metric.ratio or before.top_scale != after.top_scale:
        return after.value - before.value
    return metric.factor * (after.top - before.top) / after.top_scale


def _moved(metric: Metric, before: _Figure, after: _Figure) -> pd.DataFrame:
    """The accounts whose amounts changed, with the share each has in the difference.

    A rate T ÷ B that becomes T′ ÷ B′ changes by Σ (t′ − t − (b′ − b) · T ÷ B) ÷ B′, account by account.
    """
    both = before.cells.add_suffix("_before").join(after.cells.add_suffix("_after"), how="outer").fillna(0)
    read = {
        name: both[name] / (getattr(side, f"{name.partition('_')[0]}_scale"))
        for side, names in ((before, ("top_before", "bottom_before")), (after, ("top_after", "bottom_after")))
        for name in names
    }
    cells = pd.DataFrame(read)
    cells = cells[(cells["top_before"] != cells["top_after"]) | (cells["bottom_before"] != cells["bottom_after"])]
    gained, grown = cells["top_after"] - cells["top_before"], cells["bottom_after"] - cells["bottom_before"]
    if metric.ratio:
        bottom = after.bottom / after.bottom_scale
        share = (metric.factor * gained - grown * before.value) / bottom
    else:
        share, cells = metric.factor * gained, cells.assign(bottom_before=np.nan, bottom_after=np.nan)
    return cells.assign(difference=share).rename_axis("account_id").reset_index()
