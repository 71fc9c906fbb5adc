"""The same answers as the pages, without a browser: ``cs-metrics report book/ --by csm``.

Numbers go to standard output, everything else (what was assumed, warnings) to standard error. Exit code 0: done;
1: the data was refused, with all problems listed; 2: wrong usage.
"""

from __future__ import annotations

import getpass
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import pandas as pd

    from cs_metrics.book import Book
    from cs_metrics.read.files import File
    from cs_metrics.read.reading import Reading
    from cs_metrics.read.recipe import Recipe

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)


class Format(StrEnum):
    """How answers are written."""

    table = "table"
    csv = "csv"
    json = "json"


class Every(StrEnum):
    """The steps of a series."""

    month = "month"
    quarter = "quarter"
    year = "year"


class CohortMeasure(StrEnum):
    """What is left of a cohort: its accounts, its MRR with rises not counted, its MRR."""

    logo = "logo"
    gross = "gross"
    net = "net"


class SurvivalMeasure(StrEnum):
    """What survives: accounts, or the MRR they came with."""

    accounts = "accounts"
    mrr = "mrr"


Sources = Annotated[list[str], typer.Argument(help="Files, folders, or the address of a database.")]
RecipeFile = Annotated[Path | None, typer.Option("--recipe", help="How to read the files: a TOML file.")]
Until = Annotated[str | None, typer.Option(help="The last month, as 2025-03. Default: the last complete one.")]
Months = Annotated[int, typer.Option(min=1, help="The length of the period, in months.")]
By = Annotated[str | None, typer.Option(help="Group by csm, product or any attribute of the accounts.")]
Where = Annotated[list[str] | None, typer.Option(help="Only accounts with this attribute: segment=SMB.")]
Setting = Annotated[list[str] | None, typer.Option(help="Switch a definition: owner=closing, fx=floating…")]
KnownAt = Annotated[str | None, typer.Option(help="As known at a day or batch, of a database.")]
FromTable = Annotated[
    list[str] | None,
    typer.Option("--table", help="A table or view of the database; repeat. Default: all known by their columns."),
]
As = Annotated[Format, typer.Option("--format", help="How the answer is written.")]


# --- the answers ----------------------------------------------------------------------------------------------------


@app.command()
def check(sources: Sources, recipe: RecipeFile = None, table: FromTable = None, format: As = Format.table) -> None:
    """Are these files fit to be read? One row per problem; counts and totals of money on standard error."""
    import pandas as pd

    from cs_metrics.read.problems import Trouble

    with _kindly():
        reading = _read(sources, recipe, tables=table)
        _write(pd.DataFrame(reading.troubles, columns=Trouble._fields), format)
        for count in reading.counts:
            place, known_as = " · ".join(filter(None, (count.file, count.sheet))), count.table or "no known table"
            _say(f"{place}: {known_as}: {count.read} rows read, {count.kept} kept, {count.read - count.kept} left out")
        for name, total in reading.totals().items():
            _say(f"total {name}: {total / 3600:,.2f}")
        if reading.refused:
            raise typer.Exit(1)


@app.command()
def report(
    sources: Sources,
    until: Until = None,
    months: Months = 3,
    by: By = None,
    metric: Annotated[list[str] | None, typer.Option(help="The metric; repeat for several. Default: all.")] = None,
    where: Where = None,
    every: Annotated[str | None, typer.Option(help="month: the whole series.")] = None,
    recipe: RecipeFile = None,
    setting: Setting = None,
    as_known_at: KnownAt = None,
    format: As = Format.table,
) -> None:
    """The metrics of a book: metric, month, months, group, value, top, bottom."""
    import pandas as pd

    with _kindly():
        from cs_metrics.metric import METRICS, named

        if every not in (None, "month"):
            raise typer.BadParameter("report gives --every month; movements and cohorts give quarters and years")
        book = _book(sources, recipe, setting, until, where, as_known_at)
        wanted = _month_wanted(book, until)
        found = []
        for each in named(metric) if metric else METRICS.values():
            rows = each.tally(book, months, by).rows()
            rows = rows if every else rows[rows["month"] == wanted]
            if rows.empty:
                rows = pd.DataFrame({"month": [wanted], "group": [None]})
            found.append(rows.assign(metric=each.name, months=months))
            if reason := each.dark(book):
                _say(f"{each.name}: {reason}")
        _write(pd.concat(found), format, "metric", "month", "months", "group", "value", "top", "bottom")


