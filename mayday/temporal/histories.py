"""Histories of incidents: fetching those that are open, and replaying them as in production, and strictly.

ReplayRefused   an open run does not replay; the text names it, and the process must not poll

The sandbox does not look inside passed-through modules, so a clock or chance used there replays green and is still
wrong. A strict replay loads all of ours afresh inside the sandbox. Neither kind compares what activities were given.
A history without `coreUsedFlags` is not checked by the core at all: `used_flags` says which it has.
"""

from __future__ import annotations

import json
import pathlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from pydantic import SecretStr
from temporalio.client import Client, WorkflowHistory
from temporalio.plugin import SimplePlugin
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Replayer

# The SDK has no public name yet for its logic flags; histories of both settings have to replay.
from temporalio.worker._workflow_instance import _WorkflowLogicFlag
from temporalio.workflow import _Definition

from mayday.temporal.flush_witness import FlushWitness
from mayday.temporal.plugin import build_plugin

log = structlog.get_logger(__name__)

SINGLE_BATCH = _WorkflowLogicFlag.PROCESS_WORKFLOW_ACTIVATION_JOBS_AS_SINGLE_BATCH


#: stay outside in a strict replay too: pydantic resolves the names of fields in the modules that it sees, and those are
#: the ones outside of the sandbox, so models loaded afresh inside would not fit each other
MODELS = (
    "jinja2", "markupsafe", "mayday.domain", "mayday.language.catalog", "mayday.language.plan",
    "mayday.language.runbook", "mayday.walker.state",
)  # fmt: skip


class UnflaggedHistory(ValueError):
    """The history says nothing about the flags its run was made with, so a replay of it would check nothing."""


def used_flags(history: WorkflowHistory) -> set[int]:
    """The core's flags that the run was made with."""
    flags: set[int] = set()
    for event in history.events:
        if event.HasField("workflow_task_completed_event_attributes"):
            metadata = event.workflow_task_completed_event_attributes.sdk_metadata
            flags.update(metadata.core_used_flags)
    return flags


async def replay(
    history: WorkflowHistory,
    *,
    workflows: Sequence[type],
    strict: bool = False,
    single_batch: bool = False,
    codec_keys: SecretStr | None = None,
) -> dict[int, str]:
    """Walk a history again; raises what the replay raises when it takes another way.

    Returns the hashes of the entries that the run flushes when it is made again, by number: where they differ from the
    stored ones, the run was not deterministic although it issued the same commands.

    `single_batch` sets how the SDK gives a new task the jobs of one activation: all at once, or by kind.

    Raises:
        UnflaggedHistory: the history cannot be checked.
    """
    if not used_flags(history):
        raise UnflaggedHistory(history.workflow_id)
    plugin = build_plugin(codec_keys, strict=strict, also=MODELS if strict else ())
    witness = FlushWitness()
    replayer = Replayer(workflows=list(workflows), plugins=[plugin], interceptors=[witness])
    replayer._set_default_workflow_logic_flag(SINGLE_BATCH, enabled=single_batch)
    await replayer.replay_workflow(history)
    return witness.hashes


def load_history(path: pathlib.Path) -> WorkflowHistory:
    """A history as `temporal workflow show --output json` and `WorkflowHistory.to_json` write it."""
    data: dict[str, Any] = json.loads(path.read_text())
    return WorkflowHistory.from_json(data.get("workflow_id", path.stem), data.get("history", data))


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
