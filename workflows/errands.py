"""Calls of Temporal under way, and what they brought: strictly one after the other, in the order of their answers.

Nothing that follows from an answer happens in the task that waits for it: it only queues what is to follow, and the
main loop takes one after the other, each with all its consequences. So it makes no difference whether two answers reach
the workflow together or one by one. None of the calls is a local activity, for a reason: see docs/adr/0076.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeVar

from temporalio.exceptions import FailureError

T = TypeVar("T")


class Errands:
    """What was sent out and is not yet back, and what is back and not yet taken."""

    def __init__(self) -> None:
        self._back: deque[Callable[[], None]] = deque()
        self._tasks: list[asyncio.Task[None]] = []
        self._out = 0
        #: how many calls were asked of the server so far
        self.asked = 0

    def run(self, call: Awaitable[T], then: Callable[[T | FailureError], None]) -> None:
        """Wait for `call`; once its turn comes, the main loop gives its value, or its failure, to `then`."""
        self._out += 1
        self.asked += 1

        async def wait() -> None:
            try:
                brought: T | FailureError = await call
            except FailureError as failure:
                brought = failure
            self._back.append(lambda: then(brought))

        self._tasks = [task for task in self._tasks if not task.done()]
        self._tasks.append(asyncio.create_task(wait()))

    def bring(self, course: Callable[[], None]) -> None:
        """Something is back that had come with another errand: it takes its own turn."""
        self._out += 1
        self._back.append(course)

    def take(self) -> bool:
        """Let what is longest back take its course; False when nothing is."""
        if not self._back:
            return False
        course = self._back.popleft()
        self._out -= 1
        course()
        return True

    @property
    def news(self) -> bool:
        return bool(self._back)

    @property
    def none_out(self) -> bool:
        """Nothing is under way and nothing waits to be taken."""
        return self._out == 0
