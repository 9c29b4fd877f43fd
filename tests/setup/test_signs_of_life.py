"""A long activity is not taken for dead: whatever it does, its worker gives signs of life."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

from temporalio.testing import ActivityEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from mayday.temporal.signs_of_life import SignsOfLifeInterceptor


async def signs_of(heartbeat_timeout: timedelta | None, work: asyncio.Event, enough: int) -> int:
    """How many signs an activity gave that ends when `enough` were given, or `work` is set."""
    given = 0
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, heartbeat_timeout=heartbeat_timeout)

    def sign(*_: object) -> None:
        nonlocal given
        given += 1
        if given == enough:
            work.set()

    class Body(ActivityInboundInterceptor):
        def __init__(self) -> None:
            """The innermost: the activity itself."""

        async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the SDK's own parameter name
            await work.wait()

    async def execute() -> None:
        await (
            SignsOfLifeInterceptor()
            .intercept_activity(Body())
            .execute_activity(ExecuteActivityInput(fn=execute, args=[], executor=None, headers={}))
        )

    environment.on_heartbeat = sign
    await environment.run(execute)
    return given


async def test_four_signs_in_one_timeout_as_long_as_it_runs() -> None:
    assert await signs_of(timedelta(milliseconds=40), asyncio.Event(), enough=6) == 6


async def test_what_has_no_timeout_gives_none() -> None:
    done = asyncio.Event()
    done.set()
    assert await signs_of(None, done, enough=1) == 0
