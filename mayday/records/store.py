"""The database behind the records: one writer and several readers, the same code on SQLite and PostgreSQL.

SQLite runs in WAL mode with `synchronous=FULL`: in WAL mode NORMAL may lose the last transactions on power loss, and
"202" promises that an alert is kept. Writing transactions begin IMMEDIATE on a single connection per process, so that
writers queue here instead of failing with "database is locked"; other processes wait on the busy timeout.
"""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, PoolResetState

from mayday.records.errors import RecordsUnavailable
from mayday.records.group_commit import GroupCommit
from mayday.records.patient_sqlite import patient
from mayday.records.refusals import unavailable

#: how long one process waits for another's write, seconds
BUSY_TIMEOUT_S = 10
#: bytes; with less than that SQLite cannot even make its own small files
NO_ROOM = 64 * 1024
#: most units in one transaction: some tens of milliseconds
MOST_UNITS = 64

log = structlog.get_logger(__name__)

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
        self.place = self.url.database if self.dialect == "sqlite" else self.url.render_as_string()
        self.trouble: RecordsUnavailable | None = None
        """Why the last write was not taken; None once one was."""
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
        with self._unavailable():
            async with self._reader.begin() as connection:
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction, durable when the block is left without an error. Do not nest. Raises RecordsUnavailable."""
        wrote = False
        try:
            with self._unavailable():
                async with self._writer.begin() as connection:
                    before = None if self.trouble is None else await self._written(connection)
                    yield connection
                    wrote = self.trouble is not None and await self._written(connection) != before
        except RecordsUnavailable as error:
            self._takes_nothing(error)
            raise
        if wrote:
            self._takes_again()

    async def try_writing(self) -> None:
        """Writes a row as it is: raises RecordsUnavailable where nothing could be kept now, whatever can be read."""
        async with self.write() as connection:
            await connection.exec_driver_sql("UPDATE alembic_version SET version_num = version_num")

    async def _written(self, connection: AsyncConnection) -> Any:
        """Another answer at the end of a transaction than at its start: it was not for looking only."""
        question = "total_changes()" if self.dialect == "sqlite" else "pg_current_xact_id_if_assigned()::text"
        return (await connection.exec_driver_sql(f"SELECT {question}")).scalar()

    def _takes_nothing(self, error: RecordsUnavailable) -> None:
        if self.trouble is None or self.trouble.why != error.why:
            log.error("records_take_nothing", why=error.why, store=self.place, reason=str(error))
        self.trouble = error

    def _takes_again(self) -> None:
        if self.trouble is not None:
            log.info("records_take_again", store=self.place, was=self.trouble.why)
        self.trouble = None

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

    @contextmanager
    def _unavailable(self) -> Iterator[None]:
        """Turns the driver's "I cannot reach, lock, read or write the database" into RecordsUnavailable."""
        try:
            yield
        except (DBAPIError, sqlite3.Error, PoolTimeout, OSError) as error:
            if (why := unavailable(error)) is None:
                raise
            if why == "disk_error" and self._no_room():  # SQLite calls a full disk an I/O error, too
                why = "full"
            raise RecordsUnavailable(_said(error), why) from error

    def _no_room(self) -> bool:
        if self.dialect != "sqlite" or self.in_memory:
            return False
        try:
            return shutil.disk_usage(Path(self.url.database or "").parent).free < NO_ROOM
        except OSError:
            return False

    async def close(self) -> None:
        if self._group is not None:
            await self._group.close()
        await self._writer.dispose()
        if self._reader is not self._writer:
            await self._reader.dispose()


def _said(error: BaseException) -> str:
    """The driver's own words, without the name of its class and SQLAlchemy's link."""
    plain = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return (str(plain).splitlines() or [type(plain).__name__])[0]


def _sqlite(url: URL, *, begin: str, size: int) -> AsyncEngine:
    engine = create_async_engine(
        url, poolclass=AsyncAdaptedQueuePool, pool_size=size, max_overflow=0, pool_timeout=30,
        async_creator=lambda *_, **__: patient(url.database or ":memory:", BUSY_TIMEOUT_S), pool_reset_on_return=None,
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
