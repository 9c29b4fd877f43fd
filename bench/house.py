"""A whole mayday for a benchmark: embedded Temporal, worker and starter as `mayday up` runs them, in one process."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from temporalio.client import Client

from mayday.long_running import settle_in
from mayday.records import Records
from mayday.settings import Settings, load_settings, packaged_runbooks
from mayday.temporal.connection import connect
from mayday.temporal.search_attributes import register_search_attributes
from mayday.temporal.server import EmbeddedServer
from starter.main import serving
from starter.playbooks import Playbooks
from worker.composition import compose
from worker.health import WorkerHealth
from worker.lifecycle import WorkerParts, run_worker

ALERTS_TOKEN = "alertmanager-of-the-bench"
OURS = Path(__file__).parent / "runbooks"

Activity = Callable[..., Any]


@dataclass
class House:
    """What runs: addresses, the client that worker and starter share, and the store."""

    settings: Settings
    client: Client
    records: Records
    temporal: str
    url: str


@contextmanager
def workshop(**texts: str) -> Iterator[Path]:
    """A folder for one benchmark, with a library in it: ours, under the bench's routes. `texts` fill in its runbook.

    The environment holds no settings of the caller's meanwhile, so that figures can be compared.
    """
    before = {key: value for key, value in os.environ.items() if key.startswith(("MAYDAY_", "TEMPORAL_"))}
    folder = Path(tempfile.mkdtemp(prefix="mayday-bench-"))
    try:
        for key in before:
            del os.environ[key]
        os.environ["MAYDAY_WEBHOOK_ALERTMANAGER_TOKEN"] = ALERTS_TOKEN
        library = folder / "runbooks"
        shutil.copytree(packaged_runbooks(), library)
        shutil.copy(OURS / "routes.yaml", library / "catalog" / "routes.yaml")
        runbook = (OURS / "bench_cadences.yaml").read_text(encoding="utf-8")
        for name, text in ({"EVERY": "60", "TWICE": "120"} | texts).items():
            runbook = runbook.replace(name, text)
        (library / "library" / "bench_cadences.yaml").write_text(runbook, encoding="utf-8")
        yield folder
    finally:
        del os.environ["MAYDAY_WEBHOOK_ALERTMANAGER_TOKEN"]
        os.environ.update(before)
        shutil.rmtree(folder, ignore_errors=True)


def settings_for(folder: Path) -> Settings:
    return load_settings(data=folder / "data", runbooks=folder / "runbooks", port=0)


@asynccontextmanager
async def mayday_up(
    folder: Path, *, worker: bool = True, watch: Callable[[Activity], Activity] = lambda each: each
) -> AsyncIterator[House]:
    """Everything that `mayday up` runs. `watch` may put something around each activity."""
    settings = settings_for(folder)
    async with EmbeddedServer(settings.data) as server:
        client = await connect(settings, address=server.address)
        async with await Records.open(settings.database_url) as records:
            if not worker:
                async with serving(settings, client, records, Playbooks.load(settings.runbooks)) as http:
                    yield House(settings, client, records, server.address, http.url)
                return
            async with (
                _working(settings, client, watch),
                serving(settings, client, records, Playbooks.load(settings.runbooks)) as http,
            ):
                settle_in()
                yield House(settings, client, records, server.address, http.url)


@asynccontextmanager
async def _working(settings: Settings, client: Client, watch: Callable[[Activity], Activity]) -> AsyncIterator[None]:
    await register_search_attributes(client)
    parts = await compose(settings, client)
    watched = WorkerParts(parts.workflows, [watch(each) for each in parts.activities], parts.close)
    stop, health = asyncio.Event(), WorkerHealth()
    running = asyncio.create_task(run_worker(settings, client, stop, watched, health))
    polling = asyncio.create_task(health.reached("polling"))
    await asyncio.wait([running, polling], return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        polling.cancel()
        running.result()
    try:
        yield
    finally:
        stop.set()
        await running