@app.command()
def movements(
    sources: Sources,
    from_: Annotated[str | None, typer.Option("--from", help="The first month.")] = None,
    until: Until = None,
    every: Every = Every.month,
    by: By = None,
    where: Where = None,
    recipe: RecipeFile = None,
    setting: Setting = None,
    as_known_at: KnownAt = None,
    format: As = Format.table,
) -> None:
    """What moved the MRR: opening, new, expansion, contraction, churn, reactivation, fx, transfers, closing."""
    with _kindly():
        from cs_metrics.analysis.movements import COLUMNS
        from cs_metrics.analysis.movements import movements as table

        book = _book(sources, recipe, setting, until, where, as_known_at)
        span = f"{book.months[0]} to {book.last}" if len(book.months) else "no month"
        if from_ is not None:
            book = book.since(_month(from_, "--from"))
        rows = table(book, every.value, by)
        if rows.empty:
            _say(f"There is no whole {every.value} with a known opening: the data speak of {span}.")
        _write(rows, format, *COLUMNS)


@app.command()
def explain(
    metric: Annotated[str, typer.Argument(help="The metric.")],
    sources: Sources,
    until: Until = None,
    months: Months = 3,
    by: By = None,
    where: Where = None,
    recipe: RecipeFile = None,
    setting: Setting = None,
    as_known_at: KnownAt = None,
    format: As = Format.table,
) -> None:
    """The accounts behind a figure: they add up to what report gives."""
    with _kindly():
        from cs_metrics.analysis.explain import COLUMNS
        from cs_metrics.analysis.explain import explain as table
        from cs_metrics.metric import named

        [asked] = named([metric])
        book = _book(sources, recipe, setting, until, where, as_known_at)
        rows = table(asked, book, _month_wanted(book, until), months, by)
        if rows.empty and (reason := asked.dark(book)):
            _say(f"{asked.name}: {reason}")
        _write(rows, format, *COLUMNS)


@app.command()
def cohorts(
    sources: Sources,
    measure: Annotated[CohortMeasure, typer.Option(help="Accounts, MRR without rises, MRR.")] = CohortMeasure.logo,
    every: Every = Every.month,
    until: Until = None,
    by: By = None,
    where: Where = None,
    recipe: RecipeFile = None,
    setting: Setting = None,
    as_known_at: KnownAt = None,
    format: As = Format.table,
) -> None:
    """What is left of each cohort by age: cohort, size, age, value; unobserved cells absent."""
    with _kindly():
        from cs_metrics.analysis.cohorts import COLUMNS, said, triangles

        book = _book(sources, recipe, setting, until, where, as_known_at)
        for text in said(book):
            _say(text)
        _write(triangles(book, every.value, by).rows(measure.value), format, *(["group"] if by else []), *COLUMNS)


@app.command()
def survival(
    sources: Sources,
    measure: Annotated[
        SurvivalMeasure, typer.Option(help="Accounts, or the MRR they came with.")
    ] = SurvivalMeasure.accounts,
    until: Until = None,
    by: By = None,
    where: Where = None,
    recipe: RecipeFile = None,
    setting: Setting = None,
    as_known_at: KnownAt = None,
    format: As = Format.table,
) -> None:
    """How long accounts stay: age_months, at_risk, lost, survival, low, high (95 %)."""
    with _kindly():
        from cs_metrics.analysis.survival import COLUMNS, said
        from cs_metrics.analysis.survival import survival as table

        book = _book(sources, recipe, setting, until, where, as_known_at)
        for text in said(book):
            _say(text)
        _write(table(book, by, measure.value), format, *(["group"] if by else []), *COLUMNS)


