"""SQLite's driver, with calls that are waited for once they are begun.

A caller that gives up (a request whose client went away, a task that is stopped) must not leave while its BEGIN or
COMMIT is still on its way in the connection's thread: the connection would be given away in an unknown state, or left
behind with the lock of the database, which then locks everybody out until Python finds it among its garbage.
"""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import suppress
from functools import partial
from typing import Any

import aiosqlite

__all__ = ["PatientConnection", "patient"]

ROWS_AT_ONCE = 64


class PatientConnection(aiosqlite.Connection):
    """A connection whose calls end before a cancellation goes on, and that lets go of its lock when it is closed."""

    async def _execute(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        # The base class waits in a coroutine, which would have to be a task to be shielded: one for each call.
        if not self._running or self._connection is None:
            raise ValueError("Connection closed")
        call: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._tx.put_nowait((call, partial(fn, *args, **kwargs)))
        try:
            return await asyncio.shield(call)
        except asyncio.CancelledError:
            while not call.done():
                with suppress(asyncio.CancelledError):
                    await asyncio.wait([call])
            if not call.cancelled():
                call.exception()  # whoever asked has gone: it is nobody's unhandled error
            raise

    async def close(self) -> None:
        """See base class."""
        if self._connection is not None:
            await self._execute(self._wind_back)
        await super().close()

    def stop(self) -> asyncio.Future[Any] | None:
        """See base class."""
        self._tx.put_nowait((None, self._wind_back))
        return super().stop()

    def _wind_back(self) -> None:
        """A closed connection keeps its transaction, and the lock, while anything still reads from it."""
        if self._connection is not None and self._connection.in_transaction:
            with suppress(sqlite3.Error):
                self._connection.rollback()


def patient(file: str, timeout_s: float) -> PatientConnection:
    """A connection to be awaited; `timeout_s` is how long it waits for another's lock."""

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(file, timeout=timeout_s, check_same_thread=False)

    connection = PatientConnection(connect, ROWS_AT_ONCE)
    connection._thread.daemon = True  # as SQLAlchemy does: a thread that waits for work keeps no process alive
    return connection
