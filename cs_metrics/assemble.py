"""Tables → a Book: whose revenue, from when to when, in which currency, and what else is known.

The tables are frames with the standard columns: ids as text or categories, months as the numbers 202503, days as
datetime64, money as whole numbers of 1/3600 of a unit of currency. Where they come from, a file or a database,
makes no difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cs_metrics.book import BLOCK, Book, Lines, Problem, Settings
from cs_metrics.facts import KNOWN, Facts
from cs_metrics.months import month, ordinals
from cs_metrics.owners import owners_of

SOURCES = ("mrr", "subscriptions", "ledger")
FIXED = ("account_id", "mrr", "arr", "currency", "month")


class Labels(NamedTuple):
    """A column of ids: which of ``words`` each entry has. A blank is the empty text."""

    codes: np.ndarray
    words: pa.Array


class Revenue(NamedTuple):
    """Revenue as changes or as balances: entries of (account, product, currency) at closes counted from ``first``.

    ``close`` is the close at which each amount is in
    force from then on (``steps``) or at that close only. ``lead`` tells that the close before the first is known.
    """

    account: Labels
    product: Labels
    currency: Labels
    close: np.ndarray
    amount: np.ndarray
    first: pd.Period
    closes: int
    steps: bool
    lead: int


def book_of(
    tables: Mapping[str, pd.DataFrame],
    settings: Settings | None = None,
    until: pd.Period | None = None,
    today: date | None = None,
) -> Book:
    """The book these tables tell of, up to the last complete month, or to ``until``.

    Raises Problem where there is no revenue, or several currencies and no way to tell the book's own.
    """
    settings = settings or Settings()
    source = _source(tables, settings)
    last = _last_month(tables, source, until, month(today or date.today()))
    revenue = {"mrr": _from_months, "subscriptions": _from_periods, "ledger": _from_changes}[source](
        _revenue_rows(tables, source), last
    )
    accounts = _accounts(tables.get("accounts"), revenue.account)
    rates, currency, notes = _rates(tables.get("fx"), revenue, settings)
    csm = accounts["csm"] if "csm" in accounts else pd.Series(np.nan, accounts.index, dtype=object)
    book = Book(
        accounts=accounts,
        first_close=revenue.first,
        lines=_lines(revenue, accounts.index),
        rates=rates,
        owners=owners_of(csm, _history(tables.get("owners"), accounts.index), revenue.first, revenue.closes),
        facts=(facts := _facts(tables, accounts.index, source)),
        renewals=_renewals(accounts, facts),
        currency=currency,
        settings=settings,
        lead=revenue.lead,
        notes=tuple(notes),
    )
    book.changes  # noqa: B018  made once, while the data are at hand
    return book.by_parent() if settings.level == "parent" else book


# --- revenue ------------------------------------------------------------------------------------------------------


def _source(tables: Mapping[str, pd.DataFrame], settings: Settings) -> str:
    """The table revenue comes from."""
    if settings.revenue:
        if settings.revenue not in tables:
            raise Problem(f"revenue={settings.revenue}: there is no table {settings.revenue}")
        return settings.revenue
    for source in SOURCES:
        if source in tables and len(tables[source]):
            return source
    accounts = tables.get("accounts")
    if accounts is not None and {"mrr", "arr"} & set(accounts.columns):
        if "month" in accounts:
            return "mrr"
        raise Problem(
            "The list of accounts has MRR or ARR but no month. Name the month it was taken: in a recipe, under "
            'options, month = "2025-03".'
        )
    raise Problem("There is no revenue. Add one of the tables mrr, subscriptions or ledger.")


def _revenue_rows(tables: Mapping[str, pd.DataFrame], source: str) -> pd.DataFrame:
    if source in tables and len(tables[source]):
        return tables[source]
    snapshot = tables["accounts"]
    return snapshot[[c for c in ("account_id", "month", "mrr", "currency") if c in snapshot]].dropna(
        subset=["mrr", "month"]
    )


def revenue_of(tables: Mapping[str, pd.DataFrame], settings: Settings) -> tuple[str, pd.DataFrame]:
    """The table revenue comes from, and its rows. Raises Problem where there is none."""
    source = _source(tables, settings)
    return source, _revenue_rows(tables, source)


def _last_month(
    tables: Mapping[str, pd.DataFrame], source: str, until: pd.Period | None, running: pd.Period
) -> pd.Period:
    """The last complete month: that of the latest start, change or monthly row, before the running one.

    A chosen ``until`` stands; subscriptions and ledgers say what is in force later, rows by month do not.
    """
    rows = _revenue_rows(tables, source)
    if source == "mrr":
        latest = running - 1 if rows.empty else month_numbered(rows["month"].max())
        return min(latest, running - 1) if until is None else min(latest, until)
    days = rows["start_date" if source == "subscriptions" else "date"].dropna()
    latest = running - 1 if days.empty else month(days.max())
    return min(latest, running - 1) if until is None else min(until, running)


def month_numbered(yyyymm: int) -> pd.Period:
    """The month written as a number: 202503."""
    return pd.Period(year=yyyymm // 100, month=yyyymm % 100, freq="M")


def _labels(rows: pd.DataFrame, column: str) -> Labels:
    """A column of ids; all blank where there is none."""
    if column not in rows:
        return Labels(np.broadcast_to(np.int32(0), len(rows)), pa.array([""]))
    entries = pa.array(rows[column])
    if isinstance(entries, pa.ChunkedArray):
        entries = entries.unify_dictionaries().combine_chunks()
    if not isinstance(entries, pa.DictionaryArray):
        entries = entries.dictionary_encode()
    codes, words = entries.indices, entries.dictionary.cast(pa.string())
    if codes.null_count:
        codes = pc.fill_null(codes.cast(pa.int32()), len(words))
        words = pa.concat_arrays([words, pa.array([""])])
    return Labels(codes.to_numpy(), words)


def _from_months(rows: pd.DataFrame, last: pd.Period) -> Revenue:
    """Balances given month by month. The close before the first month is unknown."""
    close = ordinals(rows["month"].to_numpy())
    if len(rows) and (late := close > last.ordinal).any():
        rows, close = rows[~late], close[~late]
    first = int(close.min()) if len(close) else last.ordinal + 1
    return Revenue(
        _labels(rows, "account_id"),
        _labels(rows, "product"),
        _labels(rows, "currency"),
        close - first,
        rows["mrr"].to_numpy().astype(np.int64, copy=False),
        pd.Period(ordinal=first, freq="M"),
        last.ordinal - first + 1,
        steps=False,
        lead=0,
    )


def _from_periods(rows: pd.DataFrame, last: pd.Period) -> Revenue:
    """Prices in force from a start to the first day without. Before the first start there was nothing."""
    starts = _months_of(rows["start_date"])
    ends = (
        _months_of(rows["end_date"], never=last.ordinal + 1)
        if "end_date" in rows
        else np.full(len(rows), last.ordinal + 1)
    )
    kept = (starts <= last.ordinal) & (starts < ends)
    first = int(starts[kept].min(initial=last.ordinal + 2)) - 1
    both = pd.concat([rows[kept], rows[kept & (ends <= last.ordinal)]])
    price = rows["mrr"].fillna(0).to_numpy().astype(np.int64)
    return Revenue(
        _labels(both, "account_id"),
        _labels(both, "product"),
        _labels(both, "currency"),
        np.concatenate([starts[kept], ends[kept & (ends <= last.ordinal)]]) - first,
        np.concatenate([price[kept], -price[kept & (ends <= last.ordinal)]]),
        pd.Period(ordinal=first, freq="M"),
        last.ordinal - first + 1,
        steps=True,
        lead=1,
    )


def _from_changes(rows: pd.DataFrame, last: pd.Period) -> Revenue:
    """Changes on days, on top of what was in force before an account's first change."""
    at = _months_of(rows["date"])
    first = int(at[at <= last.ordinal].min(initial=last.ordinal + 2)) - 1
    amount = rows["mrr_change"].to_numpy().astype(np.int64)
    if "opening_mrr" in rows:
        begun = rows[rows["opening_mrr"].notna()].drop_duplicates(
            [c for c in ("account_id", "product", "currency") if c in rows]
        )
        rows = pd.concat([rows, begun])
        at = np.concatenate([at, np.full(len(begun), first)])
        amount = np.concatenate([amount, begun["opening_mrr"].to_numpy().astype(np.int64)])
    rows, at, amount = rows[at <= last.ordinal], at[at <= last.ordinal], amount[at <= last.ordinal]
    return Revenue(
        _labels(rows, "account_id"),
        _labels(rows, "product"),
        _labels(rows, "currency"),
        at - first,
        amount,
        pd.Period(ordinal=first, freq="M"),
        last.ordinal - first + 1,
        steps=True,
        lead=1,
    )


