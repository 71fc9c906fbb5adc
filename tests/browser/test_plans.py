"""A risk's journey in a real browser: pulses typed in, a disagreement opened, a plan written, shared, edited by two."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from browser.driver import Visit


def type_into_table(visitor: Visit, key: str, texts: list[str], x: int = 210) -> None:
    """Type into a column of a table, row by row, as a person does: the text, Enter, the next."""
    canvas = visitor.page.locator(f".st-key-{key} canvas").first
    canvas.scroll_into_view_if_needed()
    visitor.page.wait_for_timeout(400)
    box = canvas.bounding_box()
    assert box
    visitor.page.mouse.click(box["x"] + x, box["y"] + 35 + 17)
    for text in texts:
        visitor.page.keyboard.press("Enter")
        visitor.page.locator("#portal input, #portal textarea").first.wait_for()
        visitor.page.keyboard.type(text)
        visitor.page.wait_for_timeout(300)
        visitor.page.keyboard.press("Enter")
        visitor.page.wait_for_timeout(600)


def add_action(visitor: Visit, what: str, by: str) -> None:
    """Add an action to the plan: a click into the free row opens it, Tab goes on."""
    canvas = visitor.page.locator(".st-key-plan canvas").first
    canvas.scroll_into_view_if_needed()
    visitor.page.wait_for_timeout(400)
    box = canvas.bounding_box()
    assert box
    visitor.page.mouse.click(box["x"] + 120, box["y"] + 35 + 17)
    visitor.page.locator("#portal textarea").first.wait_for()
    visitor.page.keyboard.type(what)
    visitor.page.wait_for_timeout(300)
    visitor.page.keyboard.press("Tab")
    visitor.page.wait_for_timeout(600)
    visitor.page.keyboard.press("ArrowRight")
    visitor.page.wait_for_timeout(300)
    visitor.page.keyboard.press("Enter")
    visitor.page.locator("#portal input").first.fill(by)
    visitor.page.wait_for_timeout(300)
    visitor.page.keyboard.press("Enter")
    visitor.page.wait_for_timeout(600)


def main(visitor: Visit) -> str:
    return visitor.page.get_by_test_id("stMain").inner_text()


def write(visitor: Visit, label: str, text: str) -> None:
    visitor.page.get_by_role("textbox", name=label, exact=True).first.fill(text)


def keep_plan(visitor: Visit, label: str = "Keep the plan") -> None:
    with visitor.run():
        visitor.page.get_by_role("button", name=label, exact=True).click()


def test_from_a_pulse_to_a_plan_two_people_edit(visit: Callable[..., Visit], own_address: str) -> None:
    ann = visit(own_address)
    ann.open("pulse")
    waiting = ann.figure("Waiting for a pulse")
    first = [ann.cell(row, 0, "pulse_table_0") for row in range(3)]
    type_into_table(ann, "pulse_table_0", ["2", "5", "4"])
    assert [ann.cell(row, 1, "pulse_table_0") for row in range(3)] == ["2", "5", "4"]
    keep_plan(ann, "Keep these pulses")
    assert int(ann.figure("Waiting for a pulse").split()[0]) == int(waiting.split()[0]) - 3
    assert ann.cell(0, 0, "pulse_table_1") not in first

    with ann.run():
        ann.page.get_by_role("tab", name="Gut against data").click()
    assert "pulse and data disagree about" in main(ann)
    name = ann.cell(0, 0, "disagree_list")
    ann.click_cell(0, "disagree_list")
    ann.page.wait_for_url(re.compile("account_id="))
    account = re.search(r"account_id=([\w-]+)", ann.page.url)
    assert account

    write(ann, "Root cause", "The sponsor left")
    write(ann, "Plan", "Win the new sponsor")
    add_action(ann, "Call the new sponsor", "2025-12-02")
    keep_plan(ann)
    assert "Risk and plan since" in main(ann)

    with ann.run():
        ann.page.locator(".st-key-plan_share button").first.click()
    assert "Call the new sponsor" in ann.page.locator("[data-testid=stPopoverBody] code").inner_text()
    with ann.page.expect_download() as waiting_for:
        ann.page.locator(".st-key-plan_page").get_by_role("button").click()
    page = Path(waiting_for.value.path()).read_text("utf-8")
    assert name.replace("'", "&#x27;") in page
    assert "Win the new sponsor" in page
    ann.page.keyboard.press("Escape")

    ann.go("My book")
    with ann.run():
        ann.page.locator(".st-key-work_waiting").get_by_role("button").click()
    assert "Actions past their date" in ann.page.get_by_role("dialog").inner_text()
    late = [ann.cell(row, 1, "late_actions_list") for row in range(5)]
    place = late.index("Call the new sponsor")
    assert ann.cell(place, 0, "late_actions_list") == name
    ann.click_cell(place, "late_actions_list")
    ann.page.wait_for_url(re.compile("account_id="))
    assert "1 action overdue" in main(ann)

    ben = visit(own_address)
    for visitor in (ann, ben):
        visitor.open(f"account?account_id={account.group(1)}")
    write(ben, "Plan", "Offer a smaller package")
    write(ben, "Executive sponsor", "Helena Marsh")
    keep_plan(ben)
    write(ann, "Plan", "Bring the two sponsors together")
    keep_plan(ann)
    said = main(ann)
    for part in (
        "changed this plan while you had it open",
        "Was: Win the new sponsor",
        "Theirs: Offer a smaller package",
        "Mine: Bring the two sponsors together",
        "Theirs: Helena Marsh",
    ):
        assert part in said, part
    keep_plan(ann, "Keep this plan")
    assert (
        ann.page.get_by_role("textbox", name="Plan", exact=True).first.input_value()
        == "Bring the two sponsors together"
    )
    assert ann.page.get_by_label("Executive sponsor").first.input_value() == "Helena Marsh"


def test_a_reason_opens_the_rows_that_made_it_fire(visit: Callable[..., Visit], address: str) -> None:
    visitor = visit(address)
    visitor.open("at-risk")
    visitor.click_cell(0, "at_risk_all_list", x=270)
    dialog = visitor.page.get_by_role("dialog")
    assert "why it is at risk" in dialog.inner_text()
    assert dialog.locator("canvas").count() >= 1
    with visitor.run():
        dialog.get_by_role("button", name="Open the account and its plan").click()
    visitor.page.wait_for_url(re.compile("account_id="))
