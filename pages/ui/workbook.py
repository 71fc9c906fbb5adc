"""The workbook of a page: every figure and list it shows, noted as they are drawn, made when somebody wants it."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from cs_metrics.export import Figure, page_xlsx

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Noted = Callable[[], tuple[pd.DataFrame, Figure | None]]


def begin() -> None:
    """Forget what the page before showed. Called once, by the frame, before the page."""
    st.session_state["on_page"] = {}


def note(label: str, made: Noted) -> None:
    """The page shows this figure or list: its name, and how its rows are made."""
    st.session_state.setdefault("on_page", {}).setdefault(label, made)


def page_workbook(page: st.Page) -> None:
    """A workbook of all the page shows, in the sidebar. Called once, by the frame, after the page."""
    shown: dict[str, Noted] = dict(st.session_state.get("on_page", {}))
    if not shown:
        return
    with st.sidebar:
        st.download_button(
            "Workbook of this page",
            lambda: page_xlsx(page.title, [(label, *made()) for label, made in shown.items()]),
            f"{page.url_path or 'page'}.xlsx",
            XLSX,
            key="page_workbook",
            type="tertiary",
            icon=":material/table_view:",
            help="Each figure with the formulas that compute it from its accounts; each list.",
            on_click="ignore",
        )
