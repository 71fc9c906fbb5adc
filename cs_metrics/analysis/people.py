"""CSMs side by side, honestly: what each kept, what luck gives a book of that size, what the mix of accounts explains.

People are in the order of their names. There is no ranking, and no figure to rank by.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from cs_metrics.analysis.explain import amounts_behind
from cs_metrics.analysis.likely import FEWEST_FOR_A_RATE, RANGED, range_of
from cs_metrics.analysis.luck import (
    Band,
    Held,
    adjusted,
    band_of,
    by_luck,
    by_number,
    drawn_figures,
    funnel,
    outside,
    worth_a_look,
)
from cs_metrics.analysis.mix import expected_of_mix, kinds_of_accounts
from cs_metrics.book import UNASSIGNED, Book, Dark
from cs_metrics.metric import METRICS, Metric
from cs_metrics.tally import divisor, grouping, rows_for
from cs_metrics.units import COUNT, PERCENT

FEWEST_PEOPLE = 4
SMALLEST_POOL = 100
RECENT_MONTHS = 6
NOTEWORTHY = 0.02
MOST = 0.75
FEW_LOSSES = 2
TOO_MUCH_HANDED_ON = 0.1
NUMBERS = (
    "accounts", "size", "opening", "value", "likely_low", "likely_high", "lowest", "low", "high", "highest", "p", "q",
    "expected", "handed_on", "losses", "most_of_the_loss",
    "recent", "recent_opening", "recent_value", "held_longer_value",
)  # fmt: skip
COLUMNS = (*NUMBERS, "outside", "worth_a_look", "sentence")


@dataclass(frozen=True)
class Comparison:
    """CSMs side by side by one metric, over the months up to the book's last.

    ``people`` has one row per CSM, in the order of their names, "unassigned" last: ``accounts`` at the opening and
    what they paid (``opening``); ``size``, how many equal accounts they weigh; ``value`` and its likely range;
    ``low`` to ``high``, where luck leaves 95 % of such books (``lowest`` to ``highest`` 99.8 %); ``p`` and ``q``,
    the chance of a figure as far out, and the same for having looked at everybody; ``expected``, what the whole
    team kept of such a mix; ``handed_on``, accounts passed on in the period; ``losses``, accounts that lost, and
    how few of them make three quarters of it; the accounts taken over in the six months before the period or in
    it, apart; and a ``sentence``. ``whole`` is the team's figure, ``reason`` says why there is no comparison, None
    where there is one.
    """

    metric: Metric
    months: int
    people: pd.DataFrame
    whole: float
    reason: str | None

    @property
    def compared(self) -> pd.DataFrame:
        """Those for whom there is a band."""
        return self.people[self.people["low"].notna()]

    @property
    def sentence(self) -> str:
        """How many stand outside the band, and how many would by luck alone."""
        if self.reason is not None:
            return self.reason
        people, out = len(self.compared), int(self.compared["outside"].ne("").sum())
        expected, chance = by_luck(people)
        found = "none stands" if not out else "1 stands" if out == 1 else f"{out} stand"
        look = int(self.compared["worth_a_look"].sum())
        verdict = f"{look} worth a look." if look else "Within it, differences are what chance produces."
        return (
            f"Of {people} CSMs {found} outside the band in which luck leaves 95 of 100 such books. "
            f"By luck alone {expected:.1f} would, and at least one in {100 * chance:.0f} % of such comparisons. "
            f"{verdict}"
        )


class Shares(NamedTuple):
    """What each person's figure is made of: one entry per account and person, ordered by account.

    ``person`` is a position in ``names``, whose last is "unassigned". ``top`` and ``bottom`` are whole numbers, to
    be divided by the scales of the metric's units and by ``share``.
    """

    names: pd.Index
    row: np.ndarray
    person: np.ndarray
    top: np.ndarray
    bottom: np.ndarray
    share: int

    def sums(self, of: np.ndarray) -> np.ndarray:
        """Amounts added up by person."""
        return np.bincount(self.person, of, len(self.names))

    def some(self, which: np.ndarray) -> Shares:
        """Some of the entries."""
        return Shares(self.names, self.row[which], self.person[which], self.top[which], self.bottom[which], self.share)


def compare_people(metric: Metric, book: Book, months: int = 3) -> Comparison:
    """How do CSMs compare, once luck, mix and what they took over are allowed for?

    By the book's owner rule. A book of some CSMs shows these, compared with everybody who holds its accounts.
    """
    found: Comparison = book.kept(
        ("people", metric.name, months, book.settings), lambda: _compared(metric, replace(book, whose=None), months)
    )
    if book.whose is None:
        return found
    chosen = found.people.index.isin(book.owners.names[sorted(book.whose)])
    return replace(found, people=found.people[chosen])


def _compared(metric: Metric, book: Book, months: int) -> Comparison:
    if book.closes <= months:
        short = f"No comparison: the book does not reach back {months} months and the close before them."
        return Comparison(metric, months, pd.DataFrame(columns=list(COLUMNS)), np.nan, short)
    shares = shares_of(metric, book, months)
    team = shares.some(shares.person < len(shares.names) - 1)
    table = _figures(metric, book, shares).assign(handed_on=_handed_on(book, months))
    reason = _too_little(table)
    band = _luck(metric, book, team, table) if reason is None else _blank(len(table))
    value, whole = table["value"].to_numpy(), _ratio(team.top.sum(), team.bottom.sum())
    off = outside(value, band)
    table = table.assign(
        **band._asdict(),
        q=adjusted(band.p),
        outside=np.where(off, np.where(value < band.low, "below", "above"), ""),
        worth_a_look=worth_a_look(value, band),
        **_likely(metric, book, months, team),
        **_mix(book, months, team),
        **_losses(team),
        **_taken_over(metric, book, months, shares),
    )
    here = np.zeros(len(table), dtype=bool)
    for held in (shares.person, book.owners.held[book.closes - 1 - months], book.owners.held[-1]):
        here[held] = True
    here[-1] &= bool(table["accounts"].iloc[-1])
    table = table[here].rename_axis("csm")
    table["sentence"] = [_sentence(row, float(whole), reason) for row in table.itertuples()]
    return Comparison(metric, months, table[list(COLUMNS)], float(whole), reason)


def shares_of(metric: Metric, book: Book, months: int) -> Shares:
    """What each account gives to whose figure, in the book's last period. Empty where the figure cannot be given."""
    whole = rows_for(metric, book, "csm")
    asked, groups = whole.window(whole.closes - 1 - months, whole.closes - 1), grouping(whole, "csm")
    try:
        cells = amounts_behind(metric, asked, months, groups)
    except Dark:
        cells = pd.DataFrame({"row": [], "code": [], "top": [], "bottom": []}, dtype=np.int64)
    if whole is not book:
        cells["row"] = book.accounts.index.get_indexer(whole.accounts.index[cells["row"]])
        cells = cells.groupby(["row", "code"])[["top", "bottom"]].sum().reset_index()
    row, person, top, bottom = (cells[column].to_numpy() for column in ("row", "code", "top", "bottom"))
    order = np.argsort(row, kind="stable")
    share = divisor(metric, asked, months, groups)
    return Shares(groups.labels, row[order], person[order], top[order] / 1.0, bottom[order] / 1.0, share)


