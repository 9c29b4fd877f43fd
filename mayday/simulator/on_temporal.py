"""A scenario on the real thing: `IncidentWorkflow` on Temporal's time-skipping server, the desk behind its activities.

The server runs on today's date, so the start input carries an offset that makes the incident's clock the scenario's.
Waiting for an update does not skip time; the stage sleeps to absolute moments instead. A running activity stops time
as well, so an activity here answers at once and says after how long it should have: `RehearsedIncident` waits for that
with a workflow timer. A workflow task that waits for a worker stops time too; so an outage is played inside the
workflow, and people's commands meanwhile go out as signals, as the starter sends them when no update is accepted.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import json
import pathlib
import shutil
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from temporalio import activity
from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowHistory,
    WorkflowUpdateFailedError,
)
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from mayday.domain.commands import Answer, Command, CommandEnvelope, Refusal, Reopen
from mayday.domain.effects import FLUSH, LOOK, EffectResult, FlushRequest
from mayday.domain.incident import AlertBatch, AlertEvent, StartInput
from mayday.domain.outage import LATE_AFTER, OUTAGE_SIGNAL, OutageEnvelope, OutageNotice
from mayday.domain.timeline import Entry
from mayday.language.scenario import TurnedAway
from mayday.simulator.desk import Reply, ScenarioDesk
from mayday.simulator.stage import Stranded
from mayday.simulator.stranded import answered
from mayday.temporal.bundles import one_or_all
from mayday.temporal.plugin import build_plugin
from mayday.walker.walker import Walker
from workflows.door import COMMAND_SIGNAL
from workflows.effects import ABSORBED
from workflows.incident import ALERT_SIGNAL, IncidentEnd
from workflows.rehearsal import AWAY_SIGNAL, LATER, TURNED_AWAY_SIGNAL, RehearsedIncident, RehearsedReview

T = TypeVar("T")
#: people's commands and alerts leave this much before their moment, so that at the same instant the answer wins
EARLY = timedelta(milliseconds=200)
#: the end of an outage comes this much before its moment: after commands of the same moment, before late answers
BACK = timedelta(milliseconds=150)
#: what a rehearsal's workers call their code; without a name the SDK would hash every module that is loaded
BUILD = "rehearsal"
#: how many of the server's seconds are one of the incident's. That clock runs on in real time while a worker is busy;
#: so a busy minute is one second of the rehearsal, and a few real seconds are none (docs/adr/0107)
SLOWED = 60


class TemporalStage:
    """One incident on the time-skipping server."""

    #: one call to the server skips at most this much: a night of it in one call would take longer than a call may
    longest_sleep = timedelta(minutes=5)

    def __init__(self, theatre: Theatre, start: StartInput, desk: ScenarioDesk, queue: str) -> None:
        self._theatre = theatre
        self._start = start
        self._desk = desk
        self._queue = queue
        self._stored: dict[int, Entry] = {}
        self._worker: Worker | None = None
        self._running: asyncio.Task[None] | None = None
        self._away_until: datetime | None = None
        self.handle: WorkflowHandle[Any, Any] | None = None
        self._handles: list[WorkflowHandle[Any, Any]] = []

    @property
    def client(self) -> Client:
        return self._theatre.environment.client

    async def open(self) -> None:
        await self._appear()
        clock = {"clock_step_s": 1, "clock_slowed": SLOWED, "clock_offset_s": 0}
        self._start = self._start.model_copy(update={**clock, **self._theatre.settings})
        behind = self._start.opened_at - await self.now()
        self._start = self._start.model_copy(update={"clock_offset_s": behind // timedelta(seconds=1)})
        await self._wait_until(self._start.opened_at)
        await self._run(self._start)

    async def _run(self, start: StartInput) -> None:
        self.handle = await self.client.start_workflow(
            RehearsedIncident.run, start, id=f"{start.workflow_id}/{uuid.uuid4()}", task_queue=self._queue
        )
        self._handles.append(self.handle)
        self._theatre.runs.append(self.handle)

    # inputs ---------------------------------------------------------------------------------------------------

    async def send(self, command: Command, *, signalled: bool = False) -> Answer:
        assert self.handle is not None
        if self._away_until is not None or signalled:
            await self.handle.signal(COMMAND_SIGNAL, self.envelope(command))
            return Answer(state="pending")
        end = await self._end()
        if end is not None:
            return await self._send_to_ended(command, end)
        try:
            update = self.handle.execute_update(command.kind, self.envelope(command), id=command.id, result_type=Answer)
            answer: Answer = await self._theatre.answered(update)
            return answer
        except WorkflowUpdateFailedError as error:
            if isinstance(error.cause, ApplicationError):
                refusal = Refusal.model_validate({"code": error.cause.type, "reason": error.cause.message})
                return Answer(state="refused", refusal=refusal)
            raise

    async def alert(self, events: list[AlertEvent]) -> None:
        assert self.handle is not None
        end = await self._end()
        if end is None:
            await self.handle.signal(ALERT_SIGNAL, AlertBatch(events=events))
        elif any(event.state == "firing" for event in events):
            await self._run(self._start.model_copy(update={"state": end.state, "events": events}))

    async def absorb(self, handover: dict[str, Any]) -> None:
        assert self.handle is not None
        await self.handle.signal(ABSORBED, handover)

    def envelope(self, command: Command) -> CommandEnvelope:
        """A command as it travels: unsigned, because a rehearsal's start input pins no keys."""
        return CommandEnvelope(command=command)

    async def turn_away(self, what: TurnedAway) -> None:
        assert self.handle is not None
        await self.handle.signal(TURNED_AWAY_SIGNAL, args=[what.command, what.claimed, what.refusal])

    async def _end(self) -> IncidentEnd | None:
        """What the run left, when it is over."""
        assert self.handle is not None
        if self._away_until is not None:
            return None
        if (await self.handle.describe()).status is not WorkflowExecutionStatus.COMPLETED:
            return None
        with self._theatre.environment.auto_time_skipping_disabled():  # else the server skips years to the next timer
            return IncidentEnd.model_validate(await self.handle.result())

    async def _send_to_ended(self, command: Command, end: IncidentEnd) -> Answer:
        """As the starter does it: an ended incident takes only `reopen`, which is a run that goes on from its state."""
        left = self._start.model_copy(update={"state": end.state, "events": []})
        refusal = Walker.begin(left, command.received_at).refusal(command, command.received_at)
        if refusal is not None or not isinstance(command, Reopen):
            return Answer(state="refused", refusal=refusal or Refusal(code="closed", reason="the run is over"))
        await self._run(left.model_copy(update={"reopened_by": command.actor, "reopen_reason": command.reason}))
        return Answer()

    async def outage_told(self, notice: OutageNotice) -> None:
        assert self.handle is not None
        await self.handle.signal(OUTAGE_SIGNAL, OutageEnvelope(command=notice))

    async def go_away(self, duration: timedelta, *, told: bool | None = None) -> None:
        assert self.handle is not None
        server = await self._theatre.environment.get_current_time()
        self._away_until = self._start.counted(server) + duration
        left = self._away_until - BACK - self._start.shown(server)
        tells = duration > LATE_AFTER if told is None else told
        await self.handle.signal(AWAY_SIGNAL, args=[left.total_seconds(), tells])

    # time -----------------------------------------------------------------------------------------------------

    async def run_to(self, moment: datetime, *, inclusive: bool) -> None:
        if self._away_until is not None and (moment > self._away_until or (inclusive and moment == self._away_until)):
            await self._wait_until(self._away_until)
            self._away_until = None
        await self._wait_until(moment if inclusive else moment - EARLY)

    async def now(self) -> datetime:
        """The moment of the scenario that the server's clock shows."""
        return self._start.shown(await self._theatre.environment.get_current_time())

    async def _wait_until(self, moment: datetime) -> None:
        while (left := moment - await self.now()) > timedelta():
            await self._theatre.answered(
                self._theatre.environment.sleep(min(left, self.longest_sleep) * self._start.clock_slowed)
            )

    # the worker -----------------------------------------------------------------------------------------------

    async def _appear(self) -> None:
        self._worker = Worker(
            self.client,
            task_queue=self._queue,
            workflows=[RehearsedIncident, RehearsedReview],
            activities=[self._activity()],
            graceful_shutdown_timeout=timedelta(seconds=5),
            build_id=BUILD,
        )
        self._running = asyncio.create_task(self._worker.run())
        await self._theatre.warm_up(self._queue)

    async def _leave(self) -> None:
        if self._worker is not None and self._running is not None:
            await self._worker.shutdown()
            await self._running
        self._worker = self._running = None

    def _activity(self) -> Any:
        @activity.defn(dynamic=True)
        async def any_effect(args: Sequence[RawValue]) -> dict[str, Any]:
            return await self.carry_out(args)

        return any_effect

    async def carry_out(self, args: Sequence[RawValue]) -> dict[str, Any]:
        """Let the desk answer the effect, or the effects, for which the activity under way stands."""
        payload: dict[str, Any] = activity.payload_converter().from_payload(args[0].payload, dict[str, Any])
        return await one_or_all(activity.info().activity_type, payload, self._one, pause_s=0)

    async def _one(self, kind: str, payload: dict[str, Any]) -> dict[str, Any]:
        if kind == FLUSH:
            self._theatre.open_store()
            for entry in FlushRequest.model_validate(payload).entries:
                self._stored[entry.seq] = entry
            return {}
        if kind == LOOK:
            return {}
        moment = self._start.counted(activity.info().current_attempt_scheduled_time)
        reply = self._desk.answer(kind, payload, moment)
        if reply.hangs or reply.after:
            raise _later(reply)
        if reply.failure is not None:
            raise _failure(reply.failure.message, reply.failure.code)
        return reply.value

    # results --------------------------------------------------------------------------------------------------

    async def entries(self) -> list[Entry]:
        """What was flushed and, as long as the worker answers, what waits to be."""
        assert self.handle is not None
        if self._running is not None:
            query = self.handle.query("timeline", 0, result_type=list[dict[str, Any]])
            for data in await self._theatre.answered(query):
                entry = Entry.model_validate(data)
                self._stored[entry.seq] = entry
        return [self._stored[seq] for seq in sorted(self._stored)]

    async def histories(self) -> list[WorkflowHistory]:
        """The histories of all runs of this incident, first to last."""
        found: list[WorkflowHistory] = []
        for handle in self._handles:
            run_id = handle.first_execution_run_id
            while run_id:
                history = await self.client.get_workflow_handle(handle.id, run_id=run_id).fetch_history()
                found.append(history)
                last = history.events[-1]
                run_id = last.workflow_execution_continued_as_new_event_attributes.new_execution_run_id
        return found

    async def close(self) -> None:
        """End the run: a workflow task that no worker takes would stop the server's time for the next one."""
        if self.handle is not None and self._running is not None:
            with contextlib.suppress(RPCError):  # it has ended by itself
                await self.handle.terminate("the rehearsal is over")
        await self._leave()