@app.command()
def compare(
    sources: Sources,
    until: Until = None,
    months: Months = 3,
    where: Where = None,
    recipe: RecipeFile = None,
    setting: Setting = None,
    as_known_at: KnownAt = None,
    format: As = Format.table,
) -> None:
    """The same period under every definition in use: metric, definition, value, top, bottom."""
    with _kindly():
        from cs_metrics.analysis.compare import COLUMNS
        from cs_metrics.analysis.compare import compare as table
        from cs_metrics.metric import METRICS

        book = _book(sources, recipe, setting, until, where, as_known_at)
        wanted = _month_wanted(book, until)
        outside = bool(until) and not (len(book.months) and str(book.last) == wanted)
        rows = table(book.until("1900-01") if outside else book, months)
        for reason in rows["missing"].drop_duplicates():
            _say(str(reason)) if reason else None
        can = {name: METRICS[name].dark(book) is None for name in rows["metric"].unique()}
        _write(rows[rows["metric"].map(can)], format, *COLUMNS)


@app.command("at-risk")
def at_risk(
    sources: Sources,
    as_of: Annotated[
        str | None, typer.Option(help="The day, as 2025-03-31. Default: the end of the last month.")
    ] = None,
    where: Where = None,
    recipe: RecipeFile = None,
    setting: Setting = None,
    as_known_at: KnownAt = None,
    format: As = Format.table,
) -> None:
    """Who is at risk and why, most MRR at stake first."""
    with _kindly():
        from cs_metrics.analysis.risk import COLUMNS, of_accounts
        from cs_metrics.analysis.risk import at_risk as table

        book = _on_day(_book(sources, recipe, setting, None, None, as_known_at), as_of, "risk")
        _write(of_accounts(table(book), book.where(**_wanted(where)).held_now()), format, *COLUMNS)


@app.command()
def advocates(
    sources: Sources,
    as_of: Annotated[
        str | None, typer.Option(help="The day, as 2025-03-31. Default: the end of the last month.")
    ] = None,
    where: Where = None,
    recipe: RecipeFile = None,
    setting: Setting = None,
    as_known_at: KnownAt = None,
    format: As = Format.table,
) -> None:
    """Who would speak for us, and who is fit to be asked."""
    with _kindly():
        from cs_metrics.analysis.advocates import COLUMNS
        from cs_metrics.analysis.advocates import advocates as table
        from cs_metrics.analysis.risk import of_accounts

        book = _on_day(_book(sources, recipe, setting, None, None, as_known_at), as_of, "advocacy")
        _write(of_accounts(table(book), book.where(**_wanted(where)).held_now()), format, *COLUMNS)


@app.command()
def backtest(
    sources: Sources,
    score: Annotated[str, typer.Option(help="health, pulse, or a column as surveys.score; higher = safer.")] = "health",
    horizon: Annotated[int, typer.Option(min=30, help="Days after each quarter-end in which losses count.")] = 180,
    worked: Annotated[int | None, typer.Option(min=1, help="Accounts worked per quarter. Default: a tenth.")] = None,
    where: Where = None,
    recipe: RecipeFile = None,
    setting: Setting = None,
    as_known_at: KnownAt = None,
    format: As = Format.table,
) -> None:
    """Would the score have told us? As known on past quarter-ends against the losses after."""
    with _kindly():
        from cs_metrics.analysis.backtest import COLUMNS, FEWEST_LOSSES, score_named
        from cs_metrics.analysis.backtest import backtest as table

        book = _book(sources, recipe, setting, None, where, as_known_at)
        rows = table(book, score_named(score), horizon, worked)
        if rows.empty or rows["events"].iloc[-1] < FEWEST_LOSSES:
            _say(f"Fewer than {FEWEST_LOSSES} accounts with a score were lost: too few to tell a score from luck.")
        _write(rows, format, *COLUMNS)


