"""Driving the pages in a real browser: waiting until a run is painted, finding things by what people see."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from pages.ui.menu import found

ROOT = Path(__file__).parents[2]
CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
QUIET = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-quic", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]  # fmt: skip

# Counts the runs the server says it has finished: field 6 of its messages. React may batch a short run away, so what
# the page shows of "running" cannot be waited for.
COUNT_RUNS = """(() => {
  window.__runs = 0;
  const number = (b, i) => { let v = 0, m = 1; for (;;) { const x = b[i++]; v += (x & 127) * m; if (x < 128) return [v, i]; m *= 128; } };
  const fields = (b, each) => { let i = 0; while (i < b.length) { let tag; [tag, i] = number(b, i); const kind = tag & 7; let v = 0;
    if (kind === 0) [v, i] = number(b, i); else if (kind === 2) { let n; [n, i] = number(b, i); i += n; }
    else if (kind === 5) i += 4; else if (kind === 1) i += 8; else return; each(Math.floor(tag / 8), v); } };
  const Plain = window.WebSocket;
  window.WebSocket = class extends Plain { constructor(...a) { super(...a); this.addEventListener('message', (e) => {
    const read = (buffer) => fields(new Uint8Array(buffer), (f, v) => { if (f === 6 && v !== 2) setTimeout(() => window.__runs++, 0); });
    if (e.data instanceof Blob) e.data.arrayBuffer().then(read); else if (e.data instanceof ArrayBuffer) read(e.data); }); } };
})();"""
SETTLED = """(n) => { const app = document.querySelector('[data-testid="stApp"]');
  return !!app && app.dataset.testConnectionState === 'CONNECTED' && app.dataset.testScriptState === 'notRunning' && window.__runs >= n
    && !document.querySelector('[data-stale="true"],[data-testid="stSkeleton"],[data-testid="stAppSkeleton"]'); }"""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The program as people start it, with its databases in a folder of its own; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {
        "CS_METRICS_DATABASE": f"sqlite:///{folder}/book.db",
        "CS_METRICS_SAMPLE": str(folder),
        "PYTHONPATH": str(Path(__file__).parent / "offline"),
        "OFFLINE_LOG": str(folder / "refused.log"),
    }
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port), "--server.headless", "true"],
            cwd=ROOT, env={**os.environ, **own}, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            address = f"http://127.0.0.1:{port}"
            for _ in range(300):
                try:
                    urllib.request.urlopen(f"{address}/healthz", timeout=1).read()
                    break
                except OSError:
                    assert process.poll() is None, (folder / "server.log").read_text()
                    time.sleep(0.1)
            yield address
        finally:
            process.terminate()
            process.wait()


@contextmanager
def chromium() -> Iterator[Browser]:
    """A Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        try:
            yield browser
        finally:
            browser.close()


class Visit:
    """A visitor's page. Everything that must never happen is noted: exceptions, console errors, foreign requests."""

    def __init__(self, page: Page, address: str):
        self.page, self.address = page, address
        self.wrong: list[str] = []
        page.add_init_script(COUNT_RUNS)
        page.on("pageerror", lambda error: self.wrong.append(f"script error: {error}"))
        page.on("console", lambda message: self._console(message.type, message.text, message.location.get("url", "")))
        page.on("request", lambda request: self._request(request.url))

    def _console(self, kind: str, text: str, url: str) -> None:
        if kind == "error" and not url.endswith(("/_stcore/health", "/_stcore/host-config")):
            self.wrong.append(f"console: {text} {url}")

    def _request(self, url: str) -> None:
        if not url.startswith((self.address, self.address.replace("http", "ws"), "data:", "blob:")):
            self.wrong.append(f"request to {url}")

    def open(self, path: str = "") -> None:
        """Open a page and wait until it is painted."""
        self.page.goto(f"{self.address}/{path}")
        self.page.wait_for_function(SETTLED, arg=1, timeout=30_000)

    @contextmanager
    def run(self, timeout: int = 20_000) -> Iterator[None]:
        """Do something that makes the page run again; wait until that is painted."""
        before = self.page.evaluate("() => window.__runs")
        yield
        self.page.wait_for_function(SETTLED, arg=before + 1, timeout=timeout)

    def go(self, title: str) -> None:
        """Go to a page by the menu: at the top of a wide window, in the sidebar of a narrow one."""
        section = next(page.section for page in found() if page.title == title)
        exactly = re.compile(f"^{re.escape(title)}$")
        with self.run():
            if self.page.get_by_test_id("stTopNav").count():
                self.page.get_by_test_id("stTopNavSection").filter(has_text=section).click()
                self.page.get_by_test_id("stTopNavDropdownLink").filter(has_text=exactly).click()
            else:
                self.page.get_by_test_id("stExpandSidebarButton").click()
                if (more := self.page.get_by_test_id("stSidebarNavViewButton")).count():
                    more.click()
                self.page.get_by_test_id("stSidebarNavLink").filter(has_text=exactly).click()

    def figure(self, label: str) -> str:
        """The value on the card of this label."""
        card = self.page.get_by_test_id("stMetric").filter(
            has=self.page.get_by_test_id("stMetricLabel").get_by_text(label, exact=True)
        )
        return card.first.get_by_test_id("stMetricValue").inner_text()

    def pick(self, key: str, option: str) -> None:
        """Choose an option of a picker."""
        with self.run():
            self.page.locator(f".st-key-{key} input").first.click()
            self.page.get_by_role("option", name=option, exact=True).click()
        self.page.keyboard.press("Escape")

    def cell(self, row: int, column: int, key: str) -> str:
        """The text of a cell of a list."""
        found = self.page.locator(f".st-key-{key}").get_by_test_id(f"glide-cell-{column}-{row}")
        found.wait_for(state="attached")
        return found.text_content() or ""

    def click_cell(self, row: int, key: str, x: int = 60) -> None:
        """Click into a row of a list, near its left edge."""
        canvas = self.page.locator(f".st-key-{key} canvas").first
        canvas.scroll_into_view_if_needed()
        self.page.wait_for_timeout(400)
        box = canvas.bounding_box()
        assert box
        with self.run():
            self.page.mouse.click(box["x"] + x, box["y"] + 35 + 35 * row + 17)

    def click_bar(self, key: str, place: int) -> None:
        """Click a bar of a chart."""
        bar = self.page.locator(f".st-key-{key} .barlayer .point path").nth(place)
        bar.scroll_into_view_if_needed()
        box = bar.bounding_box()
        assert box
        with self.run():
            self.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
