"""Reviewers in real browsers: a night is stepped through, months are compared; wide, narrow, light, dark, by keyboard,
and without the script."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from bench.past_incidents import fill, nights
from mayday.records import Records
from mayday.records.reviews import ReviewRecord
from tests.console.nights import keep
from tests.console.rooms import PATIENCE, Mayday, Rooms, declared, over, reachable, tab_to

pytestmark = [pytest.mark.browser, pytest.mark.temporal, pytest.mark.timeout(600)]

NIGHT = "INC-01M80YPJAW4DFZ44RVP3AYJK1B"


@pytest.fixture(scope="module", autouse=True)
def past(mayday: Mayday) -> None:
    """A night that is archived, and some years of incidents; once, however often these tests are come back to."""
    kept = mayday.folder / "past"
    if kept.exists():
        return

    async def keep_all(database: Path) -> None:
        async with await Records.open(database) as records:
            await keep(records, incident=NIGHT)
            await fill(records, await nights(), 0, 120)
            await records.reviews.save(reviewed("draft", 0))

    with ThreadPoolExecutor(1) as other:  # the browser's driver has this thread's event loop
        other.submit(asyncio.run, keep_all(mayday.folder / "data" / "records.db")).result()
    kept.touch()


def reviewed(state: str, revision: int) -> ReviewRecord:
    """The night's review as its workflow would have stored it."""
    at = "2026-03-02T06:42:00Z"
    owed = {"id": "report", "kind": "report", "for": ["ana"], "text": "Write: lessons", "due_at": at}
    written = {"text": "Cards failed for four hours.", "version": 2, "author": "dee", "at": at}
    board = {
        "incident_id": NIGHT, "title": "Payments down", "severity": "SEV1", "service": "payments", "state": state,
        "owner": "ana", "accepted": True, "opened_at": at, "resolved_at": at, "ledger": [owed],
        "sections": {"summary": written}, "missing": ["category"], "revision": revision,
    }  # fmt: skip
    return ReviewRecord(
        incident_id=NIGHT, workflow_id=f"review/{NIGHT}", state=state, owner="ana", data=board, revision=revision
    )


def moment(page: Page, words: str) -> None:
    expect(page.locator(".moment")).to_contain_text(re.compile(words), timeout=PATIENCE)


def test_a_night_is_stepped_through_with_the_keyboard(rooms: Rooms) -> None:
    page = rooms.enter("ana", f"/reviews/{NIGHT}/time?t=0")
    reachable(page)
    slider = page.get_by_label("Moment, in seconds")
    tab_to(page, slider)
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    moment(page, r"T\+00:05:00")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("5 minutes after the opening"))
    assert "t=300" in page.url, "the moment can be linked to"
    page.keyboard.press("PageUp")
    moment(page, r"T\+00:3\d:")
    expect(page.locator("[data-piece=then]")).to_contain_text("breached")
    entry = page.locator(".moment").inner_text()
    page.get_by_role("button", name="To the next entry").press("Enter")
    expect(page.locator(".moment")).not_to_have_text(entry, timeout=PATIENCE)
    expect(page.get_by_role("button", name="To the next entry")).to_be_focused()
    page.get_by_label("or a moment").fill("02:35")
    page.keyboard.press("Enter")
    moment(page, r"T\+00:25:59")
    expect(page.locator("[data-piece=then]")).to_contain_text("no answer yet")
    page.get_by_label("or a moment").fill("soon")
    page.keyboard.press("Enter")
    expect(page.locator("[data-piece=then]")).to_contain_text("soon is no moment", timeout=PATIENCE)
    rooms.errors = [error for error in rooms.errors if "422" not in error]  # browsers write refusals there themselves


