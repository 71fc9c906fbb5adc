"""What did we keep, what did we lose, and what moved it?"""

import streamlit as st

from cs_metrics import charts
from cs_metrics.metrics.renewals import gross_renewal_rate
from cs_metrics.metrics.retention import (
    contraction_rate,
    expansion_rate,
    gross_revenue_retention,
    logo_retention,
    net_revenue_retention,
    revenue_churn_rate,
)
from pages import ui

FIGURES = (
    net_revenue_retention,
    gross_revenue_retention,
    logo_retention,
    revenue_churn_rate,
    contraction_rate,
    expansion_rate,
)

book, months = ui.book(), ui.months()
ui.kpis(net_revenue_retention, gross_revenue_retention, logo_retention, gross_renewal_rate, of=book, months=months)

left, right = st.columns(2, gap="medium")
with left:
    moved = ui.movements_of(book, months)
    ui.say("##### What moved the MRR")
    ui.chart(
        charts.waterfall(moved, book.currency),
        key="waterfall",
        alt="Waterfall of MRR from opening to closing",
        sentence=ui.movement_sentence(moved, book),
        footer=ui.movement_basis(book, months),
        behind=lambda point: ui.movement_drill(book, months, point),
    )
with right:
    ui.say("##### How it developed")
    ui.chart(
        charts.series(
            ui.rates_over_time((net_revenue_retention, gross_revenue_retention), book, months),
            net_revenue_retention.unit,
            ui.target(gross_revenue_retention, book, months),
            "gross target",
            height=340,
        ),
        key="series",
        alt="Net and gross revenue retention by month",
        footer=f"Each month looks back {ui.plural(months, 'month')}. {net_revenue_retention.basis(book, months)}.",
        behind=lambda point: ui.month_drill((net_revenue_retention, gross_revenue_retention), book, months, point),
    )

metrics = {m.label: m for m in FIGURES}
pick, measure, _ = st.columns([1, 1, 2])
with pick:
    metric = metrics[ui.choose("Figure", list(metrics), key="figure")]
with measure:
    by = ui.choose("By", book.groupings, key="by")

tabs = st.tabs(["By group", "Periods compared", "What moved it", "Definitions"], key="view", bind="query-params")
groups, periods, moved_by, definitions = tabs
if groups.open:
    with groups:
        ui.groups(metric, book, months, by)
if periods.open:
    with periods:
        ui.periods_compared(FIGURES, metric, book, months, by)
if moved_by.open:
    with moved_by:
        ui.what_moved(metric, book, months, by)
if definitions.open:
    with definitions:
        ui.definition_panel(book, months)
