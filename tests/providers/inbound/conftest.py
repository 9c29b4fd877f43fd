"""A starter whose every source is set up, and a vendor that signs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from mayday.providers.sources import MAPPED, NAMES
from mayday.settings import load_settings
from starter.parts import assemble
from starter.playbooks import Playbooks
from tests.starter.application import application
from tests.starter.conftest import RUNBOOKS, House, playbooks
from tests.starter.doubles import Clock, FakeGateway
from tests.stores import in_memory

__all__ = ["Outside", "outside", "playbooks", "ready"]

TOKEN = "webhook-token-of-every-source"


@dataclass
class Outside:
    """What the starter fetches: answers by the beginning of the address, and what was asked for."""

    answers: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def __call__(self, url: str) -> bytes:
        self.asked.append(url)
        return next(body for start, body in self.answers.items() if url.startswith(start))

    async def close(self) -> None:
        pass


@pytest.fixture
def outside() -> Outside:
    return Outside()


@pytest.fixture
async def ready(
    playbooks: Playbooks, outside: Outside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    """The starter; further settings can be made with `reload`."""
    for name in (*NAMES, *MAPPED):
        monkeypatch.setenv(f"MAYDAY_WEBHOOK_{name.upper()}_TOKEN", TOKEN)
    settings = load_settings(data=tmp_path, runbooks=RUNBOOKS, max_body_bytes=64 * 1024)
    clock, gateway = Clock(), FakeGateway()
    async with await in_memory(clock) as records:
        playbooks.attach(records)
        parts = assemble(settings, records, gateway, playbooks, clock=clock)
        parts.fetch = outside  # type: ignore[assignment]
        transport = httpx.ASGITransport(application(parts), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://mayday") as http:
            yield House(http, parts, gateway, clock)
        await parts.drain()