class Theatre:
    """The server; it plays one incident after the other. One that has lost an incident gives way to a new one."""

    def __init__(self, environment: WorkflowEnvironment) -> None:
        self.environment = environment
        self.stage_class = TemporalStage
        self.stages: list[TemporalStage] = []
        #: fields of the start input that differ from what a scenario's incident has
        self.settings: dict[str, Any] = {}
        #: how many flushes find the records store away
        self.store_away = 0
        #: the runs that may hold up the server's time
        self.runs: list[WorkflowHandle[Any, Any]] = []
        self._lost = False

    async def answered(self, call: Awaitable[T]) -> T:
        """The answer to a call that needs the server's time to go on; raises `Stranded` when it has lost a run."""
        try:
            return await answered(call, self.runs)
        except Stranded:
            self._lost = True
            raise

    def open_store(self) -> None:
        if self.store_away > 0:
            self.store_away -= 1
            raise ApplicationError("the store is away", type="unreachable", category=ApplicationErrorCategory.BENIGN)

    async def open(self, start: StartInput, desk: ScenarioDesk) -> TemporalStage:
        for stage in self.stages:
            await stage.close()
        self.runs.clear()
        if self._lost:
            await self.environment.shutdown()
            self.environment, self._lost = await _server(), False
        stage = self.stage_class(self, start, desk, queue=f"rehearsal-{uuid.uuid4()}")
        self.stages.append(stage)
        await stage.open()
        return stage

    async def warm_up(self, queue: str) -> None:
        """Wait until a worker polls: its first poll would else be an incident's first second."""
        with self.environment.auto_time_skipping_disabled():
            await self.environment.client.execute_workflow(
                RehearsedReview.run, {"warm_up": True}, id=f"warm-up/{uuid.uuid4()}", task_queue=queue
            )

    async def close(self) -> None:
        for stage in self.stages:
            await stage.close()


