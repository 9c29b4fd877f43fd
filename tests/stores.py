"""Fixtures of the records store: one a test, SQLite in a file always, PostgreSQL where its server is installed."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import getpass
import os
import shutil
import socket
import sqlite3
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from mayday.records import Records
from mayday.records.migration import migrate
from mayday.records.store import Store, utc_now


class Clock:
    """A clock that stands still until told otherwise."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 2, 2, 10, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **by: float) -> None:
        self.at += timedelta(**by)


def _postgres_programs() -> Path | None:
    """The folder of `initdb` and `postgres`: Debian keeps it off the path."""
    found = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    on_path = shutil.which("initdb")
    return found[0] if found else Path(on_path).parent if on_path else None


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a PostgreSQL of our own, without a database name; skipped (under MAYDAY_CI: failed) if missing."""
    programs = _postgres_programs()
    if programs is None:
        if os.environ.get("MAYDAY_CI"):
            pytest.fail("the build machine has no PostgreSQL")
        pytest.skip("no PostgreSQL on this machine")
    # not in pytest's own folder, which every session of the same user closes to others again
    with tempfile.TemporaryDirectory(prefix="mayday-postgres-") as folder:
        yield from _serve(programs, Path(folder))


def _serve(programs: Path, folder: Path) -> Iterator[str]:
    data = folder / "data"
    prefix: list[str] = []
    if getpass.getuser() == "root":  # PostgreSQL refuses to run as root
        shutil.chown(folder, "postgres")
        prefix = ["runuser", "-u", "postgres", "--"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    subprocess.run(
        [*prefix, str(programs / "initdb"), "-D", str(data), "-U", "mayday", "-A", "trust", "-E", "UTF8", "-N"],
        check=True, capture_output=True, cwd=folder,
    )  # fmt: skip
    control = [*prefix, str(programs / "pg_ctl"), "-D", str(data), "-w"]
    options = f"-p {port} -k '' -c listen_addresses=127.0.0.1 -c fsync=off"
    subprocess.run(
        [*control, "-l", str(folder / "log"), "-o", options, "start"], check=True, capture_output=True, cwd=folder
    )
    yield f"postgresql://mayday@127.0.0.1:{port}"
    stopped = subprocess.run([*control, "-m", "immediate", "stop"], capture_output=True, text=True, cwd=folder)
    # pg_ctl also fails when the server ends between two of its looks
    assert stopped.returncode == 0 or not (data / "postmaster.pid").exists(), stopped.stderr


@pytest.fixture(scope="session")
def newest_postgres(postgres_server: str) -> str:
    """The name of a database of the newest schema, to make others of."""
    name = "newest"

    async def make() -> None:
        await _create(postgres_server, name)
        await migrate(f"{postgres_server}/{name}")

    _apart(make)
    return name


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest) -> str:
    """Which database; a test that asks for a store runs with each."""
    return str(request.param)


@pytest.fixture
async def empty_database_url(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without a schema."""
    if engine == "sqlite":
        return f"sqlite:///{tmp_path / 'records.db'}"
    return await _create(request.getfixturevalue("postgres_server"), f"t{uuid4().hex}")


@pytest.fixture
async def database_url(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database of the newest schema, with nothing in it."""
    if engine == "sqlite":
        path = tmp_path / "records.db"
        path.write_bytes(_newest_file())
        return f"sqlite:///{path}"
    newest: str = request.getfixturevalue("newest_postgres")
    return await _create(request.getfixturevalue("postgres_server"), f"t{uuid4().hex}", like=newest)


async def _create(server: str, name: str, like: str = "template1") -> str:
    connection = await asyncpg.connect(f"{server}/postgres")
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE {like}")
    await connection.close()
    return f"{server}/{name}"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def records(database_url: str, clock: Clock) -> AsyncIterator[Records]:
    async with Records(Store(database_url, clock=clock)) as opened:
        yield opened


def in_file(path: Path, clock: Callable[[], datetime] = utc_now) -> Records:
    """A new store in a file. Its schema comes from a file that was migrated once: that takes a tenth of a second."""
    path.write_bytes(_newest_file())
    return Records(Store(path, clock=clock))


async def in_memory(clock: Callable[[], datetime] = utc_now) -> Records:
    """A new store in memory, its schema made at once."""
    store = Store("sqlite://", clock=clock)
    async with store.write() as connection:
        for statement in _newest_schema():
            await connection.exec_driver_sql(statement)
    return Records(store)


@functools.cache
def _newest_file() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "records.db"
        _apart(lambda: migrate(path))
        return path.read_bytes()


@functools.cache
def _newest_schema() -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "records.db"
        path.write_bytes(_newest_file())
        with contextlib.closing(sqlite3.connect(path)) as connection:
            dump = list(connection.iterdump())
    return [statement for statement in dump if not statement.startswith(("BEGIN", "COMMIT"))]


def _apart(job: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Waits for it in a thread with a loop of its own: fixtures may be asked for while one runs."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(job())).result()