def _ratio(top: Any, bottom: Any) -> np.ndarray:
    """Top over bottom, blank where there is no bottom."""
    top, bottom = np.asarray(top, dtype=float), np.asarray(bottom, dtype=float)
    return np.divide(top, bottom, out=np.full(np.shape(bottom), np.nan), where=bottom > 0)


def _figures(metric: Metric, book: Book, shares: Shares) -> pd.DataFrame:
    """How many accounts, how much they weigh, and what was kept of it."""
    tops, bottoms, squares = (shares.sums(of) for of in (shares.top, shares.bottom, shares.bottom**2))
    accounts = np.bincount(shares.person[shares.bottom > 0], minlength=len(shares.names))
    few = accounts < FEWEST_FOR_A_RATE
    return pd.DataFrame(
        {
            "accounts": accounts,
            "size": _ratio(bottoms**2, squares),
            "opening": bottoms / (book.scale_of(metric.bottom) * shares.share),
            "value": np.where(few, np.nan, _ratio(tops, bottoms)),
        },
        index=shares.names,
    )


def _too_little(table: pd.DataFrame) -> str | None:
    """Why people cannot be compared, None if they can."""
    team = table.drop(index=UNASSIGNED)
    people, pool = int(team["value"].notna().sum()), int(team["accounts"].sum())
    if people < FEWEST_PEOPLE:
        who = "nobody has" if not people else "one CSM has" if people == 1 else f"{people} CSMs have"
        return (
            f"No comparison: it takes {FEWEST_PEOPLE} CSMs with {FEWEST_FOR_A_RATE} accounts each at the opening of "
            f"the period, and {who} as many."
        )
    if pool - team["accounts"].min() < SMALLEST_POOL:
        return (
            f"No comparison: it takes {SMALLEST_POOL} accounts of the other CSMs to tell what luck does, and the "
            f"whole team had {pool} at the opening of the period."
        )
    return None


