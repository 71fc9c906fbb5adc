"""Projected lives: how many of those who renew by the year will still be here, beyond the years that were seen.

The shifted beta-geometric model of Fader and Hardie (2007): everyone has an own chance to leave at each renewal, and
those who are left are ever more the steady ones. A constant rate of loss taken from the first year is too low for them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import optimize, special

FEWEST_RENEWALS = 3
FEWEST_ACCOUNTS = 100


class ShiftedBeta(NamedTuple):
    """The two parameters of the chances to leave, and the log-likelihood of what was seen."""

    a: float
    b: float
    loglik: float

    def survival(self, renewals: np.ndarray) -> np.ndarray:
        """The share still here after so many renewals.

        >>> np.round(ShiftedBeta(1.0, 1.0, 0.0).survival(np.array([0, 1, 3])), 6).tolist()
        [1.0, 0.5, 0.25]
        """
        return np.exp(special.betaln(self.a, self.b + renewals) - special.betaln(self.a, self.b))

    def lifetime(self, discount: float, renewed: int = 0) -> float:
        """Years still paid by one who renewed so often, the next one at once, each discounted by a yearly rate.

        With ``renewed`` none, of a new account whose first year is paid now; with one or more, of an account just
        before that renewal.
        """
        value = 1 / (1 + discount)
        if renewed < 1:
            return float(special.hyp2f1(1, self.b, self.a + self.b, value))
        left = (self.b + renewed - 1) / (self.a + self.b + renewed - 1)
        return float(left * special.hyp2f1(1, self.b + renewed, self.a + self.b + renewed, value))


def fit(at_risk: np.ndarray, lost: np.ndarray) -> ShiftedBeta | None:
    """The model closest to what was seen at each renewal: how many came to it, and how many of them left.

    Accounts still here and those first seen later count where they were seen. None where nobody left, or everybody.
    """
    kept, renewal = at_risk - lost, np.arange(1, len(at_risk) + 1)
    if not lost.sum() or not kept.sum():
        return None

    def against(parameters: np.ndarray) -> float:
        a, b = np.exp(parameters)
        every = a + b + renewal - 1
        return -float((lost * np.log(a / every) + kept * np.log((b + renewal - 1) / every)).sum())

    settings = {"xatol": 1e-9, "fatol": 1e-9, "maxiter": 4000}
    found = optimize.minimize(against, np.zeros(2), method="Nelder-Mead", options=settings)
    a, b = np.exp(found.x)
    return ShiftedBeta(float(a), float(b), -float(found.fun))
