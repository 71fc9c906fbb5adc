"""The tabs of the revenue and team pages in a real browser: accessible, whole at both widths, reached by the keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser.driver import Visit
from browser.test_every_page import STREAMLITS_OWN

RETENTION = ["Periods compared", "What moved it", "Definitions"]
RENEWALS = ["What if", "Calls", "Forecast"]


def wrong_with(visitor: Visit) -> list[tuple[str, list[str]]]:
    """What hinders people who do not see or do not use a mouse."""
    results = Axe().run(visitor.page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]})
    return [
        (found["id"], [node["html"][:120] for node in found["nodes"]][:3])
        for found in results.response["violations"]
        if found["id"] not in STREAMLITS_OWN
    ]


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, True)], ids=["wide", "narrow-dark"])
@pytest.mark.parametrize(("address_of", "tabs"), [("retention", RETENTION), ("renewals", RENEWALS)])
def test_every_tab_is_accessible_and_whole(
    visit: Callable[..., Visit], address: str, address_of: str, tabs: list[str], width: int, dark: bool
) -> None:
    visitor = visit(address, width=width, dark=dark)
    visitor.open(address_of)
    for tab in tabs:
        with visitor.run():
            visitor.page.get_by_role("tab", name=tab).click()
        assert not wrong_with(visitor), tab
        assert visitor.page.get_by_test_id("stException").count() == 0
        assert not re.search(r"\b(nan|None|NaT)\b", visitor.page.get_by_test_id("stMain").inner_text()), tab
        assert visitor.page.evaluate("document.documentElement.scrollWidth") <= width, tab


def test_a_line_opens_the_accounts_of_its_month(visit: Callable[..., Visit], address: str) -> None:
    visitor = visit(address)
    visitor.open("retention")
    visitor.page.locator(".st-key-chart_series .scatterlayer .js-line").first.wait_for()
    place = visitor.page.evaluate(
        """() => { const drawn = document.querySelector('.st-key-chart_series .js-plotly-plot'), l = drawn._fullLayout;
          const box = drawn.getBoundingClientRect(), y = drawn._fullData[0].y[10];
          return [box.left + l.xaxis._offset + l.xaxis.c2p(10), box.top + l.yaxis._offset + l.yaxis.c2p(y)]; }"""
    )
    visitor.page.mouse.move(*place)
    with visitor.run():
        visitor.page.mouse.click(*place)
    assert "Net revenue retention" in visitor.page.get_by_role("dialog").inner_text()


def test_the_keyboard_walks_the_tabs_and_opens_a_figure(visit: Callable[..., Visit], address: str) -> None:
    visitor = visit(address)
    visitor.open("retention")
    visitor.page.get_by_role("tab", name="By group").focus()
    for tab in RETENTION:
        with visitor.run():
            visitor.page.keyboard.press("ArrowRight")
            visitor.page.keyboard.press("Enter")
        assert visitor.page.get_by_role("tab", name=tab).get_attribute("aria-selected") == "true"
    visitor.open("renewals")
    with visitor.run():
        visitor.page.locator("[class*='st-key-explain_tile_Overdue']").get_by_role("button").focus()
        visitor.page.keyboard.press("Enter")
    dialog = visitor.page.get_by_role("dialog")
    assert "Overdue" in dialog.inner_text()
    visitor.page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
