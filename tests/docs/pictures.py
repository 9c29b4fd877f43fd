"""Makes the README's pictures anew: `python -m tests.docs.pictures`. Needs chromium; a real mayday runs meanwhile.

Look at each of them afterwards. They are never compared by a test: every change of the console would be one.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import expect, sync_playwright

from bench.past_incidents import fill, nights
from mayday.records import Records
from tests.console.nights import keep
from tests.console.rooms import Mayday, Rooms, running, told, waits

FOLDER = Path(__file__).parents[2] / "docs" / "images"
NIGHT = "INC-01M80YPJAW4DFZ44RVP3AYJK1B"
WITHIN_S = 60.0
#: between what people do, so that the strip over time shows something
PAUSE_S = 35.0


class Responders:
    """People of the catalog, over the API."""

    def __init__(self, mayday: Mayday) -> None:
        self._mayday = mayday
        self._tokens: dict[str, str] = {}
        self.incident = ""

    def __call__(self, person: str, what: str, **body: Any) -> Any:
        """POST to the incident, once it may be done."""
        if person not in self._tokens:
            self._tokens[person] = self._mayday.token(person)
        path = f"/api/v1/incidents/{self.incident}/{what}" if what else "/api/v1/incidents"
        headers = {"Authorization": f"Bearer {self._tokens[person]}"}
        answer: httpx.Response | None = None

        def done() -> bool:
            nonlocal answer
            answer = httpx.post(self._mayday.url + path, json=body, headers=headers, timeout=30, trust_env=False)
            return answer.status_code < 300

        _until(done, lambda: f"{person} {what}: {answer.text if answer is not None else ''}")
        assert answer is not None
        return answer.json()


def _until(holds: Callable[[], bool], words: Callable[[], str]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not holds():
        if time.monotonic() > deadline:
            raise SystemExit(words())
        time.sleep(0.3)


def night(mayday: Mayday) -> str:
    """A SEV1 in the middle of it: people are there, the vendor has answered, one of two has approved."""
    people = Responders(mayday)
    people.incident = people(
        "ana", "", title="Card payments fail", service="payments", severity="SEV1", customers_affected=12_400
    )["id"]
    for person, role in (("ana", "incident_commander"), ("dee", "deputy"), ("li", "comms_lead")):
        people(person, "accepts", role=role)
    time.sleep(PAUSE_S)
    people("raj", "acks", page="page_payments", joined=True)
    time.sleep(PAUSE_S)
    people("sam", "votes", decision="emergency_change", choice="approve", reason="the way back is tested")
    time.sleep(PAUSE_S)
    people("ana", "status", status="identified", reason="it is the gateway")
    people("ana", "vendor-replies", step="gateway", kind="reply", text="Northern zone is failing over, they call back")
    time.sleep(PAUSE_S)
    text = "The gateway fails in all zones. We prepare to route around it; two of the change board decide."
    people("ana", "updates", audience="technical", text=text)
    return str(people.incident)


def past(mayday: Mayday) -> None:
    """A night that is archived, and three years of incidents."""

    async def kept() -> None:
        async with await Records.open(mayday.folder / "data" / "records.db") as records:
            await keep(records, incident=NIGHT)
            await fill(records, await nights(), 0, 240)

    with ThreadPoolExecutor(1) as other:  # the browser's driver has this thread's event loop
        other.submit(asyncio.run, kept()).result()


def taken(rooms: Rooms, incident: str, folder: Path) -> None:
    """All pictures, as PNG files."""
    ana = rooms.enter("ana", f"/incidents/{incident}", height=1180)
    expect(waits(ana, "emergency change").locator(".tally")).to_have_text("1 of 2 approvals")
    told(ana, "two of the change board decide")
    ana.screenshot(path=folder / "incident.png")
    kim = rooms.enter("kim", f"/incidents/{incident}", width=390, height=870, dark=True)
    expect(waits(kim, "emergency change").locator(".tally")).to_have_text("1 of 2 approvals")
    kim.screenshot(path=folder / "vote-on-a-phone.png")
    ana.goto(f"/reviews/{NIGHT}/time?at=02:35")
    expect(ana.locator(".moment")).to_be_visible()
    ana.set_viewport_size({"width": 1280, "height": 1180})
    ana.screenshot(path=folder / "step-by-step.png")
    raj = rooms.enter("raj", "/trends", height=860, dark=True)
    expect(raj.get_by_role("heading", name="How fast")).to_be_visible()
    raj.screenshot(path=folder / "trends.png")


def main() -> None:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        raise SystemExit("no chromium is installed")
    os.environ.pop("MAYDAY_DATA", None)
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as mayday, sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
        rooms = Rooms(launched, mayday)
        past(mayday)
        taken(rooms, night(mayday), FOLDER)
        rooms.close()
        launched.close()
    for picture in sorted(FOLDER.glob("*.png")):
        sys.stdout.write(f"{picture.name}: {picture.stat().st_size / 1024:.0f} KiB\n")


if __name__ == "__main__":
    main()
