"""Trying an import: what it would do, under the answers a person gives to what the files leave open."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import pandas as pd
import pyarrow as pa

from cs_metrics.analysis.dry_run import DryRun, dry_run
from cs_metrics.analysis.said import said_of_missing, said_of_moves, usual_day
from cs_metrics.book import Book, Settings
from cs_metrics.store.batches import rehearse
from cs_metrics.tables import frames


@dataclass(frozen=True)
class Answers:
    """What a person says of accounts the files leave open. Nothing is done where nothing is said.

    ``left_on``: the day on which customers the files do not name have left; ``who_left``: which of them, all unless
    said. ``still_here``: the others are customers still. ``handed_over``: the day from which accounts belong to the
    CSM the files name now; without it they have always been hers.
    """

    left_on: date | None = None
    who_left: Collection[str] | None = None
    still_here: bool = False
    handed_over: date | None = None


def usual_answers(run: DryRun) -> Answers:
    """What is taken to hold where nobody says otherwise, on the page and on the command line alike.

    Customers the files do not name are still customers, and accounts that the files give another CSM, without a day,
    changed hands on the day after the last month known. Nobody is lost, and no past figure moves, unsaid.
    """
    if run.before is None:
        return Answers()
    undated = run.moves[~run.moves["dated"].astype(bool)]
    gone = run.of("missing")
    return Answers(still_here=len(gone) > 0, handed_over=usual_day(run.before) if len(undated) else None)


class Tried(NamedTuple):
    """What an import would do: rows per table, what it means, and the rows that the answers add to the batch.

    ``before`` are the tables as they are known now.
    """

    counts: pd.DataFrame
    run: DryRun
    said: dict[str, pd.DataFrame]
    before: Mapping[str, pd.DataFrame]


def try_import(
    database: str,
    tables: Mapping[str, pa.Table],
    answers: Answers | None = None,
    settings: Settings | None = None,
    months: int = 3,
    note: str = "",
    today: date | None = None,
    unanswered: Tried | None = None,
    in_part: Collection[str] = (),
) -> Tried:
    """What would importing these tables do? Nothing is written; give ``said`` to the import to have the same happen.

    ``unanswered`` is the same try without answers, where it was made already. ``note`` goes with a loss that is kept.
    ``in_part`` are the tables of which only what changed was read: whom they do not name is not missing.
    """
    brought = frames(dict(tables))
    plain = unanswered or _tried(database, tables, brought, {}, None, settings, months, today, in_part)
    said = _said(plain.run, plain.before, brought, answers or Answers(), note)
    if not said:
        return plain
    return _tried(database, tables, brought, said, plain.run.before, settings, months, today, in_part)


def _tried(
    database: str,
    tables: Mapping[str, pa.Table],
    brought: Mapping[str, pd.DataFrame],
    said: dict[str, pd.DataFrame],
    old: Book | None,
    settings: Settings | None,
    months: int,
    today: date | None,
    in_part: Collection[str],
) -> Tried:
    rehearsed = rehearse(database, tables, said)
    before = frames(rehearsed.before)
    run = dry_run(before, frames(rehearsed.after), brought, settings, months, today, old, in_part)
    return Tried(rehearsed.counts, run, said, before)


def _said(
    run: DryRun,
    before: Mapping[str, pd.DataFrame],
    brought: Mapping[str, pd.DataFrame],
    answers: Answers,
    note: str,
) -> dict[str, pd.DataFrame]:
    """The answers as rows of tables."""
    if run.before is None or run.after is None:
        return {}
    gone = run.of("missing")["account_id"].tolist()
    leavers = [] if answers.left_on is None else [a for a in gone if answers.who_left is None or a in answers.who_left]
    left = {account: answers.left_on for account in leavers if answers.left_on is not None}
    still = [account for account in gone if account not in left] if answers.still_here else []
    said = said_of_missing(before, run.before, brought, left, still, note) if left or still else {}
    if answers.handed_over is not None:
        said |= said_of_moves(run.moves, run.before, answers.handed_over)
    return said
