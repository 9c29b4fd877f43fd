"""Calls of Temporal under way, and what they brought: strictly one after the other, in the order of their answers.

Two local activities that are answered at almost the same time reach the workflow together the first time and one by one
when the run is replayed, or the other way round (measured with temporalio 1.35). So nothing that follows from an answer
may happen in the task that waits for it: it only queues what is to follow, and the main loop takes one after the other,
each with all its consequences. And whatever depends on being at rest (the timer, the end, a new run) waits until no
local activity is under way, which is at the same place of the history both times.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import NamedTuple, TypeVar

from temporalio.exceptions import FailureError

T = TypeVar("T")


class _Return(NamedTuple):
    course: Callable[[], None]
    local: bool


class Errands:
    """What was sent out and is not yet back, and what is back and not yet taken."""

    def __init__(self) -> None:
        self._back: deque[_Return] = deque()
        self._tasks: list[asyncio.Task[None]] = []
        self._out = 0
        self._local_out = 0
        #: how many calls were asked of the server itself so far: not local activities
        self.asked = 0

    def run(self, call: Awaitable[T], then: Callable[[T | FailureError], None], *, local: bool = False) -> None:
        """Wait for `call`; once its turn comes, the main loop gives its value, or its failure, to `then`."""
        self._out += 1
        self._local_out += local
        self.asked += not local

        async def wait() -> None:
            try:
                brought: T | FailureError = await call
            except FailureError as failure:
                brought = failure
            self._back.append(_Return(lambda: then(brought), local))

        self._tasks = [task for task in self._tasks if not task.done()]
        self._tasks.append(asyncio.create_task(wait()))

    def take(self) -> bool:
        """Let what is longest back take its course; False when nothing is."""
        if not self._back:
            return False
        back = self._back.popleft()
        self._out -= 1
        self._local_out -= back.local
        back.course()
        return True

    @property
    def news(self) -> bool:
        return bool(self._back)

    @property
    def answered(self) -> bool:
        """The server brought an answer that waits to be taken: not one of a local activity."""
        return any(not back.local for back in self._back)

    @property
    def none_out(self) -> bool:
        """Nothing is under way and nothing waits to be taken."""
        return self._out == 0

    @property
    def none_local(self) -> bool:
        """No local activity is under way: what is decided now is decided at the same place in a replay."""
        return self._local_out == 0
