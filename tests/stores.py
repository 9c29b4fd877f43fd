"""Fixtures of the records store: one a test, SQLite in a file always, PostgreSQL where its server is installed."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from mayday.records import Records


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
    stopped = subprocess.run([*control, "-m", "fast", "stop"], capture_output=True, text=True, cwd=folder)
    # pg_ctl also fails when the server ends between two of its looks
    assert stopped.returncode == 0 or not (data / "postmaster.pid").exists(), stopped.stderr


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'records.db'}"
    server = request.getfixturevalue("postgres_server")
    name = f"t{uuid4().hex}"
    connection = await asyncpg.connect(f"{server}/postgres")
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    return f"{server}/{name}"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def records(database_url: str, clock: Clock) -> AsyncIterator[Records]:
    async with await Records.open(database_url, clock=clock) as opened:
        yield opened
