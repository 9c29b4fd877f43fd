"""Kills a house's processes at random moments, and starts them again."""

from __future__ import annotations

import asyncio
import os
import random
import signal

from tests.house import House

VICTIMS = ("worker", "starter", "server")
MOST_KILLS = 5
"""So that a night ends: it is walked on undisturbed afterwards."""


class Reaper:
    """The seed decides who is killed, when, and how long each stays dead. `kills` tells the story afterwards."""

    def __init__(self, house: House, seed: int) -> None:
        self._house = house
        self._chance = random.Random(seed)
        self._first = VICTIMS[seed % len(VICTIMS)]
        self.kills: list[str] = []

    async def reap(self) -> None:
        """The first victim is another one with each seed."""
        victim = self._first
        while len(self.kills) < MOST_KILLS:
            await asyncio.sleep(self._chance.uniform(0.2, 3.5))
            await self._strike(victim)
            victim = self._chance.choice(VICTIMS)

    async def _strike(self, victim: str) -> None:
        self.kills.append(victim)
        if victim == "server":
            await self._kill_server()
            return
        part = self._house.worker if victim == "worker" else self._house.starter
        try:
            await part.kill()
            await asyncio.sleep(self._chance.uniform(0, 1.5))
        finally:  # also when the incident is over, at this very moment: somebody has to answer the last questions
            await part.kill()
            await part.start()
        await self._house.ready()

    async def _kill_server(self) -> None:
        """The embedded server's owner starts it again."""
        restarts, pid = self._house.server.restarts, self._house.server.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)

        async def back() -> bool:
            return self._house.server.restarts > restarts

        await self._house.until(back, "the server to be started again", 120)
