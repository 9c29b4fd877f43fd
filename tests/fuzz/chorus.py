"""Many random nights on one time-skipping server: one worker for all, and each night's cues at its own moments.

A night begins some seconds after the one before it, so that their deadlines fall on different moments: the server's
clock runs on while a worker is busy, and what is due meanwhile would come late.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from temporalio import activity
from temporalio.common import RawValue
from temporalio.service import RPCError
from temporalio.worker import Worker

from mayday.domain.commands import Answer
from mayday.domain.incident import StartInput
from mayday.domain.timeline import Entry
from mayday.simulator.desk import Reply, ScenarioDesk
from mayday.simulator.on_temporal import BUILD, TemporalStage, Theatre, time_skipping
from tests.fuzz.play import Cue, Night
from workflows.rehearsal import RehearsedIncident, RehearsedReview

#: between the beginnings of two nights; no multiple of it is a minute
APART = timedelta(seconds=7)


class Singer(TemporalStage):
    """One night's incident. The worker is everybody's, so it neither comes nor goes with this one."""

    longest_sleep = timedelta(minutes=2)

    def __init__(
        self, theatre: Theatre, start: StartInput, desk: ScenarioDesk, queue: str, worker: asyncio.Task[None]
    ) -> None:
        super().__init__(theatre, start, desk, queue)
        self._running = worker
        #: commands that got another answer than on the virtual clock
        self.answered_otherwise: list[str] = []

    async def _appear(self) -> None: ...

    async def _leave(self) -> None: ...

    async def take(self, cue: Cue) -> None:
        """What came from outside comes here too."""
        if cue.command is not None:
            answer = await self.send(cue.command)
            if _short(answer) != _short(cue.answer):
                self.answered_otherwise.append(f"{cue.command}: {_short(cue.answer)} became {_short(answer)}")
        elif cue.alert is not None:
            await self.alert([cue.alert])
        elif cue.away is not None:
            await self.go_away(cue.away)

    def on_the_server(self, moment: datetime) -> datetime:
        """What the server's clock shows at a moment of the night."""
        return moment - self._offset

    async def sung(self) -> list[Entry]:
        """The whole timeline; an incident that has ended has stored all of it, and need not be asked."""
        stored = [self._stored[seq] for seq in sorted(self._stored)]
        return stored if stored and stored[-1].kind == "finished" else await self.entries()


def _short(answer: Answer | None) -> tuple[str | None, str | None]:
    code = answer.refusal.code if answer and answer.refusal else None
    return (answer.state if answer else None), code


class SameDesk(ScenarioDesk):
    """Answers each effect, known by its key, as it was answered before.

    A mock counts calls; of two that are under way together, a real server's activities bring either first.
    """

    def __init__(self, before: ScenarioDesk) -> None:
        super().__init__(before.catalog, before.actions)
        self._before = {str(call.payload["effect_key"]): call.reply for call in before.calls}

    def answer(self, kind: str, payload: dict[str, Any], now: datetime) -> Reply:
        return self._before.get(str(payload["effect_key"])) or super().answer(kind, payload, now)


class Wedged(AssertionError):
    """Time does not go on: most likely a workflow task fails again and again."""


class Chorus:
    """Plays nights that are known from the virtual clock again, on a real server, all at the same time."""

    def __init__(self, theatre: Theatre, queue: str, worker: asyncio.Task[None], singers: dict[str, Singer]) -> None:
        self._theatre, self._queue, self._worker, self._singers = theatre, queue, worker, singers
        self._score: list[tuple[datetime, int, Callable[[], Awaitable[None]]]] = []
        self._number = 0

    async def sing(self, nights: Sequence[Night]) -> list[Singer]:
        """The incidents as they are when all nights are over."""
        begin = await self._theatre.environment.get_current_time()
        singers = [self._singer(night) for night in nights]
        for number, (singer, night) in enumerate(zip(singers, nights, strict=True)):
            self._note(begin + APART * (number + 1), lambda singer=singer, night=night: self._begin(singer, night))
        while self._score:
            _, _, bring = heapq.heappop(self._score)
            await bring()
        return singers

    def _singer(self, night: Night) -> Singer:
        start = night.start.model_copy(update={"workflow_id": f"incident/{uuid.uuid4()}"})
        singer = Singer(self._theatre, start, SameDesk(night.desk), self._queue, self._worker)
        self._singers[start.workflow_id] = singer
        return singer

    def _note(self, at: datetime, bring: Callable[[], Awaitable[None]]) -> None:
        self._number += 1
        heapq.heappush(self._score, (at, self._number, bring))

    async def _hanging(self) -> list[str]:
        """Nights whose workflow task is not done."""
        found = []
        for singer in self._singers.values():
            if singer.handle is not None:
                raw = (await singer.handle.describe()).raw_description
                if raw.HasField("pending_workflow_task") or raw.pending_activities:
                    found.append(f"{singer.handle.id}: {raw.pending_workflow_task} {raw.pending_activities}")
        return found

    async def _begin(self, singer: Singer, night: Night) -> None:
        await singer.open()
        self._next(singer, night, 0)

    def _next(self, singer: Singer, night: Night, number: int) -> None:
        last = number == len(night.cues)
        at = night.incident.now if last else night.cues[number].at

        async def bring() -> None:
            try:
                await singer.run_to(at, inclusive=last)
            except RPCError as error:
                raise Wedged(f"no time passes before {at.isoformat()}: {await self._hanging()}") from error
            if not last:
                await singer.take(night.cues[number])
                self._next(singer, night, number + 1)

        self._note(singer.on_the_server(at), bring)


@contextlib.asynccontextmanager
async def chorus() -> AsyncIterator[Chorus]:
    """A server and a worker for many nights."""
    singers: dict[str, Singer] = {}

    @activity.defn(dynamic=True)
    async def any_effect(args: Sequence[RawValue]) -> dict[str, Any]:
        return await singers[(activity.info().workflow_id or "").rpartition("/")[0]].carry_out(args)

    async with time_skipping() as theatre:
        queue = f"chorus-{uuid.uuid4()}"
        worker = Worker(
            theatre.environment.client,
            task_queue=queue,
            workflows=[RehearsedIncident, RehearsedReview],
            activities=[any_effect],
            graceful_shutdown_timeout=timedelta(seconds=5),
            build_id=BUILD,
            debug_mode=True,  # without the watch for deadlocks, which a busy machine looks like
        )
        running = asyncio.create_task(worker.run())
        await theatre.warm_up(queue)
        try:
            yield Chorus(theatre, queue, running, singers)
        finally:
            await worker.shutdown()
            await running
