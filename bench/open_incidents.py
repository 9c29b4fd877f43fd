"""Many open incidents, each with live cadences: how late their messages leave, and what an incident weighs.

The intervals are a thirtieth of a SEV1's, so that 200 incidents here are as much work as 6,000 in production. Worker
and starter are processes of their own, as in production; the memory is the worker's.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import psutil  # type: ignore[import-untyped]
from temporalio.client import Client

from bench.figures import Figure, spread
from bench.house import House, mayday_up, workshop
from bench.progress import say
from bench.raw_worker import QUEUE, raw_client
from bench.raw_workflows import FirstActivity, Rhythm, Ticking
from bench.scenario import Stage
from bench.sender import Sender, notification
from bench.sizes import Sizes
from mayday.domain.timeline import parse_timestamp

NAME = "open_incidents"
LATENESS_AIMED_AT_S = 1.0
WORKER = "import sys, worker.main, mayday.settings as s; sys.exit(worker.main.run(s.load_settings()))"
STARTS_WITHIN_SECONDS = 60
MIB = 1024 * 1024
WARM = 2


async def run(sizes: Sizes, stage: Stage) -> Figure:
    every = {"EVERY": str(sizes.open_every), "TWICE": str(2 * sizes.open_every)}
    with workshop(**every) as folder:
        async with mayday_up(folder, worker=False) as house:
            raw_late, raw_grown = await _by_hand(house, sizes)
            say(f"  by hand: p99 {spread(raw_late)['p99_ms']:.0f} ms late, {raw_grown / MIB:.2f} MiB each")
            late, grown = await _incidents(house, folder, sizes)
    ours, theirs = spread(late), spread(raw_late)
    return Figure(
        name=NAME,
        what=f"{sizes.open_incidents} open incidents, three cadences each (every {sizes.open_every} s, twice "
        "that, twice that reviewed): due to sent at the desk; floor: hand-written workflows with the "
        "same rhythm, due to activity",
        aim=f"lateness p99 under {LATENESS_AIMED_AT_S:.0f} s",
        measured={**ours, "mib_per_incident": grown / MIB},
        floor={**theirs, "mib_per_incident": raw_grown / MIB},
        ratio={
            "p99": ours["p99_ms"] / theirs["p99_ms"],
            "mib_per_incident": grown / raw_grown if raw_grown > 0 else 0.0,
        },
        met=ours["p99_ms"] < LATENESS_AIMED_AT_S * 1000,
        detail={"incidents": sizes.open_incidents, "messages": len(late), "floor_ticks": len(raw_late)},
    )


# ours ---------------------------------------------------------------------------------------------------------------


async def _incidents(house: House, folder: Path, sizes: Sizes) -> tuple[list[float], float]:
    """Lateness of every message, seconds, and bytes that the worker grew by for each incident."""
    environment = {
        **os.environ,
        "MAYDAY_DATA": str(folder / "data"), "MAYDAY_RUNBOOKS": str(folder / "runbooks"), "MAYDAY_LOG_LEVEL": "error",
        "TEMPORAL_ADDRESS": house.temporal,
    }  # fmt: skip
    async with _process([sys.executable, "-c", WORKER], environment) as worker:
        async with Sender(house.url) as sender:
            warm = await _open(house, sender, range(-WARM, 0))
            before = worker.memory_info().rss
            opened = await _open(house, sender, range(sizes.open_incidents), spread_over=sizes.open_every)
        await asyncio.sleep(sizes.open_seconds)
        grown = worker.memory_info().rss - before
        late = await _lateness(house, opened, sizes)
        for workflow_id in [*warm.values(), *opened.values()]:
            await house.client.get_workflow_handle(workflow_id).terminate("measured")
    return late, grown / sizes.open_incidents


async def _open(house: House, sender: Sender, numbers: Iterable[int], spread_over: float = 0) -> dict[str, str]:
    """Opens an incident a number, evenly over so many seconds, as a night would; workflow ids by incident."""
    opened: dict[str, str] = {}
    numbers = list(numbers)
    started = time.monotonic()
    for index, number in enumerate(numbers):
        await asyncio.sleep(max(0.0, started + spread_over * index / len(numbers) - time.monotonic()))
        [touched] = await sender.post(sender.request(notification("open", [f"case-{number}"], number=number + WARM)))
        opened[touched["id"]] = touched["workflow_id"]
    for incident in opened:
        await _until_started(house, incident)
    return opened


async def _until_started(house: House, incident: str) -> None:
    """Until its timeline has begun."""
    async with asyncio.timeout(STARTS_WITHIN_SECONDS):
        while not await house.records.timeline.entries(incident):  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.02)


async def _lateness(house: House, opened: dict[str, str], sizes: Sizes) -> list[float]:
    late: list[float] = []
    for incident in opened:
        starts = {
            entry.data["audience"]: (parse_timestamp(entry.at), entry.data["every_s"])
            for entry in await house.records.timeline.entries(incident)
            if entry.kind == "cadence_started"
        }
        for audience, moments in (await _sent(house, incident)).items():
            started, every = starts[audience]
            late += [behind for behind in (_behind(started, every, at) for at in moments) if behind is not None]
    return late


async def _sent(house: House, incident: str) -> dict[str, list[datetime]]:
    """When the desk took each message of the cadences, by audience."""
    desk = house.records.desk
    return {
        "technical": [message.sent_at for message in await desk.chat.messages(incident_id=incident)],
        "executives": [mail.queued_at for mail in await desk.outbox.mails(incident)],
        "customers": [post.posted_at for post in await desk.outbox.status_posts(incident)],
    }


def _behind(started: datetime, every: float, at: datetime) -> float | None:
    """Seconds after the tick before it; None for what was sent at the start."""
    ticks, behind = divmod((at - started).total_seconds(), every)
    return behind if ticks >= 1 else None


# by hand ------------------------------------------------------------------------------------------------------------


async def _by_hand(house: House, sizes: Sizes) -> tuple[list[float], float]:
    client = await raw_client(house.temporal)
    command = [sys.executable, "-m", "bench.raw_worker", house.temporal]
    rhythm = Rhythm(every_s=[sizes.open_every, 2 * sizes.open_every, 2 * sizes.open_every])
    async with _process(command, dict(os.environ)) as worker:
        await _tick(client, rhythm, range(-WARM, 0), 0)
        await client.execute_workflow(FirstActivity.run, "warm", id="warm", task_queue=QUEUE)
        before = worker.memory_info().rss
        ids = await _tick(client, rhythm, range(sizes.open_incidents), sizes.open_every)
        await asyncio.sleep(sizes.open_seconds)
        grown = worker.memory_info().rss - before
        late = [each for workflow_id in ids async for each in _ticks(client, workflow_id)]
        for workflow_id in ids:
            await client.get_workflow_handle(workflow_id).terminate("measured")
    return late, grown / sizes.open_incidents


async def _tick(client: Client, rhythm: Rhythm, numbers: Iterable[int], spread_over: float) -> list[str]:
    ids, numbers = [], list(numbers)
    started = time.monotonic()
    for index, number in enumerate(numbers):
        await asyncio.sleep(max(0.0, started + spread_over * index / len(numbers) - time.monotonic()))
        handle = await client.start_workflow(Ticking.run, rhythm, id=f"ticking-{number}", task_queue=QUEUE)
        ids.append(handle.id)
    return ids


async def _ticks(client: Client, workflow_id: str) -> AsyncIterator[float]:
    """What the activities of a run gave back: how late each was, seconds."""
    history = await client.get_workflow_handle(workflow_id).fetch_history()
    for event in history.events:
        if event.HasField("activity_task_completed_event_attributes"):
            payloads = event.activity_task_completed_event_attributes.result.payloads
            yield (await client.data_converter.decode(payloads, [float]))[0]


# processes ----------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def _process(command: list[str], environment: dict[str, str]) -> AsyncIterator[psutil.Process]:
    """A child that ends with the block; its output goes to stderr."""
    child = await asyncio.create_subprocess_exec(*command, env=environment, stdout=2)
    try:
        yield psutil.Process(child.pid)
    finally:
        if child.returncode is None:
            child.terminate()
        await child.wait()
