"""A flaw of the time-skipping server, how a rehearsal notices it, and what it does: begin anew.

The server refuses a workflow task that cancels a timer which fired while the task was under way ("invalid history
builder state for action"; temporalio/sdk-java, issues 2606 and 3088). It never times that task out nor hands it out
again, so the run is lost, and time stands still for everybody on that server, also after the run was terminated. A
real server drops the timer's event. On a busy machine, where a task takes longer, it happens now and then.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Sequence
from typing import Any, TypeVar

from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionResponse
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle
from temporalio.exceptions import TemporalError
from temporalio.service import RPCError

from mayday.simulator.stage import Stranded, Wedged

T = TypeVar("T")
#: seconds for which nobody wonders why a call to the server is not answered
PATIENCE = 2.0
#: seconds in which something has to happen somewhere; a test server's workflow task has ten
LONGEST_REST = 60.0


async def answered(call: Awaitable[T], runs: Sequence[WorkflowHandle[Any, Any]]) -> T:
    """What the call returns, unless the server has lost one of `runs` meanwhile, or nothing happens in any of them.

    How long the call takes does not matter as long as histories grow: a busy machine is slow, and no failure.

    Raises:
        Stranded: the server has lost a run; the call is given up.
        Wedged: nothing was written down for `LONGEST_REST`; the text says what the runs wait for.
    """
    task = asyncio.ensure_future(call)
    clock, written = asyncio.get_running_loop().time, -1
    moved_at = clock()
    try:
        while True:
            done, _ = await asyncio.wait([task], timeout=PATIENCE)
            if done:
                return await task
            for run in runs:
                if await is_stranded(run):
                    raise Stranded(run.id)
            found = [(await run.describe()).raw_description for run in runs]
            length = sum(each.workflow_execution_info.history_length for each in found)
            if length != written:
                written, moved_at = length, clock()
            elif clock() - moved_at > LONGEST_REST:
                raise Wedged("\n".join(_waiting_for(each) for each in found if _waiting_for(each)) or "nothing waits")
    finally:
        if not task.done():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, TemporalError, RPCError):
                await task


def _waiting_for(found: DescribeWorkflowExecutionResponse) -> str:
    """What of a run is under way, in the server's words; empty where nothing is."""
    waits = [found.pending_workflow_task] if found.HasField("pending_workflow_task") else []
    told = " ".join(str(each) for each in [*waits, *found.pending_activities])
    return f"{found.workflow_execution_info.execution.workflow_id}: {told}" if told else ""


async def is_stranded(run: WorkflowHandle[Any, Any]) -> bool:
    """Whether its last workflow task has begun, and the server knows of none under way.

    Asked twice: between two answers of a busy server a task may have ended and the next one begun.
    """
    before = await _lost_task(run)
    return before is not None and before == await _lost_task(run)


async def _lost_task(run: WorkflowHandle[Any, Any]) -> int | None:
    """The event of a task that has begun and is not under way; None where all is well."""
    description = await run.describe()
    if description.status is not WorkflowExecutionStatus.RUNNING:
        return None
    if description.raw_description.HasField("pending_workflow_task"):
        return None
    last = (await run.fetch_history()).events[-1]
    return last.event_id if last.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED else None
