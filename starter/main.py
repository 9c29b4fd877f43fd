"""The starter process: `mayday starter`. Settings -> records, Temporal, runbooks -> parts -> HTTP."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta

import structlog
import uvicorn
from temporalio.client import Client

from mayday.archive.collecting import Collector
from mayday.language.library import LibraryRefused
from mayday.logs import configure_logs
from mayday.long_running import settle_in
from mayday.records.errors import RecordsUnavailable
from mayday.records.records import Records
from mayday.settings import Settings, SettingsError
from mayday.shutdown import stop_on_signals
from mayday.temporal.connection import TemporalError, TemporalUnreachable, connect
from mayday.temporal.core_logs import forward_core_logs
from mayday.temporal.search_attributes import register_search_attributes
from starter.access import OWNER
from starter.app import create_app
from starter.feed import feeds_of
from starter.gateway import TemporalGateway
from starter.housekeeping import keep_house
from starter.parts import Parts, assemble
from starter.patience import PatientProtocol
from starter.playbooks import Playbooks, PlaybooksRefused

__all__ = ["config_of", "listen", "run", "serving"]

log = structlog.get_logger(__name__)

DONE, FAILED, WRONG_USAGE = 0, 1, 2
DRAINS_WITHIN_SECONDS = 10
FIRST_PATIENCE_SECONDS = 3.0
"""How long a starter waits for Temporal before it serves without."""


def run(settings: Settings, *, address: str | None = None) -> int:
    """Runs a starter until a signal asks it to stop; returns the exit status.

    0 after a drained stop, 1 when Temporal or the store cannot be used, 2 when settings or runbooks are wrong: then the
    text names file and line.
    """
    configure_logs(
        level=settings.log_level, form=settings.log_format, secrets=settings.secret_values(), process="starter"
    )
    forward_core_logs()
    try:
        playbooks = Playbooks.load(settings.runbooks)
        asyncio.run(_start(settings, playbooks, address))
    except (SettingsError, LibraryRefused, PlaybooksRefused) as error:
        print(error, file=sys.stderr)
        return WRONG_USAGE
    except (TemporalError, RecordsUnavailable, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return FAILED
    return DONE


async def _start(settings: Settings, playbooks: Playbooks, address: str | None) -> None:
    stop = asyncio.Event()
    with stop_on_signals(stop):
        try:
            client: Client | None = await connect(settings, address=address, patience=FIRST_PATIENCE_SECONDS)
        except TemporalUnreachable as error:
            # Alerts are taken in while Temporal is down, also by a starter that begins meanwhile.
            log.error("temporal_unreachable", reason=str(error))
            client = None

        async def reach() -> Client:
            while True:
                try:
                    return await connect(settings, address=address)
                except TemporalError as error:
                    log.error("temporal_unreachable", reason=str(error))

        async with (
            await Records.open(settings.database_url) as records,
            serving(settings, client or reach, records, playbooks) as server,
        ):
            settle_in()
            ended = asyncio.create_task(server.ended.wait())
            asked = asyncio.create_task(stop.wait())
            await asyncio.wait([ended, asked], return_when=asyncio.FIRST_COMPLETED)
            ended.cancel()
            asked.cancel()


class Server:
    """A uvicorn server in this event loop. Signals are not its business."""

    def __init__(self, config: uvicorn.Config, listening: socket.socket) -> None:
        self._server = _Quiet(config)
        self._listening = listening
        self.url = _url_of(listening)
        self.ended = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Returns once it answers. Raises `OSError` when it cannot."""
        self._task = asyncio.create_task(self._run(), name="http")
        while not self._server.started:
            if self._task.done():
                self._task.result()
                raise OSError("the HTTP server did not start; its log says why")
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        self._server.should_exit = True
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        try:
            await self._server.serve(sockets=[self._listening])
        finally:
            self.ended.set()


def config_of(parts: Parts) -> uvicorn.Config:
    """How this process speaks HTTP."""
    return uvicorn.Config(
        create_app(parts),
        host=parts.settings.host,
        port=parts.settings.port,
        log_config=None,
        access_log=False,
        lifespan="on",
        server_header=False,
        http=PatientProtocol,
        ws="none",
        timeout_graceful_shutdown=DRAINS_WITHIN_SECONDS,
    )


class _Quiet(uvicorn.Server):
    """Leaves signals to the process that it is part of: uvicorn would catch them, and raise them again at its end."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(
    settings: Settings,
    client: Client | Callable[[], Awaitable[Client]],
    records: Records,
    playbooks: Playbooks,
    listening: socket.socket | None = None,
) -> AsyncIterator[Server]:
    """A starter that serves inside the block, and is drained at its end.

    `client` may be a way to reach Temporal, which is gone while alerts are already taken in. `listening` is a port
    taken with `listen`.
    """
    if listening is None:
        settings, listening = listen(settings)
    if settings.token is not None:
        await records.tokens.adopt(settings.token.get_secret_value(), None, level=OWNER)
    playbooks.attach(records)
    playbooks.watch(settings.runbooks)
    gateway = TemporalGateway(None, task_queue=settings.task_queue)
    parts = assemble(settings, records, gateway, playbooks)
    reaching: asyncio.Task[None] | None = None
    if isinstance(client, Client):
        await _reached(parts, gateway, client)
    else:
        reaching = asyncio.create_task(_reach(parts, gateway, client), name="reach-temporal")
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    server = Server(config_of(parts), listening)
    await server.start()
    keep = timedelta(days=settings.keep_alerts_days)
    housekeeping = asyncio.create_task(
        keep_house([records.inbox, records.callbacks], keep, parts.clock), name="housekeeping"
    )
    log.info("starter_started", url=server.url)
    try:
        yield server
    finally:
        for task in (housekeeping, reaching):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        await feeds_of(parts).close()  # streams never end by themselves: the server would wait for them
        await server.stop()


async def _reach(parts: Parts, gateway: TemporalGateway, reach: Callable[[], Awaitable[Client]]) -> None:
    await _reached(parts, gateway, await reach())
    parts.forwarder.nudge()


async def _reached(parts: Parts, gateway: TemporalGateway, client: Client) -> None:
    """From now on alerts and decisions go to Temporal."""
    parts.openings.reached(await register_search_attributes(client))
    parts.collector = Collector(client, parts.records, parts.settings.codec_keys)
    gateway.attach(client)


def listen(settings: Settings) -> tuple[Settings, socket.socket]:
    """Take the starter's port; the settings come back with the address that messages name, when the port was 0.

    Raises `OSError` with the address when it is taken.
    """
    host, port = settings.host, settings.port
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise OSError(
            f"cannot listen on {host}:{port}: {error.strerror}; MAYDAY_PORT (or up --port) names another"
        ) from None
    listening.listen(1024)
    listening.setblocking(False)
    if port == 0 and settings.base_url.endswith(":0"):
        settings = settings.model_copy(update={"base_url": _url_of(listening)})
    return settings, listening


def _url_of(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{port}"
