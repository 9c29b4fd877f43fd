"""Processes of mayday as children that may be killed: each writes to a log file of its own."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["Part", "PartFailed"]

_STOPS_WITHIN_SECONDS = 40.0
_SHOWN_LINES = 12


class PartFailed(Exception):
    """A process ended, or did not answer, when it should have run; the text holds the end of its log."""


class Part:
    """One process: started, killed, started again.

    Args:
        name: what people call it; also the name of its log file in `logs`.
        command: program and arguments.
        environment: all of its environment, nothing is inherited.
    """

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str], logs: Path) -> None:
        self.name = name
        self.log = logs / f"{name}.log"
        self._command = list(command)
        self._environment = dict(environment)
        self._process: asyncio.subprocess.Process | None = None
        self.kills = 0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Returns as soon as the process exists; a second call while it runs does nothing."""
        if self.running:
            return
        with self.log.open("ab") as out:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env=self._environment,
                start_new_session=True,  # Ctrl-C is for who watches; the parts are stopped in order
            )

    async def kill(self) -> int | None:
        """SIGKILL: no goodbye, nothing written. Returns the exit status, -9 when it did die of it."""
        process = self._process
        if process is None:
            return None
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
            self.kills += 1
        return await process.wait()

    async def stop(self) -> int | None:
        """SIGTERM, and the time to drain; killed when that does not end. Returns the exit status."""
        process = self._process
        if process is None or process.returncode is not None:
            return None if process is None else process.returncode
        process.send_signal(signal.SIGTERM)
        try:
            return await asyncio.wait_for(process.wait(), _STOPS_WITHIN_SECONDS)
        except TimeoutError:
            return await self.kill()

    def last_words(self) -> str:
        """The end of its log."""
        try:
            lines = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        except OSError:
            return "it left no log"
        return "\n".join(lines[-_SHOWN_LINES:]) or "it left an empty log"

    def must_run(self) -> None:
        """Raises PartFailed when it has ended."""
        if not self.running:
            status = self._process.returncode if self._process is not None else None
            raise PartFailed(f"{self.name} ended with status {status}:\n{self.last_words()}")
