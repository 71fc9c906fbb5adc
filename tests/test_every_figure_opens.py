"""From every bar, line, cell and table figure of the revenue and team pages: the accounts it is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
import streamlit as st
from test_pages import PAGES, own_folder, page, visit

from cs_metrics.units import MONEY, PERCENT
from pages.ui.drill import Drill, Window

__all__ = ["own_folder"]  # the fixture every test here has, too

VIEWS: dict[str, tuple[str, dict[str, str]]] = {
    "retention": ("retention", {}),
    "periods": ("retention", {"view": "Periods compared", "period": "Year"}),
    "what moved it": ("retention", {"view": "What moved it"}),
    "definitions": ("retention", {"view": "Definitions"}),
    "cohorts": ("cohorts", {}),
    "cohorts by segment": ("cohorts", {"cohorts_by": "Segment", "left": "Accounts"}),
    "renewals due": ("renewals", {"renewals": "Due"}),
    "what if": ("renewals", {"renewals": "What if"}),
    "calls": ("renewals", {"renewals": "Calls"}),
    "forecast": ("renewals", {"renewals": "Forecast"}),
    "team": ("team", {"period": "Year"}),
    "my book": ("my_book", {}),
    "quality": ("data", {"data_tab": "Quality"}),
}
# What has no accounts of its own: a forecast's own line, what was forecast, luck's bands around a person.
OF_NOTHING = {"low", "eight times in ten", "last quarter again", "forecast", "naive line shown", "forecast back then"}


class Clicks:
    """Everything on a page that can be clicked: buttons, columns of buttons, charts with their points."""

    def __init__(self, patch: pytest.MonkeyPatch):
        self.cells: dict[str, Callable[[], None]] = {}
        self.buttons: dict[str, Callable[[], None]] = {}
        self.charts: dict[str, tuple[Any, Any]] = {}
        self.patch = patch
        column, button, chart = st.column_config.ButtonColumn, st.button, st.plotly_chart

        def a_column(*given: Any, key: str = "", on_click: Any = None, **more: Any) -> Any:
            self.cells[key] = on_click
            return column(*given, key=key, on_click=on_click, **more)

        def a_button(*given: Any, key: str = "", on_click: Any = None, **more: Any) -> Any:
            if key.startswith("explain_"):
                self.buttons[key] = on_click
            return button(*given, key=key, on_click=on_click, **more)

        def a_chart(figure: Any, key: str = "", on_select: Any = "ignore", **more: Any) -> Any:
            self.charts[key] = (figure, on_select)
            return chart(figure, key=key, on_select=on_select, **more)

        patch.setattr(st.column_config, "ButtonColumn", a_column)
        patch.setattr(st, "button", a_button)
        patch.setattr(st, "plotly_chart", a_chart)

    def asked(self, callback: Callable[[], None], key: str, value: Any) -> Drill | Window | None:
        """What a click asks for."""
        state: dict[str, Any] = {key: value}
        with self.patch.context() as patch:
            patch.setattr(st, "session_state", state)
            callback()
        return state.get("drill")

    def cell(self, key: str, row: int) -> Drill | Window | None:
        """A click into a column of buttons."""
        return self.asked(self.cells[key], key, {"row": row})

    def point(self, key: str, curve: int, place: int) -> Drill | Window | None:
        """A click on a mark of a chart."""
        figure, callback = self.charts[key]
        mark = figure.data[curve]
        point = {"curve_number": curve, "point_index": place, "x": mark.x[place], "y": mark.y[place]}
        if mark.customdata is not None:
            given = mark.customdata[place]
            point["customdata"] = given if isinstance(given, str) else list(given)
        return self.asked(callback, key, {"selection": {"points": [point]}})


def opened_by(patch: pytest.MonkeyPatch, view: str) -> Clicks:
    """What can be clicked on a view, once it is open; not what stands on the page the visit begins with."""
    name, query = VIEWS[view]
    at = visit(**query)
    clicks = Clicks(patch)
    (at.run() if page(name) == PAGES[0] else at.switch_page(str(page(name))).run())
    if "data_tab" in query:  # not bound to the address
        at.session_state["data_tab"] = query["data_tab"]
        at.run()
    assert not at.exception, [e.message for e in at.exception]
    return clicks


def account_rows(drill: Drill | Window | None) -> pd.DataFrame:
    """The accounts of a drill, checked: they name accounts, and add up to what is said above them."""
    if drill is None:
        return pd.DataFrame()
    if isinstance(drill, Window):  # why one account is at risk: its name stands in the title
        return pd.DataFrame({"name": [drill.title]})
    rows = drill.rows()
    assert {"account_id", "name"} <= set(rows.columns), drill.title
    of = drill.figure
    if of is not None and len(rows) and of.top in rows and "**" in drill.sentence:
        top = rows[of.top].sum()
        bottom = rows[of.bottom].sum() if of.bottom else 1
        written = (
            PERCENT.write(of.factor * top / bottom) if of.bottom and bottom else MONEY.write(top, drill.book.currency)
        )
        assert written in drill.sentence or (not of.bottom and f"{top:,.0f}" in drill.sentence), (drill.title, written)
    return rows


@pytest.mark.parametrize("view", VIEWS)
def test_every_figure_opens_its_accounts(view: str, monkeypatch: pytest.MonkeyPatch) -> None:
    clicks = opened_by(monkeypatch, view)
    opened = 0
    for key, callback in clicks.buttons.items():
        assert len(account_rows(clicks.asked(callback, key, True))) or "renewal" in key, key
        opened += 1
    for key in clicks.cells:
        if key.endswith("_open") and key != "people_open":
            continue
        assert any(len(account_rows(clicks.cell(key, row))) for row in range(3)), key
        opened += 1
    for key, (figure, callback) in clicks.charts.items():
        for curve, mark in enumerate(figure.data):
            if mark.name in OF_NOTHING or mark.hoverinfo == "skip" or mark.x is None or key == "chart_scenario_ranges":
                continue
            assert callable(callback), key
            assert mark.type != "scatter" or "markers" in (mark.mode or ""), (key, mark.name)
            seen = [place for place, value in enumerate(mark.y) if value is not None and value == value]
            found = [
                account_rows(clicks.point(key, curve, place)) for place in {seen[0], seen[len(seen) // 2], seen[-1]}
            ]
            assert any(len(rows) for rows in found), (key, mark.name)
            opened += 1
    assert opened


def test_what_the_bars_of_a_change_open_adds_up_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    clicks = opened_by(monkeypatch, "what moved it")
    bars = clicks.charts["chart_moved_chart"][0].data[0]
    parts = [
        account_rows(clicks.point("chart_moved_chart", 0, place))["contribution"].sum() for place in range(len(bars.x))
    ]
    assert parts == pytest.approx(list(bars.x))
    assert sum(parts[1:]) == pytest.approx(parts[0])
