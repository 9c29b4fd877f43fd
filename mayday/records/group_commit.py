"""Many concurrent writes, few transactions."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from mayday.records.errors import RecordsUnavailable

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class GroupCommit(Generic[Item, Answer]):
    """Collects what arrives while a transaction runs into the next one.

    `write(items)` commits them all and returns one answer each. When a group fails, its items are tried one by one, so
    that one bad item fails alone. No timer: an item that comes alone is written at once. `most` is the greatest sum of
    weights in one transaction, which keeps the lock short for other processes.
    """

    def __init__(
        self,
        write: Callable[[list[Item]], Awaitable[list[Answer]]],
        *,
        most: int,
        weight: Callable[[Item], int] = lambda _: 1,
    ) -> None:
        self._write = write
        self._most = most
        self._weight = weight
        self._waiting: deque[tuple[Item, asyncio.Future[Answer]]] = deque()
        self._writer: asyncio.Task[None] | None = None
        self._closed = False

    async def submit(self, item: Item) -> Answer:
        """Returns the item's answer after the transaction that holds it is durable."""
        if self._closed:
            raise RecordsUnavailable("the records store is closing")
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._writer is None:
            self._writer = asyncio.create_task(self._run(), name="group-commit")
        return await future

    async def close(self) -> None:
        self._closed = True
        while self._writer is not None:
            await asyncio.wait([self._writer])

    async def _run(self) -> None:
        try:
            while self._waiting:
                await self._commit(self._next_group())
        finally:
            self._writer = None

    def _next_group(self) -> list[tuple[Item, asyncio.Future[Answer]]]:
        group = [self._waiting.popleft()]
        weight = self._weight(group[0][0])
        while self._waiting and weight + self._weight(self._waiting[0][0]) <= self._most:
            group.append(self._waiting.popleft())
            weight += self._weight(group[-1][0])
        return group

    async def _commit(self, group: list[tuple[Item, asyncio.Future[Answer]]]) -> None:
        try:
            answers = await self._write([item for item, _ in group])
        except RecordsUnavailable as error:
            for _, future in group:
                _fail(future, error)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one item must not reach other callers
            if len(group) == 1:
                _fail(group[0][1], error)
                return
            for single in group:
                await self._commit([single])
        else:
            for (_, future), answer in zip(group, answers, strict=True):
                if not future.done():  # its caller may have gone away
                    future.set_result(answer)


def _fail(future: asyncio.Future[Answer], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
