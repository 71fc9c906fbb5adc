"""The Expansion page on a large company of four products: its kinds, whitespace, candidates and pipeline."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import facts
from cs_metrics.analysis.candidates import candidates
from cs_metrics.analysis.expansion import by_kind
from cs_metrics.analysis.pipeline import by_stage, won_and_lost
from cs_metrics.analysis.risk import fired
from cs_metrics.analysis.whitespace import risky, whitespace
from cs_metrics.assemble import book_of
from cs_metrics.book import Book
from cs_metrics.metrics.expansion import expansion_share, whitespace_taken
from cs_metrics.signal import signals
from cs_metrics.tables import completed

MORE = ("Plus", "Extra", "Reports")
STAGES = ("discovery", "proposal", "negotiation")


def book(accounts: int) -> Book:
    """Such a company: all hold the core product, some of them others too; two offers an account."""
    rng = np.random.default_rng(11)
    made = facts.tables(accounts)
    core = made["subscriptions"].assign(product="Core")
    also = [
        core[rng.random(len(core)) < share].assign(product=name, mrr=lambda rows: rows["mrr"] // 5)
        for name, share in zip(MORE, (0.6, 0.4, 0.2), strict=True)
    ]
    every = pd.concat([core, *also], ignore_index=True)
    industries = rng.choice(["Retail", "Health", "Software", "Banks"], accounts)
    days = pd.Timestamp("2022-01-01") + pd.to_timedelta(rng.integers(0, 360, 2 * accounts), unit="D")
    won = rng.choice([True, False, None], 2 * accounts)
    offered = pd.DataFrame(
        {
            "opportunity_id": np.arange(2 * accounts).astype(str),
            "account_id": pd.Categorical.from_codes(
                rng.integers(0, accounts, 2 * accounts), made["accounts"]["account_id"]
            ),
            "product": rng.choice(MORE, 2 * accounts),
            "kind": "cross-sell",
            "stage": np.where(pd.isna(won), rng.choice(STAGES, 2 * accounts), "closed"),
            "amount": rng.integers(1, 100, 2 * accounts) * 3600,
            "opened_on": (days - pd.Timedelta(days=60)).astype("datetime64[s]"),
            "closes_on": days.astype("datetime64[s]"),
            "won": won,
        }
    )
    made |= {
        "subscriptions": every.assign(subscription_id=np.arange(len(every)).astype(str)),
        "accounts": made["accounts"].assign(industry=industries),
        "opportunities": completed("opportunities", offered),
    }
    return book_of(made, until=pd.Period("2022-12", "M"), today=date(2026, 1, 1))


def work(accounts: int) -> Iterator[tuple[str, Callable[[], Any], Book]]:
    """What the page computes, part by part, each from the arrays anew; the signals are told already."""
    whole = book(accounts)
    now = whole.now(date(2026, 1, 1))
    fired(now, [*signals("growth"), *signals("risk")])
    threatened = risky(now)
    told = {key: value for key, value in now.memory.items() if isinstance(key, tuple) and key[0] in ("fired", "lately")}

    def anew() -> Book:
        return replace(now, memory=dict(told))

    def answer() -> None:
        fresh = replace(whole, memory={})
        by_kind(fresh, 12)
        expansion_share.of(fresh.since(fresh.last - 25), 12)

    def space() -> None:
        fresh = anew()
        whitespace(fresh, threatened)
        whitespace_taken.of(fresh.since(fresh.last - 1), 1)

    yield "the answer: a year's expansion by kind, and its share", answer, whole
    yield "whitespace of four products, and the share taken", space, whole
    yield "whom to speak to, ranked", lambda: candidates(anew(), threatened), whole
    yield "the pipeline by stage, won and lost in a year", lambda: (by_stage(anew()), won_and_lost(whole, 12)), whole
