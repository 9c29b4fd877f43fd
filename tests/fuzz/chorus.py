"""Many random nights on one time-skipping server: one worker for all, and each night's cues at its own moments.

A night begins some seconds after the one before it, so that their deadlines fall on different moments: a worker has
many minutes of the server's clock for each (docs/adr/0107). What each walker is given is taken down, because only the
server knows in which order the answers of one moment came.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from temporalio import activity, workflow
from temporalio.common import RawValue
from temporalio.worker import (
    Interceptor,
    UnsandboxedWorkflowRunner,
    Worker,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

from mayday.archive.tape import EXTERN, Answered, Tape
from mayday.domain.commands import Answer
from mayday.domain.incident import EPOCH, StartInput
from mayday.domain.timeline import Entry
from mayday.simulator.desk import ScenarioDesk
from mayday.simulator.on_temporal import BUILD, EARLY, SLOWED, TemporalStage, Theatre, time_skipping
from mayday.simulator.stage import Stranded
from tests.archive.listening import ListeningRehearsal
from tests.fuzz.play import Cue, Night, SameDesk
from workflows.rehearsal import RehearsedReview

#: between the beginnings of two nights; no multiple of it is a minute
APART = timedelta(seconds=7)


class Singer(TemporalStage):
    """One night's incident. The worker is everybody's, so it neither comes nor goes with this one."""

    longest_sleep = timedelta(minutes=2)

    def __init__(
        self,
        theatre: Theatre,
        start: StartInput,
        desk: ScenarioDesk,
        queue: str,
        worker: asyncio.Task[None],
        tapes: dict[tuple[str, str], Tape],
    ) -> None:
        super().__init__(theatre, start, desk, queue)
        self._running = worker
        self._tapes = tapes
        #: what each command was answered
        self.answers: list[Answer] = []

    def set_for(self, moment: datetime) -> None:
        """The night begins when the server's clock shows `moment`, a whole minute of it."""
        clock = {"clock_step_s": 1, "clock_slowed": SLOWED, "clock_offset_s": 0}
        start = self._start.model_copy(update=clock)
        behind = start.opened_at - start.shown(moment)
        self._start = start.model_copy(update={"clock_offset_s": round(behind.total_seconds())})

    async def open(self) -> None:
        await self._wait_until(self._start.opened_at)
        await self._run(self._start)

    async def _appear(self) -> None: ...

    async def _leave(self) -> None: ...

    async def take(self, cue: Cue) -> None:
        """What came from outside comes here too."""
        if cue.command is not None:
            self.answers.append(await self.send(cue.command))
        elif cue.alert is not None:
            await self.alert([cue.alert])
        elif cue.away is not None:
            self._desk.went_away(cue.at)
            await self.go_away(cue.away)

    def on_the_server(self, moment: datetime) -> datetime:
        """What the server's clock shows at a moment of the night."""
        return EPOCH + (moment - timedelta(seconds=self._start.clock_offset_s) - EPOCH) * self._start.clock_slowed

    def answered(self) -> list[str]:
        """The keys of effects in the order in which their answers were taken, over all runs."""
        return [
            given.what.key
            for (name, _), tape in self._tapes.items()
            if name in {handle.id for handle in self._handles}
            for given in tape.inputs
            if isinstance(given.what, Answered)
        ]

    async def sung(self) -> list[Entry]:
        """The whole timeline; an incident that has ended has stored all of it, and need not be asked."""
        stored = [self._stored[seq] for seq in sorted(self._stored)]
        return stored if stored and stored[-1].kind == "finished" else await self.entries()


class Ears(Interceptor):
    """Takes down what each run's walker is given; `tapes` by workflow and run, in the order in which they began."""

    def __init__(self) -> None:
        self.tapes: dict[tuple[str, str], Tape] = {}

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:  # noqa: A002 - SDK's name
        input.unsafe_extern_functions[EXTERN] = self._begin
        return WorkflowInboundInterceptor

    def _begin(self) -> Tape:
        """A new one, also for a run that a worker begins again from its history."""
        info = workflow.info()
        tape = self.tapes[info.workflow_id, info.run_id] = Tape()
        return tape


