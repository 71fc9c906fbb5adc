"""What the past says of our foresight: did we see it coming, did the signals, would the score have told us?"""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cs_metrics.cli.options import As, Format, KnownAt, Months, RecipeFile, Setting, Sources, Until, Where
from cs_metrics.cli.program import app
from cs_metrics.cli.sources import book_at
from cs_metrics.cli.words import kindly, say
from cs_metrics.cli.writing import write

if TYPE_CHECKING:
    import pandas as pd

    from cs_metrics.analysis.quarter_ends import Progress
    from cs_metrics.book import Book

MANY = 10_000


class Asked(StrEnum):
    """What a back-test is asked for."""

    record = "record"
    scores = "scores"
    calibration = "calibration"
    weights = "weights"


class Shown(StrEnum):
    """What is shown of our foresight."""

    lost = "lost"
    lead = "lead"
    flagged = "flagged"


class Kind(StrEnum):
    """The signals with a record."""

    risk = "risk"
    growth = "growth"


def _telling(book: Book) -> Progress | None:
    """Tells how far it is, on standard error, where it takes long or somebody watches."""
    if len(book) < MANY and not sys.stderr.isatty():
        return None
    return lambda share, day: say(f"{share:4.0%}  as known on {day}")


@app.command()
def backtest(
    sources: Sources,
    score: Annotated[str, typer.Option(help="health, pulse, or a column as surveys.score; higher = safer.")] = "health",
    show: Annotated[
        Asked, typer.Option(help="The record; score, pulse and both; what scores stood for; weights proposed.")
    ] = Asked.record,
    horizon: Annotated[int, typer.Option(min=30, help="Days after each quarter-end in which losses count.")] = 180,
    worked: Annotated[int | None, typer.Option(min=1, help="Accounts worked per quarter. Default: a tenth.")] = None,
    where: Where = None,
    recipe: RecipeFile = None,
    setting: Setting = None,
    as_known_at: KnownAt = None,
    format: As = Format.table,
) -> None:
    """Would the score have told us? As known on past quarter-ends against the losses after."""
    with kindly():
        from cs_metrics.analysis.backtest import COLUMNS, FEWEST_LOSSES, record, score_named, snapshots

        book = book_at(sources, recipe, setting, None, where, as_known_at)
        if show in (Asked.scores, Asked.weights):
            _of_health(book, show, horizon, worked, format)
            return
        days = snapshots(book, score_named(score), horizon, _telling(book))
        if sum(int(day.lost.sum()) for day in days) < FEWEST_LOSSES:
            say(f"Fewer than {FEWEST_LOSSES} accounts with a score were lost: too few to tell a score from luck.")
        if show is Asked.calibration:
            from cs_metrics.analysis import calibration

            found = calibration.calibration(days, horizon)
            rows = _none(calibration.COLUMNS) if found is None else found.bands
            if found is not None and found.skill == found.skill:
                say(f"{found.expected:.1f} losses expected, {found.lost} came; Brier skill {found.skill:.3f}, "
                    f"slope {found.slope:.3f}; on {found.days[0]} to {found.days[-1]}.")  # fmt: skip
            write(rows, format, *calibration.COLUMNS)
            return
        write(record(days, worked), format, *COLUMNS)


def _none(columns: tuple[str, ...]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(columns=list(columns))


def _of_health(book: Book, show: Asked, horizon: int, worked: int | None, format: Format) -> None:
    """Score, pulse and both side by side; or the weights the past proposes."""
    from cs_metrics.analysis import score_and_pulse, weights
    from cs_metrics.analysis.quarter_ends import then
    from cs_metrics.health import LEAST_KNOWN

    past = then(book, horizon, None, _telling(book))
    if show is Asked.weights:
        found = weights.proposal(book, past, horizon)
        say(("Proposed. " if found.offered else "Not proposed. ") + found.reason)
        write(found.weights, format, *weights.COLUMNS)
        return
    usual = score_and_pulse.budgets(book, past, score_and_pulse.WORKED.of(book))
    budgets = usual if worked is None else [worked] * len(past)
    contest = score_and_pulse.contest(past, budgets, LEAST_KNOWN.of(book))
    if contest.reason:
        say(contest.reason)
    for alone, gain in contest.adds.items():
        say(f"{score_and_pulse.BOTH}, against {alone}: AUC {gain.value:+.4f} ({gain.low:+.4f} to {gain.high:+.4f}).")
    write(contest.table, format, *score_and_pulse.COLUMNS)


@app.command()
def foresight(
    sources: Sources,
    show: Annotated[
        Shown, typer.Option(help="What was lost and who saw it; how early; what was flagged and became of it.")
    ] = Shown.lost,
    until: Until = None,
    months: Months = 12,
    where: Where = None,
    recipe: RecipeFile = None,
    setting: Setting = None,
    as_known_at: KnownAt = None,
    format: As = Format.table,
) -> None:
    """Did we see it coming? The accounts lost, who had flagged them and how long before."""
    with kindly():
        from cs_metrics.analysis import foresight as past
        from cs_metrics.book import Dark

        book = book_at(sources, recipe, setting, until, where, as_known_at)
        columns = {Shown.lost: past.LOST, Shown.lead: past.LEADS, Shown.flagged: past.FLAGGED}[show]
        if told := past.stated(book, months):
            say(told)
        try:
            if show is Shown.flagged:
                rows = past.flagged_and_stayed(book, months)
            else:
                found = past.foresight(book, months, past.tool_warnings(book, _telling(book)))
                rows = found.lost if show is Shown.lost else found.lead()
        except Dark as reason:
            say(str(reason))
            rows = _none(columns)
        write(rows, format, *columns)


@app.command("signal-record")
def signal_record(
    sources: Sources,
    kind: Annotated[Kind, typer.Option(help="Signals of risk against losses, of growth against rises.")] = Kind.risk,
    horizon: Annotated[int, typer.Option(min=30, help="Days after each quarter-end that count.")] = 180,
    where: Where = None,
    recipe: RecipeFile = None,
    setting: Setting = None,
    as_known_at: KnownAt = None,
    format: As = Format.table,
) -> None:
    """How often each signal came before a loss, and how often nothing followed."""
    with kindly():
        from cs_metrics.analysis.signal_record import COLUMNS
        from cs_metrics.analysis.signal_record import signal_record as table

        book = book_at(sources, recipe, setting, None, where, as_known_at)
        write(table(book, horizon, kind.value, None, _telling(book)), format, *COLUMNS)
