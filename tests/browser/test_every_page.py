"""Every page there is, wide and narrow, light and dark: accessible, without errors, and walked through by keyboard."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser.driver import Visit

from pages.ui.menu import found

PAGES = [page.address if place else "" for place, page in enumerate(found())]
STREAMLITS_OWN = {"list", "listitem", "svg-img-alt"}  # section headings in its menu, sparklines without a name
MOST_STEPS = 300

# Marks what has the focus; tells what it is, and whether anything shows that it has it.
STEP = """() => { const e = document.activeElement; if (!e || e === document.body) return null; e.dataset.walked = '1';
  return e.tagName + ' ' + (e.getAttribute('aria-label') || e.innerText || e.dataset.testid || '').slice(0, 60); }"""
# Controls one can click and no Tab reached. Of a group of tabs or choices one is reached by Tab, the others by arrows.
# What a grid or chart draws inside itself, and what only shows on hovering, is not counted.
MISSED = """() => [...document.querySelectorAll('[data-testid=stMain] :is(button, a[href], input, textarea, select, summary)')]
  .filter((e) => !e.dataset.walked && e.tabIndex >= 0 && !e.disabled && e.offsetParent !== null && e.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })
    && !e.closest('[role=tablist], [role=radiogroup], [role=group], [data-testid=stButtonGroup]')?.querySelector('[data-walked]') && e.type !== 'radio'
    && !e.closest('[data-testid=stElementToolbar], [data-testid=stDataFrame], .js-plotly-plot'))
  .map((e) => e.outerHTML.slice(0, 160))"""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page or "my-book")
@pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, True)], ids=["wide-light", "narrow-dark"])
def test_a_page_is_accessible_and_can_be_walked_through_by_keyboard(
    visit: Callable[..., Visit], address: str, page: str, width: int, dark: bool
) -> None:
    visitor = visit(address, width=width, dark=dark)
    visitor.open(page)
    results = Axe().run(visitor.page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]})
    wrong = [
        (v["id"], [node["html"][:120] for node in v["nodes"]][:3])
        for v in results.response["violations"]
        if v["id"] not in STREAMLITS_OWN
    ]
    assert not wrong
    assert visitor.page.get_by_test_id("stException").count() == 0
    if width == 390:
        assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 390
    walk(visitor)


def walk(visitor: Visit) -> None:
    """Press Tab through the whole page: the focus never stays caught, and every control of the page is reached."""
    steps: list[str | None] = []
    for _ in range(MOST_STEPS):
        visitor.page.keyboard.press("Tab")
        steps.append(visitor.page.evaluate(STEP))
        if steps[-1] is None:
            break
    assert steps[-1] is None, f"the focus is caught: {steps[-6:]}"
    assert not visitor.page.evaluate(MISSED)
