"""Who gives up in the middle of a transaction leaves the store as it was, at whatever moment."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from mayday.records import Records
from mayday.records.schema import PLANS

MOMENTS = 60


@pytest.mark.parametrize("pause", [0.0, 0.00003], ids=["by turns", "by time"])
async def test_a_transaction_that_is_given_up_locks_nobody_out(tmp_path: Path, pause: float) -> None:
    async with await Records.open(f"sqlite:///{tmp_path / 'records.db'}") as records:

        async def interrupted(number: int) -> None:
            async with records.store.write() as connection:
                row = {"digest": f"given-up-{number}", "plan": {}, "stored_at": records.store.now()}
                await connection.execute(sa.insert(PLANS).values(row).returning(PLANS.c.digest))

        for moment in range(MOMENTS):
            task = asyncio.create_task(interrupted(moment))
            for _ in range(moment):
                await asyncio.sleep(pause)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            async with asyncio.timeout(5):
                await records.audit.write("ana", "vote")
        assert len(await records.audit.find(limit=MOMENTS + 1)) == MOMENTS


async def test_a_reader_that_gives_up_leaves_its_connection_to_the_next(tmp_path: Path) -> None:
    async with await Records.open(f"sqlite:///{tmp_path / 'records.db'}") as records:
        for moment in range(MOMENTS):
            task = asyncio.create_task(records.audit.find())
            for _ in range(moment):
                await asyncio.sleep(0)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        async with asyncio.timeout(5):
            assert await asyncio.gather(*(records.audit.find() for _ in range(20))) == [[]] * 20
