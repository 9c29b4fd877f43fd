"""Histories of incidents: fetching those that are open, and replaying them against the code at hand.

ReplayRefused   an open run does not replay; the text names it, and the process must not poll
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import structlog
from temporalio.client import Client, WorkflowHistory
from temporalio.plugin import SimplePlugin
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Replayer
from temporalio.workflow import _Definition

log = structlog.get_logger(__name__)


class ReplayRefused(Exception):
    """Open runs do not replay with this version of the code."""

    def __init__(self, failures: Sequence[ReplayFailure]) -> None:
        self.failures = tuple(failures)
        lines = [f"  {failure.workflow_id} (run {failure.run_id}): {failure.reason}" for failure in failures]
        super().__init__(
            "this version cannot go on with open incidents, so the worker does not start. Run the version that opened "
            "them until they end, or name this one with MAYDAY_BUILD_ID beside the old:\n" + "\n".join(lines)
        )


@dataclass(frozen=True)
class ReplayFailure:
    """One run that does not replay."""

    workflow_id: str
    run_id: str
    reason: str


async def open_histories(client: Client, workflows: Sequence[type], task_queue: str) -> AsyncIterator[WorkflowHistory]:
    """Histories of all open runs of these workflows on this task queue, oldest first."""
    names = ", ".join(f"'{workflow_name(workflow)}'" for workflow in workflows)
    if not names:
        return
    query = f"ExecutionStatus = 'Running' AND TaskQueue = '{task_queue}' AND WorkflowType IN ({names})"
    async for run in client.list_workflows(query):
        try:
            yield await client.get_workflow_handle(run.id, run_id=run.run_id).fetch_history()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:  # it ended, and was removed, while we listed
                raise


async def replay_failures(
    histories: AsyncIterator[WorkflowHistory], workflows: Sequence[type], plugin: SimplePlugin
) -> tuple[int, list[ReplayFailure]]:
    """Replays each history, without a server.

    Returns:
        How many were replayed, and those that failed.
    """
    replayer = Replayer(workflows=workflows, plugins=[plugin])
    replayed = 0
    failures: list[ReplayFailure] = []
    async for history in histories:
        result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
        replayed += 1
        if result.replay_failure is not None:
            failures.append(ReplayFailure(history.workflow_id, history.run_id, str(result.replay_failure)))
    return replayed, failures


async def check_open_runs(client: Client, workflows: Sequence[type], task_queue: str, plugin: SimplePlugin) -> int:
    """Replays every open run before a worker may poll.

    Returns:
        How many were replayed.

    Raises:
        ReplayRefused: at least one does not replay.
    """
    replayed, failures = await replay_failures(open_histories(client, workflows, task_queue), workflows, plugin)
    if failures:
        raise ReplayRefused(failures)
    log.info("open_runs_replayed", runs=replayed)
    return replayed


def workflow_name(workflow: type) -> str:
    """The wire name of a workflow class."""
    name = _Definition.must_from_class(workflow).name
    if name is None:
        raise TypeError(f"{workflow.__name__} is a dynamic workflow, which has no name")
    return name
