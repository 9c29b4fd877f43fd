"""Whatever happens to Temporal, starters and incidents meanwhile: each accepted alert reaches a run, exactly once."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mayday.providers.alertmanager.inbound import Alertmanager
from mayday.providers.inbound import Delivery as Body
from mayday.records.errors import RecordsUnavailable
from mayday.records.records import Records
from starter.intake import Unavailable
from tests.starter.doubles import Clock, FakeGateway
from tests.starter.test_intake import Desk
from tests.stores import in_memory

SERVICES = ["payments", "checkout", "search"]
ALERTS = st.lists(
    st.tuples(st.sampled_from(SERVICES), st.integers(0, 3), st.sampled_from(["firing", "firing", "resolved"])),
    min_size=1, max_size=4,
)  # fmt: skip
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("post"), ALERTS),
        st.tuples(st.just("post"), ALERTS),
        st.tuples(st.just("crowd"), st.lists(ALERTS, min_size=2, max_size=4)),
        st.tuples(st.just("silence"), st.booleans()),
        st.tuples(st.just("disk"), st.booleans()),
        st.tuples(st.just("restart"), st.none()),
        st.tuples(st.just("end"), st.tuples(st.sampled_from(SERVICES), st.sampled_from(["resolved", "cancelled"]))),
        st.tuples(st.just("wait"), st.sampled_from([1, 30, 3600, 90_000])),
        st.tuples(st.just("forward"), st.none()),
    ),
    max_size=14,
)  # fmt: skip


def _alert(service: str, pod: int, state: str) -> dict[str, Any]:
    labels = {"alertname": "Down", "service": service, "pod": str(pod)}
    return {"status": state, "labels": labels, "startsAt": "2026-03-02T02:09:00Z"}


class Night:
    """A starter on a bad night, and what its senders believe."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self.records, self.clock = records, clock
        self.gateway = FakeGateway()
        self.desk = Desk(records, self.gateway, clock)
        self.disk, self.disk_failed, self.ends = True, False, 0
        self.accepted: set[str] = set()
        self.answers: list[tuple[str, str | None]] = []
        commit = records.inbox.commit

        async def maybe(*arguments: Any, **named: Any) -> Any:
            if not self.disk:
                raise RecordsUnavailable("no disk")
            return await commit(*arguments, **named)

        records.inbox.commit = maybe  # type: ignore[method-assign]

    async def post(self, alerts: list[tuple[str, int, str]]) -> None:
        body = {"alerts": [_alert(*one) for one in alerts]}
        delivery = Body(raw=json.dumps(body).encode(), received_at=self.clock())
        try:
            results = await self.desk.intake.take(Alertmanager(), delivery)
        except Unavailable:
            return
        events = Alertmanager().events(delivery)
        self.accepted |= {event.dedupe_key for event in events if event.state == "firing"}
        self.answers += [(found.action, found.incident_id) for found in results]

    async def play(self, what: str, how: Any) -> None:
        if what == "post":
            await self.post(how)
        elif what == "crowd":
            await asyncio.gather(*(self.post(alerts) for alerts in how))
        elif what == "silence":
            self.gateway.silent = how
        elif what == "disk":
            self.disk = not how
            self.disk_failed |= how
        elif what == "restart":
            await self.desk.settle()
            self.desk = Desk(self.records, self.gateway, self.clock)
        elif what == "end":
            service, status = how
            for run in list(self.gateway.runs.values()):
                if run.start.service == service and run.closed_at is None:
                    self.ends += 1
                    self.gateway.end(run.start.workflow_id, self.clock(), status)
        elif what == "wait":
            await self.desk.settle()  # the clock jumps, so what needs a moment has had it
            self.clock.forward(seconds=how)
        elif what == "forward":
            await self.desk.forwarder.forward_once()

    async def morning(self) -> None:
        """Everything works again and has had time."""
        self.gateway.silent, self.disk = False, True
        await self.desk.settle()
        self.desk = Desk(self.records, self.gateway, self.clock)
        for _ in range(5):
            self.clock.forward(minutes=1)
            await self.desk.forwarder.forward_once()
        await self.desk.settle()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_each_accepted_alert_reaches_a_run_exactly_once(steps: list[tuple[str, Any]]) -> None:
    async def night() -> None:
        clock = Clock()
        async with await in_memory(clock) as records:
            it = Night(records, clock)
            for what, how in steps:
                await it.play(what, how)
            await it.morning()
            given_to_runs = Counter(
                event.dedupe_key.partition(":after:")[0] for run in it.gateway.all_runs for event in run.events
                if event.state == "firing"
            )  # fmt: skip
            assert it.accepted <= set(given_to_runs)
            if not it.disk_failed:  # without an inbox only the run itself can tell a repetition
                assert max(given_to_runs.values(), default=0) <= 1 + it.ends
            assert (await records.inbox.count()).keys() <= {"forwarded", "done"}
            open_now = [run for run in it.gateway.all_runs if run.closed_at is None]
            assert len({run.start.workflow_id for run in open_now}) == len(open_now)

    asyncio.run(night())
