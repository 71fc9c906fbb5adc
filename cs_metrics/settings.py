"""The definitions that can be switched: which there are, their choices, and how text names them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args, get_type_hints

from cs_metrics.problems import Misuse

OwnerRule = Literal["opening", "event", "closing", "time-share", "grace"]


@dataclass(frozen=True)
class Settings:
    """The definitions that can be switched. Each is printed with every figure it bears on."""

    owner: OwnerRule = "opening"
    fx: Literal["constant", "floating"] = "constant"
    gross_cap: Literal["account", "product"] = "account"
    level: Literal["account", "parent"] = "account"
    waterfall: Literal["months", "ends"] = "months"
    cohort_start: Literal["first_mrr", "start_date"] = "first_mrr"
    revenue: Literal["mrr", "subscriptions", "ledger"] | None = None
    currency: str | None = None
    fiscal_start: int = 1

    @classmethod
    def of(cls, **named: Any) -> Settings:
        """Settings from text, as a command line or an address gives them.

        >>> Settings.of(owner="time-share", fiscal_start="2").fiscal_start
        2
        >>> Settings.of(owner="oldest")
        Traceback (most recent call last):
        cs_metrics.problems.Misuse: owner: "oldest" is not a choice; choose opening, event, closing, time-share or grace
        """
        kinds = setting_choices()
        for name, value in named.items():
            if name not in kinds:
                raise Misuse(f'setting "{name}" is not known; choose from {listed(list(kinds), "and")}')
            choices = kinds[name]
            if choices and value not in choices:
                raise Misuse(f'{name}: "{value}" is not a choice; choose {listed(choices, "or")}')
        if "fiscal_start" in named:
            first = str(named["fiscal_start"])
            if not first.isdigit() or not 1 <= int(first) <= 12:
                raise Misuse(f'fiscal_start: "{first}" is not a month; give a number from 1 to 12')
            named["fiscal_start"] = int(first)
        return cls(**named)


@cache
def setting_choices() -> dict[str, list[str]]:
    """Each setting's choices; none for one that takes any value."""
    kinds = get_type_hints(Settings)
    inside = {name: [c for part in (kind, *get_args(kind)) for c in get_args(part)] for name, kind in kinds.items()}
    return {name: list(dict.fromkeys(c for c in found if isinstance(c, str))) for name, found in inside.items()}


def listed(words: Sequence[str], last: str) -> str:
    """Words as a sentence lists them: a, b or c."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"