class Chorus:
    """Plays nights that are known from the virtual clock again, on a real server, all at the same time."""

    def __init__(
        self,
        theatre: Theatre,
        queue: str,
        worker: asyncio.Task[None],
        singers: dict[str, Singer],
        tapes: dict[tuple[str, str], Tape],
    ) -> None:
        self._theatre, self._queue, self._worker, self._singers, self._tapes = theatre, queue, worker, singers, tapes
        self._score: list[tuple[datetime, int, Callable[[], Awaitable[None]]]] = []
        self._number = 0

    async def sing(self, nights: Sequence[Night]) -> list[Singer]:
        """The incidents as they are when all nights are over."""
        server = await self._theatre.environment.get_current_time()
        begin = server.replace(second=0, microsecond=0) + timedelta(minutes=1)
        singers = [self._singer(night) for night in nights]
        for number, (singer, night) in enumerate(zip(singers, nights, strict=True)):
            singer.set_for(begin + APART * number * SLOWED)
            moment = singer.on_the_server(night.start.opened_at)
            self._note(moment, lambda singer=singer, night=night: self._begin(singer, night))
        while self._score:
            _, _, bring = heapq.heappop(self._score)
            await bring()
        return singers

    def _singer(self, night: Night) -> Singer:
        start = night.start.model_copy(update={"workflow_id": f"incident/{uuid.uuid4()}"})
        singer = Singer(self._theatre, start, SameDesk(night.desk), self._queue, self._worker, self._tapes)
        self._singers[start.workflow_id] = singer
        return singer

    def _note(self, at: datetime, bring: Callable[[], Awaitable[None]]) -> None:
        self._number += 1
        heapq.heappush(self._score, (at, self._number, bring))

    async def _begin(self, singer: Singer, night: Night) -> None:
        await singer.open()
        self._next(singer, night, 0)

    def _next(self, singer: Singer, night: Night, number: int) -> None:
        last = number == len(night.cues)
        at = night.incident.now if last else night.cues[number].at

        async def bring() -> None:
            await singer.run_to(at, inclusive=last)
            if not last:
                await singer.take(night.cues[number])
                self._next(singer, night, number + 1)

        # by when it is waited for, else what another night brings at the very moment would make this one late
        self._note(singer.on_the_server(at if last else at - EARLY), bring)


@contextlib.asynccontextmanager
async def sung_by_a_chorus(nights: Sequence[Night]) -> AsyncIterator[list[Singer]]:
    """The incidents of all nights, when they are over, on servers that are there until the end.

    A server that has lost one night has lost them all (mayday/simulator/stranded.py). They are sung again by two
    choruses, half as large; each time fewer share a server, and a night that one loses alone is a failure.

    Raises:
        Stranded: a server has lost the only night it had.
        Wedged: a night does not go on.
    """
    async with contextlib.AsyncExitStack() as stack:
        yield await _sung(nights, stack)


async def _sung(nights: Sequence[Night], stack: contextlib.AsyncExitStack) -> list[Singer]:
    async with contextlib.AsyncExitStack() as trial:
        together = await trial.enter_async_context(chorus())
        try:
            singers = await together.sing(nights)
        except Stranded:
            if len(nights) == 1:
                raise
        else:
            stack.push_async_exit(trial.pop_all())
            return singers
    half = len(nights) // 2
    return [singer for part in (nights[:half], nights[half:]) for singer in await _sung(part, stack)]


@contextlib.asynccontextmanager
async def chorus() -> AsyncIterator[Chorus]:
    """A server and a worker for many nights."""
    singers: dict[str, Singer] = {}

    @activity.defn(dynamic=True)
    async def any_effect(args: Sequence[RawValue]) -> dict[str, Any]:
        return await singers[(activity.info().workflow_id or "").rpartition("/")[0]].carry_out(args)

    async with time_skipping() as theatre:
        ears = Ears()
        queue = f"chorus-{uuid.uuid4()}"
        worker = Worker(
            theatre.environment.client,
            task_queue=queue,
            workflows=[ListeningRehearsal, RehearsedReview],
            activities=[any_effect],
            interceptors=[ears],
            workflow_runner=UnsandboxedWorkflowRunner(),
            graceful_shutdown_timeout=timedelta(seconds=5),
            build_id=BUILD,
            debug_mode=True,  # without the watch for deadlocks, which a busy machine looks like
        )
        running = asyncio.create_task(worker.run())
        await theatre.warm_up(queue)
        try:
            yield Chorus(theatre, queue, running, singers, ears.tapes)
        finally:
            await worker.shutdown()
            await running
