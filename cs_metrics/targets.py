"""The targets that ship: what a team would set itself, not what others reach. Their source gives no sample."""

from __future__ import annotations

from typing import NamedTuple


class Target(NamedTuple):
    """What to reach, and where the figure comes from."""

    value: float
    source: str


PRACTICE = "common CS practice, given without a sample: a target, not a benchmark"
TARGETS: dict[str, Target] = {
    "net_revenue_retention": Target(1.0, "the book does not shrink: our own default"),
    "gross_revenue_retention": Target(0.9, PRACTICE),
    "logo_retention": Target(0.9, PRACTICE),
    "expansion_share": Target(0.2, "20 to 30 % of the book a year: " + PRACTICE),
}
