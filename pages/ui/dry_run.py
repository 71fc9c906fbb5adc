"""The Data page's dry run: what an import would do, and the questions the files leave open."""

from __future__ import annotations

import math
from datetime import date

import pandas as pd
import streamlit as st

from cs_metrics.analysis.dry_run import AT_RISK, DryRun
from cs_metrics.analysis.said import usual_day
from cs_metrics.book import Book
from cs_metrics.metric import METRICS
from cs_metrics.read.reading import Reading
from cs_metrics.store.batches import latest_batch
from cs_metrics.store.dry_run import Answers, Tried, try_import, usual_answers
from cs_metrics.units import COUNT, MONEY
from pages.ui.company import store_of_own
from pages.ui.lists import downloads, table
from pages.ui.pickers import PERIODS, settings
from pages.ui.words import escaped, plural

STILL, LEFT, SOME = "They are still customers", "They have left", "Some of them have left"
HANDED, ALWAYS = "They changed hands", "They always had this CSM"
ACCOUNT_COLUMNS = ["name", "account_id", "csm", "mrr_before", "mrr_after", "note"]
MOST_SHOWN = 500


def dry_run(reading: Reading) -> dict[str, pd.DataFrame]:
    """Show what importing would do; what was said of accounts the files leave open, as rows for the same batch."""
    st.markdown("##### What importing would do")
    plain = _tried(reading, Answers())
    if plain.run.instead:
        st.warning(escaped(plain.run.instead))
    answers = _asked(plain.run, key=reading.files[0].sha256[:10])
    found = _tried(reading, answers)
    if found.run.why:
        st.info(escaped(found.run.why))
    if reading.in_part:
        st.caption("Only what changed was read. Whatever is not among it stays as it is.")
    _figures(found.run)
    _counts(found.counts, reading)
    _lists(plain.run, found.run)
    return found.said


def _tried(reading: Reading, answers: Answers) -> Tried:
    """The rehearsal of an import; made once for a reading, the state of the book and the answers."""
    months = PERIODS.get(st.session_state.get("period") or "Quarter", 3)
    key = (latest_batch(store_of_own()), settings(), months, answers)
    kept = st.session_state.get("tried")
    if kept is None or kept[0] is not reading:
        kept = st.session_state["tried"] = (reading, {})
    if key not in kept[1]:
        with st.spinner("Trying the import…"):
            note = f"not in {', '.join(file.name for file in reading.files)}"
            plain = kept[1].get((*key[:-1], Answers()))
            kept[1][key] = try_import(
                store_of_own(),
                reading.tables,
                answers,
                settings(),
                months,
                note,
                unanswered=plain,
                in_part=reading.in_part,
            )
    return kept[1][key]


# --- questions ------------------------------------------------------------------------------------------------------


def _asked(run: DryRun, key: str) -> Answers:
    """What the files leave open, asked: customers they do not name, CSMs they change without a day."""
    gone, undated = run.of("missing"), run.moves[~run.moves["dated"].astype(bool)]
    if run.before is None or (gone.empty and undated.empty):
        return Answers()
    usual = usual_answers(run).handed_over or usual_day(run.before)
    left_on, who_left, still = _asked_of_missing(gone, run, usual, key) if len(gone) else (None, None, False)
    return Answers(left_on, who_left, still, _asked_of_moves(undated, usual, key) if len(undated) else None)


def _asked_of_missing(
    gone: pd.DataFrame, run: DryRun, usual: date, key: str
) -> tuple[date | None, tuple[str, ...] | None, bool]:
    with st.container(border=True, key="ask_missing"):
        amount = MONEY.write(gone["mrr_before"].sum(), run.before.currency if run.before else "")
        st.markdown(
            f"**{plural(len(gone), 'customer')}** with MRR of **{escaped(amount)}** "
            f"{'is' if len(gone) == 1 else 'are'} not in what was read. Have they left?"
        )
        said = st.radio(
            "Customers not in these files", [STILL, LEFT, SOME], key=f"missing_{key}", label_visibility="collapsed"
        )
        if said == STILL:
            if not run.instead:
                st.caption("Where the files bring new months, their last MRR is repeated in them.")
            return None, None, True
        chosen = None
        if said == SOME:
            names = dict(zip(gone["account_id"], gone["name"], strict=True))
            chosen = tuple(
                st.multiselect(
                    "Who has left?", list(names), format_func=lambda i: f"{names[i]} ({i})", key=f"missing_who_{key}"
                )
            )
        day = st.date_input("First day without service", usual, key=f"missing_day_{key}", width=220)
        st.caption("From then on they have no MRR, and the loss is kept with its day. The others go on as before.")
        return (day if isinstance(day, date) else usual), chosen, said == SOME


