"""The same answers as the pages, without a browser: ``cs-metrics report book/ --by csm``.

Numbers go to standard output, everything else (what was assumed, warnings) to standard error. Exit code 0: done;
1: the data was refused, with all problems listed; 2: wrong usage.
"""

from __future__ import annotations

import getpass
import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import pandas as pd

    from cs_metrics.book import Book
    from cs_metrics.read.reading import Reading

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


Sources = Annotated[list[str], typer.Argument(help="Files, folders, or the address of a database.")]
RecipeFile = Annotated[Path | None, typer.Option("--recipe", help="How to read the files: a TOML file.")]
Until = Annotated[str | None, typer.Option(help="The last month, as 2025-03. Default: the last complete one.")]
Months = Annotated[int, typer.Option(min=1, help="The length of the period, in months.")]
By = Annotated[str | None, typer.Option(help="Group by csm, product or any attribute of the accounts.")]
Where = Annotated[list[str] | None, typer.Option(help="Only accounts with this attribute: segment=SMB.")]
Setting = Annotated[list[str] | None, typer.Option(help="Switch a definition: owner=closing, fx=floating…")]
KnownAt = Annotated[str | None, typer.Option(help="As known at a day or batch, of a database.")]
As = Annotated[Format, typer.Option("--format", help="How the answer is written.")]


# --- the answers ----------------------------------------------------------------------------------------------------


@app.command()
def check(sources: Sources, recipe: RecipeFile = None, format: As = Format.table) -> None:
    """Are these files fit to be read? One row per problem; counts and totals of money on standard error."""
    import pandas as pd

    from cs_metrics.read.problems import Trouble

    with _kindly():
        reading = _read(sources, recipe)
        _write(pd.DataFrame(reading.troubles, columns=Trouble._fields), format)
        for count in reading.counts:
            place, table = " · ".join(filter(None, (count.file, count.sheet))), count.table or "no known table"
            _say(f"{place}: {table}: {count.read} rows read, {count.kept} kept, {count.read - count.kept} left out")
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
        if from_ is not None:
            book = book.since(_month(from_, "--from"))
        _write(table(book, every.value, by), format, *COLUMNS)


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
    note: Annotated[str, typer.Option(help="A note for the history.")] = "",
    format: As = Format.table,
) -> None:
    """Import files into a database, as one batch: all of it or nothing. With --dry-run: what it would do."""
    with _kindly():
        from cs_metrics.store.batches import Brought, import_batch, known_files
        from cs_metrics.store.dry_run import Answers, try_import
        from cs_metrics.store.known import accounts_known

        if still_customers and left:
            raise typer.BadParameter("customers the files do not name are --still-customers, or have --left: not both")
        answers = Answers(_day(left, "--left"), None, still_customers, _day(handed_over, "--handed-over"))
        known = accounts_known(into)
        reading = _read(sources, recipe, known).usable()
        files = [Brought(file.name, file.sha256, len(file.data)) for file in reading.files]
        for count in reading.counts:
            place, table = " · ".join(filter(None, (count.file, count.sheet))), count.table or "no known table"
            _say(f"{place}: {table}: {count.read} rows read, {count.kept} kept, {count.read - count.kept} left out")
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


def _read(sources: list[str], recipe: Path | None, known: frozenset[str] = frozenset()) -> Reading:
    """Read files and say what was assumed."""
    from cs_metrics.read.reading import read_paths
    from cs_metrics.read.recipe import recipe_of

    if recipe is not None and not recipe.is_file():
        raise typer.BadParameter(f"there is no recipe {recipe}")
    reading = read_paths(list(sources), recipe_of(recipe.read_text("utf-8"), recipe.name) if recipe else None, known)
    for assumed in reading.assumed:
        _say(f"assumed: {assumed}")
    return reading


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
    if any("://" in source for source in sources):
        from cs_metrics.store.known import batch_known_at, tables_known

        if len(sources) > 1:
            raise typer.BadParameter("give one database, or files and folders")
        tables = tables_known(sources[0], batch_known_at(sources[0], known_at) if known_at else None)
    else:
        if known_at:
            raise typer.BadParameter("--as-known-at asks a database, not files")
        reading = _read(sources, recipe).usable()
        for trouble in reading.troubles:
            _say(str(trouble))
        tables = reading.tables
    book = book_of(frames(tables), chosen, last)
    for note in book.notes:
        _say(note)
    return book.where(**_wanted(where))


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