@app.command()
def slides(
    sources: Sources,
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write: deck.pptx, or decks.zip.")],
    csm: Annotated[str | None, typer.Option(help="The book of this CSM.")] = None,
    account: Annotated[str | None, typer.Option(help="A business review with this customer, by its id.")] = None,
    each: Annotated[str | None, typer.Option(help="csm or account: a deck for each.")] = None,
    template: Annotated[Path | None, typer.Option(help="Your own .pptx to write into.")] = None,
    until: Until = None,
    months: Annotated[int | None, typer.Option(min=1, help="The period. Default: 3, for one CSM 12.")] = None,
    where: Where = None,
    recipe: RecipeFile = None,
    setting: Setting = None,
    as_known_at: KnownAt = None,
    format: As = Format.table,
) -> None:
    """A deck with native charts: the team's QBR, a CSM's book, or a review with a customer."""
    import pandas as pd

    with _kindly():
        from cs_metrics.slides.all_decks import Wanted, decks, kept

        if sum(value is not None for value in (csm, account, each)) > 1:
            raise typer.BadParameter("give one of --csm, --account and --each")
        if each not in (None, "csm", "account"):
            raise typer.BadParameter('--each is "csm" or "account"')
        if template is not None and not template.is_file():
            raise typer.BadParameter(f"there is no template {template}")
        book = _book(sources, recipe, setting, until, where, as_known_at)
        wanted = Wanted(csm, account, each, months)
        made = decks(book, wanted, template.read_bytes() if template else None)
        files = kept(made, output, _say)
        _write(pd.DataFrame(files, columns=["file", "slides"]), format, "file", "slides")


@app.command()
def layouts(
    name: Annotated[str | None, typer.Argument(help="A layout: its recipe is printed, to copy and change.")] = None,
    format: As = Format.table,
) -> None:
    """The exports of known tools that are recognised by themselves; with a name, its recipe."""
    import pandas as pd

    with _kindly():
        from cs_metrics.read.layouts import layouts as known
        from cs_metrics.read.layouts import text_of

        if name is None:
            rows = [(each, said.table, ", ".join(said.columns)) for each, said in sorted(known().items())]
            _write(pd.DataFrame(rows, columns=["layout", "table", "columns"]), format)
            return
        try:
            sys.stdout.write(text_of(name))
        except KeyError:
            raise typer.BadParameter(f"there is no layout {name}; see cs-metrics layouts") from None


@app.command()
def quality(
    sources: Sources,
    until: Until = None,
    months: Months = 3,
    rows: Annotated[bool, typer.Option("--rows", help="One row per account and metric instead.")] = False,
    where: Where = None,
    recipe: RecipeFile = None,
    setting: Setting = None,
    as_known_at: KnownAt = None,
    format: As = Format.table,
) -> None:
    """How far could defects of the data move net and gross retention? Largest first, in percentage points."""
    with _kindly():
        from cs_metrics.analysis import quality as found

        book = _book(sources, recipe, setting, until, where, as_known_at)
        if until and len(book.months):
            book = book.until(_month_wanted(book, until))
        if rows:
            _write(found.quality_rows(book, months), format, *found.ROW_COLUMNS)
        else:
            _write(found.quality(book, months), format, *found.COLUMNS)
        _say(found.sentence(book, months))


# --- the store --------------------------------------------------------------------------------------------------------