@contextlib.asynccontextmanager
async def time_skipping() -> AsyncIterator[Theatre]:
    """A time-skipping server of its own, stopped at the end."""
    theatre = Theatre(await _server())
    try:
        yield theatre
    finally:
        await theatre.close()
        await theatre.environment.shutdown()
        # The core's threads let go of their last Python objects a moment after they have reported to be done; an
        # interpreter that ends in that moment aborts.
        gc.collect()
        await asyncio.sleep(0.3)


async def _server(attempts: int = 3) -> WorkflowEnvironment:
    """On a busy machine the server may take longer to answer than the five seconds that the SDK waits for it."""
    try:
        return await WorkflowEnvironment.start_time_skipping(
            plugins=[build_plugin()], test_server_existing_path=server_path(), runtime=_runtime()
        )
    except RuntimeError:
        if attempts <= 1:
            raise
        return await _server(attempts - 1)


@functools.cache
def _runtime() -> Runtime:
    """The SDK's core logs to standard output, where `--json` belongs: errors only, not what this server cannot do."""
    errors = TelemetryFilter(core_level="ERROR", other_level="ERROR")
    return Runtime(telemetry=TelemetryConfig(logging=LoggingConfig(filter=errors)))


def server_path() -> str | None:
    """The time-skipping server that is installed here; None lets the SDK download one."""
    beside = pathlib.Path(sys.executable).parent / "temporal-test-server"
    return str(beside) if beside.exists() else shutil.which("temporal-test-server")


def _later(reply: Reply) -> ApplicationError:
    """The reply as the failure that `RehearsedIncident` waits for."""
    result = EffectResult(value=reply.value, failure=reply.failure).model_dump(mode="json")
    later = {"hangs": reply.hangs, "after_s": reply.after.total_seconds(), "result": result}
    return _failure(json.dumps(later), LATER)


def _failure(message: str, code: str) -> ApplicationError:
    """A failure that the scenario asks for: final, and nothing to fill the log with."""
    return ApplicationError(message, type=code, non_retryable=True, category=ApplicationErrorCategory.BENIGN)


__all__ = ["BUILD", "EARLY", "TemporalStage", "Theatre", "server_path", "time_skipping"]
