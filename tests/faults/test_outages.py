"""No worker lives for a while, nothing falls due meanwhile, and everybody gets the time back: with real processes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mayday.domain.outage import OUTAGE_SIGNAL
from mayday.settings import load_settings
from mayday.temporal.connection import connect
from tests.faults.night import RUNBOOKS
from tests.house import House

pytestmark = [pytest.mark.temporal, pytest.mark.timeout(240)]

#: seconds; a minute by default
AFTER = 2
GATE = "emergency_change"


async def declared(house: House) -> str:
    body = {"title": "shop is down", "service": "shop", "severity": "SEV1"}
    answer = await house.post("dee", "/api/v1/incidents", body)
    assert answer.status_code == 201, answer.text
    incident = str(answer.json()["id"])
    await house.happened(incident, "page_escalated", page="page_oncall")
    answer = await house.post("lee", f"/api/v1/incidents/{incident}/acks", {"page": "page_oncall", "joined": True})
    assert answer.status_code == 200, answer.text
    await house.happened(incident, "gate_opened", decision=GATE)
    return incident


async def due(house: House, incident: str) -> datetime:
    pending = (await house.get(f"/api/v1/incidents/{incident}"))["pending"]
    (found,) = [item["due_at"] for item in pending if item["id"] == GATE]
    return datetime.fromisoformat(found)


async def ended(house: House, incident: str) -> list[dict[str, Any]]:
    return [entry["data"] for entry in await house.timeline(incident) if entry["kind"] == "outage_ended"]


async def nobody_lives(house: House) -> None:
    """SIGKILL, until the store shows that nobody has lived for longer than it takes."""
    await house.worker.kill()

    async def long_enough() -> bool:
        last = await house.records.presence.last_life()
        return last is not None and datetime.now(UTC) - last > timedelta(seconds=AFTER + 2)

    await house.until(long_enough, "the outage to be one")


async def back(house: House) -> None:
    await house.worker.start()
    await house.worker_ready()


async def test_voters_get_the_time_back_in_which_no_worker_lived(tmp_path: Path) -> None:
    async with House(tmp_path / "house", RUNBOOKS, settings={"MAYDAY_OUTAGE_AFTER": str(AFTER)}) as house:
        incident = await declared(house)
        promised = await due(house, incident)
        await nobody_lives(house)
        await back(house)
        await house.happened(incident, "outage_ended")
        (outage,) = await ended(house, incident)
        away = datetime.fromisoformat(outage["to_at"]) - datetime.fromisoformat(outage["from_at"])
        assert away >= timedelta(seconds=AFTER)
        moved = await due(house, incident) - promised
        assert timedelta() < moved <= away + timedelta(milliseconds=1)
        assert GATE in [each["of"] for each in outage["moved"]]

        await nobody_lives(house)  # a second one is a second one
        await back(house)
        await house.until(lambda: _has(house, incident, 2), "the second outage", 120)
        assert await due(house, incident) - promised > moved


async def _has(house: House, incident: str, count: int) -> bool:
    return len(await ended(house, incident)) == count


async def test_two_workers_that_come_back_together_tell_of_one_outage(tmp_path: Path) -> None:
    async with House(tmp_path / "house", RUNBOOKS, settings={"MAYDAY_OUTAGE_AFTER": str(AFTER)}) as house:
        incident = await declared(house)
        promised = await due(house, incident)
        await nobody_lives(house)
        other = house.another_worker()
        try:
            await asyncio.gather(house.worker.start(), other.start())
            await house.worker_ready()
            await house.happened(incident, "outage_ended")
            (outage,) = await ended(house, incident)
            moved = await due(house, incident) - promised
            assert moved <= timedelta(seconds=outage["seconds"] + 1)
        finally:
            await other.kill()


async def test_nobody_outside_can_give_time(tmp_path: Path) -> None:
    async with House(tmp_path / "house", RUNBOOKS) as house:
        incident = await declared(house)
        promised = await due(house, incident)
        record = await house.records.incidents.get(incident)
        assert record is not None
        client = await connect(load_settings(data=tmp_path), address=house.server.address)
        now = datetime.now(UTC)
        notice = {"kind": "outage", "from_at": (now - timedelta(hours=9)).isoformat(), "to_at": now.isoformat()}
        for envelope in ({"command": notice}, {"command": notice, "signatures": {"a": "b"}}, {"command": {}}, {}):
            await client.get_workflow_handle(record.workflow_id).signal(OUTAGE_SIGNAL, envelope)
        await house.happened(incident, "refused", command="outage")
        assert await due(house, incident) == promised
        assert not await ended(house, incident)
