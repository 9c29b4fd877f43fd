"""Temporal as the starter sees it: the only place that calls the client, so that tests can stand in for it.

GatewayError
+-- TemporalSilent     no answer in time, or not reachable: try later, the inbox keeps what there is
+-- NoSuchRun          nothing runs under this workflow id (any more)
+-- NotAccepted        an update was not taken by a worker in time: send it as a signal
+-- CommandRefused     the workflow said no, with a code and the reason
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

import structlog
from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
    WorkflowUpdateStage,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from mayday.domain.commands import Answer, CommandEnvelope
from mayday.domain.effects import Wire
from mayday.domain.incident import AlertBatch, Board, StartInput
from mayday.domain.review.commands import ReviewEnvelope
from mayday.domain.review.wire import ReviewBoard
from mayday.domain.timeline import Entry
from starter.minting import review_workflow_id

__all__ = [
    "CommandRefused", "Gateway", "GatewayError", "NoSuchRun", "NotAccepted", "RunView", "Started", "TemporalGateway",
    "TemporalSilent",
]  # fmt: skip

WORKFLOW = "IncidentWorkflow"
ALERTS = "alerts_fired"
COMMAND = "command_sent"
PATIENCE = timedelta(seconds=5)
"""For one call with all its retries; callers that answer sooner stop waiting, the call goes on."""
ACCEPTED_WITHIN = timedelta(seconds=5)
DOUBTED_SECONDS = 10.0
"""So long after something was not taken it counts as silent, unless it has taken something since."""

log = structlog.get_logger(__name__)

_SILENT = frozenset(
    {
        RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED, RPCStatusCode.UNKNOWN,
        RPCStatusCode.RESOURCE_EXHAUSTED, RPCStatusCode.INTERNAL, RPCStatusCode.ABORTED,
    }
)  # fmt: skip


class GatewayError(Exception):
    """Root of the gateway's errors."""


class TemporalSilent(GatewayError):
    """Temporal does not answer."""


class NoSuchRun(GatewayError):
    """Nothing runs under this workflow id."""


class NotAccepted(GatewayError):
    """No worker took the update in time."""


class CommandRefused(GatewayError):
    """The workflow refused a command; `code` is one of `RefusalCode`."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Started(NamedTuple):
    """`opened` is false when a run was there already: it has not seen this start's events. `here`: a worker in this
    process walks its first task by now."""

    run_id: str | None
    opened: bool
    here: bool = False


class RunView(NamedTuple):
    """The newest run under a workflow id."""

    run_id: str
    running: bool
    incident_id: str | None
    closed_at: datetime | None = None
    chain: str | None = None
    """The first run of the chain that continue-as-new made: the same as long as the incident is open."""


class RunOutcome(Wire):
    """What a finished run leaves: how it ended, and its last state for reopening."""

    id: str = ""
    status: str = ""
    state: dict[str, Any] = {}
    head: str = ""
    seq: int = 0


class Gateway(Protocol):
    """What the starter asks of Temporal. All may raise `TemporalSilent`."""

    async def start(self, start: StartInput, *, again: bool) -> Started:
        """Start an incident. Without `again`, raises `NoSuchRun` if one of this id has ended: look at it first."""

    async def signal_alerts(self, workflow_id: str, batch: AlertBatch) -> None:
        """Raises `NoSuchRun`."""

    async def describe(self, workflow_id: str) -> RunView | None: ...

    async def outcome(self, workflow_id: str, run_id: str) -> RunOutcome | None:
        """What a finished run left; None when it was terminated or failed."""

    async def began_with(self, workflow_id: str, run_id: str) -> StartInput | None:
        """The start input of a run, from its history."""

    async def withdraw_review(self, incident: str, withdrawal: ReviewEnvelope) -> Answer | None:
        """End the review of an incident that goes on; None when there is none. Its answer carries the chain's head."""

    async def review_board(self, incident: str, within: timedelta) -> ReviewBoard | None:
        """The live board of an incident's review; None when there is none, or nobody can say in time."""

    async def command(
        self, workflow_id: str, envelope: CommandEnvelope | ReviewEnvelope, chain: str | None = None
    ) -> Answer:
        """With `chain`, only to a run of it. Raises `CommandRefused`, `NotAccepted`, `NoSuchRun`."""

    async def signal_command(self, workflow_id: str, envelope: CommandEnvelope | ReviewEnvelope) -> None:
        """Raises `NoSuchRun`."""

    async def board(self, workflow_id: str, within: timedelta) -> Board | None:
        """The live board; None when nobody can say in time."""

    async def timeline(self, workflow_id: str, since: int, within: timedelta) -> list[Entry] | None:
        """The entries after `since` that the run holds; None when nobody can say in time."""

    async def ping(self) -> None:
        """Raises `TemporalSilent`."""


