"""A server and a Chromium for the journeys that matter. Without a Chromium they are skipped, and say so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser.driver import CHROMIUM, Visit, chromium, served
from playwright.sync_api import Browser


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if CHROMIUM is None:
        for item in items:
            if "browser" in item.path.parts:
                item.add_marker(
                    pytest.mark.skip(reason="no Chromium found: install it to run the journeys in a browser")
                )


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server on the sample company, shared by the tests that change nothing."""
    folder = tmp_path_factory.mktemp("served")
    with served(folder) as found:
        yield found
    assert (folder / "refused.log").read_text() == "the network is cut\n", "the server asked for something outside"


@pytest.fixture
def own_address(tmp_path: Path) -> Iterator[str]:
    """A server of one's own, for tests that import and type in."""
    with served(tmp_path) as found:
        yield found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visit]]:
    """Visits at a width, light or dark; at the end nothing may have gone wrong in any of them."""
    opened = []

    def make(address: str, width: int = 1440, height: int = 900, dark: bool = False) -> Visit:
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light", accept_downloads=True
        )
        found = Visit(context.new_page(), address)
        opened.append((context, found))
        return found

    yield make
    wrong = [problem for _, found in opened for problem in found.wrong]
    for context, _ in opened:
        context.close()
    assert not wrong
