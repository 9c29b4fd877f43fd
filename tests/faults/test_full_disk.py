"""The disk of the records fills up in the middle of a night, Temporal goes away as well; then there is room again.

Starter and worker may make no file longer than the store's log is (RLIMIT_FSIZE): the kernel refuses as it does on a
full disk, and nobody has to be root. Temporal's own files lie elsewhere; it is stopped and continued.
"""

from __future__ import annotations

import os
import resource
import signal
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from mayday.domain.timeline import Entry, first_broken, timestamp
from tests.faults.night import RUNBOOKS
from tests.house import ALERTS_TOKEN, House, firing

pytestmark = [pytest.mark.temporal, pytest.mark.timeout(240)]


def room(house: House, most: int) -> None:
    """How long a file starter and worker may make."""
    for part in (house.starter, house.worker):
        assert part.pid is not None
        hard = resource.prlimit(part.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(part.pid, resource.RLIMIT_FSIZE, (most, hard))


async def post(house: House, name: str) -> httpx.Response:
    """One try of a sender, whatever comes of it."""
    alert = {"alertname": name, "service": "shop", "severity": "critical"}
    body = firing([alert], started_at=timestamp(datetime.now(UTC)))
    headers = {"Authorization": f"Bearer {ALERTS_TOKEN}"}
    return await house.http.post("/webhooks/alertmanager", json=body, headers=headers)


async def ready(house: House) -> dict[str, Any]:
    answer = await house.http.get("/readyz")
    return {"code": answer.status_code, **answer.json()}


async def test_a_full_disk_loses_nothing_and_lies_to_nobody(tmp_path: Path) -> None:
    async with House(tmp_path, RUNBOOKS) as house:
        first = await post(house, "Before")
        incident = first.json()["incidents"][0]["id"]
        for person in ("ana", "dee", "lee"):
            await house.token(person)
        await house.happened(incident, "paged", page="page_oncall")

        room(house, (tmp_path / "records.db-wal").stat().st_size)
        try:
            assert await house.until(lambda: _says(house, "disk_error"), "readiness to say it")
            direct = await post(house, "WhileFull")
            assert (direct.status_code, direct.json()["incidents"][0]["action"]) == (202, "attached")
            accept = {"role": "incident_commander"}
            taken = await house.post("ana", f"/api/v1/incidents/{incident}/accepts", accept)
            assert taken.status_code in (200, 202), taken.text

            assert house.server.pid is not None
            os.kill(house.server.pid, signal.SIGSTOP)
            try:
                refused = await post(house, "NobodyTakesIt")
                state = await ready(house)
            finally:
                os.kill(house.server.pid, signal.SIGCONT)
            assert (refused.status_code, refused.headers["content-type"]) == (503, "application/problem+json")
            assert int(refused.headers["retry-after"]) > 0
            assert "the records store takes nothing" in refused.json()["detail"], house.starter.last_words()
            assert (state["code"], state["status"]) == (503, "unavailable")
        finally:
            room(house, resource.RLIM_INFINITY)

        again = await house.alert(
            firing(
                [{"alertname": "NobodyTakesIt", "service": "shop", "severity": "critical"}],
                started_at=timestamp(datetime.now(UTC)),
            )
        )
        assert again.status_code == 202
        assert await house.until(lambda: _says(house, "ok"), "readiness to come back by itself")
        await house.until(lambda: _three_alerts(house, incident), "all alerts to be there")
        await house.post("ana", f"/api/v1/incidents/{incident}/status", {"status": "resolved", "reason": "over"})
        await house.happened(incident, "finished")
        entries = await house.until(lambda: _all_stored(house, incident), "all entries to be stored")
        assert first_broken(entries) is None
        fired = Counter(entry.data["title"] for entry in entries if entry.kind == "alert_fired")
        assert fired == {"Before": 1, "WhileFull": 1, "NobodyTakesIt": 1}
        held = [entry for entry in entries if entry.kind == "role_taken" and entry.data["person"] == "ana"]
        assert len(held) == 1
        log = house.starter.log.read_text()
        assert log.count('"records_take_nothing"') >= 1
        assert log.count('"records_take_again"') >= 1


async def _says(house: House, word: str) -> bool:
    return bool((await ready(house))["records"] == word)


async def _three_alerts(house: House, incident: str) -> bool:
    return sum(entry["kind"] == "alert_fired" for entry in await house.timeline(incident)) == 3


async def _all_stored(house: House, incident: str) -> list[Entry] | None:
    entries = await house.records.timeline.entries(incident)
    return entries if entries and any(entry.kind == "finished" for entry in entries) else None
