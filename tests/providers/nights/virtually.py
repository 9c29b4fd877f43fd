"""A whole night on the virtual clock: the worker's own activities without a server, the vendors' doubles behind them.

An activity is run when the walker asks for it, as often as its class allows, and timelines are flushed in batches as
`workflows.ledger` does it. What only Temporal can show is left to the nights in `outside.py`; this takes a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, get_type_hints

from pydantic import BaseModel
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from mayday.domain.effects import FLUSH, EffectFailure, EffectRequest, FlushRequest
from mayday.domain.incident import StartInput
from mayday.domain.limits import PAUSE_S, Limits, limits_of
from mayday.domain.timeline import Entry
from mayday.simulator.desk import ABSORB, REVIEW, Reply, ScenarioDesk
from mayday.simulator.stage import VirtualStage
from mayday.simulator.virtual import VirtualIncident
from workflows.ledger import BATCH, EVERY, PRESSING

Activities = Callable[[Callable[[], datetime]], list[Any]]


class Crew:
    """Runs activities by name for a thread that cannot wait for them itself."""

    def __init__(self, activities: list[Any], loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        #: without the one for actions of the house's own, which has no name
        self._known = {activity._Definition.must_from_callable(each).name: each for each in activities}

    def run(self, kind: str, payload: BaseModel | dict[str, Any]) -> dict[str, Any]:
        """Raises ApplicationError as the activity does."""
        work = self._known[kind]
        [takes] = [hint for name, hint in get_type_hints(work).items() if name != "return"]
        given = payload if isinstance(payload, BaseModel) else takes.model_validate(payload)
        running = asyncio.run_coroutine_threadsafe(ActivityEnvironment().run(work, given), self._loop)
        answer: BaseModel | dict[str, Any] = running.result(timeout=60)
        return answer.model_dump(mode="json") if isinstance(answer, BaseModel) else answer


class OutsideIncident(VirtualIncident):
    """Its effects are done by a crew, and its entries go to the records in batches."""

    def __init__(self, start: StartInput, desk: ScenarioDesk, crew: Callable[[VirtualIncident], Crew]) -> None:
        self.now = start.opened_at
        self._crew = crew(self)
        self._flushed_at: datetime | None = None
        super().__init__(start, desk)

    def so_far(self) -> list[Entry]:
        return [*self.entries, *self.walker.unflushed()]

    def _start(self, request: EffectRequest) -> None:
        reply, limits = Reply(), limits_of(request.effect_class, request.timeout_s)
        if request.kind not in (ABSORB, REVIEW):
            reply = self._tried(request, limits)
        self._desk = _Answered(reply)  # type: ignore[assignment]
        super()._start(request)

    def _tried(self, request: EffectRequest, limits: Limits) -> Reply:
        waited = timedelta()
        for number in range(limits.tries):
            try:
                return Reply(value=self._crew.run(request.kind, request.payload), after=waited)
            except ApplicationError as error:
                failure = EffectFailure(code=error.type or "error", message=error.message)
                if error.non_retryable:
                    break
                waited += timedelta(seconds=PAUSE_S * 2**number)
        return Reply(failure=failure, after=waited)

    def _collect(self) -> None:
        fresh = self.walker.unflushed()
        old = self._flushed_at is None or self.now - self._flushed_at >= EVERY
        pressing = any(entry.kind in PRESSING for entry in fresh)
        if fresh and (old or pressing or len(fresh) >= BATCH or self.walker.finished):
            self._flushed_at = self.now
            self._crew.run(FLUSH, FlushRequest(
                incident_id=self.walker.state.id, entries=fresh, board=self.walker.board(self.now),
                correlation_key=self.walker.start.correlation_key, run_id="virtual",
            ))  # fmt: skip
            super()._collect()


class _Answered:
    """Stands where a rehearsal's desk does, with the answer that is known already."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply

    def answer(self, kind: str, payload: dict[str, Any], now: datetime) -> Reply:
        return self._reply


class OutsideVirtually(VirtualStage):
    """The virtual clock in a thread, so that the loop is free for what its activities do outside."""

    incident: OutsideIncident

    @classmethod
    async def open(cls, start: StartInput, desk: ScenarioDesk, activities: Activities) -> OutsideVirtually:
        loop = asyncio.get_running_loop()

        def crew(incident: VirtualIncident) -> Crew:
            return Crew(activities(lambda: incident.now), loop)

        return cls(await asyncio.to_thread(OutsideIncident, start, desk, crew))

    async def send(self, *given: Any, **more: Any) -> Any:
        return await asyncio.to_thread(self.incident.send, *given, **more)

    async def run_to(self, moment: datetime, *, inclusive: bool) -> None:
        await asyncio.to_thread(self.incident.run_to, moment, inclusive=inclusive)

    async def entries(self) -> list[Entry]:
        return self.incident.so_far()
