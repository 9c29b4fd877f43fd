"""Opening the store: migrations, several processes at once, and a database that does not answer."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.ext.asyncio import AsyncConnection

from mayday.records import Records, RecordsUnavailable
from mayday.records.schema import METADATA, PLANS
from mayday.records.store import database_url as normalised


async def test_the_migrations_make_exactly_the_tables_of_the_schema(records: Records) -> None:
    def differences(connection: sa.Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), METADATA))

    async with records.store.read() as connection:
        assert await connection.run_sync(differences) == []


async def test_what_was_kept_is_there_after_opening_again(empty_database_url: str) -> None:
    async with await Records.open(empty_database_url) as first:
        await first.plans.put("d1", {"language": "runbook/v1"})
    async with await Records.open(empty_database_url) as second:
        assert await second.plans.get("d1") == {"language": "runbook/v1"}


async def test_processes_that_start_together_migrate_once(empty_database_url: str) -> None:
    program = (
        "import asyncio, sys\nfrom mayday.records import Records\n"
        "async def main():\n"
        "    async with await Records.open(sys.argv[1]) as records:\n"
        "        await records.plans.put(sys.argv[2], {})\n"
        "asyncio.run(main())"
    )
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, empty_database_url, str(number), stderr=asyncio.subprocess.PIPE
        )
        for number in range(3)
    ]
    for process in processes:
        _, errors = await process.communicate()
        assert process.returncode == 0, errors.decode()
    async with await Records.open(empty_database_url) as records:
        assert [await records.plans.get(str(number)) for number in range(3)] == [{}, {}, {}]


async def test_writers_of_two_processes_wait_for_each_other(database_url: str, records: Records) -> None:
    async with await Records.open(database_url) as other:
        await asyncio.gather(
            *(store.plans.put(f"{name}{n}", {}) for n in range(20) for name, store in (("a", records), ("b", other)))
        )
        assert await other.plans.get("a19") == {}


async def test_sqlite_syncs_every_commit_to_disk(tmp_path: Path) -> None:
    async with await Records.open(tmp_path / "records.db") as records:
        async with records.store.write() as connection:
            assert (await connection.execute(sa.text("PRAGMA synchronous"))).scalar_one() == 2  # FULL
            assert (await connection.execute(sa.text("PRAGMA journal_mode"))).scalar_one() == "wal"


async def test_an_in_memory_store_serves_tests() -> None:
    async with await Records.open("sqlite://") as records:
        await records.plans.put("d1", {})
        assert await records.plans.get("d1") == {}


async def test_a_database_that_does_not_answer_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(RecordsUnavailable):
        await Records.open("postgresql://nobody@127.0.0.1:1/nothing")
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordsUnavailable):
        await Records.open(f"sqlite:///{tmp_path / 'file' / 'records.db'}")


def test_other_databases_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="mysql"):
        normalised("mysql://host/db")
    assert normalised("postgres://u@h/d").drivername == "postgresql+asyncpg"
    assert normalised("sqlite:///x.db").drivername == "sqlite+aiosqlite"


async def test_units_that_wait_together_share_a_transaction_and_fail_alone(records: Records) -> None:
    """On SQLite; PostgreSQL gives each its own."""
    done: list[str] = []

    async def unit(name: str) -> str:
        async def put(connection: AsyncConnection) -> str:
            row = {"digest": name, "plan": {}, "stored_at": records.store.now()}
            await connection.execute(sa.insert(PLANS).values(row))
            if name == "bad":
                raise LookupError(name)
            return name

        answer = await records.store.commit(put)
        done.append(answer)
        return answer

    names = ["first", *(f"n{number}" for number in range(30)), "bad", "last"]
    answers = await asyncio.gather(*(unit(name) for name in names), return_exceptions=True)
    assert [answer for answer in answers if isinstance(answer, Exception)] == [answers[-2]]
    assert isinstance(answers[-2], LookupError)
    assert len(done) == 32
    assert await records.plans.get("last") == {}
    assert await records.plans.get("bad") is None


async def test_a_caller_that_gives_up_leaves_the_others_unharmed(records: Records) -> None:
    async def slow(connection: AsyncConnection) -> None:
        started.set()
        await connection.execute(
            sa.insert(PLANS).values({"digest": "slow", "plan": {}, "stored_at": records.store.now()})
        )

    started = asyncio.Event()
    impatient = asyncio.create_task(records.store.commit(slow))
    patient = asyncio.create_task(records.audit.write("ana", "vote"))
    await started.wait()
    impatient.cancel()
    await patient
    await records.audit.write("ana", "vote")
    assert len(await records.audit.find()) == 2


async def test_a_connection_that_comes_back_in_the_middle_of_a_transaction_is_wound_back(tmp_path: Path) -> None:
    """Nobody leaves one open on purpose; whoever did must not lock everybody out until the next restart."""
    async with await Records.open(f"sqlite:///{tmp_path / 'records.db'}") as records:
        async with records.store._writer.connect() as connection:
            driver = (await connection.get_raw_connection()).driver_connection
            assert driver is not None
            await driver.execute("BEGIN IMMEDIATE")
        await records.audit.write("ana", "vote")
        assert len(await records.audit.find()) == 1


async def test_a_database_that_another_process_holds_is_unavailable_not_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mayday.records.store.BUSY_TIMEOUT_S", 0.05)
    file = tmp_path / "records.db"
    async with await Records.open(f"sqlite:///{file}") as records:
        with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(RecordsUnavailable, match="locked"):
                await records.audit.write("ana", "vote")
            other.execute("ROLLBACK")
        await records.audit.write("ana", "vote")
        assert len(await records.audit.find()) == 1
