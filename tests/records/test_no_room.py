"""A store that takes nothing: full, read-only, or on a broken disk. It says which, and goes on by itself."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError
from structlog.testing import capture_logs

from mayday.records import Records, RecordsUnavailable
from mayday.records.refusals import unavailable
from mayday.records.store import Store
from tests.full_disk import full_disk
from tests.stores import in_file


@pytest.fixture
async def on_disk(tmp_path: Path) -> AsyncIterator[Records]:
    async with in_file(tmp_path / "records.db") as records:
        yield records


async def pragma(store: Store, words: str) -> Any:
    async with store._writer.connect() as connection:
        answer = await connection.exec_driver_sql(f"PRAGMA {words}")
        return answer.scalar() if answer.returns_rows else None


async def test_a_full_store_says_so_keeps_nothing_half_and_goes_on(on_disk: Records) -> None:
    await on_disk.plans.put("before", {"language": "runbook/v1"})
    pages = await pragma(on_disk.store, "page_count")
    await pragma(on_disk.store, f"max_page_count = {pages}")
    with capture_logs() as logs:
        for number in range(3):
            with pytest.raises(RecordsUnavailable) as full:
                await on_disk.plans.put(f"plan-{number}", {"text": "x" * 100_000})
    assert (full.value.why, full.value.said) == ("full", "takes nothing: its disk is full")
    assert [entry["event"] for entry in logs] == ["records_take_nothing"]  # once, not for every try
    assert on_disk.store.trouble is full.value
    assert await on_disk.plans.get("before") == {"language": "runbook/v1"}  # reading goes on
    assert await on_disk.plans.get("plan-0") is None
    assert await on_disk.inbox.claim() == []  # takes the lock for writing, and writes nothing: that proves nothing
    assert on_disk.store.trouble is full.value
    await pragma(on_disk.store, f"max_page_count = {pages + 1000}")
    with capture_logs() as logs:
        await on_disk.plans.put("plan-0", {"text": "x" * 100_000})
    assert (on_disk.store.trouble, [entry["event"] for entry in logs]) == (None, ["records_take_again"])
    async with on_disk.store.read() as connection:
        assert (await connection.exec_driver_sql("PRAGMA integrity_check")).scalar() == "ok"


async def test_a_store_that_can_be_read_and_not_written_is_not_ready(on_disk: Records) -> None:
    await on_disk.ping()
    with full_disk(on_disk.store, sqlite3.SQLITE_READONLY):
        with pytest.raises(RecordsUnavailable) as refused:
            await on_disk.store.try_writing()
        assert refused.value.why == "read_only"
        with pytest.raises(RecordsUnavailable):
            await on_disk.ping()
    await on_disk.ping()
    assert on_disk.store.trouble is None


async def test_whoever_asks_often_does_not_wear_out_the_disk(on_disk: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[int] = []
    write = on_disk.store.try_writing

    async def counted() -> None:
        written.append(1)
        await write()

    monkeypatch.setattr(on_disk.store, "try_writing", counted)
    for _ in range(20):
        await on_disk.ping()
    assert len(written) == 1


async def test_a_full_disk_at_start_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def migrate(url: object) -> None:
        raise RecordsUnavailable("disk I/O error", "full")

    monkeypatch.setattr("mayday.records.records.migrate", migrate)
    place = tmp_path / "records.db"
    with pytest.raises(RecordsUnavailable) as refused:
        await Records.open(place)
    said = f"the records store {place} cannot be used: it takes nothing: its disk is full (disk I/O error)"
    assert (str(refused.value), refused.value.why) == (said, "full")


def sqlite_says(code: int) -> DBAPIError:
    error = sqlite3.OperationalError("its words, which nobody reads")
    error.sqlite_errorcode = code
    return OperationalError("UPDATE x", {}, error)


class PostgresSays(Exception):
    def __init__(self, sqlstate: str) -> None:
        super().__init__("its words")
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (sqlite_says(sqlite3.SQLITE_FULL), "full"),
        (sqlite_says(sqlite3.SQLITE_READONLY_DBMOVED), "read_only"),
        (sqlite_says(sqlite3.SQLITE_IOERR_WRITE), "disk_error"),
        (sqlite_says(sqlite3.SQLITE_BUSY), "unreachable"),
        (sqlite_says(sqlite3.SQLITE_FULL).orig, "full"),
        (sqlite3.OperationalError("locked"), "unreachable"),
        (sqlite3.DatabaseError("file is not a database"), "unreachable"),
        (sqlite3.IntegrityError("twice"), None),
        (DBAPIError("INSERT", {}, PostgresSays("53100")), "full"),
        (DBAPIError("INSERT", {}, PostgresSays("25006")), "read_only"),
        (DBAPIError("INSERT", {}, PostgresSays("57P01")), "unreachable"),
        (DBAPIError("INSERT", {}, PostgresSays("58030")), "unreachable"),
        (ProgrammingError("SELEC", {}, PostgresSays("42601")), None),
        (DBAPIError("INSERT", {}, PostgresSays("22003")), None),
        (OSError(28, "No space left on device"), "full"),
        (OSError(30, "Read-only file system"), "read_only"),
        (ConnectionRefusedError(111, "refused"), "unreachable"),
    ],
)
def test_what_a_database_says_is_read_from_its_code(error: BaseException | None, why: str | None) -> None:
    assert error is not None
    assert unavailable(error) == why


async def test_a_disk_without_room_is_full_whatever_sqlite_calls_it(
    on_disk: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def writes() -> None:
        async with on_disk.store.write():
            raise sqlite_says(sqlite3.SQLITE_IOERR_SHMSIZE)

    for free, why in ((0, "full"), (10**9, "disk_error")):
        room = SimpleNamespace(free=free)
        monkeypatch.setattr("mayday.records.store.shutil.disk_usage", lambda place, room=room: room)
        with pytest.raises(RecordsUnavailable) as refused:
            await writes()
        assert refused.value.why == why


@pytest.mark.postgres
async def test_a_postgres_that_is_read_only_is_unavailable_and_no_bug_of_ours(records: Records, engine: str) -> None:
    if engine != "postgres":
        pytest.skip("the same with SQLite is told above")

    async def writes() -> None:
        async with records.store.write() as connection:
            await connection.execute(sa.text("SET TRANSACTION READ ONLY"))
            await connection.exec_driver_sql("UPDATE alembic_version SET version_num = version_num")

    with pytest.raises(RecordsUnavailable) as refused:
        await writes()
    assert refused.value.why == "read_only"
