"""Logistic regression, drawn towards coefficients of one's own: for few losses, where a free fit would learn luck."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import optimize, special


class Fit(NamedTuple):
    """The constant and the coefficients."""

    constant: float
    slopes: np.ndarray

    def chances(self, features: np.ndarray) -> np.ndarray:
        """The chance of each row of ``features``, rows × coefficients."""
        return special.expit(self.constant + features @ self.slopes)


def logistic(
    features: np.ndarray,
    happened: np.ndarray,
    towards: np.ndarray | None = None,
    strength: float = 0.0,
    least: float = -np.inf,
) -> Fit:
    """The coefficients that make what happened most likely, less ``strength``/2 × their squared distance ``towards``.

    No coefficient is below ``least``. The same rows in any order give the same coefficients, to rounding.

    >>> met, alone = np.array([[1.0]] * 4 + [[0.0]] * 4), np.array([1, 1, 1, 0, 1, 0, 0, 0])
    >>> fit = logistic(met, alone)                     # odds of 3 to 1 against 1 to 3: a slope of log 9
    >>> round(fit.constant, 6), round(float(fit.slopes[0]), 6)
    (-1.098612, 2.197225)
    """
    count = features.shape[1]
    aim = np.zeros(count) if towards is None else towards
    share = np.clip(happened.mean(), 1e-6, 1 - 1e-6)
    start = np.r_[np.log(share / (1 - share)) - features.mean(axis=0) @ aim, aim]
    sign = np.where(happened, 1.0, -1.0)

    def loss(at: np.ndarray) -> tuple[float, np.ndarray]:
        line = sign * (at[0] + features @ at[1:])
        pull = -sign * special.expit(-line)
        away = at[1:] - aim
        value = -special.log_expit(line).sum() + strength / 2 * away @ away
        return value, np.r_[pull.sum(), pull @ features + strength * away]

    bounds = [(None, None), *[(None if np.isinf(least) else least, None)] * count]
    found = optimize.minimize(
        loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 1000, "ftol": 1e-15, "gtol": 1e-9}
    )
    return Fit(float(found.x[0]), found.x[1:])


def log_loss(chance: np.ndarray, happened: np.ndarray) -> float:
    """How badly the chances told what happened: the mean of −log of the chance given to it."""
    given = np.clip(np.where(happened, chance, 1 - chance), 1e-12, 1)
    return float(-np.log(given).mean())


def brier(chance: np.ndarray, happened: np.ndarray) -> float:
    """The mean squared distance of the chances from what happened."""
    return float(((chance - happened) ** 2).mean())
