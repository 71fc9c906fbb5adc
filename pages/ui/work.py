"""What waits in plans: actions past their date, plans nobody touched; in few words, with the lists behind them."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from cs_metrics.analysis.plans import PLAN_STALE, late_actions, stale_plans
from cs_metrics.book import Book
from pages.ui.drill import Window, drill
from pages.ui.lists import accounts
from pages.ui.today import today
from pages.ui.words import plural


def work_waiting(book: Book) -> None:
    """How many actions of this book are overdue and how many plans stale; nothing where none is."""
    known = today(book).book
    late, stale = known.kept("work waiting", lambda: (late_actions(known), stale_plans(known)))
    mine = book.held_now().accounts.index
    late, stale = late[late["account_id"].isin(mine)], stale[stale["account_id"].isin(mine)]
    said = [f"{plural(len(late), 'action')} overdue"] if len(late) else []
    said += [f"{plural(len(stale), 'plan')} not touched lately"] if len(stale) else []
    if not said:
        return
    days = f"{PLAN_STALE.of(known):.0f}"
    st.button(
        ", ".join(said),
        icon=":material/schedule:",
        type="tertiary",
        key="work_waiting",
        on_click=lambda: drill(
            Window("What waits in your plans", lambda: _lists(late, stale, days, str(known.known_on)))
        ),
    )


def _lists(late: pd.DataFrame, stale: pd.DataFrame, days: str, day: str) -> None:
    if len(late):
        st.markdown("##### Actions past their date")
        columns = ("name", "action", "owner", "due_on", "days_late", "mrr")
        accounts(late.reset_index(drop=True), "late_actions", "Late actions", columns, height=_fitting(late))
    if len(stale):
        st.markdown(f"##### Plans nobody touched for more than {days} days")
        columns = ("name", "plan", "plan_age_days", "csm", "mrr")
        accounts(stale.reset_index(drop=True), "stale_plans", "Stale plans", columns, height=_fitting(stale))
    st.caption(f"Counted to {day}, the day the data speak of. A name opens the account with its plan.")


def _fitting(rows: pd.DataFrame) -> int:
    return min(300, 38 + 35 * len(rows))