def _handed_on(book: Book, months: int) -> np.ndarray:
    """How many paying accounts each person passed on in the period."""
    close, row = book.handed
    passed = (close > book.closes - 1 - months) & (book.balance(0, 0)[close - 1, row] > 0)
    return np.bincount(book.owners.held[close[passed] - 1, row[passed]], minlength=len(book.owners.names))


def _left_behind(book: Book, table: pd.DataFrame) -> np.ndarray:
    """Whose figure rests on what was left behind: unless an account counts for who held it at the opening, of
    accounts handed on only those that had left already stay, and there is nobody to compare that with.
    """
    if book.settings.owner == "opening":
        return np.zeros(len(table), dtype=bool)
    return (table["handed_on"] > TOO_MUCH_HANDED_ON * (table["accounts"] + table["handed_on"])).to_numpy()


def _blank(people: int) -> Band:
    return Band(*(np.full(people, np.nan) for _ in Band._fields))


def _luck(metric: Metric, book: Book, team: Shares, table: pd.DataFrame) -> Band:
    """The luck band of each person; blank for who is nobody, has too few accounts, or too few others beside."""
    accounts, value = table["accounts"].to_numpy(), table["value"].to_numpy()
    theirs = np.r_[accounts[:-1], 0]
    told = np.isfinite(value) & (theirs > 0) & (theirs.sum() - theirs >= SMALLEST_POOL) & ~_left_behind(book, table)
    team = team.some(team.bottom > 0)
    if metric.bottom is COUNT and team.share == 1:
        kept, rate = team.sums(team.top), float(_ratio(team.top.sum(), team.bottom.sum()))
        band = np.full((len(Band._fields), len(table)), np.nan)
        band[:, told] = funnel(kept[told], accounts[told], rate)
        return Band(*band)
    top, bottom = (np.bincount(team.row, of, len(book)) for of in (team.top, team.bottom))
    segment = book.groups("segment")[1] if "segment" in book.accounts else np.zeros(len(book), dtype=np.intp)
    held = Held(team.person, team.row, team.bottom)
    return band_of(drawn_figures(held, told, _ratio(top, bottom), segment), value)


def _likely(metric: Metric, book: Book, months: int, team: Shares) -> dict[str, np.ndarray]:
    """The likely range of each person's figure."""
    if metric.name == "gross_revenue_retention":
        everybody = shares_of(METRICS["net_revenue_retention"], book, months)
        team = everybody.some(everybody.person < len(everybody.names) - 1)
    ends = np.full((2, len(team.names)), np.nan)
    if metric.name in RANGED:
        mine = team.some(team.bottom > 0)
        order = by_number(mine.person)
        edges = np.searchsorted(mine.person[order], np.arange(len(mine.names) + 1))
        for person, (start, stop) in enumerate(zip(edges, edges[1:], strict=False)):
            at = order[start:stop]
            found = range_of(metric, mine.top[at] / mine.share, mine.bottom[at] / mine.share)
            ends[:, person] = found.low, found.high
    return {"likely_low": ends[0], "likely_high": ends[1]}