def _months_of(days: pd.Series, never: int = 0) -> np.ndarray:
    """The months of days, counted from 1970; ``never`` where there is no day."""
    months = days.to_numpy().astype("datetime64[M]").astype(np.int64)
    return np.where(days.isna(), never, months)


def _places(ids: pa.Array | pd.Series, accounts: pd.Index) -> np.ndarray:
    """Where each of these ids stands among the accounts; −1 where it does not."""
    texts = ids if isinstance(ids, pa.Array) else pa.array(ids.astype(str))
    found = pc.index_in(texts.cast(pa.string()), pa.array(accounts).cast(pa.string()))
    return pc.fill_null(found, -1).to_numpy().astype(np.intp)


def _lines(revenue: Revenue, accounts: pd.Index) -> Lines:
    """The entries laid out as closes × lines, one line per account, product and currency."""
    row_of = _places(revenue.account.words, accounts)
    products, currencies = revenue.product.words, revenue.currency.words
    size = len(products) * len(currencies)
    blocks = [slice(start, start + BLOCK) for start in range(0, len(revenue.amount), BLOCK)]

    def key(at: slice) -> np.ndarray:
        row = row_of[revenue.account.codes[at]]
        if size == 1:
            return row
        return row * size + revenue.product.codes[at].astype(np.intp) * len(currencies) + revenue.currency.codes[at]

    used = np.zeros(len(accounts) * size, dtype=bool)
    for at in blocks:
        used[key(at)] = True
    lines, place = np.flatnonzero(used), np.cumsum(used, dtype=np.int32) - 1
    amounts = np.zeros((revenue.closes, len(lines)), dtype=np.int64)
    for at in blocks:
        cell = np.multiply(revenue.close[at], len(lines), dtype=np.intp) + place[key(at)]
        np.add.at(amounts.reshape(-1), cell, revenue.amount[at])
    if revenue.steps:
        np.cumsum(amounts, axis=0, out=amounts)
    return Lines.starting(
        revenue.first,
        amounts,
        lines // size,
        lines % size // len(currencies),
        lines % len(currencies),
        pd.Index(products.to_pandas()),
        pd.Index(currencies.to_pandas()),
    )


