"""A flaw of the time-skipping server, how a rehearsal notices it, and what it does: begin anew.

The server refuses a workflow task that cancels a timer which fired while the task was under way ("invalid history
builder state for action"; temporalio/sdk-java, issues 2606 and 3088). It never times that task out nor hands it out
again, so the run is lost, and time stands still for everybody on that server, also after the run was terminated. A
real server drops the timer's event. On a busy machine, where a task takes longer, it happens now and then.

A task that *fails* looks the same for ten seconds. Then the server times it out and hands it out again, and says so in
the history. That is a defect of ours, and playing the scenario again would hide it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Sequence
from typing import Any, NamedTuple, TypeVar

from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionResponse
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle
from temporalio.exceptions import TemporalError
from temporalio.service import RPCError

from mayday.simulator.stage import Stranded, Wedged

T = TypeVar("T")
#: seconds for which nobody wonders why a call to the server is not answered
PATIENCE = 2.0
#: seconds after which a task that has begun is lost, not failed: after ten the server times it out
LOST_AFTER = 14.0
#: seconds in which something has to happen somewhere
LONGEST_REST = 60.0
FAILED = (EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED, EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT)


async def answered(call: Awaitable[T], runs: Sequence[WorkflowHandle[Any, Any]]) -> T:
    """What the call returns, unless something is wrong with one of `runs` meanwhile; then the call is given up.

    How long it takes does not matter as long as histories grow: a busy machine is slow, and no failure.

    Raises:
        Stranded: the server has lost a run.
        Wedged: a workflow task failed, and again when it was tried again; or nothing happens for `LONGEST_REST`.
    """
    task = asyncio.ensure_future(call)
    watch = Watch(runs)
    try:
        while True:
            done, _ = await asyncio.wait([task], timeout=PATIENCE)
            if done:
                return await task
            await watch.look()
    finally:
        if not task.done():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, TemporalError, RPCError):
                await task


class _Seen(NamedTuple):
    """Where something stood, and when it was first seen there."""

    at: int
    since: float


class Watch:
    """Looks whether runs go on."""

    def __init__(self, runs: Sequence[WorkflowHandle[Any, Any]]) -> None:
        self._runs = runs
        self._seen: dict[str, _Seen] = {}

    async def look(self) -> None:
        """Raises what `answered` raises."""
        found = []
        for run in self._runs:
            description = await run.describe()
            found.append(description.raw_description)
            if description.status is not WorkflowExecutionStatus.RUNNING:
                continue
            begun = await _task_begun(run, description.raw_description)
            if begun is None:
                self._seen.pop(run.id, None)
            elif self._rests(run.id, begun) > LOST_AFTER:
                raise Stranded(run.id)
        if self._rests("all", sum(each.workflow_execution_info.history_length for each in found)) > LONGEST_REST:
            raise Wedged("\n".join(told for each in found if (told := _waiting_for(each))) or "nothing waits")

    def _rests(self, name: str, at: int) -> float:
        """For how many seconds it has been where it is."""
        now = asyncio.get_running_loop().time()
        if name not in self._seen or self._seen[name].at != at:
            self._seen[name] = _Seen(at, now)
        return now - self._seen[name].since


async def _task_begun(run: WorkflowHandle[Any, Any], description: DescribeWorkflowExecutionResponse) -> int | None:
    """The event of a task that has begun, and that the server does not know as under way; None where all is well.

    Raises:
        Wedged: it has failed before.
    """
    if description.HasField("pending_workflow_task"):
        return None
    events = (await run.fetch_history()).events
    failures = []
    for event in reversed(events):
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
            break
        if event.event_type in FAILED:
            failures.append(event)
    if len(failures) > 1 and any(each.event_type == FAILED[0] for each in failures):
        raise Wedged(f"{run.id}: a workflow task fails again and again: {failures[0]}")
    last = events[-1]
    return last.event_id if last.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED else None


def _waiting_for(found: DescribeWorkflowExecutionResponse) -> str:
    """What of a run is under way, in the server's words; empty where nothing is."""
    waits = [found.pending_workflow_task] if found.HasField("pending_workflow_task") else []
    told = " ".join(str(each) for each in [*waits, *found.pending_activities])
    return f"{found.workflow_execution_info.execution.workflow_id}: {told}" if told else ""
