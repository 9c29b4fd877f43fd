"""Alerts in: one incident a cause, nothing lost and nothing twice, whoever is down."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from mayday.domain.commands import Answer
from mayday.language.catalog import Catalog
from mayday.providers.alertmanager.inbound import Alertmanager
from mayday.providers.inbound import Delivery as Body
from mayday.records.errors import RecordsUnavailable
from mayday.records.records import Records
from mayday.signing import Signer
from starter.delivery import Delivery
from starter.forwarder import Forwarder
from starter.intake import Intake, Unavailable
from starter.lanes import Lanes
from starter.parcels import Delivered
from tests.starter.doubles import START, Clock, FakeGateway, PlainOpener
from tests.stores import in_memory

CATALOG = Catalog.model_validate(
    {
        "services": {"gateway": {}, "payments": {"depends_on": ["gateway"]}, "checkout": {"depends_on": ["payments"]}},
        "routes": [{"incident": {"impact": "high", "urgency": "high", "declare": "auto"}}],
    }
)


class Desk:
    """The intake of one starter with all that it needs."""

    def __init__(self, records: Records, gateway: FakeGateway, clock: Clock) -> None:
        self.records, self.gateway, self.clock = records, gateway, clock
        self.delivery = Delivery(gateway, records, PlainOpener(clock), Signer(records.keys, clock), clock)
        self.lanes = Lanes(self.delivery)
        self.forwarder = Forwarder(records, self.lanes, clock)
        self.intake = Intake(
            records, lambda: CATALOG, self.lanes, self.delivery, self.forwarder, clock, timedelta(seconds=20)
        )

    async def alert(
        self, *services: str, status: str = "firing", at: str = "2026-03-02T02:09:00Z", **more: Any
    ) -> list[Delivered]:
        alerts = [
            {"status": status, "labels": {"alertname": "Down", "service": service, **more}, "startsAt": at}
            for service in services
        ]
        return await self.post({"alerts": alerts})

    async def post(self, body: dict[str, Any]) -> list[Delivered]:
        raw = json.dumps(body).encode()
        return await self.intake.take(Alertmanager(), Body(raw=raw, received_at=self.clock()))

    async def settle(self) -> None:
        await self.lanes.drain()
        await self.forwarder.stop()


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    clock = Clock()
    async with await in_memory(clock) as records:
        yield Desk(records, FakeGateway(), clock)


def actions(results: list[Delivered]) -> list[str]:
    return [found.action for found in results]


async def test_the_first_alert_opens_an_incident_and_is_in_its_start_input(desk: Desk) -> None:
    (opened,) = await desk.alert("payments")
    assert opened.action == "opened"
    run = desk.gateway.runs[opened.workflow_id or ""]
    assert run.start.id == opened.incident_id
    assert [event.labels["service"] for event in run.start.events] == ["payments"]
    assert run.start.events[0].inbox_id == 1
    listed = await desk.records.incidents.get(opened.incident_id or "")
    assert listed is not None
    assert listed.title == "Down"
    await desk.settle()
    assert await desk.records.inbox.count() == {"forwarded": 1}


async def test_services_of_one_cause_share_one_incident(desk: Desk) -> None:
    results = await desk.alert("checkout", "payments", "gateway")
    assert actions(results) == ["opened", "attached", "attached"]
    assert len({found.incident_id for found in results}) == 1
    (later,) = await desk.alert("gateway", region="eu")
    assert (later.action, later.incident_id) == ("attached", results[0].incident_id)
    assert len(desk.gateway.runs) == 1


async def test_concurrent_duplicates_are_one_incident_and_one_alert(desk: Desk) -> None:
    everything = await asyncio.gather(*(desk.alert("payments") for _ in range(20)))
    assert len({found.incident_id for results in everything for found in results}) == 1
    assert sorted(actions([results[0] for results in everything]))[-2:] == ["attached", "opened"]
    (run,) = desk.gateway.runs.values()
    assert len(run.events) == 1


async def test_the_same_alert_twice_in_one_body_is_one_alert(desk: Desk) -> None:
    assert actions(await desk.alert("payments", "payments")) == ["opened", "opened"]
    (run,) = desk.gateway.runs.values()
    assert len(run.events) == 1


async def test_two_starters_agree_on_one_incident(desk: Desk) -> None:
    other = Desk(desk.records, desk.gateway, desk.clock)
    one, two = await asyncio.gather(desk.alert("payments"), other.alert("checkout"))
    assert one[0].incident_id == two[0].incident_id
    (run,) = desk.gateway.runs.values()
    assert len(run.events) == 2


async def test_a_starter_that_was_restarted_attaches_to_the_open_incident(desk: Desk) -> None:
    (opened,) = await desk.alert("payments")
    restarted = Desk(desk.records, desk.gateway, desk.clock)
    (attached,) = await restarted.alert("checkout")
    assert (attached.action, attached.incident_id) == ("attached", opened.incident_id)


async def test_resolved_alerts_are_noted_and_start_nothing(desk: Desk) -> None:
    (ignored,) = await desk.alert("payments", status="resolved")
    assert ignored.public() == {"id": None, "workflow_id": None, "action": "ignored"}
    await desk.alert("payments")
    (resolved,) = await desk.alert("payments", status="resolved", at="2026-03-02T02:09:30Z")
    assert resolved.action == "resolved"
    (run,) = desk.gateway.runs.values()
    assert [event.state for event in run.events] == ["firing", "resolved"]
    await desk.settle()
    assert await desk.records.inbox.count() == {"forwarded": 2, "done": 1}


async def test_a_storm_leaves_in_few_signals_with_every_alert_accounted_for(desk: Desk) -> None:
    await desk.alert("payments")
    desk.gateway.gate = asyncio.Event()
    posts = [asyncio.create_task(desk.alert("payments", pod=str(number))) for number in range(300)]
    while desk.gateway.calls.count("signal") < 1 or (await desk.records.inbox.count()).get("new", 0) < 300:
        await asyncio.sleep(0)
    desk.gateway.gate.set()
    await asyncio.gather(*posts)
    await desk.lanes.drain()
    (run,) = desk.gateway.runs.values()
    assert len(run.events) == 301
    assert max(len(batch.events) for batch in run.signals) <= 200
    assert max(len(batch.model_dump_json()) for batch in run.signals) < 80 * 1024
    assert len(run.signals) < 12


async def test_a_body_for_several_runs_is_answered_in_its_own_order(desk: Desk) -> None:
    """What leaves together for each run comes back to the line that it stood in."""
    services = ["payments", "orders", "payments", "stock", "orders", "payments"]
    body = {"alerts": [
        {"status": "firing", "labels": {"alertname": "Down", "service": service, "pod": str(number), "why": "x" * 900}}
        for number, service in enumerate(services * 40)
    ]}  # fmt: skip
    results = await desk.post(body)
    for service in set(services):
        (workflow,) = {found.workflow_id for found, of in zip(results, services * 40, strict=True) if of == service}
        run = desk.gateway.runs[workflow or ""]
        assert [event.labels["pod"] for event in run.events] == [
            str(number) for number, of in enumerate(services * 40) if of == service
        ]
        assert all(len(batch.model_dump_json()) < 80 * 1024 for batch in run.signals)
    assert actions(results) == ["opened", "opened", "attached", "opened", *["attached"] * 236]
    await desk.settle()
    assert await desk.records.inbox.count() == {"forwarded": 240}


async def test_with_the_inbox_down_a_body_for_several_runs_is_answered_in_its_own_order(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: Any, **__: Any) -> None:
        raise RecordsUnavailable("down")

    monkeypatch.setattr(desk.records.inbox, "commit", nothing)
    results = await desk.alert("payments", "orders", "payments", "stock", pod="a")
    keys = [found.workflow_id for found in results]
    assert keys[0] == keys[2]
    assert len(set(keys)) == 3
    assert actions(results) == ["opened", "opened", "attached", "opened"]


async def test_an_alert_on_its_way_is_left_to_the_request_that_brought_it(desk: Desk) -> None:
    """The forwarder does not touch it until it has waited for longer than a request takes, and then at once."""
    desk.gateway.silent = True
    await desk.alert("payments")
    desk.gateway.silent = False
    await desk.records.inbox.settle([1], "new")
    assert await desk.forwarder.forward_once() == 0
    (row,) = await desk.records.inbox.find()
    assert row.attempts == 0  # not even looked at
    desk.clock.forward(seconds=5)
    assert await desk.forwarder.forward_once() == 1
    assert len(desk.gateway.runs) == 1


async def test_while_temporal_is_silent_alerts_are_queued_and_forwarded_later(desk: Desk) -> None:
    desk.gateway.silent = True
    (queued,) = await desk.alert("payments")
    assert (queued.action, queued.incident_id) == ("queued", None)
    assert queued.workflow_id
    await desk.settle()
    assert await desk.records.inbox.count() == {"new": 1}
    desk.gateway.silent = False
    desk.clock.forward(seconds=30)
    assert await desk.forwarder.forward_once() == 1
    await desk.settle()
    (run,) = desk.gateway.runs.values()
    assert [event.title for event in run.start.events] == ["Down"]
    assert await desk.records.inbox.count() == {"forwarded": 1}


async def test_a_temporal_that_hangs_is_answered_queued_in_time_and_arrives_once(desk: Desk) -> None:
    desk.gateway.gate = asyncio.Event()
    desk.intake._answered_within = timedelta(seconds=0.1)
    (queued,) = await desk.alert("payments")
    assert queued.action == "queued"
    desk.gateway.gate.set()
    await desk.settle()
    (run,) = desk.gateway.runs.values()
    assert len(run.events) == 1
    assert await desk.records.inbox.count() == {"forwarded": 1}
    assert await desk.forwarder.forward_once() == 0


async def test_what_a_dead_starter_left_behind_is_forwarded_by_another(desk: Desk) -> None:
    desk.gateway.silent = True
    await desk.alert("payments")
    desk.gateway.silent = False
    other = Desk(desk.records, desk.gateway, desk.clock)
    assert await other.forwarder.forward_once() == 0  # young: whoever took it in is still at it
    desk.clock.forward(minutes=1)
    assert await other.forwarder.forward_once() == 1


async def test_with_the_inbox_down_alerts_go_to_temporal_directly(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def down(*_: object, **__: object) -> None:
        raise RecordsUnavailable("disk full")

    monkeypatch.setattr(desk.records.inbox, "commit", down)
    (opened,) = await desk.alert("payments")
    assert opened.action == "opened"
    desk.gateway.silent = True
    with pytest.raises(Unavailable):
        await desk.alert("payments", pod="2")


async def test_an_alert_that_fires_again_soon_after_the_end_reopens_the_same_incident(desk: Desk) -> None:
    (opened,) = await desk.alert("payments")
    desk.gateway.end(opened.workflow_id or "", desk.clock(), "resolved")
    desk.clock.forward(hours=3)
    (again,) = await desk.alert("payments", at="2026-03-02T05:00:00Z")
    assert (again.action, again.incident_id) == ("attached", opened.incident_id)
    run = desk.gateway.runs[opened.workflow_id or ""]
    assert run.start.state == {"status": "resolved", "seq": 7, "head": "a" * 64}
    assert run.start.opened_at == START
    assert [event.started_at for event in run.events] == [START.replace(hour=5, minute=0)]


async def test_a_reopened_incident_goes_on_behind_the_last_entry_of_its_review(desk: Desk) -> None:
    (opened,) = await desk.alert("payments")
    desk.gateway.end(opened.workflow_id or "", desk.clock(), "resolved")
    desk.gateway.review = Answer(detail={"head": "b" * 64, "next_seq": 12, "carried": {"report_version": 2}})
    await desk.alert("payments", at="2026-03-02T05:00:00Z")
    state = desk.gateway.runs[opened.workflow_id or ""].start.state or {}
    assert (state["seq"], state["head"], state["review_carried"]) == (11, "b" * 64, {"report_version": 2})


@pytest.mark.parametrize("status", ["cancelled", "rejected", "merged"])
async def test_after_a_false_alarm_a_fresh_incident_is_opened(desk: Desk, status: str) -> None:
    (first,) = await desk.alert("payments")
    desk.gateway.end(first.workflow_id or "", desk.clock(), status)
    (second,) = await desk.alert("payments", at="2026-03-02T05:00:00Z")
    assert second.action == "opened"
    assert second.incident_id != first.incident_id


async def test_a_day_later_it_is_another_incident(desk: Desk) -> None:
    (first,) = await desk.alert("payments")
    desk.gateway.end(first.workflow_id or "", desk.clock())
    desk.clock.forward(hours=25)
    (second,) = await desk.alert("payments", at="2026-03-03T04:00:00Z")
    assert second.action == "opened"
    assert second.incident_id != first.incident_id


async def test_an_alert_repeated_at_once_after_the_end_is_the_same_delivery_and_later_it_still_fires(
    desk: Desk,
) -> None:
    (opened,) = await desk.alert("payments")
    desk.gateway.end(opened.workflow_id or "", desk.clock())
    desk.clock.forward(minutes=1)
    (same,) = await desk.alert("payments")
    assert same.action == "attached"
    assert desk.gateway.runs[opened.workflow_id or ""].closed_at is not None
    desk.clock.forward(hours=4)
    (still,) = await desk.alert("payments")
    assert (still.action, still.incident_id) == ("attached", opened.incident_id)
    kept = await desk.records.inbox.get(desk.gateway.runs[opened.workflow_id or ""].events[0].inbox_id or 0)
    assert kept is not None
    assert kept.event.dedupe_key == kept.dedupe_key  # the run drops what it has seen: the one kept is a new one
    assert desk.gateway.runs[opened.workflow_id or ""].closed_at is None
    (once,) = await desk.alert("payments")
    assert once.action == "attached"
    assert len(desk.gateway.runs[opened.workflow_id or ""].events) == 1


@pytest.mark.parametrize("status", ["cancelled", "resolved"])
async def test_an_old_alert_repeated_just_after_the_end_is_heard_of_once_it_was_not_taken_back(
    desk: Desk, status: str
) -> None:
    """Cancelled at 03:00 while it fires, sent again at 03:02, and not again for hours: somebody has to be told. The
    starter that opened it hears nothing of the end: it has to ask."""
    (opened,) = await desk.alert("payments")
    await desk.settle()
    desk.clock.forward(minutes=30)
    desk.gateway.end(opened.workflow_id or "", desk.clock(), status)
    desk.clock.forward(minutes=2)
    for _ in range(2):
        (again,) = await desk.alert("payments")
        assert (again.action, again.incident_id) == ("queued", None), "nothing is attached to what is over"
    await desk.forwarder.forward_once()
    assert len(desk.gateway.all_runs) == 1, "whoever cancelled is not woken by the next notification"
    desk.clock.forward(minutes=7)
    await desk.forwarder.forward_once()
    runs = desk.gateway.all_runs
    assert len(runs) == 2
    assert (runs[-1].start.id == opened.incident_id) == (status == "resolved")
    await desk.forwarder.forward_once()
    assert len(desk.gateway.all_runs) == 2
    assert await desk.records.inbox.count() == {"forwarded": 2}


async def test_an_alert_that_is_taken_back_while_it_is_held_wakes_nobody(desk: Desk) -> None:
    (opened,) = await desk.alert("payments")
    await desk.settle()
    desk.clock.forward(minutes=30)
    desk.gateway.end(opened.workflow_id or "", desk.clock(), "cancelled")
    await desk.alert("payments")
    desk.clock.forward(minutes=4)
    await desk.alert("payments", status="resolved")
    await desk.settle()
    desk.clock.forward(minutes=4)
    await desk.forwarder.forward_once()
    assert len(desk.gateway.all_runs) == 1
    assert await desk.records.inbox.count() == {"forwarded": 1, "done": 2}


async def test_a_run_that_ends_between_two_alerts_costs_no_alert(desk: Desk) -> None:
    (opened,) = await desk.alert("payments")
    desk.gateway.end(opened.workflow_id or "", desk.clock(), "cancelled")
    (next_one,) = await desk.alert("payments", pod="2")
    assert next_one.action == "opened"


async def test_one_alert_that_cannot_be_started_does_not_hold_up_another(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    works = PlainOpener(desk.clock).from_alert

    async def fails_for_payments(parcel: Any) -> Any:
        if parcel.routed.service == "payments":
            raise RuntimeError("no plan")
        return await works(parcel)

    monkeypatch.setattr(desk.delivery, "_opener", type("O", (), {"from_alert": staticmethod(fails_for_payments)}))
    results = await desk.alert("payments", "search")
    assert actions(results) == ["queued", "opened"]
    await desk.settle()
    assert await desk.records.inbox.count() == {"new": 1, "forwarded": 1}
