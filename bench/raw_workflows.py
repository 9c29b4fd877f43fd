"""The floor: workflows as one writes them by hand for one purpose, without runbooks, rules or timeline.

They run on the SDK's own defaults (sandbox included) with its pydantic converter, and on none of mayday's plugin.
"""

import asyncio
from datetime import timedelta
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import BaseModel

SECONDS_FOR_ONE = timedelta(seconds=10)


@workflow.defn
class FirstActivity:
    """Start to first activity."""

    @workflow.run
    async def run(self, title: str) -> None:
        await workflow.execute_activity("begin", title, start_to_close_timeout=SECONDS_FOR_ONE)


@workflow.defn
class SignalSink:
    """Takes signals until told to end."""

    def __init__(self) -> None:
        self._taken = 0
        self._ended = False

    @workflow.run
    async def run(self) -> int:
        await workflow.wait_condition(lambda: self._ended)
        return self._taken

    @workflow.signal
    def alert(self, labels: dict[str, Any]) -> None:
        self._taken += 1

    @workflow.signal
    def end(self) -> None:
        self._ended = True


class Beat(BaseModel):
    """What happens together, and then a timer."""

    local: int
    ordinary: int


class Script(BaseModel):
    beats: list[Beat]
    text: str


@workflow.defn
class SameSize:
    """As many activities of each kind, timers and bytes as another run has."""

    @workflow.run
    async def run(self, script: Script) -> None:
        given = {"text": script.text}
        for beat in script.beats:
            calls = [
                workflow.execute_local_activity(
                    "note", given, result_type=dict[str, Any], start_to_close_timeout=SECONDS_FOR_ONE
                )
                for _ in range(beat.local)
            ]
            calls += [
                workflow.execute_activity(
                    "note", given, result_type=dict[str, Any], start_to_close_timeout=SECONDS_FOR_ONE
                )
                for _ in range(beat.ordinary)
            ]
            await asyncio.gather(*calls)
            await workflow.sleep(timedelta(minutes=1))


class Rhythm(BaseModel):
    """One loop for each of `every_s`."""

    every_s: list[float]


@workflow.defn
class Ticking:
    """Fixed-rate messages, as cadences send them."""

    @workflow.run
    async def run(self, rhythm: Rhythm) -> None:
        await asyncio.gather(*(self._audience(every_s) for every_s in rhythm.every_s))

    async def _audience(self, every_s: float) -> None:
        due_at = workflow.time()
        while True:
            due_at += every_s
            await workflow.sleep(max(0.001, due_at - workflow.time()))
            await workflow.execute_activity("tick", due_at, start_to_close_timeout=SECONDS_FOR_ONE)


RAW_WORKFLOWS: tuple[type, ...] = (FirstActivity, SignalSink, SameSize, Ticking)