# --- currencies -----------------------------------------------------------------------------------------------------


def _rates(fx: pd.DataFrame | None, revenue: Revenue, settings: Settings) -> tuple[np.ndarray, str, list[str]]:
    """Rates of closes × currencies, the book's currency, and what had to be assumed.

    A month without a rate takes the last one before it, months before the first rate take the first.
    """
    used = revenue.currency.words.to_pylist()
    quoted = pd.DataFrame({"month": [], "currency": [], "rate": []}) if fx is None else fx
    unquoted = [code for code in used if code and code not in set(quoted["currency"].astype(str))]
    own, notes = _own_currency(used, unquoted, quoted, settings)
    months = np.arange(revenue.first.ordinal, revenue.first.ordinal + revenue.closes)
    rates = np.ones((revenue.closes, len(used)))
    converted = own in set(quoted["currency"].astype(str))
    base = _series(quoted, own, months) if converted else np.ones(len(months))
    for place, code in enumerate(used):
        if code and code != own:
            quotes_base = converted and [code] == unquoted and not _steady(quoted)
            rates[:, place] = (np.ones(len(months)) if quotes_base else _series(quoted, code, months)) / base
            if np.isnan(rates[:, place]).all():
                notes.append(f"{code} has no rate: figures with revenue in {code} are blank. Add its rates to fx.")
    return rates, own, notes


def _own_currency(
    used: list[str], unquoted: list[str], quoted: pd.DataFrame, settings: Settings
) -> tuple[str, list[str]]:
    if settings.currency:
        return settings.currency.upper(), []
    named = [code for code in used if code]
    if not named:
        return "", []
    steady = [code for code in named if code in _steady(quoted)]
    if len(unquoted) == 1 and not steady:
        return unquoted[0], ["Amounts without a currency are in " + unquoted[0]] if "" in used else []
    if len(named) == 1:
        return named[0], []
    if len(steady) == 1:
        return steady[0], []
    choices = ", ".join(sorted(unquoted or named))
    raise Problem(
        f"The revenue is in several currencies ({choices}). Say which is the book's own: the setting currency=…"
    )


def _steady(quoted: pd.DataFrame) -> set[str]:
    """The currencies that are always quoted at 1: what the others are quoted in."""
    always = (quoted["rate"] == 1).groupby(quoted["currency"].astype(str)).all()
    return set(always.index[always.to_numpy(dtype=bool)])


def _series(quoted: pd.DataFrame, code: str, months: np.ndarray) -> np.ndarray:
    rows = quoted[quoted["currency"].astype(str) == code]
    if rows.empty:
        return np.full(len(months), np.nan)
    at = ordinals(rows["month"].to_numpy().astype(np.int64))
    order = np.argsort(at, kind="stable")
    before = np.searchsorted(at[order], months, side="right") - 1
    return rows["rate"].to_numpy()[order][np.maximum(before, 0)]


# --- accounts, owners, facts --------------------------------------------------------------------------------------


