"""The starter process: `mayday starter`. Settings -> records, Temporal, runbooks -> parts -> HTTP."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import structlog
import uvicorn
from temporalio.client import Client

from mayday.language.library import LibraryRefused
from mayday.logs import configure_logs
from mayday.records.errors import RecordsUnavailable
from mayday.records.records import Records
from mayday.settings import Settings, SettingsError
from mayday.shutdown import stop_on_signals
from mayday.temporal.connection import TemporalError, connect
from mayday.temporal.search_attributes import register_search_attributes
from starter.access import OWNER
from starter.app import create_app
from starter.gateway import TemporalGateway
from starter.parts import assemble
from starter.playbooks import Playbooks, PlaybooksRefused

__all__ = ["listen", "run", "serve", "serving"]

log = structlog.get_logger(__name__)

DONE, FAILED, WRONG_USAGE = 0, 1, 2
DRAINS_WITHIN_SECONDS = 10


def run(settings: Settings, *, address: str | None = None) -> int:
    """Runs a starter until a signal asks it to stop; returns the exit status.

    0 after a drained stop, 1 when Temporal or the store cannot be used, 2 when settings or runbooks are wrong: then the
    text names file and line.
    """
    configure_logs(
        level=settings.log_level, form=settings.log_format, secrets=settings.secret_values(), process="starter"
    )
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
        client = await connect(settings, address=address)
        async with await Records.open(settings.database_url) as records:
            await serve(settings, client, records, playbooks, stop)


async def serve(
    settings: Settings,
    client: Client,
    records: Records,
    playbooks: Playbooks,
    stop: asyncio.Event,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve until `stop` is set, then drain. `ready` is told the address once it listens. Raises `OSError`."""
    async with serving(settings, client, records, playbooks) as server:
        if ready is not None:
            ready(server.url)
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


class _Quiet(uvicorn.Server):
    """Leaves signals to the process that it is part of: uvicorn would catch them, and raise them again at its end."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(
    settings: Settings,
    client: Client,
    records: Records,
    playbooks: Playbooks,
    listening: socket.socket | None = None,
) -> AsyncIterator[Server]:
    """A starter that serves inside the block, and is drained at its end. `listening` is a port taken with `listen`."""
    if listening is None:
        settings, listening = listen(settings)
    attributes = await register_search_attributes(client)
    if settings.token is not None:
        await records.tokens.adopt(settings.token.get_secret_value(), None, level=OWNER)
    playbooks.attach(records)
    parts = assemble(
        settings,
        records,
        TemporalGateway(client, task_queue=settings.task_queue),
        playbooks,
        search_attributes=attributes,
    )
    config = uvicorn.Config(
        create_app(parts),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        lifespan="on",
        server_header=False,
        timeout_graceful_shutdown=DRAINS_WITHIN_SECONDS,
    )
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    server = Server(config, listening)
    await server.start()
    log.info("starter_started", url=server.url, search_attributes=attributes)
    try:
        yield server
    finally:
        await server.stop()


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
        raise OSError(f"cannot listen on {host}:{port}: {error.strerror}") from None
    listening.listen(1024)
    listening.setblocking(False)
    if port == 0 and settings.base_url.endswith(":0"):
        settings = settings.model_copy(update={"base_url": _url_of(listening)})
    return settings, listening


def _url_of(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{port}"
