"""Who would speak for us, why, whom do we ask next, and where do we have nobody?"""

import streamlit as st

from pages import ui

book = ui.book()
bench = ui.bench(book)
ui.bench_tiles(bench)

names = ["Advocates", "Ask next", "References", "Stories", "Coverage", "Turning", "Use and promoters", "Targets"]
who, ask, references, stories, coverage, turning, users, targets = st.tabs(
    names, key="advocates", on_change="rerun", bind="query-params"
)
if who.open:
    with who:
        ui.advocates_list(bench)
if ask.open:
    with ask:
        ui.whom_to_ask(bench)
if references.open:
    with references:
        left, right = st.columns([5, 2], gap="medium")
        with left:
            ui.references_list(bench)
        with right:
            ui.ask_form("", bench.names)
if stories.open:
    with stories:
        left, right = st.columns([5, 2], gap="medium")
        with left:
            ui.stories_list(bench)
        with right:
            ui.outcome_form("", bench.names)
if coverage.open:
    with coverage:
        ui.coverage_matrix(bench)
if turning.open:
    with turning:
        ui.turning_list(bench)
if users.open:
    with users:
        ui.users_and_promoters(bench)
if targets.open:
    with targets:
        ui.targets_of(bench)
