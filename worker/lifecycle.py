"""The worker's life: replay what is open, poll, and on request finish what it holds.

ReplayRefused     an open incident does not replay with this code (mayday.temporal.histories)
DeploymentError   worker versioning is on and the server does not take the version (worker.deployment)
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog
from temporalio.client import Client
from temporalio.worker import Worker
from ulid import ULID

from mayday.records.errors import RecordsUnavailable
from mayday.records.presence import Presence
from mayday.settings import Settings
from mayday.temporal.histories import check_open_runs
from mayday.temporal.plugin import build_plugin
from worker.answers import Answers, watch_answers
from worker.archiver import Archiver, archive
from worker.deployment import deployment_of, make_current
from worker.health import WorkerHealth, serve_health
from worker.heartbeat import beat
from worker.outages import Outages
from worker.presence import EVERY_SECONDS, TOLD_WITHIN_SECONDS, be_present
from worker.provider_report import ProviderReport, tell_of_providers
from worker.what_changed import WhatChanged, watch_changes

log = structlog.get_logger(__name__)


async def _nothing_to_close() -> None:
    """Parts without connections of their own."""


@dataclass(frozen=True)
class WorkerParts:
    """What a worker works with; made by `worker.composition`, or by a test."""

    workflows: Sequence[type]
    activities: Sequence[Callable[..., Any]]
    close: Callable[[], Awaitable[None]] = field(default=_nothing_to_close)
    presence: Presence | None = None
    report: ProviderReport | None = None
    archiver: Archiver | None = None
    answers: Answers | None = None
    changes: WhatChanged | None = None
    outages: Outages | None = None


async def run_worker(
    settings: Settings, client: Client, stop: asyncio.Event, parts: WorkerParts, health: WorkerHealth | None = None
) -> None:
    """Runs until `stop` is set, then drains: no new work, and `graceful_shutdown_seconds` for running activities.

    `parts.close` is called in any case, last.

    Raises:
        ReplayRefused: before polling, see above.
        DeploymentError: see above.
        RuntimeError: the worker cannot go on (from the SDK).
    """
    health = health or WorkerHealth()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(parts.close)
        if settings.worker_port is not None:
            port = await stack.enter_async_context(serve_health(health, settings.host, settings.worker_port))
            log.info("health_served", host=settings.host, port=port)
        if settings.build_id is None:
            await health.enter("replaying")
            plugin = build_plugin(settings.codec_keys)
            health.replayed = await check_open_runs(client, parts.workflows, settings.task_queue, plugin)
        if settings.heartbeat_url is not None:
            await _in_background(stack, beat(settings.heartbeat_url, settings.heartbeat_every, client, health))
        if parts.presence is not None:
            process = f"worker-{ULID()}"
            if parts.outages is not None:
                try:
                    async with asyncio.timeout(TOLD_WITHIN_SECONDS):
                        await parts.outages.look()  # before it polls: no deadline is judged by who does not know
                except (RecordsUnavailable, TimeoutError) as error:
                    log.warning("outage_told_while_polling", reason=str(error) or "Temporal takes it slowly")
            every = min(EVERY_SECONDS, settings.outage_after / 3)
            await _in_background(stack, be_present(parts.presence, process, client, health, every, parts.outages))
            if parts.report is not None:
                telling = tell_of_providers(parts.presence, process, parts.report, settings.providers_every)
                await _in_background(stack, telling)
        if parts.archiver is not None and settings.archive_every:
            looking = archive(parts.archiver, parts.workflows, settings.task_queue, health, settings.archive_every)
            await _in_background(stack, looking)
        if parts.answers is not None:
            await _in_background(stack, watch_answers(parts.answers, health, settings.answers_every))
        if parts.changes is not None:
            await _in_background(stack, watch_changes(parts.changes, health))
        await _poll(settings, client, stop, parts, health)


async def _in_background(stack: AsyncExitStack, work: Coroutine[Any, Any, None]) -> None:
    """Runs `work` until the stack unwinds."""
    task = asyncio.create_task(work)

    async def end() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    stack.push_async_callback(end)


async def _poll(
    settings: Settings, client: Client, stop: asyncio.Event, parts: WorkerParts, health: WorkerHealth
) -> None:
    identity = f"mayday-worker@{socket.gethostname()}/{os.getpid()}"
    deployment = deployment_of(settings)
    worker = Worker(
        client,
        task_queue=settings.task_queue,
        workflows=parts.workflows,
        activities=parts.activities,
        identity=identity,
        deployment_config=deployment,
        max_concurrent_activities=settings.max_concurrent_activities,
        graceful_shutdown_timeout=timedelta(seconds=settings.graceful_shutdown_seconds),
    )
    running = asyncio.create_task(worker.run(), name="worker")
    asked = asyncio.create_task(stop.wait(), name="worker-stop")
    try:
        if deployment is not None:
            await make_current(client, deployment.version, identity)
        await health.enter("polling")
        await asyncio.wait([running, asked], return_when=asyncio.FIRST_COMPLETED)
    finally:
        asked.cancel()
        await health.enter("draining")
        if not running.done():
            await worker.shutdown()
        await asyncio.gather(running, return_exceptions=True)
        await health.enter("stopped")
    running.result()