@app.command("import")
def import_(
    sources: Sources,
    into: Annotated[str, typer.Option(help="The database: sqlite:///book.db or postgresql://…")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would do; write nothing.")] = False,
    still_customers: Annotated[
        bool, typer.Option("--still-customers", help="Customers these files do not name are still here.")
    ] = False,
    left: Annotated[
        str | None, typer.Option(help="The day, as 2025-03-31, on which customers these files do not name have left.")
    ] = None,
    handed_over: Annotated[
        str | None, typer.Option(help="The day from which accounts belong to the CSM these files name now.")
    ] = None,
    recipe: RecipeFile = None,
    table: FromTable = None,
    newer_than: Annotated[
        str | None,
        typer.Option(help="Of a database only what changed since the last import, by this column; or COLUMN=DATE."),
    ] = None,
    note: Annotated[str, typer.Option(help="A note for the history.")] = "",
    format: As = Format.table,
) -> None:
    """Import files, or tables of another database, into a database, as one batch: all of it or nothing.

    With --dry-run: what it would do.
    """
    with _kindly():
        from cs_metrics.store.batches import Brought, import_batch, known_files
        from cs_metrics.store.dry_run import Answers, try_import
        from cs_metrics.store.known import accounts_known
        from cs_metrics.store.recipes import recipes_kept

        if still_customers and left:
            raise typer.BadParameter("customers the files do not name are --still-customers, or have --left: not both")
        answers = Answers(_day(left, "--left"), None, still_customers, _day(handed_over, "--handed-over"))
        since = _since(newer_than, into) if newer_than else None
        mappings = [each.text for each in recipes_kept(into)]
        known = accounts_known(into)
        reading = _read(sources, recipe, into, mappings, table, since).usable()
        files = [Brought(file.name, file.sha256, len(file.data)) for file in reading.files]
        for count in reading.counts:
            place, what = " · ".join(filter(None, (count.file, count.sheet))), count.table or "no known table"
            _say(f"{place}: {what}: {count.read} rows read, {count.kept} kept, {count.read - count.kept} left out")
        if dry_run:
            for told in known_files(into, files):
                _say(f"{told} An import would be refused.")
            for trouble in reading.troubles:
                _say(str(trouble))
            tried = try_import(into, reading.tables, answers, note=note)
            for row in tried.counts.itertuples():
                _say(f"{row.table}: {row.read} rows: {row.new} new, {row.changed} changed, {row.same} the same")
            if tried.run.why:
                _say(tried.run.why)
            _write(tried.run.rows(), format)
            return
        said = try_import(into, reading.tables, answers, note=note).said if answers != Answers() else {}
        done = import_batch(into, reading.tables, files, _who(), note, said=said, progress=_say)
        _say(f"batch {done.batch} imported")
        _say_missing(known, reading, answers)
        _write(done.counts, format, "batch", "table", "read", "new", "changed", "same")


def _say_missing(known: frozenset[str], reading: Reading, answers: Any) -> None:
    """How many accounts of the database these files, though they list accounts, do not name."""
    from cs_metrics.read.check import account_ids

    lists = {"accounts", "mrr", "subscriptions"} & set(reading.tables)
    absent = len(known - account_ids(reading.tables)) if lists else 0
    if absent and not (answers.left_on or answers.still_here):
        _say(
            f"{absent:,} known accounts are not in these files. Nothing is assumed of them: --dry-run lists those with "
            "revenue; --still-customers carries it on, --left DATE says they are gone."
        )


def _day(text: str | None, option: str) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f'{option} "{text}" is not a day; write it as 2025-03-31') from None


@app.command()
def history(database: Annotated[str, typer.Argument(help="The database.")], format: As = Format.table) -> None:
    """The batches of a database, latest first."""
    with _kindly():
        from cs_metrics.store.batches import history as table

        rows = table(database)
        _write(rows.assign(money=rows["money"].astype("float64") / 3600), format)


@app.command()
def undo(
    batch: Annotated[int, typer.Argument(help="The number of the batch.")],
    database: Annotated[str, typer.Argument(help="The database.")],
    note: Annotated[str, typer.Option(help="A note for the history.")] = "",
    format: As = Format.table,
) -> None:
    """Take a batch back. Nothing is deleted: the undo is a batch of its own."""
    with _kindly():
        from cs_metrics.store.batches import undo as take_back

        done = take_back(database, batch, _who(), note)
        _say(f"batch {batch} undone, as batch {done.batch}")
        _write(done.counts, format, "batch", "table", "taken_back", "new")


