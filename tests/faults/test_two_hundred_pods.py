"""Two hundred pods (STORIES.md, 8): one deploy breaks everything, 6,000 alerts, twelve services, a worker that dies.

One incident a cause, every alert accounted for, the first page within seconds, and a timeline that can be read.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mayday.domain.timeline import timestamp
from tests.faults.night import RUNBOOKS
from tests.house import House, firing

pytestmark = [pytest.mark.temporal, pytest.mark.timeout(300)]

PODS, PER_NOTIFICATION, SENDERS = 500, 50, 6
SHOP = ("shop", "basket", "orders", "prices", "stock", "photos", "reviews", "accounts", "letters", "vouchers")
SEARCH = ("search", "suggestions")
FIRST_PAGE_WITHIN_SECONDS = 10.0


async def test_a_storm_of_six_thousand_alerts(tmp_path: Path) -> None:
    async with House(tmp_path, RUNBOOKS) as house:
        began = time.monotonic()
        storm = asyncio.create_task(blow(house))
        first_page = asyncio.create_task(house.until(lambda: a_page_rang(house), "the first page", 30))
        await first_page
        assert time.monotonic() - began < FIRST_PAGE_WITHIN_SECONDS
        assert not storm.done(), "the worker dies while it storms"
        for _ in range(2):
            await house.worker.kill()
            await house.worker.start()
            await house.worker_ready()
        answers = await storm
        assert {status for status, _ in answers} == {202}

        incidents = await house.until(lambda: all_counted(house), "every alert to be counted", 120)
        titles = {item["services"][0]: item for item in incidents}
        assert len(titles) == 2, "one incident a cause"
        assert await house.records.inbox.count() == {"forwarded": PODS * 12}
        for item in incidents:
            await readable_and_complete(house, item)


async def blow(house: House) -> list[tuple[int, Any]]:
    """All notifications, shuffled by service, from several senders at once."""
    started_at = timestamp(datetime.now(UTC))
    waiting: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    for first in range(0, PODS, PER_NOTIFICATION):
        for service in (*SHOP, *SEARCH):
            alerts = [
                {"alertname": "PodDown", "service": service, "severity": "critical", "pod": f"{service}-{number}"}
                for number in range(first, first + PER_NOTIFICATION)
            ]
            waiting.put_nowait(firing(alerts, started_at=started_at))
    answers: list[tuple[int, Any]] = []

    async def send() -> None:
        while not waiting.empty():
            answer = await house.alert(waiting.get_nowait())
            answers.append((answer.status_code, answer.json()))

    await asyncio.gather(*(send() for _ in range(SENDERS)))
    return answers


async def a_page_rang(house: House) -> bool:
    return bool(await house.records.desk.pages.find(page="page_oncall"))


async def all_counted(house: House) -> list[dict[str, Any]] | None:
    listed = (await house.get("/api/v1/incidents"))["items"]
    boards = [await house.get(f"/api/v1/incidents/{item['id']}") for item in listed]
    return boards if sum(board.get("alerts", 0) for board in boards) == PODS * 12 else None


async def readable_and_complete(house: House, item: dict[str, Any]) -> None:
    """Ends the incident, so that the last summary is written, and adds up."""
    incident = item["id"]
    accepted = await house.post("ana", f"/api/v1/incidents/{incident}/accepts", {"role": "incident_commander"})
    commander = "ana" if accepted.status_code in (200, 202) else "dee"
    if commander == "dee":
        await house.post("dee", f"/api/v1/incidents/{incident}/accepts", {"role": "deputy"})
    reason = {"status": "resolved", "reason": "rolled back"}
    ended = await house.post(commander, f"/api/v1/incidents/{incident}/status", reason)
    assert ended.status_code in (200, 202), ended.text
    await house.happened(incident, "finished")
    entries = await house.timeline(incident)
    kinds = Counter(entry["kind"] for entry in entries)
    summed = sum(entry["data"]["fired"] for entry in entries if entry["kind"] == "alerts_summed")
    services = SHOP if set(item["services"]) & set(SHOP) else SEARCH
    assert kinds["alert_fired"] + summed == PODS * len(services)
    assert set(item["services"]) == set(services)
    assert kinds["paged"] <= 12
    assert len(entries) < 150, "a timeline that can be read"
