"""How honest the comparison of people is: of equal CSMs, how many stand inside the band that luck is said to give."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from cs_metrics.analysis.people import compare_people
from cs_metrics.book import Book
from cs_metrics.metric import METRICS

PEOPLE, ACCOUNTS, TEAMS = 8, 40, 200
FATES = {"few leave, 3 %": 0.03, "some leave, 8 %": 0.08, "many leave, 15 %": 0.15}
SIZES = {"alike": 0.3, "unequal": 1.2}


def equal_team(seed: int, churn: float, sigma: float) -> Book:
    """Eight CSMs with forty accounts each, whose fate is the same lottery whoever holds them."""
    rng = np.random.default_rng(seed)
    n = PEOPLE * ACCOUNTS
    opening, fate = np.round(rng.lognormal(7, sigma, n), 2) + 1, rng.random(n)
    outcome = np.select([fate < churn, fate < churn + 0.1, fate < churn + 0.3], [0, 0.7, 1.3], 1.0)
    frame = pd.DataFrame(
        {"opening": opening, "closing": np.round(opening * outcome, 2)}, index=np.arange(n).astype(str)
    )
    return Book.of_mrr(frame, csm=[f"CSM {number // ACCOUNTS}" for number in range(n)])


def coverage() -> Iterator[str]:
    """The table: the share of equal CSMs inside the 95 % band, and of those called worth a look."""
    yield f"{TEAMS} teams of {PEOPLE} equal CSMs with {ACCOUNTS} accounts each\n"
    yield "| accounts | fate | figure | inside | worth a look | asked |\n| --- | --- | --- | ---: | ---: | --- |"
    for size, sigma in SIZES.items():
        for fate, churn in FATES.items():
            teams = [equal_team(seed, churn, sigma) for seed in range(TEAMS)]
            for name in ("net_revenue_retention", "gross_revenue_retention", "logo_retention"):
                found = pd.concat([compare_people(METRICS[name], team, 1).people for team in teams])
                inside, look = (found["outside"] == "").mean(), found["worth_a_look"].mean()
                asked = "≥ 93 %, counts move in steps" if name == "logo_retention" else "93–97 %"
                yield f"| {size} | {fate} | {METRICS[name].label} | {inside:.1%} | {look:.1%} | {asked} |"
