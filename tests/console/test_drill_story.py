"""A drill on the real server, led from the browser: what is said stays at the house's own desk and says DRILL, vendors
hear nothing of it, and a real incident on the same service makes it stand back and tells everybody."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.console.rooms import PATIENCE, Mayday, Rooms, reachable, running, told, waits
from tests.doubles.pagerduty import PagerDuty
from tests.doubles.server import Double
from tests.doubles.servicenow import ServiceNow

pytestmark = [pytest.mark.browser, pytest.mark.temporal, pytest.mark.timeout(600)]

SCENARIO = """timeline:
  - {at: T+1s, note: a journalist asks what is wrong}
  - {at: T+2m, vote: emergency_change, by: sam, choice: approve}
  - {at: T+50m, alert: {title: cards are refused, labels: {service: demo_checkout}}}
"""


@contextmanager
def vendors(*doubles: Double) -> Iterator[dict[str, str]]:
    """Doubles in a loop of their own; what leads mayday to them."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    stack = AsyncExitStack()
    try:
        for double in doubles:
            asyncio.run_coroutine_threadsafe(stack.enter_async_context(double), loop).result(30)
        yield {name: value for double in doubles for name, value in double.settings().items()}
    finally:
        asyncio.run_coroutine_threadsafe(stack.aclose(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()


@pytest.fixture(scope="module")
def pager() -> PagerDuty:
    return PagerDuty()


@pytest.fixture(scope="module")
def tickets() -> ServiceNow:
    return ServiceNow()


@pytest.fixture(scope="module")
def mayday(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory, pager: PagerDuty, tickets: ServiceNow
) -> Iterator[Mayday]:
    with ExitStack() as stack:
        settings = stack.enter_context(vendors(pager, tickets))
        yield stack.enter_context(running(tmp_path_factory.mktemp("drill"), settings=settings))


def pressed(page: Page, what: str, button: str, **fields: str) -> None:
    """One of the buttons of whoever leads the drill."""
    drill = page.locator("[data-region=drill]")
    drill.locator("summary", has_text=what).click()
    for label, words in fields.items():
        drill.locator(f"#drill-{label}").fill(words)
    drill.get_by_role("button", name=button).click()


def test_a_drill_from_its_form_to_its_score_card(
    rooms: Rooms, pager: PagerDuty, tickets: ServiceNow, tmp_path: Path
) -> None:
    file = tmp_path / "night.yaml"
    file.write_text(SCENARIO)
    ana = rooms.enter("ana")
    ana.get_by_role("link", name="Start a drill").first.click()
    reachable(ana)
    ana.get_by_label("What is wrong in the drill").fill("Checkout is down")
    ana.get_by_label("Service", exact=True).select_option("demo_checkout")
    ana.get_by_label(re.compile("^Runbook")).select_option("console_night")
    ana.get_by_text("SEV2").click()
    ana.get_by_label("or a scenario of your own").set_input_files(file)
    ana.get_by_role("button", name="Show what will happen").click()
    expect(ana.get_by_role("heading", name="2 to happen, of night.yaml")).to_be_visible()
    ana.get_by_role("button", name="Start the drill").click()
    expect(ana.locator(".drill-banner")).to_contain_text("Nothing leaves this house", timeout=PATIENCE)
    drill = ana.url.removeprefix(rooms.mayday.url)
    told(ana, "the drill lets happen: news: a journalist asks what is wrong")
    reachable(ana)

    # a person lets the rest happen earlier, asked once more: it cannot be taken back
    pressed(ana, "Let something happen", "Let it happen")
    expect(ana.get_by_text("cannot be taken back: what the scenario has next")).to_be_visible(timeout=PATIENCE)
    ana.get_by_role("button", name="Yes, do it").click()
    told(ana, "the drill lets happen: alert cards are refused")
    raj = rooms.enter("raj", drill, width=390, height=844)
    ringing = waits(raj, "Checkout is down").filter(has_text="for you")
    ringing.get_by_role("button", name="Acknowledge", exact=True).tap()
    told(ana, "Raj Patel acknowledged “page payments”")

    # the fence is closed: nothing of it is outside, and what is inside says what it is
    texts = [
        page["text"] for page in rooms.mayday.api("GET", "/api/v1/desk/pages?person=all&state=all").json()["items"]
    ]
    assert texts
    assert all(text.startswith("DRILL: ") for text in texts), texts
    [ticket] = rooms.mayday.api("GET", f"/api/v1/desk/tickets?incident={drill.rpartition('/')[2]}").json()["items"]
    assert ticket["summary"].startswith("DRILL: ")
    assert (pager.incidents, tickets.calls("POST")) == ({}, [])

    # the real thing on the same service: the drill stands back, everybody hears of it, and nobody holds up the vendors
    real = {
        "title": "Checkout is really down",
        "service": "demo_checkout",
        "severity": "SEV1",
        "runbook": "console_night",
    }
    found = rooms.mayday.api("POST", "/api/v1/incidents", real).json()
    for page in (ana, raj):
        banner = page.locator(".drill-banner")
        expect(banner).to_contain_text("SEV1 Checkout is really down is real, on Checkout (demo)", timeout=PATIENCE)
        expect(banner.get_by_role("link", name="the real incident")).to_have_attribute("href", re.compile(found["id"]))
    reachable(raj)
    ana.goto("/")
    expect(ana.locator(".brow").filter(has_text="drill, paused")).to_contain_text("Checkout is down", timeout=PATIENCE)
    entries = rooms.mayday.api("GET", f"/api/v1{drill}/timeline?kind=drill_paused").json()["items"]
    assert {"ana", "raj"} <= set(entries[-1]["data"]["told"])
    pages = rooms.mayday.api("GET", "/api/v1/desk/pages?person=all&state=all").json()["items"]
    stopped = {page["person"] for page in pages if page["text"].startswith("DRILL: Stop. The drill is paused")}
    assert set(entries[-1]["data"]["told"]) <= stopped
    ana.goto(found["url"])
    expect(ana.locator(".drill-banner")).to_have_count(0)
    told(ana, "paged")
    assert pager.incidents, "the real one rings outside"

    # a person lets it go on beside the real one, and ends it
    ana.goto(drill)
    pressed(ana, "Let the drill go on", "Let it go on", resume="others have the real one")
    expect(ana.locator(".drill-banner")).to_contain_text("Nothing leaves this house", timeout=PATIENCE)
    ana.mouse.move(0, 0)
    pressed(ana, "End the drill", "End it", end="enough learnt")
    expect(ana.get_by_text("cannot be taken up again")).to_be_visible(timeout=PATIENCE)
    ana.get_by_role("button", name="Yes, do it").click()
    expect(ana.locator(".drill-banner")).to_contain_text("This was a drill.", timeout=60_000)
    ana.get_by_role("link", name="Its score card").click()
    expect(ana.get_by_role("rowheader", name="tech lead")).to_be_visible()
    expect(ana.get_by_text("SEV1 Checkout is really down is real")).to_be_visible()
    assert "Raj" not in ana.locator("main").inner_text()
    reachable(ana)
    assert not any("Checkout is down" in str(call.body) for call in [*pager.asked, *tickets.asked])
