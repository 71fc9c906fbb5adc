"""How a figure is written. Values stay fractions, units of currency and counts until they reach a reader."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
NOTHING = "–"


def _short(value: float) -> str:
    """A number in the fewest digits that still say it: 1.23 M, 34.5 k, 812."""
    size = abs(value)
    for limit, divisor, letter in ((999_950_000, 1e9, "B"), (999_950, 1e6, "M"), (9_999.5, 1e3, "k")):
        if size >= limit:
            return f"{value / divisor:,.{2 if size / divisor < 9.995 else 1}f} {letter}"
    return f"{value:,.0f}"


@dataclass(frozen=True)
class Unit:
    """One way of writing figures.

    ``short`` writes for cards and tables, ``difference`` writes a change, ``axis`` is the d3 format of a
    chart's axis, ``sheet`` the number format of a spreadsheet cell. An exact amount that is not money is counted
    in ``parts`` of one.
    """

    name: str
    short: Callable[[float], str]
    difference: Callable[[float], str]
    axis: str
    sheet: str
    money: bool = False
    parts: int = 1

    def write(self, value: float | None, currency: str | None = None) -> str:
        """The value as people read it; a dash where it is undefined.

        >>> PERCENT.write(0.94), MONEY.write(1_234_567, "EUR"), COUNT.write(None)
        ('94.0 %', '€1.23 M', '–')
        """
        return self._written(self.short, value, currency)

    def write_difference(self, value: float | None, currency: str | None = None) -> str:
        """A change as people read it, always with its sign.

        >>> PERCENT.write_difference(-0.013), MONEY.write_difference(1200, "USD")
        ('−1.3 points', '+$1,200')
        """
        if value is None or not math.isfinite(value):
            return NOTHING
        text = self._written(self.difference, abs(value), currency)
        nothing = not any(digit in text for digit in "123456789")
        return text if nothing else f"{'−' if value < 0 else '+'}{text}"

    def _written(self, how: Callable[[float], str], value: float | None, currency: str | None) -> str:
        if value is None or not math.isfinite(value):
            return NOTHING
        text = how(abs(value))
        if self.money and currency:
            text = f"{SIGNS[currency]}{text}" if currency in SIGNS else f"{text} {currency}"
        return f"−{text}" if value < 0 else text


PERCENT = Unit("percent", lambda v: f"{v:.1%}".replace("%", " %"), lambda v: f"{v * 100:.1f} points", ".0%", "0.0%")
MONEY = Unit("money", _short, _short, "~s", "#,##0.00", money=True)
COUNT = Unit("count", _short, _short, ",~d", "#,##0")
POINTS = Unit("points", lambda v: f"{v:.0f}", lambda v: f"{v:.0f} points", "+.0f", "0")
SCORE = Unit("score", lambda v: f"{v:.1f}", lambda v: f"{v:.1f} points", ".1f", "0.0")
RATIO = Unit("ratio", lambda v: f"{v:.2f}", lambda v: f"{v:.2f}", ".2f", "0.00")
EFFORT = Unit("effort", lambda v: f"{v:.2f}", lambda v: f"{v:.2f}", ".1f", "0.00", parts=100)
DAYS = Unit("days", lambda v: f"{v:,.0f} days", lambda v: f"{v:,.0f} days", ",~d", "#,##0.0")
