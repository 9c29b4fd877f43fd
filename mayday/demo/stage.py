"""The demo's mayday: `mayday up` and a worker as processes of their own, in a folder of their own.

Nothing of this machine's settings reaches them: a demo must never ring a real pager.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from mayday.demo.processes import Part, PartFailed
from mayday.settings import packaged_runbooks

__all__ = ["Stage"]

_READY_WITHIN_SECONDS = 90.0
_LOOK_EVERY_SECONDS = 0.1
_FOREIGN = ("MAYDAY_", "TEMPORAL_")


class Stage:
    """Async context manager: the processes run inside and are stopped in order at its end.

    Raises (on entering):
        PartFailed: a process did not come up; the text holds the end of its log.
    """

    def __init__(self, data: Path) -> None:
        self.data = data
        self.alerts_token = secrets.token_urlsafe(24)
        self.url = self.owner_token = ""
        self.worker: Part
        self._up: Part
        self._worker_url = ""

    async def __aenter__(self) -> Self:
        self.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            await self._start()
        except BaseException:  # whatever happened, Ctrl-C too: no process may stay behind
            await self.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _start(self) -> None:
        up = ["up", "--no-worker", "--port", "0", "--data", str(self.data)]
        self._up = self._part("up", up, {"MAYDAY_WEBHOOK_ALERTMANAGER_TOKEN": self.alerts_token})
        description = self.data / "mayday.json"
        description.unlink(missing_ok=True)
        await self._up.start()
        facts = await self._until(self._up, lambda: _read(description))
        self.url, self.owner_token = str(facts["url"]), str(facts["token"])
        # The worker writes addresses into pages and messages: they are the starter's.
        environment = {"TEMPORAL_ADDRESS": str(facts["temporal_address"]), "MAYDAY_BASE_URL": self.url}
        self.worker = self._part("worker", ["worker"], environment)
        await self.start_worker()

    async def start_worker(self) -> None:
        """Returns once it polls."""
        offset = self.worker.log.stat().st_size if self.worker.log.exists() else 0
        await self.worker.start()
        await self._until(self.worker, lambda: _polls(self.worker.log, offset))

    async def stop(self) -> None:
        """The worker first, so that what is under way is finished; then starter and server."""
        for part in (getattr(self, "worker", None), getattr(self, "_up", None)):
            if part is not None:
                await part.stop()

    def client(self, token: str) -> httpx.AsyncClient:
        """A caller of the API with this token."""
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=30, trust_env=False)

    def _part(self, name: str, arguments: list[str], more: dict[str, str]) -> Part:
        rest = {key: value for key, value in os.environ.items() if not key.startswith(_FOREIGN)}
        ours = {"MAYDAY_DATA": str(self.data), "MAYDAY_RUNBOOKS": str(packaged_runbooks()), "MAYDAY_LOG_FORMAT": "json"}
        return Part(name, [sys.executable, "-m", "mayday", *arguments], {**rest, **ours, **more}, self.data)

    async def _until(self, part: Part, look: Any) -> Any:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _READY_WITHIN_SECONDS
        while not (found := look()):
            part.must_run()
            if loop.time() > deadline:
                raise PartFailed(f"{part.name} was not ready in time:\n{part.last_words()}")
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
        return found


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _polls(log: Path, offset: int) -> bool:
    """Whether the worker has said that it polls, in what it wrote after `offset`."""
    with log.open("rb") as written:
        written.seek(offset)
        return b'"state": "polling"' in written.read()
