"""The disk is full: nobody is told that something was kept which was not, and everybody is told why."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from tests.full_disk import full_disk
from tests.house import firing
from tests.starter.conftest import WEBHOOK_TOKEN, House


async def fire(house: House, **labels: str) -> Any:
    headers = {"Authorization": f"Bearer {WEBHOOK_TOKEN}"}
    alert = {"alertname": "Down", "service": "payments", "severity": "critical", **labels}
    body = firing([alert], started_at="2026-03-02T02:09:00Z")
    return await house.http.post("/webhooks/alertmanager", json=body, headers=headers)


async def test_an_alert_is_taken_only_where_it_is_kept(house: House) -> None:
    """Inbox full: straight to Temporal. Temporal gone as well: the sender keeps it, and hears why."""
    with full_disk(house.parts.records.store):
        first = await fire(house)
        assert (first.status_code, first.json()["incidents"][0]["action"]) == (202, "opened")
        house.gateway.silent = True
        refused = await fire(house, pod="b")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["detail"] == (
            "Temporal does not answer, and the records store takes nothing: its disk is full"
        )
    house.gateway.silent = False
    assert await house.parts.records.inbox.count() == {}
    again = await fire(house, pod="b")
    assert (again.status_code, again.json()["incidents"][0]["action"]) == (202, "attached")
    (run,) = house.gateway.runs.values()
    assert [event.labels.get("pod") for event in run.events] == [None, "b"]


async def board(house: House) -> str:
    headers = {"Authorization": f"Bearer {await house.token('ana')}", "Accept": "text/html"}
    return (await house.http.get("/", headers=headers)).text


@pytest.mark.parametrize(
    ("code", "word"),
    [(sqlite3.SQLITE_FULL, "full"), (sqlite3.SQLITE_READONLY, "read_only"), (sqlite3.SQLITE_IOERR, "disk_error")],
)
async def test_readiness_metrics_and_console_say_it(house: House, code: int, word: str) -> None:
    await house.token("ana")
    with full_disk(house.parts.records.store, code):
        ready = await house.http.get("/readyz")
        assert (ready.status_code, ready.json()["records"]) == (200, word)  # alerts are still taken in, by Temporal
        assert "mayday_records_writable 0.0" in (await house.http.get("/metrics")).text
        house.gateway.silent = True
        ready = await house.http.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (503, "unavailable")
        assert "The records store takes nothing" in await board(house)
    house.gateway.silent = False
    ready = await house.http.get("/readyz")
    assert (ready.status_code, ready.json()["records"]) == (200, "ok")
    metrics = (await house.http.get("/metrics")).text
    assert "mayday_records_writable 1.0" in metrics
    assert "mayday_data_free_bytes" in metrics
    assert "The records store" not in await board(house)


async def test_people_decide_on_while_the_store_is_full(house: House) -> None:
    incident = await house.declared()
    await house.token("dee")
    await house.token("lee")
    with full_disk(house.parts.records.store):
        note = await house.post(f"/api/v1/incidents/{incident}/notes", {"text": "on it"}, "dee", key="k1")
        assert note.status_code == 200
        assert (await house.get(f"/api/v1/incidents/{incident}")).status_code == 200
        override = {"schedule": "payments_primary", "person": "lee", "from_at": "2026-03-02T10:00:00Z",
                    "to_at": "2026-03-02T12:00:00Z"}  # fmt: skip
        refused = await house.post("/api/v1/oncall/overrides", override, "lee")
        assert (refused.status_code, refused.json()["code"]) == (503, "records_unavailable")
        assert refused.json()["detail"] == "the records store takes nothing: its disk is full"
    (command,) = house.run(incident).commands
    assert command.command.actor == "dee"