def _accounts(listed: pd.DataFrame | None, revenue: Labels) -> pd.DataFrame:
    """The accounts: those listed, then those that only have revenue, each with a name."""
    used = np.zeros(len(revenue.words), dtype=bool)
    used[revenue.codes] = True
    paying = pd.Index(revenue.words.filter(pa.array(used)).to_pandas(), name="account_id")
    if listed is None:
        return pd.DataFrame({"name": paying.to_series()}, index=paying)
    accounts = listed.drop(columns=[c for c in FIXED if c in listed]).set_axis(
        pd.Index(listed["account_id"].astype(str), name="account_id")
    )
    more = paying.difference(accounts.index, sort=False)
    if len(more):
        accounts = accounts.reindex(accounts.index.append(more).rename("account_id"))
    names = accounts["name"] if "name" in accounts else pd.Series(np.nan, accounts.index, dtype=object)
    named = names.astype(object).where(names.notna(), accounts.index.to_series())
    accounts.insert(0, "name", accounts.pop("name") if "name" in accounts else named)
    return accounts.assign(name=named.astype(str))


SAME_RENEWAL = pd.Timedelta(days=90)


def _renewals(accounts: pd.DataFrame, facts: Facts) -> pd.DataFrame | None:
    """The renewal dates known of each account: ``row, day``.

    An account's own date is its next one, which says nothing of the past; renewals worked on as opportunities add
    theirs, unless they are within 90 days of another date of the account, which is then the same renewal.
    """
    found = []
    if "renewal_date" in accounts:
        found.append(pd.DataFrame({"row": np.arange(len(accounts)), "day": accounts["renewal_date"].to_numpy()}))
    worked = facts.get("opportunities")
    if worked is not None and {"kind", "closes_on"} <= set(worked.columns):
        renewing = worked[worked["kind"].str.casefold().str.strip() == "renewal"]
        found.append(pd.DataFrame({"row": renewing["row"], "day": renewing["closes_on"]}))
    if not found:
        return None
    dates = pd.concat(found).dropna().astype({"row": "int64", "day": "datetime64[s]"})
    dates = dates.assign(rank=np.arange(len(dates))).sort_values(["row", "day", "rank"], kind="stable")
    again = (dates["row"] == dates["row"].shift()) & (dates["day"] - dates["day"].shift() <= SAME_RENEWAL)
    first_of = dates.assign(renewal=(~again).cumsum()).sort_values("rank").drop_duplicates("renewal")
    return first_of[["row", "day"]].sort_values(["row", "day"]).reset_index(drop=True)


def _history(owners: pd.DataFrame | None, accounts: pd.Index) -> pd.DataFrame | None:
    if owners is None or owners.empty:
        return None
    row = _places(owners["account_id"], accounts)
    return owners.assign(row=row)[row >= 0][["row", "csm", "from_date"]]


def _facts(tables: Mapping[str, pd.DataFrame], accounts: pd.Index, source: str) -> Facts:
    """Every other table, its accounts as positions in the book, its months as the days they end on.

    Subscriptions are among them where the revenue is theirs.
    """
    kept = {}
    for name, rows in tables.items():
        revenue = name in SOURCES and not name == source == "subscriptions"
        if name in ("accounts", "owners", "fx") or revenue or rows.empty:
            continue
        rows = _with_day(_with_account(rows, tables.get("subscriptions"))) if name == "usage" else rows
        if "account_id" in rows:
            place = _places(rows["account_id"], accounts)
            rows = rows.drop(columns="account_id").assign(row=place)[place >= 0]
        kept[name] = rows
    assert not set(kept) - set(KNOWN) - {"costs", "contributions", "products", "subscriptions"}, sorted(kept)
    return Facts(kept)


def _with_account(rows: pd.DataFrame, subscriptions: pd.DataFrame | None) -> pd.DataFrame:
    """Usage that hangs on subscriptions, with the accounts these belong to."""
    if "subscription_id" not in rows or subscriptions is None or "subscription_id" not in subscriptions:
        return rows if "account_id" in rows else rows.assign(account_id="")
    owner = subscriptions.drop_duplicates("subscription_id").set_index("subscription_id")["account_id"].astype(str)
    through = rows["subscription_id"].astype(str).map(owner)
    own = rows["account_id"].astype(object) if "account_id" in rows else pd.Series(np.nan, rows.index, dtype=object)
    return rows.assign(account_id=own.where(own.notna(), through).fillna(""))


def _with_day(rows: pd.DataFrame) -> pd.DataFrame:
    """Usage with the day it is known from: its own, or the last of its month."""
    if "month" not in rows:
        return rows
    ends = (ordinals(rows["month"].fillna(197001).to_numpy().astype(np.int64)) + 1).astype("datetime64[M]")
    day = pd.Series((ends.astype("datetime64[D]") - 1).astype("datetime64[s]"), rows.index).where(rows["month"].notna())
    return rows.assign(day=rows["day"].astype("datetime64[s]").fillna(day) if "day" in rows else day).drop(
        columns="month"
    )
