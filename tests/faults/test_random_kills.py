"""SIGKILL of worker, starter and server at random moments: afterwards nothing is missing and nothing is twice.

The script of night.py is walked with a reaper beside it. What the desk holds afterwards has to be what a walk
without one leaves, every alert has to be accounted for, and the history has to replay, strictly too.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.faults.night import RUNBOOKS, walk
from tests.faults.reaper import Reaper
from tests.faults.verdict import holds
from tests.house import House

pytestmark = [pytest.mark.temporal, pytest.mark.timeout(480)]

IN_EVERY_RUN, IN_THE_SOAK = range(3), range(3, 33)


async def test_a_walk_without_kills(tmp_path: Path) -> None:
    """What all others are held against."""
    async with House(tmp_path, RUNBOOKS) as house:
        await holds(house, await walk(house), [])


@pytest.mark.parametrize("seed", IN_EVERY_RUN)
async def test_kills_change_nothing_that_reaches_the_outside(seed: int, tmp_path: Path) -> None:
    await night_with_kills(seed, tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize("seed", IN_THE_SOAK)
async def test_many_kills_change_nothing_that_reaches_the_outside(seed: int, tmp_path: Path) -> None:
    await night_with_kills(seed, tmp_path)


async def night_with_kills(seed: int, folder: Path) -> None:
    async with House(folder, RUNBOOKS) as house:
        reaper = Reaper(house, seed)
        reaping = asyncio.create_task(reaper.reap())
        try:
            night = await walk(house)
        except AssertionError as error:
            raise AssertionError(f"after {reaper.kills}: {error}") from error
        finally:
            reaping.cancel()
            await asyncio.gather(reaping, return_exceptions=True)
            for part in (house.worker, house.starter):  # one that was struck down at this very moment
                if not part.running:
                    await part.start()
        assert reaper.kills, "the incident was over before anything was killed"
        await holds(house, night, reaper.kills)
