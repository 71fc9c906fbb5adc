"""Who would speak for us, why, and who can be asked now?"""

import streamlit as st

from cs_metrics.analysis.advocates import advocates
from pages import ui

book = ui.book()
today = ui.now(book)
friends = advocates(today)
if friends.empty:
    ui.no_advocates(today)
    st.stop()

ui.figures(
    {
        "Advocates": f"{len(friends):,}",
        "Ready to be a reference": f"{int(friends['reference_ready'].sum()):,}",
        "Their MRR": ui.money(friends["mrr"].sum(), book),
    },
    book,
)
only = st.toggle("Only those ready to be a reference", key="ready_only")
shown = friends[friends["reference_ready"]] if only else friends
ui.accounts(
    shown,
    "advocates_all",
    "Advocates",
    ("name", "csm", "mrr", "health", "pulse", "met", "missed", "reference_ready"),
    height=520,
)
ui.advocate_rule(today)