class TemporalGateway:
    """The gateway over a connected client."""

    def __init__(self, client: Client | None, *, task_queue: str) -> None:
        """Without a client every call raises `TemporalSilent`, until `attach`."""
        self._attached = client
        self._task_queue = task_queue
        self._refused_at: float | None = None

    def attach(self, client: Client) -> None:
        """Temporal has been reached."""
        self._attached = client

    @property
    def _client(self) -> Client:
        if self._attached is None:
            raise TemporalSilent("Temporal has not been reached since this starter began")
        return self._attached

    async def start(self, start: StartInput, *, again: bool) -> Started:
        reuse = WorkflowIDReusePolicy.ALLOW_DUPLICATE if again else WorkflowIDReusePolicy.REJECT_DUPLICATE
        try:
            async with self._taking():
                handle = await self._client.start_workflow(
                    WORKFLOW,
                    start,
                    id_reuse_policy=reuse,
                    request_eager_start=True,
                    rpc_timeout=PATIENCE,
                    id=start.workflow_id,
                    task_queue=self._task_queue,
                    id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                    memo=_memo(start),
                    static_summary=_summary(start),
                )
        except WorkflowAlreadyStartedError:
            raise NoSuchRun(start.workflow_id) from None
        here = bool(getattr(handle, "__temporal_eagerly_started", False))
        return Started(handle.result_run_id, await self._is_ours(handle, start), here)

    async def began_with(self, workflow_id: str, run_id: str) -> StartInput | None:
        handle = self._client.get_workflow_handle(workflow_id, run_id=run_id)
        try:
            async with _in_time():
                async for event in handle.fetch_history_events(page_size=1, rpc_timeout=PATIENCE):
                    payloads = event.workflow_execution_started_event_attributes.input.payloads
                    found: list[StartInput] = await self._client.data_converter.decode(payloads, [StartInput])
                    return found[0]
        except NoSuchRun:
            pass
        return None

    async def withdraw_review(self, incident: str, withdrawal: ReviewEnvelope) -> Answer | None:
        handle = self._handle(review_workflow_id(incident))
        try:
            with _refusals(handle.id):
                async with _spoken(), asyncio.timeout(ACCEPTED_WITHIN.total_seconds()):
                    answer: Answer = await handle.execute_update(
                        withdrawal.command.kind, withdrawal, id=withdrawal.command.id, result_type=Answer
                    )
                    return answer
        except NoSuchRun:
            return None

    async def _is_ours(self, handle: WorkflowHandle[Any, Any], start: StartInput) -> bool:
        """Whether this start made the run. The server says so; the SDK keeps the answer in a private field, and where
        that is gone the memo tells whose id the run carries."""
        response = getattr(handle, "_start_workflow_response", None)
        if response is not None:
            return bool(response.started)
        view = await self.describe(start.workflow_id)
        return view is not None and view.incident_id == start.id

    async def signal_alerts(self, workflow_id: str, batch: AlertBatch) -> None:
        async with self._taking():
            await self._handle(workflow_id).signal(ALERTS, batch, rpc_timeout=PATIENCE)

    async def describe(self, workflow_id: str) -> RunView | None:
        try:
            async with _in_time():
                found = await self._handle(workflow_id).describe(rpc_timeout=PATIENCE)
        except NoSuchRun:
            return None
        return RunView(
            run_id=found.run_id,
            running=found.status == WorkflowExecutionStatus.RUNNING,
            incident_id=await found.memo_value("incident", None),
            closed_at=found.close_time,
            chain=found.raw_description.workflow_execution_info.first_run_id or None,
        )

    async def outcome(self, workflow_id: str, run_id: str) -> RunOutcome | None:
        handle: WorkflowHandle[Any, RunOutcome] = self._client.get_workflow_handle(
            workflow_id, run_id=run_id, result_type=RunOutcome
        )
        try:
            async with _in_time():
                return await handle.result(follow_runs=True, rpc_timeout=PATIENCE)
        except WorkflowFailureError:
            return None

    async def command(
        self, workflow_id: str, envelope: CommandEnvelope | ReviewEnvelope, chain: str | None = None
    ) -> Answer:
        handle = self._client.get_workflow_handle(workflow_id, first_execution_run_id=chain)
        with _refusals(workflow_id):
            async with self._noting(), _spoken(), asyncio.timeout(ACCEPTED_WITHIN.total_seconds()):
                update = await handle.start_update(
                    envelope.command.kind,
                    envelope,
                    id=envelope.command.id,
                    wait_for_stage=WorkflowUpdateStage.ACCEPTED,
                    result_type=Answer,
                )
            try:
                async with _in_time():
                    answer: Answer = await update.result()
                    return answer
            except TemporalSilent:  # it was taken and will be answered: whoever asks again with the same id hears how
                return Answer(state="pending")

    async def signal_command(self, workflow_id: str, envelope: CommandEnvelope | ReviewEnvelope) -> None:
        async with self._taking():
            await self._handle(workflow_id).signal(COMMAND, envelope, rpc_timeout=PATIENCE)

    async def board(self, workflow_id: str, within: timedelta) -> Board | None:
        found: Board | None = await self._query(workflow_id, "board", [], Board, within)
        return found

    async def review_board(self, incident: str, within: timedelta) -> ReviewBoard | None:
        found: ReviewBoard | None = await self._query(review_workflow_id(incident), "review", [], ReviewBoard, within)
        return found

    async def timeline(self, workflow_id: str, since: int, within: timedelta) -> list[Entry] | None:
        found: list[Entry] | None = await self._query(workflow_id, "timeline", [since], list[Entry], within)
        return found

    async def ping(self) -> None:
        async with _in_time():
            if not await self._client.service_client.check_health(timeout=timedelta(seconds=2)):
                raise TemporalSilent("Temporal says it is not serving")
        if self._refused_at is not None and time.monotonic() - self._refused_at < DOUBTED_SECONDS:
            raise TemporalSilent("Temporal says that it serves, and takes nothing")

    @asynccontextmanager
    async def _taking(self) -> AsyncIterator[None]:
        """As `_in_time`, for what has to be written there."""
        async with self._noting(), _in_time():
            yield

    @asynccontextmanager
    async def _noting(self) -> AsyncIterator[None]:
        """Whether the last of what had to be written was: a server whose disk is full still says that it serves."""
        try:
            yield
        except TemporalSilent:
            self._refused_at = time.monotonic()
            raise
        except (NoSuchRun, WorkflowAlreadyStartedError):
            self._refused_at = None
            raise
        self._refused_at = None

    async def _query(self, workflow_id: str, name: str, args: list[Any], result: Any, within: timedelta) -> Any:
        try:
            async with asyncio.timeout(within.total_seconds()), _spoken():
                handle = self._handle(workflow_id)
                return await handle.query(name, args=args, result_type=result, rpc_timeout=within)
        except (TimeoutError, GatewayError, WorkflowQueryFailedError, WorkflowQueryRejectedError):
            return None
        except RPCError as error:  # a run whose worker fails its tasks answers nothing: the store's view is shown then
            log.warning("query_unanswered", workflow=workflow_id, query=name, reason=error.message)
            return None

    def _handle(self, workflow_id: str) -> WorkflowHandle[Any, Any]:
        return self._client.get_workflow_handle(workflow_id)


