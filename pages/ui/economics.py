"""Economics on a page: where the work pays, what a customer is worth, what was spent, where the team stands."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from cs_metrics import charts
from cs_metrics.analysis import maturity
from cs_metrics.analysis.lifetime_value import CAP, DISCOUNT, MONTHS, lifetime_value
from cs_metrics.analysis.profitability import acquisition, not_carried, profitability, tiered, why_dark
from cs_metrics.analysis.shifted_beta import FEWEST_ACCOUNTS, FEWEST_RENEWALS
from cs_metrics.book import Book
from cs_metrics.dials import in_force
from cs_metrics.metric import METRICS
from cs_metrics.metrics.economics import net_profitability
from cs_metrics.spending import MARGIN, WRITE_OFF
from cs_metrics.units import MONEY, PERCENT, RATIO
from pages.ui.drill import Drill, drill, table_of_figures
from pages.ui.pickers import choose, year_or_less
from pages.ui.plots import chart, say
from pages.ui.words import escaped, money, percent, plural

YEARS_SHOWN = 25
NO_COSTS = "Upload costs (month, kind, amount; CSM or segment where it is theirs) on the Data page to see the rest."


def lately(book: Book, months: int) -> Book:
    """The book of the last two years and a period: what the cards show needs no more."""
    return book.answered(("lately of economics", months), lambda: book.since(book.last - YEARS_SHOWN - months))


def maturity_answer(book: Book) -> None:
    """Where the team stands and what comes next, in one sentence."""
    found = book.answered("maturity", lambda: maturity.steps(book))
    say(f"**{escaped(maturity.sentence(found))}**")
    if not _margin_set(book) and not why_dark(book, 1):
        say("", "No gross margin is set: revenue counts whole. Set yours under Allocation.")


def _margin_set(book: Book) -> bool:
    return (MARGIN.name, "") in in_force(book)


def where_it_pays(book: Book, months: int) -> None:
    """What is left of the revenue by segment, CSM, tier or any attribute; the parts add up."""
    if reason := why_dark(book, months):
        st.info(f"{reason} {NO_COSTS}")
        return
    asked = book.answered(("tiered", months), lambda: tiered(book, months))
    names = [name for name in book.groupings if name not in ("product", "tier")]
    names = [*(n for n in ("segment", "csm") if n in names), "tier", *(n for n in names if n not in ("segment", "csm"))]
    by = choose("By", names, key="economics_by")
    rows = asked.answered(("profitability", months, by), lambda: profitability(asked, months, by))
    whole = book.answered(("profitability", months, None), lambda: profitability(book, months)).iloc[0]
    known = rows[rows["net_profitability"].notna()].set_index("group")
    chart(
        charts.by_group(known["net_profitability"], PERCENT, whole["net_profitability"]),
        key="economics_groups",
        alt=f"Net profitability by {by}",
        sentence=f"Of {money(whole['revenue'], book)} of revenue, **{money(whole['left'], book)}** is left: "
        f"{money(whole['renew'], book)} went to renew, {money(whole['expand'], book)} to expand, "
        f"{money(whole['acquire'], book)} of the cost to acquire was written off.",
        footer=f"{net_profitability.sentence(months)} {net_profitability.basis(book, months)}. "
        "In the order of their names; a click opens the accounts.",
        behind=lambda point: Drill.of(net_profitability, _cut(asked, months), months, by, str(point["x"])),
    )
    _groups_table(rows, asked, months, by)
    say("", _adds_up(book, asked, months, by))


def _cut(book: Book, months: int) -> Book:
    """Two periods are what a list of accounts compares."""
    return book.since(book.last - (2 * months - 1))


def _groups_table(rows: pd.DataFrame, book: Book, months: int, by: str) -> None:
    labels = rows["group"].astype(str).tolist()
    shown = pd.DataFrame({"group": labels})
    for name, label in (
        ("revenue", "Revenue"),
        ("margin", "Gross margin"),
        ("renew", "To renew"),
        ("expand", "To expand"),
        ("acquire", "To acquire, written off"),
        ("left", "Left"),
        ("cost_per_customer", "Per customer kept"),
    ):
        shown[label] = [MONEY.write(value, book.currency) for value in rows[name]]
    shown["Per unit of MRR kept"] = [RATIO.write(value) for value in rows["cost_per_mrr"]]
    shown.insert(1, net_profitability.label, [PERCENT.write(value) for value in rows["net_profitability"]])
    opened = {
        net_profitability.label: lambda row: Drill.of(net_profitability, _cut(book, months), months, by, labels[row]),
        "Per customer kept": lambda row: Drill.of(
            METRICS["customer_retention_cost"], _cut(book, months), months, by, labels[row]
        ),
        "Per unit of MRR kept": lambda row: Drill.of(
            METRICS["retention_cost_per_mrr"], _cut(book, months), months, by, labels[row]
        ),
    }
    table_of_figures(shown, "economics_table", opened)


def _adds_up(book: Book, asked: Book, months: int, by: str) -> str:
    lost = book.answered(("not carried", months), lambda: not_carried(book, months))
    said = "The groups add up to the whole, and the accounts to the groups, to the cent."
    if lost:
        said += f" {money(lost, book)} of costs is in no figure: nobody was a customer in that month."
    if by == "tier" and "tier" not in book.accounts:
        said += " Tiers are by the most an account paid per month in the period, among all that paid."
    if by == "csm":
        said += (
            " An account counts for its owner by the rule chosen, in revenue and in costs; one that had none at the "
            "opening, as new ones have, is unassigned."
        )
    return said


def costs_of(book: Book, months: int) -> None:
    """What was spent in the period, and on what; what is still to be written off."""
    if reason := why_dark(book, months):
        st.info(f"{reason} {NO_COSTS}")
        return
    whole = book.answered(("profitability", months, None), lambda: profitability(book, months)).iloc[0]
    spent = {"To renew": whole["renew"], "To expand": whole["expand"], "To acquire, written off": whole["acquire"]}
    chart(
        charts.by_group(pd.Series(spent), MONEY, currency=book.currency),
        key="spent",
        alt="What was spent to renew, to expand and written off of the cost to acquire",
        sentence=f"**{money(sum(spent.values()), book)}** in the {plural(months, 'month')} to {book.last}, "
        f"{percent(sum(spent.values()) / whole['revenue'] if whole['revenue'] else None)} of revenue.",
        footer="The part carried by the accounts in view. A click opens them.",
        behind=lambda point: _spent_drill(book, months, str(point["x"])),
    )
    found = book.answered("acquisition", lambda: acquisition(book))
    about = (
        f"Spent to acquire is written off over {WRITE_OFF.written(WRITE_OFF.of(book))} months: of all in the table, "
    )
    about += f"{money(found['written_off'], book)} is written off by {book.last}, "
    about += f"{money(found['still'], book)} is still to come."
    if found["short"]:
        about += " The table does not reach back that far, so what is written off now is too low."
    say("", about)


def _spent_drill(book: Book, months: int, label: str) -> Drill:
    """The accounts that carry a part of the costs."""
    from cs_metrics.analysis.profitability import PARTS

    name = {"To renew": "renew", "To expand": "expand"}.get(label, "acquire")
    asked = _cut(book, months)
    rows = PARTS[name].explain(asked, None, months)
    total = rows["top"].sum()
    shown = rows[["account_id", "name", "opening", "closing", "top", "note"]]
    return Drill(
        f"{label}, {book.last}",
        f"**{money(total, book)}**, carried by {plural(len(rows), 'account')}.",
        lambda: shown,
        book,
    )


def lifetime_values(book: Book) -> None:
    """What a customer is worth over its life, simply and from survival, by group."""
    names = [name for name in book.groupings if name not in ("product", "csm")]
    by = choose("By", names, key="clv_by") if names else None
    rows = book.answered(("lifetime value", by), lambda: lifetime_value(book, by))
    whole = book.answered(("lifetime value", None), lambda: lifetime_value(book))
    if whole.empty:
        st.info("Nobody pays at the end of this month: there is no customer to value.")
        return
    _lifetime_sentence(whole.iloc[0], book)
    seen = rows[rows["survived"].notna()].set_index("group")
    if len(seen):
        figure = seen.rename(columns={"survived": "expected"})[["expected", "low", "high"]]
        chart(
            charts.ranges(figure, MONEY),
            key="clv",
            alt="Lifetime value from survival, with its range, by group",
            footer="The point: from survival. The line: where 95 of 100 such books would leave it.",
        )
    _lifetime_table(rows, book, by)
    say(
        "",
        f"Simple: ARPA × gross margin ÷ customers lost per month over the last year, {CAP} months where nobody was "
        f"lost. From survival: the share still here each month × ARPA × gross margin, discounted by "
        f"{DISCOUNT.written(DISCOUNT.of(book))} a year, over at most {MONTHS.written(MONTHS.of(book))} months that "
        f"were seen. Whole life: projected from yearly renewals, from {FEWEST_RENEWALS} renewals and "
        f"{FEWEST_ACCOUNTS} accounts on. Gross margin: {MARGIN.written(MARGIN.of(book))}"
        f"{'' if _margin_set(book) else ', for none is set'}.",
    )


def _lifetime_sentence(row: pd.Series, book: Book) -> None:
    if row["survived"] != row["survived"]:
        say(f"A customer is worth **{money(row['simple'], book)}**, taken simply. {escaped(row['why'])}")
        return
    least = "at least " if row["at_least"] else ""
    ends = f", likely {money(row['low'], book)} to {money(row['high'], book)}" if row["low"] == row["low"] else ""
    say(
        f"A customer is worth **{money(row['survived'], book)}** in its first {row['months_seen']:.0f} months{ends}; "
        f"taken simply, {least}{money(row['simple'], book)} over {row['lifetime_months']:.0f} months. "
        "The simple way takes for granted that losses stay as they were in the last year."
    )


def _lifetime_table(rows: pd.DataFrame, book: Book, by: str | None) -> None:
    labels = ["All"] if by is None else rows["group"].astype(str).tolist()

    def write(value: float) -> str:
        return MONEY.write(value, book.currency)

    shown = pd.DataFrame(
        {
            "group": labels,
            "ARPA": [write(value) for value in rows["arpa"]],
            "Lost per month": [f"{100 * v:.2f} %" if v == v else "–" for v in rows["monthly_churn"]],
            "Simple": [
                ("at least " if least else "") + write(value)
                for value, least in zip(rows["simple"], rows["at_least"], strict=True)
            ],
            "From survival": [write(value) for value in rows["survived"]],
            "Likely": [
                f"{write(low)} to {write(high)}" if low == low else "–"
                for low, high in zip(rows["low"], rows["high"], strict=True)
            ],
            "Months seen": [f"{value:.0f}" if value == value else "–" for value in rows["months_seen"]],
            "Whole life": [write(value) for value in rows["projected"]],
        }
    )

    def behind(name: str, months: int, row: int) -> Drill:
        return Drill.of(METRICS[name], book, months, by, labels[row] if by else None)

    year = min(12, max(book.closes - 1, 1))
    opened = {
        "ARPA": lambda row: behind("arpa", 1, row),
        "Lost per month": lambda row: behind("logo_churn_rate", year, row),
    }
    table_of_figures(shown, "clv_table", opened)


def maturity_steps(book: Book) -> None:
    """The three steps, each with its figure, its target, and the accounts behind it."""
    months = year_or_less(book)
    found = book.answered(("maturity", months), lambda: maturity.steps(book, months))
    with st.grid(3, min_column_width=210, gap="small"):
        for number, step in enumerate(found, 1):
            name = step.metric.name
            with st.container(border=True, key=f"maturity_{name}", height="stretch"):
                st.metric(f"{number}. {step.metric.label}", step.metric.unit.write(step.value))
                wanted = f"wanted {step.metric.unit.write(step.target)}"
                stands = {True: "reached", False: "not reached", None: step.dark or "not known"}[step.reached]
                st.caption(escaped(f"{wanted} · {stands}"))
                if step.reached is not None:
                    st.button(
                        "Explain",
                        icon=":material/table_rows:",
                        key=f"maturity_explain_{name}",
                        type="tertiary",
                        on_click=lambda metric=step.metric: drill(Drill.of(metric, _cut(book, months), months)),
                    )
    say("", "Keeping comes first, then growing, then earning: growth that leaks does not last. Over twelve months.")
