"""A book kept in a database: import, history, undo, changes."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from cs_metrics.cli.options import (
    As,
    By,
    Format,
    FromTable,
    Months,
    RecipeFile,
    Setting,
    Sources,
    Until,
    Where,
)
from cs_metrics.cli.program import app
from cs_metrics.cli.sources import read_sources, since_of
from cs_metrics.cli.words import day_of, kindly, month_of, pair, say, wanted, who
from cs_metrics.cli.writing import write

if TYPE_CHECKING:
    from cs_metrics.analysis.dry_run import DryRun
    from cs_metrics.read.reading import Reading
    from cs_metrics.store.dry_run import Answers


@app.command("import")
def import_(
    sources: Sources,
    into: Annotated[str, typer.Option(help="The database: sqlite:///book.db or postgresql://…")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would do; write nothing.")] = False,
    still_customers: Annotated[
        bool, typer.Option("--still-customers", help="Customers these files do not name are still here; the default.")
    ] = False,
    left: Annotated[
        str | None, typer.Option(help="The day, as 2025-03-31, on which customers these files do not name have left.")
    ] = None,
    handed_over: Annotated[
        str | None,
        typer.Option(
            help="The day from which accounts belong to the CSM these files name now, or never: they always did. "
            "Default: the day after the last month known."
        ),
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
    with kindly():
        from cs_metrics.store.batches import Brought, import_batch, known_files
        from cs_metrics.store.dry_run import try_import
        from cs_metrics.store.recipes import recipes_kept

        if still_customers and left:
            raise typer.BadParameter("customers the files do not name are --still-customers, or have --left: not both")
        said_by_hand = Said(day_of(left, "--left"), still_customers, handed_over)
        since = since_of(newer_than, into) if newer_than else None
        mappings = [each.text for each in recipes_kept(into)]
        reading = read_sources(sources, recipe, into, mappings, table, since).usable()
        files = [Brought(file.name, file.sha256, len(file.data)) for file in reading.files]
        for count in reading.counts:
            place, what = " · ".join(filter(None, (count.file, count.sheet))), count.table or "no known table"
            say(f"{place}: {what}: {count.read} rows read, {count.kept} kept, {count.read - count.kept} left out")
        if dry_run:
            for told in known_files(into, files):
                say(f"{told} An import would be refused.")
            for trouble in reading.troubles:
                say(str(trouble))
            plain = try_import(into, reading.tables, note=note, in_part=reading.in_part)
            answers = _answers(plain.run, said_by_hand)
            tried = try_import(into, reading.tables, answers, note=note, unanswered=plain, in_part=reading.in_part)
            for row in tried.counts.itertuples():
                say(f"{row.table}: {row.read} rows: {row.new} new, {row.changed} changed, {row.same} the same")
            if tried.run.why:
                say(tried.run.why)
            write(tried.run.rows(), format)
            return
        said = {}
        if _may_leave_open(into, reading):
            plain = try_import(into, reading.tables, note=note, in_part=reading.in_part)
            said = try_import(
                into,
                reading.tables,
                _answers(plain.run, said_by_hand),
                note=note,
                unanswered=plain,
                in_part=reading.in_part,
            ).said
        done = import_batch(into, reading.tables, files, who(), note, said=said, progress=say)
        say(f"batch {done.batch} imported")
        write(done.counts, format, "batch", "table", "read", "new", "changed", "same")


class Said(NamedTuple):
    """What the options say of accounts the files leave open."""

    left_on: date | None
    still_customers: bool
    handed_over: str | None


def _may_leave_open(into: str, reading: Reading) -> bool:
    """Can these files leave something open: accounts they do not name, or the day an account changed hands?"""
    from cs_metrics.read.check import account_ids
    from cs_metrics.store.known import accounts_known

    known = accounts_known(into)
    lists = {"accounts", "mrr", "subscriptions"} & set(reading.tables)
    accounts = reading.tables.get("accounts")
    named = accounts is not None and "csm" in accounts.column_names
    return bool(known) and (named or (bool(lists) and bool(known - account_ids(reading.tables))))


def _answers(run: DryRun, said: Said) -> Answers:
    """What was said of accounts the files leave open; what was not is taken as on the Data page, and told."""
    from cs_metrics.store.dry_run import Answers, usual_answers

    if run.instead:
        say(run.instead)
    usual = usual_answers(run)
    gone, moved = run.of("missing"), run.moves[~run.moves["dated"].astype(bool)]
    if len(gone) and said.left_on is None:
        told = "" if said.still_customers else "; --left DATE says they are gone"
        say(
            f"assumed: {len(gone):,} customers with MRR {gone['mrr_before'].sum():,.2f} are not in these files and are "
            f"still customers, their last MRR repeated in the months the files bring{told}"
        )
    handed = usual.handed_over
    if said.handed_over is not None:
        handed = None if said.handed_over == "never" else day_of(said.handed_over, "--handed-over")
    elif handed is not None:
        say(
            f"assumed: {len(moved):,} accounts with another CSM changed hands on {handed}; --handed-over DATE says "
            "another day, --handed-over never that they always had this CSM"
        )
    return Answers(said.left_on, None, usual.still_here and said.left_on is None, handed)


@app.command()
def history(database: Annotated[str, typer.Argument(help="The database.")], format: As = Format.table) -> None:
    """The batches of a database, latest first."""
    with kindly():
        from cs_metrics.store.batches import history as table

        rows = table(database)
        write(rows.assign(money=rows["money"].astype("float64") / 3600), format)


@app.command()
def undo(
    batch: Annotated[int, typer.Argument(help="The number of the batch.")],
    database: Annotated[str, typer.Argument(help="The database.")],
    note: Annotated[str, typer.Option(help="A note for the history.")] = "",
    format: As = Format.table,
) -> None:
    """Take a batch back. Nothing is deleted: the undo is a batch of its own."""
    with kindly():
        from cs_metrics.store.batches import undo as take_back

        done = take_back(database, batch, who(), note)
        say(f"batch {batch} undone, as batch {done.batch}")
        write(done.counts, format, "batch", "table", "taken_back", "new")


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
    with kindly():
        from cs_metrics.analysis.changes_since import ACCOUNT_COLUMNS, COLUMNS, Known, changes_since
        from cs_metrics.book import Settings
        from cs_metrics.metric import named
        from cs_metrics.store.known import batch_known_at, tables_known
        from cs_metrics.tables import frames

        named_now = dict(pair(text, "--setting") for text in setting or ())
        named_then = named_now | dict(pair(text, "--setting-then") for text in setting_then or ())
        then, now = batch_known_at(database, since), batch_known_at(database, as_known_at) if as_known_at else None
        found = changes_since(
            Known(frames(tables_known(database, then)), Settings.of(**named_then)),
            Known(frames(tables_known(database, now)), Settings.of(**named_now)),
            named(metric or DEFAULT_CHANGES),
            months,
            by,
            wanted(where),
            month_of(until, "--until") if until else None,
        )
        later = f"batch {now}" if now else "now"
        say(f"from the figures for {found.then}, known at batch {then}, to those for {found.now}, known {later}")
        write(found.accounts if accounts else found.rows, format, *(ACCOUNT_COLUMNS if accounts else COLUMNS))


DEFAULT_CHANGES = ("mrr", "net_revenue_retention", "gross_revenue_retention", "logo_retention")
