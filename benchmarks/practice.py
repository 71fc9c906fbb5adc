"""What people did and said at a large company: two million touchpoints and a million answers, added up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd

from benchmarks import facts
from cs_metrics.analysis import onboarding, onboarding_pays, touch, work
from cs_metrics.analysis.due_soon import due_soon
from cs_metrics.assemble import book_of
from cs_metrics.book import Book
from cs_metrics.metric import METRICS
from cs_metrics.tables import completed

TOUCHES, ANSWERS = 2_000_000, 1_000_000
WORK = ("cadence_kept", "qbr_on_schedule", "reviews_prepared")
VOICE = ("nps", "csat", "ces", "response_rate", "survey_coverage")
Found = tuple[float, float, float]


def book(accounts: int, touches: int = TOUCHES, answers: int = ANSWERS, seed: int = 5) -> Book:
    """Such a company over three years, with a milestone or three of each account's onboarding."""
    rng = np.random.default_rng(seed)
    made = facts.tables(accounts)
    ids = made["accounts"]["account_id"].to_numpy()
    done = facts._days(rng, touches, facts.MONTHS).astype("datetime64[D]").astype("datetime64[s]")
    made["touchpoints"] = pd.DataFrame(
        {
            "account_id": pd.Categorical.from_codes(rng.integers(0, accounts, touches), ids),
            "kind": rng.choice(["check-in", "QBR", "training"], touches, p=[0.8, 0.15, 0.05]),
            "planned_for": done,
            "done_on": pd.Series(done).where(rng.random(touches) < 0.95).to_numpy(),
            "prepared_on": done - rng.integers(0, 6, touches).astype("timedelta64[D]"),
        }
    )
    sent, answered = facts._days(rng, answers, facts.MONTHS), rng.random(answers) < 0.4
    made["surveys"] = pd.DataFrame(
        {
            "account_id": pd.Categorical.from_codes(rng.integers(0, accounts, answers), ids),
            "kind": rng.choice(["NPS", "CSAT", "CES"], answers),
            "sent_at": sent,
            "responded_at": pd.Series(sent + np.timedelta64(86_400, "s")).where(answered).to_numpy(),
            "score": np.where(answered, rng.choice([3.0, 4.0, 5.0], answers), np.nan),
        }
    )
    due = facts._days(rng, accounts * 3, facts.MONTHS).astype("datetime64[D]").astype("datetime64[s]")
    reached = pd.Series(due + rng.integers(-10, 20, accounts * 3).astype("timedelta64[D]"))
    made["onboarding"] = pd.DataFrame(
        {
            "account_id": pd.Categorical.from_codes(np.repeat(np.arange(accounts), 3), ids),
            "milestone": np.tile(["kick-off", "live", "trained"], accounts),
            "due_on": due,
            "done_on": reached.where(rng.random(accounts * 3) < 0.95).to_numpy(),
        }
    )
    tables = {name: completed(name, rows) for name, rows in made.items()}
    return book_of(tables, until=pd.Period("2020-01", "M") + facts.MONTHS - 1, today=date(2026, 1, 1))


def _afresh(made: Book) -> Book:
    """The book as loaded: its balances laid out, nothing made of its facts."""
    fresh = replace(made, memory={}, facts=replace(made.facts, _ready={}, places={}))
    fresh.balance(0, 0), fresh.first_paid
    return fresh


def aggregated(ratio: Callable[..., Found], accounts: int = 100_000) -> list[tuple[str, Found, str]]:
    """All figures of touchpoints, and all of answers, by CSM, from a book just loaded; against reading them once."""
    made = book(accounts)
    told = []
    for what, names, table in (("touchpoints", WORK, "touchpoints"), ("answers", VOICE, "surveys")):
        rows = made.facts[table]

        def all_figures(names: tuple[str, ...] = names) -> None:
            fresh = _afresh(made)
            for name in names:
                METRICS[name].tally(fresh, 3, "csm")

        def first_figure(name: str = names[0]) -> None:
            METRICS[name].tally(_afresh(made), 3, "csm")

        read = rows.copy
        told.append((f"{names[0]} by CSM from {len(rows):,} {what}", ratio(first_figure, read, 5), "≤ 1 s"))
        told.append((f"all {len(names)} figures of them", ratio(all_figures, read, 5), ""))
    told.extend(pages(made, ratio))
    return told


def pages(made: Book, ratio: Callable[..., Found]) -> list[tuple[str, Found, str]]:
    """What each tab of the two pages computes at its first visit, after the cards; against reading touchpoints once."""
    known = made.now(date(2026, 1, 1))
    read = made.facts["touchpoints"].copy
    tabs: dict[str, Callable[[Book], object]] = {
        "open milestones": onboarding.milestones,
        "time to live by CSM": lambda one: onboarding.time_to_live(one, "csm"),
        "does fast onboarding pay": onboarding_pays.by_speed,
        "customers against their cadence": touch.touch,
        "coverage beside volume by CSM": lambda one: work.work(one, 3),
        "due in the next two weeks": due_soon,
    }

    def visited(tab: Callable[[Book], object]) -> Callable[[], object]:
        def visit() -> object:
            kept = {key: value for key, value in known.memory.items() if key in ("own", "first paid", "changes")}
            return tab(replace(known, memory=kept))

        return visit

    known.balance(0, 0), known.first_paid, known.changes
    return [(f"page: {name}", ratio(visited(tab), read, 5), "≤ 500 ms") for name, tab in tabs.items()]
