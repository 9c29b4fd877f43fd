"""Who comes back tells every open incident of the outage, before it polls, once, and never stops for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.service import RPCError, RPCStatusCode

from mayday.domain.outage import OutageEnvelope, OutageNotice
from mayday.records.errors import RecordsUnavailable
from worker import presence
from worker.health import WorkerHealth
from worker.outages import AT_ONCE, TRIES, Outages
from worker.presence import be_present

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
AFTER = timedelta(seconds=60)


class Run:
    def __init__(self, number: int, incident: str | None) -> None:
        self.id, self._incident = f"incident/{number}", incident

    async def memo_value(self, name: str, default: Any) -> Any:
        return default if self._incident is None else self._incident


class Temporal:
    """Open incidents, and what each was told; `silent`: how often a signal finds nobody."""

    def __init__(self, *incidents: str | None, silent: int = 0, ended: tuple[str, ...] = ()) -> None:
        self.runs = [Run(number, incident) for number, incident in enumerate(incidents)]
        self.told: list[tuple[str, OutageNotice]] = []
        self.silent, self.ended, self.tried, self.under_way, self.most = silent, ended, 0, 0, 0
        self.lists = True

    def list_workflows(self, query: str) -> AsyncIterator[Run]:
        assert "WorkflowType = 'IncidentWorkflow'" in query
        assert "'Running'" in query

        async def listed() -> AsyncIterator[Run]:
            if not self.lists:
                raise RPCError("nobody there", RPCStatusCode.UNAVAILABLE, b"")
            for run in self.runs:
                yield run

        return listed()

    def get_workflow_handle(self, workflow_id: str) -> Any:
        house = self

        class Handle:
            async def signal(self, name: str, envelope: OutageEnvelope, **_: Any) -> None:
                assert name == "outage_ended"
                house.tried += 1
                house.under_way += 1
                house.most = max(house.most, house.under_way)
                await asyncio.sleep(0)
                house.under_way -= 1
                if workflow_id in house.ended:
                    raise RPCError("gone", RPCStatusCode.NOT_FOUND, b"")
                if house.silent > 0:
                    house.silent -= 1
                    raise RPCError("busy", RPCStatusCode.UNAVAILABLE, b"")
                house.told.append((next(iter(envelope.signatures)), envelope.command))

        return Handle()


class Signs:
    async def for_outage(self, incident: str, notice: OutageNotice) -> OutageEnvelope:
        return OutageEnvelope(command=notice, signatures={incident: "signed"})


class Lives:
    def __init__(self, last: datetime | None, *, away: bool = False) -> None:
        self.last, self.away = last, away

    async def last_life(self) -> datetime | None:
        if self.away:
            raise RecordsUnavailable("away")
        return self.last


def outages(lives: Lives, temporal: Temporal) -> Outages:
    return Outages(lives, Signs(), temporal, "mayday", lambda: NOW, AFTER)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.outages.PAUSE_S", 0)


async def test_every_open_incident_is_told_from_when_to_when() -> None:
    temporal = Temporal("INC-1", "INC-2")
    assert await outages(Lives(NOW - HOUR), temporal).look() == 2
    assert temporal.told == [(name, OutageNotice(from_at=NOW - HOUR, to_at=NOW)) for name in ("INC-1", "INC-2")]


@pytest.mark.parametrize("last", [None, NOW, NOW - AFTER, NOW + HOUR], ids=["first start", "lives", "short", "ahead"])
async def test_nobody_is_told_of_what_was_none(last: datetime | None) -> None:
    temporal = Temporal("INC-1")
    assert await outages(Lives(last), temporal).look() == 0
    assert not temporal.tried


async def test_a_thousand_are_told_a_few_at_a_time() -> None:
    temporal = Temporal(*(f"INC-{number}" for number in range(1000)))
    assert await outages(Lives(NOW - HOUR), temporal).look() == 1000
    assert temporal.most <= AT_ONCE


async def test_the_same_outage_is_told_once_by_one_worker() -> None:
    temporal, lives = Temporal("INC-1"), Lives(NOW - HOUR)
    told = outages(lives, temporal)
    assert [await told.look(), await told.look()] == [1, 0]
    lives.last = NOW - HOUR / 2
    assert await told.look() == 1


async def test_who_could_not_be_told_is_told_at_the_next_look() -> None:
    temporal = Temporal("INC-1", silent=TRIES)
    told = outages(Lives(NOW - HOUR), temporal)
    assert [await told.look(), await told.look()] == [0, 1]


async def test_one_that_has_ended_or_says_no_name_stops_nothing() -> None:
    temporal = Temporal("INC-1", None, "INC-3", ended=("incident/0",))
    assert await outages(Lives(NOW - HOUR), temporal).look() == 1
    assert [name for name, _ in temporal.told] == ["INC-3"]


async def test_a_temporal_that_lists_nothing_does_not_stop_the_worker() -> None:
    temporal = Temporal("INC-1")
    temporal.lists = False
    told = outages(Lives(NOW - HOUR), temporal)
    assert await told.look() == 0
    temporal.lists = True
    assert await told.look() == 1


# a worker that lives on -----------------------------------------------------------------------------------------


class Watch:
    """Takes down what a worker says of its life; each look at Temporal takes the next of `course`: (seconds that have
    passed, whether Temporal answers, whether the store does)."""

    def __init__(self, *course: tuple[float, bool, bool]) -> None:
        self.now, self.store = NOW, True
        self.said: list[str] = []
        self.after = AFTER
        self.over = asyncio.Event()
        self._course = list(course)

    async def answers(self, _: object) -> bool:
        if not self._course:
            self.over.set()
            await asyncio.sleep(3600)
        passed, temporal, self.store = self._course.pop(0)
        self.now += timedelta(seconds=passed)
        return temporal

    async def look(self) -> int:
        self._say("look")
        return 0

    async def began(self, _: str) -> None:
        self._say("began")

    async def seen(self, _: str) -> None:
        self._say("seen")

    async def began_again(self, _: str) -> None:
        self._say("began again")

    def _say(self, what: str) -> None:
        if not self.store:
            raise RecordsUnavailable("away")
        self.said.append(what)


async def lived(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(presence, "temporal_answers", watch.answers)
    health = WorkerHealth()
    await health.enter("polling")
    living = be_present(watch, "worker-1", None, health, 0, watch, lambda: watch.now)  # type: ignore[arg-type]
    task = asyncio.create_task(living)
    await asyncio.wait_for(watch.over.wait(), 10)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return watch.said


async def test_a_worker_that_lives_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch((0, True, True), (10, True, True), (55, True, True))
    assert await lived(watch, monkeypatch) == ["look", "began", "seen", "seen"]


async def test_one_whose_machine_slept_tells_of_it_first(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch((0, True, True), (8 * 3600, True, True), (10, True, True))
    assert await lived(watch, monkeypatch) == ["look", "began", "look", "began again", "seen"]


async def test_one_that_was_without_temporal_tells_of_it_when_that_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch((0, True, True), (40, False, True), (40, False, True), (1, True, True))
    assert await lived(watch, monkeypatch) == ["look", "began", "look", "began again"]


async def test_a_store_that_was_away_takes_nothing_from_a_life(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch((0, True, True), *[(40, True, False)] * 5, (40, True, True))
    assert await lived(watch, monkeypatch) == ["look", "began", "seen"]


async def test_without_temporal_and_store_it_tells_when_both_are_back(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch((0, True, True), (90, False, False), (10, True, False), (10, True, False), (10, True, True))
    assert await lived(watch, monkeypatch) == ["look", "began", "look", "began again"]


async def test_a_clock_that_is_set_back_is_no_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch((0, True, True), (-3600, True, True), (10, True, True))
    assert await lived(watch, monkeypatch) == ["look", "began", "seen", "seen"]


async def test_one_that_tells_of_it_slowly_says_meanwhile_that_it_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a Temporal that takes signals slowly would look like another outage to the next worker."""
    monkeypatch.setattr(presence, "TOLD_WITHIN_SECONDS", 0.01)

    class Slow(Watch):
        async def look(self) -> int:
            self._say("look")
            await asyncio.Event().wait()
            return 0

    watch = Slow((0, True, True), (10, True, True), (10, True, True))
    assert await lived(watch, monkeypatch) == ["look", "began", "seen", "seen"]
