"""The starter on a real port: large bodies, draining, a port that is taken."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio.client import Client

from mayday.records.records import Records
from mayday.settings import load_settings
from starter.app import create_app
from starter.main import Server, listen, serving
from starter.playbooks import Playbooks
from tests.starter.conftest import WEBHOOK_TOKEN, House

BEARER = {"Authorization": f"Bearer {WEBHOOK_TOKEN}"}
ALERT = {"alerts": [{"status": "firing", "labels": {"alertname": "Down", "service": "payments"}}]}


@pytest.fixture
async def outside(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.url, timeout=10, trust_env=False) as http:
        yield http


async def _as(house: House, person: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {await house.token(person)}"}


async def test_five_megabytes_are_refused_and_the_next_request_is_served(
    outside: httpx.AsyncClient, house: House
) -> None:
    answer = await outside.post("/webhooks/alertmanager", content=b"x" * (5 * 1024 * 1024), headers=BEARER)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    answer = await outside.post(
        "/api/v1/incidents", content=b'{"title": "' + b"x" * (5 * 1024 * 1024), headers=await _as(house, "ana")
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large"), "not only where machines post"
    assert (await outside.post("/webhooks/alertmanager", json=ALERT, headers=BEARER)).status_code == 202


async def test_a_body_without_a_length_is_counted_while_it_comes(outside: httpx.AsyncClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b"y" * 65_536

    answer = await outside.post("/webhooks/alertmanager", content=endless(), headers=BEARER)
    assert answer.status_code == 413


async def test_a_wrong_token_is_told_so_before_the_body_is_looked_at(outside: httpx.AsyncClient) -> None:
    answer = await outside.post("/webhooks/alertmanager", content=b"x" * (5 * 1024 * 1024))
    assert answer.status_code == 401


async def test_what_is_under_way_when_it_stops_is_answered(
    house: House, server: Server, outside: httpx.AsyncClient
) -> None:
    house.gateway.gate = asyncio.Event()
    asked = asyncio.create_task(outside.post("/webhooks/alertmanager", json=ALERT, headers=BEARER))
    while not house.gateway.calls:
        await asyncio.sleep(0.01)
    stopping = asyncio.create_task(server.stop())
    house.gateway.gate.set()
    answer = await asked
    assert answer.status_code == 202
    assert answer.json()["incidents"][0]["action"] == "opened"
    await stopping
    assert await house.parts.records.inbox.count() == {"forwarded": 1}
    with pytest.raises(httpx.ConnectError):
        await outside.get("/healthz")


async def test_half_a_request_hurts_nobody(server: Server, outside: httpx.AsyncClient) -> None:
    port = int(server.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST /webhooks/alertmanager HTTP/1.1\r\nHost: x\r\nAuthorization: {BEARER['Authorization']}\r\n"
    writer.write(f"{head}Content-Length: 1000\r\n\r\n{json.dumps(ALERT)[:10]}".encode())
    await writer.drain()
    writer.close()
    assert (await outside.get("/healthz")).status_code == 200
    assert (await reader.read(100)) == b""


def test_a_port_that_is_taken_is_named() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        settings: Any = load_settings(port=port)
        with pytest.raises(OSError, match=f"cannot listen on 127.0.0.1:{port}: .*; MAYDAY_PORT .* names another"):
            listen(settings)


async def test_a_starter_that_begins_while_temporal_is_down_takes_alerts_in(
    playbooks: Playbooks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAYDAY_WEBHOOK_ALERTMANAGER_TOKEN", WEBHOOK_TOKEN)

    async def never() -> Client:
        await asyncio.Event().wait()
        raise AssertionError

    settings = load_settings(data=tmp_path, port=0)
    async with (
        await Records.open(tmp_path / "records.db") as records,
        serving(settings, never, records, Playbooks(playbooks.library)) as server,  # it watches its files from then on
        httpx.AsyncClient(base_url=server.url, trust_env=False) as http,
    ):
        answer = await http.post("/webhooks/alertmanager", json=ALERT, headers=BEARER)
        assert (answer.status_code, answer.json()["incidents"][0]["action"]) == (202, "queued")
        assert (await http.get("/readyz")).json()["temporal"] == "silent"
        assert await records.inbox.count() == {"new": 1}


async def test_the_first_request_finds_all_routes_read(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app(house.parts)

    def too_late(*_: Any, **__: Any) -> None:
        raise AssertionError("a signature was read when somebody waited")

    async with app.router.lifespan_context(app):
        monkeypatch.setattr("fastapi.routing.get_dependant", too_late)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://mayday") as http:
            assert (await http.get("/login")).status_code == 200
            assert (await http.get("/nobody/has/this")).status_code in (303, 401, 404)
