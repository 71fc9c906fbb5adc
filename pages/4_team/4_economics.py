"""What do customers bring, what do they cost, and where does the work pay?"""

import streamlit as st

from cs_metrics.metrics.economics import customer_retention_cost, net_profitability, retention_cost_per_mrr
from pages import ui

book, months = ui.book(), ui.months()
ui.maturity_answer(book)
ui.kpis(net_profitability, customer_retention_cost, retention_cost_per_mrr, of=ui.lately(book, months), months=months)

tabs = st.tabs(
    ["Where it pays", "Lifetime value", "Costs", "Allocation", "Maturity"], key="economics", bind="query-params"
)
pays, value, costs, allocation, maturity = tabs
if pays.open:
    with pays:
        ui.where_it_pays(book, months)
if value.open:
    with value:
        ui.lifetime_values(book)
if costs.open:
    with costs:
        ui.costs_of(book, months)
if allocation.open:
    with allocation:
        ui.allocation_sheet(book, months)
if maturity.open:
    with maturity:
        ui.maturity_steps(book)