def _asked_of_moves(moves: pd.DataFrame, usual: date, key: str) -> date | None:
    with st.container(border=True, key="ask_moves"):
        what = "account has" if len(moves) == 1 else "accounts have"
        st.markdown(f"**{len(moves):,} {what} another CSM** than before, and the files give no day. What happened?")
        said = st.radio("Accounts with another CSM", [HANDED, ALWAYS], key=f"moved_{key}", label_visibility="collapsed")
        if said == ALWAYS:
            st.caption("The figures of all earlier months move to the CSM named now.")
            return None
        day = st.date_input("From", usual, key=f"moved_day_{key}", width=220)
        return day if isinstance(day, date) else usual


# --- what it would do -----------------------------------------------------------------------------------------------


def _figures(run: DryRun) -> None:
    """The figures that would move, side by side."""
    book = run.after or run.before
    if book is None:
        return
    with st.grid(6, min_column_width=150, gap="small"):
        for row in run.figures.itertuples():
            _figure(row.figure, row.before, row.after, book)
    first, last = (run.figures[name].iloc[0] for name in ("month_before", "month_after"))
    if first is None:
        st.caption(f"Figures for {last}. There is nothing to compare with yet.")
    else:
        months = f"{first}" if first == last else f"{first} before, {last} after"
        st.caption(f"The last month known: {months}. Nothing is written yet.")


def _figure(name: str, before: float, after: float, book: Book) -> None:
    metric = METRICS.get(name)
    full, unit = (metric.label, metric.unit) if metric else ("Accounts at risk", COUNT)
    label = full.replace(" revenue", "")
    good = metric.good if metric else "down"
    moved = after - before
    delta = None
    if math.isfinite(moved):
        delta = unit.write_difference(moved, book.currency).replace("\u2212", "-") if abs(moved) > 1e-9 else "no change"
    st.metric(
        label,
        unit.write(after, book.currency),
        delta=delta,
        delta_color="off" if delta == "no change" else "inverse" if good == "down" else "normal",
        delta_arrow="off" if delta == "no change" else "auto",
        help=f"{full}. Before: {unit.write(before, book.currency)}."
        + (" By the signals there are." if name == AT_RISK else ""),
        border=True,
    )


def _counts(counts: pd.DataFrame, reading: Reading) -> None:
    """Rows per table: read from the files, and what becomes of them."""
    kept = pd.DataFrame(reading.counts, columns=["file", "sheet", "table", "in_files", "kept"])
    left = kept[kept["table"] != ""].groupby("table")[["in_files", "kept"]].sum()
    shown = counts[["table", "read", "new", "changed", "same"]].rename(columns={"read": "rows"})
    shown["left_out"] = shown["table"].map(left["in_files"] - left["kept"]).fillna(0).astype(int)
    table(shown, "dry_run_counts", height="content")


def _lists(plain: DryRun, run: DryRun) -> None:
    """Accounts new, changed, missing, handed over, and those that may be one and the same."""
    near = run.near[["group", "name", "account_id", "domain", "because"]].rename(columns={"because": "why"})
    lists = {
        "New": run.of("new")[["name", "account_id", "csm", "mrr_after"]],
        "Changed": run.of("changed")[ACCOUNT_COLUMNS],
        "Missing": run.of("missing")[["name", "account_id", "csm", "mrr_before", "mrr_after"]],
        "Hand-overs": run.moves[["name", "account_id", "before", "after", "from_date", "mrr"]].rename(
            columns={"before": "csm_before", "after": "csm_after"}
        ),
        "Possible duplicates": near,
    }
    if plain.before is None:
        lists = {"Possible duplicates": near}
    lists = {name: rows for name, rows in lists.items() if len(rows)}
    if not lists:
        return
    for tab, (name, rows) in zip(st.tabs([f"{n}: {len(r):,}" for n, r in lists.items()]), lists.items(), strict=True):
        with tab:
            key = f"dry_run_{name.casefold().replace(' ', '_').replace('-', '_')}"
            if name == "Possible duplicates":
                st.caption(
                    "They share a domain or a name. Nothing is merged: put it right at the source if they are one."
                )
            money = {column: 2 for column in ("mrr", "mrr_before", "mrr_after") if column in rows}
            table(rows.head(MOST_SHOWN).round(money), key, height=min(320, 38 + 35 * len(rows)))
            downloads(rows, key, name)