@app.command()
def changes(
    database: Annotated[str, typer.Argument(help="The database.")],
    since: Annotated[str, typer.Option(help="The earlier point: a batch's number, or a day as 2025-03-31.")],
    until: Until = None,
    months: Months = 3,
    by: By = None,
    metric: Annotated[
        list[str] | None, typer.Option(help="The metric; repeat for several. Default: MRR, NRR, GRR, logo retention.")
    ] = None,
    where: Where = None,
    accounts: Annotated[bool, typer.Option("--accounts", help="One row per account behind each cause.")] = False,
    setting: Setting = None,
    setting_then: Annotated[
        list[str] | None, typer.Option(help="A definition the earlier figure had otherwise: owner=closing…")
    ] = None,
    as_known_at: Annotated[
        str | None, typer.Option(help="The later point: a batch or a day. Default: what is known now.")
    ] = None,
    format: As = Format.table,
) -> None:
    """What changed since an earlier import, by cause; the differences add up.

    The causes are correction, back-dated entry, real movement, hand-over, fx and definition, put in place one after
    the other in that order. Without --until the earlier
    figure is of the last month known then, the later one of the last month known now.
    """
    with _kindly():
        from cs_metrics.analysis.changes_since import ACCOUNT_COLUMNS, COLUMNS, Known, changes_since
        from cs_metrics.book import Settings
        from cs_metrics.metric import named
        from cs_metrics.store.known import batch_known_at, tables_known
        from cs_metrics.tables import frames

        named_now = dict(_pair(text, "--setting") for text in setting or ())
        named_then = named_now | dict(_pair(text, "--setting-then") for text in setting_then or ())
        then, now = batch_known_at(database, since), batch_known_at(database, as_known_at) if as_known_at else None
        found = changes_since(
            Known(frames(tables_known(database, then)), Settings.of(**named_then)),
            Known(frames(tables_known(database, now)), Settings.of(**named_now)),
            named(metric or DEFAULT_CHANGES),
            months,
            by,
            _wanted(where),
            _month(until, "--until") if until else None,
        )
        later = f"batch {now}" if now else "now"
        _say(f"from the figures for {found.then}, known at batch {then}, to those for {found.now}, known {later}")
        _write(found.accounts if accounts else found.rows, format, *(ACCOUNT_COLUMNS if accounts else COLUMNS))


DEFAULT_CHANGES = ("mrr", "net_revenue_retention", "gross_revenue_retention", "logo_retention")


# --- ways in ----------------------------------------------------------------------------------------------------------


@contextmanager
def _kindly() -> Iterator[None]:
    """Problems as sentences: 1 for refused data, 2 for a name or value that does not exist."""
    from cs_metrics.book import Misuse, Problem
    from cs_metrics.read.problems import Refused

    try:
        yield
    except Refused as refused:
        for trouble in refused.troubles:
            if trouble.severity == "refused":
                _say(str(trouble))
        raise typer.Exit(1) from None
    except Problem as problem:
        _say(str(problem))
        raise typer.Exit(2 if isinstance(problem, Misuse) else 1) from None
    except BrokenPipeError:
        sys.stderr.close()
        raise typer.Exit(0) from None


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


Newer = Callable[[str, list[str]], "tuple[str, date] | None"]


