"""Who would speak for us, why, and who can be asked now?"""

import streamlit as st

from pages import ui

book = ui.book()
standing = ui.today(book)
friends = standing.advocates
if friends.empty:
    ui.no_advocates(standing.book)
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
ui.advocate_rule(standing.book)