def _mix(book: Book, months: int, team: Shares) -> dict[str, np.ndarray]:
    """What the whole team kept of such a mix."""
    opening = book.window(book.closes - 1 - months, book.closes - 1).balance(months, 0)[-1]
    theirs = np.zeros(len(book), dtype=bool)
    theirs[team.row] = True
    kind = kinds_of_accounts(book, np.where(theirs, opening, 0))[team.row]
    expected = np.full(len(team.names), np.nan)
    found = expected_of_mix(kind, team.person, team.top, team.bottom)
    expected[: len(found)] = found
    return {"expected": expected}


def _losses(team: Shares) -> dict[str, np.ndarray]:
    """How many accounts lost something, and the fewest of them that make three quarters of what was lost."""
    loss = np.maximum(team.bottom - team.top, 0)
    order = np.lexsort((-loss, team.person))
    order = order[loss[order] > 0]
    person, cumulated = team.person[order], np.cumsum(loss[order])
    before = np.r_[0.0, np.bincount(person, loss[order], len(team.names)).cumsum()]
    total = np.diff(before)
    needed = cumulated - loss[order] - before[person] < MOST * total[person]
    count = len(team.names)
    return {
        "losses": np.bincount(person, minlength=count),
        "most_of_the_loss": np.bincount(person[needed], minlength=count),
    }


def _taken_over(metric: Metric, book: Book, months: int, shares: Shares) -> dict[str, np.ndarray]:
    """What was taken over in the six months before the period or in it, and what was held longer, apart."""
    close, row = book.handed
    opening = book.closes - 1 - months
    lately = (close > opening - RECENT_MONTHS) & (book.balance(0, 0)[close - 1, row] > 0)
    names, scale = len(shares.names), book.scale_of(metric.bottom) * shares.share
    taken = row[lately] * names + book.owners.held[close[lately], row[lately]]
    new = np.isin(shares.row * names + shares.person, taken)
    out: dict[str, np.ndarray] = {}
    for label, which in (("recent", new), ("held_longer", ~new)):
        part = shares.some(which)
        accounts = np.bincount(part.person[part.bottom > 0], minlength=names)
        rate = _ratio(part.sums(part.top), part.sums(part.bottom))
        out |= {label: accounts, f"{label}_opening": part.sums(part.bottom) / scale}
        out[f"{label}_value"] = np.where(accounts < FEWEST_FOR_A_RATE, np.nan, rate)
    return out


def _sentence(person: Any, whole: float, reason: str | None) -> str:
    """What a figure says of a person, in one sentence of plain words."""
    if person.Index == UNASSIGNED:
        return "Nobody's accounts; with the CSMs' they add up to the whole."
    if not person.accounts:
        return "Held no account at the opening of the period."
    if person.value != person.value:
        held = "1 account" if person.accounts == 1 else f"{person.accounts} accounts"
        return f"{held}: too few for a rate."
    if person.low != person.low:
        said = "Not compared"
        if reason is None and person.handed_on:
            said += f": of {person.handed_on} accounts handed on, by this owner rule only those that had left count"
        elif reason is None:
            said += ": the others hold too few accounts"
    elif not person.outside:
        said = (
            f"Inside what luck gives a book of this size ({PERCENT.write(person.low)} to {PERCENT.write(person.high)})"
        )
    elif person.worth_a_look:
        said = f"{person.outside.capitalize()} what luck gives a book of this size: worth a look"
    else:
        said = f"{person.outside.capitalize()} what luck usually gives, but with so many CSMs that may be luck too"
    if abs(person.expected - whole) >= NOTEWORTHY:
        side = "less" if person.expected < whole else "more"
        said += f"; such a mix of accounts keeps {side} than the team ({PERCENT.write(person.expected)})"
    if person.value < whole and 0 < person.most_of_the_loss <= FEW_LOSSES < person.accounts / 5:
        few = "1 account makes" if person.most_of_the_loss == 1 else f"{person.most_of_the_loss} accounts make"
        said += f"; {few} most of what was lost"
    if person.recent and abs(person.held_longer_value - person.value) >= NOTEWORTHY / 4:
        taken = "the account" if person.recent == 1 else f"the {person.recent} accounts"
        said += f"; {PERCENT.write(person.held_longer_value)} without {taken} taken over lately"
    return f"{said}."