def _read(
    sources: list[str],
    recipe: Path | None,
    into: str | None = None,
    kept: Sequence[str] = (),
    tables: list[str] | None = None,
    newer: Newer | None = None,
) -> Reading:
    """Read files, and databases that are not ours, and say what was assumed.

    By a recipe and those ``kept``, against the accounts of the database they go ``into``.
    """
    from cs_metrics.read.identify import aliases_of
    from cs_metrics.read.reading import files_at, read
    from cs_metrics.read.recipe import Recipe, recipe_of

    if recipe is not None and not recipe.is_file():
        raise typer.BadParameter(f"there is no recipe {recipe}")
    given = [recipe_of(recipe.read_text("utf-8"), recipe.name)] if recipe else []
    said = Recipe(file=[part for each in [*given, *map(recipe_of, kept)] for part in each.file])
    known: frozenset[str] = frozenset()
    aliases: dict[str, str] = {}
    if into is not None:
        from cs_metrics.store.known import accounts_called, accounts_known

        known, aliases = accounts_known(into), aliases_of(accounts_called(into))
    databases = [source for source in sources if "://" in source]
    if (tables or newer) and not databases:
        raise typer.BadParameter("--table and --newer-than speak of a database; there is none among the sources")
    files = files_at([source for source in sources if source not in databases])
    files += [file for database in databases for file in _tables_of(database, said, tables, newer)]
    reading = read(files, said, known, aliases)
    for assumed in reading.assumed:
        _say(f"assumed: {assumed}")
    return reading


def _tables_of(database: str, recipe: Recipe, tables: list[str] | None, newer: Newer | None) -> Iterator[File]:
    """The tables of a database that were asked for; else those the recipe speaks of or that are known by columns."""
    from cs_metrics.connect.address import Rules
    from cs_metrics.connect.database import connected
    from cs_metrics.read.files import File
    from cs_metrics.read.match import likely_table

    if database == "stripe://":
        yield from _stripe(tables)
        return
    with connected(database, Rules.of_this_machine()) as source:
        for warning in source.warnings:
            _say(warning)
        asked = [source.named(name) for name in tables or ()]
        for place, columns in source.tables.items():
            name = source.called(place)
            if place in asked or (not asked and (recipe.names(name) or likely_table(name, columns))):
                since = newer(name, columns) if newer else None
                rows = source.rows(place, since)
                _say(f"{name}: {len(rows):,} rows" + (f" with {since[0]} from {since[1]} on" if since else ""))
                if len(rows) or since is None:
                    yield File.of_rows(name, rows)
            else:
                _say(f"{name}: not read")


def _stripe(tables: list[str] | None) -> Iterator[File]:
    """The tables of the Stripe account whose key is in the environment."""
    from cs_metrics.connect.stripe import stripe_account
    from cs_metrics.read.files import File

    account = stripe_account()
    for note in account.notes:
        _say(note)
    for name, rows in account.tables.items():
        if not tables or name in tables:
            _say(f"stripe/{name}: {len(rows):,} rows")
            yield File.of_rows(f"stripe/{name}", rows)


def _since(newer_than: str, into: str) -> Newer:
    """From which day on the rows of a table are read: the day said, or the one before its last import.

    A day is repeated, so that nothing falls between two clocks; what comes twice changes nothing.
    """
    from cs_metrics.store.batches import last_brought

    column, said, text = newer_than.partition("=")
    try:
        day = date.fromisoformat(text) if said else None
    except ValueError:
        raise typer.BadParameter(f'--newer-than "{text}" is not a day; write it as 2025-03-31') from None

    def newer(name: str, columns: list[str]) -> tuple[str, date] | None:
        if column not in columns:
            _say(f"{name}: has no column {column} and is read whole")
            return None
        last = day or last_brought(into, name)
        return (column, last if day else last - timedelta(days=1)) if last else None

    return newer


