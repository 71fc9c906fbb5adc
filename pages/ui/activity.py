"""Activity on a page: the cadence and who fell out of it, coverage beside volume, what came of the work."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from cs_metrics.analysis import touch, work
from cs_metrics.book import Book, Dark
from cs_metrics.dials import dials_of
from cs_metrics.lately import FIRST_MONTH, LATER, TO_DAY_90
from cs_metrics.metrics.activity import AHEAD, reviews_prepared
from pages.ui.drill import Drill, table_of_figures
from pages.ui.health import rows_high
from pages.ui.lists import accounts, downloads, table
from pages.ui.plots import say
from pages.ui.set_dials import set_dials
from pages.ui.words import money, percent, plural

VOLUMES = {
    "touchpoints": "Touchpoints",
    "reviews": "Reviews",
    "trainings": "Trainings",
    "escalations": "Escalated",
    "resolved": "Resolved",
    "outcomes": "Outcomes",
    "documentation": "Articles",
}


def touched(book: Book) -> pd.DataFrame:
    """Every customer against its cadence, made once."""
    key = ("touch", book.known_on, *(each.of(book) for each in dials_of("cadence")))
    return book.answered(key, lambda: touch.touch(book))


def activity_answer(book: Book) -> None:
    """What to see first: how much MRR hears from us as often as it should."""
    try:
        rows = touched(book)
    except Dark as reason:
        st.info(f"Nothing is known of touchpoints. {reason}")
        return
    if rows.empty:
        st.info("There is no customer to touch.")
        return
    late = rows[rows["overdue"].notna()]
    share = late["mrr"].sum() / rows["mrr"].sum()
    if late.empty:
        st.success(f"Every one of {plural(len(rows), 'customer')} was touched within its cadence.")
        return
    first = late.iloc[late["mrr"].to_numpy().argmax()]
    say(
        f"**{plural(len(late), 'customer')}** of {len(rows):,} with **{money(late['mrr'].sum(), book)}** MRR "
        f"({percent(share)}) waited longer than the cadence allows; the largest pays {money(first['mrr'], book)} and "
        f"has waited {first['days_since']:.0f} days.",
        f"Counted on {book.known_on:%Y-%m-%d}.",
    )


def cadence_by_stage(book: Book) -> None:
    """The stages against their cadence, who is untouched for how long, and whom to call first."""
    try:
        rows = touched(book)
    except Dark as reason:
        st.info(str(reason))
        return
    left, right = st.columns([3, 2], gap="medium")
    with left:
        say("##### By stage")
        _stages(book, rows)
    with right:
        say("##### Untouched")
        _untouched(book, rows)
    say("##### Waiting too long")
    late = rows[rows["overdue"].notna()]
    if late.empty:
        st.success("Nobody.")
        return
    columns = ("name", "stage", "days_since", "allowed", "overdue", "mrr", "csm")
    accounts(late, "overdue", "Customers out of their cadence", columns, height="auto" if len(late) <= 8 else 320)


def _stages(book: Book, rows: pd.DataFrame) -> None:
    stages = touch.by_stage(rows)
    stages = stages[stages["accounts"] > 0].reset_index(drop=True)
    shown = pd.DataFrame(
        {
            "stage": [name.capitalize() for name in stages["stage"]],
            "Every": [f"{days:.0f} days" for days in stages["allowed"]],
            "customers": [f"{count:,}" for count in stages["accounts"]],
            "kept": [
                f"{count:,} · {percent(share)}" for count, share in zip(stages["kept"], stages["share"], strict=True)
            ],
            "Of MRR": [percent(share) for share in stages["mrr_share"]],
        }
    )

    def behind(place: int) -> Drill:
        mine = rows[rows["stage"] == stages["stage"][place]]
        told = f"**{stages['kept'][place]:,} of {plural(len(mine), 'customer')}** within the cadence."
        return Drill(f"Cadence, {stages['stage'][place]}", told, lambda: mine, book)

    config = {"kept": st.column_config.TextColumn("Cadence kept", alignment="right")}
    table_of_figures(shown, "stages", {"customers": behind}, config)


def _untouched(book: Book, rows: pd.DataFrame) -> None:
    found = touch.untouched(rows)
    shown = pd.DataFrame(
        {
            "for": [f"{days} days or more" for days in found["days"]],
            "customers": [f"{count:,}" for count in found["accounts"]],
            "mrr": [money(amount, book) for amount in found["mrr"]],
            "Of MRR": [percent(share) for share in found["share"]],
        }
    )

    def behind(place: int) -> Drill:
        mine = rows[rows["days_since"] >= found["days"][place]]
        return Drill(
            f"Untouched for {shown['for'][place]}", f"**{plural(len(mine), 'customer')}**.", lambda: mine, book
        )

    config = {"for": st.column_config.TextColumn("For")}
    table_of_figures(shown, "untouched", {"customers": behind, "mrr": behind}, config)


def coverage_beside_volume(book: Book, months: int) -> None:
    """Each CSM's coverage, and beside it how much was done; names in their order."""
    rows = book.answered(("work", months, book.known_on), lambda: work.work(book, months))
    if rows.empty or not rows["customers"].sum():
        st.info("There is no customer in this selection.")
        return
    names = rows["csm"].tolist()
    shown = pd.DataFrame(
        {
            "csm": names,
            "customers": [f"{count:,}" for count in rows["customers"]],
            "touched": [percent(share) for share in rows["touched"]],
            "mrr_touched": [percent(share) for share in rows["mrr_touched"]],
        }
    )
    done = work.acts(book, months)
    for name in done:
        shown[name] = [f"{count:,.0f}" for count in rows[name]]

    def held(place: int) -> Drill:
        mine = touched(book)
        mine = mine[mine["csm"] == names[place]]
        return Drill(f"Cadence, {names[place]}", f"**{plural(len(mine), 'customer')}**.", lambda: mine, book)

    def acts(name: str) -> Callable[[int], Drill]:
        def asked(place: int) -> Drill:
            mine = work.listed(book, done[name], names[place])
            return Drill(f"{VOLUMES[name]}, {names[place]}", f"**{len(mine):,}**.", lambda: mine, book)

        return asked

    text = st.column_config.TextColumn
    config = {
        "csm": text("CSM", pinned=True, width=130),
        "touched": text(
            "Cadence kept", alignment="right", help="Customers touched within the days their stage allows."
        ),
        "mrr_touched": text("… of MRR", alignment="right", help="Share of their MRR touched within the cadence."),
    }
    behind: dict[str, Callable[[int], Drill | None]] = {name: acts(name) for name in done if name != "documentation"}
    if "touchpoints" in done:
        behind["customers"] = held
    if "documentation" in done:
        config["documentation"] = text(VOLUMES["documentation"], alignment="right")
    table_of_figures(shown, "by_csm", behind, config, height=rows_high(len(shown), 520))
    downloads(rows, "by_csm", "Activity by CSM")
    lacking = [label for name, label in VOLUMES.items() if name not in done]
    say(
        "",
        f"Coverage first: many calls to one account do not raise it. It is of today's accounts; what was done in "
        f"the {plural(months, 'month')} to {book.last} counts for whoever did it. Reviews: QBRs and EBRs. "
        "Names in their order: no ranking." + (f" Not known here: {', '.join(lacking)}." if lacking else ""),
    )
    if "documentation" in done:
        _articles(done["documentation"][done["documentation"]["who"].isin(names)])