def _memo(start: StartInput) -> dict[str, Any]:
    return {"incident": start.id, "title": start.title}


def _summary(start: StartInput) -> str:
    return f"{start.severity} {start.title}"[:200]


@contextmanager
def _refusals(workflow_id: str) -> Iterator[None]:
    """What comes back from an update that was not applied."""
    try:
        yield
    except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
        raise NotAccepted(workflow_id) from None
    except WorkflowUpdateFailedError as failed:
        cause = failed.cause
        if isinstance(cause, ApplicationError) and cause.type:
            raise CommandRefused(cause.type, cause.message) from None
        raise CommandRefused("invalid", str(cause or failed)) from None


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    """As `_spoken`, and no longer than `PATIENCE`: the client's own retries go on for longer than anybody waits."""
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()), _spoken():
            yield
    except TimeoutError:
        raise TemporalSilent(f"no answer within {PATIENCE.total_seconds():.0f} s") from None


@asynccontextmanager
async def _spoken() -> AsyncIterator[None]:
    """Turns the client's errors into ours."""
    try:
        yield
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:
            raise NoSuchRun(error.message) from None
        if error.status in _SILENT:
            raise TemporalSilent(f"{error.status.name.lower()}: {error.message}") from None
        if error.status == RPCStatusCode.FAILED_PRECONDITION and "completed" in error.message:
            raise NoSuchRun(error.message) from None
        raise
