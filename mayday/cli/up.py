"""`mayday up`: a whole mayday on this machine: Temporal's development server, a worker and a starter.

Starter and worker share one process and one connection, so that a first page leaves with the start of its incident.
With `TEMPORAL_ADDRESS` set that cluster is used instead of the embedded server; alerts are taken in also while it does
not answer yet. Ctrl-C and SIGTERM drain: the starter stops taking alerts in, the worker finishes what it holds, then
the server ends; the next `up` goes on from there.
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
import secrets
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mayday.cli.errors import WRONG_USAGE, CliError
from mayday.cli.remote import DESCRIPTION
from mayday.settings import Settings, SettingsError, load_settings

if TYPE_CHECKING:
    from temporalio.client import Client

    from mayday.records.errors import RecordsUnavailable
    from mayday.records.records import Records
    from starter.playbooks import Playbooks

__all__ = ["up"]

MAYDAY_UP = "mayday up"
"""Who made the link that a start prints."""


def up(
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port of the starter; 0 takes a free one.")] = None,
    data: Annotated[Path | None, typer.Option(help="Data folder: everything that is kept is in there.")] = None,
    no_worker: Annotated[
        bool, typer.Option("--no-worker", help="Without a worker; start one with: mayday worker")
    ] = False,
    no_starter: Annotated[bool, typer.Option("--no-starter", help="Without webhooks, API and console.")] = False,
    runbooks: Annotated[Path | None, typer.Option(help="Folder of runbooks and catalog.")] = None,
) -> None:
    """Run a whole mayday on this machine, until Ctrl-C. Nothing else has to be installed or running."""
    settings = load_settings(port=port, data=data, runbooks=runbooks)
    from mayday.logs import configure_logs

    configure_logs(level=settings.log_level, form=settings.log_format, secrets=settings.secret_values(), process="up")
    playbooks = _playbooks(settings)
    from mayday.records.errors import RecordsError
    from mayday.temporal.connection import StoppedMeanwhile, TemporalError
    from mayday.temporal.core_logs import forward_core_logs
    from mayday.temporal.histories import ReplayRefused
    from worker.composition import CompositionError
    from worker.deployment import DeploymentError

    forward_core_logs()
    try:
        asyncio.run(_run(settings, playbooks, worker=not no_worker, starter=not no_starter))
    except SettingsError:
        raise
    except StoppedMeanwhile:
        typer.echo("stopped before it was up", err=True)
    except (TemporalError, ReplayRefused, RecordsError, CompositionError, DeploymentError, OSError) as error:
        raise CliError(str(error)) from None


def _playbooks(settings: Settings) -> Playbooks:
    from mayday.language.library import LibraryRefused
    from starter.playbooks import Playbooks, PlaybooksRefused

    try:
        return Playbooks.load(settings.runbooks)
    except (LibraryRefused, PlaybooksRefused) as error:
        raise CliError(str(error), status=WRONG_USAGE) from None


async def _run(settings: Settings, playbooks: Playbooks, *, worker: bool, starter: bool) -> None:
    from mayday.long_running import settle_in
    from mayday.records.errors import RecordsUnavailable
    from mayday.records.records import Records
    from mayday.shutdown import stop_on_signals
    from mayday.temporal.connection import configured_profile, connect
    from mayday.temporal.server import EmbeddedServer

    stop = asyncio.Event()
    client: Client | None
    with stop_on_signals(stop):
        async with AsyncExitStack() as stack:
            _make_data_folder(settings.data)
            listening = None
            if starter:
                from starter.main import listen, serving

                settings, listening = listen(settings)
                stack.callback(listening.close)
            profile, ui = configured_profile(), None
            if profile is None:
                server = await stack.enter_async_context(
                    EmbeddedServer(settings.data, port=settings.temporal_port, ui_port=settings.temporal_ui_port)
                )
                address, ui = server.address, server.ui_url
                client = await connect(settings, address=address, stop=stop)
            else:
                address = str(profile.address)
                client = await _reached_soon(settings, stop) if starter else await connect(settings, stop=stop)
            records = await stack.enter_async_context(await Records.open(settings.database_url))
            try:
                token = await _owner_token(settings, records)
            except RecordsUnavailable as error:
                raise CliError(_takes_nothing(settings, error), hint="make room or name another folder") from None
            starter_waits = starter
            url, told = settings.base_url, {"token": token, "temporal_address": address, "pid": os.getpid()}
            if client is None:
                reached: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
                served = serving(settings, lambda: reached, records, playbooks, listening)
                url = (await stack.enter_async_context(served)).url
                _describe(settings.data, {"url": url, **told})
                client, starter_waits = await _reached_at_last(settings, stop), False
                reached.set_result(client)
            if worker and not stop.is_set():
                await _with_worker(stack, settings, client, stop)
            if starter_waits and not stop.is_set():
                served = serving(settings, client, records, playbooks, listening)
                url = (await stack.enter_async_context(served)).url
            settle_in()
            _describe(settings.data, {"url": url, **told})
            if not stop.is_set():
                link = await _first_link(records, url) if starter else None
                _greet(settings, url, link, address, ui, worker=worker, starter=starter)
            await stop.wait()
            typer.echo("stopping: what is under way is finished", err=True)
    typer.echo("stopped; the next `mayday up` goes on with the open incidents", err=True)


async def _reached_soon(settings: Settings, stop: asyncio.Event) -> Client | None:
    """None where it does not answer at once: alerts are taken in meanwhile."""
    from mayday.temporal.connection import TemporalUnreachable, connect
    from starter.main import FIRST_PATIENCE_SECONDS

    try:
        return await connect(settings, patience=FIRST_PATIENCE_SECONDS, stop=stop)
    except TemporalUnreachable:
        return None


async def _reached_at_last(settings: Settings, stop: asyncio.Event) -> Client:
    """Beside a starter that serves by now: whoever gave up would take its alerts from it."""
    from mayday.temporal.connection import TemporalUnreachable, connect

    while True:
        try:
            return await connect(settings, stop=stop)
        except TemporalUnreachable as error:
            typer.echo(f"{error}; alerts are taken in meanwhile, and handled once it answers", err=True)


def _make_data_folder(data: Path) -> None:
    """Refuses at once where nothing could be kept: the first alert would be too late to find out.

    What mayday and its server write there is for this account alone, also where the folder is not: the records hold
    the keys that decisions are signed with.
    """
    os.umask(0o077)
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not os.access(data, os.R_OK | os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except FileExistsError:
        raise CliError(f"the data folder {data} is a file", hint="name another one with --data") from None
    except OSError as error:
        raise CliError(
            f"the data folder {data} cannot be used: {error.strerror}", hint="name another one with --data"
        ) from None


def _takes_nothing(settings: Settings, error: RecordsUnavailable) -> str:
    return f"the records store in {settings.data} {error.said} ({error})"


async def _with_worker(stack: AsyncExitStack, settings: Settings, client: Client, stop: asyncio.Event) -> None:
    """A worker until the stack unwinds; one that ends by itself stops everything and says why."""
    from mayday.temporal.search_attributes import register_search_attributes
    from worker.composition import compose
    from worker.health import WorkerHealth
    from worker.lifecycle import run_worker

    await register_search_attributes(client)
    parts = await compose(settings, client)
    health, drained = WorkerHealth(), asyncio.Event()
    running = asyncio.create_task(run_worker(settings, client, drained, parts, health), name="worker")
    running.add_done_callback(lambda _: stop.set())

    async def drain() -> None:
        drained.set()
        await running

    polling = asyncio.create_task(health.reached("polling"))
    await asyncio.wait([running, polling], return_when=asyncio.FIRST_COMPLETED)
    if not polling.done():
        polling.cancel()
        await running  # raises why it did not start
        return
    stack.push_async_callback(drain)


async def _owner_token(settings: Settings, records: Records) -> str:
    """The owner's token of the last time while it is good, else a new one."""
    known = _described(settings.data).get("token")
    for secret in (known, settings.token.get_secret_value() if settings.token else None):
        if isinstance(secret, str) and secret:
            await records.tokens.adopt(secret, None, level="owner", note="mayday up")
            token = await records.tokens.verify(secret)
            if token is not None and token.person is None:
                return secret
    from mayday.records.tokens import PREFIX

    secret = PREFIX + secrets.token_urlsafe(32)
    await records.tokens.adopt(secret, None, level="owner", note="mayday up")
    return secret


