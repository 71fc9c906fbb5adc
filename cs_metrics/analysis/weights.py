"""Weights of the health score proposed by the team's own past, where they would have told later losses better.

A logistic regression on the parts of the score, drawn towards the weights in force, learns on the earlier
quarter-ends; the score with its weights is then tested on the later ones against the score with the weights in
force. Between the two lies a whole horizon, so that nothing of the test is known to the lesson. It is a proposal
only where the whole 95 % range of the difference between the two areas under the curve lies above nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from cs_metrics.analysis.backtest import FEWEST_LOSSES, UNDEFINED, Range, auc, auc_gain
from cs_metrics.analysis.logistic import Fit, log_loss, logistic
from cs_metrics.analysis.quarter_ends import HORIZON, Then
from cs_metrics.book import Book
from cs_metrics.health import LEAST_KNOWN, PARTS, joined, weights

STRENGTHS = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
FEWEST_DAYS = 4
TESTED = 3
KNOWN_ENOUGH = 0.05
COLUMNS = ("part", "label", "now", "proposed")


class Span(NamedTuple):
    """Some quarter-ends: the first and the last day, customers with a score on them, and those lost."""

    first: str
    last: str
    rows: int
    losses: int


class Proposal(NamedTuple):
    """Weights side by side, how both did on the later quarter-ends, and whether the others are worth taking.

    ``weights`` has one row per part: ``part, label, now, proposed``. ``gain`` is the difference of the two areas.
    """

    offered: bool
    reason: str
    weights: pd.DataFrame
    learned: Span | None = None
    tested: Span | None = None
    now: Range = UNDEFINED
    proposed: Range = UNDEFINED
    gain: Range = UNDEFINED


class _Rows(NamedTuple):
    """Customers on quarter-ends, one below another: who, whether lost, and the parts of their score."""

    account: np.ndarray
    lost: np.ndarray
    parts: np.ndarray
    day: np.ndarray


def proposal(book: Book, past: list[Then], horizon: int = HORIZON) -> Proposal:
    """Weights the past proposes, or why it proposes none."""
    now = weights(book)
    plain = pd.DataFrame(
        {"part": list(PARTS), "label": [each.label for each in PARTS.values()], "now": now, "proposed": np.nan}
    )
    if len(past) < FEWEST_DAYS:
        return Proposal(
            False,
            f"{len(past)} quarter-ends lie a whole {horizon} days before the end of the data; "
            f"{FEWEST_DAYS} are needed, to learn on some and to test on others.",
            plain,
        )
    rows, least = _joined(past), LEAST_KNOWN.of(book)
    told = ~np.isnan(joined(rows.parts, now, least))
    rows = _Rows(*(field[told] for field in rows))
    days = np.array([np.datetime64(each.day) for each in past])
    tested_from = days[-max(min(TESTED, len(days) - 1), len(days) // 3)]
    early = days + np.timedelta64(horizon, "D") <= tested_from
    lesson, test = _on(rows, np.isin(rows.day, days[early])), _on(rows, rows.day >= tested_from)
    spans = _span(lesson), _span(test)
    for span, what in zip(spans, ("learn from", "test on"), strict=True):
        if span is None or span.losses < FEWEST_LOSSES or span.losses == span.rows:
            count = 0 if span is None else span.losses
            return Proposal(
                False, f"{count} customers with a score were lost after the quarter-ends to {what}: "
                f"below {FEWEST_LOSSES} nothing can be told from luck.", plain, *spans
            )  # fmt: skip
    usable = ((~np.isnan(lesson.parts)).mean(axis=0) >= KNOWN_ENOUGH) & (now > 0)
    if usable.sum() < 2:
        return Proposal(False, "Fewer than two parts of the score are known: there is nothing to weigh.", plain, *spans)
    found = _whole(_learned(lesson, now, usable, horizon), now)
    return _judged(plain.assign(proposed=found), test, least, spans)


def _judged(table: pd.DataFrame, test: _Rows, least: float, spans: tuple[Span | None, Span | None]) -> Proposal:
    """How both sets of weights did on the later quarter-ends, and what follows."""
    now, proposed = table["now"].to_numpy(), table["proposed"].to_numpy()
    scores = [joined(test.parts, each, least) for each in (now, proposed)]
    both = ~np.isnan(scores[0]) & ~np.isnan(scores[1])
    lost, account = test.lost[both], test.account[both]
    risks = [-score[both] for score in scores]
    gain = auc_gain(risks[0], risks[1], lost, account)
    figures = (auc(risks[0], lost, account), auc(risks[1], lost, account), gain)
    said = f"On the later quarter-ends the weights in force reach an AUC of {figures[0].value:.3f}, "
    said += f"those of the past {figures[1].value:.3f}: a difference of {gain.value:+.3f} "
    said += f"(95 % range {gain.low:+.3f} to {gain.high:+.3f}). "
    if (now == proposed).all():
        offered, said = False, "What the past teaches comes to the weights in force."
    elif gain.low > 0:
        offered, said = True, said + "They would have told the later losses better, beyond what luck gives."
    elif gain.value > 0:
        offered, said = False, said + "That may be luck: the range reaches below nothing, so the weights stay."
    else:
        offered, said = False, said + "That is no better, so the weights stay."
    return Proposal(offered, said, table, *spans, *figures)


def _joined(past: list[Then]) -> _Rows:
    return _Rows(
        np.concatenate([each.rows for each in past]),
        np.concatenate([each.lost for each in past]),
        np.concatenate([each.parts for each in past]),
        np.repeat([np.datetime64(each.day) for each in past], [len(each.rows) for each in past]),
    )


def _on(rows: _Rows, which: np.ndarray) -> _Rows:
    return _Rows(*(field[which] for field in rows))


def _span(rows: _Rows) -> Span | None:
    if not len(rows.day):
        return None
    return Span(f"{rows.day.min()}", f"{rows.day.max()}", len(rows.day), int(rows.lost.sum()))


def features(parts: np.ndarray, now: np.ndarray) -> np.ndarray:
    """How far each part is below 100, as a share; an unknown part is as far as the score of the known ones.

    So the weights in force make of it exactly what the score says: a missing part's weight is shared by the others.

    >>> features(np.array([[100.0, 50.0], [np.nan, 40.0]]), np.array([1.0, 1.0]))
    array([[0. , 0.5],
           [0.6, 0.6]])
    """
    score = joined(parts, now, 0.0)
    return 1 - np.where(np.isnan(parts), score[:, None], parts) / 100


def _learned(lesson: _Rows, now: np.ndarray, usable: np.ndarray, horizon: int) -> np.ndarray:
    """The weights the lesson comes to. Parts that are hardly known keep theirs."""
    strength = _best_strength(lesson, now, usable, horizon)
    slopes = _fitted(lesson, now, usable, strength).slopes
    found = now.astype(float).copy()
    found[usable] = slopes / slopes.sum() * now[usable].sum() if slopes.sum() > 0 else now[usable]
    return found


def _fitted(rows: _Rows, now: np.ndarray, usable: np.ndarray, strength: float) -> Fit:
    """The regression on the usable parts, drawn towards the weights in force at the slope their own score has."""
    share = now[usable] / now[usable].sum()
    below = features(rows.parts[:, usable], now[usable])
    alone = logistic((below @ share)[:, None], rows.lost)
    return logistic(below, rows.lost, max(alone.slopes[0], 0.0) * share, strength, least=0.0)


def _best_strength(rows: _Rows, now: np.ndarray, usable: np.ndarray, horizon: int) -> float:
    """How strongly to draw: what told the next quarter-ends of the lesson best, each learned a horizon before."""
    days = np.unique(rows.day)
    scores = np.zeros(len(STRENGTHS))
    for day in days:
        known = rows.day + np.timedelta64(horizon, "D") <= day
        asked = rows.day == day
        if rows.lost[known].sum() < FEWEST_LOSSES or not asked.any():
            continue
        before, now_rows = _on(rows, known), _on(rows, asked)
        for place, strength in enumerate(STRENGTHS):
            fit = _fitted(before, now, usable, strength)
            below = features(now_rows.parts[:, usable], now[usable])
            scores[place] += asked.sum() * log_loss(fit.chances(below), now_rows.lost)
    return STRENGTHS[int(scores.argmin())] if scores.any() else STRENGTHS[-1]


def _whole(found: np.ndarray, now: np.ndarray) -> np.ndarray:
    """The weights as whole points that add up to what they did, largest remainders first."""
    total = round(now.sum())
    down = np.floor(found + 1e-9)
    short = int(total - down.sum())
    for place in np.argsort(-(found - down), kind="stable")[: max(short, 0)]:
        down[place] += 1
    return down


def as_values(proposed: pd.DataFrame) -> dict[str, float]:
    """The dials that change, by name."""
    moved = proposed[proposed["proposed"].notna() & (proposed["proposed"] != proposed["now"])]
    return {f"health.{part}.weight": float(value) for part, value in zip(moved["part"], moved["proposed"], strict=True)}
