"""The database behind the records: one writer and several readers, the same code on SQLite and PostgreSQL.

SQLite runs in WAL mode with `synchronous=FULL`: in WAL mode NORMAL may lose the last transactions on power loss, and
"202" promises that an alert is kept. Writing transactions begin IMMEDIATE on a single connection per process, so that
writers queue here instead of failing with "database is locked"; other processes wait on the busy timeout.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, PoolResetState

from mayday.records.errors import RecordsUnavailable
from mayday.records.group_commit import GroupCommit

#: how long one process waits for another's write, seconds
BUSY_TIMEOUT_S = 10
#: most units in one transaction: some tens of milliseconds
MOST_UNITS = 64

Clock = Callable[[], datetime]
Answer = TypeVar("Answer")
Unit = Callable[[AsyncConnection], Awaitable[Answer]]
"""Something to write in a transaction. It may be run again if that fails, and it must not open another one."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def database_url(url: str | Path) -> URL:
    """`url` with the asyncio driver: a path, `sqlite:///FILE`, `postgresql://...` or `postgres://...`."""
    if isinstance(url, Path) or "://" not in url:
        return URL.create("sqlite+aiosqlite", database=str(url))
    parsed = make_url(url.replace("postgres://", "postgresql://", 1) if url.startswith("postgres://") else url)
    driver = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}.get(parsed.get_backend_name())
    if driver is None:
        raise ValueError(f"records store: {parsed.get_backend_name()} is not supported, use sqlite or postgresql")
    return parsed.set(drivername=driver)


class Store:
    """Connections to the records database. `read()` and `write()` are transactions; everything else is the driver's."""

    def __init__(self, url: str | Path, *, clock: Clock = utc_now) -> None:
        self.url = database_url(url)
        self.now = clock
        self.dialect = self.url.get_backend_name()
        self.in_memory = self.dialect == "sqlite" and self.url.database in (None, "", ":memory:")
        if self.dialect == "sqlite":
            self._writer = _sqlite(self.url, begin="BEGIN IMMEDIATE", size=1)
            self._reader = self._writer if self.in_memory else _sqlite(self.url, begin="BEGIN", size=4)
            self._group: GroupCommit[Unit[Any], Any] | None = GroupCommit(self._run_together, most=MOST_UNITS)
        else:
            self._group = None
            self._writer = self._reader = create_async_engine(self.url, pool_size=8, max_overflow=8, pool_pre_ping=True)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A consistent view; nothing may be written in it. Raises RecordsUnavailable."""
        with _as_unavailable():
            async with self._reader.begin() as connection:
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction, durable when the block is left without an error. Do not nest. Raises RecordsUnavailable."""
        with _as_unavailable():
            async with self._writer.begin() as connection:
                yield connection

    async def commit(self, unit: Unit[Answer]) -> Answer:
        """Run `unit` in a transaction and return its answer once that is durable. Raises what it raises.

        On SQLite, units that wait at the same time share one transaction: a disk sync costs milliseconds, and two
        hundred incidents tick in the same second. PostgreSQL commits in groups by itself.
        """
        if self._group is None:
            async with self.write() as connection:
                return await unit(connection)
        answer: Answer = await self._group.submit(unit)
        return answer

    async def _run_together(self, units: list[Unit[Any]]) -> list[Any]:
        """When one raises, all is rolled back and the group runs them again, one by one: savepoints cost more."""
        async with self.write() as connection:
            return [await unit(connection) for unit in units]

    def insert(self, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
        """An INSERT that knows `on_conflict_do_nothing` and `on_conflict_do_update` in this dialect."""
        return sqlite.insert(table) if self.dialect == "sqlite" else postgresql.insert(table)

    async def close(self) -> None:
        if self._group is not None:
            await self._group.close()
        await self._writer.dispose()
        if self._reader is not self._writer:
            await self._reader.dispose()


class _as_unavailable:
    """Turns the driver's "I cannot reach, lock or read the database" into RecordsUnavailable.

    SQLite's plain DatabaseError, none of its subclasses, is what it says of a file that is broken or no database.
    """

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        broken = type(error) is DatabaseError and isinstance(error.orig, sqlite3.DatabaseError)
        beginning = type(error) in (sqlite3.OperationalError, sqlite3.DatabaseError)  # as the driver says it
        if error is not None and (
            broken or beginning or isinstance(error, OperationalError | InterfaceError | PoolTimeout | OSError)
        ):
            raise RecordsUnavailable(_said(error)) from error
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise RecordsUnavailable(_said(error)) from error


def _said(error: BaseException) -> str:
    """The driver's own words, without the name of its class and SQLAlchemy's link."""
    plain = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return (str(plain).splitlines() or [type(plain).__name__])[0]


def _sqlite(url: URL, *, begin: str, size: int) -> AsyncEngine:
    engine = create_async_engine(
        url, poolclass=AsyncAdaptedQueuePool, pool_size=size, max_overflow=0, pool_timeout=30,
        connect_args={"timeout": BUSY_TIMEOUT_S}, pool_reset_on_return=None,
    )  # fmt: skip

    @sa.event.listens_for(engine.sync_engine, "connect")
    def connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver starts no transactions of its own: `begun` does
        cursor = connection.cursor()
        _write_ahead(cursor)
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    # Each call of the driver is a turn of its thread, and an alert waits for all of them: the next two make one turn of
    # four.

    @sa.event.listens_for(engine.sync_engine, "begin")
    def begun(connection: sa.Connection) -> None:
        driver = connection.connection.dbapi_connection
        if driver is not None:
            driver.run_async(lambda opened: opened.execute(begin))

    @sa.event.listens_for(engine.sync_engine, "reset")
    def given_back(connection: Any, _record: Any, state: PoolResetState) -> None:
        if not state.terminate_only and connection.driver_connection.in_transaction:
            connection.rollback()

    return engine


def _write_ahead(cursor: Any) -> None:
    """Switch to WAL. Two processes that switch the same new file at once do not wait on the busy timeout: try again."""
    until = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return
