"""A starter over HTTP without sockets: the real application, store and runbooks, a Temporal that is told what to do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from mayday.settings import load_settings
from starter.feed import feeds_of
from starter.main import Server, config_of, listen
from starter.parts import Parts, assemble
from starter.playbooks import Playbooks
from tests.starter.application import application
from tests.starter.doubles import Clock, FakeGateway, Run
from tests.stores import in_memory

RUNBOOKS = Path(__file__).parents[2] / "runbooks"
WEBHOOK_TOKEN = "webhook-token-1234"


@pytest.fixture(scope="session")
def playbooks() -> Playbooks:
    """Loading takes a second: once for all tests."""
    return Playbooks.load(RUNBOOKS)


@dataclass
class House:
    """A starter and its callers."""

    http: httpx.AsyncClient
    parts: Parts
    gateway: FakeGateway
    clock: Clock
    tokens: dict[str | None, str] = field(default_factory=dict)

    async def token(self, person: str | None) -> str:
        if person not in self.tokens:
            level = "owner" if person is None else "responder"
            secret, _ = await self.parts.records.tokens.create(person, level=level)
            self.tokens[person] = secret
        return self.tokens[person]

    async def get(self, path: str, person: str | None = "ana", **more: Any) -> httpx.Response:
        return await self.http.get(path, headers={"Authorization": f"Bearer {await self.token(person)}"}, **more)

    async def post(
        self, path: str, body: Any, person: str | None = "ana", key: str | None = None, **headers: str
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {await self.token(person)}", **headers}
        if key is not None:
            headers["Idempotency-Key"] = key
        return await self.http.post(path, json=body, headers=headers)

    async def declared(self, service: str = "payments", severity: str = "SEV1", **more: Any) -> str:
        """An open incident's id."""
        answer = await self.post(
            "/api/v1/incidents", {"title": f"{service} down", "service": service, "severity": severity, **more}
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def run(self, incident: str) -> Run:
        return next(run for run in self.gateway.runs.values() if run.start.id == incident)


@pytest.fixture
async def house(playbooks: Playbooks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setenv("MAYDAY_WEBHOOK_ALERTMANAGER_TOKEN", WEBHOOK_TOKEN)
    settings = load_settings(data=tmp_path, runbooks=RUNBOOKS, max_body_bytes=64 * 1024)
    clock, gateway = Clock(), FakeGateway()
    async with await in_memory(clock) as records:
        playbooks.attach(records)
        parts = assemble(settings, records, gateway, playbooks, clock=clock)
        transport = httpx.ASGITransport(application(parts), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://mayday") as http:
            yield House(http, parts, gateway, clock)
        await feeds_of(parts).close()
        await parts.drain()


@pytest.fixture
async def server(house: House) -> AsyncIterator[Server]:
    """The same starter, on a real port."""
    _, listening = listen(load_settings(port=0))
    served = Server(config_of(house.parts), listening)
    await served.start()
    yield served
    await served.stop()
