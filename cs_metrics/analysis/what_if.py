"""What if: some accounts are set to renew, shrink, grow or leave; what the period's retention would then be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from cs_metrics.analysis.renewal_odds import SHOCK, Odds, renewal_odds, with_shock
from cs_metrics.analysis.renewal_past import Past, past
from cs_metrics.analysis.renewals_due import coming
from cs_metrics.book import Book, Misuse

CHOICES = ("renew", "shrink", "grow", "lose")


class Choice(NamedTuple):
    """What an account is set to do, and for shrinking and growing by which share of its MRR."""

    what: str
    by: float = 0.0


class Expected(NamedTuple):
    """A figure that is not known yet: what is expected, and the range that holds it eight times in ten."""

    expected: float
    low: float
    high: float


@dataclass(frozen=True)
class Outlook:
    """What the months ahead would do to a book. Amounts are exact whole numbers; ``scale`` makes them readable.

    ``base`` is the MRR at the last close, the opening of the months ahead; ``due`` what comes up for renewal in them,
    of ``accounts`` customers; ``decided`` how many customers were set. ``odds`` is the distribution of what will be
    renewed of the rest; ``kept`` what the customers set keep of their MRR, ``kept_of_due`` the part of it that was
    due, ``raised`` what they add. ``lost`` and ``gained`` are expected beside the renewals, of customers not set.
    """

    base: int
    due: int
    accounts: int
    decided: int
    set_mrr: int
    kept: int
    kept_of_due: int
    raised: int
    open_due: int
    odds: Odds
    lost: float
    gained: float
    scale: int

    @property
    def renewed(self) -> Expected:
        """The MRR renewed of what is due, rises not counted, in units of currency."""
        return self._over(self.kept_of_due, self.scale)

    @property
    def renewal_rate(self) -> Expected:
        """The gross renewal rate of what is due; not numbers where nothing is."""
        return self._over(self.kept_of_due, self.due)

    @property
    def gross(self) -> Expected:
        """Gross revenue retention of the months ahead; not numbers where nobody pays."""
        return self._over(self.base - self.open_due - self.set_mrr + self.kept - self.lost, self.base)

    @property
    def net(self) -> Expected:
        """Net revenue retention of the months ahead; not numbers where nobody pays."""
        stays = self.base - self.open_due - self.set_mrr + self.kept - self.lost
        return self._over(stays + self.raised + self.gained, self.base)

    def _over(self, certain: float, bottom: int) -> Expected:
        if bottom == 0:
            return Expected(np.nan, np.nan, np.nan)
        return Expected(*((certain + part) / bottom for part in (self.odds.expected, *self.odds.likely)))


def outlook(
    book: Book,
    choices: Mapping[str, Choice] | None = None,
    learned: Past | None = None,
    months: int = 3,
    shock: float = SHOCK,
) -> Outlook:
    """The retention of the ``months`` after the book's last close, with these accounts set to these choices.

    An account that is due and not set renews all it pays or leaves, with its chance; what is set is certain. Any
    customer may be set, due or not. What is lost and gained beside renewals is expected as in the last four periods,
    of accounts not set; the range is that of the renewals alone. ``learned`` is what the past says, of the whole
    company where the book is a part of it. Raises Dark where no renewal date is known or nothing can be learned,
    Misuse for a choice that does not exist.
    """
    learned = past(book, months) if learned is None else learned
    mrr = book.balance(0, 0)[-1] if book.closes else np.zeros(len(book), dtype=np.int64)
    due = np.zeros(len(book), dtype=bool)
    due[coming(book, months)["row"]] = True
    after, is_set = _after(book, mrr, choices or {})
    still_open = due & ~is_set
    apart = _apart(book, due, learned) & ~is_set
    chances = learned.chances.reindex(book.accounts.index).fillna(learned.rate).to_numpy()
    kept = np.minimum(after, mrr)
    unset = int(mrr[~is_set].sum())
    return Outlook(
        base=int(mrr.sum()),
        due=int(mrr[due].sum()),
        accounts=int(due.sum()),
        decided=int(is_set.sum()),
        set_mrr=int(mrr[is_set].sum()),
        kept=int(kept[is_set].sum()),
        kept_of_due=int(kept[is_set & due].sum()),
        raised=int((after - kept)[is_set].sum()),
        open_due=int(mrr[still_open].sum()),
        odds=renewal_odds(mrr[still_open], chances[still_open], shock),
        lost=learned.shrunk * unset + learned.left * int(mrr[apart].sum()),
        gained=learned.grown * unset,
        scale=book.scale,
    )


def expected_of_accounts(
    book: Book, choices: Mapping[str, Choice] | None = None, learned: Past | None = None, months: int = 3
) -> pd.DataFrame:
    """What each account due, or set, is expected to bring: ``mrr, due, chance, choice, expected``, largest first.

    ``expected`` is the MRR renewed, rises not counted: what is set keeps what it is set to, the others their chance
    (with the common shock) of what they pay. Over the accounts due they add up to the MRR renewed.
    """
    learned = past(book, months) if learned is None else learned
    mrr, due = book.balance(0, 0)[-1], np.zeros(len(book), dtype=bool)
    due[coming(book, months)["row"]] = True
    after, is_set = _after(book, mrr, choices or {})
    chances = with_shock(learned.chances.reindex(book.accounts.index).fillna(learned.rate).to_numpy())
    row = np.flatnonzero(due | is_set)
    chance = np.where(is_set, np.nan, chances)[row]
    said = [(choices or {}).get(str(account)) for account in book.accounts.index[row]]
    table = pd.DataFrame(
        {
            "account_id": book.accounts.index.to_numpy()[row],
            "name": book.accounts["name"].to_numpy()[row],
            "csm": book.csm_now[row],
            "mrr": mrr[row] / book.scale,
            "is_due": due[row],
            "chance": chance,
            "choice": ["open" if one is None else one.what for one in said],
            "expected": np.where(is_set[row], np.minimum(after, mrr)[row], mrr[row] * chances[row]) / book.scale,
        }
    )
    return table.sort_values("mrr", ascending=False, kind="stable", ignore_index=True)


def _apart(book: Book, due: np.ndarray, learned: Past) -> np.ndarray:
    """Which accounts may leave beside the renewals.

    All that are not due; where no past renewals are known, so that ``left`` is of all accounts, only those that have
    no renewal date, as the others leave when they are due.
    """
    if learned.worked:
        return ~due
    dated = np.zeros(len(book), dtype=bool)
    if book.renewals is not None:
        dated[book.renewals["row"]] = True
    return ~dated


def _after(book: Book, mrr: np.ndarray, choices: Mapping[str, Choice]) -> tuple[np.ndarray, np.ndarray]:
    """What each account will pay where it is set, and which are set. Ids of other books' accounts are passed over."""
    after, is_set = mrr.copy(), np.zeros(len(book), dtype=bool)
    places = book.accounts.index.get_indexer(pd.Index(list(choices)))
    for place, (what, by) in zip(places, choices.values(), strict=True):
        if what not in CHOICES:
            raise Misuse(f'"{what}" is not a choice; choose renew, shrink, grow or lose')
        if place < 0 or mrr[place] == 0:
            continue
        factor = {"renew": 1.0, "shrink": 1 - min(max(by, 0.0), 1.0), "grow": 1 + max(by, 0.0), "lose": 0.0}[what]
        after[place], is_set[place] = round(int(mrr[place]) * factor), True
    return after, is_set
