"""Replaying histories: as in production, and strictly.

The sandbox does not look inside passed-through modules, so a clock or chance used there replays green and is still
wrong. A strict replay loads all of ours afresh inside the sandbox. Neither kind compares what activities were given, so
`replay` collects the entries that a run flushes when it is made again, for the caller to compare with those it stored.
A history without `coreUsedFlags` is not checked by the core at all: `used_flags` says which it has.
"""

from __future__ import annotations

import json
import pathlib
from collections.abc import Sequence
from typing import Any

from pydantic import SecretStr
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

# The SDK has no public name yet for its logic flags; histories of both settings have to replay.
from temporalio.worker._workflow_instance import _WorkflowLogicFlag

from mayday.temporal.plugin import build_plugin

SINGLE_BATCH = _WorkflowLogicFlag.PROCESS_WORKFLOW_ACTIVATION_JOBS_AS_SINGLE_BATCH


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
) -> None:
    """Walk a history again; raises what the replay raises when it takes another way.

    `single_batch` sets how the SDK gives a new task the jobs of one activation: all at once, or by kind.

    Raises:
        UnflaggedHistory: the history cannot be checked.
    """
    if not used_flags(history):
        raise UnflaggedHistory(history.workflow_id)
    replayer = Replayer(workflows=list(workflows), plugins=[build_plugin(codec_keys, strict=strict)])
    replayer._set_default_workflow_logic_flag(SINGLE_BATCH, enabled=single_batch)
    await replayer.replay_workflow(history)


def load_history(path: pathlib.Path) -> WorkflowHistory:
    """A history as `temporal workflow show --output json` and `WorkflowHistory.to_json` write it."""
    data: dict[str, Any] = json.loads(path.read_text())
    return WorkflowHistory.from_json(data.get("workflow_id", path.stem), data.get("history", data))
