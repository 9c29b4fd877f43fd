"""What vendors tell of our own calls is kept before it is answered, and delivered once and in order."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from mayday.domain.commands import Note
from mayday.providers.inbound import Callback
from mayday.records.errors import RecordsUnavailable
from starter.couriers import MOST_TRIES, Courier
from starter.housekeeping import forget_old
from tests.providers.inbound.conftest import TOKEN
from tests.providers.inbound.samples import needed
from tests.providers.inbound.test_callbacks import pagerduty, post, record
from tests.starter.conftest import House

pytestmark = needed
BEARER = {"Authorization": f"Bearer {TOKEN}"}


async def acknowledged(house: House, incident: str) -> httpx.Response:
    body = pagerduty("incident_acknowledged", f"{incident}/page_mim#1/ana/push")
    return await house.http.post("/webhooks/pagerduty", json=body, headers=BEARER)


def said(house: House, incident: str) -> list[str]:
    """Kinds and texts of the commands that reached the incident."""
    commands = [envelope.command for envelope in house.run(incident).commands]
    return [each.text.rpartition(": ")[2] if isinstance(each, Note) else each.kind for each in commands]


async def test_an_acknowledgement_while_temporal_is_silent_is_kept_and_stops_the_ladder_later(ready: House) -> None:
    """A sender that never tries again loses nothing: 202 means that it is on disk."""
    incident = await ready.declared()
    received = ready.clock()
    ready.gateway.silent = True
    answer = await acknowledged(ready, incident)
    assert (answer.status_code, answer.json()["callbacks"]) == (
        202, [{"incident": incident, "kind": "ack", "step": "page_mim", "state": "queued"}],
    )  # fmt: skip
    ready.clock.forward(minutes=7)
    ready.gateway.silent = False
    await ready.parts.courier.deliver_waiting()
    (envelope,) = ready.run(incident).commands
    assert (envelope.command.kind, envelope.command.received_at) == ("ack", received)
    await ready.parts.courier.deliver_waiting()
    assert (await acknowledged(ready, incident)).json()["callbacks"][0]["state"] == "applied"
    assert len(ready.run(incident).commands) == 1
    assert await ready.parts.records.callbacks.count() == {"done": 2}  # the page's own id, and the acknowledgement


async def test_what_waits_is_delivered_in_the_order_in_which_it_came(ready: House) -> None:
    one, other = await ready.declared(), await ready.declared("search")
    ready.gateway.silent = True
    for number in range(5):
        for incident in (one, other):
            body = record(incident, sys_mod_count=str(number), work_notes=f"note {number}", updated_fields=["x"])
            assert (await post(ready, "servicenow", body))["callbacks"][0]["state"] == "queued"
    ready.gateway.silent = False
    # one that comes now waits for those before it
    last = record(one, sys_mod_count="9", work_notes="last", updated_fields=["x"])
    assert (await post(ready, "servicenow", last))["callbacks"][0]["state"] == "applied"
    assert said(ready, one) == [*(f"note {number}" for number in range(5)), "last"]
    assert said(ready, other) == []
    await ready.parts.courier.deliver_waiting()
    assert said(ready, other) == [f"note {number}" for number in range(5)]


async def test_two_starters_deliver_each_once(ready: House) -> None:
    incident = await ready.declared()
    ready.gateway.silent = True
    for number in range(6):
        await post(ready, "servicenow", record(incident, sys_mod_count=str(number), work_notes=f"note {number}"))
    ready.gateway.silent = False
    second = Courier(ready.parts.records, ready.parts.callbacks, ready.clock)
    for _ in range(3):
        await asyncio.gather(ready.parts.courier.deliver_waiting(), second.deliver_waiting())
    assert said(ready, incident) == [f"note {number}" for number in range(6)]


async def test_a_starter_that_died_in_the_middle_holds_the_lane_until_its_lease_ends(ready: House) -> None:
    incident = await ready.declared()
    ready.gateway.silent = True
    for number in range(2):
        await post(ready, "servicenow", record(incident, sys_mod_count=str(number), work_notes=f"note {number}"))
    ready.gateway.silent = False
    assert await ready.parts.records.callbacks.claim(incident, timedelta(seconds=30)) is not None
    await ready.parts.courier.deliver_waiting()
    assert said(ready, incident) == []
    ready.clock.forward(seconds=31)
    await ready.parts.courier.deliver_waiting()
    assert said(ready, incident) == ["note 0", "note 1"]


async def test_without_an_inbox_it_goes_to_temporal_and_without_both_the_vendor_tries_again(
    ready: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident = await ready.declared()

    async def no_disk(*_: Any, **__: Any) -> Any:
        raise RecordsUnavailable("no disk")

    monkeypatch.setattr(ready.parts.records.callbacks, "commit", no_disk)
    assert (await acknowledged(ready, incident)).json()["callbacks"][0]["state"] == "applied"
    ready.gateway.silent = True
    answer = await acknowledged(ready, incident)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


async def test_one_that_cannot_be_delivered_does_not_keep_the_incident_from_the_others(
    ready: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident = await ready.declared()
    deliver = ready.parts.callbacks.deliver

    async def stumbling(source: str, callback: Callback, at: Any) -> dict[str, Any]:
        if "note 0" in callback.text:
            raise KeyError("a bug of ours")
        return await deliver(source, callback, at)

    monkeypatch.setattr(ready.parts.callbacks, "deliver", stumbling)
    for number in range(2):
        await post(ready, "servicenow", record(incident, sys_mod_count=str(number), work_notes=f"note {number}"))
    for _ in range(MOST_TRIES):
        await ready.parts.courier.deliver_waiting()
    assert said(ready, incident) == ["note 1"]
    assert await ready.parts.records.callbacks.count() == {"failed": 1, "done": 1}


async def test_what_was_delivered_long_ago_goes_with_its_body(ready: House) -> None:
    incident = await ready.declared()
    await acknowledged(ready, incident)
    callbacks = ready.parts.records.callbacks
    assert b"incident.acknowledged" in (await callbacks.body(1) or b"")
    ready.clock.forward(days=100)
    assert await forget_old(callbacks, ready.clock() - timedelta(days=90), pause_s=0) == 2
    assert (await callbacks.body(1), await callbacks.count()) == (None, {})