def test_the_lanes_are_zoomed_and_clicked(rooms: Rooms) -> None:
    page = rooms.enter("ana", f"/reviews/{NIGHT}/time?t=1500")
    whole = int(page.locator("#t").get_attribute("max") or 0)
    page.get_by_role("button", name="Zoom in").click()
    expect(page.locator("#t")).to_have_attribute("max", str(whole // 2), timeout=PATIENCE)
    box = page.locator(".sheet svg").bounding_box()
    assert box is not None
    page.locator(".sheet svg").click(position={"x": box["width"] * 0.9, "y": 60})
    moment(page, r"T\+02:0\d:")
    page.get_by_role("button", name="All of it").click()
    expect(page.locator("#t")).to_have_attribute("max", str(whole), timeout=PATIENCE)
    page.locator(".sheet svg").hover(position={"x": box["width"] * 0.5, "y": 60})
    page.mouse.wheel(0, 1)  # alone it scrolls the page
    page.keyboard.down("Control")
    page.mouse.wheel(0, -100)
    page.keyboard.up("Control")
    expect(page.locator("#t")).to_have_attribute("step", "30", timeout=PATIENCE)
    begin, end = (int(page.locator("#t").get_attribute(name) or 0) for name in ("min", "max"))
    assert end - begin == whole // 2
    assert begin > 0, "what is under the pointer stays there"
    page.locator("#t").press("+")
    expect(page.locator("#t")).to_have_attribute("step", "15", timeout=PATIENCE)
    page.locator(".sheet").press("0")
    expect(page.locator("#t")).to_have_attribute("max", str(whole), timeout=PATIENCE)
    with page.expect_download() as download:
        page.get_by_role("link", name="Lanes as SVG").click()
    assert download.value.suggested_filename == f"{NIGHT}-lanes.svg"


def test_without_the_script_the_slider_is_a_form(rooms: Rooms) -> None:
    page = rooms.enter("ana", f"/reviews/{NIGHT}/time?t=1500", scripts=False)
    page.get_by_role("button", name="Zoom in").click()
    assert "zoom=in" in page.url
    page.get_by_label("Moment, in seconds").press("ArrowRight")
    page.get_by_role("button", name="Show this moment").click()
    moment(page, r"T\+00:25:[23]\d")


def test_an_open_incident_can_be_stepped_through_too(rooms: Rooms) -> None:
    page = rooms.enter("ana")
    room = declared(page, "Looking back while it burns")
    expect(page.locator(".facts")).to_contain_text("Ana Ruiz", timeout=PATIENCE)
    page.goto(f"{room.replace('/incidents/', '/reviews/')}/time?t=1")
    moment(page, r"T\+00:00:0\d")
    expect(page.locator("[data-piece=then]")).to_contain_text("investigating")
    expect(page.locator("[data-piece=lanes]")).to_contain_text("Ana Ruiz")
    reachable(page)
    page.goto(room)
    over(page)


def test_a_review_is_live_and_its_report_is_taken_away(rooms: Rooms) -> None:
    page = rooms.enter("ana", f"/reviews/{NIGHT}")
    reachable(page)
    expect(page.locator(".report")).to_contain_text("Runbook adherence")
    page.locator("summary").filter(has_text="Summary").click()
    expect(page.get_by_label("What happened, in a few sentences")).to_have_value("Cards failed for four hours.")
    page.get_by_label("What happened, in a few sentences").fill("half a sen")
    reachable(page)

    async def move(database: Path) -> None:
        async with await Records.open(database) as records:
            await records.reviews.save(reviewed("in_review", 1))

    with ThreadPoolExecutor(1) as other:
        other.submit(asyncio.run, move(rooms.mayday.folder / "data" / "records.db")).result()
    expect(page.locator(".states [aria-current]")).to_have_text("in review", timeout=PATIENCE)
    expect(page.get_by_label("What happened, in a few sentences")).to_have_value("half a sen")
    page.get_by_role("link", name="Page", exact=True).click()
    expect(page.get_by_role("heading", name="Service levels")).to_be_visible()
    expect(page.locator("svg").last).to_be_visible()
    for path in (f"/reviews/{NIGHT}", f"/reviews/{NIGHT}/time"):
        phone = rooms.enter("ana", path, width=390, height=844, dark=True)
        reachable(phone)


def test_months_are_compared(rooms: Rooms) -> None:
    page = rooms.enter("sam", "/trends")
    reachable(page)
    expect(page.locator("figure").filter(has_text="MTTR").first).to_contain_text("opening to resolved")
    page.get_by_label("Show", exact=True).select_option("service")
    page.get_by_label("Severity").select_option("SEV3")
    page.get_by_label("Opened from").fill("2020-01-01")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("figure").filter(has_text="MTTR").first.locator("svg")).to_contain_text("warehouse")
    reachable(page)
    page.get_by_text("All of it as a table").click()
    expect(page.get_by_role("row", name=re.compile("MTTR")).first).to_contain_text("n ")
    reachable(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert download.value.path().read_text().startswith("group,incidents,measure,value")
    page.goto("/incidents?text=frankfurt")
    reachable(page)
    expect(page.get_by_role("row").nth(1)).to_contain_text("Frankfurt")


def test_a_phone_in_the_dark_shows_the_same(rooms: Rooms) -> None:
    page = rooms.enter("raj", "/trends", width=390, height=844, dark=True)
    reachable(page)
    for path in (f"/reviews/{NIGHT}/time?at=02:35", "/incidents"):
        page.goto(path)
        reachable(page)
    page = rooms.enter("raj", f"/reviews/{NIGHT}/time?at=02:35", dark=True)
    reachable(page)
