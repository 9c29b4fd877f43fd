"""Activities that may take long tell Temporal that their worker still lives, without each having to think of it.

Whether one has to is decided where it is asked for: `heartbeat_timeout` in workflows/options.py. Without a sign of life
in that time the server takes the worker for dead, and does not wait for the end of the try.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

#: signs in one heartbeat timeout: two may be late
SIGNS = 4


class SignsOfLifeInterceptor(Interceptor):
    """Worker interceptor that heartbeats for every activity that has a heartbeat timeout, while it runs."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - SDK's name
        """See base class."""
        return _SignsOfLife(next)


class _SignsOfLife(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the SDK's own parameter name
        timeout = activity.info().heartbeat_timeout
        if not timeout:
            return await super().execute_activity(input)
        giving = asyncio.create_task(_signs(timeout / SIGNS))
        try:
            return await super().execute_activity(input)
        finally:
            giving.cancel()
            with suppress(asyncio.CancelledError):
                await giving


async def _signs(every: timedelta) -> None:
    while True:
        activity.heartbeat()
        await asyncio.sleep(every.total_seconds())