def _articles(rows: pd.DataFrame) -> None:
    """What these people wrote."""
    if len(rows):
        with st.expander(f"Articles and other documentation, {len(rows):,}"):
            table(rows.sort_values("day", ascending=False, kind="stable"), "documentation")


def results_of_work(book: Book, months: int) -> None:
    """Accounts whose health rose a band, escalations, confirmed outcomes, and how many could be references."""
    _healthier(book, months)
    _escalations(book, months)
    _outcomes(book, months)


def _healthier(book: Book, months: int) -> None:
    say("##### Healthier than before")
    rows = book.answered(("healthier", months, book.known_on), lambda: work.healthier(book, months))
    if rows.empty:
        st.info(f"No customer's health rose to a better band in the {plural(months, 'month')} to {book.last}.")
        return
    say(f"**{plural(len(rows), 'customer')}** with **{money(rows['mrr'].sum(), book)}** MRR rose to a better band.")
    columns = ("name", "band_before", "band", "health_before", "health", "mrr", "csm")
    accounts(rows, "healthier", "Healthier than before", columns, height="auto" if len(rows) <= 6 else 250)


def _escalations(book: Book, months: int) -> None:
    say("##### Escalations")
    if work.escalations(book) is None:
        st.info(
            "Nothing is known of escalations. Add escalated_to to the table risks, or escalated to the table tickets."
        )
        return
    rows = work.escalated(book, months)
    if rows.empty:
        st.success("Nothing is escalated, and nothing was.")
        return
    still = int(rows["resolved_on"].isna().sum())
    say(f"**{still:,}** open; **{len(rows) - still:,}** resolved in the {plural(months, 'month')} to {book.last}.")
    columns = ("name", "what", "opened_on", "resolved_on", "open_days", "mrr", "csm")
    accounts(rows, "escalations", "Escalations", columns, height="auto" if len(rows) <= 6 else 250)


def _outcomes(book: Book, months: int) -> None:
    say("##### Confirmed by the champion")
    done = work.acts(book, months).get("outcomes")
    if done is None:
        st.info("Add the table outcomes, with who confirmed each.")
        return
    ready, customers = book.answered(("reference coverage", book.known_on), lambda: work.reference_coverage(book))
    share = f" ({percent(ready / customers)})" if customers else ""
    say(
        f"**{plural(len(done), 'outcome')}** confirmed in the {plural(months, 'month')} to {book.last}. "
        f"**{ready:,} of {plural(customers, 'customer')}**{share} meet every criterion of a reference."
    )
    rows = pd.concat(
        [work.listed(book, done, name).assign(csm=name) for name in sorted(done["who"].unique())] or [done]
    )
    if len(rows):
        rows = rows.sort_values("day", ascending=False, kind="stable")
        accounts(rows, "outcomes_confirmed", "Confirmed outcomes", ("name", "day", "what", "mrr", "csm"), height=250)


def cadence_dials(book: Book) -> None:
    """How often a stage asks for a touchpoint and when a review is prepared; what other days would do."""
    set_dials([FIRST_MONTH, TO_DAY_90, LATER, AHEAD], book, "cadence", _effect)


def _effect(before: Book, after: Book) -> None:
    told = []
    try:
        was, would = (int(touched(book)["overdue"].isna().sum()) for book in (before, after))
        told.append(f"**{would:,}** customers would be within their cadence instead of {was:,}.")
    except Dark as reason:
        told.append(str(reason))
    if reviews_prepared.dark(before) is None:
        shares = [reviews_prepared.of(book, 3).iloc[-1] for book in (before, after)]
        if shares[0] != shares[1] and shares[0] == shares[0]:
            told.append(
                f"**{percent(shares[1])}** of a quarter's reviews would count as prepared, not {percent(shares[0])}."
            )
    say(" ".join(told))
