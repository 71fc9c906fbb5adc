"""What the Retention page says of movements, rates over time and groups, and what lies behind their marks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from cs_metrics import charts
from cs_metrics.analysis.bridge import WORDS
from cs_metrics.analysis.movements import last_period
from cs_metrics.book import Book
from cs_metrics.export import Figure
from cs_metrics.metric import Metric
from cs_metrics.units import MONEY
from pages.ui.drill import Drill, table_of_figures
from pages.ui.plots import chart
from pages.ui.series import series_of
from pages.ui.words import money, plural


def movement_sentence(moved: pd.Series, book: Book) -> str:
    """What to see in the waterfall, in one sentence."""
    won = moved["new"] + moved["expansion"] + moved["reactivation"]
    lost = -moved["contraction"] - moved["churn"]
    grew = moved["closing"] - moved["opening"]
    direction = "grew" if grew > 0 else "shrank" if grew < 0 else "stayed level"
    by = f" by {money(abs(grew), book)}" if grew else ""
    gone = money(-moved["churn"], book)
    return (
        f"MRR {direction}{by}: {money(won, book)} came, {money(lost, book)} went, {gone} of it with accounts that left."
    )


def movement_basis(book: Book, months: int) -> str:
    """On what the waterfall stands."""
    how = "between the two ends" if book.settings.waterfall == "ends" else "sum of monthly movements"
    rates = (
        ""
        if book.one_currency
        else " · exchange rates of the opening"
        if book.settings.fx == "constant"
        else " · each month's own exchange rate"
    )
    return (
        f"{plural(months, 'month')} to {book.last} · {how}{rates} · each month's movements belong to that month's owner"
    )


def movement_drill(book: Book, months: int, point: dict[str, Any]) -> Drill | None:
    """The accounts behind a bar of the waterfall."""
    kind = point.get("customdata")
    kind = kind[0] if isinstance(kind, list) else kind
    if not kind:
        return None
    label = WORDS.get(str(kind), str(kind).capitalize())

    def rows() -> pd.DataFrame:
        each = last_period(book, months, by="account_id")
        each = each[each[str(kind)].abs() > 0]
        names = book.accounts["name"].reindex(each.index.astype(book.accounts.index.dtype))
        found = pd.DataFrame(
            {
                "account_id": each.index,
                "name": names.to_numpy(),
                "opening": each["opening"],
                "amount": each[str(kind)],
                "closing": each["closing"],
            }
        )
        return found.sort_values("amount", key=abs, ascending=False)

    total, title = movements_of(book, months)[str(kind)], f"{label}, {plural(months, 'month')} to {book.last}"
    basis = f"{movement_basis(book, months)}."
    amount = Figure(title, [basis], top="amount", bottom=None, value_format=MONEY.sheet, top_format=MONEY.sheet)
    return Drill(title, f"**{money(total, book)}**  \n{basis}", rows, book, amount)


def rates_over_time(metrics: Sequence[Metric], book: Book, months: int) -> pd.DataFrame:
    """Several rates by month, without the months before the first whole period."""

    def made() -> pd.DataFrame:
        return pd.DataFrame({metric.label: series_of(metric, book, months) for metric in metrics}).dropna(how="all")

    return book.answered(("rates", tuple(metric.name for metric in metrics), months), made)


def movements_of(book: Book, months: int) -> pd.Series:
    """What moved the MRR in the last period: opening, movements, closing."""
    return book.answered(("movements", months), lambda: last_period(book, months).iloc[0])


def month_drill(metrics: Sequence[Metric], book: Book, months: int, point: dict[str, Any]) -> Drill | None:
    """The accounts behind a point of a line."""
    when, line = point.get("x"), int(point.get("curve_number", 0))
    return Drill.of(metrics[min(line, len(metrics) - 1)], book.until(str(when)), months) if when else None


NOTHING = {True: "no opening revenue", False: "nothing to count"}


def groups(metric: Metric, book: Book, months: int, by: str) -> None:
    """A metric by group: bars, the sentence, and the table behind them."""
    last, whole = book.answered(("groups", metric.name, months, by), lambda: _last_by(metric, book, months, by))
    known = last[last["value"].notna()]
    blank = len(last) - len(known)
    chart(
        charts.by_group(known["value"], metric.unit, whole, currency=book.currency),
        key="groups",
        alt=f"{metric.label} by {by}",
        sentence=_spread(known["value"], metric, by)
        + (f" {plural(blank, 'group')} had {NOTHING[metric.bottom.money]}." if blank else ""),
        footer=f"{metric.label}: {metric.explained(months)}. {metric.basis(book, months)}. "
        "Small groups differ by luck: click a bar for its accounts.",
        behind=lambda point: Drill.of(metric, book, months, by, str(point["x"])),
    )
    shown, labels = last.rename_axis("group").reset_index(), [str(label) for label in last.index]
    for column, unit in (("value", metric.unit), ("top", metric.top), ("bottom", metric.bottom)):
        shown[column] = [unit.write(value, book.currency) for value in shown[column]]
    shown = shown.rename(columns={"value": metric.label, "top": "Amount", "bottom": "Out of"})
    table_of_figures(shown, "groups_table", {metric.label: lambda row: Drill.of(metric, book, months, by, labels[row])})


def _last_by(metric: Metric, book: Book, months: int, by: str) -> tuple[pd.DataFrame, float]:
    """Value, top and bottom of each group in the last month, and the value of the whole."""
    tally = metric.tally(book, months, by)
    last = {"value": tally.values.iloc[-1], "top": tally.top.iloc[-1], "bottom": tally.bottom.iloc[-1]}
    return pd.DataFrame(last), series_of(metric, book, months).iloc[-1]


def _spread(values: pd.Series, metric: Metric, by: str) -> str:
    if len(values) < 2:
        return ""
    what = "CSM" if by == "csm" else by.replace("_", " ")
    low, high = (metric.unit.write(end) for end in (values.min(), values.max()))
    return f"From {low} to {high} by {what}, in the order of their names."