def _described(data: Path) -> dict[str, Any]:
    try:
        found = json.loads((data / DESCRIPTION).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _describe(data: Path, facts: dict[str, Any]) -> None:
    """Write `mayday.json`: readable by its owner only, and whole or not at all."""
    path = data / DESCRIPTION
    fresh = path.with_suffix(f".{os.getpid()}.tmp")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        json.dump(facts, out, indent=2)
    os.replace(fresh, path)


async def _first_link(records: Records, url: str) -> str | None:
    """Lets the owner of a fresh machine in, once, within the hour; None when they have been in before.

    What an earlier start printed, and nobody used, lets nobody in any more: only one link is ever good.
    """
    await records.login_codes.withdraw("link", MAYDAY_UP)
    if await records.sessions.owner_was_here():
        return None
    secret, _ = await records.login_codes.make("link", None, lasts=timedelta(hours=1), created_by=MAYDAY_UP)
    return f"{url}/login/link/{secret}"


def _greet(
    settings: Settings, url: str, link: str | None, address: str, ui: str | None, *, worker: bool, starter: bool
) -> None:
    lines = [f"mayday is up, its data in {settings.data}"]
    if starter:
        lines.append(f"  console and API   {url}")
        lines.append(f"  log in            {link or 'mayday access link prints a link that works once'}")
    lines.append(f"  Temporal          {address}" + (f", UI {ui}" if ui else ""))
    if not worker:
        lines.append("  no worker here: start one with `mayday worker`")
    if starter and settings.webhook_token("alertmanager") is None:
        lines.append("  no webhook is open: set MAYDAY_WEBHOOK_ALERTMANAGER_TOKEN to take alerts in")
    lines.append("  first steps       mayday token create --person ana; mayday incident declare --help; Ctrl-C ends")
    typer.echo("\n".join(lines))