def _book(
    sources: list[str],
    recipe: Path | None,
    settings: list[str] | None,
    until: str | None,
    where: list[str] | None,
    known_at: str | None,
) -> Book:
    """The book of some files or a database, sliced and under the settings asked for."""
    from cs_metrics.assemble import book_of
    from cs_metrics.book import Settings
    from cs_metrics.tables import frames

    chosen = Settings.of(**dict(_pair(text, "--setting") for text in settings or ()))
    last = _month(until, "--until") if until else None
    if _ours(sources):
        from cs_metrics.store.known import batch_known_at, tables_known

        if len(sources) > 1:
            raise typer.BadParameter("give one database, or files and folders")
        tables = tables_known(sources[0], batch_known_at(sources[0], known_at) if known_at else None)
    else:
        if known_at:
            raise typer.BadParameter("--as-known-at asks a book that was imported, not files or other databases")
        reading = _read(sources, recipe).usable()
        for trouble in reading.troubles:
            _say(str(trouble))
        tables = reading.tables
    book = book_of(frames(tables), chosen, last)
    for note in book.notes:
        _say(note)
    return book.where(**_wanted(where))


def _ours(sources: list[str]) -> bool:
    """Is one of these a database this program keeps a book in?"""
    if not any("://" in source for source in sources):
        return False
    from cs_metrics.store.database import holds_book

    return any("://" in source and holds_book(source) for source in sources)


def _wanted(where: list[str] | None) -> dict[str, list[str]]:
    """What --where asks for: attribute → the values wanted, any of them."""
    wanted: dict[str, list[str]] = {}
    for text in where or ():
        name, value = _pair(text, "--where")
        wanted.setdefault(name, []).append(value)
    return wanted


def _pair(text: str, option: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise typer.BadParameter(f'{option} "{text}": write it as name=value')
    return name.strip(), value.strip()


def _month(text: str, option: str) -> pd.Period:
    from cs_metrics.months import month

    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
        raise typer.BadParameter(f'{option} "{text}" is not a month; write it as 2025-03')
    return month(text)


def _month_wanted(book: Book, until: str | None) -> str:
    """The month asked for, or the book's last; said where the book has no figure for it."""
    last = str(book.last) if len(book.months) else ""
    if until and not (last and str(book.months[0]) <= until <= last):
        span = f"{book.months[0]} to {last}" if last else "no month"
        _say(f"There is no figure for {until}: the data speak of {span}.")
    return until or last


def _on_day(book: Book, day: str | None, purpose: str) -> Book:
    """The book as known on a day; the signals that cannot be told are named."""
    from cs_metrics.signal import signals

    if not len(book.months):
        return book
    try:
        book = book.now() if day is None else book.as_of(date.fromisoformat(day))
    except ValueError:
        raise typer.BadParameter(f'--as-of "{day}" is not a day; write it as 2025-03-31') from None
    dark = [reason for each in signals(purpose) if (reason := each.dark(book))]  # type: ignore[arg-type]
    if dark:
        _say("Not known: " + "; ".join(dark))
    return book


# --- writing ----------------------------------------------------------------------------------------------------------


def _write(table: pd.DataFrame, format: Format, *columns: str) -> None:
    """The table on standard output; undefined is blank, null in JSON."""
    from cs_metrics.export import as_text, cells

    table = table.reindex(columns=list(columns)) if columns else table
    if format is Format.json:
        rows = table.astype(object).to_dict("records")
        print(json.dumps([{name: _plain(value) for name, value in row.items()} for row in rows], ensure_ascii=False))
    elif format is Format.csv:
        sys.stdout.write(cells(table).to_csv(index=False, lineterminator="\n"))
    elif len(table):
        shown = table.astype(object).map(lambda value: _rounded(as_text(value)))
        print(shown.to_string(index=False, na_rep="", justify="left", max_colwidth=60))
    else:
        print(f"(no rows: {', '.join(map(str, table.columns))})")


def _plain(value: Any) -> Any:
    """A value as JSON knows it."""
    import pandas as pd

    if isinstance(value, list):
        return "; ".join(map(str, value))
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    return value.item() if hasattr(value, "item") else value


def _rounded(value: Any) -> Any:
    return (
        ""
        if value is None
        else f"{value:.6g}"
        if isinstance(value, float) and abs(value) < 1000
        else f"{value:,.2f}"
        if isinstance(value, float)
        else value
    )


if __name__ == "__main__":
    app()
