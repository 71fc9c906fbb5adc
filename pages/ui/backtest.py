"""Would the score have told us? The score and the pulse as known at past quarter-ends against what happened after."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from cs_metrics import charts
from cs_metrics.analysis.backtest import FEWEST_LOSSES, record
from cs_metrics.analysis.calibration import Calibration, calibration
from cs_metrics.analysis.quarter_ends import HORIZON, Then, then
from cs_metrics.analysis.score_and_pulse import BOTH, DATA, GUT, WORKED, Contest, budgets, contest, snapshots_of
from cs_metrics.book import Book
from cs_metrics.health import LEAST_KNOWN
from cs_metrics.units import RATIO
from pages.ui.dial_editor import keep_button
from pages.ui.lists import table
from pages.ui.past import counted, shown, whole_until
from pages.ui.pickers import whole as latest
from pages.ui.plots import chart, say
from pages.ui.proposed import proposed_weights
from pages.ui.tiles import figures
from pages.ui.words import percent, plural


def backtest(book: Book) -> None:
    """The verdict, data against gut, quarter by quarter, what scores stood for, and weights the past proposes."""
    company = whole_until(book)
    with shown("Scoring the past") as progress:
        past = book.answered("back-test", lambda: then(company, HORIZON, counted(company, book), progress))
    told = snapshots_of(past)
    losses = sum(int(day.lost.sum()) for day in told)
    if losses < FEWEST_LOSSES:
        _too_few(past, losses)
        return
    answer = st.container()
    budget = budgets(company, past, _worked(book))
    days = {day.day for day in told}
    found = record(told, [count for count, each in zip(budget, past, strict=True) if f"{each.day}" in days])
    with answer:
        _verdict(found.iloc[-1], book)
    _gut_and_data(contest(past, budget, LEAST_KNOWN.of(company)))
    left, right = st.columns(2, gap="medium")
    with left:
        _by_quarter(found)
    with right:
        _stood_for(calibration(told))
    proposed_weights(company, past, book)


def _too_few(past: list[Then], losses: int) -> None:
    """Why nothing can be said, and what would help."""
    if not past:
        st.info(
            f"A back-test needs quarter-ends with {HORIZON} days of revenue after them. The book has none yet: "
            "upload more months of revenue."
        )
    elif not any((each.health == each.health).any() for each in past):
        st.info(
            "No customer had a health score at a past quarter-end: too little was known then. Upload usage, tickets, "
            "surveys, touchpoints, invoices or pulses with their dates."
        )
    else:
        st.info(
            f"{plural(losses, 'customer')} with a score {'was' if losses == 1 else 'were'} lost after "
            f"{plural(len(past), 'quarter-end')}. Below {FEWEST_LOSSES} losses a good score cannot be told from luck, "
            "so there is no back-test yet."
        )
    st.page_link("1_book/3_data.py", label="Go to Data")


def _worked(book: Book) -> float:
    """How many accounts a CSM can work at a time: as kept, or as tried here."""
    kept = WORKED.of(book)
    left, right = st.columns([1, 2], vertical_alignment="bottom")
    with left:
        tried = st.number_input(
            WORKED.label, int(WORKED.least), int(WORKED.most), int(kept), key="worked", bind="query-params",
            help="The riskiest so many for every CSM are looked at in each quarter.",
        )  # fmt: skip
    with right:
        if tried != kept and book.last == latest().last:
            keep_button({WORKED.name: float(tried)}, "worked_dial")
    return float(tried)


def _verdict(every: pd.Series, book: Book) -> None:
    """Whether there is skill, in a sentence, and the four figures."""
    low, high = every["low"], every["high"]
    range_said = f"95 % range {100 * low:.0f} to {100 * high:.0f}" if low == low else "too few for a range"
    skill = (
        "That is skill." if low > 0.5
        else "**That is worse than chance.**" if high < 0.5
        else "**That is no skill that could be told from chance.**"
    )  # fmt: skip
    say(
        f"Of a customer that was lost and one that stayed, the health score had the lost one lower "
        f"**{100 * every['auc']:.0f} times in 100** ({range_said}; 50 is chance). {skill}"
    )
    figures(
        {
            "AUC": f"{every['auc']:.3f}",
            "Lost, of those worked": percent(every["precision"]),
            "Worked, of those lost": percent(every["recall"]),
            "Against chance": f"{every['lift']:.1f} ×",
        },
        book,
    )
    say(
        "",
        f"{int(every['n']):,} scores of customers at past quarter-ends, each as known on its day and with the weights "
        f"then in force; {int(every['events']):,} were lost in the {HORIZON} days after: left, or paid half or less. "
        "The range counts an account's quarter-ends as one.",
    )


def _gut_and_data(found: Contest) -> None:
    """Data alone, pulse alone, both: on the same customers."""
    say("##### Data, gut, or both")
    if found.reason:
        st.info(found.reason)
        return
    rows = found.table
    shown_rows = pd.DataFrame(
        {
            "score": rows["score"],
            "AUC": [RATIO.write(value) for value in rows["auc"]],
            "range": [_range(low, high) for low, high in zip(rows["low"], rows["high"], strict=True)],
            "lost, of worked": [percent(value) for value in rows["precision"]],
            "worked, of lost": [percent(value) for value in rows["recall"]],
            "against chance": [f"{value:.1f} ×" for value in rows["lift"]],
        }
    )
    column = st.column_config.TextColumn
    config = {
        "score": column("Score", pinned=True, width=250),
        "AUC": column("AUC", help="1 is perfect, 0.5 chance."),
        "range": column("95 % range"),
        "lost, of worked": column("Lost, of those worked"),
        "worked, of lost": column("Worked, of those lost"),
        "against chance": column("Against chance"),
    }
    table(shown_rows, "gut_and_data", config=config)
    say(
        f"{_adds('The pulse', found, DATA)} {_adds('The data', found, GUT)}",
        f"On the {int(rows['n'].iloc[0]):,} scores of customers of whom the data and a pulse were known, so that all "
        "three are asked the same.",
    )
    assert BOTH in set(rows["score"])


def _adds(what: str, found: Contest, alone: str) -> str:
    """What the one adds to the other alone, and whether that can be told from luck."""
    gain = found.adds[alone]
    other = "data" if alone == DATA else "pulse"
    size = f"{gain.value:+.3f} AUC (95 % range {gain.low:+.3f} to {gain.high:+.3f})".replace("-", "−")
    word = (
        f"adds to the {other} alone" if gain.low > 0
        else f"takes from the {other} alone" if gain.high < 0
        else f"adds nothing to the {other} alone that could be told from luck"
    )  # fmt: skip
    return f"{what} {word}: {size}."


def _by_quarter(found: pd.DataFrame) -> None:
    """AUC quarter by quarter, and the figures behind it."""
    say("##### Quarter by quarter")
    told = found[found["auc"].notna()]
    rows = told.rename(columns={"auc": "expected"}).assign(
        name=[str(day) if day != "all" else "all together" for day in told["as_of"]]
    )
    chart(
        charts.ranges(rows.set_index("name")[["expected", "low", "high"]], RATIO),
        key="auc_by_quarter",
        alt="AUC of the health score at each past quarter-end with its range",
        footer=f"AUC with its 95 % range; 0.50 is chance. Quarter-ends with fewer than {FEWEST_LOSSES} losses after "
        "them stand in the table only.",
    )
    with st.expander("The figures"):
        shown_rows = found.assign(**{c: [percent(v) for v in found[c]] for c in ("precision", "recall")})
        shown_rows = shown_rows.assign(
            **{c: [RATIO.write(v) for v in found[c]] for c in ("auc", "low", "high", "lift")}
        )
        labels = {
            "as_of": "As of",
            "n": "Customers",
            "events": "Lost",
            "auc": "AUC",
            "low": "Low",
            "high": "High",
            "lift": "Against chance",
            "precision": "Lost, of those worked",
            "recall": "Worked, of those lost",
        }
        table(shown_rows.rename(columns=labels), "by_quarter")


def _stood_for(found: Calibration | None) -> None:
    """What a score stood for: the share lost by bands of the score, and what was to be expected."""
    say("##### What a score stood for")
    if found is None:
        st.info("Too few losses to tell.")
        return
    known = found.skill == found.skill
    sentence = (
        f"{found.expected:.0f} losses were to be expected of these scores by the quarters before, {found.lost:,} came."
        + (f" The score explains {percent(found.skill)} of what a mere average leaves open." if found.skill > 0
           else " **As a chance it is no better than a mere average.**")
        if known else "There is too little before these quarter-ends to learn from, so nothing was to be expected."
    )  # fmt: skip
    slope = f" Slope {found.slope:.2f}; 1 is as sure as it should be." if known else ""
    chart(
        charts.calibration(found.bands),
        key="calibration",
        alt="Share of customers lost by fifths of the health score",
        sentence=sentence,
        footer=f"Fifths of the customers by score, at {len(found.days)} quarter-ends from {found.days[0]}. A score is "
        f"no chance: what is to be expected of one was learned on the quarters before.{slope}",
    )
    with st.expander("The figures"):
        bands = found.bands
        rows = pd.DataFrame(
            {
                "score": [f"{a:.0f} to {b:.0f}" for a, b in zip(bands["from_score"], bands["to_score"], strict=True)],
                "scores": bands["n"],
                "lost": bands["lost"],
                "share lost": [percent(value) for value in bands["share"]],
                "likely": [
                    f"{100 * a:.1f}–{100 * b:.1f} %" if a == a else "–"
                    for a, b in zip(bands["low"], bands["high"], strict=True)
                ],
                "expected": [percent(value) for value in bands["expected"]],
            }
        )
        table(rows, "calibration_table")


def _range(low: float, high: float) -> str:
    return f"{low:.2f} to {high:.2f}" if low == low else "–"
