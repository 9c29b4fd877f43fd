"""Brings a database to the newest schema at start-up.

Runs in one transaction that holds a lock (SQLite: BEGIN IMMEDIATE, PostgreSQL: an advisory lock), so that any number of
processes may start together: the first migrates, the others wait and find nothing to do.
"""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.ext.asyncio import AsyncConnection

from mayday.records.store import Store

#: any number that no other program uses in the same database
ADVISORY_LOCK = 0x4D41594441
_ONE_AT_A_TIME = threading.Lock()  # alembic keeps its environment in module globals


async def migrate(url: str | Path) -> None:
    """Upgrade the database at `url` to the newest schema. Raises RecordsUnavailable."""
    await asyncio.to_thread(_migrate_blocking, url)


def _migrate_blocking(url: str | Path) -> None:
    with _ONE_AT_A_TIME:
        asyncio.run(_migrate(url))


async def _migrate(url: str | Path) -> None:
    store = Store(url)
    try:
        async with store.write() as connection:
            await upgrade(connection)
    finally:
        await store.close()


async def upgrade(connection: AsyncConnection) -> None:
    """Upgrade inside the caller's transaction: in-memory databases live in one connection."""
    if connection.dialect.name == "postgresql":
        await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(ADVISORY_LOCK)))
    await connection.run_sync(_upgrade)


def _upgrade(connection: sa.Connection) -> None:
    config = Config()
    folder = Path(__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
