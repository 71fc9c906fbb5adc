"""The journeys that matter, in a real browser: upload to figures, figure to accounts, list to account, link to view."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from browser.driver import Visit, served
from conftest import CASES

from cs_metrics.store.known import tables_known


def test_the_four_things_are_on_one_screen(visit: Callable[..., Visit], address: str) -> None:
    visitor = visit(address)
    visitor.open()
    for label in ("MRR", "ARR", "Net revenue retention", "Gross revenue retention"):
        assert visitor.page.get_by_test_id("stMetricLabel").get_by_text(label, exact=True).first.is_visible()
    for key in ("at_risk_list", "advocates_list"):
        box = visitor.page.locator(f".st-key-{key} canvas").first.bounding_box()
        assert box
        assert box["y"] + box["height"] <= 900


def test_pickers_survive_a_change_of_page_and_a_link_shows_the_same_view(
    visit: Callable[..., Visit], address: str
) -> None:
    visitor = visit(address)
    visitor.open()
    before = visitor.figure("MRR")
    visitor.pick("in_segment", "Enterprise")
    narrowed = visitor.figure("MRR")
    assert narrowed != before
    visitor.go("Retention")
    assert "in_segment=Enterprise" in visitor.page.url
    retention = visitor.figure("Net revenue retention")
    again = visit(address)
    again.open(visitor.page.url.removeprefix(address).lstrip("/"))
    assert again.figure("Net revenue retention") == retention
    again.go("My book")
    assert again.figure("MRR") == narrowed


def test_a_figure_opens_the_accounts_it_is_the_sum_of(visit: Callable[..., Visit], address: str) -> None:
    visitor = visit(address)
    visitor.open("retention")
    value = visitor.figure("Net revenue retention")
    with visitor.run():
        visitor.page.locator(".st-key-explain_net_revenue_retention_3").get_by_role("button").click()
    dialog = visitor.page.get_by_role("dialog")
    assert value in dialog.inner_text()
    with visitor.run():
        visitor.page.locator(".st-key-drill_download").get_by_role("button").click()
    with visitor.page.expect_download() as waiting:
        visitor.page.locator(".st-key-drill_csv").get_by_role("button").click()
    content = Path(waiting.value.path()).read_bytes()
    assert hashlib.sha256(content).hexdigest()[:10] in waiting.value.suggested_filename
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    share = sum(float(row["top"]) for row in rows) / sum(float(row["bottom"]) for row in rows)
    assert f"{share:.1%}".replace("%", " %") == value


def test_a_bar_opens_the_accounts_behind_it_and_a_name_opens_the_account(
    visit: Callable[..., Visit], address: str
) -> None:
    visitor = visit(address)
    visitor.open("retention")
    visitor.page.locator(".st-key-chart_waterfall .barlayer .point path").first.wait_for()
    visitor.click_bar("chart_waterfall", 2)
    dialog = visitor.page.get_by_role("dialog")
    assert "Expansion" in dialog.inner_text()
    name = visitor.cell(0, 0, "drill_list")
    visitor.click_cell(0, "drill_list")
    visitor.page.wait_for_url(re.compile("account_id="))
    assert visitor.page.get_by_role("heading", name="Account").first.is_visible()
    assert name in visitor.page.locator(".st-key-account").inner_text() or visitor.page.locator(
        ".st-key-account input"
    ).first.input_value().startswith(name)


def test_from_files_to_figures_and_back(visit: Callable[..., Visit], own_address: str) -> None:
    visitor = visit(own_address)
    visitor.open("data")
    files = [str(CASES / "golden_quarter" / name) for name in ("accounts.csv", "mrr.csv", "fx.csv")]
    with visitor.run():
        visitor.page.locator(".st-key-files input[type=file]").set_input_files(files)
    assert "3,975.00" in visitor.page.get_by_test_id("stMain").inner_text()
    with visitor.run():
        visitor.page.get_by_role("button", name="Import 58 rows").click()
    visitor.go("Retention")
    assert visitor.figure("Net revenue retention") == "94.0 %"
    assert visitor.figure("Gross revenue retention") == "86.0 %"
    assert visitor.figure("Logo retention") == "88.9 %"
    assert visitor.figure("Gross renewal rate") == "75.4 %"
    visitor.go("Data")
    with visitor.run():
        visitor.page.locator(".st-key-undo_which input").click()
        visitor.page.get_by_role("option", name="1", exact=True).click()
    with visitor.run():
        visitor.page.locator(".st-key-undo").get_by_role("button").click()
    visitor.go("My book")
    assert "There is no book to show yet" in visitor.page.get_by_test_id("stMain").inner_text()


def test_a_bad_file_is_explained_and_changes_nothing(visit: Callable[..., Visit], own_address: str) -> None:
    visitor = visit(own_address)
    visitor.open("data")
    bad = {"name": "mrr.csv", "mimeType": "text/csv", "buffer": b"account_id,month,mrr\nA,2025-01,12O\nB,soon,-5\n"}
    with visitor.run():
        visitor.page.locator(".st-key-files input[type=file]").set_input_files([bad])
    text = visitor.page.get_by_test_id("stMain").inner_text()
    assert "3 problems to put right first" in text
    assert visitor.page.get_by_role("button", name=re.compile("Import")).count() == 0
    assert "letter O" in "".join(visitor.cell(row, 4, "preview_troubles") for row in range(3))
    visitor.go("My book")
    assert visitor.figure("MRR").startswith("$")


def test_what_a_csm_types_in_is_kept_and_shown(visit: Callable[..., Visit], own_address: str) -> None:
    visitor = visit(own_address)
    visitor.open("account?account_id=ACC-0003")
    visitor.page.get_by_role("tab", name="Pulse", exact=True).click()
    with visitor.run():
        visitor.page.locator(".st-key-pulse_given").get_by_text("1 · leaving").click()
        visitor.page.locator(".st-key-pulse_note input").fill("They told me so")
        visitor.page.get_by_role("button", name="Give pulse").click()
    visitor.page.wait_for_timeout(1000)  # the table a reader is read from follows the painted one
    timeline = "".join(visitor.cell(0, column, "account_timeline") for column in range(3))
    assert "Pulse" in timeline
    assert "They told me so" in timeline
    assert "pulse 1 of 5" in visitor.page.get_by_test_id("stMain").inner_text()


def test_the_keyboard_reaches_menu_pickers_and_figures(visit: Callable[..., Visit], address: str) -> None:
    visitor = visit(address)
    visitor.open()
    reached = set()
    for _ in range(60):
        visitor.page.keyboard.press("Tab")
        reached.add(
            visitor.page.evaluate(
                "() => { const e = document.activeElement; const k = e.closest('[class*=st-key-]'); return k ? [...k.classList].find(c => c.startsWith('st-key-')) : (e.dataset.testid || e.tagName) }"
            )
        )
    assert {"stTopNavSection", "st-key-csm", "st-key-month", "st-key-period", "st-key-explain_mrr_12"} <= reached, (
        reached
    )
    visitor.page.get_by_test_id("stTopNavSection").filter(has_text="Revenue").focus()
    visitor.page.keyboard.press("Enter")
    visitor.page.get_by_role("menuitem", name="Cohorts").wait_for()
    visitor.page.keyboard.press("ArrowDown")
    with visitor.run():
        visitor.page.keyboard.press("Enter")
    assert visitor.page.get_by_role("heading", name="Cohorts").first.is_visible()


def test_the_menu_leaves_the_filters_in_sight(visit: Callable[..., Visit], address: str) -> None:
    for width, height in ((1440, 800), (390, 844)):
        visitor = visit(address, width=width, height=height)
        visitor.open("glossary")
        if width == 390:
            visitor.page.get_by_test_id("stExpandSidebarButton").click()
        for key in ("csm", "month", "period") if width == 1440 else ("csm", "month"):
            visitor.page.locator(f".st-key-{key}").wait_for()
            box = visitor.page.locator(f".st-key-{key}").bounding_box()
            assert box
            assert box["y"] + box["height"] <= height, (width, key)
        if width == 390:
            visitor.page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()
        visitor.go("Voice of customer")
        assert visitor.page.get_by_role("heading", name="Voice of customer").first.is_visible()


def test_names_are_shown_and_never_rendered(visit: Callable[..., Visit], own_address: str) -> None:
    visitor = visit(own_address)
    name = "![x](http://tracker.invalid/p.png) <img src=x onerror=alert(1)> [y](http://z.invalid)"
    rows = "account_id,name,csm,segment\n" + f'A,"{name}","{name}",SMB\nB,Birch,Ben,Mid\n'
    mrr = "account_id,month,mrr\n" + "".join(f"{a},2025-0{m},{100 * m}\n" for a in "AB" for m in (1, 2, 3, 4))
    visitor.open("data")
    with visitor.run():
        visitor.page.locator(".st-key-files input[type=file]").set_input_files(
            [
                {"name": "accounts.csv", "mimeType": "text/csv", "buffer": rows.encode()},
                {"name": "mrr.csv", "mimeType": "text/csv", "buffer": mrr.encode()},
            ]
        )
    with visitor.run():
        visitor.page.get_by_role("button", name=re.compile("Import")).click()
    for title in ("My book", "Account", "Retention", "At risk", "Data", "Glossary"):
        visitor.go(title)
        assert visitor.page.locator("img[src*='invalid']").count() == 0
        assert visitor.page.locator("a[href*='invalid']").count() == 0
    visitor.open("account?account_id=A")
    assert visitor.page.locator("img[src*='invalid'], a[href*='invalid']").count() == 0


def test_an_ask_is_kept_in_a_click_and_the_account_is_left_alone(visit: Callable[..., Visit], own_address: str) -> None:
    visitor = visit(own_address)
    visitor.open("advocates?advocates=Ask+next")
    tired = int(visitor.figure("To be left alone"))
    name = visitor.cell(0, 0, "ask_next_list")
    canvas = visitor.page.locator(".st-key-ask_next_list canvas").first
    canvas.scroll_into_view_if_needed()
    visitor.page.wait_for_timeout(400)
    box = canvas.bounding_box()
    assert box
    with visitor.run():
        visitor.page.mouse.click(box["x"] + 170 + 120 + 55, box["y"] + 35 + 17)
    assert int(visitor.figure("To be left alone")) == tired + 1
    visitor.page.wait_for_timeout(800)  # the grid's hidden table follows a little later
    assert name not in [visitor.cell(row, 0, "ask_next_list") for row in range(5)]
    with visitor.run():
        visitor.page.get_by_role("tab", name="References").click()
    visitor.cell(0, 0, "waiting_list")
    assert name in (visitor.page.locator(".st-key-waiting_list").text_content() or "")


def test_from_a_database_to_figures_and_refreshed(
    visit: Callable[..., Visit], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crm = sqlite3.connect(tmp_path / "crm.db")
    crm.execute("CREATE TABLE income (customer text, period text, total_of_mrr text)")
    crm.execute("INSERT INTO income VALUES ('Acme', '2025-01', '100'), ('Birch', '2025-01', '50')")
    crm.commit()
    monkeypatch.setenv("CS_METRICS_SOURCE_FOLDER", str(tmp_path))
    monkeypatch.setenv("CS_METRICS_SOURCE_CRM", "sqlite:///crm.db")
    with served(tmp_path) as address:
        visitor = visit(address)
        visitor.open("data")
        for role, name in (("tab", "Connect"), ("button", "Connect")):
            with visitor.run():
                visitor.page.get_by_role(role, name=name, exact=True).click()  # type: ignore[arg-type]
        for name in ("Read", "Read it this way", "Import 2 rows"):
            with visitor.run():
                visitor.page.get_by_role("button", name=name, exact=True).click()
        crm.execute("INSERT INTO income VALUES ('Acme', '2025-02', '90'), ('Birch', '2025-02', '50')")
        crm.commit()
        crm.close()
        with visitor.run():
            visitor.page.get_by_role("button", name="Refresh").click()
        assert visitor.figure("MRR") == "140"
        with visitor.run():
            visitor.page.locator(".st-key-import").get_by_role("button").click()
        visitor.page.get_by_text("Imported as batch 2").wait_for()
    assert len(tables_known(f"sqlite:///{tmp_path}/book.db")["mrr"]) == 4
