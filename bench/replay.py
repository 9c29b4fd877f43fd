"""Replay: how fast an incident's history is walked again, beside a hand-written workflow of the same size.

A worker that starts, or has dropped a run from its cache, replays before it goes on; so this is how long an incident
waits for its first answer after a fail-over.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import AsyncIterator

from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from bench.figures import Figure, paired
from bench.progress import say
from bench.raw_workflows import RAW_WORKFLOWS
from bench.scenario import Stage
from bench.sizes import Sizes
from mayday.temporal.plugin import build_plugin
from workflows.incident import IncidentWorkflow

NAME = "replay"
RATIO_AIMED_AT = 0.8


async def run(sizes: Sizes, stage: Stage) -> Figure:
    played = await stage.played()
    ours, theirs = played.histories[0], played.same_size
    our_speeds: list[float] = []
    raw_speeds: list[float] = []
    for number in range(sizes.replay_rounds + 1):
        mine = await _speed(Replayer(workflows=[IncidentWorkflow], plugins=[build_plugin()]), ours, sizes)
        raw = await _speed(Replayer(workflows=RAW_WORKFLOWS, data_converter=pydantic_data_converter), theirs, sizes)
        if number:  # the first round fills caches
            our_speeds.append(mine)
            raw_speeds.append(raw)
            say(f"  {mine:,.0f} events/s against {raw:,.0f}")
    ratio = paired(our_speeds, raw_speeds)
    return Figure(
        name=NAME,
        what="replay of the scenario's history; floor: a hand-written workflow with as many activities of each kind, "
        "timers and bytes, on the SDK's own sandbox",
        aim=f"at least {RATIO_AIMED_AT} of the hand-written workflow",
        measured={"events_per_s": statistics.median(our_speeds)},
        floor={"events_per_s": statistics.median(raw_speeds)},
        ratio={"events_per_s": ratio},
        met=ratio >= RATIO_AIMED_AT,
        detail={"events": len(ours.events), "floor_events": len(theirs.events)},
    )


async def _speed(replayer: Replayer, history: WorkflowHistory, sizes: Sizes) -> float:
    """Events a second."""

    async def histories() -> AsyncIterator[WorkflowHistory]:
        for _ in range(sizes.replay_histories):
            yield history

    started = time.perf_counter()
    await replayer.replay_workflows(histories())
    return len(history.events) * sizes.replay_histories / (time.perf_counter() - started)
