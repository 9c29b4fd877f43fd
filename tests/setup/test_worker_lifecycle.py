"""The worker's life: it replays what is open before it polls, drains on request, and may be one of several versions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import cast

import httpx
import pytest
import pytest_asyncio
import structlog
from temporalio import activity
from temporalio.client import Client

from mayday.settings import load_settings
from mayday.temporal.connection import connect
from mayday.temporal.histories import ReplayRefused
from mayday.temporal.server import EmbeddedServer
from tests.setup.waiting_workflow import ChangedWaitingWorkflow, SteppingWorkflow, WaitingWorkflow
from tests.stores import in_memory
from worker import lifecycle
from worker.health import WorkerHealth
from worker.lifecycle import WorkerParts, run_worker
from worker.main import addressed
from worker.outages import Outages

pytestmark = pytest.mark.temporal


@pytest_asyncio.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    async with EmbeddedServer(tmp_path / "data") as server:
        yield await connect(load_settings(data=tmp_path), address=server.address)


async def until_visible(client: Client, count: int) -> None:
    """A server lists a run a moment after it has started it."""
    while (await client.count_workflows("ExecutionStatus = 'Running'")).count < count:
        await asyncio.sleep(0.05)


async def test_a_stop_lets_a_running_activity_finish(client: Client, tmp_path: Path) -> None:
    begun, closed = asyncio.Event(), asyncio.Event()

    @activity.defn(name="step")
    async def slow_step() -> str:
        begun.set()
        await stop.wait()
        return "finished while draining"

    async def close() -> None:
        closed.set()

    stop = asyncio.Event()
    settings = load_settings(data=tmp_path)
    parts = WorkerParts([SteppingWorkflow], [slow_step], close)
    running = asyncio.create_task(run_worker(settings, client, stop, parts))
    handle = await client.start_workflow(SteppingWorkflow.run, id="open-incident", task_queue="mayday")
    await begun.wait()
    stop.set()
    await running
    assert closed.is_set()
    history = await handle.fetch_history()
    assert any(event.HasField("activity_task_completed_event_attributes") for event in history.events)


async def test_a_version_that_cannot_go_on_with_an_open_incident_does_not_poll(client: Client, tmp_path: Path) -> None:
    settings = load_settings(data=tmp_path)
    stop, health = asyncio.Event(), WorkerHealth()
    running = asyncio.create_task(run_worker(settings, client, stop, WorkerParts([WaitingWorkflow], []), health))
    await health.reached("polling")
    handle = await client.start_workflow(WaitingWorkflow.run, id="incident/1", task_queue="mayday")
    assert await handle.query(WaitingWorkflow.heard) is False
    await until_visible(client, 1)
    stop.set()
    await running

    with pytest.raises(ReplayRefused, match="incident/1"):
        await run_worker(settings, client, asyncio.Event(), WorkerParts([ChangedWaitingWorkflow], []))

    again, health = asyncio.Event(), WorkerHealth()
    running = asyncio.create_task(run_worker(settings, client, again, WorkerParts([WaitingWorkflow], []), health))
    await health.reached("polling")
    assert health.replayed == 1
    again.set()
    await running


async def test_with_a_build_id_new_incidents_go_to_this_version(client: Client, tmp_path: Path) -> None:
    settings = load_settings(data=tmp_path, build_id="v1")
    stop, health = asyncio.Event(), WorkerHealth()
    running = asyncio.create_task(run_worker(settings, client, stop, WorkerParts([WaitingWorkflow], []), health))
    await health.reached("polling")
    handle = await client.start_workflow(WaitingWorkflow.run, id="incident/1", task_queue="mayday")
    await handle.signal(WaitingWorkflow.say, "pinned")
    assert await handle.result() == "pinned"
    described = await handle.describe()
    version = described.raw_description.workflow_execution_info.versioning_info.deployment_version
    assert (version.deployment_name, version.build_id) == ("mayday", "v1")
    stop.set()
    await running


async def test_health_says_what_the_worker_does(client: Client, tmp_path: Path, free_port: int) -> None:
    settings = load_settings(data=tmp_path, worker_port=free_port)
    stop, health = asyncio.Event(), WorkerHealth()
    running = asyncio.create_task(run_worker(settings, client, stop, WorkerParts([WaitingWorkflow], []), health))
    await health.reached("polling")
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{free_port}") as http:
        ready = await http.get("/readyz")
        assert (ready.status_code, ready.json()) == (200, {"state": "polling", "replayed": 0})
        assert "python_info" in (await http.get("/metrics")).text
        assert (await http.get("/else")).status_code == 404
        health.state = "draining"
        assert (await http.get("/readyz")).status_code == 503
        assert (await http.get("/healthz")).status_code == 200
    stop.set()
    await running


class NeverTold:
    """Word of an outage that Temporal does not take."""

    after = timedelta(minutes=1)

    async def look(self) -> int:
        await asyncio.Event().wait()
        return 0


async def test_the_word_of_an_outage_that_nobody_takes_does_not_keep_a_worker_from_its_pages(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "TOLD_WITHIN_SECONDS", 0.1)
    async with await in_memory() as records:
        parts = WorkerParts([WaitingWorkflow], [], presence=records.presence, outages=cast(Outages, NeverTold()))
        stop, health = asyncio.Event(), WorkerHealth()
        running = asyncio.create_task(run_worker(load_settings(data=tmp_path), client, stop, parts, health))
        async with asyncio.timeout(20):
            await health.reached("polling")
        stop.set()
        await running


async def test_an_outside_monitor_hears_of_a_polling_worker(client: Client, tmp_path: Path) -> None:
    beats: asyncio.Queue[str] = asyncio.Queue()

    async def monitor(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            beats.put_nowait((await reader.readline()).decode().strip())
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
        finally:
            writer.close()

    server = await asyncio.start_server(monitor, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/ping/mayday"
        settings = load_settings(data=tmp_path, heartbeat_url=url, heartbeat_every=0.05)
        stop, health = asyncio.Event(), WorkerHealth()
        running = asyncio.create_task(run_worker(settings, client, stop, WorkerParts([WaitingWorkflow], []), health))
        assert [await beats.get(), await beats.get()] == ["GET /ping/mayday HTTP/1.1"] * 2
        stop.set()
        await running


def test_a_worker_beside_mayday_up_names_the_address_at_which_that_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("MAYDAY_BASE_URL", "MAYDAY_PORT"):
        monkeypatch.delenv(name, raising=False)
    with structlog.testing.capture_logs() as logs:
        assert addressed(load_settings(data=tmp_path)).base_url == "http://127.0.0.1:8080"
    assert [each["event"] for each in logs] == ["base_url_is_a_guess"], "a guess is said to be one"
    (tmp_path / "mayday.json").write_text('{"url": "http://127.0.0.1:9191", "token": "t"}')
    assert addressed(load_settings(data=tmp_path)).base_url == "http://127.0.0.1:9191"
    for broken in ("", "[]", '{"url": 7}', '{"url": "javascript:x"}'):
        (tmp_path / "mayday.json").write_text(broken)
        assert addressed(load_settings(data=tmp_path)).base_url == "http://127.0.0.1:8080"
    (tmp_path / "mayday.json").write_text('{"url": "http://127.0.0.1:9191"}')
    monkeypatch.setenv("MAYDAY_BASE_URL", "https://mayday.example")
    assert addressed(load_settings(data=tmp_path)).base_url == "https://mayday.example"
